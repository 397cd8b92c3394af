/*
 * Files that the program acts on are judged by the descriptor they were
 * opened with, never by a path that may mean something else a moment later:
 * regular, not writable by group or others, owned by root or by us, in
 * a directory where not everybody may put another one in their place.
 */
#ifndef POSTHASTE_CONF_SAFE_H
#define POSTHASTE_CONF_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "conf/profile.h"

/*
 * Opens `path` for reading; `*fd` is the caller's then. Whatever is wrong is
 * EX_CONFIG at STAGE_CONFIG and names the path, owner, mode and the fix.
 */
bool safe_open(const char *path, const struct profile_trust *trust, int *fd,
    struct stat *st, struct error *err) MUST_CHECK;

/*
 * Whether a file with a secret in it is kept from others; group may read it.
 * /run/secrets, /var/run/secrets and trust->credentials are taken as they are.
 */
bool safe_is_private(const char *path, const struct profile_trust *trust,
    const struct stat *st);

/* Reads to the end of the file, `max` octets at most. */
bool safe_read(int fd, const char *path, size_t max, struct buf *out,
    struct error *err) MUST_CHECK;

/* "root:posthaste 0640" of the file, or why that can't be told. */
void safe_describe(const char *path, char *out, size_t size);

/* "0640" and the like, four digits. */
unsigned int safe_mode(const struct stat *st);

#endif
