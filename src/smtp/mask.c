#include "smtp/mask.h"

#include <string.h>

#include "base/base64.h"

/*
 * Octets by which a quoted base64 is known, the fewest of a secret that is
 * looked for, and how many of a long one are looked for.
 */
#define BASE64_KNOWN 8
#define SECRET_SHORTEST 4
#define SECRET_LONG 40
#define SECRET_KNOWN 16

/* In front of each word. */
#define WHOLE '='
#define BEGIN '^'

void
mask_init(struct mask *m)
{
	buf_init(&m->words, BUF_UNLIMITED);
}

void
mask_free(struct mask *m)
{
	buf_free_secret(&m->words);
}

static void
add(struct mask *m, char kind, struct span word)
{
	size_t before = m->words.len;

	if (!buf_add_char(&m->words, kind) ||
	    !buf_add_span(&m->words, word) || !buf_add_char(&m->words, '\n'))
		m->words.len = before;
}

/*
 * The base64 of a text in which the secret stands behind `before` octets, or
 * three or six more: the digits that tell of nothing else.
 */
static void
add_within_base64(struct mask *m, struct span secret, size_t before)
{
	size_t from = (before * 8 + 5) / 6, to = (before + secret.len) * 8 / 6;
	struct buf bytes, code;

	buf_init(&bytes, BUF_UNLIMITED);
	buf_init(&code, BUF_UNLIMITED);
	if (buf_add(&bytes, "\0\0", before) && buf_add_span(&bytes, secret) &&
	    base64_encode(&code, buf_span(&bytes)))
		add(m, BEGIN, span_make(code.data + from, to - from));
	buf_free_secret(&code);
	buf_free_secret(&bytes);
}

void
mask_add(struct mask *m, struct span secret)
{
	size_t before;

	if (secret.len < SECRET_SHORTEST)
		return;
	if (secret.len >= SECRET_LONG)
		add(m, BEGIN, span_make(secret.data, SECRET_KNOWN));
	else
		add(m, WHOLE, secret);
	if (secret.len > SECRET_KNOWN)
		secret.len = SECRET_KNOWN;
	for (before = 0; before < 3; before++)
		add_within_base64(m, secret, before);
}

void
mask_add_base64(struct mask *m, struct span line)
{
	if (line.len >= SECRET_SHORTEST)
		add(m, BEGIN, span_make(line.data, line.len < BASE64_KNOWN ?
		    line.len : BASE64_KNOWN));
}

/* A word of which only the begin is known ends at the next blank. */
static void
apply(char kind, struct span word, char *text, size_t len)
{
	size_t at;

	for (at = 0; at + word.len <= len; at++) {
		if (memcmp(text + at, word.data, word.len) != 0)
			continue;
		memset(text + at, '*', word.len);
		for (at += word.len; kind == BEGIN && at < len &&
		    text[at] > ' '; at++)
			text[at] = '*';
		at--;
	}
}

void
mask_apply(const struct mask *m, char *text, size_t len)
{
	struct span rest = buf_span(&m->words), line;

	while (span_next(&rest, '\n', &line))
		if (line.len > 1)
			apply(line.data[0], span_skip(line, 1), text, len);
}
