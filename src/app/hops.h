/*
 * Where the message may go next: the relays that a profile names, in the order
 * in which they are tried, all of them resolved before the first is connected
 * to. With a proxy the endpoints are the proxy's, which resolves the names.
 */
#ifndef POSTHASTE_APP_HOPS_H
#define POSTHASTE_APP_HOPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/os_lock.h"
#include "base/trace.h"
#include "conf/hosts.h"
#include "conf/profile.h"
#include "net/resolve.h"

#define HOPS_MAX HOSTS_MAX	/* more of SRV records are passed over */

struct hop {
	char name[256];		/* of the relay, for its certificate */
	int port;		/* 0 with a unix socket */
	char peer[300];		/* "smtp.example.net:587", or a path */
	struct endpoints endpoints;	/* to connect to */
};

struct hops {
	struct hop items[HOPS_MAX];
	size_t count;
	int ports[HOPS_MAX];	/* to connect to, each of them once */
	size_t port_count;
};

/*
 * Resolves them. A relay whose name can't be resolved now is left out, noted
 * in the transcript; where none is left the first one's failure is the error.
 * `h` must be freed in any case.
 */
bool hops_resolve(struct hops *h, const struct profile *p,
    const struct limit *run, const struct trace *trace,
    struct error *err) MUST_CHECK;

void hops_free(struct hops *h);

/* What the profile's relays are called, for an error that comes before any. */
void hops_describe(const struct profile *p, char *out, size_t size);

#endif
