/*
 * Messages that wait (keys spool and spool_always): which of those that can't
 * be delivered now are committed to the spool, and how a draft becomes a
 * letter. queue.h is the way back.
 */
#ifndef POSTHASTE_APP_DEFER_H
#define POSTHASTE_APP_DEFER_H

#include <stdbool.h>
#include <stdint.h>

#include "app/draft.h"
#include "base/error.h"
#include "spool/spool.h"

/* Zero-initialised there is no spool. */
struct defer {
	struct spool spool;
	bool is_wanted, is_open;
	struct error fault;	/* why it isn't open, or took nothing */
	char id[SPOOL_ID_SIZE];	/* of what it took, or "" */
};

/*
 * Opens the profile's spool, if it has one: before the process locks itself in.
 * What is wrong with it is told where it would be needed.
 */
void defer_open(struct defer *d, const struct profile *p);

/*
 * Commits a message that failed by `err`, if waiting may help: the failure is
 * temporary or uncertain, nobody was refused for good, and it isn't one of
 * those that last. True when the disk has it: `id` tells.
 * Otherwise `fault` is set where the message would have been taken.
 */
bool defer_failure(struct defer *d, const struct draft *draft,
    const struct error *err) MUST_CHECK;

/* Commits a message that wasn't tried (spool_always). */
bool defer_untried(struct defer *d, const struct draft *draft,
    struct error *err) MUST_CHECK;

/* Why a message isn't in the spool, "" where it wasn't meant for it. */
const char *defer_remark(const struct defer *d);

void defer_close(struct defer *d);

/*
 * Commits what the draft holds for those that it wasn't delivered to yet;
 * `reason` is what mailq will show, or unset.
 */
bool defer_commit(struct spool *spool, const struct draft *draft,
    const struct error *reason, int64_t next, char *id,
    struct error *err) MUST_CHECK;

/* The reason in LETTER_NOTE octets. */
void defer_note(struct letter *l, const struct error *reason);

#endif
