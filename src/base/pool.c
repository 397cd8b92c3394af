#include "base/pool.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

/* Few enough pages for one recipient, few enough blocks for thousands. */
#define BLOCK 4000

struct pool_block {
	struct pool_block *next;
	char *end;
};

static void
add_block(struct pool *p, size_t size)
{
	struct pool_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		mem_exhausted();
	block = mem_room(sizeof(*block) + size);
	block->next = p->blocks;
	block->end = (char *)(block + 1) + size;
	p->blocks = block;
	p->left = size;
}

char *
pool_take(struct pool *p, size_t size)
{
	char *taken;

	if (p->blocks == NULL || size > p->left)
		add_block(p, size > BLOCK ? size : BLOCK);
	taken = p->blocks->end - p->left;
	p->left -= size;
	return taken;
}

char *
pool_string(struct pool *p, const char *string)
{
	struct span s = span_of(string);
	char *copy;

	if (string == NULL)
		return NULL;
	copy = pool_take(p, s.len + 1);
	memcpy(copy, string, s.len + 1);
	return copy;
}

void
pool_free(struct pool *p)
{
	struct pool_block *next;

	for (; p->blocks != NULL; p->blocks = next) {
		next = p->blocks->next;
		mem_free(p->blocks);
	}
	p->left = 0;
}
