/*
 * What the program says of its own files, and makes of other programs': none of
 * it needs a relay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "support/program.h"

#define WORDS 6

static const char file_text[] =
"[default]\n"
"# a comment\n"
"host = smtp.example.org\n"
"ehlo = www1.example.net\n"
"user = robot@example.net\n"
"password = hunter2\n"
"port = 2525\n"
"proxy = socks5://scott:tiger@127.0.0.1:1080\n"
"from_name = \xc3\x9c; # \"all\" of it\n"
"[news]\n"
"inherit = default\n"
"match_from = news@example.net, *@lists.example.net\n"
"password_command = echo hunter3\n"
"[bare]\n"
"inherit = news\n"
"host = srv:example.org\n"
"password_file = /etc/posthaste/bare\n"
"[box]\n"
"inherit = default\n"
"socket = /run/re lay.sock\n";

/* One run of `posthaste` with these words, "FILE" being the file's path. */
static void
run_words(struct program_result *result, const char *const *words,
    const char *path, const char *const *env)
{
	const char *argv[WORDS + 2] = { "posthaste" };
	const struct program_run run = { .argv = argv, .env = env,
	    .how_stdin = PROGRAM_STDIN_OPEN };
	size_t i;

	for (i = 0; i < WORDS && words[i] != NULL; i++)
		argv[i + 1] = strcmp(words[i], "FILE") == 0 ? path : words[i];
	assert_true(program_run(result, &run));
	assert_false(result->hung);
}

/* `text` with the path of the file for each FILE. */
static char *
with_path(const char *text, const char *path)
{
	struct buf out;
	const char *at;
	char *all;

	buf_init(&out, BUF_UNLIMITED);
	for (; (at = strstr(text, "FILE")) != NULL; text = at + 4)
		assert_true(buf_add(&out, text, (size_t)(at - text)) &&
		    buf_add_string(&out, path));
	assert_true(buf_add_string(&out, text));
	all = mem_string(buf_string(&out));
	buf_free(&out);
	return all;
}

static void
each_key_is_shown_with_its_line_and_secrets_are_not(void **state)
{
	static const struct {
		const char *words[WORDS], *text;
	} cases[] = {
		{ { "--config", "FILE", "--print-config" },
		    "# profile [default] of FILE: nothing chose another\n[default]\n"
		    "# FILE:3\nhost = smtp.example.org\n"
		    "# FILE:4\nehlo = www1.example.net\n"
		    "# FILE:5\nuser = robot@example.net\n"
		    "# FILE:6\n#password = (not shown)\n"
		    "# FILE:7\nport = 2525\n"
		    "# FILE:8\n# its user and password are not shown\n"
		    "proxy = socks5://127.0.0.1:1080\n"
		    "# FILE:9\nfrom_name = \xc3\x9c; # \"all\" of it\n" },
		{ { "--config", "FILE", "--profile=news", "--print-config" },
		    "# profile [news] of FILE: --profile\n[news]\n"
		    "# FILE:11\n#inherit = default\n"
		    "# what that says is below\n"
		    "# FILE:12\nmatch_from = news@example.net, "
		    "*@lists.example.net\n"
		    "# FILE:13\n#password_command = (not shown)\n"
		    "# FILE:3\nhost = smtp.example.org\n"
		    "# FILE:4\nehlo = www1.example.net\n"
		    "# FILE:5\nuser = robot@example.net\n"
		    "# FILE:7\nport = 2525\n"
		    "# FILE:8\n# its user and password are not shown\n"
		    "proxy = socks5://127.0.0.1:1080\n"
		    "# FILE:9\nfrom_name = \xc3\x9c; # \"all\" of it\n" },
		{ { "--config", "FILE", "--profile=box", "--print-config" },
		    "# profile [box] of FILE: --profile\n[box]\n"
		    "# FILE:19\n#inherit = default\n"
		    "# what that says is below\n"
		    "# FILE:20\nsocket = /run/re lay.sock\n"
		    "# FILE:4\nehlo = www1.example.net\n"
		    "# FILE:5\nuser = robot@example.net\n"
		    "# FILE:6\n#password = (not shown)\n"
		    "# FILE:9\nfrom_name = \xc3\x9c; # \"all\" of it\n" },
		{ { "--config", "FILE", "--list-profiles" },
		    "default else=yes host=smtp.example.org "
		    "ehlo=www1.example.net\n"
		    "news match_from='news@example.net, *@lists.example.net' "
		    "host=smtp.example.org ehlo=www1.example.net\n"
		    "bare host=srv:example.org ehlo=www1.example.net\n"
		    "box socket='/run/re lay.sock' ehlo=www1.example.net\n" },
	};
	char *path = program_profile(*state, file_text), *want;
	struct program_result result;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		want = with_path(cases[i].text, path);
		run_words(&result, cases[i].words, path, NULL);
		assert_string_equal(buf_string(&result.err), "");
		assert_string_equal(buf_string(&result.out), want);
		assert_int_equal(result.exit_status, EX_OK);
		program_result_free(&result);
		mem_free(want);
	}
	mem_free(path);
}

/* Takes the comments out, in which lines and files differ. */
static void
strip(struct buf *text)
{
	struct span rest = buf_span(text), line;
	struct buf out;

	buf_init(&out, BUF_UNLIMITED);
	while (span_next(&rest, '\n', &line))
		if (line.len > 0 && line.data[0] != '#')
			assert_true(buf_add_span(&out, line) &&
			    buf_add_char(&out, '\n'));
	buf_clear(text);
	assert_true(buf_add_span(text, buf_span(&out)));
	buf_free(&out);
}

static void
what_is_printed_is_a_profile_that_says_the_same(void **state)
{
	static const char text[] = "[a]\nhost = 127.0.0.1\nport = 25\n"
	    "log = none\n[b]\ninherit = a\nhost = smtp.example.org\n"
	    "ehlo = www1.example.net\nuser = me\npassword = hunter2\n"
	    "[default]\ninherit = b\npassword_file = /x\n";
	static const char *const words[WORDS] = { "--config", "FILE",
		"--print-config" };
	char *path = program_profile(*state, text), *again;
	struct program_result one, two;

	run_words(&one, words, path, NULL);
	assert_int_equal(one.exit_status, EX_OK);
	again = program_profile(*state, buf_string(&one.out));
	run_words(&two, words, again, NULL);
	assert_string_equal(buf_string(&two.err), "");
	strip(&one.out);
	strip(&two.out);
	assert_string_equal(buf_string(&one.out), "[default]\n"
	    "password_file = /x\nhost = smtp.example.org\n"
	    "ehlo = www1.example.net\nuser = me\nport = 25\nlog = none\n");
	assert_string_equal(buf_string(&one.out), buf_string(&two.out));
	program_result_free(&two);
	program_result_free(&one);
	mem_free(again);
	mem_free(path);
}

static void
a_profile_that_cant_be_used_is_printed_and_reported(void **state)
{
	static const char *const words[WORDS] = { "--config", "FILE",
		"--print-config" };
	char *path = program_profile(*state, "[x]\nhost = h.example.org\n");
	struct program_result result;

	run_words(&result, words, path, NULL);
	assert_int_equal(result.exit_status, EX_CONFIG);
	assert_non_null(strstr(buf_string(&result.out), "it is the only one\n"
	    "[x]\n"));
	assert_non_null(strstr(buf_string(&result.err), "ehlo"));
	program_result_free(&result);
	mem_free(path);
}

static void
the_environment_names_file_and_profile_too(void **state)
{
	static const char *const words[WORDS] = { "--print-config" };
	char *path = program_profile(*state, file_text);
	char *config = with_path("POSTHASTE_CONFIG=FILE", path);
	const char *env[] = { config, "POSTHASTE_PROFILE=bare", NULL };
	struct program_result result;

	run_words(&result, words, path, env);
	assert_int_equal(result.exit_status, EX_CONFIG);
	assert_non_null(strstr(buf_string(&result.err), "srv:"));
	assert_null(strstr(buf_string(&result.out), "port ="));
	assert_null(strstr(buf_string(&result.out), "password_command"));
	assert_non_null(strstr(buf_string(&result.out), ": $POSTHASTE_PROFILE\n"
	    "[bare]\n"));
	program_result_free(&result);
	mem_free(config);
	mem_free(path);
}

static void
a_cgi_program_is_shown_no_file(void **state)
{
	static const char *const verbs[] = { "--print-config",
		"--list-profiles", "--import=dma",
		"--configure=ann@gmail.com" };
	char *path = program_profile(*state, file_text);
	char *config = with_path("POSTHASTE_CONFIG=FILE", path);
	const char *env[] = { config, "GATEWAY_INTERFACE=CGI/1.1", NULL };
	struct program_result result;
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const char *words[WORDS] = { verbs[i] };

		run_words(&result, words, path, env);
		assert_int_equal(result.exit_status, EX_USAGE);
		assert_string_equal(buf_string(&result.out), "");
		assert_non_null(strstr(buf_string(&result.err),
		    "not from a CGI program"));
		program_result_free(&result);
	}
	mem_free(config);
	mem_free(path);
}

static void
a_standard_output_that_takes_nothing_is_an_error(void **state)
{
	char *path = program_profile(*state, file_text);
	const char *argv[] = { "posthaste", "--config", path,
		"--list-profiles", NULL };
	const struct program_run run = { .argv = argv,
	    .stdout_file = "/dev/full" };
	struct program_result result;

	assert_true(program_run(&result, &run));
	assert_int_equal(result.exit_status, EX_OSERR);
	program_result_free(&result);
	mem_free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_key_is_shown_with_its_line_and_secrets_are_not),
		cmocka_unit_test(
		    what_is_printed_is_a_profile_that_says_the_same),
		cmocka_unit_test(
		    a_profile_that_cant_be_used_is_printed_and_reported),
		cmocka_unit_test(the_environment_names_file_and_profile_too),
		cmocka_unit_test(a_cgi_program_is_shown_no_file),
		cmocka_unit_test(
		    a_standard_output_that_takes_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
