#include "spool/schedule.h"

/* By halves: the life of a message has 19 bits. */
static int64_t
square_root(int64_t n)
{
	int64_t root = 0, bit;

	for (bit = INT64_C(1) << 10; bit > 0; bit >>= 1)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

/* A clock that was put back makes nobody younger than new. */
static int64_t
age_of(int64_t birth, int64_t now)
{
	return now > birth ? now - birth : 0;
}

int64_t
schedule_next(int64_t birth, int64_t now)
{
	int64_t step = square_root(age_of(birth, now)) + 20;
	int64_t next = birth + step * step;

	if (next > birth + SCHEDULE_LIFE)
		next = birth + SCHEDULE_LIFE;
	if (next > now + SCHEDULE_STEP_MAX)
		next = now + SCHEDULE_STEP_MAX;
	return next;
}

bool
schedule_is_over(int64_t birth, int64_t now)
{
	return age_of(birth, now) >= SCHEDULE_LIFE;
}

bool
schedule_is_due(int64_t next, int64_t now)
{
	return next <= now || next > now + SCHEDULE_STEP_MAX;
}
