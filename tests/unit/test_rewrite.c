#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/rewrite.h"
#include "mail/text.h"

#define E "\xc3\xa9"
#define U "\xc3\xbc"

struct row {
	const char *field, *expected;
};

static void
check(const struct row *rows, size_t count, const struct rewrite *how)
{
	struct span rest;
	struct field field;
	struct buf out;
	size_t i;

	for (i = 0; i < count; i++) {
		rest = span_of(rows[i].field);
		assert_true(field_next(&rest, &field));
		assert_int_equal(rest.len, 0);
		buf_init(&out, BUF_UNLIMITED);
		assert_true(rewrite_field(&field, how, &out));
		assert_string_equal(buf_string(&out), rows[i].expected);
		buf_free(&out);
	}
}

#define CHECK(rows, how) check(rows, sizeof(rows) / sizeof((rows)[0]), how)

static const struct rewrite all = { true, true };
static const struct rewrite domains = { false, true };
static const struct rewrite none = { false, false };

static void
raw_text_becomes_encoded_words(void **state)
{
	static const struct row rows[] = {
		{ "Subject: caf" E "\n", "Subject: =?utf-8?B?Y2Fmw6k=?=\n" },
		{ "Subject: a  b " E "\n",
		    "Subject: =?utf-8?Q?a__b_=C3=A9?=\n" },
		{ "subject : \n " E "\n", "subject: =?utf-8?B?w6k=?=\n" },
		{ "Subject: a\n\tb" E "\n",
		    "Subject: =?utf-8?B?YQliw6k=?=\n" },
		{ "Subject: plain\n", "Subject: plain\n" },
		{ "Subject: \xe9\n", "Subject: =?unknown-8bit?Q?=E9?=\n" },
		{ "Subject: =?utf-8?Q?a?= " E "\n",
		    "Subject: =?utf-8?Q?a?= =?utf-8?B?IMOp?=\n" },
		{ "Subject: " E " =?utf-8?Q?a?= =?utf-8?Q?b?=\n",
		    "Subject: =?utf-8?B?w6kg?= =?utf-8?Q?a?= "
		    "=?utf-8?Q?b?=\n" },
		{ "Subject: =?no word" E "\n",
		    "Subject: =?utf-8?B?PT9ubyB3b3Jkw6k=?=\n" },
		{ "X-Mailer: " E "\n", "X-Mailer: =?utf-8?B?w6k=?=\n" },
		{ "Subject: " E E E E E E E E E E E E E E E E E E E E E E E E
		    "\n", "Subject: =?utf-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOp"
		    "w6nDqcOpw6nDqcOpw6k=?=\n =?utf-8?B?w6nDqcOpw6nDqQ==?=\n" },
		/* Structured, and not known: it stays. */
		{ "Authentication-Results: " E "\n",
		    "Authentication-Results: " E "\n" },
	};

	(void)state;
	CHECK(rows, &all);
}

static void
names_comments_and_domains_are_replaced_where_they_stand(void **state)
{
	static const struct row rows[] = {
		{ "To: J" E " <j@b.net>,  Bob\n\t<bob@b.net>\n",
		    "To: =?utf-8?B?SsOp?= <j@b.net>,  Bob\n\t<bob@b.net>\n" },
		{ "To: \"" E ", x\" <j@b.net>\n",
		    "To: =?utf-8?B?w6ksIHg=?= <j@b.net>\n" },
		{ "To: " E ". Doe<j@b.net>\n",
		    "To: =?utf-8?B?w6kuIERvZQ==?= <j@b.net>\n" },
		{ "To:" E "<j@b.net>\n", "To:=?utf-8?B?w6k=?= <j@b.net>\n" },
		{ "To: friends " E ": a@b.net, c@d.net;\n",
		    "To: =?utf-8?Q?friends_=C3=A9?= : a@b.net, c@d.net;\n" },
		{ "From: j@b.net (J" E " x)\n",
		    "From: j@b.net (=?utf-8?B?SsOpIHg=?=)\n" },
		{ "From: (" E ") j@b.net\n",
		    "From: (=?utf-8?B?w6k=?=) j@b.net\n" },
		{ "Cc: a@b" U "cher.de, \"c\" <d@" U ".de>\n",
		    "Cc: a@xn--bcher-kva.de, \"c\" <d@xn--tda.de>\n" },
		{ "Cc: a@b" U "cher.de (x)\n", "Cc: a@xn--bcher-kva.de (x)\n" },
		{ "To: =?utf-8?Q?a?= " E " <j@b.net>\n",
		    "To: =?utf-8?Q?a?= =?utf-8?B?IMOp?= <j@b.net>\n" },
		{ "To: a@b.net,\n " E " <c@d.net>\n",
		    "To: a@b.net,\n =?utf-8?B?w6k=?= <c@d.net>\n" },
		{ "To: a@b.net, c@d.net, e@f.net, g@h.net, i@j.net, " E E E E E
		    E " <k@l.net>\n",
		    "To: a@b.net, c@d.net, e@f.net, g@h.net, i@j.net,\n "
		    "=?utf-8?B?w6nDqcOpw6nDqcOp?= <k@l.net>\n" },
		/* What isn't UTF-8 in a domain is not for here to mend. */
		{ "To: " E " <a@b.net\xe9>\n",
		    "To: =?utf-8?B?w6k=?= <a@b.net\xe9>\n" },
	};

	(void)state;
	CHECK(rows, &all);
}

static void
what_isnt_clear_stays_as_it_is(void **state)
{
	static const struct row rows[] = {
		{ "To: j" E "@b.net\n", "To: j" E "@b.net\n" },
		{ "To: a@" U ".de b@c.net\n", "To: a@" U ".de b@c.net\n" },
		{ "To: " E " (x) y <a@b.net>\n", "To: " E " (x) y <a@b.net>\n" },
		{ "To: " E " (<a@b.net>\n", "To: " E " (<a@b.net>\n" },
		{ "To: a@-" U ".de\n", "To: a@-" U ".de\n" },
	};

	(void)state;
	CHECK(rows, &all);
}

static void
only_what_was_asked_for_is_changed(void **state)
{
	static const struct row without_words[] = {
		{ "Subject: " E "\n", "Subject: " E "\n" },
		{ "To: " E " <a@" U ".de> (" E ")\n",
		    "To: " E " <a@xn--tda.de> (" E ")\n" },
	};
	static const struct row without_all[] = {
		{ "To: " E " <a@" U ".de>\n", "To: " E " <a@" U ".de>\n" },
	};

	(void)state;
	CHECK(without_words, &domains);
	CHECK(without_all, &none);
}

/* "Name: " and `count` times `piece`; what comes out has no line over 998
 * octets if it `fits`. */
static void
check_folding(const char *name, const char *piece, size_t count, bool fits)
{
	struct buf text, out;
	struct span rest, line;
	struct field field;
	size_t i, longest = 0;

	buf_init(&text, BUF_UNLIMITED);
	buf_init(&out, BUF_UNLIMITED);
	text_put(&text, span_of(name));
	for (i = 0; i < count; i++)
		text_put(&text, span_of(piece));
	text_put(&text, span_of("end\n"));
	rest = buf_span(&text);
	assert_true(field_next(&rest, &field));
	assert_true(rewrite_field(&field, &none, &out));
	rest = buf_span(&out);
	assert_true(field_next(&rest, &field));
	assert_int_equal(rest.len, 0);
	for (rest = buf_span(&out); span_next(&rest, '\n', &line);)
		if (line.len > longest)
			longest = line.len;
	assert_true((longest <= REWRITE_LINE_MAX) == fits);
	buf_free(&text);
	buf_free(&out);
}

static void
long_lines_are_folded_where_that_changes_nothing(void **state)
{
	(void)state;
	check_folding("Subject: ", "word ", 500, true);
	check_folding("Subject: ", "word", 500, true);
	check_folding("References: ", "<1@example.org> ", 200, true);
	check_folding("To: ", "a@b.net,", 500, true);
	check_folding("To: ", "\"a,b\"@b.net,", 500, true);
	check_folding("X-Blob: ", "word", 500, false);
	check_folding("X-Blob: ", "word ", 10, true);
	/* The blank in front of the colon is no place for it. */
	check_folding("To : ", "a@b.net,", 500, true);
	check_folding("To :", "a@b.net,", 500, true);
	check_folding("X-Blob :", "word", 500, false);
}

static void
a_fold_goes_before_a_blank_and_adds_none(void **state)
{
	struct buf text, out;
	struct span rest;
	struct field field;
	size_t i;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	buf_init(&out, BUF_UNLIMITED);
	text_put(&text, span_of("Subject: "));
	for (i = 0; i < 300; i++)
		text_put(&text, span_of("three words  here\t"));
	text_put(&text, span_of("end\n"));
	rest = buf_span(&text);
	assert_true(field_next(&rest, &field));
	assert_true(rewrite_field(&field, &none, &out));
	for (rest = buf_span(&out), i = 0; rest.len > 1;
	    rest = span_skip(rest, 1)) {
		if (rest.data[0] == '\n')
			continue;
		assert_int_equal(rest.data[0], text.data[i++]);
	}
	assert_int_equal(i, text.len - 1);
	buf_free(&text);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_text_becomes_encoded_words),
		cmocka_unit_test(
		    names_comments_and_domains_are_replaced_where_they_stand),
		cmocka_unit_test(what_isnt_clear_stays_as_it_is),
		cmocka_unit_test(only_what_was_asked_for_is_changed),
		cmocka_unit_test(
		    long_lines_are_folded_where_that_changes_nothing),
		cmocka_unit_test(a_fold_goes_before_a_blank_and_adds_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
