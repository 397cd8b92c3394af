/*
 * What is made for TLS before the first packet leaves. Used by tls.c alone, as
 * trust.h is.
 */
#ifndef POSTHASTE_NET_TLS_CONTEXT_H
#define POSTHASTE_NET_TLS_CONTEXT_H

#include "net/tls.h"

struct gnutls_session_int;	/* gnutls_session_t */
struct trust;

/* Gives a session its priorities, credentials and server name. 0, or an error
 * code of GnuTLS. */
int tls_context_equip(const struct tls_context *ctx,
    struct gnutls_session_int *session);

/* Whom the session believes; owned by `ctx`. */
struct trust *tls_context_trust(const struct tls_context *ctx);

#endif
