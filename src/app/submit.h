/*
 * One message from stdin to the relay's 250, in the order that architecture.md
 * gives: profile, message to its end, envelope, header, secret, log, delivery.
 */
#ifndef POSTHASTE_APP_SUBMIT_H
#define POSTHASTE_APP_SUBMIT_H

#include <stdint.h>

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/*
 * Submits and reports. `err` may hold a failure of the command line already:
 * then stdin is read to its end (the caller must see our status, not SIGPIPE)
 * and the failure is reported. Returns the exit status.
 */
int submit(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
