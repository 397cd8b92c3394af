/*
 * -bs: what a client says in one go, what it is answered, and what the relay
 * got. Each row runs the real binary.
 */
#include <string.h>

#include "base/buf.h"
#include "support/replies.h"
#include "support/session_kit.h"

#define HEAD "From: r@example.org\r\nDate: x\r\nMessage-ID: <1@e>\r\n"
#define MAIL "MAIL FROM:<robot@example.org>\r\n"
#define RCPT "RCPT TO:<one@example.net>\r\n"
#define OPEN "EHLO x\r\n" MAIL RCPT "DATA\r\n"
#define QUIT "QUIT\r\n"
#define LF_OPEN "HELO x\nMAIL FROM:<robot@example.org>\n" \
	"RCPT TO:<one@example.net>\nDATA\n"
#define LF_HEAD "From: r@example.org\nDate: x\nMessage-ID: <1@e>\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const char *const args[] = { "-bs", NULL };

struct talk {
	const char *label;
	const char *input;
	size_t size;
	const char *codes;	/* of the replies */
	const char *said;	/* what stdout holds, or NULL */
	int status;
	size_t committed;
	const char *stored;	/* behind HEAD, where one was committed; or
				 * NULL */
};

#define IN(text) (text), sizeof(text) - 1

static const struct talk orders[] = {
	{ "a message, all at once", IN(OPEN HEAD "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "HELO", IN("HELO x\r\n" MAIL RCPT "DATA\r\n" HEAD
	    "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "no HELO at all, lower case, blanks",
	    IN("mail from: <robot@example.org> size=9 body=8bitmime  \r\n"
	    "rcpt to: <one@example.net>\r\ndata\r\n" HEAD
	    "\r\nhi\r\n.\r\nquit\r\n"),
	    "220 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "bare LF", IN(LF_OPEN LF_HEAD "\nhi\n.\nQUIT\n"),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "bare LF, and a dot with CRLF",
	    IN(LF_OPEN LF_HEAD "\nhi\r\n.\r\nQUIT\n"),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "doubled dots", IN(OPEN HEAD "\r\n..\r\n...a\r\n.b\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1,
	    "\r\n.\r\n..a\r\nb\r\n" },
	{ "Bcc goes, headers come", IN(OPEN "Bcc: x@example.org\r\n" HEAD
	    "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "the end of the input instead of QUIT",
	    IN(OPEN HEAD "\r\nhi\r\n.\r\n"),
	    "220 250 250 250 354 250", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "two messages", IN(OPEN HEAD "\r\nhi\r\n.\r\n" MAIL RCPT "DATA\r\n"
	    HEAD "\r\nho\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 250 250 354 250 221", NULL, EX_OK, 2,
	    NULL },
	{ "the null sender stays null", IN("MAIL FROM:<>\r\n" RCPT "DATA\r\n"
	    HEAD "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
	{ "a route is read over",
	    IN("MAIL FROM:<@a.example,@b.example:robot@example.org>\r\n" RCPT
	    "DATA\r\n" HEAD "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 250 354 250 221", NULL, EX_OK, 1, "\r\nhi\r\n" },
};

static const struct talk ends[] = {
	{ "LF.LF is text where lines end in CRLF", IN(OPEN HEAD
	    "\r\na\n.\nMAIL FROM:<x@example.org>\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1,
	    "\r\na\r\n.\r\nMAIL FROM:<x@example.org>\r\n" },
	{ "LF.CRLF is text too", IN(OPEN HEAD "\r\na\n.\r\nb\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1,
	    "\r\na\r\n.\r\nb\r\n" },
	{ "CR.CRLF is text too", IN(OPEN HEAD "\r\na\r.\r\nb\r\n.\r\n" QUIT),
	    "220 250 250 250 354 250 221", NULL, EX_OK, 1,
	    "\r\na\r\n.\r\nb\r\n" },
	{ "the input ends within the message", IN(OPEN HEAD "\r\nhi\r\n"),
	    "220 250 250 250 354 421", "ended within the message",
	    EX_DATAERR, 0, NULL },
	{ "the input ends behind the dot", IN(OPEN HEAD "\r\nhi\r\n."),
	    "220 250 250 250 354 421", NULL, EX_DATAERR, 0, NULL },
	{ "LF.LF and then the end", IN(OPEN HEAD "\r\nhi\n.\n"),
	    "220 250 250 250 354 421", NULL, EX_DATAERR, 0, NULL },
	{ "the input ends within a command", IN("NOOP\r\nQUI"),
	    "220 250 421", NULL, EX_DATAERR, 0, NULL },
	{ "the input ends within a transaction", IN(MAIL RCPT),
	    "220 250 250", NULL, EX_OK, 0, NULL },
	{ "nothing at all", IN(""), "220", NULL, EX_OK, 0, NULL },
	{ "what stands behind QUIT isn't read", IN(QUIT "NOOP\r\n"),
	    "220 221", NULL, EX_OK, 0, NULL },
};

static const struct talk mistakes[] = {
	{ "sequence", IN(RCPT MAIL MAIL "RSET\r\n" RCPT QUIT),
	    "220 503 250 503 250 503 221", NULL, EX_OK, 0, NULL },
	{ "EHLO ends a transaction", IN(MAIL "EHLO x\r\n" RCPT QUIT),
	    "220 250 250 503 221", NULL, EX_OK, 0, NULL },
	{ "words", IN("FOO\r\n\r\nEXPN x\r\nSTARTTLS\r\nAUTH PLAIN AA\r\n"
	    "BDAT 3 LAST\r\nVERB ON\r\n" QUIT),
	    "220 500 500 502 502 502 502 502 221", NULL, EX_OK, 0, NULL },
	{ "arguments", IN("HELO\r\nEHLO \r\nVRFY\r\nRSET x\r\nQUIT x\r\n"
	    "MAIL\r\nRCPT x\r\n" QUIT),
	    "220 501 501 501 501 501 501 501 221", NULL, EX_OK, 0, NULL },
	{ "what answers without doing", IN("NOOP x\r\nVRFY a\r\nHELP MAIL\r\n"
	    QUIT), "220 250 252 214 221", NULL, EX_OK, 0, NULL },
	{ "senders", IN("MAIL FROM:a@example.org\r\n"
	    "MAIL FROM:<a b@example.org>\r\nMAIL FROM:<a@example.org\r\n"
	    "MAIL FROM:<a(c)@example.org>\r\nMAIL FROM:<a@-x.example>\r\n"
	    "MAIL FROM:<a@example.org>x\r\nMAIL TO:<a@example.org>\r\n"
	    "MAIL FROM:<X <a@example.org>>\r\n" QUIT),
	    "220 501 501 501 501 501 501 501 501 221", NULL, EX_OK, 0, NULL },
	{ "recipients", IN(MAIL "RCPT TO:<>\r\nRCPT TO:<a@b@c>\r\n"
	    "RCPT TO:<\xc3\xa9@example.org>\r\nRCPT TO:<" X64 X64 X64 X64
	    "@example.org>\r\nRCPT TO:<a@example.org,b@example.org>\r\n"
	    QUIT), "220 250 501 501 553 501 501 221", NULL, EX_OK, 0, NULL },
	{ "parameters", IN("MAIL FROM:<a@example.org> AUTH=<>\r\n"
	    "MAIL FROM:<a@example.org> SIZE=x\r\n"
	    "MAIL FROM:<a@example.org> SIZE=1 SIZE=1\r\n"
	    "MAIL FROM:<a@example.org> BODY=BINARYMIME\r\n" MAIL
	    "RCPT TO:<a@example.org> SIZE=1\r\n" QUIT),
	    "220 555 501 501 501 250 555 221", NULL, EX_OK, 0, NULL },
	{ "addresses beyond ASCII", IN("MAIL FROM:<\xc3\xa9@example.org>\r\n"
	    "MAIL FROM:<\xc3\xa9@example.org> SMTPUTF8=1\r\n"
	    "MAIL FROM:<\xc3\xa9@example.org> SMTPUTF8\r\n"
	    "RCPT TO:<\xc3\xa8@example.org>\r\n" QUIT),
	    "220 553 501 250 250 221", NULL, EX_OK, 0, NULL },
	{ "controls", IN("NOOP \0\r\nNOOP a\rb\r\nNOOP\t\r\n" QUIT),
	    "220 500 500 500 221", NULL, EX_OK, 0, NULL },
	{ "a message behind a DATA that is refused isn't commands",
	    IN("DATA\r\n" MAIL RCPT "DATA\r\n" HEAD "\r\nhi\r\n.\r\n" QUIT),
	    "220 503 421", NULL, EX_DATAERR, 0, NULL },
	{ "the same without a valid recipient",
	    IN(MAIL "RCPT TO:<>\r\nDATA\r\n" HEAD "\r\nhi\r\n.\r\n" QUIT),
	    "220 250 501 554 421", NULL, EX_DATAERR, 0, NULL },
	{ "a NUL in a multipart message", IN(OPEN HEAD "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\na\0b\r\n.\r\n"
	    QUIT), "220 250 250 250 354 554 221", "NUL", EX_OK, 0, NULL },
};

static void
check_session(struct trial *t, const char *codes, int status)
{
	struct buf found;

	buf_init(&found, BUF_UNLIMITED);
	TRIAL_CHECK(t, replies_read(&found, buf_span(&t->result.out)));
	if (strcmp(buf_string(&found), codes) != 0)
		print_error("replies: %s\n", buf_string(&found));
	TRIAL_CHECK(t, strcmp(buf_string(&found), codes) == 0);
	TRIAL_CHECK(t, t->result.exit_status == status);
	TRIAL_CHECK(t, (t->result.err.len == 0) == (status == EX_OK));
	TRIAL_CHECK(t, !t->result.left_open);
	buf_free(&found);
}

static void
check_stored(const struct trial *t, const char *stored)
{
	const struct relay_message *m = relay_only_message(&t->record);
	struct buf whole;

	TRIAL_CHECK(t, m != NULL);
	buf_init(&whole, BUF_UNLIMITED);
	assert_true(buf_printf(&whole, HEAD "%s", stored));
	TRIAL_CHECK(t, span_equals(buf_span(&whole), buf_span(&m->text)));
	buf_free(&whole);
}

static void
check_talk(const struct talk *row, void **state)
{
	struct trial t = { .args = args,
		.run.input = span_make(row->input, row->size) };

	trial_run(&t, state);
	check_session(&t, row->codes, row->status);
	TRIAL_CHECK(&t, row->said == NULL ||
	    strstr(buf_string(&t.result.out), row->said) != NULL);
	TRIAL_CHECK(&t, t.record.committed == row->committed);
	TRIAL_CHECK(&t, t.record.count == (row->committed > 0));
	TRIAL_CHECK(&t, t.record.failure[0] == '\0');
	if (row->stored != NULL)
		check_stored(&t, row->stored);
	trial_free(&t);
}

#define TALKS(table) do { \
	size_t row_; \
	for (row_ = 0; row_ < sizeof(table) / sizeof((table)[0]); row_++) { \
		print_message("%s\n", (table)[row_].label); \
		check_talk(&(table)[row_], state); \
	} \
} while (0)

static void
a_session_in_order_delivers(void **state)
{
	TALKS(orders);
}

static void
only_the_end_that_the_client_means_ends_a_message(void **state)
{
	TALKS(ends);
}

static void
mistakes_are_answered_and_reach_no_relay(void **state)
{
	TALKS(mistakes);
}

static void
neither_tls_nor_auth_is_offered(void **state)
{
	struct trial t = { .args = args,
		.run.input = span_of("EHLO x\r\n" QUIT) };

	trial_run(&t, state);
	check_session(&t, "220 250 221", EX_OK);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "STARTTLS") == NULL);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "AUTH") == NULL);
	TRIAL_CHECK(&t, strstr(t.result.out.data,
	    "250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 HELP\r\n") != NULL);
	trial_free(&t);
}

static void
fifty_refusals_in_a_row_end_the_session(void **state)
{
	struct trial t = { .args = args };
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	for (i = 0; i < 60; i++)
		assert_true(buf_add_string(&input, "To: one@example.net\n"));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_DATAERR);
	TRIAL_CHECK(&t, trial_says(&t, "is this SMTP?"));
	TRIAL_CHECK(&t, strstr(t.result.out.data, "\r\n421 ") != NULL);
	trial_free(&t);
	buf_free(&input);
}

static void
a_line_that_is_too_long_is_passed_over(void **state)
{
	struct trial t = { .args = args };
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	for (i = 0; i < 2000; i++)
		assert_true(buf_add_string(&input, "NOOP " X64));
	assert_true(buf_add_string(&input, "\r\n" QUIT));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	check_session(&t, "220 500 221", EX_OK);
	trial_free(&t);
	buf_free(&input);
}

/* What a relay says at a step, and what the client hears at the dot. */
struct verdict_row {
	const char *stage, *script;
	const char *said;
};

static const struct verdict_row verdicts[] = {
	{ "mail", "S 451 4.3.1 full", "451 4.3.1 " },
	{ "mail", "S 550 5.7.1 not you", "550 5.7.1 " },
	{ "rcpt", "S 550 5.1.1 nobody",
	    "550-5.1.1 <one@example.net>: 550 5.1.1 nobody\r\n" },
	{ "rcpt", "S 450 4.2.1 later", "450 4.2.1 " },
	{ "data", "S 554 5.6.0 no", "554 5.6.0 " },
	{ "receipt", "S 451 4.7.1 greylisted", "451 4.7.1 " },
	{ "receipt", "S 550 5.7.1 spam",
	    "550-5.7.1 the relay said: 550 5.7.1 spam\r\n" },
	{ "receipt", "S 552 too much", "552 5.0.0 " },
	{ "receipt", "S 421 4.3.2 going", "451 4.3.2 " },
	{ "receipt", "S 251 what", "451 4.4.2 the relay may already hold" },
	{ "receipt", "close", "451 4.4.2 the relay may already hold" },
	{ "greeting", "S 421 4.3.2 busy", "451 4.3.2 " },
	{ "greeting", "S 554 5.7.1 go away", "554 5.7.1 " },
	/* It isn't the message that is refused. */
	{ "ehlo", "S 550 5.7.1 go away", "554 5.7.1 " },
	{ "ehlo", "S 250 fine", NULL },
};

static void
the_reply_to_the_dot_is_the_relays_verdict(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const struct verdict_row *row = &verdicts[i];
		struct trial t = { .args = args, .overrides = {
		    { .stage = row->stage, .script = row->script } },
			.run.input = span_of(OPEN HEAD "\r\nhi\r\n.\r\n"
			    QUIT) };
		const char *at;

		trial_run(&t, state);
		at = strstr(buf_string(&t.result.out), "\r\n354 ");
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.result.err.len == 0);
		TRIAL_CHECK(&t, at != NULL && strstr(at,
		    row->said == NULL ? "250 2.0.0 " : row->said) != NULL);
		TRIAL_CHECK(&t, t.record.committed == (row->said == NULL));
		trial_free(&t);
	}
}

#define MESSAGE MAIL RCPT "DATA\r\n" HEAD "\r\nhi\r\n.\r\n"

static void
one_relay_session_carries_all_messages(void **state)
{
	struct trial t = { .args = args,
		.run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE MESSAGE
		    QUIT) };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.record.count == 1 && t.record.committed == 3);
	TRIAL_CHECK(&t, t.record.failure[0] == '\0');
	TRIAL_CHECK(&t, trial_heard(&t, "QUIT"));
	TRIAL_CHECK(&t, !trial_heard(&t, "RSET"));
	trial_free(&t);
}

static void
the_relays_limit_of_messages_is_kept(void **state)
{
	struct trial t = { .args = args,
		.serve.capabilities = "SIZE 1000\nLIMITS MAILMAX=2",
		.run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE MESSAGE
		    QUIT) };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.record.count == 2 && t.record.committed == 3);
	trial_free(&t);
}

static void
a_refused_message_leaves_the_session_to_the_next(void **state)
{
	struct trial t = { .args = args, .overrides = {
	    { .stage = "rcpt2", .script = "S 550 5.1.1 nobody" } },
		.run.input = span_of("EHLO x\r\n" MESSAGE MAIL RCPT
		    "RCPT TO:<two@example.net>\r\nDATA\r\n" HEAD
		    "\r\n.\r\n" MESSAGE QUIT) };

	trial_run(&t, state);
	check_session(&t, "220 250 250 250 354 250 250 250 250 354 550 "
	    "250 250 354 250 221", EX_OK);
	TRIAL_CHECK(&t, t.record.count == 1 && t.record.committed == 2);
	TRIAL_CHECK(&t, trial_heard(&t, "RSET"));
	trial_free(&t);
}

/* A relay that doesn't answer it would keep us, though nothing follows. */
static void
a_refused_message_that_is_the_last_costs_no_rset(void **state)
{
	struct trial t = { .args = args, .overrides = {
	    { .stage = "rcpt", .script = "S 550 5.1.1 nobody" },
	    { .stage = "rset", .script = "wait" } },
		.run.input = span_of("EHLO x\r\n" MESSAGE QUIT) };

	trial_run(&t, state);
	check_session(&t, "220 250 250 250 354 550 221", EX_OK);
	TRIAL_CHECK(&t, !t.result.hung);
	TRIAL_CHECK(&t, t.record.count == 1);
	TRIAL_CHECK(&t, !trial_heard(&t, "RSET"));
	TRIAL_CHECK(&t, trial_heard(&t, "QUIT"));
	trial_free(&t);
}

/* The relay may have the envelope still, or wait for the message. */
static void
a_transaction_that_may_be_open_gets_no_next_message(void **state)
{
	static const struct relay_override rows[][2] = {
		{ { "rset", "S 550 5.5.1 not now", RELAY_INSTEAD, 1 },
		    { "rcpt", "S 550 5.1.1 nobody", RELAY_INSTEAD, 1 } },
		{ { "data", "S 354 go on", RELAY_INSTEAD, 1 },
		    { "rcpt", "S 550 5.1.1 nobody", RELAY_INSTEAD, 1 } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .args = args,
		    .overrides = { rows[i][0], rows[i][1] },
		    .run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE
			    QUIT) };

		trial_run(&t, state);
		check_session(&t, "220 250 250 250 354 550 250 250 354 250 "
		    "221", EX_OK);
		TRIAL_CHECK(&t, t.record.count == 2);
		TRIAL_CHECK(&t, t.record.committed == 1);
		/* It would be the message. */
		TRIAL_CHECK(&t, i == 0 || !span_contains_nocase(buf_span(
		    &t.record.connections[0].received), span_of("RSET")));
		trial_free(&t);
	}
}

/* A message was out, was refused, and is none of the next one's business. */
static void
what_is_uncertain_is_so_of_one_message(void **state)
{
	struct trial t = { .args = args,
	    .script = "S 220 relay.test\nC EHLO\nS 250 relay.test\nC MAIL\n"
	    "S 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\ndata\n"
	    "S 550 5.7.1 spam\nC RSET\nS 250 ok\nC MAIL\nS 253 well\nwait",
	    .run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE QUIT) };

	trial_run(&t, state);
	check_session(&t, "220 250 250 250 354 550 250 250 354 554 221",
	    EX_OK);
	TRIAL_CHECK(&t, t.record.failure[0] == '\0');
	TRIAL_CHECK(&t, strstr(t.result.out.data, "may already hold") == NULL);
	trial_free(&t);
}

static void
a_session_lost_between_messages_is_opened_anew(void **state)
{
	static const char *const losses[] = { "close",
	    "S 421 4.4.2 idle\nclose" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = args, .overrides = {
		    { .stage = "receipt", .script = losses[i],
			.when = RELAY_AFTER, .connection = 1 } },
			.run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE
			    QUIT) };

		trial_run(&t, state);
		check_session(&t, "220 250 250 250 354 250 250 250 354 250 "
		    "221", EX_OK);
		TRIAL_CHECK(&t, t.record.count == 2);
		TRIAL_CHECK(&t, t.record.committed == 2);
		trial_free(&t);
	}
}

static void
a_profile_that_is_wrong_is_told_at_once(void **state)
{
	struct trial t = { .args = args, .profile = "[a]\nnonsense = 1\n",
		.run.input = span_of("EHLO x\r\n" QUIT) };

	trial_run(&t, state);
	check_session(&t, "421", EX_CONFIG);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_in_order_delivers),
		cmocka_unit_test(
		    only_the_end_that_the_client_means_ends_a_message),
		cmocka_unit_test(mistakes_are_answered_and_reach_no_relay),
		cmocka_unit_test(neither_tls_nor_auth_is_offered),
		cmocka_unit_test(a_line_that_is_too_long_is_passed_over),
		cmocka_unit_test(the_reply_to_the_dot_is_the_relays_verdict),
		cmocka_unit_test(one_relay_session_carries_all_messages),
		cmocka_unit_test(the_relays_limit_of_messages_is_kept),
		cmocka_unit_test(
		    a_refused_message_leaves_the_session_to_the_next),
		cmocka_unit_test(
		    a_refused_message_that_is_the_last_costs_no_rset),
		cmocka_unit_test(
		    a_transaction_that_may_be_open_gets_no_next_message),
		cmocka_unit_test(what_is_uncertain_is_so_of_one_message),
		cmocka_unit_test(
		    a_session_lost_between_messages_is_opened_anew),
		cmocka_unit_test(fifty_refusals_in_a_row_end_the_session),
		cmocka_unit_test(a_profile_that_is_wrong_is_told_at_once),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
