/*
 * What the command line, and behind it the profile, ask of the relay beside
 * taking the message: notifications, REQUIRETLS, a part of the recipients.
 */
#ifndef POSTHASTE_APP_WISH_H
#define POSTHASTE_APP_WISH_H

#include <stdbool.h>

#include "app/options.h"
#include "base/error.h"
#include "conf/profile.h"
#include "smtp/transfer.h"

#define WISH_NOTIFY_SIZE 32	/* octets of "SUCCESS,FAILURE,DELAY" */

/* The form of `dsn_notify`; `where` is the key's "file:line". */
bool wish_check(const struct profile *p, const char *where,
    struct error *err) MUST_CHECK;

/* Fills the wishes of `t`; `notify`, of WISH_NOTIFY_SIZE octets, and the
 * options' strings stay borrowed. */
void wish_fill(struct transfer *t, char *notify, const struct options *o,
    const struct profile *p);

#endif
