/* A shell command and what it prints, in time. */
#ifndef POSTHASTE_CONF_COMMAND_H
#define POSTHASTE_CONF_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct command {
	const char *line;	/* for sh -c */
	char *const *env;	/* its environment; NULL: none */
	const char *name;	/* for messages */
	int64_t ms;		/* its time */
};

/*
 * Runs the command in our process group, stdin from /dev/null, and adds its
 * stdout to `out`. A command that fails or prints more than `out` may hold is
 * EX_CONFIG; one that is out of time is temporary, a signal to us
 * EX_UNAVAILABLE: the shell is killed and reaped then. What it left running in
 * the background isn't waited for.
 */
bool command_run(const struct command *c, struct buf *out,
    struct error *err) MUST_CHECK;

#endif
