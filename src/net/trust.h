/*
 * Whom TLS believes: trust anchors, or one pinned fingerprint, and the
 * judgement of the certificate that a relay showed. Used by tls.c alone;
 * GnuTLS's types appear by their tags: its headers stay in the .c files.
 */
#ifndef POSTHASTE_NET_TRUST_H
#define POSTHASTE_NET_TRUST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/trace.h"
#include "net/tls.h"
#include "net/trust_certificate.h"

struct gnutls_session_int;		/* gnutls_session_t */
struct gnutls_certificate_credentials_st;

struct trust;

/* As tls_context_new() has it; the strings of `params` stay borrowed. */
bool trust_new(struct trust **t, const struct tls_params *params,
    struct error *err) MUST_CHECK;
void trust_free(struct trust *t);

/* As tls_context_set_name() has it. */
void trust_set_name(struct trust *t, const char *name);

/* The credentials for a session, owned by `t`. */
struct gnutls_certificate_credentials_st *trust_credentials(
    const struct trust *t);

/* The name to ask for by SNI, without its trailing dot; NULL for an address. */
const char *trust_server_name(const struct trust *t);

/* Describes the certificate that was shown, judged or not. */
bool trust_describe(struct gnutls_session_int *session,
    struct certificate *c) MUST_CHECK;

/*
 * Judges the certificate of the handshake under way. What fails is EX_PROTOCOL
 * at STAGE_TLS, with the certificate described as the cause.
 */
bool trust_check(struct trust *t, struct gnutls_session_int *session,
    bool is_loopback, const struct trace *trace, struct error *err) MUST_CHECK;

#endif
