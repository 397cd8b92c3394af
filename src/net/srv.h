/*
 * SRV records (RFC 2782), by which a domain names its relays: asked for through
 * the system's resolver, in time, and read here.
 */
#ifndef POSTHASTE_NET_SRV_H
#define POSTHASTE_NET_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/span.h"

#define SRV_NAME_SIZE 254	/* of a domain name in text, with its NUL */
#define SRV_TARGETS_MAX 64	/* what an answer has beyond is passed over */

struct srv_target {
	char name[SRV_NAME_SIZE];	/* without a dot at the end */
	int port;			/* from 1 */
	unsigned int priority, weight;
};

struct srv {
	struct srv_target *items;	/* owned */
	size_t count;
	bool is_refused;	/* "." for a target: decidedly not offered */
};

/* What became of a query, in the words of an answer's RCODE (RFC 1035). */
enum srv_verdict {
	SRV_FOUND,	/* there are targets, or is_refused */
	SRV_NONE,	/* no such name, or it has no such record */
	SRV_FAILED,	/* the name server can't tell now */
	SRV_MALFORMED
};

/* Reads a whole answer (RFC 1035 section 4.1). `s` must be freed in any
 * case. */
enum srv_verdict srv_parse(struct srv *s, struct span answer);

/*
 * The order in which targets are tried: by priority; among equals each place is
 * drawn by weight. `random` has one number for each target.
 */
void srv_order(struct srv *s, const uint32_t *random);

/* The shape of res_query(3), h_errno with it. */
typedef int srv_query(const char *name, int class, int type,
    unsigned char *answer, int size);

/*
 * Looks up `name`, "_submission._tcp.example.org", and orders what it gives.
 * Without a target, or with the one that refuses: EX_NOHOST and temporary; any
 * other trouble EX_UNAVAILABLE and temporary; all at STAGE_DNS. `s` must be
 * freed in any case.
 */
bool srv_look_up(struct srv *s, const char *name, const struct limit *limit,
    struct error *err) MUST_CHECK;

/* The same with another resolver, for tests. */
bool srv_look_up_by(srv_query *query, struct srv *s, const char *name,
    const struct limit *limit, struct error *err) MUST_CHECK;

void srv_free(struct srv *s);

#endif
