#include "support/relay_serve.h"

#include <string.h>

#include <gnutls/crypto.h>

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

void
serve_auth_end(struct server *s, unsigned int nth, bool is_fine)
{
	const char *reply = is_fine ? "235 2.7.0 welcome" :
	    "535 5.7.8 wrong user or password";

	s->is_authenticated = nth == 0 ? serve_answer(s, "auth", 0, reply, "235") :
	    serve_answer(s, "authdata", nth, reply, "235");
}

bool
serve_challenge(struct server *s, unsigned int nth, const char *reply,
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
		serve_auth_end(s, 0, plain_is_right(s, initial));
	else if (serve_challenge(s, 0, "334 ", &line))
		serve_auth_end(s, 1, plain_is_right(s, buf_span(&line)));
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
	    !serve_challenge(s, 0, "334 VXNlcm5hbWU6", &user))
		goto out;
	if (!serve_challenge(s, nth, "334 UGFzc3dvcmQ6", &password))
		goto out;
	serve_auth_end(s, nth + 1, encoded_is_right(s->options->user,
	    buf_span(&user)) && encoded_is_right(s->options->password,
	    buf_span(&password)));
out:
	buf_free(&user);
	buf_free(&password);
}

/* RFC 2195; the challenge is "<1896.697170952@relay.test>". */
static bool
cram_is_right(const struct server *s, struct span text)
{
	static const char asked[] = "<1896.697170952@" RELAY_NAME ">";
	const char *password = s->options->password;
	unsigned char digest[16];
	struct buf decoded, wanted;
	bool is_fine;
	size_t i;

	if (password == NULL || s->options->user == NULL)
		return false;
	buf_init(&decoded, BUF_UNLIMITED);
	buf_init(&wanted, BUF_UNLIMITED);
	is_fine = gnutls_hmac_fast(GNUTLS_MAC_MD5, password, strlen(password),
	    asked, strlen(asked), digest) == 0 &&
	    buf_printf(&wanted, "%s ", s->options->user);
	for (i = 0; is_fine && i < sizeof(digest); i++)
		is_fine = buf_printf(&wanted, "%02x", (unsigned int)digest[i]);
	is_fine = is_fine && base64_decode(&decoded, text) &&
	    span_equals(buf_span(&decoded), buf_span(&wanted));
	buf_free(&decoded);
	buf_free(&wanted);
	return is_fine;
}

static void
auth_cram_md5(struct server *s, struct span initial)
{
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	if (initial.len > 0)
		serve_auth_end(s, 0, false);
	else if (serve_challenge(s, 0,
	    "334 PDE4OTYuNjk3MTcwOTUyQHJlbGF5LnRlc3Q+", &line))
		serve_auth_end(s, 1, cram_is_right(s, buf_span(&line)));
	buf_free(&line);
}

static void
auth_external(struct server *s, struct span initial)
{
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	if (span_equals(initial, span_of("=")))
		serve_auth_end(s, 0, true);
	else if (initial.len > 0)
		serve_auth_end(s, 0, encoded_is_right(s->options->user,
		    initial));
	else if (serve_challenge(s, 0, "334 ", &line))
		serve_auth_end(s, 1, line.len == 0 || encoded_is_right(
		    s->options->user, buf_span(&line)));
	buf_free(&line);
}

/* The whole message, as the client must have written it. */
static bool
token_is_right(const struct server *s, bool is_bearer, struct span text)
{
	const struct relay_serve *o = s->options;
	const char *user = o->user == NULL ? "" : o->user;
	const char *token = o->password == NULL ? "" : o->password;
	struct buf decoded, wanted;
	bool is_fine;

	buf_init(&decoded, BUF_UNLIMITED);
	buf_init(&wanted, BUF_UNLIMITED);
	is_fine = (is_bearer ? buf_printf(&wanted, "n,a=%s,\001host=127.0.0.1"
	    "\001port=%d\001auth=Bearer %s\001\001", user,
	    link_port(s->link), token) : buf_printf(&wanted,
	    "user=%s\001auth=Bearer %s\001\001", user, token)) &&
	    base64_decode(&decoded, text) &&
	    span_equals(buf_span(&decoded), buf_span(&wanted));
	buf_free(&decoded);
	buf_free(&wanted);
	return is_fine;
}

/* RFC 7628 section 3.2.2: the reason first, then the refusal. */
static void
auth_token(struct server *s, struct span initial, bool is_bearer)
{
	unsigned int nth = initial.len > 0 ? 0 : 1;
	const char *dummy = is_bearer ? "AQ==" : "";
	struct buf line;
	bool is_fine;

	buf_init(&line, BUF_UNLIMITED);
	if (initial.len == 0 ? !serve_challenge(s, 0, "334 ", &line) :
	    !buf_add_span(&line, initial))
		goto out;
	is_fine = token_is_right(s, is_bearer, buf_span(&line));
	/* {"status":"invalid_token"} */
	if (!is_fine && !serve_challenge(s, nth,
	    "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=", &line))
		goto out;
	if (!is_fine && !span_equals(buf_span(&line), span_of(dummy)))
		link_failure(s->link, "'%s' instead of '%s'", buf_string(&line),
		    dummy);
	serve_auth_end(s, is_fine ? nth : nth + 1, is_fine);
out:
	buf_free(&line);
}

static void
auth_xoauth2(struct server *s, struct span initial)
{
	auth_token(s, initial, false);
}

static void
auth_oauthbearer(struct server *s, struct span initial)
{
	auth_token(s, initial, true);
}

static void
auth_scram_sha_1(struct server *s, struct span initial)
{
	serve_scram(s, initial, GNUTLS_MAC_SHA1, false);
}

static void
auth_scram_sha_1_plus(struct server *s, struct span initial)
{
	serve_scram(s, initial, GNUTLS_MAC_SHA1, true);
}

static void
auth_scram_sha_256(struct server *s, struct span initial)
{
	serve_scram(s, initial, GNUTLS_MAC_SHA256, false);
}

static void
auth_scram_sha_256_plus(struct server *s, struct span initial)
{
	serve_scram(s, initial, GNUTLS_MAC_SHA256, true);
}

static const struct {
	const char *name;
	void (*obey)(struct server *, struct span initial);
} mechanisms[] = {
	{ "PLAIN", auth_plain },
	{ "LOGIN", auth_login },
	{ "CRAM-MD5", auth_cram_md5 },
	{ "EXTERNAL", auth_external },
	{ "XOAUTH2", auth_xoauth2 },
	{ "OAUTHBEARER", auth_oauthbearer },
	{ "SCRAM-SHA-1", auth_scram_sha_1 },
	{ "SCRAM-SHA-1-PLUS", auth_scram_sha_1_plus },
	{ "SCRAM-SHA-256", auth_scram_sha_256 },
	{ "SCRAM-SHA-256-PLUS", auth_scram_sha_256_plus },
};

void
serve_auth(struct server *s, struct span argument)
{
	struct span offered, rest, word, mechanism;
	bool is_offered = false;
	size_t i;

	serve_must_wait(s, "AUTH");
	if (!serve_offers(s, "AUTH", &offered) || s->is_authenticated ||
	    !s->said_ehlo) {
		(void)serve_answer(s, "auth", 0, "503 5.5.1 not now", "235");
		return;
	}
	(void)span_next(&argument, ' ', &mechanism);
	for (rest = offered; span_next(&rest, ' ', &word);)
		is_offered = is_offered || span_equals_nocase(word, mechanism);
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (is_offered && span_equals_nocase(mechanism,
		    span_of(mechanisms[i].name))) {
			mechanisms[i].obey(s, argument);
			return;
		}
	(void)serve_answer(s, "auth", 0, "504 5.5.4 unknown mechanism", "235");
}
