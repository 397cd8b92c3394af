#include "conf/ini.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MIN 64	/* "[", the longest name, "]", LF, NUL, and a little */

/* What inih gets instead of a value. */
#define STAND_IN "@"

struct reader {
	struct span rest;		/* lines not read yet */
	const char *file;
	size_t line;
	char section[INI_NAME_MAX + 1];	/* "" before the first one */
	char key[INI_NAME_MAX + 1];
	struct span value;
	bool awaits_inih;		/* a key was handed over */
	bool failed;
	ini_visitor *visit;
	void *context;
	struct error *err;
};

static bool fail(struct reader *r, const char *format, ...) FORMAT(2, 3);

static bool
fail(struct reader *r, const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(r->err, STAGE_CONFIG, EX_CONFIG, "%s:%zu: %s",
	    r->file, r->line, text);
}

static bool
check_octets(struct reader *r, struct span line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (ascii_is_control(line.data[i]) && line.data[i] != '\t')
			break;
	if (i == line.len)
		return true;
	(void)fail(r, "control character 0x%02x",
	    (unsigned int)(unsigned char)line.data[i]);
	if (line.data[i] == '\0')
		return error_fix(r->err, "save the file as UTF-8: this looks "
		    "like UTF-16");
	if (line.data[i] == '\r')
		return error_fix(r->err, "end lines with LF or CR LF");
	return error_fix(r->err, "take it out: the file is plain text");
}

static bool
is_name(struct span name, const char *beyond)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.data[i]) && (name.data[i] == '\0' ||
		    strchr(beyond, name.data[i]) == NULL))
			return false;
	return true;
}

/* Copies a name to where it outlives the line. */
static bool
keep_name(struct reader *r, char out[INI_NAME_MAX + 1], struct span name,
    const char *beyond)
{
	if (name.len == 0)
		return fail(r, "an empty name") || error_fix(r->err,
		    "write [name] or `key = value`");
	if (name.len > INI_NAME_MAX)
		return fail(r, "a name of %zu characters; %d are the limit",
		    name.len, INI_NAME_MAX) || error_fix(r->err,
		    "shorten it");
	if (!is_name(name, beyond)) {
		/* Not quoted: it might be the rest of a broken secret. */
		(void)fail(r, "no name has these characters");
		return error_fix(r->err, "letters, digits and %s make a name",
		    beyond);
	}
	memcpy(out, name.data, name.len);
	out[name.len] = '\0';
	return true;
}

static bool
take_section(struct reader *r, struct span line)
{
	size_t end = span_find(line, ']');

	if (end + 1 != line.len) {
		(void)fail(r, "%s", end == line.len ?
		    "a section's head without its `]`" :
		    "something stands behind a section's head");
		return error_fix(r->err, "write [name], alone on its line");
	}
	return keep_name(r, r->section, span_make(line.data + 1, end - 1),
	    "-_.@+") && r->visit(r->context, r->section, "",
	    span_make(NULL, 0), r->line, r->err);
}

static bool
take_key(struct reader *r, struct span line)
{
	size_t equals = span_find(line, '=');

	if (equals == line.len) {
		(void)fail(r, "a line without `=`");
		return error_fix(r->err, "write `key = value`, all of it on "
		    "one line; comments begin with # or ;");
	}
	if (!keep_name(r, r->key, span_trim(span_make(line.data, equals)),
	    "-_."))
		return false;
	if (r->section[0] == '\0') {
		(void)fail(r, "`%s` stands before the first section", r->key);
		return error_fix(r->err, "put [default] on a line above it");
	}
	r->value = span_trim(span_skip(line, equals + 1));
	return true;
}

/* Writes what inih is to see of this line. */
static bool
take_line(struct reader *r, struct span line, char *out, size_t size)
{
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (!check_octets(r, line))
		return false;
	line = span_trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';') {
		(void)snprintf(out, size, "\n");
		return true;
	}
	if (line.data[0] == '[') {
		if (!take_section(r, line))
			return false;
		(void)snprintf(out, size, "[%s]\n", r->section);
		return true;
	}
	if (!take_key(r, line))
		return false;
	r->awaits_inih = true;
	(void)snprintf(out, size, "%s=%s\n", r->key, STAND_IN);
	return true;
}

/* inih's fgets: NULL ends the parse, whatever the build does after errors. */
static char *
read_line(char *out, int size, void *stream)
{
	struct reader *r = stream;
	struct span line;

	if (r->failed || r->awaits_inih || size < LINE_MIN) {
		r->failed = true;
		return NULL;
	}
	if (!span_next(&r->rest, '\n', &line))
		return NULL;
	r->line++;
	if (take_line(r, line, out, (size_t)size))
		return out;
	r->failed = true;
	return NULL;
}

static int
take_entry(void *user, const char *section, const char *key,
    const char *value)
{
	struct reader *r = user;

	/* Some builds announce sections so; the reader did it already. */
	if (key == NULL)
		return 1;
	if (r->failed || !r->awaits_inih || value == NULL ||
	    strcmp(value, STAND_IN) != 0 || strcmp(key, r->key) != 0 ||
	    strcmp(section, r->section) != 0) {
		r->failed = true;
		return 0;
	}
	r->awaits_inih = false;
	r->failed = !r->visit(r->context, r->section, r->key, r->value,
	    r->line, r->err);
	return r->failed ? 0 : 1;
}

bool
ini_parse_text(struct span text, const char *file, ini_visitor *visit,
    void *context, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 byte order mark */
	struct reader r;
	int status;

	memset(&r, 0, sizeof(r));
	r.file = file;
	r.visit = visit;
	r.context = context;
	r.err = err;
	if (text.len > INI_FILE_MAX)
		return error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: larger than %lu octets", file, INI_FILE_MAX);
	if (span_starts_with_nocase(text, span_of(mark)))
		text = span_skip(text, sizeof(mark) - 1);
	r.rest = text;
	status = ini_parse_stream(read_line, &r, take_entry, &r);
	if (status == 0 && !r.failed && !r.awaits_inih)
		return true;
	/* Where no line was at fault, the library is. */
	return fail(&r, "the installed inih doesn't understand this line");
}
