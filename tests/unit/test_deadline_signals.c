#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "base/os.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SOON 20		/* ms */
#define LATE 600000	/* never reached */

static int
make_pipe(void **state)
{
	int *ends = *state;

	return pipe(ends);
}

static int
close_pipe(void **state)
{
	int *ends = *state;

	return close(ends[0]) + close(ends[1]);
}

static struct pollfd
reader_of(void **state)
{
	const int *ends = *state;
	struct pollfd fd = { .fd = ends[0], .events = POLLIN };

	return fd;
}

static void
fill(void **state)
{
	const int *ends = *state;

	assert_int_equal(write(ends[1], "x", 1), 1);
}

static void
sleep_a_little(void)
{
	struct timespec t = { 0, SOON * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* What a child found out. */
struct outcome {
	bool done;
	bool ready;	/* poll can't be made to fail here */
	struct error err;
};

typedef void experiment(struct outcome *o, struct pollfd *fd, int detail);

/* Runs `run` in a child, whose signals and limits are its own. */
static struct outcome
in_child(void **state, experiment *run, int detail)
{
	struct pollfd fd = reader_of(state);
	struct outcome *shared, o;
	int status;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Under nohup it comes ignored, and stays so. */
		(void)signal(SIGHUP, SIG_DFL);
		run(shared, &fd, detail);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	o = *shared;
	assert_int_equal(munmap(shared, sizeof(*shared)), 0);
	return o;
}

static void
wait_with_a_signal_pending(struct outcome *o, struct pollfd *fd, int number)
{
	struct limit l = limit_in(STAGE_DATA, "the reply", NULL, LATE);

	os_signals_begin();
	(void)raise(number);
	o->done = limit_wait(&l, fd, 1, &o->err);
}

static void
wait_for_a_signal(struct outcome *o, struct pollfd *fd, int number)
{
	struct limit l = limit_none(STAGE_DATA, "the reply");
	pid_t sender;

	os_signals_begin();
	sender = fork();
	if (sender == 0) {
		sleep_a_little();
		_exit(kill(getppid(), number));
	}
	o->done = limit_wait(&l, fd, 1, &o->err);
	(void)waitpid(sender, NULL, 0);
}

static void
a_signal_ends_the_wait_whenever_it_comes(void **state)
{
	static const struct {
		int number;
		const char *text;
	} signals[] = {
		{ SIGHUP, "stopped by SIGHUP while waiting for the reply" },
		{ SIGINT, "stopped by SIGINT while waiting for the reply" },
		{ SIGTERM, "stopped by SIGTERM while waiting for the reply" },
		{ SIGQUIT, "stopped by SIGQUIT while waiting for the reply" },
		{ SIGXCPU, "stopped by SIGXCPU while waiting for the reply" },
	};
	static experiment *const experiments[] = {
		wait_with_a_signal_pending, wait_for_a_signal
	};
	struct outcome o;
	size_t i;

	for (i = 0; i < 2 * COUNT(signals); i++) {
		o = in_child(state, experiments[i % 2], signals[i / 2].number);
		assert_false(o.done);
		assert_int_equal(o.err.stage, STAGE_DATA);
		assert_int_equal(o.err.exit_code, 69);
		assert_false(o.err.temporary);
		assert_false(o.err.uncertain);
		assert_string_equal(o.err.text, signals[i / 2].text);
	}
}

static void
wait_with_all_at_once(struct outcome *o, struct pollfd *fd, int stage)
{
	struct limit l = limit_in((enum stage)stage, "the reply", NULL, -1);

	os_signals_begin();
	(void)raise(SIGTERM);
	o->done = limit_wait(&l, fd, 1, &o->err);
}

static void
a_signal_is_noticed_though_a_descriptor_is_ready(void **state)
{
	struct outcome o;

	fill(state);
	o = in_child(state, wait_with_all_at_once, STAGE_INPUT);
	assert_false(o.done);
	assert_int_equal(o.err.stage, STAGE_INPUT);
	assert_int_equal(o.err.exit_code, 69);
	assert_false(o.err.temporary);
	assert_string_equal(o.err.text,
	    "stopped by SIGTERM while waiting for the reply");
}

static void
a_reply_to_the_message_that_is_there_goes_before_a_signal(void **state)
{
	struct outcome o;

	fill(state);
	o = in_child(state, wait_with_all_at_once, STAGE_RECEIPT);
	assert_true(o.done);
	assert_false(error_is_set(&o.err));
}

static void
a_signal_goes_before_the_end_of_the_time(void **state)
{
	struct outcome o;

	o = in_child(state, wait_with_all_at_once, STAGE_RECEIPT);
	assert_false(o.done);
	assert_false(o.err.temporary);
	assert_string_equal(o.err.text,
	    "stopped by SIGTERM while waiting for the reply");
}

static void
note_nothing(int number)
{
	(void)number;
}

static void
wait_through_a_signal(struct outcome *o, struct pollfd *fd, int number)
{
	struct limit l = limit_in(STAGE_DATA, "reply", NULL, 5 * SOON);
	struct sigaction action;
	pid_t sender;

	memset(&action, 0, sizeof(action));
	action.sa_handler = note_nothing;
	(void)sigaction(number, &action, NULL);
	os_signals_begin();
	sender = fork();
	if (sender == 0) {
		sleep_a_little();
		_exit(kill(getppid(), number));
	}
	o->done = limit_wait(&l, fd, 1, &o->err);
	(void)waitpid(sender, NULL, 0);
}

static void
any_other_signal_does_not_end_the_wait(void **state)
{
	struct outcome o = in_child(state, wait_through_a_signal, SIGUSR1);

	assert_false(o.done);
	assert_true(o.err.temporary);
	assert_string_equal(o.err.text, "no reply within 0.100 s");
}

static void
wait_where_poll_fails(struct outcome *o, struct pollfd *fd, int detail)
{
	struct limit l = limit_in(STAGE_DATA, "reply", NULL, LATE);
	struct rlimit none = { 0, 0 };

	(void)detail;
	(void)setrlimit(RLIMIT_NOFILE, &none);
	o->ready = poll(fd, 1, 0) != -1;
	if (o->ready)
		return;
	o->done = limit_wait(&l, fd, 1, &o->err);
}

static void
a_poll_that_fails_is_the_system_s_fault(void **state)
{
	struct outcome o = in_child(state, wait_where_poll_fails, 0);
	char text[200];

	if (o.ready)
		skip();	/* under valgrind that limit isn't kept */
	(void)snprintf(text, sizeof(text), "poll: %s", strerror(EINVAL));
	assert_false(o.done);
	assert_int_equal(o.err.stage, STAGE_SYSTEM);
	assert_int_equal(o.err.exit_code, 71);
	assert_int_equal(o.err.sys_errno, EINVAL);
	assert_string_equal(o.err.text, text);
}

#define PIPE_TEST(test) \
	cmocka_unit_test_prestate_setup_teardown(test, make_pipe, close_pipe, \
	    ends)

int
main(void)
{
	int ends[2];
	const struct CMUnitTest tests[] = {
		PIPE_TEST(a_signal_ends_the_wait_whenever_it_comes),
		PIPE_TEST(a_signal_is_noticed_though_a_descriptor_is_ready),
		PIPE_TEST(
		    a_reply_to_the_message_that_is_there_goes_before_a_signal),
		PIPE_TEST(a_signal_goes_before_the_end_of_the_time),
		PIPE_TEST(any_other_signal_does_not_end_the_wait),
		PIPE_TEST(a_poll_that_fails_is_the_system_s_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
