#include "app/mailq.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "app/report.h"
#include "app/setup.h"
#include "app/spools.h"
#include "base/buf.h"
#include "spool/claim.h"

#define KIB 1024

struct listing {
	struct buf text;
	size_t waiting;
	uint64_t octets;	/* of those */
};

static const char *const state_words[] = {
	[LETTER_PENDING] = "",
	[LETTER_DELIVERED] = " (delivered)",
	[LETTER_FAILED] = " (refused)",
};

/* "90 s", "5 min", "12 h", "3 days". */
static bool
add_time(struct buf *out, int64_t seconds)
{
	if (seconds < 120)
		return buf_printf(out, "%" PRId64 " s", seconds < 0 ? 0 :
		    seconds);
	if (seconds < 2 * 3600)
		return buf_printf(out, "%" PRId64 " min", seconds / 60);
	if (seconds < 48 * 3600)
		return buf_printf(out, "%" PRId64 " h", seconds / 3600);
	return buf_printf(out, "%" PRId64 " days", seconds / 86400);
}

static bool
add_escaped(struct buf *out, const char *before, const char *text,
    const char *behind)
{
	return buf_add_string(out, before) &&
	    buf_add_escaped(out, span_of(text)) &&
	    buf_add_string(out, behind);
}

static bool
add_when(struct buf *out, const struct claim *c, enum spool_box box)
{
	int64_t now = (int64_t)time(NULL);

	if (!buf_add_string(out, "    ") || !add_time(out, now - c->birth))
		return false;
	if (box == SPOOL_FAILED)
		return buf_add_string(out, " old, given up");
	if (c->next <= now)
		return buf_add_string(out, " old, due");
	return buf_add_string(out, " old, next try in ") &&
	    add_time(out, c->next - now);
}

static bool
add_letter(struct buf *out, const struct claim *c, enum spool_box box)
{
	const struct letter *l = &c->letter;
	const struct letter_recipient *r;
	bool ok;

	ok = add_when(out, c, box) &&
	    add_escaped(out, ", profile ", l->profile, "\n") &&
	    add_escaped(out, "    from <", l->sender, ">\n");
	for (r = l->recipients; ok && r < l->recipients + l->count; r++)
		ok = add_escaped(out, "    to <", r->address, ">") &&
		    buf_printf(out, "%s\n",
		    state_words[(unsigned char)r->state]);
	if (ok && l->is_uncertain)
		ok = buf_add_string(out,
		    "    the relay may already hold it\n");
	return ok && (l->note[0] == '\0' ||
	    buf_printf(out, "    %s\n", l->note));
}

static bool
add_claim(struct listing *list, const struct spool *spool, enum spool_box box,
    const char *id)
{
	struct error fault = { 0 };
	struct claim c;
	bool is_there, is_whole, ok = true;

	is_whole = claim_open(&c, spool, box, id, false, &is_there, &fault);
	if (is_there) {
		ok = buf_printf(&list->text, "%s\n", id) && (is_whole ?
		    add_letter(&list->text, &c, box) :
		    buf_printf(&list->text, "    %s\n", fault.text));
		if (box == SPOOL_NEW) {
			list->waiting++;
			list->octets += c.size;
		}
	}
	claim_free(&c);
	return ok;
}

/* spools_visitor */
static bool
list_spool(void *context, struct spool *spool, struct error *err)
{
	static const enum spool_box boxes[] = { SPOOL_NEW, SPOOL_FAILED };
	struct listing *list = context;
	struct spool_list ids;
	size_t i, k;
	bool ok = true;

	for (i = 0; ok && i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		ok = spool_list(spool, boxes[i], &ids, err);
		for (k = 0; ok && k < ids.count; k++)
			ok = add_claim(list, spool, boxes[i], ids.ids[k]);
		spool_list_free(&ids);
	}
	return ok;
}

/* In the words that watchers of queues look for in the last line. */
static bool
add_sum(struct listing *list)
{
	if (list->waiting == 0)
		return buf_add_string(&list->text, "Mail queue is empty\n");
	return buf_printf(&list->text, "-- %" PRIu64 " Kbytes in %zu "
	    "Request%s.\n", (list->octets + KIB - 1) / KIB, list->waiting,
	    list->waiting == 1 ? "" : "s");
}

int
mailq(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct listing list = { .waiting = 0 };
	struct setup setup;
	bool ok;

	buf_init(&list.text, BUF_UNLIMITED);
	setup_begin(&setup, process, options, trace);
	ok = setup_load_any(&setup, err) &&
	    spools_visit(&setup, list_spool, &list, err) && add_sum(&list);
	if (!report_write(process->out, buf_span(&list.text)) && ok)
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	setup_free(&setup);
	buf_free(&list.text);
	return ok ? EX_OK : err->exit_code;
}
