#include "app/stdio.h"

#include <string.h>

#include "app/carrier.h"
#include "app/client.h"
#include "app/command.h"
#include "app/defer.h"
#include "app/draft.h"
#include "app/hint.h"
#include "app/report.h"
#include "app/sender.h"
#include "app/setup.h"
#include "app/tls_setup.h"
#include "app/verdict.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"

/* Refused commands in a row: this isn't a client that listens. */
#define ERRORS_MAX 50

/* Everything that the session owns. */
struct stdio {
	struct setup setup;
	struct options options;	/* as given, but stderr is left alone */
	struct client client;
	struct carrier carrier;
	char name[256];		/* this machine's */
	char *default_sender;	/* -f, or NULL */
	bool has_mail;		/* a transaction is open */
	char *sender;		/* its reverse-path */
	struct address_list recipients;
	struct recipient_wish *wishes;	/* one for each of them */
	size_t wish_count, wish_room;
	enum body_type body;
	enum dsn_return return_what;
	char *envid;
	bool has_utf8;		/* it may name addresses beyond ASCII */
	bool is_bare;		/* the last line ended in a bare LF */
	bool is_over;
	size_t errors;
};

static void
reset(struct stdio *s)
{
	s->has_mail = false;
	mem_free(s->sender);
	s->sender = NULL;
	address_list_free(&s->recipients);
	memset(&s->recipients, 0, sizeof(s->recipients));
	while (s->wish_count > 0)
		mem_free(s->wishes[--s->wish_count].orcpt);
	s->body = BODY_UNSAID;
	s->return_what = DSN_RETURN_UNSAID;
	mem_free(s->envid);
	s->envid = NULL;
	s->has_utf8 = false;
}

static void
refuse(struct stdio *s, int code, const char *enhanced, const char *text)
{
	s->errors++;
	client_reply(&s->client, code, ' ', enhanced, "%s", text);
}

static bool
greet(struct stdio *s, struct command *c, struct error *err)
{
	static const char *const offers[] = { "PIPELINING", "SIZE",
		"8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES" };
	size_t i;

	(void)err;
	reset(s);
	if (c->verb == VERB_HELO) {
		client_reply(&s->client, 250, ' ', NULL, "%s", s->name);
		return true;
	}
	client_reply(&s->client, 250, '-', NULL, "%s", s->name);
	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		client_reply(&s->client, 250, '-', NULL, "%s", offers[i]);
	client_reply(&s->client, 250, ' ', NULL, "HELP");
	return true;
}

/* RFC 6531 section 3.5: such addresses only behind MAIL's parameter. */
static bool
fits(struct stdio *s, const struct command *c, bool has_utf8)
{
	if (has_utf8 || !c->needs_utf8)
		return true;
	refuse(s, 553, "5.6.7", "this address needs SMTPUTF8 with MAIL");
	return false;
}

static bool
mail(struct stdio *s, struct command *c, struct error *err)
{
	(void)err;
	if (s->has_mail) {
		refuse(s, 503, "5.5.1", "there was a MAIL already");
		return true;
	}
	if (!fits(s, c, c->wants_utf8))
		return true;
	s->has_utf8 = c->wants_utf8;
	s->sender = address_to_string(&c->address, NULL);
	s->body = c->body;
	s->return_what = c->return_what;
	s->envid = c->envid;
	c->envid = NULL;
	s->has_mail = true;
	client_reply(&s->client, 250, ' ', "2.1.0", "sender noted");
	return true;
}

static void
add_recipient(struct stdio *s, struct command *c)
{
	const struct recipient_wish wish = { c->notify, c->orcpt };

	c->orcpt = NULL;
	address_list_add(&s->recipients, &c->address);
	s->wishes = mem_grow(s->wishes, s->wish_count, &s->wish_room,
	    sizeof(*s->wishes));
	s->wishes[s->wish_count++] = wish;
}

static bool
rcpt(struct stdio *s, struct command *c, struct error *err)
{
	(void)err;
	if (!s->has_mail) {
		refuse(s, 503, "5.5.1", "MAIL comes first");
		return true;
	}
	if (s->recipients.count >= ENVELOPE_RECIPIENTS_MAX) {
		refuse(s, 452, "4.5.3", "too many recipients");
		return true;
	}
	if (!fits(s, c, s->has_utf8))
		return true;
	add_recipient(s, c);
	client_reply(&s->client, 250, ' ', "2.1.5", "recipient noted");
	return true;
}

/* What happened to one message, told to the client and the log. */
static void
conclude(struct stdio *s, struct draft *draft, const struct delivery *account,
    const struct defer *defer, int64_t start, struct error *err)
{
	bool is_queued = defer->id[0] != '\0';
	struct log log;
	const struct report report = {
		.options = &s->options,
		.origin = &s->setup,
		.message = &draft->message,
		.profile = draft->has_profile ? &draft->profile : NULL,
		.envelope = &draft->envelope,
		.delivery = account->peer[0] != '\0' ? account : NULL,
		.size = draft->encode.form.facts.size,
		.passed = draft->encode.passed,
		.id = is_queued ? defer->id : NULL,
		.fate = is_queued ? REPORT_QUEUED : REPORT_PASSED,
		.remark = defer_remark(defer),
		.start = start,
		.stderr_fd = s->setup.process->err,
		.log = &log,
		.trace = s->setup.trace,
	};

	memset(&log, 0, sizeof(log));
	setup_open_log(&s->setup, &log, report.profile);
	if (draft->has_profile)
		tls_setup_warn(&draft->profile, &log, s->setup.process->err,
		    s->setup.trace);
	hint_apply(err, report.profile);
	if (is_queued) {
		report_queued(&report, err);
		client_reply(&s->client, 250, ' ', "2.0.0", "queued as %s",
		    defer->id);
	} else if (error_is_set(err)) {
		report_failure(&report, err);
		verdict_refused(&s->client, err, &draft->envelope);
	} else {
		report_success(&report, err);
		verdict_accepted(&s->client, account->reply);
	}
	log_close(&log);
}

/* As in submit.c. */
static bool
send_or_keep(struct stdio *s, struct draft *draft, struct delivery *account,
    struct defer *defer, struct error *err)
{
	defer_open(defer, &draft->profile);
	if (draft->profile.spool_always)
		return defer_untried(defer, draft, err);
	return carrier_send(&s->carrier, draft, account, err) ||
	    defer_failure(defer, draft, err);
}

/* The message is there: off it goes. */
static void
submit_message(struct stdio *s, struct draft *draft, struct error *trouble)
{
	struct delivery account = { 0 };
	struct error later = { 0 };
	struct defer defer = { .id = "" };
	int64_t start = clock_ms();
	bool ok = !error_is_set(trouble);

	/* The relay may take its time; a client that is gone hears nothing
	 * of the verdict either. */
	if (!client_flush(&s->client, &later))
		trace_note(s->setup.trace, "%s", later.text);
	draft->sender = s->sender;
	s->sender = NULL;
	draft->recipients = s->recipients;
	memset(&s->recipients, 0, sizeof(s->recipients));
	if (s->body != BODY_UNSAID)
		draft->body = s->body;
	draft->dsn.return_what = s->return_what;
	draft->dsn.envid = s->envid;
	draft->wishes = s->wishes;
	draft->wish_count = s->wish_count;
	draft->default_sender = s->default_sender;
	ok = ok && draft_complete(draft, trouble) &&
	    send_or_keep(s, draft, &account, &defer, trouble);
	/* A failure that nobody explained must not look like success. */
	if (!ok && !error_is_set(trouble))
		(void)error_set(trouble, STAGE_SYSTEM, EX_SOFTWARE,
		    "a failure without a reason: please report it");
	conclude(s, draft, &account, &defer, start, trouble);
	defer_close(&defer);
}

/*
 * A client that sent the message along with a DATA that is refused would have
 * it taken for commands: that ends the session.
 */
static bool
refuse_data(struct stdio *s, int code, const char *text, struct error *err)
{
	refuse(s, code, "5.5.1", text);
	return !client_has_input(&s->client) || error_set(err, STAGE_INPUT,
	    EX_DATAERR, "the client went on behind a DATA that was refused");
}

static bool
data(struct stdio *s, struct command *c, struct error *err)
{
	const char *tmpdir = os_env(s->setup.env, "TMPDIR");
	struct error trouble = { 0 };
	struct draft draft;
	bool is_read = false, was_read;

	(void)c;
	if (!s->has_mail)
		return refuse_data(s, 503, "MAIL comes first", err);
	if (s->recipients.count == 0)
		return refuse_data(s, 554, "there is no valid recipient", err);
	client_reply(&s->client, 354, ' ', NULL, "go on, a lone dot ends it");
	draft_begin(&draft, &s->setup);
	was_read = client_message(&s->client, s->is_bare, tmpdir,
	    &draft.message, &is_read, &trouble);
	if (is_read)
		submit_message(s, &draft, &trouble);
	else if (!was_read)
		*err = trouble;
	draft_free(&draft);
	reset(s);
	return is_read;
}

static bool
simple(struct stdio *s, struct command *c, struct error *err)
{
	(void)err;
	if (c->verb == VERB_RSET)
		reset(s);
	if (c->verb == VERB_RSET || c->verb == VERB_NOOP)
		client_reply(&s->client, 250, ' ', "2.0.0", "done");
	else if (c->verb == VERB_VRFY)
		client_reply(&s->client, 252, ' ', "2.1.5",
		    "only the relay knows; send, and it will tell");
	else
		client_reply(&s->client, 214, ' ', "2.0.0", "HELO EHLO MAIL "
		    "RCPT DATA RSET NOOP VRFY HELP QUIT");
	return true;
}

static bool
quit(struct stdio *s, struct command *c, struct error *err)
{
	(void)c;
	(void)err;
	client_reply(&s->client, 221, ' ', "2.0.0", "%s closes", s->name);
	s->is_over = true;
	return true;
}

/* False where the session can't go on. */
typedef bool command_action(struct stdio *s, struct command *c,
    struct error *err);

static command_action *const actions[] = {
	[VERB_HELO] = greet,
	[VERB_EHLO] = greet,
	[VERB_MAIL] = mail,
	[VERB_RCPT] = rcpt,
	[VERB_DATA] = data,
	[VERB_RSET] = simple,
	[VERB_NOOP] = simple,
	[VERB_VRFY] = simple,
	[VERB_HELP] = simple,
	[VERB_QUIT] = quit,
};

static bool
obey(struct stdio *s, struct span line, struct error *err)
{
	struct refusal refusal = { 0, NULL, "" };
	struct command c;
	size_t errors = s->errors;
	bool ok = true;

	if (command_parse(&c, line, &refusal)) {
		ok = actions[c.verb](s, &c, err);
		if (s->errors == errors)
			s->errors = 0;
	} else if (c.verb == VERB_DATA) {
		ok = refuse_data(s, refusal.code, refusal.text, err);
	} else {
		refuse(s, refusal.code, refusal.enhanced, refusal.text);
	}
	command_free(&c);
	return ok;
}

static bool
turn(struct stdio *s, struct buf *line, struct error *err)
{
	enum client_event event;

	if (!client_line(&s->client, &event, line, &s->is_bare, err))
		return false;
	switch (event) {
	case CLIENT_LINE:
		if (!obey(s, buf_span(line), err))
			return false;
		break;
	case CLIENT_LONG_LINE:
		refuse(s, 500, "5.5.2", "the line is too long");
		break;
	case CLIENT_END:
		s->is_over = true;
		break;
	case CLIENT_CUT:
		return error_set(err, STAGE_INPUT, EX_DATAERR,
		    "the input ended within a command");
	}
	return s->errors < ERRORS_MAX || error_set(err, STAGE_INPUT,
	    EX_DATAERR, "%d commands in a row were refused: is this SMTP?",
	    ERRORS_MAX);
}

/* The session's own failure: the client, stderr and the log hear of it. */
static void
give_up(struct stdio *s, struct error *err)
{
	const struct envelope none = { 0 };
	struct error ignored = { 0 };
	struct log log;
	const struct report report = {
		.options = &s->options,
		.origin = &s->setup,
		.envelope = &none,
		.passed = "",
		.start = s->setup.trace->start,
		.stderr_fd = s->setup.process->err,
		.log = &log,
		.trace = s->setup.trace,
	};

	client_reply(&s->client, 421, ' ', "4.3.2", "%s closes: %.300s",
	    s->name, err->text);
	if (!client_flush(&s->client, &ignored))
		trace_note(s->setup.trace, "%s", ignored.text);
	memset(&log, 0, sizeof(log));
	setup_open_log(&s->setup, &log, NULL);
	s->options.is_quiet = s->setup.options->is_quiet;
	report_failure(&report, err);
	log_close(&log);
}

static void
name_machine(struct stdio *s)
{
	char *at;

	os_node_name(s->name, sizeof(s->name));
	for (at = s->name; *at != '\0'; at++)
		if (!ascii_is_alnum(*at) && *at != '-' && *at != '.')
			*at = '-';
	if (s->name[0] == '\0')
		memcpy(s->name, "localhost", sizeof("localhost"));
}

/* The null sender is none. */
static bool
take_default_sender(struct stdio *s, struct error *err)
{
	if (s->options.sender == NULL)
		return true;
	if (!sender_parse(s->options.sender, &s->default_sender, err))
		return false;
	if (s->default_sender[0] == '\0') {
		mem_free(s->default_sender);
		s->default_sender = NULL;
	}
	return true;
}

static bool
serve(struct stdio *s, struct error *err)
{
	struct buf line;
	bool ok;

	buf_init(&line, BUF_UNLIMITED);
	ok = setup_load(&s->setup, err) && take_default_sender(s, err);
	if (ok)
		client_reply(&s->client, 220, ' ', NULL, "%s ESMTP posthaste",
		    s->name);
	while (ok && !s->is_over)
		ok = turn(s, &line, err);
	ok = ok && client_flush(&s->client, err);
	buf_free(&line);
	return ok;
}

int
stdio_serve(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct stdio s = { 0 };
	bool ok;

	s.options = *options;
	s.options.is_quiet = true;
	setup_begin(&s.setup, process, options, trace);
	client_begin(&s.client, process->in, process->out, CLIENT_IDLE_MS);
	name_machine(&s);
	ok = serve(&s, err);
	if (!ok)
		give_up(&s, err);
	carrier_close(&s.carrier);
	reset(&s);
	mem_free(s.wishes);
	mem_free(s.default_sender);
	client_free(&s.client);
	setup_free(&s.setup);
	return ok ? EX_OK : err->exit_code;
}
