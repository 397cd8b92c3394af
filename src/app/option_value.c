#include "app/option_value.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/text.h"
#include "smtp/command.h"

#define ENVID_MAX 100	/* RFC 3461 §4.4, before the encoding as xtext */
#define ORCPT_MAX 500	/* RFC 3461 §5, octets */
#define TAG_MAX 32	/* RFC 3164 §4.1.3 */

static const struct {
	const char *word;
	enum dsn_notify bit;
} notify_words[] = {
	{ "never", DSN_NOTIFY_NEVER },
	{ "success", DSN_NOTIFY_SUCCESS },
	{ "failure", DSN_NOTIFY_FAILURE },
	{ "delay", DSN_NOTIFY_DELAY },
};

#define NOTIFY_WORDS (sizeof(notify_words) / sizeof(notify_words[0]))

static unsigned int
notify_bit(struct span word)
{
	size_t i;

	for (i = 0; i < NOTIFY_WORDS; i++)
		if (span_equals_nocase(word, span_of(notify_words[i].word)))
			return notify_words[i].bit;
	return 0;
}

bool
option_value_notify(const char *value, unsigned int *notify)
{
	struct span rest = span_of(value), word;
	unsigned int set = 0, bit;

	while (span_next(&rest, ',', &word)) {
		bit = notify_bit(span_trim(word));
		if (bit == 0)
			return false;
		set |= bit;
	}
	if (set == 0 || ((set & DSN_NOTIFY_NEVER) != 0 &&
	    set != DSN_NOTIFY_NEVER))
		return false;
	*notify = set;
	return true;
}

bool
option_value_return(const char *value, enum dsn_return *return_what)
{
	struct span word = span_of(value);

	if (span_equals_nocase(word, span_of("hdrs")))
		*return_what = DSN_RETURN_HDRS;
	else if (span_equals_nocase(word, span_of("full")))
		*return_what = DSN_RETURN_FULL;
	else
		return false;
	return true;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

/* The characters that an xtext stands for; 0 where it isn't one. */
static size_t
xtext_count(const char *value)
{
	size_t count = 0;
	int high, low;

	for (; *value != '\0'; value++, count++) {
		/* xchar: "!" to "~" but for "+" and "=" */
		if (*value < '!' || *value > '~' || *value == '=')
			return 0;
		if (*value != '+')
			continue;
		/* hexchar; what it stands for is printable too. */
		high = hex_digit(value[1]);
		low = high == -1 ? -1 : hex_digit(value[2]);
		if (low == -1 || high < 2 || high > 7 ||
		    (high == 7 && low == 15))
			return 0;
		value += 2;
	}
	return count;
}

bool
option_value_is_envid(const char *value)
{
	size_t count = xtext_count(value);

	return count > 0 && count <= ENVID_MAX;
}

/* HEXPOINT of RFC 6533 between braces, but no control; takes it off. */
static bool
take_hexpoint(struct span *s, unsigned long *point)
{
	size_t i, n;
	int digit;

	if (!span_starts_with_nocase(*s, span_of("\\x{")))
		return false;
	*s = span_skip(*s, 3);
	n = span_find(*s, '}');
	if (n == s->len || n < 2 || n > 6 || s->data[0] == '0')
		return false;
	*point = 0;
	for (i = 0; i < n; i++) {
		digit = hex_digit(s->data[i]);
		if (digit == -1)
			return false;
		*point = *point << 4 | (unsigned long)digit;
	}
	*s = span_skip(*s, n + 1);
	return (*point < 0x80 && strchr(" +=\\", (int)*point) != NULL) ||
	    (*point >= 0x80 && *point < 0xd800) ||
	    (*point >= 0xe000 && *point <= 0x10ffff);
}

/* An address of the type "utf-8", in the form of which all is ASCII. */
static bool
read_utf8_address(struct span s, struct buf *out)
{
	unsigned long point;

	while (s.len > 0) {
		if (s.data[0] == '\\') {
			if (!take_hexpoint(&s, &point))
				return false;
		} else {
			if (text_char_length(s) == 0 ||
			    text_begins_with_control(s) ||
			    strchr(" +=", s.data[0]) != NULL)
				return false;
			point = text_take_char(&s);
		}
		if (!command_add_code_point(out, point))
			return false;
	}
	return true;
}

bool
option_value_orcpt(struct span value, char **orcpt, bool *is_beyond_ascii)
{
	struct span address = value, type;
	struct buf out;
	size_t i;
	bool ok;

	buf_init(&out, ORCPT_MAX);
	*is_beyond_ascii = !text_is_ascii(value);
	ok = span_next(&address, ';', &type) && type.len > 0 &&
	    address.len > 0 && buf_add(&out, type.data, type.len) &&
	    buf_add_char(&out, ';');
	for (i = 0; ok && i < type.len; i++)
		/* An atom that fits into esmtp-value of RFC 5321. */
		ok = text_is_atext(type.data[i]) && type.data[i] != '=';
	if (ok && span_equals_nocase(type, span_of("utf-8")))
		ok = read_utf8_address(address, &out);
	else
		ok = ok && buf_add(&out, address.data, address.len) &&
		    xtext_count(buf_string(&out) + type.len + 1) > 0;
	*orcpt = ok ? mem_string(buf_string(&out)) : NULL;
	buf_free(&out);
	return ok;
}

bool
option_value_is_tag(const char *value)
{
	size_t len = strlen(value), i;

	for (i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~' ||
		    strchr("[]:", value[i]) != NULL)
			return false;
	return len > 0 && len <= TAG_MAX;
}

bool
option_value_yes_no(const char *value, bool *yes)
{
	*yes = strcmp(value, "yes") == 0;
	return *yes || strcmp(value, "no") == 0;
}
