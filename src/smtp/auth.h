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

#endif
