#include "app/hops.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "conf/hosts.h"
#include "conf/proxy.h"
#include "net/srv.h"

static const int family_of[] = {
	[PROFILE_FAMILY_ANY] = AF_UNSPEC,
	[PROFILE_FAMILY_4] = AF_INET,
	[PROFILE_FAMILY_6] = AF_INET6,
};

/* RFC 6186 section 3.1, RFC 8314 section 5.1. */
static const char *const srv_service[] = {
	[PROFILE_TLS_STARTTLS] = "_submission._tcp.",
	[PROFILE_TLS_IMPLICIT] = "_submissions._tcp.",
	[PROFILE_TLS_NONE] = "_submission._tcp.",
};

/* One hops_resolve() on its way. */
struct search {
	struct hops *hops;
	const struct profile *p;
	const struct limit *run;
	const struct trace *trace;
	struct error first;	/* of those left out */
};

static struct limit
limit_of_one(const struct search *s)
{
	return limit_within(limit_in(STAGE_DNS, "address of the relay",
	    "connect_timeout", s->p->connect_timeout), *s->run);
}

static void
add_port(struct hops *h, int port)
{
	size_t i;

	for (i = 0; i < h->port_count; i++)
		if (h->ports[i] == port)
			return;
	h->ports[h->port_count++] = port;
}

static void
name_peer(char *out, size_t size, struct span host, int port)
{
	(void)snprintf(out, size, span_find(host, ':') == host.len ?
	    "%.*s:%d" : "[%.*s]:%d", (int)host.len, host.data, port);
}

/* The place for another relay, NULL where there is none. */
static struct hop *
new_hop(struct search *s, struct span name, int port)
{
	struct hops *h = s->hops;
	struct hop *hop = &h->items[h->count];

	if (h->count == HOPS_MAX || name.len >= sizeof(hop->name)) {
		trace_note(s->trace, "the relay %.*s is one too many",
		    name.len < sizeof(hop->name) ? (int)name.len :
		    (int)sizeof(hop->name), name.data);
		return NULL;
	}
	memset(hop, 0, sizeof(*hop));
	memcpy(hop->name, name.data, name.len);
	hop->port = port;
	name_peer(hop->peer, sizeof(hop->peer), name, port);
	return hop;
}

/* True unless it is of no use to go on. */
static bool
leave_out(struct search *s, struct hop *hop, struct error *trouble,
    struct error *err)
{
	endpoints_free(&hop->endpoints);
	(void)snprintf(trouble->peer, sizeof(trouble->peer), "%s", hop->peer);
	if (!trouble->temporary) {
		*err = *trouble;
		return false;
	}
	trace_note(s->trace, "%s: %s", hop->peer, trouble->text);
	trace_failed(s->trace, trouble);
	if (!error_is_set(&s->first))
		s->first = *trouble;
	return true;
}

static bool
add_host(struct search *s, struct span name, int port, struct error *err)
{
	struct limit limit = limit_of_one(s);
	struct error trouble = { 0 };
	struct hop *hop = new_hop(s, name, port);

	if (hop == NULL)
		return true;
	if (!resolve_host(&hop->endpoints, hop->name, port,
	    family_of[s->p->family], &limit, &trouble))
		return leave_out(s, hop, &trouble, err);
	s->hops->count++;
	add_port(s->hops, port);
	return true;
}

static bool
is_within(struct span name, struct span domain)
{
	struct span tail;

	if (name.len <= domain.len)
		return span_equals_nocase(name, domain);
	tail = span_skip(name, name.len - domain.len);
	return span_equals_nocase(tail, domain) && tail.data[-1] == '.';
}

/*
 * Who answers for DNS could name any machine: the certificate has to be one
 * for a name that the profile vouches for.
 */
static bool
add_target(struct search *s, const struct srv_target *t, struct span domain,
    struct error *foreign, struct error *err)
{
	if (s->p->tls_name != NULL || is_within(span_of(t->name), domain))
		return add_host(s, span_of(t->name), t->port, err);
	trace_note(s->trace, "%s, a target of srv:, is outside %.*s", t->name,
	    (int)domain.len, domain.data);
	(void)error_set(foreign, STAGE_DNS, EX_CONFIG, "host: the SRV record "
	    "leads to '%s', which is outside %.*s", t->name, (int)domain.len,
	    domain.data);
	(void)error_fix(foreign, "if that is your provider, set host = %s (or "
	    "tls_name to the name in its certificate) in [%s] of %s",
	    t->name, s->p->name, s->p->file);
	return true;
}

static bool
add_service(struct search *s, struct span domain, struct error *err)
{
	struct limit limit = limit_of_one(s);
	struct error foreign = { 0 };
	char name[300];
	struct srv srv;
	size_t i;
	bool ok;

	(void)snprintf(name, sizeof(name), "%s%.*s", srv_service[s->p->tls],
	    (int)domain.len, domain.data);
	ok = srv_look_up(&srv, name, &limit, err);
	for (i = 0; ok && i < srv.count; i++)
		ok = add_target(s, &srv.items[i], domain, &foreign, err);
	srv_free(&srv);
	if (!ok && err->exit_code == EX_NOHOST)
		(void)error_fix(err, "set host to your provider's relay, or "
		    "try tls = %s", s->p->tls == PROFILE_TLS_IMPLICIT ?
		    "starttls" : "implicit");
	if (!ok)
		return false;
	if (s->hops->count == 0 && !error_is_set(&s->first))
		*err = foreign;
	return !error_is_set(err);
}

static bool
add_hosts(struct search *s, struct error *err)
{
	struct span rest = span_of(s->p->host), host;

	while (hosts_next(&rest, &host))
		if (!add_host(s, host, (int)s->p->port, err))
			return false;
	return true;
}

static bool
fail_by_proxy(struct error *err)
{
	if (!err->temporary)
		return false;
	err->hint = NULL;
	(void)error_prefix(err, "proxy: ");
	return error_fix(err, "check host and port in `proxy`");
}

/* Each relay has the proxy's endpoints; its own name isn't looked up here. */
static bool
add_proxied(struct search *s, const struct proxy *proxy, struct error *err)
{
	struct span rest = span_of(s->p->host), host;
	struct limit limit = limit_of_one(s);
	struct hop *hop;

	while (hosts_next(&rest, &host)) {
		hop = new_hop(s, host, (int)s->p->port);
		if (hop == NULL)
			continue;
		if (!resolve_host(&hop->endpoints, proxy->host, proxy->port,
		    family_of[s->p->family], &limit, err)) {
			endpoints_free(&hop->endpoints);
			return fail_by_proxy(err);
		}
		s->hops->count++;
	}
	add_port(s->hops, proxy->port);
	return true;
}

static bool
add_by_proxy(struct search *s, struct error *err)
{
	struct proxy proxy;
	const char *fault = proxy_parse(&proxy, span_of(s->p->proxy));
	bool ok = fault == NULL ? add_proxied(s, &proxy, err) :
	    error_set(err, STAGE_CONFIG, EX_CONFIG, "proxy: %s", fault);

	mem_wipe(&proxy, sizeof(proxy));
	return ok;
}

/* Behind a unix socket is this machine. */
static bool
add_socket(struct search *s, struct error *err)
{
	struct hop *hop = new_hop(s, span_of("localhost"), 0);

	escape_into(hop->peer, sizeof(hop->peer), span_of(s->p->socket));
	s->hops->count++;
	return resolve_socket(&hop->endpoints, s->p->socket, err);
}

bool
hops_resolve(struct hops *h, const struct profile *p, const struct limit *run,
    const struct trace *trace, struct error *err)
{
	struct search s = { h, p, run, trace, { 0 } };
	struct span domain = span_of(NULL);
	bool ok;

	memset(h, 0, sizeof(*h));
	if (p->host != NULL)
		domain = hosts_srv_domain(span_of(p->host));
	if (p->socket != NULL)
		ok = add_socket(&s, err);
	else if (p->proxy != NULL)
		ok = add_by_proxy(&s, err);
	else if (domain.len > 0)
		ok = add_service(&s, domain, err);
	else
		ok = add_hosts(&s, err);
	if (ok && h->count == 0) {
		*err = s.first;
		return false;
	}
	return ok;
}

void
hops_free(struct hops *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		endpoints_free(&h->items[i].endpoints);
	h->count = 0;
}

void
hops_describe(const struct profile *p, char *out, size_t size)
{
	if (p->socket != NULL)
		escape_into(out, size, span_of(p->socket));
	else if (p->port == 0)
		(void)snprintf(out, size, "%s", p->host);
	else
		name_peer(out, size, span_of(p->host), (int)p->port);
}
