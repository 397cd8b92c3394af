/*
 * The spools of all profiles of a file, or of the one that is named.
 */
#ifndef POSTHASTE_APP_SPOOLS_H
#define POSTHASTE_APP_SPOOLS_H

#include <stdbool.h>

#include "app/setup.h"
#include "base/error.h"
#include "spool/spool.h"

typedef bool spools_visitor(void *context, struct spool *spool,
    struct error *err);

/*
 * Calls `visit` with each that is there, once, open. One that fails doesn't
 * keep the others from being visited; the first failure is told at the end.
 * Without a file there are none.
 */
bool spools_visit(const struct setup *setup, spools_visitor *visit,
    void *context, struct error *err) MUST_CHECK;

#endif
