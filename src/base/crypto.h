/*
 * Hashes, keyed hashes, random octets and the preparation of names and
 * passwords over GnuTLS, so that no other layer needs its headers.
 */
#ifndef POSTHASTE_BASE_CRYPTO_H
#define POSTHASTE_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define CRYPTO_SHA256_SIZE 32

/*
 * Prepares the library, which a program has kept from doing so before main().
 * Functions that need it do so themselves: this is for those who won't be
 * able to open files any more. Calling it again costs nothing.
 */
bool crypto_begin(void);

enum crypto_digest { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256 };

/* The longest digest's octets. */
#define CRYPTO_DIGEST_MAX CRYPTO_SHA256_SIZE

size_t crypto_digest_size(enum crypto_digest digest);

/* These fill crypto_digest_size() octets; false where the library fails. */
bool crypto_hash(enum crypto_digest digest, unsigned char *out,
    struct span bytes) MUST_CHECK;
bool crypto_hmac(enum crypto_digest digest, unsigned char *out,
    struct span key, struct span bytes) MUST_CHECK;

/* PBKDF2 with HMAC (RFC 8018 section 5.2), as many octets as the digest. */
bool crypto_pbkdf2(enum crypto_digest digest, unsigned char *out,
    struct span password, struct span salt, unsigned int rounds) MUST_CHECK;

/* False where the library fails. */
bool crypto_sha256(unsigned char out[CRYPTO_SHA256_SIZE],
    struct span bytes) MUST_CHECK;

/* The hash of several spans, as if each stood behind the one before. */
bool crypto_sha256_parts(unsigned char out[CRYPTO_SHA256_SIZE],
    const struct span *parts, size_t count) MUST_CHECK;

/* Octets that nobody can foretell. */
bool crypto_random(void *out, size_t size) MUST_CHECK;

/* Compares in a time that tells nothing of the octets. */
bool crypto_equals(const void *a, const void *b, size_t size);

/*
 * Adds a password in UTF-8 as RFC 8265 prepares it (OpaqueString); ASCII is
 * added as it is. False for what can't be prepared.
 */
bool crypto_prepare_password(struct buf *out, struct span password) MUST_CHECK;

/*
 * Adds the A-labels (RFC 5890) of a domain in UTF-8; ASCII comes back in lower
 * case. False for a name that has none.
 */
bool crypto_domain_to_ascii(struct buf *out, struct span domain) MUST_CHECK;

/* Whether the library was built with what that takes. */
bool crypto_knows_idna(void);

#endif
