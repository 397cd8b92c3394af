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

/* Takes two seconds from the first octet on, however late that comes. */
static const struct relay_override slowly = { .stage = "body",
	.when = RELAY_BEFORE, .script =
	"data 2097152\nsleep 500\ndata 2097152\nsleep 500\n"
	"data 2097152\nsleep 500\ndata 2097152\nsleep 500" };

#define LARGE (12UL << 20)	/* more than the kernel keeps on the way */

static void
make_large(struct buf *message)
{
	static const char line[] = "sixty-three octets, and a newline, which is "
	    "one of sixty-four.....\n";

	buf_init(message, BUF_UNLIMITED);
	assert_true(buf_add_string(message, "Subject: large\n\n"));
	while (message->len < LARGE)
		assert_true(buf_add_string(message, line));
}

static void
a_large_message_has_a_progress_line_on_a_terminal(void **state)
{
	struct trial t = { .is_lean = true, .overrides = { slowly } };
	struct buf message;
	static char shown[64UL << 10];
	const char *last = NULL, *at = shown;
	size_t blanks;

	t.serve.capabilities = "SIZE 20000000";
	make_large(&message);
	t.run.input = buf_span(&message);
	if (!run_on_terminal(&t, state, shown, sizeof(shown))) {
		buf_free(&message);
		skip();
	}
	while ((at = strstr(at, " KiB/s")) != NULL)
		last = at++;
	TRIAL_CHECK(&t, last != NULL);
	TRIAL_CHECK(&t, strstr(shown, " octets, ") != NULL);
	/* Nothing of it is left when the next line is written. */
	last += strcspn(last, "\r");
	blanks = strspn(last + 1, " ");
	TRIAL_CHECK(&t, blanks > 40 && last[1 + blanks] == '\r');
	TRIAL_CHECK(&t, strstr(last, "the message is out") != NULL);
	trial_free(&t);
	buf_free(&message);
}

static void
elsewhere_there_is_no_progress_line(void **state)
{
	struct trial t = { .args = verbose, .is_lean = true,
		.overrides = { slowly } };
	struct buf message;

	t.serve.capabilities = "SIZE 20000000";
	make_large(&message);
	t.run.input = buf_span(&message);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, trial_says(&t, "the message is out"));
	TRIAL_CHECK(&t, !trial_says(&t, " KiB/s"));
	TRIAL_CHECK(&t, !trial_says(&t, "\r"));
	trial_free(&t);
	buf_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_terminal_the_two_sides_have_colours),
		cmocka_unit_test(with_no_color_and_elsewhere_there_are_none),
		cmocka_unit_test(
		    a_large_message_has_a_progress_line_on_a_terminal),
		cmocka_unit_test(elsewhere_there_is_no_progress_line),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
