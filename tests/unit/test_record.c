#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/record.h"

static void
fill(struct record *r)
{
	assert_true(record_text(r, "empty", ""));
	assert_true(record_text(r, "nothing", NULL));
	assert_true(record_text(r, "word", "EX_OK"));
	assert_true(record_text(r, "words", "it's so"));
	assert_true(record_bytes(r, "none", span_of(NULL)));
	assert_true(record_bytes(r, "bytes", span_of("a\033\"\xff")));
	assert_true(record_number(r, "size", INT64_C(5000000000)));
	assert_true(record_claim(r, "true", true));
	assert_true(record_claim(r, "false", false));
}

static void
as_text_it_is_pairs(void **state)
{
	struct record r;

	(void)state;
	record_init(&r, false);
	fill(&r);
	assert_string_equal(buf_string(&r.line), " word=EX_OK "
	    "words='it\\x27s so' bytes='a\\x1b\"\\xff' size=5000000000 "
	    "true=yes");
	record_free(&r);
}

static void
as_json_it_is_members_with_the_same_keys(void **state)
{
	struct record r;

	(void)state;
	record_init(&r, true);
	fill(&r);
	assert_true(record_json(&r, "list", span_of("[1,2]")));
	assert_string_equal(buf_string(&r.line), ",\"word\":\"EX_OK\","
	    "\"words\":\"it's so\",\"bytes\":\"a\\u001b\\\"\\u00ff\","
	    "\"size\":5000000000,\"true\":true,\"list\":[1,2]");
	record_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text_it_is_pairs),
		cmocka_unit_test(as_json_it_is_members_with_the_same_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
