/*
 * A name server's answer: names are fit for a terminal and a resolver, ports
 * are ports, and ordering loses and invents no target.
 */
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "net/srv.h"

static void
check_target(const struct srv_target *t)
{
	size_t len = strlen(t->name), i;

	FUZZ_CHECK(len > 0 && len < SRV_NAME_SIZE);
	FUZZ_CHECK(t->port >= 1 && t->port <= 65535);
	FUZZ_CHECK(t->priority <= 65535 && t->weight <= 65535);
	for (i = 0; i < len; i++)
		FUZZ_CHECK(ascii_is_alnum(t->name[i]) ||
		    strchr("-_.", t->name[i]) != NULL);
	FUZZ_CHECK(t->name[0] != '.' && t->name[len - 1] != '.');
	FUZZ_CHECK(strstr(t->name, "..") == NULL);
}

/* How many targets are equal to `t`. */
static size_t
count_equal(const struct srv_target *items, size_t count,
    const struct srv_target *t)
{
	size_t equal = 0, i;

	for (i = 0; i < count; i++)
		equal += memcmp(&items[i], t, sizeof(*t)) == 0;
	return equal;
}

static void
check_order(struct srv *s, struct span input)
{
	struct srv_target before[SRV_TARGETS_MAX];
	uint32_t random[SRV_TARGETS_MAX] = { 0 };
	size_t i;

	memcpy(random, input.data, input.len < sizeof(random) ? input.len :
	    sizeof(random));
	if (s->count > 0)
		memcpy(before, s->items, s->count * sizeof(before[0]));
	srv_order(s, random);
	for (i = 0; i < s->count; i++) {
		FUZZ_CHECK(count_equal(before, s->count, &s->items[i]) ==
		    count_equal(s->items, s->count, &s->items[i]));
		FUZZ_CHECK(i == 0 || s->items[i - 1].priority <=
		    s->items[i].priority);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct srv s;
	enum srv_verdict verdict;
	size_t i;

	verdict = srv_parse(&s, fuzz_span(data, size));
	FUZZ_CHECK(s.count <= SRV_TARGETS_MAX);
	FUZZ_CHECK(verdict != SRV_FOUND || (s.count > 0) != s.is_refused);
	for (i = 0; i < s.count; i++)
		check_target(&s.items[i]);
	if (verdict == SRV_FOUND)
		check_order(&s, fuzz_span(data, size));
	srv_free(&s);
	return 0;
}
