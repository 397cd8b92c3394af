/* newaliases, -bi: are the aliases files what they should be? */
#ifndef POSTHASTE_APP_NEWALIASES_H
#define POSTHASTE_APP_NEWALIASES_H

#include "app/options.h"
#include "app/run.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/trace.h"
#include "conf/aliases.h"

/* Adds a line for each target that mail can't be sent to. */
bool newaliases_list(struct buf *list,
    const struct alias_table *table) MUST_CHECK;

/*
 * Checks the aliases file of the profile that was chosen by name, else those of
 * all profiles, since it depends on the message which one will be used. Targets
 * that mail can't be sent to are listed on stdout. Without a profile, or
 * without the key, there is nothing to do: callers run it at installation.
 * Returns the exit status; a failure is reported on stderr.
 */
int newaliases(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
