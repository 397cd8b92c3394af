/*
 * Where a message lives while it comes in, and afterwards: up to STORE_SMALL in
 * a buffer that grows with it, then in an area of MESSAGE_MEMORY, and what goes
 * beyond that in an unlinked temporary file, which is mapped behind the area.
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
#define STORE_SMALL (512UL << 10)

struct store {
	const char *tmpdir;	/* borrowed; tried first, or NULL */
	struct buf kept;	/* the message, or what came last of it */
	char *area;		/* owned; NULL as long as all is in `kept`, or
				 * where all is in the file */
	size_t in_area;
	int file;		/* owned; -1 as long as all is in memory */
	size_t in_file;
};

void store_begin(struct store *s, const char *tmpdir);

/* Opens the file now; the message begins in it if nothing was kept yet. */
bool store_open_file(struct store *s, struct error *err) MUST_CHECK;

/* Moves what was kept to the area or the file, unless it is all and small. */
bool store_settle(struct store *s, struct error *err) MUST_CHECK;

/* Hands the memory, or what is mapped, to the message: m->bytes. */
bool store_hand_over(struct store *s, struct message *m,
    struct error *err) MUST_CHECK;

void store_free(struct store *s);

/*
 * A file without a name in `tmpdir` (or NULL), /var/tmp or /tmp, else in
 * memory; -1 with errno.
 */
int store_unnamed_file(const char *tmpdir);

#endif
