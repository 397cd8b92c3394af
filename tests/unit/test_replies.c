/* The tests' own reader of replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/replies.h"

static const struct {
	const char *text;
	const char *codes;	/* NULL: it isn't replies */
} rows[] = {
	{ "", "" },
	{ "220 a\r\n", "220" },
	{ "250-a\r\n250-b\r\n250 c\r\n354 d\r\n", "250 354" },
	{ "220 a\r\n250 b\r\n250 c\r\n", "220 250 250" },
	{ "220 a\n", NULL },
	{ "220 a", NULL },
	{ "220 a\r\n250 b", NULL },
	{ "220 a\r", NULL },
	{ "220 a\r\r\n", NULL },
	{ "\r\n", NULL },
	{ "220\r\n", NULL },
	{ "22 a\r\n", NULL },
	{ "2200 a\r\n", NULL },
	{ "220:a\r\n", NULL },
	{ "120 a\r\n", NULL },
	{ "620 a\r\n", NULL },
	{ "a\r\n", NULL },
	{ "250-a\r\n", NULL },
	{ "250-a\r\n220 b\r\n", NULL },
	{ "220 a\r\n\r\n", NULL },
};

static void
replies_are_told_from_anything_else(void **state)
{
	struct buf codes;
	bool is_read;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&codes, BUF_UNLIMITED);
		is_read = replies_read(&codes, span_of(rows[i].text));
		if (is_read != (rows[i].codes != NULL))
			fail_msg("row %zu", i);
		if (is_read)
			assert_string_equal(buf_string(&codes),
			    rows[i].codes);
		buf_free(&codes);
	}
}

static void
a_line_has_512_octets_at_most(void **state)
{
	struct buf codes, text;
	int i;

	(void)state;
	for (i = 506; i <= 507; i++) {
		buf_init(&codes, BUF_UNLIMITED);
		buf_init(&text, BUF_UNLIMITED);
		assert_true(buf_printf(&text, "220 %0*d\r\n", i, 0));
		assert_int_equal(replies_read(&codes, buf_span(&text)),
		    text.len <= 512);
		buf_free(&codes);
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_told_from_anything_else),
		cmocka_unit_test(a_line_has_512_octets_at_most),
	};

	return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
