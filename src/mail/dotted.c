#include "mail/dotted.h"

#include <string.h>

#include "mail/text.h"

void
dotted_begin(struct dotted *d, bool is_bare)
{
	memset(d, 0, sizeof(*d));
	d->is_bare = is_bare;
}

/* Where the line ends, and whether the next octet begins one. */
static void
note_end(struct dotted *d, char before, char last)
{
	if (last == '\n' && (d->is_bare || before == '\r'))
		d->state = DOTTED_LINE_START;
	else
		d->state = last == '\r' ? DOTTED_CR : DOTTED_IN_LINE;
}

/* Text up to the next LF at most; returns its length. */
static size_t
take_text(struct dotted *d, struct span s, struct buf *out)
{
	size_t n = span_find(s, '\n');
	char before = d->state == DOTTED_CR ? '\r' : '\0';

	if (n < s.len)
		n++;
	text_put(out, span_make(s.data, n));
	if (n > 1)
		before = s.data[n - 2];
	note_end(d, before, s.data[n - 1]);
	return n;
}

/* Behind a dot at a line's start; returns how many octets that took. */
static size_t
take_behind_dot(struct dotted *d, char c, struct buf *out)
{
	if (c == '\n' && (d->is_bare || d->crs == 1)) {
		d->state = DOTTED_ENDED;
		return 1;
	}
	if (c == '\r' && (d->is_bare || d->crs == 0)) {
		d->crs++;
		return 1;
	}
	d->state = d->crs > 0 ? DOTTED_CR : DOTTED_IN_LINE;
	for (; d->crs > 0; d->crs--)
		text_put_char(out, '\r');
	return 0;
}

size_t
dotted_feed(struct dotted *d, struct span block, struct buf *out)
{
	struct span rest = block;
	size_t n;

	while (rest.len > 0 && d->state != DOTTED_ENDED) {
		n = 1;
		if (d->state == DOTTED_DOT)
			n = take_behind_dot(d, rest.data[0], out);
		else if (d->state == DOTTED_LINE_START && rest.data[0] == '.')
			d->state = DOTTED_DOT;
		else
			n = take_text(d, rest, out);
		rest = span_skip(rest, n);
	}
	return block.len - rest.len;
}
