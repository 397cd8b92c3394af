/*
 * A relay for measurements: says yes to everything, looks only for the end of
 * the message, keeps nothing. It must not be what is measured. Prints its port
 * and serves one connection after the other until it is ended.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK (256UL << 10)

static const char end_of_data[] = "\r\n.\r\n";

#define END (sizeof(end_of_data) - 1)

static bool
say(int fd, const char *reply)
{
	return write(fd, reply, strlen(reply)) == (ssize_t)strlen(reply);
}

/* Reads up to the final dot, of which the last octets seen are kept. */
static bool
take_message(int fd, char *block)
{
	char tail[END] = { 0 };
	ssize_t n;

	do {
		n = read(fd, block, BLOCK);
		if (n <= 0)
			return false;
		if ((size_t)n >= END) {
			memcpy(tail, block + n - END, END);
		} else {
			memmove(tail, tail + n, END - (size_t)n);
			memcpy(tail + END - n, block, (size_t)n);
		}
	} while (memcmp(tail, end_of_data, END) != 0);
	return true;
}

static void
serve(int fd, char *block)
{
	bool ok = say(fd, "220 sink\r\n");
	ssize_t n;

	while (ok && (n = read(fd, block, BLOCK)) > 0) {
		if (n >= 4 && memcmp(block, "DATA", 4) == 0)
			ok = say(fd, "354 go\r\n") && take_message(fd, block);
		ok = ok && say(fd, "250 ok\r\n");
	}
}

static int
listen_anywhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, size) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) != 0)
		return -1;
	return fd;
}

int
main(void)
{
	static char block[BLOCK];
	struct sockaddr_in address;
	int listener = listen_anywhere(&address), fd, on = 1;

	if (listener < 0)
		return EXIT_FAILURE;
	(void)printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		serve(fd, block);
		(void)close(fd);
	}
	return EXIT_FAILURE;
}
