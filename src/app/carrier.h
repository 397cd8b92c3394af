/*
 * A relay session in a child process: it resolves, connects and stays for
 * message after message of one profile, so that a process which has locked
 * itself in never needs another session. The parent hands each message over and
 * gets what became of it.
 */
#ifndef POSTHASTE_APP_CARRIER_H
#define POSTHASTE_APP_CARRIER_H

#include <stdbool.h>
#include <sys/types.h>

#include "app/deliver.h"
#include "app/draft.h"
#include "base/error.h"

#define CARRIER_IDLE_MS 30000	/* the session is kept that long */

struct carrier_state;

/* Zero-initialised there is no child. */
struct carrier {
	pid_t child;		/* 0: none */
	int socket;		/* owned, to the child */
	int memory, file;	/* owned; the message is handed over in one */
	char *profile;		/* owned; the section that it serves */
	struct carrier_state *state;	/* owned; shared with the child */
	size_t carried;		/* messages of this child */
};

/*
 * Hands the draft's message to the relay; true when it answered 250. A child of
 * another profile is ended first, and one whose session was lost before MAIL is
 * replaced by a new one, once. `account` becomes what deliver.h says there of
 * the session; refused recipients are noted in the draft's envelope. A signal
 * to this process is passed on; the child still tells what became of the
 * message.
 */
bool carrier_send(struct carrier *c, struct draft *draft,
    struct delivery *account, struct error *err) MUST_CHECK;

/* Ends the session and the child. */
void carrier_close(struct carrier *c);

#endif
