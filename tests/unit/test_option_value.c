#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/option_value.h"
#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *value;
	unsigned int set;	/* 0: refused */
} notify[] = {
	{ "never", DSN_NOTIFY_NEVER },
	{ "NEVER", DSN_NOTIFY_NEVER },
	{ "success", DSN_NOTIFY_SUCCESS },
	{ "failure", DSN_NOTIFY_FAILURE },
	{ "delay", DSN_NOTIFY_DELAY },
	{ "Failure,Success", DSN_NOTIFY_FAILURE | DSN_NOTIFY_SUCCESS },
	{ "failure, delay", DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY },
	{ "delay,delay", DSN_NOTIFY_DELAY },
	{ "", 0 },
	{ ",", 0 },
	{ "failure,", 0 },
	{ "never,success", 0 },
	{ "success,never", 0 },
	{ "failures", 0 },
	{ "fail", 0 },
	{ "success failure", 0 },
};

static const struct {
	const char *value;
	bool is_envid;
} envids[] = {
	{ "QQ314159", true },
	{ "a@b!~", true },
	{ "two+20words", true },
	{ "+2B+3D", true },
	{ HUNDRED, true },
	{ HUNDRED "+2B", false },
	{ "", false },
	{ "a b", false },
	{ "a=b", false },
	{ "a+b", false },
	{ "a+2b", false },
	{ "a+", false },
	{ "a+2", false },
	{ "line+0Aend", false },
	{ "a+7F", false },
	{ "a+E4", false },
	{ "line\nend", false },
	{ "\303\244", false },
};

static const struct {
	const char *value;
	bool is_tag;
} tags[] = {
	{ "backup", true },
	{ "a-b.c_d/e", true },
	{ TEN TEN TEN "01", true },
	{ TEN TEN TEN "012", false },
	{ "", false },
	{ "a b", false },
	{ "a[1]", false },
	{ "a:", false },
	{ "a\n", false },
	{ "\303\244", false },
};

static const struct {
	const char *value;
	const char *form;	/* for the relay; NULL: refused */
	bool is_beyond_ascii;
} orcpts[] = {
	{ "rfc822;a@example.org", "rfc822;a@example.org", false },
	{ "RFC822;a+2Bb@example.org", "RFC822;a+2Bb@example.org", false },
	{ "x-400;o", "x-400;o", false },
	{ "rfc822;a;b", "rfc822;a;b", false },
	{ "utf-8;a@b", "utf-8;a@b", false },
	{ "UTF-8;\\x{E9}\\x{20AC}\\x{1F4EC}\\x{10FFFF}",
	    "UTF-8;\\x{E9}\\x{20AC}\\x{1F4EC}\\x{10FFFF}", false },
	{ "utf-8;\\x{20}\\x{2B}\\x{3D}\\x{5C}",
	    "utf-8;\\x{20}\\x{2B}\\x{3D}\\x{5C}", false },
	{ "utf-8;\303\251\342\202\254\\x{E9}",
	    "utf-8;\\x{E9}\\x{20AC}\\x{E9}", true },
	{ "utf-8;" HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN
	    TEN TEN TEN "0123", "utf-8;" HUNDRED HUNDRED HUNDRED HUNDRED TEN
	    TEN TEN TEN TEN TEN TEN TEN TEN "0123", false },
	{ "rfc822;" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED, NULL, false },
	{ "", NULL, false },
	{ ";", NULL, false },
	{ "rfc822", NULL, false },
	{ "rfc822;", NULL, false },
	{ ";a", NULL, false },
	{ "rfc 822;a", NULL, false },
	{ "x.400;a", NULL, false },
	{ "x=400;a", NULL, false },
	{ "\303\244;a", NULL, true },
	{ "rfc822;a=b", NULL, false },
	{ "rfc822;a b", NULL, false },
	{ "rfc822;a+2b", NULL, false },
	{ "rfc822;a+", NULL, false },
	{ "rfc822;a+0D", NULL, false },
	{ "rfc822;a\r", NULL, false },
	{ "rfc822;\303\251", NULL, true },
	{ "utf-8;", NULL, false },
	{ "utf-8;a=b", NULL, false },
	{ "utf-8;a+2B", NULL, false },
	{ "utf-8;a\\", NULL, false },
	{ "utf-8;\\x{", NULL, false },
	{ "utf-8;\\x{}", NULL, false },
	{ "utf-8;\\x{41}", NULL, false },
	{ "utf-8;\\x{0A}", NULL, false },
	{ "utf-8;\\x{7F}", NULL, false },
	{ "utf-8;\\x{e9}", NULL, false },
	{ "utf-8;\\x{0E9}", NULL, false },
	{ "utf-8;\\x{D800}", NULL, false },
	{ "utf-8;\\x{DFFF}", NULL, false },
	{ "utf-8;\\x{110000}", NULL, false },
	{ "utf-8;\\x{1000000}", NULL, false },
	{ "utf-8;\303", NULL, true },
	{ "utf-8;\302\205", NULL, true },
	{ "utf-8;a\177", NULL, false },
};

static void
notify_is_never_or_a_set(void **state)
{
	unsigned int set;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(notify); i++) {
		set = 0;
		if (option_value_notify(notify[i].value, &set) !=
		    (notify[i].set != 0) || set != notify[i].set)
			fail_msg("`%s`", notify[i].value);
	}
}

static void
what_returns_is_the_header_or_all(void **state)
{
	enum dsn_return what = DSN_RETURN_UNSAID;

	(void)state;
	assert_false(option_value_return("", &what));
	assert_false(option_value_return("headers", &what));
	assert_int_equal(what, DSN_RETURN_UNSAID);
	assert_true(option_value_return("hdrs", &what));
	assert_int_equal(what, DSN_RETURN_HDRS);
	assert_true(option_value_return("FULL", &what));
	assert_int_equal(what, DSN_RETURN_FULL);
}

static void
an_envelope_id_is_xtext(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(envids); i++)
		if (option_value_is_envid(envids[i].value) !=
		    envids[i].is_envid)
			fail_msg("`%s`", envids[i].value);
}

static void
a_tag_can_not_end_itself(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(tags); i++)
		if (option_value_is_tag(tags[i].value) != tags[i].is_tag)
			fail_msg("`%s`", tags[i].value);
}

static void
a_demand_is_yes_or_no(void **state)
{
	bool yes = false;

	(void)state;
	assert_true(option_value_yes_no("yes", &yes));
	assert_true(yes);
	assert_true(option_value_yes_no("no", &yes));
	assert_false(yes);
	assert_false(option_value_yes_no("", &yes));
	assert_false(option_value_yes_no("Yes", &yes));
	assert_false(option_value_yes_no("1", &yes));
}

static void
an_original_recipient_gets_the_form_for_any_relay(void **state)
{
	bool is_beyond_ascii;
	char *form;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(orcpts); i++) {
		form = NULL;
		if (option_value_orcpt(span_of(orcpts[i].value), &form,
		    &is_beyond_ascii) != (orcpts[i].form != NULL))
			fail_msg("orcpt %s", orcpts[i].value);
		if (is_beyond_ascii != orcpts[i].is_beyond_ascii)
			fail_msg("octets of orcpt %s", orcpts[i].value);
		if (orcpts[i].form == NULL)
			assert_null(form);
		else
			assert_string_equal(form, orcpts[i].form);
		mem_free(form);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_original_recipient_gets_the_form_for_any_relay),
		cmocka_unit_test(notify_is_never_or_a_set),
		cmocka_unit_test(what_returns_is_the_header_or_all),
		cmocka_unit_test(an_envelope_id_is_xtext),
		cmocka_unit_test(a_tag_can_not_end_itself),
		cmocka_unit_test(a_demand_is_yes_or_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
