/*
 * Time limits. A deadline is a point on the monotonic clock, never a duration
 * that a drip of bytes could renew. All waiting of the program happens in
 * limit_wait(): it is the only caller of poll, and the only place where
 * a signal is noticed (os.h), so that no signal is lost between a look and
 * a sleep.
 */
#ifndef POSTHASTE_BASE_DEADLINE_H
#define POSTHASTE_BASE_DEADLINE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t clock_ms(void);

struct deadline {
	int64_t at;	/* the clock_ms() of its passing; INT64_MAX: never */
};

struct deadline deadline_never(void);

/* `ms` from now; 0 or less has passed already. */
struct deadline deadline_in(int64_t ms);

bool deadline_passed(struct deadline d);

/*
 * What one wait is for: the stage that a failure is charged to, the thing that
 * is waited for in the words of a message ("the greeting"), and until when.
 */
struct limit {
	enum stage stage;
	const char *what;
	int64_t ms;		/* the limit in full, for the message */
	const char *key;	/* the profile's key that sets it, or NULL */
	struct deadline until;
	const char *hint;	/* row of app/hints.c that explains the silence,
				 * or NULL */
};

/* A limit of `ms` from now on. */
struct limit limit_in(enum stage stage, const char *what, const char *key,
    int64_t ms);

/* Without an end: stdin has none. */
struct limit limit_none(enum stage stage, const char *what);

/* `l`, or what is left of the whole run's time where that is less. */
struct limit limit_within(struct limit l, struct limit run);

/*
 * Waits until one of `fds` is ready. Fails with a temporary error when the
 * time is up, with EX_UNAVAILABLE when a signal asked the program to end, and
 * with EX_OSERR where poll itself fails. What is ready goes before the time,
 * and the signal before what is ready, but for STAGE_RECEIPT.
 */
bool limit_wait(const struct limit *l, struct pollfd *fds, nfds_t count,
    struct error *err) MUST_CHECK;

/*
 * The same for at most `ms` milliseconds of it: true and `*ready` false when
 * these are over sooner than the limit.
 */
bool limit_wait_ms(const struct limit *l, struct pollfd *fds, nfds_t count,
    int64_t ms, bool *ready, struct error *err) MUST_CHECK;

/* Sets the error of a limit that has passed. Returns false. */
bool limit_passed(const struct limit *l, struct error *err);

#endif
