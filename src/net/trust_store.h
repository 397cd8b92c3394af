/*
 * The trust anchors: a PEM file, opened before the connection is made. Of its
 * certificates only those go to the library whose names the relay's chain
 * bears: loading 145 of them takes longer than all else in a run. Used by
 * trust.c alone.
 */
#ifndef POSTHASTE_NET_TRUST_STORE_H
#define POSTHASTE_NET_TRUST_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/trace.h"

#define STORE_FILE_MAX (16UL << 20)

struct gnutls_certificate_credentials_st;

struct trust_store {
	int fd;			/* -1: there is no file, or all is loaded */
	const char *path;	/* borrowed */
	const char *key;	/* what the path is, for messages; static */
	struct gnutls_certificate_credentials_st *credentials;	/* borrowed */
};

/*
 * Opens `ca_file`, or where that is NULL the system's bundle; the system's
 * trust is loaded whole where that isn't a file. EX_CONFIG for what can't be
 * read or holds no certificate. Must be closed in any case.
 */
bool store_open(struct trust_store *s, const char *ca_file,
    struct error *err) MUST_CHECK;
void store_close(struct trust_store *s);

/* Reads a PEM file, which is the value of `key`. */
bool store_read_file(const char *key, const char *path, struct buf *out,
    struct error *err) MUST_CHECK;

/*
 * Adds the anchors for a chain of `count` certificates in DER to the
 * credentials: those whose subject is an issuer or a subject in the chain, all
 * of them where the chain or the file isn't understood.
 */
bool store_add_anchors(struct trust_store *s, const struct span *chain,
    size_t count, const struct trace *trace, struct error *err) MUST_CHECK;

#endif
