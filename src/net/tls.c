#include "net/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/resolve.h"
#include "net/tls_context.h"
#include "net/trust.h"

/* Octets that are made records of before they are sent. */
#define TLS_FLIGHT (64UL << 10)
#define TLS_OUTPUT (TLS_FLIGHT + (64UL << 10))

/* Records without an application octet in one go; more of them is malice. */
#define TLS_EMPTY_MAX 1000

/*
 * GnuTLS reads from and writes to memory here: what it writes is gathered in
 * `output` and sent in one piece, and a send that can't go on is no affair of
 * its state machine.
 */
struct tls {
	gnutls_session_t session;
	struct stream *stream;
	struct trust *trust;
	const struct trace *trace;
	struct error *err;	/* the handshake's */
	struct buf output;
	size_t sent;		/* octets of it */
	bool has_input;		/* the peer has said something */
	bool is_clear_text;	/* … which can't be TLS */
	bool is_verified;
	bool is_up;
	bool is_dry;		/* the socket had no octet left */
	bool is_closed;		/* the peer's side */
	bool is_lost;		/* nothing can be received any more */
	bool is_mute;		/* nothing is sent any more */
	int lost_errno;
	char fault[160];
	char description[64];
};

static bool
has_output(const struct tls *t)
{
	return t->sent < t->output.len;
}

/*
 * Sends what is gathered as far as the socket takes it. What fails must not
 * leave later: it might be the message.
 */
static bool
flush(struct tls *t)
{
	ssize_t n;

	while (has_output(t) && !t->is_mute) {
		n = send(t->stream->fd, t->output.data + t->sent,
		    t->output.len - t->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n < 0) {
			t->lost_errno = errno;
			t->is_mute = true;
			break;
		}
		t->stream->sends++;
		t->sent += (size_t)n;
	}
	buf_clear(&t->output);
	t->sent = 0;
	return !t->is_mute;
}

static ssize_t
push(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
	struct tls *t = context;

	if (buf_add(&t->output, bytes, size))
		return (ssize_t)size;
	gnutls_transport_set_errno(t->session, ENOBUFS);
	return -1;
}

/*
 * No TLS record begins with a digit, but each SMTP reply does; the library
 * would read its first words as the length of a record and wait for it.
 */
static bool
is_clear_text(struct tls *t, const char *bytes)
{
	if (!t->has_input)
		t->is_clear_text = ascii_is_digit(bytes[0]);
	t->has_input = true;
	return t->is_clear_text;
}

static ssize_t
fail_pull(struct tls *t, int sys_errno)
{
	t->is_dry = sys_errno == EAGAIN || sys_errno == EWOULDBLOCK;
	if (!t->is_dry) {
		t->is_lost = true;
		t->lost_errno = sys_errno;
	}
	gnutls_transport_set_errno(t->session, t->is_dry ? EAGAIN : sys_errno);
	return -1;
}

static ssize_t
pull(gnutls_transport_ptr_t context, void *out, size_t size)
{
	struct tls *t = context;
	ssize_t n;

	/* The answer to what is still here can't come before it has left. A
	 * send that fails must not hide what the peer said before. */
	(void)flush(t);
	do
		n = recv(t->stream->fd, out, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_pull(t, errno);
	t->is_closed = n == 0;
	if (n == 0 || !is_clear_text(t, out))
		return n;
	gnutls_transport_set_errno(t->session, EPROTO);
	return -1;
}

/* The library may ask whether there is something; it must not sleep on it. */
static int
pull_timeout(gnutls_transport_ptr_t context, unsigned int ms)
{
	struct tls *t = context;
	char octet;

	(void)ms;
	return recv(t->stream->fd, &octet, 1, MSG_PEEK) >= 0 ? 1 : 0;
}

/* Called by the library in mid-handshake, before anything secret is said. */
static int
verify(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);

	t->is_verified = trust_check(t->trust, session,
	    socket_is_loopback(t->stream->fd), t->trace, t->err);
	return t->is_verified ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int
set_up(struct tls *t, const struct tls_context *ctx)
{
	int result;

	result = gnutls_init(&t->session,
	    GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (result == 0)
		result = tls_context_equip(ctx, t->session);
	if (result != 0)
		return result;
	gnutls_session_set_ptr(t->session, t);
	gnutls_session_set_verify_function(t->session, verify);
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_push_function(t->session, push);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
	/* All time limits are ours. */
	gnutls_handshake_set_timeout(t->session, 0);
	return 0;
}

/* The library's words in the form of ours: no capital, no full stop. */
static void
describe_fault(struct tls *t, int result)
{
	struct span words = span_of(gnutls_strerror(result));
	const char *alert;

	if (result == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		alert = gnutls_alert_get_name(gnutls_alert_get(t->session));
		(void)snprintf(t->fault, sizeof(t->fault),
		    "the relay sent the alert '%s'",
		    alert == NULL ? "unknown" : alert);
		return;
	}
	if (result == GNUTLS_E_REHANDSHAKE) {
		(void)snprintf(t->fault, sizeof(t->fault),
		    "the relay wants to negotiate again");
		return;
	}
	if (words.len > 0 && words.data[words.len - 1] == '.')
		words.len--;
	(void)snprintf(t->fault, sizeof(t->fault), "%.*s", (int)words.len,
	    words.data);
	if (words.len > 1 && ascii_lower(words.data[1]) == words.data[1])
		t->fault[0] = ascii_lower(t->fault[0]);
}

static bool
fail_handshake(struct tls *t, int result, struct error *err)
{
	bool is_alert = result == GNUTLS_E_FATAL_ALERT_RECEIVED;

	/* Best effort: a relay that knows why can say so in its log. */
	(void)gnutls_alert_send_appropriate(t->session, result);
	(void)flush(t);
	if (error_is_set(err))
		return false;
	if (t->is_clear_text) {
		(void)error_set(err, STAGE_TLS, EX_PROTOCOL, "the relay "
		    "speaks in clear text where TLS was expected");
		err->hint = "H18";
		return false;
	}
	/* An alert says more than the end that follows it. */
	if (t->lost_errno != 0 && !is_alert)
		return error_set_temporary(err, STAGE_TLS, t->lost_errno,
		    "the connection was lost in the TLS handshake");
	if (t->is_closed && !is_alert)
		return error_set_temporary(err, STAGE_TLS, 0,
		    "the connection was closed in the TLS handshake");
	describe_fault(t, result);
	return error_set(err, STAGE_TLS, EX_PROTOCOL,
	    "the TLS handshake failed: %s", t->fault);
}

/* As in stream.c: octets that come to nothing don't outlast the limit. */
static bool
wait_for(const struct tls *t, const struct limit *limit, short events,
    struct error *err)
{
	struct pollfd socket = { t->stream->fd, events, 0 };

	if (has_output(t))
		socket.events |= POLLOUT;
	if (deadline_passed(limit->until))
		return limit_passed(limit, err);
	return limit_wait(limit, &socket, 1, err);
}

static bool
shake_hands(struct tls *t, const struct limit *limit, struct error *err)
{
	int result;

	for (;;) {
		t->is_dry = false;
		result = gnutls_handshake(t->session);
		if (result == GNUTLS_E_SUCCESS)
			return true;
		/* Nothing but these three means "go on"; a time limit comes
		 * from wait_for() and can't look like one of them. */
		if (result != GNUTLS_E_AGAIN &&
		    result != GNUTLS_E_INTERRUPTED &&
		    result != GNUTLS_E_WARNING_ALERT_RECEIVED)
			return fail_handshake(t, result, err);
		/* All that the peer had said before is read. */
		if (t->is_dry && t->is_mute)
			return fail_handshake(t, GNUTLS_E_PUSH_ERROR, err);
		if (!t->is_dry && deadline_passed(limit->until))
			return limit_passed(limit, err);
		if (t->is_dry && !wait_for(t, limit, POLLIN, err))
			return false;
	}
}

/* Our last flight must have left: the relay's greeting waits for it. */
static bool
finish(struct tls *t, const struct limit *limit, struct error *err)
{
	for (;;) {
		if (!flush(t))
			return fail_handshake(t, GNUTLS_E_PUSH_ERROR, err);
		if (!has_output(t))
			break;
		if (!wait_for(t, limit, 0, err))
			return false;
	}
	/* Belt and braces: no way to get here is known. */
	if (!t->is_verified)
		return error_set(err, STAGE_TLS, EX_PROTOCOL,
		    "the relay showed no certificate");
	(void)snprintf(t->description, sizeof(t->description), "%s %s",
	    gnutls_protocol_get_name(gnutls_protocol_get_version(t->session)),
	    gnutls_cipher_get_name(gnutls_cipher_get(t->session)));
	t->is_up = true;
	return true;
}

bool
tls_handshake(struct stream *s, struct tls_context *ctx,
    const struct limit *limit, const struct trace *trace, struct error *err)
{
	struct tls *t;
	int result;
	bool ok;

	if (stream_input(s).len > 0)
		return error_set(err, STAGE_TLS, EX_PROTOCOL,
		    "%zu octets came in clear before the TLS handshake",
		    stream_input(s).len);
	t = mem_alloc(sizeof(*t));
	/* From here on nothing leaves in clear, even if this fails. */
	s->tls = t;
	t->stream = s;
	t->trust = tls_context_trust(ctx);
	t->trace = trace;
	t->err = err;
	buf_init(&t->output, TLS_OUTPUT);
	result = set_up(t, ctx);
	if (result != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no TLS session: %s", gnutls_strerror(result));
	ok = shake_hands(t, limit, err) && finish(t, limit, err);
	t->err = NULL;
	if (ok)
		trace_note(trace, "%s", t->description);
	return ok;
}

bool
tls_certificate(const struct stream *s, struct certificate *certificate)
{
	return s->tls != NULL && s->tls->is_up &&
	    trust_describe(s->tls->session, certificate);
}

const char *
tls_description(const struct stream *s)
{
	return s->tls == NULL || !s->tls->is_up ? "off" :
	    s->tls->description;
}

bool
tls_channel_binding(const struct stream *s, const char **type,
    struct buf *out)
{
	gnutls_datum_t data = { NULL, 0 };
	gnutls_session_t session;
	bool is_1_3, ok;

	*type = NULL;
	if (s->tls == NULL || !s->tls->is_up)
		return false;
	session = s->tls->session;
	is_1_3 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
	ok = gnutls_session_channel_binding(session, is_1_3 ?
	    GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_SERVER_END_POINT,
	    &data) == 0 && buf_add(out, data.data, data.size);
	gnutls_free(data.data);
	if (ok)
		*type = is_1_3 ? "tls-exporter" : "tls-server-end-point";
	return ok;
}

static enum tls_result
broken(struct tls *t, int result)
{
	/* The library has several names for it. */
	if (t->is_lost)
		return TLS_LOST;
	describe_fault(t, result);
	return TLS_BROKEN;
}

/* Makes records of `bytes`, as many as one send should carry. */
static enum tls_result
seal(struct tls *t, struct span bytes, size_t *done)
{
	ssize_t n;

	if (bytes.len > TLS_FLIGHT)
		bytes.len = TLS_FLIGHT;
	while (*done < bytes.len) {
		n = gnutls_record_send(t->session, bytes.data + *done,
		    bytes.len - *done);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return TLS_AGAIN;
		if (n < 0)
			return broken(t, (int)n);
		*done += (size_t)n;
	}
	return TLS_DONE;
}

enum tls_result
tls_send(struct stream *s, struct span bytes, size_t *done)
{
	struct tls *t = s->tls;
	enum tls_result result;

	*done = 0;
	if (!t->is_up)
		return broken(t, GNUTLS_E_INVALID_SESSION);
	if (!flush(t))
		return TLS_LOST;
	if (has_output(t))
		return TLS_AGAIN;
	result = seal(t, bytes, done);
	if (result == TLS_BROKEN || result == TLS_LOST)
		return result;
	if (!flush(t))
		return TLS_LOST;
	return has_output(t) ? TLS_AGAIN : result;
}

bool
tls_owes(const struct stream *s)
{
	return has_output(s->tls) || s->tls->is_mute;
}

void
tls_hold_back(struct stream *s)
{
	s->tls->is_mute = true;
}

enum tls_result
tls_receive(struct stream *s, char *out, size_t size, size_t *done)
{
	struct tls *t = s->tls;
	int empty;
	ssize_t n;

	*done = 0;
	if (!t->is_up)
		return broken(t, GNUTLS_E_INVALID_SESSION);
	/*
	 * The library says "again" also behind a ticket or a key update, when
	 * more may be there already.
	 */
	for (empty = 0; empty < TLS_EMPTY_MAX; empty++) {
		t->is_dry = false;
		n = gnutls_record_recv(t->session, out, size);
		if (n > 0) {
			*done = (size_t)n;
			return TLS_DONE;
		}
		if (n == 0 || t->is_closed)
			return TLS_END;
		if (n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED &&
		    n != GNUTLS_E_WARNING_ALERT_RECEIVED)
			return broken(t, (int)n);
		if (t->is_dry)
			return TLS_AGAIN;
	}
	(void)snprintf(t->fault, sizeof(t->fault),
	    "too many records without data");
	return TLS_BROKEN;
}

const char *
tls_fault(const struct stream *s, int *sys_errno)
{
	*sys_errno = s->tls->lost_errno;
	return s->tls->fault;
}

void
tls_goodbye(struct stream *s)
{
	struct tls *t = s->tls;

	if (!t->is_up)
		return;
	(void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
	(void)flush(t);
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->session != NULL)
		gnutls_deinit(t->session);
	buf_free(&t->output);
	mem_free(t);
}
