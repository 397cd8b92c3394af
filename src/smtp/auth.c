#include "smtp/auth.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

/* An initial response only where the AUTH line stays within these octets. */
#define INITIAL_LINE_MAX 510

/* Octets of a line that follows, without its CRLF. */
#define ANSWER_LINE_MAX (step_row(STEP_AUTH)->line_max - 2)

/* One exchange over a session. */
struct exchange {
	struct session *session;
	struct sasl_params params;
	struct sasl sasl;
	struct buf binding;
	struct buf first;	/* base64 of a first answer that didn't fit into
				 * the AUTH line */
};

/* What to do where nothing that is offered may be used. */
static bool
advise(const struct session *s, sasl_set usable, struct error *err)
{
	sasl_set offered = s->capability.mechanisms;
	const struct sasl_mechanism *other =
	    sasl_best(offered & ~sasl_automatic());
	char word[32];
	size_t i;

	if ((s->params->mechanisms & ~usable) != 0 &&
	    (s->params->mechanisms & usable) == 0)
		return error_fix(err, "set tls = starttls or tls = implicit: "
		    "there is no channel to bind to");
	if (s->params->mechanisms != sasl_automatic() || other == NULL)
		return error_fix(err, "set auth to auto or to one that both "
		    "sides have");
	for (i = 0; i + 1 < sizeof(word) && sasl_name(other)[i] != '\0'; i++)
		word[i] = ascii_lower(sasl_name(other)[i]);
	word[i] = '\0';
	if ((offered & sasl_tokens()) != 0)
		return error_fix(err, "this relay takes access tokens: set "
		    "auth = %s and password_command to a program that prints "
		    "one", word);
	return error_fix(err, "set auth = %s, which is used only by name",
	    word);
}

/* `usable` are those that the connection allows. */
static const struct sasl_mechanism *
choose(struct session *s, sasl_set usable, struct error *err)
{
	const struct sasl_mechanism *m = sasl_best(usable &
	    s->capability.mechanisms & s->params->mechanisms);

	if (m != NULL)
		return m;
	if (!s->capability.has_auth) {
		(void)error_set(err, STAGE_AUTH, EX_UNAVAILABLE,
		    "the relay doesn't offer AUTH, and the profile wants it");
		err->hint = "H38";
		return NULL;
	}
	(void)error_set(err, STAGE_AUTH, EX_UNAVAILABLE,
	    "the relay offers no AUTH mechanism that may be used, "
	    "only: %s", s->capability.auth_words[0] == '\0' ?
	    "none" : s->capability.auth_words);
	(void)advise(s, usable, err);
	return NULL;
}

/* What the relay may quote once it has heard the next answer. */
static void
keep_secrets(struct exchange *x)
{
	struct mask *mask = &x->session->mask;

	mask_add(mask, x->sasl.secret);
	if (x->sasl.round <= 1)
		mask_add(mask, x->params.credentials->password);
}

/* Adds the base64 of the next answer to `line`. */
static bool
add_answer(struct exchange *x, struct span challenge, struct buf *line,
    struct error *err)
{
	struct buf answer;
	bool ok = false;

	buf_init(&answer, step_row(STEP_AUTH)->line_max);
	if (!sasl_answer(&x->sasl, challenge, &answer, err))
		goto out;
	keep_secrets(x);
	ok = base64_encode(line, buf_span(&answer));
	if (!ok)
		(void)error_set(err, STAGE_AUTH, EX_CONFIG,
		    "the password or token is too long for AUTH");
out:
	buf_free_secret(&answer);
	return ok;
}

/* "AUTH NAME", with the initial response where there is one that fits. */
static bool
send_auth(struct exchange *x, struct error *err)
{
	const char *name = sasl_name(x->sasl.mechanism);
	bool is_first = sasl_is_client_first(x->sasl.mechanism);
	struct buf line;
	char shown[64];
	bool ok = false;

	buf_init(&line, step_row(STEP_AUTH)->line_max);
	(void)snprintf(shown, sizeof(shown), "AUTH %s", name);
	if (is_first && !add_answer(x, span_make(NULL, 0), &x->first, err))
		goto out;
	/* An empty one is spelt "=" (RFC 4954 section 4). */
	if (is_first && strlen(shown) + 1 + x->first.len <= INITIAL_LINE_MAX) {
		ok = buf_printf(&line, "%s %s", shown, x->first.len == 0 ? "=" :
		    x->first.data);
		(void)snprintf(shown, sizeof(shown), "AUTH %s <redacted>",
		    name);
		buf_free_secret(&x->first);
	} else {
		ok = buf_add_string(&line, shown);
	}
	ok = ok && session_send(x->session, STEP_AUTH, buf_span(&line), shown,
	    err);
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

/* Adds the answer to the 334 that was just read. */
static bool
answer_reply(struct exchange *x, struct buf *line, struct error *err)
{
	struct span text = span_trim(buf_span(&x->session->reply.text));
	struct buf challenge;
	bool ok = false;

	buf_init(&challenge, step_row(STEP_AUTH)->reply_max);
	if (!base64_decode(&challenge, text))
		(void)error_set(err, STAGE_AUTH, EX_PROTOCOL,
		    "the relay's challenge isn't base64");
	else if (x->first.len > 0)
		/* Whatever it says, it asks for the first answer. */
		ok = buf_add_span(line, buf_span(&x->first));
	else
		ok = add_answer(x, buf_span(&challenge), line, err);
	buf_free_secret(&x->first);
	buf_free_secret(&challenge);
	return ok;
}

static bool
answer_challenge(struct exchange *x, struct error *err)
{
	struct buf line;
	bool ok;

	buf_init(&line, ANSWER_LINE_MAX);
	ok = answer_reply(x, &line, err) ? session_send(x->session, STEP_AUTH,
	    buf_span(&line), "<redacted>", err) : cancel(x->session, err);
	buf_free_secret(&line);
	return ok;
}

/* Puts the reason that came in a 334 behind the words of the refusal. */
static void
add_reason(struct exchange *x, struct error *err)
{
	struct buf *reason = &x->sasl.refusal;
	size_t used = strlen(err->reply);

	if (reason->len == 0)
		return;
	/* The words of the 535 that follows are often those for passwords. */
	if (err->reply_code == 535 && (sasl_tokens() & sasl_named(span_of(
	    sasl_name(x->sasl.mechanism)))) != 0)
		err->hint = "H78";
	mask_apply(&x->session->mask, reason->data, reason->len);
	if (used > 0 && used + 8 < sizeof(err->reply)) {
		memcpy(err->reply + used, " / 334 ", 7);
		used += 7;
	}
	escape_into(err->reply + used, sizeof(err->reply) - used,
	    buf_span(reason));
}

/* All that comes behind AUTH. */
static bool
converse(struct exchange *x, struct error *err)
{
	struct session *s = x->session;
	int round;

	for (round = 0; round <= SASL_ROUNDS_MAX; round++) {
		if (!session_expect(s, STEP_AUTH, err))
			return false;
		if (s->reply.code == 235)
			break;
		if (!answer_challenge(x, err))
			return false;
	}
	if (s->reply.code == 235 && x->first.len == 0 &&
	    sasl_is_done(&x->sasl))
		return true;
	s->is_broken = true;
	return error_set(err, STAGE_AUTH, EX_PROTOCOL,
	    "the relay says 235 before %s was through",
	    sasl_name(x->sasl.mechanism));
}

/* All that the exchange depends on. */
static void
prepare(struct exchange *x, struct session *s)
{
	memset(x, 0, sizeof(*x));
	x->session = s;
	buf_init(&x->binding, step_row(STEP_AUTH)->line_max);
	buf_init(&x->first, ANSWER_LINE_MAX);
	x->params.credentials = s->params->credentials;
	x->params.host = s->params->host;
	x->params.port = s->params->port;
	x->params.offered = s->capability.mechanisms;
	if (tls_channel_binding(s->stream, &x->params.binding_name,
	    &x->binding))
		x->params.binding = buf_span(&x->binding);
}

/* Returns `ok`. */
static bool
end(struct exchange *x, bool ok, struct error *err)
{
	if (ok) {
		x->session->mechanism = sasl_name(x->sasl.mechanism);
		trace_passed(x->session->params->trace, STAGE_AUTH);
	} else {
		add_reason(x, err);
	}
	sasl_end(&x->sasl);
	buf_free_secret(&x->first);
	buf_free(&x->binding);
	return ok;
}

bool
auth_login(struct session *s, struct error *err)
{
	const struct sasl_mechanism *mechanism;
	struct exchange x;

	if (!session_is_private(s)) {
		(void)error_set(err, STAGE_AUTH, EX_CONFIG,
		    "tls: user and password never go in clear to another "
		    "machine");
		return error_fix(err, "set tls = starttls or tls = implicit");
	}
	prepare(&x, s);
	mechanism = choose(s, x.params.binding_name != NULL ? ~0U :
	    ~sasl_bound(), err);
	if (mechanism == NULL) {
		buf_free(&x.binding);
		return false;
	}
	return end(&x, sasl_begin(&x.sasl, mechanism, &x.params, err) &&
	    send_auth(&x, err) && converse(&x, err), err);
}

bool
auth_is_settled(const struct session *s)
{
	return s->params->credentials != NULL && s->stream->tls != NULL &&
	    sasl_settled(s->params->mechanisms) != NULL;
}

/* The reply to what shouldn't have been asked: it is out of the way then. */
static bool
take_back(struct session *s, struct error *err)
{
	struct error refusal = { 0 };

	if (session_expect(s, STEP_AUTH, &refusal) && s->reply.code == 334)
		(void)!cancel(s, &refusal);
	if (!s->is_broken)
		return true;
	*err = refusal;
	return error_is_set(err) ? false : error_set(err, STAGE_AUTH,
	    EX_PROTOCOL, "the relay takes up an AUTH that it doesn't offer");
}

static bool
is_offered(const struct session *s)
{
	return (s->capability.mechanisms & s->params->mechanisms) != 0;
}

bool
auth_login_early(struct session *s, auth_hear *hear, struct error *err)
{
	struct exchange x;
	bool ok;

	prepare(&x, s);
	ok = sasl_begin(&x.sasl, sasl_settled(s->params->mechanisms),
	    &x.params, err) && send_auth(&x, err) && hear(s, err);
	if (!ok || is_offered(s))
		return end(&x, ok && converse(&x, err), err);
	(void)end(&x, false, err);
	return take_back(s, err) && auth_login(s, err);
}
