/*
 * Finds certificates by name: in a PEM bundle those whose subject is asked for,
 * without decoding the rest. Names are compared octet by octet, as GnuTLS does.
 *
 * A finder, not a verifier: what it finds is judged by the library, and where
 * it doesn't understand something it says so, and everything is loaded.
 */
#ifndef POSTHASTE_NET_TRUST_FIND_H
#define POSTHASTE_NET_TRUST_FIND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* Octets of a certificate up to its subject's end; more isn't understood. */
#define FIND_PREFIX_MAX 4096

/*
 * Issuer and subject of a certificate in DER (RFC 5280 section 4.1), borrowed
 * from it, each a whole element. False for what isn't such a certificate.
 */
bool find_names(struct span der, struct span *issuer,
    struct span *subject) MUST_CHECK;

/*
 * Adds the PEM blocks of all certificates in `bundle` whose subject is one of
 * the names, in their order. False where a block isn't understood.
 */
bool find_anchors(struct span bundle, const struct span *names, size_t count,
    struct buf *out) MUST_CHECK;

/* Whether there is a certificate, and the first one is understood. */
bool find_has_certificate(struct span bundle) MUST_CHECK;

#endif
