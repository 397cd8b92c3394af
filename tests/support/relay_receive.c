#include "support/relay_script.h"

/*
 * How many of the octets belong to the message and its final dot, from the
 * state `*matched` of CRLF "." CRLF on.
 */
static size_t
find_end(struct span bytes, size_t *matched)
{
	static const char end[] = "\r\n.\r\n";
	size_t i;

	for (i = 0; i < bytes.len && end[*matched] != '\0'; i++) {
		if (bytes.data[i] == end[*matched])
			++*matched;
		else if (bytes.data[i] == '\r')
			*matched = 1;
		else
			*matched = 0;
	}
	return i;
}

bool
script_receive_message(struct relay_link *l)
{
	uint64_t begin = l->received - l->input.len, size = 0;
	size_t matched = 2, n;
	bool is_there;

	link_flush(l);
	link_note(l, EVENT_MESSAGE, 0, 0, span_of(NULL));
	do {
		n = find_end(buf_span(&l->input), &matched);
		size += n;
		buf_consume(&l->input, n);
		is_there = matched == 5;
	} while (!is_there && link_fill(l));
	/* The final dot's line isn't the message's. */
	if (is_there)
		size -= 3;
	link_note(l, EVENT_PART, begin, size, span_of(NULL));
	if (is_there)
		link_note(l, EVENT_COMPLETE, 0, 0, span_of(NULL));
	l->is_whole = is_there;
	return is_there;
}

/* What is left of `count` when the octets end. */
static uint64_t
take_octets(struct relay_link *l, uint64_t count)
{
	size_t n;

	link_flush(l);
	for (;;) {
		n = l->input.len < count ? l->input.len : (size_t)count;
		buf_consume(&l->input, n);
		count -= n;
		if (count == 0 || !link_fill(l))
			return count;
	}
}

bool
script_receive_octets(struct relay_link *l, uint64_t count)
{
	uint64_t begin = l->received - l->input.len;
	uint64_t left = take_octets(l, count);

	link_note(l, EVENT_PART, begin, count - left, span_of(NULL));
	return left == 0;
}

bool
script_skip_octets(struct relay_link *l, uint64_t count)
{
	return take_octets(l, count) == 0;
}
