/*
 * Certificates for tests, made at run time: EC P-256 keys, so that it takes
 * milliseconds.
 */
#ifndef POSTHASTE_TESTS_CERTS_H
#define POSTHASTE_TESTS_CERTS_H

#include <stdbool.h>

/*
 * Writes to the existing directory `dir` (PEM):
 *
 *   ca.pem            the CA that signs all but two
 *   good.pem          DNS:localhost, DNS:relay.test, IP:127.0.0.1
 *   expired.pem       the same names, a validity that is over
 *   future.pem        the same names, a validity still to come
 *   wrongname.pem     DNS:other.test alone
 *   cnonly.pem        no SAN, the name in the subject's CN
 *   clientonly.pem    the good names, key purpose client authentication alone
 *   untrusted.pem     the good names, from a CA that ca.pem doesn't hold
 *   selfsigned.pem    the good names, signed by its own key
 *
 *   wildcard.pem      DNS:*.relay.test alone
 *   dnsaddress.pem    addresses, as DNS names
 *   nulname.pem       relay.test, a NUL and .other.test, as one DNS name
 *   muststaple.pem    the good names, and no good without an OCSP response
 *   revoked.pem       the good names, revoked by ca.crl
 *
 * and for each but the first NAME.key. Beside them ca.crl, and OCSP responses
 * (DER): good.ocsp and muststaple.ocsp, which say "good", stale.ocsp, the second
 * of them 50 days too late, and revoked.ocsp. False where anything fails.
 */
bool certs_make(const char *dir);

#endif
