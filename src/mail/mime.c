#include "mail/mime.h"

#include <string.h>

#include "mail/message.h"

static bool
is_blank(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

/* Octets of the comment that `s` begins with (RFC 5322 section 3.2.2). */
static size_t
comment_length(struct span s)
{
	size_t depth = 0, i;

	for (i = 0; i < s.len; i++) {
		if (s.data[i] == '\\')
			i++;
		else if (s.data[i] == '(')
			depth++;
		else if (s.data[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

/* `s` without the blanks and comments that it begins with. */
static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && (is_blank(s.data[0]) || s.data[0] == '('))
		s = span_skip(s, s.data[0] == '(' ? comment_length(s) : 1);
	return s;
}

/* Takes a token (RFC 2045 section 5.1) off `*s`; empty where there is none. */
static struct span
take_token(struct span *s)
{
	static const char specials[] = "()<>@,;:\\\"/[]?=";
	struct span token;
	size_t n = 0;

	*s = skip_blanks(*s);
	while (n < s->len && s->data[n] > ' ' && s->data[n] <= '~' &&
	    strchr(specials, s->data[n]) == NULL)
		n++;
	token = span_make(s->data, n);
	*s = skip_blanks(span_skip(*s, n));
	return token;
}

/* Takes `c` off `*s`, if that is what stands there. */
static bool
take_char(struct span *s, char c)
{
	if (s->len == 0 || s->data[0] != c)
		return false;
	*s = skip_blanks(span_skip(*s, 1));
	return true;
}

/* What stands behind the next semicolon outside of quotes and comments. */
static bool
skip_to_parameter(struct span *s)
{
	bool is_quoted = false;

	while (s->len > 0) {
		if (s->data[0] == '\\')
			*s = span_skip(*s, 1);
		else if (s->data[0] == '"')
			is_quoted = !is_quoted;
		else if (s->data[0] == '(' && !is_quoted)
			*s = span_skip(*s, comment_length(*s) - 1);
		else if (!is_quoted && take_char(s, ';'))
			return true;
		*s = span_skip(*s, 1);
	}
	return false;
}

static void
read_type(struct mime *m, struct span value)
{
	struct span type = take_token(&value), name;
	bool has_subtype = take_char(&value, '/') && take_token(&value).len > 0;

	m->is_text = has_subtype && span_equals_nocase(type, span_of("text"));
	m->is_multipart = span_equals_nocase(type, span_of("multipart"));
	while (skip_to_parameter(&value)) {
		name = take_token(&value);
		/* "charset*" is how RFC 2231 writes it. */
		if (span_equals_nocase(name, span_of("charset")) ||
		    span_starts_with_nocase(name, span_of("charset*")))
			m->has_charset = true;
	}
}

static bool
is_identity(struct span value)
{
	static const char *const names[] = { "7bit", "8bit", "binary" };
	struct span name = take_token(&value);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equals_nocase(name, span_of(names[i])))
			return value.len == 0;
	return false;
}

void
mime_read(struct mime *m, struct span header)
{
	size_t types = 0, encodings = 0;
	struct field field;

	memset(m, 0, sizeof(*m));
	m->is_text = true;
	m->is_identity = true;
	while (field_next(&header, &field)) {
		if (span_equals_nocase(field.name, span_of("MIME-Version"))) {
			m->has_version = true;
		} else if (span_equals_nocase(field.name,
		    span_of("Content-Type"))) {
			read_type(m, field.value);
			types++;
		} else if (span_equals_nocase(field.name,
		    span_of("Content-Transfer-Encoding"))) {
			m->is_identity = is_identity(field.value);
			encodings++;
		}
	}
	m->has_type = types > 0;
	m->is_text = m->is_text && types <= 1;
	m->is_identity = m->is_identity && encodings <= 1;
}
