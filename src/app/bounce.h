/*
 * The key bounce_to: who hears of a message of the spool that is given up, by a
 * notification as in RFC 3464.
 */
#ifndef POSTHASTE_APP_BOUNCE_H
#define POSTHASTE_APP_BOUNCE_H

#include <stdbool.h>

#include "app/setup.h"
#include "base/error.h"
#include "conf/profile.h"
#include "spool/claim.h"

/* The form of `bounce_to`. */
bool bounce_check(const struct profile *p, struct error *err) MUST_CHECK;

/*
 * Commits the notification to the spool that the message is in: it names the
 * recipients that didn't get it and has its header, not its body. `reason` is
 * why. Without the key, and for the null sender, there is nothing to do.
 */
bool bounce_commit(const struct setup *setup, const struct profile *p,
    struct spool *spool, const struct claim *c, const struct error *reason,
    struct error *err) MUST_CHECK;

#endif
