/*
 * The dots of standard input without -i, block by block: a line of a lone dot
 * ends the message, and ".." at a line's start loses a dot. Lines end at LF
 * here; CRs between the lone dot and its LF don't matter.
 */
#ifndef POSTHASTE_MAIL_DOTS_H
#define POSTHASTE_MAIL_DOTS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/* Zero-initialised at the begin of the message. */
struct dots {
	enum dots_state {
		DOTS_LINE_START,
		DOTS_IN_LINE,
		DOTS_HELD,	/* a dot at a line's start, and `crs` CRs */
		DOTS_ENDED
	} state;
	size_t crs;
};

/*
 * Adds to `out` what of the block is message; `out` has no limit. What is held
 * back at the end of the file is a lone dot and no part of the message.
 */
void dots_feed(struct dots *d, struct span block, struct buf *out);

#endif
