/*
 * A client of few words for tests of the relay: what it sends and receives is
 * what the test says, in clear or under TLS, without any check of certificates.
 */
#ifndef POSTHASTE_TESTS_CLIENT_H
#define POSTHASTE_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <gnutls/gnutls.h>

#include "base/attr.h"

struct client {
	int fd;
	gnutls_session_t session;	/* NULL in clear */
	gnutls_certificate_credentials_t credentials;
	char input[65536];	/* what the last client_hear() got */
};

/* Connects to 127.0.0.1; false with errno. End it in any case. */
bool client_dial(struct client *c, int port) MUST_CHECK;
bool client_dial_unix(struct client *c, const char *path) MUST_CHECK;

/* Takes a connected socket over. */
void client_take(struct client *c, int fd);

/* The handshake. */
bool client_secure(struct client *c) MUST_CHECK;

/* One send (one record). */
bool client_say(struct client *c, const char *text) MUST_CHECK;
bool client_say_bytes(struct client *c, const char *bytes,
    size_t size) MUST_CHECK;

/* One receive: 0 at the end, -1 for a reset, a broken TLS stream or 5 s of
 * silence. */
ssize_t client_receive(struct client *c, char *out, size_t size);

/* One receive as a string, "" at the end, "(lost)" where it fails. */
const char *client_hear(struct client *c);

/* Both: what is said, and what is heard then. */
const char *client_ask(struct client *c, const char *text);

void client_end(struct client *c);

#endif
