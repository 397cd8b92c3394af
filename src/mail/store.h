/*
 * Where a message lives while it comes in, and afterwards: in memory up to
 * MESSAGE_MEMORY, above that in an unlinked temporary file, which is mapped.
 */
#ifndef POSTHASTE_MAIL_STORE_H
#define POSTHASTE_MAIL_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "mail/message.h"

#define STORE_BLOCK (256UL << 10)	/* octets added at most before the next
					 * store_settle() */

struct store {
	const char *tmpdir;	/* borrowed; tried first, or NULL */
	struct buf kept;	/* the message, or what isn't in the file yet */
	int file;		/* owned; -1 as long as all is in memory */
	size_t in_file;
};

void store_begin(struct store *s, const char *tmpdir);

/* Opens the file now; what is in memory is its beginning. */
bool store_open_file(struct store *s, struct error *err) MUST_CHECK;

/*
 * Moves what was kept to the file as soon as the next block might not fit into
 * memory any more, and gives the memory back: there is never more of it.
 */
bool store_settle(struct store *s, struct error *err) MUST_CHECK;

/* Hands the memory, or the file as a mapping, to the message: m->bytes. */
bool store_hand_over(struct store *s, struct message *m,
    struct error *err) MUST_CHECK;

void store_free(struct store *s);

/*
 * A file without a name in `tmpdir` (or NULL), /var/tmp or /tmp, else in
 * memory; -1 with errno.
 */
int store_unnamed_file(const char *tmpdir);

#endif
