#include "mail/dots.h"

#include <string.h>

#include "mail/text.h"

/* Octets of `s` up to the first line that begins with a dot. */
static size_t
plain_length(struct span s)
{
	const char *from = s.data, *end = s.data + s.len, *hit;

	while (from < end) {
		hit = memchr(from, '\n', (size_t)(end - from));
		if (hit == NULL)
			return s.len;
		from = hit + 1;
		if (from < end && *from == '.')
			return (size_t)(from - s.data);
	}
	return s.len;
}

static size_t
take_plain(struct dots *d, struct span s, struct buf *out)
{
	size_t n = plain_length(s);

	text_put(out, span_make(s.data, n));
	d->state = s.data[n - 1] == '\n' ? DOTS_LINE_START : DOTS_IN_LINE;
	return n;
}

/* The dot was none: it is passed on with its CRs. */
static void
release(struct dots *d, struct buf *out)
{
	text_put_char(out, '.');
	for (; d->crs > 0; d->crs--)
		text_put_char(out, '\r');
	d->state = DOTS_IN_LINE;
}

/* Decides on the dot that is held; returns how many octets that took. */
static size_t
take_behind_dot(struct dots *d, char c, struct buf *out)
{
	if (c == '\n') {
		d->state = DOTS_ENDED;
		return 1;
	}
	if (c == '\r') {
		d->crs++;
		return 1;
	}
	/* ".." loses a dot: the held one goes out for this one. */
	if (c == '.' && d->crs == 0) {
		release(d, out);
		return 1;
	}
	release(d, out);
	return 0;
}

void
dots_feed(struct dots *d, struct span block, struct buf *out)
{
	size_t n;

	while (block.len > 0 && d->state != DOTS_ENDED) {
		n = 1;
		if (d->state == DOTS_HELD)
			n = take_behind_dot(d, block.data[0], out);
		else if (d->state == DOTS_LINE_START && block.data[0] == '.')
			d->state = DOTS_HELD;
		else
			n = take_plain(d, block, out);
		block = span_skip(block, n);
	}
}
