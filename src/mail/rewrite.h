/*
 * Fields of a header in a form that every relay can carry: raw text beyond
 * ASCII becomes encoded words, a domain its A-label, a line over 998 octets is
 * folded. What can't be changed without changing its meaning stays.
 */
#ifndef POSTHASTE_MAIL_REWRITE_H
#define POSTHASTE_MAIL_REWRITE_H

#include <stdbool.h>

#include "base/buf.h"
#include "mail/message.h"

#define REWRITE_LINE_MAX 998	/* octets of a line without its CRLF */

struct rewrite {
	bool words;	/* raw text: Subject and other fields that hold text,
			 * display names, comments beside addresses */
	bool domains;	/* of addresses: IDNA2008's A-labels */
};

/*
 * Adds the field to `out`, its lines ending in LF; long ones are folded in any
 * case. False only at the limit of `out`.
 */
bool rewrite_field(const struct field *field, const struct rewrite *how,
    struct buf *out) MUST_CHECK;

/* A field of addresses, but for the folding; for rewrite.c. */
bool rewrite_addresses(const struct field *field, const struct rewrite *how,
    struct buf *out) MUST_CHECK;

#endif
