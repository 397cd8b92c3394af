/*
 * A certificate in words, and why it isn't accepted. Made by trust.c, shown by
 * others.
 */
#ifndef POSTHASTE_NET_TRUST_CERTIFICATE_H
#define POSTHASTE_NET_TRUST_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"

struct gnutls_x509_crt_int;	/* gnutls_x509_crt_t */

/* All text is escaped. */
struct certificate {
	char subject[50], names[56], issuer[50];
	char from[12], to[12];
	int64_t days_left;	/* until the first of its chain expires;
				 * negative: since then */
	bool is_early, is_late;	/* now is outside the two */
	bool has_dns, has_address;	/* among its names */
	char sha256[2 * CRYPTO_SHA256_SIZE + 1];
};

void certificate_describe(struct certificate *c,
    struct gnutls_x509_crt_int *x509, const unsigned char *sha256);

/*
 * Sets EX_PROTOCOL at STAGE_TLS, with the certificate as the cause and the
 * fingerprint to paste as the fix, behind `advice` where that isn't NULL.
 * Returns false.
 */
bool certificate_refuse(const struct certificate *c, const char *name,
    const char *reasons, const char *advice, struct error *err);

/* The same, for a status of gnutls_certificate_verify_peers(). */
bool certificate_refuse_status(const struct certificate *c, const char *name,
    unsigned int status, struct error *err);

#endif
