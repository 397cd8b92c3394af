/* --dry-run: what would be sent, where to and why; nothing is. */
#ifndef POSTHASTE_APP_DRYRUN_H
#define POSTHASTE_APP_DRYRUN_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/profile.h"
#include "mail/encode.h"
#include "mail/envelope.h"
#include "mail/message.h"

struct dry_run {
	const struct profile *profile;
	const char *why;
	const struct envelope *envelope;
	const char *ignored;	/* a sender that isn't obeyed, or NULL */
	struct span aliases;	/* those that were used, a line each */
	const struct message *message;
	const struct encode *encode;	/* for a relay with 8BITMIME */
};

bool dry_run_show(const struct dry_run *d, int fd,
    struct error *err) MUST_CHECK;

#endif
