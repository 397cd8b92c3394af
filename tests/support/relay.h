/*
 * A relay that does as it is told: a child process that accepts connections,
 * plays scripts or speaks real SMTP with faults where they are wanted, and
 * records all it sees.
 *
 * A script is lines of text, one step each; what stands in front of the step's
 * word and empty lines mean nothing, `#` begins a comment line. The bytes of a
 * step know the escapes \r \n \t \0 \\ and \xNN.
 *
 *   S TEXT        send TEXT and CRLF
 *   s BYTES       send BYTES as they are
 *   early BYTES   the same; says that they belong to the reply before them
 *   quote BYTES   send BYTES, the client's last command line, and CRLF
 *   repeat N BYTES  send BYTES N times; 0: until the client closes
 *   drip MS BYTES   send BYTES one octet each MS milliseconds
 *   flush         send now what was gathered
 *   C WORDS       receive one command line that begins with WORDS (no case)
 *   C*            receive any command line
 *   data          receive a message up to its final dot
 *   data N        receive N octets of a message (N may be 0)
 *   chunk N       receive N octets as a BDAT chunk, `chunk N last` the last one
 *   commit        the message just received counts as accepted
 *   starttls      the TLS handshake, now
 *   alert [N]     send a fatal TLS alert (80, internal_error)
 *   ticket        send a TLS 1.3 session ticket
 *   rekey         send a TLS 1.3 key update
 *   sleep MS      do nothing
 *   window [MS]   leave what comes unread, with a tiny receive buffer; for ever
 *                 or for MS milliseconds
 *   wait          receive all until the client closes
 *   fin           close our direction only
 *   close         close_notify under TLS, then close
 *   cut           close without close_notify
 *   reset         close by RST
 *
 * Sends are gathered and leave in one send (one TLS record up to 16 KiB) at the
 * next step that isn't a send: two `S` are one segment, with `flush` between
 * them they are two. Behind the last step the relay receives until the client
 * closes, unless the script closed.
 */
#ifndef POSTHASTE_TESTS_RELAY_H
#define POSTHASTE_TESTS_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

#define RELAY_NAME "relay.test"

/* What the obedient relay offers where nothing else is asked for. */
#define RELAY_CAPABILITIES "PIPELINING\nSIZE 10485760\n8BITMIME\n" \
	"ENHANCEDSTATUSCODES\nAUTH PLAIN LOGIN"

enum relay_mode { RELAY_PLAIN, RELAY_STARTTLS, RELAY_TLS };

enum relay_when { RELAY_INSTEAD, RELAY_BEFORE, RELAY_AFTER };

/*
 * A script fragment at a stage of the obedient relay. The stages, in order:
 *   greeting ehlo starttls handshake ehlo2 auth authdata1 … mail rcpt1 … data
 *   bdat1 … body receipt quit, beside them helo, rset, noop
 * `ehlo2` is the one under STARTTLS; `authdata`, `rcpt` and `bdat` without a
 * number mean each of them. `receipt` is the reply to the final dot or to the
 * last chunk, `bdat` that to a chunk before it. `body` begins behind the 354,
 * or before the first chunk's octets: instead of receiving the message (use
 * `data` there), before it, or before the receipt.
 *
 * RELAY_INSTEAD replaces the normal reply, and the first three octets it sends
 * decide how the connection goes on: 2yz, 354, 334 or 235 as if the relay had
 * said it itself, anything else as after a refusal. In place of a receipt
 * nothing is accepted unless the fragment says `commit`. RELAY_BEFORE and
 * RELAY_AFTER add to the normal reply and leave in the same send as it unless
 * they `flush`.
 */
struct relay_override {
	const char *stage;
	const char *script;
	enum relay_when when;
	unsigned int connection;	/* its number from 1; 0: each */
};

struct relay_serve {
	const char *capabilities;	/* lines; NULL: RELAY_CAPABILITIES */
	const char *clear_capabilities;	/* those before STARTTLS; NULL: the
					 * same without AUTH. STARTTLS itself
					 * is added where it is due, unless
					 * `hides_starttls` */
	bool hides_starttls;
	const char *user, *password;	/* NULL: any are right */
	unsigned int scram_rounds;	/* 0: 4096 */
	bool wants_auth;		/* 530 to MAIL without AUTH */
	bool wants_tls;			/* 530 to MAIL before STARTTLS */
	const struct relay_override *overrides;	/* borrowed until the start */
	size_t override_count;
};

struct relay_options {
	enum relay_mode mode;		/* RELAY_TLS: handshake at once */
	const char *socket_path;	/* a unix socket instead of TCP */
	bool is_pair;			/* a socketpair: relay_client_fd() */
	bool is_ipv6;			/* ::1 instead of 127.0.0.1 */
	const char *cert_file, *key_file;	/* PEM, for TLS */
	const char *ocsp_file;		/* DER, stapled; NULL: none */
	const char *client_ca_file;	/* PEM: a client certificate by it is
					 * asked for, and its DN recorded */
	const char *priority;		/* of GnuTLS; NULL: "NORMAL" */
	const char *const *scripts;	/* one per connection, NULL at the end;
					 * the last one is played again for
					 * those that follow. NULL: serve */
	const struct relay_serve *serve;	/* NULL: the defaults */
	size_t connections;		/* at most; 0: 8 */
	int64_t limit_ms;		/* the relay's life; 0: 30 s */
	bool is_lean;			/* count octets, don't keep them */
};

struct relay;

/*
 * Starts a relay that listens when this returns. NULL, with the reason on
 * stderr, where it can't be, also for a script that isn't one.
 */
struct relay *relay_start(const struct relay_options *options) MUST_CHECK;

/* The TCP port, 0 without one. */
int relay_port(const struct relay *relay);

/* The client's end of the socketpair, which becomes the caller's own; -1
 * without one and from the second call on. */
int relay_client_fd(struct relay *relay);

/* A port of 127.0.0.1 on which nobody listens as long as this process lives, and
 * which nobody else gets; 0 where none can be found. */
int relay_closed_port(void);

/* How the client ended a connection, as seen by the relay. */
enum relay_end {
	RELAY_END_NONE,		/* it hasn't, or the relay closed first */
	RELAY_END_FIN,		/* FIN; under TLS without close_notify */
	RELAY_END_NOTIFY,	/* close_notify */
	RELAY_END_ALERT,	/* a fatal TLS alert, see tls_fault */
	RELAY_END_RESET
};

/*
 * What arrived between two sends of the relay. `segments` is the kernel's
 * count of TCP segments with data: it can't be merged by a late reader as
 * `reads` can, and is 0 without TCP or on kernels that don't count.
 */
struct relay_flight {
	uint64_t octets;	/* decrypted */
	unsigned int reads;	/* recv calls that returned data */
	unsigned int segments;
};

struct relay_message {
	char *mail;		/* what stood behind "MAIL FROM:" */
	char **recipients;	/* what stood behind "RCPT TO:", of those that
				 * the obedient relay accepted; of all in a
				 * script */
	size_t recipient_count;
	struct buf wire;	/* as it came: doubled dots, without the final
				 * dot's line */
	struct buf text;	/* the dots undone */
	uint64_t octets;	/* of `wire`, also where that isn't kept */
	bool is_bdat;
	bool is_complete;	/* the final dot or the last chunk came */
	bool is_committed;	/* the relay took it */
};

struct relay_connection {
	struct buf received;	/* every octet in order, decrypted */
	struct buf dialogue;	/* for people: "S: …", "C: …" lines */
	char **commands;	/* lines without their ends */
	size_t command_count;
	struct relay_message *messages;
	size_t message_count;
	struct relay_flight *flights;
	size_t flight_count;
	enum relay_end end;
	char tls[160];		/* description of the session and the client's
				 * DN, or "" */
	char tls_fault[160];	/* why the handshake or a record failed */
};

struct relay_record {
	struct relay_connection *connections;
	size_t count;
	size_t mail_commands;	/* MAIL lines of all connections */
	size_t committed;	/* messages accepted on all connections */
	char failure[400];	/* the first thing that didn't go by the script,
				 * or that a client must never do (a line end
				 * without CR, a command sent before the reply
				 * it depends on); "" where there is none */
};

/*
 * Waits up to `ms` until a command line that begins with `words` has arrived on
 * any connection. False where none has.
 */
bool relay_wait_for(struct relay *relay, const char *words, int64_t ms);

/*
 * Ends the relay, which first receives what its client has sent already, and
 * frees it. `record` must be freed in any case. False, with the reason on
 * stderr, where the relay had to be killed or the record can't be read.
 */
bool relay_stop(struct relay *relay, struct relay_record *record) MUST_CHECK;

void relay_record_free(struct relay_record *record);

/* The whole record as text on stderr, for a test that fails. */
void relay_record_print(const struct relay_record *record);

/* The Nth message that the relay took, from 0, in the order of connections and
 * within each; NULL where it took no more. */
const struct relay_message *relay_message_at(const struct relay_record *record,
    size_t n);

/* The message that was accepted, where that is exactly one; else NULL. */
const struct relay_message *relay_only_message(
    const struct relay_record *record);

/*
 * Adds the script of a relay that takes one message for one recipient.
 * `capabilities` are lines as above; `auth` is the mechanism (PLAIN with an
 * initial response, LOGIN without) or NULL.
 */
bool relay_script_good(struct buf *script, const char *capabilities,
    const char *auth) MUST_CHECK;

#endif
