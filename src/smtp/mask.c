#include "smtp/mask.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"

/*
 * Octets by which a quoted base64 is known, the fewest of a secret that is
 * looked for, and how many of a long one are looked for.
 */
#define BASE64_KNOWN 8
#define SECRET_SHORTEST 4
#define SECRET_LONG 40
#define SECRET_KNOWN 16

/* A word of which only the begin is known ends at the next blank. */
enum kind { WHOLE, BEGIN };

struct mask_word {
	enum kind kind;
	size_t len;
	unsigned char hidden[MASK_WORD_MAX];
};

void
mask_init(struct mask *m)
{
	memset(m, 0, sizeof(*m));
}

void
mask_free(struct mask *m)
{
	mem_free(m->words);
	mask_init(m);
}

/* Where there is no pad the words are as good as plain, and still found. */
static void
make_pad(struct mask *m)
{
	struct error ignored = { 0 };

	if (m->count == 0 && !os_random(m->pad, sizeof(m->pad), &ignored))
		memset(m->pad, 0xa5, sizeof(m->pad));
}

static void
add(struct mask *m, enum kind kind, struct span word)
{
	struct mask_word *w;
	size_t i;

	make_pad(m);
	m->words = mem_grow(m->words, m->count, &m->room, sizeof(*w));
	w = &m->words[m->count++];
	w->kind = kind;
	w->len = word.len;
	for (i = 0; i < word.len; i++)
		w->hidden[i] = (unsigned char)word.data[i] ^ m->pad[i];
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

static void
apply(enum kind kind, struct span word, char *text, size_t len)
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
	char word[MASK_WORD_MAX];
	const struct mask_word *w;
	size_t i, k;

	for (i = 0; i < m->count; i++) {
		w = &m->words[i];
		for (k = 0; k < w->len; k++)
			word[k] = (char)(w->hidden[k] ^ m->pad[k]);
		apply(w->kind, span_make(word, w->len), text, len);
	}
	mem_wipe(word, sizeof(word));
}
