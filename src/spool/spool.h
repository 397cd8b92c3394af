/*
 * The spool: a directory of mode 0700 that belongs to the user, with
 *
 *	new/	a file for each message that waits; its mtime is the time of
 *		the next try
 *	tmp/	those that are being written
 *	failed/	those that are given up
 *	lock	held by the one run at a time that delivers
 *
 * A file is a letter (letter.h), opened as a claim (claim.h). Its name is the
 * message's id, SECONDS.MICROSECONDS.PID.RANDOM, and its birth. It comes to
 * new/ by a rename behind fsync, leaves by unlink or by a rename to failed/,
 * and is changed in place by letter_mark() alone. So one that is there is
 * whole.
 */
#ifndef POSTHASTE_SPOOL_SPOOL_H
#define POSTHASTE_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "spool/letter.h"

#define SPOOL_ID_SIZE 80	/* octets of an id with its terminator */
#define SPOOL_TMP_LIFE (36 * 3600)	/* seconds; then its writer is dead */

enum spool_box { SPOOL_NEW, SPOOL_TMP, SPOOL_FAILED };

#define SPOOL_BOXES (SPOOL_FAILED + 1)

struct spool {
	char *path;		/* owned; where it is, after all */
	int dir, boxes[SPOOL_BOXES], lock;	/* owned; -1 */
};

/*
 * Opens `dir`, if it belongs to the effective user and has mode 0700, else
 * dir/login, which must be so, and makes what is missing in it. Anything else
 * is EX_CONFIG at STAGE_CONFIG with the fix. spool_close() is due in any case.
 */
bool spool_open(struct spool *s, const char *dir, const char *login,
    struct error *err) MUST_CHECK;

/* Whether there is a directory that spool_open() would look at: where it isn't,
 * nothing waits in it. */
bool spool_is_there(const char *dir, const char *login);

void spool_close(struct spool *s);

/*
 * Commits a message, to be tried next at `next`. True only once the disk has
 * the file and its name; where it fails, nothing of it is left, or the error
 * says so. It fails where a signal came before it had the name. `id` has room
 * for SPOOL_ID_SIZE octets.
 */
bool spool_commit(struct spool *s, const struct letter *l, int64_t next,
    char *id, struct error *err) MUST_CHECK;

/* Takes the lock, or tells that another run has it. */
bool spool_lock(struct spool *s, bool *is_busy, struct error *err) MUST_CHECK;

/* Removes what writers left behind that were killed. Trouble is no matter. */
void spool_tidy(const struct spool *s);

/* The ids in a box, the oldest first; owned by the caller. */
struct spool_list {
	char **ids;
	size_t count, room;
};

bool spool_list(const struct spool *s, enum spool_box box,
    struct spool_list *list, struct error *err) MUST_CHECK;
void spool_list_free(struct spool_list *list);

/* Moves it to failed/, whatever it is. */
bool spool_give_up(const struct spool *s, const char *id,
    struct error *err) MUST_CHECK;

#endif
