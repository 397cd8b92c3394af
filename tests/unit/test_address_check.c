#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/address.h"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *label, *text, *result, *error;
} checks[] = {
	{ "plain", "a@example.org", "a@example.org", NULL },
	{ "one label", "a@localhost", "a@localhost", NULL },
	{ "case is kept", "A@Example.ORG", "A@Example.ORG", NULL },
	{ "a bare name", "root", "root", NULL },
	{ "null", "<>", "", NULL },
	{ "IPv4", "a@[192.0.2.1]", "a@[192.0.2.1]", NULL },
	{ "IPv6", "a@[ipv6:::1]", "a@[ipv6:::1]", NULL },
	{ "a long local part", SIXTY TEN "@b", SIXTY TEN "@b", NULL },
	{ "the longest local part", SIXTY SIXTY SIXTY SIXTY TEN "abcde@b",
	    SIXTY SIXTY SIXTY SIXTY TEN "abcde@b", NULL },
	{ "the longest label", "a@" SIXTY "abc.d", "a@" SIXTY "abc.d", NULL },
	{ "a domain of 256 octets", "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY
	    ".0123456789.a", NULL,
	    "To: the domain '" SIXTY "." SIXTY "." SIXTY "." SIXTY
	    ".0123456789.a' has more than 255 octets" },
	{ "a domain of 255 octets", "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY
	    ".012345678.a", "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY
	    ".012345678.a", NULL },
	{ "an A-label", "a@B\xc3\xbc" "cher.example", "a@xn--bcher-kva.example",
	    NULL },
	{ "a local part that is too long", SIXTY SIXTY SIXTY SIXTY TEN
	    "abcdef@b", NULL, "To: the local part '" SIXTY SIXTY SIXTY SIXTY
	    TEN "abcdef' has more than 255 octets" },
	{ "a bare name that is too long", SIXTY SIXTY SIXTY SIXTY TEN "abcdef",
	    NULL, "To: the local part '" SIXTY SIXTY SIXTY SIXTY TEN
	    "abcdef' has more than 255 octets" },
	{ "a local part in UTF-8", "\xc3\xbc@b", "\xc3\xbc@b", NULL },
	{ "its octets count", SIXTY SIXTY SIXTY SIXTY TEN
	    "\xc3\xbc\xc3\xbc\xc3\xbc@b", NULL, "To: the local part '" SIXTY
	    SIXTY SIXTY SIXTY TEN "\\xc3\\xbc\\xc3\\xbc\\xc3\\xbc' has more "
	    "than 255 octets" },
	{ "a long label", "a@" SIXTY "abcd.e", NULL,
	    "To: the domain '" SIXTY "abcd.e' has a label of more than 63 "
	    "octets" },
	{ "a trailing dot", "a@b.", NULL,
	    "To: the domain 'b.' has a dot at its end" },
	{ "an empty label", "a@b..c", NULL,
	    "To: the domain 'b..c' has an empty label" },
	{ "a dot first", "a@.b", NULL,
	    "To: the domain '.b' has an empty label" },
	{ "a dot alone", "a@.", NULL,
	    "To: the domain '.' has a dot at its end" },
	{ "a hyphen first", "a@-b", NULL,
	    "To: the domain '-b' has a label that begins or ends with a "
	    "hyphen" },
	{ "a hyphen last", "a@b-.c", NULL,
	    "To: the domain 'b-.c' has a label that begins or ends with a "
	    "hyphen" },
	{ "an underscore", "a@b_c", "a@b_c", NULL },
	{ "a mark", "a@b'", NULL,
	    "To: the domain 'b\'' has a character that is no letter, digit or "
	    "hyphen" },
	{ "no IPv4 address", "a@[192.0.2]", NULL,
	    "To: '[192.0.2]' is no address literal" },
	{ "no IPv6 address", "a@[IPv6:1::2::3]", NULL,
	    "To: '[IPv6:1::2::3]' is no address literal" },
	{ "IPv6 without its tag", "a@[::1]", NULL,
	    "To: '[::1]' is no address literal" },
	{ "a tag of its own", "a@[x400:c=de]", NULL,
	    "To: '[x400:c=de]' is no address literal" },
	{ "an empty literal", "a@[]", NULL,
	    "To: '[]' is no address literal" },
	{ "a name without an A-label", "a@\xe2\x80\x8d.example", NULL,
	    "To: the domain '\\xe2\\x80\\x8d.example' has no ASCII form" },
};

static void
expect_fault(const struct error *err, const char *label, const char *text)
{
	if (err->stage != STAGE_ADDRESS || err->exit_code != EX_DATAERR ||
	    strcmp(err->text, text) != 0)
		fail_msg("%s: %s", label, err->text);
}

static void
the_check_finds_what_rfc_5321_forbids(void **state)
{
	struct address address;
	struct error err;
	char *string;
	size_t i;
	bool ok;

	(void)state;
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		error_clear(&err);
		assert_true(address_parse_one(&address,
		    span_of(checks[i].text), "To", &err));
		ok = address_check(&address, "To", &err);
		if (ok != (checks[i].error == NULL))
			fail_msg("%s: %s", checks[i].label, err.text);
		if (!ok)
			expect_fault(&err, checks[i].label, checks[i].error);
		string = address_to_string(&address, NULL);
		if (ok)
			assert_string_equal(string, checks[i].result);
		mem_free(string);
		address_free(&address);
	}
}

static void
literals_are_told_from_others(void **state)
{
	(void)state;
	assert_true(address_is_literal(span_of("[192.0.2.1]")));
	assert_true(address_is_literal(span_of("[IPv6:2001:db8::192.0.2.1]")));
	assert_false(address_is_literal(span_of("")));
	assert_false(address_is_literal(span_of("[")));
	assert_false(address_is_literal(span_of("[192.0.2.1")));
	assert_false(address_is_literal(span_of("192.0.2.1]")));
	assert_false(address_is_literal(span_of("[IPv6:192.0.2.1]")));
	assert_false(address_is_literal(span_make("[192.0.2.1\0]", 12)));
	assert_false(address_is_literal(span_of("[IPv6:" SIXTY "]")));
}

static void
addresses_are_equal_when_only_the_domain_s_case_differs(void **state)
{
	(void)state;
	assert_true(address_equals("a@b.c", "a@B.C"));
	assert_false(address_equals("a@b.c", "A@b.c"));
	assert_false(address_equals("a@b.c", "a@b.cd"));
	assert_false(address_equals("a@b.c", "a"));
	assert_true(address_equals("root", "root"));
	assert_false(address_equals("root", "Root"));
	assert_true(address_equals("", ""));
	assert_false(address_equals("\"a@B\"@c", "\"a@b\"@c"));
	assert_true(address_equals("\"a@b\"@C", "\"a@b\"@c"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_finds_what_rfc_5321_forbids),
		cmocka_unit_test(literals_are_told_from_others),
		cmocka_unit_test(
		    addresses_are_equal_when_only_the_domain_s_case_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
