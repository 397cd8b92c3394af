#include "support/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "support/relay_link.h"
#include "support/relay_script.h"
#include "support/relay_serve.h"
#include "support/relay_tcp.h"

#define CONNECTIONS 8
#define LIMIT_MS 30000

/* A relay that doesn't end by then is killed. */
#define STOP_MS 3000

struct relay {
	pid_t child;
	int control;	/* our end; a byte tells the child to end */
	int log;
	int client;	/* of the socketpair, or -1 */
	int port;
};

/* What the child works with. */
struct child {
	const struct relay_options *options;
	int listener;	/* -1 with `peer` */
	int peer;	/* the socketpair's end, or -1 */
	int control;
	int log;
	int64_t until;
	gnutls_certificate_credentials_t credentials;
	char *ocsp_file;
};

static bool
say(const char *what)
{
	(void)fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	return false;
}

static bool
check_scripts(const struct relay_options *o, bool *has_window)
{
	const struct relay_serve *serve = o->serve;
	size_t i;

	for (i = 0; o->scripts != NULL && o->scripts[i] != NULL; i++)
		if (!script_check(o->scripts[i], has_window))
			return false;
	if (o->scripts != NULL && i == 0) {
		(void)fprintf(stderr, "relay: no script\n");
		return false;
	}
	for (i = 0; serve != NULL && i < serve->override_count; i++)
		if (!script_check(serve->overrides[i].script, has_window))
			return false;
	return true;
}

static bool
open_sockets(struct relay *r, struct child *c, bool has_window)
{
	const struct relay_options *o = c->options;
	int ends[2];

	if (o->is_pair) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    ends) != 0)
			return say("socketpair");
		r->client = ends[0];
		c->peer = ends[1];
		return true;
	}
	if (o->socket_path != NULL)
		c->listener = unix_listen(o->socket_path);
	else
		c->listener = tcp_listen(o->is_ipv6, has_window, &r->port);
	return c->listener != -1 || say("listen");
}

static bool
open_channels(struct relay *r, struct child *c)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return say("socketpair");
	c->control = ends[0];
	r->control = ends[1];
	r->log = os_memory_file("relay");
	c->log = r->log;
	/* One description, so that it is the child's offset that counts. */
	return r->log != -1 || say("the record");
}

/* Descriptors of others, kept open here, would hide that they were closed. */
static void
close_inherited(const struct child *c)
{
	int fd;

	for (fd = 3; fd < 256; fd++)
		if (fd != c->listener && fd != c->peer && fd != c->control &&
		    fd != c->log)
			(void)close(fd);
}

/* Whatever the file holds: the library would staple only what fits. */
static int
staple(gnutls_session_t session, void *file, gnutls_datum_t *response)
{
	(void)session;
	return gnutls_load_file(file, response);
}

static bool
load_credentials(struct child *c)
{
	const struct relay_options *o = c->options;

	if (o->cert_file == NULL)
		return true;
	if (gnutls_certificate_allocate_credentials(&c->credentials) != 0 ||
	    gnutls_certificate_set_x509_key_file(c->credentials, o->cert_file,
	    o->key_file, GNUTLS_X509_FMT_PEM) != 0)
		return false;
	c->ocsp_file = mem_string(o->ocsp_file);
	if (o->ocsp_file != NULL)
		gnutls_certificate_set_ocsp_status_request_function(
		    c->credentials, staple, c->ocsp_file);
	return o->client_ca_file == NULL ||
	    gnutls_certificate_set_x509_trust_file(c->credentials,
	    o->client_ca_file, GNUTLS_X509_FMT_PEM) > 0;
}

static void
begin_link(struct relay_link *l, const struct child *c, int fd,
    uint32_t number)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	l->control = c->control;
	l->log = c->log;
	l->number = number;
	l->until = c->until;
	l->is_lean = c->options->is_lean;
	l->credentials = c->credentials;
	l->wants_client = c->options->client_ca_file != NULL;
	l->priority = c->options->priority == NULL ? "NORMAL" :
	    c->options->priority;
	buf_init(&l->input, BUF_UNLIMITED);
	buf_init(&l->output, BUF_UNLIMITED);
	buf_init(&l->last_line, BUF_UNLIMITED);
	tcp_no_delay(fd);
	link_note(l, EVENT_CONNECT, 0, 0, span_of(NULL));
}

static const char *
script_of(const struct relay_options *o, uint32_t number)
{
	uint32_t i;

	for (i = 1; i < number && o->scripts[i] != NULL; i++)
		;
	return o->scripts[i - 1];
}

static void
play_connection(const struct child *c, int fd, uint32_t number)
{
	const struct relay_serve defaults = { 0 };
	const struct relay_options *o = c->options;
	struct relay_link l;

	begin_link(&l, c, fd, number);
	if (o->mode == RELAY_TLS && o->scripts != NULL)
		link_handshake(&l);
	if (o->scripts == NULL)
		serve_connection(&l, o->serve == NULL ? &defaults : o->serve,
		    o->mode);
	else if (link_is_open(&l))
		(void)script_play(&l, script_of(o, number));
	link_drain(&l);
	link_finish(&l);
}

/* The next connection; -1 when the relay shall end and none is waiting. */
static int
accept_next(const struct child *c)
{
	struct pollfd fds[2] = { { c->listener, POLLIN, 0 },
		{ c->control, POLLIN, 0 } };
	int64_t left = c->until - clock_ms();
	int fd;

	if (left <= 0 || poll(fds, 2, (int)left) <= 0)
		return -1;
	if (fds[0].revents == 0)
		return -1;
	do
		fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	return fd;
}

static _Noreturn void
run_child(struct child *c, pid_t parent)
{
	size_t limit = c->options->connections == 0 ? CONNECTIONS :
	    c->options->connections;
	struct relay_event event = { .kind = EVENT_FAILURE };
	uint32_t number = 0;
	int fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close_inherited(c);
	c->until = clock_ms() + (c->options->limit_ms == 0 ? LIMIT_MS :
	    c->options->limit_ms);
	if (!load_credentials(c))
		relay_log(c->log, &event,
		    span_of("the certificate can't be loaded"));
	if (c->peer != -1)
		play_connection(c, c->peer, 1);
	while (c->peer == -1 && number < limit) {
		fd = accept_next(c);
		if (fd == -1)
			break;
		/* Whoever comes too late is refused, not left waiting. */
		if (number + 1 == limit)
			(void)close(c->listener);
		play_connection(c, fd, ++number);
	}
	_exit(0);
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

struct relay *
relay_start(const struct relay_options *options)
{
	struct relay *r = mem_alloc(sizeof(*r));
	struct child c = { options, -1, -1, -1, -1, 0, NULL, NULL };
	bool has_window = false;
	pid_t parent = getpid();

	r->child = -1;
	r->control = -1;
	r->log = -1;
	r->client = -1;
	if (!check_scripts(options, &has_window) ||
	    !open_sockets(r, &c, has_window) || !open_channels(r, &c))
		goto out;
	r->child = fork();
	if (r->child == 0)
		run_child(&c, parent);
	if (r->child == -1)
		(void)say("fork");
out:
	close_one(&c.listener);
	close_one(&c.peer);
	close_one(&c.control);
	if (r->child != -1)
		return r;
	close_one(&r->control);
	close_one(&r->log);
	close_one(&r->client);
	mem_free(r);
	return NULL;
}

int
relay_port(const struct relay *relay)
{
	return relay->port;
}

int
relay_client_fd(struct relay *relay)
{
	int fd = relay->client;

	relay->client = -1;
	return fd;
}

int
relay_closed_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd != -1 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		return ntohs(address.sin_port);
	if (fd != -1)
		(void)close(fd);
	return 0;
}

static bool
has_command(const struct relay_record *record, struct span words)
{
	const struct relay_connection *c;
	size_t i, j;

	for (i = 0; i < record->count; i++) {
		c = &record->connections[i];
		for (j = 0; j < c->command_count; j++)
			if (span_starts_with_nocase(span_of(c->commands[j]),
			    words))
				return true;
	}
	return false;
}

bool
relay_wait_for(struct relay *relay, const char *words, int64_t ms)
{
	struct deadline end = deadline_in(ms);
	struct relay_record record;
	bool found;

	for (;;) {
		found = relay_log_read(relay->log, &record) &&
		    has_command(&record, span_of(words));
		relay_record_free(&record);
		if (found || deadline_passed(end))
			return found;
		(void)poll(NULL, 0, 2);
	}
}

/* Waits for the child, and kills it where it takes too long. */
static bool
end_child(const struct relay *r)
{
	struct deadline end = deadline_in(STOP_MS);
	bool was_killed = false;
	int status = 0;

	while (waitpid(r->child, &status, WNOHANG) == 0) {
		(void)poll(NULL, 0, 1);
		if (was_killed || !deadline_passed(end))
			continue;
		was_killed = true;
		(void)kill(r->child, SIGKILL);
	}
	if (!was_killed && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	(void)fprintf(stderr, "relay: ended with status %#x\n",
	    (unsigned int)status);
	return false;
}

bool
relay_stop(struct relay *relay, struct relay_record *record)
{
	bool ended, was_read;

	/* The client's end in our hands would keep the relay waiting. */
	close_one(&relay->client);
	/* One that ended by itself doesn't hear it. */
	(void)send(relay->control, "", 1, MSG_NOSIGNAL);
	ended = end_child(relay);
	was_read = relay_log_read(relay->log, record);
	close_one(&relay->control);
	close_one(&relay->log);
	mem_free(relay);
	return ended && was_read;
}
