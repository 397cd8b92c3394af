/*
 * What becomes of a message before the first packet leaves: the profile that it
 * goes by, its envelope, its header as it will go out, and what the relay must
 * be able to carry. The same for a message from stdin and for one of -bs.
 */
#ifndef POSTHASTE_APP_DRAFT_H
#define POSTHASTE_APP_DRAFT_H

#include <stdbool.h>

#include "app/options.h"
#include "app/setup.h"
#include "app/wish.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/error.h"
#include "conf/profile.h"
#include "mail/address.h"
#include "mail/encode.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/transfer.h"

struct draft {
	const struct setup *setup;	/* borrowed */

	/* what the caller puts in; owned */
	struct message message;
	char *sender;		/* as the envelope has it, "" for the null one,
				 * or NULL: the profile decides */
	struct address_list recipients;	/* those of the envelope alone */
	enum body_type body;

	/* and more of it; borrowed, its strings too */
	struct dsn_request dsn;
	const struct recipient_wish *wishes;	/* of the first recipients */
	size_t wish_count;
	const char *default_sender;	/* -f of -bs, for all but the envelope
					 * where `sender` is null; or NULL */

	/* what draft_complete() makes of it; owned */
	struct profile profile;
	bool has_profile;
	const char *why;	/* why this profile; static */
	struct limit run;	/* total_timeout, from the message's end */
	struct envelope envelope;
	char *header_from;	/* first address of the From header, or NULL */
	char *domain;		/* completes bare names, or NULL */
	struct buf aliases;	/* those that were used, a line each */
	struct buf header;	/* composed */
	char notify[WISH_NOTIFY_SIZE];	/* draft_transfer()'s */
	struct encode encode;	/* the forms it can leave in */
};

void draft_begin(struct draft *d, const struct setup *setup);

/*
 * Chooses the profile, once: by the sender and the From field of `head`, which
 * needs no body yet.
 */
bool draft_choose_profile(struct draft *d, const struct message *head,
    struct error *err) MUST_CHECK;

/* The profile of that name, whoever sends; checked as ever. */
bool draft_use_profile(struct draft *d, const char *name,
    struct error *err) MUST_CHECK;

/* The run's clock begins, and bare names have a domain: what draft_complete()
 * does first, for a run without a message. */
void draft_begin_run(struct draft *d);

/*
 * Chooses the profile, fills envelope and header, finds a form in which it can
 * leave. To the recipients given come those of the arguments and, with -t, of
 * the header.
 */
bool draft_complete(struct draft *d, struct error *err) MUST_CHECK;

/*
 * Takes one up again that was completed once: profile, envelope and header are
 * there, and the message has them.
 */
bool draft_resume(struct draft *d, struct error *err) MUST_CHECK;

/* The draft as transfer_message() takes it, borrowed. */
struct transfer draft_transfer(struct draft *d);

void draft_free(struct draft *d);

#endif
