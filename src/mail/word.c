#include "mail/word.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "mail/text.h"

#define FRAME 7		/* "=?", "?Q?" and "?=" */
#define ROOM_MIN 32	/* with less in the line a new one is begun; enough
			 * for a character of four octets */
#define KEPT_MAX 75	/* no encoded word is longer */

/* How one text is encoded. */
struct form {
	const char *charset;
	bool is_q;
};

bool
word_add_piece(struct word_line *l, struct span piece)
{
	bool fits = l->column + 1 + piece.len <= WORD_LINE_MAX;

	if (l->has_piece && !buf_add_string(l->out, fits ? " " : "\n "))
		return false;
	if (l->has_piece)
		l->column = fits ? l->column + 1 : 1;
	l->column += piece.len;
	l->has_piece = true;
	return buf_add_span(l->out, piece);
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

/* Octets of the character that `s` begins with; a wrong octet stands alone. */
static size_t
char_length(struct span s)
{
	size_t n = text_char_length(s);

	return n == 0 ? 1 : n;
}

/* Octets of `text` for one word of `room` octets: whole characters only. */
static size_t
chunk_length(struct span text, bool is_q, size_t room)
{
	size_t n = 0, next, used = 0;

	while (n < text.len) {
		next = n + char_length(span_skip(text, n));
		used = is_q ? used + q_length(span_make(text.data + n,
		    next - n)) : (next + 2) / 3 * 4;
		if (used > room)
			break;
		n = next;
	}
	return n;
}

/* Octets that a word may have: what is left of the line, or a new one. */
static size_t
word_room(const struct word_line *l)
{
	size_t used = l->column + (l->has_piece ? 1 : 0);

	if (used + ROOM_MIN > WORD_LINE_MAX ||
	    WORD_LINE_MAX - used > WORD_PIECE_MAX)
		return WORD_PIECE_MAX;
	return WORD_LINE_MAX - used;
}

static bool
add_word(struct word_line *l, const struct form *form, struct span chunk)
{
	struct buf word;
	bool ok;

	buf_init(&word, KEPT_MAX);
	ok = buf_printf(&word, "=?%s?%c?", form->charset,
	    form->is_q ? 'Q' : 'B') && (form->is_q ? q_encode(&word, chunk) :
	    base64_encode(&word, chunk)) && buf_add_string(&word, "?=") &&
	    word_add_piece(l, buf_span(&word));
	buf_free(&word);
	return ok;
}

bool
word_add_encoded(struct word_line *l, struct span text)
{
	const struct form form = {
		.charset = text_is_utf8(text) ? "utf-8" : "unknown-8bit",
		.is_q = q_length(text) <= (text.len + 2) / 3 * 4,
	};
	size_t frame = FRAME + strlen(form.charset), n;
	bool ok = true;

	for (; ok && text.len > 0; text = span_skip(text, n)) {
		n = chunk_length(text, form.is_q, word_room(l) - frame);
		ok = add_word(l, &form, span_make(text.data, n));
	}
	return ok;
}

/* "=?charset?encoding?text?=" (RFC 2047 section 2). */
static bool
is_encoded_word(struct span word)
{
	size_t marks = 0, i;

	if (word.len > KEPT_MAX || word.len < 8 || !text_is_ascii(word) ||
	    memcmp(word.data, "=?", 2) != 0 ||
	    memcmp(word.data + word.len - 2, "?=", 2) != 0)
		return false;
	for (i = 0; i < word.len; i++)
		if (word.data[i] == '?')
			marks++;
	return marks == 4;
}

/* Octets of the blanks, or of the word, that `s` begins with. */
static size_t
run_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_blank(s.data[n]) ==
	    ascii_is_blank(s.data[0]))
		n++;
	return n;
}

static bool
add_between(struct word_line *l, struct span text)
{
	return span_trim(text).len == 0 || word_add_encoded(l, text);
}

bool
word_add_text(struct word_line *l, struct span text)
{
	struct span rest, run, between;

	text = span_trim(text);
	between = span_make(text.data, 0);
	for (rest = text; rest.len > 0; rest = span_skip(rest, run.len)) {
		run = span_make(rest.data, run_length(rest));
		if (!is_encoded_word(run)) {
			between.len += run.len;
			continue;
		}
		if (!add_between(l, between) || !word_add_piece(l, run))
			return false;
		between = span_make(run.data + run.len, 0);
	}
	return add_between(l, between);
}
