/* --print-config and --list-profiles: what the file of profiles says. */
#ifndef POSTHASTE_APP_CONFIG_H
#define POSTHASTE_APP_CONFIG_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/span.h"
#include "base/trace.h"

/*
 * Prints the profile that a message without a sender would have, or a line for
 * each that there is, on stdout. A profile that can't be used is printed all
 * the same, and then it is a failure. Returns the exit status.
 */
int config_show(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

/* Writes lines; a terminal isn't told anything but text. False with errno. */
bool config_write(int fd, struct span text);

#endif
