/*
 * For LD_PRELOAD: opens a file, which the sandbox forbids, as soon as octets
 * are sent that begin with $TRAP_SENT, or were received that begin with
 * $TRAP_RECEIVED. With $TRAP_TLS the TLS library can't start.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_RANDOM (-206)	/* GNUTLS_E_RANDOM_FAILED */

typedef int start(void);

int gnutls_global_init(void);
ssize_t __recv_chk(int fd, void *out, size_t size, size_t room, int flags);

static void
misbehave_at(const char *variable, const void *octets, size_t size)
{
	const char *words = getenv(variable);

	if (words != NULL && size >= strlen(words) &&
	    memcmp(octets, words, strlen(words)) == 0)
		(void)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

ssize_t
send(int fd, const void *octets, size_t size, int flags)
{
	misbehave_at("TRAP_SENT", octets, size);
	return syscall(SYS_sendto, fd, octets, size, flags, NULL, 0);
}

ssize_t
recv(int fd, void *out, size_t size, int flags)
{
	ssize_t n = syscall(SYS_recvfrom, fd, out, size, flags, NULL, NULL);

	if (n > 0)
		misbehave_at("TRAP_RECEIVED", out, (size_t)n);
	return n;
}

/* recv() of a fortified program. */
ssize_t
__recv_chk(int fd, void *out, size_t size, size_t room, int flags)
{
	(void)room;
	return recv(fd, out, size, flags);
}

int
gnutls_global_init(void)
{
	union {
		void *address;
		start *function;
	} real;

	if (getenv("TRAP_TLS") != NULL)
		return NO_RANDOM;
	real.address = dlsym(RTLD_NEXT, "gnutls_global_init");
	return real.function();
}
