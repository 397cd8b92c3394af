#include "support/relay_serve.h"

#include "base/base64.h"

static bool
is_right(const char *wanted, struct span given)
{
	return wanted == NULL || span_equals(span_of(wanted), given);
}

/* Base64 of "identity NUL user NUL password" (RFC 4616). */
static bool
plain_is_right(const struct server *s, struct span text)
{
	struct span rest, identity, user;
	struct buf decoded;
	bool is_fine;

	buf_init(&decoded, BUF_UNLIMITED);
	is_fine = base64_decode(&decoded, text);
	rest = buf_span(&decoded);
	is_fine = is_fine && span_next(&rest, '\0', &identity) &&
	    span_next(&rest, '\0', &user) && rest.data != NULL &&
	    is_right(s->options->user, user) &&
	    is_right(s->options->password, rest);
	buf_free(&decoded);
	return is_fine;
}

static bool
encoded_is_right(const char *wanted, struct span text)
{
	struct buf decoded;
	bool is_fine;

	buf_init(&decoded, BUF_UNLIMITED);
	is_fine = base64_decode(&decoded, text) &&
	    is_right(wanted, buf_span(&decoded));
	buf_free(&decoded);
	return is_fine;
}

static void
finish_auth(struct server *s, unsigned int nth, bool is_fine)
{
	const char *reply = is_fine ? "235 2.7.0 welcome" :
	    "535 5.7.8 wrong user or password";

	s->is_authenticated = nth == 0 ? serve_answer(s, "auth", 0, reply, "235") :
	    serve_answer(s, "authdata", nth, reply, "235");
}

/* Asks with a 334 for the next line; `nth` 0 is the reply to AUTH itself. */
static bool
challenge(struct server *s, unsigned int nth, const char *reply,
    struct buf *line)
{
	if (!(nth == 0 ? serve_answer(s, "auth", 0, reply, "334") :
	    serve_answer(s, "authdata", nth, reply, "334")))
		return false;
	if (!link_line(s->link, line)) {
		s->is_done = true;
		return false;
	}
	serve_must_wait(s, "an AUTH line");
	if (!span_equals(buf_span(line), span_of("*")))
		return true;
	(void)serve_answer(s, "authdata", nth + 1, "501 5.7.0 cancelled", "2");
	return false;
}

static void
auth_plain(struct server *s, struct span initial)
{
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	if (initial.len > 0)
		finish_auth(s, 0, plain_is_right(s, initial));
	else if (challenge(s, 0, "334 ", &line))
		finish_auth(s, 1, plain_is_right(s, buf_span(&line)));
	buf_free(&line);
}

static void
auth_login(struct server *s, struct span initial)
{
	unsigned int nth = initial.len > 0 ? 0 : 1;
	struct buf user, password;

	buf_init(&user, BUF_UNLIMITED);
	buf_init(&password, BUF_UNLIMITED);
	if (initial.len > 0 ? !buf_add_span(&user, initial) :
	    !challenge(s, 0, "334 VXNlcm5hbWU6", &user))
		goto out;
	if (!challenge(s, nth, "334 UGFzc3dvcmQ6", &password))
		goto out;
	finish_auth(s, nth + 1, encoded_is_right(s->options->user,
	    buf_span(&user)) && encoded_is_right(s->options->password,
	    buf_span(&password)));
out:
	buf_free(&user);
	buf_free(&password);
}

static const struct {
	const char *name;
	void (*obey)(struct server *, struct span initial);
} mechanisms[] = {
	{ "PLAIN", auth_plain },
	{ "LOGIN", auth_login },
};

void
serve_auth(struct server *s, struct span argument)
{
	struct span offered, mechanism;
	size_t i;

	serve_must_wait(s, "AUTH");
	if (!serve_offers(s, "AUTH", &offered) || s->is_authenticated ||
	    !s->said_ehlo) {
		(void)serve_answer(s, "auth", 0, "503 5.5.1 not now", "235");
		return;
	}
	(void)span_next(&argument, ' ', &mechanism);
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (span_equals_nocase(mechanism, span_of(mechanisms[i].name)) &&
		    span_contains_nocase(offered, mechanism)) {
			mechanisms[i].obey(s, argument);
			return;
		}
	(void)serve_answer(s, "auth", 0, "504 5.5.4 unknown mechanism", "235");
}
