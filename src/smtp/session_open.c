#include <stdio.h>
#include <string.h>

#include "smtp/auth.h"
#include "smtp/session.h"

static bool
ask_with_name(struct session *s, enum step step, struct error *err)
{
	struct buf line;
	bool ok;

	buf_init(&line, step_row(step)->line_max);
	ok = buf_printf(&line, "%s %s", step_row(step)->name, s->params->ehlo) ?
	    session_ask(s, step, buf_span(&line), err) :
	    error_set(err, STAGE_EHLO, EX_CONFIG, "the EHLO name is too long");
	buf_free(&line);
	return ok;
}

static bool
hello(struct session *s, struct error *err)
{
	memset(&s->capability, 0, sizeof(s->capability));
	if (ask_with_name(s, STEP_EHLO, err)) {
		capability_parse(&s->capability, &s->reply);
		return true;
	}
	/* RFC 5321 section 3.2; HELO could offer neither TLS nor AUTH. */
	if ((err->reply_code != 500 && err->reply_code != 502) ||
	    s->is_broken || s->params->tls != SESSION_TLS_NONE ||
	    s->params->credentials != NULL)
		return false;
	error_clear(err);
	return ask_with_name(s, STEP_HELO, err);
}

static bool
start_tls(struct session *s, struct error *err)
{
	struct limit limit = limit_within(limit_in(STAGE_TLS, "TLS handshake",
	    "connect_timeout", s->params->handshake_timeout), s->params->run);

	(void)snprintf(s->command, sizeof(s->command), "(TLS handshake)");
	if (tls_handshake(s->stream, s->params->tls_context, &limit,
	    s->params->trace, err))
		return true;
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
	    session_expect(s, STEP_GREETING, err) && hello(s, err) &&
	    (tls != SESSION_TLS_STARTTLS || upgrade(s, err)) &&
	    (s->params->credentials == NULL || auth_login(s, err) ||
	    session_sign(s, err));
}
