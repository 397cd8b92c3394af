/*
 * SOCKS5 (RFC 1928), with a user and password (RFC 1929) or without: asks a
 * proxy for a connection to a relay, whose name the proxy resolves.
 */
#ifndef POSTHASTE_NET_SOCKS_H
#define POSTHASTE_NET_SOCKS_H

#include <stdbool.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/trace.h"
#include "net/stream.h"

#define SOCKS_WORD_MAX 255	/* octets of a user, a password or a name */

struct socks {
	const char *user, *password;	/* NULL: none */
};

/*
 * On a stream that is connected to the proxy: from the greeting to the moment
 * when the octets are the relay's, with not one of these consumed. `host` is a
 * name or an address. All errors are at STAGE_CONNECT: what the proxy can't do
 * now is temporary, what it never will EX_UNAVAILABLE, a refused or missing
 * password EX_NOPERM, and what isn't SOCKS5 EX_PROTOCOL.
 */
bool socks_connect(struct stream *s, const struct socks *proxy,
    const char *host, int port, const struct limit *limit,
    const struct trace *trace, struct error *err) MUST_CHECK;

#endif
