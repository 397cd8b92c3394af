#include "app/option_value.h"

#include <string.h>

#include "base/span.h"

#define ENVID_MAX 100	/* RFC 3461 §4.4, before the encoding as xtext */
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

bool
option_value_is_envid(const char *value)
{
	size_t count = 0;
	int high, low;

	for (; *value != '\0'; value++, count++) {
		/* xchar: "!" to "~" but for "+" and "=" */
		if (*value < '!' || *value > '~' || *value == '=')
			return false;
		if (*value != '+')
			continue;
		/* hexchar; what it stands for is printable too. */
		high = hex_digit(value[1]);
		low = high == -1 ? -1 : hex_digit(value[2]);
		if (low == -1 || high < 2 || high > 7 ||
		    (high == 7 && low == 15))
			return false;
		value += 2;
	}
	return count > 0 && count <= ENVID_MAX;
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
