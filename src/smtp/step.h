/*
 * The steps of the dialogue, in one table, and the one place where a reply is
 * judged: success is equality with a code of the step's list.
 */
#ifndef POSTHASTE_SMTP_STEP_H
#define POSTHASTE_SMTP_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "smtp/reply.h"

enum step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_HELO,
	STEP_STARTTLS,
	STEP_AUTH,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_BDAT,	/* like DATA, but that no reply comes between it and the
			 * message */
	STEP_BODY,	/* nothing may be said before the message is out */
	STEP_RECEIPT,	/* the end of the message: its reply is the delivery */
	STEP_RSET,	/* between two messages of a session */
	STEP_QUIT
};

/* Which time limit of the profile holds for the reply. */
enum step_limit { STEP_TIMEOUT, STEP_DATA_TIMEOUT };

struct step_row {
	const char *name;	/* the command's verb */
	enum stage stage;
	int accepted[4];	/* codes, 0 behind the last */
	int exit_5yz;		/* status of a refusal for good */
	size_t line_max;	/* octets of the command line with CRLF */
	size_t reply_max;	/* octets of a line of the reply with CRLF */
	enum step_limit limit;
	const char *awaited;	/* "the greeting": what is waited for */
	const char *refusal;	/* "refused …": what a 4yz or 5yz means */
};

const struct step_row *step_row(enum step step);

/*
 * True where the reply is what the step asks for. Otherwise fills `err`: code,
 * enhanced status, the words; temporary for a 4yz; for a 5yz the status by
 * behaviour's table; EX_PROTOCOL for everything else.
 */
bool step_judge(enum step step, const struct reply *reply,
    struct error *err) MUST_CHECK;

/* Whether the reply is a refusal, 4yz or 5yz. */
bool step_is_refusal(const struct reply *reply);

#endif
