#include "fuzz/run_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/os_lock.h"
#include "fuzz/fuzz.h"
#include "fuzz/run_wrap.h"

/* What the children tell. */
struct shared {
	volatile int children;	/* forked and not ended */
	volatile bool lost_words;
};

static struct world {
	struct world_plan plan;
	uint64_t random;
	bool was_probed, is_probe, is_child;
	struct shared *shared;
} world;

static _Thread_local bool active;

/* xorshift64* */
uint64_t
world_draw(void)
{
	world.random ^= world.random >> 12;
	world.random ^= world.random << 25;
	world.random ^= world.random >> 27;
	return (world.random * 2685821657736338717ULL) >> 32;
}

static bool
is_drawn(void)
{
	return world_draw() % 1024 < world.plan.rate;
}

/* Whether this call fails, with one of the numbers up to a 0. */
bool
world_fails(const int *numbers)
{
	size_t count = 0;

	if (!active)
		return false;
	if (world.plan.delay > 0) {
		world.plan.delay--;
		return false;
	}
	if (!is_drawn())
		return false;
	while (numbers[count] != 0)
		count++;
	errno = numbers[world_draw() % count];
	return true;
}

size_t
world_shorten(size_t n)
{
	return active && n > 1 && is_drawn() ? 1 + world_draw() % n : n;
}

bool
world_is_on(void)
{
	return active;
}

bool
world_has_jumps(void)
{
	return world.plan.has_jumps && is_drawn();
}

void
world_begin(const struct world_plan *plan)
{
	struct shared *shared = world.shared;

	if (shared == NULL)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	FUZZ_CHECK(shared != MAP_FAILED);
	memset(&world, 0, sizeof(world));
	world.plan = *plan;
	world.random = plan->seed | 1;
	world.shared = shared;
	net_begin();
	shared->children = 0;
	shared->lost_words = false;
	active = true;
}

void
world_end(void)
{
	active = false;
}

bool
world_lost_words(void)
{
	return world.shared->lost_words;
}

bool
world_lost_child(void)
{
	return world.shared->children != 0;
}

LET(int, fstat, P(int fd, struct stat *st), (fd, st), -1, EIO)
/* The disk's time isn't wasted. */
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
	(void)fd;
	return FAILS(EIO, ENOSPC) ? -1 : 0;
}

LET(int, ftruncate, P(int fd, off_t size), (fd, size), -1, EIO)
LET(int, futimens, P(int fd, const struct timespec *times), (fd, times), -1,
    EPERM)
LET(int, linkat, P(int a, const char *from, int b, const char *to, int flags),
    (a, from, b, to, flags), -1, EPERM, EEXIST)
LET(int, mkostemp, P(char *path, int flags), (path, flags), -1, EACCES, ENOSPC)
LET(int, memfd_create, P(const char *name, unsigned flags), (name, flags), -1,
    EMFILE, ENOSYS)
LET(int, pipe, P(int *ends), (ends), -1, EMFILE)
LET(int, pipe2, P(int *ends, int flags), (ends, flags), -1, EMFILE)
LET(int, socketpair, P(int domain, int type, int protocol, int *ends),
    (domain, type, protocol, ends), -1, EMFILE)
LET(void *, mmap, P(void *at, size_t n, int prot, int flags, int fd,
    off_t from), (at, n, prot, flags, fd, from), MAP_FAILED, ENOMEM)
LET(ssize_t, copy_file_range, P(int from, off_t *at, int to, off_t *there,
    size_t n, unsigned flags), (from, at, to, there, n, flags), -1, EIO,
    EXDEV, ENOSPC)
LET(ssize_t, pread, P(int fd, void *out, size_t n, off_t at),
    (fd, out, world_shorten(n), at), -1, EIO, EINTR)

REAL(ssize_t, read, int fd, void *out, size_t n)
{
	return FAILS(EIO, EINTR, EISDIR) ? -1 : __real_read(fd, out,
	    world_shorten(n));
}

ssize_t __wrap___read_chk(int fd, void *out, size_t n, size_t room);
ssize_t
__wrap___read_chk(int fd, void *out, size_t n, size_t room)
{
	FUZZ_CHECK(n <= room);
	return __wrap_read(fd, out, n);
}

/* A line of the log may be lost by half a write, too. */
REAL(ssize_t, write, int fd, const void *from, size_t n)
{
	size_t part = world_shorten(n);

	if (FAILS(EIO, ENOSPC, EINTR)) {
		world.shared->lost_words = true;
		return -1;
	}
	if (part < n)
		world.shared->lost_words = true;
	return __real_write(fd, from, part);
}

LET(ssize_t, pwrite, P(int fd, const void *from, size_t n, off_t at),
    (fd, from, world_shorten(n), at), -1, EIO, ENOSPC)

/* Nothing outside of the scratch directory is there. */
static bool
is_out_of_bounds(const char *path)
{
	const char *scratch = world.plan.scratch;

	if (!active || strcmp(path, "/dev/null") == 0)
		return false;
	return strncmp(path, scratch, strlen(scratch)) != 0 ||
	    strstr(path, "..") != NULL;
}

REAL(int, open, const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
	va_end(more);
	if (FAILS(EMFILE, EACCES, EIO, ENOENT))
		return -1;
	if (is_out_of_bounds(path)) {
		errno = ENOENT;
		return -1;
	}
	return __real_open(path, flags, mode);
}

int __wrap___open_2(const char *path, int flags);
int
__wrap___open_2(const char *path, int flags)
{
	return __wrap_open(path, flags);
}

/* Where `at` is a directory, that was opened within bounds. */
static bool
is_name(int at, const char *path)
{
	return at != AT_FDCWD && strchr(path, '/') == NULL;
}

REAL(int, openat, int at, const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
	va_end(more);
	if (FAILS(EMFILE, EACCES, ENOSPC, EROFS))
		return -1;
	if (!is_name(at, path) && is_out_of_bounds(path)) {
		errno = ENOENT;
		return -1;
	}
	return __real_openat(at, path, flags, mode);
}

int __wrap___openat_2(int at, const char *path, int flags);
int
__wrap___openat_2(int at, const char *path, int flags)
{
	return __wrap_openat(at, path, flags);
}

REAL(int, mkdirat, int at, const char *path, mode_t mode)
{
	FUZZ_CHECK(!active || is_name(at, path));
	return FAILS(EACCES, ENOSPC) ? -1 : __real_mkdirat(at, path, mode);
}

/* renameat2(2), for one. */
REAL(long, syscall, long number, ...)
{
	va_list more;
	long a[6];
	size_t i;

	va_start(more, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(more, long);
	va_end(more);
	return FAILS(EINVAL, ENOSYS, EIO) ? -1 : __real_syscall(number, a[0],
	    a[1], a[2], a[3], a[4], a[5]);
}

REAL(ssize_t, getrandom, void *out, size_t n, unsigned flags)
{
	unsigned char *next = out;
	size_t i;

	if (!active)
		return __real_getrandom(out, n, flags);
	if (FAILS(ENOSYS, EINTR))
		return -1;
	n = world_shorten(n);
	for (i = 0; i < n; i++)
		next[i] = (unsigned char)world_draw();
	return (ssize_t)n;
}

pid_t __real_fork(void);

/* Whose death is judged by itself; not each time, as a fork takes long. */
static bool
has_no_memory(void)
{
	int status = 0;
	pid_t probe;

	if (!FAILS(ENOMEM) || world.was_probed || world_draw() % 4 != 0)
		return false;
	if (world.is_child)
		return true;
	world.was_probed = true;
	probe = __real_fork();
	if (probe == 0) {
		active = false;
		world.is_probe = true;
		return true;
	}
	while (probe > 0 && waitpid(probe, &status, 0) < 0 && errno == EINTR)
		continue;
	FUZZ_CHECK(probe > 0 && status == 0);
	return false;
}

REAL(void *, malloc, size_t size)
{
	return has_no_memory() ? NULL : __real_malloc(size);
}

REAL(void *, calloc, size_t count, size_t size)
{
	return has_no_memory() ? NULL : __real_calloc(count, size);
}

REAL(void *, realloc, void *p, size_t size)
{
	return has_no_memory() ? NULL : __real_realloc(p, size);
}

/* An end of one of the processes of a run. */
static _Noreturn void
end_child(int status)
{
	world.shared->children--;
	_exit(status);
}

_Noreturn void
mem_exhausted(void)
{
	if (world.is_child)
		end_child(EX_OSERR);
	FUZZ_CHECK(world.is_probe);
	world.plan.on_exhaustion();
	_exit(0);
}

_Noreturn void
os_lock_trapped(const char *call)
{
	(void)call;
	abort();
}

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
_Noreturn void
__wrap_exit(int status)
{
	if (active && world.is_child)
		end_child(status);
	__real_exit(status);
}

REAL(pid_t, fork, void)
{
	pid_t pid;

	if (FAILS(EAGAIN, ENOMEM))
		return -1;
	if (active)
		world.shared->children++;
	pid = __real_fork();
	if (pid == 0)
		world.is_child = true;
	return pid;
}

/* A command: one that says something, and one that fails. */
int __wrap_execle(const char *path, const char *word, ...);
int
__wrap_execle(const char *path, const char *word, ...)
{
	(void)path;
	(void)word;
	(void)__real_write(STDOUT_FILENO, "secret\n", 7);
	end_child(world_draw() % 4 == 0);
}

/* Nobody ends out of turn: all ends are the plan's. */
int __wrap_kill(pid_t pid, int number);
int
__wrap_kill(pid_t pid, int number)
{
	(void)pid;
	(void)number;
	return 0;
}

void __wrap_os_signals_end(void);
void
__wrap_os_signals_end(void)
{
}

void __wrap_os_signals_again(void);
void
__wrap_os_signals_again(void)
{
}

/* It couldn't be taken off again. */
void __wrap_os_lock(const struct os_lock *lock, char *words, size_t size);
void
__wrap_os_lock(const struct os_lock *lock, char *words, size_t size)
{
	(void)lock;
	(void)snprintf(words, size, "none");
}
