#include "net/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/helper.h"

/* One lookup under way, the helper thread's as long as that is at it. */
struct lookup {
	resolve_lookup *function;
	char *host;
	char service[16];
	struct addrinfo hints;
	struct addrinfo *found;
	int status;		/* EAI_…, 0: found */
	int sys_errno;
};

static void
lookup_free(void *context)
{
	struct lookup *l = context;

	if (l->found != NULL)
		freeaddrinfo(l->found);
	mem_free(l->host);
	mem_free(l);
}

static void
look_up(void *context)
{
	struct lookup *l = context;
	struct addrinfo *found = NULL;

	errno = 0;
	l->status = l->function(l->host, l->service, &l->hints, &found);
	l->sys_errno = errno;
	l->found = l->status == 0 ? found : NULL;
}

static struct lookup *
lookup_new(resolve_lookup *function, const char *host, int port, int family)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->function = function;
	l->host = mem_string(host);
	(void)snprintf(l->service, sizeof(l->service), "%d", port);
	l->hints.ai_family = family;
	l->hints.ai_socktype = SOCK_STREAM;
	l->hints.ai_flags = AI_NUMERICSERV;
	return l;
}

static bool
is_no_such_name(int status)
{
	switch (status) {
	case EAI_NONAME:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY:
#endif
		return true;
	default:
		return false;
	}
}

bool
is_exhaustion(int sys_errno)
{
	return sys_errno == EMFILE || sys_errno == ENFILE ||
	    sys_errno == ENOBUFS || sys_errno == ENOMEM;
}

static bool
fail_lookup(const char *host, int status, int sys_errno, struct error *err)
{
	if (error_is_set(err))
		return false;
	if (status == EAI_MEMORY || (status == EAI_SYSTEM &&
	    is_exhaustion(sys_errno)))
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no memory or descriptor left to look up '%s'", host);
	if (status == EAI_SYSTEM)
		return error_set_temporary(err, STAGE_DNS, sys_errno,
		    "can't look up '%s'", host);
	if (!is_no_such_name(status))
		return error_set_temporary(err, STAGE_DNS, 0,
		    "can't look up '%s': %s", host, gai_strerror(status));
	(void)error_set(err, STAGE_DNS, EX_NOHOST,
	    "the host '%s' doesn't exist or has no address: %s", host,
	    gai_strerror(status));
	/* A name server that lags behind or a typo elsewhere may be mended. */
	err->temporary = true;
	err->hint = "H87";
	return false;
}

static bool
is_ipv4_loopback(const unsigned char *octets)
{
	return octets[0] == 127;
}

static bool
is_ipv6_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) ||
	    (IN6_IS_ADDR_V4MAPPED(address) &&
	    is_ipv4_loopback(address->s6_addr + 12));
}

bool
address_is_loopback(const struct sockaddr_storage *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	unsigned char octets[4];

	if (address->ss_family == AF_UNIX)
		return true;
	if (address->ss_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		return is_ipv6_loopback(&v6.sin6_addr);
	}
	if (address->ss_family != AF_INET)
		return false;
	memcpy(&v4, address, sizeof(v4));
	memcpy(octets, &v4.sin_addr, sizeof(octets));
	return is_ipv4_loopback(octets);
}

static void
fill_endpoint(struct endpoint *e, const struct addrinfo *ai, const char *port)
{
	char number[128];

	memcpy(&e->address, ai->ai_addr, ai->ai_addrlen);
	e->size = ai->ai_addrlen;
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, number, sizeof(number),
	    NULL, 0, NI_NUMERICHOST) != 0)
		(void)snprintf(number, sizeof(number), "?");
	(void)snprintf(e->text, sizeof(e->text), ai->ai_family == AF_INET6 ?
	    "[%s]:%s" : "%s:%s", number, port);
	e->is_loopback = address_is_loopback(&e->address);
}

static bool
is_usable(const struct addrinfo *ai)
{
	return (ai->ai_family == AF_INET || ai->ai_family == AF_INET6) &&
	    ai->ai_addrlen <= sizeof(struct sockaddr_storage);
}

static bool
take_endpoints(struct endpoints *e, const struct lookup *l, struct error *err)
{
	const struct addrinfo *ai;
	size_t room = 0;

	for (ai = l->found; ai != NULL; ai = ai->ai_next) {
		if (!is_usable(ai))
			continue;
		e->items = mem_grow(e->items, e->count, &room,
		    sizeof(*e->items));
		fill_endpoint(&e->items[e->count++], ai, l->service);
	}
	return e->count > 0 || fail_lookup(l->host, EAI_NONAME, 0, err);
}

/*
 * Numbers are turned into an address here and now; so is `localhost`, about
 * which nobody is asked (RFC 6761 section 6.3): without a node getaddrinfo
 * gives the loopback addresses.
 */
static bool
resolve_address(struct endpoints *e, struct lookup *l, struct error *err)
{
	const char *node = host_is_address(l->host) ? l->host : NULL;

	l->hints.ai_flags |= AI_NUMERICHOST;
	l->status = getaddrinfo(node, l->service, &l->hints, &l->found);
	if (l->status == 0)
		return take_endpoints(e, l, err);
	if (l->hints.ai_family != AF_UNSPEC)
		return error_set(err, STAGE_DNS, EX_CONFIG,
		    "family: '%s' isn't an IPv%d address", l->host,
		    l->hints.ai_family == AF_INET ? 4 : 6) ||
		    error_fix(err, "take `family` out");
	return fail_lookup(l->host, l->status, errno, err);
}

static bool
resolve_name(struct endpoints *e, struct lookup *l, struct error *err)
{
	return l->status == 0 ? take_endpoints(e, l, err) :
	    fail_lookup(l->host, l->status, l->sys_errno, err);
}

bool
resolve_host_by(resolve_lookup *lookup, struct endpoints *e, const char *host,
    int port, int family, const struct limit *limit, struct error *err)
{
	struct lookup *l = lookup_new(lookup, host, port, family);
	const struct helper_work work = { look_up, lookup_free, l, host };
	struct limit named = *limit;
	char what[300];
	bool ok;

	memset(e, 0, sizeof(*e));
	(void)snprintf(what, sizeof(what), "address of '%.255s'", host);
	named.stage = STAGE_DNS;
	named.what = what;
	if (host_is_address(host) || host_is_loopback(host)) {
		ok = resolve_address(e, l, err);
	} else {
		if (!helper_run(&work, &named, err))
			return false;
		ok = resolve_name(e, l, err);
	}
	lookup_free(l);
	return ok;
}

bool
resolve_host(struct endpoints *e, const char *host, int port, int family,
    const struct limit *limit, struct error *err)
{
	return resolve_host_by(getaddrinfo, e, host, port, family, limit, err);
}

bool
resolve_socket(struct endpoints *e, const char *path, struct error *err)
{
	struct sockaddr_un address;
	size_t len = strlen(path);

	memset(e, 0, sizeof(*e));
	memset(&address, 0, sizeof(address));
	if (len == 0 || len >= sizeof(address.sun_path))
		return error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "socket: the path '%s' must have 1 to %zu octets",
		    path, sizeof(address.sun_path) - 1) ||
		    error_fix(err, "put the socket, or a link to it, on a "
		    "shorter path");
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path, len);
	e->items = mem_array(1, sizeof(*e->items));
	e->count = 1;
	memcpy(&e->items[0].address, &address, sizeof(address));
	e->items[0].size = sizeof(address);
	escape_into(e->items[0].text, sizeof(e->items[0].text),
	    span_of(path));
	e->items[0].is_loopback = true;
	return true;
}

void
endpoints_free(struct endpoints *e)
{
	mem_free(e->items);
	memset(e, 0, sizeof(*e));
}

bool
socket_is_loopback(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	memset(&peer, 0, sizeof(peer));
	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
	    address_is_loopback(&peer);
}

bool
host_is_address(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char number[INET6_ADDRSTRLEN];
	size_t len = span_find(span_of(host), '%');

	if (inet_pton(AF_INET, host, &v4) == 1)
		return true;
	/* A zone ("fe80::1%eth0") says where a link-local address is. */
	if (len >= sizeof(number))
		return false;
	memcpy(number, host, len);
	number[len] = '\0';
	return inet_pton(AF_INET6, number, &v6) == 1;
}

bool
host_is_loopback(const char *host)
{
	unsigned char octets[4];
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, octets) == 1)
		return is_ipv4_loopback(octets);
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return is_ipv6_loopback(&v6);
	return span_equals_nocase(span_of(host), span_of("localhost"));
}
