#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/ehlo.h"
#include "conf/name.h"
#include "conf/template.h"
#include "conf/value.h"

/* Where a name isn't ASCII, what to write instead. */
static bool
show_ascii(const struct setting *s, struct error *err)
{
	struct buf ascii;

	buf_init(&ascii, BUF_UNLIMITED);
	if (!name_is_ascii(s->value) && name_add_ascii(&ascii, s->value))
		(void)error_fix(err, "write its A-label: %s = %s",
		    s->key->name, buf_string(&ascii));
	buf_free(&ascii);
	return false;
}

/* An address with its zone, "fe80::1%eth0", has no other use than this. */
static bool
is_address(struct span host)
{
	size_t percent = span_find(host, '%');

	if (percent + 1 < host.len)
		return name_is_ipv6(span_make(host.data, percent));
	return name_is_ipv4(host) || name_is_ipv6(host);
}

static bool
refuse_brackets(const struct setting *s, struct error *err)
{
	size_t end = span_find(s->value, ']');
	struct span port = span_skip(s->value, end + 1);

	(void)value_refuse(s, err, "an address stands without brackets here");
	if (port.len > 1 && port.data[0] == ':')
		return error_fix(err, "write two lines, host = %.*s and "
		    "port = %.*s", (int)(end - 1), s->value.data + 1,
		    (int)(port.len - 1), port.data + 1);
	return error_fix(err, "write host = %.*s", (int)(end - 1),
	    s->value.data + 1);
}

static bool
refuse_port(const struct setting *s, struct error *err)
{
	size_t colon = span_find(s->value, ':');
	struct span port = span_skip(s->value, colon + 1);

	(void)value_refuse(s, err, "the port has a key of its own");
	return error_fix(err, "write two lines, host = %.*s and port = %.*s",
	    (int)colon, s->value.data, (int)port.len, port.data);
}

static bool
has_port(struct span host)
{
	struct span port = span_skip(host, span_find(host, ':') + 1);
	size_t i;

	for (i = 0; i < port.len; i++)
		if (!ascii_is_digit(port.data[i]))
			return false;
	return port.len > 0 && port.len < host.len;
}

bool
value_check_host(const struct setting *s, struct error *err)
{
	const char *fault;

	if (s->value.data[0] == '[' && span_find(s->value, ']') < s->value.len)
		return refuse_brackets(s, err);
	if (is_address(s->value))
		return true;
	if (has_port(s->value))
		return refuse_port(s, err);
	/* Relays in containers' networks have names with underscores. */
	fault = name_fault(s->value, true);
	if (fault == NULL)
		return true;
	(void)value_refuse(s, err, "neither a name nor an address: %s", fault);
	return show_ascii(s, err);
}

bool
value_check_address(const struct setting *s, struct error *err)
{
	return is_address(s->value) ||
	    value_refuse(s, err, "not an IPv4 or IPv6 address");
}

bool
value_check_domain(const struct setting *s, struct error *err)
{
	const char *fault = name_fault(s->value, false);

	if (fault == NULL)
		return true;
	(void)value_refuse(s, err, "not a domain: %s", fault);
	return show_ascii(s, err);
}

static bool
check_template(const struct setting *s, struct span text, const char *codes,
    struct error *err)
{
	char code = '\0';

	if (template_check(text, codes, &code))
		return true;
	if (code == 'F' && s->key->type == KEY_SENDER) {
		(void)value_refuse(s, err, "%%F is a whole address and "
		    "stands alone");
		return error_fix(err, "write from = %%F");
	}
	if (code == '\0')
		(void)value_refuse(s, err, "a %% at the end");
	else
		(void)value_refuse(s, err, "no template is called %%%c", code);
	return error_fix(err, s->key->type == KEY_SENDER ?
	    "write %%U for the login, %%H for this machine's name, or %%%% "
	    "for a %%" : "write %%H, this machine's name, or no %%");
}

bool
value_check_domains(const struct setting *s, struct error *err)
{
	struct span rest = s->value, item;
	const char *fault;

	while (span_next(&rest, ',', &item)) {
		item = span_trim(item);
		if (span_find(item, '%') < item.len) {
			if (!check_template(s, item, "H", err))
				return false;
			continue;
		}
		fault = name_fault(item, false);
		if (fault == NULL)
			continue;
		(void)value_refuse(s, err, "`%.*s` isn't a domain: %s",
		    (int)(item.len < 100 ? item.len : 100),
		    item.len == 0 ? "" : item.data, fault);
		return error_fix(err, "write domains with commas in between, "
		    "such as localhost, %%H; international ones as A-labels");
	}
	return true;
}

bool
value_check_ehlo(const struct setting *s, struct error *err)
{
	char name[300];

	if (span_find(s->value, '%') < s->value.len)
		return check_template(s, s->value, "H", err);
	if (span_find(s->value, ' ') < s->value.len)
		return value_refuse(s, err, "it has a blank, as no name has");
	/* A longer name is at fault in any case, and stays so cut. */
	(void)snprintf(name, sizeof(name), "%.*s",
	    (int)(s->value.len < sizeof(name) ? s->value.len : sizeof(name)),
	    s->value.data);
	return ehlo_check(name, name, &s->at, err);
}

const char *
sender_fault(struct span sender)
{
	size_t at = sender.len, i;
	struct span domain;

	if (sender.len == 0)
		return "it is empty";
	for (i = 0; i < sender.len && sender.data[0] != '"'; i++)
		if (memchr("<>,;\" \t", sender.data[i], 7) != NULL)
			return "an address stands alone here, without a name "
			    "or angle brackets";
	for (i = 0; i < sender.len; i++)
		if (sender.data[i] == '@')
			at = i;
	domain = span_skip(sender, at + 1);
	if (at == 0)
		return "it has nothing before the @";
	/* A bare name gets `domain`. What isn't ASCII becomes an A-label. */
	if (at == sender.len || name_is_literal(domain) ||
	    (domain.len > 0 && !name_is_ascii(domain)))
		return NULL;
	return name_fault(domain, false) == NULL ? NULL :
	    "what stands behind the @ isn't a domain";
}

bool
value_check_sender(const struct setting *s, struct error *err)
{
	const char *fault;

	if (span_equals(s->value, span_of(SENDER_OF_HEADER)))
		return true;
	if (span_find(s->value, '%') < s->value.len)
		return check_template(s, s->value, "UH%", err);
	fault = sender_fault(s->value);
	return fault == NULL ||
	    value_refuse(s, err, "not an address: %s", fault);
}

static bool
is_pattern(struct span pattern)
{
	size_t at = pattern.len, stars = 0, i;
	struct span local, domain;

	for (i = 0; i < pattern.len; i++) {
		if (pattern.data[i] == '@')
			at = i;
		if (pattern.data[i] == '*')
			stars++;
		if (ascii_is_blank(pattern.data[i]))
			return false;
	}
	local = span_make(pattern.data, at);
	domain = span_skip(pattern, at + 1);
	if (local.len == 0 || domain.len == 0 || stars > 1)
		return false;
	return stars == 0 || span_equals(local, span_of("*")) ||
	    span_equals(domain, span_of("*"));
}

bool
value_check_patterns(const struct setting *s, struct error *err)
{
	struct span rest = s->value, item;

	while (span_next(&rest, ',', &item)) {
		item = span_trim(item);
		if (is_pattern(item))
			continue;
		(void)value_refuse(s, err, "`%.*s` isn't a pattern",
		    (int)(item.len < 100 ? item.len : 100),
		    item.len == 0 ? "" : item.data);
		return error_fix(err, "patterns are user@example.org, user@* "
		    "and *@example.org, with commas in between");
	}
	return true;
}
