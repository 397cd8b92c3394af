#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/os.h"
#include "support/program.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define STRANGER 54321	/* a uid without a passwd entry */

/* 0, or the number of the claim that doesn't hold. */
typedef int experiment(int detail, struct error *err);

/*
 * Runs `run` in a child, whose descriptors, signals and limits are its own,
 * and returns what it returned; `err` gets the child's.
 */
static int
in_child(experiment *run, int detail, struct error *err)
{
	struct error *shared;
	int status;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(run(detail, shared));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	*err = *shared;
	assert_int_equal(munmap(shared, sizeof(*shared)), 0);
	return WEXITSTATUS(status);
}

static void
the_environment_is_searched_by_whole_names(void **state)
{
	char home[] = "HOME=/root", homes[] = "HOMES=/x", empty[] = "EMPTY=",
	    twice[] = "HOME=/second", bare[] = "BARE", pair[] = "A=b=c";
	char *env[] = { homes, home, empty, twice, bare, pair, NULL };
	char *none[] = { NULL };

	(void)state;
	assert_string_equal(os_env(env, "HOME"), "/root");
	assert_string_equal(os_env(env, "HOMES"), "/x");
	assert_string_equal(os_env(env, "EMPTY"), "");
	assert_string_equal(os_env(env, "A"), "b=c");
	assert_null(os_env(env, "BARE"));
	assert_null(os_env(env, "HOM"));
	assert_null(os_env(env, "home"));
	assert_null(os_env(none, "HOME"));
	assert_null(os_env(NULL, "HOME"));
}

/* `detail` has a bit for each of 0, 1, 2 that was closed. */
static int
tidy(int detail, struct error *err)
{
	char octet;
	int fd, high;

	high = fcntl(STDIN_FILENO, F_DUPFD, 200);
	for (fd = 0; fd <= 2; fd++)
		if ((detail & 1 << fd) != 0)
			(void)close(fd);
	if (high != 200 || !os_tidy_descriptors(err))
		return 1;
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			return 10 + fd;
	for (fd = 3; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return 2;
	if ((detail & 1) != 0 && (read(0, &octet, 1) != -1 || errno != EBADF))
		return 3;
	for (fd = 1; fd <= 2; fd++)
		if ((detail & 1 << fd) != 0 && write(fd, "x", 1) != 1)
			return 20 + fd;
	return 0;
}

static void
closed_descriptors_are_filled_and_others_closed(void **state)
{
	struct error err;
	int closed;

	(void)state;
	for (closed = 0; closed < 8; closed++) {
		assert_int_equal(in_child(tidy, closed, &err), 0);
		assert_false(error_is_set(&err));
	}
}

static int
tidy_without_descriptors(int detail, struct error *err)
{
	struct rlimit none = { 0, 0 };

	(void)detail;
	(void)close(STDOUT_FILENO);
	(void)setrlimit(RLIMIT_NOFILE, &none);
	if (dup(STDERR_FILENO) != -1)
		return 77;
	return os_tidy_descriptors(err) ? 1 : 0;
}

static void
a_descriptor_that_can_not_be_filled_is_the_system_s_fault(void **state)
{
	struct error err;
	char text[200];
	int status = in_child(tidy_without_descriptors, 0, &err);

	(void)state;
	if (status == 77)
		skip();	/* under valgrind that limit isn't kept */
	(void)snprintf(text, sizeof(text), "/dev/null: %s", strerror(EMFILE));
	assert_int_equal(status, 0);
	assert_int_equal(err.stage, STAGE_SYSTEM);
	assert_int_equal(err.exit_code, 71);
	assert_int_equal(err.sys_errno, EMFILE);
	assert_string_equal(err.text, text);
}

static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN;
}

static int
harden(int detail, struct error *err)
{
	struct rlimit core;

	(void)detail;
	(void)err;
	(void)setenv("SSLKEYLOGFILE", "/nonexistent", 1);
	(void)setenv("GNUTLS_DEBUG_LEVEL", "9", 1);
	(void)setenv("GNUTLS_ANY", "", 1);
	(void)setenv("GNUTLS", "kept", 1);
	(void)umask(0);
	os_harden();
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 ||
	    core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 2;
	if (getenv("SSLKEYLOGFILE") != NULL ||
	    getenv("GNUTLS_DEBUG_LEVEL") != NULL ||
	    getenv("GNUTLS_ANY") != NULL || getenv("GNUTLS") == NULL)
		return 3;
	if (umask(0) != 077)
		return 4;
	return is_ignored(SIGPIPE) && is_ignored(SIGXFSZ) ? 0 : 5;
}

static void
a_hardened_process_leaves_no_traces(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(in_child(harden, 0, &err), 0);
}

static void
tests_have_no_privileges(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_false(os_is_privileged());
	assert_false(os_program_has_id_bits(path, sizeof(path)));
}

/* Copies this program to `path`, with that mode. */
static void
copy_program(const char *path, mode_t mode)
{
	static char block[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	ssize_t n;

	assert_true(from >= 0 && to >= 0);
	while ((n = read(from, block, sizeof(block))) > 0)
		assert_true(write(to, block, (size_t)n) == n);
	assert_int_equal(n, 0);
	assert_int_equal(fchmod(to, mode), 0);
	assert_int_equal(close(to) + close(from), 0);
}

#define HAS_BITS 42
#define HAS_NO_BITS 43

static int
run_copy(const char *path)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		(void)execl(path, path, "--bits", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_program_file_with_an_id_bit_is_noticed(void **state)
{
	static const struct {
		mode_t mode;
		int status;
	} modes[] = {
		{ 0755, HAS_NO_BITS },
		{ 01755, HAS_NO_BITS },
		{ 04755, HAS_BITS },
		{ 02755, HAS_BITS },
		{ 06755, HAS_BITS },
	};
	struct scratch scratch;
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(modes); i++) {
		assert_true(scratch_make(&scratch));
		path = scratch_path(&scratch, "copy");
		copy_program(path, modes[i].mode);
		assert_int_equal(run_copy(path), modes[i].status);
		mem_free(path);
		scratch_remove(&scratch);
	}
}

static void
a_file_in_memory_holds_what_is_written(void **state)
{
	int fd = os_memory_file("posthaste");
	char text[8] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(fd, "message", 7), 7);
	assert_int_equal(pread(fd, text, 7, 0), 7);
	assert_string_equal(text, "message");
	assert_int_equal(close(fd), 0);
}

static void
files_are_copied_from_where_they_stand(void **state)
{
	int from = os_memory_file("from"), to = os_memory_file("to");
	char text[8] = "";

	(void)state;
	assert_true(from >= 0 && to >= 0);
	assert_int_equal(write(from, "message", 7), 7);
	assert_int_equal(lseek(from, 2, SEEK_SET), 2);
	assert_int_equal(os_copy_file(from, to, 3), 3);
	assert_int_equal(lseek(from, 0, SEEK_CUR), 5);
	assert_int_equal(lseek(to, 0, SEEK_CUR), 3);
	assert_int_equal(os_copy_file(from, to, 100), 2);
	assert_int_equal(os_copy_file(from, to, 100), 0);
	assert_int_equal(pread(to, text, 7, 0), 5);
	assert_string_equal(text, "ssage");
	assert_int_equal(close(from) + close(to), 0);
}

static void
what_can_not_be_copied_says_so(void **state)
{
	int ends[2], to = os_memory_file("to");

	(void)state;
	assert_true(to >= 0);
	assert_int_equal(pipe(ends), 0);
	errno = 0;
	assert_int_equal(os_copy_file(ends[0], to, 10), -1);
	assert_int_not_equal(errno, 0);
	assert_int_equal(close(ends[0]) + close(ends[1]) + close(to), 0);
}

static void
random_octets_differ(void **state)
{
	unsigned char a[512] = { 0 }, b[512] = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(os_random(a, sizeof(a), &err));
	assert_true(os_random(b, sizeof(b) - 1, &err));
	assert_memory_not_equal(a, b, sizeof(a) - 1);
	/* Beyond the size nothing is written. */
	assert_int_equal(b[sizeof(b) - 1], 0);
	assert_true(os_random(b, 0, &err));
	assert_false(error_is_set(&err));
}

/* Forbids getrandom(2), then asks for octets. */
static int
ask_for_random(int detail, struct error *err)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(rules), rules };
	char out[16];

	(void)detail;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 1;
	return os_random(out, sizeof(out), err) ? 2 : 0;
}

static void
a_kernel_without_random_octets_is_the_system_s_fault(void **state)
{
	struct error err;
	char text[200];
	int status;

	(void)state;
	status = in_child(ask_for_random, 0, &err);
	if (status == 1)
		skip();	/* no filters here */
	(void)snprintf(text, sizeof(text), "getrandom: %s", strerror(EPERM));
	assert_int_equal(status, 0);
	assert_int_equal(err.stage, STAGE_SYSTEM);
	assert_int_equal(err.exit_code, 71);
	assert_int_equal(err.sys_errno, EPERM);
	assert_string_equal(err.text, text);
}

static void
the_node_name_is_cut_to_its_room(void **state)
{
	struct utsname node;
	char name[300], small[3];

	(void)state;
	assert_int_equal(uname(&node), 0);
	os_node_name(name, sizeof(name));
	assert_string_equal(name, node.nodename);
	os_node_name(small, sizeof(small));
	assert_int_equal(strlen(small), strlen(name) < 2 ? strlen(name) : 2);
	assert_memory_equal(small, name, strlen(small));
}

static void
the_passwd_entry_names_login_and_home(void **state)
{
	struct passwd *entry = getpwuid(getuid());
	char *login = os_login(), *home;

	(void)state;
	if (entry == NULL)
		skip();
	assert_string_equal(login, entry->pw_name);
	mem_free(login);
	entry = getpwuid(geteuid());
	assert_non_null(entry);
	home = os_passwd_home();
	if (entry->pw_dir[0] == '/')
		assert_string_equal(home, entry->pw_dir);
	else
		assert_null(home);
	mem_free(home);
}

static int
become_a_stranger(int uid, struct error *err)
{
	char expected[32], *login;

	(void)err;
	if (setuid((uid_t)uid) != 0 || getpwuid((uid_t)uid) != NULL)
		return 77;
	login = os_login();
	(void)snprintf(expected, sizeof(expected), "uid%d", uid);
	if (strcmp(login, expected) != 0)
		return 1;
	mem_free(login);
	return os_passwd_home() == NULL ? 0 : 2;
}

static void
a_uid_without_an_entry_is_named_by_its_number(void **state)
{
	struct error err;
	int status = in_child(become_a_stranger, STRANGER, &err);

	(void)state;
	if (status == 77)
		skip();	/* not root, or somebody has that uid */
	assert_int_equal(status, 0);
}

static void
a_rename_takes_nobodys_place(void **state)
{
	struct scratch scratch;
	char *one, *two;
	struct stat st;
	int dir;

	(void)state;
	assert_true(scratch_make(&scratch));
	one = scratch_file(&scratch, "one", 0600, span_of("1"));
	two = scratch_file(&scratch, "two", 0600, span_of("22"));
	dir = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	errno = 0;
	assert_false(os_rename_new(dir, "one", dir, "two"));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(stat(two, &st), 0);
	assert_int_equal(st.st_size, 2);
	assert_true(os_rename_new(dir, "one", dir, "three"));
	assert_int_equal(stat(one, &st), -1);
	assert_int_equal(fstatat(dir, "three", &st, 0), 0);
	assert_int_equal(st.st_size, 1);
	(void)close(dir);
	scratch_remove(&scratch);
	mem_free(one);
	mem_free(two);
}

int
main(int argc, char **argv)
{
	char path[PATH_MAX];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_searched_by_whole_names),
		cmocka_unit_test(
		    closed_descriptors_are_filled_and_others_closed),
		cmocka_unit_test(
		    a_descriptor_that_can_not_be_filled_is_the_system_s_fault),
		cmocka_unit_test(a_hardened_process_leaves_no_traces),
		cmocka_unit_test(tests_have_no_privileges),
		cmocka_unit_test(a_program_file_with_an_id_bit_is_noticed),
		cmocka_unit_test(a_file_in_memory_holds_what_is_written),
		cmocka_unit_test(files_are_copied_from_where_they_stand),
		cmocka_unit_test(what_can_not_be_copied_says_so),
		cmocka_unit_test(random_octets_differ),
		cmocka_unit_test(
		    a_kernel_without_random_octets_is_the_system_s_fault),
		cmocka_unit_test(the_node_name_is_cut_to_its_room),
		cmocka_unit_test(the_passwd_entry_names_login_and_home),
		cmocka_unit_test(a_rename_takes_nobodys_place),
		cmocka_unit_test(a_uid_without_an_entry_is_named_by_its_number),
	};

	/* As a copy of itself; see a_program_file_with_an_id_bit_… */
	if (argc == 2 && strcmp(argv[1], "--bits") == 0)
		return os_program_has_id_bits(path, sizeof(path)) ? HAS_BITS :
		    HAS_NO_BITS;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
