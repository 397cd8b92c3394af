/* Between the files that wrap calls for run_world.h. */
#ifndef POSTHASTE_TESTS_RUN_WRAP_H
#define POSTHASTE_TESTS_RUN_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this thread's calls are the world's. */
bool world_is_on(void);

/* 32 bits of the seed's. */
uint64_t world_draw(void);

/* Whether this call fails, with one of the errnos up to a 0. */
bool world_fails(const int *numbers);
#define FAILS(...) world_fails((const int[]){ __VA_ARGS__, 0 })

/* Of so many octets so many are dealt with. */
size_t world_shorten(size_t n);

/* Whether the clock jumps now. */
bool world_has_jumps(void);

/* All sockets are forgotten. */
void net_begin(void);

/* Begins the definition of what is called instead of `name`. */
#define REAL(type, name, ...) \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

/* Instead of a call that may fail and is let through. */
#define LET(type, name, parameters, arguments, failure, ...) \
REAL(type, name, parameters) \
{ \
	return FAILS(__VA_ARGS__) ? failure : __real_##name arguments; \
}
#define P(...) __VA_ARGS__

#endif
