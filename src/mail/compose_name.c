#include <string.h>

#include "base/base64.h"
#include "mail/compose.h"
#include "mail/text.h"

#define LINE_WIDTH 76	/* a line with encoded words, RFC 2047 section 2 */
#define NAME_COLUMN 6	/* behind "From: " */
#define PIECE_MAX (LINE_WIDTH - NAME_COLUMN)	/* fits on the first line */
#define WORD_FRAME 12	/* "=?utf-8?Q?" and "?=" */
#define PAYLOAD_MAX (PIECE_MAX - WORD_FRAME)
#define BASE64_MAX (PAYLOAD_MAX / 4 * 3)	/* octets of so many digits */

/* Pieces with a blank or a fold between them. */
struct line {
	struct buf *out;
	size_t column;
	bool has_piece;
};

static bool
add_piece(struct line *l, struct span piece)
{
	bool fits = l->column + 1 + piece.len <= LINE_WIDTH;

	if (l->has_piece && !buf_add_string(l->out, fits ? " " : "\n "))
		return false;
	if (l->has_piece)
		l->column = fits ? l->column + 1 : 1;
	l->column += piece.len;
	l->has_piece = true;
	return buf_add_span(l->out, piece);
}

static bool
check_name(struct span name, struct error *err)
{
	struct span rest = name;
	const char *fault = NULL;

	for (; fault == NULL && rest.len > 0;
	    rest = span_skip(rest, text_char_length(rest))) {
		if (text_char_length(rest) == 0)
			fault = "isn't UTF-8";
		else if (text_begins_with_control(rest))
			fault = "has a control character in it";
	}
	return fault == NULL || error_set(err, STAGE_ADDRESS, EX_DATAERR,
	    "the display name '%.*s' %s", (int)(name.len > 100 ? 100 :
	    name.len), name.data, fault);
}

/* Whether the name is atoms with one space between them, short enough. */
static bool
is_phrase(struct span name)
{
	struct span word;
	size_t i;

	while (span_next(&name, ' ', &word)) {
		if (word.len == 0 || word.len > PIECE_MAX)
			return false;
		for (i = 0; i < word.len; i++)
			if (!text_is_atext(word.data[i]))
				return false;
	}
	return true;
}

static bool
add_phrase(struct line *l, struct span name)
{
	struct span word;

	while (span_next(&name, ' ', &word))
		if (!add_piece(l, word))
			return false;
	return true;
}

static bool
is_escaped(char c)
{
	return c == '"' || c == '\\';
}

static size_t
quoted_length(struct span name)
{
	size_t i, n = 2;

	for (i = 0; i < name.len; i++)
		n += is_escaped(name.data[i]) ? 2 : 1;
	return n;
}

static bool
add_quoted(struct line *l, struct span name)
{
	char quoted[PIECE_MAX];
	size_t i, n = 0;

	quoted[n++] = '"';
	for (i = 0; i < name.len; i++) {
		if (is_escaped(name.data[i]))
			quoted[n++] = '\\';
		quoted[n++] = name.data[i];
	}
	quoted[n++] = '"';
	return add_piece(l, span_make(quoted, n));
}

/* What the Q encoding leaves alone in a phrase: RFC 2047 section 5 (3). */
static bool
is_q_plain(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t
q_length(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += is_q_plain(s.data[i]) || s.data[i] == ' ' ? 1 : 3;
	return n;
}

static bool
q_encode(struct buf *out, struct span s)
{
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < s.len; i++) {
		if (s.data[i] == ' ')
			ok = buf_add_char(out, '_');
		else if (is_q_plain(s.data[i]))
			ok = buf_add_char(out, s.data[i]);
		else
			ok = buf_printf(out, "=%02X",
			    (unsigned int)(unsigned char)s.data[i]);
	}
	return ok;
}

/* Octets of `name` for one encoded word: whole characters only. */
static size_t
chunk_length(struct span name, bool is_q)
{
	size_t n = 0, next;

	while (n < name.len) {
		next = n + text_char_length(span_skip(name, n));
		if (is_q ? q_length(span_make(name.data, next)) > PAYLOAD_MAX :
		    next > BASE64_MAX)
			break;
		n = next;
	}
	return n;
}

static bool
add_encoded(struct line *l, struct span name)
{
	bool is_q = q_length(name) <= (name.len + 2) / 3 * 4, ok = true;
	struct span chunk;
	struct buf word;

	buf_init(&word, PIECE_MAX);
	for (; ok && name.len > 0; name = span_skip(name, chunk.len)) {
		chunk = span_make(name.data, chunk_length(name, is_q));
		buf_clear(&word);
		ok = buf_printf(&word, "=?utf-8?%c?", is_q ? 'Q' : 'B') &&
		    (is_q ? q_encode(&word, chunk) :
		    base64_encode(&word, chunk)) &&
		    buf_add_string(&word, "?=") &&
		    add_piece(l, buf_span(&word));
	}
	buf_free(&word);
	return ok;
}

static bool
add_name(struct line *l, struct span name)
{
	if (text_is_ascii(name) && is_phrase(name))
		return add_phrase(l, name);
	if (text_is_ascii(name) && quoted_length(name) <= PIECE_MAX)
		return add_quoted(l, name);
	return add_encoded(l, name);
}

static bool
add_address(struct line *l, const char *address)
{
	struct buf piece;
	bool ok;

	buf_init(&piece, BUF_UNLIMITED);
	text_put_char(&piece, '<');
	text_put(&piece, span_of(address));
	text_put_char(&piece, '>');
	ok = add_piece(l, buf_span(&piece));
	buf_free(&piece);
	return ok;
}

bool
compose_mailbox(struct buf *out, const char *name, const char *address,
    struct error *err)
{
	struct line l = { out, NAME_COLUMN, false };
	size_t before = out->len;
	struct span n = span_of(name);

	if (!check_name(n, err))
		return false;
	if (n.len == 0 ? buf_add_string(out, address) :
	    add_name(&l, n) && add_address(&l, address))
		return true;
	out->len = before;
	if (out->data != NULL)
		out->data[before] = '\0';
	return error_set(err, STAGE_INPUT, EX_DATAERR,
	    "the header has more than %zu octets", out->limit);
}
