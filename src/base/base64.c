#include "base/base64.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool
base64_encode(struct buf *out, struct span bytes)
{
	unsigned int group;
	char four[4];
	size_t i, n;

	for (; bytes.len > 0; bytes = span_skip(bytes, n)) {
		n = bytes.len < 3 ? bytes.len : 3;
		group = 0;
		for (i = 0; i < 3; i++)
			group = group << 8 | (i < n ?
			    (unsigned int)(unsigned char)bytes.data[i] : 0);
		for (i = 0; i < 4; i++)
			four[i] = i <= n ?
			    alphabet[group >> (18 - 6 * i) & 63] : '=';
		if (!buf_add(out, four, 4))
			return false;
	}
	return true;
}

static bool
decode_group(struct buf *out, const char *four, bool is_last)
{
	unsigned int group = 0, digits = 0;
	const char *hit;
	char three[3];
	size_t i;

	for (i = 0; i < 4; i++) {
		hit = four[i] == '\0' ? NULL : strchr(alphabet, four[i]);
		if (hit != NULL && digits == i)
			digits++;
		else if (four[i] != '=')
			return false;
		group = group << 6 |
		    (hit == NULL ? 0 : (unsigned int)(hit - alphabet));
	}
	if (digits < 2 || (digits < 4 && !is_last))
		return false;
	if ((digits == 2 && (group & 0xffff) != 0) ||
	    (digits == 3 && (group & 0xff) != 0))
		return false;
	for (i = 0; i < 3; i++)
		three[i] = (char)(unsigned char)(group >> (16 - 8 * i) & 0xff);
	return buf_add(out, three, digits - 1);
}

bool
base64_decode(struct buf *out, struct span text)
{
	if (text.len % 4 != 0)
		return false;
	for (; text.len > 0; text = span_skip(text, 4))
		if (!decode_group(out, text.data, text.len == 4))
			return false;
	return true;
}
