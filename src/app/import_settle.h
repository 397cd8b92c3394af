/* What an imported profile needs beyond single words. */
#ifndef POSTHASTE_APP_IMPORT_SETTLE_H
#define POSTHASTE_APP_IMPORT_SETTLE_H

#include "app/import_row.h"

/* Completes every section. EX_CONFIG where none names a relay. */
bool import_settle(struct sheet *s, const struct import_kind *kind,
    struct error *err) MUST_CHECK;

/* The directory that profiles are in: root's is the system's. */
bool import_add_directory(const struct sheet *s, struct buf *out) MUST_CHECK;

#endif
