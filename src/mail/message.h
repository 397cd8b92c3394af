/*
 * A message as it came on stdin: read to its end before anything else happens,
 * and one contiguous span from then on. Up to MESSAGE_MEMORY it lives in
 * memory; what goes beyond that is in an unlinked temporary file, mapped behind
 * it.
 */
#ifndef POSTHASTE_MAIL_MESSAGE_H
#define POSTHASTE_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

#define MESSAGE_MEMORY (16UL << 20)	/* octets of memory */
#define MESSAGE_HEADER_MAX (8UL << 20)	/* the header section */
#define MESSAGE_FIELD_MAX (1UL << 20)	/* one field with its folded lines */

struct message {
	struct span bytes;	/* all of it */
	struct span header;	/* the fields, without the empty line; "From "
				 * lines at the top are left out where fields
				 * or the empty line follow; else they are
				 * text */
	struct span body;	/* behind the empty line, or from the first
				 * line on that is no field and not folded */
	void *memory;		/* owned; NULL where it is mapped */
	void *mapping;		/* owned; NULL where it is small */
	size_t mapping_size;
};

/*
 * Asked once, as soon as the header is complete: sets whether dots count. The
 * header's fields are borrowed for the call. False ends the reading.
 */
typedef bool message_dots(void *context, const struct message *head,
    bool *dots, struct error *err);

struct message_source {
	int fd;
	bool dots;		/* without -i: a line of a lone dot ends the
				 * message, and ".." at a line's start loses a
				 * dot (Sendmail's rule) */
	message_dots *ask;	/* says whether it's so after all; NULL: it is.
				 * Not called without `dots`, nor where the
				 * header can't be read */
	void *context;
	const char *tmpdir;	/* tried before /var/tmp and /tmp, or NULL */
};

/*
 * Reads to the end of the file (also behind a dot that ended the message,
 * unless it came from a terminal) and splits header and body. Fails with
 * EX_NOINPUT for a descriptor that is a directory, can't be read or gives no
 * octet at all; EX_DATAERR as message_split() does; EX_OSERR for the temporary
 * file; EX_UNAVAILABLE for a signal. The message must be freed in any case.
 */
bool message_read(struct message *m, const struct message_source *source,
    struct error *err) MUST_CHECK;

/* The same over bytes that are there already, which are copied. There may be
 * none: SMTP knows empty messages. */
bool message_from_span(struct message *m, struct span bytes,
    struct error *err) MUST_CHECK;

/*
 * Sets header and body from `m->bytes`; the readers have done so. EX_DATAERR
 * for a header over its limits, or cut off in mid-line: the input ends within
 * a field, or behind fields with what may be the begin of a field's name.
 */
bool message_split(struct message *m, struct error *err) MUST_CHECK;

/* Whether what follows `bytes` can't change what its header is. */
bool message_has_head(struct span bytes);

void message_free(struct message *m);

/*
 * Reads `fd` to its end and forgets what it read, so that the writer isn't
 * killed by SIGPIPE before it sees our exit status. A terminal is left alone.
 */
void message_drain(int fd);

/* One header field; all spans are borrowed from the message. */
struct field {
	struct span whole;	/* name, colon, value, line ends and all */
	struct span name;	/* without the blanks before the colon */
	struct span value;	/* behind the colon, folded lines as they are,
				 * without the last line end */
};

/*
 * Takes the next field off `*rest` (begin with message.header). False where
 * `*rest` doesn't begin with a field, which is left as it is. The last line may
 * lack its line end; a message that was split has no such field.
 */
bool field_next(struct span *rest, struct field *field);

/* The first field of that name; `*count` (or NULL) gets how many there are. */
bool field_find(const struct message *m, const char *name,
    struct field *field, size_t *count);

/*
 * Whether changing the message's bytes would break a signature:
 * DKIM-Signature, multipart/signed, application/pkcs7-mime, or a body that
 * begins with an OpenPGP block.
 */
bool message_is_signed(const struct message *m);

#endif
