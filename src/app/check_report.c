#include "app/check_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/check_bar.h"
#include "app/report.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"

static const struct {
	const char *mark, *word;
} marks[] = {
	[CHECK_OK] = { "ok", "ok" },
	[CHECK_WARN] = { "warn", "warning" },
	[CHECK_FAIL] = { "FAIL", "failed" },
	[CHECK_SKIPPED] = { "----", "skipped" },
	[CHECK_TIP] = { "tip", "tip" },
};

/* The locale's own words: nothing of it is loaded. */
static bool
is_utf8(char *const *env)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = os_env(env, names[i]);
		if (value != NULL && value[0] != '\0')
			return span_contains_nocase(span_of(value),
			    span_of("utf-8")) || span_contains_nocase(
			    span_of(value), span_of("utf8"));
	}
	return false;
}

void
check_report_begin(struct check_report *r, int fd, bool is_json,
    char *const *env)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->is_json = is_json;
	r->is_terminal = isatty(fd) == 1;
	r->has_utf8 = is_utf8(env);
	r->start = r->last = clock_ms();
}

static void
put(struct check_report *r, const struct buf *text)
{
	if (!report_write(r->fd, buf_span(text)))
		r->is_unwritten = true;
}

static void
write_line(struct check_report *r, const struct check_line *line)
{
	char time[24] = "";
	struct buf text;

	if (line->ms >= 0)
		(void)snprintf(time, sizeof(time), "%" PRId64 " ms", line->ms);
	buf_init(&text, BUF_UNLIMITED);
	if (buf_printf(&text, "  %-5s %-11s %9s  %s\n",
	    marks[line->mark].mark, line->name, time, line->text))
		put(r, &text);
	buf_free(&text);
}

/* What was escaped already stays as it is. */
static char *
printable(const char *text)
{
	struct buf out;
	char *copy;
	bool ok = true;

	buf_init(&out, BUF_UNLIMITED);
	for (; ok && *text != '\0'; text++)
		ok = *text >= ' ' && *text <= '~' ? buf_add_char(&out, *text) :
		    buf_printf(&out, "\\x%02x",
		    (unsigned int)(unsigned char)*text);
	copy = mem_string(buf_string(&out));
	buf_free(&out);
	return copy;
}

static void
add(struct check_report *r, enum check_mark mark, const char *name,
    int64_t ms, const char *text)
{
	struct check_line *line;

	r->lines = mem_grow(r->lines, r->count, &r->room, sizeof(*r->lines));
	line = &r->lines[r->count++];
	line->mark = mark;
	line->name = name;
	line->ms = ms;
	line->text = printable(text);
	r->warnings += mark == CHECK_WARN;
	r->failures += mark == CHECK_FAIL;
	if (!r->is_json)
		write_line(r, line);
}

static int64_t
take_time(struct check_report *r)
{
	int64_t now = clock_ms(), ms = now - r->last;

	r->last = now;
	return ms;
}

void
check_step(struct check_report *r, enum check_mark mark, const char *name,
    const char *format, ...)
{
	char text[2000];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(r, mark, name, take_time(r), text);
}

void
check_say(struct check_report *r, enum check_mark mark, const char *name,
    const char *format, ...)
{
	char text[2000];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(r, mark, name, -1, text);
}

/* The lines of the block that every other failure gets, behind its first. */
static void
add_details(struct check_report *r, const struct error *err)
{
	struct span rest, line;
	struct buf block, text;

	buf_init(&block, BUF_UNLIMITED);
	buf_init(&text, BUF_UNLIMITED);
	if (!error_print_block(err, "", &block))
		buf_clear(&block);
	rest = buf_span(&block);
	(void)span_next(&rest, '\n', &line);
	while (span_next(&rest, '\n', &line) && rest.data != NULL)
		if (!buf_printf(&text, "      %.*s\n", (int)line.len,
		    line.data))
			break;
	if (text.len > 0)
		put(r, &text);
	buf_free(&text);
	buf_free(&block);
}

void
check_fail(struct check_report *r, const struct error *err)
{
	char text[sizeof(err->peer) + sizeof(err->text) + 4];

	(void)snprintf(text, sizeof(text), "%s%s%s", err->peer,
	    err->peer[0] == '\0' ? "" : ": ", err->text);
	add(r, CHECK_FAIL, error_stage_name(err->stage), take_time(r), text);
	if (!r->is_json)
		add_details(r, err);
}

static bool
add_json_line(const struct check_line *line, struct buf *out)
{
	return buf_printf(out, "{\"step\":\"%s\",\"result\":\"%s\"",
	    line->name, marks[line->mark].word) &&
	    (line->ms < 0 || buf_printf(out, ",\"ms\":%" PRId64, line->ms)) &&
	    buf_add_string(out, ",\"text\":") &&
	    buf_add_json(out, span_of(line->text)) && buf_add_char(out, '}');
}

static bool
add_json(const struct check_report *r, const struct error *err,
    const struct profile *p, struct buf *out)
{
	bool ok = buf_printf(out, "{\"posthaste\":\"%s\",\"passed\":%s",
	    POSTHASTE_VERSION, error_is_set(err) ? "false" : "true");
	size_t i;

	if (ok && p != NULL)
		ok = buf_add_string(out, ",\"profile\":") &&
		    buf_add_json(out, span_of(p->name)) &&
		    buf_add_string(out, ",\"file\":") &&
		    buf_add_json(out, span_of(p->file));
	ok = ok && buf_printf(out, ",\"ms\":%" PRId64 ",\"warnings\":%zu,"
	    "\"steps\":[", r->last - r->start, r->warnings);
	for (i = 0; ok && i < r->count; i++)
		ok = (i == 0 || buf_add_char(out, ',')) &&
		    add_json_line(&r->lines[i], out);
	ok = ok && buf_add_char(out, ']') && (error_is_set(err) ?
	    error_print_json(err, out) : buf_add_string(out, ",\"exit\":0"));
	return ok && buf_add_string(out, "}\n");
}

static bool
add_sum(const struct check_report *r, const struct error *err,
    struct buf *out)
{
	if (!buf_printf(out, "%s, %zu warning%s, %" PRId64 " ms",
	    error_is_set(err) ? "1 problem" : "no problem", r->warnings,
	    r->warnings == 1 ? "" : "s", r->last - r->start))
		return false;
	return error_is_set(err) ? buf_printf(out, "; exit %d (%s)\n",
	    err->exit_code, error_exit_name(err->exit_code)) :
	    buf_add_char(out, '\n');
}

bool
check_report_end(struct check_report *r, const struct error *err,
    const struct profile *profile)
{
	struct buf out;
	bool ok;

	buf_init(&out, BUF_UNLIMITED);
	if (r->is_json)
		ok = add_json(r, err, profile, &out);
	else
		ok = (!r->is_terminal || check_bar(r, &out)) &&
		    add_sum(r, err, &out);
	if (ok)
		put(r, &out);
	buf_free(&out);
	return ok && !r->is_unwritten;
}

void
check_report_free(struct check_report *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		mem_free(r->lines[i].text);
	mem_free(r->lines);
	r->lines = NULL;
	r->count = 0;
}
