/*
 * The fault matrix: every turn of the relay times every fault times how the
 * session is secured times how commands and message leave. The expectation of a cell is
 * computed from its stage and its fault, never written by hand.
 */
#ifndef POSTHASTE_TESTS_MATRIX_H
#define POSTHASTE_TESTS_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "support/relay.h"

/* What a fault must lead to, before the stage is looked at. */
enum fault_kind {
	FAULT_NONE,	/* odd but right: the message is delivered */
	FAULT_TEMPORARY,	/* 4yz, or the connection or the time is lost */
	FAULT_PERMANENT,	/* 5yz */
	FAULT_PROTOCOL,	/* no reply by RFC 5321, or not the one that is due */
	/* The reply is right, and more of it comes before it is asked for: */
	FAULT_EARLY_TEMPORARY,
	FAULT_EARLY_PERMANENT,
	FAULT_EARLY_PROTOCOL
};

/* What else there is to know of a fault. */
#define FAULT_IS_REPLY 1U	/* a well-formed 4yz or 5yz comes: nothing is
				 * uncertain then */
#define FAULT_SPEAKS 2U		/* octets come before the time or the connection
				 * is lost */
#define FAULT_NEEDS_TLS 4U
#define FAULT_READS_ON 8U	/* the message would be taken in to its end */
#define FAULT_RACES 16U		/* behind a good reply something comes by itself:
				 * the message, or our hang-up, may be faster */
#define FAULT_IS_SLOW 32U	/* it ends by our time limit, which is short then */
#define FAULT_IS_HALF 128U	/* what comes early is no whole line */
#define FAULT_IS_CORE 64U	/* in every run, not in the whole matrix alone */

struct fault {
	const char *name;
	enum fault_kind kind;
	unsigned int traits;
	/* In the words of relay.h; @ stands for the code that is due, ^ for
	 * its first digit, ~ for its first two. */
	const char *script;
};

/* How commands and message leave: what the relay offers, and how it is used. */
struct shape {
	const char *name;
	const char *offer;
	const char *keys;	/* of the profile */
	bool is_pipelined;
	bool is_chunked;
	bool is_one_flight;	/* the message too */
	bool has_one_recipient;
	bool is_early;		/* EHLO comes before the greeting */
};

struct turn {
	const char *override;	/* the relay's name for the stage */
	const char *code;	/* the reply that is due */
	const char *stage;	/* posthaste's name for it */
	const char *next;	/* the stage that would come next */
	int exit_5yz;		/* of a 554 */
	int early_5yz;		/* of a 554 that comes too early, judged as
				 * the reply to the next step */
	bool in_clear, in_starttls, in_tls;	/* modes that have it */
	bool is_before_starttls;	/* in clear in that mode */
};

extern const struct fault faults[];
extern const size_t fault_count;
extern const struct shape shapes[];
extern const size_t shape_count;
extern const struct turn turns[];
extern const size_t turn_count;

#endif
