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
	data = mem_room(room);
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	data[b->len] = '\0';
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
buf_printf(struct buf *b, const char *format, ...)
{
	size_t before = b->len, size;
	va_list args;
	bool fits;
	int n;

	if (!buf_reserve(b, before))
		return false;
	va_start(args, format);
	n = vsnprintf(b->data + before, b->room - before, format, args);
	va_end(args);
	size = (size_t)n;
	fits = n >= 0 && size < b->room - before;
	/* The begin that did fit isn't counted, and is left behind. */
	if (!fits)
		mem_wipe(b->data + before, b->room - before);
	if (n < 0 || size > b->limit - before ||
	    !buf_reserve(b, before + size))
		return undo(b, before);
	if (!fits) {
		va_start(args, format);
		(void)vsnprintf(b->data + before, size + 1, format, args);
		va_end(args);
	}
	b->len = before + size;
	return true;
}

static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

bool
buf_add_escaped(struct buf *b, struct span s)
{
	size_t before = b->len, n;
	bool ok = true;

	while (ok && s.len > 0) {
		for (n = 0; n < s.len && is_plain(s.data[n]);)
			n++;
		ok = buf_add(b, s.data, n) && (n == s.len || buf_printf(b,
		    "\\x%02x", (unsigned int)(unsigned char)s.data[n]));
		s = span_skip(s, n + 1);
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
is_plain_mark(char c)
{
	switch (c) {
	case '@': case '.': case ':': case ',': case '-': case '_':
	case '+': case '/': case '<': case '>': case '[': case ']':
		return true;
	default:
		return false;
	}
}

static bool
is_plain_value(struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (!ascii_is_alnum(value.data[i]) &&
		    !is_plain_mark(value.data[i]))
			return false;
	return true;
}

/* `add` makes the value's octets printable, if they aren't. */
static bool
add_pair(struct buf *b, const char *key, struct span value,
    bool (*add)(struct buf *, struct span))
{
	size_t before = b->len;
	struct span part;
	bool ok;

	if (value.len == 0)
		return true;
	ok = buf_add_char(b, ' ') && buf_add_string(b, key) &&
	    buf_add_char(b, '=');
	if (is_plain_value(value))
		return (ok && buf_add_span(b, value)) || undo(b, before);
	ok = ok && buf_add_char(b, '\'');
	while (ok && span_next(&value, '\'', &part))
		ok = add(b, part) &&
		    (value.data == NULL || buf_add_string(b, "\\x27"));
	return (ok && buf_add_char(b, '\'')) || undo(b, before);
}

bool
buf_add_pair(struct buf *b, const char *key, const char *value)
{
	return add_pair(b, key, span_of(value), buf_add_span);
}

bool
buf_add_pair_escaped(struct buf *b, const char *key, struct span value)
{
	return add_pair(b, key, value, buf_add_escaped);
}

void
escape_into(char *out, size_t size, struct span s)
{
	static const char mark[] = "...", hex[] = "0123456789abcdef";
	size_t used = 0, i;
	unsigned char c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.data[i];
		if (used + (is_plain(s.data[i]) ? 1 : 4) >= size)
			break;
		if (is_plain(s.data[i])) {
			out[used++] = s.data[i];
			continue;
		}
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = hex[c >> 4];
		out[used++] = hex[c & 15];
	}
	out[used] = '\0';
	if (i < s.len)
		memcpy(out + (used < size - sizeof(mark) ? used :
		    size - sizeof(mark)), mark, sizeof(mark));
}
