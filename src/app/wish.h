/*
 * What the command line or a client of -bs, and behind them the profile, ask of
 * the relay beside taking the message: notifications, REQUIRETLS, a part of the
 * recipients.
 */
#ifndef POSTHASTE_APP_WISH_H
#define POSTHASTE_APP_WISH_H

#include <stdbool.h>

#include "app/options.h"
#include "base/error.h"
#include "conf/profile.h"
#include "smtp/transfer.h"

#define WISH_NOTIFY_SIZE 32	/* octets of "SUCCESS,FAILURE,DELAY" */

/* The form of `dsn_notify`. */
bool wish_check(const struct profile *p, struct error *err) MUST_CHECK;

/* What is asked for one recipient, before the message's wishes. */
struct recipient_wish {
	unsigned int notify;	/* enum dsn_notify; 0: unsaid */
	char *orcpt;		/* as on the wire, owned; or NULL */
};

/* The set in the words of RFC 3461, in `notify` of WISH_NOTIFY_SIZE octets;
 * NULL for the empty one. */
const char *wish_notify_text(unsigned int set, char *notify);

/* Fills the wishes of `t`; `notify`, of WISH_NOTIFY_SIZE octets, and the
 * strings of `dsn` stay borrowed. */
void wish_fill(struct transfer *t, char *notify,
    const struct dsn_request *dsn, bool wants_requiretls,
    const struct profile *p);

#endif
