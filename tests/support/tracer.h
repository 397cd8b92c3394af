/*
 * Runs the real binary under ptrace(2), and has one of its system calls fail,
 * or kills it, or sends it a signal, just before one.
 */
#ifndef POSTHASTE_TESTS_TRACER_H
#define POSTHASTE_TESTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/span.h"

/* Whether this machine's registers are known, and the build lets itself be
 * traced; else nothing can be run. */
bool tracer_is_possible(void);

struct tracer {
	/* what to run: $POSTHASTE with these words, and these variables only */
	const char *const *argv;
	const char *const *env;
	struct span input;

	/* where to meddle */
	bool in_child;		/* count the calls of the processes that it
				 * forks, instead of its own */
	const long *calls;	/* count these only, -1 at the end; or NULL */
	size_t at;		/* the number of the call from 1; 0: none */
	int fault;		/* the errno that it fails with; 0: it is
				 * killed before it */
	bool goes_on;		/* so do all that are counted after it */
	int signal;		/* it gets this one before the call, and goes
				 * on; 0: none */
	long instead;		/* a call that is made in its place, and fails
				 * with `fault`, if it returns; 0: none */

	/* what came of it */
	size_t count;		/* of calls that were counted */
	long met;		/* the number of the call at `at`, or -1 */
	int status;		/* exit status; -1 where it was killed */
};

/* False, with the reason on stderr, where it couldn't be run or traced. */
bool tracer_run(struct tracer *t) MUST_CHECK;

#endif
