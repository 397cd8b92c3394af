#include "net/pin.h"

#include "base/span.h"
#include "net/tls.h"

static bool
hex_value(char c, unsigned int *value)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		*value = (unsigned int)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*value = (unsigned int)(c - 'a') + 10;
	else
		return false;
	return true;
}

bool
pin_parse(struct pin *p, const char *text)
{
	const struct span mark = span_of("spki:");
	struct span s = span_of(text);
	unsigned int high, low;
	size_t i;

	p->is_of_key = span_starts_with_nocase(s, mark);
	if (p->is_of_key)
		s = span_skip(s, mark.len);
	for (i = 0; i < CRYPTO_SHA256_SIZE; i++) {
		if (i > 0 && s.len > 0 && s.data[0] == ':')
			s = span_skip(s, 1);
		if (s.len < 2 || !hex_value(s.data[0], &high) ||
		    !hex_value(s.data[1], &low))
			return false;
		p->hash[i] = (unsigned char)(high << 4 | low);
		s = span_skip(s, 2);
	}
	return s.len == 0;
}

bool
tls_fingerprint_is_valid(const char *text)
{
	struct pin ignored;

	return pin_parse(&ignored, text);
}

bool
pin_matches(const struct pin *p, const unsigned char hash[CRYPTO_SHA256_SIZE])
{
	unsigned int difference = 0;
	size_t i;

	for (i = 0; i < CRYPTO_SHA256_SIZE; i++)
		difference |= (unsigned int)(hash[i] ^ p->hash[i]);
	return difference == 0;
}
