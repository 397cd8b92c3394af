#include "mail/compose.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mail/text.h"

static const char *const removed[] = {
	"Bcc",
	"Resent-Bcc",
	"Return-Path",
};

static const char *const days[] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
};

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static bool
is_removed(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
		if (span_equals_nocase(name, span_of(removed[i])))
			return true;
	return false;
}

/* A lone CR ends nothing in a header: it becomes a space. */
static bool
add_line(struct buf *out, struct span line)
{
	struct span part;
	bool ok = true;

	while (ok && span_next(&line, '\r', &part))
		ok = buf_add_span(out, part) &&
		    (line.data == NULL || buf_add_char(out, ' '));
	return ok && buf_add_char(out, '\n');
}

static bool
add_field(struct buf *out, struct span whole)
{
	struct span line;
	size_t n;

	for (; whole.len > 0; whole = span_skip(whole, n + 1)) {
		n = span_find(whole, '\n');
		line = span_make(whole.data, n);
		while (n < whole.len && line.len > 0 &&
		    line.data[line.len - 1] == '\r')
			line.len--;
		if (!add_line(out, line))
			return false;
	}
	return true;
}

static bool
is_missing(const struct message *m, const char *name)
{
	struct field field;

	return !field_find(m, name, &field, NULL);
}

static bool
add_from(const struct compose *c, struct buf *out, struct error *err)
{
	return buf_add_string(out, "From: ") &&
	    compose_mailbox(out, c->from_name, c->from, err) &&
	    buf_add_char(out, '\n');
}

/* What stands around the value stays, and so does a value without names. */
static bool
add_qualified(const struct qualify *q, const struct field *field,
    struct buf *out)
{
	size_t before = (size_t)(field->value.data - field->whole.data);
	struct buf whole;
	bool ok;

	buf_init(&whole, BUF_UNLIMITED);
	text_put(&whole, span_make(field->whole.data, before));
	qualify_list(q, field->value, &whole);
	text_put(&whole, span_skip(field->whole, before + field->value.len));
	ok = add_field(out, buf_span(&whole));
	buf_free(&whole);
	return ok;
}

static bool
add_reply_to(const struct compose *c, struct buf *out)
{
	struct field field = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	struct buf whole;
	bool ok;

	buf_init(&whole, BUF_UNLIMITED);
	text_put(&whole, span_of("Reply-To:"));
	text_put(&whole, c->reply_to);
	text_put_char(&whole, '\n');
	field.whole = buf_span(&whole);
	field.value = span_make(whole.data + 9, c->reply_to.len);
	ok = c->qualify == NULL ? add_field(out, field.whole) :
	    add_qualified(c->qualify, &field, out);
	buf_free(&whole);
	return ok;
}

static bool
add_fields(const struct message *m, const struct compose *c, struct buf *out,
    struct error *err)
{
	bool replaces = c->replaces_from, ok = true;
	struct span rest = m->header;
	struct field field;

	while (ok && field_next(&rest, &field)) {
		if (is_removed(field.name))
			continue;
		if (c->replaces_from &&
		    span_equals_nocase(field.name, span_of("From"))) {
			ok = !replaces || (add_from(c, out, err) &&
			    (c->reply_to.data == NULL ||
			    add_reply_to(c, out)));
			replaces = false;
		} else if (c->qualify != NULL &&
		    qualify_knows_field(field.name)) {
			ok = add_qualified(c->qualify, &field, out);
		} else {
			ok = add_field(out, field.whole);
		}
	}
	return ok;
}

/* How far local time is ahead of UTC, in minutes. */
static int
offset_minutes(const struct tm *local, const struct tm *utc)
{
	int days_ahead = local->tm_yday - utc->tm_yday;

	if (local->tm_year != utc->tm_year)
		days_ahead = local->tm_year > utc->tm_year ? 1 : -1;
	return (days_ahead * 24 + local->tm_hour - utc->tm_hour) * 60 +
	    local->tm_min - utc->tm_min;
}

static bool
add_date(const struct compose *c, struct buf *out, struct error *err)
{
	struct tm local, utc;
	int offset;

	if (localtime_r(&c->now, &local) == NULL ||
	    gmtime_r(&c->now, &utc) == NULL)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "the clock shows no time that has a date");
	offset = offset_minutes(&local, &utc);
	return buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d %c%02d%02d"
	    "\n", days[local.tm_wday], local.tm_mday, months[local.tm_mon],
	    local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
	    offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
}

static bool
add_message_id(const struct compose *c, struct buf *out)
{
	size_t i;

	if (!buf_printf(out, "Message-ID: <%" PRId64 ".", (int64_t)c->now))
		return false;
	for (i = 0; i < COMPOSE_RANDOM; i++)
		if (!buf_printf(out, "%02x", (unsigned int)c->random[i]))
			return false;
	return buf_printf(out, "@%s>\n", c->id_domain);
}

static bool
add_missing(const struct message *m, const struct compose *c,
    struct buf *out, struct error *err)
{
	if (c->from != NULL && is_missing(m, "From") &&
	    !add_from(c, out, err))
		return false;
	if (c->adds_undisclosed && is_missing(m, "To") &&
	    is_missing(m, "Cc") &&
	    !buf_add_string(out, "To: undisclosed-recipients:;\n"))
		return false;
	if (is_missing(m, "Date") && !add_date(c, out, err))
		return false;
	return c->id_domain == NULL || !is_missing(m, "Message-ID") ||
	    add_message_id(c, out);
}

bool
compose_header(const struct message *m, const struct compose *c,
    struct buf *out, struct error *err)
{
	return (add_fields(m, c, out, err) && add_missing(m, c, out, err)) ||
	    error_set(err, STAGE_INPUT, EX_DATAERR,
	    "the header has more than %zu octets", out->limit);
}
