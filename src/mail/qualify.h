/*
 * Names in the address fields of a header get a domain. Everything else in a
 * field, comments and folding too, stays as it is.
 */
#ifndef POSTHASTE_MAIL_QUALIFY_H
#define POSTHASTE_MAIL_QUALIFY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

struct qualify {
	const char *domain;
	const char *local_domains;	/* as address_is_bare() takes them */
};

/* From, Sender, Reply-To, To, Cc, and their Resent- forms (RFC 5322 sections
 * 3.6.2, 3.6.3 and 3.6.6). */
bool qualify_knows_field(struct span name);

/*
 * Adds the field's `value` to `out`, which has no limit, with "@domain" behind
 * each name that has none, and in place of each domain that is local. What
 * isn't a list of addresses is added unchanged.
 */
void qualify_list(const struct qualify *q, struct span value, struct buf *out);

#endif
