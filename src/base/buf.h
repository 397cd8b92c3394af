/*
 * A growing byte buffer with a limit given at birth. At the limit an adder
 * fails and leaves the buffer as it was: nothing is ever cut. Memory that
 * can't be had ends the run (mem.h), so `false` means the limit and nothing
 * else. A buffer born with BUF_UNLIMITED can't fail.
 *
 * The contents are always followed by a NUL that isn't counted, so that
 * `data` can serve as a C string; an untouched buffer's `data` is NULL.
 */
#ifndef POSTHASTE_BASE_BUF_H
#define POSTHASTE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define BUF_UNLIMITED (SIZE_MAX / 4)

struct buf {
	char *data;
	size_t len;
	size_t room;
	size_t limit;
};

void buf_init(struct buf *b, size_t limit);

/* Frees the memory; the buffer is empty then and keeps its limit. */
void buf_free(struct buf *b);

/* The same for secrets: overwritten first. Growing never leaves copies. */
void buf_free_secret(struct buf *b);

/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *b);

/* Makes room for `size` bytes in all, so that adding up to there can't
 * allocate any more. Whoever writes there by hand writes the NUL too. */
bool buf_reserve(struct buf *b, size_t size) MUST_CHECK;

/* The contents, borrowed until the next change. */
struct span buf_span(const struct buf *b);

/* The contents as a C string, "" where there are none. */
const char *buf_string(const struct buf *b);

/* Takes the first `n` bytes off the front. */
void buf_consume(struct buf *b, size_t n);

bool buf_add(struct buf *b, const void *data, size_t len) MUST_CHECK;
bool buf_add_span(struct buf *b, struct span s) MUST_CHECK;
bool buf_add_string(struct buf *b, const char *string) MUST_CHECK;
bool buf_add_char(struct buf *b, char c) MUST_CHECK;
bool buf_printf(struct buf *b, const char *format, ...) MUST_CHECK FORMAT(2, 3);

/*
 * Bytes fit for a terminal or a log: printable ASCII as it is, everything else
 * (controls, DEL, bytes over 0x7e, and the backslash) as \xNN.
 */
bool buf_add_escaped(struct buf *b, struct span s) MUST_CHECK;

/* A JSON string with its quotes (RFC 8259 section 7); what isn't ASCII is
 * written as \u00NN, byte by byte, so that any bytes make a valid line. */
bool buf_add_json(struct buf *b, struct span s) MUST_CHECK;

/*
 * A log's " key=value", the value being printable already. One that holds more
 * than letters, digits and the marks of names and addresses stands between
 * single quotes, and what could end it too soon is escaped; NULL or "" adds
 * nothing at all.
 */
bool buf_add_pair(struct buf *b, const char *key, const char *value) MUST_CHECK;

/* The same of any octets: those that aren't printable are escaped. */
bool buf_add_pair_escaped(struct buf *b, const char *key,
    struct span value) MUST_CHECK;

/*
 * Copies the escaped form of `s` into the array `out` of `size` bytes, cut to
 * what fits with "..." at the end; always terminated. For fixed-size fields.
 */
void escape_into(char *out, size_t size, struct span s);

#endif
