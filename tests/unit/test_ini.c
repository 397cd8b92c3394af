#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/ini.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define NAME48 TEN TEN TEN TEN "01234567"

/* Everything the visitor saw: "[section]@line" and "section.key=value@line",
 * one after the other with bars between. */
static const struct {
	const char *label, *text, *expected;
} accepted[] = {
	{ "nothing", "", "" },
	{ "a key", "[a]\nhost = b\n", "[a]@1|a.host=b@2|" },
	{ "no line end at the end", "[a]\nhost=b", "[a]@1|a.host=b@2|" },
	{ "a line of 198 octets", "[a]\nk=" HUNDRED HUNDRED
	    "\nl=1\n", "[a]@1|a.k=" HUNDRED HUNDRED "@2|a.l=1@3|" },
	{ "a line of exactly 199 octets", "[a]\nkkkkkkkkkkkkkkkkkkkkk="
	    HUNDRED TEN TEN TEN TEN TEN TEN TEN "1234567\nl=1\n",
	    "[a]@1|a.kkkkkkkkkkkkkkkkkkkkk=" HUNDRED TEN TEN TEN TEN TEN TEN
	    TEN "1234567@2|a.l=1@3|" },
	{ "a token of 400 octets that ends ==", "[a]\npassword=" HUNDRED
	    HUNDRED HUNDRED HUNDRED "==\nl=1\n", "[a]@1|a.password=" HUNDRED
	    HUNDRED HUNDRED HUNDRED "==@2|a.l=1@3|" },
	{ "a comment of 199 octets before a key", "[a]\n#" HUNDRED HUNDRED
	    "host = evil.example.org\nl=1\n", "[a]@1|a.l=1@3|" },
	{ "a blank and a semicolon in a value", "[a]\np = abc ;def\n",
	    "[a]@1|a.p=abc ;def@2|" },
	{ "a semicolon in a value", "[a]\np = abc;def\n",
	    "[a]@1|a.p=abc;def@2|" },
	{ "a semicolon first in a value", "[a]\np = ;abc\n",
	    "[a]@1|a.p=;abc@2|" },
	{ "an equals sign in a value", "[a]\np = =;abc=\n",
	    "[a]@1|a.p==;abc=@2|" },
	{ "quotes", "[a]\np = \"a ;b\"\n", "[a]@1|a.p=\"a ;b\"@2|" },
	{ "a command with a semicolon", "[a]\nc = gpg -d x ; echo y\n",
	    "[a]@1|a.c=gpg -d x ; echo y@2|" },
	{ "a hash in a value", "[a]\np = abc #def\n",
	    "[a]@1|a.p=abc #def@2|" },
	{ "indented keys", "[a]\n  host = b\n\tport = 25\n",
	    "[a]@1|a.host=b@2|a.port=25@3|" },
	{ "an indented section", " [a] \n", "[a]@1|" },
	{ "a backslash at the end of a value", "[a]\np = a \\\nq = b\n",
	    "[a]@1|a.p=a \\@2|a.q=b@3|" },
	{ "a UTF-8 byte order mark", "\xef\xbb\xbf[a]\nk=1\n",
	    "[a]@1|a.k=1@2|" },
	{ "CR LF", "[a]\r\nk = 1\r\n\r\nl=2\r\n", "[a]@1|a.k=1@2|a.l=2@4|" },
	{ "duplicates are for the visitor", "[a]\nk=1\nk=2\n[a]\n",
	    "[a]@1|a.k=1@2|a.k=2@3|[a]@4|" },
	{ "an empty value", "[a]\nk=\nl = \n", "[a]@1|a.k=@2|a.l=@3|" },
	{ "case is kept", "[A]\nHost = B\n", "[A]@1|A.Host=B@2|" },
	{ "comments and blank lines", "# x\n\n;y\n [a]\n\t# z = 1\nk=1\n",
	    "[a]@4|a.k=1@6|" },
	{ "a stand-in as the value", "[a]\nk=@\n", "[a]@1|a.k=@@2|" },
	{ "UTF-8 in a value", "[a]\nk = J\xc3\xbcrgen\n",
	    "[a]@1|a.k=J\xc3\xbcrgen@2|" },
	{ "a tab in a value", "[a]\nk = a\tb\n", "[a]@1|a.k=a\tb@2|" },
	{ "the longest names", "[" NAME48 "]\n" NAME48 "=1\n",
	    "[" NAME48 "]@1|" NAME48 "." NAME48 "=1@2|" },
	{ "two long sections that differ at the end",
	    "[" TEN TEN TEN TEN "0123456a]\n[" TEN TEN TEN TEN "0123456b]\n",
	    "[" TEN TEN TEN TEN "0123456a]@1|[" TEN TEN TEN TEN
	    "0123456b]@2|" },
	{ "all characters of a section's name", "[me+x@a-b_c.org]\n",
	    "[me+x@a-b_c.org]@1|" },
};

static const struct {
	const char *label, *text;
	size_t size;		/* 0: strlen */
	const char *expected, *fix;
} refused[] = {
	{ "a key alone", "[a]\nhost\n", 0, "f:2: a line without `=`",
	    "write `key = value`" },
	{ "a colon as separator", "[a]\nhost: x:25\n", 0,
	    "f:2: a line without `=`", "" },
	{ "a colon before the equals sign", "[a]\nhost:port=1\n", 0,
	    "f:2: no name has these characters", "letters, digits" },
	{ "a continued line", "[a]\np = a \\\n b\n", 0,
	    "f:3: a line without `=`", "all of it on one line" },
	{ "no key", "[a]\n=v\n", 0, "f:2: an empty name", "" },
	{ "a section that isn't closed", "[a]\n[smtp\n", 0,
	    "f:2: a section's head without its `]`", "write [name]" },
	{ "a section with a comment", "[a] ; b\n", 0,
	    "f:1: something stands behind a section's head", "write [name]" },
	{ "a section with a semicolon inside", "[a ;b]\n", 0,
	    "f:1: no name has these characters", "letters, digits" },
	{ "a section with junk behind it", "[a]junk\n", 0,
	    "f:1: something stands behind a section's head", "" },
	{ "two brackets", "[a]]\n", 0,
	    "f:1: something stands behind a section's head", "" },
	{ "blanks in a section", "[ smtp ]\n", 0,
	    "f:1: no name has these characters", "" },
	{ "an empty section", "[]\n", 0, "f:1: an empty name", "" },
	{ "a section of 49 characters", "[" NAME48 "8]\n", 0,
	    "f:1: a name of 49 characters; 48 are the limit", "" },
	{ "a key of 49 characters", "[a]\n\n" NAME48 "8=1\n", 0,
	    "f:3: a name of 49 characters; 48 are the limit", "" },
	{ "a key before the first section", "host = a\n", 0,
	    "f:1: `host` stands before the first section", "[default]" },
	{ "NUL in a short line", "[a]\nk=a\0b\n", 10,
	    "f:2: control character 0x00", "UTF-16" },
	{ "NUL in a comment", "#\0\n", 3, "f:1: control character 0x00",
	    "UTF-16" },
	{ "NUL behind a long line", "[a]\nk=" HUNDRED HUNDRED "\0\n", 208,
	    "f:2: control character 0x00", "UTF-16" },
	{ "UTF-16", "\xff\xfe[\0a\0]\0\n\0", 10,
	    "f:1: control character 0x00", "UTF-16" },
	{ "CR alone as line end", "[a]\rk=1\rl=2\r", 0,
	    "f:1: control character 0x0d", "LF or CR LF" },
	{ "an escape", "[a]\nk=\033[m\n", 0, "f:2: control character 0x1b",
	    "" },
	{ "DEL", "[a]\nk=\177\n", 0, "f:2: control character 0x7f", "" },
	{ "a key in UTF-8", "[a]\nh\xc3\xb6st=1\n", 0,
	    "f:2: no name has these characters", "" },
	{ "a key of two words", "[a]\nthe host = 1\n", 0,
	    "f:2: no name has these characters", "" },
};

/* The visitor that refuses: its error has to get through unharmed. */
#define UNWANTED "unwanted"

static bool
note(void *context, const char *section, const char *key, struct span value,
    size_t line, struct error *err)
{
	struct buf *seen = context;

	if (strcmp(key, UNWANTED) == 0)
		return error_set(err, STAGE_USAGE, EX_USAGE, "line %zu", line);
	if (key[0] == '\0' && value.data == NULL)
		return buf_printf(seen, "[%s]@%zu|", section, line);
	return buf_printf(seen, "%s.%s=", section, key) &&
	    buf_add_span(seen, value) && buf_printf(seen, "@%zu|", line);
}

static void
what_is_meant_is_what_is_read(void **state)
{
	struct error err;
	struct buf seen;
	size_t i;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		error_clear(&err);
		buf_clear(&seen);
		if (!ini_parse_text(span_of(accepted[i].text), "f", note,
		    &seen, &err))
			fail_msg("%s: %s", accepted[i].label, err.text);
		if (strcmp(buf_string(&seen), accepted[i].expected) != 0)
			fail_msg("%s: %s", accepted[i].label,
			    buf_string(&seen));
		assert_false(error_is_set(&err));
	}
	buf_free(&seen);
}

static void
what_builds_of_inih_disagree_on_is_refused_with_its_line(void **state)
{
	struct error err;
	struct span text;
	struct buf seen;
	size_t i;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		error_clear(&err);
		text = span_of(refused[i].text);
		if (refused[i].size != 0)
			text.len = refused[i].size;
		if (ini_parse_text(text, "f", note, &seen, &err))
			fail_msg("accepted: %s", refused[i].label);
		if (strcmp(err.text, refused[i].expected) != 0)
			fail_msg("%s: %s", refused[i].label, err.text);
		if (err.fix[0] == '\0' ||
		    strstr(err.fix, refused[i].fix) == NULL)
			fail_msg("%s: %s", refused[i].label, err.fix);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_false(err.temporary);
	}
	buf_free(&seen);
}

static void
nothing_is_seen_behind_the_first_error(void **state)
{
	struct error err = { 0 };
	struct buf seen;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	assert_false(ini_parse_text(span_of("[a]\nk=1\nbad\nl=2\n[b]\nm=3\n"),
	    "f", note, &seen, &err));
	assert_string_equal(buf_string(&seen), "[a]@1|a.k=1@2|");
	buf_free(&seen);
}

static void
the_visitor_can_end_the_parse_with_its_own_error(void **state)
{
	struct error err = { 0 };
	struct buf seen;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	assert_false(ini_parse_text(span_of("[a]\n" UNWANTED "=1\nl=2\n"),
	    "f", note, &seen, &err));
	assert_int_equal(err.exit_code, EX_USAGE);
	assert_string_equal(err.text, "line 2");
	assert_string_equal(buf_string(&seen), "[a]@1|");
	buf_free(&seen);
}

static bool
refuse_all(void *context, const char *section, const char *key,
    struct span value, size_t line, struct error *err)
{
	int *calls = context;

	(void)section;
	(void)key;
	(void)value;
	(*calls)++;
	return error_set(err, STAGE_USAGE, EX_USAGE, "%zu", line);
}

static void
a_refused_section_ends_the_parse_too(void **state)
{
	struct error err = { 0 };
	int calls = 0;

	(void)state;
	assert_false(ini_parse_text(span_of("[a]\n[b]\nk=1\n"), "f",
	    refuse_all, &calls, &err));
	assert_int_equal(calls, 1);
	assert_string_equal(err.text, "1");
}

static void
a_text_beyond_the_limit_is_refused(void **state)
{
	size_t size = INI_FILE_MAX + 1;
	char *text = mem_alloc(size);
	struct error err = { 0 };
	struct buf seen;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	memset(text, '\n', size);
	assert_false(ini_parse_text(span_make(text, size), "f", note, &seen,
	    &err));
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_string_equal(err.text, "f: larger than 262144 octets");
	error_clear(&err);
	assert_true(ini_parse_text(span_make(text, size - 1), "f", note, &seen,
	    &err));
	mem_free(text);
	buf_free(&seen);
}

static void
one_line_may_be_as_long_as_the_file(void **state)
{
	size_t size = 200000;
	char *text = mem_alloc(size);
	struct error err = { 0 };
	struct buf seen;

	(void)state;
	buf_init(&seen, BUF_UNLIMITED);
	memset(text, 'x', size);
	memcpy(text, "[a]\nk=", 6);
	assert_true(ini_parse_text(span_make(text, size), "f", note, &seen,
	    &err));
	assert_int_equal(seen.len, strlen("[a]@1|a.k=@2|") + size - 6);
	mem_free(text);
	buf_free(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_meant_is_what_is_read),
		cmocka_unit_test(
		    what_builds_of_inih_disagree_on_is_refused_with_its_line),
		cmocka_unit_test(nothing_is_seen_behind_the_first_error),
		cmocka_unit_test(
		    the_visitor_can_end_the_parse_with_its_own_error),
		cmocka_unit_test(a_refused_section_ends_the_parse_too),
		cmocka_unit_test(a_text_beyond_the_limit_is_refused),
		cmocka_unit_test(one_line_may_be_as_long_as_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
