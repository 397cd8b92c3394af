/*
 * The program as strange callers start it: descriptors closed or leaked,
 * signals ignored or sent, no home, no passwd entry, no environment, another
 * user, a pipe that must be read to its end.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define NO_SUCH_UID 54321	/* hopefully */

static const char *const verbose[] = { "-v", "-i", "-f", KIT_SENDER,
	KIT_RECIPIENT, NULL };

/* What a plain delivery says to the relay, and not an octet more. */
static const char dialogue[] =
    "EHLO client.example.org\r\nMAIL FROM:<robot@example.org> SIZE=139\r\n"
    "RCPT TO:<one@example.net>\r\nDATA\r\n";

/* A wrapper is a process of its own, with its own needs. */
static bool
is_wrapped(void)
{
	const char *wrapper = getenv("POSTHASTE_WRAPPER");

	return wrapper != NULL && wrapper[0] != '\0';
}

static void
check_closed(unsigned int closed, const char *input, void **state)
{
	struct trial t = { .args = verbose, .run.input_file = input };
	const struct buf *received;

	t.run.how_stdin = (closed & 1) != 0 ? PROGRAM_STDIN_CLOSED :
	    PROGRAM_STDIN_FILE;
	t.run.close_stdout = (closed & 2) != 0;
	t.run.close_stderr = (closed & 4) != 0;
	trial_run(&t, state);
	if ((closed & 1) != 0) {
		trial_failed(&t, EX_NOINPUT, NULL, "");
		TRIAL_CHECK(&t, t.record.count == 0);
	} else {
		trial_delivered(&t, kit_wire);
		received = &t.record.connections[0].received;
		TRIAL_CHECK(&t, received->len == strlen(dialogue) +
		    strlen(kit_wire) + strlen(".\r\nQUIT\r\n"));
		TRIAL_CHECK(&t, memcmp(received->data, dialogue,
		    strlen(dialogue)) == 0);
	}
	trial_free(&t);
}

static void
arg_9_any_of_the_three_descriptors_may_be_closed(void **state)
{
	unsigned int closed;
	char *input;

	if (is_wrapped())
		skip();
	input = scratch_file(*state, "input", 0600, span_of(kit_input));
	assert_non_null(input);
	for (closed = 0; closed < 8; closed++)
		check_closed(closed, input, state);
	mem_free(input);
}

/* Another holder of a pipe's end would keep it from hanging up. */
static void
arg_9_leaked_descriptors_are_closed_at_once(void **state)
{
	struct trial t = { .mode = RELAY_PLAIN };
	struct pollfd end = { .events = POLLIN };
	int ends[2], high;

	trial_prepare(&t, state);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
	high = fcntl(ends[1], F_DUPFD, 251);
	assert_true(high != -1);
	assert_true(program_start(&t.program, &t.run));
	(void)close(ends[1]);
	(void)close(high);
	end.fd = ends[0];
	/* It waits for its input all that time. */
	assert_int_equal(poll(&end, 1, 5000), 1);
	assert_true((end.revents & POLLHUP) != 0);
	(void)close(ends[0]);
	trial_finish(&t);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
stdin_9_that_gives_nothing_is_no_message(void **state)
{
	static const struct {
		const char *file, *words;
	} files[] = { { "/dev/null", "stdin is empty" },
		{ "/", "stdin: Is a directory" } };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .json = true,
		    .run.how_stdin = PROGRAM_STDIN_FILE,
		    .run.input_file = files[i].file };

		trial_run(&t, state);
		trial_failed(&t, EX_NOINPUT, "input", files[i].words);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

/* A reset in mid-body is what SIGPIPE would kill for. */
static void
arg_10_sigpipe_kills_nobody_ignored_or_not(void **state)
{
	static const char *const traps[] = { "exec \"$0\" \"$@\"",
		"trap '' PIPE; exec \"$0\" \"$@\"" };
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, kit_input));
	while (input.len < 3000000)
		assert_true(buf_add_string(&input, "some more of it\n"));
	for (i = 0; i < 2; i++) {
		struct trial t = { .run.path = "/bin/sh", .overrides = { {
		    .stage = "body", .script = "window 1\ndata 1000\nreset" }
		    } };
		const char *argv[] = { "sh", "-c", traps[i],
			getenv("POSTHASTE"), "-f", KIT_SENDER, KIT_RECIPIENT,
			NULL };

		t.name = "sendmail";
		t.run.argv = argv;
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_failed(&t, EX_UNAVAILABLE, NULL, "");
		TRIAL_CHECK(&t, t.result.signal == 0);
		trial_free(&t);
	}
	buf_free(&input);
}

/* As in `sendmail 2>&1 | head`: what is said of a failure has no reader. */
static void
arg_10_the_status_stands_where_nobody_listens(void **state)
{
	static const char shell[] = "mkfifo said && exec 3<>said 2>said && "
	    "exec 3>&- && exec \"$0\" \"$@\"";
	const struct scratch *scratch = *state;
	const char *argv[] = { "sh", "-c", shell, getenv("POSTHASTE"), "-i",
		"-f", KIT_SENDER, KIT_RECIPIENT, NULL };
	struct trial t = { .run.path = "/bin/sh", .name = "sendmail",
	    .run.argv = argv, .run.cwd = scratch->path, .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 no" } } };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.signal == 0);
	TRIAL_CHECK(&t, t.result.exit_status == EX_NOUSER);
	trial_free(&t);
}

/* The shell sets the limit; whatever that breaks, it doesn't look sent. */
static void
arg_10_no_limit_makes_a_lost_message_look_sent(void **state)
{
	static const char *const limits[] = { "ulimit -n 8", "ulimit -n 4",
		"ulimit -v 30000", "ulimit -v 1000000", "ulimit -f 0",
		"ulimit -t 1", "ulimit -s 64", "ulimit -c unlimited" };
	char line[80];
	size_t i;

	if (is_wrapped())
		skip();
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const char *argv[] = { "sh", "-c", line, getenv("POSTHASTE"),
			"-i", "-f", KIT_SENDER, KIT_RECIPIENT, NULL };
		struct trial t = { .run.path = "/bin/sh", .name = "sendmail",
		    .run.argv = argv };

		(void)snprintf(line, sizeof(line), "%s; exec \"$0\" \"$@\"",
		    limits[i]);
		trial_run(&t, state);
		TRIAL_CHECK(&t, !t.result.hung);
		TRIAL_CHECK(&t, (t.result.exit_status == EX_OK) ==
		    (t.record.committed == 1));
		trial_free(&t);
	}
}

static void
no_environment_no_home_and_the_root_directory_are_enough(void **state)
{
	struct trial bare = { .bare_env = true, .run.cwd = "/" };
	struct trial odd = { .env = { "HOME=", "TMPDIR=/nowhere",
	    "XDG_CONFIG_HOME=relative", "TZ=:garbage" }, .run.cwd = "/proc" };

	if (is_wrapped())
		skip();
	trial_run(&bare, state);
	trial_delivered(&bare, kit_wire);
	trial_run(&odd, state);
	trial_delivered(&odd, kit_wire);
	trial_free(&bare);
	trial_free(&odd);
}

static void
without_any_profile_the_places_are_listed(void **state)
{
	static const char *const argv[] = { "sendmail", "-t", NULL };
	const struct scratch *scratch = *state;
	char home[200];
	struct trial t = { .env = { home }, .run.argv = argv };

	(void)snprintf(home, sizeof(home), "HOME=%s", scratch->path);
	if (access("/etc/posthaste/posthaste.ini", F_OK) == 0)
		skip();
	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, NULL, "/etc/posthaste/posthaste.ini");
	TRIAL_CHECK(&t, trial_says(&t, scratch->path));
	TRIAL_CHECK(&t, !t.result.broken_pipe);
	trial_free(&t);
}

static void
a_user_without_a_passwd_entry_sends_as_uid(void **state)
{
	static const char *const args[] = { "-i", KIT_RECIPIENT, NULL };
	struct trial t = { .args = args, .keys = "domain = example.org\n",
	    .run.set_uid = true, .run.uid = NO_SUCH_UID,
	    .run.gid = NO_SUCH_UID };

	if (getuid() != 0 || is_wrapped())
		skip();
	trial_start(&t, state);
	/* The profile is its user's, as the rules want it. */
	assert_int_equal(chown(t.profile_path, NO_SUCH_UID, NO_SUCH_UID), 0);
	trial_finish(&t);
	assert_int_equal(chown(t.profile_path, 0, 0), 0);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, strncmp(relay_only_message(&t.record)->mail,
	    "<uid54321@example.org>", 22) == 0);
	trial_free(&t);
}

/* Looks every 5 ms, for 5 s, whether the file holds the words. */
static bool
file_comes_to_hold(const char *path, const char *words)
{
	char text[16384];
	ssize_t n;
	int fd, turn;

	for (turn = 0; turn < 1000; turn++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
		if (fd != -1)
			(void)close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, words) != NULL)
			return true;
		(void)poll(NULL, 0, 5);
	}
	return false;
}

static void
stdin_12_a_signal_before_the_message_is_out_is_69(void **state)
{
	static const struct {
		int number;
		const char *name, *stage, *command;
	} cases[] = {
		{ SIGTERM, "stopped by SIGTERM", "ehlo", "EHLO" },
		{ SIGINT, "stopped by SIGINT", "mail", "MAIL" },
		{ SIGHUP, "stopped by SIGHUP", "rcpt", "RCPT" },
		{ SIGQUIT, "stopped by SIGQUIT", "data", "DATA" },
		{ SIGXCPU, "stopped by SIGXCPU", "mail", "MAIL" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Without PIPELINING it waits once its command is there. */
		struct trial t = { .json = true, .overrides = { {
		    .stage = cases[i].stage, .script = "wait" }, {
		    .stage = "ehlo", .script = "S 250 relay.test" } } };

		trial_start(&t, state);
		trial_feed(&t);
		assert_true(relay_wait_for(t.relay, cases[i].command, 5000));
		assert_int_equal(kill(t.program.pid, cases[i].number), 0);
		trial_finish(&t);
		trial_failed(&t, EX_UNAVAILABLE, cases[i].stage,
		    cases[i].name);
		TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		TRIAL_CHECK(&t, t.record.count == 1);
		trial_free(&t);
	}
}

static void
stdin_12_a_signal_while_the_receipt_is_awaited(void **state)
{
	char *file = scratch_path(*state, "transcript");
	struct trial t = { .args = verbose, .run.stderr_file = file,
	    .overrides = { { .stage = "receipt", .script = "wait" } } };

	trial_start(&t, state);
	trial_feed(&t);
	assert_true(file_comes_to_hold(file, "the message is out"));
	assert_int_equal(kill(t.program.pid, SIGTERM), 0);
	trial_finish(&t);
	trial_failed(&t, EX_PROTOCOL, NULL, "");
	assert_true(file_comes_to_hold(file, "stopped by SIGTERM"));
	assert_true(file_comes_to_hold(file,
	    "the relay may already hold the message"));
	trial_free(&t);
	mem_free(file);
}

/* "SigCgt" with SIGTERM in it: the program has come to its handlers. */
static void
wait_for_handlers(pid_t pid)
{
	char path[64], line[200];
	unsigned long long mask = 0;
	FILE *file;
	int turn;

	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	for (turn = 0; turn < 400 &&
	    (mask & 1ULL << (SIGTERM - 1)) == 0; turn++) {
		(void)poll(NULL, 0, 5);
		file = fopen(path, "re");
		while (file != NULL && fgets(line, sizeof(line), file) != NULL)
			if (strncmp(line, "SigCgt:", 7) == 0)
				mask = strtoull(line + 7, NULL, 16);
		if (file != NULL)
			(void)fclose(file);
	}
}

static void
a_signal_while_stdin_is_read_sends_nothing(void **state)
{
	struct trial t = { .json = true, .run.how_stdin = PROGRAM_STDIN_OPEN };

	if (is_wrapped())
		skip();
	trial_start(&t, state);
	wait_for_handlers(t.program.pid);
	assert_int_equal(kill(t.program.pid, SIGTERM), 0);
	trial_finish(&t);
	trial_failed(&t, EX_UNAVAILABLE, "input", "SIGTERM");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

static void
a_hangup_that_nohup_ignores_changes_nothing(void **state)
{
	struct trial t = { .overrides = { { .stage = "receipt",
	    .script = "sleep 150\ncommit\nS 250 2.0.0 queued" } } };
	void (*old)(int) = signal(SIGHUP, SIG_IGN);

	trial_start(&t, state);
	(void)signal(SIGHUP, old);
	trial_feed(&t);
	assert_true(relay_wait_for(t.relay, "DATA", 5000));
	assert_int_equal(kill(t.program.pid, SIGHUP), 0);
	trial_finish(&t);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
stdin_10_an_error_found_early_lets_the_caller_write(void **state)
{
	static const char *const usage[] = { "-Z", KIT_RECIPIENT, NULL };
	static const struct {
		const char *const *args;
		const char *keys;
		int exit_status;
		const char *words;
	} cases[] = {
		{ NULL, "nonsense = 1\n", EX_CONFIG, "nonsense" },
		{ NULL, "ehlo = localhost\n", EX_CONFIG, "ehlo" },
		{ usage, NULL, EX_USAGE, "unknown option -Z" },
	};
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, kit_input));
	while (input.len < 500000)
		assert_true(buf_add_string(&input, "some more of it\n"));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = cases[i].args,
		    .keys = cases[i].keys };

		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_failed(&t, cases[i].exit_status, NULL, cases[i].words);
		TRIAL_CHECK(&t, !t.result.broken_pipe);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
	buf_free(&input);
}

static char *
copy_binary(const struct scratch *scratch, mode_t mode)
{
	const char *from = getenv("POSTHASTE");
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	char *copy, *bytes;
	struct stat st;

	assert_true(fd != -1 && fstat(fd, &st) == 0);
	bytes = mem_alloc((size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	copy = scratch_file(scratch, "copy", 0700, span_make(bytes,
	    (size_t)st.st_size));
	mem_free(bytes);
	assert_non_null(copy);
	assert_int_equal(chmod(copy, mode), 0);
	return copy;
}

static void
arg_6_and_8_a_binary_with_id_bits_refuses_to_run(void **state)
{
	static const mode_t modes[] = { 02755, 04755 };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *copy = copy_binary(*state, modes[i]);
		struct trial t = { .run.path = copy };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, NULL, "set-uid or set-gid bit");
		TRIAL_CHECK(&t, trial_says(&t, "chmod ug-s /"));
		TRIAL_CHECK(&t, t.record.count == 0);
		TRIAL_CHECK(&t, !t.result.broken_pipe);
		trial_free(&t);
		mem_free(copy);
	}
}

static void
a_cgi_program_may_not_name_a_profile_file(void **state)
{
	struct trial t = { .env = { "GATEWAY_INTERFACE=CGI/1.1" } };
	struct trial plain = { .env = { "GATEWAY_INTERFACE=CGI/1.1" },
	    .name = "sendmail" };

	trial_run(&t, state);
	trial_failed(&t, EX_USAGE, NULL, "GATEWAY_INTERFACE");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_run(&plain, state);
	trial_delivered(&plain, kit_wire);
	trial_free(&t);
	trial_free(&plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    arg_9_any_of_the_three_descriptors_may_be_closed),
		cmocka_unit_test(arg_9_leaked_descriptors_are_closed_at_once),
		cmocka_unit_test(stdin_9_that_gives_nothing_is_no_message),
		cmocka_unit_test(arg_10_sigpipe_kills_nobody_ignored_or_not),
		cmocka_unit_test(
		    arg_10_the_status_stands_where_nobody_listens),
		cmocka_unit_test(
		    arg_10_no_limit_makes_a_lost_message_look_sent),
		cmocka_unit_test(
		    no_environment_no_home_and_the_root_directory_are_enough),
		cmocka_unit_test(without_any_profile_the_places_are_listed),
		cmocka_unit_test(a_user_without_a_passwd_entry_sends_as_uid),
		cmocka_unit_test(
		    stdin_12_a_signal_before_the_message_is_out_is_69),
		cmocka_unit_test(
		    stdin_12_a_signal_while_the_receipt_is_awaited),
		cmocka_unit_test(a_signal_while_stdin_is_read_sends_nothing),
		cmocka_unit_test(a_hangup_that_nohup_ignores_changes_nothing),
		cmocka_unit_test(
		    stdin_10_an_error_found_early_lets_the_caller_write),
		cmocka_unit_test(
		    arg_6_and_8_a_binary_with_id_bits_refuses_to_run),
		cmocka_unit_test(a_cgi_program_may_not_name_a_profile_file),
	};

	/* Under nohup it comes ignored, and would stay so. */
	(void)signal(SIGHUP, SIG_DFL);
	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
