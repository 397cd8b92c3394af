/*
 * What a relay was told and may quote: secrets that are overwritten in its
 * words before anybody sees them.
 */
#ifndef POSTHASTE_SMTP_MASK_H
#define POSTHASTE_SMTP_MASK_H

#include <stddef.h>

#include "base/span.h"

#define MASK_WORD_MAX 40	/* octets of the longest */

/*
 * The words lie under a pad of random octets, so that none of them can be found
 * in memory by those who look for it: they stay to the session's end.
 */
struct mask {
	unsigned char pad[MASK_WORD_MAX];
	struct mask_word *words;	/* owned */
	size_t count, room;
};

void mask_init(struct mask *m);

void mask_free(struct mask *m);

/*
 * A password, a token or a proof, as it is and wherever it stands in base64.
 * Shorter ones than four octets would be found in every second word and aren't
 * looked for; of long ones, the beginning is enough.
 */
void mask_add(struct mask *m, struct span secret);

/* A line in base64, of which a relay may quote only the begin. */
void mask_add_base64(struct mask *m, struct span line);

/* Puts asterisks over all of them in `text`. */
void mask_apply(const struct mask *m, char *text, size_t len);

#endif
