#include "base/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"

/* Longer lines are cut in the transcript (and there only). */
#define TRACE_LINE 4000

/* What nobody has taken after that time is left out. */
#define TRACE_PATIENCE_MS 100

/* Smaller messages, and faster ones, need no progress line. */
#define PROGRESS_OCTETS (1UL << 20)
#define PROGRESS_MS 1000
#define PROGRESS_AGAIN_MS 100
#define PROGRESS_LINE 64	/* octets, with its CR and NUL */

bool
trace_is_on(const struct trace *t)
{
	return t != NULL && t->level >= 1;
}

/* SGR of ECMA-48: what is sent is cyan, what comes green, the rest faint. */
static const char *
color_of(const struct trace *t, char mark)
{
	return !t->is_colored ? "" : mark == '>' ? "\033[36m" :
	    mark == '<' ? "\033[32m" : "\033[2m";
}

/* A reader that sleeps must not keep the run from its end. */
static bool
is_ready(const struct trace *t, int64_t patience_ms)
{
	const struct limit patience = limit_none(STAGE_NONE, "stderr");
	struct pollfd output;
	struct error unsaid = { 0 };
	bool ready = false;

	output.fd = t->fd;
	output.events = POLLOUT;
	return limit_wait_ms(&patience, &output, 1, patience_ms, &ready,
	    &unsaid) && ready;
}

static void
wipe(const struct trace *t)
{
	char line[PROGRESS_LINE];
	ssize_t ignored;
	int n;

	if (t->progress == NULL || !t->progress->is_shown)
		return;
	t->progress->is_shown = false;
	n = snprintf(line, sizeof(line), "\r%*s\r", PROGRESS_LINE - 3, "");
	ignored = write(t->fd, line, (size_t)n);
	(void)ignored;
}

static void
write_line(const struct trace *t, char mark, struct span line)
{
	char text[TRACE_LINE];
	struct buf b;
	ssize_t ignored = 0;

	if (!is_ready(t, TRACE_PATIENCE_MS))
		return;
	wipe(t);
	escape_into(text, sizeof(text), line);
	buf_init(&b, BUF_UNLIMITED);
	if (buf_printf(&b, "%6" PRId64 " ms %s%c %s%s\n", clock_ms() - t->start,
	    color_of(t, mark), mark, text, t->is_colored ? "\033[0m" : ""))
		ignored = write(t->fd, b.data, b.len);
	(void)ignored;
	buf_free(&b);
}

void
trace_sent(const struct trace *t, struct span line)
{
	if (trace_is_on(t))
		write_line(t, '>', line);
}

void
trace_received(const struct trace *t, struct span line)
{
	if (trace_is_on(t))
		write_line(t, '<', line);
}

static void
write_note(const struct trace *t, const char *format, va_list args)
{
	char text[TRACE_LINE];

	(void)vsnprintf(text, sizeof(text), format, args);
	write_line(t, '*', span_of(text));
}

void
trace_note(const struct trace *t, const char *format, ...)
{
	va_list args;

	if (!trace_is_on(t))
		return;
	va_start(args, format);
	write_note(t, format, args);
	va_end(args);
}

static struct trace_progress *
progress_of(const struct trace *t)
{
	return t != NULL && t->level >= 1 ? t->progress : NULL;
}

void
trace_progress_begin(const struct trace *t, uint64_t total)
{
	struct trace_progress *p = progress_of(t);

	if (p == NULL)
		return;
	memset(p, 0, sizeof(*p));
	p->total = total;
	p->began = clock_ms();
}

/* Its own octets only, and never longer than PROGRESS_LINE. */
static void
draw(const struct trace *t, uint64_t done, int64_t now)
{
	struct trace_progress *p = t->progress;
	uint64_t ms = (uint64_t)(now - p->began);
	char text[PROGRESS_LINE], line[PROGRESS_LINE];
	ssize_t ignored;
	int n;

	/* Stuffed dots aren't in the total. */
	if (done > p->total)
		done = p->total;
	(void)snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64
	    " octets, %" PRIu64 " %%, %" PRIu64 " KiB/s", done, p->total,
	    done * 100 / p->total, (done >> 10) * 1000 / ms);
	n = snprintf(line, sizeof(line), "\r%-*s", PROGRESS_LINE - 3, text);
	p->is_shown = true;
	p->drawn = now;
	ignored = write(t->fd, line, (size_t)n);
	(void)ignored;
}

void
trace_progress(const struct trace *t, uint64_t done)
{
	struct trace_progress *p = progress_of(t);
	int64_t now;

	if (p == NULL || p->total <= PROGRESS_OCTETS)
		return;
	now = clock_ms();
	if (now - p->began >= PROGRESS_MS &&
	    now - p->drawn >= PROGRESS_AGAIN_MS && is_ready(t, 0))
		draw(t, done, now);
}

void
trace_progress_end(const struct trace *t)
{
	if (progress_of(t) != NULL && is_ready(t, TRACE_PATIENCE_MS))
		wipe(t);
}

void
trace_passed(const struct trace *t, enum stage stage)
{
	if (t != NULL && t->watch != NULL)
		t->watch->passed(t->watch->context, stage);
}

void
trace_failed(const struct trace *t, const struct error *err)
{
	if (t != NULL && t->watch != NULL)
		t->watch->failed(t->watch->context, err);
}
