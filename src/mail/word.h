/*
 * Encoded words (RFC 2047): text beyond ASCII as a field of a header may hold
 * it, in lines of at most 76 octets.
 */
#ifndef POSTHASTE_MAIL_WORD_H
#define POSTHASTE_MAIL_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

#define WORD_LINE_MAX 76	/* RFC 2047 section 2 */
#define WORD_PIECE_MAX 70	/* a piece fits behind "From: " */

/* A field that grows by pieces, with a blank or a fold between them. */
struct word_line {
	struct buf *out;
	size_t column;		/* octets in the line so far */
	bool has_piece;		/* something stands there to be parted from */
};

/* False only at the limit of `out`, like all that follow. */
bool word_add_piece(struct word_line *l, struct span piece) MUST_CHECK;

/*
 * Adds all of `text`, which isn't empty, as encoded words; in utf-8 or, where
 * it isn't that, unknown-8bit (RFC 1428). No character is parted.
 */
bool word_add_encoded(struct word_line *l, struct span text) MUST_CHECK;

/*
 * The same for text in which there may be encoded words already: these stay as
 * they are, and what is between them keeps its blanks, which readers drop
 * between encoded words. Blanks at both ends aren't part of the text.
 */
bool word_add_text(struct word_line *l, struct span text) MUST_CHECK;

#endif
