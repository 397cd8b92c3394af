/*
 * The obedient relay. Internal to the relay's child.
 */
#ifndef POSTHASTE_TESTS_RELAY_SERVE_H
#define POSTHASTE_TESTS_RELAY_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "support/relay.h"
#include "support/relay_link.h"

struct server {
	struct relay_link *link;
	const struct relay_serve *options;
	enum relay_mode mode;
	bool is_closed_shop;	/* the greeting wasn't 220 */
	bool said_ehlo, has_mail, is_authenticated;
	bool is_done;		/* the connection is over */
	unsigned int recipients;	/* RCPT commands of this envelope */
	unsigned int accepted;
	unsigned int chunks;
	unsigned int queued;
};

/* Speaks SMTP until one side closes. */
void serve_connection(struct relay_link *l, const struct relay_serve *options,
    enum relay_mode mode);

/* Answers at a stage with `reply` or by its overrides; whether what went out
 * begins with `wanted`. `nth` is for the stages that count, else 0. */
bool serve_answer(struct server *s, const char *stage, unsigned int nth,
    const char *reply, const char *wanted);

const struct relay_override *serve_find(const struct server *s,
    const char *stage, unsigned int nth, enum relay_when when);

/* Plays a fragment where there is one. */
bool serve_override(struct server *s, const char *stage, unsigned int nth,
    enum relay_when when);

/* Whether the capability is on offer now; `parameters` is what follows it. */
bool serve_offers(const struct server *s, const char *keyword,
    struct span *parameters);

/* A command that must be the last of its flight (RFC 2920 section 3.1). */
void serve_must_wait(struct server *s, const char *command);

/* Asks in AUTH with a 334 for the next line; `nth` 0 is the reply to AUTH
 * itself. */
bool serve_challenge(struct server *s, unsigned int nth, const char *reply,
    struct buf *line);

/* The reply that ends it. */
void serve_auth_end(struct server *s, unsigned int nth, bool is_fine);

/*
 * SCRAM with the server's side of its own: proofs and channel bindings are
 * verified; a GS2 flag that doesn't fit the offer fails the test.
 */
void serve_scram(struct server *s, struct span initial,
    gnutls_mac_algorithm_t mac, bool is_plus);

/* The commands, each with what stands behind its word. */
void serve_auth(struct server *s, struct span argument);
void serve_mail(struct server *s, struct span argument);
void serve_rcpt(struct server *s, struct span argument);
void serve_data(struct server *s, struct span argument);
void serve_bdat(struct server *s, struct span argument);
void serve_rset(struct server *s, struct span argument);

#endif
