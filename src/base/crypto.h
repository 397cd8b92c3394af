/*
 * Hashes and international names over GnuTLS, so that no other layer needs its
 * headers.
 */
#ifndef POSTHASTE_BASE_CRYPTO_H
#define POSTHASTE_BASE_CRYPTO_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define CRYPTO_SHA256_SIZE 32

/* False where the library fails. */
bool crypto_sha256(unsigned char out[CRYPTO_SHA256_SIZE],
    struct span bytes) MUST_CHECK;

/*
 * Adds the A-labels (RFC 5890) of a domain in UTF-8; ASCII comes back in lower
 * case. False for a name that has none.
 */
bool crypto_domain_to_ascii(struct buf *out, struct span domain) MUST_CHECK;

/* Whether the library was built with what that takes. */
bool crypto_knows_idna(void);

#endif
