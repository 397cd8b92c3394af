/*
 * The name that opens the dialogue. Relays refuse bad ones late and in
 * misleading words, so that everything knowable is refused here, explained.
 */
#ifndef POSTHASTE_CONF_EHLO_H
#define POSTHASTE_CONF_EHLO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "conf/place.h"

/*
 * Checks the name `ehlo`, which was written as `written` (that is, perhaps,
 * with %H) at `at`; NULL: nowhere in particular.
 */
bool ehlo_check(const char *ehlo, const char *written, const struct place *at,
    struct error *err) MUST_CHECK;

/* The error of a profile that needs a name and has none. Returns false. */
bool ehlo_is_missing(const struct place *at, const char *host,
    struct error *err);

#endif
