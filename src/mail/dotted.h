/*
 * The message as a client of SMTP sends it (RFC 5321 section 4.5.2), block by
 * block: a line of a lone dot ends it, any other dot at a line's start is
 * dropped.
 *
 * The client's own line ends decide what a line is here. Where it ends its
 * commands with CRLF nothing but CRLF "." CRLF is the end, and dots behind a
 * bare LF are text: else a message could bring its own end and commands behind
 * it. Where the client ends its commands with LF, its lines end at LF, and CRs
 * between the lone dot and its LF don't matter.
 */
#ifndef POSTHASTE_MAIL_DOTTED_H
#define POSTHASTE_MAIL_DOTTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

struct dotted {
	bool is_bare;		/* lines end at LF */
	enum dotted_state {
		DOTTED_LINE_START,	/* also of the whole */
		DOTTED_IN_LINE,
		DOTTED_CR,	/* behind a CR */
		DOTTED_DOT,	/* behind a dot at a line's start, and `crs`
				 * CRs */
		DOTTED_ENDED
	} state;
	size_t crs;
};

void dotted_begin(struct dotted *d, bool is_bare);

/*
 * Adds to `out`, which has no limit, what of the block is message. Returns how
 * many octets of the block that took: all, unless the end is among them.
 */
size_t dotted_feed(struct dotted *d, struct span block, struct buf *out);

#endif
