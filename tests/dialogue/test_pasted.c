/*
 * What is printed as a command does in a shell what it says, also where paths
 * have characters of the shell's own in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/program.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BASH "/bin/bash"

static const struct {
	const char *name, *shell;
} places[] = {
	{ "plain", "/bin/sh" },
	{ "two words", "/bin/sh" },
	{ "it's $HOME; `x` & \"*\"", "/bin/sh" },
	{ "back\\slash", BASH },
	{ "J\xc3\xb6rg's", BASH },
};

/* The profile `text` as DIR/PLACE/posthaste.ini, where DIR/PLACE goes into it. */
struct fixture {
	char *directory, *profile;
};

static void
fixture_make(struct fixture *f, const struct scratch *scratch,
    const char *place, const char *key)
{
	char text[1000], name[100];

	f->directory = scratch_path(scratch, place);
	assert_int_equal(mkdir(f->directory, 0700), 0);
	(void)snprintf(name, sizeof(name), "%s/posthaste.ini", place);
	(void)snprintf(text, sizeof(text), "[default]\nhost = 127.0.0.1\n"
	    "port = 1\ntls = none\nuser = me\nlog = none\n%s%s/secret\n", key,
	    f->directory);
	f->profile = scratch_file(scratch, name, 0600, span_of(text));
	assert_non_null(f->profile);
}

static void
fixture_free(struct fixture *f)
{
	mem_free(f->profile);
	mem_free(f->directory);
}

/*
 * The command in what --check says behind `text` and then `mark`, up to the end
 * of the line, or behind a ": " in it; owned by the caller.
 */
static char *
advice_of(const struct fixture *f, const char *text, const char *mark)
{
	const char *argv[] = { "posthaste", "--config", f->profile, "--check",
		NULL };
	const struct program_run run = { .argv = argv };
	struct program_result result;
	const char *fix, *end, *colon;
	char *command;

	assert_true(program_run(&result, &run));
	fix = strstr(buf_string(&result.out), text);
	if (fix == NULL)
		program_result_print(&result);
	assert_non_null(fix);
	fix = strstr(fix, mark);
	assert_non_null(fix);
	fix += strlen(mark);
	end = strchr(fix, '\n');
	assert_non_null(end);
	colon = strstr(fix, ": ");
	if (colon != NULL && colon < end)
		fix = colon + 2;
	command = mem_span(span_make(fix, (size_t)(end - fix)));
	program_result_free(&result);
	return command;
}

static void
paste(const char *shell, const char *command)
{
	const char *argv[] = { "sh", "-c", command, NULL };
	const struct program_run run = { .argv = argv, .path = shell,
		.input = span_of("tiger\n") };
	struct program_result result;

	assert_true(program_run(&result, &run));
	if (result.exit_status != 0)
		program_result_print(&result);
	assert_int_equal(result.exit_status, 0);
	program_result_free(&result);
}

static void
apply(const struct fixture *f, const char *shell, const char *text)
{
	char *command = advice_of(f, text, "fix:     ");

	paste(shell, command);
	mem_free(command);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
try_place(const struct scratch *scratch, size_t i)
{
	const char *shell = places[i].shell;
	char secret[400], name[100];
	struct fixture f;

	fixture_make(&f, scratch, places[i].name, "password_file = ");
	(void)snprintf(name, sizeof(name), "%s/secret", places[i].name);
	(void)snprintf(secret, sizeof(secret), "%s/secret", f.directory);

	apply(&f, shell, "No such file");
	assert_int_equal(mode_of(secret), 0600);
	assert_int_equal(chmod(secret, 0644), 0);
	apply(&f, shell, "that everybody may read");
	assert_int_equal(mode_of(secret), 0640);
	assert_int_equal(chmod(secret, 0660), 0);
	apply(&f, shell, "may write it");
	assert_int_equal(mode_of(secret), 0640);
	assert_int_equal(chmod(f.directory, 0777), 0);
	apply(&f, shell, "everybody may replace");
	assert_int_equal(mode_of(f.directory), 0775);
	fixture_free(&f);
}

static void
the_commands_for_a_password_file_work(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(places); i++)
		if (access(places[i].shell, X_OK) == 0)
			try_place(*state, i);
}

static void
the_command_for_a_password_in_the_profile_works(void **state)
{
	struct fixture f;

	fixture_make(&f, *state, "a profile", "password = ");
	assert_int_equal(chmod(f.profile, 0644), 0);
	apply(&f, "/bin/sh", "`password` in a file that everybody may read");
	assert_int_equal(mode_of(f.profile), 0640);
	fixture_free(&f);
}

static void
the_command_for_a_spool_works(void **state)
{
	struct fixture f;
	char place[400], *command;

	fixture_make(&f, *state, "a spool", "password = x\nspool = ");
	(void)snprintf(place, sizeof(place), "%s/secret", f.directory);
	command = advice_of(&f, "a spool/secret: No such file", "; ");
	paste("/bin/sh", command);
	assert_int_equal(mode_of(place), 0700);
	mem_free(command);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_commands_for_a_password_file_work),
		cmocka_unit_test(
		    the_command_for_a_password_in_the_profile_works),
		cmocka_unit_test(the_command_for_a_spool_works),
	};

	return cmocka_run_group_tests(tests, scratch_set_up,
	    scratch_tear_down);
}
