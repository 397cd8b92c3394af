/* The runner itself, with the shell as the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/program.h"

#define SHELL "/bin/sh"

static void
run_shell(struct program_result *result, struct program_run *run,
    const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	run->argv = argv;
	run->path = SHELL;
	assert_true(program_run(result, run));
	run->argv = NULL;
}

static void
output_status_and_input_are_carried(void **state)
{
	struct program_run run = { .input = { "one\ntwo\n", 8 } };
	struct program_result r;

	(void)state;
	run_shell(&r, &run, "cat; echo \"$0 $FOO\" >&2; exit 67");
	assert_int_equal(r.exit_status, 67);
	assert_int_equal(r.signal, 0);
	assert_string_equal(buf_string(&r.out), "one\ntwo\n");
	assert_string_equal(buf_string(&r.err), "sh \n");
	assert_false(r.hung || r.left_open || r.broken_pipe);
	assert_true(r.max_rss_kib > 0);
	program_result_free(&r);
}

static void
environment_and_directory_are_as_asked(void **state)
{
	const char *env[] = { "FOO=bar", NULL };
	struct program_run run = { .env = env, .cwd = "/usr" };
	struct program_result r;

	(void)state;
	run_shell(&r, &run, "echo \"$FOO,${HOME-none}\"; pwd");
	assert_string_equal(buf_string(&r.out), "bar,none\n/usr\n");
	program_result_free(&r);
}

static void
a_program_that_hangs_is_killed_at_the_limit(void **state)
{
	struct program_run run = { .limit_ms = 100 };
	struct program_result r;

	(void)state;
	run_shell(&r, &run, "echo a; sleep 60");
	assert_true(r.hung);
	assert_int_equal(r.signal, SIGKILL);
	assert_int_equal(r.exit_status, -1);
	assert_string_equal(buf_string(&r.out), "a\n");
	program_result_free(&r);
}

static void
input_that_is_not_read_is_a_broken_pipe(void **state)
{
	struct program_run run = { .limit_ms = 5000 };
	struct program_result r;
	size_t size = 1 << 20;
	char *much = mem_alloc(size);

	(void)state;
	run.input = span_make(much, size);
	run_shell(&r, &run, "exit 64");
	assert_true(r.broken_pipe);
	assert_int_equal(r.exit_status, 64);
	program_result_free(&r);
	run_shell(&r, &run, "cat >/dev/null");
	assert_false(r.broken_pipe);
	program_result_free(&r);
	mem_free(much);
}

static void
descriptors_are_closed_where_it_is_asked_for(void **state)
{
	static const char look[] = "for fd in 0 1 2; do "
	    "[ -e /proc/$$/fd/$fd ] || echo $fd; done >\"$0\"";
	const struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "closed"), text[20];
	const char *argv[] = { path, "-c", look, NULL };
	const struct program_run run = { .argv = argv, .path = SHELL,
		.how_stdin = PROGRAM_STDIN_CLOSED, .close_stdout = true,
		.close_stderr = true };
	struct program_result r;
	FILE *file;
	size_t n;

	assert_true(program_run(&r, &run));
	program_result_free(&r);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	assert_int_equal(fclose(file), 0);
	/* 1 is the file itself at that moment. */
	assert_string_equal(text, "0\n2\n");
	mem_free(path);
}

static void
stdin_may_be_a_directory_or_stay_open(void **state)
{
	struct program_run run = { .how_stdin = PROGRAM_STDIN_FILE,
		.input_file = "/" };
	struct program_result r;

	(void)state;
	run_shell(&r, &run, "[ -d /proc/$$/fd/0 ] && exit 3");
	assert_int_equal(r.exit_status, 3);
	program_result_free(&r);
	run.how_stdin = PROGRAM_STDIN_OPEN;
	run.limit_ms = 200;
	run_shell(&r, &run, "exec cat");
	assert_true(r.hung);
	program_result_free(&r);
}

static void
whoever_keeps_the_output_open_is_noticed(void **state)
{
	struct program_run run = { .limit_ms = 5000 };
	struct program_result r;

	(void)state;
	run_shell(&r, &run, "sleep 1 & exit 0");
	assert_true(r.left_open);
	assert_int_equal(r.exit_status, 0);
	program_result_free(&r);
}

static void
a_signal_that_ends_the_program_is_told(void **state)
{
	const char *argv[] = { "cat", NULL };
	const struct program_run run = { .argv = argv, .path = "/bin/cat",
		.how_stdin = PROGRAM_STDIN_OPEN };
	struct program_result r;
	struct program p;

	(void)state;
	assert_true(program_start(&p, &run));
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_true(program_finish(&p, &r));
	assert_int_equal(r.signal, SIGTERM);
	assert_false(r.hung);
	program_result_free(&r);
}

static void
a_program_that_is_not_there_is_127(void **state)
{
	const char *argv[] = { "x", NULL };
	const struct program_run run = { .argv = argv, .path = "/no/such" };
	struct program_result r;

	(void)state;
	assert_true(program_run(&r, &run));
	assert_int_equal(r.exit_status, 127);
	program_result_free(&r);
}

static void
another_user_runs_it_where_we_are_root(void **state)
{
	struct program_run run = { .set_uid = true, .uid = 65534,
		.gid = 65534 };
	struct program_result r;

	(void)state;
	if (geteuid() != 0)
		skip();
	run_shell(&r, &run, "id -u; id -G");
	assert_string_equal(buf_string(&r.out), "65534\n65534\n");
	program_result_free(&r);
}

static void
a_wrapper_runs_the_binary_under_its_name(void **state)
{
	const char *argv[] = { "/usr/sbin/sendmail", "-c", "echo \"$0\"", NULL };
	const struct program_run run = { .argv = argv };
	const char *was = getenv("POSTHASTE");
	char *binary = mem_string(was);
	struct program_result r;

	(void)state;
	assert_int_equal(setenv("POSTHASTE", SHELL, 1), 0);
	assert_int_equal(setenv("POSTHASTE_WRAPPER", "env  W=1", 1), 0);
	assert_true(program_run(&r, &run));
	assert_int_equal(unsetenv("POSTHASTE_WRAPPER"), 0);
	assert_int_equal(binary == NULL ? unsetenv("POSTHASTE") :
	    setenv("POSTHASTE", binary, 1), 0);
	assert_non_null(strstr(buf_string(&r.out), "/sendmail\n"));
	assert_int_equal(r.exit_status, 0);
	program_result_free(&r);
	mem_free(binary);
}

static void
a_profile_is_for_its_owner_alone(void **state)
{
	const struct scratch *scratch = *state;
	char *path = program_profile(scratch, "[a]\n");
	struct stat st;

	assert_non_null(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 4);
	mem_free(path);
}

static void
a_scratch_directory_goes_with_all_in_it(void **state)
{
	struct scratch s;
	char path[sizeof(s.path)], *file, *inner;

	(void)state;
	assert_true(scratch_make(&s));
	(void)snprintf(path, sizeof(path), "%s", s.path);
	inner = scratch_path(&s, "inner");
	assert_int_equal(mkdir(inner, 0700), 0);
	file = scratch_file(&s, "inner/file", 0400, span_of("x"));
	assert_non_null(file);
	scratch_remove(&s);
	assert_int_equal(access(path, F_OK), -1);
	mem_free(file);
	mem_free(inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_status_and_input_are_carried),
		cmocka_unit_test(environment_and_directory_are_as_asked),
		cmocka_unit_test(a_program_that_hangs_is_killed_at_the_limit),
		cmocka_unit_test(input_that_is_not_read_is_a_broken_pipe),
		cmocka_unit_test(descriptors_are_closed_where_it_is_asked_for),
		cmocka_unit_test(stdin_may_be_a_directory_or_stay_open),
		cmocka_unit_test(whoever_keeps_the_output_open_is_noticed),
		cmocka_unit_test(a_signal_that_ends_the_program_is_told),
		cmocka_unit_test(a_program_that_is_not_there_is_127),
		cmocka_unit_test(another_user_runs_it_where_we_are_root),
		cmocka_unit_test(a_wrapper_runs_the_binary_under_its_name),
		cmocka_unit_test(a_profile_is_for_its_owner_alone),
		cmocka_unit_test(a_scratch_directory_goes_with_all_in_it),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
