#include "net/trust_find.h"

#include <string.h>

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30, DER_VERSION = 0xa0 };

/* The front of a certificate; out of base64 as far as somebody looks. */
struct der {
	const unsigned char *bytes;
	size_t len;
	struct span text;	/* base64 still to be decoded */
	unsigned char *prefix;	/* of FIND_PREFIX_MAX, for that */
};

/* A certificate in a bundle. */
struct block {
	struct span whole;	/* with both label lines */
	struct span text;	/* between them */
};

/* The value of a base64 digit and one more; 0 for what isn't one. */
static const unsigned char digits[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/*
 * Whether there are `n` octets, decoded as far as that takes. Line ends lie
 * between groups of four digits: a line that is broken elsewhere isn't
 * understood. Nor is padding, as a subject never stands at a certificate's end.
 */
static bool
has(struct der *d, size_t n)
{
	const unsigned char *in, *end;
	unsigned char *out, *enough;
	unsigned int i, j, k, l, group;

	if (d->len >= n)
		return true;
	if (d->prefix == NULL || d->text.len == 0 ||
	    n > FIND_PREFIX_MAX - 3)
		return false;
	in = (const unsigned char *)d->text.data;
	end = in + d->text.len;
	out = d->prefix + d->len;
	enough = d->prefix + n;
	while (out < enough && end - in >= 4) {
		i = digits[in[0]];
		if (i == 0 && (in[0] == '\n' || in[0] == '\r')) {
			in++;
			continue;
		}
		j = digits[in[1]];
		k = digits[in[2]];
		l = digits[in[3]];
		if (i == 0 || j == 0 || k == 0 || l == 0)
			break;
		group = (i - 1) << 18 | (j - 1) << 12 | (k - 1) << 6 | (l - 1);
		*out++ = (unsigned char)(group >> 16);
		*out++ = (unsigned char)(group >> 8 & 0xff);
		*out++ = (unsigned char)(group & 0xff);
		in += 4;
	}
	d->len = (size_t)(out - d->prefix);
	d->text = span_make((const char *)in, (size_t)(end - in));
	return d->len >= n;
}

/* Moves `*at` behind the head of an element; `*length` is what follows. */
static bool
enter(struct der *d, size_t *at, unsigned char tag, size_t *length)
{
	size_t count, i;

	if (!has(d, *at + 2) || d->bytes[*at] != tag)
		return false;
	*length = d->bytes[*at + 1];
	*at += 2;
	if (*length < 0x80)
		return true;
	count = *length & 0x7f;
	if (count == 0 || count > 3 || !has(d, *at + count))
		return false;
	for (*length = 0, i = 0; i < count; i++)
		*length = *length << 8 | d->bytes[*at + i];
	*at += count;
	return true;
}

static bool
skip(struct der *d, size_t *at, unsigned char tag)
{
	size_t length;

	if (!enter(d, at, tag, &length))
		return false;
	*at += length;
	return true;
}

static bool
take_name(struct der *d, size_t *at, struct span *name)
{
	size_t begin = *at;

	if (!skip(d, at, DER_SEQUENCE) || !has(d, *at))
		return false;
	*name = span_make((const char *)d->bytes + begin, *at - begin);
	return true;
}

/* version, serialNumber, signature, issuer, validity, subject */
static bool
walk(struct der *d, struct span *issuer, struct span *subject)
{
	size_t at = 0, ignored;

	if (!enter(d, &at, DER_SEQUENCE, &ignored) ||
	    !enter(d, &at, DER_SEQUENCE, &ignored) || !has(d, at + 1) ||
	    (d->bytes[at] == DER_VERSION && !skip(d, &at, DER_VERSION)))
		return false;
	return skip(d, &at, DER_INTEGER) && skip(d, &at, DER_SEQUENCE) &&
	    take_name(d, &at, issuer) && skip(d, &at, DER_SEQUENCE) &&
	    take_name(d, &at, subject);
}

bool
find_names(struct span der, struct span *issuer, struct span *subject)
{
	struct der d = { (const unsigned char *)der.data, der.len,
		{ NULL, 0 }, NULL };

	return walk(&d, issuer, subject);
}

static bool
begins_with(struct span s, const char *words)
{
	size_t len = strlen(words);

	return s.len >= len && memcmp(s.data, words, len) == 0;
}

/*
 * The next certificate, by the labels that GnuTLS takes for one. Base64 has no
 * hyphen, so that a block's end is found at memory's speed. The block is empty
 * where it has no end; false where there is none.
 */
static bool
next_block(struct span *rest, struct block *b)
{
	struct span s = *rest, body;

	for (;; s = span_skip(s, 1)) {
		s = span_skip(s, span_find(s, '-'));
		if (s.len == 0)
			return false;
		if (begins_with(s, "-----BEGIN CERTIFICATE-----") ||
		    begins_with(s, "-----BEGIN X509 CERTIFICATE-----"))
			break;
	}
	body = span_skip(s, span_find(s, '\n'));
	b->text = span_make(body.data, span_find(body, '-'));
	*rest = span_skip(body, b->text.len);
	b->whole = span_make(NULL, 0);
	if (!begins_with(*rest, "-----END "))
		return true;
	*rest = span_skip(*rest, span_find(*rest, '\n'));
	b->whole = span_make(s.data, s.len - rest->len);
	return true;
}

static bool
subject_of(const struct block *b, unsigned char *prefix, struct span *subject)
{
	struct der d = { prefix, 0, b->text, prefix };
	struct span issuer;

	return b->whole.len > 0 && walk(&d, &issuer, subject);
}

static bool
is_one_of(struct span name, const struct span *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (span_equals(name, names[i]))
			return true;
	return false;
}

bool
find_anchors(struct span bundle, const struct span *names, size_t count,
    struct buf *out)
{
	unsigned char prefix[FIND_PREFIX_MAX];
	struct span subject;
	struct block b;

	while (next_block(&bundle, &b)) {
		if (!subject_of(&b, prefix, &subject))
			return false;
		if (is_one_of(subject, names, count) &&
		    !(buf_add_span(out, b.whole) && buf_add_char(out, '\n')))
			return false;
	}
	return true;
}

bool
find_has_certificate(struct span bundle)
{
	unsigned char prefix[FIND_PREFIX_MAX];
	struct span subject;
	struct block b;

	return next_block(&bundle, &b) && subject_of(&b, prefix, &subject);
}
