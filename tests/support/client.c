#include "support/client.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 5000

void
client_take(struct client *c, int fd)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
}

static bool
connect_to(struct client *c, const struct sockaddr *address, socklen_t size)
{
	client_take(c, socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC,
	    0));
	return c->fd != -1 && connect(c->fd, address, size) == 0;
}

bool
client_dial(struct client *c, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((unsigned short)port);
	return connect_to(c, (struct sockaddr *)&address, sizeof(address));
}

bool
client_dial_unix(struct client *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return connect_to(c, (struct sockaddr *)&address, sizeof(address));
}

bool
client_secure(struct client *c)
{
	int status;

	if (gnutls_certificate_allocate_credentials(&c->credentials) != 0 ||
	    gnutls_init(&c->session, GNUTLS_CLIENT) != 0 ||
	    gnutls_set_default_priority(c->session) != 0 ||
	    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE,
	    c->credentials) != 0)
		return false;
	gnutls_transport_set_int(c->session, c->fd);
	do
		status = gnutls_handshake(c->session);
	while (status < 0 && gnutls_error_is_fatal(status) == 0);
	return status == 0;
}

bool
client_say_bytes(struct client *c, const char *bytes, size_t size)
{
	ssize_t n;

	if (c->session != NULL)
		n = gnutls_record_send(c->session, bytes, size);
	else
		n = send(c->fd, bytes, size, MSG_NOSIGNAL);
	return n == (ssize_t)size;
}

bool
client_say(struct client *c, const char *text)
{
	return client_say_bytes(c, text, strlen(text));
}

ssize_t
client_receive(struct client *c, char *out, size_t size)
{
	struct pollfd fd = { c->fd, POLLIN, 0 };
	ssize_t n;

	if ((c->session == NULL ||
	    gnutls_record_check_pending(c->session) == 0) &&
	    poll(&fd, 1, PATIENCE_MS) != 1)
		return -1;
	if (c->session == NULL)
		return recv(c->fd, out, size, 0);
	do
		n = gnutls_record_recv(c->session, out, size);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	return n < 0 ? -1 : n;
}

const char *
client_hear(struct client *c)
{
	ssize_t n = client_receive(c, c->input, sizeof(c->input) - 1);

	if (n < 0)
		return "(lost)";
	c->input[n] = '\0';
	return c->input;
}

const char *
client_ask(struct client *c, const char *text)
{
	return client_say(c, text) ? client_hear(c) : "(lost)";
}

void
client_end(struct client *c)
{
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	if (c->session != NULL)
		gnutls_deinit(c->session);
	if (c->credentials != NULL)
		gnutls_certificate_free_credentials(c->credentials);
	c->session = NULL;
	c->credentials = NULL;
}
