/*
 * A message of the spool that was opened.
 */
#ifndef POSTHASTE_SPOOL_CLAIM_H
#define POSTHASTE_SPOOL_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "spool/letter.h"
#include "spool/spool.h"

struct claim {
	char id[SPOOL_ID_SIZE];
	int64_t birth, next;	/* seconds since the epoch */
	int fd;			/* owned, locked; -1 */
	void *mapping;		/* owned; the letter's message is in it */
	size_t size;
	struct letter letter;
};

/*
 * Opens and reads one; `*is_there` false where another process has it, or has
 * taken it away. What can't be read as a letter is EX_DATAERR. Free it in any
 * case. `to_change` is false for those who only look, whom no lock stops.
 */
bool claim_open(struct claim *c, const struct spool *s, enum spool_box box,
    const char *id, bool to_change, bool *is_there,
    struct error *err) MUST_CHECK;
void claim_free(struct claim *c);

/* It is delivered: takes it away. */
bool claim_remove(const struct claim *c, const struct spool *s,
    struct error *err) MUST_CHECK;

/* It waits until `next`; its marks are written too. */
bool claim_postpone(const struct claim *c, int64_t next,
    struct error *err) MUST_CHECK;

#endif
