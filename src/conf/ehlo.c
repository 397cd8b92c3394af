#include "conf/ehlo.h"

#include <string.h>

#include "conf/name.h"
#include "conf/profile.h"

#define CAUSE "strict relays refuse such names, and often report it only " \
    "later, as \"no valid recipients\""
#define ADVICE "this machine's public name, such as www1.example.org"

/* Names that every machine has, and that tell none from another. */
static bool
is_everyones(struct span name)
{
	static const char domain[] = ".localdomain", host[] = ".localhost";
	struct span first = span_make(name.data, span_find(name, '.'));
	size_t n;

	if (span_equals_nocase(first, span_of("localhost")))
		return true;
	n = sizeof(domain) - 1;
	if (name.len >= n && span_equals_nocase(span_skip(name,
	    name.len - n), span_of(domain)))
		return true;
	n = sizeof(host) - 1;
	return name.len >= n && span_equals_nocase(span_skip(name,
	    name.len - n), span_of(host));
}

static bool
is_container_id(struct span name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!ascii_is_digit(name.data[i]) &&
		    (name.data[i] < 'a' || name.data[i] > 'f'))
			return false;
	return name.len == 12;
}

static const char *
fault_of(struct span name)
{
	const char *fault;

	if (name.len > 0 && name.data[0] == '[')
		return name_is_literal(name) ? NULL :
		    "it isn't an address literal like [192.0.2.1] or "
		    "[IPv6:2001:db8::1]";
	if (name_is_ipv4(name) || name_is_ipv6(name))
		return "an address stands in brackets here";
	if (is_everyones(name))
		return "every machine calls itself that, nobody else knows it "
		    "by that name";
	fault = name_fault(name, false);
	if (fault != NULL || span_find(name, '.') < name.len)
		return fault;
	if (is_container_id(name))
		return "it has no dot; it is a container's id, as containers "
		    "are named so where nobody sets their host name";
	return "it has no dot, so that it means nothing outside this network";
}

/* What the writer probably meant; adds nothing where that isn't clear. */
static bool
suggest(struct buf *out, struct span name)
{
	bool ok = true;

	if (name_is_ipv4(name))
		ok = buf_printf(out, "[%.*s]", (int)name.len, name.data);
	else if (name_is_ipv6(name))
		ok = buf_printf(out, "[IPv6:%.*s]", (int)name.len, name.data);
	else if (!name_is_ascii(name))
		ok = name_add_ascii(out, name);
	if (!ok || fault_of(buf_span(out)) != NULL)
		buf_clear(out);
	return out->len > 0;
}

static bool
advise(const struct place *at, struct span name, struct error *err)
{
	struct buf better;
	const char *value;

	buf_init(&better, BUF_UNLIMITED);
	value = suggest(&better, name) ? buf_string(&better) : ADVICE;
	if (at == NULL)
		(void)error_fix(err, "set `ehlo` to %s", value);
	else
		(void)error_fix(err, "set `ehlo` in section [%s] of %s to %s",
		    at->section, at->file, value);
	buf_free(&better);
	return false;
}

bool
ehlo_check(const char *ehlo, const char *written, const struct place *at,
    struct error *err)
{
	struct span name = span_of(ehlo);
	const char *fault = fault_of(name);
	struct buf text;

	if (fault == NULL)
		return true;
	buf_init(&text, BUF_UNLIMITED);
	if ((at == NULL || buf_printf(&text, "%s:%zu: ", at->file,
	    at->line)) && buf_printf(&text, "ehlo = %.260s", written) &&
	    (strcmp(ehlo, written) == 0 || buf_printf(&text,
	    ", which is `%.260s` here", ehlo)))
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s: %s",
		    buf_string(&text), fault);
	buf_free(&text);
	(void)error_cause(err, CAUSE);
	return advise(at, name, err);
}

bool
ehlo_is_missing(const struct place *at, const char *host, struct error *err)
{
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s:%zu: profile '%s' "
	    "has no `ehlo`, which %s must be told", at->file, at->line,
	    at->section, host);
	(void)error_cause(err, "a relay judges us by the name in EHLO, and no "
	    "name that could be guessed is safe");
	return advise(at, span_make(NULL, 0), err);
}

bool
profile_check_ehlo(const char *ehlo, struct error *err)
{
	return ehlo_check(ehlo, ehlo, NULL, err);
}
