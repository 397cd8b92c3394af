#include <arpa/inet.h>
#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "mail/address.h"
#include "mail/text.h"

#define LABEL_MAX 63	/* RFC 1035 section 2.3.4 */

/* What is wrong with a label whose characters may stand there, or NULL. */
static const char *
label_fault(struct span label)
{
	if (label.len == 0)
		return "an empty label";
	if (label.len > LABEL_MAX)
		return "a label of more than 63 octets";
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return "a label that begins or ends with a hyphen";
	return NULL;
}

/*
 * No host name has an underscore, but what containers and some networks call
 * their machines: whether it gets mail is for the relay to say.
 */
static bool
is_domain_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static const char *
domain_fault(struct span domain)
{
	const char *fault = NULL;
	size_t begin = 0, i;

	if (domain.len == 0)
		return "nothing in it";
	if (domain.len > ADDRESS_DOMAIN_MAX)
		return "more than 255 octets";
	if (domain.data[domain.len - 1] == '.')
		return "a dot at its end";
	for (i = 0; fault == NULL && i <= domain.len; i++) {
		if (i == domain.len || domain.data[i] == '.') {
			fault = label_fault(span_make(domain.data + begin,
			    i - begin));
			begin = i + 1;
		} else if (!is_domain_char(domain.data[i]))
			fault = "a character that is no letter, digit or "
			    "hyphen";
	}
	return fault;
}

bool
address_is_literal(struct span literal)
{
	static const char tag[] = "IPv6:";
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];
	int family = AF_INET;

	if (literal.len < 2 || literal.data[0] != '[' ||
	    literal.data[literal.len - 1] != ']')
		return false;
	literal = span_make(literal.data + 1, literal.len - 2);
	if (span_starts_with_nocase(literal, span_of(tag))) {
		family = AF_INET6;
		literal = span_skip(literal, sizeof(tag) - 1);
	}
	if (literal.len == 0 || literal.len >= sizeof(text) ||
	    span_find(literal, '\0') < literal.len)
		return false;
	memcpy(text, literal.data, literal.len);
	text[literal.len] = '\0';
	return inet_pton(family, text, address) == 1;
}

static bool
check_local(const struct address *address, const char *origin,
    struct error *err)
{
	struct span local = span_of(address->local);

	if (local.len > ADDRESS_LOCAL_MAX)
		return error_set(err, STAGE_ADDRESS, EX_DATAERR,
		    "%s: the local part '%s' has more than %d octets", origin,
		    address->local, ADDRESS_LOCAL_MAX);
	return true;
}

/* Replaces a domain beyond ASCII by what the DNS calls it. */
static bool
make_ascii(struct address *address, const char *origin, struct error *err)
{
	struct buf ascii;
	bool ok;

	buf_init(&ascii, BUF_UNLIMITED);
	ok = crypto_domain_to_ascii(&ascii, span_of(address->domain));
	if (ok) {
		mem_free(address->domain);
		address->domain = mem_span(buf_span(&ascii));
	} else {
		(void)error_set(err, STAGE_ADDRESS, EX_DATAERR,
		    "%s: the domain '%s' has no ASCII form%s", origin,
		    address->domain, crypto_knows_idna() ? "" :
		    " here: this GnuTLS is built without IDNA");
	}
	buf_free(&ascii);
	return ok;
}

bool
address_check(struct address *address, const char *origin, struct error *err)
{
	const char *fault;

	if (address_is_null(address))
		return true;
	if (!check_local(address, origin, err))
		return false;
	if (address->domain == NULL)
		return true;
	if (address->domain[0] == '[')
		return address_is_literal(span_of(address->domain)) ||
		    error_set(err, STAGE_ADDRESS, EX_DATAERR,
		    "%s: '%s' is no address literal", origin, address->domain);
	if (!text_is_ascii(span_of(address->domain)) &&
	    !make_ascii(address, origin, err))
		return false;
	fault = domain_fault(span_of(address->domain));
	return fault == NULL || error_set(err, STAGE_ADDRESS, EX_DATAERR,
	    "%s: the domain '%s' has %s", origin, address->domain, fault);
}

/* A quoted local part may hold an "@"; no domain does. */
static size_t
local_length(struct span s)
{
	size_t n = s.len;

	while (n > 0 && s.data[n - 1] != '@')
		n--;
	return n == 0 ? s.len : n - 1;
}

bool
address_equals(const char *a, const char *b)
{
	struct span left = span_of(a), right = span_of(b);
	size_t n = local_length(left);

	return n == local_length(right) &&
	    span_equals(span_make(a, n), span_make(b, n)) &&
	    span_equals_nocase(span_skip(left, n), span_skip(right, n));
}
