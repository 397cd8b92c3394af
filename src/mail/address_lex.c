#include "mail/address_lex.h"

#include <string.h>

#include "mail/text.h"

void
lexer_init(struct lexer *l, struct span text)
{
	memset(l, 0, sizeof(*l));
	l->text = text;
	buf_init(&l->value, BUF_UNLIMITED);
}

void
lexer_free(struct lexer *l)
{
	buf_free(&l->value);
}

bool
lexer_is(const struct lexer *l, char c)
{
	return l->kind == TOKEN_SPECIAL && buf_string(&l->value)[0] == c;
}

bool
lexer_is_word(const struct lexer *l)
{
	return l->kind == TOKEN_ATOM || l->kind == TOKEN_QUOTED;
}

static bool
fail(struct lexer *l, const char *fault)
{
	l->fault = fault;
	return false;
}

static struct span
ahead(const struct lexer *l)
{
	return span_skip(l->text, l->next);
}

static bool
at_end(const struct lexer *l)
{
	return l->next >= l->text.len;
}

/* Octets of the line end that `s` begins with, if a folded line follows. */
static size_t
fold_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] == '\r')
		n++;
	if (n + 1 < s.len && s.data[n] == '\n' && ascii_is_blank(s.data[n + 1]))
		return n + 1;
	return 0;
}

/* Takes one character, which is no control but a tab, into the value. */
static bool
take_char(struct lexer *l)
{
	struct span rest = ahead(l);
	size_t n = text_char_length(rest);

	/* As old programs write names; in an address it's a fault later. */
	if (n == 0)
		n = 1;
	if (text_begins_with_control(rest) && rest.data[0] != '\t')
		return fail(l, "a control character");
	text_put(&l->value, span_make(rest.data, n));
	l->next += n;
	return true;
}

/*
 * Takes a character of a quoted string, a comment or a literal: a pair gives
 * its second half, folding the blank behind it. Not called at the end.
 */
static bool
take_inner(struct lexer *l)
{
	l->next += fold_length(ahead(l));
	if (l->text.data[l->next] == '\\') {
		l->next++;
		if (at_end(l))
			return fail(l, "a backslash at the end");
	}
	return take_char(l);
}

/* Comments may be nested to any depth, which is counted, not recursed into. */
static bool
skip_comment(struct lexer *l)
{
	size_t depth = 0;

	do {
		if (at_end(l))
			return fail(l, "a '(' without its ')'");
		if (l->text.data[l->next] == '(')
			depth++;
		if (l->text.data[l->next] == ')')
			depth--;
		if (!take_inner(l))
			return false;
	} while (depth > 0);
	buf_clear(&l->value);
	return true;
}

static bool
skip_blanks_and_comments(struct lexer *l)
{
	size_t n;

	for (; !at_end(l); l->is_spaced = true) {
		n = fold_length(ahead(l));
		if (n == 0 && ascii_is_blank(l->text.data[l->next]))
			n = 1;
		l->next += n;
		if (n > 0)
			continue;
		if (l->text.data[l->next] != '(')
			return true;
		if (!skip_comment(l))
			return false;
	}
	return true;
}

static bool
take_quoted(struct lexer *l)
{
	l->kind = TOKEN_QUOTED;
	for (l->next++; !at_end(l);) {
		if (l->text.data[l->next] == '"') {
			l->next++;
			return true;
		}
		if (!take_inner(l))
			return false;
	}
	return fail(l, "a quotation mark without its partner");
}

static bool
take_literal(struct lexer *l)
{
	char c;

	l->kind = TOKEN_LITERAL;
	text_put_char(&l->value, '[');
	for (l->next++; !at_end(l);) {
		c = l->text.data[l->next];
		if (c == '[')
			return fail(l, "a '[' within brackets");
		if (!take_inner(l))
			return false;
		if (c == ']')
			return true;
		/* The pair's backslash is gone: it wouldn't come back. */
		if (c == '\\' && strchr("[]\\", l->value.data[
		    l->value.len - 1]) != NULL)
			return fail(l, "an escaped bracket or backslash "
			    "within brackets");
		if (ascii_is_blank(l->value.data[l->value.len - 1]))
			l->value.len--;
	}
	return fail(l, "a '[' without its ']'");
}

static bool
take_atom(struct lexer *l)
{
	struct span rest;
	size_t n;

	l->kind = TOKEN_ATOM;
	while (!at_end(l)) {
		rest = ahead(l);
		for (n = 0; n < rest.len && text_is_atext(rest.data[n]);)
			n++;
		text_put(&l->value, span_make(rest.data, n));
		l->next += n;
		if (at_end(l) || text_is_ascii(span_make(rest.data + n, 1)))
			break;
		if (!take_char(l))
			return false;
	}
	return true;
}

static bool
take_special(struct lexer *l)
{
	l->kind = TOKEN_SPECIAL;
	if (!take_char(l))
		return false;
	if (strchr("<>@,;:.", l->value.data[0]) != NULL)
		return true;
	l->next = l->start;
	if (l->value.data[0] == ')')
		return fail(l, "a ')' without its '('");
	if (l->value.data[0] == ']')
		return fail(l, "a ']' without its '['");
	return fail(l, "a backslash outside quotation marks");
}

bool
lexer_next(struct lexer *l)
{
	char c;

	l->is_spaced = false;
	buf_clear(&l->value);
	if (!skip_blanks_and_comments(l))
		return false;
	l->start = l->next;
	if (at_end(l)) {
		l->kind = TOKEN_END;
		return true;
	}
	c = l->text.data[l->next];
	if (c == '"')
		return take_quoted(l);
	if (c == '[')
		return take_literal(l);
	if (text_is_atext(c) || !text_is_ascii(span_make(&c, 1)))
		return take_atom(l);
	return take_special(l);
}
