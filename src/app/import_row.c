#include "app/import_row.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/ini.h"
#include "conf/name.h"
#include "conf/safe.h"

#define PIN_DIGITS 64

bool
import_apply(struct sheet *s, const struct import_row *rows, struct span name,
    struct span value)
{
	for (; rows->name != NULL; rows++)
		if (span_equals_nocase(name, span_of(rows->name)))
			return rows->set(s, rows, value);
	/* Not named: it may be a part of a password without its quotes. */
	return sheet_remark(s, span_of("a word here"),
	    "nothing in posthaste is like it");
}

/* "DIR/name" beside the imported file. */
static char *
path_beside(const struct sheet *s, const char *name)
{
	const char *slash = strrchr(s->file, '/');
	struct buf path;
	char *all;

	if (name[0] == '/' || slash == NULL)
		return mem_string(name);
	buf_init(&path, BUF_UNLIMITED);
	all = mem_string(buf_add(&path, s->file,
	    (size_t)(slash + 1 - s->file)) && buf_add_string(&path, name) ?
	    buf_string(&path) : name);
	buf_free(&path);
	return all;
}

bool
import_read_beside(const struct sheet *s, const char *name, struct buf *text,
    char **path, bool *is_there, struct error *err)
{
	struct stat st;
	bool ok;
	int fd;

	*path = path_beside(s, name);
	fd = open(*path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	*is_there = fd >= 0;
	if (fd < 0)
		return errno == ENOENT || error_set_errno(err, STAGE_CONFIG,
		    EX_CONFIG, errno, "%s", *path);
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!ok)
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: not a regular file", *path);
	ok = ok && safe_read(fd, *path, INI_FILE_MAX, text, err);
	(void)close(fd);
	return ok;
}

bool
import_lines_beside(struct sheet *s, const char *name, import_line *take,
    struct error *err)
{
	const char *file = s->file;
	struct span text, line;
	bool is_there, ok;
	struct buf all;
	char *path;

	buf_init(&all, BUF_UNLIMITED);
	ok = import_read_beside(s, name, &all, &path, &is_there, err);
	text = buf_span(&all);
	s->file = path;
	s->line = 0;
	while (ok && is_there && span_next(&text, '\n', &line)) {
		s->line++;
		line = import_uncomment(line, '#');
		if (line.len > 0)
			ok = take(s, line);
	}
	s->file = file;
	mem_free(path);
	buf_free_secret(&all);
	return ok;
}

struct span
import_uncomment(struct span line, char mark)
{
	return span_trim(span_make(line.data, span_find(line, mark)));
}

struct span
import_word(struct span *rest)
{
	struct span word = span_trim(*rest);
	size_t n = 0;

	while (n < word.len && !ascii_is_blank(word.data[n]))
		n++;
	*rest = span_trim(span_skip(word, n));
	return span_make(word.data, n);
}

int
import_truth(struct span value)
{
	static const struct {
		const char *word;
		int truth;
	} words[] = { { "on", 1 }, { "yes", 1 }, { "true", 1 }, { "1", 1 },
		{ "off", -1 }, { "no", -1 }, { "false", -1 }, { "0", -1 } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equals_nocase(value, span_of(words[i].word)))
			return words[i].truth;
	return 0;
}

bool
import_set_key(struct sheet *s, const struct import_row *row,
    struct span value)
{
	return sheet_set(s, row->to, value);
}

bool
import_set_path(struct sheet *s, const struct import_row *row,
    struct span value)
{
	struct buf path;
	bool ok;

	if (!span_starts_with_nocase(value, span_of("~/")) || s->home == NULL)
		return sheet_set(s, row->to, value);
	buf_init(&path, BUF_UNLIMITED);
	ok = buf_add_string(&path, s->home) &&
	    buf_add_span(&path, span_skip(value, 1)) &&
	    sheet_set(s, row->to, buf_span(&path));
	buf_free(&path);
	return ok;
}

bool
import_set_relay(struct sheet *s, const struct import_row *row,
    struct span value)
{
	struct span host = value, port = span_of(NULL);
	size_t end = span_find(value, ']');

	(void)row;
	if (value.len > 0 && value.data[0] == '[' && end < value.len) {
		host = span_make(value.data + 1, end - 1);
		port = span_skip(value, end + 2);
	} else if (!name_is_ipv6(value)) {
		host = span_make(value.data, span_find(value, ':'));
		port = span_skip(value, host.len + 1);
	}
	return sheet_set(s, "host", host) && sheet_set(s, "port", port);
}

bool
import_set_lower(struct sheet *s, const struct import_row *row,
    struct span value)
{
	char *lower = mem_span(value);
	size_t i;
	bool ok;

	for (i = 0; i < value.len; i++)
		lower[i] = ascii_lower(lower[i]);
	ok = sheet_set(s, row->to, span_make(lower, value.len));
	mem_free(lower);
	return ok;
}

bool
import_set_yes_no(struct sheet *s, const struct import_row *row,
    struct span value)
{
	int truth = import_truth(value);

	return truth == 0 || sheet_set(s, row->to,
	    span_of(truth > 0 ? "yes" : "no"));
}

bool
import_set_no(struct sheet *s, const struct import_row *row,
    struct span value)
{
	return import_truth(value) >= 0 ||
	    sheet_set(s, row->to, span_of("no"));
}

bool
import_set_flag(struct sheet *s, const struct import_row *row,
    struct span value)
{
	s->current->flags[row->at] = (signed char)(value.len == 0 ? 1 :
	    import_truth(value));
	return true;
}

bool
import_set_note(struct sheet *s, const struct import_row *row,
    struct span value)
{
	mem_free(s->current->notes[row->at]);
	s->current->notes[row->at] = value.len == 0 ? NULL : mem_span(value);
	return true;
}

bool
import_set_pin(struct sheet *s, const struct import_row *row,
    struct span value)
{
	size_t i, digits = 0;

	if (value.len == 0 || import_truth(value) < 0)
		return true;
	for (i = 0; i < value.len; i++)
		digits += value.data[i] != ':';
	return digits == PIN_DIGITS ? sheet_set(s, row->to, value) :
	    sheet_remark(s, span_of(row->name), "tls_fingerprint is the "
	    "certificate's SHA-256, %d digits", PIN_DIGITS);
}

bool
import_set_secret(struct sheet *s, const struct import_row *row,
    struct span value)
{
	char **at = &s->current->notes[SHEET_SECRET_AT];
	struct buf where;
	bool ok;

	(void)row;
	if (value.len == 0)
		return true;
	buf_init(&where, BUF_UNLIMITED);
	ok = buf_add_escaped(&where, span_of(s->file)) &&
	    (s->line == 0 || buf_printf(&where, ":%zu", s->line));
	mem_free(*at);
	*at = mem_string(buf_string(&where));
	buf_free(&where);
	return ok;
}

bool
import_remark(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)value;
	return sheet_remark(s, span_of(row->name), "%s", row->to);
}

bool
import_ignore(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)s;
	(void)row;
	(void)value;
	return true;
}
