#include "smtp/reply.h"

#include <string.h>

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, REPLY_TEXT_MAX);
	(void)!buf_reserve(&r->text, REPLY_TEXT_MAX);
}

void
reply_free(struct reply *r)
{
	buf_free(&r->text);
}

void
reply_clear(struct reply *r)
{
	r->code = 0;
	r->lines = 0;
	r->is_complete = false;
	buf_clear(&r->text);
}

static bool
fail(enum stage stage, struct span line, const char *what, struct error *err)
{
	(void)error_set(err, stage, EX_PROTOCOL,
	    "the relay's reply breaks the protocol: %s", what);
	escape_into(err->reply, sizeof(err->reply), line);
	return false;
}

/* The code, or 0 where the line doesn't begin with one. */
static int
parse_code(struct span line)
{
	const char *d = line.data;

	if (line.len < 3 || d[0] < '2' || d[0] > '5' || d[1] < '0' ||
	    d[1] > '5' || !ascii_is_digit(d[2]))
		return 0;
	return (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
}

static bool
fail_codeless(const struct reply *r, struct span line, enum stage stage,
    struct error *err)
{
	(void)fail(stage, line, "no reply code", err);
	/* What greets like that is no relay. */
	if (stage == STAGE_GREETING && r->lines == 0)
		err->hint = "H86";
	return false;
}

/* `line` is without its CRLF. */
static bool
take_line(struct reply *r, struct span line, enum stage stage,
    struct error *err)
{
	int code = parse_code(line);
	bool is_last = line.len == 3 || (line.len > 3 && line.data[3] == ' ');

	if (span_find(line, '\0') < line.len)
		return fail(stage, line, "a NUL", err);
	if (span_find(line, '\r') < line.len)
		return fail(stage, line, "a CR in mid-line", err);
	if (code == 0)
		return fail_codeless(r, line, stage, err);
	if (!is_last && line.data[3] != '-')
		return fail(stage, line, "neither blank nor hyphen behind "
		    "the code", err);
	if (r->code != 0 && code != r->code)
		return fail(stage, line, "the code changes from line to line",
		    err);
	if (++r->lines > REPLY_LINES_MAX)
		return fail(stage, line, "too many lines", err);
	r->code = code;
	r->is_complete = is_last;
	if (!buf_add_span(&r->text, span_skip(line, 4)) ||
	    !buf_add_char(&r->text, '\n'))
		return fail(stage, line, "too much text", err);
	return true;
}

bool
reply_feed(struct reply *r, struct span input, size_t line_max,
    enum stage stage, size_t *used, struct error *err)
{
	struct span line;
	size_t lf;

	*used = 0;
	while (!r->is_complete) {
		lf = span_find(input, '\n');
		line = span_make(input.data, lf);
		if (lf >= line_max)
			return fail(stage, line, "a line is too long", err);
		if (lf == input.len)
			return true;
		if (lf == 0 || line.data[lf - 1] != '\r')
			return fail(stage, line, "a line without CR", err);
		line.len--;
		if (!take_line(r, line, stage, err))
			return false;
		input = span_skip(input, lf + 1);
		*used += lf + 1;
	}
	return true;
}

bool
reply_is(const struct reply *r, int digit)
{
	return r->code / 100 == digit;
}

/* The length of a run of 1 to 3 digits at `s`, or 0. */
static size_t
digits(struct span s)
{
	size_t n = 0;

	while (n < s.len && n < 4 && ascii_is_digit(s.data[n]))
		n++;
	return n > 3 ? 0 : n;
}

void
reply_enhanced(const struct reply *r, char *out, size_t size)
{
	struct span text = buf_span(&r->text), rest;
	size_t subject, detail, len;

	out[0] = '\0';
	if (text.len < 5 || text.data[0] - '0' != r->code / 100 ||
	    text.data[1] != '.')
		return;
	rest = span_skip(text, 2);
	subject = digits(rest);
	if (subject == 0 || rest.len <= subject || rest.data[subject] != '.')
		return;
	rest = span_skip(rest, subject + 1);
	detail = digits(rest);
	len = 2 + subject + 1 + detail;
	if (detail == 0 || len >= size || (rest.len > detail &&
	    rest.data[detail] != ' ' && rest.data[detail] != '\n'))
		return;
	memcpy(out, text.data, len);
	out[len] = '\0';
}

void
reply_quote(const struct reply *r, char *out, size_t size)
{
	struct span rest = buf_span(&r->text), line;
	const char *separator = " ";
	struct buf b;
	bool ok;

	buf_init(&b, BUF_UNLIMITED);
	ok = buf_printf(&b, "%d", r->code);
	while (ok && span_next(&rest, '\n', &line) && rest.data != NULL) {
		ok = buf_add_string(&b, separator) && buf_add_span(&b, line);
		separator = " / ";
	}
	escape_into(out, size, span_trim(buf_span(&b)));
	buf_free(&b);
}
