/*
 * One SMTP session over a stream. session_send() is the only writer of
 * commands, session_expect() the only reader of replies. A dialogue is then
 * a straight line: send && expect && send && expect.
 *
 * Commands are gathered into a flight, which leaves when a reply is expected.
 * Before that no octet of the relay may be waiting: a refusal that came early
 * is judged as the reply to the step at hand, anything else early is
 * EX_PROTOCOL (behaviour: "nothing believed too early"). Pipelining (RFC 2920)
 * is N sends and then N expects, in the same order.
 */
#ifndef POSTHASTE_SMTP_SESSION_H
#define POSTHASTE_SMTP_SESSION_H

#include <signal.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/trace.h"
#include "net/stream.h"
#include "net/tls.h"
#include "smtp/capability.h"
#include "smtp/mask.h"
#include "smtp/reply.h"
#include "smtp/sasl.h"
#include "smtp/step.h"

enum session_tls { SESSION_TLS_NONE, SESSION_TLS_STARTTLS,
	SESSION_TLS_IMPLICIT };

/*
 * Whether the message goes out by BDAT (RFC 3030) where the relay offers it.
 * ONE_FLIGHT is for relays that are known to discard a chunk that they refuse:
 * the message leaves with the envelope, before any reply to that was read.
 */
enum session_chunking { SESSION_CHUNKING_OFF, SESSION_CHUNKING_AUTO,
	SESSION_CHUNKING_ONE_FLIGHT };

/*
 * How far the message is, for whoever must end the run out of turn (no memory,
 * a signal): behaviour.md section 2 gives each its exit status.
 */
enum progress {
	PROGRESS_NONE,
	PROGRESS_MESSAGE_OUT,	/* its last octet was handed to the kernel */
	PROGRESS_ACCEPTED	/* the relay's 250 was read: the exit is 0 */
};

struct session_params {
	const char *ehlo;
	enum session_tls tls;
	struct tls_context *tls_context;	/* NULL without TLS */
	const struct sasl_credentials *credentials;	/* NULL: no AUTH */
	sasl_set mechanisms;	/* what may be used of what is offered */
	struct buf *secret;	/* overwritten when MAIL leaves, as no other
				 * relay can be told it then; may be NULL */
	bool is_loopback;	/* credentials may go in clear */
	bool is_unverified;	/* tls_verify = no: anybody may be there */
	bool may_pipeline;	/* where the relay offers it */
	bool is_early;		/* EHLO before the greeting, and AUTH with it
				 * under TLS where auth_is_settled(), for
				 * relays that offer PIPECONNECT */
	bool waits_for_quit;	/* for its reply, at most QUIT_MS */
	enum session_chunking chunking;
	const char *host;	/* the relay as the profile names it */
	int port;
	const char *peer;	/* "smtp.example.net:587", for messages */
	int64_t handshake_timeout, timeout, data_timeout;	/* ms each */
	struct limit run;	/* the whole run's limit */
	const struct trace *trace;	/* may be NULL */
	volatile sig_atomic_t *progress;	/* enum progress; may be NULL */
};

struct session {
	struct stream *stream;			/* borrowed */
	const struct session_params *params;	/* borrowed */
	struct capability capability;	/* of the last reply to EHLO */
	struct reply reply;	/* the last one */
	struct buf flight;	/* commands that wait to leave */
	struct buf unanswered;	/* those whose replies are to come, redacted,
				 * one a line */
	size_t answered;	/* octets of them that are done with */
	char command[560];	/* the one at hand, for messages */
	struct deadline flight_limit; /* of all replies to the flight that left
				 * last */
	struct mask mask;	/* what the relay was told and may quote */
	const char *mechanism;	/* SASL mechanism that passed, or NULL */
	bool is_ahead;		/* EHLO leaves, and the greeting is to come */
	bool early_was_refused;	/* a 554 greeted us: without `is_early` it may
				 * be another one */
	bool mail_was_written;	/* no other relay may be tried any more */
	bool is_in_body;	/* between 354, or BDAT, and the last octet: a
				 * hang-up must be a reset */
	bool message_is_out;	/* only a 250, 4yz or 5yz tells what became of
				 * it */
	bool is_broken;		/* the dialogue lost its order: no QUIT */
};

/* Both stay borrowed until session_end(). */
void session_begin(struct session *s, struct stream *stream,
    const struct session_params *params);

#define QUIT_MS 10000

/*
 * From the connection to the relay's readiness for MAIL: TLS, greeting, EHLO,
 * STARTTLS, EHLO again, AUTH.
 */
bool session_open(struct session *s, struct error *err) MUST_CHECK;

/*
 * Puts a command line (without CRLF) into the flight. CR, LF, NUL or a line
 * longer than the step allows is EX_DATAERR, and nothing of the flight leaves
 * then. `shown` is what messages and the transcript get instead of a line that
 * holds secrets, else NULL.
 */
bool session_send(struct session *s, enum step step, struct span line,
    const char *shown, struct error *err) MUST_CHECK;

/*
 * Lets the flight leave, reads one reply, judges it. The time for a reply
 * counts from the last octet of its flight.
 */
bool session_expect(struct session *s, enum step step,
    struct error *err) MUST_CHECK;

/* Both, for a line without secrets. */
bool session_ask(struct session *s, enum step step, struct span line,
    struct error *err) MUST_CHECK;

/* Fails where the relay spoke, or hung up, before `step` asked it to. */
bool session_check_silence(struct session *s, enum step step,
    struct error *err) MUST_CHECK;

/*
 * Writes a block of the message, behind the flight where there is one (BDAT).
 * As soon as the relay says anything nothing more is written: its refusal is
 * judged, anything else is EX_PROTOCOL.
 */
bool session_write_block(struct session *s, struct span block,
    struct error *err) MUST_CHECK;

/*
 * Writes a flight that is a whole transaction: behind MAIL, RCPT and BDAT, that
 * were sent, stands the message. Only the replies are left to be read.
 */
bool session_write_transaction(struct session *s, struct span message,
    struct error *err) MUST_CHECK;

/*
 * The last octet of the message was handed to the kernel: from here on the
 * relay may have it, and nothing shortens the wait for its replies.
 */
void session_message_is_out(struct session *s);

/* The relay's 250 to it was read; the run is a success if nobody was refused
 * before. */
void session_message_is_accepted(struct session *s, bool by_all);

/* A refusal of the envelope has closed the window again. */
void session_message_is_void(struct session *s);

/* Puts the peer and the last command into an error that has none. Returns
 * false. */
bool session_sign(const struct session *s, struct error *err);

/* How long `step` may wait, from now. */
struct limit session_limit(const struct session *s, enum step step);

/* Whether credentials may be said: TLS (verified, unless the profile waives
 * that), or loopback. */
bool session_is_private(const struct session *s);

/* Whether the dialogue is in order, and the relay may hear more of it. */
bool session_may_go_on(const struct session *s);

/* Forgets the message before: for another one in the same session. */
void session_next(struct session *s);

/*
 * Ends the session as behaviour.md section 7 has it: QUIT that isn't waited
 * for unless that is wished, or a reset in mid-message, or just the end where
 * the dialogue is broken. Never fails. The stream is closed; the caller frees
 * it.
 */
void session_end(struct session *s);

#endif
