/*
 * What the relay's child tells its parent: events, appended to an anonymous
 * file that both have open. One writer, and whole events only.
 */
#ifndef POSTHASTE_TESTS_RELAY_LOG_H
#define POSTHASTE_TESTS_RELAY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"
#include "support/relay.h"

enum relay_event_kind {
	EVENT_CONNECT,
	EVENT_BYTES,		/* payload: received */
	EVENT_SENT,		/* payload: one send */
	EVENT_COMMAND,		/* payload: the line */
	EVENT_MAIL,		/* payload: what stands behind FROM: */
	EVENT_RCPT,		/* payload: what stands behind TO: */
	EVENT_RSET,		/* the envelope is forgotten */
	EVENT_MESSAGE,		/* begins; a: 1 with BDAT */
	EVENT_PART,		/* a: offset in the received octets, b: length */
	EVENT_COMPLETE,
	EVENT_COMMIT,
	EVENT_FLIGHT,		/* a: octets, b: reads << 32 | segments */
	EVENT_TLS,		/* payload: description */
	EVENT_TLS_FAULT,	/* payload: why */
	EVENT_END,		/* a: enum relay_end */
	EVENT_FAILURE		/* payload: what */
};

struct relay_event {
	uint32_t kind;
	uint32_t connection;	/* from 1 */
	uint64_t a, b;
	uint64_t size;		/* of the payload, which follows */
};

/* Appends one event; where that fails the child ends. */
void relay_log(int fd, const struct relay_event *event, struct span payload);

/* Builds the record of all events so far. False, with the reason on stderr,
 * where the file can't be read. */
bool relay_log_read(int fd, struct relay_record *record) MUST_CHECK;

#endif
