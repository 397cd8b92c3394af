#include <string.h>

#include "mail/message.h"
#include "mail/text.h"

/* Octets of the line that `s` begins with, its LF included. */
static size_t
line_length(struct span s)
{
	size_t n = span_find(s, '\n');

	return n < s.len ? n + 1 : n;
}

/* Octets of `s` without the CR* LF at its end. */
static size_t
length_without_line_end(struct span s)
{
	size_t n = s.len;

	if (n == 0 || s.data[n - 1] != '\n')
		return n;
	for (n--; n > 0 && s.data[n - 1] == '\r';)
		n--;
	return n;
}

static bool
begins_with_empty_line(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] == '\r')
		n++;
	return n < s.len && s.data[n] == '\n';
}

/* Octets of ftext (RFC 5322 section 3.6.8) that `s` begins with. */
static size_t
name_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] > ' ' && s.data[n] <= '~' &&
	    s.data[n] != ':')
		n++;
	return n;
}

static size_t
count_blanks(struct span s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_blank(s.data[n]))
		n++;
	return n;
}

/* The line that `s` begins with and the folded ones behind it. */
static size_t
folded_length(struct span s)
{
	size_t n = line_length(s);

	while (n < s.len && ascii_is_blank(s.data[n]))
		n += line_length(span_skip(s, n));
	return n;
}

bool
field_next(struct span *rest, struct field *field)
{
	size_t name = name_length(*rest), colon;

	/* Blanks before the colon: RFC 5322 section 4.5.3. */
	colon = name + count_blanks(span_skip(*rest, name));
	if (name == 0 || colon >= rest->len || rest->data[colon] != ':')
		return false;
	field->whole = span_make(rest->data, folded_length(*rest));
	field->name = span_make(rest->data, name);
	field->value = span_skip(span_make(rest->data,
	    length_without_line_end(field->whole)), colon + 1);
	*rest = span_skip(*rest, field->whole.len);
	return true;
}

bool
field_find(const struct message *m, const char *name, struct field *field,
    size_t *count)
{
	struct span rest = m->header;
	struct field each;
	size_t hits = 0;

	while (field_next(&rest, &each)) {
		if (!span_equals_nocase(each.name, span_of(name)))
			continue;
		if (hits == 0)
			*field = each;
		hits++;
	}
	if (count != NULL)
		*count = hits;
	return hits > 0;
}

/* "From user date" of mailbox files; "From : user" is a field. */
static bool
is_from_line(struct span s)
{
	static const char mark[] = "From ";
	struct field field;

	if (s.len > 0 && s.data[0] == '>')
		s = span_skip(s, 1);
	return s.len >= sizeof(mark) - 1 &&
	    memcmp(s.data, mark, sizeof(mark) - 1) == 0 &&
	    !field_next(&s, &field);
}

/*
 * What stands behind the "From " lines at the top. Where no header follows
 * them they are text, of which nothing is lost.
 */
static struct span
skip_from_lines(struct span bytes)
{
	struct span rest = bytes, probe;
	struct field field;

	while (is_from_line(rest))
		rest = span_skip(rest, line_length(rest));
	probe = rest;
	if (!begins_with_empty_line(rest) && !field_next(&probe, &field))
		return bytes;
	return rest;
}

static bool
take_fields(struct span *rest, struct error *err)
{
	struct field field;
	size_t size = 0;

	while (field_next(rest, &field)) {
		if (field.whole.len > MESSAGE_FIELD_MAX)
			return error_set(err, STAGE_INPUT, EX_DATAERR,
			    "the header field '%.*s' has more than %lu octets",
			    (int)(field.name.len > 60 ? 60 : field.name.len),
			    field.name.data, MESSAGE_FIELD_MAX);
		size += field.whole.len;
		if (size > MESSAGE_HEADER_MAX)
			return error_set(err, STAGE_INPUT, EX_DATAERR,
			    "the header has more than %lu octets",
			    MESSAGE_HEADER_MAX);
	}
	return true;
}

/*
 * Whether the input ends inside the header, of which `rest` is what isn't
 * a field: nothing, or the begin of a name that has no colon yet.
 */
static bool
is_cut_off(struct span header, struct span rest)
{
	size_t name;

	if (header.len == 0)
		return false;
	if (rest.len == 0)
		return header.data[header.len - 1] != '\n';
	name = name_length(rest);
	return name > 0 &&
	    name + count_blanks(span_skip(rest, name)) == rest.len;
}

/* A whole line behind the fields, and behind the "From " lines. */
bool
message_has_head(struct span bytes)
{
	struct field field;

	while (is_from_line(bytes))
		bytes = span_skip(bytes, line_length(bytes));
	while (field_next(&bytes, &field))
		continue;
	return span_find(bytes, '\n') < bytes.len;
}

bool
message_split(struct message *m, struct error *err)
{
	struct span top = skip_from_lines(m->bytes), rest = top;

	if (!take_fields(&rest, err))
		return false;
	m->header = span_make(top.data, top.len - rest.len);
	if (is_cut_off(m->header, rest))
		return error_set(err, STAGE_INPUT, EX_DATAERR,
		    "header cut off in mid-line");
	if (begins_with_empty_line(rest))
		rest = span_skip(rest, line_length(rest));
	m->body = rest;
	return true;
}

static bool
is_signed_type(struct span value)
{
	static const char *const types[] = {
		"multipart/signed",
		"application/pkcs7-mime",
		"application/x-pkcs7-mime",
	};
	size_t i;

	value = span_trim(value);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_starts_with_nocase(value, span_of(types[i])))
			return true;
	return false;
}

bool
message_is_signed(const struct message *m)
{
	static const char block[] = "-----BEGIN PGP ";
	struct span rest = m->header;
	struct field field;

	while (field_next(&rest, &field)) {
		if (span_equals_nocase(field.name, span_of("DKIM-Signature")))
			return true;
		if (span_equals_nocase(field.name, span_of("Content-Type")) &&
		    is_signed_type(field.value))
			return true;
	}
	rest = m->body;
	while (begins_with_empty_line(rest))
		rest = span_skip(rest, line_length(rest));
	return rest.len >= sizeof(block) - 1 &&
	    memcmp(rest.data, block, sizeof(block) - 1) == 0;
}
