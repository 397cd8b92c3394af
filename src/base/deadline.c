#include "base/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <time.h>

#include "base/os.h"

int64_t
clock_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline
deadline_never(void)
{
	struct deadline d = { INT64_MAX };

	return d;
}

struct deadline
deadline_in(int64_t ms)
{
	struct deadline d = deadline_never();
	int64_t now = clock_ms();

	if (ms < INT64_MAX - now)
		d.at = now + ms;
	return d;
}

bool
deadline_passed(struct deadline d)
{
	return d.at != INT64_MAX && clock_ms() >= d.at;
}

struct limit
limit_in(enum stage stage, const char *what, const char *key, int64_t ms)
{
	struct limit l = { stage, what, ms, key, deadline_in(ms), NULL };

	return l;
}

struct limit
limit_none(enum stage stage, const char *what)
{
	struct limit l = { stage, what, 0, NULL, deadline_never(), NULL };

	return l;
}

struct limit
limit_within(struct limit l, struct limit run)
{
	if (run.until.at < l.until.at) {
		l.until = run.until;
		l.ms = run.ms;
		l.key = run.key;
	}
	return l;
}

bool
limit_passed(const struct limit *l, struct error *err)
{
	if (error_is_set(err))
		return false;
	(void)error_set_temporary(err, l->stage, 0, "no %s within %" PRId64
	    ".%03d s", l->what, l->ms / 1000, (int)(l->ms % 1000));
	err->hint = l->hint;
	/* A hint knows more about the cause than that. */
	if (l->key != NULL && l->hint == NULL)
		return error_cause(err, "the time limit `%s` is over", l->key);
	return false;
}

static bool
fail_on_signal(const struct limit *l, struct error *err)
{
	return error_set(err, l->stage, EX_UNAVAILABLE,
	    "stopped by %s while waiting for %s",
	    os_signal_name(os_signal_caught()), l->what);
}

/* How long poll may sleep: to the deadline, `ms` at most. */
static struct timespec
sleep_time(const struct limit *l, int64_t ms)
{
	struct timespec t = { 0, 0 };

	if (l->until.at != INT64_MAX && l->until.at - clock_ms() < ms)
		ms = l->until.at - clock_ms();
	if (ms < 0)
		ms = 0;
	if (ms > INT_MAX)
		ms = INT_MAX;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	return t;
}

bool
limit_wait_ms(const struct limit *l, struct pollfd *fds, nfds_t count,
    int64_t ms, bool *ready, struct error *err)
{
	struct deadline turn = deadline_in(ms);
	struct timespec t;
	sigset_t open_to;
	int n;

	os_signals_while_waiting(&open_to);
	/* ppoll lets nothing in where a descriptor is ready at once; a reply to
	 * the message that is there tells more than a signal. */
	if (l->stage != STAGE_RECEIPT)
		os_signals_let_in();
	/* One that was caught before still counts. */
	if (os_signal_caught() != 0)
		return fail_on_signal(l, err);
	for (;;) {
		t = sleep_time(l, turn.at == INT64_MAX ? INT64_MAX :
		    turn.at - clock_ms());
		n = ppoll(fds, count, &t, &open_to);
		if (os_signal_caught() != 0)
			return fail_on_signal(l, err);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "poll");
		*ready = n > 0;
		if (*ready || (n == 0 && deadline_passed(turn)))
			return true;
		if (deadline_passed(l->until))
			return limit_passed(l, err);
	}
}

bool
limit_wait(const struct limit *l, struct pollfd *fds, nfds_t count,
    struct error *err)
{
	bool ready;

	return limit_wait_ms(l, fds, count, INT64_MAX, &ready, err);
}
