#include "conf/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/nearest.h"

#define SHOWN_MAX 120	/* octets of a value in a message */

typedef bool value_check(const struct setting *s, struct error *err);
typedef bool value_parse(void *field, const struct setting *s,
    struct error *err);

/* People who come from formats with comments behind values. */
static bool
mention_comments(const struct setting *s, struct error *err)
{
	if (!span_contains_nocase(s->value, span_of(" ;")) &&
	    !span_contains_nocase(s->value, span_of(" #")))
		return false;
	return error_fix(err, "a comment needs a line of its own: behind a "
	    "value it is part of the value");
}

bool
value_refuse(const struct setting *s, struct error *err, const char *format,
    ...)
{
	char why[300], shown[SHOWN_MAX + 1];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	/* A password may stand behind the wrong one of its keys. */
	if (key_is_secret(s->key))
		return error_set(err, STAGE_CONFIG, EX_CONFIG, "%s:%zu: %s: "
		    "%s", s->at.file, s->at.line, s->key->name, why);
	(void)snprintf(shown, sizeof(shown), "%.*s",
	    (int)(s->value.len < SHOWN_MAX ? s->value.len : SHOWN_MAX),
	    s->value.len == 0 ? "" : s->value.data);
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s:%zu: %s =%s%s: %s",
	    s->at.file, s->at.line, s->key->name, s->value.len == 0 ? "" : " ",
	    shown, why);
	return mention_comments(s, err);
}

static bool
refuse_word(const struct setting *s, struct error *err)
{
	char *wish = mem_span(s->value);
	struct nearest n = { wish, NULL, 0 };
	const struct key_word *w;
	struct buf words;

	buf_init(&words, BUF_UNLIMITED);
	for (w = s->key->words; w->word != NULL; w++) {
		nearest_offer(&n, w->word);
		if (!buf_printf(&words, "%s%s", words.len == 0 ? "" : ", ",
		    w->word))
			break;
	}
	(void)value_refuse(s, err, "not one of %s", buf_string(&words));
	if (n.best != NULL)
		(void)error_fix(err, "did you mean `%s`?", n.best);
	else
		(void)error_fix(err, "write one of these words, such as "
		    "%s = %s", s->key->name, s->key->words[0].word);
	buf_free(&words);
	mem_free(wish);
	return false;
}

static bool
find_word(int *value, const struct setting *s, struct error *err)
{
	const struct key_word *w = s->key->words;

	while (w->word != NULL && !span_equals(s->value, span_of(w->word)))
		w++;
	if (w->word == NULL)
		return refuse_word(s, err);
	*value = w->value;
	return true;
}

static bool
check_path(const struct setting *s, struct error *err)
{
	if (s->value.data[0] == '/')
		return true;
	(void)value_refuse(s, err, "not an absolute path");
	return error_fix(err, "write the whole path, from / on");
}

static bool
check_filename(const struct setting *s, struct error *err)
{
	if (span_find(s->value, '/') == s->value.len &&
	    !span_equals(s->value, span_of(".")) &&
	    !span_equals(s->value, span_of("..")))
		return true;
	(void)value_refuse(s, err, "not the name of a credential");
	return error_fix(err, "write the name only, without a directory");
}

static bool
check_word(const struct setting *s, struct error *err)
{
	int ignored;

	return find_word(&ignored, s, err);
}

static value_check *const checks[KEY_TYPES] = {
	[KEY_WORD] = check_word,
	[KEY_PATH] = check_path,
	[KEY_FILENAME] = check_filename,
	[KEY_HOST] = value_check_host,
	[KEY_HOSTS] = value_check_hosts,
	[KEY_PROXY] = value_check_proxy,
	[KEY_EHLO] = value_check_ehlo,
	[KEY_DOMAIN] = value_check_domain,
	[KEY_DOMAINS] = value_check_domains,
	[KEY_SENDER] = value_check_sender,
	[KEY_PATTERNS] = value_check_patterns,
	[KEY_ADDRESS] = value_check_address,
};

/* Digits, up to `max` of them, off the front of `*text`. */
static bool
take_digits(struct span *text, size_t max, int64_t *number, size_t *count)
{
	*number = 0;
	for (*count = 0; text->len > 0 && ascii_is_digit(text->data[0]);
	    (*count)++) {
		if (*count == max)
			return false;
		*number = *number * 10 + (text->data[0] - '0');
		*text = span_skip(*text, 1);
	}
	return *count > 0;
}

static bool
parse_number(void *field, const struct setting *s, struct error *err)
{
	struct span rest = s->value;
	int64_t *number = field;
	size_t count;

	if (take_digits(&rest, 9, number, &count) && rest.len == 0 &&
	    *number >= s->key->min && *number <= s->key->max)
		return true;
	return value_refuse(s, err, "not a number from %" PRId64 " to %"
	    PRId64, s->key->min, s->key->max);
}

static bool
parse_seconds(void *field, const struct setting *s, struct error *err)
{
	struct span rest = s->value;
	int64_t *ms = field, part = 0;
	size_t count = 3;
	bool ok = take_digits(&rest, 9, ms, &count);

	*ms *= 1000;
	if (ok && rest.len > 0 && rest.data[0] == '.') {
		rest = span_skip(rest, 1);
		ok = take_digits(&rest, 3, &part, &count);
		for (; count < 3; count++)
			part *= 10;
	}
	*ms += part;
	if (ok && rest.len == 0 && *ms >= s->key->min && *ms <= s->key->max)
		return true;
	return value_refuse(s, err, "not a number of seconds from %s to %"
	    PRId64, s->key->min == 0 ? "0" : "0.001", s->key->max / 1000);
}

static bool
parse_choice(void *field, const struct setting *s, struct error *err)
{
	return find_word(field, s, err);
}

static bool
parse_boolean(void *field, const struct setting *s, struct error *err)
{
	bool *is_true = field;
	int value = 0;

	if (!find_word(&value, s, err))
		return false;
	*is_true = value != 0;
	return true;
}

static value_parse *const parsers[KEY_TYPES] = {
	[KEY_NUMBER] = parse_number,
	[KEY_SECONDS] = parse_seconds,
	[KEY_CHOICE] = parse_choice,
	[KEY_BOOLEAN] = parse_boolean,
};

/* What a value of each type looks like, where a check says nothing better. */
static const char *const examples[KEY_TYPES] = {
	[KEY_HOST] = "smtp.example.org",
	[KEY_HOSTS] = "smtp.example.org",
	[KEY_PROXY] = "socks5://127.0.0.1:1080",
	[KEY_EHLO] = "www1.example.org",
	[KEY_DOMAIN] = "example.org",
	[KEY_DOMAINS] = "localhost, %H",
	[KEY_SENDER] = "robot@example.org",
	[KEY_ADDRESS] = "192.0.2.7",
	[KEY_SECONDS] = "30",
};

static bool
show_example(const struct setting *s, struct error *err)
{
	const char *example = examples[s->key->type];

	if (example == NULL)
		return error_fix(err, "write the number alone, in digits");
	return error_fix(err, "write it as in %s = %s", s->key->name, example);
}

static void *
field_of(struct profile *p, const struct profile_key *key)
{
	return (char *)p + key->offset;
}

char **
value_field(struct profile *p, const struct profile_key *key)
{
	return field_of(p, key);
}

void
value_clear(struct profile *p, const struct profile_key *key)
{
	char **field = value_field(p, key);

	if (key_is_secret(key))
		mem_free_secret(*field);
	else
		mem_free(*field);
	*field = NULL;
}

bool
value_store(struct profile *p, const struct setting *s, struct error *err)
{
	value_check *check = checks[s->key->type];

	if (s->value.len == 0) {
		(void)value_refuse(s, err, "no value");
		return error_fix(err, "give `%s` a value, or take the line "
		    "out", s->key->name);
	}
	if (!key_is_string(s->key))
		return parsers[s->key->type](field_of(p, s->key), s, err) ||
		    show_example(s, err);
	if (check != NULL && !check(s, err))
		return show_example(s, err);
	value_clear(p, s->key);
	*value_field(p, s->key) = mem_span(s->value);
	return true;
}
