/*
 * TLS through GnuTLS (whose headers tls*.c, trust*.c and base/crypto.c alone
 * include): TLS 1.2 at least, server certificate by SAN (RFC 9525) and
 * key purpose, or by fingerprint.
 */
#ifndef POSTHASTE_NET_TLS_H
#define POSTHASTE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/trace.h"
#include "net/stream.h"

struct certificate;	/* net/trust_certificate.h */

struct tls_params {
	const char *name;	/* the relay's name or IP address */
	const char *ca_file;	/* NULL: the system's trust */
	const char *crl_file;	/* of revoked certificates, or NULL */
	const char *fingerprint;	/* SHA-256 in hex, colons allowed, or
				 * "spki:" and that of the key; replaces chain,
				 * name and dates. NULL: none */
	bool is_unverified;	/* without a fingerprint: any certificate is
				 * taken */
	bool wants_1_3;		/* nothing below TLS 1.3 */
	const char *priority;	/* put behind GnuTLS's default, or NULL */
	/* Our own certificate in PEM and its key, which stands in the first
	 * file where `key` is NULL. NULL: none */
	const struct buf *certificate, *key;
	const char *certificate_file;	/* for messages */
};

/* Credentials and priorities, made before the first packet leaves. */
struct tls_context;

/*
 * A file that can't be read or doesn't hold what it should, a system without
 * trust anchors: EX_CONFIG at STAGE_CONFIG. The strings of `params` stay
 * borrowed.
 */
bool tls_context_new(struct tls_context **ctx, const struct tls_params *params,
    struct error *err) MUST_CHECK;
void tls_context_free(struct tls_context *ctx);

/* Another name than params.name for the handshakes that follow. */
void tls_context_set_name(struct tls_context *ctx, const char *name);

/* Whether `text` is a well-formed fingerprint. */
bool tls_fingerprint_is_valid(const char *text);

/* What GnuTLS has against `text` behind its default priority, or NULL; static
 * text. */
const char *tls_priority_fault(const char *text);

/*
 * The handshake, with verification inside it, on a stream whose input is
 * empty. A certificate that fails is EX_PROTOCOL at STAGE_TLS, never
 * temporary, with subject, SANs, issuer, validity and the SHA-256 ready to
 * paste; so is an alert or a peer that speaks no TLS (hint "H18" where it
 * looks like an SMTP greeting). A connection lost or out of time is temporary.
 * `ctx` must outlive the stream. After a failure nothing can be sent or
 * received on the stream any more: abort it.
 */
bool tls_handshake(struct stream *s, struct tls_context *ctx,
    const struct limit *limit, const struct trace *trace,
    struct error *err) MUST_CHECK;

/* The certificate that the relay has shown; false without TLS. */
bool tls_certificate(const struct stream *s,
    struct certificate *certificate) MUST_CHECK;

/* "TLS1.3 …" as the log names it, borrowed; "off" without TLS. */
const char *tls_description(const struct stream *s);

/*
 * What binds an authentication to this very connection: adds the data to `out`
 * and names its type as GS2 has it, static: "tls-exporter" on TLS 1.3 (RFC
 * 9266), "tls-server-end-point" on TLS 1.2 (RFC 5929 section 4). False without
 * TLS, where the certificate's signature has no hash that the RFC knows, or at
 * the limit of `out`; `*type` is NULL then.
 */
bool tls_channel_binding(const struct stream *s, const char **type,
    struct buf *out) MUST_CHECK;

/*
 * For stream.c: what became of a record send or receive that didn't block.
 * TLS_AGAIN: the socket has to become ready, for reading after a receive, for
 * writing after a send; TLS_END: the peer has closed, with or without
 * close_notify.
 */
enum tls_result { TLS_DONE, TLS_AGAIN, TLS_END, TLS_LOST, TLS_BROKEN };

/*
 * `*done` octets were made records of; they are gathered, and TLS_DONE says
 * that the kernel has all of them. After TLS_AGAIN call again with the rest,
 * even if that is empty. `*done` is 0 unless set otherwise.
 */
enum tls_result tls_send(struct stream *s, struct span bytes, size_t *done);

/*
 * Whether records wait for the kernel, or were lost or held back. Those that
 * are held back are forgotten, and nothing is sent any more, whoever calls:
 * reading would let them leave when nobody counts on it.
 */
bool tls_owes(const struct stream *s);
void tls_hold_back(struct stream *s);

enum tls_result tls_receive(struct stream *s, char *out, size_t size,
    size_t *done);

/* The words for the last TLS_LOST or TLS_BROKEN, and its errno or 0. */
const char *tls_fault(const struct stream *s, int *sys_errno);

/* close_notify, not waited for; and the end without a word. */
void tls_goodbye(struct stream *s);
void tls_free(struct tls *t);

#endif
