/*
 * From a profile to the relay's verdict: resolves, connects, opens a session
 * and hands the message over; after a temporary failure that came before MAIL,
 * once more with the relay's next address.
 */
#ifndef POSTHASTE_APP_DELIVER_H
#define POSTHASTE_APP_DELIVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/trace.h"
#include "conf/profile.h"
#include "net/tls.h"
#include "smtp/session.h"
#include "smtp/transfer.h"

struct delivery {
	/* borrowed by the caller's leave */
	const struct profile *profile;
	char *const *env;		/* NULL where it isn't believed */
	struct span password;
	const struct transfer *transfer;
	struct limit run;		/* total_timeout, from stdin's end */
	const struct trace *trace;
	volatile sig_atomic_t *progress;

	/* what came of it, for report and log */
	char peer[300];		/* "smtp.example.net:587", or a path */
	char tls[80];		/* "TLS1.3 …", "off" */
	char mechanism[32];	/* "PLAIN", "off" */
	char reply[1200];	/* the relay's 250 to the message */
	bool dsn_is_ignored;	/* wishes for notifications, without DSN */
};

/*
 * Makes what the connection will need, before the first packet: trust store,
 * priorities. NULL in `*ctx` where the profile wants no TLS.
 */
bool deliver_prepare(const struct delivery *d, struct tls_context **ctx,
    struct error *err) MUST_CHECK;

/* True when the relay answered 250 to the message. */
bool deliver(struct delivery *d, struct tls_context *ctx,
    struct error *err) MUST_CHECK;

#endif
