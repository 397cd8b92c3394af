#include "mail/wire.h"

#include <assert.h>
#include <string.h>

enum part { PART_HEADER, PART_EMPTY_LINE, PART_BODY, PART_DOT, PART_END };

#define LINE_END_SIZE 2	/* CRLF */
#define FINAL_DOT_SIZE 3	/* "." CRLF */

/* The block that is filled. */
struct block {
	char *next;
	char *end;
	const char *clean_to;	/* no CR stands before this place of the part */
};

static size_t
room(const struct block *b)
{
	return (size_t)(b->end - b->next);
}

/* Octets of CR that `s` begins with. */
static size_t
count_crs(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] == '\r')
		n++;
	return n;
}

/*
 * Octets of the line end that `s` begins with, which is a CR, an LF or the end
 * of the part. `*lone` counts the CRs ahead that are known to be line ends of
 * their own, so that a long run of them is looked through once.
 */
static size_t
line_end_length(struct span s, size_t *lone)
{
	size_t crs;

	if (*lone > 0)
		return 1;
	crs = count_crs(s);
	if (crs < s.len && s.data[crs] == '\n')
		return crs + 1;
	*lone = crs;
	return crs == 0 ? 0 : 1;
}

/*
 * Octets of `s` before the first CR or LF. One search for CRs serves all the
 * lines up to its hit: `*clean_to` remembers it.
 */
static size_t
text_length(struct span s, const char **clean_to)
{
	const char *end = s.data + s.len, *hit;

	if (s.len == 0)
		return 0;
	if (*clean_to <= s.data) {
		hit = memchr(s.data, '\r', s.len);
		*clean_to = hit == NULL ? end : hit;
	}
	if (*clean_to < end)
		end = *clean_to;
	hit = memchr(s.data, '\n', (size_t)(end - s.data));
	return (size_t)((hit == NULL ? end : hit) - s.data);
}

/* Whether some octet has its highest bit set, eight at a time. */
static bool
has_high_bit(struct span s)
{
	uint64_t word, all = 0;
	size_t i;

	for (i = 0; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.data + i, sizeof(word));
		all |= word;
	}
	for (; i < s.len; i++)
		all |= (unsigned char)s.data[i];
	return (all & UINT64_C(0x8080808080808080)) != 0;
}

void
wire_survey(struct wire_facts *facts, struct span part)
{
	const char *clean_to = part.data;
	size_t n, lone = 0;

	if (span_find(part, '\0') < part.len)
		facts->has_nul = true;
	if (has_high_bit(part))
		facts->has_8bit = true;
	while (part.len > 0) {
		n = text_length(part, &clean_to);
		facts->size += n + LINE_END_SIZE;
		if (n > facts->longest_line)
			facts->longest_line = n;
		part = span_skip(part, n);
		n = line_end_length(part, &lone);
		if (lone > 0) {
			facts->has_lone_cr = true;
			lone--;
		}
		part = span_skip(part, n);
	}
}

void
wire_facts_add(struct wire_facts *facts, const struct wire_facts *more)
{
	facts->size += more->size;
	if (more->longest_line > facts->longest_line)
		facts->longest_line = more->longest_line;
	facts->has_nul = facts->has_nul || more->has_nul;
	facts->has_8bit = facts->has_8bit || more->has_8bit;
	facts->has_lone_cr = facts->has_lone_cr || more->has_lone_cr;
}

void
wire_survey_message(struct wire_facts *facts, struct span header,
    struct span body)
{
	memset(facts, 0, sizeof(*facts));
	wire_survey(facts, header);
	facts->size += LINE_END_SIZE;
	wire_survey(facts, body);
}

void
wire_begin(struct wire *w, struct span header, struct span body)
{
	memset(w, 0, sizeof(*w));
	w->header = header;
	w->body = body;
	w->rest = header;
	w->part = PART_HEADER;
	w->at_line_start = true;
}

void
wire_quote_body(struct wire *w)
{
	w->is_quoted = true;
}

void
wire_as_chunk(struct wire *w)
{
	w->is_chunk = true;
}

static void
put(struct block *b, const char *data, size_t len)
{
	memcpy(b->next, data, len);
	b->next += len;
}

/*
 * Ends a line. The one before the final dot waits until the dot fits too, so
 * that the last block holds CRLF "." CRLF.
 */
static bool
put_line_end(struct wire *w, struct block *b, bool is_last)
{
	size_t need = LINE_END_SIZE +
	    (is_last && !w->is_chunk ? FINAL_DOT_SIZE : 0);

	if (room(b) < need)
		return false;
	put(b, "\r\n", LINE_END_SIZE);
	w->at_line_start = true;
	w->quoted.column = 0;
	return true;
}

static bool
take_line_end(struct wire *w, struct block *b)
{
	size_t n = line_end_length(w->rest, &w->lone);
	bool is_last = w->part == PART_BODY && n == w->rest.len;

	if (!put_line_end(w, b, is_last))
		return false;
	if (w->lone > 0)
		w->lone--;
	w->rest = span_skip(w->rest, n);
	return true;
}

/* False when the block is full. */
static bool
put_line(struct wire *w, struct block *b)
{
	struct span window = w->rest;
	size_t n;

	if (w->at_line_start && !w->is_chunk && window.len > 0 &&
	    window.data[0] == '.') {
		if (room(b) == 0)
			return false;
		put(b, ".", 1);
		w->at_line_start = false;
	}
	if (window.len > room(b))
		window.len = room(b);
	n = text_length(window, &b->clean_to);
	if (n > 0) {
		put(b, w->rest.data, n);
		w->rest = span_skip(w->rest, n);
		w->at_line_start = false;
	}
	if (w->rest.len > 0 && w->rest.data[0] != '\r' &&
	    w->rest.data[0] != '\n')
		return room(b) > 0;
	return take_line_end(w, b);
}

static bool
put_quoted_line(struct wire *w, struct block *b)
{
	size_t n = quoted_put(&w->quoted, &w->rest, b->next, room(b));

	b->next += n;
	if (n > 0)
		w->at_line_start = false;
	if (w->rest.len > 0 && w->rest.data[0] != '\r' &&
	    w->rest.data[0] != '\n')
		return false;
	return take_line_end(w, b);
}

static bool
put_text(struct wire *w, struct block *b)
{
	bool is_quoted = w->is_quoted && w->part == PART_BODY;

	b->clean_to = w->rest.data;
	while (w->rest.len > 0 || !w->at_line_start)
		if (is_quoted ? !put_quoted_line(w, b) : !put_line(w, b))
			return false;
	return true;
}

/* Sends the part at hand as far as it fits; true when it is through. */
static bool
put_part(struct wire *w, struct block *b)
{
	switch ((enum part)w->part) {
	case PART_HEADER:
	case PART_BODY:
		return put_text(w, b);
	case PART_EMPTY_LINE:
		if (!put_line_end(w, b, w->body.len == 0))
			return false;
		w->rest = w->body;
		return true;
	case PART_DOT:
		if (w->is_chunk)
			return true;
		if (room(b) < FINAL_DOT_SIZE)
			return false;
		put(b, ".\r\n", FINAL_DOT_SIZE);
		return true;
	case PART_END:
		break;
	}
	return false;
}

size_t
wire_pull(struct wire *w, char *out, size_t size, bool *is_last)
{
	struct block b = { out, out + size, NULL };

	assert(size >= WIRE_BLOCK_MIN);
	while (w->part != PART_END && put_part(w, &b))
		w->part++;
	*is_last = w->part == PART_END;
	return (size_t)(b.next - out);
}

void
wire_survey_quoted(struct wire_facts *facts, struct span body)
{
	struct wire w;
	char block[4096];
	bool is_last = false;

	wire_begin(&w, span_make(NULL, 0), body);
	wire_quote_body(&w);
	while (!is_last)
		facts->size += wire_pull(&w, block, sizeof(block), &is_last);
	/* The empty line before it and the dot behind it are no part of it. */
	facts->size -= LINE_END_SIZE + FINAL_DOT_SIZE;
	if (facts->longest_line < QUOTED_LINE_MAX)
		facts->longest_line = QUOTED_LINE_MAX;
}
