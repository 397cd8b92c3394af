#include "mail/text.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

/* RFC 3629 section 4, row by row. */
static const struct {
	unsigned char lead_first, lead_last;
	unsigned char second_first, second_last;
	size_t len;
} forms[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static unsigned char
octet(struct span s, size_t i)
{
	return (unsigned char)s.data[i];
}

/* Whether the octets behind the first one are those of row `form`. */
static bool
tail_fits(struct span s, size_t form)
{
	size_t i;

	if (s.len < forms[form].len)
		return false;
	if (forms[form].len > 1 && (octet(s, 1) < forms[form].second_first ||
	    octet(s, 1) > forms[form].second_last))
		return false;
	for (i = 2; i < forms[form].len; i++)
		if (octet(s, i) < 0x80 || octet(s, i) > 0xbf)
			return false;
	return true;
}

size_t
text_char_length(struct span s)
{
	size_t i;

	if (s.len == 0)
		return 0;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (octet(s, 0) >= forms[i].lead_first &&
		    octet(s, 0) <= forms[i].lead_last)
			return tail_fits(s, i) ? forms[i].len : 0;
	return 0;
}

bool
text_is_utf8(struct span s)
{
	size_t n;

	for (; s.len > 0; s = span_skip(s, n)) {
		n = octet(s, 0) < 0x80 ? 1 : text_char_length(s);
		if (n == 0)
			return false;
	}
	return true;
}

unsigned long
text_take_char(struct span *s)
{
	unsigned char first = (unsigned char)s->data[0];
	size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 :
	    3, i;
	unsigned long point = more == 0 ? first :
	    first & (0x3fUL >> more);

	for (i = 1; i <= more && i < s->len; i++)
		point = point << 6 | ((unsigned char)s->data[i] & 0x3f);
	*s = span_skip(*s, i);
	return point;
}

bool
text_begins_with_control(struct span s)
{
	if (s.len == 0)
		return false;
	return ascii_is_control(s.data[0]) || (s.len > 1 &&
	    octet(s, 0) == 0xc2 && octet(s, 1) >= 0x80 && octet(s, 1) <= 0x9f);
}

/* Eight at a time. */
bool
text_is_ascii(struct span s)
{
	uint64_t word, all = 0;
	size_t i;

	for (i = 0; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.data + i, sizeof(word));
		all |= word;
	}
	for (; i < s.len; i++)
		all |= octet(s, i);
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

bool
text_is_atext(char c)
{
	static const char marks[] = "!#$%&'*+-/=?^_`{|}~";

	return ascii_is_alnum(c) || (c != '\0' && strchr(marks, c) != NULL);
}

void
text_put(struct buf *b, struct span s)
{
	if (!buf_add_span(b, s))
		mem_exhausted();
}

void
text_put_char(struct buf *b, char c)
{
	text_put(b, span_make(&c, 1));
}
