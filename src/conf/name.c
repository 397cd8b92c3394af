#include "conf/name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/crypto.h"

static const char *
label_fault(struct span label, bool allow_underscore)
{
	size_t i;

	if (label.len == 0)
		return "it has an empty label (two dots in a row, or one at "
		    "an end)";
	if (label.len > NAME_LABEL_MAX)
		return "one of its labels is longer than 63 octets";
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return "one of its labels begins or ends with a hyphen";
	for (i = 0; i < label.len; i++) {
		if (ascii_is_alnum(label.data[i]) || label.data[i] == '-')
			continue;
		if (label.data[i] != '_')
			return "it has a character that isn't a letter, a "
			    "digit, a hyphen or a dot";
		if (!allow_underscore)
			return "it has an underscore, which host names may "
			    "not have";
	}
	return NULL;
}

static bool
is_number(struct span label)
{
	size_t i;

	for (i = 0; i < label.len; i++)
		if (!ascii_is_digit(label.data[i]))
			return false;
	return label.len > 0;
}

const char *
name_fault(struct span name, bool allow_underscore)
{
	struct span rest = name, label = span_make(NULL, 0);
	const char *fault;

	if (name.len == 0)
		return "it is empty";
	if (!name_is_ascii(name))
		return "it has characters beyond ASCII";
	if (name.len > NAME_DOMAIN_MAX)
		return "it is longer than 253 octets";
	while (span_next(&rest, '.', &label)) {
		fault = label_fault(label, allow_underscore);
		if (fault != NULL)
			return fault;
	}
	/* No top-level domain is a number (RFC 3696 section 2). */
	if (is_number(label) && label.len < name.len)
		return "it looks like an address";
	return NULL;
}

bool
name_is_ascii(struct span name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] > 0x7e)
			return false;
	return true;
}

bool
name_add_ascii(struct buf *out, struct span name)
{
	size_t before = out->len;

	return crypto_domain_to_ascii(out, name) &&
	    name_fault(span_skip(buf_span(out), before), false) == NULL;
}

static bool
parse_address(int family, struct span text, void *address)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(copy) ||
	    span_find(text, '\0') != text.len)
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return inet_pton(family, copy, address) == 1;
}

bool
name_is_ipv4(struct span text)
{
	struct in_addr address;

	return parse_address(AF_INET, text, &address);
}

bool
name_is_ipv6(struct span text)
{
	struct in6_addr address;

	return parse_address(AF_INET6, text, &address);
}

bool
name_is_loopback(struct span host)
{
	struct in_addr four;
	struct in6_addr six;

	if (span_equals_nocase(host, span_of("localhost")))
		return true;
	if (parse_address(AF_INET, host, &four))
		return ntohl(four.s_addr) >> 24 == 127;
	return parse_address(AF_INET6, host, &six) &&
	    IN6_IS_ADDR_LOOPBACK(&six);
}

bool
name_is_literal(struct span text)
{
	static const char tag[] = "IPv6:";

	if (text.len < 2 || text.data[0] != '[' ||
	    text.data[text.len - 1] != ']')
		return false;
	text = span_make(text.data + 1, text.len - 2);
	if (span_starts_with_nocase(text, span_of(tag)))
		return name_is_ipv6(span_skip(text, sizeof(tag) - 1));
	return name_is_ipv4(text);
}
