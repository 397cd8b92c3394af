/*
 * Work that knows no time limit (the resolver's), in a helper thread that is
 * abandoned at the deadline.
 */
#ifndef POSTHASTE_NET_HELPER_H
#define POSTHASTE_NET_HELPER_H

#include <stdbool.h>

#include "base/deadline.h"
#include "base/error.h"

struct helper_work {
	void (*run)(void *context);	/* in the thread */
	void (*release)(void *context);	/* frees the context */
	void *context;
	const char *name;		/* what is looked up, for messages */
};

/*
 * Runs the work and waits for its end. True: it is done, and the context is the
 * caller's again. False: the limit has passed, or there is no thread or
 * descriptor (EX_OSERR at STAGE_SYSTEM); the context is released, by the
 * thread where that still runs.
 */
bool helper_run(const struct helper_work *work, const struct limit *limit,
    struct error *err) MUST_CHECK;

#endif
