#include "smtp/capability.h"

#include <stdio.h>
#include <string.h>

#include "smtp/sasl.h"

typedef void capability_reader(struct capability *c, struct span argument);

static void
read_starttls(struct capability *c, struct span argument)
{
	(void)argument;
	c->has_starttls = true;
}

static void
read_8bitmime(struct capability *c, struct span argument)
{
	(void)argument;
	c->has_8bitmime = true;
}

static void
read_smtputf8(struct capability *c, struct span argument)
{
	(void)argument;
	c->has_smtputf8 = true;
}

static void
read_pipelining(struct capability *c, struct span argument)
{
	(void)argument;
	c->has_pipelining = true;
}

static void
read_chunking(struct capability *c, struct span argument)
{
	(void)argument;
	c->has_chunking = true;
}

/* A number that can't be read, or is larger than any, sets no limit. */
static void
read_size(struct capability *c, struct span argument)
{
	uint64_t size = 0, digit;
	size_t i;

	c->has_size = true;
	c->size_max = 0;
	for (i = 0; i < argument.len; i++) {
		if (!ascii_is_digit(argument.data[i]))
			return;
		digit = (uint64_t)(argument.data[i] - '0');
		if (size > (UINT64_MAX - digit) / 10)
			return;
		size = size * 10 + digit;
	}
	c->size_max = size;
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

static const struct {
	const char *keyword;
	capability_reader *read;
} keywords[] = {
	{ "STARTTLS", read_starttls },
	{ "SIZE", read_size },
	{ "8BITMIME", read_8bitmime },
	{ "SMTPUTF8", read_smtputf8 },
	{ "PIPELINING", read_pipelining },
	{ "CHUNKING", read_chunking },
	{ "AUTH", read_auth },
};

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
			keywords[i].read(c, span_trim(rest));
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
