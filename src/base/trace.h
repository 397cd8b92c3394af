/*
 * The transcript that -v asks for, and the place where trouble goes that must
 * not change the verdict. One line each, escaped, written at once; a write
 * that fails, or would keep us waiting, is forgotten. A level of 0 writes
 * nothing. Secrets never get here: the session hands over redacted lines.
 */
#ifndef POSTHASTE_BASE_TRACE_H
#define POSTHASTE_BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/span.h"

/* Who follows the run from stage to stage, for --check. */
struct trace_watch {
	/* A stage was passed. */
	void (*passed)(void *context, enum stage stage);
	/* An address or a relay failed, and another is tried. */
	void (*failed)(void *context, const struct error *err);
	void *context;
};

/* The line on a terminal that says how much of a message is out. */
struct trace_progress {
	uint64_t total;		/* octets */
	int64_t began, drawn;	/* clock_ms() */
	bool is_shown;
};

struct trace {
	int fd;
	int level;	/* 0 silent, 1 -v, 2 -vv */
	int64_t start;	/* clock_ms() of the run's begin */
	const struct trace_watch *watch;	/* NULL: nobody */
	bool is_colored;	/* for a terminal */
	struct trace_progress *progress;	/* NULL: not on a terminal */
};

/* Whether anything is to be said; it spares the making of it. */
bool trace_is_on(const struct trace *t);

void trace_sent(const struct trace *t, struct span line);
void trace_received(const struct trace *t, struct span line);
void trace_note(const struct trace *t, const char *format, ...) FORMAT(2, 3);

/*
 * Between a begin and its end, `done` octets of `total` are out: the line of a
 * large message is redrawn in place now and then, and wiped at the end and in
 * front of other lines. Costs a look at a pointer where there is none.
 */
void trace_progress_begin(const struct trace *t, uint64_t total);
void trace_progress(const struct trace *t, uint64_t done);
void trace_progress_end(const struct trace *t);

/* Tells the watcher, if there is one; neither says a word of its own. */
void trace_passed(const struct trace *t, enum stage stage);
void trace_failed(const struct trace *t, const struct error *err);

#endif
