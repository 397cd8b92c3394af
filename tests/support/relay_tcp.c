#include "support/relay_tcp.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* The kernel's least: a window of a few hundred octets. */
#define TINY_BUFFER 1024

static int
close_failed(int fd)
{
	int number = errno;

	(void)close(fd);
	errno = number;
	return -1;
}

static int
listen_at(const struct sockaddr *address, socklen_t size, bool has_tiny_buffer)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int octets = TINY_BUFFER;

	if (fd == -1)
		return -1;
	/* The window's size is settled before the first connection. */
	if (has_tiny_buffer && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets,
	    sizeof(octets)) != 0)
		return close_failed(fd);
	if (bind(fd, address, size) != 0 || listen(fd, BACKLOG) != 0)
		return close_failed(fd);
	return fd;
}

int
tcp_listen(bool is_ipv6, bool has_tiny_buffer, int *port)
{
	struct sockaddr_storage bound;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET };
	socklen_t size = sizeof(bound);
	int fd;

	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (is_ipv6)
		fd = listen_at((struct sockaddr *)&six, sizeof(six),
		    has_tiny_buffer);
	else
		fd = listen_at((struct sockaddr *)&four, sizeof(four),
		    has_tiny_buffer);
	if (fd == -1)
		return -1;
	if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
		return close_failed(fd);
	/* Both families have the port in the same place. */
	memcpy(&four, &bound, sizeof(four));
	*port = ntohs(four.sin_port);
	return fd;
}

int
unix_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return listen_at((struct sockaddr *)&address, sizeof(address), false);
}

void
tcp_no_delay(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

uint32_t
tcp_segments_received(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (fd == -1 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info,
	    &size) != 0)
		return 0;
	return info.tcpi_data_segs_in;
}
