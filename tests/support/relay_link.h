/*
 * The relay's end of one connection: gathered sends, reads that are recorded,
 * TLS on demand, and every way to end. Internal to the relay's child.
 */
#ifndef POSTHASTE_TESTS_RELAY_LINK_H
#define POSTHASTE_TESTS_RELAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <gnutls/gnutls.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "support/relay_log.h"

struct relay_link {
	int fd;			/* owned; -1 once closed */
	int control;		/* readable once the relay shall end */
	int log;
	uint32_t number;	/* of the connection, from 1 */
	int64_t until;		/* clock_ms() at which patience ends */
	bool is_stopping;
	bool is_lean;
	bool cant_send;
	enum relay_end end;	/* the client's; NONE while it is there */
	gnutls_certificate_credentials_t credentials;	/* borrowed */
	bool wants_client;	/* its certificate */
	const char *priority;
	gnutls_session_t session;
	gnutls_datum_t ticket_key;
	bool is_secure;
	int transport_errno;
	struct buf input;	/* received and not consumed */
	struct buf output;	/* gathered */
	struct buf last_line;	/* of the client, for `quote` */
	uint64_t received;	/* octets in all */
	char code[4];		/* the first three octets sent since
				 * link_mark() */
	bool is_whole;		/* the last `data` came to its end */
	uint64_t flight_octets;
	unsigned int flight_reads;
	uint32_t segments;	/* the kernel's count at the flight's begin */
};

/* Whether anything more can happen: our side is open and the client's too. */
bool link_is_open(const struct relay_link *l);

/* Tells the parent. */
void link_note(const struct relay_link *l, enum relay_event_kind kind,
    uint64_t a, uint64_t b, struct span payload);
void link_failure(const struct relay_link *l, const char *format,
    ...) FORMAT(2, 3);

/* Our TCP port, 0 without one. */
int link_port(const struct relay_link *l);

/* Begins to watch what is sent for `code`. */
void link_mark(struct relay_link *l);

void link_send(struct relay_link *l, struct span bytes);
void link_flush(struct relay_link *l);

/* Receives something more. False where the client closed, the time is up or
 * our own side is closed. */
bool link_fill(struct relay_link *l) MUST_CHECK;

/* The next line without its end, flushed before; `line` is owned by the
 * caller and emptied first. False where none comes. */
bool link_line(struct relay_link *l, struct buf *line) MUST_CHECK;

/* Receives to the client's end. */
void link_drain(struct relay_link *l);

/* Sleeps, at most to the relay's end. */
void link_sleep(struct relay_link *l, int64_t ms);

/* The same until the client is gone, for `window`. */
void link_ignore(struct relay_link *l, int64_t ms);

void link_handshake(struct relay_link *l);
void link_alert(struct relay_link *l, int number);
void link_ticket(struct relay_link *l);
void link_rekey(struct relay_link *l);

void link_fin(struct relay_link *l);
void link_close(struct relay_link *l);
void link_cut(struct relay_link *l);
void link_reset(struct relay_link *l);

/* Records the end and frees everything. */
void link_finish(struct relay_link *l);

/* For the TLS part: the bare socket, in time (errno ETIMEDOUT), and the end. */
ssize_t link_send_raw(struct relay_link *l, const char *data, size_t size);
ssize_t link_receive_raw(struct relay_link *l, void *data, size_t size);
void link_close_socket(struct relay_link *l);
void link_tls_fault(const struct relay_link *l, const char *text);

/* For all that waits: 1 ready, 0 time is up, -1 told to end (which shortens
 * the patience, once). `fd` may be -1 to wait for the time alone. */
int link_wait(struct relay_link *l, int fd, short events, int64_t ms);

#endif
