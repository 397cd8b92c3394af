#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/address_plain.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LONGEST 6

static const struct {
	const char *text;
	bool is_plain;
} texts[] = {
	{ "a@b", true },
	{ "first.last+tag@sub.example-1.org", true },
	{ "!#$%&'*+-/=?^_`{|}~@x", true },
	{ "", false },
	{ "a", false },
	{ "@b", false },
	{ "a@", false },
	{ "a@b@c", false },
	{ ".a@b", false },
	{ "a.@b", false },
	{ "a..b@c", false },
	{ "a@.b", false },
	{ "a@b.", false },
	{ "a@b..c", false },
	{ "a@b_c", false },
	{ "a@[192.0.2.1]", false },
	{ "a@b,", false },
	{ "a@b ", false },
	{ " a@b", false },
	{ "<a@b>", false },
	{ "\"a\"@b", false },
	{ "a@b(c)", false },
	{ "\xc3\xa4@b", false },
	{ "a@b\xc3\xa4", false },
};

static void
only_what_is_plain_is_taken(void **state)
{
	struct address address;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		if (address_parse_plain(&address, span_of(texts[i].text)) !=
		    texts[i].is_plain)
			fail_msg("%s", texts[i].text);
		if (texts[i].is_plain)
			address_free(&address);
	}
}

/* The blank in front is read by the whole parser. */
static void
check_same(const char *with_blank, const struct address *plain)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };

	if (!address_parse_list(&list, span_of(with_blank), "it", 2, &err) ||
	    list.count != 1)
		fail_msg("%s: %s", with_blank, err.text);
	assert_string_equal(list.items[0].local, plain->local);
	assert_string_equal(list.items[0].domain, plain->domain);
	assert_null(list.items[0].name);
	address_list_free(&list);
}

static void
the_whole_parser_makes_the_same_of_it(void **state)
{
	static const char letters[] = "a1@.-_ \"";
	const size_t base = sizeof(letters) - 1;
	size_t number, end = 1, rest, len, plain = 0, i;
	char text[LONGEST + 2] = " ";
	struct address address;

	(void)state;
	for (len = 1; len <= LONGEST; len++) {
		end *= base;
		text[len + 1] = '\0';
		for (number = 0; number < end; number++) {
			for (i = 1, rest = number; i <= len; i++) {
				text[i] = letters[rest % base];
				rest /= base;
			}
			if (!address_parse_plain(&address, span_of(text + 1)))
				continue;
			check_same(text, &address);
			address_free(&address);
			plain++;
		}
	}
	assert_true(plain > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_plain_is_taken),
		cmocka_unit_test(the_whole_parser_makes_the_same_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
