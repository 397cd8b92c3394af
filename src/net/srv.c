#include "net/srv.h"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "net/helper.h"

#define CLASS_IN 1
#define TYPE_SRV 33
#define HEADER_SIZE 12
#define QUESTION_REST 4		/* type and class */
#define RECORD_REST 10		/* type, class, TTL, length */
#define SRV_REST 6		/* priority, weight, port */

#define RCODE(flags) ((flags) & 0xf)
#define RCODE_NONE 0
#define RCODE_NXDOMAIN 3

#define LABEL_POINTER 0xc0

#define ANSWER_SIZE 65535

static bool
get_16(struct span answer, size_t at, unsigned int *value)
{
	if (at + 2 > answer.len)
		return false;
	*value = (unsigned int)(unsigned char)answer.data[at] << 8 |
	    (unsigned char)answer.data[at + 1];
	return true;
}

/* A host's name needs no more, and a terminal no worse. */
static bool
add_label(char *out, size_t *len, struct span label)
{
	size_t i;

	if (*len + label.len + 2 > SRV_NAME_SIZE)
		return false;
	if (*len > 0)
		out[(*len)++] = '.';
	for (i = 0; i < label.len; i++) {
		if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-' &&
		    label.data[i] != '_')
			return false;
		out[(*len)++] = label.data[i];
	}
	return true;
}

/*
 * Reads the name at `*at` into `out` (or past it, where that is NULL) and sets
 * `*at` behind it. Pointers lead backwards only, so that they come to an end.
 */
static bool
get_name(struct span answer, size_t *at, char *out)
{
	size_t here = *at, earliest = here, len = 0, size;
	unsigned int pointer;
	bool has_jumped = false;

	while (here < answer.len) {
		size = (unsigned char)answer.data[here];
		if (size == 0 && out != NULL)
			out[len] = '\0';
		if (!has_jumped)
			*at = here + 1 + (size < LABEL_POINTER ? size : 1);
		if (size == 0)
			return true;
		if (size < LABEL_POINTER) {
			if (size > 63 || here + 1 + size > answer.len ||
			    (out != NULL && !add_label(out, &len,
			    span_make(answer.data + here + 1, size))))
				return false;
			here += 1 + size;
			continue;
		}
		if (!get_16(answer, here, &pointer) ||
		    (pointer & 0x3fff) >= earliest)
			return false;
		has_jumped = true;
		here = earliest = pointer & 0x3fff;
	}
	return false;
}

static bool
get_target(struct srv *s, size_t *room, struct span answer, size_t at,
    size_t end)
{
	struct srv_target t;
	unsigned int port;

	memset(&t, 0, sizeof(t));
	if (!get_16(answer, at, &t.priority) ||
	    !get_16(answer, at + 2, &t.weight) ||
	    !get_16(answer, at + 4, &port))
		return false;
	at += SRV_REST;
	if (!get_name(answer, &at, t.name) || at != end)
		return false;
	if (t.name[0] == '\0') {
		s->is_refused = true;
		return true;
	}
	if (port == 0)
		return false;
	t.port = (int)port;
	if (s->count == SRV_TARGETS_MAX)
		return true;
	s->items = mem_grow(s->items, s->count, room, sizeof(*s->items));
	s->items[s->count++] = t;
	return true;
}

/* Aliases stand among the records; whose name a record has doesn't matter. */
static bool
get_records(struct srv *s, struct span answer, size_t at, unsigned int count)
{
	unsigned int type, class, size;
	size_t room = 0;

	for (; count > 0; count--) {
		if (!get_name(answer, &at, NULL) ||
		    !get_16(answer, at, &type) ||
		    !get_16(answer, at + 2, &class) ||
		    !get_16(answer, at + 8, &size))
			return false;
		at += RECORD_REST;
		if (at + size > answer.len)
			return false;
		if (type == TYPE_SRV && class == CLASS_IN && !get_target(s,
		    &room, answer, at, at + size))
			return false;
		at += size;
	}
	return true;
}

enum srv_verdict
srv_parse(struct srv *s, struct span answer)
{
	unsigned int flags, questions, answers;
	size_t at = HEADER_SIZE;

	memset(s, 0, sizeof(*s));
	if (!get_16(answer, 2, &flags) || !get_16(answer, 4, &questions) ||
	    !get_16(answer, 6, &answers))
		return SRV_MALFORMED;
	if (RCODE(flags) == RCODE_NXDOMAIN)
		return SRV_NONE;
	if (RCODE(flags) != RCODE_NONE)
		return SRV_FAILED;
	for (; questions > 0; questions--) {
		if (!get_name(answer, &at, NULL))
			return SRV_MALFORMED;
		at += QUESTION_REST;
	}
	if (!get_records(s, answer, at, answers))
		return SRV_MALFORMED;
	/* Beside others the refusal means nothing (RFC 2782). */
	s->is_refused = s->is_refused && s->count == 0;
	return s->count > 0 || s->is_refused ? SRV_FOUND : SRV_NONE;
}

static void
swap(struct srv_target *a, struct srv_target *b)
{
	struct srv_target kept = *a;

	*a = *b;
	*b = kept;
}

/* Lower priorities first; among equals, those of no weight (RFC 2782). */
static bool
goes_before(const struct srv_target *a, const struct srv_target *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->weight == 0 && b->weight != 0;
}

static void
sort(struct srv *s)
{
	size_t i, k;

	for (i = 1; i < s->count; i++)
		for (k = i; k > 0 && goes_before(&s->items[k],
		    &s->items[k - 1]); k--)
			swap(&s->items[k], &s->items[k - 1]);
}

void
srv_order(struct srv *s, const uint32_t *random)
{
	size_t begin, end, i;
	uint32_t sum, drawn;

	sort(s);
	for (begin = 0; begin < s->count; begin++) {
		sum = 0;
		for (end = begin; end < s->count && s->items[end].priority ==
		    s->items[begin].priority; end++)
			sum += s->items[end].weight;
		drawn = random[begin] % (sum + 1);
		for (i = begin; s->items[i].weight < drawn; i++)
			drawn -= s->items[i].weight;
		/* The others keep their order. */
		for (; i > begin; i--)
			swap(&s->items[i], &s->items[i - 1]);
	}
}

/* One query under way, the helper thread's as long as that is at it. */
struct query {
	srv_query *function;
	char *name;
	unsigned char *answer;
	int len;		/* -1: none came */
	int host_errno;
};

static void
query_free(void *context)
{
	struct query *q = context;

	mem_free(q->answer);
	mem_free(q->name);
	mem_free(q);
}

static void
ask(void *context)
{
	struct query *q = context;

	q->len = q->function(q->name, CLASS_IN, TYPE_SRV, q->answer,
	    ANSWER_SIZE);
	q->host_errno = h_errno;
}

static enum srv_verdict
judge(struct srv *s, const struct query *q)
{
	if (q->len >= 0)
		return srv_parse(s, span_make((const char *)q->answer,
		    q->len > ANSWER_SIZE ? ANSWER_SIZE : (size_t)q->len));
	return q->host_errno == HOST_NOT_FOUND || q->host_errno == NO_DATA ?
	    SRV_NONE : SRV_FAILED;
}

static bool
fail(enum srv_verdict verdict, bool is_refused, const char *name,
    struct error *err)
{
	if (error_is_set(err))
		return false;
	if (verdict == SRV_FAILED)
		return error_set_temporary(err, STAGE_DNS, 0,
		    "can't look up the SRV record '%s'", name);
	if (verdict == SRV_MALFORMED)
		return error_set_temporary(err, STAGE_DNS, 0,
		    "the name server's answer for '%s' is malformed", name);
	(void)error_set(err, STAGE_DNS, EX_NOHOST, is_refused ?
	    "'%s' says that this service isn't offered" :
	    "there is no SRV record '%s'", name);
	err->temporary = true;
	return false;
}

static bool
put_in_order(struct srv *s, struct error *err)
{
	uint32_t *random = mem_array(s->count, sizeof(*random));
	bool ok = os_random(random, s->count * sizeof(*random), err);

	if (ok)
		srv_order(s, random);
	mem_free(random);
	return ok;
}

bool
srv_look_up_by(srv_query *query, struct srv *s, const char *name,
    const struct limit *limit, struct error *err)
{
	struct query *q = mem_alloc(sizeof(*q));
	const struct helper_work work = { ask, query_free, q, name };
	struct limit named = *limit;
	enum srv_verdict verdict;
	char what[300];

	memset(s, 0, sizeof(*s));
	q->function = query;
	q->name = mem_string(name);
	q->answer = mem_alloc(ANSWER_SIZE);
	(void)snprintf(what, sizeof(what), "SRV record of '%.255s'", name);
	named.stage = STAGE_DNS;
	named.what = what;
	if (!helper_run(&work, &named, err))
		return false;
	verdict = judge(s, q);
	query_free(q);
	if (verdict != SRV_FOUND || s->is_refused)
		return fail(verdict, s->is_refused, name, err);
	return put_in_order(s, err);
}

/* res_query() may be a macro, or of other const-ness. */
static int
system_query(const char *name, int class, int type, unsigned char *answer,
    int size)
{
	return res_query(name, class, type, answer, size);
}

bool
srv_look_up(struct srv *s, const char *name, const struct limit *limit,
    struct error *err)
{
	return srv_look_up_by(system_query, s, name, limit, err);
}

void
srv_free(struct srv *s)
{
	mem_free(s->items);
	memset(s, 0, sizeof(*s));
}
