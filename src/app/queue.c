#include "app/queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/errand.h"
#include "app/report.h"
#include "app/setup.h"
#include "app/spools.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "spool/claim.h"
#include "spool/schedule.h"

/* What is to be tried, by where it is meant to go. */
struct item {
	char *id, *file, *profile;	/* owned */
};

struct items {
	struct item *items;
	size_t count, room;
};

struct queue {
	struct setup setup;		/* as the run was started */
	struct errand errand;
	unsigned int strikes;
	bool was_found;			/* the one that --flush names */
};

static bool
is_flush(const struct queue *q)
{
	return q->setup.options->mode == MODE_FLUSH;
}

static bool
is_meant(const struct queue *q, const char *id)
{
	const char *wish = q->setup.options->flush_id;

	return wish == NULL || strcmp(wish, id) == 0;
}

/* One that can't be read is tried too: that finds out. */
static void
add_item(struct queue *q, struct items *list, const struct spool *spool,
    const char *id)
{
	struct error ignored = { 0 };
	struct claim c;
	bool is_there, ok;

	ok = claim_open(&c, spool, SPOOL_NEW, id, false, &is_there, &ignored);
	if (is_there && (!ok || is_flush(q) ||
	    schedule_is_due(c.next, (int64_t)time(NULL)))) {
		list->items = mem_grow(list->items, list->count, &list->room,
		    sizeof(*list->items));
		list->items[list->count].id = mem_string(id);
		list->items[list->count].file =
		    mem_string(ok ? c.letter.file : "");
		list->items[list->count].profile =
		    mem_string(ok ? c.letter.profile : "");
		list->count++;
		q->was_found = true;
	}
	claim_free(&c);
}

static int
compare_items(const void *a, const void *b)
{
	const struct item *first = a, *second = b;
	int by_file = strcmp(first->file, second->file);
	int by_profile = strcmp(first->profile, second->profile);

	if (by_file != 0)
		return by_file;
	return by_profile != 0 ? by_profile : strcmp(first->id, second->id);
}

static bool
collect(struct queue *q, const struct spool *spool, struct items *list,
    struct error *err)
{
	struct spool_list ids;
	size_t i;
	bool ok = spool_list(spool, SPOOL_NEW, &ids, err);

	for (i = 0; ok && i < ids.count; i++)
		if (is_meant(q, ids.ids[i]))
			add_item(q, list, spool, ids.ids[i]);
	spool_list_free(&ids);
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items),
		    compare_items);
	return ok;
}

static void
free_items(struct items *list)
{
	struct item *item;

	while (list->count > 0) {
		item = &list->items[--list->count];
		mem_free(item->id);
		mem_free(item->file);
		mem_free(item->profile);
	}
	mem_free(list->items);
}

static bool
is_over(const struct queue *q)
{
	return os_signal_caught() != 0 || (!is_flush(q) &&
	    clock_ms() - q->setup.trace->start > QUEUE_RUN_MS);
}

static bool
is_new_group(const struct item *items, size_t i)
{
	return i == 0 || strcmp(items[i].file, items[i - 1].file) != 0 ||
	    strcmp(items[i].profile, items[i - 1].profile) != 0;
}

static void
try_all(struct queue *q, struct spool *spool, const struct items *list)
{
	size_t i;

	for (i = 0; i < list->count && !is_over(q); i++) {
		if (is_new_group(list->items, i)) {
			q->strikes = 0;
			errand_begin(&q->errand, spool, list->items[i].file);
		}
		if (q->strikes == QUEUE_STRIKES)
			trace_note(q->setup.trace, "%s waits: the relay of "
			    "[%s] can't be reached", list->items[i].id,
			    list->items[i].profile);
		else if (errand_run(&q->errand, list->items[i].id))
			q->strikes++;
		else
			q->strikes = 0;
	}
	errand_end(&q->errand);
}

/* spools_visitor */
static bool
run_spool(void *context, struct spool *spool, struct error *err)
{
	struct queue *q = context;
	struct items list = { NULL, 0, 0 };
	bool is_busy, ok;

	if (!spool_lock(spool, &is_busy, err))
		return false;
	if (is_busy && is_flush(q))
		return error_set_temporary(err, STAGE_SYSTEM, 0,
		    "the spool %s: another run is at work", spool->path);
	if (is_busy)
		return true;
	spool_tidy(spool);
	ok = collect(q, spool, &list, err);
	if (ok)
		try_all(q, spool, &list);
	free_items(&list);
	return ok;
}

static bool
run_all(struct queue *q, struct error *err)
{
	const char *wish = q->setup.options->flush_id;

	if (!setup_load_any(&q->setup, err) ||
	    !spools_visit(&q->setup, run_spool, q, err))
		return false;
	return wish == NULL || q->was_found || error_set(err, STAGE_USAGE,
	    EX_NOINPUT, "no message %s waits in a spool of this file", wish);
}

int
queue_run(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct queue q = { .strikes = 0 };
	bool ok;

	setup_begin(&q.setup, process, options, trace);
	errand_prepare(&q.errand, &q.setup);
	ok = run_all(&q, err);
	setup_free(&q.setup);
	if (!ok) {
		report_block(process->err, err);
		return err->exit_code;
	}
	return os_signal_caught() != 0 || q.errand.given_up > 0 ||
	    (options->mode == MODE_FLUSH && q.errand.left > 0) ?
	    EX_UNAVAILABLE : EX_OK;
}
