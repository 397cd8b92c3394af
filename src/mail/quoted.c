#include "mail/quoted.h"

#include <stdbool.h>
#include <string.h>

static const char soft_break[] = "=\r\n";

#define BREAK_SIZE (sizeof(soft_break) - 1)
#define ENCODED_SIZE 3

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* Whether `c` may stand for itself; blanks may not at the end of a line. */
static bool
is_plain(char c, size_t column, bool is_last)
{
	if (c == ' ' || c == '\t')
		return !is_last;
	return c > ' ' && c <= '~' && c != '=' && (c != '.' || column > 0);
}

static size_t
token_size(char c, size_t column, bool is_last)
{
	return is_plain(c, column, is_last) ? 1 : ENCODED_SIZE;
}

static void
put_token(char *out, char c, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char octet = (unsigned char)c;

	if (size == 1) {
		out[0] = c;
		return;
	}
	out[0] = '=';
	out[1] = digits[octet >> 4];
	out[2] = digits[octet & 15];
}

size_t
quoted_put(struct quoted *q, struct span *text, char *out, size_t size)
{
	size_t used = 0, n, gap;
	bool is_last;
	char c;

	while (text->len > 0 && !is_line_end(text->data[0])) {
		c = text->data[0];
		is_last = text->len == 1 || is_line_end(text->data[1]);
		n = token_size(c, q->column, is_last);
		gap = 0;
		/* Behind all but the last one a soft break must fit. */
		if (q->column + n > QUOTED_LINE_MAX - (is_last ? 0 : 1)) {
			gap = BREAK_SIZE;
			n = token_size(c, 0, is_last);
		}
		if (size - used < gap + n)
			break;
		if (gap > 0) {
			memcpy(out + used, soft_break, BREAK_SIZE);
			q->column = 0;
		}
		put_token(out + used + gap, c, n);
		q->column += n;
		used += gap + n;
		*text = span_skip(*text, 1);
	}
	return used;
}
