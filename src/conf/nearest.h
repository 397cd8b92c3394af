/*
 * "did you mean": the distance between what was written and what exists, and
 * what other programs call it.
 */
#ifndef POSTHASTE_CONF_NEAREST_H
#define POSTHASTE_CONF_NEAREST_H

#include <stddef.h>

/* Begin with { wish, NULL, 0 }; `best` is the nearest candidate, or NULL
 * where none is near enough to be a slip of the finger. Nothing is owned. */
struct nearest {
	const char *wish;
	const char *best;
	size_t distance;
};

/* Insertions, deletions, changes and swaps of neighbours, ASCII case ignored,
 * that make `a` to `b`; 99 where one has more than 48 characters. */
size_t nearest_distance(const char *a, const char *b);

void nearest_offer(struct nearest *n, const char *candidate);

#endif
