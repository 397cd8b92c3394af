#include "app/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/receipt.h"
#include "base/buf.h"
#include "base/deadline.h"

#define SCRIPT_MAX 200	/* octets of its name in the log */
#define WORDS_MAX 1000	/* the same of a command line */

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

/* One recipient: its address, and what the relay said if it refused it. */
static bool
add_json_recipient(const struct recipient *recipient, const char *code,
    struct buf *out)
{
	if (!buf_add_string(out, "{\"address\":") ||
	    !buf_add_json(out, span_of(recipient->address)))
		return false;
	if (recipient->reply != NULL && (!buf_printf(out,
	    ",\"%s\":%d,\"reply\":", code, recipient->reply_code) ||
	    !buf_add_json(out, span_of(recipient->reply))))
		return false;
	return buf_add_char(out, '}');
}

/* The refused ones: a:550,b:551 or objects. */
static bool
add_refusal(const struct recipient *recipient, bool is_json, struct buf *out)
{
	if (recipient->reply == NULL)
		return true;
	if (!is_json)
		return buf_printf(out, "%s%s:%d", out->len == 0 ? "" : ",",
		    recipient->address, recipient->reply_code);
	return buf_add_string(out, out->len == 0 ? "[" : ",") &&
	    add_json_recipient(recipient, "status", out);
}

/* All of them: a,b or ["a","b"]. */
static bool
add_address(const struct recipient *recipient, bool is_json, struct buf *out)
{
	if (!is_json)
		return (out->len == 0 || buf_add_char(out, ',')) &&
		    buf_add_string(out, recipient->address);
	return buf_add_string(out, out->len == 0 ? "[" : ",") &&
	    buf_add_json(out, span_of(recipient->address));
}

typedef bool add_item(const struct recipient *recipient, bool is_json,
    struct buf *out);

/* A list of what `add` makes of the recipients; none of nothing. */
static bool
add_list(const struct report *r, const char *key, add_item *add,
    struct record *line)
{
	struct buf list;
	bool ok = true;
	size_t i;

	buf_init(&list, BUF_UNLIMITED);
	for (i = 0; ok && i < r->envelope->count; i++)
		ok = add(&r->envelope->recipients[i], line->is_json, &list);
	if (ok && list.len > 0)
		ok = !line->is_json ?
		    record_bytes(line, key, buf_span(&list)) :
		    buf_add_char(&list, ']') &&
		    record_json(line, key, buf_span(&list));
	buf_free(&list);
	return ok;
}

static bool
add_recipients(const struct report *r, struct record *line)
{
	size_t refused = envelope_refused(r->envelope);

	if (refused > 0 && r->envelope->is_taken && !record_number(line,
	    "delivered", (int64_t)(r->envelope->count - refused)))
		return false;
	line->essential = line->line.len;
	return add_list(r, "refused", add_refusal, line) &&
	    add_list(r, "recipients", add_address, line);
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

static bool
add_parties(const struct report *r, struct record *line)
{
	const struct profile *p = r->profile;
	const struct delivery *d = r->delivery;
	const char *sender = r->envelope->reverse_path;

	if (!record_bytes(line, "profile", span_of(p == NULL ? "-" :
	    p->name)) ||
	    (d != NULL && (!record_text(line, "host", d->peer) ||
	    !record_text(line, "tls", d->tls) ||
	    !record_text(line, "auth", d->mechanism) ||
	    !record_text(line, "ignored", d->dsn_is_ignored ? "DSN" : NULL))))
		return false;
	return record_bytes(line, "user", span_of(p == NULL ? NULL :
	    p->user)) && record_bytes(line, "from", span_of(sender == NULL ?
	    NULL : sender[0] == '\0' ? "<>" : sender));
}

/*
 * The words of a command line that was refused: what somebody may have tried to
 * put into a program's.
 */
static bool
add_words(const struct report *r, const struct error *err, struct record *line)
{
	const struct process *process = r->origin->process;
	struct buf words;
	bool ok = true;
	int i;

	if (err->stage != STAGE_USAGE)
		return true;
	buf_init(&words, BUF_UNLIMITED);
	for (i = 0; ok && i < process->argc && words.len < WORDS_MAX; i++)
		ok = (i == 0 || buf_add_char(&words, ' ')) &&
		    buf_add_string(&words, process->argv[i]);
	ok = ok && record_bytes(line, "argv", span_make(words.data,
	    words.len > WORDS_MAX ? WORDS_MAX : words.len));
	buf_free(&words);
	return ok;
}

/*
 * Who called: in a shared machine's log the answer to "what sends all this?".
 * PHP names the script where mail.add_x_header is on.
 */
static bool
add_origin(const struct report *r, const struct error *err,
    struct record *line)
{
	struct field field = { .value = { NULL, 0 } };
	struct span script;

	if (r->message != NULL)
		(void)field_find(r->message, "X-PHP-Originating-Script",
		    &field, NULL);
	script = span_trim(field.value);
	if (script.len > SCRIPT_MAX)
		script.len = SCRIPT_MAX;
	return (r->origin == NULL || (record_number(line, "uid",
	    (int64_t)r->origin->uid) &&
	    record_bytes(line, "cwd", span_of(r->origin->cwd)) &&
	    add_words(r, err, line))) &&
	    record_bytes(line, "script", script);
}

/* The process with the session may have died before it could tell. */
static const char *
reply_of(const struct delivery *d)
{
	return d == NULL ? "" : d->reply;
}

/* What came of it first: a list of recipients may be too long for syslog. */
static bool
make_log_line(const struct report *r, const struct error *err,
    const struct receipt *receipt, struct record *line)
{
	if (!add_parties(r, line) ||
	    (r->size > 0 && !record_number(line, "size", (int64_t)r->size)) ||
	    !record_number(line, "ms", clock_ms() - r->start) ||
	    !record_text(line, fate_names[r->fate], r->id))
		return false;
	if (is_accepted(r, err) ? !record_text(line, "exit", "EX_OK") ||
	    !record_number(line, "status", 250) ||
	    !record_text(line, "reply", reply_of(r->delivery)) :
	    !error_record(err, line))
		return false;
	return record_text(line, "relay_id", receipt->id) &&
	    record_text(line, "message_id", receipt->message_id) &&
	    record_text(line, "spool", r->remark) &&
	    record_text(line, "passed", r->passed) &&
	    add_origin(r, err, line) && add_recipients(r, line);
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
		    !add_json_recipient(&r->envelope->recipients[i],
		    "code", out))
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

/* Of what isn't empty. */
static bool
add_json_member(struct buf *out, const char *key, const char *value)
{
	return value[0] == '\0' || (buf_printf(out, ",\"%s\":", key) &&
	    buf_add_json(out, span_of(value)));
}

static bool
add_json_spool(const struct report *r, struct buf *out)
{
	return (r->id == NULL || add_json_member(out, fate_names[r->fate],
	    r->id)) && (r->remark == NULL ||
	    add_json_member(out, "spool", r->remark));
}

static bool
add_json_line(const struct report *r, const struct error *err,
    const struct receipt *receipt, struct buf *out)
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
	ok = ok && add_json_member(out, "passed", r->passed);
	if (ok && !is_accepted(r, err))
		ok = error_print_json(err, out);
	else if (ok)
		ok = buf_add_string(out, ",\"exit\":0,\"code\":250,"
		    "\"reply\":") &&
		    buf_add_json(out, span_of(reply_of(r->delivery))) &&
		    add_json_member(out, "relay_id", receipt->id) &&
		    add_json_member(out, "message_id", receipt->message_id);
	return ok && buf_add_string(out, "}\n");
}

/* Whatever stderr or the log say to it can't change the verdict. */
static void
tell(const struct report *r, const struct error *err,
    const struct receipt *receipt)
{
	struct record line;
	struct buf json;

	buf_init(&json, BUF_UNLIMITED);
	if (r->options->json && add_json_line(r, err, receipt, &json) &&
	    !report_write(r->stderr_fd, buf_span(&json)))
		trace_note(r->trace, "stderr can't be written");
	buf_free(&json);
	record_init(&line, r->log->is_json);
	if (r->log->count > 0 && make_log_line(r, err, receipt, &line))
		log_write(r->log, error_is_set(err) &&
		    r->fate != REPORT_QUEUED, &line, r->trace);
	record_free(&line);
}

/* For the caller that asked for it: the relay has the message either way. */
static void
print_id(const struct report *r, const struct receipt *receipt)
{
	const char *id = receipt->id[0] != '\0' ? receipt->id :
	    receipt->message_id;
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	if (id[0] != '\0' && buf_printf(&line, "%s\n", id) &&
	    !report_write(r->stdout_fd, buf_span(&line)))
		trace_note(r->trace, "stdout can't be written");
	buf_free(&line);
}

static const struct receipt no_receipt;

void
report_success(const struct report *r, const struct error *err)
{
	struct receipt receipt;

	receipt_read(&receipt, reply_of(r->delivery),
	    r->delivery == NULL ? "" : r->delivery->peer);
	if (receipt.id[0] != '\0')
		trace_note(r->trace, "the relay's id: %s", receipt.id);
	if (receipt.message_id[0] != '\0')
		trace_note(r->trace, "the relay's Message-ID: %s",
		    receipt.message_id);
	tell(r, err, &receipt);
	if (r->options->print_id)
		print_id(r, &receipt);
}

void
report_queued(const struct report *r, const struct error *err)
{
	struct error fine = *err;

	fine.exit_code = EX_OK;
	tell(r, &fine, &no_receipt);
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
	tell(r, err, &no_receipt);
}
