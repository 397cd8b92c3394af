/*
 * From a profile to the relay's verdict: deliver_open() resolves, connects and
 * brings a session to where MAIL may come, deliver_send() hands one message
 * over, deliver_close() ends the session. After a temporary failure that came
 * before MAIL the relay's next address is tried, then the next relay.
 */
#ifndef POSTHASTE_APP_DELIVER_H
#define POSTHASTE_APP_DELIVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/hops.h"
#include "base/error.h"
#include "base/trace.h"
#include "conf/profile.h"
#include "net/dial.h"
#include "net/stream.h"
#include "net/tls.h"
#include "smtp/session.h"
#include "smtp/transfer.h"

struct delivery {
	/* borrowed by the caller's leave until deliver_close() */
	const struct profile *profile;
	char *const *env;		/* NULL where it isn't believed */
	struct buf *password;		/* overwritten when MAIL leaves */
	struct limit run;		/* total_timeout, from stdin's end */
	const struct trace *trace;
	volatile sig_atomic_t *progress;
	const char *spool;		/* may be written later, or NULL */

	/* what came of it, for report and log */
	char peer[300];		/* "smtp.example.net:587", or a path */
	char tls[80];		/* "TLS1.3 …", "off" */
	char mechanism[32];	/* "PLAIN", "off" */
	char reply[1200];	/* the relay's 250 to the message */
	bool dsn_is_ignored;	/* wishes for notifications, without DSN */

	/* private to deliver.c, and shown by check_steps.c; owned */
	struct tls_context *tls_context;
	struct hops hops;
	size_t next_hop;	/* of those not begun */
	const struct hop *hop;	/* the one at hand */
	struct dial dial;
	const struct endpoint *endpoint;	/* the one connected to */
	struct sasl_credentials credentials;
	struct session_params params;
	char literal[80];	/* our end's address, where it is the name */
	struct stream stream;
	struct session session;
	bool is_open;		/* there is a session */
	bool is_kept;		/* it has carried a message before */
	bool owes_reset;	/* which was refused */
	uint64_t carried;	/* how many */
};

/* Whether the user's secret will be needed. */
bool deliver_wants_secret(const struct profile *p);

/*
 * Makes ready for MAIL: trust store and priorities before the first packet,
 * then addresses, the lock (unless the profile has `sandbox = no`), connection,
 * TLS, EHLO, AUTH. Zero what isn't borrowed before. deliver_close() is due in
 * any case. The lock holds for the process from then on: what else the caller
 * needs must be open, and a second deliver_open() needs a process of its own.
 */
bool deliver_open(struct delivery *d, struct error *err) MUST_CHECK;

/*
 * Hands one message over the open session; true when the relay answered 250 to
 * it. Where the session is lost before MAIL the next address takes its place.
 */
bool deliver_send(struct delivery *d, const struct transfer *transfer,
    struct error *err) MUST_CHECK;

/* Whether there is a session. */
bool deliver_is_open(const struct delivery *d);

/*
 * Whether the session can take another message; if not, it's to be closed. A
 * kept session that is lost before MAIL isn't replaced by deliver_send():
 * whoever keeps it opens another one.
 */
bool deliver_again(struct delivery *d, bool was_accepted);

/*
 * Makes it ready for that message, once there is one: nobody waits for RSET
 * where none comes. False as above.
 */
bool deliver_make_ready(struct delivery *d);

/*
 * Keeps the session until `fd` can be read: true. False when the relay has
 * spoken or hung up, after `ms`, or on a signal: it's to be closed.
 */
bool deliver_wait(struct delivery *d, int fd, int64_t ms);

/* Ends the session as session_end() does, and frees what it took. */
void deliver_close(struct delivery *d);

#endif
