/*
 * Memory that is there or ends the run. None of these functions returns NULL:
 * where the system has no memory left, mem_exhausted() is called, which the
 * program defines (main.c; each test program has its own) and which doesn't
 * return. All memory comes zeroed, but for that of mem_room().
 */
#ifndef POSTHASTE_BASE_MEM_H
#define POSTHASTE_BASE_MEM_H

#include <stddef.h>

#include "base/span.h"

/* The one out-of-memory handler; see main.c for the status it ends with. */
_Noreturn void mem_exhausted(void);

void *mem_alloc(size_t size);

/* For octets that are written before they are read: not zeroed. */
void *mem_room(size_t size);

/* `count` elements of `size` bytes; a product that overflows is exhaustion. */
void *mem_array(size_t count, size_t size);

/*
 * Grows `*array`, which holds `used` elements of `size` bytes out of `*room`,
 * so that one more fits, which comes zeroed; returns the (perhaps moved) array.
 */
void *mem_grow(void *array, size_t used, size_t *room, size_t size);

/* Copies with a terminating NUL, owned by the caller. NULL stays NULL. */
char *mem_string(const char *string);
char *mem_span(struct span s);

void mem_free(void *p);

/* Overwrites `size` bytes in a way that the compiler can't leave out. */
void mem_wipe(void *p, size_t size);

/* Wipes a C string and frees it; NULL is allowed. */
void mem_free_secret(char *secret);

#endif
