#include "base/crypto.h"
#include "mail/address_lex.h"
#include "mail/rewrite.h"
#include "mail/text.h"
#include "mail/word.h"

/*
 * The field on its way. Tokens are looked at one by one; what isn't replaced is
 * copied as it stands.
 */
struct pass {
	const struct rewrite *how;
	struct lexer lexer;
	struct buf *out;
	size_t copied;		/* offset in the text */
	/* Words in a row, which are a display name if "<" or ":" follows, and
	 * a domain if "@" stands before them. */
	struct buf words;
	size_t begin, end;	/* their place in the text */
	bool has_words, is_domain;
	bool is_odd;		/* a comment among them, or a domain in two:
				 * they stay */
};

static struct span
text_at(const struct pass *p, size_t begin, size_t end)
{
	return span_make(p->lexer.text.data + begin, end - begin);
}

/* Octets in the last line of what was written. */
static size_t
column(const struct buf *out)
{
	size_t n = 0;

	while (n < out->len && out->data[out->len - 1 - n] != '\n')
		n++;
	return n;
}

/*
 * Encoded words where the text from `begin` to `end` stands. The blank before
 * them may become a fold; behind them there must be something to part them from
 * what isn't `)`.
 */
static bool
replace_by_words(struct pass *p, size_t begin, size_t end, struct span text)
{
	struct span before = text_at(p, p->copied, begin);
	struct word_line l = { p->out, 0, false };
	char next = end < p->lexer.text.len ? p->lexer.text.data[end] : ' ';
	bool is_parted = ascii_is_blank(next) || next == '\n' || next == ')';

	if (before.len > 0 && ascii_is_blank(before.data[before.len - 1]) &&
	    (before.len == 1 || before.data[before.len - 2] != '\n')) {
		before.len--;
		l.has_piece = true;
	}
	if (!buf_add_span(p->out, before))
		return false;
	l.column = column(p->out);
	p->copied = end;
	return word_add_text(&l, text) &&
	    (is_parted || buf_add_char(p->out, ' '));
}

static bool
replace_domain(struct pass *p)
{
	struct buf ascii;
	bool ok = true;

	buf_init(&ascii, BUF_UNLIMITED);
	if (crypto_domain_to_ascii(&ascii, buf_span(&p->words))) {
		ok = buf_add_span(p->out, text_at(p, p->copied, p->begin)) &&
		    buf_add_span(p->out, buf_span(&ascii));
		p->copied = p->end;
	}
	buf_free(&ascii);
	return ok;
}

/* The words have come to their end, and the token behind them is known. */
static bool
judge_words(struct pass *p)
{
	bool ok = true, is_name = !p->is_domain && (lexer_is(&p->lexer, '<') ||
	    lexer_is(&p->lexer, ':'));

	if (p->has_words && !p->is_odd && !text_is_ascii(buf_span(&p->words))) {
		if (p->is_domain && p->how->domains)
			ok = replace_domain(p);
		else if (is_name && p->how->words)
			ok = replace_by_words(p, p->begin, p->end,
			    buf_span(&p->words));
	}
	p->has_words = false;
	p->is_domain = lexer_is(&p->lexer, '@');
	p->is_odd = false;
	buf_clear(&p->words);
	return ok;
}

/* Whether `s` holds more than blanks and folds. */
static bool
is_comment(struct span s)
{
	return span_trim(s).len > 0;
}

/* Of an empty quoted string nothing is there. */
static bool
ends_in_dot(const struct buf *words)
{
	return words->len > 0 && words->data[words->len - 1] == '.';
}

static void
take_word(struct pass *p, struct span gap)
{
	bool is_dot = lexer_is(&p->lexer, '.');

	if (!p->has_words)
		p->begin = p->lexer.start;
	else if (is_comment(gap) || (p->is_domain && !is_dot &&
	    !ends_in_dot(&p->words)))
		p->is_odd = true;
	/* "J. Doe" has a blank. */
	else if (!p->is_domain && p->lexer.is_spaced)
		text_put_char(&p->words, ' ');
	if (is_dot)
		text_put_char(&p->words, '.');
	else
		text_put(&p->words, buf_span(&p->lexer.value));
	p->has_words = true;
	p->end = p->lexer.next;
}

/* Text of comments between two tokens, run by run. */
static bool
replace_comments(struct pass *p, size_t begin, size_t end)
{
	size_t from, to;
	struct span run;

	for (from = begin; from < end; from = to + 1) {
		for (to = from; to < end; to++)
			if (p->lexer.text.data[to] == '(' ||
			    p->lexer.text.data[to] == ')')
				break;
		run = span_trim(text_at(p, from, to));
		if (text_is_ascii(run) ||
		    span_find(run, '\\') < run.len ||
		    span_find(run, '\n') < run.len)
			continue;
		if (!replace_by_words(p, (size_t)(run.data -
		    p->lexer.text.data), (size_t)(run.data -
		    p->lexer.text.data) + run.len, run))
			return false;
	}
	return true;
}

/* False at the limit of `out`; `*is_clear` tells whether all was understood. */
static bool
go_through(struct pass *p, bool *is_clear)
{
	size_t behind = 0;
	struct span gap;
	bool is_word;

	do {
		*is_clear = lexer_next(&p->lexer);
		if (!*is_clear)
			return true;
		gap = text_at(p, behind, p->lexer.start);
		behind = p->lexer.next;
		is_word = lexer_is_word(&p->lexer) || lexer_is(&p->lexer, '.');
		if (!is_word && !judge_words(p))
			return false;
		if (!p->has_words && !text_is_ascii(gap) && p->how->words &&
		    !replace_comments(p, p->lexer.start - gap.len,
		    p->lexer.start))
			return false;
		if (is_word)
			take_word(p, gap);
	} while (p->lexer.kind != TOKEN_END);
	return true;
}

bool
rewrite_addresses(const struct field *field, const struct rewrite *how,
    struct buf *out)
{
	struct pass p = { .how = how, .out = out };
	size_t before;
	bool ok, is_clear = false;

	ok = buf_add(out, field->whole.data, (size_t)(field->value.data -
	    field->whole.data));
	before = out->len;
	lexer_init(&p.lexer, field->value);
	buf_init(&p.words, BUF_UNLIMITED);
	ok = ok && go_through(&p, &is_clear);
	if (!is_clear) {
		/* Nobody knows what it means: it stays. */
		out->len = before;
		p.copied = 0;
	}
	ok = ok && buf_add_span(out, span_skip(field->value, p.copied)) &&
	    buf_add_char(out, '\n');
	buf_free(&p.words);
	lexer_free(&p.lexer);
	return ok;
}
