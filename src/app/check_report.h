/*
 * What --check says on standard output: a line for each step as it happens, or
 * one JSON object at the end.
 */
#ifndef POSTHASTE_APP_CHECK_REPORT_H
#define POSTHASTE_APP_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "conf/profile.h"

enum check_mark {
	CHECK_OK,
	CHECK_WARN,	/* it works, and something is amiss */
	CHECK_FAIL,
	CHECK_SKIPPED,	/* it wasn't come to */
	CHECK_TIP	/* what would cost less time */
};

struct check_line {
	enum check_mark mark;
	const char *name;	/* static */
	char *text;
	int64_t ms;		/* the step's time; -1: it had none */
};

struct check_report {
	int fd;
	bool is_json;
	bool is_terminal, has_utf8;	/* a bar is drawn, and of what */
	int64_t start, last;	/* clock_ms() of the begin, and of the last
				 * step's end */
	struct check_line *lines;
	size_t count, room;
	size_t warnings, failures;
	bool is_unwritten;	/* standard output has failed */
};

void check_report_begin(struct check_report *r, int fd, bool is_json,
    char *const *env);

/*
 * Adds a line, and writes it unless JSON is wanted. Octets that aren't
 * printable ASCII are written as \xNN. check_step() is for what has just
 * ended: the time since the step before is its own.
 */
void check_step(struct check_report *r, enum check_mark mark, const char *name,
    const char *format, ...) FORMAT(4, 5);
void check_say(struct check_report *r, enum check_mark mark, const char *name,
    const char *format, ...) FORMAT(4, 5);

/* A failed step, with all that is known of it. */
void check_fail(struct check_report *r, const struct error *err);

/*
 * The bar, the sum of it, or the JSON object. `err` holds nothing after a
 * success; `profile` may be NULL. False where standard output couldn't be
 * written.
 */
bool check_report_end(struct check_report *r, const struct error *err,
    const struct profile *profile) MUST_CHECK;

void check_report_free(struct check_report *r);

#endif
