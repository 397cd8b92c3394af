#include "smtp/transfer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/os.h"

#define BLOCK (64UL << 10)	/* octets of the message handed over at once */

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

static bool
mail(struct session *s, const struct transfer *t, struct error *err)
{
	struct buf line;
	bool ok;

	buf_init(&line, BUF_UNLIMITED);
	ok = buf_printf(&line, "MAIL FROM:<%s>", t->envelope->reverse_path) &&
	    (!s->capability.has_size ||
	    buf_printf(&line, " SIZE=%" PRIu64, t->encode->form.facts.size)) &&
	    (!s->capability.has_8bitmime ||
	    (!t->encode->form.facts.has_8bit && !t->wants_8bitmime &&
	    !t->encode->keeps_utf8) ||
	    buf_add_string(&line, " BODY=8BITMIME")) &&
	    (!t->encode->keeps_utf8 || buf_add_string(&line, " SMTPUTF8")) &&
	    session_ask(s, STEP_MAIL, buf_span(&line), err);
	buf_free(&line);
	return ok;
}

/*
 * Every recipient is asked for, also behind a refusal, so that all refusals
 * can be told. False where the session itself is lost.
 */
static bool
recipient(struct session *s, struct envelope *e, size_t i, struct error *first,
    struct error *err)
{
	struct error refusal = { 0 };
	struct buf line;
	bool ok;

	buf_init(&line, BUF_UNLIMITED);
	ok = buf_printf(&line, "RCPT TO:<%s>", e->recipients[i].address) &&
	    session_ask(s, STEP_RCPT, buf_span(&line), &refusal);
	buf_free(&line);
	if (ok)
		return true;
	if (refusal.reply_code == 0 || !step_is_refusal(&s->reply)) {
		*err = refusal;
		return false;
	}
	envelope_refuse(e, i, refusal.reply_code, refusal.reply);
	if (!error_is_set(first) || (first->temporary && !refusal.temporary))
		*first = refusal;
	return true;
}

static bool
recipients(struct session *s, const struct transfer *t, struct error *err)
{
	struct error first = { 0 };
	size_t i;

	for (i = 0; i < t->envelope->count && !s->is_broken; i++)
		if (!recipient(s, t->envelope, i, &first, err))
			return false;
	if (error_is_set(&first))
		*err = first;
	/* Success is that each one of them was accepted. */
	return i == t->envelope->count && !error_is_set(err);
}

static bool
data(struct session *s, struct error *err)
{
	if (!session_ask(s, STEP_DATA, span_of("DATA"), err))
		return false;
	s->is_in_body = true;
	(void)snprintf(s->command, sizeof(s->command), "(the message)");
	return true;
}

static bool
body(struct session *s, const struct transfer *t, struct error *err)
{
	char *block = mem_alloc(BLOCK);
	bool is_last = false, ok = true;
	struct wire wire;
	size_t n;

	wire_begin(&wire, t->encode->form.header, t->encode->form.body);
	if (t->encode->form.is_quoted)
		wire_quote_body(&wire);
	while (ok && !is_last) {
		n = wire_pull(&wire, block, BLOCK, &is_last);
		ok = session_write_block(s, span_make(block, n), err);
	}
	mem_free(block);
	return ok;
}

static void
set_progress(const struct session *s, enum progress progress)
{
	if (s->params->progress != NULL)
		*s->params->progress = (sig_atomic_t)progress;
}

static bool
receipt(struct session *s, struct error *err)
{
	/* From here on the relay may have it. */
	set_progress(s, PROGRESS_MESSAGE_OUT);
	s->is_in_body = false;
	s->message_is_out = true;
	trace_note(s->params->trace, "the message is out");
	if (!session_expect(s, STEP_RECEIPT, err))
		return false;
	set_progress(s, PROGRESS_ACCEPTED);
	os_signals_end();
	s->message_is_out = false;
	return true;
}

bool
transfer_message(struct session *s, const struct transfer *t,
    struct error *err)
{
	return check_smtputf8(s, t, err) && choose_form(s, t, err) &&
	    check_size(s, t, err) && mail(s, t, err) &&
	    recipients(s, t, err) && data(s, err) && body(s, t, err) &&
	    receipt(s, err);
}
