/*
 * The client of -bs: its lines, its message, and what it is told. Replies are
 * gathered, and leave before anything is waited for.
 */
#ifndef POSTHASTE_APP_CLIENT_H
#define POSTHASTE_APP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "mail/message.h"
#include "mail/store.h"

#define CLIENT_IDLE_MS 300000	/* RFC 5321 section 4.5.3.2.7 */
#define CLIENT_LINE_MAX 4096	/* octets of a command line with its end */

struct client {
	int in, out;		/* borrowed */
	int64_t idle;		/* ms that it may be silent */
	struct buf input;	/* received and not consumed yet */
	struct buf output;	/* replies that wait to leave */
	int lost_errno;		/* why no more replies leave; 0: they do */
	bool at_end;
};

enum client_event {
	CLIENT_LINE,
	CLIENT_LONG_LINE,	/* it was passed over */
	CLIENT_END,		/* of the input, between two lines */
	CLIENT_CUT		/* of the input, within a line */
};

void client_begin(struct client *c, int in, int out, int64_t idle);
void client_free(struct client *c);

/*
 * The next line without its end, CRLF or LF, and whether that was a bare LF.
 * Fails, after `idle` of silence temporary, where there is none to be had.
 */
bool client_line(struct client *c, enum client_event *event, struct buf *line,
    bool *is_bare, struct error *err) MUST_CHECK;

/*
 * Reads a message to the dot that ends it and takes it apart. What can't be
 * stored or isn't a message fails when the dot was read (`*is_over` is true);
 * the client then hears why. Else the session is over: silence, a signal, and
 * EX_DATAERR for an input that ends within the message.
 */
bool client_message(struct client *c, bool is_bare, const char *tmpdir,
    struct message *m, bool *is_over, struct error *err) MUST_CHECK;

/* Whether more input is there already. */
bool client_has_input(struct client *c);

/* Adds "code enhanced text" and the line end; `mark` is ' ', or '-' where more
 * lines follow. Without `enhanced` it isn't there. */
void client_reply(struct client *c, int code, char mark, const char *enhanced,
    const char *format, ...) FORMAT(5, 6);

/* Lets the replies leave. Behind one that was lost none does: it would be taken
 * for that one. */
bool client_flush(struct client *c, struct error *err) MUST_CHECK;

#endif
