/*
 * Who sends: the reverse-path and the address for a From header that is
 * missing, by the order of behaviour.md section 4.
 */
#ifndef POSTHASTE_APP_SENDER_H
#define POSTHASTE_APP_SENDER_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/profile.h"
#include "mail/envelope.h"
#include "mail/message.h"

/*
 * The first complete address of the From header, owned by the caller; NULL
 * where there is none that can be read.
 */
char *sender_of_header(const struct message *m);

/*
 * -f's argument in the form of the envelope, "" for the null sender; owned by
 * the caller.
 */
bool sender_parse(const char *wish, char **sender,
    struct error *err) MUST_CHECK;

/* "login@domain", owned by the caller; a login may have blanks or a backslash
 * in it, and then gets quotes. */
char *sender_of_login(const char *login, const char *domain);

/*
 * Whether -f counts. With allow_f = no, or from_policy = force, it still helps
 * to choose the profile, and is ignored then: callers give it whether they are
 * asked to or not.
 */
bool sender_is_obeyed(const struct profile *p);

/*
 * Sets the reverse-path: `wish` (-f or -r, parsed; NULL where it doesn't
 * count), else the profile's `from`, else login@domain, else `header_from`.
 * `domain` is NULL where there is none. Nothing of it: EX_CONFIG with the fix.
 */
bool sender_set(struct envelope *e, const char *wish, const struct profile *p,
    const char *domain, const char *header_from,
    struct error *err) MUST_CHECK;

/*
 * The address for a missing From header, owned by the caller: the reverse-path,
 * or where that is null `wish`, and without one the profile's `from` or
 * login@domain, or NULL.
 */
char *sender_for_header(const struct envelope *e, const char *wish,
    const struct profile *p, const char *domain);

#endif
