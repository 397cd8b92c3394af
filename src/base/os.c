#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"

#define LARGE_PAGE (2UL << 20)
#define RENAME_NO_REPLACE 1U	/* renameat2(2); not every libc has it */

static const struct {
	int number;
	const char *name;
} ending_signals[] = {
	{ SIGHUP, "SIGHUP" },
	{ SIGINT, "SIGINT" },
	{ SIGTERM, "SIGTERM" },
	{ SIGQUIT, "SIGQUIT" },
	{ SIGXCPU, "SIGXCPU" },
};

#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

static volatile sig_atomic_t caught_signal;
static sigset_t inherited_mask;
static sigset_t waiting_mask;	/* that one without the ending signals */
static struct sigaction inherited_actions[ENDING_SIGNALS];

const char *
os_env(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static void
close_from(unsigned int first)
{
	long last;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0U) == 0)
		return;
#endif
	last = sysconf(_SC_OPEN_MAX);
	if (last < 0 || last > 65536)
		last = 65536;
	for (; (long)first < last; first++)
		(void)close((int)first);
}

bool
os_tidy_descriptors(struct error *err)
{
	int fd, opened;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* open takes the lowest free number, which is fd. */
		opened = open("/dev/null", fd == 0 ? O_WRONLY : O_RDWR);
		if (opened != fd)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "/dev/null");
	}
	close_from(STDERR_FILENO + 1);
	return true;
}

/* What makes GnuTLS write keys or words of its own, or choose otherwise. */
static void
forget_variables_of_tls(void)
{
	static const char prefix[] = "GNUTLS_";
	char **at = environ, name[80];
	size_t len;

	(void)unsetenv("SSLKEYLOGFILE");
	while (at != NULL && *at != NULL) {
		len = strcspn(*at, "=");
		if (strncmp(*at, prefix, sizeof(prefix) - 1) != 0 ||
		    len >= sizeof(name)) {
			at++;
			continue;
		}
		memcpy(name, *at, len);
		name[len] = '\0';
		/* What stood behind it moves up. */
		if (unsetenv(name) != 0)
			at++;
	}
}

void
os_harden(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	forget_variables_of_tls();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

bool
os_is_privileged(void)
{
	return getauxval(AT_SECURE) != 0;
}

bool
os_program_has_id_bits(char *path, size_t size)
{
	static const char link[] = "/proc/self/exe";
	struct stat st;
	ssize_t n;

	if (stat(link, &st) != 0 || (st.st_mode & (S_ISUID | S_ISGID)) == 0)
		return false;
	n = readlink(link, path, size - 1);
	path[n < 0 ? 0 : n] = '\0';
	return true;
}

static void
remember_signal(int number)
{
	if (caught_signal == 0)
		caught_signal = number;
}

/* nohup's wish is respected; the others may not be ignored. */
static bool
is_left_alone(size_t i)
{
	return ending_signals[i].number == SIGHUP &&
	    inherited_actions[i].sa_handler == SIG_IGN;
}

void
os_signals_again(void)
{
	struct sigaction action;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = remember_signal;
	(void)sigfillset(&action.sa_mask);
	for (i = 0; i < ENDING_SIGNALS; i++)
		if (!is_left_alone(i))
			(void)sigaction(ending_signals[i].number, &action,
			    NULL);
}

void
os_signals_begin(void)
{
	sigset_t block;
	size_t i;

	caught_signal = 0;
	(void)sigemptyset(&block);
	for (i = 0; i < ENDING_SIGNALS; i++) {
		(void)sigaction(ending_signals[i].number, NULL,
		    &inherited_actions[i]);
		if (!is_left_alone(i))
			(void)sigaddset(&block, ending_signals[i].number);
	}
	os_signals_again();
	(void)sigprocmask(SIG_BLOCK, &block, &inherited_mask);
	waiting_mask = inherited_mask;
	for (i = 0; i < ENDING_SIGNALS; i++)
		(void)sigdelset(&waiting_mask, ending_signals[i].number);
	/* What the lock traps. */
	(void)sigdelset(&waiting_mask, SIGSYS);
}

void
os_signals_end(void)
{
	size_t i;

	for (i = 0; i < ENDING_SIGNALS; i++)
		(void)signal(ending_signals[i].number, SIG_IGN);
}

void
os_signals_restore(void)
{
	size_t i;

	for (i = 0; i < ENDING_SIGNALS; i++)
		(void)sigaction(ending_signals[i].number,
		    &inherited_actions[i], NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &inherited_mask, NULL);
}

void
os_signals_let_in(void)
{
	sigset_t pending, blocked;
	bool is_one = false;
	size_t i;

	/* One call in nearly all cases: this is asked before each wait. */
	if (sigpending(&pending) != 0)
		return;
	for (i = 0; i < ENDING_SIGNALS; i++)
		is_one = is_one ||
		    sigismember(&pending, ending_signals[i].number) == 1;
	if (!is_one)
		return;
	(void)sigprocmask(SIG_SETMASK, &waiting_mask, &blocked);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}

void
os_signal_at_end_of(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != parent)
		(void)raise(SIGTERM);
}

int
os_signal_caught(void)
{
	return caught_signal;
}

const char *
os_signal_name(int number)
{
	size_t i;

	for (i = 0; i < ENDING_SIGNALS; i++)
		if (ending_signals[i].number == number)
			return ending_signals[i].name;
	return "a signal";
}

void
os_signals_while_waiting(sigset_t *mask)
{
	*mask = waiting_mask;
}

void *
os_map_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

/* Only a mapping of whole large pages is laid out along them, so that those of
 * `memory` can move as they are. */
void *
os_map_behind(void *memory, size_t size, int file, size_t in_file,
    size_t *mapped)
{
	char *whole;

	*mapped = (size + in_file + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	whole = mmap(NULL, *mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
	    MAP_NORESERVE, -1, 0);
	if (whole == MAP_FAILED)
		return NULL;
	if (mmap(whole + size, in_file, PROT_READ, MAP_PRIVATE | MAP_FIXED,
	    file, 0) == MAP_FAILED || mremap(memory, size, size,
	    MREMAP_MAYMOVE | MREMAP_FIXED, whole) == MAP_FAILED) {
		(void)munmap(whole, *mapped);
		return NULL;
	}
	return whole;
}

void
os_widen_pipe(int fd)
{
	(void)fcntl(fd, F_SETPIPE_SZ, 1 << 20);
}

int
os_memory_file(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC);
}

ssize_t
os_copy_file(int from, int to, size_t size)
{
	return copy_file_range(from, NULL, to, NULL, size, 0);
}

bool
os_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	if (syscall(SYS_renameat2, from_dir, from, to_dir, to,
	    RENAME_NO_REPLACE) == 0)
		return true;
	/* File systems that can't do it in one step. */
	return (errno == EINVAL || errno == ENOSYS) &&
	    linkat(from_dir, from, to_dir, to, 0) == 0 &&
	    unlinkat(from_dir, from, 0) == 0;
}

bool
os_random(void *out, size_t size, struct error *err)
{
	unsigned char *next = out;
	ssize_t n;

	while (size > 0) {
		n = getrandom(next, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "getrandom");
		next += n;
		size -= (size_t)n;
	}
	return true;
}

void
os_node_name(char *out, size_t size)
{
	struct utsname node;

	if (uname(&node) != 0)
		node.nodename[0] = '\0';
	(void)snprintf(out, size, "%s", node.nodename);
}

/* getpwuid_r with a buffer that grows as it asks; NULL without an entry. */
static struct passwd *
find_passwd(uid_t uid, struct passwd *entry, char **room)
{
	struct passwd *found = NULL;
	size_t size;
	int status = ERANGE;

	for (size = 1024; status == ERANGE && size <= 1 << 20; size *= 4) {
		mem_free(*room);
		*room = mem_alloc(size);
		status = getpwuid_r(uid, entry, *room, size, &found);
	}
	return status == 0 ? found : NULL;
}

char *
os_login(void)
{
	struct passwd entry, *found;
	char *room = NULL, *login, number[32];

	found = find_passwd(getuid(), &entry, &room);
	(void)snprintf(number, sizeof(number), "uid%lu",
	    (unsigned long)getuid());
	login = mem_string(found == NULL || found->pw_name[0] == '\0' ?
	    number : found->pw_name);
	mem_free(room);
	return login;
}

char *
os_passwd_home(void)
{
	struct passwd entry, *found;
	char *room = NULL, *home = NULL;

	found = find_passwd(geteuid(), &entry, &room);
	if (found != NULL && found->pw_dir != NULL && found->pw_dir[0] == '/')
		home = mem_string(found->pw_dir);
	mem_free(room);
	return home;
}
