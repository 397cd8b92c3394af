/*
 * The script language of relay.h. Internal to the relay.
 */
#ifndef POSTHASTE_TESTS_RELAY_SCRIPT_H
#define POSTHASTE_TESTS_RELAY_SCRIPT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "support/relay_link.h"

/* Adds what a step's bytes mean; false where an escape isn't one. */
bool script_unescape(struct buf *out, struct span text) MUST_CHECK;

/* Whether `script` can be played; else the line at fault is on stderr. Sets
 * `*has_window` where one of its steps is `window`. */
bool script_check(const char *script, bool *has_window) MUST_CHECK;

/* Plays it. False where the connection is over then. */
bool script_play(struct relay_link *l, const char *script);

/* What a script's `data` and `chunk` do, for the obedient relay too. False
 * where the client closed before its end. */
bool script_receive_message(struct relay_link *l);
bool script_receive_octets(struct relay_link *l, uint64_t count);
bool script_skip_octets(struct relay_link *l, uint64_t count);

#endif
