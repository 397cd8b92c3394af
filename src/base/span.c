#include "base/span.h"

#include <string.h>

struct span
span_of(const char *string)
{
	return span_make(string, string == NULL ? 0 : strlen(string));
}

struct span
span_make(const char *data, size_t len)
{
	struct span s = { data, len };

	return s;
}

struct span
span_skip(struct span s, size_t n)
{
	if (n > s.len)
		n = s.len;
	return n == 0 ? s : span_make(s.data + n, s.len - n);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_space(s.data[0]))
		s = span_skip(s, 1);
	while (s.len > 0 && is_space(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool
span_equals(struct span a, struct span b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
span_starts_with_nocase(struct span s, struct span prefix)
{
	size_t i;

	if (s.len < prefix.len)
		return false;
	for (i = 0; i < prefix.len; i++)
		if (ascii_lower(s.data[i]) != ascii_lower(prefix.data[i]))
			return false;
	return true;
}

bool
span_equals_nocase(struct span a, struct span b)
{
	return a.len == b.len && span_starts_with_nocase(a, b);
}

bool
span_contains_nocase(struct span s, struct span needle)
{
	for (; s.len > 0 && s.len >= needle.len; s = span_skip(s, 1))
		if (span_starts_with_nocase(s, needle))
			return true;
	return needle.len == 0;
}

size_t
span_find(struct span s, char byte)
{
	const char *hit = NULL;

	if (s.len > 0)
		hit = memchr(s.data, byte, s.len);
	return hit == NULL ? s.len : (size_t)(hit - s.data);
}

bool
span_next(struct span *rest, char separator, struct span *part)
{
	size_t n = span_find(*rest, separator);

	if (rest->data == NULL)
		return false;
	*part = span_make(rest->data, n);
	if (n == rest->len)
		*rest = span_make(NULL, 0);
	else
		*rest = span_skip(*rest, n + 1);
	return true;
}

bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
ascii_is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return u < 0x20 || u == 0x7f;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}
