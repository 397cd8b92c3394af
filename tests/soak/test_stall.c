/*
 * What takes too long for make check: a relay that stops reading in the middle
 * of the message, with its window closed, for as long as the body may stall.
 */
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define LARGE (12UL << 20)

static void
a_closed_window_ends_the_run_after_three_minutes(void **state)
{
	struct buf large;
	struct trial t = { .json = true, .is_lean = true,
	    .serve = { .capabilities = "8BITMIME" } };

	buf_init(&large, BUF_UNLIMITED);
	assert_true(buf_add_string(&large, "Subject: stall\n\n"));
	while (large.len < LARGE)
		assert_true(buf_add_string(&large, "a line and a line\n"));
	t.overrides[0].stage = "body";
	t.overrides[0].script = "window 190000";
	t.run.input = buf_span(&large);
	t.run.limit_ms = 195000;
	trial_run(&t, state);
	TRIAL_CHECK(&t, !t.result.hung);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, trial_says(&t, "\"stage\":\"body\""));
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":true"));
	TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
	TRIAL_CHECK(&t, t.record.committed == 0);
	trial_free(&t);
	buf_free(&large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_closed_window_ends_the_run_after_three_minutes),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
