#include "smtp/sasl.h"

typedef bool sasl_answerer(struct sasl *s, struct span challenge,
    struct buf *answer);

struct sasl_mechanism {
	const char *name;
	bool is_client_first;
	int rounds;		/* answers until it is done */
	sasl_answerer *answer;	/* false only at the buffer's limit */
};

/* RFC 4616: no authorisation identity, the user, the password. */
static bool
answer_plain(struct sasl *s, struct span challenge, struct buf *answer)
{
	(void)challenge;
	return buf_add_char(answer, '\0') &&
	    buf_add_string(answer, s->credentials->user) &&
	    buf_add_char(answer, '\0') &&
	    buf_add_span(answer, s->credentials->password);
}

/* Two prompts, whose wording servers don't agree on: their order counts. */
static bool
answer_login(struct sasl *s, struct span challenge, struct buf *answer)
{
	(void)challenge;
	return s->round == 0 ?
	    buf_add_string(answer, s->credentials->user) :
	    buf_add_span(answer, s->credentials->password);
}

/* Best first. */
static const struct sasl_mechanism mechanisms[] = {
	{ "PLAIN", true, 1, answer_plain },
	{ "LOGIN", false, 2, answer_login },
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

const struct sasl_mechanism *
sasl_best(sasl_set offered)
{
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if ((offered & 1U << i) != 0)
			return &mechanisms[i];
	return NULL;
}

const char *
sasl_name(const struct sasl_mechanism *mechanism)
{
	return mechanism->name;
}

bool
sasl_is_client_first(const struct sasl_mechanism *mechanism)
{
	return mechanism->is_client_first;
}

void
sasl_begin(struct sasl *s, const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials)
{
	s->mechanism = mechanism;
	s->credentials = credentials;
	s->round = 0;
}

bool
sasl_answer(struct sasl *s, struct span challenge, struct buf *answer,
    struct error *err)
{
	if (sasl_is_done(s))
		return error_set(err, STAGE_AUTH, EX_PROTOCOL,
		    "the relay asks for more than %s has to say",
		    s->mechanism->name);
	if (!s->mechanism->answer(s, challenge, answer))
		return error_set(err, STAGE_AUTH, EX_CONFIG,
		    "user and password are too long for %s",
		    s->mechanism->name);
	s->round++;
	return true;
}

bool
sasl_is_done(const struct sasl *s)
{
	return s->round >= s->mechanism->rounds;
}
