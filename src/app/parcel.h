/*
 * A message on its way to the process that holds the relay session: envelope,
 * header, body and what goes with them, in a file that both have open. Reader
 * and writer are one program in two processes, so plain structs go as they are
 * and only what they point to is written out.
 */
#ifndef POSTHASTE_APP_PARCEL_H
#define POSTHASTE_APP_PARCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/error.h"
#include "mail/encode.h"
#include "mail/envelope.h"
#include "smtp/transfer.h"

struct parcel {
	struct transfer transfer;	/* points into the members below */
	struct limit run;
	struct envelope envelope;
	struct encode encode;
	void *mapping;
	size_t size;
};

/* Writes from the file's begin on; `*size` becomes how much that is. */
bool parcel_write(int file, const struct transfer *t, struct limit run,
    size_t *size, struct error *err) MUST_CHECK;

/* What the parcel will be, to choose the file by. */
size_t parcel_body_size(const struct transfer *t);

/* Maps it; header and body stay in the mapping. Free it in any case. */
bool parcel_read(struct parcel *p, int file, size_t size,
    struct error *err) MUST_CHECK;

void parcel_free(struct parcel *p);

#endif
