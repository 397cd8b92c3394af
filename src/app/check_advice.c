#include "app/check_steps.h"

static void
tip(struct check *c, const char *what)
{
	check_say(&c->report, CHECK_TIP, "time", "%s", what);
}

/* The begin of the session. */
static void
advise_begin(struct check *c)
{
	const struct profile *p = &c->draft.profile;
	const struct capability *cap = &c->delivery.session.capability;

	if (p->tls == PROFILE_TLS_STARTTLS)
		tip(c, "tls = implicit (port 465) saves two round trips, if "
		    "the relay serves it");
	if (cap->has_pipeconnect && !p->early)
		tip(c, "early = yes saves a round trip, as the relay offers "
		    "PIPECONNECT");
	if (cap->has_pipeconnect && p->early && p->tls != PROFILE_TLS_NONE &&
	    profile_auth_is(p, PROFILE_AUTH_AUTO))
		tip(c, "auth = plain saves another one: by name it goes out "
		    "with EHLO");
	if (p->early && !cap->has_pipeconnect)
		tip(c, "early = no suits this relay: it doesn't offer "
		    "PIPECONNECT");
}

/* The message's own way. */
static void
advise_message(struct check *c)
{
	const struct profile *p = &c->draft.profile;
	const struct capability *cap = &c->delivery.session.capability;

	if (cap->has_pipelining && !p->pipelining)
		tip(c, "pipelining = yes saves two round trips a message");
	if (!cap->has_pipelining)
		tip(c, "the relay offers no PIPELINING: each command costs a "
		    "round trip");
	if (cap->has_chunking && p->chunking == PROFILE_CHUNKING_OFF)
		tip(c, "chunking = auto saves the wait for DATA");
	if (cap->has_chunking && cap->has_pipelining && p->pipelining &&
	    p->chunking == PROFILE_CHUNKING_AUTO)
		tip(c, "chunking = one-flight saves a round trip, if the relay "
		    "is known to discard a chunk that it refuses");
	if (p->quit_wait)
		tip(c, "quit_wait = no saves a round trip at the end");
}

void
check_advise(struct check *c)
{
	advise_begin(c);
	advise_message(c);
}
