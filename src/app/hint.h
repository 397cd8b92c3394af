/*
 * Why a relay said what it said, and what to do: the table in hints.c, matched
 * against the first negative reply of a session only. Rows without reply text
 * belong to failures of our own making, which name them by id.
 */
#ifndef POSTHASTE_APP_HINT_H
#define POSTHASTE_APP_HINT_H

#include "base/error.h"
#include "conf/profile.h"

#define HINT_ANY 0U
#define HINT_AT(stage) (1U << (stage))

struct hint {
	const char *id;
	unsigned int stages;	/* HINT_AT()s, or HINT_ANY */
	int codes[6];		/* reply codes, 0 behind the last; none: any */
	const char *enhanced;	/* of which the part behind the class digit
				 * must agree if both sides have one; or NULL */
	const char *texts[4];	/* one must occur, case ignored; none: code and
				 * enhanced status must both agree */
	const char *cause;	/* {ehlo} {host} {user} are filled in */
	const char *fix;
	const char *key;	/* the profile's key to change, or NULL */
	bool is_lasting;	/* a 4yz that no waiting heals */
};

extern const struct hint hints[];
extern const size_t hint_count;

/* The row that fits best (the longest text), or NULL. */
const struct hint *hint_find(const struct error *err);

/* Whether the row says so; what `hints = no` hides counts too. */
bool hint_is_lasting(const struct error *err);

/*
 * Fills cause and fix of `err` from its row, where they are empty, and names
 * file, section and key. `profile` may be NULL as long as there is none.
 */
void hint_apply(struct error *err, const struct profile *profile);

#endif
