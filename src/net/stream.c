#include "net/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"

/* Octets taken from the socket, and forgotten, before it is closed. */
#define STREAM_DRAIN (256UL << 10)

void
stream_begin(struct stream *s, int fd)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->input = mem_room(STREAM_INPUT);
}

void
stream_free(struct stream *s)
{
	stream_abort(s);
	mem_free(s->input);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

static enum tls_result
clear_fault(struct stream *s)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return TLS_AGAIN;
	s->sys_errno = errno;
	return TLS_LOST;
}

static enum tls_result
clear_send(struct stream *s, struct span bytes, size_t *done)
{
	ssize_t n;

	do
		n = send(s->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return clear_fault(s);
	s->sends++;
	*done = (size_t)n;
	return TLS_DONE;
}

static enum tls_result
clear_receive(struct stream *s, char *out, size_t size, size_t *done)
{
	ssize_t n;

	do
		n = recv(s->fd, out, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return clear_fault(s);
	*done = (size_t)n;
	return n == 0 ? TLS_END : TLS_DONE;
}

static bool
fail(const struct stream *s, enum tls_result result, enum stage stage,
    const char *doing, struct error *err)
{
	const char *words;
	int sys_errno = s->sys_errno;

	if (s->tls == NULL)
		return error_set_temporary(err, stage, sys_errno,
		    "connection lost %s", doing);
	words = tls_fault(s, &sys_errno);
	if (result == TLS_LOST)
		return error_set_temporary(err, stage, sys_errno,
		    "connection lost %s", doing);
	return error_set(err, stage, EX_PROTOCOL, "TLS broke %s: %s", doing,
	    words);
}

static bool
has_room(const struct stream *s)
{
	return s->begin > 0 || s->end < STREAM_INPUT;
}

/*
 * Takes what is there into the input, without waiting. One receive a call: an
 * error that comes behind data is left for the next one.
 */
static enum tls_result
take(struct stream *s)
{
	enum tls_result result;
	size_t n = 0;

	if (s->at_end)
		return TLS_END;
	if (s->begin > 0) {
		memmove(s->input, s->input + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	if (s->tls != NULL)
		result = tls_receive(s, s->input + s->end,
		    STREAM_INPUT - s->end, &n);
	else
		result = clear_receive(s, s->input + s->end,
		    STREAM_INPUT - s->end, &n);
	s->end += n;
	s->at_end = result == TLS_END;
	return result;
}

/*
 * Waits on the socket. A peer that keeps it ready with octets that come to
 * nothing doesn't outlast the limit: it is looked at first.
 */
static bool
wait_for(const struct stream *s, short events, short *ready,
    const struct limit *limit, struct error *err)
{
	struct pollfd socket = { s->fd, events, 0 };

	if (deadline_passed(limit->until))
		return limit_passed(limit, err);
	if (!limit_wait(limit, &socket, 1, err))
		return false;
	*ready = socket.revents;
	return true;
}

struct span
stream_input(const struct stream *s)
{
	return span_make(s->input + s->begin, s->end - s->begin);
}

void
stream_consume(struct stream *s, size_t n)
{
	s->begin = n > s->end - s->begin ? s->end : s->begin + n;
}

bool
stream_fill(struct stream *s, const struct limit *limit, struct error *err)
{
	enum tls_result result;
	short ready;

	for (;;) {
		if (!has_room(s) && !s->at_end)
			return error_set(err, limit->stage, EX_PROTOCOL,
			    "%zu octets came without an end while waiting "
			    "for %s", s->end, limit->what);
		result = take(s);
		if (result == TLS_DONE || result == TLS_END)
			return true;
		if (result != TLS_AGAIN)
			return fail(s, result, limit->stage,
			    "while reading", err);
		if (!wait_for(s, POLLIN, &ready, limit, err))
			return false;
	}
}

static bool
has_input(const struct stream *s)
{
	return s->begin < s->end;
}

bool
stream_poll(struct stream *s, enum stage stage, bool *is_waiting,
    struct error *err)
{
	enum tls_result result;

	*is_waiting = has_input(s);
	if (*is_waiting)
		return true;
	result = take(s);
	*is_waiting = has_input(s);
	if (result == TLS_LOST || result == TLS_BROKEN)
		return fail(s, result, stage, "before it was written to", err);
	return true;
}

/* One message of the peer may come while we write, or many. */
struct writer {
	struct span rest;
	struct limit limit;
	bool is_block;
	bool *interrupted;
};

/* Sends what goes at once; the time of a block begins anew with progress. */
static enum tls_result
send_some(struct stream *s, struct writer *w)
{
	unsigned long before = s->sends;
	enum tls_result result;
	size_t done = 0;

	result = s->tls != NULL ? tls_send(s, w->rest, &done) :
	    clear_send(s, w->rest, &done);
	w->rest = span_skip(w->rest, done);
	if (w->is_block && s->sends != before &&
	    w->limit.until.at != INT64_MAX)
		w->limit.until = deadline_in(w->limit.ms);
	return result;
}

/* Input is taken in as long as there is room: its loss is found by sending. */
static bool
wait_to_write(struct stream *s, struct writer *w, struct error *err)
{
	short events = POLLOUT, ready = 0;

	if (has_room(s) && !s->at_end)
		events |= POLLIN;
	if (!wait_for(s, events, &ready, &w->limit, err))
		return false;
	/* A loss is found by sending, with the octets before it read. */
	if ((ready & ~POLLOUT) != 0 && (events & POLLIN) != 0 &&
	    take(s) == TLS_BROKEN)
		return fail(s, TLS_BROKEN, w->limit.stage, "while writing",
		    err);
	return true;
}

static void
hold_back(struct stream *s)
{
	if (s->tls != NULL && tls_owes(s))
		tls_hold_back(s);
}

static bool
fail_to_write(struct stream *s, const struct writer *w, enum tls_result result,
    struct error *err)
{
	(void)fail(s, result, w->limit.stage, "while writing", err);
	hold_back(s);
	/* Its last words are often the reason. */
	if (has_room(s))
		(void)take(s);
	return false;
}

static bool
write_all(struct stream *s, struct writer *w, struct error *err)
{
	enum tls_result result;

	/* The rest may leave while the peer is listened to: what has come then
	 * can be the answer. */
	while (w->rest.len > 0 || (s->tls != NULL && tls_owes(s))) {
		if (w->is_block && (has_input(s) || s->at_end)) {
			*w->interrupted = true;
			hold_back(s);
			return true;
		}
		result = send_some(s, w);
		if (result == TLS_LOST || result == TLS_BROKEN)
			return fail_to_write(s, w, result, err);
		if (result == TLS_AGAIN && !wait_to_write(s, w, err)) {
			hold_back(s);
			return false;
		}
	}
	return true;
}

bool
stream_write(struct stream *s, struct span bytes, const struct limit *limit,
    struct error *err)
{
	struct writer w = { bytes, *limit, false, NULL };

	return bytes.len == 0 || write_all(s, &w, err);
}

bool
stream_write_block(struct stream *s, struct span bytes,
    const struct limit *limit, bool *interrupted, struct error *err)
{
	struct writer w = { bytes, *limit, true, interrupted };
	enum tls_result result;

	*interrupted = false;
	if (bytes.len == 0)
		return true;
	result = has_input(s) ? TLS_DONE : take(s);
	if (result == TLS_LOST || result == TLS_BROKEN)
		return fail(s, result, limit->stage, "while writing", err);
	return write_all(s, &w, err);
}

/*
 * A socket that is closed with octets unread is reset by the kernel, and what
 * we said last might be lost with it.
 */
static void
drain(struct stream *s)
{
	size_t total = 0;
	ssize_t n;

	do {
		n = recv(s->fd, s->input, STREAM_INPUT, 0);
		if (n > 0)
			total += (size_t)n;
	} while (n > 0 && total < STREAM_DRAIN);
}

/* One that was never begun is all zeros. */
static bool
is_open(const struct stream *s)
{
	return s->input != NULL && s->fd >= 0;
}

static void
end(struct stream *s)
{
	(void)close(s->fd);
	s->fd = -1;
	tls_free(s->tls);
	s->tls = NULL;
	s->begin = s->end = 0;
	s->at_end = true;
}

void
stream_close(struct stream *s)
{
	if (!is_open(s))
		return;
	if (s->tls != NULL)
		tls_goodbye(s);
	drain(s);
	end(s);
}

void
stream_abort(struct stream *s)
{
	const struct linger at_once = { 1, 0 };

	if (!is_open(s))
		return;
	(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once));
	end(s);
}
