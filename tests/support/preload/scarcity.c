/*
 * For LD_PRELOAD: one call that the program itself makes fails. $SCARCE_CALL is
 * its name ("memory" for all that allocates), $SCARCE_AT which of them, from 1,
 * $SCARCE_ERRNO why. The first octet of the file $SCARCE_REPORT becomes "x" when
 * it has failed; it is mapped before anything is forbidden. The libraries' own
 * calls are let through. glibc only.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
ssize_t __recv_chk(int fd, void *out, size_t size, size_t room, int flags);
ssize_t __read_chk(int fd, void *out, size_t size, size_t room);
int __open_2(const char *path, int flags);

static char *report;
static const char *wanted;
static int number;
static atomic_long left;
static uintptr_t begin, end;

/* The first object is the program. */
static int
find_program(struct dl_phdr_info *info, size_t size, void *context)
{
	const ElfW(Phdr) *p;
	int i;

	(void)size;
	(void)context;
	for (i = 0; i < info->dlpi_phnum; i++) {
		p = &info->dlpi_phdr[i];
		if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
			continue;
		begin = info->dlpi_addr + p->p_vaddr;
		end = begin + p->p_memsz;
	}
	return 1;
}

static __attribute__((constructor)) void
prepare(void)
{
	const char *path = getenv("SCARCE_REPORT"), *at = getenv("SCARCE_AT");
	const char *why = getenv("SCARCE_ERRNO");
	int fd;

	if (path == NULL || at == NULL || why == NULL)
		return;
	(void)dl_iterate_phdr(find_program, NULL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	report = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (report == MAP_FAILED)
		return;
	number = (int)strtol(why, NULL, 10);
	atomic_store(&left, strtol(at, NULL, 10));
	wanted = getenv("SCARCE_CALL");
}

static bool
fails(const char *call, const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	if (wanted == NULL || from < begin || from >= end ||
	    strcmp(call, wanted) != 0 || atomic_fetch_sub(&left, 1) != 1)
		return false;
	*report = 'x';
	errno = number;
	return true;
}

static void *
find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* A call of the same name behind it. */
#define LET(type, name, parameters, arguments, as, failure) \
type name parameters; \
type \
name parameters \
{ \
	union { \
		void *address; \
		type (*call) parameters; \
	} real; \
 \
	if (fails(as, __builtin_return_address(0))) \
		return failure; \
	real.address = find(#name); \
	return real.call arguments; \
}

LET(ssize_t, read, (int fd, void *out, size_t n), (fd, out, n), "read", -1)
LET(ssize_t, __read_chk, (int fd, void *out, size_t n, size_t room),
    (fd, out, n, room), "read", -1)
LET(ssize_t, pread, (int fd, void *out, size_t n, off_t at),
    (fd, out, n, at), "pread", -1)
LET(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n),
    "write", -1)
LET(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at),
    (fd, from, n, at), "pwrite", -1)
LET(ssize_t, send, (int fd, const void *from, size_t n, int flags),
    (fd, from, n, flags), "send", -1)
LET(ssize_t, recv, (int fd, void *out, size_t n, int flags),
    (fd, out, n, flags), "recv", -1)
LET(ssize_t, __recv_chk, (int fd, void *out, size_t n, size_t room, int flags),
    (fd, out, n, room, flags), "recv", -1)
LET(int, socket, (int domain, int type, int protocol),
    (domain, type, protocol), "socket", -1)
LET(int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t size),
    (fd, to, size), "connect", -1)
LET(int, setsockopt, (int fd, int level, int name, const void *value,
    socklen_t size), (fd, level, name, value, size), "setsockopt", -1)
LET(int, getsockopt, (int fd, int level, int name, void *value,
    socklen_t *size), (fd, level, name, value, size), "getsockopt", -1)
LET(int, ppoll, (struct pollfd *fds, nfds_t n, const struct timespec *limit,
    const sigset_t *mask), (fds, n, limit, mask), "ppoll", -1)
LET(void *, mmap, (void *at, size_t n, int prot, int flags, int fd,
    off_t from), (at, n, prot, flags, fd, from), "mmap", MAP_FAILED)
LET(ssize_t, getrandom, (void *out, size_t n, unsigned int flags),
    (out, n, flags), "getrandom", -1)
LET(int, fstat, (int fd, struct stat *st), (fd, st), "fstat", -1)
LET(int, fsync, (int fd), (fd), "fsync", -1)
LET(int, ftruncate, (int fd, off_t size), (fd, size), "ftruncate", -1)
LET(int, __open_2, (const char *path, int flags), (path, flags), "open", -1)
LET(ssize_t, copy_file_range, (int from, off_t *at, int to, off_t *there,
    size_t n, unsigned int flags), (from, at, to, there, n, flags),
    "copy_file_range", -1)

/* dlsym() itself would call these. */
void *
malloc(size_t size)
{
	return fails("memory", __builtin_return_address(0)) ? NULL :
	    __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails("memory", __builtin_return_address(0)) ? NULL :
	    __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	return fails("memory", __builtin_return_address(0)) ? NULL :
	    __libc_realloc(p, size);
}

int
open(const char *path, int flags, ...)
{
	union {
		void *address;
		int (*call)(const char *, int, ...);
	} real;
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = va_arg(more, mode_t);
	va_end(more);
	if (fails("open", __builtin_return_address(0)))
		return -1;
	real.address = find("open");
	return real.call(path, flags, mode);
}
