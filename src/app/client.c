#include "app/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "mail/dotted.h"

#define BLOCK (64UL << 10)	/* octets asked for in one read */

void
client_begin(struct client *c, int in, int out, int64_t idle)
{
	memset(c, 0, sizeof(*c));
	c->in = in;
	c->out = out;
	c->idle = idle;
	buf_init(&c->input, BUF_UNLIMITED);
	buf_init(&c->output, BUF_UNLIMITED);
}

void
client_free(struct client *c)
{
	buf_free(&c->input);
	buf_free(&c->output);
}

void
client_reply(struct client *c, int code, char mark, const char *enhanced,
    const char *format, ...)
{
	char text[480];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!buf_printf(&c->output, "%03d%c%s%s%s\r\n", code, mark,
	    enhanced == NULL ? "" : enhanced, enhanced == NULL ? "" : " ",
	    text))
		mem_exhausted();
}

static bool
fail_output(struct client *c, struct error *err)
{
	buf_clear(&c->output);
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, c->lost_errno,
	    "standard output");
}

bool
client_flush(struct client *c, struct error *err)
{
	struct limit limit = limit_in(STAGE_INPUT, "reader of the replies",
	    NULL, c->idle);
	struct pollfd fd = { c->out, POLLOUT, 0 };
	struct error stopped = { 0 };
	ssize_t n;

	if (c->lost_errno != 0)
		return fail_output(c, err);
	while (c->output.len > 0) {
		/* A pipe that is ready takes PIPE_BUF octets at least. */
		size_t size = c->output.len < 4096 ? c->output.len : 4096;

		/* The last words still leave when a signal ended the run. */
		if (!limit_wait(&limit, &fd, 1, &stopped) &&
		    poll(&fd, 1, 0) <= 0) {
			*err = stopped;
			return false;
		}
		n = write(c->out, c->output.data, size);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			c->lost_errno = errno;
			return fail_output(c, err);
		}
		if (n > 0)
			buf_consume(&c->output, (size_t)n);
	}
	return true;
}

/* Waits for more input; at_end becomes true where there is none. */
static bool
fill(struct client *c, struct error *err)
{
	struct limit limit = limit_in(STAGE_INPUT, "input from the client",
	    NULL, c->idle);
	struct pollfd fd = { c->in, POLLIN, 0 };
	ssize_t n;

	if (!client_flush(c, err))
		return false;
	if (!buf_reserve(&c->input, c->input.len + BLOCK))
		mem_exhausted();
	do {
		if (!limit_wait(&limit, &fd, 1, err))
			return false;
		n = read(c->in, c->input.data + c->input.len, BLOCK);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return error_set_errno(err, STAGE_INPUT, EX_NOINPUT, errno,
		    "stdin");
	c->at_end = n == 0;
	c->input.len += (size_t)n;
	c->input.data[c->input.len] = '\0';
	return true;
}

bool
client_line(struct client *c, enum client_event *event, struct buf *line,
    bool *is_bare, struct error *err)
{
	bool is_long = false;
	struct span s;
	size_t end;

	for (;;) {
		s = buf_span(&c->input);
		end = span_find(s, '\n');
		is_long = is_long || end >= CLIENT_LINE_MAX;
		if (end < s.len)
			break;
		if (is_long)
			buf_clear(&c->input);
		if (c->at_end) {
			*event = s.len > 0 ? CLIENT_CUT : CLIENT_END;
			return true;
		}
		if (!fill(c, err))
			return false;
	}
	*event = is_long ? CLIENT_LONG_LINE : CLIENT_LINE;
	*is_bare = end == 0 || s.data[end - 1] != '\r';
	buf_clear(line);
	if (!is_long && !buf_add(line, s.data, *is_bare ? end : end - 1))
		mem_exhausted();
	buf_consume(&c->input, end + 1);
	return true;
}

/* Takes what is there of the message; what can't be stored is forgotten. */
static void
take(struct client *c, struct dotted *dotted, struct store *store,
    struct error *trouble)
{
	size_t used;

	used = dotted_feed(dotted, buf_span(&c->input), &store->kept);
	buf_consume(&c->input, used);
	if (error_is_set(trouble) || !store_settle(store, trouble))
		buf_clear(&store->kept);
}

bool
client_message(struct client *c, bool is_bare, const char *tmpdir,
    struct message *m, bool *is_over, struct error *err)
{
	struct dotted dotted;
	struct store store;
	struct error trouble = { 0 };
	bool ok = true;

	*is_over = false;
	memset(m, 0, sizeof(*m));
	dotted_begin(&dotted, is_bare);
	store_begin(&store, tmpdir);
	for (;;) {
		take(c, &dotted, &store, &trouble);
		if (dotted.state == DOTTED_ENDED)
			break;
		ok = fill(c, err) && (!c->at_end || error_set(err, STAGE_INPUT,
		    EX_DATAERR, "the input ended within the message: nothing "
		    "was sent"));
		if (!ok)
			goto out;
	}
	*is_over = true;
	if (error_is_set(&trouble))
		*err = trouble;
	ok = !error_is_set(err) && store_hand_over(&store, m, err) &&
	    message_split(m, err);
out:
	store_free(&store);
	return ok;
}

bool
client_has_input(struct client *c)
{
	struct limit at_once = limit_in(STAGE_INPUT, "input", NULL, 0);
	struct pollfd fd = { c->in, POLLIN, 0 };
	struct error ignored = { 0 };

	if (c->input.len == 0 && limit_wait(&at_once, &fd, 1, &ignored))
		(void)fill(c, &ignored);
	return c->input.len > 0;
}
