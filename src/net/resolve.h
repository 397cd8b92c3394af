/*
 * From a relay's name to addresses, in time. getaddrinfo() knows no time
 * limit: it runs in a helper thread, which is abandoned at the deadline.
 */
#ifndef POSTHASTE_NET_RESOLVE_H
#define POSTHASTE_NET_RESOLVE_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/error.h"

struct endpoint {
	struct sockaddr_storage address;
	socklen_t size;
	char text[300];	/* "192.0.2.1:587", "[2001:db8::1]:587" or the path of a
			 * unix socket, escaped */
	bool is_loopback;	/* 127.0.0.0/8, ::1 (mapped too), unix socket */
};

struct endpoints {
	struct endpoint *items;	/* owned */
	size_t count;
};

/* The shape of getaddrinfo(3): its words, its result, freed by freeaddrinfo. */
typedef int resolve_lookup(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);

/*
 * Resolves `host`, a name or an address without brackets, to its endpoints in
 * the order that getaddrinfo gives; an address and `localhost` need no lookup
 * and no thread.
 * `family` is AF_UNSPEC, AF_INET or AF_INET6. A name that doesn't exist is
 * EX_NOHOST and temporary; an address of another family than `family`
 * EX_CONFIG; any other trouble EX_UNAVAILABLE and temporary; all at STAGE_DNS.
 * No descriptor or thread left: EX_OSERR at STAGE_SYSTEM. `e` must be freed in
 * any case.
 */
bool resolve_host(struct endpoints *e, const char *host, int port, int family,
    const struct limit *limit, struct error *err) MUST_CHECK;

/* The same with another lookup than getaddrinfo, for tests. */
bool resolve_host_by(resolve_lookup *lookup, struct endpoints *e,
    const char *host, int port, int family, const struct limit *limit,
    struct error *err) MUST_CHECK;

/* The one endpoint of a unix socket; a path too long is EX_CONFIG. */
bool resolve_socket(struct endpoints *e, const char *path,
    struct error *err) MUST_CHECK;

void endpoints_free(struct endpoints *e);

/* Whether the error number says that memory or descriptors have run out. */
bool is_exhaustion(int sys_errno);

/* Whether `host` is an IPv4 or IPv6 address and not a name. */
bool host_is_address(const char *host);

/* Whether `address` is 127.0.0.0/8, ::1 (also mapped) or a unix socket. */
bool address_is_loopback(const struct sockaddr_storage *address);

/* The same for the peer of a connected socket. */
bool socket_is_loopback(int fd);

/* Whether `host` is `localhost` or an address of 127.0.0.0/8 or ::1. */
bool host_is_loopback(const char *host);

#endif
