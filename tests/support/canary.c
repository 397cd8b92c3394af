#include "support/canary.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

#define HALF ((sizeof(CANARY) - 1) / 2)

static void
add_reversed(char *out, struct span half)
{
	size_t i;

	for (i = 0; i < half.len; i++)
		out[i] = half.data[half.len - 1 - i];
}

static void
add_hex(char *out, struct span half, const char *digits)
{
	size_t i;

	for (i = 0; i < half.len; i++) {
		*out++ = digits[half.data[i] >> 4];
		*out++ = digits[half.data[i] & 15];
	}
}

/* Behind `before` octets; without the digits that the neighbours share. */
static void
add_base64(char *out, struct span half, size_t before)
{
	size_t from = (before * 8 + 5) / 6, to = (before + half.len) * 8 / 6;
	struct buf bytes, code;

	buf_init(&bytes, BUF_UNLIMITED);
	buf_init(&code, BUF_UNLIMITED);
	if (buf_add(&bytes, "\0\0", before) && buf_add_span(&bytes, half) &&
	    base64_encode(&code, buf_span(&bytes)))
		memcpy(out, code.data + from, to - from);
	buf_free(&bytes);
	buf_free(&code);
}

void
canary_make(struct canary *canary)
{
	char (*form)[CANARY_FORM_SIZE] = canary->forms;
	struct span half;
	size_t i, k;

	memset(canary, 0, sizeof(*canary));
	for (i = 0; i < 2; i++) {
		half = span_make(CANARY + i * HALF, HALF);
		memcpy(*form++, half.data, half.len);
		add_reversed(*form++, half);
		add_hex(*form++, half, "0123456789abcdef");
		add_hex(*form++, half, "0123456789ABCDEF");
		for (k = 0; k < 3; k++)
			add_base64(*form++, half, k);
	}
}

const char *
canary_find(const struct canary *canary, struct span bytes)
{
	size_t i;

	for (i = 0; bytes.len > 0 && i < CANARY_FORMS; i++)
		if (memmem(bytes.data, bytes.len, canary->forms[i],
		    strlen(canary->forms[i])) != NULL)
			return canary->forms[i];
	return NULL;
}
