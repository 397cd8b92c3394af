/*
 * SCRAM (RFC 5802, RFC 7677), the client's side of one exchange:
 *
 *	scram_begin, scram_first, scram_final, scram_verify
 *
 * The relay proves that it knows the password too; without that proof nothing
 * has passed.
 */
#ifndef POSTHASTE_SMTP_SCRAM_H
#define POSTHASTE_SMTP_SCRAM_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/error.h"
#include "base/span.h"

/* What a relay may ask for; more would be a way to make us work for nothing. */
#define SCRAM_ROUNDS_MIN 4096
#define SCRAM_ROUNDS_MAX 1000000

struct scram_params {
	enum crypto_digest digest;
	const char *user;
	struct span password;
	char flag;	/* GS2: 'p' binds to the channel, 'y' would if the
			 * server could, 'n' doesn't */
	const char *binding_name;	/* with 'p' */
	struct span binding;
	const char *nonce;	/* NULL: a random one */
};

struct scram {
	const struct scram_params *params;	/* borrowed */
	struct buf header;	/* gs2-header */
	struct buf first;	/* client-first-message-bare */
	struct buf nonce;
	char proof[48];		/* the base64 that went out, "" before */
	unsigned char signature[CRYPTO_DIGEST_MAX];	/* the server's, as it
							 * must be */
};

/* Free it in any case. A library that fails is EX_OSERR. */
bool scram_begin(struct scram *s, const struct scram_params *params,
    struct error *err) MUST_CHECK;

/* Adds client-first-message. */
bool scram_first(struct scram *s, struct buf *out,
    struct error *err) MUST_CHECK;

/*
 * Reads server-first-message, adds client-final-message. Whatever breaks RFC
 * 5802's grammar, a nonce that isn't ours made longer, and a number of rounds
 * beyond the limits are EX_PROTOCOL; a password that can't be prepared is
 * EX_CONFIG.
 */
bool scram_final(struct scram *s, struct span server_first, struct buf *out,
    struct error *err) MUST_CHECK;

/* The reason in a server-final-message that is an error; empty in others. */
struct span scram_reason(struct span server_final);

/* Reads server-final-message; a wrong signature is EX_PROTOCOL. */
bool scram_verify(struct scram *s, struct span server_final,
    struct error *err) MUST_CHECK;

/* Wiped. A zeroed struct is allowed. */
void scram_free(struct scram *s);

/*
 * Adds a saslname (RFC 5801 section 4): "=" and "," have names of their own
 * there. False only at the limit.
 */
bool scram_add_name(struct buf *out, const char *name) MUST_CHECK;

#endif
