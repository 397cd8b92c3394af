/* Sockets, the clock and TLS of run_world.h. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/run_relay.h"
#include "fuzz/run_wrap.h"
#include "net/trust.h"

#define FDS_MAX 1024
#define LONG_MS 100000000	/* no limit of a profile comes near */
#define EPOCH 1600000000

static struct net {
	bool is_socket[FDS_MAX];	/* the relay's */
	int64_t now, wall;		/* ms */
	/* the one TLS session */
	gnutls_push_func push;
	gnutls_pull_func pull;
	gnutls_transport_ptr_t transport;
	gnutls_certificate_verify_function *verify;
	int tls_errno;
	bool has_hello;
} net;

void
net_begin(void)
{
	memset(&net, 0, sizeof(net));
	net.now = 1000000;
}

static bool
is_relay(int fd)
{
	return world_is_on() && fd >= 0 && fd < FDS_MAX && net.is_socket[fd];
}

REAL(int, socket, int domain, int type, int protocol)
{
	bool is_stream = (type & 0xf) == SOCK_STREAM;
	int fd;

	if (!world_is_on())
		return __real_socket(domain, type, protocol);
	if (FAILS(EMFILE, EAFNOSUPPORT, ENOBUFS, EACCES))
		return -1;
	/* It leads nowhere: connect() is wrapped, too. */
	fd = __real_socket(AF_UNIX, type, 0);
	if (is_stream && fd >= 0 && fd < FDS_MAX)
		net.is_socket[fd] = true;
	return fd;
}

/* It's closed even if it fails. */
REAL(int, close, int fd)
{
	int result = __real_close(fd);

	if (is_relay(fd))
		net.is_socket[fd] = false;
	return FAILS(EIO) ? -1 : result;
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	(void)to;
	(void)size;
	if (FAILS(ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EACCES))
		return -1;
	if (!is_relay(fd)) {
		errno = ECONNREFUSED;
		return -1;
	}
	relay_connect();
	return FAILS(EINPROGRESS, EINTR) ? -1 : 0;
}

int __wrap_bind(int fd, const struct sockaddr *to, socklen_t size);
int
__wrap_bind(int fd, const struct sockaddr *to, socklen_t size)
{
	(void)fd;
	(void)to;
	(void)size;
	return FAILS(EADDRNOTAVAIL) ? -1 : 0;
}

REAL(int, setsockopt, int fd, int level, int name, const void *value,
    socklen_t size)
{
	if (FAILS(EINVAL))
		return -1;
	return is_relay(fd) ? 0 : __real_setsockopt(fd, level, name, value,
	    size);
}

REAL(int, getsockopt, int fd, int level, int name, void *value,
    socklen_t *size)
{
	int sys_errno = 0;

	if (FAILS(EINVAL))
		return -1;
	if (!is_relay(fd) || level != SOL_SOCKET || name != SO_ERROR)
		return __real_getsockopt(fd, level, name, value, size);
	if (FAILS(ECONNREFUSED, EHOSTUNREACH))
		sys_errno = errno;
	memcpy(value, &sys_errno, sizeof(sys_errno));
	return 0;
}

REAL(ssize_t, send, int fd, const void *from, size_t n, int flags)
{
	if (!is_relay(fd))
		return FAILS(EINTR) ? -1 : __real_send(fd, from, n, flags);
	if (FAILS(ECONNRESET, EPIPE, EAGAIN, EINTR, ENOBUFS))
		return -1;
	n = world_shorten(n);
	relay_hear(span_make(from, n));
	return (ssize_t)n;
}

REAL(ssize_t, recv, int fd, void *out, size_t n, int flags)
{
	if (!is_relay(fd))
		return FAILS(EINTR) ? -1 : __real_recv(fd, out, n, flags);
	if (FAILS(ECONNRESET, ETIMEDOUT, EINTR, ENOMEM))
		return -1;
	if (!relay_is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	FUZZ_CHECK((flags & MSG_PEEK) == 0);
	return (ssize_t)relay_speak(out, world_shorten(n));
}

ssize_t __wrap___recv_chk(int fd, void *out, size_t n, size_t room, int flags);
ssize_t
__wrap___recv_chk(int fd, void *out, size_t n, size_t room, int flags)
{
	FUZZ_CHECK(n <= room);
	return __wrap_recv(fd, out, n, flags);
}

/* The log's datagram: one line, whatever the relay said. */
ssize_t __wrap_sendto(int fd, const void *from, size_t n, int flags,
    const struct sockaddr *to, socklen_t size);
ssize_t
__wrap_sendto(int fd, const void *from, size_t n, int flags,
    const struct sockaddr *to, socklen_t size)
{
	const struct span line = span_make(from, n);

	(void)fd;
	(void)flags;
	(void)size;
	FUZZ_CHECK(to->sa_family == AF_UNIX);
	FUZZ_CHECK(fuzz_is_printable(line));
	FUZZ_CHECK(span_find(line, '\n') == n);
	return FAILS(ECONNREFUSED, EAGAIN, EMSGSIZE) ? -1 : (ssize_t)n;
}

static int64_t
ms_of(const struct timespec *t)
{
	return t == NULL || t->tv_sec > LONG_MS / 1000 ? LONG_MS :
	    (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

int __real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *limit,
    const sigset_t *mask);

/* Answers for the relay's; `*others` is how many aren't. */
static int
poll_relay(struct pollfd *fds, nfds_t n, bool may_speak, nfds_t *others)
{
	int ready = 0;
	nfds_t i;

	for (i = *others = 0; i < n; i++) {
		fds[i].revents = 0;
		if (!is_relay(fds[i].fd)) {
			++*others;
			continue;
		}
		if ((fds[i].events & POLLOUT) != 0)
			fds[i].revents |= POLLOUT;
		if ((fds[i].events & POLLIN) != 0 &&
		    (may_speak && fds[i].revents == 0 ? relay_wait() :
		    relay_is_ready()))
			fds[i].revents |= POLLIN;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* Those that aren't the relay's, as long as it takes. */
static int
poll_others(struct pollfd *fds, nfds_t n, const sigset_t *mask)
{
	struct pollfd others[8];
	nfds_t i;
	int ready;

	FUZZ_CHECK(n <= 8);
	for (i = 0; i < n; i++) {
		others[i] = fds[i];
		if (is_relay(fds[i].fd))
			others[i].fd = -1;
	}
	ready = __real_ppoll(others, n, NULL, mask);
	for (i = 0; i < n; i++)
		if (others[i].fd >= 0)
			fds[i].revents = others[i].revents;
	return ready;
}

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *limit,
    const sigset_t *mask);

int
__wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *limit,
    const sigset_t *mask)
{
	nfds_t others;
	int ready;

	if (!world_is_on())
		return __real_ppoll(fds, n, limit, mask);
	if (FAILS(EINTR, EAGAIN, ENOMEM))
		return -1;
	(void)poll_relay(fds, n, false, &others);
	if (others == n) {
		ready = __real_ppoll(fds, n, limit, mask);
	} else {
		/* Beside others it has no reason to speak. */
		ready = poll_relay(fds, n, others == 0, &others);
		if (ready == 0 && others > 0)
			return poll_others(fds, n, mask);
		if (ready == 0 && ms_of(limit) >= LONG_MS) {
			relay_hang_up();
			ready = poll_relay(fds, n, false, &others);
		}
	}
	if (ready == 0)
		net.now += ms_of(limit);
	return ready;
}

int __wrap___ppoll_chk(struct pollfd *fds, nfds_t n,
    const struct timespec *limit, const sigset_t *mask, size_t room);
int
__wrap___ppoll_chk(struct pollfd *fds, nfds_t n,
    const struct timespec *limit, const sigset_t *mask, size_t room)
{
	FUZZ_CHECK(n <= room / sizeof(*fds));
	return __wrap_ppoll(fds, n, limit, mask);
}

/* The one for limits only goes forward. */
static void
jump(void)
{
	if (!world_has_jumps())
		return;
	net.now += (int64_t)(world_draw() % 1000000);
	net.wall = (int64_t)(world_draw() % 100000000) - 50000000;
}

REAL(int, clock_gettime, clockid_t id, struct timespec *out)
{
	int64_t ms;

	if (!world_is_on())
		return __real_clock_gettime(id, out);
	jump();
	ms = net.now + (id == CLOCK_REALTIME ? net.wall : 0);
	out->tv_sec = (time_t)(ms / 1000) + (id == CLOCK_REALTIME ? EPOCH : 0);
	out->tv_nsec = (long)(ms % 1000) * 1000000;
	return 0;
}

REAL(time_t, time, time_t *out)
{
	struct timespec now;

	if (!world_is_on())
		return __real_time(out);
	(void)__wrap_clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* Also called by the thread that looks names up: no name is asked for. */
REAL(int, getaddrinfo, const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	if (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0)
		return __real_getaddrinfo(host, service, hints, result);
	return strlen(host) % 2 == 0 ? EAI_AGAIN : EAI_NONAME;
}

int __wrap_res_query(const char *name, int class, int type,
    unsigned char *answer, int size);
int
__wrap_res_query(const char *name, int class, int type, unsigned char *answer,
    int size)
{
	(void)name;
	(void)class;
	(void)type;
	(void)answer;
	(void)size;
	h_errno = TRY_AGAIN;
	return -1;
}

/*
 * TLS without secrets: a handshake is one octet of each, and a record is what
 * stands in it. Whom the peer's certificate names isn't asked.
 */
bool __wrap_trust_check(struct trust *t, gnutls_session_t session,
    bool is_loopback, const struct trace *trace, struct error *err);
bool
__wrap_trust_check(struct trust *t, gnutls_session_t session,
    bool is_loopback, const struct trace *trace, struct error *err)
{
	(void)t;
	(void)session;
	(void)is_loopback;
	(void)trace;
	return !FAILS(EPERM) || error_set(err, STAGE_TLS, EX_PROTOCOL,
	    "the certificate isn't trusted");
}

/* What a function of the library's that may fail says. */
#define MAY_FAIL(type, name, parameters, arguments, failure) \
REAL(type, name, parameters) \
{ \
	return FAILS(EIO) ? failure : __real_##name arguments; \
}

MAY_FAIL(int, gnutls_global_init, P(void), (), GNUTLS_E_INTERNAL_ERROR)
MAY_FAIL(int, gnutls_priority_set, P(gnutls_session_t s,
    gnutls_priority_t priority), (s, priority), GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_credentials_set, P(gnutls_session_t s,
    gnutls_credentials_type_t type, void *what), (s, type, what),
    GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_server_name_set, P(gnutls_session_t s,
    gnutls_server_name_type_t type, const void *name, size_t n),
    (s, type, name, n), GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_certificate_allocate_credentials,
    P(gnutls_certificate_credentials_t *out), (out), GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_hmac_fast, P(gnutls_mac_algorithm_t how, const void *key,
    size_t key_size, const void *text, size_t n, void *out),
    (how, key, key_size, text, n, out), GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_hash_fast, P(gnutls_digest_algorithm_t how,
    const void *text, size_t n, void *out), (how, text, n, out),
    GNUTLS_E_MEMORY_ERROR)
MAY_FAIL(int, gnutls_hash_init, P(gnutls_hash_hd_t *out,
    gnutls_digest_algorithm_t how), (out, how), GNUTLS_E_MEMORY_ERROR)

REAL(int, gnutls_init, gnutls_session_t *out, unsigned flags)
{
	net.has_hello = false;
	return FAILS(EIO) ? GNUTLS_E_MEMORY_ERROR : __real_gnutls_init(out,
	    flags);
}

void __wrap_gnutls_transport_set_ptr(gnutls_session_t s,
    gnutls_transport_ptr_t transport);
void
__wrap_gnutls_transport_set_ptr(gnutls_session_t s,
    gnutls_transport_ptr_t transport)
{
	(void)s;
	net.transport = transport;
}

void __wrap_gnutls_transport_set_push_function(gnutls_session_t s,
    gnutls_push_func push);
void
__wrap_gnutls_transport_set_push_function(gnutls_session_t s,
    gnutls_push_func push)
{
	(void)s;
	net.push = push;
}

void __wrap_gnutls_transport_set_pull_function(gnutls_session_t s,
    gnutls_pull_func pull);
void
__wrap_gnutls_transport_set_pull_function(gnutls_session_t s,
    gnutls_pull_func pull)
{
	(void)s;
	net.pull = pull;
}

void __wrap_gnutls_transport_set_errno(gnutls_session_t s, int number);
void
__wrap_gnutls_transport_set_errno(gnutls_session_t s, int number)
{
	(void)s;
	net.tls_errno = number;
}

void __wrap_gnutls_session_set_verify_function(gnutls_session_t s,
    gnutls_certificate_verify_function *verify);
void
__wrap_gnutls_session_set_verify_function(gnutls_session_t s,
    gnutls_certificate_verify_function *verify)
{
	(void)s;
	net.verify = verify;
}

static ssize_t
receive(void *out, size_t n)
{
	ssize_t got = net.pull(net.transport, out, n);

	if (got >= 0)
		return got;
	return net.tls_errno == EAGAIN ? GNUTLS_E_AGAIN : GNUTLS_E_PULL_ERROR;
}

int __wrap_gnutls_handshake(gnutls_session_t s);
int
__wrap_gnutls_handshake(gnutls_session_t s)
{
	static const char hello = 0x16;
	char octet;
	ssize_t n;

	if (FAILS(EIO))
		return world_draw() % 2 == 0 ? GNUTLS_E_FATAL_ALERT_RECEIVED :
		    GNUTLS_E_WARNING_ALERT_RECEIVED;
	if (!net.has_hello && net.push(net.transport, &hello, 1) != 1)
		return GNUTLS_E_PUSH_ERROR;
	net.has_hello = true;
	n = receive(&octet, 1);
	if (n <= 0)
		return n == 0 ? GNUTLS_E_PREMATURE_TERMINATION : (int)n;
	return net.verify(s);
}

ssize_t __wrap_gnutls_record_send(gnutls_session_t s, const void *from,
    size_t n);
ssize_t
__wrap_gnutls_record_send(gnutls_session_t s, const void *from, size_t n)
{
	(void)s;
	if (FAILS(EIO))
		return world_draw() % 2 == 0 ? GNUTLS_E_INTERRUPTED :
		    GNUTLS_E_ENCRYPTION_FAILED;
	n = world_shorten(n < 16384 ? n : 16384);
	return net.push(net.transport, from, n) < 0 ? GNUTLS_E_PUSH_ERROR :
	    (ssize_t)n;
}

ssize_t __wrap_gnutls_record_recv(gnutls_session_t s, void *out, size_t n);
ssize_t
__wrap_gnutls_record_recv(gnutls_session_t s, void *out, size_t n)
{
	(void)s;
	if (FAILS(EIO))
		return world_draw() % 2 == 0 ? GNUTLS_E_INTERRUPTED :
		    GNUTLS_E_DECRYPTION_FAILED;
	return receive(out, n);
}

int __wrap_gnutls_bye(gnutls_session_t s, gnutls_close_request_t how);
int
__wrap_gnutls_bye(gnutls_session_t s, gnutls_close_request_t how)
{
	(void)s;
	(void)how;
	return 0;
}

int __wrap_gnutls_alert_send_appropriate(gnutls_session_t s, int why);
int
__wrap_gnutls_alert_send_appropriate(gnutls_session_t s, int why)
{
	(void)s;
	(void)why;
	return 0;
}

/* The system's store: one read of it costs more than a thousand runs. */
int __wrap_gnutls_certificate_set_x509_trust_mem(
    gnutls_certificate_credentials_t c, const gnutls_datum_t *pem,
    gnutls_x509_crt_fmt_t form);
int
__wrap_gnutls_certificate_set_x509_trust_mem(
    gnutls_certificate_credentials_t c, const gnutls_datum_t *pem,
    gnutls_x509_crt_fmt_t form)
{
	(void)c;
	(void)pem;
	(void)form;
	return FAILS(EIO) ? GNUTLS_E_BASE64_DECODING_ERROR : 1;
}

int __wrap_gnutls_certificate_set_x509_system_trust(
    gnutls_certificate_credentials_t c);
int
__wrap_gnutls_certificate_set_x509_system_trust(
    gnutls_certificate_credentials_t c)
{
	(void)c;
	return FAILS(EIO) ? 0 : 1;
}
