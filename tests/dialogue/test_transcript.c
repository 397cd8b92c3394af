/*
 * The transcript of -v on a terminal.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/session_kit.h"

static const char *const verbose[] = { "-v", "-i", "-f", KIT_SENDER,
	KIT_RECIPIENT, NULL };

#define SENT "\033[36m> EHLO"
#define RECEIVED "\033[32m< 250"
#define END "\033[0m\r\n"

/* All that is shown on a terminal; false where there is none to be had. */
static bool
run_on_terminal(struct trial *t, void **state, char *shown, size_t size)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), held;
	size_t len = 0;
	ssize_t n;

	/* A bare root may have no terminals to give. */
	if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
		return false;
	t->args = verbose;
	t->run.stderr_file = ptsname(terminal);
	/* Lest what was written goes with the last one who has it open. */
	held = open(t->run.stderr_file, O_RDWR | O_NOCTTY);
	assert_true(held >= 0);
	trial_run(t, state);
	TRIAL_CHECK(t, t->result.exit_status == EX_OK);
	while (len + 1 < size && (n = read(terminal, shown + len,
	    size - 1 - len)) > 0)
		len += (size_t)n;
	shown[len] = '\0';
	(void)close(held);
	(void)close(terminal);
	return true;
}

static void
on_a_terminal_the_two_sides_have_colours(void **state)
{
	struct trial t = { .env = { "NO_COLOR=" } };
	char shown[4000];

	if (!run_on_terminal(&t, state, shown, sizeof(shown)))
		skip();
	TRIAL_CHECK(&t, strstr(shown, SENT) != NULL);
	TRIAL_CHECK(&t, strstr(shown, RECEIVED) != NULL);
	TRIAL_CHECK(&t, strstr(shown, END) != NULL);
	trial_free(&t);
}

static void
with_no_color_and_elsewhere_there_are_none(void **state)
{
	struct trial off = { .env = { "NO_COLOR=1" } };
	struct trial elsewhere = { .args = verbose };
	char shown[4000];

	trial_run(&elsewhere, state);
	TRIAL_CHECK(&elsewhere, trial_says(&elsewhere, "> EHLO"));
	TRIAL_CHECK(&elsewhere, !trial_says(&elsewhere, "\033"));
	trial_free(&elsewhere);
	if (!run_on_terminal(&off, state, shown, sizeof(shown)))
		skip();
	TRIAL_CHECK(&off, strstr(shown, "> EHLO") != NULL);
	TRIAL_CHECK(&off, strchr(shown, '\033') == NULL);
	trial_free(&off);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_terminal_the_two_sides_have_colours),
		cmocka_unit_test(with_no_color_and_elsewhere_there_are_none),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
