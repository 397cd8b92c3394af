/*
 * --configure: a profile for an address. Domains that need the DNS are tried in
 * tests/interop/reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/program.h"

static const char *const env[] = { "HOME=/home/ann", NULL };

/* Whether stdout has the line. */
static void
check_line(const struct program_result *result, const char *line)
{
	struct span rest = buf_span(&result->out), each;

	while (span_next(&rest, '\n', &each))
		if (span_equals(each, span_of(line)))
			return;
	fail_msg("no `%s` in\n%s%s", line, buf_string(&result->out),
	    buf_string(&result->err));
}

static void
providers_are_known_by_their_domains(void **state)
{
	static const struct {
		const char *address, *lines[6];
	} cases[] = {
		{ "ann@gmail.com", { "[default]", "host = smtp.gmail.com",
		    "port = 465", "tls = implicit", "user = ann@gmail.com",
		    "from = ann@gmail.com" } },
		{ "ann@ICloud.com", { "host = smtp.mail.me.com", "port = 587",
		    "tls = starttls" } },
		{ "ann@hotmail.com", { "host = smtp.office365.com",
		    "auth = xoauth2" } },
		{ "ann@googlemail.com", { "host = smtp.gmail.com" } },
	};
	struct program_result result;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = { "posthaste", "--configure",
			cases[i].address, NULL };
		const struct program_run run = { .argv = argv, .env = env,
		    .how_stdin = PROGRAM_STDIN_OPEN };

		assert_true(program_run(&result, &run));
		assert_false(result.hung);
		assert_int_equal(result.exit_status, EX_OK);
		assert_string_equal(buf_string(&result.err), "");
		for (k = 0; k < 6 && cases[i].lines[k] != NULL; k++)
			check_line(&result, cases[i].lines[k]);
		program_result_free(&result);
	}
}

/* root's profile is the system's: its mail must have an address, and mustn't go
 * to a stranger at a provider. */
static void
the_systems_profile_knows_bare_names(void **state)
{
	const char *argv[] = { "posthaste", "--configure", "ann@gmail.com",
		NULL };
	const struct program_run run = { .argv = argv, .env = env,
	    .how_stdin = PROGRAM_STDIN_OPEN };
	bool is_root = geteuid() == 0;
	struct program_result result;

	(void)state;
	assert_true(program_run(&result, &run));
	assert_int_equal(result.exit_status, EX_OK);
	check_line(&result, is_root ? "# /etc/posthaste/posthaste.ini," :
	    "# /home/ann/.config/posthaste/posthaste.ini,");
	assert_null(strstr(buf_string(&result.out), "domain ="));
	if (is_root) {
		check_line(&result, "from_policy = missing");
		check_line(&result, "#aliases = /etc/aliases");
		check_line(&result, "# To choose one, write a line such as "
		    "`root: ann@gmail.com` into /etc/aliases, and take the # "
		    "before aliases out.");
	} else {
		assert_null(strstr(buf_string(&result.out), "aliases"));
	}
	program_result_free(&result);
}

/* Our end of a terminal, whose other end is `*path`. */
static int
open_terminal(const char **path)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	/* A bare root may have no terminals to give. */
	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0)
		skip();
	*path = ptsname(fd);
	assert_non_null(*path);
	return fd;
}

static void
on_a_terminal_each_answer_can_be_another(void **state)
{
	static const char answers[] =
	    "smtp.example.org\n587\n\nwww1.example.org\n";
	static const char *const lines[] = { "host = smtp.example.org",
		"port = 587", "tls = starttls", "user = ann@posteo.de",
		"ehlo = www1.example.org" };
	const char *argv[] = { "posthaste", "--configure=ann@posteo.de",
		NULL }, *check[] = { "posthaste", "--config", NULL,
		"--print-config", NULL };
	struct program_run run = { .argv = argv, .env = env,
	    .how_stdin = PROGRAM_STDIN_FILE };
	struct program_result result, again;
	char *path;
	size_t i;
	int fd = open_terminal(&run.input_file);

	assert_int_equal(write(fd, answers, sizeof(answers) - 1),
	    sizeof(answers) - 1);
	assert_true(program_run(&result, &run));
	assert_false(result.hung);
	assert_int_equal(result.exit_status, EX_OK);
	assert_non_null(strstr(buf_string(&result.err),
	    "relay [posteo.de]: "));
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check_line(&result, lines[i]);
	path = program_profile(*state, buf_string(&result.out));
	check[2] = path;
	run.argv = check;
	run.how_stdin = PROGRAM_STDIN_OPEN;
	assert_true(program_run(&again, &run));
	assert_int_equal(again.exit_status, EX_OK);
	program_result_free(&again);
	program_result_free(&result);
	mem_free(path);
	(void)close(fd);
}

static void
what_is_no_address_is_an_error(void **state)
{
	static const char *const words[] = { "ann", "a b@c", "" };
	struct program_result result;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *argv[] = { "posthaste", "--configure", words[i],
			NULL };
		const struct program_run run = { .argv = argv,
		    .how_stdin = PROGRAM_STDIN_OPEN };

		assert_true(program_run(&result, &run));
		assert_false(result.hung);
		assert_true(result.exit_status == EX_USAGE ||
		    result.exit_status == EX_DATAERR);
		assert_string_equal(buf_string(&result.out), "");
		program_result_free(&result);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(providers_are_known_by_their_domains),
		cmocka_unit_test(the_systems_profile_knows_bare_names),
		cmocka_unit_test(on_a_terminal_each_answer_can_be_another),
		cmocka_unit_test(what_is_no_address_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
