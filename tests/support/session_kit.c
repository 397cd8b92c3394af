#include "support/session_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"
#include "support/certs.h"

#define FIELDS(eol) "From: " KIT_SENDER eol "To: " KIT_RECIPIENT eol \
	"Subject: trial" eol "Date: Mon, 23 Nov 2026 10:00:00 +0000" eol \
	"Message-ID: <1@example.org>" eol

const char kit_input[] = FIELDS("\n") "\nhello\n";
const char kit_wire[] = FIELDS("\r\n") "\r\nhello\r\n";

int
kit_set_up(void **state)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));

	*state = scratch;
	/* Other users run the program too, and read their profiles here. */
	return scratch_make(scratch) && certs_make(scratch->path) &&
	    chmod(scratch->path, 0755) == 0 ? 0 : -1;
}

int
kit_tear_down(void **state)
{
	scratch_remove(*state);
	mem_free(*state);
	return 0;
}

bool
kit_has_mailname(void)
{
	return access("/etc/mailname", F_OK) == 0;
}

static char *
pem_path(const struct scratch *scratch, const char *name, const char *suffix)
{
	char file[80];

	(void)snprintf(file, sizeof(file), "%s%s", name, suffix);
	return scratch_path(scratch, file);
}

static size_t
count_overrides(const struct trial *t)
{
	size_t n = 0;

	while (n < TRIAL_OVERRIDES && t->overrides[n].stage != NULL)
		n++;
	return n;
}

static void
start_relay(struct trial *t, const struct scratch *scratch)
{
	const char *name = t->certificate == NULL ? "good" : t->certificate;
	const char *scripts[2] = { t->script, NULL };
	char *cert = pem_path(scratch, name, ".pem");
	char *key = pem_path(scratch, name, ".key");
	char *ocsp = t->ocsp == NULL ? NULL : pem_path(scratch, t->ocsp,
	    ".ocsp");
	char *ca = scratch_path(scratch, "ca.pem");
	const struct relay_options options = {
		.mode = t->mode,
		.socket_path = t->socket_path,
		.cert_file = cert,
		.key_file = key,
		.ocsp_file = ocsp,
		.client_ca_file = t->wants_client ? ca : NULL,
		.priority = t->priority,
		.scripts = t->script == NULL ? NULL : scripts,
		.serve = &t->serve,
		.is_lean = t->is_lean,
		/* It outlives a program that has longer than usual. */
		.limit_ms = t->run.limit_ms * 2,
	};

	t->serve.overrides = t->overrides;
	t->serve.override_count = count_overrides(t);
	t->relay = relay_start(&options);
	mem_free(cert);
	mem_free(key);
	mem_free(ocsp);
	mem_free(ca);
	assert_non_null(t->relay);
	t->port = relay_port(t->relay);
}

/* Whether a line of `keys` sets the key, or `without` names it. */
static bool
is_chosen(const struct trial *t, const char *key)
{
	struct span rest = span_of(t->keys), line, word, name = span_of(key);

	while (span_next(&rest, '\n', &line))
		if (span_next(&line, '=', &word) &&
		    span_equals(span_trim(word), name))
			return true;
	rest = span_of(t->without);
	while (span_next(&rest, ' ', &word))
		if (span_equals(word, name))
			return true;
	return false;
}

static void
add_key(const struct trial *t, struct buf *out, const char *key,
    const char *value)
{
	if (!is_chosen(t, key))
		assert_true(buf_printf(out, "%s = %s\n", key, value));
}

static void
write_profile(struct trial *t, const struct scratch *scratch)
{
	static const char *const tls[] = { "none", "starttls", "implicit" };
	const char *sandbox = getenv("POSTHASTE_SANDBOX");
	char *ca = scratch_path(scratch, "ca.pem"), port[16];
	struct buf text;

	(void)snprintf(port, sizeof(port), "%d", t->port);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_add_string(&text, "[default]\n"));
	if (t->is_unix) {
		add_key(t, &text, "socket", t->socket_path);
	} else {
		add_key(t, &text, "host", "127.0.0.1");
		add_key(t, &text, "port", port);
	}
	add_key(t, &text, "ehlo", "client.example.org");
	add_key(t, &text, "tls", tls[t->mode]);
	if (t->mode != RELAY_PLAIN)
		add_key(t, &text, "tls_ca_file", ca);
	add_key(t, &text, "timeout", "5");
	add_key(t, &text, "data_timeout", "5");
	add_key(t, &text, "log", "none");
	if (sandbox != NULL)
		add_key(t, &text, "sandbox", sandbox);
	assert_true(buf_add_string(&text, t->keys == NULL ? "" : t->keys));
	t->profile_path = program_profile(scratch,
	    t->profile == NULL ? text.data : t->profile);
	assert_non_null(t->profile_path);
	buf_free(&text);
	mem_free(ca);
}

static void
fill_argv(struct trial *t)
{
	static const char *const plain[] = { "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	const char *const *args = t->args == NULL ? plain : t->args;
	size_t n = 0, i;

	while (args[n] != NULL)
		n++;
	t->argv = mem_array(n + 5, sizeof(*t->argv));
	n = 0;
	t->argv[n++] = t->name == NULL ? "posthaste" : t->name;
	if (t->name == NULL) {
		t->argv[n++] = "--config";
		t->argv[n++] = t->profile_path;
		if (t->json)
			t->argv[n++] = "--json";
	}
	for (i = 0; args[i] != NULL; i++)
		t->argv[n++] = args[i];
	if (t->run.argv == NULL)
		t->run.argv = t->argv;
}

static void
fill_env(struct trial *t)
{
	struct buf config;
	size_t n = 0, i;

	if (!t->bare_env) {
		t->envp[n++] = "PATH=/usr/bin:/bin";
		t->envp[n++] = "LC_ALL=C";
	}
	for (i = 0; i < TRIAL_ENV && t->env[i] != NULL; i++)
		t->envp[n++] = t->env[i];
	if (t->name != NULL) {
		buf_init(&config, BUF_UNLIMITED);
		assert_true(buf_printf(&config, "POSTHASTE_CONFIG=%s",
		    t->profile_path));
		t->config_env = mem_string(config.data);
		t->envp[n++] = t->config_env;
		buf_free(&config);
	}
	t->run.env = t->envp;
}

void
trial_prepare(struct trial *t, void **state)
{
	const struct scratch *scratch = *state;

	if (t->is_unix)
		t->socket_path = scratch_path(scratch, "relay.sock");
	if (t->is_absent)
		t->port = relay_closed_port();
	else
		start_relay(t, scratch);
	write_profile(t, scratch);
	fill_argv(t);
	fill_env(t);
	if (t->run.how_stdin != PROGRAM_STDIN_FILE && t->run.input.data == NULL)
		t->run.input = span_of(kit_input);
}

void
trial_start(struct trial *t, void **state)
{
	trial_prepare(t, state);
	assert_true(program_start(&t->program, &t->run));
}

void
trial_feed(struct trial *t)
{
	struct program *p = &t->program;

	assert_int_equal(write(p->input, p->rest.data, p->rest.len),
	    p->rest.len);
	assert_int_equal(close(p->input), 0);
	p->input = -1;
	p->rest = span_make(NULL, 0);
}

void
trial_finish(struct trial *t)
{
	assert_true(program_finish(&t->program, &t->result));
	if (t->relay != NULL)
		assert_true(relay_stop(t->relay, &t->record));
	t->relay = NULL;
}

void
trial_run(struct trial *t, void **state)
{
	trial_start(t, state);
	trial_finish(t);
}

void
trial_free(struct trial *t)
{
	program_result_free(&t->result);
	relay_record_free(&t->record);
	if (t->socket_path != NULL)
		(void)unlink(t->socket_path);
	mem_free(t->profile_path);
	mem_free(t->socket_path);
	mem_free(t->argv);
	mem_free(t->config_env);
}

void
trial_check(const struct trial *t, bool claim, const char *words,
    const char *file, int line)
{
	if (claim)
		return;
	(void)fprintf(stderr, "%s:%d: it isn't so: %s\n", file, line, words);
	program_result_print(&t->result);
	relay_record_print(&t->record);
	_fail(file, line);
}

void
trial_check_delivered(const struct trial *t, const char *wire,
    const char *file, int line)
{
	const struct relay_message *m = relay_only_message(&t->record);
	bool is_loud = t->json;
	size_t i;

	for (i = 1; t->run.argv[i] != NULL; i++)
		is_loud = is_loud || strcmp(t->run.argv[i], "-v") == 0;
	trial_check(t, t->result.exit_status == EX_OK, "exit 0", file, line);
	trial_check(t, t->result.out.len == 0, "nothing on stdout", file, line);
	trial_check(t, is_loud || t->result.err.len == 0, "nothing on stderr",
	    file, line);
	trial_check(t, t->record.failure[0] == '\0', t->record.failure, file,
	    line);
	trial_check(t, t->record.mail_commands == 1, "one MAIL", file, line);
	trial_check(t, t->record.committed == 1 && m != NULL, "one message",
	    file, line);
	if (wire != NULL && m != NULL)
		trial_check(t, span_equals(buf_span(&m->wire), span_of(wire)),
		    "the message to the octet", file, line);
}

void
trial_check_failed(const struct trial *t, int status, const char *stage,
    const char *words, const char *file, int line)
{
	char member[80];

	trial_check(t, t->result.exit_status == status, "the exit status", file,
	    line);
	trial_check(t, t->result.out.len == 0, "nothing on stdout", file, line);
	trial_check(t, t->record.failure[0] == '\0', t->record.failure, file,
	    line);
	trial_check(t, t->record.committed == 0, "nothing was taken", file,
	    line);
	if (stage != NULL) {
		(void)snprintf(member, sizeof(member), "\"stage\":\"%s\"",
		    stage);
		trial_check(t, trial_says(t, member), member, file, line);
	}
	trial_check(t, trial_says(t, words), words, file, line);
}

bool
trial_says(const struct trial *t, const char *words)
{
	return strstr(buf_string(&t->result.err), words) != NULL;
}

const char *
trial_last_command(const struct trial *t)
{
	const struct relay_connection *c;

	if (t->record.count == 0 || t->record.connections[0].command_count == 0)
		return "";
	c = &t->record.connections[0];
	return c->commands[c->command_count - 1];
}

bool
trial_heard(const struct trial *t, const char *words)
{
	const struct relay_connection *c;
	size_t i, k;

	for (i = 0; i < t->record.count; i++) {
		c = &t->record.connections[i];
		for (k = 0; k < c->command_count; k++)
			if (span_starts_with_nocase(span_of(c->commands[k]),
			    span_of(words)))
				return true;
	}
	return false;
}
