#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool/schedule.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIRTH INT64_C(1764000000)
#define HOUR 3600

static void
the_next_try_is_a_function_of_age(void **state)
{
	static const struct {
		int64_t age, next;	/* both from the birth */
	} cases[] = {
		{ 0, 400 },		/* (0 + 20)^2 */
		{ 3, 441 },		/* (1 + 20)^2 */
		{ 400, 1600 },
		{ 1600, 3600 },
		{ 3600, 6400 },
		{ 122499, 122499 + 369 * 369 - 122499 },
		{ 200000, 200000 + 4 * HOUR },	/* the step's limit */
		{ 431000, 432000 },	/* the last time */
		{ 432000, 432000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(schedule_next(BIRTH, BIRTH + cases[i].age),
		    BIRTH + cases[i].next);
}

static void
steps_grow_and_never_stand_still(void **state)
{
	int64_t now = BIRTH, next, step, last = 0;
	int tries = 0;

	(void)state;
	for (; !schedule_is_over(BIRTH, now); now = next, tries++) {
		next = schedule_next(BIRTH, now);
		step = next - now;
		assert_true(step > 0 && step <= 4 * HOUR);
		/* The last one is cut short. */
		assert_true(step >= last || next == BIRTH + SCHEDULE_LIFE);
		last = step;
	}
	assert_int_equal(now - BIRTH, SCHEDULE_LIFE);
	assert_in_range(tries, 30, 60);
}

static void
a_clock_that_was_put_back_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(schedule_next(BIRTH, BIRTH - HOUR), BIRTH + 400);
	assert_int_equal(schedule_next(BIRTH, BIRTH - 10 * HOUR),
	    BIRTH - 6 * HOUR);
	assert_false(schedule_is_over(BIRTH, BIRTH - HOUR));
	assert_false(schedule_is_due(BIRTH + 400, BIRTH));
	assert_true(schedule_is_due(BIRTH + 400, BIRTH + 400));
	/* No rule has ever set it that far ahead. */
	assert_true(schedule_is_due(BIRTH + 5 * HOUR, BIRTH));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_try_is_a_function_of_age),
		cmocka_unit_test(steps_grow_and_never_stand_still),
		cmocka_unit_test(a_clock_that_was_put_back_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
