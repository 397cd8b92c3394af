/*
 * The system calls that the lock knows: those that stay allowed, and more by
 * name, so that a forbidden one can be told. The table ends with a NULL name.
 */
#ifndef POSTHASTE_BASE_OS_LOCK_CALLS_H
#define POSTHASTE_BASE_OS_LOCK_CALLS_H

#include <stdint.h>

/* Each architecture has its own numbers and lacks some of the calls; the table
 * is empty on others than these. */
#if defined(__x86_64__) || defined(__aarch64__)
#define LOCK_CALLS_KNOWN 1
#else
#define LOCK_CALLS_KNOWN 0
#endif

enum lock_when {
	LOCK_NEVER,	/* here for its name */
	LOCK_ALWAYS,
	LOCK_SPOOL,	/* where there is a spool; Landlock says where */
	LOCK_UNIX	/* where unix sockets may be connected to */
};

#define LOCK_CHECKS 3

/* Argument `argument`, under `mask`, must be `value`; a mask of 0 is none. */
struct lock_check {
	uint32_t argument, mask, value;
};

/* A call may have several rows: one that fits is enough. */
struct lock_call {
	uint32_t number;
	const char *name;
	enum lock_when when;
	struct lock_check checks[LOCK_CHECKS];
};

extern const struct lock_call lock_calls[];

#endif
