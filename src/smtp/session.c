#include "smtp/session.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "smtp/auth.h"

/* The body may stall that long: RFC 5321 section 4.5.3.2.5. */
#define BODY_STALL_MS 180000

/* For the rest of a reply that began too early: nothing depends on it. */
#define EARLY_MS 1000

void
session_begin(struct session *s, struct stream *stream,
    const struct session_params *params)
{
	memset(s, 0, sizeof(*s));
	s->stream = stream;
	s->params = params;
	buf_init(&s->flight, BUF_UNLIMITED);
	buf_init(&s->unanswered, BUF_UNLIMITED);
	mask_init(&s->mask);
	reply_init(&s->reply);
}

struct limit
session_limit(const struct session *s, enum step step)
{
	const struct step_row *row = step_row(step);
	struct limit l;

	if (row->limit == STEP_DATA_TIMEOUT || s->message_is_out)
		return limit_in(row->stage, row->awaited, "data_timeout",
		    s->params->data_timeout);
	l = limit_in(row->stage, row->awaited, "timeout", s->params->timeout);
	/* A server that waits for our ClientHello is silent in clear. */
	if (step == STEP_GREETING && s->params->tls != SESSION_TLS_IMPLICIT)
		l.hint = "H19";
	return limit_within(l, s->params->run);
}

bool
session_is_private(const struct session *s)
{
	return s->stream->tls != NULL || s->params->is_loopback;
}

bool
session_sign(const struct session *s, struct error *err)
{
	if (err->peer[0] == '\0')
		(void)snprintf(err->peer, sizeof(err->peer), "%s",
		    s->params->peer);
	if (err->command[0] == '\0')
		escape_into(err->command, sizeof(err->command),
		    span_of(s->command));
	return false;
}

/*
 * A relay may quote the line that it didn't like; nobody else shall. Before it
 * knows them, the same words are its own: a capability, say.
 */
static void
keep_secret(struct session *s, struct span line, const char *shown)
{
	struct span word;

	if (shown == NULL || span_equals(line, span_of(shown)))
		return;
	while (span_next(&line, ' ', &word))
		if (line.data == NULL)
			mask_add_base64(&s->mask, word);
}

static bool
check_line(const struct session *s, enum step step, struct span line,
    struct error *err)
{
	const struct step_row *row = step_row(step);

	if (s->is_broken)
		return error_set(err, row->stage, EX_PROTOCOL,
		    "%s has no place in a broken session", row->name);
	if (span_find(line, '\r') < line.len ||
	    span_find(line, '\n') < line.len ||
	    span_find(line, '\0') < line.len)
		return error_set(err, row->stage, EX_DATAERR,
		    "a control character in the argument of %s", row->name);
	if (line.len + 2 > row->line_max)
		return error_set(err, row->stage, EX_DATAERR,
		    "the line of %s is too long: %zu octets, %zu are allowed",
		    row->name, line.len + 2, row->line_max);
	return true;
}

static void
forget_commands(struct session *s)
{
	buf_clear(&s->unanswered);
	s->answered = 0;
}

bool
session_send(struct session *s, enum step step, struct span line,
    const char *shown, struct error *err)
{
	struct span told = shown != NULL ? span_of(shown) : line;

	if (!check_line(s, step, line, err)) {
		buf_free_secret(&s->flight);
		forget_commands(s);
		return false;
	}
	keep_secret(s, line, shown);
	trace_sent(s->params->trace, told);
	return (buf_add_span(&s->flight, line) &&
	    buf_add(&s->flight, "\r\n", 2) &&
	    buf_add_span(&s->unanswered, told) &&
	    buf_add_char(&s->unanswered, '\n')) ||
	    error_set(err, STAGE_SYSTEM, EX_OSERR, "the flight is too long");
}

static void
put_command(struct session *s, struct span line)
{
	static const char mark[] = "...";
	size_t n = line.len < sizeof(s->command) ? line.len :
	    sizeof(s->command) - 1;

	memcpy(s->command, line.data, n);
	s->command[n] = '\0';
	if (n < line.len)
		memcpy(s->command + n + 1 - sizeof(mark), mark, sizeof(mark));
}

/* The command whose reply is the next to come is the one at hand. */
static size_t
name_command(struct session *s)
{
	struct span rest = span_skip(buf_span(&s->unanswered), s->answered);
	size_t n = span_find(rest, '\n');

	if (n < rest.len)
		put_command(s, span_make(rest.data, n));
	return n + 1;
}

static void
take_up_command(struct session *s)
{
	s->answered += name_command(s);
	if (s->answered >= s->unanswered.len)
		forget_commands(s);
}

static void
trace_reply(const struct session *s)
{
	struct span rest = buf_span(&s->reply.text), line;
	char text[4500];

	while (span_next(&rest, '\n', &line) && rest.data != NULL) {
		(void)snprintf(text, sizeof(text), "%d %.*s", s->reply.code,
		    line.len > 4400 ? 4400 : (int)line.len, line.data);
		mask_apply(&s->mask, text, strlen(text));
		trace_received(s->params->trace, span_of(text));
	}
}

/* A challenge is the mechanism's to read; it gets into no message. */
static void
hide_words(struct session *s, enum step step)
{
	if (step != STEP_AUTH || s->reply.code != 334)
		mask_apply(&s->mask, s->reply.text.data, s->reply.text.len);
}

/* AUTH may have gone with EHLO: what looks like a secret then is still a
 * capability. */
static void
learn_capabilities(struct session *s)
{
	capability_parse(&s->capability, &s->reply);
	mask_apply(&s->mask, s->capability.auth_words,
	    strlen(s->capability.auth_words));
}

/* Reads one whole reply; what it means is the caller's business. */
static bool
read_reply(struct session *s, enum step step, struct limit limit,
    struct error *err)
{
	const struct step_row *row = step_row(step);
	size_t used;

	reply_clear(&s->reply);
	for (;;) {
		if (!reply_feed(&s->reply, stream_input(s->stream),
		    row->reply_max, row->stage, &used, err)) {
			mask_apply(&s->mask, err->reply, strlen(err->reply));
			break;
		}
		stream_consume(s->stream, used);
		if (s->reply.is_complete) {
			if (step == STEP_EHLO)
				learn_capabilities(s);
			if (trace_is_on(s->params->trace))
				trace_reply(s);
			hide_words(s, step);
			return true;
		}
		if (s->stream->at_end) {
			(void)error_set_temporary(err, row->stage, 0,
			    "the relay closed the connection instead of "
			    "giving its %s", row->awaited);
			break;
		}
		if (!stream_fill(s->stream, &limit, err))
			break;
	}
	s->is_broken = true;
	return false;
}

static bool
fail_on_hangup(struct session *s, enum step step, struct error *err)
{
	s->is_broken = true;
	(void)error_set_temporary(err, step_row(step)->stage, 0,
	    "the relay closed the connection");
	return session_sign(s, err);
}

/*
 * The relay has spoken before it was asked. A refusal counts as the reply to
 * the step at hand; whatever else it is can't be one.
 */
static bool
hear_early(struct session *s, enum step step, struct error *err)
{
	const struct step_row *row = step_row(step);
	struct error trouble = { 0 };
	int64_t ms = s->params->timeout < EARLY_MS ? s->params->timeout :
	    EARLY_MS;
	bool was_read = read_reply(s, step, limit_in(row->stage, row->awaited,
	    NULL, ms), &trouble);

	s->is_broken = true;
	if (was_read && step_is_refusal(&s->reply) &&
	    !step_judge(step, &s->reply, err))
		return session_sign(s, err);
	(void)error_set(err, row->stage, EX_PROTOCOL,
	    "the relay spoke before it was asked: no %s was due",
	    row->awaited);
	if (err->reply[0] == '\0' && was_read)
		reply_quote(&s->reply, err->reply, sizeof(err->reply));
	return session_sign(s, err);
}

bool
session_check_silence(struct session *s, enum step step, struct error *err)
{
	const struct step_row *row = step_row(step);
	bool is_waiting;

	if (!stream_poll(s->stream, row->stage, &is_waiting, err)) {
		s->is_broken = true;
		return session_sign(s, err);
	}
	if (is_waiting)
		return hear_early(s, step, err);
	return !s->stream->at_end || fail_on_hangup(s, step, err);
}

/*
 * A relay that hangs up often says why first; the words are there to be read
 * although nothing can be written any more.
 */
static bool
read_last_words(struct session *s, enum step step, struct error *lost,
    struct error *err)
{
	struct limit at_once = limit_in(lost->stage, "last words", NULL, 0);
	struct error ignored = { 0 };
	bool is_waiting = false;

	s->is_broken = true;
	if (stream_poll(s->stream, lost->stage, &is_waiting, &ignored) &&
	    is_waiting && read_reply(s, step, at_once, &ignored) &&
	    step_is_refusal(&s->reply))
		return step_judge(step, &s->reply, err);
	*err = *lost;
	return false;
}

/* The flight, and the octets of the message behind it. */
static bool
join_flight(struct session *s, struct span octets, struct error *err)
{
	name_command(s);
	return buf_add_span(&s->flight, octets) ||
	    error_set(err, STAGE_SYSTEM, EX_OSERR, "the flight is too long");
}

static bool
write_block(struct session *s, struct span block, struct error *err)
{
	struct limit stall = limit_in(STAGE_BODY, step_row(STEP_BODY)->awaited,
	    NULL, BODY_STALL_MS);
	struct error lost = { 0 };
	bool was_interrupted = false;

	if (!stream_write_block(s->stream, block, &stall, &was_interrupted,
	    &lost)) {
		(void)read_last_words(s, STEP_BODY, &lost, err);
		return session_sign(s, err);
	}
	if (!was_interrupted)
		return true;
	return stream_input(s->stream).len > 0 ?
	    hear_early(s, STEP_BODY, err) :
	    fail_on_hangup(s, STEP_BODY, err);
}

bool
session_write_block(struct session *s, struct span block, struct error *err)
{
	bool ok;

	if (s->flight.len == 0)
		return session_check_silence(s, STEP_BODY, err) &&
		    write_block(s, block, err);
	ok = join_flight(s, block, err) &&
	    session_check_silence(s, STEP_BDAT, err);
	s->is_in_body = ok;
	ok = ok && write_block(s, buf_span(&s->flight), err);
	buf_free_secret(&s->flight);
	return ok;
}

/* No other relay may be tried any more. */
static void
settle(struct session *s)
{
	struct buf *secret = s->params->secret;

	s->mail_was_written = true;
	if (secret != NULL)
		mem_wipe(secret->data, secret->len);
}

/* Whatever comes of it, nothing of a flight is left for another one. */
static bool
write_flight(struct session *s, enum step step, struct error *err)
{
	struct limit limit = session_limit(s, step);
	struct error lost = { 0 };
	bool ok;

	/* The greeting alone may be on its way. */
	ok = s->is_ahead || session_check_silence(s, step, err);
	if (ok && step == STEP_MAIL)
		settle(s);
	ok = ok && (stream_write(s->stream, buf_span(&s->flight), &limit,
	    &lost) || read_last_words(s, step, &lost, err));
	buf_free_secret(&s->flight);
	s->flight_limit = session_limit(s, step).until;
	return ok;
}

static bool
let_flight_leave(struct session *s, enum step step, struct error *err)
{
	return s->flight.len == 0 || write_flight(s, step, err);
}

bool
session_write_transaction(struct session *s, struct span message,
    struct error *err)
{
	if (!join_flight(s, message, err))
		return false;
	s->is_in_body = true;
	if (!let_flight_leave(s, STEP_MAIL, err))
		return session_sign(s, err);
	session_message_is_out(s);
	return true;
}

/* A flight's replies share its time. */
static struct limit
reply_limit(const struct session *s, enum step step)
{
	struct limit limit = session_limit(s, step);

	if (step_row(step)->line_max > 0 || s->message_is_out)
		limit.until = s->flight_limit;
	return limit;
}

/* Whether AUTH was passed isn't for its replies alone to say. */
static void
tell_watcher(const struct session *s, enum step step)
{
	if (step != STEP_AUTH)
		trace_passed(s->params->trace, step_row(step)->stage);
}

bool
session_expect(struct session *s, enum step step, struct error *err)
{
	bool is_judged = false;

	if (step != STEP_GREETING)
		take_up_command(s);
	if (let_flight_leave(s, step, err) && read_reply(s, step,
	    reply_limit(s, step), err)) {
		if (step_judge(step, &s->reply, err)) {
			tell_watcher(s, step);
			return true;
		}
		is_judged = step_is_refusal(&s->reply);
		/* 421 and what isn't an answer: the relay won't listen on. */
		if (!is_judged || s->reply.code == 421)
			s->is_broken = true;
	}
	if (s->message_is_out && !is_judged)
		error_make_uncertain(err);
	return session_sign(s, err);
}

bool
session_ask(struct session *s, enum step step, struct span line,
    struct error *err)
{
	return session_send(s, step, line, NULL, err) &&
	    session_expect(s, step, err);
}

bool
session_may_go_on(const struct session *s)
{
	return !s->is_broken && !s->is_in_body;
}

void
session_next(struct session *s)
{
	s->mail_was_written = false;
	s->message_is_out = false;
}

void
session_end(struct session *s)
{
	static const char quit[] = "QUIT\r\n";
	struct limit at_once = limit_in(STAGE_QUIT, "end of the session", NULL,
	    0);
	int64_t ms = s->params->timeout < QUIT_MS ? s->params->timeout :
	    QUIT_MS;
	struct limit wait = limit_in(STAGE_QUIT, "reply to QUIT", NULL, ms);
	struct error ignored = { 0 };
	bool is_waiting = false;

	if (s->is_in_body) {
		stream_abort(s->stream);
	} else {
		/* What is left unread would turn our FIN into a reset. */
		if (!s->is_broken && stream_write(s->stream, span_of(quit),
		    &at_once, &ignored) && stream_poll(s->stream, STAGE_QUIT,
		    &is_waiting, &ignored)) {
			trace_sent(s->params->trace, span_of("QUIT"));
			if (s->params->waits_for_quit)
				(void)read_reply(s, STEP_QUIT, wait, &ignored);
		}
		if (error_is_set(&ignored))
			trace_note(s->params->trace, "at the end: %s",
			    ignored.text);
		stream_close(s->stream);
	}
	buf_free_secret(&s->flight);
	buf_free(&s->unanswered);
	mask_free(&s->mask);
	reply_free(&s->reply);
}
