#include "smtp/capability.h"

#include <stdio.h>
#include <string.h>

#include "smtp/sasl.h"

typedef void capability_reader(struct capability *c, struct span argument);

/* A number that can't be read, or is larger than any, sets no limit: 0. */
static uint64_t
read_limit(struct span argument)
{
	uint64_t limit = 0, digit;
	size_t i;

	for (i = 0; i < argument.len; i++) {
		if (!ascii_is_digit(argument.data[i]))
			return 0;
		digit = (uint64_t)(argument.data[i] - '0');
		if (limit > (UINT64_MAX - digit) / 10)
			return 0;
		limit = limit * 10 + digit;
	}
	return limit;
}

static void
read_size(struct capability *c, struct span argument)
{
	c->size_max = read_limit(argument);
}

/* RFC 9422 section 4: "RCPTMAX=100 MAILMAX=50"; others may come. */
static void
read_limits(struct capability *c, struct span argument)
{
	struct span word, name;

	while (span_next(&argument, ' ', &word)) {
		if (!span_next(&word, '=', &name))
			continue;
		if (span_equals_nocase(name, span_of("RCPTMAX")))
			c->rcpt_max = read_limit(word);
		else if (span_equals_nocase(name, span_of("MAILMAX")))
			c->mail_max = read_limit(word);
	}
}

/* Some relays say it twice, in the old and the new spelling: a union. */
static void
read_auth(struct capability *c, struct span argument)
{
	struct span word;

	c->has_auth = true;
	escape_into(c->auth_words, sizeof(c->auth_words), argument);
	while (span_next(&argument, ' ', &word))
		c->mechanisms |= sasl_named(word);
}

#define HAS(flag) offsetof(struct capability, has_##flag)

/* Each sets a flag, and some say more. */
static const struct {
	const char *keyword;
	size_t flag;
	capability_reader *read;
} keywords[] = {
	{ "STARTTLS", HAS(starttls), NULL },
	{ "SIZE", HAS(size), read_size },
	{ "8BITMIME", HAS(8bitmime), NULL },
	{ "SMTPUTF8", HAS(smtputf8), NULL },
	{ "PIPELINING", HAS(pipelining), NULL },
	{ "CHUNKING", HAS(chunking), NULL },
	{ "DSN", HAS(dsn), NULL },
	{ "REQUIRETLS", HAS(requiretls), NULL },
	{ "LIMITS", HAS(limits), read_limits },
	{ "PIPECONNECT", HAS(pipeconnect), NULL },
	{ "AUTH", HAS(auth), read_auth },
};

static void
read_keyword(struct capability *c, size_t i, struct span argument)
{
	bool *flag = (bool *)((char *)c + keywords[i].flag);

	*flag = true;
	if (keywords[i].read != NULL)
		keywords[i].read(c, argument);
}

static void
read_line(struct capability *c, struct span line)
{
	/* "AUTH=LOGIN" is how it was spelt before RFC 2554. */
	static const char old_auth[] = "AUTH=";
	struct span rest = line, word;
	size_t i;

	if (span_starts_with_nocase(line, span_of(old_auth))) {
		read_auth(c, span_skip(line, strlen(old_auth)));
		return;
	}
	if (!span_next(&rest, ' ', &word))
		return;
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (span_equals_nocase(word, span_of(keywords[i].keyword)))
			read_keyword(c, i, span_trim(rest));
}

void
capability_parse(struct capability *c, const struct reply *ehlo)
{
	struct span rest = buf_span(&ehlo->text), line;

	memset(c, 0, sizeof(*c));
	/* The first line is the relay's name and greeting. */
	(void)span_next(&rest, '\n', &line);
	while (span_next(&rest, '\n', &line))
		read_line(c, span_trim(line));
}
