/*
 * The value of `proxy`: socks5://[user:password@]host:port, with %XX for
 * characters that mean something here.
 */
#ifndef POSTHASTE_CONF_PROXY_H
#define POSTHASTE_CONF_PROXY_H

#include <stdbool.h>

#include "base/span.h"

#define PROXY_WORD_SIZE 256	/* 255 octets, as SOCKS5 has it, and a NUL */

struct proxy {
	char host[PROXY_WORD_SIZE];	/* a name or an address */
	int port;
	bool has_password;
	char user[PROXY_WORD_SIZE], password[PROXY_WORD_SIZE];
};

/* What is wrong with it, in static words, or NULL. Wipe `*p` after use. */
const char *proxy_parse(struct proxy *p, struct span text);

#endif
