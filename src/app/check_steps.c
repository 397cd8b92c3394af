#include "app/check_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/trust_certificate.h"

#define NAMES_MAX 6	/* addresses of a relay that are named */
#define STAGES_MAX 10

/* In which order a session passes them; NONE behind the last. */
static const enum stage orders[][STAGES_MAX] = {
	[PROFILE_TLS_STARTTLS] = { STAGE_DNS, STAGE_CONNECT, STAGE_GREETING,
	    STAGE_EHLO, STAGE_STARTTLS, STAGE_TLS, STAGE_EHLO, STAGE_AUTH,
	    STAGE_MAIL, STAGE_RCPT },
	[PROFILE_TLS_IMPLICIT] = { STAGE_DNS, STAGE_CONNECT, STAGE_TLS,
	    STAGE_GREETING, STAGE_EHLO, STAGE_AUTH, STAGE_MAIL, STAGE_RCPT },
	[PROFILE_TLS_NONE] = { STAGE_DNS, STAGE_CONNECT, STAGE_GREETING,
	    STAGE_EHLO, STAGE_AUTH, STAGE_MAIL, STAGE_RCPT },
};

static bool
add_hop(struct buf *out, const struct hop *hop)
{
	const struct endpoints *e = &hop->endpoints;
	size_t i;

	if (!buf_printf(out, "%s%s ->", out->len == 0 ? "" : "; ", hop->name))
		return false;
	for (i = 0; i < e->count && i < NAMES_MAX; i++)
		if (!buf_printf(out, "%s %s", i == 0 ? "" : ",",
		    e->items[i].text))
			return false;
	return i == e->count || buf_printf(out, " and %zu more", e->count - i);
}

static void
tell_dns(struct check *c)
{
	const struct hops *h = &c->delivery.hops;
	struct buf text;
	size_t i;

	buf_init(&text, BUF_UNLIMITED);
	for (i = 0; i < h->count; i++)
		if (!add_hop(&text, &h->items[i]))
			break;
	check_step(&c->report, CHECK_OK, "dns", "%s", buf_string(&text));
	buf_free(&text);
}

static void
tell_connect(struct check *c)
{
	check_step(&c->report, CHECK_OK, "connect", "%s%s",
	    c->delivery.endpoint->text, c->draft.profile.proxy == NULL ? "" :
	    ", the proxy");
}

static const char *
trust_of(const struct profile *p)
{
	if (p->tls_fingerprint != NULL)
		return "it matches tls_fingerprint";
	return p->tls_verify ? "chain and name are right" :
	    "NOT VERIFIED (tls_verify = no)";
}

static void
tell_certificate(struct check *c)
{
	const struct profile *p = &c->draft.profile;
	struct certificate cert;
	bool is_fine;

	if (!tls_certificate(&c->delivery.stream, &cert))
		return;
	is_fine = (p->tls_verify || p->tls_fingerprint != NULL) &&
	    cert.days_left >= c->setup.options->warn_expiry;
	check_say(&c->report, is_fine ? CHECK_OK : CHECK_WARN, "certificate",
	    "%s; %s %" PRId64 " days%s; names %s, subject %s, issuer %s, valid "
	    "%s to %s, sha256 %s", trust_of(p), cert.days_left < 0 ?
	    "it expired" : "it expires in", cert.days_left < 0 ?
	    -cert.days_left : cert.days_left, cert.days_left < 0 ? " ago" :
	    "", cert.names, cert.subject, cert.issuer, cert.from, cert.to,
	    cert.sha256);
}

static void
tell_tls(struct check *c)
{
	check_step(&c->report, CHECK_OK, "tls", "%s",
	    tls_description(&c->delivery.stream));
	tell_certificate(c);
}

/* The relay's own words. */
static void
tell_reply(struct check *c, const char *name)
{
	char words[1200];

	reply_quote(&c->delivery.session.reply, words, sizeof(words));
	check_step(&c->report, CHECK_OK, name, "%s", words);
}

static void
tell_greeting(struct check *c)
{
	tell_reply(c, "greeting");
}

static void
tell_starttls(struct check *c)
{
	tell_reply(c, "starttls");
}

#define OFFER(flag, text) { offsetof(struct capability, has_##flag), text }

static const struct {
	size_t flag;
	const char *text;
} offers[] = {
	OFFER(starttls, "TLS (STARTTLS)"),
	OFFER(pipelining, "several commands at once (PIPELINING)"),
	OFFER(chunking, "the message as one chunk (CHUNKING)"),
	OFFER(pipeconnect, "EHLO before its greeting (PIPECONNECT)"),
	OFFER(8bitmime, "8-bit text (8BITMIME)"),
	OFFER(smtputf8, "international addresses (SMTPUTF8)"),
	OFFER(dsn, "notifications (DSN)"),
	OFFER(requiretls, "TLS all the way (REQUIRETLS)"),
};

static bool
add_limit(struct buf *out, uint64_t limit, const char *what)
{
	return limit == 0 || buf_printf(out, ", at most %" PRIu64 " %s", limit,
	    what);
}

static bool
add_offers(struct buf *out, const struct capability *cap)
{
	size_t i;

	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		if (*((const bool *)((const char *)cap + offers[i].flag)) &&
		    !buf_printf(out, ", %s", offers[i].text))
			return false;
	return (!cap->has_auth || buf_printf(out, ", login by %s (AUTH)",
	    cap->auth_words)) &&
	    add_limit(out, cap->size_max, "octets a message (SIZE)") &&
	    add_limit(out, cap->rcpt_max, "recipients a message (LIMITS)") &&
	    add_limit(out, cap->mail_max, "messages a session (LIMITS)");
}

/* As whom the relay knows us, and what it offers. */
static void
tell_ehlo(struct check *c)
{
	const struct session *s = &c->delivery.session;
	struct span rest = buf_span(&s->reply.text), name;
	struct buf text;

	buf_init(&text, BUF_UNLIMITED);
	(void)span_next(&rest, '\n', &name);
	check_step(&c->report, CHECK_OK, "ehlo", "%s; the relay is %.*s",
	    s->params->ehlo, name.len > 200 ? 200 : (int)name.len,
	    name.len == 0 ? "" : name.data);
	/* What is said in clear before STARTTLS is forgotten. */
	if ((s->stream->tls != NULL || s->params->tls == SESSION_TLS_NONE) &&
	    add_offers(&text, &s->capability))
		check_say(&c->report, CHECK_OK, "offers", "%s", text.len == 0 ?
		    "nothing" : text.data + strlen(", "));
	buf_free(&text);
}

static void
tell_auth(struct check *c)
{
	check_step(&c->report, CHECK_OK, "auth", "%s as %s",
	    c->delivery.session.mechanism, c->draft.profile.user == NULL ?
	    "the client certificate says" : c->draft.profile.user);
}

static void
tell_command(struct check *c, const char *name)
{
	char words[600];

	reply_quote(&c->delivery.session.reply, words, sizeof(words));
	check_step(&c->report, CHECK_OK, name, "%s: %s",
	    c->delivery.session.command, words);
}

static void
tell_mail(struct check *c)
{
	tell_command(c, "mail");
}

static void
tell_rcpt(struct check *c)
{
	tell_command(c, "rcpt");
}

static const struct {
	enum stage stage;
	void (*tell)(struct check *c);
} tellers[] = {
	{ STAGE_DNS, tell_dns },
	{ STAGE_CONNECT, tell_connect },
	{ STAGE_TLS, tell_tls },
	{ STAGE_GREETING, tell_greeting },
	{ STAGE_EHLO, tell_ehlo },
	{ STAGE_STARTTLS, tell_starttls },
	{ STAGE_AUTH, tell_auth },
	{ STAGE_MAIL, tell_mail },
	{ STAGE_RCPT, tell_rcpt },
};

/* Where `stage` comes next, or the end of the order. */
static size_t
find_place(const struct check *c, enum stage stage)
{
	const enum stage *order = orders[c->draft.profile.tls];
	size_t i = c->place;

	while (i < STAGES_MAX && order[i] != STAGE_NONE && order[i] != stage)
		i++;
	return i;
}

static void
keep_place(struct check *c, enum stage stage)
{
	size_t place;

	/* Another address: all over again. */
	if (stage == STAGE_CONNECT)
		c->place = 0;
	place = find_place(c, stage);
	if (place < STAGES_MAX &&
	    orders[c->draft.profile.tls][place] == stage)
		c->place = place + 1;
}

static void
tell_earlier(struct check *c)
{
	const struct error *e = &c->earlier;

	if (error_is_set(e))
		check_step(&c->report, CHECK_WARN, error_stage_name(e->stage),
		    "%s: %s%s%s", e->peer, e->text, e->reply[0] == '\0' ? "" :
		    ": ", e->reply);
	error_clear(&c->earlier);
}

void
check_passed(void *context, enum stage stage)
{
	struct check *c = context;
	size_t i;

	tell_earlier(c);
	keep_place(c, stage);
	for (i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++)
		if (tellers[i].stage == stage)
			tellers[i].tell(c);
}

void
check_failed(void *context, const struct error *err)
{
	struct check *c = context;

	tell_earlier(c);
	c->earlier = *err;
}

static bool
is_due(const struct check *c, enum stage stage)
{
	if (stage == STAGE_MAIL || stage == STAGE_RCPT)
		return c->setup.options->recipient_count > 0;
	return stage != STAGE_AUTH ||
	    !profile_auth_is(&c->draft.profile, PROFILE_AUTH_NONE);
}

static void
name_skipped(struct check *c, const struct error *err)
{
	const enum stage *order = orders[c->draft.profile.tls];
	struct buf names;
	size_t i;

	if (!c->draft.has_profile)
		return;
	i = find_place(c, err->stage);
	i = i < STAGES_MAX && order[i] != STAGE_NONE ? i + 1 : c->place;
	buf_init(&names, BUF_UNLIMITED);
	for (; i < STAGES_MAX && order[i] != STAGE_NONE; i++)
		if (is_due(c, order[i]) && !buf_printf(&names, "%s%s",
		    names.len == 0 ? "" : ", ", error_stage_name(order[i])))
			break;
	if (names.len > 0)
		check_say(&c->report, CHECK_SKIPPED, "not tried", "%s",
		    names.data);
	buf_free(&names);
}

void
check_give_up(struct check *c, const struct error *err)
{
	/* Of several relays it is the first one's failure that counts. */
	if (strcmp(c->earlier.text, err->text) != 0)
		tell_earlier(c);
	check_fail(&c->report, err);
	name_skipped(c, err);
}
