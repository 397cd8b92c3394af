#include "app/deliver.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "app/tls_setup.h"
#include "net/dial.h"
#include "net/resolve.h"
#include "net/stream.h"

/* How the profile's words are said below. */
static const enum session_tls session_tls_of[] = {
	[PROFILE_TLS_STARTTLS] = SESSION_TLS_STARTTLS,
	[PROFILE_TLS_IMPLICIT] = SESSION_TLS_IMPLICIT,
	[PROFILE_TLS_NONE] = SESSION_TLS_NONE,
};

static const char *const mechanism_of[] = {
	[PROFILE_AUTH_PLAIN] = "PLAIN",
	[PROFILE_AUTH_LOGIN] = "LOGIN",
};

static const enum session_chunking chunking_of[] = {
	[PROFILE_CHUNKING_AUTO] = SESSION_CHUNKING_AUTO,
	[PROFILE_CHUNKING_ONE_FLIGHT] = SESSION_CHUNKING_ONE_FLIGHT,
	[PROFILE_CHUNKING_OFF] = SESSION_CHUNKING_OFF,
};

static const int family_of[] = {
	[PROFILE_FAMILY_ANY] = AF_UNSPEC,
	[PROFILE_FAMILY_4] = AF_INET,
	[PROFILE_FAMILY_6] = AF_INET6,
};

bool
deliver_prepare(const struct delivery *d, struct tls_context **ctx,
    struct error *err)
{
	return tls_setup(d->profile, d->env, ctx, err);
}

static bool
resolve(struct delivery *d, struct endpoints *e, struct error *err)
{
	const struct profile *p = d->profile;
	struct limit limit = limit_within(limit_in(STAGE_DNS,
	    "address of the relay", "connect_timeout", p->connect_timeout),
	    d->run);

	if (p->socket != NULL)
		return resolve_socket(e, p->socket, err);
	return resolve_host(e, p->host, (int)p->port, family_of[p->family],
	    &limit, err);
}

static void
name_peer(struct delivery *d)
{
	const struct profile *p = d->profile;

	if (p->socket != NULL)
		escape_into(d->peer, sizeof(d->peer), span_of(p->socket));
	else
		(void)snprintf(d->peer, sizeof(d->peer),
		    strchr(p->host, ':') == NULL ? "%s:%d" : "[%s]:%d",
		    p->host, (int)p->port);
}

static void
keep_account(struct delivery *d, const struct session *s)
{
	(void)snprintf(d->tls, sizeof(d->tls), "%s",
	    tls_description(s->stream));
	(void)snprintf(d->mechanism, sizeof(d->mechanism), "%s",
	    s->mechanism == NULL ? "off" : s->mechanism);
	reply_quote(&s->reply, d->reply, sizeof(d->reply));
	d->dsn_is_ignored = s->mail_was_written && !s->capability.has_dsn &&
	    dsn_is_wished(&d->transfer->dsn);
}

/* What may be done about a failure. */
struct verdict {
	bool may_try_next;	/* with another address */
	bool may_be_late;	/* with the same, once the relay has greeted */
};

/* One session over a connected socket. */
static bool
run_session(struct delivery *d, int fd, const struct session_params *params,
    struct verdict *verdict, struct error *err)
{
	struct stream stream;
	struct session s;
	bool ok;

	stream_begin(&stream, fd);
	session_begin(&s, &stream, params);
	ok = session_open(&s, err) && transfer_message(&s, d->transfer, err);
	keep_account(d, &s);
	verdict->may_be_late = s.early_was_refused;
	verdict->may_try_next = !ok && err->temporary && !s.mail_was_written &&
	    (err->stage != STAGE_AUTH || err->reply_code == 0);
	session_end(&s);
	stream_free(&stream);
	return ok;
}

static void
fill_params(const struct delivery *d, struct session_params *params,
    const struct sasl_credentials *credentials, struct tls_context *ctx)
{
	const struct profile *p = d->profile;
	bool wants_auth = p->user != NULL && p->auth != PROFILE_AUTH_NONE;

	memset(params, 0, sizeof(*params));
	params->ehlo = p->ehlo;
	params->tls = session_tls_of[p->tls];
	params->tls_context = ctx;
	params->credentials = wants_auth ? credentials : NULL;
	params->mechanisms = p->auth == PROFILE_AUTH_AUTO ? ~0U :
	    wants_auth ? sasl_named(span_of(mechanism_of[p->auth])) : 0;
	params->may_pipeline = p->pipelining;
	params->is_early = p->early;
	params->is_unverified = !p->tls_verify;
	params->waits_for_quit = p->quit_wait;
	params->chunking = chunking_of[p->chunking];
	params->peer = d->peer;
	params->handshake_timeout = p->connect_timeout;
	params->timeout = p->timeout;
	params->data_timeout = p->data_timeout;
	params->run = d->run;
	params->trace = d->trace;
	params->progress = d->progress;
}

/*
 * Each address of the relay in turn, as long as that can do no harm. What an
 * address said counts for more than that the next one can't be reached.
 */
static bool
try_addresses(struct delivery *d, struct dial *dial,
    struct session_params *params, struct error *err)
{
	const struct endpoint *endpoint;
	struct error said = { 0 };
	struct verdict verdict = { true, false };
	bool ok = false;
	char literal[80];
	int fd;

	while (!ok && verdict.may_try_next && dial_has_more(dial)) {
		error_clear(err);
		if (!dial_next(dial, &fd, &endpoint, err)) {
			trace_note(d->trace, "%s", err->text);
			if (error_is_set(&said) && err->temporary)
				*err = said;
			return false;
		}
		params->is_loopback = endpoint->is_loopback;
		if (d->profile->ehlo == NULL) {
			dial_own_literal(fd, literal, sizeof(literal));
			params->ehlo = literal;
		}
		ok = run_session(d, fd, params, &verdict, err);
		if (!ok)
			trace_note(d->trace, "%s: %s", endpoint->text,
			    err->text);
		if (verdict.may_be_late) {
			params->is_early = false;
			verdict.may_try_next = true;
			dial_again(dial, endpoint);
		}
		said = *err;
	}
	return ok;
}

bool
deliver(struct delivery *d, struct tls_context *ctx, struct error *err)
{
	const struct sasl_credentials credentials = { d->profile->user,
	    d->password };
	struct session_params params;
	struct endpoints endpoints = { NULL, 0 };
	struct dial dial = { 0 };
	bool ok = false;

	name_peer(d);
	fill_params(d, &params, &credentials, ctx);
	if (!resolve(d, &endpoints, err))
		goto out;
	dial_begin(&dial, &endpoints);
	dial.source_address = d->profile->source_address;
	dial.timeout = d->profile->connect_timeout;
	dial.run = d->run;
	dial.trace = d->trace;
	ok = try_addresses(d, &dial, &params, err);
out:
	if (!ok && err->peer[0] == '\0')
		(void)snprintf(err->peer, sizeof(err->peer), "%s", d->peer);
	dial_free(&dial);
	endpoints_free(&endpoints);
	return ok;
}
