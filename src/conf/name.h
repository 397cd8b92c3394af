/*
 * Domain names and addresses as a profile has them. Nothing here is resolved.
 */
#ifndef POSTHASTE_CONF_NAME_H
#define POSTHASTE_CONF_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/* RFC 1035 section 2.3.4; 255 octets on the wire are 253 in text. */
#define NAME_DOMAIN_MAX 253
#define NAME_LABEL_MAX 63

/*
 * What is wrong with a domain name, in words that go behind it ("it has an
 * empty label"), static; NULL for a good one. One label is enough. Underscores
 * are for local names of relays, as containers have them.
 */
const char *name_fault(struct span name, bool allow_underscore);

bool name_is_ascii(struct span name);

/* Adds the A-labels of a non-ASCII name where these are a good domain name. */
bool name_add_ascii(struct buf *out, struct span name) MUST_CHECK;

bool name_is_ipv4(struct span text);
bool name_is_ipv6(struct span text);

/* `localhost`, or a literal of 127.0.0.0/8 or ::1. */
bool name_is_loopback(struct span host);

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3). */
bool name_is_literal(struct span text);

#endif
