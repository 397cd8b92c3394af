/*
 * packaging/bootstrap with stand-ins for all that it runs: what it installs,
 * by which manager, as whom, and that it leaves a complete system alone. Run
 * in the checkout's root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/program.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A stand-in notes its words; some do a little more. */
#define NOTE "#!/bin/sh\necho \"${0##*/} $*\" >>\"$BOX/log\"\n"

/* A manager brings what is in stock, unless it is told to fail. */
#define MANAGER NOTE "[ -z \"$FAIL\" ] || exit 1\ncase $* in *install*|*-S*|" \
	"*add*) /bin/cp \"$BOX\"/stock/* \"$BOX/bin\";; esac\n"

static const struct {
	const char *name, *text;
} tools[] = {
	{ "make", NOTE },
	{ "cc", "#!/bin/sh\nexit 0\n" },
	{ "pkg-config", "#!/bin/sh\n[ \"$2\" != \"$WITHOUT\" ]\n" },
	{ "mandoc", "#!/bin/sh\n" },
};

static const struct {
	const char *name, *text;
} others[] = {
	{ "id", "#!/bin/sh\necho \"$FAKE_UID\"\n" },
	{ "env", "#!/bin/sh\n/usr/bin/env \"$@\"\n" },
};

static const struct {
	const char *name, *text;
} managers[] = {
	{ "apt-get", NOTE "case $* in -s*) exit ${STALE:-0};; esac\n"
	    "[ -z \"$FAIL\" ] || exit 1\ncase $* in *install*) "
	    "/bin/cp \"$BOX\"/stock/* \"$BOX/bin\";; esac\n"
	    "[ \"$1\" = update ] || echo \"frontend $DEBIAN_FRONTEND\" "
	    ">>\"$BOX/log\"\n" },
	{ "dnf", MANAGER },
	{ "apk", MANAGER },
	{ "pacman", NOTE "case $* in -Sp*) exit ${STALE:-0};; esac\n"
	    "[ -z \"$FAIL\" ] || exit 1\n"
	    "/bin/cp \"$BOX\"/stock/* \"$BOX/bin\"\n" },
};

struct box {
	struct scratch scratch;
	struct buf variables[8];
	const char *env[9];
	size_t count;
	struct program_result result;
	char log[4096];
};

static void
put(const struct box *b, const char *folder, const char *name,
    const char *text)
{
	char path[100], *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = scratch_file(&b->scratch, path, 0755, span_of(text));
	assert_non_null(file);
	mem_free(file);
}

static void
put_tools(const struct box *b, const char *folder)
{
	size_t i;

	for (i = 0; i < COUNT(tools); i++)
		put(b, folder, tools[i].name, tools[i].text);
}

static void
put_manager(const struct box *b, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(managers); i++)
		if (strcmp(managers[i].name, name) == 0)
			put(b, "bin", name, managers[i].text);
}

static void
set(struct box *b, const char *name, const char *value)
{
	struct buf *v = &b->variables[b->count];

	assert_true(b->count < COUNT(b->variables));
	buf_init(v, BUF_UNLIMITED);
	assert_true(buf_printf(v, "%s=%s", name, value));
	b->env[b->count++] = buf_string(v);
}

/* An empty machine of user `uid`: nothing there, all in stock. */
static void
open_box(struct box *b, const char *uid)
{
	char *folder;
	size_t i;

	memset(b, 0, sizeof(*b));
	assert_true(scratch_make(&b->scratch));
	folder = scratch_path(&b->scratch, "stock");
	assert_int_equal(mkdir(folder, 0755), 0);
	mem_free(folder);
	folder = scratch_path(&b->scratch, "bin");
	assert_int_equal(mkdir(folder, 0755), 0);
	put_tools(b, "stock");
	for (i = 0; i < COUNT(others); i++)
		put(b, "bin", others[i].name, others[i].text);
	set(b, "PATH", folder);
	set(b, "BOX", b->scratch.path);
	set(b, "FAKE_UID", uid);
	mem_free(folder);
}

static void
read_log(struct box *b)
{
	char *path = scratch_path(&b->scratch, "log");
	FILE *file = fopen(path, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(b->log, 1, sizeof(b->log) - 1, file);
		(void)fclose(file);
	}
	b->log[n] = '\0';
	mem_free(path);
}

static void
run_bootstrap(struct box *b, const char *shell, const char *goal)
{
	const char *argv[] = { "sh", "packaging/bootstrap", goal, NULL };
	const struct program_run run = { .argv = argv, .path = shell,
		.env = b->env };

	assert_true(program_run(&b->result, &run));
	assert_false(b->result.hung);
	read_log(b);
}

static void
close_box(struct box *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		buf_free(&b->variables[i]);
	program_result_free(&b->result);
	scratch_remove(&b->scratch);
}

/* The log, but for make's line with the checkout's path. */
static void
assert_log(const struct box *b, const char *expected)
{
	const char *make = strstr(b->log, "make -C ");
	size_t n = make == NULL ? strlen(b->log) : (size_t)(make - b->log);

	if (strlen(expected) != n || memcmp(b->log, expected, n) != 0)
		fail_msg("ran:\n%s\n%s", b->log,
		    buf_string(&b->result.err));
}

static void
assert_made(const struct box *b, const char *goal)
{
	const char *make = strstr(b->log, "make -C /");

	assert_int_equal(b->result.exit_status, 0);
	assert_non_null(make);
	assert_int_equal(strlen(goal), strlen(strrchr(make, ' ')) - 2);
	assert_memory_equal(strrchr(make, ' ') + 1, goal, strlen(goal));
}

#define APT "make gcc libc6-dev pkg-config libgnutls28-dev libinih-dev " \
	"libcmocka-dev"
#define DNF "make gcc pkgconf-pkg-config gnutls-devel inih-devel " \
	"libcmocka-devel"
#define APK "make gcc musl-dev linux-headers pkgconf gnutls-dev inih-dev " \
	"cmocka-dev"
#define PACMAN "make gcc pkgconf gnutls libinih cmocka"

static const struct {
	const char *manager, *goal;
	const char *root, *user;	/* what is run by either */
} cases[] = {
	{ "apt-get", "demo",
	    "apt-get -s install " APT "\napt-get install -y "
	    "--no-install-recommends " APT "\nfrontend noninteractive\n",
	    "apt-get -s install " APT "\nsudo env DEBIAN_FRONTEND="
	    "noninteractive apt-get install -y --no-install-recommends " APT
	    "\napt-get install -y --no-install-recommends " APT
	    "\nfrontend noninteractive\n" },
	{ "apt-get", "check",
	    "apt-get -s install " APT " mandoc\napt-get install "
	    "-y --no-install-recommends " APT " mandoc\n"
	    "frontend noninteractive\n", NULL },
	{ "dnf", "check",
	    "dnf install -y --setopt=install_weak_deps=False " DNF
	    " mandoc\n",
	    "sudo dnf install -y --setopt=install_weak_deps=False " DNF
	    " mandoc\n"
	    "dnf install -y --setopt=install_weak_deps=False " DNF
	    " mandoc\n" },
	{ "apk", "check",
	    "apk add --no-cache " APK " mandoc\n",
	    "sudo apk add --no-cache " APK " mandoc\n"
	    "apk add --no-cache " APK " mandoc\n" },
	{ "pacman", "check",
	    "pacman -Sp " PACMAN " mandoc\n"
	    "pacman -S --needed --noconfirm " PACMAN " mandoc\n",
	    "pacman -Sp " PACMAN " mandoc\n"
	    "sudo pacman -S --needed --noconfirm " PACMAN " mandoc\n"
	    "pacman -S --needed --noconfirm " PACMAN " mandoc\n" },
};

/* Each shell that this machine has. */
static const char *const shells[] = { "/bin/sh", "/bin/dash", "/bin/bash",
	"/bin/busybox" };

static void
root_installs_with_the_manager_that_is_there(void **state)
{
	struct box b;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(shells) * COUNT(cases); i++) {
		j = i % COUNT(cases);
		if (access(shells[i / COUNT(cases)], X_OK) != 0)
			continue;
		open_box(&b, "0");
		put_manager(&b, cases[j].manager);
		/* Root never uses it. */
		put(&b, "bin", "sudo", NOTE "\"$@\"\n");
		run_bootstrap(&b, shells[i / COUNT(cases)], cases[j].goal);
		assert_log(&b, cases[j].root);
		assert_made(&b, cases[j].goal);
		assert_non_null(strstr(buf_string(&b.result.out),
		    "bootstrap: will run: "));
		close_box(&b);
	}
}

static void
a_user_installs_with_sudo(void **state)
{
	struct box b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (cases[i].user == NULL)
			continue;
		open_box(&b, "1000");
		put_manager(&b, cases[i].manager);
		put(&b, "bin", "sudo", NOTE "\"$@\"\n");
		run_bootstrap(&b, "/bin/sh", cases[i].goal);
		assert_log(&b, cases[i].user);
		assert_made(&b, cases[i].goal);
		close_box(&b);
	}
}

static void
a_user_without_sudo_is_told_the_command(void **state)
{
	struct box b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(managers); i++) {
		open_box(&b, "1000");
		put_manager(&b, managers[i].name);
		run_bootstrap(&b, "/bin/sh", "demo");
		assert_int_equal(b.result.exit_status, 1);
		assert_string_equal(b.log, "");
		assert_non_null(strstr(buf_string(&b.result.err),
		    managers[i].name));
		assert_non_null(strstr(buf_string(&b.result.err), "gnutls"));
		close_box(&b);
	}
}

static void
only_what_is_missing_is_installed(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, "0");
	put_tools(&b, "bin");
	put_manager(&b, "apk");
	set(&b, "WITHOUT", "inih");
	run_bootstrap(&b, "/bin/sh", "check");
	assert_log(&b, "apk add --no-cache inih-dev\n");
	/* The stand-in's stock doesn't help. */
	assert_int_equal(b.result.exit_status, 1);
	assert_string_equal(buf_string(&b.result.err),
	    "bootstrap: still missing: inih\n");
	close_box(&b);
}

static void
a_complete_machine_runs_no_manager(void **state)
{
	struct box b;
	size_t i;

	(void)state;
	open_box(&b, "1000");
	put_tools(&b, "bin");
	for (i = 0; i < COUNT(managers); i++)
		put_manager(&b, managers[i].name);
	run_bootstrap(&b, "/bin/sh", "demo");
	assert_log(&b, "");
	assert_made(&b, "demo");
	assert_string_equal(buf_string(&b.result.out), "");
	close_box(&b);
}

static void
the_first_manager_of_the_table_wins(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, "0");
	put_manager(&b, "pacman");
	put_manager(&b, "dnf");
	run_bootstrap(&b, "/bin/sh", "demo");
	assert_log(&b, "dnf install -y --setopt=install_weak_deps=False " DNF
	    "\n");
	close_box(&b);
}

static void
stale_lists_are_refreshed_first(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, "0");
	put_manager(&b, "apt-get");
	set(&b, "STALE", "100");
	run_bootstrap(&b, "/bin/sh", "demo");
	assert_log(&b, "apt-get -s install " APT "\napt-get update\n"
	    "apt-get install -y --no-install-recommends " APT
	    "\nfrontend noninteractive\n");
	assert_made(&b, "demo");
	close_box(&b);
	open_box(&b, "0");
	put_manager(&b, "pacman");
	set(&b, "STALE", "1");
	run_bootstrap(&b, "/bin/sh", "demo");
	assert_log(&b, "pacman -Sp " PACMAN "\npacman -Sy --noconfirm\n"
	    "pacman -S --needed --noconfirm " PACMAN "\n");
	close_box(&b);
}

static void
a_manager_that_fails_ends_it(void **state)
{
	struct box b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(managers); i++) {
		open_box(&b, "0");
		put_manager(&b, managers[i].name);
		set(&b, "FAIL", "1");
		run_bootstrap(&b, "/bin/sh", "demo");
		assert_int_equal(b.result.exit_status, 1);
		assert_string_equal(buf_string(&b.result.err),
		    "bootstrap: the packages can't be installed\n");
		assert_null(strstr(b.log, "make -C"));
		close_box(&b);
	}
}

static void
without_a_manager_the_needs_are_named(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, "0");
	run_bootstrap(&b, "/bin/sh", "demo");
	assert_int_equal(b.result.exit_status, 1);
	assert_string_equal(buf_string(&b.result.err), "bootstrap: missing: "
	    "make cc pkg-config gnutls inih cmocka; none of apt-get dnf apk "
	    "pacman is here\n");
	close_box(&b);
}

static void
anything_but_demo_and_check_is_a_usage_error(void **state)
{
	static const char *const wrong[] = { NULL, "", "all", "--help" };
	struct box b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(wrong); i++) {
		open_box(&b, "0");
		put_tools(&b, "bin");
		run_bootstrap(&b, "/bin/sh", wrong[i]);
		assert_int_equal(b.result.exit_status, 64);
		assert_string_equal(buf_string(&b.result.err),
		    "usage: sh packaging/bootstrap demo|check\n");
		assert_string_equal(b.log, "");
		close_box(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_installs_with_the_manager_that_is_there),
		cmocka_unit_test(a_user_installs_with_sudo),
		cmocka_unit_test(a_user_without_sudo_is_told_the_command),
		cmocka_unit_test(only_what_is_missing_is_installed),
		cmocka_unit_test(a_complete_machine_runs_no_manager),
		cmocka_unit_test(the_first_manager_of_the_table_wins),
		cmocka_unit_test(stale_lists_are_refreshed_first),
		cmocka_unit_test(a_manager_that_fails_ends_it),
		cmocka_unit_test(without_a_manager_the_needs_are_named),
		cmocka_unit_test(anything_but_demo_and_check_is_a_usage_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
