/*
 * The lines of MAIL and RCPT with their parameters. A parameter is sent only
 * where its extension is offered.
 */
#ifndef POSTHASTE_SMTP_COMMAND_H
#define POSTHASTE_SMTP_COMMAND_H

#include <stdbool.h>

#include "base/buf.h"
#include "mail/envelope.h"
#include "mail/wire.h"
#include "smtp/capability.h"

/* Wishes for delivery status notifications (RFC 3461), as on the wire. */
struct dsn_wish {
	const char *notify;	/* "NEVER", "FAILURE,DELAY"; NULL: unsaid */
	const char *ret;	/* "FULL", "HDRS"; NULL: unsaid */
	const char *envid;	/* xtext; NULL: unsaid */
};

bool dsn_is_wished(const struct dsn_wish *dsn);

/* What a message's envelope asks of the relay. */
struct mail_wish {
	const struct wire_facts *facts;
	bool wants_8bitmime;
	bool wants_smtputf8;	/* which the relay offers */
	bool wants_requiretls;
	const struct dsn_wish *dsn;
};

/* Both add to `line` and fail only at its limit. */
bool command_add_mail(struct buf *line, const char *reverse_path,
    const struct mail_wish *wish, const struct capability *c) MUST_CHECK;

/*
 * With any wish for a notification comes ORCPT, so that it names the address as
 * it was given here, before aliases: of the type "rfc822", or of RFC 6533's
 * "utf-8" beyond ASCII. A recipient's own ORCPT is sent in any case.
 */
bool command_add_rcpt(struct buf *line, const struct recipient *recipient,
    const struct dsn_wish *dsn, const struct capability *c) MUST_CHECK;

/* A character of utf-8-addr-xtext (RFC 6533 section 3), which any relay can
 * carry; fails at the buffer's limit. */
bool command_add_code_point(struct buf *out, unsigned long point) MUST_CHECK;

#endif
