#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int ending[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGXCPU };

/* 0, or the number of the claim that doesn't hold. */
typedef int experiment(int number);

/* Runs `run` in a child, whose signals are its own; what it returned. */
static int
in_child(experiment *run, int number)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(run(number));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN;
}

static bool
is_default(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_DFL;
}

/* Lets pending signals in, as a wait does. */
static void
let_in(void)
{
	sigset_t mask;

	os_signals_while_waiting(&mask);
	(void)sigsuspend(&mask);
}

static int
catch_one(int number)
{
	os_signals_begin();
	if (os_signal_caught() != 0)
		return 1;
	(void)raise(number);
	if (os_signal_caught() != 0)
		return 2;	/* it must wait for the wait */
	let_in();
	if (os_signal_caught() != number)
		return 3;
	(void)raise(number == SIGINT ? SIGTERM : SIGINT);
	let_in();
	return os_signal_caught() == number ? 0 : 4;
}

static void
the_first_signal_is_remembered_once_it_is_let_in(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ending); i++)
		assert_int_equal(in_child(catch_one, ending[i]), 0);
}

static int
begin_under_nohup(int detail)
{
	sigset_t mask, pending;

	(void)detail;
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	os_signals_begin();
	if (!is_ignored(SIGHUP) || is_ignored(SIGINT))
		return 1;
	(void)raise(SIGHUP);
	if (sigpending(&pending) != 0 || sigismember(&pending, SIGHUP) != 0)
		return 2;
	/* INT isn't respected: it comes through. */
	(void)raise(SIGINT);
	os_signals_while_waiting(&mask);
	if (sigismember(&mask, SIGINT) != 0)
		return 3;
	let_in();
	return os_signal_caught() == SIGINT ? 0 : 4;
}

static void
a_hang_up_that_is_ignored_stays_so(void **state)
{

	(void)state;
	assert_int_equal(in_child(begin_under_nohup, 0), 0);
}

static int
survive(int detail)
{
	sigset_t none;
	size_t i;

	(void)detail;
	os_signals_begin();
	(void)raise(SIGTERM);
	os_signals_end();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 0; i < COUNT(ending); i++)
		(void)raise(ending[i]);
	return os_signal_caught() == 0 ? 0 : 1;
}

static void
in_the_end_all_signals_are_ignored(void **state)
{

	(void)state;
	assert_int_equal(in_child(survive, 0), 0);
}

static int
restore(int number)
{
	sigset_t before, after;
	size_t i;

	(void)sigemptyset(&before);
	(void)sigaddset(&before, SIGUSR1);
	(void)sigaddset(&before, SIGQUIT);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(number, SIG_IGN);
	os_harden();
	os_signals_begin();
	os_signals_restore();
	for (i = 0; i < COUNT(ending); i++)
		if (ending[i] == number ? !is_ignored(number) :
		    !is_default(ending[i]))
			return 1;
	if (!is_default(SIGPIPE) || !is_default(SIGXFSZ))
		return 2;
	if (sigprocmask(SIG_BLOCK, NULL, &after) != 0)
		return 3;
	for (i = 0; i < COUNT(ending); i++)
		if (sigismember(&after, ending[i]) != (ending[i] == SIGQUIT))
			return 4;
	return sigismember(&after, SIGUSR1) == 1 ? 0 : 5;
}

static void
a_command_gets_the_signals_as_they_came(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ending); i++)
		assert_int_equal(in_child(restore, ending[i]), 0);
}

static void
signals_have_names(void **state)
{
	(void)state;
	assert_string_equal(os_signal_name(SIGHUP), "SIGHUP");
	assert_string_equal(os_signal_name(SIGINT), "SIGINT");
	assert_string_equal(os_signal_name(SIGTERM), "SIGTERM");
	assert_string_equal(os_signal_name(SIGQUIT), "SIGQUIT");
	assert_string_equal(os_signal_name(SIGXCPU), "SIGXCPU");
	assert_string_equal(os_signal_name(SIGUSR1), "a signal");
	assert_string_equal(os_signal_name(0), "a signal");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_first_signal_is_remembered_once_it_is_let_in),
		cmocka_unit_test(a_hang_up_that_is_ignored_stays_so),
		cmocka_unit_test(in_the_end_all_signals_are_ignored),
		cmocka_unit_test(a_command_gets_the_signals_as_they_came),
		cmocka_unit_test(signals_have_names),
	};

	size_t i;

	/* Under nohup, or behind a shell's &, some come ignored. */
	for (i = 0; i < COUNT(ending); i++)
		(void)signal(ending[i], SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
