#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

static const struct {
	const char *label, *bytes, *text;
} vectors[] = {
	/* RFC 4648 section 10 */
	{ "empty", "", "" },
	{ "one octet", "f", "Zg==" },
	{ "two octets", "fo", "Zm8=" },
	{ "three octets", "foo", "Zm9v" },
	{ "four octets", "foob", "Zm9vYg==" },
	{ "six octets", "foobar", "Zm9vYmFy" },
};

static const struct {
	const char *label, *text;
} refused[] = {
	{ "length", "Zg=" },
	{ "blank", "Zm 9" },
	{ "line end", "Zm9v\r\n==" },
	{ "url alphabet", "Zm-_" },
	{ "padding in the middle", "Zg==Zg==" },
	{ "padding first", "====" },
	{ "one digit", "Z===" },
	{ "digit behind padding", "Zg=v" },
	{ "bits behind the end", "Zh==" },
	{ "bits behind the second octet", "Zm9=" },
};

static void
the_vectors_of_rfc_4648_go_both_ways(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		buf_clear(&b);
		assert_true(base64_encode(&b, span_of(vectors[i].bytes)));
		assert_string_equal(buf_string(&b), vectors[i].text);
		buf_clear(&b);
		assert_true(base64_decode(&b, span_of(vectors[i].text)));
		assert_string_equal(buf_string(&b), vectors[i].bytes);
	}
	buf_free(&b);
}

static void
anything_that_is_not_base64_is_refused(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (base64_decode(&b, span_of(refused[i].text)))
			fail_msg("accepted: %s", refused[i].label);
	assert_false(base64_decode(&b, span_make("Zg\0=", 4)));
	buf_free(&b);
}

static void
the_limit_of_the_buffer_holds(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 7);
	assert_false(base64_encode(&b, span_of("foobar")));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_4648_go_both_ways),
		cmocka_unit_test(anything_that_is_not_base64_is_refused),
		cmocka_unit_test(the_limit_of_the_buffer_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
