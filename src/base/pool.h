/*
 * Strings that are all freed at once. A pool of zeroes is empty; it may be
 * moved, as its strings stay where they are. Like mem.h it never fails.
 */
#ifndef POSTHASTE_BASE_POOL_H
#define POSTHASTE_BASE_POOL_H

#include <stddef.h>

#include "base/span.h"

struct pool {
	struct pool_block *blocks;	/* the one that is filled comes first */
	size_t left;			/* octets free in it */
};

/* `size` octets, the pool's; not zeroed, and aligned for text only. */
char *pool_take(struct pool *p, size_t size);

/* A copy with a terminating NUL, which is the pool's. NULL stays NULL. */
char *pool_string(struct pool *p, const char *string);

/* Frees all strings; the pool is empty again. */
void pool_free(struct pool *p);

#endif
