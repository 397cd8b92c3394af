#include <stdio.h>
#include <string.h>

#include "smtp/auth.h"
#include "smtp/session.h"

static bool
send_name(struct session *s, enum step step, struct error *err)
{
	struct buf line;
	bool ok;

	buf_init(&line, step_row(step)->line_max);
	ok = buf_printf(&line, "%s %s", step_row(step)->name, s->params->ehlo) ?
	    session_send(s, step, buf_span(&line), NULL, err) :
	    error_set(err, STAGE_EHLO, EX_CONFIG, "the EHLO name is too long");
	buf_free(&line);
	return ok;
}

/* The reply to EHLO, which was sent. */
static bool
hear_hello(struct session *s, struct error *err)
{
	if (session_expect(s, STEP_EHLO, err))
		return true;
	memset(&s->capability, 0, sizeof(s->capability));
	/* RFC 5321 section 3.2; HELO could offer neither TLS nor AUTH. */
	if ((err->reply_code != 500 && err->reply_code != 502) ||
	    s->is_broken || s->params->tls != SESSION_TLS_NONE ||
	    s->params->credentials != NULL)
		return false;
	error_clear(err);
	return send_name(s, STEP_HELO, err) &&
	    session_expect(s, STEP_HELO, err);
}

static bool
hello(struct session *s, struct error *err)
{
	return send_name(s, STEP_EHLO, err) && hear_hello(s, err);
}

/*
 * Whatever has come is the greeting, or worse: it is read in lock-step then,
 * and nothing of it can be taken for the reply to what we haven't said.
 */
static bool
is_silent(struct session *s)
{
	struct error ignored = { 0 };
	bool is_waiting = false;

	return stream_poll(s->stream, STAGE_GREETING, &is_waiting, &ignored) &&
	    !is_waiting && !s->stream->at_end;
}

/* What was said ahead leaves, and is judged in the order that it has. */
static bool
hear_greeting_and_hello(struct session *s, struct error *err)
{
	s->is_ahead = true;
	if (!session_expect(s, STEP_GREETING, err)) {
		s->early_was_refused = err->reply_code == 554;
		return false;
	}
	s->is_ahead = false;
	if (!hear_hello(s, err))
		return false;
	if (!s->capability.has_pipeconnect)
		trace_note(s->params->trace, "the relay doesn't offer "
		    "PIPECONNECT: early = no suits it better");
	return true;
}

/*
 * EHLO before the greeting (Exim's PIPECONNECT), and AUTH with it where TLS
 * hides it: all are judged, in order, before anything else leaves. A relay that
 * doesn't like it greets with 554.
 */
static bool
open_early(struct session *s, struct error *err)
{
	if (!send_name(s, STEP_EHLO, err))
		return false;
	if (!auth_is_settled(s))
		return hear_greeting_and_hello(s, err);
	return auth_login_early(s, hear_greeting_and_hello, err) ||
	    session_sign(s, err);
}

static bool
greet(struct session *s, struct error *err)
{
	if (s->params->is_early && is_silent(s))
		return open_early(s, err);
	return session_expect(s, STEP_GREETING, err) && hello(s, err);
}

static bool
start_tls(struct session *s, struct error *err)
{
	struct limit limit = limit_within(limit_in(STAGE_TLS, "TLS handshake",
	    "connect_timeout", s->params->handshake_timeout), s->params->run);

	(void)snprintf(s->command, sizeof(s->command), "(TLS handshake)");
	if (tls_handshake(s->stream, s->params->tls_context, &limit,
	    s->params->trace, err)) {
		trace_passed(s->params->trace, STAGE_TLS);
		return true;
	}
	s->is_broken = true;
	/* "This port greets in clear" is no news where it has greeted. */
	if (s->params->tls == SESSION_TLS_STARTTLS && err->hint != NULL &&
	    strcmp(err->hint, "H18") == 0)
		err->hint = NULL;
	return session_sign(s, err);
}

static bool
upgrade(struct session *s, struct error *err)
{
	if (!s->capability.has_starttls) {
		(void)error_set(err, STAGE_STARTTLS, EX_PROTOCOL,
		    "the relay doesn't offer STARTTLS");
		err->hint = "H17";
		return session_sign(s, err);
	}
	/* What comes with the 220 or behind it came from who knows whom. */
	return session_ask(s, STEP_STARTTLS, span_of("STARTTLS"), err) &&
	    session_check_silence(s, STEP_STARTTLS, err) &&
	    start_tls(s, err) && hello(s, err);
}

bool
session_open(struct session *s, struct error *err)
{
	enum session_tls tls = s->params->tls;

	return (tls != SESSION_TLS_IMPLICIT || start_tls(s, err)) &&
	    greet(s, err) &&
	    (tls != SESSION_TLS_STARTTLS || upgrade(s, err)) &&
	    (s->params->credentials == NULL || s->mechanism != NULL ||
	    auth_login(s, err) || session_sign(s, err));
}
