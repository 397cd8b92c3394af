#include "mail/address.h"

#include <string.h>

#include "base/mem.h"
#include "mail/address_lex.h"
#include "mail/address_plain.h"
#include "mail/text.h"

/* Words and dots in a row: a display name, or what stands before the "@". */
struct words {
	struct buf name;	/* as a display name */
	struct buf local;	/* as a local part, decoded */
	size_t count;		/* words and dots */
	bool begins_with_dot;
	bool wants_word;	/* a dot stands last */
	bool alternates;	/* word, dot, word … so far */
};

struct parse {
	struct lexer lex;
	const char *origin;
	struct address_list *list;
	size_t max;
	struct words words;	/* of the element */
	struct words inner;	/* between "<" and "@" */
	struct buf domain;
	bool has_address;	/* the element at hand gave one */
	bool in_group;
	bool takes_null;	/* "<>" is allowed */
	struct error *err;
};

/* How much of the text around a fault is shown. */
#define SHOWN_BEFORE 40
#define SHOWN_BEHIND 20

static bool
fail(struct parse *p, const char *what)
{
	struct span text = p->lex.text;
	size_t at = p->lex.next, from, to;

	from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
	to = text.len - at > SHOWN_BEHIND ? at + SHOWN_BEHIND : text.len;
	return error_set(p->err, STAGE_ADDRESS, EX_DATAERR,
	    "%s: %s near '%.*s'", p->origin, what, (int)(to - from),
	    text.len == 0 ? "" : text.data + from);
}

static bool
next(struct parse *p)
{
	return lexer_next(&p->lex) || fail(p, p->lex.fault);
}

static void
words_init(struct words *w)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->name, BUF_UNLIMITED);
	buf_init(&w->local, BUF_UNLIMITED);
}

static void
words_free(struct words *w)
{
	buf_free(&w->name);
	buf_free(&w->local);
}

static void
words_clear(struct words *w)
{
	buf_clear(&w->name);
	buf_clear(&w->local);
	w->count = 0;
	w->begins_with_dot = false;
	w->wants_word = true;
	w->alternates = true;
}

/* A tab in a quoted string is a blank as good as any. */
static void
put_without_tabs(struct buf *b, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		text_put_char(b, s.data[i] == '\t' ? ' ' : s.data[i]);
}

/* "John Q. Public" has blanks where words meet or where they were written. */
static void
words_add(struct words *w, const struct lexer *l)
{
	bool is_word = lexer_is_word(l);
	bool meets_word = is_word && !w->wants_word;

	if (w->count == 0)
		w->begins_with_dot = !is_word;
	else if (l->is_spaced || meets_word)
		text_put_char(&w->name, ' ');
	if (is_word != w->wants_word)
		w->alternates = false;
	put_without_tabs(&w->name, buf_span(&l->value));
	text_put(&w->local, buf_span(&l->value));
	w->wants_word = !is_word;
	w->count++;
}

static bool
collect_words(struct parse *p, struct words *w)
{
	words_clear(w);
	while (lexer_is_word(&p->lex) || lexer_is(&p->lex, '.')) {
		words_add(w, &p->lex);
		if (!next(p))
			return false;
	}
	return true;
}

static bool
check_utf8(struct parse *p, const struct buf *part)
{
	return text_is_utf8(buf_span(part)) ||
	    fail(p, "an octet that isn't UTF-8");
}

/* The words have to be the local part of an address. */
static bool
check_local(struct parse *p, const struct words *w)
{
	size_t i;

	if (w->count == 0)
		return fail(p, "no local part");
	if (w->begins_with_dot)
		return fail(p, "a dot in front of the local part");
	if (!w->alternates && memchr(buf_string(&w->name), ' ',
	    w->name.len) != NULL)
		return fail(p, "two words instead of one address");
	if (!w->alternates || w->wants_word)
		return fail(p, "a dot too many");
	for (i = 0; i < w->local.len; i++)
		if (ascii_is_control(buf_string(&w->local)[i]))
			return fail(p, "a control character");
	return check_utf8(p, &w->local);
}

/* Routes (RFC 5322 section 4.4) are read and forgotten, as RFC 5321 asks. */
static bool parse_domain(struct parse *p);

static bool
skip_route(struct parse *p)
{
	while (lexer_is(&p->lex, '@') || lexer_is(&p->lex, ',')) {
		if (lexer_is(&p->lex, '@')) {
			if (!next(p) || !parse_domain(p))
				return false;
			if (!lexer_is(&p->lex, ',') && !lexer_is(&p->lex, ':'))
				return fail(p, "a route without its ':'");
			continue;
		}
		if (!next(p))
			return false;
	}
	if (!lexer_is(&p->lex, ':'))
		return fail(p, "a route without its ':'");
	return next(p);
}

static bool
parse_dotted_domain(struct parse *p)
{
	bool is_atom, was_atom = false;

	for (;;) {
		is_atom = p->lex.kind == TOKEN_ATOM;
		if (!is_atom && !lexer_is(&p->lex, '.'))
			return p->domain.len > 0 ||
			    fail(p, "no domain behind the '@'");
		if (is_atom && was_atom)
			return fail(p, "two words instead of one address");
		text_put(&p->domain, buf_span(&p->lex.value));
		was_atom = is_atom;
		if (!next(p))
			return false;
	}
}

/* Dots in the wrong place are left to address_check(), which names them. */
static bool
parse_domain(struct parse *p)
{
	buf_clear(&p->domain);
	if (p->lex.kind != TOKEN_LITERAL)
		return parse_dotted_domain(p);
	text_put(&p->domain, buf_span(&p->lex.value));
	return next(p);
}

static bool
is_dot_atom(struct span local)
{
	struct span part;
	size_t i;

	if (local.len == 0)
		return false;
	while (span_next(&local, '.', &part)) {
		if (part.len == 0)
			return false;
		for (i = 0; i < part.len; i++)
			if (!text_is_atext(part.data[i]) &&
			    text_is_ascii(span_make(part.data + i, 1)))
				return false;
	}
	return true;
}

char *
address_quote_local(struct span local)
{
	struct buf b;
	size_t i;

	if (is_dot_atom(local))
		return mem_span(local);
	buf_init(&b, BUF_UNLIMITED);
	text_put_char(&b, '"');
	for (i = 0; i < local.len; i++) {
		if (local.data[i] == '"' || local.data[i] == '\\')
			text_put_char(&b, '\\');
		text_put_char(&b, local.data[i]);
	}
	text_put_char(&b, '"');
	return b.data;
}

/* Makes room for one more address; NULL where the list is full. */
static struct address *
new_address(struct parse *p)
{
	struct address_list *list = p->list;

	if (list->count >= p->max) {
		(void)error_set(p->err, STAGE_ADDRESS, EX_DATAERR,
		    "%s: more than %zu addresses", p->origin, p->max);
		return NULL;
	}
	list->items = mem_grow(list->items, list->count, &list->room,
	    sizeof(*list->items));
	p->has_address = true;
	return &list->items[list->count++];
}

/* The words, "@" and domain, or the words alone as a bare name. */
static bool
parse_mailbox(struct parse *p, const struct words *local,
    const struct words *name)
{
	struct address *address;
	bool is_bare = !lexer_is(&p->lex, '@');

	if (!check_local(p, local))
		return false;
	if (!is_bare && (!next(p) || !parse_domain(p) ||
	    !check_utf8(p, &p->domain)))
		return false;
	address = new_address(p);
	if (address == NULL)
		return false;
	address->local = address_quote_local(buf_span(&local->local));
	if (!is_bare)
		address->domain = mem_span(buf_span(&p->domain));
	if (name != NULL && name->name.len > 0)
		address->name = mem_span(buf_span(&name->name));
	return true;
}

static bool
add_null(struct parse *p)
{
	struct address *address;

	if (!p->takes_null || p->words.count > 0)
		return fail(p, "an empty address");
	address = new_address(p);
	if (address == NULL)
		return false;
	address->local = mem_string("");
	return true;
}

static bool
parse_inside_angles(struct parse *p)
{
	if (lexer_is(&p->lex, '>'))
		return add_null(p);
	if (lexer_is(&p->lex, '@') && !skip_route(p))
		return false;
	return collect_words(p, &p->inner) &&
	    parse_mailbox(p, &p->inner, &p->words);
}

static bool
parse_angles(struct parse *p)
{
	if (p->words.begins_with_dot)
		return fail(p, "a dot in front of a name");
	if (!next(p) || !parse_inside_angles(p))
		return false;
	if (!lexer_is(&p->lex, '>'))
		return fail(p, "a '<' without its '>'");
	return next(p);
}

static bool
is_same(const struct address *a, const struct address *b)
{
	return strcmp(a->local, b->local) == 0 && a->domain != NULL &&
	    b->domain != NULL && span_equals_nocase(span_of(a->domain),
	    span_of(b->domain));
}

/*
 * "a@example.org <a@example.org>": an address as its own display name, without
 * the quotes, as many programs write it. What is meant is clear only where
 * both are the same.
 */
static bool
parse_own_name(struct parse *p)
{
	struct address_list *list = p->list;

	if (!parse_angles(p))
		return false;
	if (!is_same(&list->items[list->count - 2],
	    &list->items[list->count - 1]))
		return fail(p, "two addresses without a comma between them");
	address_free(&list->items[--list->count]);
	return true;
}

/* What stands between two separators: an address, a group's name, nothing. */
static bool
parse_element(struct parse *p)
{
	p->has_address = false;
	if (!collect_words(p, &p->words))
		return false;
	if (lexer_is(&p->lex, '<'))
		return parse_angles(p);
	if (lexer_is(&p->lex, ':'))
		return true;
	if (p->words.count == 0 && !lexer_is(&p->lex, '@'))
		return true;
	return parse_mailbox(p, &p->words, NULL) &&
	    (!lexer_is(&p->lex, '<') || parse_own_name(p));
}

static bool
begin_group(struct parse *p)
{
	if (p->in_group)
		return fail(p, "a group within a group");
	if (p->has_address || p->words.count == 0 || p->words.begins_with_dot)
		return fail(p, "a ':' without a group's name");
	p->in_group = true;
	return next(p);
}

static bool
end_group(struct parse *p)
{
	if (!p->in_group)
		return fail(p, "a ';' outside a group");
	p->in_group = false;
	if (!next(p))
		return false;
	if (p->lex.kind != TOKEN_END && !lexer_is(&p->lex, ','))
		return fail(p, "no comma behind a group");
	return true;
}

static bool
parse_separator(struct parse *p)
{
	if (p->lex.kind == TOKEN_END)
		return !p->in_group || fail(p, "a group without its ';'");
	if (lexer_is(&p->lex, ','))
		return next(p);
	if (lexer_is(&p->lex, ':'))
		return begin_group(p);
	if (lexer_is(&p->lex, ';'))
		return end_group(p);
	if (lexer_is(&p->lex, '>'))
		return fail(p, "a '>' without its '<'");
	return fail(p, "two words instead of one address");
}

static bool
parse_list(struct parse *p)
{
	bool ends;

	if (!next(p))
		return false;
	do {
		if (!parse_element(p))
			return false;
		ends = p->lex.kind == TOKEN_END;
		if (!parse_separator(p))
			return false;
	} while (!ends);
	return true;
}

/* One element and nothing but it. */
static bool
parse_single(struct parse *p)
{
	if (!next(p) || !parse_element(p))
		return false;
	if (p->lex.kind != TOKEN_END)
		return fail(p, "more than one address");
	return p->has_address || fail(p, "no address");
}

static void
forget_from(struct address_list *list, size_t count)
{
	while (list->count > count)
		address_free(&list->items[--list->count]);
}

static bool
parse_with(struct parse *p, bool (*how)(struct parse *), struct span text)
{
	size_t before = p->list->count;
	bool ok;

	lexer_init(&p->lex, text);
	words_init(&p->words);
	words_init(&p->inner);
	buf_init(&p->domain, BUF_UNLIMITED);
	ok = how(p);
	if (!ok)
		forget_from(p->list, before);
	buf_free(&p->domain);
	words_free(&p->inner);
	words_free(&p->words);
	lexer_free(&p->lex);
	return ok;
}

bool
address_parse_list(struct address_list *list, struct span text,
    const char *origin, size_t max, struct error *err)
{
	struct parse p = { .origin = origin, .list = list, .max = max,
	    .err = err };
	struct address plain;

	if (list->count < max && address_parse_plain(&plain, text)) {
		address_list_add(list, &plain);
		return true;
	}
	return parse_with(&p, parse_list, text);
}

bool
address_parse_one(struct address *address, struct span text,
    const char *origin, struct error *err)
{
	struct address_list list = { NULL, 0, 0 };
	struct parse p = { .origin = origin, .list = &list, .max = 2,
	    .takes_null = true, .err = err };
	bool ok;

	memset(address, 0, sizeof(*address));
	if (text.len == 0) {
		address->local = mem_string("");
		return true;
	}
	ok = parse_with(&p, parse_single, text);
	if (ok) {
		*address = list.items[0];
		list.count = 0;
	}
	address_list_free(&list);
	return ok;
}
