#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/ehlo.h"
#include "conf/name.h"
#include "conf/profile.h"

#define LABEL63 "a23456789012345678901234567890123456789012345678901234567890" \
    "123"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const good[] = {
	"www1.example.org", "a.b", "WWW1.Example.ORG", "1and1.example",
	"3com.com", "x--y.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]",
	"[ipv6:::1]", LABEL63 ".example.org", "xn--bcher-kva.example",
	"localhosts.example.org", "www.localhost.example.org",
	"mylocaldomain.example.org", "12.34.example",
};

static const struct {
	const char *ehlo, *text, *fix;
} bad[] = {
	{ "", "it is empty", "www1.example.org" },
	{ "localhost", "every machine calls itself that", "www1.example.org" },
	{ "LocalHost", "every machine calls itself that", "" },
	{ "localhost.localdomain", "every machine calls itself that", "" },
	{ "localhost.example.org", "every machine calls itself that", "" },
	{ "web.localhost", "every machine calls itself that", "" },
	{ "web.localdomain", "every machine calls itself that", "" },
	{ "web.LOCALDOMAIN", "every machine calls itself that", "" },
	{ "web", "it has no dot, so that it means nothing outside", "" },
	{ "3f2a9c0d1e4b", "it is a container's id", "www1.example.org" },
	{ HEX64, "one of its labels is longer than 63 octets", "" },
	{ "web_1.example.org", "it has an underscore", "" },
	{ "_", "it has an underscore", "" },
	{ "web 1.example.org", "a character that isn't a letter", "" },
	{ "web.example.org:25", "a character that isn't a letter", "" },
	{ "a@example.org", "a character that isn't a letter", "" },
	{ "-web.example.org", "begins or ends with a hyphen", "" },
	{ "web-.example.org", "begins or ends with a hyphen", "" },
	{ "web.example.-org", "begins or ends with a hyphen", "" },
	{ "web..example.org", "it has an empty label", "" },
	{ ".example.org", "it has an empty label", "" },
	{ "example.org.", "it has an empty label", "" },
	{ LABEL63 "4.example.org", "one of its labels is longer", "" },
	{ LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".example.org",
	    "it is longer than 253 octets", "" },
	{ "b\xc3\xbc" "cher.example", "it has characters beyond ASCII",
	    "xn--bcher-kva.example" },
	{ "b\xfc" "cher.example", "it has characters beyond ASCII",
	    "www1.example.org" },
	{ "192.0.2.1", "an address stands in brackets here", "[192.0.2.1]" },
	{ "2001:db8::1", "an address stands in brackets here",
	    "[IPv6:2001:db8::1]" },
	{ "192.0.2.256", "it looks like an address", "" },
	{ "1.2", "it looks like an address", "" },
	{ "[192.0.2.256]", "it isn't an address literal", "" },
	{ "[192.0.2.1", "it isn't an address literal", "" },
	{ "[2001:db8::1]", "it isn't an address literal", "" },
	{ "[IPv6:192.0.2.1]", "it isn't an address literal", "" },
	{ "[]", "it isn't an address literal", "" },
	{ "[", "it isn't an address literal", "" },
};

static void
names_that_mean_this_machine_alone_pass(void **state)
{
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!profile_check_ehlo(good[i], &err))
			fail_msg("%s", err.text);
	assert_false(error_is_set(&err));
}

static void
every_other_name_is_refused_with_its_reason(void **state)
{
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&err);
		if (profile_check_ehlo(bad[i].ehlo, &err))
			fail_msg("accepted: %s", bad[i].ehlo);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_memory_equal(err.text, "ehlo = ", 7);
		if (strstr(err.text, bad[i].text) == NULL)
			fail_msg("%s: %s", bad[i].ehlo, err.text);
		assert_non_null(strstr(err.cause, "no valid recipients"));
		assert_non_null(strstr(err.fix, "set `ehlo` to "));
		if (strstr(err.fix, bad[i].fix) == NULL)
			fail_msg("%s: %s", bad[i].ehlo, err.fix);
	}
}

static void
the_message_names_file_line_section_and_key(void **state)
{
	const struct place at = { "/etc/p.ini", "work", 7 };
	struct error err = { 0 };

	(void)state;
	assert_false(ehlo_check("localhost", "localhost", &at, &err));
	assert_string_equal(err.text, "/etc/p.ini:7: ehlo = localhost: every "
	    "machine calls itself that, nobody else knows it by that name");
	assert_string_equal(err.fix, "set `ehlo` in section [work] of "
	    "/etc/p.ini to this machine's public name, such as "
	    "www1.example.org");
	assert_string_equal(err.cause, "strict relays refuse such names, and "
	    "often report it only later, as \"no valid recipients\"");
}

static void
what_a_template_became_is_shown(void **state)
{
	const struct place at = { "/etc/p.ini", "work", 7 };
	struct error err = { 0 };

	(void)state;
	assert_false(ehlo_check("3f2a9c0d1e4b", "%H", &at, &err));
	assert_string_equal(err.text, "/etc/p.ini:7: ehlo = %H, which is "
	    "`3f2a9c0d1e4b` here: it has no dot; it is a container's id, as "
	    "containers are named so where nobody sets their host name");
}

static void
a_missing_name_is_asked_for(void **state)
{
	const struct place at = { "/etc/p.ini", "work", 3 };
	struct error err = { 0 };

	(void)state;
	assert_false(ehlo_is_missing(&at, "smtp.example.net", &err));
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_string_equal(err.text, "/etc/p.ini:3: profile 'work' has no "
	    "`ehlo`, which smtp.example.net must be told");
	assert_non_null(strstr(err.fix, "set `ehlo` in section [work]"));
}

static void
loopback_is_told_from_other_hosts(void **state)
{
	static const char *const yes[] = { "localhost", "LOCALHOST",
		"127.0.0.1", "127.255.0.3", "::1", "0:0:0:0:0:0:0:1" };
	static const char *const no[] = { "localhost.example.org", "128.0.0.1",
		"::2", "127.0.0.1.example.org", "", "127.1", "[::1]" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(name_is_loopback(span_of(yes[i])));
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(name_is_loopback(span_of(no[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_mean_this_machine_alone_pass),
		cmocka_unit_test(every_other_name_is_refused_with_its_reason),
		cmocka_unit_test(the_message_names_file_line_section_and_key),
		cmocka_unit_test(what_a_template_became_is_shown),
		cmocka_unit_test(a_missing_name_is_asked_for),
		cmocka_unit_test(loopback_is_told_from_other_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
