/*
 * A run over the spools: -q, runq and --flush. The messages that are due, or
 * all, or one, each by the profile that it was meant for, those of one profile
 * over one relay session.
 */
#ifndef POSTHASTE_APP_QUEUE_H
#define POSTHASTE_APP_QUEUE_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

#define QUEUE_RUN_MS (10 * 60 * 1000)	/* -q begins no message behind it */
#define QUEUE_STRIKES 3	/* failed sessions in a row; then the relay is left
			 * alone for this run */

/*
 * Exit 0, unless a message was given up, or --flush leaves one that it tried:
 * EX_UNAVAILABLE. A spool that can't be used is EX_CONFIG. What is given up,
 * and all that --flush tried in vain, is told on stderr, everything in the log.
 */
int queue_run(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
