#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/message.h"
#include "mail/text.h"

static const struct {
	const char *label, *input, *header, *body;
} splits[] = {
	{ "header and body", "A: b\n\nc\n", "A: b\n", "c\n" },
	{ "CRLF", "A: b\r\n\r\nc\r\n", "A: b\r\n", "c\r\n" },
	{ "CRLF and LF mixed", "A: b\r\nC: d\n\r\ne\n", "A: b\r\nC: d\n",
	    "e\n" },
	{ "more CRs", "A: b\r\r\n\r\r\nc", "A: b\r\r\n", "c" },
	{ "no body", "A: b\n", "A: b\n", "" },
	{ "an empty body", "A: b\n\n", "A: b\n", "" },
	{ "an empty header", "\nc\n", "", "c\n" },
	{ "an empty header in CRLF", "\r\nc\n", "", "c\n" },
	{ "an empty line alone", "\n", "", "" },
	{ "body only", "hello\n", "", "hello\n" },
	{ "body only, without a line end", "hello", "", "hello" },
	{ "body only with a colon", "see there: x\n", "", "see there: x\n" },
	{ "body only, begun by a blank", " A: b\n\nc\n", "",
	    " A: b\n\nc\n" },
	{ "body only, begun by a tab", "\tA: b\n", "", "\tA: b\n" },
	{ "a colon first", ": b\n", "", ": b\n" },
	{ "a lone CR first", "\rA: b\n", "", "\rA: b\n" },
	{ "folded lines", "A: b\n c\n\td\n\ne", "A: b\n c\n\td\n", "e" },
	{ "a folded line of blanks", "A: b\n \nC: d\n\ne",
	    "A: b\n \nC: d\n", "e" },
	{ "no empty line", "A: b\nhello\nC: d\n", "A: b\n",
	    "hello\nC: d\n" },
	{ "no empty line, the last line not ended", "A: b\nhello there",
	    "A: b\n", "hello there" },
	{ "blanks before the colon", "A : b\nC\t: d\n\ne", "A : b\nC\t: d\n",
	    "e" },
	{ "an empty value", "A:\n\nb", "A:\n", "b" },
	{ "8 bits in a name", "A: b\n\xc3\x9c: c\n\nd", "A: b\n",
	    "\xc3\x9c: c\n\nd" },
	{ "a DEL in a name", "A\x7f: b\n", "", "A\x7f: b\n" },
	{ "8 bits in a value", "A: \xc3\x9c\n\nb", "A: \xc3\x9c\n", "b" },
	{ "a lone CR in a value", "A: b\rC: d\n\ne", "A: b\rC: d\n", "e" },
	{ "marks in a name", "!\"#;<=>@[\\]^_`{|}~: b\n\nc",
	    "!\"#;<=>@[\\]^_`{|}~: b\n", "c" },
	{ "a From line", "From a@b Mon Jan  1 00:00:00 2024\nA: b\n\nc\n",
	    "A: b\n", "c\n" },
	{ "From lines", "From a 1\n>From b 2\r\nFrom c 3\nA: b\n\nc\n",
	    "A: b\n", "c\n" },
	{ "a From line before the empty line", "From a 1\n\nc\n", "",
	    "c\n" },
	{ "a From line that is text", "From now on\nall is well\n", "",
	    "From now on\nall is well\n" },
	{ "a From line alone", "From now on", "", "From now on" },
	{ "a From field with a blank", "From : a@b\n\nc", "From : a@b\n",
	    "c" },
	{ "a From line further down", "A: b\nFrom c 1\nD: e\n", "A: b\n",
	    "From c 1\nD: e\n" },
};

static void
expect_spans(const struct message *m, const char *label, struct span header,
    struct span body)
{
	if (!span_equals(m->header, header))
		fail_msg("%s: header '%.*s'", label, (int)m->header.len,
		    m->header.data);
	if (!span_equals(m->body, body))
		fail_msg("%s: body '%.*s'", label, (int)m->body.len,
		    m->body.data);
}

static void
expect_error(const struct error *err, const char *text)
{
	assert_string_equal(err->text, text);
	assert_int_equal(err->stage, STAGE_INPUT);
	assert_int_equal(err->exit_code, EX_DATAERR);
	assert_false(err->temporary);
}

static void
header_and_body_are_split_without_losing_a_line(void **state)
{
	struct error err = { 0 };
	struct message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		if (!message_from_span(&m, span_of(splits[i].input), &err))
			fail_msg("%s: %s", splits[i].label, err.text);
		expect_spans(&m, splits[i].label, span_of(splits[i].header),
		    span_of(splits[i].body));
		message_free(&m);
	}
}

static void
a_header_cut_off_in_mid_line_is_refused(void **state)
{
	static const char *const texts[] = {
		"A: b", "A:", "A: b\nC: d", "A: b\n c", "A: b\r", "A: b\nSubj",
		"A: b\nSubject ", "A: b\n ", "From a 1\nA: b",
	};
	struct message m;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		error_clear(&err);
		assert_false(message_from_span(&m, span_of(texts[i]), &err));
		expect_error(&err,
		    "header cut off in mid-line");
		message_free(&m);
	}
}

static void
a_nul_is_an_octet_like_others(void **state)
{
	static const char text[] = "A: b\0c\n D\0\n\ne\0f\n\0";
	struct error err = { 0 };
	struct field field;
	struct message m;

	(void)state;
	assert_true(message_from_span(&m, span_make(text, 17), &err));
	assert_int_equal(m.header.len, 11);
	assert_int_equal(m.body.len, 5);
	assert_memory_equal(m.body.data, "e\0f\n\0", 5);
	assert_true(field_find(&m, "a", &field, NULL));
	assert_memory_equal(field.value.data, " b\0c\n D\0", 8);
	assert_int_equal(field.value.len, 8);
	message_free(&m);
	/* In a name it makes the line no field. */
	assert_true(message_from_span(&m, span_make("A: b\n\0C: d\n", 11),
	    &err));
	assert_int_equal(m.header.len, 5);
	assert_int_equal(m.body.len, 6);
	message_free(&m);
}

static void
an_empty_span_is_an_empty_message(void **state)
{
	struct error err = { 0 };
	struct message m;

	(void)state;
	assert_true(message_from_span(&m, span_make(NULL, 0), &err));
	assert_int_equal(m.bytes.len + m.header.len + m.body.len, 0);
	message_free(&m);
}

/* A field of `size` octets in all. */
static void
add_field(struct buf *out, size_t size)
{
	size_t i;

	text_put(out, span_of("X: "));
	for (i = 4; i < size; i++)
		text_put_char(out, i % 70 == 0 ? '\n' : ' ');
	text_put_char(out, '\n');
}

static bool
split_fields(size_t size, size_t count, struct error *err)
{
	struct message m;
	struct buf text;
	bool ok;

	error_clear(err);
	buf_init(&text, BUF_UNLIMITED);
	while (count-- > 0)
		add_field(&text, size);
	text_put(&text, span_of("\nbody\n"));
	ok = message_from_span(&m, buf_span(&text), err);
	if (ok)
		assert_int_equal(m.body.len, 5);
	message_free(&m);
	buf_free(&text);
	return ok;
}

static void
the_limits_of_the_header_hold(void **state)
{
	struct error err;

	(void)state;
	assert_true(split_fields(MESSAGE_FIELD_MAX, 1, &err));
	assert_false(split_fields(MESSAGE_FIELD_MAX + 1, 1, &err));
	expect_error(&err,
	    "the header field 'X' has more than 1048576 octets");
	assert_true(split_fields(MESSAGE_FIELD_MAX, 8, &err));
	assert_false(split_fields(MESSAGE_FIELD_MAX - 1, 9, &err));
	expect_error(&err,
	    "the header has more than 8388608 octets");
}

static void
fields_come_in_their_order(void **state)
{
	static const struct {
		const char *name, *value, *whole;
	} want[] = {
		{ "To", " a\r\n b", "To: a\r\n b\r\n" },
		{ "x", "", "x:\n" },
		{ "TO", "c", "TO :c\n" },
		{ "Y", " d\r", "Y: d\r" },
	};
	struct span rest = span_of("To: a\r\n b\r\nx:\nTO :c\nY: d\r");
	struct field field;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(field_next(&rest, &field));
		assert_true(span_equals(field.name, span_of(want[i].name)));
		assert_true(span_equals(field.value, span_of(want[i].value)));
		assert_true(span_equals(field.whole, span_of(want[i].whole)));
	}
	assert_false(field_next(&rest, &field));
	assert_int_equal(rest.len, 0);
	rest = span_of("no field");
	assert_false(field_next(&rest, &field));
	assert_int_equal(rest.len, 8);
}

static void
the_first_field_of_a_name_is_found_and_all_are_counted(void **state)
{
	struct error err = { 0 };
	struct field field;
	struct message m;
	size_t count;

	(void)state;
	assert_true(message_from_span(&m, span_of("To: a\nCc: b\nto : c\n"),
	    &err));
	assert_true(field_find(&m, "TO", &field, &count));
	assert_true(span_equals(field.value, span_of(" a")));
	assert_int_equal(count, 2);
	assert_true(field_find(&m, "cc", &field, NULL));
	assert_false(field_find(&m, "Bcc", &field, &count));
	assert_int_equal(count, 0);
	assert_false(field_find(&m, "T", &field, NULL));
	message_free(&m);
}

static void
signed_messages_are_told_from_others(void **state)
{
	static const struct {
		const char *text;
		bool is_signed;
	} cases[] = {
		{ "A: b\n\nc\n", false },
		{ "DKIM-Signature: v=1\n\nc\n", true },
		{ "dkim-signature : v=1\n\nc\n", true },
		{ "Content-Type: multipart/signed; x=y\n\nc\n", true },
		{ "Content-Type:\n Multipart/Signed\n\nc\n", true },
		{ "Content-Type: multipart/mixed\n\nc\n", false },
		{ "Content-Type: application/pkcs7-mime\n\nc\n", true },
		{ "Content-Type: application/x-pkcs7-mime\n\nc\n", true },
		{ "A: b\n\n-----BEGIN PGP SIGNED MESSAGE-----\n", true },
		{ "A: b\n\n\r\n\n-----BEGIN PGP MESSAGE-----\n", true },
		{ "A: b\n\n-----BEGIN PGP", false },
		{ "A: b\n\nc\n-----BEGIN PGP MESSAGE-----\n", false },
		{ "A: b\n\nDKIM-Signature: v=1\n", false },
		{ "X: multipart/signed\n\nc\n", false },
	};
	struct error err = { 0 };
	struct message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(message_from_span(&m, span_of(cases[i].text),
		    &err));
		if (message_is_signed(&m) != cases[i].is_signed)
			fail_msg("%s", cases[i].text);
		message_free(&m);
	}
}

static void
a_head_is_complete_when_a_line_follows_it(void **state)
{
	static const struct {
		const char *text;
		bool is_complete;
	} heads[] = {
		{ "", false },
		{ "A: b", false },
		{ "A: b\n", false },
		{ "A: b\n c\n", false },
		{ "A: b\nC", false },
		{ "A: b\nhello", false },
		{ "A: b\nhello\n", true },
		{ "A: b\n\n", true },
		{ "A: b\r\n\r\n", true },
		{ "A: b\n.\n", true },
		{ ".\n", true },
		{ "hello\n", true },
		{ "\n", true },
		{ "From a@b Mon\n", false },
		{ "From a@b Mon\nA: b\n", false },
		{ "From a@b Mon\nA: b\n\n", true },
		{ "From a@b Mon\nhello\n", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (message_has_head(span_of(heads[i].text)) !=
		    heads[i].is_complete)
			fail_msg("%s", heads[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    header_and_body_are_split_without_losing_a_line),
		cmocka_unit_test(a_header_cut_off_in_mid_line_is_refused),
		cmocka_unit_test(a_nul_is_an_octet_like_others),
		cmocka_unit_test(an_empty_span_is_an_empty_message),
		cmocka_unit_test(the_limits_of_the_header_hold),
		cmocka_unit_test(fields_come_in_their_order),
		cmocka_unit_test(
		    the_first_field_of_a_name_is_found_and_all_are_counted),
		cmocka_unit_test(signed_messages_are_told_from_others),
		cmocka_unit_test(a_head_is_complete_when_a_line_follows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
