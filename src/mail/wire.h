/*
 * The message as octets on the wire: every line ends in CRLF, no CR or LF
 * stands alone, dots at the start of a line are doubled, and ".CRLF" ends it
 * (RFC 5321 sections 2.3.8 and 4.5.2). Pulled in blocks, so that memory stays
 * constant however large the message is.
 *
 * A line ends at LF; all CRs directly before it belong to the line end. Any
 * other CR is a line end of its own. This is decided before dots are doubled:
 * a lone CR and a dot can't become an end of data. A last line without a line
 * end gets one. A message without a header begins with the empty line, one
 * without a body ends with it.
 *
 * As a chunk of BDAT (RFC 3030) it is the same without doubled dots and without
 * the final one: exactly the octets that wire_facts.size counts.
 */
#ifndef POSTHASTE_MAIL_WIRE_H
#define POSTHASTE_MAIL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "mail/quoted.h"

#define WIRE_LINE_LONG 998	/* RFC 5322 section 2.1.1, without CRLF */
#define WIRE_BLOCK_MIN 16	/* octets that wire_pull() wants to fill */

/* What the relay must be able to carry, learnt in one pass. */
struct wire_facts {
	uint64_t size;		/* octets with CRLF, without doubled dots and
				 * the final dot: SIZE= of RFC 1870 */
	size_t longest_line;	/* octets without CRLF, if that is over
				 * WIRE_LINE_LONG; else up to that, or 0 */
	bool has_nul;
	bool has_8bit;
	bool has_lone_cr;
};

/*
 * Adds the facts of one more part (header section, body) to `*facts`. The
 * empty line between them is in no part: wire_survey_message() counts it.
 */
void wire_survey(struct wire_facts *facts, struct span part);

/*
 * The same for a body as wire_quote_body() sends it; `longest_line` counts as
 * QUOTED_LINE_MAX, whatever it is.
 */
void wire_survey_quoted(struct wire_facts *facts, struct span body);

/* Adds up the facts of two parts. */
void wire_facts_add(struct wire_facts *facts, const struct wire_facts *more);

/* Sets `*facts` to those of the whole message as wire_begin() takes it. */
void wire_survey_message(struct wire_facts *facts, struct span header,
    struct span body);

struct wire {
	struct span header;	/* composed, borrowed */
	struct span body;	/* borrowed */
	struct span rest;	/* what is left of the part at hand */
	size_t lone;		/* CRs ahead that are known to be lone */
	int part;		/* private to wire.c */
	bool at_line_start;
	bool is_quoted;		/* the body goes out as quoted-printable */
	struct quoted quoted;
	bool is_chunk;
};

/* Header and body stay borrowed until the last pull. */
void wire_begin(struct wire *w, struct span header, struct span body);

/* Behind wire_begin(): the body, which isn't empty, is made quoted-printable
 * on its way. */
void wire_quote_body(struct wire *w);

/* Behind wire_begin(): the message is a chunk. */
void wire_as_chunk(struct wire *w);

/*
 * Fills `out` (at least WIRE_BLOCK_MIN octets) as far as possible and returns
 * how many; 0 behind the end. The last block ends with CRLF "." CRLF, or as a
 * chunk with CRLF, and `*is_last` becomes true with it: until then the message
 * isn't complete.
 */
size_t wire_pull(struct wire *w, char *out, size_t size, bool *is_last);

#endif
