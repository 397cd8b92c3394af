/* --import KIND [FILE]: profiles out of another program's configuration. */
#ifndef POSTHASTE_APP_IMPORT_H
#define POSTHASTE_APP_IMPORT_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/* Whether it is a kind that --import knows; `*kinds` lists them. */
bool import_knows(const char *kind, const char **kinds);

/*
 * Prints a profile file on stdout; nothing is written. A file that can't be
 * read, or names no relay, is EX_CONFIG. Returns the exit status.
 */
int import(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
