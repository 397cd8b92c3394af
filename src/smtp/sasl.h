/*
 * SASL mechanisms (RFC 4422), in one table: what each answers to a challenge.
 * Nothing here knows SMTP; auth.c carries the words to and fro.
 */
#ifndef POSTHASTE_SMTP_SASL_H
#define POSTHASTE_SMTP_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "smtp/capability.h"

#define SASL_ROUNDS_MAX 8

struct sasl_mechanism;

struct sasl_credentials {
	const char *user;
	struct span password;
};

/* One exchange. */
struct sasl {
	const struct sasl_mechanism *mechanism;
	const struct sasl_credentials *credentials;	/* borrowed */
	int round;
};

/* The mechanism's bit, or 0 for a word that isn't in the table. */
sasl_set sasl_named(struct span word);

/* The best one of a set, in the table's order; NULL where it is empty. */
const struct sasl_mechanism *sasl_best(sasl_set offered);

const char *sasl_name(const struct sasl_mechanism *mechanism);

/* Whether the client may speak first, so that AUTH can carry its answer. */
bool sasl_is_client_first(const struct sasl_mechanism *mechanism);

void sasl_begin(struct sasl *s, const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials);

/*
 * Adds the answer to a challenge (both before base64) to `answer`, which holds
 * secrets. A challenge that has no place in the mechanism is EX_PROTOCOL.
 */
bool sasl_answer(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err) MUST_CHECK;

/* Whether all was said that the server needs for a success. */
bool sasl_is_done(const struct sasl *s);

#endif
