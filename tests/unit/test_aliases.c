#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conf/aliases.h"

static const char letters[] = {
	[ALIAS_ADDRESS] = 'A',
	[ALIAS_FINAL] = 'F',
	[ALIAS_COMMAND] = 'C',
	[ALIAS_FILE] = 'P',
	[ALIAS_SPECIAL] = 'S',
};

/* "line name = kind line text; …" for each entry, in the file's order. */
static void
show(const struct alias_table *table, struct buf *out)
{
	const struct alias_target *target;
	size_t i, k;

	for (i = 0; i < table->count; i++) {
		assert_true(buf_printf(out, "%zu %s =", table->items[i].line,
		    table->items[i].name));
		for (k = 0; k < table->items[i].count; k++) {
			target = &table->items[i].targets[k];
			assert_true(buf_printf(out, " %c%zu %s;",
			    letters[target->kind], target->line,
			    target->text));
		}
		assert_true(buf_add_char(out, '\n'));
	}
}

static const struct {
	const char *label, *text, *shown;
} good[] = {
	{ "nothing", "", "" },
	{ "comments and empty lines", "# a: b\n\n \t\n  # c: d\n", "" },
	{ "one", "root: ann@example.org\n",
	    "1 root = A1 ann@example.org;\n" },
	{ "no line end", "root: ann", "1 root = A1 ann;\n" },
	{ "CRLF", "root: ann\r\n bob\r\nx: y\r\n",
	    "1 root = A1 ann\n bob;\n3 x = A3 y;\n" },
	{ "blanks", "root \t:\tann ,  bob\n", "1 root = A1 ann; A1 bob;\n" },
	{ "no blanks", "root:ann,bob\n", "1 root = A1 ann; A1 bob;\n" },
	{ "case", "Root: Ann\n", "1 root = A1 Ann;\n" },
	{ "empty targets", "root: ann,,\n\t,bob,\n",
	    "1 root = A1 ann; A2 bob;\n" },
	{ "lines that continue", "root: ann,\n\tbob,\n# no\n\n cyd\nx: y\n",
	    "1 root = A1 ann; A2 bob; A5 cyd;\n6 x = A6 y;\n" },
	{ "the first target in a later line", "root:\n  ann\n",
	    "1 root = A2 ann;\n" },
	{ "a quoted name", "\"Jane \\\"J\\\" Doe: x\" : jane\n",
	    "1 jane \"j\" doe: x = A1 jane;\n" },
	{ "UTF-8", "j\xc3\xbcrgen: j\n", "1 j\xc3\xbcrgen = A1 j;\n" },
	{ "commas that part nothing", "r: \"a, b\" <a@x>, (c, (d)) e, "
	    "<@f,@g:h@i>, \"j\\\",k\"@l\n", "1 r = A1 \"a, b\" <a@x>; "
	    "A1 (c, (d)) e; A1 <@f,@g:h@i>; A1 \"j\\\",k\"@l;\n" },
	{ "a name that is final", "root: \\root, ann\n",
	    "1 root = F1 root; A1 ann;\n" },
	{ "commands", "a: |/bin/x <y\nb: \"|/bin/x (a, b\"\nc: | x, y\n",
	    "1 a = C1 |/bin/x <y;\n2 b = C2 \"|/bin/x (a, b\";\n"
	    "3 c = C3 | x; A3 y;\n" },
	{ "files", "a: /dev/null\nb: \"/var/a b\"\n",
	    "1 a = P1 /dev/null;\n2 b = P2 \"/var/a b\";\n" },
	{ "an address that looks like a file", "a: \"/C=de/\"@gw.example\n",
	    "1 a = A1 \"/C=de/\"@gw.example;\n" },
	{ "instructions", "a: :include:/x/y\nb: :fail: gone\n"
	    "c: \":include:/x\"\n", "1 a = S1 :include:/x/y;\n"
	    "2 b = S2 :fail: gone;\n3 c = S3 \":include:/x\";\n" },
};

static void
the_format_is_that_of_aliases_5(void **state)
{
	struct alias_table *table;
	struct error err;
	struct buf shown;
	size_t i;

	(void)state;
	buf_init(&shown, BUF_UNLIMITED);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		error_clear(&err);
		if (!aliases_parse(span_of(good[i].text), "/a", &table, &err))
			fail_msg("%s: %s", good[i].label, err.text);
		buf_clear(&shown);
		show(table, &shown);
		if (strcmp(buf_string(&shown), good[i].shown) != 0)
			fail_msg("%s: %s", good[i].label, shown.data);
		aliases_free(table);
	}
	buf_free(&shown);
}

static const struct {
	const char *text, *expected, *fix;
} bad[] = {
	{ " root: ann\n", "/a:1: `root:`: its line begins with a blank, and "
	    "there is no entry before it", "take the blank out" },
	{ "\nroot\n", "/a:2: `root`: no `:` behind the name",
	    "write `name: address`" },
	{ "\"root\" x: y\n", "/a:1: `\"root\"`: no `:` behind the name",
	    "write `name: address`" },
	{ "root: a\n\n\"root: b\n", "/a:3: `\"root:`: a quotation mark "
	    "without its partner", "end the name with another one" },
	{ ": a\n", "/a:1: `:`: no name before it", "write `name: address`" },
	{ "a@b: c\n", "/a:1: `a@b`: a name with a domain",
	    "write the name alone" },
	{ "a b: c\n", "/a:1: `a b`: a name with blanks or specials",
	    "between quotation marks" },
	{ "a\n b: c\n", "/a:1: `a\\x0a b`: a name with blanks or specials",
	    "between quotation marks" },
	{ "a:\n\nb: c\n", "/a:1: `a`: nothing behind its `:`",
	    "write an address there" },
	{ "a: ,,\n", "/a:1: `a`: nothing behind its `:`", "an address" },
	{ "a: b,\n \"c d\n", "/a:2: `\"c`: a quotation mark, `(` or `<` "
	    "without its partner", "write its partner" },
	{ "a: b (c\n", "/a:1: `b`: a quotation mark, `(` or `<` without its "
	    "partner", "write its partner" },
	{ "a: b,\n\n <c\n", "/a:3: `<c`: a quotation mark, `(` or `<` without "
	    "its partner", "write its partner" },
	{ "a: b\nc: d\nA: e\n", "/a:3: `a` once more, after line 1",
	    "keep one" },
	{ "a: b\x01\n", "/a:1: control character 0x01", "take it out" },
	{ "a: b\n# \x7f\n", "/a:2: control character 0x7f", "take it out" },
	{ "a: b\rc: d\n", "/a:1: control character 0x0d", "LF or CR LF" },
};

static void
a_wrong_line_is_named_and_explained(void **state)
{
	struct alias_table *table;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&err);
		if (aliases_parse(span_of(bad[i].text), "/a", &table, &err))
			fail_msg("accepted: %s", bad[i].text);
		assert_null(table);
		assert_string_equal(err.text, bad[i].expected);
		if (strstr(err.fix, bad[i].fix) == NULL)
			fail_msg("%s: %s", bad[i].text, err.fix);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
	}
}

static void
a_nul_is_no_text(void **state)
{
	struct alias_table *table;
	struct error err = { 0 };

	(void)state;
	assert_false(aliases_parse(span_make("a: b\0\n", 6), "/a", &table,
	    &err));
	assert_string_equal(err.text, "/a:1: control character 0x00");
}

static void
entries_are_found_whatever_their_case_and_number(void **state)
{
	struct alias_table *table;
	struct error err = { 0 };
	const struct alias *alias;
	struct buf text;
	char name[20];
	size_t i;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	for (i = 0; i < 2000; i++)
		assert_true(buf_printf(&text, "User%zu: x%zu\n", i * 7 % 2000,
		    i));
	assert_true(aliases_parse(buf_span(&text), "/a", &table, &err));
	for (i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "uSER%zu", i * 7 % 2000);
		alias = aliases_find(table, span_of(name));
		assert_non_null(alias);
		assert_int_equal(alias->line, i + 1);
	}
	assert_null(aliases_find(table, span_of("user2000")));
	assert_null(aliases_find(table, span_of("user")));
	assert_null(aliases_find(table, span_of("")));
	aliases_free(table);
	assert_true(aliases_parse(span_of(""), "/a", &table, &err));
	assert_null(aliases_find(table, span_of("root")));
	aliases_free(table);
	aliases_free(NULL);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_is_that_of_aliases_5),
		cmocka_unit_test(a_wrong_line_is_named_and_explained),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(
		    entries_are_found_whatever_their_case_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
