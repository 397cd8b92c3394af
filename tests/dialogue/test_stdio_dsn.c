/*
 * Delivery status notifications within -bs (RFC 3461): what a client may ask
 * for, what it is refused, and how the relay hears of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define HEAD "From: r@example.org\r\nDate: x\r\nMessage-ID: <1@e>\r\n"
#define SENDER "MAIL FROM:<robot@example.org>"
#define MESSAGE "DATA\r\n" HEAD "\r\nhi\r\n.\r\n"
#define OFFER "PIPELINING\nSIZE\n8BITMIME\nSMTPUTF8\nDSN"
#define ONE "one@example.net"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define FIVE_HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static const char *const args[] = { "-bs", NULL };

static void
check_mail(const struct trial *t, const char *want)
{
	const struct relay_message *m = relay_only_message(&t->record);
	size_t len;

	TRIAL_CHECK(t, m != NULL);
	len = strlen(m->mail);
	TRIAL_CHECK(t, len >= strlen(want) &&
	    strcmp(m->mail + len - strlen(want), want) == 0);
	/* Nothing was asked for that isn't in `want`. */
	TRIAL_CHECK(t, strstr(m->mail, "RET=") == NULL ||
	    strstr(want, "RET=") != NULL);
	TRIAL_CHECK(t, strstr(m->mail, "ENVID=") == NULL ||
	    strstr(want, "ENVID=") != NULL);
}

/* The recipients as the relay has seen them, a line each. */
static void
check_recipients(const struct trial *t, const char *want)
{
	const struct relay_message *m = relay_only_message(&t->record);
	struct buf got;
	size_t i;

	TRIAL_CHECK(t, m != NULL);
	buf_init(&got, BUF_UNLIMITED);
	for (i = 0; i < m->recipient_count; i++)
		assert_true(buf_printf(&got, "%s\n", m->recipients[i]));
	if (strcmp(buf_string(&got), want) != 0)
		fail_msg("%s, not %s", buf_string(&got), want);
	buf_free(&got);
}

static void
what_a_client_asks_for_is_said_to_the_relay(void **state)
{
	static const struct {
		const char *mail, *rcpt, *keys;
		const char *mail_heard, *rcpt_heard;
	} rows[] = {
		{ "", "<" ONE ">", "", "", "<" ONE ">\n" },
		{ " ret=hdrs EnvId=Q+2B1", "<" ONE "> notify=Success,delay "
		    "orcpt=RFC822;two@example.com", "",
		    " RET=HDRS ENVID=Q+2B1", "<" ONE "> "
		    "NOTIFY=SUCCESS,DELAY ORCPT=RFC822;two@example.com\n" },
		{ " RET=FULL", "<" ONE ">", "", " RET=FULL",
		    "<" ONE "> ORCPT=rfc822;" ONE "\n" },
		{ "", "<" ONE "> NOTIFY=NEVER", "", "", "<" ONE "> "
		    "NOTIFY=NEVER ORCPT=rfc822;" ONE "\n" },
		{ "", "<" ONE "> ORCPT=x-id;a+2Bb", "", "", "<" ONE "> "
		    "ORCPT=x-id;a+2Bb\n" },
		/* What the client says goes before the profile. */
		{ " RET=HDRS", "<" ONE "> NOTIFY=FAILURE",
		    "dsn_notify = never\ndsn_return = full\n", " RET=HDRS",
		    "<" ONE "> NOTIFY=FAILURE ORCPT=rfc822;" ONE "\n" },
		{ "", "<" ONE ">", "dsn_notify = never\ndsn_return = full\n",
		    " RET=FULL", "<" ONE "> NOTIFY=NEVER "
		    "ORCPT=rfc822;" ONE "\n" },
		/* RFC 6533: one form, which any relay can carry. */
		{ "", "<" ONE "> ORCPT=utf-8;\\x{E9}\\x{2B}@e.net", "", "",
		    "<" ONE "> ORCPT=utf-8;\\x{E9}\\x{2B}@e.net\n" },
		{ " SMTPUTF8", "<" ONE "> ORCPT=utf-8;\xc3\xa9\\x{20AC}@e.net",
		    "", "", "<" ONE "> ORCPT=utf-8;\\x{E9}\\x{20AC}@e.net\n" },
	};
	struct buf input;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .args = args, .keys = rows[i].keys,
			.serve.capabilities = OFFER };

		buf_init(&input, BUF_UNLIMITED);
		assert_true(buf_printf(&input, "EHLO x\r\n" SENDER "%s\r\n"
		    "RCPT TO:%s\r\n" MESSAGE "QUIT\r\n", rows[i].mail,
		    rows[i].rcpt));
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.committed == 1);
		check_mail(&t, rows[i].mail_heard);
		check_recipients(&t, rows[i].rcpt_heard);
		trial_free(&t);
		buf_free(&input);
	}
}

/* Each of these is refused, and the next command finds nothing changed. */
static void
a_wish_that_is_none_is_answered_501(void **state)
{
	static const char *const lines[] = {
		"RCPT TO:<" ONE "> NOTIFY=",
		"RCPT TO:<" ONE "> NOTIFY",
		"RCPT TO:<" ONE "> NOTIFY=NEVER,SUCCESS",
		"RCPT TO:<" ONE "> NOTIFY=SOMETIMES",
		"RCPT TO:<" ONE "> NOTIFY=NEVER NOTIFY=NEVER",
		"RCPT TO:<" ONE "> ORCPT=",
		"RCPT TO:<" ONE "> ORCPT",
		"RCPT TO:<" ONE "> ORCPT=rfc822",
		"RCPT TO:<" ONE "> ORCPT=rfc822;",
		"RCPT TO:<" ONE "> ORCPT=;a@b",
		"RCPT TO:<" ONE "> ORCPT=a(b;a@b",
		"RCPT TO:<" ONE "> ORCPT=rfc822;a=b",
		"RCPT TO:<" ONE "> ORCPT=rfc822;a+2b",
		"RCPT TO:<" ONE "> ORCPT=rfc822;a+0A",
		"RCPT TO:<" ONE "> ORCPT=rfc822;\xc3\xa9",
		"RCPT TO:<" ONE "> ORCPT=utf-8;a+2B",
		"RCPT TO:<" ONE "> ORCPT=utf-8;\\x{41}",
		"RCPT TO:<" ONE "> ORCPT=utf-8;\xff",
		"RCPT TO:<" ONE "> ORCPT=rfc822;" FIVE_HUNDRED,
		"RCPT TO:<" ONE "> ORCPT=x;a ORCPT=x;b",
		"RSET",
		SENDER " RET=",
		SENDER " RET=ALL",
		SENDER " RET=FULL RET=FULL",
		SENDER " ENVID=",
		SENDER " ENVID",
		SENDER " ENVID=a=b",
		SENDER " ENVID=a+0D",
		SENDER " ENVID=" HUNDRED "x",
		SENDER " ENVID=a ENVID=b",
	};
	const size_t count = sizeof(lines) / sizeof(lines[0]);
	struct trial t = { .args = args };
	struct span rest, line;
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, SENDER "\r\n"));
	for (i = 0; i < count; i++)
		assert_true(buf_printf(&input, "%s\r\n", lines[i]));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	rest = buf_span(&t.result.out);
	TRIAL_CHECK(&t, span_next(&rest, '\n', &line));
	TRIAL_CHECK(&t, span_next(&rest, '\n', &line) &&
	    span_starts_with_nocase(line, span_of("250 ")));
	for (i = 0; i < count; i++) {
		const char *want = strcmp(lines[i], "RSET") == 0 ? "250 " :
		    "501 5.5.4 ";

		assert_true(span_next(&rest, '\n', &line));
		if (!span_starts_with_nocase(line, span_of(want)))
			fail_msg("%s: %.*s", lines[i], (int)line.len,
			    line.data);
	}
	trial_free(&t);
	buf_free(&input);
}

static void
a_parameter_belongs_to_its_command(void **state)
{
	struct trial t = { .args = args, .run.input = span_of(
	    SENDER " NOTIFY=NEVER\r\n" SENDER "\r\n"
	    "RCPT TO:<" ONE "> RET=FULL\r\n"
	    "RCPT TO:<" ONE "> ORCPT=utf-8;\xc3\xa9\r\nQUIT\r\n") };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "\r\n555 5.5.4 ") != NULL);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "\r\n250 2.1.0 sender "
	    "noted\r\n555 5.5.4 ") != NULL);
	/* Beyond ASCII only behind SMTPUTF8. */
	TRIAL_CHECK(&t, strstr(t.result.out.data, "\r\n553 5.6.7 ") != NULL);
	trial_free(&t);
}

static void
nothing_is_left_for_the_next_transaction(void **state)
{
	struct trial t = { .args = args, .serve.capabilities = OFFER,
		.run.input = span_of("EHLO x\r\n" SENDER
		    " RET=FULL ENVID=a\r\nRCPT TO:<" ONE "> NOTIFY=NEVER\r\n"
		    "RSET\r\n" SENDER "\r\nRCPT TO:<" ONE ">\r\n" MESSAGE
		    "QUIT\r\n") };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.record.committed == 1);
	check_mail(&t, "");
	check_recipients(&t, "<" ONE ">\n");
	trial_free(&t);
}

#define ALIASES "root: ann@x.net, bob\nops: ann@x.net, cyd@x.net\n"

/* Also on the command line: a notification names what was written there. */
static void
an_alias_keeps_wish_and_original_recipient(void **state)
{
	static const char *const options[] = { "-i", "-f", KIT_SENDER,
		"-Nnever", "root", "dan@x.net", NULL };
	static const struct {
		const char *const *args;
		const char *input;
		const char *heard;
	} rows[] = {
		{ args, "RCPT TO:<root> NOTIFY=SUCCESS\r\n"
		    "RCPT TO:<ops> NOTIFY=NEVER\r\n",
		    "<ann@x.net> NOTIFY=SUCCESS ORCPT=rfc822;root@example.org\n"
		    "<bob@example.org> NOTIFY=SUCCESS "
		    "ORCPT=rfc822;root@example.org\n"
		    "<cyd@x.net> NOTIFY=NEVER ORCPT=rfc822;ops@example.org\n" },
		{ args, "RCPT TO:<root> NOTIFY=DELAY ORCPT=rfc822;a@b.net\r\n",
		    "<ann@x.net> NOTIFY=DELAY ORCPT=rfc822;a@b.net\n"
		    "<bob@example.org> NOTIFY=DELAY ORCPT=rfc822;a@b.net\n" },
		{ args, "RCPT TO:<root>\r\n",
		    "<ann@x.net>\n<bob@example.org>\n" },
		{ options, NULL,
		    "<ann@x.net> NOTIFY=NEVER ORCPT=rfc822;root@example.org\n"
		    "<bob@example.org> NOTIFY=NEVER "
		    "ORCPT=rfc822;root@example.org\n"
		    "<dan@x.net> NOTIFY=NEVER ORCPT=rfc822;dan@x.net\n" },
	};
	char *path = scratch_file(*state, "aliases", 0600, span_of(ALIASES));
	struct buf keys, input;
	size_t i;

	assert_non_null(path);
	buf_init(&keys, BUF_UNLIMITED);
	assert_true(buf_printf(&keys, "aliases = %s\ndomain = example.org\n",
	    path));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .args = rows[i].args, .keys = keys.data,
			.serve.capabilities = OFFER };

		buf_init(&input, BUF_UNLIMITED);
		assert_true(buf_printf(&input, "EHLO x\r\n" SENDER "\r\n%s"
		    MESSAGE "QUIT\r\n", rows[i].input));
		if (rows[i].input != NULL)
			t.run.input = buf_span(&input);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.record.committed == 1);
		check_recipients(&t, rows[i].heard);
		trial_free(&t);
		buf_free(&input);
	}
	buf_free(&keys);
	mem_free(path);
}

/* The wish is dropped, not the message; who reads the log learns of it. */
static void
a_relay_without_dsn_gets_the_message_and_the_log_says_so(void **state)
{
	static const char *const rcpts[] = { "> NOTIFY=NEVER",
		"> ORCPT=rfc822;a@b.net", ">" };
	struct buf input;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct trial t = { .args = args, .keys = "log = stderr\n",
			.serve.capabilities = "PIPELINING" };

		buf_init(&input, BUF_UNLIMITED);
		assert_true(buf_printf(&input, "EHLO x\r\n" SENDER
		    "\r\nRCPT TO:<" ONE "%s\r\n" MESSAGE "QUIT\r\n",
		    rcpts[i]));
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.committed == 1);
		check_recipients(&t, "<" ONE ">\n");
		TRIAL_CHECK(&t, trial_says(&t, " ignored=DSN") == (i < 2));
		trial_free(&t);
		buf_free(&input);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_client_asks_for_is_said_to_the_relay),
		cmocka_unit_test(a_wish_that_is_none_is_answered_501),
		cmocka_unit_test(a_parameter_belongs_to_its_command),
		cmocka_unit_test(nothing_is_left_for_the_next_transaction),
		cmocka_unit_test(an_alias_keeps_wish_and_original_recipient),
		cmocka_unit_test(
		    a_relay_without_dsn_gets_the_message_and_the_log_says_so),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
