/*
 * A pinned fingerprint: the SHA-256 of the relay's certificate, or of its key.
 */
#ifndef POSTHASTE_NET_PIN_H
#define POSTHASTE_NET_PIN_H

#include <stdbool.h>

#include "base/crypto.h"

struct pin {
	bool is_of_key;		/* of the SubjectPublicKeyInfo */
	unsigned char hash[CRYPTO_SHA256_SIZE];
};

/* Parses 64 hex digits, colons between pairs allowed, "spki:" in front or not.
 * False for anything else. */
bool pin_parse(struct pin *p, const char *text) MUST_CHECK;

bool pin_matches(const struct pin *p,
    const unsigned char hash[CRYPTO_SHA256_SIZE]) MUST_CHECK;

#endif
