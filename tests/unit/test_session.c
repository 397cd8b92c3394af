/*
 * Session, AUTH and transfer in process, over a socketpair whose other end
 * plays a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "mail/envelope.h"
#include "smtp/session.h"
#include "smtp/transfer.h"
#include "support/relay.h"

#define GOOD_START "S 220 relay.test ESMTP\nC EHLO\n"
#define GOOD_EHLO GOOD_START "S 250 relay.test\n"
#define GOOD_RCPT GOOD_EHLO "C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC RCPT\n" \
	"S 250 ok\n"
#define GOOD_DATA GOOD_RCPT "C DATA\nS 354 go\n"

static const char header[] = "From: a@example.org\n";
static const char body[] = "one\n.two\n";

/* One run and what came of it. */
struct outcome {
	struct error err;
	struct relay_record record;
	sig_atomic_t progress;
	unsigned long sends;
	bool ok;
};

struct wish {
	const char *script;
	const char *user, *password;
	const char *mechanisms;	/* NULL: all */
	const char *reverse_path;
	const char *body;
	enum session_chunking chunking;
	uint64_t size;		/* counted of the body; 0: the right one */
	bool has_one_recipient;
	bool is_early;
};

static void
make_envelope(struct envelope *e, const struct wish *w)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };

	memset(e, 0, sizeof(*e));
	assert_true(address_parse_list(&list,
	    span_of(w->has_one_recipient ? "x@example.net" :
	    "x@example.net, y@example.net"), "test", 10, &err));
	assert_true(envelope_add(e, &list, NULL, &err));
	address_list_free(&list);
	e->reverse_path = pool_string(&e->strings, w->reverse_path == NULL ?
	    "a@example.org" : w->reverse_path);
}

static void
run_session(struct outcome *o, int fd, const struct wish *w)
{
	const struct sasl_credentials credentials = { w->user,
	    span_of(w->password) };
	volatile sig_atomic_t progress = PROGRESS_NONE;
	const struct session_params params = {
		.ehlo = "client.example.org",
		.tls = SESSION_TLS_NONE,
		.credentials = w->user == NULL ? NULL : &credentials,
		.mechanisms = w->mechanisms == NULL ? ~0U :
		    sasl_named(span_of(w->mechanisms)),
		.is_loopback = true,
		.may_pipeline = true,
		.is_early = w->is_early,
		.chunking = w->chunking,
		.peer = "relay.test:25",
		.handshake_timeout = 2000,
		.timeout = 2000,
		.data_timeout = 2000,
		.run = limit_in(STAGE_NONE, "end", "total_timeout", 5000),
		.progress = &progress,
	};
	struct envelope envelope;
	const struct message message = {
		.body = span_of(w->body == NULL ? body : w->body),
	};
	struct encode encode;
	struct transfer transfer = { .envelope = &envelope, .encode = &encode };
	struct stream stream;
	struct session session;

	make_envelope(&envelope, w);
	encode_begin(&encode, ENCODE_AUTO, &message, span_of(header));
	if (w->size > 0)
		encode.body_facts.size = w->size;
	stream_begin(&stream, fd);
	session_begin(&session, &stream, &params);
	o->ok = session_open(&session, &o->err) &&
	    transfer_message(&session, &transfer, &o->err);
	o->sends = stream.sends;
	session_end(&session);
	stream_free(&stream);
	encode_free(&encode);
	envelope_free(&envelope);
	o->progress = progress;
}

/* Non-blocking, as dial_next() makes its sockets. */
static int
client_end(struct relay *relay)
{
	int fd = relay_client_fd(relay), size = 4096;

	/* So that a message can be stuck half-way. */
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
play(struct outcome *o, const struct wish *w)
{
	const char *const scripts[] = { w->script, NULL };
	const struct relay_options options = {
		.is_pair = true,
		.scripts = scripts,
		.connections = 1,
	};
	struct relay *relay = relay_start(&options);

	memset(o, 0, sizeof(*o));
	assert_non_null(relay);
	run_session(o, client_end(relay), w);
	assert_true(relay_stop(relay, &o->record));
	assert_int_equal(o->ok, !error_is_set(&o->err));
}

static void
expect_failure(const struct outcome *o, enum stage stage, int exit_code,
    const char *text)
{
	assert_false(o->ok);
	assert_int_equal(o->err.stage, stage);
	assert_int_equal(o->err.exit_code, exit_code);
	if (strstr(o->err.text, text) == NULL)
		fail_msg("`%s` isn't in `%s`", text, o->err.text);
	assert_string_equal(o->err.peer, "relay.test:25");
}

static void
a_message_is_delivered_with_one_send_a_flight(void **state)
{
	static const char commands[] = "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org>\r\nRCPT TO:<x@example.net>\r\n"
	    "RCPT TO:<y@example.net>\r\nDATA\r\n"
	    "From: a@example.org\r\n\r\none\r\n..two\r\n.\r\nQUIT\r\n";
	const struct wish w = { .script = GOOD_DATA
	    "data\ncommit\nS 250 2.0.0 ok\nC QUIT\nS 221 bye" };
	struct outcome o;

	(void)state;
	play(&o, &w);
	assert_true(o.ok);
	assert_string_equal(o.record.failure, "");
	assert_int_equal(o.record.committed, 1);
	assert_int_equal(o.progress, PROGRESS_ACCEPTED);
	assert_string_equal(o.record.connections[0].received.data, commands);
	/* EHLO, MAIL, RCPT, RCPT, DATA, the message; QUIT comes after. */
	assert_int_equal(o.sends, 6);
	relay_record_free(&o.record);
}

/* Our own mistake: a relay that waits for the rest would take it from QUIT. */
static void
a_chunk_of_another_size_than_announced_never_leaves(void **state)
{
	static const struct wish rows[] = {
		{ .script = GOOD_START "S 250-relay\nS 250 CHUNKING\nC MAIL\n"
		    "S 250 ok\nC RCPT\nS 250 ok\nC RCPT\nS 250 ok\n"
		    "C QUIT\nS 221 bye",
		    .size = 20, .chunking = SESSION_CHUNKING_AUTO },
		{ .script = GOOD_START "S 250-relay\nS 250-PIPELINING\n"
		    "S 250 CHUNKING\nC QUIT\nS 221 bye", .size = 1,
		    .has_one_recipient = true,
		    .chunking = SESSION_CHUNKING_ONE_FLIGHT },
		{ .script = GOOD_START "S 250-relay\nS 250-PIPELINING\n"
		    "S 250 CHUNKING\nC QUIT\nS 221 bye", .size = 60,
		    .has_one_recipient = true,
		    .chunking = SESSION_CHUNKING_ONE_FLIGHT },
	};
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		play(&o, &rows[i]);
		expect_failure(&o, STAGE_BODY, EX_SOFTWARE, "please report");
		assert_false(o.err.uncertain);
		assert_string_equal(o.record.failure, "");
		assert_int_equal(o.record.committed, 0);
		relay_record_free(&o.record);
	}
}

static void
size_and_8bitmime_are_declared_where_they_are_offered(void **state)
{
	const struct wish w = { .script = GOOD_START
	    "S 250-relay.test\nS 250-SIZE 1000\nS 250 8bitmime\n"
	    "C MAIL FROM:<> SIZE=27 BODY=8BITMIME\nS 250 ok\nC RCPT\n"
	    "S 250 ok\nC RCPT\nS 251 ok\nC DATA\nS 354 go\ndata\ncommit\n"
	    "S 250 ok\nC QUIT\nS 221 bye", .reverse_path = "",
	    .body = "\xc3\xa9\n" };
	struct outcome o;

	(void)state;
	play(&o, &w);
	assert_true(o.ok);
	assert_string_equal(o.record.failure, "");
	relay_record_free(&o.record);
}

static void
a_message_over_the_size_offered_is_not_begun(void **state)
{
	const struct wish w = { .script = GOOD_START
	    "S 250-relay.test\nS 250 SIZE 20\nC QUIT\nS 221 bye" };
	struct outcome o;

	(void)state;
	play(&o, &w);
	expect_failure(&o, STAGE_MAIL, EX_DATAERR, "the relay takes 20");
	assert_string_equal(o.record.failure, "");
	assert_int_equal(o.progress, PROGRESS_NONE);
	relay_record_free(&o.record);
}

static void
helo_is_tried_only_after_500_or_502(void **state)
{
	static const struct {
		const char *reply;
		bool falls_back;
	} rows[] = {
		{ "500 what", true },
		{ "502 not here", true },
		/* What it says beside that is no offer. */
		{ "502-not here\nS 502 SIZE 10", true },
		{ "501 bad name", false },
		{ "504 bad name", false },
		{ "550 no", false },
		{ "421 later", false },
	};
	struct outcome o;
	char script[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wish w = { .script = script };

		(void)snprintf(script, sizeof(script), GOOD_START "S %s\n%s",
		    rows[i].reply, rows[i].falls_back ? "C HELO\nS 250 hi\n"
		    "C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC RCPT\nS 250 ok\n"
		    "C DATA\nS 354 go\ndata\ncommit\nS 250 ok\nwait" : "wait");
		play(&o, &w);
		assert_int_equal(o.ok, rows[i].falls_back);
		assert_string_equal(o.record.failure, "");
		assert_null(strstr(o.record.connections[0].received.data,
		    rows[i].falls_back ? "\x01" : "HELO c"));
		relay_record_free(&o.record);
	}
}

static void
every_recipient_is_asked_for_and_the_first_5yz_decides(void **state)
{
	static const struct {
		const char *first, *second;
		int exit_code, reply_code;
		bool temporary;
	} rows[] = {
		{ "450 later", "550 no", EX_NOUSER, 550, false },
		{ "550 no", "450 later", EX_NOUSER, 550, false },
		{ "450 later", "451 later", EX_UNAVAILABLE, 450, true },
		{ "250 ok", "553 no", EX_NOUSER, 553, false },
		{ "554 no", "550 no", EX_UNAVAILABLE, 554, false },
		{ "250 ok", "452 full", EX_UNAVAILABLE, 452, true },
		{ "530 login", "250 ok", EX_NOPERM, 530, false },
	};
	struct outcome o;
	char script[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wish w = { .script = script };

		(void)snprintf(script, sizeof(script), GOOD_EHLO "C MAIL\n"
		    "S 250 ok\nC RCPT\nS %s\nC RCPT\nS %s\nC QUIT\nS 221 bye",
		    rows[i].first, rows[i].second);
		play(&o, &w);
		expect_failure(&o, STAGE_RCPT, rows[i].exit_code,
		    "the relay refused a recipient");
		assert_int_equal(o.err.reply_code, rows[i].reply_code);
		assert_int_equal(o.err.temporary, rows[i].temporary);
		assert_string_equal(o.record.failure, "");
		relay_record_free(&o.record);
	}
}

/* What stands in front of the reply to each step, and its stage. */
static const struct {
	const char *before, *reply;
	enum stage stage;
} replies[] = {
	{ "", "220 relay.test\\r\\n", STAGE_GREETING },
	{ GOOD_START, "250-relay\\r\\n250 SIZE\\r\\n", STAGE_EHLO },
	{ GOOD_EHLO "C MAIL\n", "250 ok\\r\\n", STAGE_MAIL },
	{ GOOD_EHLO "C MAIL\nS 250 ok\nC RCPT\n", "252 ok\\r\\n", STAGE_RCPT },
	{ GOOD_RCPT "C DATA\n", "354 go\\r\\n", STAGE_DATA },
	{ GOOD_DATA "data\n", "250 2.0.0 ok\\r\\n", STAGE_RECEIPT },
};

/* `length` octets of a text in which \\r and \\n stand for one each. */
static size_t
cut(char *out, size_t size, const char *text, size_t length)
{
	size_t at = 0, octets = 0;

	while (text[at] != '\0' && octets < length) {
		at += text[at] == '\\' ? 2 : 1;
		octets++;
	}
	(void)snprintf(out, size, "%.*s", (int)at, text);
	return octets;
}

static void
the_end_after_any_octet_of_a_reply_is_not_success(void **state)
{
	struct outcome o;
	char script[500], part[100];
	size_t i, length, octets;
	bool is_receipt;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		is_receipt = replies[i].stage == STAGE_RECEIPT;
		octets = cut(part, sizeof(part), replies[i].reply, 1000);
		for (length = 0; length < octets; length++) {
			const struct wish w = { .script = script };

			(void)cut(part, sizeof(part), replies[i].reply,
			    length);
			(void)snprintf(script, sizeof(script), "%s%s%s\ncut",
			    replies[i].before, length == 0 ? "" : "s ", part);
			play(&o, &w);
			expect_failure(&o, replies[i].stage, is_receipt ?
			    EX_PROTOCOL : EX_UNAVAILABLE, "connection");
			assert_int_equal(o.err.uncertain, is_receipt);
			assert_int_equal(o.err.temporary, !is_receipt);
			relay_record_free(&o.record);
		}
	}
}

static void
a_relay_of_one_octet_at_a_time_is_understood(void **state)
{
	const struct wish w = { .script =
	    "drip 1 220-a\\r\\n220 relay.test\\r\\n\nC EHLO\n"
	    "drip 1 250-relay.test\\r\\n250 8BITMIME\\r\\n\nC MAIL\n"
	    "drip 1 250 ok\\r\\n\nC RCPT\ndrip 1 250 ok\\r\\n\nC RCPT\n"
	    "drip 1 250 ok\\r\\n\nC DATA\ndrip 1 354 go\\r\\n\ndata\ncommit\n"
	    "drip 1 250-2.0.0 ok\\r\\n250 2.0.0 queued\\r\\n\nwait" };
	struct outcome o;

	(void)state;
	play(&o, &w);
	assert_true(o.ok);
	assert_int_equal(o.record.committed, 1);
	relay_record_free(&o.record);
}

static void
auth_plain_and_login_say_what_they_must(void **state)
{
	static const struct {
		const char *mechanism, *offer, *exchange;
	} rows[] = {
		{ NULL, "LOGIN PLAIN", "C AUTH PLAIN AG1lAHB3\nS 235 ok\n" },
		{ "LOGIN", "PLAIN LOGIN", "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\n"
		    "C bWU=\nS 334 UGFzc3dvcmQ6\nC cHc=\nS 235 ok\n" },
		{ NULL, "LOGIN", "C AUTH LOGIN\nS 334\nC bWU=\nS 334 \n"
		    "C cHc=\nS 235 ok\n" },
		{ NULL, "PLAIN", "C AUTH PLAIN AG1lAHB3\nS 235-yes\n"
		    "S 235 indeed\n" },
	};
	struct outcome o;
	char script[600];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wish w = { .script = script, .user = "me",
		    .password = "pw", .mechanisms = rows[i].mechanism };

		(void)snprintf(script, sizeof(script), GOOD_START
		    "S 250-relay\nS 250 AUTH %s\n%sC MAIL\nS 250 ok\nC RCPT\n"
		    "S 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\ndata\n"
		    "commit\nS 250 ok\nC QUIT\nS 221 bye", rows[i].offer,
		    rows[i].exchange);
		play(&o, &w);
		assert_string_equal(o.record.failure, "");
		assert_true(o.ok);
		relay_record_free(&o.record);
	}
}

static void
auth_that_goes_wrong_is_the_end(void **state)
{
	static const struct {
		const char *offer, *exchange;
		int exit_code;
		const char *text;
	} rows[] = {
		{ "SIZE", "C QUIT\nS 221 bye", EX_UNAVAILABLE,
		    "doesn't offer AUTH" },
		{ "AUTH GSSAPI NTLM", "C QUIT\nS 221 bye", EX_UNAVAILABLE,
		    "only: GSSAPI NTLM" },
		{ "AUTH PLAIN", "C AUTH\nS 535 5.7.8 no\nC QUIT\nS 221 bye",
		    EX_NOPERM, "refused the user or the password" },
		{ "AUTH PLAIN", "C AUTH\nS 454 4.7.0 later\nC QUIT\n"
		    "S 221 bye", EX_UNAVAILABLE, "for now" },
		{ "AUTH LOGIN", "C AUTH LOGIN\nS 334 ?\nC *\nS 501 ok\n"
		    "C QUIT\nS 221 bye", EX_PROTOCOL, "isn't base64" },
		{ "AUTH LOGIN", "C AUTH LOGIN\nS 235 already\nwait",
		    EX_PROTOCOL, "before LOGIN was through" },
		{ "AUTH PLAIN", "C AUTH PLAIN\nS 334\nC *\nS 501 ok\nC QUIT\n"
		    "S 221 bye", EX_PROTOCOL, "asks for more" },
	};
	struct outcome o;
	char script[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wish w = { .script = script, .user = "me",
		    .password = "pw" };

		(void)snprintf(script, sizeof(script), GOOD_START
		    "S 250-relay\nS 250 %s\n%s", rows[i].offer,
		    rows[i].exchange);
		play(&o, &w);
		expect_failure(&o, STAGE_AUTH, rows[i].exit_code,
		    rows[i].text);
		assert_string_equal(o.record.failure, "");
		relay_record_free(&o.record);
	}
}

static void
credentials_stay_here_where_somebody_could_listen(void **state)
{
	const struct sasl_credentials credentials = { "me", span_of("pw") };
	const struct session_params params = { .ehlo = "x.example.org",
	    .credentials = &credentials, .mechanisms = ~0U,
	    .peer = "relay.test:25", .timeout = 2000, .data_timeout = 2000,
	    .run = limit_none(STAGE_NONE, "end") };
	const char *const scripts[] = { GOOD_START
	    "S 250-relay\nS 250 AUTH PLAIN\nC QUIT\nS 221 bye", NULL };
	const struct relay_options options = { .is_pair = true,
	    .scripts = scripts, .connections = 1 };
	struct relay *relay = relay_start(&options);
	struct relay_record record;
	struct error err = { 0 };
	struct stream stream;
	struct session s;

	(void)state;
	assert_non_null(relay);
	stream_begin(&stream, client_end(relay));
	session_begin(&s, &stream, &params);
	assert_false(session_open(&s, &err));
	session_end(&s);
	stream_free(&stream);
	assert_true(relay_stop(relay, &record));
	assert_int_equal(err.stage, STAGE_AUTH);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.text, "never go in clear"));
	assert_string_equal(record.failure, "");
	relay_record_free(&record);
}

static void
no_control_character_gets_into_a_command(void **state)
{
	static const char *const bad[] = { "a\rb", "a\nb" };
	const struct session_params params = { .peer = "relay.test:25" };
	struct error err;
	struct stream stream = { .fd = -1 };
	struct session s;
	size_t i;

	(void)state;
	session_begin(&s, &stream, &params);
	for (i = 0; i < 2; i++) {
		error_clear(&err);
		assert_false(session_send(&s, STEP_RCPT, span_of(bad[i]),
		    NULL, &err));
		assert_int_equal(err.exit_code, EX_DATAERR);
		assert_int_equal(err.stage, STAGE_RCPT);
		assert_non_null(strstr(err.text, "control character"));
	}
	error_clear(&err);
	assert_false(session_send(&s, STEP_MAIL, span_make("a\0b", 3), NULL,
	    &err));
	assert_int_equal(s.flight.len, 0);
	reply_free(&s.reply);
	buf_free(&s.flight);
	buf_free(&s.unanswered);
}

/* Of a flight that can't leave whole nothing leaves, now or later. */
static void
what_is_refused_a_place_takes_its_flight_with_it(void **state)
{
	const struct session_params params = { .peer = "relay.test:25" };
	struct error err = { 0 };
	struct stream stream = { .fd = -1 };
	struct session s;

	(void)state;
	session_begin(&s, &stream, &params);
	assert_true(session_send(&s, STEP_MAIL, span_of("MAIL FROM:<>"), NULL,
	    &err));
	assert_false(session_send(&s, STEP_RCPT, span_of("RCPT\n"), NULL,
	    &err));
	assert_int_equal(s.flight.len, 0);
	assert_int_equal(s.unanswered.len, 0);
	reply_free(&s.reply);
	buf_free(&s.flight);
	buf_free(&s.unanswered);
}

static void
nothing_is_said_in_a_broken_session(void **state)
{
	const struct session_params params = { .peer = "relay.test:25" };
	struct error err = { 0 };
	struct stream stream = { .fd = -1 };
	struct session s;

	(void)state;
	session_begin(&s, &stream, &params);
	s.is_broken = true;
	assert_false(session_send(&s, STEP_RSET, span_of("RSET"), NULL,
	    &err));
	assert_int_equal(err.exit_code, EX_PROTOCOL);
	assert_int_equal(s.flight.len, 0);
	reply_free(&s.reply);
}

/* Also where the rest is all that is left: its reply is none. */
static void
what_is_said_in_mid_message_ends_it(void **state)
{
	static char large[30000];
	const struct wish w = { .script = GOOD_DATA
	    "flush\nsleep 50\nS 250 2.0.0 queued\nflush\nwait",
	    .body = large };
	struct outcome o;

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	play(&o, &w);
	expect_failure(&o, STAGE_BODY, EX_PROTOCOL, "before it was asked");
	assert_false(o.err.uncertain);
	assert_int_equal(o.record.committed, 0);
	relay_record_free(&o.record);
}

/* What can't be written whole wasn't answered, whatever has come; but a refusal
 * is the reason for it. */
static void
the_last_words_before_a_hangup_count_if_they_refuse(void **state)
{
	static const struct {
		const char *words, *reply;	/* NULL: none that counts */
	} rows[] = {
		{ "S 421 4.3.2 going down", "421 4.3.2 going down" },
		{ "S 554 5.7.1 no", "554 5.7.1 no" },
		{ "S 250 one\nS 250 two\nS 250 three\nS 250 four", NULL },
	};
	static char large[60000];
	char script[400];
	const struct wish w = { .script = script, .body = large,
	    .chunking = SESSION_CHUNKING_ONE_FLIGHT,
	    .has_one_recipient = true };
	struct outcome o;
	size_t i;

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(script, sizeof(script), GOOD_START
		    "S 250-relay.test\nS 250-PIPELINING\nS 250 CHUNKING\n"
		    "flush\nsleep 100\n%s\nreset", rows[i].words);
		play(&o, &w);
		assert_false(o.ok);
		assert_int_equal(o.err.stage, STAGE_MAIL);
		if (rows[i].reply != NULL)
			assert_string_equal(o.err.reply, rows[i].reply);
		assert_false(o.err.uncertain);
		assert_int_equal(o.progress, PROGRESS_NONE);
		relay_record_free(&o.record);
	}
}

/* Nothing is written that somebody might take for having arrived. */
static void
a_hangup_is_seen_before_a_flight_leaves(void **state)
{
	static const char *const scripts[] = { "fin\nwait", NULL };
	const struct relay_options options = { .is_pair = true,
	    .scripts = scripts, .connections = 1 };
	const struct session_params params = { .peer = "relay.test:25",
	    .timeout = 2000, .run = limit_none(STAGE_NONE, "end") };
	struct relay *relay = relay_start(&options);
	struct relay_record record;
	struct error err = { 0 };
	struct stream stream;
	struct session s;
	struct pollfd fd;

	(void)state;
	assert_non_null(relay);
	fd = (struct pollfd){ client_end(relay), POLLIN, 0 };
	assert_int_equal(poll(&fd, 1, 20000), 1);
	stream_begin(&stream, fd.fd);
	session_begin(&s, &stream, &params);
	assert_false(session_ask(&s, STEP_MAIL, span_of("MAIL FROM:<>"),
	    &err));
	assert_true(err.temporary);
	assert_false(s.mail_was_written);
	session_end(&s);
	stream_free(&stream);
	assert_true(relay_stop(relay, &record));
	assert_int_equal(record.connections[0].received.len, 0);
	relay_record_free(&record);
}

/* A greeting that is there isn't waited for: nothing goes ahead of it. */
static void
a_reply_that_came_with_the_greeting_is_none_to_an_early_ehlo(void **state)
{
	static const char *const scripts[] = { "S 220 relay.test ESMTP\n"
	    "S 250 relay.test\nwait", NULL };
	const struct relay_options options = { .is_pair = true,
	    .scripts = scripts, .connections = 1 };
	const struct wish w = { .is_early = true };
	struct relay *relay = relay_start(&options);
	struct outcome o;
	struct pollfd fd;

	(void)state;
	memset(&o, 0, sizeof(o));
	assert_non_null(relay);
	fd = (struct pollfd){ client_end(relay), POLLIN, 0 };
	assert_int_equal(poll(&fd, 1, 20000), 1);
	run_session(&o, fd.fd, &w);
	assert_true(relay_stop(relay, &o.record));
	expect_failure(&o, STAGE_EHLO, EX_PROTOCOL, "before it was asked");
	assert_int_equal(o.record.connections[0].command_count, 0);
	relay_record_free(&o.record);
}

static void
a_command_line_ends_at_its_limit(void **state)
{
	const struct session_params params = { .peer = "relay.test:25" };
	struct error err = { 0 };
	struct stream stream = { .fd = -1 };
	struct session s;
	char line[600];

	(void)state;
	memset(line, 'a', sizeof(line));
	session_begin(&s, &stream, &params);
	assert_true(session_send(&s, STEP_DATA, span_make(line, 510), NULL,
	    &err));
	assert_false(session_send(&s, STEP_DATA, span_make(line, 511), NULL,
	    &err));
	assert_int_equal(err.exit_code, EX_DATAERR);
	assert_non_null(strstr(err.text, "too long"));
	reply_free(&s.reply);
	buf_free(&s.flight);
	buf_free(&s.unanswered);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_delivered_with_one_send_a_flight),
		cmocka_unit_test(
		    a_chunk_of_another_size_than_announced_never_leaves),
		cmocka_unit_test(
		    size_and_8bitmime_are_declared_where_they_are_offered),
		cmocka_unit_test(a_message_over_the_size_offered_is_not_begun),
		cmocka_unit_test(helo_is_tried_only_after_500_or_502),
		cmocka_unit_test(
		    every_recipient_is_asked_for_and_the_first_5yz_decides),
		cmocka_unit_test(
		    the_end_after_any_octet_of_a_reply_is_not_success),
		cmocka_unit_test(a_relay_of_one_octet_at_a_time_is_understood),
		cmocka_unit_test(auth_plain_and_login_say_what_they_must),
		cmocka_unit_test(auth_that_goes_wrong_is_the_end),
		cmocka_unit_test(
		    credentials_stay_here_where_somebody_could_listen),
		cmocka_unit_test(no_control_character_gets_into_a_command),
		cmocka_unit_test(
		    what_is_refused_a_place_takes_its_flight_with_it),
		cmocka_unit_test(nothing_is_said_in_a_broken_session),
		cmocka_unit_test(what_is_said_in_mid_message_ends_it),
		cmocka_unit_test(
		    the_last_words_before_a_hangup_count_if_they_refuse),
		cmocka_unit_test(a_hangup_is_seen_before_a_flight_leaves),
		cmocka_unit_test(
		    a_reply_that_came_with_the_greeting_is_none_to_an_early_ehlo),
		cmocka_unit_test(a_command_line_ends_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
