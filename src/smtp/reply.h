/*
 * Replies, by the strict grammar of RFC 5321 section 4.2:
 *
 *	line = %x32-35 %x30-35 %x30-39 [ SP text / "-" text ] CRLF
 *
 * All lines of a reply carry the same code, and the last one, and only it, has
 * no hyphen. A line ends in CRLF and nowhere else holds a CR, LF or NUL. What
 * breaks this is not a reply, whatever its digits say.
 */
#ifndef POSTHASTE_SMTP_REPLY_H
#define POSTHASTE_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#define REPLY_LINES_MAX 128
#define REPLY_TEXT_MAX (128UL << 10)	/* octets of text in all */

struct reply {
	int code;		/* 0 until its first line was read */
	struct buf text;	/* without codes; each line ends in LF */
	size_t lines;
	bool is_complete;
};

/*
 * Reserves all the memory that a reply can need: reading the one that tells
 * what became of the message must not fail for lack of it.
 */
void reply_init(struct reply *r);
void reply_free(struct reply *r);

/* Forgets the last reply, keeps the memory. */
void reply_clear(struct reply *r);

/*
 * Reads whole lines off `input` until the reply is complete; `*used` becomes
 * how many octets that were. A part of a line is left for the next call. A line
 * may have `line_max` octets with its CRLF. What breaks the grammar or a limit
 * is EX_PROTOCOL, charged to `stage`, with the line in err->reply.
 */
bool reply_feed(struct reply *r, struct span input, size_t line_max,
    enum stage stage, size_t *used, struct error *err) MUST_CHECK;

/* Whether the code's first digit is `digit`, 2 to 5. */
bool reply_is(const struct reply *r, int digit);

/*
 * The enhanced status code (RFC 3463) that begins the text, of the same class
 * as the code; `out` is "" where there is none.
 */
void reply_enhanced(const struct reply *r, char *out, size_t size);

/* "550 5.1.1 no such user / try again", escaped, cut to `size`. */
void reply_quote(const struct reply *r, char *out, size_t size);

#endif
