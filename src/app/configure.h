/* --configure ADDRESS: a profile for a mail account. */
#ifndef POSTHASTE_APP_CONFIGURE_H
#define POSTHASTE_APP_CONFIGURE_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/*
 * Prints a profile file on stdout. The relay is a known provider's, else what
 * the SRV records of the domain name (RFC 6186, RFC 8314). On a terminal each
 * answer can be another one; without it what isn't known stays open. Returns
 * the exit status.
 */
int configure(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
