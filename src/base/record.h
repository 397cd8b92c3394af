/*
 * One line of the log: keys and what they hold, in their order, in one of two
 * forms, so that both have the same keys. As text " key=value" pairs
 * (buf_add_pair()), as JSON the members of an object, each behind a comma; what
 * opens and ends the line is the log's.
 */
#ifndef POSTHASTE_BASE_RECORD_H
#define POSTHASTE_BASE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct record {
	struct buf line;	/* owned */
	bool is_json;
	size_t essential;	/* octets of the line that stand before lists
				 * of any length; 0: it has none */
};

void record_init(struct record *r, bool is_json);

/* NULL and "" add nothing. Text is printable already, bytes may be any. */
bool record_text(struct record *r, const char *key,
    const char *text) MUST_CHECK;
bool record_bytes(struct record *r, const char *key,
    struct span bytes) MUST_CHECK;

bool record_number(struct record *r, const char *key,
    int64_t number) MUST_CHECK;

/* "yes", or true; a `claim` that doesn't hold adds nothing. */
bool record_claim(struct record *r, const char *key, bool claim) MUST_CHECK;

/* A value that is JSON already, for records in that form. */
bool record_json(struct record *r, const char *key,
    struct span json) MUST_CHECK;

void record_free(struct record *r);

#endif
