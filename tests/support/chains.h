/*
 * Certificates of every kind for chains and bundles, made at run time.
 */
#ifndef POSTHASTE_TESTS_CHAINS_H
#define POSTHASTE_TESTS_CHAINS_H

#include <stdbool.h>

#include "base/buf.h"

struct gnutls_x509_crt_int;
struct gnutls_x509_privkey_int;

enum chain_key { CHAIN_EC, CHAIN_RSA, CHAIN_ED25519 };

enum chain_kind { CHAIN_CA, CHAIN_LEAF };

/* A certificate to be made. Numbers are places in the table. */
struct chain_recipe {
	const char *subject;	/* its CN */
	enum chain_kind kind;
	enum chain_key key;
	int key_of;		/* takes over this one's key; -1: its own */
	int signer;		/* -1: itself */
	int from, to;		/* days from today */
};

struct chain_certificate {
	struct gnutls_x509_crt_int *x509;
	struct gnutls_x509_privkey_int *key;
};

/*
 * Makes `count` certificates, each after those that it names; a leaf is for
 * DNS:relay.test, DNS:localhost and TLS servers. False where anything fails; to be freed in
 * any case.
 */
bool chains_make(struct chain_certificate *made,
    const struct chain_recipe *recipes, int count);
void chains_free(struct chain_certificate *made, int count);

/* Adds the certificate as a PEM block. */
bool chain_add_pem(struct buf *out, const struct chain_certificate *c);

#endif
