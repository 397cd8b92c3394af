#include "smtp/transfer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"

#define BLOCK (64UL << 10)	/* octets of the message handed over at once */
#define WINDOW 100		/* recipients asked for at once */

/* A failure before the first command: none is at fault. */
static bool
fail_unasked(struct session *s, struct error *err)
{
	s->command[0] = '\0';
	return session_sign(s, err);
}

static bool
choose_form(struct session *s, const struct transfer *t, struct error *err)
{
	const struct encode *e = t->encode;

	if (!encode_for(t->encode, s->capability.has_8bitmime, err))
		return fail_unasked(s, err);
	if (e->form.is_quoted)
		trace_note(s->params->trace,
		    "the body goes out as quoted-printable");
	if (e->passed[0] != '\0')
		trace_note(s->params->trace, "passed as it is: %s",
		    e->passed);
	return true;
}

/* RFC 6531: no relay without it may see such an address. */
static bool
check_smtputf8(struct session *s, const struct transfer *t, struct error *err)
{
	const char *address = envelope_beyond_ascii(t->envelope);

	if (!t->encode->keeps_utf8 || s->capability.has_smtputf8)
		return true;
	if (address != NULL)
		(void)error_set(err, STAGE_MAIL, EX_DATAERR,
		    "the address %s needs SMTPUTF8, which the relay doesn't "
		    "offer", address);
	else
		(void)error_set(err, STAGE_MAIL, EX_UNAVAILABLE,
		    "the relay doesn't offer SMTPUTF8, which -O smtputf8=yes "
		    "asks for");
	return fail_unasked(s, err);
}

static bool
check_size(struct session *s, const struct transfer *t,
    struct error *err)
{
	if (s->capability.size_max == 0 ||
	    t->encode->form.facts.size <= s->capability.size_max)
		return true;
	(void)error_set(err, STAGE_MAIL, EX_DATAERR,
	    "the message has %" PRIu64 " octets, the relay takes %" PRIu64,
	    t->encode->form.facts.size, s->capability.size_max);
	err->hint = "H56";
	return fail_unasked(s, err);
}

/* RFC 9422: the relay says how many it would refuse anyway. */
static bool
check_recipients(struct session *s, const struct transfer *t,
    struct error *err)
{
	uint64_t most = s->capability.rcpt_max;

	if (most == 0 || t->envelope->count <= most)
		return true;
	(void)error_set(err, STAGE_MAIL, EX_UNAVAILABLE, "the message has %zu "
	    "recipients, the relay takes %" PRIu64, t->envelope->count, most);
	(void)error_fix(err, "send it to fewer at a time");
	return fail_unasked(s, err);
}

/* RFC 8689 section 4.1: nothing less than TLS to a relay that was verified. */
static bool
check_requiretls(struct session *s, const struct transfer *t,
    struct error *err)
{
	const char *why = s->stream->tls == NULL ? "the session is in clear" :
	    s->params->is_unverified ? "the relay wasn't verified" :
	    s->capability.has_requiretls ? NULL : "the relay doesn't offer it";

	if (!t->wants_requiretls || why == NULL)
		return true;
	(void)error_set(err, STAGE_MAIL, EX_UNAVAILABLE, "the message asks "
	    "for REQUIRETLS, and %s", why);
	return fail_unasked(s, err);
}

bool
transfer_wants_dsn(const struct transfer *t)
{
	const struct envelope *e = t->envelope;
	size_t i;

	for (i = 0; i < e->count; i++)
		if (e->recipients[i].notify != NULL ||
		    e->recipients[i].orcpt != NULL)
			return true;
	return dsn_is_wished(&t->dsn);
}

/* Wishes that nobody can fulfil don't hold the message up. */
static void
note_dsn(const struct session *s, const struct transfer *t)
{
	if (!s->capability.has_dsn && transfer_wants_dsn(t))
		trace_note(s->params->trace, "the relay doesn't offer DSN: "
		    "the wishes for notifications are ignored");
}

/* One message's way through the dialogue. */
struct turn {
	struct session *s;
	const struct transfer *t;
	size_t window;		/* commands of a flight beside MAIL */
	size_t asked, answered;	/* recipients */
	bool mail_is_answered;
	bool data_is_asked;
	bool is_chunk;		/* BDAT in the place of DATA */
	bool is_one_flight;	/* the message is out already */
	struct error refusal;	/* the recipients', the one that decides */
	struct error latest;	/* the one at hand */
	struct buf line;	/* the command at hand */
};

static bool
send_mail(struct turn *turn, struct error *err)
{
	const struct transfer *t = turn->t;
	const struct mail_wish wish = {
		.facts = &t->encode->form.facts,
		.wants_8bitmime = t->wants_8bitmime,
		.wants_smtputf8 = t->encode->keeps_utf8,
		.wants_requiretls = t->wants_requiretls,
		.dsn = &t->dsn,
	};

	buf_clear(&turn->line);
	return command_add_mail(&turn->line, t->envelope->reverse_path, &wish,
	    &turn->s->capability) && session_send(turn->s, STEP_MAIL,
	    buf_span(&turn->line), NULL, err);
}

static bool
send_rcpt(struct turn *turn, struct error *err)
{
	const struct transfer *t = turn->t;

	buf_clear(&turn->line);
	return command_add_rcpt(&turn->line,
	    &t->envelope->recipients[turn->asked++], &t->dsn,
	    &turn->s->capability) && session_send(turn->s, STEP_RCPT,
	    buf_span(&turn->line), NULL, err);
}

static bool
send_data(struct turn *turn, struct error *err)
{
	turn->data_is_asked = true;
	return session_send(turn->s, STEP_DATA, span_of("DATA"), NULL, err);
}

/*
 * Every recipient is asked for, also behind a refusal, so that all refusals
 * can be told. False where the session itself is lost.
 */
static bool
hear_rcpt(struct turn *turn, struct error *err)
{
	struct error *decides = &turn->refusal, *refusal = &turn->latest;
	size_t i = turn->answered++;

	if (session_expect(turn->s, STEP_RCPT, refusal))
		return true;
	if (refusal->reply_code == 0 || !step_is_refusal(&turn->s->reply)) {
		/* What is lost behind a refusal doesn't soften it. */
		*err = error_is_set(decides) && refusal->temporary ?
		    *decides : *refusal;
		return false;
	}
	envelope_refuse(turn->t->envelope, i, refusal->reply_code,
	    refusal->reply);
	if (!error_is_set(decides) ||
	    (decides->temporary && !refusal->temporary))
		*decides = *refusal;
	error_clear(refusal);
	return true;
}

/* Whether it is said, or may have been said, in reply to DATA. */
static bool
wants_message(struct session *s)
{
	struct error err = { 0 };

	return s->is_broken || session_expect(s, STEP_DATA, &err) ||
	    err.reply_code < 400;
}

/*
 * Reads what is left of a flight behind a failure that has decided already.
 * Where the relay wants the message nevertheless, or may have said so, it gets
 * a reset. Returns false.
 */
static bool
hear_rest(struct turn *turn)
{
	struct session *s = turn->s;
	struct error ignored = { 0 };

	for (; turn->answered < turn->asked && !s->is_broken; turn->answered++)
		(void)!session_expect(s, STEP_RCPT, &ignored);
	if (turn->is_one_flight && !s->is_broken)
		s->is_broken = !session_expect(s, STEP_RECEIPT, &ignored);
	s->is_in_body = turn->data_is_asked && wants_message(s);
	return false;
}

/* The relay was told nothing that it could take the message for. */
static bool
close_window(struct turn *turn)
{
	if (turn->is_one_flight)
		session_message_is_void(turn->s);
	return hear_rest(turn);
}

static bool
hear_mail(struct turn *turn, struct error *err)
{
	if (turn->mail_is_answered)
		return true;
	turn->mail_is_answered = true;
	if (session_expect(turn->s, STEP_MAIL, err))
		return true;
	return err->uncertain ? false : close_window(turn);
}

static bool
send_bdat(struct turn *turn, struct error *err)
{
	char line[60];

	(void)snprintf(line, sizeof(line), "BDAT %" PRIu64 " LAST",
	    turn->t->encode->form.facts.size);
	return session_send(turn->s, STEP_BDAT, span_of(line), NULL, err);
}

/* Our own count against our own octets: the relay would wait for the rest. */
static bool
check_count(struct turn *turn, uint64_t count, struct error *err)
{
	if (count == turn->t->encode->form.facts.size)
		return true;
	(void)error_set(err, STAGE_BODY, EX_SOFTWARE, "the message has %"
	    PRIu64 " octets, and %" PRIu64 " were announced: please report it",
	    count, turn->t->encode->form.facts.size);
	return session_sign(turn->s, err);
}

static void
begin_wire(const struct turn *turn, struct wire *wire)
{
	const struct form *form = &turn->t->encode->form;

	wire_begin(wire, form->header, form->body);
	if (form->is_quoted)
		wire_quote_body(wire);
	if (turn->is_chunk)
		wire_as_chunk(wire);
}

/* All in one send: whatever the relay answers, the message is out. */
static bool
send_transaction(struct turn *turn, struct error *err)
{
	const struct transfer *t = turn->t;
	size_t size = (size_t)t->encode->form.facts.size;
	char *message = mem_room(size + WIRE_BLOCK_MIN);
	bool is_last, ok;
	struct wire wire;
	size_t n;

	begin_wire(turn, &wire);
	n = wire_pull(&wire, message, size + WIRE_BLOCK_MIN, &is_last);
	ok = check_count(turn, is_last ? n : 0, err) &&
	    send_bdat(turn, err) && session_write_transaction(turn->s,
	    span_make(message, n), err);
	turn->is_one_flight = ok;
	mem_free(message);
	return ok;
}

/* A single recipient: nobody else can get what one of them was refused. */
static bool
may_be_one_flight(const struct turn *turn)
{
	const struct session *s = turn->s;

	return turn->is_chunk && turn->window > 1 &&
	    s->params->chunking == SESSION_CHUNKING_ONE_FLIGHT &&
	    turn->t->envelope->count == 1 &&
	    turn->t->encode->form.facts.size <= BLOCK - s->flight.len;
}

/* DATA carries no message: behind a single recipient it costs no waiting. */
static bool
send_window(struct turn *turn, struct error *err)
{
	size_t count = turn->t->envelope->count, n;

	for (n = 0; n < turn->window && turn->asked < count; n++)
		if (!send_rcpt(turn, err))
			return false;
	if (may_be_one_flight(turn))
		return send_transaction(turn, err);
	return turn->window == 1 || count > 1 || turn->is_chunk ||
	    send_data(turn, err);
}

static bool
hear_window(struct turn *turn, struct error *err)
{
	if (!hear_mail(turn, err))
		return false;
	while (turn->answered < turn->asked && !turn->s->is_broken)
		if (!hear_rcpt(turn, err))
			return hear_rest(turn);
	return true;
}

static bool
may_go_on(const struct turn *turn)
{
	const struct envelope *e = turn->t->envelope;

	if (turn->answered < e->count || turn->s->is_broken)
		return false;
	return !error_is_set(&turn->refusal) || (turn->t->is_partial &&
	    envelope_refused(e) < e->count);
}

/*
 * MAIL and every RCPT. Success is that each one of them was accepted; under
 * `partial`, that one of them was.
 */
static bool
envelope(struct turn *turn, struct error *err)
{
	if (!send_mail(turn, err) ||
	    (turn->window == 1 && !hear_mail(turn, err)))
		return false;
	while (turn->answered < turn->t->envelope->count &&
	    !turn->s->is_broken)
		if (!send_window(turn, err) || !hear_window(turn, err))
			return false;
	if (may_go_on(turn))
		return true;
	*err = turn->refusal;
	return close_window(turn);
}

static bool
data(struct turn *turn, struct error *err)
{
	struct session *s = turn->s;

	if ((!turn->data_is_asked && !send_data(turn, err)) ||
	    !session_expect(s, STEP_DATA, err))
		return false;
	s->is_in_body = true;
	(void)snprintf(s->command, sizeof(s->command), "(the message)");
	return true;
}

static bool
body(struct turn *turn, struct error *err)
{
	const struct trace *trace = turn->s->params->trace;
	char *block = mem_room(BLOCK);
	bool is_last = false, ok = true;
	uint64_t count = 0;
	struct wire wire;
	size_t n;

	begin_wire(turn, &wire);
	trace_progress_begin(trace, turn->t->encode->form.facts.size);
	while (ok && !is_last) {
		n = wire_pull(&wire, block, BLOCK, &is_last);
		count += n;
		ok = (!turn->is_chunk || !is_last ||
		    check_count(turn, count, err)) &&
		    session_write_block(turn->s, span_make(block, n), err);
		trace_progress(trace, count);
	}
	trace_progress_end(trace);
	mem_free(block);
	return ok;
}

static bool
message(struct turn *turn, struct error *err)
{
	if (turn->is_one_flight)
		return true;
	if (!(turn->is_chunk ? send_bdat(turn, err) : data(turn, err)) ||
	    !body(turn, err))
		return false;
	session_message_is_out(turn->s);
	return true;
}

static bool
receipt(struct turn *turn, struct error *err)
{
	struct session *s = turn->s;

	if (!session_expect(s, STEP_RECEIPT, err)) {
		/* Who knows where in the chunk the relay thinks it is. */
		s->is_broken = s->is_broken || turn->is_chunk;
		return false;
	}
	session_message_is_accepted(s, !error_is_set(&turn->refusal));
	turn->t->envelope->is_taken = true;
	/* Those who were refused give the status. */
	*err = turn->refusal;
	return !error_is_set(err);
}

/* In lock-step, so that DATA doesn't ride behind a recipient. */
static size_t
window_of(const struct session *s, const struct transfer *t)
{
	return s->params->may_pipeline && s->capability.has_pipelining &&
	    !t->is_probe ? WINDOW : 1;
}

static bool
take_back(struct turn *turn, struct error *err)
{
	return session_ask(turn->s, STEP_RSET, span_of("RSET"), err);
}

bool
transfer_message(struct session *s, const struct transfer *t,
    struct error *err)
{
	struct turn turn = { .s = s, .t = t, .window = window_of(s, t),
	    .is_chunk = s->capability.has_chunking &&
	    s->params->chunking != SESSION_CHUNKING_OFF };
	bool ok;

	buf_init(&turn.line, BUF_UNLIMITED);
	note_dsn(s, t);
	ok = check_smtputf8(s, t, err) && choose_form(s, t, err) &&
	    check_size(s, t, err) &&
	    check_recipients(s, t, err) && check_requiretls(s, t, err) &&
	    envelope(&turn, err) && (t->is_probe ? take_back(&turn, err) :
	    message(&turn, err) && receipt(&turn, err));
	buf_free(&turn.line);
	return ok;
}
