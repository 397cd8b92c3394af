/*
 * A borrowed run of bytes. A span owns nothing and must not outlive the buffer
 * it points into; it may hold NUL and needs no terminator. An empty span may
 * have a NULL pointer.
 */
#ifndef POSTHASTE_BASE_SPAN_H
#define POSTHASTE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *data;
	size_t len;
};

/* `len` bytes at `data`. */
static inline struct span
span_make(const char *data, size_t len)
{
	struct span s = { data, len };

	return s;
}

/* The bytes of a C string without its terminator; NULL gives the empty span. */
static inline struct span
span_of(const char *string)
{
	return span_make(string, string == NULL ? 0 : strlen(string));
}

/* What is left of `s` behind its first `n` bytes; empty where it is shorter. */
static inline struct span
span_skip(struct span s, size_t n)
{
	if (n > s.len)
		n = s.len;
	return n == 0 ? s : span_make(s.data + n, s.len - n);
}

/* `s` without blanks (space, tab, CR, LF) at both ends. */
struct span span_trim(struct span s);

bool span_equals(struct span a, struct span b);

/* Comparison in which ASCII letters have no case, whatever the locale. */
bool span_equals_nocase(struct span a, struct span b);
bool span_starts_with_nocase(struct span s, struct span prefix);

/* Whether `needle` occurs in `s`, ASCII case ignored; an empty one does. */
bool span_contains_nocase(struct span s, struct span needle);

/* Offset of the first `byte` in `s`, or s.len where there is none. */
size_t span_find(struct span s, char byte);

/*
 * Takes the part of `*rest` before the first `separator` off it, and the
 * separator with it. False once `*rest` is exhausted (its data is NULL then);
 * "a,,b" gives "a", "" and "b".
 */
bool span_next(struct span *rest, char separator, struct span *part);

/* ASCII only, independent of the locale. */
static inline bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* Space or tab. */
static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* 0 to 31 and 127. */
static inline bool
ascii_is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return u < 0x20 || u == 0x7f;
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

#endif
