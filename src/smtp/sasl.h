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
#include "smtp/scram.h"

#define SASL_ROUNDS_MAX 8

struct sasl_mechanism;

struct sasl_credentials {
	const char *user;	/* NULL only for EXTERNAL */
	struct span password;	/* or the access token */
};

/* What an exchange depends on, all of it borrowed. */
struct sasl_params {
	const struct sasl_credentials *credentials;
	const char *host;	/* the relay, for OAUTHBEARER */
	int port;
	sasl_set offered;	/* by the relay */
	const char *binding_name;	/* of the channel; NULL: none */
	struct span binding;
	const char *nonce;	/* NULL: a random one */
};

/* One exchange. */
struct sasl {
	const struct sasl_mechanism *mechanism;
	const struct sasl_params *params;	/* borrowed */
	int round;
	struct scram_params scram_params;
	struct scram scram;
	struct buf refusal;	/* why the relay refuses, in its words, where
				 * the mechanism lets it say so */
	struct span secret;	/* what of the answers tells of the password
				 * and isn't it; borrowed from here */
	char digest[2 * CRYPTO_DIGEST_MAX + 1];
};

/* The mechanism's bit, or 0 for a word that isn't in the table. */
sasl_set sasl_named(struct span word);

/* Those that are used unless the profile names one; those that bind to the
 * channel; those that carry an access token. */
sasl_set sasl_automatic(void);
sasl_set sasl_bound(void);
sasl_set sasl_tokens(void);

/* The best one of a set, in the table's order; NULL where it is empty. */
const struct sasl_mechanism *sasl_best(sasl_set offered);

/*
 * The only one of a set, if all that it ever says is one answer that depends on
 * nothing the relay offers: it can be said unasked. Else NULL.
 */
const struct sasl_mechanism *sasl_settled(sasl_set named);

const char *sasl_name(const struct sasl_mechanism *mechanism);

/* Whether the client may speak first, so that AUTH can carry its answer. */
bool sasl_is_client_first(const struct sasl_mechanism *mechanism);

/* Free it with sasl_end() in any case. */
bool sasl_begin(struct sasl *s, const struct sasl_mechanism *mechanism,
    const struct sasl_params *params, struct error *err) MUST_CHECK;

/*
 * Adds the answer to a challenge (both before base64) to `answer`, which holds
 * secrets. A challenge that has no place in the mechanism is EX_PROTOCOL; one
 * that is the relay's refusal goes to `refusal`.
 */
bool sasl_answer(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err) MUST_CHECK;

/* Whether all was said, and heard, that a success needs. */
bool sasl_is_done(const struct sasl *s);

/* Wiped. */
void sasl_end(struct sasl *s);

#endif
