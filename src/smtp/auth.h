/*
 * AUTH (RFC 4954): one exchange with the best mechanism that both sides have.
 */
#ifndef POSTHASTE_SMTP_AUTH_H
#define POSTHASTE_SMTP_AUTH_H

#include <stdbool.h>

#include "smtp/session.h"

/*
 * Credentials leave only where session_is_private(). A relay that offers no
 * AUTH, or no mechanism we may use, is EX_UNAVAILABLE; a refusal is EX_NOPERM,
 * and there is no going on without.
 */
bool auth_login(struct session *s, struct error *err) MUST_CHECK;

/* Whether the mechanism is known before the relay has offered any, and may be
 * used at once. */
bool auth_is_settled(const struct session *s);

/* Hears the replies that come before that to AUTH. */
typedef bool auth_hear(struct session *s, struct error *err);

/*
 * The same where auth_is_settled(), in the flight that was begun: AUTH goes
 * with it, `hear` judges all before, and what the relay offers then must hold
 * the mechanism. Where it doesn't, its reply to AUTH counts for nothing, and
 * what follows is auth_login().
 */
bool auth_login_early(struct session *s, auth_hear *hear,
    struct error *err) MUST_CHECK;

#endif
