/*
 * From endpoints to a connection. The families take turns: while an attempt
 * hangs, the next one (of the other family where there is one) starts after
 * DIAL_PACE_MS, and the first that succeeds wins (RFC 8305 in short).
 */
#ifndef POSTHASTE_NET_DIAL_H
#define POSTHASTE_NET_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/trace.h"
#include "net/resolve.h"

#define DIAL_PACE_MS 250

struct dial {
	const struct endpoints *endpoints;	/* borrowed */
	bool *was_tried;		/* owned, one for each endpoint */
	bool is_proxy;			/* the endpoints are a proxy's */
	const char *source_address;	/* local address to bind, or NULL */
	int64_t timeout;		/* ms for each connect */
	struct limit run;		/* the whole run's limit */
	const struct trace *trace;	/* may be NULL */
};

void dial_begin(struct dial *d, const struct endpoints *endpoints);
void dial_free(struct dial *d);

/* Whether an endpoint is left that wasn't tried. */
bool dial_has_more(const struct dial *d);

/*
 * Connects to one of the endpoints not tried yet; one that merely lost the race
 * counts as not tried. `*fd` is then a connected socket: non-blocking,
 * close-on-exec, TCP_NODELAY set; `*endpoint` (borrowed) is its peer. Where all
 * fail, the error is EX_UNAVAILABLE and temporary at STAGE_CONNECT; its text
 * names each endpoint and its fault, the last one's errno and hint ("H20" for
 * one out of time, "H85" for a refusal; none of a proxy's) with it. A
 * `source_address` that isn't an address, not ours, or of another family than
 * all endpoints is EX_CONFIG at STAGE_CONFIG; no descriptor left is EX_OSERR at
 * STAGE_SYSTEM.
 */
bool dial_next(struct dial *d, int *fd, const struct endpoint **endpoint,
    struct error *err) MUST_CHECK;

/* The endpoint that was connected to counts as not tried, once more. */
void dial_again(struct dial *d, const struct endpoint *endpoint);

/*
 * The address literal of our end of a connected socket, "[192.0.2.7]" or
 * "[IPv6:2001:db8::7]" (RFC 5321 section 4.1.3), "[127.0.0.1]" for a unix
 * socket.
 */
void dial_own_literal(int fd, char *out, size_t size);

#endif
