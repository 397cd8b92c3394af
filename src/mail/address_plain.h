/*
 * What nearly every argument is: one address that the whole parser would make
 * nothing else of, in a fraction of its time.
 */
#ifndef POSTHASTE_MAIL_ADDRESS_PLAIN_H
#define POSTHASTE_MAIL_ADDRESS_PLAIN_H

#include <stdbool.h>

#include "base/span.h"
#include "mail/address.h"

/*
 * Whether `text` is, to its last octet, a dot-atom of ASCII, "@" and letters,
 * digits and hyphens with single dots in between. `address` is the caller's
 * then, and else untouched.
 */
bool address_parse_plain(struct address *address, struct span text);

#endif
