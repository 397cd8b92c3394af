#include "support/relay_link.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "support/relay_tcp.h"

/* What a relay that was told to end still waits for its client. */
#define LAST_PATIENCE_MS 500

bool
link_is_open(const struct relay_link *l)
{
	return l->fd != -1 && l->end == RELAY_END_NONE;
}

void
link_note(const struct relay_link *l, enum relay_event_kind kind, uint64_t a,
    uint64_t b, struct span payload)
{
	struct relay_event event = { 0 };

	event.kind = kind;
	event.connection = l->number;
	event.a = a;
	event.b = b;
	relay_log(l->log, &event, payload);
}

void
link_failure(const struct relay_link *l, const char *format, ...)
{
	char text[400];
	va_list args;
	int n = snprintf(text, sizeof(text), "connection %" PRIu32 ": ",
	    l->number);

	va_start(args, format);
	if (n > 0)
		(void)vsnprintf(text + n, sizeof(text) - (size_t)n, format,
		    args);
	va_end(args);
	link_note(l, EVENT_FAILURE, 0, 0, span_of(text));
}

int
link_wait(struct relay_link *l, int fd, short events, int64_t ms)
{
	struct pollfd fds[2] = { { fd, events, 0 }, { l->control, POLLIN, 0 } };
	int64_t end = clock_ms() + ms, left;

	for (;;) {
		left = (end < l->until ? end : l->until) - clock_ms();
		if (poll(fds, l->is_stopping ? 1 : 2,
		    left > 0 ? (int)left : 0) == 0)
			return 0;
		if (fds[0].revents != 0)
			return 1;
		if (!l->is_stopping && fds[1].revents != 0) {
			l->is_stopping = true;
			if (l->until > clock_ms() + LAST_PATIENCE_MS)
				l->until = clock_ms() + LAST_PATIENCE_MS;
			return -1;
		}
	}
}

/* Waits for the socket as long as patience lasts. */
static bool
wait_for_socket(struct relay_link *l, short events)
{
	int ready;

	do
		ready = link_wait(l, l->fd, events, INT32_MAX);
	while (ready < 0);
	return ready > 0;
}

int
link_port(const struct relay_link *l)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof(address);
	union {
		struct sockaddr_in *in;
		struct sockaddr *any;
	} pointer = { &address };

	return getsockname(l->fd, pointer.any, &size) == 0 &&
	    address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

void
link_mark(struct relay_link *l)
{
	memset(l->code, 0, sizeof(l->code));
}

void
link_send(struct relay_link *l, struct span bytes)
{
	size_t have = strlen(l->code), i;

	for (i = 0; have + 1 < sizeof(l->code) && i < bytes.len; i++)
		l->code[have++] = bytes.data[i];
	if (l->fd != -1 && !buf_add_span(&l->output, bytes))
		link_failure(l, "a reply that can't be gathered");
}

/* Ends the flight that the send at hand answers. */
static void
end_flight(struct relay_link *l)
{
	uint32_t segments = tcp_segments_received(l->fd);

	if (l->flight_octets > 0)
		link_note(l, EVENT_FLIGHT, l->flight_octets,
		    (uint64_t)l->flight_reads << 32 |
		    (segments - l->segments), span_of(NULL));
	l->flight_octets = 0;
	l->flight_reads = 0;
	l->segments = segments;
}

void
link_close_socket(struct relay_link *l)
{
	if (l->fd == -1)
		return;
	end_flight(l);
	(void)close(l->fd);
	l->fd = -1;
}

ssize_t
link_send_raw(struct relay_link *l, const char *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = send(l->fd, data + done, size - done,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		if (!wait_for_socket(l, POLLOUT)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return (ssize_t)size;
}

static bool
send_records(struct relay_link *l, struct span rest)
{
	ssize_t n;

	while (rest.len > 0) {
		n = gnutls_record_send(l->session, rest.data, rest.len);
		if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN)
			continue;
		if (n <= 0)
			return false;
		rest = span_skip(rest, (size_t)n);
	}
	return true;
}

void
link_flush(struct relay_link *l)
{
	struct span bytes = buf_span(&l->output);

	if (bytes.len == 0 || l->fd == -1)
		return;
	end_flight(l);
	/* A client that has gone can't be told: the record shows how. */
	if (!l->cant_send) {
		if (!l->is_lean || bytes.len < 4096)
			link_note(l, EVENT_SENT, 0, 0, bytes);
		l->cant_send = l->is_secure ? !send_records(l, bytes) :
		    link_send_raw(l, bytes.data, bytes.len) < 0;
	}
	buf_clear(&l->output);
}

/* One recv, after waiting. The same results as recv; errno ETIMEDOUT. */
ssize_t
link_receive_raw(struct relay_link *l, void *data, size_t size)
{
	ssize_t n;

	for (;;) {
		if (!wait_for_socket(l, POLLIN)) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = recv(l->fd, data, size, MSG_DONTWAIT);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	if (n > 0)
		l->flight_reads++;
	return n;
}

void
link_tls_fault(const struct relay_link *l, const char *text)
{
	link_note(l, EVENT_TLS_FAULT, 0, 0, span_of(text));
}

/* What a receive of -1 means for the connection. */
static void
note_lost(struct relay_link *l, int number)
{
	if (number == ECONNRESET || number == EPIPE)
		l->end = RELAY_END_RESET;
	else if (!l->is_stopping)
		link_failure(l, "receive: %s", strerror(number));
	l->cant_send = true;
}

static ssize_t
receive_clear(struct relay_link *l, void *data, size_t size)
{
	ssize_t n = link_receive_raw(l, data, size);

	if (n == 0)
		l->end = RELAY_END_FIN;
	else if (n < 0)
		note_lost(l, errno);
	return n;
}

static ssize_t
receive_secure(struct relay_link *l, void *data, size_t size)
{
	ssize_t n;

	do {
		l->transport_errno = 0;
		n = gnutls_record_recv(l->session, data, size);
	} while ((n < 0 && gnutls_error_is_fatal((int)n) == 0 &&
	    l->transport_errno == 0));
	if (n > 0)
		return n;
	if (n == 0)
		l->end = RELAY_END_NOTIFY;
	else if (n == GNUTLS_E_PREMATURE_TERMINATION)
		l->end = RELAY_END_FIN;
	else if (n == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		l->end = RELAY_END_ALERT;
		link_tls_fault(l, gnutls_alert_get_name(gnutls_alert_get(
		    l->session)));
	} else if (l->transport_errno != 0)
		note_lost(l, l->transport_errno);
	else {
		link_tls_fault(l, gnutls_strerror((int)n));
		l->end = RELAY_END_FIN;
	}
	return n;
}

bool
link_fill(struct relay_link *l)
{
	char data[65536];
	ssize_t n;

	if (!link_is_open(l))
		return false;
	n = l->is_secure ? receive_secure(l, data, sizeof(data)) :
	    receive_clear(l, data, sizeof(data));
	if (n <= 0)
		return false;
	l->received += (uint64_t)n;
	l->flight_octets += (uint64_t)n;
	if (!l->is_lean)
		link_note(l, EVENT_BYTES, 0, 0, span_make(data, (size_t)n));
	return buf_add(&l->input, data, (size_t)n);
}

bool
link_line(struct relay_link *l, struct buf *line)
{
	struct span input;
	size_t n;

	link_flush(l);
	buf_clear(line);
	for (;;) {
		input = buf_span(&l->input);
		n = span_find(input, '\n');
		if (n < input.len)
			break;
		if (!link_fill(l))
			return false;
	}
	if (n == 0 || input.data[n - 1] != '\r')
		link_failure(l, "a line that ends without CR");
	else
		input.len = n - 1;
	if (n < input.len)
		input.len = n;
	buf_clear(&l->last_line);
	if (!buf_add_span(line, input) ||
	    !buf_add_span(&l->last_line, input))
		return false;
	buf_consume(&l->input, n + 1);
	link_note(l, EVENT_COMMAND, 0, 0, buf_span(line));
	return true;
}

void
link_drain(struct relay_link *l)
{
	link_flush(l);
	while (link_fill(l))
		buf_clear(&l->input);
}

void
link_sleep(struct relay_link *l, int64_t ms)
{
	link_flush(l);
	(void)link_wait(l, -1, 0, ms);
}

void
link_ignore(struct relay_link *l, int64_t ms)
{
	link_flush(l);
	(void)link_wait(l, l->fd, POLLRDHUP, ms);
}

void
link_fin(struct relay_link *l)
{
	link_flush(l);
	(void)shutdown(l->fd, SHUT_WR);
	l->cant_send = true;
}

/* Receives what is there: unread octets would turn our FIN into a reset. */
static void
receive_rest(struct relay_link *l)
{
	while (link_is_open(l) && link_wait(l, l->fd, POLLIN, 0) > 0 &&
	    link_fill(l))
		;
}

void
link_close(struct relay_link *l)
{
	link_flush(l);
	if (l->is_secure && !l->cant_send)
		(void)gnutls_bye(l->session, GNUTLS_SHUT_WR);
	link_cut(l);
}

/* The FIN first: a client in the middle of a message must see it in time. */
void
link_cut(struct relay_link *l)
{
	link_flush(l);
	if (l->fd != -1)
		(void)shutdown(l->fd, SHUT_WR);
	receive_rest(l);
	/* How it answers is no end of its own. */
	l->end = RELAY_END_NONE;
	link_close_socket(l);
}

void
link_reset(struct relay_link *l)
{
	struct linger now = { 1, 0 };

	link_flush(l);
	if (l->fd != -1)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	link_close_socket(l);
}

void
link_finish(struct relay_link *l)
{
	link_close_socket(l);
	link_note(l, EVENT_END, l->end, 0, span_of(NULL));
	if (l->session != NULL)
		gnutls_deinit(l->session);
	gnutls_free(l->ticket_key.data);
	buf_free(&l->input);
	buf_free(&l->output);
	buf_free(&l->last_line);
}
