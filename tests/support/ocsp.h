/*
 * OCSP responses (RFC 6960) for tests, signed by the CA itself; GnuTLS reads
 * such responses and writes none.
 */
#ifndef POSTHASTE_TESTS_OCSP_H
#define POSTHASTE_TESTS_OCSP_H

#include <stdbool.h>

#include "base/buf.h"

struct gnutls_x509_crt_int;
struct gnutls_x509_privkey_int;

struct ocsp_response {
	struct gnutls_x509_crt_int *certificate, *issuer;
	struct gnutls_x509_privkey_int *issuer_key;	/* EC */
	bool is_revoked;
	int from, to;		/* days from today */
};

/* Adds the response in DER. */
bool ocsp_add_response(struct buf *out, const struct ocsp_response *r);

#endif
