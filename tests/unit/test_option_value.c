#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/option_value.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notify_is_never_or_a_set),
		cmocka_unit_test(what_returns_is_the_header_or_all),
		cmocka_unit_test(an_envelope_id_is_xtext),
		cmocka_unit_test(a_tag_can_not_end_itself),
		cmocka_unit_test(a_demand_is_yes_or_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
