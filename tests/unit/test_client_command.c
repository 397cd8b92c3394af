#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/command.h"
#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *line;
	enum verb verb;
	const char *address;	/* of MAIL or RCPT; NULL: none */
} good[] = {
	{ "HELO x", VERB_HELO, NULL },
	{ "ehlo [127.0.0.1]", VERB_EHLO, NULL },
	{ "DATA", VERB_DATA, NULL },
	{ "DATA  ", VERB_DATA, NULL },
	{ "RSET", VERB_RSET, NULL },
	{ "noop any words", VERB_NOOP, NULL },
	{ "VRFY a", VERB_VRFY, NULL },
	{ "HELP", VERB_HELP, NULL },
	{ "Quit", VERB_QUIT, NULL },
	{ "MAIL FROM:<>", VERB_MAIL, "" },
	{ "MAIL FROM:<a@b.net>", VERB_MAIL, "a@b.net" },
	{ "mail from:  <a@b.net>  size=1  body=7bit ", VERB_MAIL, "a@b.net" },
	{ "MAIL FROM:<@x.net,@y.net:a@b.net>", VERB_MAIL, "a@b.net" },
	{ "MAIL FROM:<\"a> b\\\"\"@b.net>", VERB_MAIL, "\"a> b\\\"\"@b.net" },
	{ "RCPT TO:<root>", VERB_RCPT, "root" },
	{ "RCPT TO:<a@[192.0.2.1]>", VERB_RCPT, "a@[192.0.2.1]" },
	{ "RCPT TO:<a@b.net> NOTIFY=NEVER", VERB_RCPT, "a@b.net" },
};

static const struct {
	const char *line;
	int code;
	const char *enhanced;
} bad[] = {
	{ "", 500, "5.5.1" },
	{ " ", 500, "5.5.1" },
	{ "FOO", 500, "5.5.1" },
	{ "DAT", 500, "5.5.1" },
	{ "DATAX", 500, "5.5.1" },
	{ "NOOP\ta", 500, "5.5.2" },
	{ "NOOP \x7f", 500, "5.5.2" },
	{ "STARTTLS", 502, "5.5.1" },
	{ "AUTH PLAIN AA==", 502, "5.5.1" },
	{ "BDAT 3 LAST", 502, "5.5.1" },
	{ "EXPN x", 502, "5.5.1" },
	{ "HELO", 501, "5.5.4" },
	{ "DATA x", 501, "5.5.4" },
	{ "QUIT now", 501, "5.5.4" },
	{ "MAIL", 501, "5.5.4" },
	{ "MAIL FROM", 501, "5.5.4" },
	{ "MAIL FROM:", 501, "5.5.4" },
	{ "MAIL FROM:a@b.net", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net", 501, "5.5.4" },
	{ "MAIL FROM:<\"a@b.net>", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net>SIZE=1", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> SIZE=", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> SIZE=123456789012345678901", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> SIZE=1 size=1", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> BODY=8BIT", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> SMTPUTF8=", 501, "5.5.4" },
	{ "MAIL FROM:<a@b.net> =", 555, "5.5.4" },
	{ "MAIL FROM:<a@b.net> AUTH=<>", 555, "5.5.4" },
	{ "MAIL FROM:<a@b.net> ORCPT=rfc822;a", 555, "5.5.4" },
	{ "RCPT TO:<a@b.net> RET=FULL", 555, "5.5.4" },
	{ "MAIL FROM:<a@-b.net>", 501, "5.1.7" },
	{ "RCPT TO:<>", 501, "5.1.3" },
	{ "RCPT TO:<a@b..net>", 501, "5.1.3" },
};

static void
a_command_in_order_is_understood(void **state)
{
	struct refusal refusal;
	struct command c;
	char *address;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (!command_parse(&c, span_of(good[i].line), &refusal))
			fail_msg("%s: %s", good[i].line, refusal.text);
		assert_int_equal(c.verb, good[i].verb);
		if (good[i].address != NULL) {
			address = address_to_string(&c.address, NULL);
			assert_string_equal(address, good[i].address);
			mem_free(address);
		}
		command_free(&c);
	}
}

static void
any_other_is_refused_with_the_code_that_says_why(void **state)
{
	struct refusal refusal;
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (command_parse(&c, span_of(bad[i].line), &refusal))
			fail_msg("%s is taken", bad[i].line);
		if (refusal.code != bad[i].code ||
		    strcmp(refusal.enhanced, bad[i].enhanced) != 0)
			fail_msg("%s: %d %s %s", bad[i].line, refusal.code,
			    refusal.enhanced, refusal.text);
		assert_true(refusal.text[0] != '\0');
		command_free(&c);
	}
}

static void
parameters_are_kept(void **state)
{
	struct refusal refusal;
	struct command c;

	(void)state;
	assert_true(command_parse(&c, span_of("MAIL FROM:<a@b.net> "
	    "BODY=8BITMIME SMTPUTF8 RET=full ENVID=a+20b"), &refusal));
	assert_int_equal(c.body, BODY_8BITMIME);
	assert_true(c.wants_utf8 && !c.needs_utf8);
	assert_int_equal(c.return_what, DSN_RETURN_FULL);
	assert_string_equal(c.envid, "a+20b");
	command_free(&c);
	assert_true(command_parse(&c, span_of("RCPT TO:<a@b.net> "
	    "NOTIFY=delay,FAILURE ORCPT=utf-8;\303\251@b.net"), &refusal));
	assert_int_equal(c.notify, DSN_NOTIFY_DELAY | DSN_NOTIFY_FAILURE);
	assert_string_equal(c.orcpt, "utf-8;\\x{E9}@b.net");
	assert_true(c.needs_utf8);
	command_free(&c);
	assert_true(command_parse(&c, span_of("RCPT TO:<\303\251@b.net>"),
	    &refusal));
	assert_true(c.needs_utf8 && c.notify == 0 && c.orcpt == NULL);
	command_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_in_order_is_understood),
		cmocka_unit_test(
		    any_other_is_refused_with_the_code_that_says_why),
		cmocka_unit_test(parameters_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
