/*
 * The transcript that -v asks for, and the place where trouble goes that must
 * not change the verdict. One line each, escaped, written at once; a write
 * that fails, or would keep us waiting, is forgotten. A level of 0 writes
 * nothing. Secrets never get here: the session hands over redacted lines.
 */
#ifndef POSTHASTE_BASE_TRACE_H
#define POSTHASTE_BASE_TRACE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

struct trace {
	int fd;
	int level;	/* 0 silent, 1 -v, 2 -vv */
	int64_t start;	/* clock_ms() of the run's begin */
};

/* Whether anything is to be said; it spares the making of it. */
bool trace_is_on(const struct trace *t);

void trace_sent(const struct trace *t, struct span line);
void trace_received(const struct trace *t, struct span line);
void trace_note(const struct trace *t, const char *format, ...) FORMAT(2, 3);

#endif
