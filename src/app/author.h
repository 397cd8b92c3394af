/* What the key from_policy makes of the From field that a message has. */
#ifndef POSTHASTE_APP_AUTHOR_H
#define POSTHASTE_APP_AUTHOR_H

#include "conf/profile.h"
#include "mail/compose.h"
#include "mail/message.h"

/*
 * Sets in `*c`, whose `from`, `from_name` and `qualify` are set, whether the
 * From fields are replaced, and what becomes Reply-To. The spans are the
 * message's; `*name`, owned by the caller, is memory that `*c` borrows, or
 * NULL.
 *
 * keep: what is there stays. missing: a From field without a complete address,
 * as cron writes it, counts as missing, but for its display name. force: any
 * but the one address `from` is replaced, and becomes Reply-To if there is none
 * and somebody could reply to it.
 */
void author_apply(const struct message *m, const struct profile *p,
    struct compose *c, char **name);

#endif
