#include "app/check_bar.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH 56	/* columns, if no part needs more than its share */

/* What a part is drawn of. */
struct style {
	const char *begin, *line, *end;
};

static const struct style styles[] = {
	{ "|", "-", "|" },
	{ "\xe2\x94\x9c", "\xe2\x94\x80", "\xe2\x94\xa4" },	/* U+251C … */
};

static bool
add_times(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		if (!buf_add_string(out, text))
			return false;
	return true;
}

/* The name in the middle of its share. */
static bool
add_part(struct buf *out, const struct check_line *line, int64_t all,
    const struct style *style)
{
	size_t width = (size_t)(line->ms * WIDTH / all);
	size_t need = strlen(line->name), spare;

	spare = width > need + 2 ? width - need - 2 : 0;
	return buf_add_string(out, style->begin) &&
	    add_times(out, style->line, spare / 2) &&
	    buf_add_string(out, line->name) &&
	    add_times(out, style->line, spare - spare / 2) &&
	    buf_add_string(out, style->end);
}

bool
check_bar(const struct check_report *r, struct buf *out)
{
	const struct style *style = &styles[r->has_utf8 ? 1 : 0];
	int64_t all = 0;
	size_t i;

	for (i = 0; i < r->count; i++)
		all += r->lines[i].ms > 0 ? r->lines[i].ms : 0;
	if (all == 0)
		return true;
	if (!buf_add_string(out, "  0 ms "))
		return false;
	for (i = 0; i < r->count; i++)
		if (r->lines[i].ms > 0 &&
		    !add_part(out, &r->lines[i], all, style))
			return false;
	return buf_printf(out, " %" PRId64 " ms\n", all);
}
