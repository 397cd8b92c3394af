/*
 * One message of the spool on its way: the profile that it was meant for, as it
 * is now, the relay, and what becomes of it then.
 */
#ifndef POSTHASTE_APP_ERRAND_H
#define POSTHASTE_APP_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "app/carrier.h"
#include "app/options.h"
#include "app/setup.h"
#include "base/error.h"
#include "spool/claim.h"

struct errand {
	const struct setup *run;	/* how the run was started; borrowed */
	struct spool *spool;		/* borrowed */
	struct setup setup;		/* with the file of the messages */
	struct options options;		/* as the message has them */
	struct error fault;		/* why the file can't be loaded */
	struct carrier carrier;
	size_t given_up, left;		/* how many, all in all; what can't be
					 * read counts as the former */
};

void errand_prepare(struct errand *e, const struct setup *run);

/* For messages of one profile; `file` is where it is from. */
void errand_begin(struct errand *e, struct spool *spool, const char *file);

/*
 * Tries the message, and removes it, has it wait, or moves it to failed/. True
 * where there was no session that could have carried it.
 */
bool errand_run(struct errand *e, const char *id) MUST_CHECK;

void errand_end(struct errand *e);

#endif
