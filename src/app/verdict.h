/*
 * What became of a message, as the reply to the dot that ended it in -bs.
 */
#ifndef POSTHASTE_APP_VERDICT_H
#define POSTHASTE_APP_VERDICT_H

#include "app/client.h"
#include "base/error.h"
#include "mail/envelope.h"

/* A 250 with the words of the relay's own, which it began with its code. */
void verdict_accepted(struct client *c, const char *relay_reply);

/*
 * A 4yz or 5yz: the relay's code where it can be one for a message, else 451 or
 * 554; an enhanced code of the same class; what failed, the relay's words, the
 * recipients that it refused, cause and fix, a line each.
 */
void verdict_refused(struct client *c, const struct error *err,
    const struct envelope *e);

#endif
