/*
 * What takes too long for make check: a client of -bs that says nothing for as
 * long as it may.
 */
#include <string.h>

#include "support/session_kit.h"

static void
a_client_silent_for_five_minutes_hears_421(void **state)
{
	static const char *const args[] = { "-bs", NULL };
	struct trial t = { .args = args, .run = {
		.how_stdin = PROGRAM_STDIN_OPEN,
		.input = span_of("EHLO x\r\nMAIL FROM:<a@example.org>\r\n"),
		.limit_ms = 310000 } };

	trial_run(&t, state);
	TRIAL_CHECK(&t, !t.result.hung);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, t.result.wall_ms >= 300000);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "sender noted\r\n"
	    "421 4.3.2 ") != NULL);
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_silent_for_five_minutes_hears_421),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
