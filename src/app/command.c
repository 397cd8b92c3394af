#include "app/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "mail/text.h"

enum argument {
	ARGUMENT_NONE,
	ARGUMENT_ANY,		/* or none */
	ARGUMENT_SOME,
	ARGUMENT_FROM,		/* "FROM:<path>" and parameters */
	ARGUMENT_TO
};

static const struct {
	const char *name;
	enum verb verb;
	enum argument argument;
} verbs[] = {
	{ "HELO", VERB_HELO, ARGUMENT_SOME },
	{ "EHLO", VERB_EHLO, ARGUMENT_SOME },
	{ "MAIL", VERB_MAIL, ARGUMENT_FROM },
	{ "RCPT", VERB_RCPT, ARGUMENT_TO },
	{ "DATA", VERB_DATA, ARGUMENT_NONE },
	{ "RSET", VERB_RSET, ARGUMENT_NONE },
	{ "NOOP", VERB_NOOP, ARGUMENT_ANY },
	{ "VRFY", VERB_VRFY, ARGUMENT_SOME },
	{ "HELP", VERB_HELP, ARGUMENT_ANY },
	{ "QUIT", VERB_QUIT, ARGUMENT_NONE },
	{ "EXPN", VERB_REFUSED, ARGUMENT_ANY },
	{ "STARTTLS", VERB_REFUSED, ARGUMENT_ANY },
	{ "AUTH", VERB_REFUSED, ARGUMENT_ANY },
	{ "BDAT", VERB_REFUSED, ARGUMENT_ANY },
	{ "ETRN", VERB_REFUSED, ARGUMENT_ANY },
	{ "TURN", VERB_REFUSED, ARGUMENT_ANY },
	{ "VERB", VERB_REFUSED, ARGUMENT_ANY },
	{ "SEND", VERB_REFUSED, ARGUMENT_ANY },
	{ "SOML", VERB_REFUSED, ARGUMENT_ANY },
	{ "SAML", VERB_REFUSED, ARGUMENT_ANY },
};

static bool refuse(struct refusal *r, int code, const char *enhanced,
    const char *format, ...) FORMAT(4, 5);

static bool
refuse(struct refusal *r, int code, const char *enhanced, const char *format,
    ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
	r->code = code;
	r->enhanced = enhanced;
	return false;
}

static bool
set_size(struct command *c, struct span value, struct refusal *r)
{
	size_t i;

	(void)c;
	/* The relay's own limit is asked when the message is there. */
	for (i = 0; i < value.len && ascii_is_digit(value.data[i]); i++)
		;
	return (i == value.len && i > 0 && i <= 20) ||
	    refuse(r, 501, "5.5.4", "SIZE takes a number of octets");
}

static bool
set_body(struct command *c, struct span value, struct refusal *r)
{
	if (span_equals_nocase(value, span_of("8BITMIME")))
		c->body = BODY_8BITMIME;
	else if (span_equals_nocase(value, span_of("7BIT")))
		c->body = BODY_7BIT;
	else
		return refuse(r, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	return true;
}

static bool
set_utf8(struct command *c, struct span value, struct refusal *r)
{
	c->wants_utf8 = true;
	return value.data == NULL ||
	    refuse(r, 501, "5.5.4", "SMTPUTF8 takes no value");
}

static bool
set_return(struct command *c, struct span value, struct refusal *r)
{
	char *word = mem_span(value);
	bool ok = option_value_return(word, &c->return_what);

	mem_free(word);
	return ok || refuse(r, 501, "5.5.4", "RET is FULL or HDRS");
}

static bool
set_envid(struct command *c, struct span value, struct refusal *r)
{
	c->envid = mem_span(value);
	return option_value_is_envid(c->envid) || refuse(r, 501, "5.5.4",
	    "ENVID takes up to 100 characters as xtext");
}

static bool
set_notify(struct command *c, struct span value, struct refusal *r)
{
	char *words = mem_span(value);
	bool ok = option_value_notify(words, &c->notify);

	mem_free(words);
	return ok || refuse(r, 501, "5.5.4", "NOTIFY is NEVER, or some of "
	    "SUCCESS,FAILURE,DELAY");
}

static bool
set_orcpt(struct command *c, struct span value, struct refusal *r)
{
	bool is_beyond_ascii;

	if (!option_value_orcpt(value, &c->orcpt, &is_beyond_ascii))
		return refuse(r, 501, "5.5.4", "ORCPT takes a type, `;` and "
		    "an address as xtext");
	c->needs_utf8 = c->needs_utf8 || is_beyond_ascii;
	return true;
}

static const struct {
	const char *name;
	enum verb verb;
	bool (*set)(struct command *, struct span, struct refusal *);
} parameters[] = {
	{ "SIZE", VERB_MAIL, set_size },
	{ "BODY", VERB_MAIL, set_body },
	{ "SMTPUTF8", VERB_MAIL, set_utf8 },
	{ "RET", VERB_MAIL, set_return },
	{ "ENVID", VERB_MAIL, set_envid },
	{ "NOTIFY", VERB_RCPT, set_notify },
	{ "ORCPT", VERB_RCPT, set_orcpt },
};

#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

static bool
read_parameter(struct command *c, struct span word, unsigned int *seen,
    struct refusal *r)
{
	struct span value = word, name;
	char shown[100];
	size_t i;

	(void)span_next(&value, '=', &name);
	escape_into(shown, sizeof(shown), name);
	for (i = 0; i < PARAMETERS; i++)
		if (parameters[i].verb == c->verb && span_equals_nocase(name,
		    span_of(parameters[i].name)))
			break;
	if (i == PARAMETERS)
		return refuse(r, 555, "5.5.4", "the parameter %s isn't known",
		    shown);
	if ((*seen & 1U << i) != 0)
		return refuse(r, 501, "5.5.4", "%s is given twice", shown);
	*seen |= 1U << i;
	return parameters[i].set(c, value, r);
}

static bool
read_parameters(struct command *c, struct span rest, struct refusal *r)
{
	unsigned int seen = 0;
	struct span word;

	while (span_next(&rest, ' ', &word))
		if (word.len > 0 && !read_parameter(c, word, &seen, r))
			return false;
	return true;
}

/*
 * Octets up to the ">" that ends a path; s.len where there is none, or where
 * something stands in it that only a header may have.
 */
static size_t
path_length(struct span s)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (is_quoted && s.data[i] == '\\')
			i++;
		else if (s.data[i] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && s.data[i] == '>')
			return i;
		else if (!is_quoted && strchr(" (),;<", s.data[i]) != NULL)
			return s.len;
	}
	return s.len;
}

/* RFC 5321 section 4.1.2, Path: the route is read over, as appendix C wants. */
static bool
read_address(struct command *c, struct span path, struct refusal *r)
{
	const char *what = c->verb == VERB_MAIL ? "the sender" :
	    "the recipient";
	struct error err = { 0 };
	bool ok;

	if (path.len == 0 && c->verb == VERB_RCPT)
		return refuse(r, 501, "5.1.3", "a recipient needs an address");
	ok = address_parse_one(&c->address, path, what, &err) &&
	    (address_is_null(&c->address) ||
	    address_check(&c->address, what, &err));
	c->needs_utf8 = ok && !text_is_ascii(span_of(c->address.local));
	return ok || refuse(r, 501, c->verb == VERB_MAIL ? "5.1.7" : "5.1.3",
	    "%s", err.text);
}

static bool
read_path(struct command *c, struct span rest, const char *prefix,
    struct refusal *r)
{
	struct span path, route;
	size_t n;

	if (!span_starts_with_nocase(rest, span_of(prefix)))
		return refuse(r, 501, "5.5.4", "the syntax is %s<address>",
		    prefix);
	rest = span_skip(rest, strlen(prefix));
	while (rest.len > 0 && rest.data[0] == ' ')
		rest = span_skip(rest, 1);
	path = span_skip(rest, 1);
	if (rest.len > 0 && path.len > 0 && path.data[0] == '@')
		(void)span_next(&path, ':', &route);
	n = path_length(path);
	if (rest.len == 0 || rest.data[0] != '<' || n == path.len)
		return refuse(r, 501, "5.5.4", "the syntax is %s<address>",
		    prefix);
	rest = span_skip(path, n + 1);
	if (rest.len > 0 && rest.data[0] != ' ')
		return refuse(r, 501, "5.5.4", "something stands behind the "
		    "address");
	return read_address(c, span_make(path.data, n), r) &&
	    read_parameters(c, rest, r);
}

static bool
has_control(struct span line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (ascii_is_control(line.data[i]))
			return true;
	return false;
}

static bool
read_argument(struct command *c, enum argument argument, struct span rest,
    struct refusal *r)
{
	switch (argument) {
	case ARGUMENT_NONE:
		return rest.len == 0 || refuse(r, 501, "5.5.4",
		    "no argument is allowed here");
	case ARGUMENT_SOME:
		return rest.len > 0 || refuse(r, 501, "5.5.4",
		    "an argument is missing");
	case ARGUMENT_FROM:
		return read_path(c, rest, "FROM:", r);
	case ARGUMENT_TO:
		return read_path(c, rest, "TO:", r);
	case ARGUMENT_ANY:
		break;
	}
	return true;
}

bool
command_parse(struct command *c, struct span line, struct refusal *refusal)
{
	struct span rest = line, name;
	size_t i;

	memset(c, 0, sizeof(*c));
	c->verb = VERB_UNKNOWN;
	c->body = BODY_UNSAID;
	if (has_control(line))
		return refuse(refusal, 500, "5.5.2",
		    "a control character in the line");
	(void)span_next(&rest, ' ', &name);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_equals_nocase(name, span_of(verbs[i].name)))
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return refuse(refusal, 500, "5.5.1", "unknown command");
	c->verb = verbs[i].verb;
	if (c->verb == VERB_REFUSED)
		return refuse(refusal, 502, "5.5.1", "%s isn't served here",
		    verbs[i].name);
	return read_argument(c, verbs[i].argument, span_trim(rest), refusal);
}

void
command_free(struct command *c)
{
	address_free(&c->address);
	mem_free(c->envid);
	mem_free(c->orcpt);
	c->envid = c->orcpt = NULL;
}
