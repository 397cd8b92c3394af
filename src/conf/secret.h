/*
 * The password, from exactly one of four sources: the profile itself, a file,
 * a command's output, a systemd credential.
 */
#ifndef POSTHASTE_CONF_SECRET_H
#define POSTHASTE_CONF_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "conf/profile.h"

#define SECRET_MAX (64UL << 10)		/* octets, of a file or an output too */
#define SECRET_COMMAND_MS 120000	/* a password_command's time */

/* The name of the key that gives the password, static; NULL where none is
 * set. */
const char *secret_source(const struct profile *p);

/*
 * Fills `out` (born with the limit SECRET_MAX; free it with
 * buf_free_secret()) with the first line of the source, without its line end.
 * Trouble with a source is EX_CONFIG, a password that is missing or empty
 * EX_NOPERM, a command that is out of time EX_UNAVAILABLE and temporary; a
 * command's stderr is quoted. `env` gives $CREDENTIALS_DIRECTORY and is the
 * command's environment; the command is run by sh -c in our process group, its
 * stdin is /dev/null.
 */
bool secret_fetch(const struct profile *p, char *const *env, struct buf *out,
    struct error *err) MUST_CHECK;

/* The same with another time limit for a command. */
bool secret_fetch_within(const struct profile *p, char *const *env,
    int64_t command_ms, struct buf *out, struct error *err) MUST_CHECK;

#endif
