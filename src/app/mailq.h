/*
 * mailq, -bp and --queue: what waits in the spools, and what was given up.
 */
#ifndef POSTHASTE_APP_MAILQ_H
#define POSTHASTE_APP_MAILQ_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/* Lists them on stdout, escaped; returns the exit status. */
int mailq(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
