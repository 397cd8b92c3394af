/*
 * The whole program behind one function, so that tests can call it in process.
 */
#ifndef POSTHASTE_APP_RUN_H
#define POSTHASTE_APP_RUN_H

#include <signal.h>
#include <stdbool.h>

struct process {
	int argc;
	char *const *argv;
	char *const *env;
	int in, out, err;		/* descriptors */
	bool is_restricted;		/* AT_SECURE: no environment is read */
	volatile sig_atomic_t *progress;	/* enum progress of session.h */
};

/* Returns the exit status. */
int run(const struct process *process);

#endif
