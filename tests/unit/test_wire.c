#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/text.h"
#include "mail/wire.h"

#define INPUT_MAX 24
#define ROUNDS 4000
#define BLOCK_SIZES 100

static const struct {
	const char *label, *header, *body, *wire;
} cases[] = {
	{ "nothing at all", "", "", "\r\n.\r\n" },
	{ "no header", "", "hello\n", "\r\nhello\r\n.\r\n" },
	{ "no body", "A: b\n", "", "A: b\r\n\r\n.\r\n" },
	{ "a body of one empty line", "A: b\n", "\n",
	    "A: b\r\n\r\n\r\n.\r\n" },
	{ "LF", "A: b\n", "c\nd\n", "A: b\r\n\r\nc\r\nd\r\n.\r\n" },
	{ "CRLF", "A: b\r\n", "c\r\nd\r\n", "A: b\r\n\r\nc\r\nd\r\n.\r\n" },
	{ "no line end at the end", "", "c", "\r\nc\r\n.\r\n" },
	{ "CRs before LF belong to it", "", "c\r\r\r\nd\n",
	    "\r\nc\r\nd\r\n.\r\n" },
	{ "a lone CR ends a line", "", "10%\r20%\r\n",
	    "\r\n10%\r\n20%\r\n.\r\n" },
	{ "a CR at the end", "", "c\r", "\r\nc\r\n.\r\n" },
	{ "two CRs at the end", "", "c\r\r", "\r\nc\r\n\r\n.\r\n" },
	{ "a dot at the start", "", ".c\n", "\r\n..c\r\n.\r\n" },
	{ "a lone dot", "", "a\n.\nb\n", "\r\na\r\n..\r\nb\r\n.\r\n" },
	{ "a lone dot in CRLF", "", "a\r\n.\r\nb\r\n",
	    "\r\na\r\n..\r\nb\r\n.\r\n" },
	{ "a dot between CRs", "", "a\r.\rb", "\r\na\r\n..\r\nb\r\n.\r\n" },
	{ "a dot between CR and CRLF", "", "a\r.\r\nb",
	    "\r\na\r\n..\r\nb\r\n.\r\n" },
	{ "a dot between LF and CR", "", "a\n.\rb",
	    "\r\na\r\n..\r\nb\r\n.\r\n" },
	{ "a dot in the middle", "", "a.b\n", "\r\na.b\r\n.\r\n" },
	{ "a dot alone at the end", "", ".", "\r\n..\r\n.\r\n" },
	{ "a dot in the header", ".A: b\n", "", "..A: b\r\n\r\n.\r\n" },
};

/* Pulls everything in blocks of `size` and checks what holds for each. */
static void
pull_all(struct buf *out, struct span header, struct span body, size_t size)
{
	char block[BLOCK_SIZES + 4096];
	bool is_last = false;
	struct wire w;
	size_t n;

	buf_clear(out);
	wire_begin(&w, header, body);
	while (!is_last) {
		n = wire_pull(&w, block, size, &is_last);
		assert_true(n > 0);
		assert_true(n <= size);
		text_put(out, span_make(block, n));
		if (is_last) {
			assert_true(n >= 5);
			assert_memory_equal(block + n - 5, "\r\n.\r\n", 5);
		}
	}
	assert_int_equal(wire_pull(&w, block, size, &is_last), 0);
	assert_true(is_last);
}

/* As a chunk: what the dots undone leave, to the octet that was counted. */
static void
pull_chunk(struct span wire, struct span header, struct span body,
    uint64_t wanted, size_t size)
{
	char block[BLOCK_SIZES + 4096];
	struct buf chunk, plain;
	bool is_last = false;
	struct wire w;
	size_t i, n;

	buf_init(&chunk, BUF_UNLIMITED);
	buf_init(&plain, BUF_UNLIMITED);
	wire_begin(&w, header, body);
	wire_as_chunk(&w);
	while (!is_last) {
		n = wire_pull(&w, block, size, &is_last);
		assert_true(n > 0 && n <= size);
		text_put(&chunk, span_make(block, n));
	}
	assert_int_equal(wire_pull(&w, block, size, &is_last), 0);
	for (i = 0; i + 3 < wire.len; i++)
		if (wire.data[i] != '.' || (i > 0 && wire.data[i - 1] != '\n'))
			text_put_char(&plain, wire.data[i]);
	assert_int_equal(chunk.len, wanted);
	assert_true(span_equals(buf_span(&chunk), buf_span(&plain)));
	buf_free(&chunk);
	buf_free(&plain);
}

/* The same as slowly and plainly as can be, with the facts. */
static size_t
slow_line(struct buf *out, struct span s, size_t from, struct wire_facts *f)
{
	size_t i = from, crs, len;

	while (i < s.len && s.data[i] != '\r' && s.data[i] != '\n') {
		f->has_nul = f->has_nul || s.data[i] == '\0';
		f->has_8bit = f->has_8bit || (unsigned char)s.data[i] > 127;
		i++;
	}
	len = i - from;
	if (len > 0 && s.data[from] == '.')
		text_put_char(out, '.');
	text_put(out, span_make(s.data + from, len));
	text_put(out, span_of("\r\n"));
	f->size += len + 2;
	f->longest_line = len > f->longest_line ? len : f->longest_line;
	for (crs = i; crs < s.len && s.data[crs] == '\r';)
		crs++;
	if (crs < s.len && s.data[crs] == '\n')
		return crs + 1;
	f->has_lone_cr = f->has_lone_cr || i < s.len;
	return i + 1;
}

static void
slow_wire(struct buf *out, struct span header, struct span body,
    struct wire_facts *f)
{
	size_t i;

	buf_clear(out);
	memset(f, 0, sizeof(*f));
	for (i = 0; i < header.len;)
		i = slow_line(out, header, i, f);
	text_put(out, span_of("\r\n"));
	f->size += 2;
	for (i = 0; i < body.len;)
		i = slow_line(out, body, i, f);
	text_put(out, span_of(".\r\n"));
}

static void
check_line_ends(struct span wire)
{
	size_t i, ends = 0;

	for (i = 0; i < wire.len; i++) {
		if (wire.data[i] == '\n')
			assert_true(i > 0 && wire.data[i - 1] == '\r');
		if (wire.data[i] == '\r')
			assert_true(i + 1 < wire.len &&
			    wire.data[i + 1] == '\n');
		if (wire.len - i >= 5 &&
		    memcmp(wire.data + i, "\r\n.\r\n", 5) == 0)
			ends++;
	}
	assert_int_equal(ends, 1);
}

static void
check_facts(const struct wire_facts *got, const struct wire_facts *want)
{
	assert_int_equal(got->size, want->size);
	if (want->longest_line > WIRE_LINE_LONG)
		assert_int_equal(got->longest_line, want->longest_line);
	else
		assert_true(got->longest_line <= WIRE_LINE_LONG);
	assert_int_equal(got->has_nul, want->has_nul);
	assert_int_equal(got->has_8bit, want->has_8bit);
	assert_int_equal(got->has_lone_cr, want->has_lone_cr);
}

static size_t
count_stuffed(struct span wire)
{
	size_t i, n = 0;

	for (i = 0; i + 1 < wire.len; i++)
		if (wire.data[i] == '.' && wire.data[i + 1] == '.' &&
		    (i == 0 || wire.data[i - 1] == '\n'))
			n++;
	return n;
}

static void
compare_with_slow(struct span header, struct span body)
{
	struct wire_facts want, got;
	struct buf slow, fast;
	size_t size;

	buf_init(&slow, BUF_UNLIMITED);
	buf_init(&fast, BUF_UNLIMITED);
	slow_wire(&slow, header, body, &want);
	check_line_ends(buf_span(&slow));
	for (size = WIRE_BLOCK_MIN; size < BLOCK_SIZES; size++) {
		pull_all(&fast, header, body, size);
		assert_int_equal(fast.len, slow.len);
		assert_memory_equal(fast.data, slow.data, slow.len);
		pull_chunk(buf_span(&slow), header, body, want.size, size);
	}
	wire_survey_message(&got, header, body);
	check_facts(&got, &want);
	assert_int_equal(got.size, fast.len - 3 -
	    count_stuffed(buf_span(&fast)));
	buf_free(&slow);
	buf_free(&fast);
}

static void
every_case_comes_out_as_written(void **state)
{
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pull_all(&out, span_of(cases[i].header),
		    span_of(cases[i].body), 4096);
		if (strcmp(buf_string(&out), cases[i].wire) != 0)
			fail_msg("%s: '%s'", cases[i].label,
			    buf_string(&out));
	}
	buf_free(&out);
}

static unsigned int
next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16 & 0x7fff;
}

static struct span
fill(char *out, unsigned int *seed)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a', '\0', '\xe4' };
	size_t len = next_random(seed) % (INPUT_MAX + 1), i;
	/* Now and then one octet makes up most of it. */
	unsigned int favourite = next_random(seed) % 12;

	for (i = 0; i < len; i++) {
		if (favourite < sizeof(alphabet) && next_random(seed) % 4 != 0)
			out[i] = alphabet[favourite];
		else
			out[i] = alphabet[next_random(seed) %
			    sizeof(alphabet)];
	}
	return span_make(out, len);
}

static void
any_input_in_any_block_size_is_what_the_plain_way_gives(void **state)
{
	char header[INPUT_MAX], body[INPUT_MAX];
	unsigned int seed = 1;
	struct span h, b;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		h = fill(header, &seed);
		b = fill(body, &seed);
		compare_with_slow(h, b);
	}
}

static void
all_short_bodies_are_what_the_plain_way_gives(void **state)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a' };
	char body[6];
	size_t len, n, i, rest;

	(void)state;
	for (len = 0; len <= 5; len++)
		for (n = 0; n < (size_t)1 << (2 * len); n++) {
			for (i = 0, rest = n; i < len; i++, rest /= 4)
				body[i] = alphabet[rest % 4];
			compare_with_slow(span_of("A: b\n"),
			    span_make(body, len));
		}
}

static void
a_long_run_of_lone_crs_is_looked_through_once(void **state)
{
	struct wire_facts facts;
	struct buf body, out;
	size_t i;

	(void)state;
	buf_init(&body, BUF_UNLIMITED);
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < 1000000; i++)
		text_put_char(&body, '\r');
	text_put_char(&body, 'a');
	pull_all(&out, span_of(""), buf_span(&body), 4096);
	assert_int_equal(out.len, 2 + 2 * 1000000 + 3 + 3);
	wire_survey_message(&facts, span_of(""), buf_span(&body));
	assert_int_equal(facts.size, 2 + 2 * 1000000 + 3);
	assert_true(facts.has_lone_cr);
	buf_free(&body);
	buf_free(&out);
}

/* Lines of 70 octets, and one of `len` that begins at `at`. */
static size_t
survey_with_one(size_t at, size_t len, const char *line_end)
{
	struct wire_facts facts = { 0 };
	struct buf text;
	size_t n;

	buf_init(&text, BUF_UNLIMITED);
	while (text.len < 200000) {
		n = text.len >= at && text.len < at + 100 ? len : 70;
		for (; n > 0; n--)
			text_put_char(&text, 'x');
		text_put(&text, span_of(line_end));
	}
	wire_survey(&facts, buf_span(&text));
	buf_free(&text);
	return facts.longest_line;
}

static void
a_long_line_is_measured_wherever_it_stands(void **state)
{
	static const char *const line_ends[] = { "\n", "\r\n" };
	size_t at, i;

	(void)state;
	for (i = 0; i < 2; i++)
		for (at = 0; at < 200000; at += 5000) {
			assert_true(survey_with_one(at, WIRE_LINE_LONG,
			    line_ends[i]) <= WIRE_LINE_LONG);
			assert_int_equal(survey_with_one(at,
			    WIRE_LINE_LONG + 1, line_ends[i]),
			    WIRE_LINE_LONG + 1);
			assert_int_equal(survey_with_one(at, 70000,
			    line_ends[i]), 70000);
		}
}

static void
the_facts_of_parts_add_up(void **state)
{
	struct wire_facts facts = { 0 }, whole;

	(void)state;
	wire_survey(&facts, span_of("Subject: 12345\n"));
	assert_int_equal(facts.size, 16);
	assert_false(facts.has_nul || facts.has_8bit || facts.has_lone_cr);
	wire_survey(&facts, span_make("\xc3\xa4\0\rb", 5));
	assert_int_equal(facts.size, 16 + 8);
	assert_true(facts.has_nul && facts.has_8bit && facts.has_lone_cr);
	wire_survey_message(&whole, span_of("Subject: 12345\n"),
	    span_make("\xc3\xa4\0\rb", 5));
	assert_int_equal(whole.size, facts.size + 2);
}

static void
an_octet_over_127_is_seen_wherever_it_stands(void **state)
{
	struct wire_facts facts;
	char text[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text); i++) {
		memset(text, 'a', sizeof(text));
		memset(&facts, 0, sizeof(facts));
		wire_survey(&facts, span_make(text, sizeof(text)));
		assert_false(facts.has_8bit);
		text[i] = '\x80';
		wire_survey(&facts, span_make(text, sizeof(text)));
		assert_true(facts.has_8bit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_comes_out_as_written),
		cmocka_unit_test(
		    any_input_in_any_block_size_is_what_the_plain_way_gives),
		cmocka_unit_test(all_short_bodies_are_what_the_plain_way_gives),
		cmocka_unit_test(a_long_run_of_lone_crs_is_looked_through_once),
		cmocka_unit_test(a_long_line_is_measured_wherever_it_stands),
		cmocka_unit_test(the_facts_of_parts_add_up),
		cmocka_unit_test(an_octet_over_127_is_seen_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
