#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/shell.h"

static const struct {
	const char *text, *printed;
} words[] = {
	{ "/etc/posthaste/password", "/etc/posthaste/password" },
	{ "a-b_c.d@e%f+g:h,i", "a-b_c.d@e%f+g:h,i" },
	{ "", "''" },
	{ "two words", "'two words'" },
	{ "a;b", "'a;b'" },
	{ "$HOME", "'$HOME'" },
	{ "~", "'~'" },
	{ "a\"b", "'a\"b'" },
	{ "it's", "'it'\"'\"'s'" },
	{ "'", "''\"'\"''" },
	{ "a\\b", "$'a\\x5cb'" },
	{ "J\xc3\xb6rg", "$'J\\xc3\\xb6rg'" },
	{ "J\xc3\xb6rg's", "$'J\\xc3\\xb6rg'\"'\"$'s'" },
	{ "a\nb", "$'a\\x0ab'" },
};

static void
a_word_has_quotes_only_where_it_needs_them(void **state)
{
	char printed[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		escape_into(printed, sizeof(printed),
		    span_of(shell_word(words[i].text).text));
		assert_string_equal(printed, words[i].printed);
	}
}

static void
a_word_too_long_loses_its_end(void **state)
{
	struct shell_word w;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	w = shell_word(text);
	assert_int_equal(strlen(w.text), sizeof(w.text) - 1);
	text[0] = ' ';
	w = shell_word(text);
	assert_int_equal(strlen(w.text), sizeof(w.text) - 1);
	memset(text, '\'', sizeof(text) - 1);
	w = shell_word(text);
	assert_int_equal(strlen(w.text), sizeof(w.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_has_quotes_only_where_it_needs_them),
		cmocka_unit_test(a_word_too_long_loses_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
