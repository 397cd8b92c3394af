/*
 * What posthaste does, shown in two runs against a relay of its own on
 * 127.0.0.1: a message that arrives, and one that the relay refuses for the
 * EHLO name. Exits 0 only if both went as they should.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "support/certs.h"
#include "support/program.h"
#include "support/relay.h"

#define EHLO_NAME "laptop.example.org"

static const char head[] =
    "Date: Fri, 02 Jan 2026 03:04:05 +0000\n"
    "From: Ann Example <ann@example.org>\n"
    "To: Bob Example <bob@example.net>\n";

static const char bcc[] = "Bcc: carol@example.com\n";

static const char rest[] =
    "Subject: hello\n"
    "Message-ID: <demo.1@example.org>\n"
    "\n"
    "Hello Bob,\n"
    "\n"
    ".a line that begins with a dot arrives as it is.\n";

/* Before RCPT such a relay says yes to everything. */
static const struct relay_override refusal = { "rcpt",
	"S 550 5.7.1 <" EHLO_NAME ">: Helo command rejected: Host not found",
	RELAY_INSTEAD, 0 };

struct demo {
	struct scratch scratch;
	char *cert, *key, *ca;	/* paths, owned */
	const char *binary;
	struct buf message;	/* with its Bcc, as it is piped in */
	struct buf expected;	/* as it must arrive */
};

/* One run and what the relay saw of it. */
struct shown {
	struct program_result result;
	struct relay_record record;
};

static bool
wrong(const char *what)
{
	(void)fprintf(stderr, "demo: %s\n", what);
	return false;
}

/* Text in a margin, CRs left out. */
static void
show(const char *title, struct span text)
{
	struct span line;

	(void)printf("\n%s\n", title);
	if (text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	while (span_next(&text, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		(void)printf("    %.*s\n", (int)line.len, line.data);
	}
}

static bool
add_crlf(struct buf *out, const char *text)
{
	struct span lines = span_of(text), line;
	bool ok = true;

	/* Each of the texts ends in a newline. */
	lines.len--;
	while (ok && span_next(&lines, '\n', &line))
		ok = buf_add_span(out, line) && buf_add_string(out, "\r\n");
	return ok;
}

static bool
prepare(struct demo *d)
{
	buf_init(&d->message, BUF_UNLIMITED);
	buf_init(&d->expected, BUF_UNLIMITED);
	if (!scratch_make(&d->scratch))
		return wrong("no temporary directory");
	d->ca = scratch_path(&d->scratch, "ca.pem");
	d->cert = scratch_path(&d->scratch, "good.pem");
	d->key = scratch_path(&d->scratch, "good.key");
	if (!certs_make(d->scratch.path))
		return wrong("no certificates");
	return buf_add_string(&d->message, head) &&
	    buf_add_string(&d->message, bcc) &&
	    buf_add_string(&d->message, rest) &&
	    add_crlf(&d->expected, head) && add_crlf(&d->expected, rest);
}

static void
clean_up(struct demo *d)
{
	scratch_remove(&d->scratch);
	mem_free(d->ca);
	mem_free(d->cert);
	mem_free(d->key);
	buf_free(&d->message);
	buf_free(&d->expected);
}

static bool
write_profile(const struct demo *d, int port, char **path)
{
	struct buf text;

	buf_init(&text, BUF_UNLIMITED);
	*path = NULL;
	if (buf_printf(&text, "[demo]\nhost = 127.0.0.1\nport = %d\n"
	    "tls = starttls\ntls_ca_file = %s\nehlo = " EHLO_NAME "\n"
	    "user = ann\npassword = correct horse\n"
	    "from = ann@example.org\nlog = none\n", port, d->ca))
		*path = program_profile(&d->scratch, buf_string(&text));
	if (*path != NULL)
		show("The profile:", buf_span(&text));
	buf_free(&text);
	return *path != NULL;
}

static bool
call_sendmail(const struct demo *d, const char *config,
    struct program_result *result)
{
	const char *argv[] = { "sendmail", "-t", "-i", NULL };
	const char *env[] = { NULL, "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	struct program_run run = { .argv = argv, .env = env,
		.path = d->binary };
	struct buf variable;
	bool done;

	buf_init(&variable, BUF_UNLIMITED);
	done = buf_printf(&variable, "POSTHASTE_CONFIG=%s", config);
	env[0] = buf_string(&variable);
	run.input = buf_span(&d->message);
	(void)printf("\n$ POSTHASTE_CONFIG=%s sendmail -t -i <message\n",
	    config);
	done = done && program_run(result, &run);
	buf_free(&variable);
	return done;
}

static void
show_run(const struct shown *s)
{
	(void)printf("exit status: %d, after %lld ms\n",
	    s->result.exit_status, (long long)s->result.wall_ms);
	if (s->result.err.len > 0)
		show("On stderr:", buf_span(&s->result.err));
	if (s->record.count > 0)
		show("The dialogue, as the relay saw it:",
		    buf_span(&s->record.connections[0].dialogue));
}

/* Starts a relay, runs sendmail against it, shows both. */
static bool
run_once(const struct demo *d, const struct relay_serve *serve,
    struct shown *shown)
{
	const struct relay_options options = { .mode = RELAY_STARTTLS,
		.cert_file = d->cert, .key_file = d->key, .serve = serve };
	struct relay *relay = relay_start(&options);
	char *config;
	bool done;

	if (relay == NULL)
		return wrong("no relay");
	done = write_profile(d, relay_port(relay), &config) &&
	    call_sendmail(d, config, &shown->result);
	mem_free(config);
	if (!relay_stop(relay, &shown->record) || !done)
		return wrong("the run failed");
	show_run(shown);
	return true;
}

static bool
has_arrived(const struct demo *d, const struct shown *s)
{
	const struct relay_message *m = relay_only_message(&s->record);

	if (s->result.hung || s->result.exit_status != 0)
		return wrong("the message wasn't accepted");
	if (s->result.out.len + s->result.err.len > 0)
		return wrong("success wasn't silent");
	if (m == NULL || s->record.failure[0] != '\0')
		return wrong(m == NULL ? "no message arrived" :
		    s->record.failure);
	show("What arrived:", buf_span(&m->text));
	if (!span_equals(buf_span(&m->text), buf_span(&d->expected)))
		return wrong("the message isn't what was sent");
	if (m->recipient_count != 2 ||
	    strcmp(m->recipients[0], "<bob@example.net>") != 0 ||
	    strcmp(m->recipients[1], "<carol@example.com>") != 0)
		return wrong("the recipients aren't Bob and Carol");
	(void)printf("\nfor %s and %s, and without its Bcc.\n",
	    m->recipients[0], m->recipients[1]);
	return true;
}

static bool
was_refused(const struct shown *s)
{
	struct span said = buf_span(&s->result.err);

	if (s->result.hung || s->result.exit_status <= 0)
		return wrong("the refusal wasn't told by the exit status");
	if (s->record.committed != 0)
		return wrong("the refused message was accepted");
	if (s->record.failure[0] != '\0')
		return wrong(s->record.failure);
	if (!span_contains_nocase(said, span_of("Helo command rejected")) ||
	    !span_contains_nocase(said, span_of("ehlo")))
		return wrong("the refusal wasn't explained");
	return true;
}

static void
shown_free(struct shown *s)
{
	program_result_free(&s->result);
	relay_record_free(&s->record);
	memset(s, 0, sizeof(*s));
}

static bool
demonstrate(const struct demo *d)
{
	struct relay_serve serve = { .user = "ann",
		.password = "correct horse", .wants_auth = true };
	struct shown shown;
	bool done;

	memset(&shown, 0, sizeof(shown));
	(void)printf("1. A message that arrives\n");
	show("The message:", buf_span(&d->message));
	done = run_once(d, &serve, &shown) && has_arrived(d, &shown);
	shown_free(&shown);
	if (!done)
		return false;
	(void)printf("\n\n2. The same, and a relay that doesn't like the name "
	    "in EHLO\n");
	serve.overrides = &refusal;
	serve.override_count = 1;
	done = run_once(d, &serve, &shown) && was_refused(&shown);
	shown_free(&shown);
	return done;
}

int
main(int argc, char **argv)
{
	struct demo d = { 0 };
	bool done;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: demo PATH_TO_POSTHASTE\n");
		return 64;
	}
	d.binary = argv[1];
	done = prepare(&d) && demonstrate(&d);
	clean_up(&d);
	(void)printf(done ? "\nBoth went as they should.\n" : "\nFAILED\n");
	return done ? 0 : 1;
}
