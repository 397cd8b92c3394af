#include "smtp/sasl.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

typedef bool sasl_answerer(struct sasl *s, struct span challenge,
    struct buf *answer, struct error *err);

#define CLIENT_FIRST 1U
#define BOUND 2U		/* to the channel (RFC 5056) */
#define BY_NAME 4U		/* never by `auth = auto` */
#define TOKEN 8U

struct sasl_mechanism {
	const char *name;
	unsigned int flags;
	int rounds;		/* answers until it is done */
	sasl_answerer *answer;	/* false at the buffer's limit too */
	enum crypto_digest digest;	/* of SCRAM */
	const char *dummy;	/* the answer to a challenge that is a refusal;
				 * NULL: there is none */
};

/* RFC 4616: no authorisation identity, the user, the password. */
static bool
answer_plain(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_credentials *c = s->params->credentials;

	(void)challenge;
	(void)err;
	return buf_add_char(answer, '\0') && buf_add_string(answer, c->user) &&
	    buf_add_char(answer, '\0') && buf_add_span(answer, c->password);
}

/* Two prompts, whose wording servers don't agree on: their order counts. */
static bool
answer_login(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_credentials *c = s->params->credentials;

	(void)challenge;
	(void)err;
	return s->round == 0 ? buf_add_string(answer, c->user) :
	    buf_add_span(answer, c->password);
}

/* RFC 4422 appendix A: who we are is known from below, or named. */
static bool
answer_external(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	(void)challenge;
	(void)err;
	return s->params->credentials->user == NULL ||
	    buf_add_string(answer, s->params->credentials->user);
}

/* RFC 2195. */
static bool
answer_cram_md5(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_credentials *c = s->params->credentials;
	unsigned char digest[CRYPTO_DIGEST_MAX];
	size_t i;

	if (!crypto_hmac(CRYPTO_MD5, digest, c->password, challenge))
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "the TLS library refuses MD5");
	for (i = 0; i < crypto_digest_size(CRYPTO_MD5); i++)
		(void)snprintf(s->digest + 2 * i, 3, "%02x",
		    (unsigned int)digest[i]);
	s->secret = span_of(s->digest);
	return buf_add_string(answer, c->user) && buf_add_char(answer, ' ') &&
	    buf_add_string(answer, s->digest);
}

static void
take_refusal(struct sasl *s, struct span words)
{
	/* What is too long for the buffer is too long for people. */
	if (!buf_add_span(&s->refusal, words) &&
	    !buf_add_string(&s->refusal, "(too long)"))
		buf_clear(&s->refusal);
}

static bool
answer_scram(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	struct span reason;
	bool ok;

	if (s->round == 0)
		return scram_first(&s->scram, answer, err);
	reason = scram_reason(challenge);
	if (reason.len > 0) {
		take_refusal(s, reason);
		return true;
	}
	if (s->round == 2)
		return scram_verify(&s->scram, challenge, err);
	ok = scram_final(&s->scram, challenge, answer, err);
	s->secret = span_of(s->scram.proof);
	return ok;
}

/* RFC 7628 section 3.1. */
static bool
answer_oauthbearer(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_credentials *c = s->params->credentials;

	(void)challenge;
	(void)err;
	return buf_add_string(answer, "n,a=") &&
	    scram_add_name(answer, c->user) &&
	    buf_printf(answer, ",\001host=%s\001port=%d\001auth=Bearer ",
	    s->params->host, s->params->port) &&
	    buf_add_span(answer, c->password) &&
	    buf_add_string(answer, "\001\001");
}

/* Older than RFC 7628, and never a standard. */
static bool
answer_xoauth2(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_credentials *c = s->params->credentials;

	(void)challenge;
	(void)err;
	return buf_printf(answer, "user=%s\001auth=Bearer ", c->user) &&
	    buf_add_span(answer, c->password) &&
	    buf_add_string(answer, "\001\001");
}

/* Best first. */
static const struct sasl_mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", CLIENT_FIRST | BOUND, 3, answer_scram,
	    CRYPTO_SHA256, NULL },
	{ "SCRAM-SHA-1-PLUS", CLIENT_FIRST | BOUND, 3, answer_scram,
	    CRYPTO_SHA1, NULL },
	{ "SCRAM-SHA-256", CLIENT_FIRST, 3, answer_scram, CRYPTO_SHA256, NULL },
	{ "SCRAM-SHA-1", CLIENT_FIRST, 3, answer_scram, CRYPTO_SHA1, NULL },
	{ "PLAIN", CLIENT_FIRST, 1, answer_plain, CRYPTO_MD5, NULL },
	{ "LOGIN", 0, 2, answer_login, CRYPTO_MD5, NULL },
	{ "OAUTHBEARER", CLIENT_FIRST | BY_NAME | TOKEN, 1, answer_oauthbearer,
	    CRYPTO_MD5, "\001" },
	{ "XOAUTH2", CLIENT_FIRST | BY_NAME | TOKEN, 1, answer_xoauth2,
	    CRYPTO_MD5, "" },
	{ "CRAM-MD5", BY_NAME, 1, answer_cram_md5, CRYPTO_MD5, NULL },
	{ "EXTERNAL", CLIENT_FIRST | BY_NAME, 1, answer_external, CRYPTO_MD5,
	    NULL },
};

#define MECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

sasl_set
sasl_named(struct span word)
{
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if (span_equals_nocase(word, span_of(mechanisms[i].name)))
			return 1U << i;
	return 0;
}

/* Those whose `flags`, of the ones in `mask`, are exactly `wanted`. */
static sasl_set
with_flags(unsigned int mask, unsigned int wanted)
{
	sasl_set set = 0;
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if ((mechanisms[i].flags & mask) == wanted)
			set |= 1U << i;
	return set;
}

sasl_set
sasl_automatic(void)
{
	return with_flags(BY_NAME, 0);
}

sasl_set
sasl_bound(void)
{
	return with_flags(BOUND, BOUND);
}

sasl_set
sasl_tokens(void)
{
	return with_flags(TOKEN, TOKEN);
}

const struct sasl_mechanism *
sasl_best(sasl_set offered)
{
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if ((offered & 1U << i) != 0)
			return &mechanisms[i];
	return NULL;
}

const struct sasl_mechanism *
sasl_settled(sasl_set named)
{
	const struct sasl_mechanism *m = sasl_best(named);

	return m != NULL && named == sasl_named(span_of(m->name)) &&
	    sasl_is_client_first(m) && m->rounds == 1 ? m : NULL;
}

const char *
sasl_name(const struct sasl_mechanism *mechanism)
{
	return mechanism->name;
}

bool
sasl_is_client_first(const struct sasl_mechanism *mechanism)
{
	return (mechanism->flags & CLIENT_FIRST) != 0;
}

/*
 * RFC 5802 section 6. "y" tells a relay that does know channel binding that
 * somebody has taken it off its offer; where it is on the offer and wasn't
 * chosen, "y" would be a lie.
 */
static char
gs2_flag(const struct sasl *s)
{
	if ((s->mechanism->flags & BOUND) != 0)
		return 'p';
	return s->params->binding_name == NULL ||
	    (s->params->offered & sasl_bound()) != 0 ? 'n' : 'y';
}

bool
sasl_begin(struct sasl *s, const struct sasl_mechanism *mechanism,
    const struct sasl_params *params, struct error *err)
{
	struct scram_params *p = &s->scram_params;

	memset(s, 0, sizeof(*s));
	s->mechanism = mechanism;
	s->params = params;
	buf_init(&s->refusal, 1000);
	if (mechanism->answer != answer_scram)
		return true;
	p->digest = mechanism->digest;
	p->user = params->credentials->user;
	p->password = params->credentials->password;
	p->flag = gs2_flag(s);
	p->binding_name = params->binding_name;
	p->binding = params->binding;
	p->nonce = params->nonce;
	return scram_begin(&s->scram, p, err);
}

bool
sasl_answer(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	const struct sasl_mechanism *m = s->mechanism;

	if (sasl_is_done(s) && m->dummy != NULL) {
		take_refusal(s, challenge.len > 0 ? challenge :
		    span_of("(no reason given)"));
		return buf_add_string(answer, m->dummy);
	}
	if (sasl_is_done(s) || s->refusal.len > 0)
		return error_set(err, STAGE_AUTH, EX_PROTOCOL,
		    "the relay asks for more than %s has to say", m->name);
	if (!m->answer(s, challenge, answer, err))
		return error_set(err, STAGE_AUTH, EX_CONFIG,
		    "user and password are too long for %s", m->name);
	s->round++;
	return true;
}

bool
sasl_is_done(const struct sasl *s)
{
	return s->round >= s->mechanism->rounds && s->refusal.len == 0;
}

void
sasl_end(struct sasl *s)
{
	scram_free(&s->scram);
	buf_free_secret(&s->refusal);
	mem_wipe(s, sizeof(*s));
}
