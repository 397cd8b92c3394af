/*
 * Bytes over a connected socket, in clear or through TLS, in time.
 *
 * The socket is non-blocking; all waiting is limit_wait()'s. What was received
 * and not consumed yet stays in one input buffer, which the reader looks at in
 * place. Nothing here knows SMTP.
 */
#ifndef POSTHASTE_NET_STREAM_H
#define POSTHASTE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/span.h"

#define STREAM_INPUT (32UL << 10)	/* octets of the input buffer */

struct tls;	/* net/tls.h */

struct stream {
	int fd;			/* owned; -1 once closed */
	struct tls *tls;	/* owned; NULL in clear */
	char *input;		/* owned, STREAM_INPUT octets */
	size_t begin, end;	/* what of it is received and not consumed */
	bool at_end;		/* the peer has closed its side */
	int sys_errno;		/* of a connection lost in clear */
	unsigned long sends;	/* send calls made in clear or by TLS: for -vv
				 * and the test that a flight is one of them */
};

/* Takes `fd`, a non-blocking socket, over. */
void stream_begin(struct stream *s, int fd);

/* Frees what stream_close() or stream_abort() left; a stream that is still open
 * is aborted. */
void stream_free(struct stream *s);

/*
 * Writes all of `bytes`, gathered: one send, or one chain of TLS records. A
 * connection that is lost or a limit that passes is a temporary error; a TLS
 * failure is EX_PROTOCOL. All errors are charged to limit->stage. What the
 * peer says meanwhile is taken into the input, so that neither side waits for
 * the other for ever, and its last words survive a connection that is lost.
 */
bool stream_write(struct stream *s, struct span bytes,
    const struct limit *limit, struct error *err) MUST_CHECK;

/*
 * The same for the message's blocks: the limit's time begins anew with each
 * octet of progress, and as soon as the peer says something `*interrupted`
 * becomes true and the rest isn't written (the result is true then). Input
 * that is there already, and a peer that has closed, count. After an
 * interruption a part of a TLS record may be left to be sent; the next write
 * sends it first, stream_abort() never.
 */
bool stream_write_block(struct stream *s, struct span bytes,
    const struct limit *limit, bool *interrupted,
    struct error *err) MUST_CHECK;

/* The input that is there, borrowed until the next call. */
struct span stream_input(const struct stream *s);
void stream_consume(struct stream *s, size_t n);

/*
 * Waits until there is more input than before, or the peer closes (at_end
 * becomes true, and the result is true; so it is at once where at_end is true
 * already). A full buffer is EX_PROTOCOL.
 */
bool stream_fill(struct stream *s, const struct limit *limit,
    struct error *err) MUST_CHECK;

/*
 * Looks, without waiting, whether an application byte is there; TLS's own
 * records (tickets, key updates) are dealt with and don't count. at_end is
 * noticed too. `stage` is charged with a failure.
 */
bool stream_poll(struct stream *s, enum stage stage, bool *is_waiting,
    struct error *err) MUST_CHECK;

/* Says goodbye (close_notify) without waiting, and closes. */
void stream_close(struct stream *s);

/* Closes by reset, without close_notify: a half message must not look whole. */
void stream_abort(struct stream *s);

#endif
