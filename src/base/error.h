/*
 * What broke: one struct, filled once, where the failure happens.
 *
 * Every function that can fail returns bool (true = done), must be checked and
 * takes `struct error *err` last. The setters return false, so failing is one
 * statement: `return error_set(err, ...)`. The first error wins: setting one
 * that is set already changes nothing. Trouble that comes later (QUIT, close)
 * goes to the trace.
 *
 * All text in the struct is escaped already (buf.h): it may be printed as it
 * is. Messages are lower case, without a full stop, and name the thing.
 */
#ifndef POSTHASTE_BASE_ERROR_H
#define POSTHASTE_BASE_ERROR_H

#include <stdbool.h>
#include <sysexits.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/record.h"
#include "base/span.h"

/* Where in the run it happened. The names are in error_stage_name(). */
enum stage {
	STAGE_NONE,
	STAGE_USAGE,	/* the command line */
	STAGE_CONFIG,	/* the profile, its file, a secret's source */
	STAGE_INPUT,	/* the message on stdin */
	STAGE_ADDRESS,	/* a sender or recipient */
	STAGE_SYSTEM,	/* memory, descriptors, temporary file */
	STAGE_DNS,
	STAGE_CONNECT,
	STAGE_TLS,	/* handshake and certificate */
	STAGE_GREETING,
	STAGE_EHLO,
	STAGE_STARTTLS,
	STAGE_AUTH,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_BODY,	/* from 354 to the byte before the last one */
	STAGE_RECEIPT,	/* the reply to the message: the delivery */
	STAGE_QUIT
};

struct error {
	enum stage stage;
	int exit_code;		/* sysexits; 0 as long as nothing is set */
	int sys_errno;		/* 0 where no system call is the cause */
	int reply_code;		/* 0 where no reply is the cause */
	bool temporary;		/* the same message may pass later */
	bool uncertain;		/* the relay may hold the message already */
	const char *hint;	/* id of a row of app/hints.c, or NULL */
	char enhanced[16];	/* RFC 3463 status of the reply, or "" */
	char peer[300];		/* host:port or socket path, or "" */
	char command[560];	/* the command at fault, secrets redacted */
	char text[700];		/* what happened */
	char reply[1200];	/* the server's words, lines joined by " / " */
	char cause[300];	/* why, where it is known */
	char fix[600];		/* what to do about it, where it is known */
};

bool error_is_set(const struct error *err);

/*
 * Sets a permanent failure with a sysexits status. Returns false.
 */
bool error_set(struct error *err, enum stage stage, int exit_code,
    const char *format, ...) FORMAT(4, 5);

/*
 * The same, for a failed system call: ": <strerror>" is put behind the text. A
 * file of the configuration that memory or descriptors were missing for is
 * EX_OSERR at STAGE_SYSTEM.
 */
bool error_set_errno(struct error *err, enum stage stage, int exit_code,
    int sys_errno, const char *format, ...) FORMAT(5, 6);

/*
 * Sets a temporary failure: EX_UNAVAILABLE, `temporary`. `sys_errno` may be 0.
 * (EX_TEMPFAIL would mean "queued" to sendmail's callers.)
 */
bool error_set_temporary(struct error *err, enum stage stage, int sys_errno,
    const char *format, ...) FORMAT(4, 5);

/*
 * Adds what to do about a failure that was set just before. Both return false,
 * so that `return error_fix(err, ...)` ends the failing statement.
 */
bool error_cause(struct error *err, const char *format, ...) FORMAT(2, 3);
bool error_fix(struct error *err, const char *format, ...) FORMAT(2, 3);

/* Puts words in front of the text of a failure. Returns false. */
bool error_prefix(struct error *err, const char *format, ...) FORMAT(2, 3);

/*
 * From the last byte of the message on nothing but a well-formed 250, 4yz or
 * 5yz to the message tells what became of it: turns the failure into
 * EX_PROTOCOL, not temporary, `uncertain`.
 */
void error_make_uncertain(struct error *err);

/* Makes `err` as good as new, so that another attempt can fill it. */
void error_clear(struct error *err);

/* "greeting", "receipt" …; a stable word for logs and --json. */
const char *error_stage_name(enum stage stage);

/* "EX_OK", "EX_USAGE" …, or "EX_?" for what sysexits doesn't know. */
const char *error_exit_name(int exit_code);

/*
 * The printers. Each adds to `out` and fails only at its limit.
 *
 * error_print_block: for people; `context` (may be "") is set in front of the
 * first line, which ends in a newline like each that follows.
 * error_record: for the log.
 * error_print_json: members of a JSON object, a comma in front of each.
 */
bool error_print_block(const struct error *err, const char *context,
    struct buf *out) MUST_CHECK;
bool error_record(const struct error *err, struct record *r) MUST_CHECK;
bool error_print_json(const struct error *err, struct buf *out) MUST_CHECK;

#endif
