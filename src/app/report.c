#include "app/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"

bool
report_write(int fd, struct span text)
{
	ssize_t n;

	while (text.len > 0) {
		n = write(fd, text.data, text.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = span_skip(text, (size_t)n);
	}
	return true;
}

void
report_block(int fd, const struct error *err)
{
	struct buf block;

	buf_init(&block, BUF_UNLIMITED);
	if (error_print_block(err, "", &block))
		(void)report_write(fd, buf_span(&block));
	buf_free(&block);
}

/* What became of the message for those who weren't refused. */
static bool
add_others(const struct report *r, size_t refused, const struct error *err,
    struct buf *out)
{
	size_t count = r->envelope->count;

	if (!buf_printf(out, "  refused: %zu of %zu recipients", refused,
	    count))
		return false;
	if (r->envelope->is_taken)
		return buf_printf(out, "; delivered to the other %zu\n",
		    count - refused);
	return buf_add_string(out, err->stage == STAGE_RCPT ?
	    "; nothing was sent\n" : "\n");
}

/* The recipients that the relay refused, the first of them by name. */
static bool
add_refused(const struct report *r, const struct error *err, struct buf *out)
{
	const struct recipient *recipient;
	size_t refused = envelope_refused(r->envelope), shown = 0, i;

	for (i = 0; i < r->envelope->count && shown < REPORT_RECIPIENTS; i++) {
		recipient = &r->envelope->recipients[i];
		if (recipient->reply == NULL)
			continue;
		shown++;
		if (!buf_add_string(out, "  refused: ") ||
		    !buf_add_escaped(out, span_of(recipient->address)) ||
		    !buf_printf(out, ": %s\n", recipient->reply))
			return false;
	}
	return refused == 0 || add_others(r, refused, err, out);
}

/* " key=value" of bytes that may be anything. */
static bool
add_pair(struct buf *out, const char *key, const char *value)
{
	struct buf printable;
	bool ok;

	buf_init(&printable, BUF_UNLIMITED);
	ok = value == NULL || (buf_add_escaped(&printable, span_of(value)) &&
	    buf_add_pair(out, key, printable.data));
	buf_free(&printable);
	return ok;
}

/* recipients=a,b and, where the relay refused some, refused=a:550. */
static bool
add_recipients(const struct report *r, struct buf *out)
{
	const struct recipient *recipient;
	struct buf all, refused;
	bool ok = true;
	size_t i;

	buf_init(&all, BUF_UNLIMITED);
	buf_init(&refused, BUF_UNLIMITED);
	for (i = 0; ok && i < r->envelope->count; i++) {
		recipient = &r->envelope->recipients[i];
		ok = (i == 0 || buf_add_char(&all, ',')) &&
		    buf_add_string(&all, recipient->address);
		if (ok && recipient->reply != NULL)
			ok = buf_printf(&refused, "%s%s:%d", refused.len == 0 ?
			    "" : ",", recipient->address,
			    recipient->reply_code);
	}
	if (ok && refused.len > 0 && r->envelope->is_taken)
		ok = buf_printf(out, " delivered=%zu", r->envelope->count -
		    envelope_refused(r->envelope));
	ok = ok && add_pair(out, "refused", refused.data) &&
	    add_pair(out, "recipients", all.data);
	buf_free(&all);
	buf_free(&refused);
	return ok;
}

/* What the log and --json call the id by. */
static const char *const fate_names[] = {
	[REPORT_PASSED] = "id",
	[REPORT_QUEUED] = "queued",
	[REPORT_GIVEN_UP] = "failed",
};

static bool
is_accepted(const struct report *r, const struct error *err)
{
	return !error_is_set(err) && r->fate == REPORT_PASSED;
}

/* What came of it first: a list of recipients may be too long for syslog. */
static bool
add_log_line(const struct report *r, const struct error *err, struct buf *out)
{
	const struct profile *p = r->profile;
	const struct delivery *d = r->delivery;
	const char *sender = r->envelope->reverse_path;

	if (!buf_printf(out, "profile=%s", p == NULL ? "-" : p->name) ||
	    (d != NULL && (!buf_add_pair(out, "host", d->peer) ||
	    !buf_add_pair(out, "tls", d->tls) ||
	    !buf_add_pair(out, "auth", d->mechanism) ||
	    (d->dsn_is_ignored && !buf_add_string(out, " ignored=DSN")))) ||
	    (p != NULL && !add_pair(out, "user", p->user)) ||
	    !add_pair(out, "from", sender == NULL ? NULL :
	    sender[0] == '\0' ? "<>" : sender) ||
	    (r->size > 0 && !buf_printf(out, " size=%" PRIu64, r->size)) ||
	    !buf_printf(out, " ms=%" PRId64, clock_ms() - r->start))
		return false;
	if (!buf_add_pair(out, fate_names[r->fate], r->id) ||
	    (!is_accepted(r, err) ? !error_print_pairs(err, out) :
	    !buf_add_string(out, " exit=EX_OK status=250") ||
	    !buf_add_pair(out, "reply", d->reply)))
		return false;
	return buf_add_pair(out, "spool", r->remark) &&
	    buf_add_pair(out, "passed", r->passed) &&
	    add_recipients(r, out);
}

/* One recipient: its address, and what the relay said if it refused it. */
static bool
add_json_recipient(const struct recipient *recipient, struct buf *out)
{
	if (!buf_add_string(out, "{\"address\":") ||
	    !buf_add_json(out, span_of(recipient->address)))
		return false;
	if (recipient->reply != NULL && (!buf_printf(out,
	    ",\"code\":%d,\"reply\":", recipient->reply_code) ||
	    !buf_add_json(out, span_of(recipient->reply))))
		return false;
	return buf_add_char(out, '}');
}

static bool
add_json_envelope(const struct report *r, struct buf *out)
{
	const char *sender = r->envelope->reverse_path;
	size_t i;

	if (sender != NULL && (!buf_add_string(out, ",\"from\":") ||
	    !buf_add_json(out, span_of(sender))))
		return false;
	if (!buf_add_string(out, ",\"recipients\":["))
		return false;
	for (i = 0; i < r->envelope->count; i++)
		if ((i > 0 && !buf_add_char(out, ',')) ||
		    !add_json_recipient(&r->envelope->recipients[i], out))
			return false;
	return buf_add_char(out, ']') && (!r->envelope->is_taken ||
	    buf_printf(out, ",\"delivered\":%zu", r->envelope->count -
	    envelope_refused(r->envelope)));
}

static bool
add_json_delivery(const struct delivery *d, struct buf *out)
{
	return buf_add_string(out, ",\"host\":") &&
	    buf_add_json(out, span_of(d->peer)) &&
	    buf_add_string(out, ",\"tls\":") &&
	    buf_add_json(out, span_of(d->tls)) &&
	    buf_add_string(out, ",\"auth\":") &&
	    buf_add_json(out, span_of(d->mechanism)) &&
	    (!d->dsn_is_ignored ||
	    buf_add_string(out, ",\"ignored\":\"DSN\""));
}

static bool
add_json_spool(const struct report *r, struct buf *out)
{
	bool has_remark = r->remark != NULL && r->remark[0] != '\0';

	return (r->id == NULL || buf_printf(out, ",\"%s\":\"%s\"",
	    fate_names[r->fate], r->id)) &&
	    (!has_remark || (buf_add_string(out, ",\"spool\":") &&
	    buf_add_json(out, span_of(r->remark))));
}

static bool
add_json_line(const struct report *r, const struct error *err, struct buf *out)
{
	bool ok = buf_printf(out, "{\"posthaste\":\"%s\",\"accepted\":%s",
	    POSTHASTE_VERSION, is_accepted(r, err) ? "true" : "false") &&
	    add_json_spool(r, out);

	if (ok && r->profile != NULL)
		ok = buf_add_string(out, ",\"profile\":") &&
		    buf_add_json(out, span_of(r->profile->name)) &&
		    buf_add_string(out, ",\"file\":") &&
		    buf_add_json(out, span_of(r->profile->file));
	if (ok && r->delivery != NULL)
		ok = add_json_delivery(r->delivery, out);
	ok = ok && add_json_envelope(r, out) && (r->size == 0 ||
	    buf_printf(out, ",\"size\":%" PRIu64, r->size)) &&
	    buf_printf(out, ",\"ms\":%" PRId64, clock_ms() - r->start);
	if (ok && r->passed[0] != '\0')
		ok = buf_add_string(out, ",\"passed\":") &&
		    buf_add_json(out, span_of(r->passed));
	if (ok && !is_accepted(r, err))
		ok = error_print_json(err, out);
	else if (ok)
		ok = buf_add_string(out, ",\"exit\":0,\"code\":250,"
		    "\"reply\":") &&
		    buf_add_json(out, span_of(r->delivery->reply));
	return ok && buf_add_string(out, "}\n");
}

/* Whatever stderr or the log say to it can't change the verdict. */
static void
tell(const struct report *r, const struct error *err)
{
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	if (r->options->json && add_json_line(r, err, &line) &&
	    !report_write(r->stderr_fd, buf_span(&line)))
		trace_note(r->trace, "stderr can't be written");
	buf_clear(&line);
	if (r->log->count > 0 && add_log_line(r, err, &line))
		log_write(r->log, error_is_set(err) &&
		    r->fate != REPORT_QUEUED, buf_span(&line), r->trace);
	buf_free(&line);
}

void
report_success(const struct report *r, const struct error *err)
{
	tell(r, err);
}

void
report_queued(const struct report *r, const struct error *err)
{
	struct error fine = *err;

	fine.exit_code = EX_OK;
	tell(r, &fine);
}

/* Why the spool doesn't hold it, where it should. */
static bool
add_remark(const struct report *r, struct buf *out)
{
	return r->remark == NULL || r->remark[0] == '\0' ||
	    buf_printf(out, "  spool:   %s\n", r->remark);
}

void
report_failure(const struct report *r, const struct error *err)
{
	char context[120] = "";
	struct buf block;

	if (r->profile != NULL)
		(void)snprintf(context, sizeof(context), "[%s]",
		    r->profile->name);
	buf_init(&block, BUF_UNLIMITED);
	if (!r->options->is_quiet && !r->options->json &&
	    error_print_block(err, context, &block) &&
	    add_refused(r, err, &block) && add_remark(r, &block) &&
	    !report_write(r->stderr_fd, buf_span(&block)))
		trace_note(r->trace, "stderr can't be written");
	buf_free(&block);
	tell(r, err);
}
