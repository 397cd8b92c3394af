#include "smtp/auth.h"

#include <stdio.h>

#include "base/base64.h"

/* An initial response only where the AUTH line stays within these octets. */
#define INITIAL_LINE_MAX 510

static const struct sasl_mechanism *
choose(struct session *s, struct error *err)
{
	const struct sasl_mechanism *m = sasl_best(
	    s->capability.mechanisms & s->params->mechanisms);

	if (m != NULL)
		return m;
	if (!s->capability.has_auth) {
		(void)error_set(err, STAGE_AUTH, EX_UNAVAILABLE,
		    "the relay doesn't offer AUTH, and the profile has a user");
		err->hint = "H38";
	} else {
		(void)error_set(err, STAGE_AUTH, EX_UNAVAILABLE,
		    "the relay offers no AUTH mechanism that may be used, "
		    "only: %s", s->capability.auth_words[0] == '\0' ?
		    "none" : s->capability.auth_words);
		(void)error_fix(err, "set auth to one that both sides have: "
		    "auto, plain or login");
	}
	return NULL;
}

/* Adds the base64 of the next answer to `line`. */
static bool
add_answer(struct sasl *sasl, struct span challenge, struct buf *line,
    struct error *err)
{
	struct buf answer;
	bool ok = false;

	buf_init(&answer, step_row(STEP_AUTH)->line_max);
	if (!sasl_answer(sasl, challenge, &answer, err))
		goto out;
	ok = base64_encode(line, buf_span(&answer));
	if (!ok)
		(void)error_set(err, STAGE_AUTH, EX_CONFIG,
		    "the password is too long for AUTH");
out:
	buf_free_secret(&answer);
	return ok;
}

/* "AUTH NAME", with the initial response where there is one that fits. */
static bool
send_auth(struct session *s, struct sasl *sasl, struct error *err)
{
	const char *name = sasl_name(sasl->mechanism);
	struct sasl first = *sasl;
	struct buf line;
	char shown[64];
	bool ok = false;

	buf_init(&line, step_row(STEP_AUTH)->line_max);
	if (!buf_printf(&line, "AUTH %s", name))
		goto out;
	(void)snprintf(shown, sizeof(shown), "AUTH %s", name);
	if (sasl_is_client_first(sasl->mechanism)) {
		if (!buf_add_char(&line, ' ') || !add_answer(&first,
		    span_make(NULL, 0), &line, err))
			goto out;
		(void)snprintf(shown, sizeof(shown), "AUTH %s <redacted>",
		    name);
		if (line.len <= INITIAL_LINE_MAX) {
			*sasl = first;
		} else {
			buf_free_secret(&line);
			(void)snprintf(shown, sizeof(shown), "AUTH %s", name);
			if (!buf_add_string(&line, shown))
				goto out;
		}
	}
	ok = session_send(s, STEP_AUTH, buf_span(&line), shown, err);
out:
	buf_free_secret(&line);
	return ok;
}

/*
 * RFC 4954 section 4: a client that gives up says so, and hears a 501. `err`
 * tells why already. Returns false.
 */
static bool
cancel(struct session *s, struct error *err)
{
	struct error ignored = { 0 };

	(void)session_sign(s, err);
	if (session_ask(s, STEP_AUTH, span_of("*"), &ignored))
		s->is_broken = true;
	return false;
}

/* Answers the 334 that was just read. */
static bool
answer_challenge(struct session *s, struct sasl *sasl, struct error *err)
{
	struct span text = span_trim(buf_span(&s->reply.text));
	struct buf challenge, line;
	bool ok = false;

	buf_init(&challenge, step_row(STEP_AUTH)->reply_max);
	buf_init(&line, step_row(STEP_AUTH)->line_max);
	if (!base64_decode(&challenge, text))
		(void)error_set(err, STAGE_AUTH, EX_PROTOCOL,
		    "the relay's challenge isn't base64");
	else
		ok = add_answer(sasl, buf_span(&challenge), &line, err);
	ok = ok ? session_send(s, STEP_AUTH, buf_span(&line), "<redacted>",
	    err) : cancel(s, err);
	buf_free_secret(&challenge);
	buf_free_secret(&line);
	return ok;
}

bool
auth_login(struct session *s, struct error *err)
{
	const struct sasl_mechanism *mechanism;
	struct sasl sasl;
	int round;

	if (!session_is_private(s)) {
		(void)error_set(err, STAGE_AUTH, EX_CONFIG,
		    "user and password never go in clear to another machine");
		return error_fix(err, "set tls = starttls or tls = implicit");
	}
	mechanism = choose(s, err);
	if (mechanism == NULL)
		return false;
	sasl_begin(&sasl, mechanism, s->params->credentials);
	if (!send_auth(s, &sasl, err))
		return false;
	for (round = 0; round <= SASL_ROUNDS_MAX; round++) {
		if (!session_expect(s, STEP_AUTH, err))
			return false;
		if (s->reply.code == 235)
			break;
		if (!answer_challenge(s, &sasl, err))
			return false;
	}
	if (s->reply.code != 235 || !sasl_is_done(&sasl)) {
		s->is_broken = true;
		return error_set(err, STAGE_AUTH, EX_PROTOCOL,
		    "the relay says 235 before %s was through",
		    sasl_name(mechanism));
	}
	s->mechanism = sasl_name(mechanism);
	return true;
}
