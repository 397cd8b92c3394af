#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *label;
	struct span bytes;
	const char *escaped, *json;
} forms[] = {
	{ "empty", { "", 0 }, "", "\"\"" },
	{ "plain", { "Az 09~", 6 }, "Az 09~", "\"Az 09~\"" },
	{ "a backslash", { "\\", 1 }, "\\x5c", "\"\\\\\"" },
	{ "a quote", { "\"", 1 }, "\"", "\"\\\"\"" },
	{ "a line end", { "a\nb", 3 }, "a\\x0ab", "\"a\\nb\"" },
	{ "a carriage return", { "\r", 1 }, "\\x0d", "\"\\u000d\"" },
	{ "a tab", { "\t", 1 }, "\\x09", "\"\\u0009\"" },
	{ "a NUL", { "\0", 1 }, "\\x00", "\"\\u0000\"" },
	{ "an escape sequence", { "\033[2J", 4 }, "\\x1b[2J",
	    "\"\\u001b[2J\"" },
	{ "DEL", { "\x7f", 1 }, "\\x7f", "\"\\u007f\"" },
	{ "UTF-8", { "\xc3\xa4", 2 }, "\\xc3\\xa4", "\"\\u00c3\\u00a4\"" },
	{ "the last octet", { "\xff", 1 }, "\\xff", "\"\\u00ff\"" },
};

static const struct {
	const char *label, *text;
	size_t size;
	const char *shown;
} cuts[] = {
	{ "empty", "", 8, "" },
	{ "short", "abc", 8, "abc" },
	{ "fits exactly", "abcdefg", 8, "abcdefg" },
	{ "one too many", "abcdefgh", 8, "abcd..." },
	{ "far too many", "abcdefghijklmnopqrstuvwxyz", 8, "abcd..." },
	{ "too many once escaped", "abcd\n", 8, "abcd..." },
	{ "escaped, fits exactly", "abc\n", 8, "abc\\x0a" },
	{ "the mark alone", "abcd", 4, "..." },
};

static const struct {
	const char *label, *value, *pair;
} pairs[] = {
	{ "none", NULL, "" },
	{ "empty", "", "" },
	{ "a word", "yes", " key=yes" },
	{ "an address", "<o_ne+two@mail.example.org>",
	    " key=<o_ne+two@mail.example.org>" },
	{ "an endpoint", "[2001:db8::1]:587", " key=[2001:db8::1]:587" },
	{ "a list", "a,b/c-d", " key=a,b/c-d" },
	{ "a blank", "a b", " key='a b'" },
	{ "what looks like another pair", "a status=sent",
	    " key='a status=sent'" },
	{ "an equals sign", "a=b", " key='a=b'" },
	{ "a quote", "it's", " key='it\\x27s'" },
	{ "quotes at both ends", "'a'", " key='\\x27a\\x27'" },
	{ "a quote alone", "'", " key='\\x27'" },
	{ "double quotes", "\"a\"", " key='\"a\"'" },
	{ "what was escaped before", "a\\x0ab", " key='a\\x0ab'" },
};

static void
an_untouched_buffer_is_an_empty_string(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_null(b.data);
	assert_string_equal(buf_string(&b), "");
	assert_int_equal(buf_span(&b).len, 0);
	buf_clear(&b);
	buf_consume(&b, 5);
	assert_string_equal(buf_string(&b), "");
	buf_free(&b);
	buf_free_secret(&b);
	assert_int_equal(b.limit, 10);
}

static void
adders_put_bytes_behind_each_other(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add(&b, "a", 1));
	assert_true(buf_add_span(&b, span_make("b\0", 2)));
	assert_true(buf_add_string(&b, "c"));
	assert_true(buf_add_string(&b, NULL));
	assert_true(buf_add_char(&b, 'd'));
	assert_true(buf_printf(&b, "%d%s", 7, "e"));
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "ab\0cd7e", 8);
	assert_true(span_equals(buf_span(&b), span_make("ab\0cd7e", 7)));
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void
adding_nothing_is_no_failure(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_true(buf_add(&b, NULL, 0));
	assert_true(buf_add_span(&b, span_of(NULL)));
	assert_true(buf_printf(&b, "%s", ""));
	assert_true(buf_add_escaped(&b, span_of(NULL)));
	assert_false(buf_add_char(&b, 'a'));
	assert_string_equal(buf_string(&b), "");
	buf_free(&b);
}

static void
a_buffer_grows_far(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	for (i = 0; i < 100000; i++) {
		assert_true(buf_add_char(&b, (char)('a' + i % 26)));
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_int_equal(b.len, 100000);
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + (char)(i % 26));
	buf_free(&b);
}

/* Whether `b` holds exactly `text`, and its terminator. */
static void
assert_holds(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	assert_string_equal(buf_string(b), text);
}

static void
the_limit_can_be_reached_and_not_passed(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_true(buf_add_string(&b, "abcd"));
	assert_false(buf_add_char(&b, 'e'));
	assert_holds(&b, "abcd");
	assert_true(buf_add_string(&b, ""));
	buf_consume(&b, 1);
	assert_true(buf_add_char(&b, 'e'));
	assert_holds(&b, "bcde");
	buf_free(&b);
	assert_true(buf_add_string(&b, "abcd"));
	assert_false(buf_add_char(&b, 'e'));
	buf_free(&b);
}

static void
at_the_limit_each_adder_leaves_all_as_it_was(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_true(buf_add_string(&b, "ab"));
	assert_false(buf_add(&b, "xyz", 3));
	assert_holds(&b, "ab");
	assert_false(buf_add(&b, "xyz", SIZE_MAX));
	assert_holds(&b, "ab");
	assert_false(buf_add_span(&b, span_of("xyz")));
	assert_holds(&b, "ab");
	assert_false(buf_add_string(&b, "xyz"));
	assert_holds(&b, "ab");
	assert_false(buf_printf(&b, "%d", 123));
	assert_holds(&b, "ab");
	/* These two add piece by piece. */
	assert_false(buf_add_escaped(&b, span_of("x\n")));
	assert_holds(&b, "ab");
	assert_false(buf_add_json(&b, span_of("x")));
	assert_holds(&b, "ab");
	assert_false(buf_add_pair(&b, "k", "v"));
	assert_holds(&b, "ab");
	assert_false(buf_add_pair(&b, "", "'"));
	assert_holds(&b, "ab");
	buf_free(&b);
}

static void
reserved_room_is_used_without_a_move(void **state)
{
	struct buf b;
	const char *data;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	assert_false(buf_reserve(&b, 1001));
	assert_null(b.data);
	assert_true(buf_reserve(&b, 1000));
	data = b.data;
	assert_string_equal(buf_string(&b), "");
	for (i = 0; i < 1000; i++)
		assert_true(buf_add_char(&b, 'a'));
	assert_ptr_equal(b.data, data);
	buf_clear(&b);
	assert_ptr_equal(b.data, data);
	assert_string_equal(buf_string(&b), "");
	assert_true(buf_reserve(&b, 0));
	assert_ptr_equal(b.data, data);
	buf_free(&b);
}

static void
consuming_takes_bytes_off_the_front(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add_string(&b, "abcdef"));
	buf_consume(&b, 0);
	assert_holds(&b, "abcdef");
	buf_consume(&b, 2);
	assert_holds(&b, "cdef");
	buf_consume(&b, 4);
	assert_holds(&b, "");
	assert_true(buf_add_string(&b, "x"));
	buf_consume(&b, SIZE_MAX);
	assert_holds(&b, "");
	buf_free(&b);
}

static void
long_output_of_printf_is_not_cut(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_printf(&b, "%*s|", 70000, "x"));
	assert_int_equal(b.len, 70001);
	assert_string_equal(b.data + 69999, "x|");
	buf_free(&b);
}

/* malloc() gives the room of the buffer that was outgrown again, as it is,
 * sooner or later. */
static bool
was_left_behind(size_t room, const char *words)
{
	char *volatile again[32];
	bool is_there = false;
	size_t i;

	for (i = 0; i < COUNT(again); i++) {
		again[i] = malloc(room);
		is_there = is_there || memmem(again[i], room, words,
		    strlen(words)) != NULL;
	}
	for (i = 0; i < COUNT(again); i++)
		free(again[i]);
	return is_there;
}

static void
growing_leaves_no_copy(void **state)
{
	static const char word[] = "s3cret-s3cret";
	struct buf b;
	size_t room;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_printf(&b, "%32s%s", "", word));
	room = b.room;
	assert_true(buf_add_string(&b, "something that there is no room for"));
	assert_true(b.room > room);
	assert_false(was_left_behind(room, word));
	buf_free_secret(&b);
	/* What is printed at first, as far as there is room. */
	assert_true(buf_reserve(&b, 1));
	room = b.room;
	assert_true(buf_printf(&b, "%32s%s%32s", "", word, ""));
	assert_true(b.room > room);
	assert_false(was_left_behind(room, word));
	buf_free_secret(&b);
}

static void
a_secret_buffer_is_freed_and_keeps_its_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 6);
	assert_true(buf_add_string(&b, "secret"));
	buf_free_secret(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.room, 0);
	assert_int_equal(b.limit, 6);
}

static void
what_is_not_printable_is_escaped(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	for (i = 0; i < COUNT(forms); i++) {
		buf_clear(&b);
		assert_true(buf_add_escaped(&b, forms[i].bytes));
		if (strcmp(buf_string(&b), forms[i].escaped) != 0)
			fail_msg("%s: %s", forms[i].label, buf_string(&b));
		buf_clear(&b);
		assert_true(buf_add_json(&b, forms[i].bytes));
		if (strcmp(buf_string(&b), forms[i].json) != 0)
			fail_msg("%s: %s", forms[i].label, buf_string(&b));
	}
	buf_free(&b);
}

static void
no_octet_reaches_a_terminal_as_a_control(void **state)
{
	struct buf b;
	size_t k;
	int i;
	char c;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	for (i = 0; i < 256; i++) {
		c = (char)(unsigned char)i;
		assert_true(buf_add_escaped(&b, span_make(&c, 1)));
		assert_true(buf_add_json(&b, span_make(&c, 1)));
	}
	for (k = 0; k < b.len; k++)
		assert_in_range(b.data[k], ' ', '~');
	buf_free(&b);
}

static void
fixed_fields_are_cut_with_a_mark(void **state)
{
	char out[9];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cuts); i++) {
		memset(out, '#', sizeof(out));
		escape_into(out, cuts[i].size, span_of(cuts[i].text));
		assert_non_null(memchr(out, '\0', cuts[i].size));
		if (strcmp(out, cuts[i].shown) != 0)
			fail_msg("%s: %s", cuts[i].label, out);
		assert_int_equal(out[cuts[i].size], '#');
	}
}

static void
a_log_s_value_can_not_pass_for_a_key(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		buf_init(&b, BUF_UNLIMITED);
		assert_true(buf_add_pair(&b, "key", pairs[i].value));
		if (strcmp(buf_string(&b), pairs[i].pair) != 0)
			fail_msg("%s:%s", pairs[i].label, buf_string(&b));
		buf_free(&b);
	}
}

static void
any_octets_are_a_log_s_value(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add_pair_escaped(&b, "k", span_make("", 0)));
	assert_string_equal(buf_string(&b), "");
	assert_true(buf_add_pair_escaped(&b, "k", span_of("a@b,c")));
	assert_true(buf_add_pair_escaped(&b, "l", span_make("a\0'\n\\", 5)));
	assert_string_equal(buf_string(&b),
	    " k=a@b,c l='a\\x00\\x27\\x0a\\x5c'");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_buffer_is_an_empty_string),
		cmocka_unit_test(adders_put_bytes_behind_each_other),
		cmocka_unit_test(adding_nothing_is_no_failure),
		cmocka_unit_test(a_buffer_grows_far),
		cmocka_unit_test(the_limit_can_be_reached_and_not_passed),
		cmocka_unit_test(at_the_limit_each_adder_leaves_all_as_it_was),
		cmocka_unit_test(reserved_room_is_used_without_a_move),
		cmocka_unit_test(consuming_takes_bytes_off_the_front),
		cmocka_unit_test(long_output_of_printf_is_not_cut),
		cmocka_unit_test(growing_leaves_no_copy),
		cmocka_unit_test(a_secret_buffer_is_freed_and_keeps_its_limit),
		cmocka_unit_test(what_is_not_printable_is_escaped),
		cmocka_unit_test(no_octet_reaches_a_terminal_as_a_control),
		cmocka_unit_test(a_log_s_value_can_not_pass_for_a_key),
		cmocka_unit_test(any_octets_are_a_log_s_value),
		cmocka_unit_test(fixed_fields_are_cut_with_a_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
