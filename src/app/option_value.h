/*
 * What the values of some sendmail options may be: delivery status
 * notifications (RFC 3461), the tag for the log, yes and no. The parameters of
 * MAIL and RCPT within -bs are read by the same rules.
 */
#ifndef POSTHASTE_APP_OPTION_VALUE_H
#define POSTHASTE_APP_OPTION_VALUE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/span.h"

/* NOTIFY of RFC 3461 §4.1, as a set; 0 where nothing was said. */
enum dsn_notify {
	DSN_NOTIFY_NEVER = 1 << 0,	/* alone */
	DSN_NOTIFY_SUCCESS = 1 << 1,
	DSN_NOTIFY_FAILURE = 1 << 2,
	DSN_NOTIFY_DELAY = 1 << 3
};

/* RET of RFC 3461 §4.3. */
enum dsn_return { DSN_RETURN_UNSAID, DSN_RETURN_HDRS, DSN_RETURN_FULL };

/* What is asked for a whole message. */
struct dsn_request {
	unsigned int notify;	/* enum dsn_notify; 0: unsaid */
	enum dsn_return return_what;
	const char *envid;	/* xtext, borrowed; or NULL */
};

/* "never", or a comma list of success, failure and delay; case is ignored. */
bool option_value_notify(const char *value, unsigned int *notify) MUST_CHECK;

/* "hdrs" or "full"; case is ignored. */
bool option_value_return(const char *value,
    enum dsn_return *return_what) MUST_CHECK;

/* ENVID of RFC 3461 §4.4: xtext of 1 to 100 printable ASCII characters. */
bool option_value_is_envid(const char *value) MUST_CHECK;

/*
 * ORCPT of RFC 3461 section 4.2: a type, ";" and the address as xtext, or as
 * RFC 6533 section 3 writes one of the type "utf-8", 500 octets at most.
 * `orcpt` becomes the form that any relay can carry, owned by the caller;
 * whether the value held characters beyond ASCII is told.
 */
bool option_value_orcpt(struct span value, char **orcpt,
    bool *is_beyond_ascii) MUST_CHECK;

/* 1 to 32 octets of ASCII, none of which could end a tag in a log line. */
bool option_value_is_tag(const char *value) MUST_CHECK;

bool option_value_yes_no(const char *value, bool *yes) MUST_CHECK;

#endif
