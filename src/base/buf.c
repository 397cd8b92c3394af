#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void
buf_init(struct buf *b, size_t limit)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
}

void
buf_free(struct buf *b)
{
	mem_free(b->data);
	buf_init(b, b->limit);
}

void
buf_free_secret(struct buf *b)
{
	mem_wipe(b->data, b->room);
	buf_free(b);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

bool
buf_reserve(struct buf *b, size_t size)
{
	size_t room;
	char *data;

	if (size > b->limit)
		return false;
	if (b->data != NULL && size < b->room)
		return true;
	room = b->room < 64 ? 64 : b->room;
	while (room <= size)
		room *= 2;
	data = mem_alloc(room);
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	/* What is left behind might be a secret. */
	mem_wipe(b->data, b->len);
	mem_free(b->data);
	b->data = data;
	b->room = room;
	return true;
}

struct span
buf_span(const struct buf *b)
{
	return span_make(b->data, b->len);
}

const char *
buf_string(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

bool
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len > b->limit - b->len || !buf_reserve(b, b->len + len))
		return false;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return true;
}

bool
buf_add_span(struct buf *b, struct span s)
{
	return buf_add(b, s.data, s.len);
}

bool
buf_add_string(struct buf *b, const char *string)
{
	return buf_add_span(b, span_of(string));
}

bool
buf_add_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	char *text;
	size_t size;
	bool added;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return false;
	size = (size_t)n + 1;
	text = mem_alloc(size);
	va_start(args, format);
	(void)vsnprintf(text, size, format, args);
	va_end(args);
	added = buf_add(b, text, size - 1);
	mem_wipe(text, size);
	mem_free(text);
	return added;
}

static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

/* Cuts back to `len` octets. Returns false. */
static bool
undo(struct buf *b, size_t len)
{
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
	return false;
}

bool
buf_add_escaped(struct buf *b, struct span s)
{
	size_t before = b->len, i;
	bool ok = true;

	for (i = 0; ok && i < s.len; i++) {
		if (is_plain(s.data[i]))
			ok = buf_add_char(b, s.data[i]);
		else
			ok = buf_printf(b, "\\x%02x",
			    (unsigned int)(unsigned char)s.data[i]);
	}
	return ok || undo(b, before);
}

static bool
add_json_char(struct buf *b, char c)
{
	switch (c) {
	case '"':
		return buf_add_string(b, "\\\"");
	case '\\':
		return buf_add_string(b, "\\\\");
	case '\n':
		return buf_add_string(b, "\\n");
	default:
		break;
	}
	if (is_plain(c))
		return buf_add_char(b, c);
	return buf_printf(b, "\\u%04x", (unsigned int)(unsigned char)c);
}

bool
buf_add_json(struct buf *b, struct span s)
{
	size_t before = b->len, i;
	bool ok = buf_add_char(b, '"');

	for (i = 0; ok && i < s.len; i++)
		ok = add_json_char(b, s.data[i]);
	ok = ok && buf_add_char(b, '"');
	return ok || undo(b, before);
}

/* Whether a log's reader can't take it for the begin of something else. */
static bool
is_plain_value(const char *value)
{
	static const char marks[] = "@.:,-_+/<>[]";
	size_t i;

	for (i = 0; value[i] != '\0'; i++)
		if (!ascii_is_alnum(value[i]) &&
		    strchr(marks, value[i]) == NULL)
			return false;
	return true;
}

bool
buf_add_pair(struct buf *b, const char *key, const char *value)
{
	struct span rest = span_of(value), part;
	size_t before = b->len;
	bool ok;

	if (value == NULL || value[0] == '\0')
		return true;
	if (is_plain_value(value))
		return buf_printf(b, " %s=%s", key, value);
	ok = buf_printf(b, " %s='", key);
	while (ok && span_next(&rest, '\'', &part))
		ok = buf_add_span(b, part) &&
		    (rest.data == NULL || buf_add_string(b, "\\x27"));
	return (ok && buf_add_char(b, '\'')) || undo(b, before);
}

void
escape_into(char *out, size_t size, struct span s)
{
	static const char mark[] = "...";
	struct buf b;

	buf_init(&b, BUF_UNLIMITED);
	/* More than `size` bytes could never be shown. */
	if (s.len > size)
		s.len = size;
	if (!buf_add_escaped(&b, s))
		buf_clear(&b);
	(void)snprintf(out, size, "%s", buf_string(&b));
	if (b.len >= size)
		memcpy(out + size - sizeof(mark), mark, sizeof(mark));
	buf_free(&b);
}
