#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "smtp/reply.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LINE_SIZE 4096

/* Fault texts, behind "the relay's reply breaks the protocol: ". */
#define NO_CODE "no reply code"
#define NO_CR "a line without CR"
#define CR_INSIDE "a CR in mid-line"
#define NUL_INSIDE "a NUL"
#define NO_MARK "neither blank nor hyphen behind the code"
#define OTHER_CODE "the code changes from line to line"

#define BYTES(string) { string, sizeof(string) - 1 }

/* Whole replies, and what they mean: a code or a fault. */
static const struct {
	const char *label;
	struct span bytes;
	int code;
	const char *quote;	/* or, without a code, the fault */
} replies[] = {
	{ "one line", BYTES("250 ok\r\n"), 250, "250 ok" },
	{ "the code alone", BYTES("250\r\n"), 250, "250" },
	{ "a blank and no text", BYTES("250 \r\n"), 250, "250" },
	{ "blanks before the text", BYTES("250   ok\r\n"), 250, "250   ok" },
	{ "the lowest code", BYTES("200 a\r\n"), 200, "200 a" },
	{ "the highest code", BYTES("559 a\r\n"), 559, "559 a" },
	{ "an intermediate code", BYTES("354 go on\r\n"), 354, "354 go on" },
	{ "two lines", BYTES("250-a\r\n250 b\r\n"), 250, "250 a / b" },
	{ "three lines", BYTES("250-a\r\n250-b\r\n250 c\r\n"), 250,
	    "250 a / b / c" },
	{ "the last line bare", BYTES("250-a\r\n250\r\n"), 250, "250 a /" },
	{ "an empty line of many", BYTES("250-\r\n250 b\r\n"), 250,
	    "250  / b" },
	{ "a hyphen in the text", BYTES("250 -a\r\n"), 250, "250 -a" },
	{ "a tab in the text", BYTES("250 a\tb\r\n"), 250, "250 a\\x09b" },
	{ "an escape sequence", BYTES("250 \033[2J\r\n"), 250,
	    "250 \\x1b[2J" },
	{ "DEL", BYTES("250 \x7f\r\n"), 250, "250 \\x7f" },
	{ "UTF-8", BYTES("250 \xc3\xa4\r\n"), 250, "250 \\xc3\\xa4" },
	{ "a backslash", BYTES("250 a\\b\r\n"), 250, "250 a\\x5cb" },
	{ "a refusal of two lines", BYTES("550-5.1.1 no\r\n550 5.1.1 user\r\n"),
	    550, "550 5.1.1 no / 5.1.1 user" },

	{ "no code", BYTES("ok\r\n"), 0, NO_CODE },
	{ "an empty line", BYTES("\r\n"), 0, NO_CODE },
	{ "one digit", BYTES("2\r\n"), 0, NO_CODE },
	{ "two digits", BYTES("25\r\n"), 0, NO_CODE },
	{ "two digits and text", BYTES("25 ok\r\n"), 0, NO_CODE },
	{ "four digits", BYTES("2500 ok\r\n"), 0, NO_MARK },
	{ "a blank before the code", BYTES(" 250 ok\r\n"), 0, NO_CODE },
	{ "0yz", BYTES("050 ok\r\n"), 0, NO_CODE },
	{ "1yz", BYTES("150 ok\r\n"), 0, NO_CODE },
	{ "6yz", BYTES("650 ok\r\n"), 0, NO_CODE },
	{ "9yz", BYTES("950 ok\r\n"), 0, NO_CODE },
	{ "x6z", BYTES("260 ok\r\n"), 0, NO_CODE },
	{ "x9z", BYTES("290 ok\r\n"), 0, NO_CODE },
	{ "a letter for the third digit", BYTES("25x ok\r\n"), 0, NO_CODE },
	{ "a sign", BYTES("+50 ok\r\n"), 0, NO_CODE },
	{ "a negative code", BYTES("-250 ok\r\n"), 0, NO_CODE },
	{ "digits beyond ASCII", BYTES("\xb2\xb5\xb0 ok\r\n"), 0, NO_CODE },
	{ "text at the code", BYTES("250ok\r\n"), 0, NO_MARK },
	{ "a tab behind the code", BYTES("250\tok\r\n"), 0, NO_MARK },
	{ "an underscore behind the code", BYTES("250_ok\r\n"), 0, NO_MARK },
	{ "250- then 550", BYTES("250-a\r\n550 b\r\n"), 0, OTHER_CODE },
	{ "550- then 250", BYTES("550-a\r\n250 b\r\n"), 0, OTHER_CODE },
	{ "250- then 251", BYTES("250-a\r\n251 b\r\n"), 0, OTHER_CODE },
	{ "250- then 550-", BYTES("250-a\r\n550-b\r\n"), 0, OTHER_CODE },
	{ "250- then no code", BYTES("250-a\r\nb\r\n"), 0, NO_CODE },
	{ "250- then an empty line", BYTES("250-a\r\n\r\n"), 0, NO_CODE },
	{ "LF only", BYTES("250 ok\n"), 0, NO_CR },
	{ "LF alone", BYTES("\n"), 0, NO_CR },
	{ "LF only in the first line", BYTES("250-a\n250 b\r\n"), 0, NO_CR },
	{ "LF only in the last line", BYTES("250-a\r\n250 b\n"), 0, NO_CR },
	{ "CR in mid-line", BYTES("250 a\rb\r\n"), 0, CR_INSIDE },
	{ "two CRs at the end", BYTES("250 a\r\r\n"), 0, CR_INSIDE },
	{ "CR behind the code", BYTES("250\r ok\r\n"), 0, CR_INSIDE },
	{ "NUL in the text", BYTES("250 a\0b\r\n"), 0, NUL_INSIDE },
	{ "NUL at the end", BYTES("250 a\0\r\n"), 0, NUL_INSIDE },
	{ "NUL before the code", BYTES("\0" "250 a\r\n"), 0, NUL_INSIDE },
	{ "NUL behind the code", BYTES("250\0\r\n"), 0, NUL_INSIDE },
};

static const struct {
	const char *label, *bytes, *status;
} statuses[] = {
	{ "none", "250 ok\r\n", "" },
	{ "success", "250 2.0.0 ok\r\n", "2.0.0" },
	{ "refusal for now", "451 4.7.1 later\r\n", "4.7.1" },
	{ "refusal for good", "550 5.7.1 no\r\n", "5.7.1" },
	{ "nothing behind it", "250 2.0.0\r\n", "2.0.0" },
	{ "many digits", "550 5.123.456 no\r\n", "5.123.456" },
	{ "the first of many lines", "550-5.1.1 no\r\n550 5.7.1 x\r\n",
	    "5.1.1" },
	{ "only in the second line", "550-no\r\n550 5.7.1 x\r\n", "" },
	{ "of another class", "250 5.0.0 ok\r\n", "" },
	{ "of another class, temporary", "550 4.7.1 no\r\n", "" },
	{ "of no class", "550 6.7.1 no\r\n", "" },
	{ "behind a word", "550 no 5.7.1\r\n", "" },
	{ "behind a blank", "550  5.7.1 no\r\n", "" },
	{ "two numbers", "550 5.7 no\r\n", "" },
	{ "two numbers and a dot", "550 5.7. no\r\n", "" },
	{ "four numbers", "550 5.7.1.2 no\r\n", "" },
	{ "an empty subject", "550 5..1 no\r\n", "" },
	{ "four digits", "550 5.7.1234 no\r\n", "" },
	{ "four digits in the subject", "550 5.1234.1 no\r\n", "" },
	{ "a letter at its end", "550 5.7.1x no\r\n", "" },
	{ "a comma at its end", "550 5.7.1, no\r\n", "" },
	{ "a class of two digits", "550 55.7.1 no\r\n", "" },
	{ "no text", "550\r\n", "" },
	{ "the class alone", "550 5\r\n", "" },
};

/*
 * Feeds `bytes`, `step` octets more at a time, keeping what isn't used as a
 * session does. False where a feed failed.
 */
static bool
feed(struct reply *r, struct span bytes, size_t step, size_t *total,
    struct error *err)
{
	size_t have = 0, used;
	bool ok = true;

	*total = 0;
	while (ok && !r->is_complete && have < bytes.len) {
		have = bytes.len - have < step ? bytes.len : have + step;
		ok = reply_feed(r, span_make(bytes.data + *total,
		    have - *total), LINE_SIZE, STAGE_MAIL, &used, err);
		*total += used;
	}
	return ok;
}

/* Whether `err` is how a reply that isn't one is reported. */
static bool
is_fault(const struct error *err, const char *what)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
	    "the relay's reply breaks the protocol: %s", what);
	return err->stage == STAGE_MAIL && err->exit_code == EX_PROTOCOL &&
	    !err->temporary && !err->uncertain &&
	    strcmp(err->text, text) == 0;
}

static void
check_reply(size_t i, size_t step)
{
	struct error err = { 0 };
	struct reply r;
	char quote[300];
	size_t used;
	bool ok;

	reply_init(&r);
	ok = feed(&r, replies[i].bytes, step, &used, &err);
	reply_quote(&r, quote, sizeof(quote));
	if (ok != (replies[i].code != 0) || ok != r.is_complete)
		fail_msg("%s: %d, %s", replies[i].label, r.code, err.text);
	if (!ok && !is_fault(&err, replies[i].quote))
		fail_msg("%s: %s", replies[i].label, err.text);
	if (ok && (r.code != replies[i].code || error_is_set(&err) ||
	    used != replies[i].bytes.len ||
	    strcmp(quote, replies[i].quote) != 0))
		fail_msg("%s: %d, %s", replies[i].label, r.code, quote);
	reply_free(&r);
}

static void
the_grammar_is_strict(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(replies); i++)
		check_reply(i, SIZE_MAX);
}

static void
octet_by_octet_gives_the_same_as_at_once(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < COUNT(replies); i++)
		for (step = 1; step < 8; step++)
			check_reply(i, step);
}

static void
no_reply_is_complete_before_its_end(void **state)
{
	struct error err;
	struct reply r;
	size_t i, n, used;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(replies); i++)
		for (n = 0; n < replies[i].bytes.len; n++) {
			error_clear(&err);
			reply_clear(&r);
			if (feed(&r, span_make(replies[i].bytes.data, n),
			    SIZE_MAX, &used, &err) && r.is_complete)
				fail_msg("%s: %zu octets", replies[i].label,
				    n);
			if (replies[i].code != 0 && error_is_set(&err))
				fail_msg("%s: %zu octets: %s",
				    replies[i].label, n, err.text);
		}
	reply_free(&r);
}

static void
what_follows_the_reply_is_left_alone(void **state)
{
	static const char bytes[] = "250-a\r\n250 b\r\n550 c\r\n\0garbage";
	struct error err = { 0 };
	struct reply r;
	size_t used, more;

	(void)state;
	reply_init(&r);
	assert_true(reply_feed(&r, span_make(bytes, sizeof(bytes)),
	    LINE_SIZE, STAGE_MAIL, &used, &err));
	assert_true(r.is_complete);
	assert_int_equal(used, strlen("250-a\r\n250 b\r\n"));
	assert_int_equal(r.code, 250);
	/* A reply that is complete takes no more. */
	assert_true(reply_feed(&r, span_make(bytes + used, 9),
	    LINE_SIZE, STAGE_MAIL, &more, &err));
	assert_int_equal(more, 0);
	assert_int_equal(r.code, 250);
	reply_clear(&r);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.lines, 0);
	assert_int_equal(r.text.len, 0);
	assert_false(r.is_complete);
	assert_true(reply_feed(&r, span_make(bytes + used, 9),
	    LINE_SIZE, STAGE_MAIL, &more, &err));
	assert_int_equal(r.code, 550);
	assert_int_equal(more, 7);
	reply_free(&r);
}

static void
nothing_is_no_reply_yet(void **state)
{
	struct error err = { 0 };
	struct reply r;
	size_t used = 5;

	(void)state;
	reply_init(&r);
	assert_true(reply_feed(&r, span_of(NULL), LINE_SIZE, STAGE_MAIL,
	    &used, &err));
	assert_int_equal(used, 0);
	assert_false(r.is_complete);
	reply_free(&r);
}

static void
lines_of_a_reply_are_kept_without_their_codes(void **state)
{
	struct error err = { 0 };
	struct reply r;
	size_t used;

	(void)state;
	reply_init(&r);
	assert_true(feed(&r, span_of("250-a\r\n250-\r\n250 c d\r\n"),
	    SIZE_MAX, &used, &err));
	assert_int_equal(r.lines, 3);
	assert_string_equal(buf_string(&r.text), "a\n\nc d\n");
	reply_free(&r);
}

/* A line of `size` octets with its CRLF, into `out`. */
static struct span
line_of(char *out, size_t size)
{
	memset(out, 'x', size);
	memcpy(out, "250 ", 4);
	out[size - 2] = '\r';
	out[size - 1] = '\n';
	return span_make(out, size);
}

static void
a_line_may_reach_its_limit_and_not_pass_it(void **state)
{
	char bytes[LINE_SIZE + 1];
	static const size_t steps[] = { SIZE_MAX, 1, 100 };
	struct error err;
	struct reply r;
	size_t i, used;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(steps); i++) {
		error_clear(&err);
		reply_clear(&r);
		assert_true(feed(&r, line_of(bytes, LINE_SIZE), steps[i],
		    &used, &err));
		assert_true(r.is_complete);
		assert_int_equal(used, LINE_SIZE);
		reply_clear(&r);
		assert_false(feed(&r, line_of(bytes, LINE_SIZE + 1),
		    steps[i], &used, &err));
		assert_true(is_fault(&err, "a line is too long"));
		assert_false(r.is_complete);
	}
	reply_free(&r);
}

static void
an_endless_line_fails_as_soon_as_it_is_too_long(void **state)
{
	char bytes[LINE_SIZE];
	struct error err = { 0 };
	struct reply r;
	size_t used;

	(void)state;
	reply_init(&r);
	memset(bytes, 'x', sizeof(bytes));
	assert_true(reply_feed(&r, span_make(bytes, sizeof(bytes) - 1),
	    LINE_SIZE, STAGE_MAIL, &used, &err));
	assert_int_equal(used, 0);
	assert_false(reply_feed(&r, span_make(bytes, sizeof(bytes)),
	    LINE_SIZE, STAGE_MAIL, &used, &err));
	assert_true(is_fault(&err, "a line is too long"));
	reply_free(&r);
}

/* Adds `count` continuation lines of `text`, then the last line. */
static void
fill(struct buf *b, size_t count, const char *text)
{
	size_t i;

	buf_clear(b);
	for (i = 0; i < count; i++)
		assert_true(buf_printf(b, "250-%s\r\n", text));
	assert_true(buf_add_string(b, "250 end\r\n"));
}

static void
a_reply_may_have_128_lines_and_no_more(void **state)
{
	struct error err = { 0 };
	struct reply r;
	struct buf b;
	size_t used;

	(void)state;
	reply_init(&r);
	buf_init(&b, BUF_UNLIMITED);
	fill(&b, 127, "x");
	assert_true(feed(&r, buf_span(&b), SIZE_MAX, &used, &err));
	assert_true(r.is_complete);
	assert_int_equal(r.lines, 128);
	reply_clear(&r);
	fill(&b, 128, "x");
	assert_false(feed(&r, buf_span(&b), SIZE_MAX, &used, &err));
	assert_true(is_fault(&err, "too many lines"));
	buf_free(&b);
	reply_free(&r);
}

static void
a_reply_has_a_limit_of_text_and_never_grows(void **state)
{
	char text[2049];
	struct error err = { 0 };
	const char *memory;
	struct reply r;
	struct buf b;
	size_t used;

	(void)state;
	reply_init(&r);
	memory = r.text.data;
	assert_non_null(memory);
	buf_init(&b, BUF_UNLIMITED);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	/* 62 lines of 2049 octets with LF, and "end". */
	fill(&b, 62, text);
	assert_true(feed(&r, buf_span(&b), SIZE_MAX, &used, &err));
	assert_true(r.is_complete);
	assert_ptr_equal(r.text.data, memory);
	reply_clear(&r);
	assert_ptr_equal(r.text.data, memory);
	fill(&b, 64, text);
	assert_false(feed(&r, buf_span(&b), SIZE_MAX, &used, &err));
	assert_true(is_fault(&err, "too much text"));
	assert_false(r.is_complete);
	assert_ptr_equal(r.text.data, memory);
	buf_free(&b);
	reply_free(&r);
}

static void
the_line_at_fault_is_quoted(void **state)
{
	static const struct {
		struct span bytes;
		const char *quote;
	} faults[] = {
		{ BYTES("hello \033[2J\r\n"), "hello \\x1b[2J" },
		{ BYTES("250-a\r\n550 b\r\n"), "550 b" },
		{ BYTES("250 a\0b\r\n"), "250 a\\x00b" },
		{ BYTES("250 ok\n"), "250 ok" },
		{ BYTES("250 a\rb\r\n"), "250 a\\x0db" },
	};
	struct error err;
	struct reply r;
	size_t i, used;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(faults); i++) {
		error_clear(&err);
		reply_clear(&r);
		assert_false(feed(&r, faults[i].bytes, SIZE_MAX, &used, &err));
		assert_string_equal(err.reply, faults[i].quote);
	}
	reply_free(&r);
}

static void
the_class_is_the_first_digit(void **state)
{
	struct reply r = { .code = 0 };
	int digit;

	(void)state;
	for (r.code = 200; r.code < 600; r.code++)
		for (digit = 2; digit <= 5; digit++)
			assert_int_equal(reply_is(&r, digit),
			    r.code / 100 == digit);
	r.code = 0;
	for (digit = 2; digit <= 5; digit++)
		assert_false(reply_is(&r, digit));
}

static void
the_enhanced_status_begins_the_text(void **state)
{
	struct error err;
	struct reply r;
	char status[16];
	size_t i, used;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(statuses); i++) {
		error_clear(&err);
		reply_clear(&r);
		assert_true(feed(&r, span_of(statuses[i].bytes), SIZE_MAX,
		    &used, &err));
		reply_enhanced(&r, status, sizeof(status));
		if (strcmp(status, statuses[i].status) != 0)
			fail_msg("%s: %s", statuses[i].label, status);
	}
	reply_free(&r);
}

static void
an_enhanced_status_is_never_cut(void **state)
{
	struct error err = { 0 };
	struct reply r;
	char status[6] = "#####";
	size_t used;

	(void)state;
	reply_init(&r);
	assert_true(feed(&r, span_of("550 5.7.1 x\r\n"), SIZE_MAX, &used,
	    &err));
	reply_enhanced(&r, status, 6);
	assert_string_equal(status, "5.7.1");
	reply_enhanced(&r, status, 5);
	assert_string_equal(status, "");
	reply_free(&r);
}

static void
a_quote_is_cut_to_its_room(void **state)
{
	struct error err = { 0 };
	struct reply r;
	char quote[12];
	size_t used;

	(void)state;
	reply_init(&r);
	reply_quote(&r, quote, sizeof(quote));
	assert_string_equal(quote, "0");
	assert_true(feed(&r, span_of("550-5.7.1 x\r\n550 no\r\n"), SIZE_MAX,
	    &used, &err));
	reply_quote(&r, quote, sizeof(quote));
	assert_string_equal(quote, "550 5.7....");
	reply_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_grammar_is_strict),
		cmocka_unit_test(octet_by_octet_gives_the_same_as_at_once),
		cmocka_unit_test(no_reply_is_complete_before_its_end),
		cmocka_unit_test(what_follows_the_reply_is_left_alone),
		cmocka_unit_test(nothing_is_no_reply_yet),
		cmocka_unit_test(lines_of_a_reply_are_kept_without_their_codes),
		cmocka_unit_test(a_line_may_reach_its_limit_and_not_pass_it),
		cmocka_unit_test(
		    an_endless_line_fails_as_soon_as_it_is_too_long),
		cmocka_unit_test(a_reply_may_have_128_lines_and_no_more),
		cmocka_unit_test(a_reply_has_a_limit_of_text_and_never_grows),
		cmocka_unit_test(the_line_at_fault_is_quoted),
		cmocka_unit_test(the_class_is_the_first_digit),
		cmocka_unit_test(the_enhanced_status_begins_the_text),
		cmocka_unit_test(an_enhanced_status_is_never_cut),
		cmocka_unit_test(a_quote_is_cut_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
