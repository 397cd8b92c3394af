/*
 * The child's side of carrier.h, and what goes between the two.
 */
#ifndef POSTHASTE_APP_CARRIER_CHILD_H
#define POSTHASTE_APP_CARRIER_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/carrier.h"

/* Shared memory: what holds even where the child can't tell any more. */
struct carrier_state {
	volatile sig_atomic_t progress;	/* enum progress */
	volatile sig_atomic_t was_taken;	/* the child has the message */
};

/* A message waits in `memory` or `file`. */
struct carrier_note {
	size_t size;
	bool is_in_file;
};

/* What became of it; behind it stand `refused` times a carrier_refusal. */
struct carrier_answer {
	bool is_accepted;
	bool is_taken;		/* by those who weren't refused */
	bool mail_was_written, dsn_is_ignored;
	struct error err;
	uint64_t size;		/* of the form that left */
	char passed[160];	/* as struct encode has it */
	char peer[300], tls[80], mechanism[32], reply[1200];
	size_t refused;
};

/* Behind it stand `length` octets of the relay's words. */
struct carrier_refusal {
	size_t recipient;
	int code;
	size_t length;
};

/* Serves the draft's profile until the parent closes; then the process ends. */
_Noreturn void carrier_serve(struct carrier *c, const struct draft *draft);

#endif
