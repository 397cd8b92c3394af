/*
 * When a message that waits is tried again: a pure function of its age, so that
 * nothing has to be counted or kept. Seconds since the epoch, all of them.
 */
#ifndef POSTHASTE_SPOOL_SCHEDULE_H
#define POSTHASTE_SPOOL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_STEP_MAX (4 * 3600)
#define SCHEDULE_LIFE (5 * 24 * 3600)

/*
 * birth + (floor(sqrt(age)) + 20)^2 after an attempt at `now`: 400 s, 1600 s,
 * 3600 s and so on after the birth; at most SCHEDULE_STEP_MAX from now, and a
 * last time when its life is over.
 */
int64_t schedule_next(int64_t birth, int64_t now);

/* An attempt that fails for a time, now, was the last one. */
bool schedule_is_over(int64_t birth, int64_t now);

/* Whether the time has come. One that lies farther ahead than any step was
 * written by a clock that has been put right since. */
bool schedule_is_due(int64_t next, int64_t now);

#endif
