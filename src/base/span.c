#include "base/span.h"

#include <string.h>

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

