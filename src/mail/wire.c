#include "mail/wire.h"

#include <assert.h>
#include <string.h>

#include "mail/text.h"

enum part { PART_HEADER, PART_EMPTY_LINE, PART_BODY, PART_DOT, PART_END };

#define LINE_END_SIZE 2	/* CRLF */
#define FINAL_DOT_SIZE 3	/* "." CRLF */
#define SURVEYED (64UL << 10)	/* octets looked at at once */

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

/*
 * The line that `s` begins with, where it is an ordinary one: it ends in LF or
 * CRLF within `s` and has no other CR. `*text` gets its octets without, `*all`
 * those with the line end.
 */
static inline bool
ordinary_line(struct span s, const char **clean_to, size_t *text, size_t *all)
{
	const char *lf = s.len == 0 ? NULL : memchr(s.data, '\n', s.len), *hit;

	if (lf == NULL)
		return false;
	*all = (size_t)(lf + 1 - s.data);
	*text = *all - 1;
	if (*clean_to <= s.data) {
		hit = memchr(s.data, '\r', s.len);
		*clean_to = hit == NULL ? s.data + s.len : hit;
	}
	if (*clean_to >= lf)
		return true;
	(*text)--;
	return *clean_to == lf - 1;
}

/* Whole lines, as many as the processor's cache holds; one, if it is longer. */
static struct span
some_lines(struct span part)
{
	const char *lf;

	if (part.len <= SURVEYED)
		return part;
	lf = memrchr(part.data, '\n', SURVEYED);
	if (lf == NULL)
		lf = memchr(part.data + SURVEYED, '\n', part.len - SURVEYED);
	if (lf != NULL)
		part.len = (size_t)(lf + 1 - part.data);
	return part;
}

/* Written so that compilers make vectors of it: bytes count up to 255. */
static size_t
count_lfs(struct span s)
{
	unsigned char counts[16];
	size_t i, k, n, total = 0;

	while (s.len >= sizeof(counts)) {
		memset(counts, 0, sizeof(counts));
		n = s.len / sizeof(counts);
		n = n < UINT8_MAX ? n : UINT8_MAX;
		for (k = 0; k < n; k++, s.data += sizeof(counts))
			for (i = 0; i < sizeof(counts); i++)
				counts[i] = (unsigned char)(counts[i] +
				    (s.data[i] == '\n'));
		s.len -= n * sizeof(counts);
		for (i = 0; i < sizeof(counts); i++)
			total += counts[i];
	}
	for (i = 0; i < s.len; i++)
		total += s.data[i] == '\n';
	return total;
}

/* The longest of lines without a CR, if it is over WIRE_LINE_LONG. */
static size_t
long_line(struct span part)
{
	size_t longest = 0, n;
	const char *lf;

	while (part.len > WIRE_LINE_LONG) {
		/* All that end before it are no longer than the window. */
		lf = memrchr(part.data, '\n', WIRE_LINE_LONG + 1);
		if (lf != NULL) {
			part = span_skip(part, (size_t)(lf + 1 - part.data));
			continue;
		}
		n = span_find(part, '\n');
		longest = n > longest ? n : longest;
		part = span_skip(part, n + 1);
	}
	return longest;
}

/* Lines without a CR, as nearly all are. */
static void
survey_plain(struct wire_facts *facts, struct span part)
{
	size_t longest = long_line(part), ends = count_lfs(part);

	facts->size += part.len - ends;
	if (part.data[part.len - 1] != '\n')
		ends++;
	facts->size += ends * LINE_END_SIZE;
	if (longest > facts->longest_line)
		facts->longest_line = longest;
}

static void
survey_lines(struct wire_facts *facts, struct span part)
{
	const char *clean_to = part.data;
	size_t n, all, lone = 0;

	if (span_find(part, '\0') < part.len)
		facts->has_nul = true;
	if (!text_is_ascii(part))
		facts->has_8bit = true;
	if (span_find(part, '\r') == part.len) {
		survey_plain(facts, part);
		return;
	}
	while (part.len > 0) {
		if (ordinary_line(part, &clean_to, &n, &all)) {
			facts->size += n + LINE_END_SIZE;
			if (n > facts->longest_line)
				facts->longest_line = n;
			part = span_skip(part, all);
			continue;
		}
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

/* It is gone through several times, but fetched from memory once. */
void
wire_survey(struct wire_facts *facts, struct span part)
{
	struct span lines;

	while (part.len > 0) {
		lines = some_lines(part);
		survey_lines(facts, lines);
		part = span_skip(part, lines.len);
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

static inline struct span
first_octets(struct span s, size_t most)
{
	return span_make(s.data, s.len < most ? s.len : most);
}

/*
 * The ordinary lines in front, but for the last one of all, as far as each fits
 * with a dot and its end: nearly all that there are.
 */
static void
put_ordinary_lines(struct wire *w, struct block *b)
{
	size_t text, all;

	while (ordinary_line(first_octets(w->rest, room(b)), &b->clean_to,
	    &text, &all) && all < w->rest.len &&
	    room(b) > text + LINE_END_SIZE) {
		if (w->rest.data[0] == '.' && !w->is_chunk)
			*b->next++ = '.';
		put(b, w->rest.data, text);
		put(b, "\r\n", LINE_END_SIZE);
		w->rest = span_skip(w->rest, all);
	}
}

/* False when the block is full. */
static bool
put_line(struct wire *w, struct block *b)
{
	size_t n;

	if (w->at_line_start)
		put_ordinary_lines(w, b);
	if (w->at_line_start && !w->is_chunk && w->rest.len > 0 &&
	    w->rest.data[0] == '.') {
		if (room(b) == 0)
			return false;
		put(b, ".", 1);
		w->at_line_start = false;
	}
	n = text_length(first_octets(w->rest, room(b)), &b->clean_to);
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
