#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
mem_alloc(size_t size)
{
	void *p = calloc(1, size == 0 ? 1 : size);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_room(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_array(size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		mem_exhausted();
	return mem_alloc(count * size);
}

void *
mem_grow(void *array, size_t used, size_t *room, size_t size)
{
	void *grown = array;
	size_t want;

	if (used == *room) {
		want = *room == 0 ? 8 : *room * 2;
		if (want <= *room || want > SIZE_MAX / size)
			mem_exhausted();
		grown = realloc(array, want * size);
		*room = want;
	}
	if (grown != NULL)
		memset((char *)grown + used * size, 0, size);
	else
		mem_exhausted();
	return grown;
}

char *
mem_span(struct span s)
{
	char *copy;

	if (s.len == SIZE_MAX)
		mem_exhausted();
	copy = mem_room(s.len + 1);
	if (s.len > 0)
		memcpy(copy, s.data, s.len);
	copy[s.len] = '\0';
	return copy;
}

char *
mem_string(const char *string)
{
	return string == NULL ? NULL : mem_span(span_of(string));
}

void
mem_free(void *p)
{
	free(p);
}

void
mem_wipe(void *p, size_t size)
{
	if (p != NULL && size > 0)
		explicit_bzero(p, size);
}

void
mem_free_secret(char *secret)
{
	if (secret != NULL)
		mem_wipe(secret, strlen(secret));
	mem_free(secret);
}
