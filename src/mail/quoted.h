/*
 * Quoted-printable (RFC 2045 section 6.7), for text whose line ends are dealt
 * with elsewhere. A dot that would begin a line is encoded too, so that none
 * has to be doubled on the wire.
 */
#ifndef POSTHASTE_MAIL_QUOTED_H
#define POSTHASTE_MAIL_QUOTED_H

#include <stddef.h>

#include "base/span.h"

#define QUOTED_LINE_MAX 76	/* octets of a line without its CRLF */
#define QUOTED_TOKEN_MAX 6	/* a soft line break and one encoded octet */

/* Zeroed at the begin of each line of the text. */
struct quoted {
	size_t column;		/* octets in the line so far */
};

/*
 * Takes octets off `*text` up to the next CR or LF, as long as their encoded
 * form fits into `out`, and returns how many octets that has. With room for
 * QUOTED_TOKEN_MAX there is always progress.
 */
size_t quoted_put(struct quoted *q, struct span *text, char *out, size_t size);

#endif
