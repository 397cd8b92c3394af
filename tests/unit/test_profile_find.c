#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/profile.h"
#include "conf/profile_file.h"
#include "conf/safe.h"

#define NOBODY 65534	/* somebody without rights, where we are root */
#define PLAIN "[a]\nhost = localhost\n"
#define SECRET PLAIN "password = x\n"
#define INI "/posthaste/posthaste.ini"
#define PATH_SIZE 600

/* A directory that holds all of a test: etc/, home/ and xdg/. */
struct world {
	char root[200];
	char etc[250], home[250], xdg[250];
};

static void
make_path(const char *directory, const char *name, char *out)
{
	(void)snprintf(out, PATH_SIZE, "%s%s", directory, name);
}

static void
make_dir(const char *directory, const char *name)
{
	char path[PATH_SIZE];

	make_path(directory, name, path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd;

	/* The one before may be read-only. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static int
set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(w->root, sizeof(w->root), "%.150s/posthaste.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(w->root));
	assert_int_equal(chmod(w->root, 0755), 0);
	(void)snprintf(w->etc, sizeof(w->etc), "%s/etc", w->root);
	(void)snprintf(w->home, sizeof(w->home), "%s/home", w->root);
	(void)snprintf(w->xdg, sizeof(w->xdg), "%s/xdg", w->root);
	make_dir(w->etc, "");
	make_dir(w->etc, "/posthaste");
	make_dir(w->home, "");
	make_dir(w->home, "/.config");
	make_dir(w->home, "/.config/posthaste");
	make_dir(w->xdg, "");
	make_dir(w->xdg, "/posthaste");
	*state = w;
	return 0;
}

/* Children first; what a test didn't make is passed over. */
static int
tear_down(void **state)
{
	static const char *const names[] = { "/etc" INI, "/home/.config" INI,
		"/xdg" INI, "/etc/posthaste", "/home/.config/posthaste",
		"/home/.config", "/xdg/posthaste", "/etc", "/home", "/xdg",
		"/open/x.ini", "/open", "/x.ini", "/link", "/fifo", "" };
	struct world *w = *state;
	char path[PATH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_path(w->root, names[i], path);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	assert_int_equal(access(w->root, F_OK), -1);
	mem_free(w);
	return 0;
}

/* The search with these variables; `path` as it was found, or NULL. */
static char *
find(const struct world *w, const char *config, char *const *env, bool trust,
    char **note, struct error *err)
{
	struct profile_places places = { config, env, trust, w->etc, w->home };
	char *path;
	bool found;

	error_clear(err);
	found = profile_find_in(&places, &path, note, err);
	assert_int_equal(found, path != NULL);
	return path;
}

static void
assert_found(const struct world *w, char *const *env, bool trust,
    const char *directory)
{
	struct error err;
	char *note, *path, expected[PATH_SIZE];

	path = find(w, NULL, env, trust, &note, &err);
	make_path(directory, INI, expected);
	if (path == NULL)
		fail_msg("%s", err.text);
	assert_string_equal(path, expected);
	mem_free(path);
	mem_free(note);
}

static void
the_first_file_that_is_there_wins(void **state)
{
	const struct world *w = *state;
	char xdg[300], config[700], path[PATH_SIZE], home[PATH_SIZE];
	char *env[] = { xdg, NULL, NULL }, *found, *note;
	char *relative[] = { (char[]){ "XDG_CONFIG_HOME=xdg" },
		(char[]){ "HOME=/" }, NULL };
	struct error err;

	(void)snprintf(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s", w->xdg);
	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	assert_found(w, env, true, w->etc);
	make_path(w->home, "/.config" INI, path);
	write_file(path, PLAIN, 0644);
	assert_found(w, env, true, w->etc);
	make_path(w->home, "/.config", home);
	assert_found(w, NULL, true, home);
	assert_found(w, relative, geteuid() != 0, home);
	make_path(w->xdg, INI, path);
	write_file(path, PLAIN, 0644);
	assert_found(w, env, true, w->xdg);
	assert_found(w, env, false, home);
	make_path(w->etc, INI, path);
	(void)snprintf(config, sizeof(config), "POSTHASTE_CONFIG=%s", path);
	env[1] = config;
	assert_found(w, env, true, w->etc);
	make_path(w->xdg, INI, path);
	found = find(w, path, env, true, &note, &err);
	assert_string_equal(found, path);
	assert_null(note);
	mem_free(found);
	(void)snprintf(config, sizeof(config), "POSTHASTE_CONFIG=");
	assert_found(w, env, true, w->xdg);
}

static void
what_was_passed_over_is_noted(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], *found, *note;
	struct error err;

	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	found = find(w, NULL, NULL, true, &note, &err);
	assert_string_equal(found, path);
	assert_non_null(strstr(note, "passed over "));
	assert_non_null(strstr(note, "/home/.config" INI
	    ": No such file or directory"));
	mem_free(found);
	mem_free(note);
}

static void
nothing_found_lists_the_places(void **state)
{
	const struct world *w = *state;
	char expected[1500], *found, *note;
	struct error err;

	found = find(w, NULL, NULL, true, &note, &err);
	assert_null(found);
	(void)snprintf(expected, sizeof(expected), "no profile: there is no "
	    "%s/.config" INI " nor %s" INI, w->home, w->etc);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.fix, "posthaste.ini(5)"));
	assert_non_null(strstr(err.fix, "posthaste --configure ADDRESS "));
	mem_free(note);
}

static void
a_named_file_has_to_be_there(void **state)
{
	const struct world *w = *state;
	char *env[] = { (char[]){ "POSTHASTE_CONFIG=/nowhere/x.ini" }, NULL };
	char path[PATH_SIZE], *found, *note;
	struct error err;

	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	found = find(w, "/nowhere/y.ini", env, true, &note, &err);
	assert_null(found);
	assert_string_equal(err.text,
	    "/nowhere/y.ini: No such file or directory");
	assert_string_equal(err.cause, "--config names this file");
	found = find(w, NULL, env, true, &note, &err);
	assert_null(found);
	assert_string_equal(err.text,
	    "/nowhere/x.ini: No such file or directory");
	assert_string_equal(err.cause, "$POSTHASTE_CONFIG names this file");
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_int_equal(err.sys_errno, ENOENT);
	found = find(w, NULL, env, false, &note, &err);
	assert_string_equal(found, path);
	mem_free(found);
	mem_free(note);
}

/* $HOME of somebody else: root's "/" for a user, a user's for root. */
static void
a_home_of_somebody_else_is_not_believed(void **state)
{
	const struct world *w = *state;
	char other[300], variable[320], path[PATH_SIZE], home[PATH_SIZE];
	char *env[] = { variable, NULL };

	if (geteuid() != 0)
		skip();
	make_path(w->home, "/.config" INI, path);
	write_file(path, PLAIN, 0644);
	make_path(w->home, "/.config", home);
	(void)snprintf(other, sizeof(other), "%s", w->xdg);
	assert_int_equal(chown(other, NOBODY, NOBODY), 0);
	(void)snprintf(variable, sizeof(variable), "HOME=%s", other);
	assert_found(w, env, true, home);
}

/* As another user, where we are root. */
static void
become_nobody(void)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(seteuid(NOBODY), 0);
}

static void
become_root(void)
{
	assert_int_equal(seteuid(0), 0);
	/* Which the change of ids took: a leak checker wants to look. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void
a_home_that_may_not_be_searched_is_passed_over(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], *found, *note;
	struct error err;

	make_path(w->home, "/.config" INI, path);
	write_file(path, PLAIN, 0644);
	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	assert_int_equal(chmod(w->home, 0700), 0);
	become_nobody();
	found = find(w, NULL, NULL, true, &note, &err);
	become_root();
	assert_string_equal(found, path);
	assert_non_null(strstr(note, "Permission denied"));
	mem_free(found);
	mem_free(note);
}

static bool
load(const struct world *w, const char *path, const char *credentials,
    struct error *err)
{
	struct profile_trust trust = { w->etc, credentials };
	struct profile_file *file;
	bool ok;

	error_clear(err);
	ok = profile_load(path, &trust, &file, err);
	assert_int_equal(ok, file != NULL);
	if (!ok) {
		assert_int_equal(err->stage, STAGE_CONFIG);
		assert_int_equal(err->exit_code, EX_CONFIG);
	}
	profile_file_free(file);
	return ok;
}

static void
a_file_that_may_not_be_read_is_explained(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct error err;
	bool ok;

	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0640);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 0, 12345), 0);
	become_nobody();
	ok = load(w, path, NULL, &err);
	become_root();
	assert_false(ok);
	assert_int_equal(err.sys_errno, EACCES);
	assert_non_null(strstr(err.text, INI ": it is root:12345 0640 and you "
	    "are uid 65534 "));
	assert_non_null(strstr(err.text, ": Permission denied"));
	assert_non_null(strstr(err.fix, "usermod -a -G 12345 "));
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chmod(path, 0600), 0);
	become_nobody();
	ok = load(w, path, NULL, &err);
	become_root();
	assert_false(ok);
	assert_non_null(strstr(err.fix, "groupadd -f posthaste && chgrp posthaste "));
}

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
#define MAY_READ_FILES (UINT64_C(1) << 2)

/* From here on no file may be read, whatever its mode. */
static bool
confine(void)
{
	uint64_t handled = MAY_READ_FILES;
	long rules = syscall(SYS_landlock_create_ruleset, &handled,
	    sizeof(handled), 0U);

	return rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, (int)rules, 0U) == 0;
}

/* As by AppArmor; the fix isn't another mode. */
static void
a_denial_that_no_mode_explains_is_told_as_one(void **state)
{
	enum { WELL = 3, WRONG, NO_LANDLOCK };
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct error err;
	int status;
	pid_t pid;

	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0600);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!confine())
			_exit(NO_LANDLOCK);
		_exit(!load(w, path, NULL, &err) &&
		    strstr(err.text, "Permission denied") != NULL &&
		    strstr(err.cause, "AppArmor") != NULL &&
		    strstr(err.fix, "dmesg") != NULL ? WELL : WRONG);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LANDLOCK)
		skip();
	assert_int_equal(WEXITSTATUS(status), WELL);
}

static void
a_directory_that_may_not_be_searched_is_explained(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], directory[PATH_SIZE];
	struct error err;
	bool ok;

	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	make_path(w->etc, "/posthaste", directory);
	assert_int_equal(chmod(directory, 0700), 0);
	become_nobody();
	ok = load(w, path, NULL, &err);
	become_root();
	assert_false(ok);
	assert_memory_equal(err.text, directory, strlen(directory));
	assert_non_null(strstr(err.text, "0700 and you are uid 65534"));
	assert_non_null(strstr(err.fix, "chmod g+x"));
	/* Entering is enough: nobody has to list it. */
	assert_int_equal(chmod(directory, 0711), 0);
	become_nobody();
	ok = load(w, path, NULL, &err);
	become_root();
	assert_true(ok);
}

static void
modes_decide_who_may_write_and_read(void **state)
{
	static const struct {
		mode_t mode;
		const char *text, *expected, *fix;	/* NULL: fine */
	} rows[] = {
		{ 0644, PLAIN, NULL, NULL },
		{ 0444, PLAIN, NULL, NULL },
		{ 0600, SECRET, NULL, NULL },
		{ 0640, SECRET, NULL, NULL },
		{ 0664, PLAIN, "others than its owner may write it (mode "
		    "0664)", "chmod go-w " },
		{ 0646, PLAIN, "others than its owner may write it (mode "
		    "0646)", "chmod go-w " },
		{ 0644, SECRET, ":3: `password` in a file that everybody may "
		    "read (mode 0644)", "chmod o-r " },
		{ 0644, PLAIN "proxy = socks5://a:b@c:1\n", ":3: `proxy` with "
		    "a password in a file that everybody may read (mode 0644)",
		    "chmod o-r " },
		{ 0644, PLAIN "proxy = socks5://c:1\n", NULL, NULL },
		{ 0644, PLAIN "[b]\nhots = 1\n", ":4: unknown key `hots`",
		    "did you mean" },
	};
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct error err;
	size_t i;

	make_path(w->root, "/x.ini", path);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(path, rows[i].text, rows[i].mode);
		if (load(w, path, NULL, &err) != (rows[i].expected == NULL))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (rows[i].expected == NULL)
			continue;
		assert_memory_equal(err.text, path, strlen(path));
		assert_non_null(strstr(err.text, rows[i].expected));
		assert_non_null(strstr(err.fix, rows[i].fix));
	}
}

static void
a_credentials_directory_keeps_its_own_secrets(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], around[PATH_SIZE];
	struct error err;

	make_path(w->root, "/x.ini", path);
	write_file(path, SECRET, 0644);
	assert_false(load(w, path, NULL, &err));
	assert_false(load(w, path, w->xdg, &err));
	assert_false(load(w, path, "", &err));
	assert_false(load(w, path, "/", &err));
	assert_true(load(w, path, w->root, &err));
	(void)snprintf(around, sizeof(around), "%s/", w->root);
	assert_true(load(w, path, around, &err));
	(void)snprintf(around, sizeof(around), "%s/../x.ini", w->xdg);
	assert_false(load(w, around, w->xdg, &err));
}

static void
only_regular_files_are_read(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], target[PATH_SIZE];
	struct error err;

	assert_false(load(w, w->xdg, NULL, &err));
	assert_non_null(strstr(err.text, ": a directory, not a file"));
	make_path(w->root, "/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(load(w, path, NULL, &err));
	assert_non_null(strstr(err.text, ": not a regular file"));
	assert_false(load(w, "/nowhere/x.ini", NULL, &err));
	assert_string_equal(err.text,
	    "/nowhere/x.ini: No such file or directory");
	make_path(w->root, "/x.ini", target);
	write_file(target, PLAIN, 0644);
	make_path(w->root, "/link", path);
	assert_int_equal(symlink(target, path), 0);
	assert_true(load(w, path, NULL, &err));
}

static void
a_file_that_is_too_large_is_refused(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct error err;

	make_path(w->root, "/x.ini", path);
	write_file(path, PLAIN, 0644);
	assert_int_equal(truncate(path, 300000), 0);
	assert_false(load(w, path, NULL, &err));
	assert_non_null(strstr(err.text, ": larger than 262144 octets"));
}

static void
a_directory_all_may_write_needs_its_sticky_bit(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE], directory[PATH_SIZE];
	struct error err;

	make_dir(w->root, "/open");
	make_path(w->root, "/open", directory);
	make_path(w->root, "/open/x.ini", path);
	write_file(path, PLAIN, 0644);
	assert_int_equal(chmod(directory, 0777), 0);
	assert_false(load(w, path, NULL, &err));
	assert_non_null(strstr(err.text, "everybody may replace files in "));
	assert_non_null(strstr(err.text, "(mode 0777)"));
	assert_non_null(strstr(err.fix, "chmod o-w "));
	assert_int_equal(chmod(directory, 01777), 0);
	assert_true(load(w, path, NULL, &err));
}

/* A file at the root has a directory too; what can't be read is no file. */
static void
reading_fails_with_the_systems_words(void **state)
{
	const struct profile_trust trust = { "/etc", NULL };
	struct error err = { 0 };
	struct stat st;
	struct buf out;
	int fd;

	(void)state;
	assert_false(safe_open("/posthaste-isnt-there", &trust, &fd, &st,
	    &err));
	assert_non_null(strstr(err.text, "/posthaste-isnt-there: No such"));
	fd = open("/", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	error_clear(&err);
	buf_init(&out, BUF_UNLIMITED);
	assert_false(safe_read(fd, "/", 100, &out, &err));
	assert_string_equal(err.text, "/: Is a directory");
	assert_int_equal(err.exit_code, EX_CONFIG);
	buf_free(&out);
	(void)close(fd);
}

static void
an_owner_who_is_neither_root_nor_us_is_for_etc_only(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct error err;

	if (geteuid() != 0)
		skip();
	make_path(w->root, "/x.ini", path);
	write_file(path, PLAIN, 0644);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	assert_false(load(w, path, NULL, &err));
	assert_non_null(strstr(err.text, "(uid 65534), neither to root nor to "
	    "you (uid 0)"));
	assert_non_null(strstr(err.fix, "chown 0 "));
	/* Where the system has no name for him. */
	assert_int_equal(chown(path, 54321, NOBODY), 0);
	assert_false(load(w, path, NULL, &err));
	assert_non_null(strstr(err.text, "belongs to 54321 (uid 54321)"));
	make_path(w->etc, INI, path);
	write_file(path, PLAIN, 0644);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	assert_true(load(w, path, NULL, &err));
	(void)snprintf(path, sizeof(path), "%s/posthaste/../../x.ini", w->etc);
	assert_false(load(w, path, NULL, &err));
}

static void
a_mail_name_is_a_first_line_that_is_a_domain(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "mail.example.org\n", "mail.example.org" },
		{ " mail.example.org \r\nx\n", "mail.example.org" },
		{ "box", "box" },
		{ "", NULL },
		{ "\nmail.example.org\n", NULL },
		{ "not a name\n", NULL },
		{ "# comment\nmail.example.org\n", NULL },
	};
	const struct world *w = *state;
	char path[PATH_SIZE], *name;
	size_t i;

	make_path(w->root, "/x.ini", path);
	assert_null(profile_mailname(path));
	assert_null(profile_mailname(w->root));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(path, rows[i].text, 0644);
		name = profile_mailname(path);
		if (rows[i].name == NULL)
			assert_null(name);
		else
			assert_string_equal(name, rows[i].name);
		mem_free(name);
	}
}

static void
the_public_functions_know_etc_and_the_passwd_entry(void **state)
{
	const struct world *w = *state;
	const struct profile_trust trust = { POSTHASTE_SYSCONFDIR, NULL };
	struct profile_file *file;
	struct error err = { 0 };
	char path[PATH_SIZE], *found, *note;

	make_path(w->root, "/x.ini", path);
	write_file(path, PLAIN, 0644);
	assert_true(profile_find(path, NULL, true, &found, &note, &err));
	assert_true(profile_load(found, &trust, &file, &err));
	profile_file_free(file);
	mem_free(found);
	mem_free(note);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_first_file_that_is_there_wins),
		WORLD_TEST(what_was_passed_over_is_noted),
		WORLD_TEST(nothing_found_lists_the_places),
		WORLD_TEST(a_named_file_has_to_be_there),
		WORLD_TEST(a_home_of_somebody_else_is_not_believed),
		WORLD_TEST(a_home_that_may_not_be_searched_is_passed_over),
		WORLD_TEST(a_file_that_may_not_be_read_is_explained),
		WORLD_TEST(a_denial_that_no_mode_explains_is_told_as_one),
		WORLD_TEST(a_directory_that_may_not_be_searched_is_explained),
		WORLD_TEST(modes_decide_who_may_write_and_read),
		WORLD_TEST(a_credentials_directory_keeps_its_own_secrets),
		WORLD_TEST(only_regular_files_are_read),
		WORLD_TEST(a_file_that_is_too_large_is_refused),
		WORLD_TEST(a_directory_all_may_write_needs_its_sticky_bit),
		cmocka_unit_test(reading_fails_with_the_systems_words),
		WORLD_TEST(an_owner_who_is_neither_root_nor_us_is_for_etc_only),
		WORLD_TEST(a_mail_name_is_a_first_line_that_is_a_domain),
		WORLD_TEST(the_public_functions_know_etc_and_the_passwd_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
