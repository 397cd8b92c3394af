/*
 * The world of fuzz_run.c: the C library and GnuTLS as the program sees them,
 * wrapped at link time. Between world_begin() and world_end() calls of this
 * thread, and of the processes that it forks, fail as a seed has it, sockets
 * lead to the relay of run_relay.h, and time passes only by waiting for it. No
 * packet, no file outside a scratch directory, no command.
 *
 * Where memory fails a fork of the process dies of it and is judged, the run
 * itself has what it wants.
 */
#ifndef POSTHASTE_TESTS_RUN_WORLD_H
#define POSTHASTE_TESTS_RUN_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct world_plan {
	uint64_t seed;
	unsigned rate;		/* of 1024 calls so many fail */
	unsigned delay;		/* from this call on */
	bool has_jumps;		/* of the clock */
	const char *scratch;	/* where files may be opened */
	void (*on_exhaustion)(void);	/* judges a death for lack of memory */
};

void world_begin(const struct world_plan *plan);
void world_end(void);

/* Whether some write failed, or did half of what it should. */
bool world_lost_words(void);

/* Whether a process that was forked has ended otherwise than it should. */
bool world_lost_child(void);

#endif
