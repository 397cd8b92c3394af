#include "app/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/secret.h"

/* What to try where BDAT was the last that was said. */
#define HINT_CHUNKING "H80"

/*
 * The words of the reply without what relays put between them: the line marks
 * of reply_quote() and a status code that is repeated on each line.
 */
static bool
flatten(struct buf *out, const char *reply)
{
	struct span rest = span_of(reply);
	size_t n;

	while (rest.len > 0) {
		n = 1;
		if (span_starts_with_nocase(rest, span_of(" / "))) {
			rest = span_skip(rest, 3);
			n = strspn(rest.data, "0123456789.");
			rest = n >= 5 ? span_skip(rest, n) : rest;
			n = 0;
			if (!buf_add_char(out, ' '))
				return false;
			rest = span_trim(rest);
		}
		if (!buf_add(out, rest.data, n))
			return false;
		rest = span_skip(rest, n);
	}
	return true;
}

static bool
codes_agree(const struct hint *h, int code)
{
	size_t i;

	for (i = 0; h->codes[i] != 0; i++)
		if (h->codes[i] == code)
			return true;
	return i == 0;
}

/* "5.7.1" and "4.7.1" agree: the class follows from the code. */
static bool
enhanced_agree(const struct hint *h, const char *enhanced)
{
	if (h->enhanced == NULL || enhanced[0] == '\0')
		return h->texts[0] != NULL || h->enhanced == NULL;
	return strcmp(h->enhanced + 1, enhanced + 1) == 0;
}

/*
 * How well the row fits: by the length of its longest text in `reply`; among
 * equals, that it names a status where the reply does.
 */
static size_t
weigh(const struct hint *h, const struct error *err, struct span reply)
{
	size_t best = 0, i;

	if (h->stages != HINT_ANY && (h->stages & HINT_AT(err->stage)) == 0)
		return 0;
	if (!codes_agree(h, err->reply_code) ||
	    !enhanced_agree(h, err->enhanced))
		return 0;
	if (h->texts[0] == NULL)
		return h->enhanced == NULL ? 0 : 1;
	for (i = 0; i < 4 && h->texts[i] != NULL; i++)
		if (strlen(h->texts[i]) > best &&
		    span_contains_nocase(reply, span_of(h->texts[i])))
			best = strlen(h->texts[i]);
	if (best > 0)
		best = 2 * best + ((h->enhanced != NULL) ==
		    (err->enhanced[0] != '\0'));
	return best;
}

static const struct hint *
find_by_id(const char *id)
{
	size_t i;

	for (i = 0; i < hint_count; i++)
		if (strcmp(hints[i].id, id) == 0)
			return &hints[i];
	return NULL;
}

/* A reply to BDAT that nothing else explains, be it a refusal or nonsense. */
static bool
is_of_chunk(const struct error *err)
{
	return err->reply[0] != '\0' &&
	    span_starts_with_nocase(span_of(err->command), span_of("BDAT "));
}

const struct hint *
hint_find(const struct error *err)
{
	const struct hint *found = NULL;
	size_t best = 0, weight, i;
	struct buf reply;

	if (err->hint != NULL)
		return find_by_id(err->hint);
	if (err->reply_code == 0)
		return is_of_chunk(err) ? find_by_id(HINT_CHUNKING) : NULL;
	buf_init(&reply, BUF_UNLIMITED);
	if (flatten(&reply, err->reply))
		for (i = 0; i < hint_count; i++) {
			weight = weigh(&hints[i], err, buf_span(&reply));
			if (weight > best) {
				best = weight;
				found = &hints[i];
			}
		}
	buf_free(&reply);
	return found == NULL && is_of_chunk(err) ? find_by_id(HINT_CHUNKING) :
	    found;
}

bool
hint_is_lasting(const struct error *err)
{
	const struct hint *h = hint_find(err);

	return h != NULL && h->is_lasting && err->reply_code < 500;
}

static const char *
value_of(struct span name, const struct profile *p)
{
	const char *value = NULL;

	if (p != NULL && span_equals(name, span_of("ehlo")))
		value = p->ehlo;
	else if (p != NULL && span_equals(name, span_of("host")))
		value = p->host;
	else if (p != NULL && span_equals(name, span_of("user")))
		value = p->user;
	return value == NULL ? "(default)" : value;
}

/* Replaces each {name} by the profile's value. */
static bool
expand(struct buf *out, const char *text, const struct profile *p)
{
	struct span rest = span_of(text), part, name;

	while (span_next(&rest, '{', &part)) {
		if (!buf_add_span(out, part))
			return false;
		if (rest.data != NULL && (!span_next(&rest, '}', &name) ||
		    !buf_add_string(out, value_of(name, p))))
			return false;
	}
	return true;
}

/* A password is where the profile has it. */
static const char *
key_of(const struct hint *h, const struct profile *p)
{
	const char *source = secret_source(p);

	return source != NULL && strcmp(h->key, "password") == 0 ? source :
	    h->key;
}

void
hint_apply(struct error *err, const struct profile *profile)
{
	const struct hint *h = hint_find(err);
	struct buf text;

	if (h == NULL || (profile != NULL && !profile->hints)) {
		err->hint = NULL;
		return;
	}
	err->hint = h->id;
	buf_init(&text, BUF_UNLIMITED);
	if (expand(&text, h->cause, profile))
		(void)error_cause(err, "%s (hint %s)", buf_string(&text),
		    h->id);
	buf_clear(&text);
	if (expand(&text, h->fix, profile) && (h->key == NULL ||
	    profile == NULL || buf_printf(&text, " (key `%s` in %s, section "
	    "[%s])", key_of(h, profile), profile->file,
	    profile->name)))
		(void)error_fix(err, "%s", buf_string(&text));
	buf_free(&text);
}
