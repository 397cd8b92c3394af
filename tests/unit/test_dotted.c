#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/dots.h"
#include "mail/dotted.h"
#include "mail/text.h"

#define LENGTH_MAX 7

static const struct {
	const char *label, *input, *output;
	bool is_bare;
	size_t left;		/* behind the end; 99: there is none */
} cases[] = {
	{ "a message", "a\r\n.\r\n", "a\r\n", false, 0 },
	{ "nothing but the end", ".\r\n", "", false, 0 },
	{ "what follows isn't read", "a\r\n.\r\nQUIT\r\n", "a\r\n", false, 6 },
	{ "two dots", "..\r\n.\r\n", ".\r\n", false, 0 },
	{ "a dot before text", ".a\r\n.\r\n", "a\r\n", false, 0 },
	{ "a dot in a line", "a.\r\n.\r\n", "a.\r\n", false, 0 },
	{ "LF . LF", "a\n.\nb", "a\n.\nb", false, 99 },
	{ "LF . CRLF", "a\n.\r\nb", "a\n.\r\nb", false, 99 },
	{ "CRLF . LF", "a\r\n.\nb", "a\r\n\nb", false, 99 },
	{ "CR . CRLF", "a\r.\r\nb", "a\r.\r\nb", false, 99 },
	{ "CRLF . CR", "a\r\n.\rb", "a\r\n\rb", false, 99 },
	{ "CRLF . CRCRLF", "a\r\n.\r\r\nb", "a\r\n\r\r\nb", false, 99 },
	{ "LF . LF of one that ends its lines so", "a\n.\nb", "a\n", true, 1 },
	{ "LF . CRLF, the same", "a\n.\r\nb", "a\n", true, 1 },
	{ "LF . CRCRLF, the same", "a\n.\r\r\nb", "a\n", true, 1 },
	{ "CR . LF, the same", "a\r.\nb", "a\r.\nb", true, 99 },
	{ "a lone CR behind the dot", "a\n.\rb\n", "a\n\rb\n", true, 99 },
};

static size_t
feed(struct dotted *d, bool is_bare, struct buf *out, struct span s,
    size_t block)
{
	size_t used = 0, n, got;

	dotted_begin(d, is_bare);
	buf_clear(out);
	while (used < s.len && d->state != DOTTED_ENDED) {
		n = s.len - used < block ? s.len - used : block;
		got = dotted_feed(d, span_make(s.data + used, n), out);
		assert_true(got == n || d->state == DOTTED_ENDED);
		used += got;
	}
	return used;
}

static void
every_case_is_the_same_in_every_block_size(void **state)
{
	size_t i, block, used, left;
	struct dotted d;
	struct span s;
	struct buf out;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (block = 1; block < 20; block++) {
			s = span_of(cases[i].input);
			used = feed(&d, cases[i].is_bare, &out, s, block);
			left = d.state == DOTTED_ENDED ? s.len - used : 99;
			if (strcmp(buf_string(&out), cases[i].output) != 0 ||
			    left != cases[i].left)
				fail_msg("%s: '%s' by %zu", cases[i].label,
				    buf_string(&out), block);
		}
	buf_free(&out);
}

/* The rule as RFC 5321 tells it, line by line; false without an end. */
static bool
plain_way(struct buf *out, struct span s, bool is_bare)
{
	const char *eol = is_bare ? "\n" : "\r\n";
	size_t eol_len = strlen(eol), n, text;
	const char *at;

	for (buf_clear(out); s.len > 0; s = span_skip(s, n)) {
		at = memmem(s.data, s.len, eol, eol_len);
		n = at == NULL ? s.len : (size_t)(at - s.data) + eol_len;
		text = at == NULL ? 0 : n - eol_len;
		while (is_bare && text > 1 && s.data[text - 1] == '\r')
			text--;
		if (text == 1 && s.data[0] == '.')
			return true;
		if (s.data[0] == '.')
			text_put(out, span_make(s.data + 1, n - 1));
		else
			text_put(out, span_make(s.data, n));
	}
	return false;
}

/* Of an input without an end the last octets may be held back. */
static void
check_one(struct span s, bool is_bare, struct buf *slow, struct buf *fast)
{
	bool has_end = plain_way(slow, s, is_bare);
	struct dotted d;

	(void)feed(&d, is_bare, fast, s, 1 + s.len % 3);
	assert_true(has_end == (d.state == DOTTED_ENDED));
	if (has_end)
		assert_int_equal(slow->len, fast->len);
	else
		assert_int_equal(slow->len, fast->len + d.crs);
	assert_memory_equal(buf_string(slow), buf_string(fast), fast->len);
}

/* Every dot at a line's start is doubled, or alone: both know what to do. */
static bool
is_stuffed(struct span s)
{
	size_t n, text;

	for (; s.len > 0; s = span_skip(s, n)) {
		n = span_find(s, '\n');
		for (text = n; text > 0 && s.data[text - 1] == '\r';)
			text--;
		if (s.data[0] == '.' && (n == s.len || text != 1) &&
		    (s.len == 1 || s.data[1] != '.'))
			return false;
		n += n < s.len;
	}
	return true;
}

static void
check_like_dots(struct span s, struct buf *slow, struct buf *fast)
{
	struct dots dots = { 0 };
	struct dotted d;

	if (!is_stuffed(s))
		return;
	buf_clear(slow);
	dots_feed(&dots, s, slow);
	(void)feed(&d, true, fast, s, 1 + s.len % 3);
	assert_true((dots.state == DOTS_ENDED) == (d.state == DOTTED_ENDED));
	assert_string_equal(buf_string(slow), buf_string(fast));
}

static void
all_short_inputs_are_what_the_plain_way_gives(void **state)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a' };
	char text[LENGTH_MAX];
	struct buf slow, fast;
	size_t len, n, i, rest;
	struct span s;

	(void)state;
	buf_init(&slow, BUF_UNLIMITED);
	buf_init(&fast, BUF_UNLIMITED);
	for (len = 0; len <= LENGTH_MAX; len++)
		for (n = 0; n < (size_t)1 << (2 * len); n++) {
			for (i = 0, rest = n; i < len; i++, rest /= 4)
				text[i] = alphabet[rest % 4];
			s = span_make(text, len);
			check_one(s, false, &slow, &fast);
			check_one(s, true, &slow, &fast);
			check_like_dots(s, &slow, &fast);
		}
	buf_free(&slow);
	buf_free(&fast);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_the_same_in_every_block_size),
		cmocka_unit_test(all_short_inputs_are_what_the_plain_way_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
