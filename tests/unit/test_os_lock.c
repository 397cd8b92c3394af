/*
 * The lock, in children: it can't be taken off. What the kernel lacks is
 * skipped, and cmocka says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os_lock.h"
#include "support/program.h"

#define LANDLOCK_CREATE_RULESET 444	/* and two more */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TRAPPED 71	/* how a child ends that made a forbidden call */
#define UNTOLD 72	/* that can't deny itself one */

/* What a child tells. */
struct told {
	char words[OS_LOCK_WORDS];
	char trapped[40];
	int claim;		/* the one that doesn't hold, 0: all do */
};

static struct told *told;
static struct os_lock lock;
static int listener_port, other_port, listener, other;
static struct scratch spool, outside;

_Noreturn void
mem_exhausted(void)
{
	abort();
}

_Noreturn void
os_lock_trapped(const char *call)
{
	size_t len = strlen(call);

	/* strlcpy's work, in a signal handler. */
	if (len < sizeof(told->trapped))
		memcpy(told->trapped, call, len + 1);
	_exit(TRAPPED);
}

/* A kernel that lacks a call: it is denied to the child before the lock. */
struct lack {
	uint32_t call;
	int number;		/* errno; 0: nothing is denied */
};

static struct lack lack;

/* Whether the kernel does as it is told. */
static bool
deny(const struct lack *what)
{
	struct {
		uint16_t code;
		uint8_t if_true, if_false;
		uint32_t k;
	} code[] = {
		{ 0x20, 0, 0, 0 },			/* the call */
		{ 0x15, 0, 1, what->call },
		{ 0x06, 0, 0, 0x00050000U | (uint32_t)what->number },
		{ 0x06, 0, 0, 0x7fff0000U },
	};
	const struct {
		uint16_t len;
		void *code;
	} program = { COUNT(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
	    prctl(PR_SET_SECCOMP, 2UL, &program) == 0;
}

typedef void experiment(void);

/* Locks a child, runs `run` there; the child's exit status. */
static int
locked(experiment *run)
{
	int status;
	pid_t child;

	memset(told, 0, sizeof(*told));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (lack.number != 0 && !deny(&lack))
			_exit(UNTOLD);
		os_lock(&lock, told->words, sizeof(told->words));
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
nothing(void)
{
}

static int
landlock_abi(void)
{
	int abi = 0;

	assert_int_equal(locked(nothing), 0);
	if (sscanf(told->words, "Landlock ABI %d ", &abi) != 1)
		return 0;
	return abi;
}

static bool
has_seccomp(void)
{
	assert_int_equal(locked(nothing), 0);
	return strstr(told->words, ", seccomp") != NULL;
}

static void
live_as_a_delivery_does(void)
{
	struct timespec moment = { 0, 1 };
	time_t now = time(NULL);
	struct tm tm;
	struct stat st;
	char octet = 'x', text[40];
	void *big;
	int fd;

	told->claim = 1;
	if (localtime_r(&now, &tm) == NULL ||
	    strftime(text, sizeof(text), "%b %e %H:%M:%S %z", &tm) == 0)
		return;
	told->claim = 2;
	big = malloc(8UL << 20);
	if (big == NULL)
		return;
	memset(big, 1, 8UL << 20);
	big = realloc(big, 16UL << 20);
	if (big == NULL)
		return;
	free(big);
	told->claim = 3;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || fcntl(fd, F_GETFL) < 0 || fstat(fd, &st) != 0)
		return;
	told->claim = 4;
	if (send(fd, &octet, 1, MSG_NOSIGNAL) != -1 || errno == EPERM)
		return;
	(void)close(fd);
	told->claim = 5;
	if (nanosleep(&moment, NULL) != 0 || getpid() <= 0 ||
	    isatty(STDIN_FILENO) < 0)
		return;
	told->claim = 0;
}

static void
what_a_delivery_needs_goes_on(void **state)
{
	(void)state;
	assert_int_equal(locked(live_as_a_delivery_does), 0);
	assert_int_equal(told->claim, 0);
}

static void open_a_file(void) { (void)open("/etc/passwd", O_RDONLY); }
static void make_a_datagram_socket(void)
{
	(void)socket(AF_INET, SOCK_DGRAM, 0);
}
static void make_a_netlink_socket(void)
{
	(void)socket(AF_NETLINK, SOCK_RAW, 0);
}
static void make_a_multipath_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 262);
}
static void make_a_unix_socket(void)
{
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
}
static void listen_to_others(void) { (void)listen(listener, 1); }
static void make_a_process(void) { (void)syscall(SYS_clone, SIGCHLD, 0); }
static void make_code(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void turn_memory_into_code(void)
{
	(void)mprotect(told, 4096, PROT_READ | PROT_EXEC);
}
static void type_into_a_terminal(void) { (void)ioctl(0, TIOCSTI, "x"); }
static void connect_by_sending(void)
{
	(void)sendto(listener, "x", 1, MSG_FASTOPEN, NULL, 0);
}
static void signal_somebody(void) { (void)kill(1, 0); }
static void make_an_unknown_call(void) { (void)syscall(9876); }
static void run_a_program(void)
{
	static char path[] = "/bin/true";
	char *const argv[] = { path, NULL };

	(void)execve(path, argv, argv + 1);
}

static void
a_forbidden_call_is_trapped_and_named(void **state)
{
	static const struct {
		experiment *run;
		const char *name;
	} cases[] = {
		{ open_a_file, "openat" },
		{ run_a_program, "execve" },
		{ make_a_process, "clone" },
		{ make_code, "mmap" },
		{ turn_memory_into_code, "mprotect" },
		{ make_a_datagram_socket, "socket" },
		{ make_a_netlink_socket, "socket" },
		{ make_a_multipath_socket, "socket" },
		{ make_a_unix_socket, "socket" },
		{ listen_to_others, "listen" },
		{ connect_by_sending, "sendto" },
		{ type_into_a_terminal, "ioctl" },
		{ signal_somebody, "kill" },
		{ make_an_unknown_call, "number 9876" },
	};
	size_t i;

	(void)state;
	if (!has_seccomp())
		skip();
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(locked(cases[i].run), TRAPPED);
#ifdef SYS_open
		/* musl's open(). */
		if (strcmp(told->trapped, "open") == 0)
			continue;
#endif
		assert_string_equal(told->trapped, cases[i].name);
	}
}

/* A blocked signal that the kernel forces is death. */
static void
a_trap_is_caught_where_its_signal_was_blocked_before(void **state)
{
	sigset_t traps, before;

	(void)state;
	if (!has_seccomp())
		skip();
	assert_int_equal(sigemptyset(&traps), 0);
	assert_int_equal(sigaddset(&traps, SIGSYS), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &traps, &before), 0);
	assert_int_equal(locked(open_a_file), TRAPPED);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

static int
try_port(int port)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ?
	    0 : errno;
}

static void
connect_to_both(void)
{
	told->claim = 1;
	if (try_port(listener_port) != 0)
		return;
	told->claim = 2;
	if (try_port(other_port) != EACCES)
		return;
	told->claim = 0;
}

static void
a_port_that_was_not_named_is_out_of_reach(void **state)
{
	(void)state;
	if (landlock_abi() < 4)
		skip();
	assert_int_equal(locked(connect_to_both), 0);
	assert_int_equal(told->claim, 0);
}

static bool
can_write(const char *directory, const char *name)
{
	char path[300];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd == -1)
		return false;
	return write(fd, "x", 1) == 1 && close(fd) == 0;
}

static bool
can_move(const char *from, const char *to)
{
	char old[300], new[300];

	(void)snprintf(old, sizeof(old), "%s/one", from);
	(void)snprintf(new, sizeof(new), "%s/one", to);
	return rename(old, new) == 0;
}

static void
use_the_spool(void)
{
	char inner[200];

	(void)snprintf(inner, sizeof(inner), "%s/inner", spool.path);
	told->claim = 1;
	if (!can_write(spool.path, "one") || mkdir(inner, 0700) != 0)
		return;
	/* From one directory to another: that is what ABI 2 brought. */
	told->claim = 2;
	if (!can_move(spool.path, inner))
		return;
	told->claim = 3;
	if (can_write(outside.path, "one") || can_move(inner, outside.path))
		return;
	told->claim = 4;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return;
	told->claim = 0;
}

static void
files_are_touched_below_the_spool_only(void **state)
{
	(void)state;
	if (landlock_abi() < 2)
		skip();
	lock.spool = spool.path;
	assert_int_equal(locked(use_the_spool), 0);
	lock.spool = NULL;
	assert_int_equal(told->claim, 0);
}

static void
unix_sockets_can_be_allowed(void **state)
{
	(void)state;
	lock.unix_sockets = true;
	assert_int_equal(locked(make_a_unix_socket), 0);
	lock.unix_sockets = false;
}

static void
the_words_say_what_holds(void **state)
{
	char wanted[80];
	int ports[] = { 587, 465 };
	struct os_lock usual = lock;
	int abi = landlock_abi();

	(void)state;
	if (abi < 4)
		skip();
	(void)snprintf(wanted, sizeof(wanted), "Landlock ABI %d (no files, "
	    "TCP to 587, 465 only)", abi);
	lock.ports = ports;
	lock.port_count = 2;
	assert_int_equal(locked(nothing), 0);
	assert_memory_equal(told->words, wanted, strlen(wanted));
	lock.port_count = 0;
	(void)snprintf(wanted, sizeof(wanted), "Landlock ABI %d (no files, "
	    "no TCP)", abi);
	assert_int_equal(locked(nothing), 0);
	assert_memory_equal(told->words, wanted, strlen(wanted));
	lock = usual;
}

static void
what_the_kernel_lacks_is_left_out(void **state)
{
	static const struct {
		struct lack lack;
		const char *words;
	} cases[] = {
		{ { LANDLOCK_CREATE_RULESET, ENOSYS }, "no Landlock, seccomp" },
		{ { LANDLOCK_CREATE_RULESET + 1, EINVAL },
		    "no Landlock, seccomp" },
		{ { LANDLOCK_CREATE_RULESET + 2, EPERM },
		    "no Landlock, seccomp" },
		{ { SYS_seccomp, ENOSYS }, ", no seccomp" },
		{ { SYS_prctl, EINVAL }, "none: " },
	};
	size_t i;

	(void)state;
	if (!has_seccomp() || landlock_abi() < 4)
		skip();
	for (i = 0; i < COUNT(cases); i++) {
		lack = cases[i].lack;
		assert_int_equal(locked(nothing), 0);
		lack.number = 0;
		assert_non_null(strstr(told->words, cases[i].words));
	}
}

static int
make_listener(int *port)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return -1;
	*port = ntohs(address.sin_port);
	return fd;
}

static int
set_up(void **state)
{
	(void)state;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	listener = make_listener(&listener_port);
	other = make_listener(&other_port);
	lock.ports = &listener_port;
	lock.port_count = 1;
	return told == MAP_FAILED || listener == -1 || other == -1 ||
	    !scratch_make(&spool) || !scratch_make(&outside);
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_remove(&spool);
	scratch_remove(&outside);
	(void)close(listener);
	(void)close(other);
	return munmap(told, sizeof(*told));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_delivery_needs_goes_on),
		cmocka_unit_test(a_forbidden_call_is_trapped_and_named),
		cmocka_unit_test(
		    a_trap_is_caught_where_its_signal_was_blocked_before),
		cmocka_unit_test(a_port_that_was_not_named_is_out_of_reach),
		cmocka_unit_test(files_are_touched_below_the_spool_only),
		cmocka_unit_test(unix_sockets_can_be_allowed),
		cmocka_unit_test(the_words_say_what_holds),
		cmocka_unit_test(what_the_kernel_lacks_is_left_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
