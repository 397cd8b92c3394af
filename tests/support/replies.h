/*
 * The replies of an SMTP server, as what a client reads of them.
 */
#ifndef POSTHASTE_TESTS_REPLIES_H
#define POSTHASTE_TESTS_REPLIES_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Adds the codes of the replies that `text` holds, parted by blanks; a reply of
 * several lines counts once. False where `text` is anything but whole replies
 * (RFC 5321 section 4.2): a line that isn't three digits, a blank or hyphen,
 * and a text, that doesn't end in CRLF or is over 512 octets, or a reply that
 * changes its code or has no last line.
 */
bool replies_read(struct buf *codes, struct span text) MUST_CHECK;

#endif
