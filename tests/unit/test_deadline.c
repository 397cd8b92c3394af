#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SOON 20		/* ms */
#define LATE 600000	/* never reached */

static void
the_clock_never_goes_back(void **state)
{
	int64_t last = clock_ms(), now;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		now = clock_ms();
		assert_true(now >= last);
		last = now;
	}
}

static void
a_deadline_passes_once_and_for_all(void **state)
{
	(void)state;
	assert_false(deadline_passed(deadline_never()));
	assert_false(deadline_passed(deadline_in(LATE)));
	assert_true(deadline_passed(deadline_in(0)));
	assert_true(deadline_passed(deadline_in(-1)));
	assert_true(deadline_passed(deadline_in(-LATE)));
}

static void
a_deadline_beyond_all_time_never_passes(void **state)
{
	(void)state;
	assert_true(deadline_in(INT64_MAX).at == INT64_MAX);
	assert_true(deadline_in(INT64_MAX - 1).at == INT64_MAX);
	assert_false(deadline_passed(deadline_in(INT64_MAX)));
}

static void
a_limit_holds_what_its_message_needs(void **state)
{
	struct limit l = limit_in(STAGE_GREETING, "greeting", "timeout", LATE);

	(void)state;
	assert_int_equal(l.stage, STAGE_GREETING);
	assert_string_equal(l.what, "greeting");
	assert_string_equal(l.key, "timeout");
	assert_int_equal(l.ms, LATE);
	assert_null(l.hint);
	assert_false(deadline_passed(l.until));
	assert_true(deadline_passed(limit_in(STAGE_DNS, "x", NULL, 0).until));
	l = limit_none(STAGE_INPUT, "the message");
	assert_int_equal(l.stage, STAGE_INPUT);
	assert_string_equal(l.what, "the message");
	assert_null(l.key);
	assert_null(l.hint);
	assert_true(l.until.at == INT64_MAX);
}

static void
the_sooner_of_two_limits_holds(void **state)
{
	struct limit step = limit_in(STAGE_MAIL, "reply", "timeout", 300000);
	struct limit run = limit_in(STAGE_NONE, "all", "total_timeout",
	    900000);
	struct limit l;

	(void)state;
	step.hint = "H19";
	l = limit_within(step, run);
	assert_string_equal(l.key, "timeout");
	assert_int_equal(l.ms, 300000);
	assert_true(l.until.at == step.until.at);
	run = limit_in(STAGE_NONE, "all", "total_timeout", 1000);
	l = limit_within(step, run);
	assert_string_equal(l.key, "total_timeout");
	assert_int_equal(l.ms, 1000);
	assert_true(l.until.at == run.until.at);
	/* What is waited for stays. */
	assert_int_equal(l.stage, STAGE_MAIL);
	assert_string_equal(l.what, "reply");
	assert_string_equal(l.hint, "H19");
	l = limit_within(step, limit_none(STAGE_NONE, "all"));
	assert_string_equal(l.key, "timeout");
	l = limit_within(limit_none(STAGE_INPUT, "it"), run);
	assert_true(l.until.at == run.until.at);
	assert_string_equal(l.key, "total_timeout");
}

static void
a_limit_that_passed_says_which(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} limits[] = {
		{ 0, "no greeting within 0.000 s" },
		{ 5, "no greeting within 0.005 s" },
		{ 1500, "no greeting within 1.500 s" },
		{ 300000, "no greeting within 300.000 s" },
	};
	struct error err;
	struct limit l;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(limits); i++) {
		error_clear(&err);
		l = limit_in(STAGE_GREETING, "greeting", "timeout",
		    limits[i].ms);
		assert_false(limit_passed(&l, &err));
		assert_int_equal(err.stage, STAGE_GREETING);
		assert_int_equal(err.exit_code, 69);
		assert_true(err.temporary);
		assert_false(err.uncertain);
		assert_int_equal(err.sys_errno, 0);
		assert_string_equal(err.text, limits[i].text);
		assert_string_equal(err.cause,
		    "the time limit `timeout` is over");
		assert_null(err.hint);
	}
}

static void
a_hint_takes_the_place_of_the_cause(void **state)
{
	struct limit l = limit_in(STAGE_GREETING, "greeting", "timeout", 5);
	struct error err = { 0 };

	(void)state;
	l.hint = "H19";
	assert_false(limit_passed(&l, &err));
	assert_string_equal(err.text, "no greeting within 0.005 s");
	assert_string_equal(err.hint, "H19");
	assert_string_equal(err.cause, "");
}

static void
a_limit_without_a_key_gives_no_cause(void **state)
{
	struct limit l = limit_in(STAGE_TLS, "handshake", NULL, 10);
	struct error err = { 0 };

	(void)state;
	assert_false(limit_passed(&l, &err));
	assert_string_equal(err.text, "no handshake within 0.010 s");
	assert_string_equal(err.cause, "");
	assert_null(err.hint);
}

static void
a_limit_that_passed_changes_no_earlier_error(void **state)
{
	struct limit l = limit_in(STAGE_QUIT, "reply", "timeout", 10);
	struct error err = { 0 }, before;

	(void)state;
	l.hint = "H19";
	(void)error_set(&err, STAGE_RCPT, EX_NOUSER, "first");
	before = err;
	assert_false(limit_passed(&l, &err));
	assert_memory_equal(&err, &before, sizeof(err));
}

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
what_is_ready_is_ready_though_the_limit_has_passed(void **state)
{
	struct limit l = limit_in(STAGE_MAIL, "reply", NULL, -1000);
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };
	bool ready = false;

	fill(state);
	assert_true(limit_wait(&l, &fd, 1, &err));
	assert_int_equal(fd.revents & POLLIN, POLLIN);
	assert_false(error_is_set(&err));
	assert_true(limit_wait_ms(&l, &fd, 1, 0, &ready, &err));
	assert_true(ready);
}

static void
silence_ends_at_the_limit(void **state)
{
	struct limit l = limit_in(STAGE_RECEIPT, "reply to the message",
	    "data_timeout", SOON);
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };

	assert_false(limit_wait(&l, &fd, 1, &err));
	assert_true(deadline_passed(l.until));
	assert_int_equal(err.stage, STAGE_RECEIPT);
	assert_int_equal(err.exit_code, 69);
	assert_true(err.temporary);
	assert_string_equal(err.text, "no reply to the message within 0.020 s");
	assert_string_equal(err.cause, "the time limit `data_timeout` is over");
}

static void
a_limit_in_the_past_looks_once_and_fails(void **state)
{
	struct limit l = limit_in(STAGE_MAIL, "reply", NULL, 0);
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };

	l.until.at -= 1000000;
	assert_false(limit_wait(&l, &fd, 1, &err));
	assert_string_equal(err.text, "no reply within 0.000 s");
}

static void
a_turn_that_ends_first_is_no_failure(void **state)
{
	struct limit l = limit_in(STAGE_CONNECT, "connection", NULL, LATE);
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };
	bool ready = true;

	assert_true(limit_wait_ms(&l, &fd, 1, SOON, &ready, &err));
	assert_false(ready);
	ready = true;
	assert_true(limit_wait_ms(&l, &fd, 1, 0, &ready, &err));
	assert_false(ready);
	assert_false(error_is_set(&err));
	fill(state);
	assert_true(limit_wait_ms(&l, &fd, 1, LATE, &ready, &err));
	assert_true(ready);
}

static void
a_limit_that_ends_before_the_turn_is_a_failure(void **state)
{
	struct limit l = limit_in(STAGE_CONNECT, "connection",
	    "connect_timeout", SOON);
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };
	bool ready;

	assert_false(limit_wait_ms(&l, &fd, 1, LATE, &ready, &err));
	assert_int_equal(err.stage, STAGE_CONNECT);
	assert_int_equal(err.exit_code, 69);
	assert_string_equal(err.text, "no connection within 0.020 s");
}

static void
nothing_at_all_can_be_waited_for(void **state)
{
	struct limit l = limit_in(STAGE_DNS, "answer", NULL, SOON);
	struct error err = { 0 };

	(void)state;
	assert_false(limit_wait(&l, NULL, 0, &err));
	assert_string_equal(err.text, "no answer within 0.020 s");
}

static void
a_hang_up_is_something_ready(void **state)
{
	struct limit l = limit_none(STAGE_MAIL, "reply");
	struct pollfd fd = { .events = POLLIN };
	struct error err = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[1]), 0);
	fd.fd = ends[0];
	assert_true(limit_wait(&l, &fd, 1, &err));
	assert_int_equal(fd.revents & POLLHUP, POLLHUP);
	assert_int_equal(close(ends[0]), 0);
}

static void
sleep_a_little(void)
{
	struct timespec t = { 0, SOON * 1000000L };

	(void)nanosleep(&t, NULL);
}

static void
without_a_limit_the_wait_lasts_until_something_comes(void **state)
{
	struct limit l = limit_none(STAGE_INPUT, "the message");
	struct pollfd fd = reader_of(state);
	struct error err = { 0 };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		sleep_a_little();
		_exit(write(((const int *)*state)[1], "x", 1) == 1 ? 0 : 1);
	}
	assert_true(limit_wait(&l, &fd, 1, &err));
	assert_int_equal(fd.revents & POLLIN, POLLIN);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define PIPE_TEST(test) \
	cmocka_unit_test_prestate_setup_teardown(test, make_pipe, close_pipe, \
	    ends)

int
main(void)
{
	int ends[2];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_never_goes_back),
		cmocka_unit_test(a_deadline_passes_once_and_for_all),
		cmocka_unit_test(a_deadline_beyond_all_time_never_passes),
		cmocka_unit_test(a_limit_holds_what_its_message_needs),
		cmocka_unit_test(the_sooner_of_two_limits_holds),
		cmocka_unit_test(a_limit_that_passed_says_which),
		cmocka_unit_test(a_hint_takes_the_place_of_the_cause),
		cmocka_unit_test(a_limit_without_a_key_gives_no_cause),
		cmocka_unit_test(a_limit_that_passed_changes_no_earlier_error),
		PIPE_TEST(what_is_ready_is_ready_though_the_limit_has_passed),
		PIPE_TEST(silence_ends_at_the_limit),
		PIPE_TEST(a_limit_in_the_past_looks_once_and_fails),
		PIPE_TEST(a_turn_that_ends_first_is_no_failure),
		PIPE_TEST(a_limit_that_ends_before_the_turn_is_a_failure),
		cmocka_unit_test(nothing_at_all_can_be_waited_for),
		cmocka_unit_test(a_hang_up_is_something_ready),
		PIPE_TEST(without_a_limit_the_wait_lasts_until_something_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
