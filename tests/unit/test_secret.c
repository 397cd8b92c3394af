#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "conf/command.h"
#include "conf/secret.h"

#define NOBODY 65534
#define WHERE "/p.ini"
#define COMMAND WHERE ": password_command"

static char path_variable[] = "PATH=/usr/local/bin:/usr/bin:/bin";
static char word_variable[] = "WORD=swordfish";
static char *const environment[] = { path_variable, word_variable, NULL };

struct world {
	char root[200];
	char file[250];		/* below root */
};

static int
set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(w->root, sizeof(w->root), "%.150s/posthaste.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(w->root));
	(void)snprintf(w->file, sizeof(w->file), "%s/secret", w->root);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	(void)unlink(w->file);
	assert_int_equal(rmdir(w->root), 0);
	mem_free(w);
	return 0;
}

static void
write_file(const char *path, const char *text, size_t size, mode_t mode)
{
	int fd;

	/* The one before may be read-only. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* A profile that has nothing but a name; its strings are borrowed here. */
static struct profile
make_profile(void)
{
	static char name[] = "work", file[] = "/p.ini";
	struct profile p;

	memset(&p, 0, sizeof(p));
	p.name = name;
	p.file = file;
	return p;
}

static bool
fetch(const struct profile *p, char *const *env, int64_t ms, char out[100],
    struct error *err)
{
	struct buf b;
	bool ok;

	error_clear(err);
	buf_init(&b, SECRET_MAX);
	ok = secret_fetch_within(p, env, ms, &b, err);
	(void)snprintf(out, 100, "%s", buf_string(&b));
	assert_true(ok || b.len == 0);
	assert_int_equal(ok, !error_is_set(err));
	if (!ok)
		assert_int_equal(err->stage, STAGE_CONFIG);
	buf_free_secret(&b);
	return ok;
}

static bool
run_within(const char *command, int64_t ms, char out[100], struct error *err)
{
	struct profile p = make_profile();
	char *line = mem_string(command);
	bool ok;

	p.password_command = line;
	ok = fetch(&p, environment, ms, out, err);
	mem_free(line);
	/* Whatever happened, no child is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return ok;
}

static bool
run(const char *command, char out[100], struct error *err)
{
	return run_within(command, 60000, out, err);
}

static void
commands_give_the_first_line_of_their_output(void **state)
{
	static const struct {
		const char *command, *password;
	} rows[] = {
		{ "echo swordfish", "swordfish" },
		{ "printf swordfish", "swordfish" },
		{ "printf 'swordfish\\r\\n'", "swordfish" },
		{ "printf 'one\\ntwo\\n'", "one" },
		{ "echo ' two  blanks '", " two  blanks " },
		{ "echo $WORD", "swordfish" },
		{ "echo noise >&2; echo swordfish", "swordfish" },
		{ "cat; echo swordfish", "swordfish" },
		{ "exec echo swordfish; echo never", "swordfish" },
		{ "echo a; exec >&- 2>&-; sleep 0.2", "a" },
		{ "printf s; sleep 0.1; printf w; sleep 0.1; echo o", "swo" },
		{ "head -c 300000 /dev/zero >&2; echo swordfish",
		    "swordfish" },
		{ "printf 'p\\303\\244ss\\n'", "p\303\244ss" },
	};
	char out[100];
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!run(rows[i].command, out, &err))
			fail_msg("%s: %s", rows[i].command, err.text);
		assert_string_equal(out, rows[i].password);
	}
}

static void
a_command_that_fails_is_quoted(void **state)
{
	static const struct {
		const char *command;
		int exit_code;
		const char *text;
	} rows[] = {
		{ "exit 3", EX_CONFIG, COMMAND ": exit status 3" },
		{ "echo swordfish; exit 1", EX_CONFIG,
		    COMMAND ": exit status 1" },
		{ "echo ' no such key ' >&2; echo more >&2; exit 2",
		    EX_CONFIG, COMMAND ": exit status 2: no such key" },
		{ "exec >&- 2>&-; sleep 0.1; exit 4", EX_CONFIG,
		    COMMAND ": exit status 4" },
		{ "printf 'a\\033[mb\\n' >&2; exit 5", EX_CONFIG,
		    COMMAND ": exit status 5: a\\x1b[mb" },
		{ "kill -KILL $$", EX_CONFIG, COMMAND ": killed by signal 9" },
		{ "true", EX_NOPERM, WHERE ": password_command gives an empty "
		    "password" },
		{ "echo; echo swordfish", EX_NOPERM, WHERE ": password_command "
		    "gives an empty password" },
		{ "head -c 65537 /dev/zero", EX_CONFIG,
		    COMMAND ": it prints more than 65536 octets" },
		{ "exec yes", EX_CONFIG,
		    COMMAND ": it prints more than 65536 octets" },
		{ "printf 'a\\000b\\n'", EX_CONFIG,
		    COMMAND ": control character 0x00 in the password" },
		{ "printf 'a\\tb\\n'", EX_CONFIG,
		    COMMAND ": control character 0x09 in the password" },
		{ "printf 'a\\rb\\n'", EX_CONFIG,
		    COMMAND ": control character 0x0d in the password" },
	};
	char out[100];
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (run(rows[i].command, out, &err))
			fail_msg("accepted: %s", rows[i].command);
		assert_string_equal(err.text, rows[i].text);
		assert_int_equal(err.exit_code, rows[i].exit_code);
		assert_false(err.temporary);
	}
	assert_false(run("exec /nowhere/x", out, &err));
	assert_non_null(strstr(err.text, COMMAND ": exit status 127: "));
	assert_non_null(strstr(err.fix, "run the command by hand"));
}

static void
a_command_out_of_time_is_killed(void **state)
{
	static const char *const commands[] = { "exec sleep 600",
		"exec >&- 2>&-; exec sleep 600", "exec yes >&2",
		"trap '' TERM INT HUP; exec sleep 600" };
	char out[100];
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_false(run_within(commands[i], 150, out, &err));
		assert_string_equal(err.text, COMMAND ": no end of the "
		    "password_command within 0.150 s");
		assert_non_null(strstr(err.fix, "run the command by hand"));
		assert_int_equal(err.exit_code, EX_UNAVAILABLE);
		assert_true(err.temporary);
	}
}

static void
what_a_command_leaves_in_the_background_is_not_waited_for(void **state)
{
	char out[100];
	struct error err;

	(void)state;
	/* It holds both pipes for longer than the command's time. */
	assert_true(run_within("sleep 9 & echo swordfish", 8000, out, &err));
	assert_string_equal(out, "swordfish");
}

static void
an_ignored_sigchld_does_not_lose_the_status(void **state)
{
	char out[100];
	struct error err;

	(void)state;
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	assert_true(run("echo swordfish", out, &err));
	assert_false(run("exit 3", out, &err));
	assert_string_equal(err.text, COMMAND ": exit status 3");
	assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

static void
a_signal_to_us_ends_the_command(void **state)
{
	char out[100], command[100];
	struct error err;
	bool ok;

	(void)state;
	os_signals_begin();
	(void)snprintf(command, sizeof(command),
	    "kill -TERM %ld; exec sleep 600", (long)getpid());
	ok = run(command, out, &err);
	os_signals_restore();
	assert_false(ok);
	assert_string_equal(err.text, "stopped by SIGTERM while waiting for "
	    "end of the password_command");
	assert_int_equal(err.exit_code, EX_UNAVAILABLE);
	assert_false(err.temporary);
}

/* Each of its two pipes needs two. */
static void
a_command_without_descriptors_is_the_systems_failure(void **state)
{
	const struct command c = { .line = "echo x", .env = environment,
		.name = "a command", .ms = 60000 };
	struct rlimit usual, few;
	struct error err;
	struct buf out;
	int next = dup(STDIN_FILENO), i;

	(void)state;
	assert_true(next >= 0);
	(void)close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	for (i = 0; i < 5; i++) {
		few = usual;
		if (i < 4)
			few.rlim_cur = (rlim_t)(next + i);
		memset(&err, 0, sizeof(err));
		buf_init(&out, BUF_UNLIMITED);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_int_equal(command_run(&c, &out, &err), i == 4);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
		assert_int_equal(out.len, i == 4 ? 2 : 0);
		assert_true(i == 4 || (err.exit_code == EX_OSERR &&
		    err.stage == STAGE_SYSTEM && strstr(err.text,
		    "pipe: Too many open files") != NULL));
		buf_free(&out);
	}
	/* The one at the limit is the last that was opened. */
	assert_int_equal(dup(STDIN_FILENO), next);
	(void)close(next);
}

static void
the_environment_is_the_given_one_and_may_be_empty(void **state)
{
	static char line[] = "echo \"<${WORD}>\"";
	struct profile p = make_profile();
	char out[100];
	struct error err;

	(void)state;
	p.password_command = line;
	assert_int_equal(setenv("WORD", "ours", 1), 0);
	assert_true(fetch(&p, NULL, 60000, out, &err));
	assert_string_equal(out, "<>");
	assert_true(fetch(&p, environment, 60000, out, &err));
	assert_string_equal(out, "<swordfish>");
	assert_int_equal(unsetenv("WORD"), 0);
}

static void
a_literal_password_is_taken_as_it_is(void **state)
{
	static char password[] = " a;b #c ";
	struct profile p = make_profile();
	struct error err = { 0 };
	struct buf b;

	(void)state;
	p.password = password;
	buf_init(&b, SECRET_MAX);
	assert_true(secret_fetch(&p, environment, &b, &err));
	assert_string_equal(buf_string(&b), " a;b #c ");
	buf_free_secret(&b);
}

static void
a_literal_password_with_a_tab_is_refused(void **state)
{
	static char password[] = "a\tb";
	struct profile p = make_profile();
	char out[100];
	struct error err;

	(void)state;
	p.password = password;
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text, WHERE ": password: control character "
	    "0x09 in the password");
	assert_int_equal(err.exit_code, EX_CONFIG);
}

static void
a_literal_password_may_be_too_long(void **state)
{
	struct profile p = make_profile();
	char out[100];
	struct error err;

	(void)state;
	p.password = mem_alloc(SECRET_MAX + 2);
	memset(p.password, 'x', SECRET_MAX + 1);
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text, WHERE ": password: longer than 65536 "
	    "octets");
	assert_int_equal(err.exit_code, EX_CONFIG);
	mem_free_secret(p.password);
}

static void
a_user_without_a_password_is_not_permitted(void **state)
{
	struct profile p = make_profile();
	char out[100];
	struct error err;

	(void)state;
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text, WHERE ": user: no password for ''");
	assert_int_equal(err.exit_code, EX_NOPERM);
	assert_string_equal(err.fix, "add password_file, password_command, "
	    "password_credential or password to [work], or auth = none");
}

static void
files_give_their_first_line(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *password;
	} rows[] = {
		{ "swordfish\n", 10, "swordfish" },
		{ "swordfish", 9, "swordfish" },
		{ "swordfish\r\n", 11, "swordfish" },
		{ "swordfish\nmore\0\n", 16, "swordfish" },
		{ " a b \n", 6, " a b " },
	};
	struct world *w = *state;
	struct profile p = make_profile();
	char out[100];
	struct error err;
	size_t i;

	p.password_file = w->file;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(w->file, rows[i].text, rows[i].size, 0640);
		if (!fetch(&p, environment, 1, out, &err))
			fail_msg("%s", err.text);
		assert_string_equal(out, rows[i].password);
	}
}

static void
a_file_that_gives_no_password_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		mode_t mode;
		int exit_code;
		const char *expected, *fix;
	} rows[] = {
		{ "", 0, 0600, EX_NOPERM,
		    WHERE ": password_file gives an empty password", "" },
		{ "\nx\n", 3, 0600, EX_NOPERM,
		    WHERE ": password_file gives an empty password", "" },
		{ "a\0b\n", 4, 0600, EX_CONFIG, WHERE ": password_file: "
		    "control character 0x00 in the password", "" },
		{ "a\n", 2, 0644, EX_CONFIG, ": a password that everybody may "
		    "read (mode 0644)", "chmod o-r " },
		{ "a\n", 2, 0660, EX_CONFIG, ": others than its owner may "
		    "write it (mode 0660)", "chmod go-w " },
	};
	struct world *w = *state;
	struct profile p = make_profile();
	char out[100];
	struct error err;
	size_t i;

	p.password_file = w->file;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(w->file, rows[i].text, rows[i].size, rows[i].mode);
		assert_false(fetch(&p, environment, 1, out, &err));
		assert_non_null(strstr(err.text, rows[i].expected));
		assert_non_null(strstr(err.fix, rows[i].fix));
		assert_int_equal(err.exit_code, rows[i].exit_code);
	}
}

static void
a_file_that_is_missing_special_or_too_large_is_refused(void **state)
{
	static char missing[] = "/nowhere/secret", device[] = "/dev/null";
	struct world *w = *state;
	struct profile p = make_profile();
	char out[100];
	struct error err;

	p.password_file = missing;
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text,
	    WHERE ": password_file: /nowhere/secret: No such file or directory");
	assert_string_equal(err.fix, "write the password into it, alone on a "
	    "line: (umask 077; cat >/nowhere/secret)");
	assert_int_equal(err.exit_code, EX_CONFIG);
	p.password_file = device;
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text, WHERE ": password_file: /dev/null: "
	    "not a regular file");
	p.password_file = w->file;
	write_file(w->file, "x", 1, 0600);
	assert_int_equal(truncate(w->file, (off_t)SECRET_MAX + 1), 0);
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_non_null(strstr(err.text, ": larger than 65536 octets"));
	assert_int_equal(err.exit_code, EX_CONFIG);
}

static void
a_file_of_somebody_else_is_refused(void **state)
{
	struct world *w = *state;
	struct profile p = make_profile();
	char out[100];
	struct error err;

	if (geteuid() != 0)
		skip();
	p.password_file = w->file;
	write_file(w->file, "x\n", 2, 0600);
	assert_int_equal(chown(w->file, NOBODY, NOBODY), 0);
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_non_null(strstr(err.text, "(uid 65534), neither to root nor to "
	    "you (uid 0)"));
	assert_int_equal(err.exit_code, EX_CONFIG);
}

static void
credentials_come_from_their_directory(void **state)
{
	static char name[] = "secret", other[] = "other";
	struct world *w = *state;
	struct profile p = make_profile();
	char variable[300], expected[300], out[100];
	char *env[] = { variable, NULL };
	struct error err;

	(void)snprintf(variable, sizeof(variable), "CREDENTIALS_DIRECTORY=%s",
	    w->root);
	p.password_credential = name;
	/* What the service manager made is readable as it chose. */
	write_file(w->file, "swordfish\n", 10, 0444);
	assert_true(fetch(&p, env, 1, out, &err));
	assert_string_equal(out, "swordfish");
	p.password_credential = other;
	assert_false(fetch(&p, env, 1, out, &err));
	(void)snprintf(expected, sizeof(expected),
	    WHERE ": password_credential: %s/other: No such file or "
	    "directory", w->root);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.exit_code, EX_CONFIG);
}

static void
a_credential_needs_the_variable(void **state)
{
	static char name[] = "secret";
	static char relative[] = "CREDENTIALS_DIRECTORY=x";
	char *const bad[] = { relative, NULL };
	struct profile p = make_profile();
	char out[100];
	struct error err;

	(void)state;
	p.password_credential = name;
	assert_false(fetch(&p, environment, 1, out, &err));
	assert_string_equal(err.text, WHERE ": password_credential = secret: "
	    "$CREDENTIALS_DIRECTORY is not set");
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.cause, "systemd"));
	assert_non_null(strstr(err.fix, "LoadCredential=secret:"));
	assert_false(fetch(&p, bad, 1, out, &err));
	assert_int_equal(err.exit_code, EX_CONFIG);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_give_the_first_line_of_their_output),
		cmocka_unit_test(a_command_that_fails_is_quoted),
		cmocka_unit_test(a_command_out_of_time_is_killed),
		cmocka_unit_test(
		    what_a_command_leaves_in_the_background_is_not_waited_for),
		cmocka_unit_test(an_ignored_sigchld_does_not_lose_the_status),
		cmocka_unit_test(
		    the_environment_is_the_given_one_and_may_be_empty),
		cmocka_unit_test(a_literal_password_is_taken_as_it_is),
		cmocka_unit_test(a_literal_password_with_a_tab_is_refused),
		cmocka_unit_test(a_literal_password_may_be_too_long),
		cmocka_unit_test(a_user_without_a_password_is_not_permitted),
		WORLD_TEST(files_give_their_first_line),
		WORLD_TEST(a_file_that_gives_no_password_is_refused),
		WORLD_TEST(
		    a_file_that_is_missing_special_or_too_large_is_refused),
		WORLD_TEST(a_file_of_somebody_else_is_refused),
		WORLD_TEST(credentials_come_from_their_directory),
		cmocka_unit_test(a_credential_needs_the_variable),
		cmocka_unit_test(
		    a_command_without_descriptors_is_the_systems_failure),
		/* The last: a signal once caught stays caught. */
		cmocka_unit_test(a_signal_to_us_ends_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
