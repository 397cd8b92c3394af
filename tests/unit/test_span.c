#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *label, *bytes, *trimmed;
} trims[] = {
	{ "empty", "", "" },
	{ "nothing to take", "a b", "a b" },
	{ "each blank at both ends", " \t\r\na b\n\r\t ", "a b" },
	{ "blanks only", " \t\r\n", "" },
	{ "other controls stay", "\va\f", "\va\f" },
};

static const struct {
	const char *label, *a, *b;
	bool equal, equal_nocase, starts, contains;
} comparisons[] = {
	{ "both empty", "", "", true, true, true, true },
	{ "the same", "EHLO", "EHLO", true, true, true, true },
	{ "other case", "eHlO", "EhLo", false, true, true, true },
	{ "a prefix", "SIZE 10", "size", false, false, true, true },
	{ "in the middle", "a SIZE b", "size", false, false, false, true },
	{ "at the end", "a size", "SIZE", false, false, false, true },
	{ "longer than the text", "SIZ", "SIZE", false, false, false, false },
	{ "an empty one in some", "a", "", false, false, true, true },
	{ "some in an empty one", "", "a", false, false, false, false },
	{ "@ isn't a lower-case `", "@", "`", false, false, false, false },
	{ "[ isn't a lower-case {", "[", "{", false, false, false, false },
	{ "letters beyond ASCII have a case", "\xc4", "\xe4", false, false,
	    false, false },
	{ "a start that is repeated", "aaab", "aab", false, false, false,
	    true },
};

static const struct {
	const char *label, *text;
	const char *parts[4];
} lists[] = {
	{ "empty text is one empty part", "", { "" } },
	{ "one", "a", { "a" } },
	{ "an empty one between two", "a,,b", { "a", "", "b" } },
	{ "empty at both ends", ",a,", { "", "a", "" } },
};

static void
a_span_of_no_string_is_empty(void **state)
{
	struct span s = span_of(NULL);

	(void)state;
	assert_int_equal(s.len, 0);
	assert_int_equal(span_of("").len, 0);
	assert_int_equal(span_of("abc").len, 3);
	assert_int_equal(span_make("a\0b", 3).len, 3);
}

static void
skipping_stops_at_the_end(void **state)
{
	struct span s = span_of("abc");

	(void)state;
	assert_true(span_equals(span_skip(s, 0), s));
	assert_true(span_equals(span_skip(s, 2), span_of("c")));
	assert_int_equal(span_skip(s, 3).len, 0);
	assert_int_equal(span_skip(s, SIZE_MAX).len, 0);
	assert_int_equal(span_skip(span_of(NULL), 1).len, 0);
}

static void
blanks_are_trimmed_at_both_ends(void **state)
{
	struct span trimmed;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(trims); i++) {
		trimmed = span_trim(span_of(trims[i].bytes));
		if (!span_equals(trimmed, span_of(trims[i].trimmed)))
			fail_msg("%s: '%.*s'", trims[i].label,
			    (int)trimmed.len, trimmed.data);
	}
	assert_int_equal(span_trim(span_of(NULL)).len, 0);
}

static void
comparisons_know_ascii_letters_only(void **state)
{
	struct span a, b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(comparisons); i++) {
		a = span_of(comparisons[i].a);
		b = span_of(comparisons[i].b);
		if (span_equals(a, b) != comparisons[i].equal)
			fail_msg("equals: %s", comparisons[i].label);
		if (span_equals_nocase(a, b) != comparisons[i].equal_nocase)
			fail_msg("nocase: %s", comparisons[i].label);
		if (span_starts_with_nocase(a, b) != comparisons[i].starts)
			fail_msg("starts: %s", comparisons[i].label);
		if (span_contains_nocase(a, b) != comparisons[i].contains)
			fail_msg("contains: %s", comparisons[i].label);
	}
}

static void
a_nul_is_a_byte_like_any(void **state)
{
	struct span a = span_make("a\0b", 3), b = span_make("a\0c", 3);

	(void)state;
	assert_false(span_equals(a, b));
	assert_false(span_equals_nocase(a, b));
	assert_true(span_contains_nocase(a, span_make("\0B", 2)));
	assert_int_equal(span_find(a, '\0'), 1);
	assert_int_equal(span_find(a, 'b'), 2);
}

static void
empty_spans_are_equal_whatever_they_point_to(void **state)
{
	(void)state;
	assert_true(span_equals(span_of(NULL), span_of("")));
	assert_true(span_equals_nocase(span_of(""), span_of(NULL)));
	assert_true(span_contains_nocase(span_of(NULL), span_of(NULL)));
}

static void
what_is_not_found_is_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(span_find(span_of("abc"), 'a'), 0);
	assert_int_equal(span_find(span_of("abca"), 'c'), 2);
	assert_int_equal(span_find(span_of("abc"), 'd'), 3);
	assert_int_equal(span_find(span_of(NULL), 'd'), 0);
	/* Beyond the span, though not beyond the string. */
	assert_int_equal(span_find(span_make("abc", 2), 'c'), 2);
}

static void
lists_are_taken_apart(void **state)
{
	struct span rest, part;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(lists); i++) {
		rest = span_of(lists[i].text);
		for (n = 0; span_next(&rest, ',', &part); n++)
			if (n == COUNT(lists[i].parts) ||
			    lists[i].parts[n] == NULL ||
			    !span_equals(part, span_of(lists[i].parts[n])))
				fail_msg("%s: part %zu", lists[i].label, n);
		if (n < COUNT(lists[i].parts) && lists[i].parts[n] != NULL)
			fail_msg("%s: only %zu", lists[i].label, n);
		assert_null(rest.data);
	}
	rest = span_of(NULL);
	assert_false(span_next(&rest, ',', &part));
}

static void
what_is_left_follows_the_separator(void **state)
{
	struct span rest = span_of("a=b=c"), part;

	(void)state;
	assert_true(span_next(&rest, '=', &part));
	assert_true(span_equals(part, span_of("a")));
	assert_true(span_equals(rest, span_of("b=c")));
}

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool
is_among(const char *set, char c)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void
every_octet_has_its_class(void **state)
{
	bool letter, digit, control;
	int i;
	char c;

	(void)state;
	for (i = 0; i < 256; i++) {
		c = (char)(unsigned char)i;
		letter = is_among(letters, c);
		digit = is_among("0123456789", c);
		control = i < 32 || i == 127;
		if (ascii_is_alpha(c) != letter ||
		    ascii_is_digit(c) != digit ||
		    ascii_is_alnum(c) != (letter || digit) ||
		    ascii_is_blank(c) != (i == 32 || i == 9) ||
		    ascii_is_control(c) != control)
			fail_msg("octet %d", i);
	}
}

static void
letters_change_case_and_nothing_else_does(void **state)
{
	const char *found;
	char c, lower, upper;
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		c = lower = upper = (char)(unsigned char)i;
		found = c == '\0' ? NULL : strchr(letters, c);
		if (found != NULL) {
			lower = letters[(found - letters) % 26];
			upper = letters[(found - letters) % 26 + 26];
		}
		if (ascii_lower(c) != lower || ascii_upper(c) != upper)
			fail_msg("octet %d", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_of_no_string_is_empty),
		cmocka_unit_test(skipping_stops_at_the_end),
		cmocka_unit_test(blanks_are_trimmed_at_both_ends),
		cmocka_unit_test(comparisons_know_ascii_letters_only),
		cmocka_unit_test(a_nul_is_a_byte_like_any),
		cmocka_unit_test(empty_spans_are_equal_whatever_they_point_to),
		cmocka_unit_test(what_is_not_found_is_at_the_end),
		cmocka_unit_test(lists_are_taken_apart),
		cmocka_unit_test(what_is_left_follows_the_separator),
		cmocka_unit_test(every_octet_has_its_class),
		cmocka_unit_test(letters_change_case_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
