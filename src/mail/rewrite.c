#include "mail/rewrite.h"

#include "mail/text.h"
#include "mail/word.h"

/* Unstructured fields (RFC 5322 section 2.2.1), beside those of X-. */
static const char *const text_fields[] = {
	"Subject", "Comments", "Content-Description", "Organization",
	"Thread-Topic",
};

static const char *const address_fields[] = {
	"From", "Sender", "Reply-To", "To", "Cc", "Resent-From",
	"Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc",
	"Disposition-Notification-To", "Errors-To", "Mail-Followup-To",
	"Mail-Reply-To",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_one_of(struct span name, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (span_equals_nocase(name, span_of(names[i])))
			return true;
	return false;
}

/* What stands in one of X- may be for programs. */
static bool
is_for_people(struct span name)
{
	return is_one_of(name, text_fields, COUNT(text_fields));
}

static bool
is_text_field(struct span name)
{
	return is_for_people(name) ||
	    span_starts_with_nocase(name, span_of("X-"));
}

/* The whole value as encoded words. */
static bool
add_text(const struct field *field, struct buf *out)
{
	struct word_line l = { out, field->name.len + 1, true };
	struct span rest = field->value, line;
	struct buf value;
	bool ok;

	/* A fold is the line end; the blank behind it is text. */
	buf_init(&value, BUF_UNLIMITED);
	while (span_next(&rest, '\n', &line))
		text_put(&value, line);
	ok = buf_add_span(out, field->name) && buf_add_char(out, ':') &&
	    word_add_text(&l, buf_span(&value)) && buf_add_char(out, '\n');
	buf_free(&value);
	return ok;
}

/*
 * Where a line may be folded, but not before `from`: before the last blank that
 * has something else on both sides, or behind the last comma outside of quotes;
 * 0: nowhere.
 */
static size_t
fold_place(struct span line, size_t from)
{
	size_t blank = 0, comma = 0, i;
	bool is_begun = from > 0, is_quoted = false;

	for (i = from; i < line.len && i <= REWRITE_LINE_MAX; i++) {
		if (ascii_is_blank(line.data[i])) {
			if (is_begun)
				blank = i;
			continue;
		}
		is_begun = true;
		if (line.data[i] == '\\')
			i++;
		else if (line.data[i] == '"')
			is_quoted = !is_quoted;
		else if (line.data[i] == ',' && !is_quoted &&
		    i < REWRITE_LINE_MAX)
			comma = i + 1;
	}
	return blank > 0 ? blank : comma;
}

static bool
add_folded_line(struct span line, size_t from, struct buf *out)
{
	size_t n;

	if (line.len > REWRITE_LINE_MAX)
		while (line.len > 0 && ascii_is_blank(line.data[line.len - 1]))
			line.len--;
	while (line.len > REWRITE_LINE_MAX) {
		n = fold_place(line, from);
		if (n == 0)
			break;
		if (!buf_add(out, line.data, n) || !buf_add_string(out,
		    ascii_is_blank(line.data[n]) ? "\n" : "\n "))
			return false;
		line = span_skip(line, n);
		from = 0;
	}
	return buf_add_span(out, line) && buf_add_char(out, '\n');
}

static bool
add_folded(struct span field, struct buf *out)
{
	/* "To : a@b" is one field, "To" and " : a@b" none. */
	size_t from = span_find(field, ':') + 1;
	struct span line;

	for (; span_next(&field, '\n', &line) && field.data != NULL; from = 0)
		if (!add_folded_line(line, from, out))
			return false;
	return true;
}

/* Whether the text holds a word that no fold can part. */
static bool
has_long_word(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len && n <= REWRITE_LINE_MAX; i++)
		n = ascii_is_blank(s.data[i]) || s.data[i] == '\n' ? 0 : n + 1;
	return n > REWRITE_LINE_MAX;
}

bool
rewrite_field(const struct field *field, const struct rewrite *how,
    struct buf *out)
{
	bool is_raw = !text_is_ascii(field->value), ok;
	struct buf changed;

	if ((is_raw && how->words && is_text_field(field->name)) ||
	    (has_long_word(field->value) && is_for_people(field->name)))
		return add_text(field, out);
	if (!is_raw || !is_one_of(field->name, address_fields,
	    COUNT(address_fields)))
		return add_folded(field->whole, out);
	buf_init(&changed, BUF_UNLIMITED);
	ok = rewrite_addresses(field, how, &changed) &&
	    add_folded(buf_span(&changed), out);
	buf_free(&changed);
	return ok;
}
