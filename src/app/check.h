/*
 * posthaste --check [RECIPIENT]: all that a message would go through before it
 * is said, by the same functions, and what is amiss beside it.
 */
#ifndef POSTHASTE_APP_CHECK_H
#define POSTHASTE_APP_CHECK_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/* Returns the exit status: that of the first failure. */
int check(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
