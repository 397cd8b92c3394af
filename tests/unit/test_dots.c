#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/dots.h"
#include "mail/text.h"

#define LENGTH_MAX 7

static const struct {
	const char *label, *input, *output;
	enum dots_state state;
} cases[] = {
	{ "nothing", "", "", DOTS_LINE_START },
	{ "no dots", "a\nb\n", "a\nb\n", DOTS_LINE_START },
	{ "a lone dot", "a\n.\nb\n", "a\n", DOTS_ENDED },
	{ "a lone dot first", ".\nb\n", "", DOTS_ENDED },
	{ "a lone dot before CRLF", "a\r\n.\r\nb", "a\r\n", DOTS_ENDED },
	{ "a lone dot before CRs", "a\n.\r\r\nb", "a\n", DOTS_ENDED },
	{ "a lone dot at the end", "a\n.", "a\n", DOTS_HELD },
	{ "a lone dot and a CR at the end", "a\n.\r", "a\n", DOTS_HELD },
	{ "two dots", "a\n..\nb\n", "a\n.\nb\n", DOTS_LINE_START },
	{ "three dots", "...b\n", "..b\n", DOTS_LINE_START },
	{ "a dot before text", ".b\n", ".b\n", DOTS_LINE_START },
	{ "a dot before CR and text", ".\rb\n", ".\rb\n", DOTS_LINE_START },
	{ "a dot before CR and dot", ".\r.\n", ".\r.\n", DOTS_LINE_START },
	{ "a dot behind a lone CR", "a\r.\nb", "a\r.\nb", DOTS_IN_LINE },
	{ "a dot at a line's end", "a.\n.\n", "a.\n", DOTS_ENDED },
};

static void
feed(struct dots *d, struct buf *out, struct span s, size_t block)
{
	size_t n;

	memset(d, 0, sizeof(*d));
	buf_clear(out);
	for (; s.len > 0; s = span_skip(s, n)) {
		n = s.len < block ? s.len : block;
		dots_feed(d, span_make(s.data, n), out);
	}
}

/* The rule as it is told, over the whole input. */
static void
plain_way(struct buf *out, struct span s)
{
	struct span line;
	size_t n;

	buf_clear(out);
	for (; s.len > 0; s = span_skip(s, n)) {
		n = span_find(s, '\n');
		n += n < s.len;
		line = span_make(s.data, n);
		if (line.data[0] == '.' && span_trim(line).len == 1)
			return;
		if (line.data[0] == '.' && line.len > 1 && line.data[1] == '.')
			line = span_skip(line, 1);
		text_put(out, line);
	}
}

static void
every_case_is_the_same_in_every_block_size(void **state)
{
	struct buf out;
	struct dots d;
	size_t i, block;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (block = 1; block < 20; block++) {
			feed(&d, &out, span_of(cases[i].input), block);
			if (strcmp(buf_string(&out), cases[i].output) != 0 ||
			    d.state != cases[i].state)
				fail_msg("%s: '%s' by %zu", cases[i].label,
				    buf_string(&out), block);
		}
	buf_free(&out);
}

static void
all_short_inputs_are_what_the_plain_way_gives(void **state)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a' };
	struct buf slow, fast;
	char text[LENGTH_MAX];
	size_t len, n, i, rest, block;
	struct dots d;

	(void)state;
	buf_init(&slow, BUF_UNLIMITED);
	buf_init(&fast, BUF_UNLIMITED);
	for (len = 0; len <= LENGTH_MAX; len++)
		for (n = 0; n < (size_t)1 << (2 * len); n++) {
			for (i = 0, rest = n; i < len; i++, rest /= 4)
				text[i] = alphabet[rest % 4];
			plain_way(&slow, span_make(text, len));
			block = 1 + n % 4;
			feed(&d, &fast, span_make(text, len), block);
			assert_string_equal(buf_string(&slow),
			    buf_string(&fast));
		}
	buf_free(&slow);
	buf_free(&fast);
}

static void
a_nul_is_an_octet_like_others(void **state)
{
	struct buf out;
	struct dots d;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	feed(&d, &out, span_make("a\0\n..\0b", 7), 3);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "a\0\n.\0b", 6);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_the_same_in_every_block_size),
		cmocka_unit_test(all_short_inputs_are_what_the_plain_way_gives),
		cmocka_unit_test(a_nul_is_an_octet_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
