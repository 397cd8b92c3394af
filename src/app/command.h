/*
 * The commands that a client of -bs gives (RFC 5321 section 4.1.1), read
 * strictly. Lenient in two things: blanks behind the colon of MAIL and RCPT,
 * and a bare name as address, for the sake of scripts.
 */
#ifndef POSTHASTE_APP_COMMAND_H
#define POSTHASTE_APP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "app/option_value.h"
#include "app/options.h"
#include "base/attr.h"
#include "base/span.h"
#include "mail/address.h"

enum verb {
	VERB_HELO,
	VERB_EHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_RSET,
	VERB_NOOP,
	VERB_VRFY,
	VERB_HELP,
	VERB_QUIT,
	VERB_REFUSED,	/* known, and not served */
	VERB_UNKNOWN
};

/* A reply of our own to a command that can't be carried out. */
struct refusal {
	int code;
	const char *enhanced;
	char text[400];
};

struct command {
	enum verb verb;
	struct address address;	/* of MAIL, where null, or RCPT; owned */
	enum body_type body;	/* BODY= of MAIL */
	bool wants_utf8;	/* SMTPUTF8 of MAIL (RFC 6531) */
	bool needs_utf8;	/* the line holds what is for SMTPUTF8 alone */
	enum dsn_return return_what;	/* RET of MAIL */
	char *envid;		/* ENVID of MAIL, owned; or NULL */
	unsigned int notify;	/* NOTIFY of RCPT; 0: unsaid */
	char *orcpt;		/* ORCPT of RCPT, owned; or NULL */
};

/*
 * Reads a line without its end. False with the reply where it isn't right; the
 * command must be freed in any case.
 */
bool command_parse(struct command *c, struct span line,
    struct refusal *refusal) MUST_CHECK;

void command_free(struct command *c);

#endif
