#include "support/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/certs.h"
#include "support/program.h"

/* Ends a child whose test has died, and a test whose child is silent. */
#define PEER_PATIENCE 60000

bool
peer_tcp(int *ours, int *theirs)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	bool ok;

	*ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*theirs = -1;
	memset(&own, 0, sizeof(own));
	own.sin_family = AF_INET;
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = bind(listener, (struct sockaddr *)&own, size) == 0 &&
	    listen(listener, 1) == 0 &&
	    getsockname(listener, (struct sockaddr *)&own, &size) == 0 &&
	    connect(*ours, (struct sockaddr *)&own, size) == 0;
	if (ok)
		*theirs = accept(listener, NULL, NULL);
	(void)close(listener);
	return ok && *theirs >= 0 &&
	    fcntl(*ours, F_SETFL, O_NONBLOCK) == 0 &&
	    setsockopt(*ours, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    setsockopt(*theirs, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on)) == 0;
}

static bool
await_readable(int fd)
{
	struct pollfd readable = { fd, POLLIN, 0 };
	int n;

	do
		n = poll(&readable, 1, PEER_PATIENCE);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Our side is over; the other one may finish what it wants to say. */
static void
cut(const struct tls_peer *p)
{
	const struct linger at_once = { 1, 0 };
	char ignored[4096];

	if (p->resets) {
		(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
		_exit(0);
	}
	(void)shutdown(p->fd, SHUT_WR);
	while (await_readable(p->fd) &&
	    read(p->fd, ignored, sizeof(ignored)) > 0)
		continue;
	_exit(0);
}

static ssize_t
push(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
	struct tls_peer *p = context;
	ssize_t n;

	if (p->sent >= p->cut_after)
		cut(p);
	if (size > p->cut_after - p->sent)
		size = p->cut_after - p->sent;
	if (p->is_bytewise)
		size = 1;
	n = send(p->fd, bytes, size, MSG_NOSIGNAL);
	if (n > 0)
		p->sent += (size_t)n;
	/* The other side gets a chance to see each octet by itself. */
	if (p->is_bytewise)
		(void)poll(NULL, 0, 0);
	return n;
}

static ssize_t
pull(gnutls_transport_ptr_t context, void *out, size_t size)
{
	struct tls_peer *p = context;

	if (p->sent >= p->cut_after)
		cut(p);
	return await_readable(p->fd) ? recv(p->fd, out, size, 0) : 0;
}

static int
warn(gnutls_session_t session)
{
	return gnutls_alert_send(session, GNUTLS_AL_WARNING,
	    GNUTLS_A_UNRECOGNIZED_NAME);
}

static int
load(gnutls_certificate_credentials_t *credentials, const struct tls_peer *p)
{
	const char *name = p->certificate == NULL ? "good" : p->certificate;
	char certificate[512], key[512];
	int result = gnutls_certificate_allocate_credentials(credentials);

	(void)snprintf(certificate, sizeof(certificate), "%s/%s.pem", p->dir,
	    name);
	(void)snprintf(key, sizeof(key), "%s/%s.key", p->dir, name);
	return result != 0 ? result : gnutls_certificate_set_x509_key_file(
	    *credentials, certificate, key, GNUTLS_X509_FMT_PEM);
}

static bool
serve(struct tls_peer *p)
{
	gnutls_certificate_credentials_t credentials = NULL;
	gnutls_datum_t ticket_key = { NULL, 0 };
	gnutls_session_t session = NULL;
	bool ok;
	int result;

	ok = load(&credentials, p) == 0 &&
	    gnutls_init(&session, GNUTLS_SERVER |
	    GNUTLS_NO_AUTO_SEND_TICKET) == 0 &&
	    gnutls_priority_set_direct(session, p->priority == NULL ?
	    "NORMAL" : p->priority, NULL) == 0 &&
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	    credentials) == 0 &&
	    gnutls_session_ticket_key_generate(&ticket_key) == 0 &&
	    gnutls_session_ticket_enable_server(session, &ticket_key) == 0;
	if (!ok)
		return false;
	if (p->has_warning)
		gnutls_handshake_set_post_client_hello_function(session, warn);
	gnutls_transport_set_ptr(session, p);
	gnutls_transport_set_push_function(session, push);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_handshake_set_timeout(session, 0);
	do
		result = gnutls_handshake(session);
	while (result < 0 && gnutls_error_is_fatal(result) == 0);
	if (result == 0)
		ok = p->script == NULL || p->script(p, session);
	else
		(void)gnutls_alert_send_appropriate(session, result);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	gnutls_free(ticket_key.data);
	return ok && result == 0;
}

bool
tls_peer_start(struct tls_peer *p, int *fd)
{
	int signal_pipe[2];

	if (!peer_tcp(fd, &p->fd) || pipe(signal_pipe) != 0)
		return false;
	p->signalled = signal_pipe[0];
	p->signal_fd = signal_pipe[1];
	p->pid = fork();
	if (p->pid == 0) {
		(void)close(*fd);
		_exit(serve(p) ? 0 : 1);
	}
	(void)close(p->fd);
	(void)close(p->signal_fd);
	return p->pid > 0;
}

void
tls_peer_signal(const struct tls_peer *p)
{
	if (write(p->signal_fd, "", 1) != 1)
		_exit(2);
}

bool
tls_peer_await(const struct tls_peer *p)
{
	char octet;

	return await_readable(p->signalled) &&
	    read(p->signalled, &octet, 1) == 1;
}

bool
tls_peer_say(gnutls_session_t session, const char *text)
{
	return gnutls_record_send(session, text, strlen(text)) ==
	    (ssize_t)strlen(text);
}

bool
tls_peer_hear(gnutls_session_t session, const char *text)
{
	size_t len = strlen(text), got = 0;
	char heard[512];
	ssize_t n;

	while (got < len && got < sizeof(heard)) {
		n = gnutls_record_recv(session, heard + got,
		    sizeof(heard) - got);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return got == len && memcmp(heard, text, len) == 0;
}

bool
tls_peer_end(struct tls_peer *p)
{
	int status = -1;

	(void)close(p->signalled);
	return waitpid(p->pid, &status, 0) == p->pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0;
}

int
tls_peer_group_begin(void **state)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));

	*state = scratch;
	return scratch_make(scratch) && certs_make(scratch->path) ? 0 : -1;
}

int
tls_peer_group_end(void **state)
{
	scratch_remove(*state);
	mem_free(*state);
	return 0;
}
