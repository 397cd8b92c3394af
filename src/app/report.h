/*
 * What came of a run, told to everybody who has to know: the caller (stderr,
 * --json) and the log.
 */
#ifndef POSTHASTE_APP_REPORT_H
#define POSTHASTE_APP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/deliver.h"
#include "app/log.h"
#include "app/options.h"
#include "app/setup.h"
#include "base/error.h"
#include "base/trace.h"
#include "conf/profile.h"
#include "mail/envelope.h"
#include "mail/message.h"

#define REPORT_RECIPIENTS 20	/* refused ones named on stderr */

/* Where a message is now. */
enum report_fate {
	REPORT_PASSED,	/* with the relay, or back with the caller */
	REPORT_QUEUED,	/* it waits in the spool */
	REPORT_GIVEN_UP	/* in failed/ */
};

struct report {
	const struct options *options;
	const struct setup *origin;	/* whose run it is; NULL: the spool's */
	const struct message *message;	/* maybe without bytes; or NULL */
	const struct profile *profile;	/* NULL before one was chosen */
	const struct envelope *envelope;
	const struct delivery *delivery;	/* NULL before it began */
	uint64_t size;			/* octets of the message; 0: unknown */
	const char *passed;		/* "8-bit text (…)": what may be too
					 * much for the relay; or "" */
	const char *id;			/* in the spool, or NULL */
	enum report_fate fate;		/* what the spool has to do with it */
	const char *remark;		/* on the spool, printable; or NULL */
	int64_t start;			/* clock_ms() of the run's begin */
	int stderr_fd, stdout_fd;	/* the latter for --print-id */
	struct log *log;
	const struct trace *trace;
};

/*
 * The relay took the message: nothing on stderr but for --json, nothing on
 * stdout but for --print-id. `err` holds nothing.
 */
void report_success(const struct report *r, const struct error *err);

/*
 * The spool has committed it, and the caller is told of success: `err` is why
 * it waits, or holds nothing.
 */
void report_queued(const struct report *r, const struct error *err);

/* The block on stderr (unless -oeq), the JSON line, the log line. */
void report_failure(const struct report *r, const struct error *err);

/* The message for people alone, where there is no more to tell. */
void report_block(int fd, const struct error *err);

/* Writes all of `text` to a descriptor; false where that fails. */
bool report_write(int fd, struct span text);

#endif
