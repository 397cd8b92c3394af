/*
 * The form in which a message leaves, so that the relay can carry it: what
 * isn't 7-bit text in lines of at most 998 octets (RFC 5321 section 4.5.3.1.6,
 * RFC 6152) is made so where that changes nothing for the reader and breaks no
 * signature.
 */
#ifndef POSTHASTE_MAIL_ENCODE_H
#define POSTHASTE_MAIL_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "mail/message.h"
#include "mail/mime.h"
#include "mail/wire.h"

enum encode_policy {
	ENCODE_AUTO,
	ENCODE_NEVER,	/* all but a NUL goes out as it is */
	ENCODE_REFUSE	/* what would have to be encoded is EX_DATAERR */
};

/* Lines of the header end in LF; the body is as it came. */
struct form {
	struct span header, body;
	bool is_quoted;		/* see wire_quote_body() */
	struct wire_facts facts;	/* of what leaves */
};

struct encode {
	enum encode_policy policy;
	bool keeps_utf8;	/* for the caller to set: SMTPUTF8 will be
				 * used, and the header stays as it is */
	bool is_signed;
	bool is_headless;	/* the body begins within the header's lines */
	struct mime mime;
	struct span header, body;	/* as composed, borrowed */
	struct wire_facts raw;		/* of the header as it came */
	struct wire_facts header_facts, body_facts, facts;
	struct wire_facts quoted;	/* of the body, once it was asked for */
	struct buf rewritten;		/* a header that had to be changed */

	struct form form;	/* what encode_for() decided */
	char passed[160];	/* "a line of 1200 octets (the message is
				 * signed)": what goes out although the relay
				 * may not carry it; or "" */
};

/*
 * Takes the message in. `header` was composed of it; it and the message stay
 * borrowed until encode_free(). `facts` are those of this form, in which
 * nothing is encoded.
 */
void encode_begin(struct encode *e, enum encode_policy policy,
    const struct message *m, struct span header);

/*
 * Fills `form` for a relay that offers 8BITMIME, or one that doesn't; can be
 * called again for another. EX_DATAERR at STAGE_INPUT where there is no form:
 * a NUL or a lone CR in a signed message, a NUL that can't be encoded, and all
 * that ENCODE_REFUSE refuses.
 */
bool encode_for(struct encode *e, bool has_8bitmime,
    struct error *err) MUST_CHECK;

void encode_free(struct encode *e);

#endif
