#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/address.h"
#include "mail/text.h"

#define MANY 100000

/* The result is written as "address" or "address=name", "|" between them. */
static const struct {
	const char *label, *text, *result;
} lists[] = {
	{ "nothing", "", "" },
	{ "blanks and commas", " , ,,", "" },
	{ "a comment only", "(nobody)", "" },
	{ "one address", "a@example.org", "a@example.org" },
	{ "a bare name", "root", "root" },
	{ "a bare name in angles", "Root <root>", "root=Root" },
	{ "a trailing comma", "a@b,", "a@b" },
	{ "several", "a@b,c@d , e@f", "a@b|c@d|e@f" },
	{ "empty elements", ",a@b,,c@d,", "a@b|c@d" },
	{ "angles only", "<a@b>", "a@b" },
	{ "a name", "John Public <j@b>", "j@b=John Public" },
	{ "an address as its own name", "a@b <a@B>, c@d", "a@b|c@d" },
	{ "a name with dots", "John Q. Public <j@b>", "j@b=John Q. Public" },
	{ "a name with a dot inside", "J.Q. Public <j@b>",
	    "j@b=J.Q. Public" },
	{ "a quoted name", "\"Public, John\" <j@b>", "j@b=Public, John" },
	{ "a quoted name with pairs", "\"a \\\"b\\\" \\\\c\" <j@b>",
	    "j@b=a \"b\" \\c" },
	{ "an empty quoted name", "\"\" <j@b>", "j@b" },
	{ "a name of quoted string and atom", "\"J.\"Public <j@b>",
	    "j@b=J. Public" },
	{ "no blank before the angle", "John<j@b>", "j@b=John" },
	{ "a name in UTF-8", "J\xc3\xbcrgen <j@b>", "j@b=J\xc3\xbcrgen" },
	{ "a quoted name in UTF-8", "\"\xe2\x82\xac, \xf0\x9f\x98\x80\" <j@b>",
	    "j@b=\xe2\x82\xac, \xf0\x9f\x98\x80" },
	{ "a name in Latin-1", "J\xfcrgen <j@b>", "j@b=J\xfcrgen" },
	{ "a quoted name in Latin-1", "\"L\xfc, J\xfcrgen\" <j@b>, c@d",
	    "j@b=L\xfc, J\xfcrgen|c@d" },
	{ "a group in Latin-1", "B\xfcro: a@b, J\xfc <c@d>;",
	    "a@b|c@d=J\xfc" },
	{ "Latin-1 in a comment", "a@b (\xfc)", "a@b" },
	{ "UTF-8 cut off in a comment", "a@b (\xe2\x82)", "a@b" },
	{ "a local part in UTF-8", "j\xc3\xbcrgen@b", "j\xc3\xbcrgen@b" },
	{ "a domain in UTF-8", "a@b\xc3\xbc" "cher.example",
	    "a@b\xc3\xbc" "cher.example" },
	{ "a comma in a quoted local part", "\"a,b\"@example.org",
	    "\"a,b\"@example.org" },
	{ "quotes that aren't needed", "\"abc\"@example.org",
	    "abc@example.org" },
	{ "quotes around a dot-atom", "\"a.b\"@c", "a.b@c" },
	{ "quotes that two dots need", "\"a..b\"@c", "\"a..b\"@c" },
	{ "quotes that a dot at an end needs", "\"a.\"@c", "\"a.\"@c" },
	{ "an empty quoted local part", "\"\"@c", "\"\"@c" },
	{ "a pair that isn't needed", "\"a\\bc\"@d", "abc@d" },
	{ "pairs that are needed", "\"a\\\"\\\\b\"@d", "\"a\\\"\\\\b\"@d" },
	{ "an at sign in quotes", "\"a@b\"@c", "\"a@b\"@c" },
	{ "a blank in quotes", "\"a b\"@c", "\"a b\"@c" },
	{ "words with dots, some quoted", "\"a b\".c@d", "\"a b.c\"@d" },
	{ "words with dots, quoted in vain", "\"a\".b.\"c\"@d", "a.b.c@d" },
	{ "blanks around dots", "a . b @ c . d", "a.b@c.d" },
	{ "comments everywhere", "(x)a(x).(x)b(x)@(x)c(x).(x)d(x)", "a.b@c.d" },
	{ "comments around angles", "(x)J(x)<(x)a@b(x)>(x)", "a@b=J" },
	{ "nested comments", "a@b (c (d) (e (f)))", "a@b" },
	{ "pairs in comments", "a@b (\\) \\( \\\\)", "a@b" },
	{ "quotation mark in a comment", "a@b (\")", "a@b" },
	{ "parenthesis in quotes", "\"(\" <a@b>", "a@b=(" },
	{ "a comma in a comment", "a@b (c, d)", "a@b" },
	{ "UTF-8 in a comment", "a@b (\xc3\xbc)", "a@b" },
	{ "folding with LF", "a@b,\n c@d", "a@b|c@d" },
	{ "folding with CRLF", "a@b,\r\n\tc@d", "a@b|c@d" },
	{ "folding with more CRs", "a@b,\r\r\n c@d", "a@b|c@d" },
	{ "folding with an empty line", "a@b,\n \n c@d", "a@b|c@d" },
	{ "folding in a quoted name", "\"John\r\n Public\" <j@b>",
	    "j@b=John Public" },
	{ "folding in a name", "John\n Public <j@b>", "j@b=John Public" },
	{ "folding in a comment", "a@b (c\n d)", "a@b" },
	{ "folding in a quoted local part", "\"a\n b\"@c", "\"a b\"@c" },
	{ "a tab in a name", "John\tPublic <j@b>", "j@b=John Public" },
	{ "a tab in a quoted name", "\"John\tPublic\" <j@b>",
	    "j@b=John Public" },
	{ "an IPv4 literal", "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "an IPv6 literal", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
	{ "blanks in a literal", "a@[ 192.0.2.1\n ]", "a@[192.0.2.1]" },
	{ "a pair in a literal", "a@[192\\.0.2.1]", "a@[192.0.2.1]" },
	{ "a route", "<@a,@b.c:d@e>", "d@e" },
	{ "a route of one", "J <@a:d@e>", "d@e=J" },
	{ "a route with empty elements", "<@a,,@b, :d@e>", "d@e" },
	{ "a route with a literal", "<@[192.0.2.1]:d@e>", "d@e" },
	{ "a group", "Friends: a@b, J <c@d>;", "a@b|c@d=J" },
	{ "an empty group", "undisclosed-recipients:;", "" },
	{ "an empty group with a comment", "nobody: (x) ;", "" },
	{ "a group with empty elements", "g: ,a@b,,c@d, ;", "a@b|c@d" },
	{ "a group among others", "a@b, g: c@d;, e@f", "a@b|c@d|e@f" },
	{ "a quoted group", "\"my: group\": a@b;", "a@b" },
	{ "two groups", "g: a@b;, h: c@d;", "a@b|c@d" },
	{ "all the marks of atext", "!#$%&'*+-/=?^_`{|}~@b",
	    "!#$%&'*+-/=?^_`{|}~@b" },
	{ "a hyphen first", "-x@b", "-x@b" },
	{ "a trailing dot, left to the check", "a@b.", "a@b." },
	{ "two dots, left to the check", "a@b..c", "a@b..c" },
	{ "an encoded word as a name", "=?utf-8?Q?J=C3=BC?= <a@b>",
	    "a@b==?utf-8?Q?J=C3=BC?=" },
};

static const struct {
	const char *label, *text, *error;
} faults[] = {
	{ "nothing in angles", "<>",
	    "To: an empty address near '<>'" },
	{ "a name and nothing in angles", "J <>",
	    "To: an empty address near 'J <>'" },
	{ "a blank in the domain", "b@exam ple.org",
	    "To: two words instead of one address near 'b@exam ple.org'" },
	{ "a blank in the domain in angles", "<b@exam ple.org>",
	    "To: two words instead of one address near "
	    "'<b@exam ple.org>'" },
	{ "two bare names", "foo bar",
	    "To: two words instead of one address near 'foo bar'" },
	{ "two words before the at sign", "foo bar@b",
	    "To: two words instead of one address near 'foo bar@b'" },
	{ "two words in angles", "<foo bar@b>",
	    "To: two words instead of one address near '<foo bar@b>'" },
	{ "a word behind angles", "<a@b> c",
	    "To: two words instead of one address near '<a@b> c'" },
	{ "two angles", "<a@b> <c@d>",
	    "To: two words instead of one address near '<a@b> <c@d>'" },
	{ "another address as a name", "a@b <c@d>",
	    "To: two addresses without a comma between them near 'a@b <c@d>'" },
	{ "a quoted string behind the domain", "a@b\"c\"",
	    "To: two words instead of one address near 'a@b\"c\"'" },
	{ "two at signs", "a@b@c",
	    "To: two words instead of one address near 'a@b@c'" },
	{ "a literal alone", "[192.0.2.1]",
	    "To: two words instead of one address near '[192.0.2.1]'" },
	{ "no local part", "@b", "To: no local part near '@b'" },
	{ "no local part in angles", "<@b>",
	    "To: a route without its ':' near '<@b>'" },
	{ "no local part behind a route", "<@a:>",
	    "To: no local part near '<@a:>'" },
	{ "a route without an end", "<@a,@b>",
	    "To: a route without its ':' near '<@a,@b>'" },
	{ "a route with a word", "<@a,b:c@d>",
	    "To: a route without its ':' near '<@a,b:c@d>'" },
	{ "no domain", "a@", "To: no domain behind the '@' near 'a@'" },
	{ "no domain before a comma", "a@,b@c",
	    "To: no domain behind the '@' near 'a@,b@c'" },
	{ "a quoted domain", "a@\"b\"",
	    "To: no domain behind the '@' near 'a@\"b\"'" },
	{ "a dot first", ".a@b",
	    "To: a dot in front of the local part near '.a@b'" },
	{ "a dot before a name", ".a <a@b>",
	    "To: a dot in front of a name near '.a <a@b>'" },
	{ "a dot last", "a.@b", "To: a dot too many near 'a.@b'" },
	{ "a dot last in a bare name", "a.", "To: a dot too many near 'a.'" },
	{ "two dots", "a..b@c", "To: a dot too many near 'a..b@c'" },
	{ "a quotation mark", "\"a@b",
	    "To: a quotation mark without its partner near '\"a@b'" },
	{ "a quotation mark behind", "a\"@b",
	    "To: a quotation mark without its partner near 'a\"@b'" },
	{ "a pair at the end", "\"a\\",
	    "To: a backslash at the end near '\"a\\x5c'" },
	{ "an open angle", "<a@b",
	    "To: a '<' without its '>' near '<a@b'" },
	{ "an open angle before a comma", "J <a@b, c@d",
	    "To: a '<' without its '>' near 'J <a@b, c@d'" },
	{ "an angle in angles", "<<a@b>>",
	    "To: no local part near '<<a@b>>'" },
	{ "a closing angle", "a@b>",
	    "To: a '>' without its '<' near 'a@b>'" },
	{ "an open parenthesis", "a@b (c",
	    "To: a '(' without its ')' near 'a@b (c'" },
	{ "an open nested parenthesis", "a@b (c (d)",
	    "To: a '(' without its ')' near 'a@b (c (d)'" },
	{ "a closing parenthesis", "a@b c)",
	    "To: two words instead of one address near 'a@b c)'" },
	{ "a closing parenthesis alone", "a@b)",
	    "To: a ')' without its '(' near 'a@b)'" },
	{ "an open bracket", "a@[192.0.2.1",
	    "To: a '[' without its ']' near 'a@[192.0.2.1'" },
	{ "a bracket in brackets", "a@[[192.0.2.1]]",
	    "To: a '[' within brackets near 'a@[[192.0.2.1]]'" },
	{ "a closing bracket", "a@b]",
	    "To: a ']' without its '[' near 'a@b]'" },
	{ "a backslash", "a\\,b@c",
	    "To: a backslash outside quotation marks near 'a\\x5c,b@c'" },
	{ "a group without an end", "g: a@b, c@d",
	    "To: a group without its ';' near 'g: a@b, c@d'" },
	{ "an empty group without an end", "g:",
	    "To: a group without its ';' near 'g:'" },
	{ "a group in a group", "g: h: a@b;;",
	    "To: a group within a group near 'g: h: a@b;;'" },
	{ "a group without a name", ": a@b;",
	    "To: a ':' without a group's name near ': a@b;'" },
	{ "a group whose name begins with a dot", ".g: a@b;",
	    "To: a ':' without a group's name near '.g: a@b;'" },
	{ "an address as a group's name", "a@b: c@d;",
	    "To: a ':' without a group's name near 'a@b: c@d;'" },
	{ "a group in angles", "<g: a@b;>",
	    "To: a '<' without its '>' near '<g: a@b;>'" },
	{ "a semicolon", "a@b; c@d",
	    "To: a ';' outside a group near 'a@b; c@d'" },
	{ "no comma behind a group", "g: a@b; c@d",
	    "To: no comma behind a group near 'g: a@b; c@d'" },
	{ "a lone CR", "a@b,\rc@d",
	    "To: a control character near 'a@b,\\x0dc@d'" },
	{ "a CR before a blank", "a@b,\r c@d",
	    "To: a control character near 'a@b,\\x0d c@d'" },
	{ "an LF that doesn't fold", "a@b,\nc@d",
	    "To: a control character near 'a@b,\\x0ac@d'" },
	{ "an LF at the end", "a@b\n",
	    "To: a control character near 'a@b\\x0a'" },
	{ "an LF in quotes", "\"a\nb\" <a@b>",
	    "To: a control character near '\"a\\x0ab\" <a@b>'" },
	{ "an LF in a comment", "a@b (c\nd)",
	    "To: a control character near 'a@b (c\\x0ad)'" },
	{ "a paired LF", "\"a\\\nb\" <a@b>",
	    "To: a control character near '\"a\\x5c\\x0ab\" <a@b>'" },
	{ "a DEL", "a\x7f@b", "To: a control character near 'a\\x7f@b'" },
	{ "a DEL in quotes", "\"\x7f\"@b",
	    "To: a control character near '\"\\x7f\"@b'" },
	{ "a control of Latin-1", "a\xc2\x85@b",
	    "To: a control character near 'a\\xc2\\x85@b'" },
	{ "a tab in a quoted local part", "\"a\tb\"@c",
	    "To: a control character near '\"a\\x09b\"@c'" },
	{ "a local part in Latin-1", "j\xfcrgen@b",
	    "To: an octet that isn't UTF-8 near 'j\\xfcrgen@b'" },
	{ "the same in quotes", "J <\"j\xfcrgen\"@b>",
	    "To: an octet that isn't UTF-8 near 'J <\"j\\xfcrgen\"@b>'" },
	{ "a bare name in Latin-1", "j\xfcrgen",
	    "To: an octet that isn't UTF-8 near 'j\\xfcrgen'" },
	{ "a domain in Latin-1", "a@b\xfc" "cher.example",
	    "To: an octet that isn't UTF-8 near 'a@b\\xfccher.example'" },
	{ "a literal in Latin-1", "a@[\xfc]",
	    "To: an octet that isn't UTF-8 near 'a@[\\xfc]'" },
	{ "UTF-8 cut off in a local part", "a\xe2\x82@b",
	    "To: an octet that isn't UTF-8 near 'a\\xe2\\x82@b'" },
	{ "only the part around it is shown",
	    "0123456789012345678901234567890123456789@b, c d, "
	    "0123456789012345678901234567890123456789",
	    "To: two words instead of one address near "
	    "'89012345678901234567890123456789@b, c d, "
	    "0123456789012345678'" },
};

static void
render(struct buf *out, const struct address_list *list)
{
	char *string;
	size_t i;

	buf_clear(out);
	for (i = 0; i < list->count; i++) {
		if (i > 0)
			text_put_char(out, '|');
		string = address_to_string(&list->items[i], NULL);
		text_put(out, span_of(string));
		mem_free(string);
		if (list->items[i].name == NULL)
			continue;
		text_put_char(out, '=');
		text_put(out, span_of(list->items[i].name));
	}
}

static void
expect_fault(const struct error *err, const char *label, const char *text)
{
	if (err->stage != STAGE_ADDRESS || err->exit_code != EX_DATAERR ||
	    strcmp(err->text, text) != 0)
		fail_msg("%s: %s", label, err->text);
}

static void
lists_are_read_as_rfc_5322_has_them(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!address_parse_list(&list, span_of(lists[i].text), "To",
		    10, &err))
			fail_msg("%s: %s", lists[i].label, err.text);
		render(&out, &list);
		if (strcmp(buf_string(&out), lists[i].result) != 0)
			fail_msg("%s: '%s'", lists[i].label,
			    buf_string(&out));
		address_list_free(&list);
	}
	buf_free(&out);
}

static void
what_was_read_is_read_again_as_the_same(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	struct address again;
	char *once, *twice;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_true(address_parse_list(&list, span_of(lists[i].text),
		    "To", 1000, &err));
	assert_true(list.count > 50);
	for (n = 0; n < list.count; n++) {
		once = address_to_string(&list.items[n], NULL);
		assert_true(address_parse_one(&again, span_of(once), "To",
		    &err));
		twice = address_to_string(&again, NULL);
		assert_string_equal(once, twice);
		mem_free(once);
		mem_free(twice);
		address_free(&again);
	}
	address_list_free(&list);
}

static void
what_is_not_clear_is_refused_with_its_reason(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err;
	size_t i;

	(void)state;
	error_clear(&err);
	assert_true(address_parse_list(&list, span_of("x@y"), "To", 10, &err));
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		error_clear(&err);
		if (address_parse_list(&list, span_of(faults[i].text), "To",
		    10, &err))
			fail_msg("accepted: %s", faults[i].label);
		expect_fault(&err, faults[i].label, faults[i].error);
		assert_int_equal(list.count, 1);
		assert_string_equal(list.items[0].local, "x");
	}
	address_list_free(&list);
}

/* Without its backslash the bracket would end the literal, or begin one. */
static void
a_literal_that_would_not_be_read_again_is_refused(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{ "a@[\\]1]", "To: an escaped bracket or backslash within "
		    "brackets near 'a@[\\x5c]1]'" },
		{ "a@[1\\[]", "To: an escaped bracket or backslash within "
		    "brackets near 'a@[1\\x5c[]'" },
		{ "a@[1\\\\]", "To: an escaped bracket or backslash within "
		    "brackets near 'a@[1\\x5c\\x5c]'" },
	};
	struct address_list list = { NULL, 0, 0 };
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&err);
		assert_false(address_parse_list(&list, span_of(rows[i].text),
		    "To", 10, &err));
		expect_fault(&err, rows[i].text, rows[i].fault);
		assert_int_equal(list.count, 0);
	}
	address_list_free(&list);
}

static void
a_nul_is_refused_wherever_it_stands(void **state)
{
	static const char text[] = "\"a b\" (c) <d@e>, f@[192.0.2.1]";
	struct address_list list = { NULL, 0, 0 };
	char with_nul[sizeof(text)];
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text); i++) {
		error_clear(&err);
		memcpy(with_nul, text, i);
		with_nul[i] = '\0';
		memcpy(with_nul + i + 1, text + i, sizeof(text) - 1 - i);
		assert_false(address_parse_list(&list, span_make(with_nul,
		    sizeof(text)), "Cc", 10, &err));
		assert_int_equal(err.exit_code, EX_DATAERR);
		assert_memory_equal(err.text, "Cc: a control character near",
		    28);
		assert_int_equal(list.count, 0);
	}
	address_list_free(&list);
}

static void
no_prefix_of_a_list_is_read_beyond_its_end(void **state)
{
	static const char text[] =
	    "J \"x\\y\" (c\n d) <@r:\xc3\xbc@[1.2]>, g:;";
	struct address_list list = { NULL, 0, 0 };
	struct error err;
	size_t len, accepted = 0;
	char *copy;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		error_clear(&err);
		/* Of just this size, so that a sanitizer sees a step over. */
		copy = mem_alloc(len);
		memcpy(copy, text, len);
		if (address_parse_list(&list, span_make(copy, len), "To", 10,
		    &err))
			accepted++;
		else
			assert_int_equal(err.exit_code, EX_DATAERR);
		mem_free(copy);
		address_list_free(&list);
	}
	assert_int_equal(accepted, 8);
}

static void
a_full_list_takes_no_more(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(address_parse_list(&list, span_of("a,b"), "To", 3, &err));
	assert_false(address_parse_list(&list, span_of("c,d"), "Cc", 3, &err));
	expect_fault(&err, "limit", "Cc: more than 3 addresses");
	assert_int_equal(list.count, 2);
	error_clear(&err);
	assert_true(address_parse_list(&list, span_of("c"), "Cc", 3, &err));
	assert_int_equal(list.count, 3);
	address_list_free(&list);
}

static void
a_hundred_thousand_addresses_are_read(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	for (i = 0; i < MANY; i++)
		assert_true(buf_printf(&text, "\"N, %zu\" <u%zu@example.org>,"
		    "\n ", i, i));
	text_put_char(&text, ',');
	assert_true(address_parse_list(&list, buf_span(&text), "To", MANY,
	    &err));
	assert_int_equal(list.count, MANY);
	assert_string_equal(list.items[MANY - 1].local, "u99999");
	assert_string_equal(list.items[MANY - 1].name, "N, 99999");
	address_list_free(&list);
	buf_free(&text);
}

static void
nesting_and_repetition_have_no_depth(void **state)
{
	static const char *const units[] = { "(", "<", "\"", "[", "@", ":",
	    ".", ",", "a:", "a.", "\\", "a ", "<@a,", "\"a\"" };
	struct address_list list = { NULL, 0, 0 };
	struct buf text;
	struct error err;
	size_t i, n;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		buf_clear(&text);
		error_clear(&err);
		for (n = 0; n < MANY; n++)
			text_put(&text, span_of(units[i]));
		if (address_parse_list(&list, buf_span(&text), "To", MANY,
		    &err))
			assert_string_equal(units[i], ",");
		else
			assert_int_equal(err.exit_code, EX_DATAERR);
		assert_int_equal(list.count, 0);
	}
	buf_clear(&text);
	for (n = 0; n < 2 * MANY; n++)
		text_put_char(&text, n < MANY ? '(' : ')');
	text_put(&text, span_of("a@b"));
	assert_true(address_parse_list(&list, buf_span(&text), "To", 1, &err));
	assert_int_equal(list.count, 1);
	address_list_free(&list);
	buf_free(&text);
}

static void
one_address_may_be_the_null_one(void **state)
{
	static const char *const texts[] = { "", "<>", " < > ", "(x) <>" };
	struct error err = { 0 };
	struct address address;
	char *string;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(address_parse_one(&address, span_of(texts[i]),
		    "-f", &err));
		assert_true(address_is_null(&address));
		assert_string_equal(address.local, "");
		assert_null(address.domain);
		string = address_to_string(&address, "example.org");
		assert_string_equal(string, "");
		mem_free(string);
		address_free(&address);
	}
	assert_true(address_parse_one(&address, span_of("J <a@b>"), "-f",
	    &err));
	assert_false(address_is_null(&address));
	assert_string_equal(address.local, "a");
	assert_string_equal(address.domain, "b");
	assert_string_equal(address.name, "J");
	address_free(&address);
}

static void
one_address_is_neither_none_nor_several(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ " ", "-f: no address near ' '" },
		{ "(x)", "-f: no address near '(x)'" },
		{ ",a@b", "-f: more than one address near ',a@b'" },
		{ "a@b,", "-f: more than one address near 'a@b,'" },
		{ "a@b,c@d", "-f: more than one address near 'a@b,c@d'" },
		{ "<>,<>", "-f: more than one address near '<>,<>'" },
		{ "g: a@b;", "-f: more than one address near 'g: a@b;'" },
		{ "J <>", "-f: an empty address near 'J <>'" },
		{ "a b", "-f: two words instead of one address near "
		    "'a b'" },
	};
	struct address address;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error_clear(&err);
		assert_false(address_parse_one(&address,
		    span_of(cases[i].text), "-f", &err));
		expect_fault(&err, cases[i].text, cases[i].error);
		assert_null(address.local);
		address_free(&address);
	}
}

static void
a_domain_completes_bare_names_only(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	char *string;

	(void)state;
	assert_true(address_parse_list(&list, span_of("root, \"a b\", c@d"),
	    "To", 10, &err));
	string = address_to_string(&list.items[0], "example.org");
	assert_string_equal(string, "root@example.org");
	mem_free(string);
	string = address_to_string(&list.items[1], "example.org");
	assert_string_equal(string, "\"a b\"@example.org");
	mem_free(string);
	string = address_to_string(&list.items[2], "example.org");
	assert_string_equal(string, "c@d");
	mem_free(string);
	string = address_to_string(&list.items[0], NULL);
	assert_string_equal(string, "root");
	mem_free(string);
	address_list_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_as_rfc_5322_has_them),
		cmocka_unit_test(what_was_read_is_read_again_as_the_same),
		cmocka_unit_test(what_is_not_clear_is_refused_with_its_reason),
		cmocka_unit_test(
		    a_literal_that_would_not_be_read_again_is_refused),
		cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
		cmocka_unit_test(no_prefix_of_a_list_is_read_beyond_its_end),
		cmocka_unit_test(a_full_list_takes_no_more),
		cmocka_unit_test(a_hundred_thousand_addresses_are_read),
		cmocka_unit_test(nesting_and_repetition_have_no_depth),
		cmocka_unit_test(one_address_may_be_the_null_one),
		cmocka_unit_test(one_address_is_neither_none_nor_several),
		cmocka_unit_test(a_domain_completes_bare_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
