#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/text.h"

static const struct {
	const char *label, *text;
	size_t length;
} characters[] = {
	{ "nothing", "", 0 },
	{ "ASCII", "a", 1 },
	{ "DEL", "\x7f", 1 },
	{ "the first of two octets", "\xc2\x80", 2 },
	{ "the last of two octets", "\xdf\xbf", 2 },
	{ "the first of three octets", "\xe0\xa0\x80", 3 },
	{ "the last before the surrogates", "\xed\x9f\xbf", 3 },
	{ "the last of three octets", "\xef\xbf\xbf", 3 },
	{ "the first of four octets", "\xf0\x90\x80\x80", 4 },
	{ "U+10FFFF", "\xf4\x8f\xbf\xbf", 4 },
	{ "a stray second octet", "\x80", 0 },
	{ "an over-long form of two octets", "\xc1\xbf", 0 },
	{ "an over-long form of three octets", "\xe0\x9f\xbf", 0 },
	{ "an over-long form of four octets", "\xf0\x8f\xbf\xbf", 0 },
	{ "a surrogate", "\xed\xa0\x80", 0 },
	{ "more than U+10FFFF", "\xf4\x90\x80\x80", 0 },
	{ "an octet that never occurs", "\xff", 0 },
	{ "the second octet is missing", "\xc3", 0 },
	{ "the second octet is ASCII", "\xc3" "a", 0 },
	{ "the third octet is missing", "\xe2\x82", 0 },
	{ "the third octet is ASCII", "\xe2\x82" "a", 0 },
	{ "the fourth octet is missing", "\xf0\x9f\x98", 0 },
	{ "the fourth octet is a lead", "\xf0\x9f\x98\xc3", 0 },
};

static void
characters_have_the_length_of_rfc_3629(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (text_char_length(span_of(characters[i].text)) !=
		    characters[i].length)
			fail_msg("%s", characters[i].label);
	assert_int_equal(text_char_length(span_make("\0", 1)), 1);
}

static void
controls_are_those_of_ascii_and_latin_1(void **state)
{
	(void)state;
	assert_false(text_begins_with_control(span_of("")));
	assert_true(text_begins_with_control(span_make("\0", 1)));
	assert_true(text_begins_with_control(span_of("\t")));
	assert_true(text_begins_with_control(span_of("\x7f")));
	assert_true(text_begins_with_control(span_of("\xc2\x80")));
	assert_true(text_begins_with_control(span_of("\xc2\x9f")));
	assert_false(text_begins_with_control(span_of("\xc2\xa0")));
	assert_false(text_begins_with_control(span_of("\xc2")));
	assert_false(text_begins_with_control(span_of(" ")));
}

static void
ascii_is_below_0x80(void **state)
{
	(void)state;
	assert_true(text_is_ascii(span_of("")));
	assert_true(text_is_ascii(span_of("a\x7f")));
	assert_false(text_is_ascii(span_of("a\x80")));
}

static void
atext_is_what_rfc_5322_lists(void **state)
{
	const char *marks = "!#$%&'*+-/=?^_`{|}~";
	int c, n = 0;

	(void)state;
	for (; *marks != '\0'; marks++)
		assert_true(text_is_atext(*marks));
	for (c = -128; c < 128; c++)
		n += text_is_atext((char)c);
	assert_int_equal(n, 26 + 26 + 10 + 19);
}

static void
text_is_put_behind_what_is_there(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	text_put(&b, span_of("ab"));
	text_put_char(&b, 'c');
	assert_string_equal(buf_string(&b), "abc");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_have_the_length_of_rfc_3629),
		cmocka_unit_test(controls_are_those_of_ascii_and_latin_1),
		cmocka_unit_test(ascii_is_below_0x80),
		cmocka_unit_test(atext_is_what_rfc_5322_lists),
		cmocka_unit_test(text_is_put_behind_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
