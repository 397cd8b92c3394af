/*
 * The relay of fuzz_run.c. It speaks a script, and hears as a server would:
 * where a message ends, and what was said behind that. All of it is shared with
 * the processes that a run makes.
 *
 * A "|" in the script ends what is said at a time. Each part is there when the
 * client waits for it; none at all, as between two of them, is silence up to
 * the client's time limit. One that ends in "^" instead is followed by the next
 * as soon as the client has sent something. Behind the last part the relay
 * hangs up; a new connection goes on with the next one.
 */
#ifndef POSTHASTE_TESTS_RUN_RELAY_H
#define POSTHASTE_TESTS_RUN_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum relay_answer {
	RELAY_NOTHING,	/* or nothing that is a reply */
	RELAY_TOOK,	/* a 250 */
	RELAY_REFUSED,	/* a 4yz or 5yz */
	RELAY_OTHER
};

/* Forgets all, and will speak `script`. */
void relay_begin(struct span script);

void relay_connect(void);
void relay_hear(struct span bytes);

/* Whether there is something to receive, the end too; what is due is said
 * then. */
bool relay_wait(void);

/* What relay_wait() would find, but nothing new is said. */
bool relay_is_ready(void);
void relay_hang_up(void);

/* Octets that were taken, 0 at the end. Call it where it is ready. */
size_t relay_speak(char *out, size_t size);

/* How many whole messages it heard. */
size_t relay_taken(void);

/*
 * What was read by the client as the answer to one of them. `*alone` is whether
 * that was the only reply due: not so where the envelope came along.
 */
enum relay_answer relay_answered(size_t message, bool *alone);

/* How many were answered by 250. */
size_t relay_accepted(void);

#endif
