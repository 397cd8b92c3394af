#include "app/deliver.h"

#include <stdio.h>
#include <string.h>

#include "app/tls_setup.h"
#include "base/mem.h"
#include "base/crypto.h"
#include "base/os_lock.h"
#include "conf/proxy.h"
#include "net/socks.h"

/* How the profile's words are said below. */
static const enum session_tls session_tls_of[] = {
	[PROFILE_TLS_STARTTLS] = SESSION_TLS_STARTTLS,
	[PROFILE_TLS_IMPLICIT] = SESSION_TLS_IMPLICIT,
	[PROFILE_TLS_NONE] = SESSION_TLS_NONE,
};

static const enum session_chunking chunking_of[] = {
	[PROFILE_CHUNKING_AUTO] = SESSION_CHUNKING_AUTO,
	[PROFILE_CHUNKING_ONE_FLIGHT] = SESSION_CHUNKING_ONE_FLIGHT,
	[PROFILE_CHUNKING_OFF] = SESSION_CHUNKING_OFF,
};

bool
deliver_wants_secret(const struct profile *p)
{
	return !profile_auth_is(p, PROFILE_AUTH_NONE) &&
	    !profile_auth_is(p, PROFILE_AUTH_EXTERNAL);
}

/* What the connection will need, before the first packet. */
static bool
prepare_tls(struct delivery *d, struct error *err)
{
	/* SASL in clear, on loopback; a failure shows there. */
	if (d->profile->tls == PROFILE_TLS_NONE &&
	    !profile_auth_is(d->profile, PROFILE_AUTH_NONE))
		(void)crypto_begin();
	return tls_setup(d->profile, d->env, &d->tls_context, err);
}

static void
keep_account(struct delivery *d)
{
	const struct session *s = &d->session;

	(void)snprintf(d->tls, sizeof(d->tls), "%s",
	    tls_description(s->stream));
	(void)snprintf(d->mechanism, sizeof(d->mechanism), "%s",
	    s->mechanism == NULL ? "off" : s->mechanism);
	reply_quote(&s->reply, d->reply, sizeof(d->reply));
}

static sasl_set
mechanisms_of(const struct profile *p)
{
	/* "none" is none of their names. */
	return profile_auth_is(p, PROFILE_AUTH_AUTO) ? sasl_automatic() :
	    sasl_named(span_of(p->auth));
}

static void
fill_params(struct delivery *d)
{
	const struct profile *p = d->profile;
	struct session_params *params = &d->params;
	bool wants_auth = !profile_auth_is(p, PROFILE_AUTH_NONE);

	d->credentials.user = p->user;
	d->credentials.password = buf_span(d->password);
	memset(params, 0, sizeof(*params));
	params->ehlo = p->ehlo;
	params->tls = session_tls_of[p->tls];
	params->tls_context = d->tls_context;
	params->credentials = wants_auth ? &d->credentials : NULL;
	params->mechanisms = mechanisms_of(p);
	params->secret = d->password;
	params->may_pipeline = p->pipelining;
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

static void
end_session(struct delivery *d)
{
	if (!d->is_open)
		return;
	session_end(&d->session);
	stream_free(&d->stream);
	d->is_open = false;
}

/* Whether there is another address, of this relay or of the next. */
static bool
has_more(const struct delivery *d)
{
	return dial_has_more(&d->dial) || d->next_hop < d->hops.count;
}

/*
 * Whether the next address can do no harm: the relay never saw MAIL, and didn't
 * refuse the user.
 */
static bool
may_try_next(const struct delivery *d, const struct error *err)
{
	return err->temporary && !d->is_kept &&
	    !d->session.mail_was_written &&
	    (err->stage != STAGE_AUTH || err->reply_code == 0) &&
	    has_more(d);
}

/* The same address is tried once more, and waits for the greeting then. */
static bool
may_be_late(struct delivery *d)
{
	if (!d->session.early_was_refused)
		return false;
	d->params.is_early = false;
	dial_again(&d->dial, d->endpoint);
	return true;
}

static bool
ask_proxy(struct delivery *d, struct error *err)
{
	struct limit limit = limit_within(limit_in(STAGE_CONNECT,
	    "answer of the proxy", "connect_timeout",
	    d->profile->connect_timeout), d->run);
	struct socks socks = { NULL, NULL };
	struct proxy proxy;
	bool ok;

	if (proxy_parse(&proxy, span_of(d->profile->proxy)) == NULL &&
	    proxy.has_password) {
		socks.user = proxy.user;
		socks.password = proxy.password;
	}
	ok = socks_connect(&d->stream, &socks, d->hop->name, d->hop->port,
	    &limit, d->trace, err);
	mem_wipe(&proxy, sizeof(proxy));
	/* Nobody is there who would know QUIT. */
	d->session.is_broken = !ok;
	return ok;
}

static bool
name_failure(const struct delivery *d, struct error *err)
{
	/* What the profile is to blame for has its place there instead. */
	(void)profile_locate(d->profile, err);
	if (err->peer[0] == '\0' && err->stage != STAGE_CONFIG)
		(void)snprintf(err->peer, sizeof(err->peer), "%s", d->peer);
	return false;
}

/* A session over `fd`, which is connected to the relay or to the proxy. */
static bool
open_session(struct delivery *d, int fd, struct error *err)
{
	bool is_proxied = d->profile->proxy != NULL, ok;

	d->params.is_loopback = d->endpoint->is_loopback && !is_proxied;
	if (d->profile->ehlo == NULL) {
		dial_own_literal(fd, d->literal, sizeof(d->literal));
		d->params.ehlo = d->literal;
	}
	stream_begin(&d->stream, fd);
	session_begin(&d->session, &d->stream, &d->params);
	d->is_open = true;
	ok = (!is_proxied || ask_proxy(d, err)) &&
	    session_open(&d->session, err);
	keep_account(d);
	if (ok)
		return true;
	trace_note(d->trace, "%s: %s", d->endpoint->text, err->text);
	(void)name_failure(d, err);
	trace_failed(d->trace, err);
	return false;
}

static void
begin_hop(struct delivery *d)
{
	const struct profile *p = d->profile;
	const struct hop *hop = &d->hops.items[d->next_hop++];

	d->hop = hop;
	(void)snprintf(d->peer, sizeof(d->peer), "%s", hop->peer);
	d->params.host = hop->name;
	d->params.port = hop->port;
	d->params.is_early = p->early;
	if (d->tls_context != NULL)
		tls_context_set_name(d->tls_context,
		    p->tls_name != NULL ? p->tls_name : hop->name);
	dial_free(&d->dial);
	dial_begin(&d->dial, &hop->endpoints);
	d->dial.is_proxy = p->proxy != NULL;
	d->dial.source_address = p->source_address;
	d->dial.timeout = p->connect_timeout;
	d->dial.run = d->run;
	d->dial.trace = d->trace;
}

/*
 * A connection to the next address, of this relay or of one of those that
 * follow. `said`, where it is set, counts for more than that nobody else can
 * be reached; else it is the first relay's failure that is told.
 */
static bool
dial_any(struct delivery *d, int *fd, struct error *said, struct error *err)
{
	for (;;) {
		if (!dial_has_more(&d->dial))
			begin_hop(d);
		error_clear(err);
		if (dial_next(&d->dial, fd, &d->endpoint, err)) {
			trace_passed(d->trace, STAGE_CONNECT);
			return true;
		}
		trace_note(d->trace, "%s", err->text);
		(void)name_failure(d, err);
		trace_failed(d->trace, err);
		if (!err->temporary)
			return false;
		if (!error_is_set(said))
			*said = *err;
		if (d->next_hop == d->hops.count)
			break;
	}
	*err = *said;
	return false;
}

/* A session with one of the addresses not tried yet; `err` holds what the last
 * one said, or nothing. */
static bool
open_next(struct delivery *d, struct error *err)
{
	struct error said;
	int fd;

	do {
		said = *err;
		end_session(d);
		if (!dial_any(d, &fd, &said, err))
			return false;
		if (open_session(d, fd, err))
			return true;
	} while (may_be_late(d) || may_try_next(d, err));
	return false;
}

/* From here on nothing can be opened, and no other port be connected to. */
static void
lock(const struct delivery *d)
{
	const struct os_lock wish = {
		.spool = d->spool,
		.ports = d->hops.ports,
		.port_count = d->hops.port_count,
		.unix_sockets = d->profile->socket != NULL,
	};
	char words[OS_LOCK_WORDS];

	if (d->profile->sandbox)
		os_lock(&wish, words, sizeof(words));
	trace_note(d->trace, "sandbox: %s", d->profile->sandbox ? words :
	    "off, as the profile has it");
}

bool
deliver_open(struct delivery *d, struct error *err)
{
	if (!prepare_tls(d, err))
		return false;
	hops_describe(d->profile, d->peer, sizeof(d->peer));
	fill_params(d);
	if (!hops_resolve(&d->hops, d->profile, &d->run, d->trace, err))
		return name_failure(d, err);
	trace_passed(d->trace, STAGE_DNS);
	lock(d);
	begin_hop(d);
	return open_next(d, err);
}

bool
deliver_send(struct delivery *d, const struct transfer *transfer,
    struct error *err)
{
	bool ok;

	d->params.run = d->run;
	for (;;) {
		ok = transfer_message(&d->session, transfer, err);
		keep_account(d);
		d->dsn_is_ignored = d->session.mail_was_written &&
		    !d->session.capability.has_dsn &&
		    transfer_wants_dsn(transfer);
		if (ok)
			return true;
		trace_note(d->trace, "%s: %s", d->endpoint->text, err->text);
		(void)name_failure(d, err);
		if (!may_try_next(d, err) || !open_next(d, err))
			return false;
	}
}

bool
deliver_is_open(const struct delivery *d)
{
	return d->is_open;
}

bool
deliver_again(struct delivery *d, bool was_accepted)
{
	uint64_t mail_max = d->session.capability.mail_max;

	d->carried++;
	/* RFC 9422 section 4.1 counts the refused ones too. */
	if (!d->is_open || !session_may_go_on(&d->session) ||
	    (mail_max != 0 && d->carried >= mail_max))
		return false;
	d->is_kept = true;
	d->owes_reset = !was_accepted;
	session_next(&d->session);
	return true;
}

bool
deliver_make_ready(struct delivery *d)
{
	struct error ignored = { 0 };
	bool owes_reset = d->owes_reset;

	d->owes_reset = false;
	/* The relay may be in the middle of what it refused. */
	d->params.run = limit_in(STAGE_QUIT, "end", NULL, QUIT_MS);
	return !owes_reset || session_ask(&d->session, STEP_RSET,
	    span_of("RSET"), &ignored);
}

bool
deliver_wait(struct delivery *d, int fd, int64_t ms)
{
	struct limit limit = limit_in(STAGE_QUIT, "message", NULL, ms);
	struct pollfd fds[] = { { fd, POLLIN, 0 },
	    { d->stream.fd, POLLIN, 0 } };
	struct error ignored = { 0 };
	bool has_spoken = false;

	do {
		/* TLS has news of its own, which are no reason to end. */
		if (!stream_poll(&d->stream, STAGE_QUIT, &has_spoken,
		    &ignored) || has_spoken || d->stream.at_end)
			return false;
		if (!limit_wait(&limit, fds, 2, &ignored))
			return false;
	} while (fds[0].revents == 0);
	return true;
}

void
deliver_close(struct delivery *d)
{
	end_session(d);
	dial_free(&d->dial);
	hops_free(&d->hops);
	tls_context_free(d->tls_context);
	d->tls_context = NULL;
}
