#include "conf/proxy.h"

#include <string.h>

#include "base/mem.h"
#include "conf/name.h"
#include "conf/value.h"

static const char scheme[] = "socks5://";

static int
digit_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX. RFC 1929 has words of 1 to 255 octets; a NUL would end ours. */
static bool
decode(char *out, struct span text)
{
	size_t len = 0, i;
	int high, low;
	char c;

	for (i = 0; i < text.len; i++) {
		c = text.data[i];
		if (c == '%') {
			if (i + 2 >= text.len)
				return false;
			high = digit_value(text.data[i + 1]);
			low = digit_value(text.data[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || len == PROXY_WORD_SIZE - 1)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return len > 0;
}

static const char *
parse_user(struct proxy *p, struct span user)
{
	size_t colon = span_find(user, ':');

	p->has_password = true;
	if (colon == user.len)
		return "what stands before the @ isn't user:password";
	if (!decode(p->user, span_make(user.data, colon)) ||
	    !decode(p->password, span_skip(user, colon + 1)))
		return "user and password have 1 to 255 octets each, % "
		    "followed by two hexadecimal digits";
	return NULL;
}

static const char *
parse_port(struct proxy *p, struct span port)
{
	size_t i;

	for (i = 0; i < port.len; i++) {
		if (!ascii_is_digit(port.data[i]) || p->port > 65535)
			return "its port isn't a number from 1 to 65535";
		p->port = p->port * 10 + (port.data[i] - '0');
	}
	if (p->port < 1 || p->port > 65535)
		return "its port isn't a number from 1 to 65535";
	return NULL;
}

/* "host:port"; an IPv6 address stands in brackets. */
static const char *
parse_place(struct proxy *p, struct span place)
{
	size_t end = span_find(place, place.len > 0 && place.data[0] == '[' ?
	    ']' : ':');
	struct span host = span_make(place.data, end), port;
	bool is_literal = place.len > 0 && place.data[0] == '[';

	if (is_literal) {
		host = span_skip(host, 1);
		end++;
	}
	port = span_skip(place, end);
	if (port.len < 2 || port.data[0] != ':')
		return "it ends in host:port";
	if (host.len >= sizeof(p->host) || (is_literal ?
	    !name_is_ipv6(host) : name_fault(host, true) != NULL &&
	    !name_is_ipv4(host)))
		return "its host is neither a name nor an address";
	memcpy(p->host, host.data, host.len);
	return parse_port(p, span_skip(port, 1));
}

const char *
proxy_parse(struct proxy *p, struct span text)
{
	const char *fault = NULL;
	size_t at;

	memset(p, 0, sizeof(*p));
	if (!span_starts_with_nocase(text, span_of(scheme)))
		return "it begins with socks5://";
	text = span_skip(text, strlen(scheme));
	/* The last one: a password may hold others. */
	for (at = text.len; at > 0 && text.data[at - 1] != '@'; at--)
		;
	if (at > 0)
		fault = parse_user(p, span_make(text.data, at - 1));
	return fault != NULL ? fault : parse_place(p, span_skip(text, at));
}

bool
value_check_proxy(const struct setting *s, struct error *err)
{
	struct proxy p;
	const char *fault = proxy_parse(&p, s->value);

	mem_wipe(&p, sizeof(p));
	return fault == NULL || value_refuse(s, err, "%s", fault);
}
