#include <string.h>

#include "mail/compose.h"
#include "mail/text.h"
#include "mail/word.h"

#define NAME_COLUMN 6	/* behind "From: " */

static bool
check_name(struct span name, struct error *err)
{
	struct span rest = name;

	while (rest.len > 0 && !text_begins_with_control(rest))
		rest = span_skip(rest, 1);
	return rest.len == 0 || error_set(err, STAGE_ADDRESS, EX_DATAERR,
	    "the display name '%.*s' has a control character in it",
	    (int)(name.len > 100 ? 100 : name.len), name.data);
}

/* Whether the name is atoms with one space between them, short enough. */
static bool
is_phrase(struct span name)
{
	struct span word;
	size_t i;

	while (span_next(&name, ' ', &word)) {
		if (word.len == 0 || word.len > WORD_PIECE_MAX)
			return false;
		for (i = 0; i < word.len; i++)
			if (!text_is_atext(word.data[i]))
				return false;
	}
	return true;
}

static bool
add_phrase(struct word_line *l, struct span name)
{
	struct span word;

	while (span_next(&name, ' ', &word))
		if (!word_add_piece(l, word))
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
add_quoted(struct word_line *l, struct span name)
{
	char quoted[WORD_PIECE_MAX];
	size_t i, n = 0;

	quoted[n++] = '"';
	for (i = 0; i < name.len; i++) {
		if (is_escaped(name.data[i]))
			quoted[n++] = '\\';
		quoted[n++] = name.data[i];
	}
	quoted[n++] = '"';
	return word_add_piece(l, span_make(quoted, n));
}

static bool
add_name(struct word_line *l, struct span name)
{
	if (text_is_ascii(name) && is_phrase(name))
		return add_phrase(l, name);
	if (text_is_ascii(name) && quoted_length(name) <= WORD_PIECE_MAX)
		return add_quoted(l, name);
	return word_add_encoded(l, name);
}

static bool
add_address(struct word_line *l, const char *address)
{
	struct buf piece;
	bool ok;

	buf_init(&piece, BUF_UNLIMITED);
	text_put_char(&piece, '<');
	text_put(&piece, span_of(address));
	text_put_char(&piece, '>');
	ok = word_add_piece(l, buf_span(&piece));
	buf_free(&piece);
	return ok;
}

bool
compose_mailbox(struct buf *out, const char *name, const char *address,
    struct error *err)
{
	struct word_line l = { out, NAME_COLUMN, false };
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
