/*
 * The header as it goes out: what must not leave is removed, what relays ask
 * for is added, everything else stays as it was, in its order.
 */
#ifndef POSTHASTE_MAIL_COMPOSE_H
#define POSTHASTE_MAIL_COMPOSE_H

#include <stdbool.h>
#include <time.h>

#include "base/span.h"

#include "base/error.h"
#include "mail/message.h"
#include "mail/qualify.h"

struct compose {
	const char *from;	/* address for a From field that is missing;
				 * NULL: none is added */
	const char *from_name;	/* its display name in UTF-8, or NULL */
	const char *id_domain;	/* right side of a Message-ID that is missing;
				 * NULL: none is added */
	time_t now;		/* for Date, in local time with its offset */
	const unsigned char *random;	/* COMPOSE_RANDOM unpredictable bytes */
	bool replaces_from;	/* `from` takes the place of those
				 * that are there */
	struct span reply_to;	/* value of a Reply-To added with it, as some
				 * field has it; data NULL: none */
	const struct qualify *qualify;	/* completes names in the header; NULL:
					 * they stay as they are */
	bool adds_undisclosed;	/* "To: undisclosed-recipients:;" where neither
				 * To nor Cc is there (RFC 5322 appendix
				 * A.1.3) */
};

#define COMPOSE_RANDOM 12

/*
 * Adds the final header section to `out`, lines ending in LF, without the
 * empty line. Removed: Bcc, Resent-Bcc, Return-Path. Added at the end where
 * missing: From, Date, Message-ID (RFC 5322 section 3.6); other fields only as
 * `c` says. Line ends are made
 * LF, and a lone CR becomes a space. A display name that isn't ASCII becomes
 * encoded words (RFC 2047), one with specials a quoted string; a control in it
 * is EX_DATAERR, and so is more than the limit of `out`.
 */
bool compose_header(const struct message *m, const struct compose *c,
    struct buf *out, struct error *err) MUST_CHECK;

/*
 * Adds "Name <address>" fit for a From field, folded with LF and a space; the
 * address alone where the name is NULL or "".
 */
bool compose_mailbox(struct buf *out, const char *name, const char *address,
    struct error *err) MUST_CHECK;

#endif
