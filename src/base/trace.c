#include "base/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"

/* Longer lines are cut in the transcript (and there only). */
#define TRACE_LINE 4000

/* What nobody has taken after that time is left out. */
#define TRACE_PATIENCE_MS 100

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

static void
write_line(const struct trace *t, char mark, struct span line)
{
	char text[TRACE_LINE];
	const struct limit patience = limit_none(STAGE_NONE, "stderr");
	struct pollfd output;
	struct error unsaid = { 0 };
	struct buf b;
	ssize_t ignored = 0;
	bool is_ready = false;

	output.fd = t->fd;
	output.events = POLLOUT;
	/* A reader that sleeps must not keep the run from its end. */
	if (!limit_wait_ms(&patience, &output, 1, TRACE_PATIENCE_MS, &is_ready,
	    &unsaid) || !is_ready)
		return;
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
