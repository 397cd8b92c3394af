#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/command.h"

static void
check_rcpt(const struct recipient *r, const struct dsn_wish *dsn,
    bool has_dsn, const char *wanted)
{
	struct capability c;
	struct buf line;

	memset(&c, 0, sizeof(c));
	c.has_dsn = has_dsn;
	buf_init(&line, BUF_UNLIMITED);
	assert_true(command_add_rcpt(&line, r, dsn, &c));
	assert_string_equal(buf_string(&line), wanted);
	buf_free(&line);
}

static void
an_address_beyond_ascii_is_of_the_type_utf_8(void **state)
{
	static const struct {
		const char *address, *orcpt;
	} rows[] = {
		{ "plain@example.net", "rfc822;plain@example.net" },
		{ "a b+c=d@e.net", "rfc822;a+20b+2Bc+3Dd@e.net" },
		{ "\xc3\xa9@e.net", "utf-8;\\x{E9}@e.net" },
		{ "\xe2\x82\xac+=\\ @e.net",
		    "utf-8;\\x{20AC}\\x{2B}\\x{3D}\\x{5C}\\x{20}@e.net" },
		{ "\xf0\x9f\x93\xac@e.net", "utf-8;\\x{1F4EC}@e.net" },
		/* What isn't UTF-8 after all must do no harm. */
		{ "\xe2", "utf-8;\\x{02}" },
	};
	const struct dsn_wish dsn = { .ret = "FULL" };
	char address[40], line[120];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recipient r = { .address = address };

		(void)snprintf(address, sizeof(address), "%s",
		    rows[i].address);
		(void)snprintf(line, sizeof(line), "RCPT TO:<%s> ORCPT=%s",
		    address, rows[i].orcpt);
		check_rcpt(&r, &dsn, true, line);
	}
}

static void
a_recipients_own_wishes_go_before_the_messages(void **state)
{
	static const struct dsn_wish dsn = { .notify = "FAILURE" };
	static const struct dsn_wish none = { NULL, NULL, NULL };
	char address[] = "a@e.net", notify[] = "NEVER";
	char orcpt[] = "rfc822;b@e.net";
	struct recipient own = { .address = address, .notify = notify,
	    .orcpt = orcpt };
	struct recipient plain = { .address = address };

	(void)state;
	check_rcpt(&own, &dsn, true,
	    "RCPT TO:<a@e.net> NOTIFY=NEVER ORCPT=rfc822;b@e.net");
	check_rcpt(&own, &none, true,
	    "RCPT TO:<a@e.net> NOTIFY=NEVER ORCPT=rfc822;b@e.net");
	check_rcpt(&own, &dsn, false, "RCPT TO:<a@e.net>");
	check_rcpt(&plain, &dsn, true,
	    "RCPT TO:<a@e.net> NOTIFY=FAILURE ORCPT=rfc822;a@e.net");
	check_rcpt(&plain, &none, true, "RCPT TO:<a@e.net>");
}

static void
parameters_need_their_extension(void **state)
{
	static const struct wire_facts facts = { .size = 7, .has_8bit = true };
	static const struct dsn_wish dsn = { NULL, "HDRS", "id" };
	static const struct mail_wish wish = { &facts, false, false, true,
		&dsn };
	struct capability c;
	struct buf line;

	(void)state;
	memset(&c, 0, sizeof(c));
	buf_init(&line, BUF_UNLIMITED);
	assert_true(command_add_mail(&line, "", &wish, &c));
	assert_string_equal(buf_string(&line), "MAIL FROM:<>");
	buf_clear(&line);
	c.has_size = c.has_8bitmime = c.has_dsn = c.has_requiretls = true;
	assert_true(command_add_mail(&line, "a@e.org", &wish, &c));
	assert_string_equal(buf_string(&line), "MAIL FROM:<a@e.org> SIZE=7 "
	    "BODY=8BITMIME RET=HDRS ENVID=id REQUIRETLS");
	buf_free(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_beyond_ascii_is_of_the_type_utf_8),
		cmocka_unit_test(
		    a_recipients_own_wishes_go_before_the_messages),
		cmocka_unit_test(parameters_need_their_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
