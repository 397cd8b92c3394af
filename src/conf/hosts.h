/*
 * The value of `host`: relays in the order in which they are tried, or
 * "srv:DOMAIN". Nothing here is resolved.
 */
#ifndef POSTHASTE_CONF_HOSTS_H
#define POSTHASTE_CONF_HOSTS_H

#include <stdbool.h>

#include "base/span.h"

#define HOSTS_MAX 16	/* relays of one profile */

/* The next name or address of a list, without blanks; false at the end. */
bool hosts_next(struct span *rest, struct span *host);

/* The domain behind "srv:", or the empty span. */
struct span hosts_srv_domain(struct span hosts);

/* Whether each of them is `localhost` or a literal of 127.0.0.0/8 or ::1. */
bool hosts_are_loopback(struct span hosts);

#endif
