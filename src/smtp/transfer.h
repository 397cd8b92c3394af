/*
 * One message over an open session: MAIL, each RCPT, DATA, the body, and the
 * reply to its end, which is the delivery.
 */
#ifndef POSTHASTE_SMTP_TRANSFER_H
#define POSTHASTE_SMTP_TRANSFER_H

#include <stdbool.h>

#include "mail/encode.h"
#include "mail/envelope.h"
#include "smtp/command.h"
#include "smtp/session.h"

struct transfer {
	struct envelope *envelope;	/* refusals are noted in it */
	struct encode *encode;		/* gives the form that the relay gets;
					 * where it keeps UTF-8, SMTPUTF8 is
					 * asked for */
	bool wants_8bitmime;		/* -B8BITMIME */
	bool wants_requiretls;		/* or not at all (RFC 8689) */
	bool is_partial;		/* to those who weren't refused */
	bool is_probe;			/* MAIL, each RCPT and RSET: no octet of
					 * a message may leave */
	struct dsn_wish dsn;		/* where the relay offers DSN */
};

/* Whether anything is asked for the message or a recipient that needs DSN. */
bool transfer_wants_dsn(const struct transfer *t);

/*
 * True when the relay answered 250 to the end of the message and every
 * recipient was accepted before. A message over the relay's SIZE, one that has
 * no form the relay takes, and an address that needs SMTPUTF8 where that isn't
 * offered, are EX_DATAERR before MAIL. No octet of the message leaves when a
 * recipient was refused: the first 5yz of them decides, else the first 4yz.
 * With `is_partial` the message goes to the others, but the result is the same;
 * envelope->is_taken tells. More recipients than the relay's RCPTMAX (RFC
 * 9422), or a REQUIRETLS that can't be had, is EX_UNAVAILABLE before MAIL. Of a
 * probe, true says that every recipient was accepted.
 */
bool transfer_message(struct session *s, const struct transfer *t,
    struct error *err) MUST_CHECK;

#endif
