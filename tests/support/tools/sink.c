/*
 * A relay for measurements: says yes to everything, looks only for the end of
 * the message, keeps nothing. It must not be what is measured.
 *
 *   sink [-t starttls|implicit] [-d DIR] [-p PORT] [CAPABILITY ...]
 *
 * DIR holds good.pem and good.key (certs.h); with TLS and no DIR it makes one of
 * them, which stays. Prints its port, and serves connections until it is ended,
 * in children that are there beforehand: what a fork takes isn't a client's.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "support/certs.h"

#define BLOCK (256UL << 10)
#define REPLIES (64UL << 10)
#define WORKERS 64	/* connections at a time */

enum security { IN_CLEAR, STARTTLS, IMPLICIT };

struct sink {
	enum security security;
	char *const *capabilities;
	int capability_count;
	gnutls_certificate_credentials_t credentials;
};

/* One connection. Replies leave when the input has run dry, as a relay's do. */
struct link {
	const struct sink *sink;
	int fd;
	gnutls_session_t tls;	/* NULL in clear */
	char input[BLOCK];
	size_t begin, end;
	char replies[REPLIES];
	size_t length;
};

static bool
flush(struct link *l)
{
	size_t done = 0;
	ssize_t n;

	while (done < l->length) {
		n = l->tls != NULL ? gnutls_record_send(l->tls,
		    l->replies + done, l->length - done) :
		    send(l->fd, l->replies + done, l->length - done,
		    MSG_NOSIGNAL);
		if (n <= 0 && n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	l->length = 0;
	return true;
}

static bool
say(struct link *l, const char *reply)
{
	size_t length = strlen(reply);

	if (l->length + length > REPLIES && !flush(l))
		return false;
	memcpy(l->replies + l->length, reply, length);
	l->length += length;
	return true;
}

/* More input behind what is there; false at the end. */
static bool
fill(struct link *l)
{
	ssize_t n;

	if (!flush(l))
		return false;
	memmove(l->input, l->input + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	if (l->end == BLOCK)
		return false;
	do {
		n = l->tls != NULL ? gnutls_record_recv(l->tls,
		    l->input + l->end, BLOCK - l->end) :
		    read(l->fd, l->input + l->end, BLOCK - l->end);
	} while (l->tls != NULL && (n == GNUTLS_E_AGAIN ||
	    n == GNUTLS_E_INTERRUPTED));
	if (n <= 0)
		return false;
	l->end += (size_t)n;
	return true;
}

/* The next line, ended by a NUL in place of its LF; NULL at the end. */
static char *
next_line(struct link *l)
{
	char *line, *lf;

	while ((lf = memchr(l->input + l->begin, '\n', l->end - l->begin)) ==
	    NULL)
		if (!fill(l))
			return NULL;
	line = l->input + l->begin;
	*lf = '\0';
	l->begin = (size_t)(lf + 1 - l->input);
	return line;
}

static bool
take_message(struct link *l)
{
	static const char end[] = "\n.\r\n";
	const size_t keep = sizeof(end) - 2;
	char *found;

	if (l->end - l->begin >= 3 &&
	    memcmp(l->input + l->begin, end + 1, 3) == 0) {
		l->begin += 3;
		return true;
	}
	for (;;) {
		found = memmem(l->input + l->begin, l->end - l->begin, end,
		    sizeof(end) - 1);
		if (found != NULL)
			break;
		if (l->end - l->begin > keep)
			l->begin = l->end - keep;
		if (!fill(l))
			return false;
	}
	l->begin = (size_t)(found - l->input) + sizeof(end) - 1;
	return true;
}

static bool
take_chunk(struct link *l, unsigned long size)
{
	size_t there;

	for (;;) {
		there = l->end - l->begin < size ? l->end - l->begin : size;
		l->begin += there;
		size -= there;
		if (size == 0)
			return say(l, "250 2.0.0 ok\r\n");
		if (!fill(l))
			return false;
	}
}

static bool
secure(struct link *l)
{
	int result;

	if (gnutls_init(&l->tls, GNUTLS_SERVER) != 0 ||
	    gnutls_set_default_priority(l->tls) != 0 ||
	    gnutls_credentials_set(l->tls, GNUTLS_CRD_CERTIFICATE,
	    l->sink->credentials) != 0)
		return false;
	gnutls_transport_set_int(l->tls, l->fd);
	do {
		result = gnutls_handshake(l->tls);
	} while (result < 0 && gnutls_error_is_fatal(result) == 0);
	return result == 0;
}

static bool
offer(struct link *l)
{
	char line[200];
	int i;

	if (l->sink->security == STARTTLS && l->tls == NULL)
		return say(l, "250-sink\r\n250 STARTTLS\r\n");
	if (!say(l, "250-sink\r\n"))
		return false;
	for (i = 0; i < l->sink->capability_count; i++) {
		(void)snprintf(line, sizeof(line), "250-%s\r\n",
		    l->sink->capabilities[i]);
		if (!say(l, line))
			return false;
	}
	return say(l, "250 8BITMIME\r\n");
}

static bool
is_verb(const char *line, const char *verb)
{
	return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* LOGIN asks twice, PLAIN without an initial response once. */
static bool
authenticate(struct link *l, const char *line)
{
	int asks = is_verb(line, "AUTH LOGIN") ? 2 :
	    strchr(line + strlen("AUTH "), ' ') == NULL ? 1 : 0;

	for (; asks > 0; asks--)
		if (!say(l, "334 \r\n") || next_line(l) == NULL)
			return false;
	return say(l, "235 2.7.0 welcome\r\n");
}

/* False where the connection ends. */
static bool
answer(struct link *l, char *line)
{
	if (is_verb(line, "EHLO"))
		return offer(l);
	if (is_verb(line, "STARTTLS"))
		return say(l, "220 go\r\n") && flush(l) && secure(l);
	if (is_verb(line, "AUTH "))
		return authenticate(l, line);
	if (is_verb(line, "BDAT "))
		return take_chunk(l, strtoul(line + strlen("BDAT "), NULL,
		    10));
	if (is_verb(line, "DATA"))
		return say(l, "354 go\r\n") && take_message(l) &&
		    say(l, "250 2.0.0 ok\r\n");
	if (is_verb(line, "QUIT")) {
		(void)(say(l, "221 bye\r\n") && flush(l));
		return false;
	}
	return say(l, "250 2.0.0 ok\r\n");
}

static void
serve(const struct sink *sink, int fd)
{
	static struct link l;
	char *line;

	l.sink = sink;
	l.fd = fd;
	l.tls = NULL;
	l.begin = l.end = l.length = 0;
	if ((sink->security != IMPLICIT || secure(&l)) &&
	    say(&l, "220 sink ESMTP\r\n"))
		while ((line = next_line(&l)) != NULL && answer(&l, line))
			continue;
	if (l.tls != NULL)
		gnutls_deinit(l.tls);
}

static int
listen_at(unsigned short port, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_port = htons(port);
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)address, size) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) != 0)
		return -1;
	return fd;
}

static bool
load_certificate(struct sink *sink, const char *dir)
{
	char made[] = "/tmp/sink.XXXXXX", cert[200], key[200];

	if (dir == NULL) {
		dir = mkdtemp(made);
		if (dir == NULL || !certs_make(dir))
			return false;
	}
	(void)snprintf(cert, sizeof(cert), "%s/good.pem", dir);
	(void)snprintf(key, sizeof(key), "%s/good.key", dir);
	return gnutls_certificate_allocate_credentials(&sink->credentials) ==
	    0 && gnutls_certificate_set_x509_key_file(sink->credentials, cert,
	    key, GNUTLS_X509_FMT_PEM) == 0;
}

static void
work(const struct sink *sink, int listener)
{
	int fd, on = 1;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		serve(sink, fd);
		(void)close(fd);
	}
}

static void
run(const struct sink *sink, int listener)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(sink, listener);
			_exit(EXIT_FAILURE);
		}
	for (;;)
		(void)pause();
}

int
main(int argc, char **argv)
{
	struct sink sink = { 0 };
	struct sockaddr_in address;
	const char *dir = NULL;
	unsigned long port = 0;
	int listener, letter;

	while ((letter = getopt(argc, argv, "t:d:p:")) != -1) {
		if (letter == 't')
			sink.security = strcmp(optarg, "implicit") == 0 ?
			    IMPLICIT : STARTTLS;
		else if (letter == 'd')
			dir = optarg;
		else if (letter == 'p')
			port = strtoul(optarg, NULL, 10);
		else
			return EXIT_FAILURE;
	}
	sink.capabilities = argv + optind;
	sink.capability_count = argc - optind;
	listener = listen_at((unsigned short)port, &address);
	if (listener < 0 || (sink.security != IN_CLEAR &&
	    !load_certificate(&sink, dir)))
		return EXIT_FAILURE;
	(void)printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	run(&sink, listener);
	return EXIT_FAILURE;
}
