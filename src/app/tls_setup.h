/*
 * From a profile's TLS keys to what net/tls.h wants.
 */
#ifndef POSTHASTE_APP_TLS_SETUP_H
#define POSTHASTE_APP_TLS_SETUP_H

#include <stdbool.h>

#include "app/log.h"
#include "base/error.h"
#include "base/trace.h"
#include "conf/profile.h"
#include "net/tls.h"

/*
 * What conf/ hands on as it was written, and keys that don't go together:
 * EX_CONFIG with file:line.
 */
bool tls_setup_check(const struct profile *p, struct error *err) MUST_CHECK;

/*
 * Reads and opens what TLS will need, before the first packet; NULL in `*ctx`
 * where the profile wants no TLS. `env` as in secret.h. `p` must outlive the
 * context, which is the caller's also after a failure.
 */
bool tls_setup(const struct profile *p, char *const *env,
    struct tls_context **ctx, struct error *err) MUST_CHECK;

/* Says in the log, and on a terminal, that any certificate will be taken. */
void tls_setup_warn(const struct profile *p, struct log *log, int stderr_fd,
    const struct trace *trace);

#endif
