#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "conf/ehlo.h"
#include "conf/hosts.h"
#include "conf/name.h"
#include "conf/profile_file.h"

/* Stands for a `tls` that nobody has set. */
#define UNSET (-1)

#define FAIL(err, ...) error_set(err, STAGE_CONFIG, EX_CONFIG, __VA_ARGS__)

/* One resolve, on its way. */
struct resolve {
	const struct profile_file *file;
	const struct profile_section *section;
	const struct machine *machine;
	struct profile *p;
	struct error *err;
};

static void
set_defaults(struct profile *p)
{
	memset(p, 0, sizeof(*p));
	p->tls = UNSET;
	p->tls_verify = true;
	p->auth = mem_string(PROFILE_AUTH_AUTO);
	p->connect_timeout = 30000;
	p->timeout = 300000;
	p->data_timeout = 600000;
	p->total_timeout = 900000;
	p->family = PROFILE_FAMILY_ANY;
	p->allow_f = true;
	p->dot_terminates = true;
	p->pipelining = true;
	p->chunking = PROFILE_CHUNKING_AUTO;
	p->sandbox = true;
	p->hints = true;
}

/* What a section says on passwords, or on the relay, is all that holds. */
static void
clear_group(struct profile *p, const struct profile_key *key)
{
	const struct profile_key *k;

	if (key->rule < KEY_ONE_PASSWORD)
		return;
	for (k = keys_all(); k->name != NULL; k++)
		if (k->rule == key->rule)
			value_clear(p, k);
}

/* A socket has no port and no proxy, SRV records bring ports: what was
 * inherited for a host is void. */
static void
clear_reach(struct profile *p, const struct profile_section *section)
{
	const struct profile_entry *host;

	host = profile_section_entry(section, "host");
	if (profile_section_entry(section, "socket") != NULL) {
		p->port = 0;
		value_clear(p, key_find("proxy"));
	} else if (host != NULL && hosts_srv_domain(host->value).len > 0) {
		p->port = 0;
	}
}

static bool
apply_section(struct resolve *r, const struct profile_section *section)
{
	const struct profile_entry *entry;
	struct setting s;
	size_t i;

	clear_reach(r->p, section);
	for (i = 0; i < section->count; i++) {
		entry = &section->entries[i];
		if (entry->key->rule == KEY_OWN && section != r->section)
			continue;
		s = profile_setting(r->file, section, entry);
		clear_group(r->p, entry->key);
		if (!value_store(r->p, &s, r->err))
			return false;
		r->p->lines[key_index(entry->key)] = entry->line;
	}
	return true;
}

/* From the oldest ancestor down to the section itself. */
static bool
apply_all(struct resolve *r)
{
	const struct profile_section **line, *s;
	size_t count = 0;
	bool ok = true;

	line = mem_array(r->file->count, sizeof(*line));
	for (s = r->section; s != NULL && count < r->file->count;
	    s = profile_section_parent(r->file, s))
		line[count++] = s;
	while (ok && count > 0)
		ok = apply_section(r, line[--count]);
	mem_free(line);
	return ok;
}

/* Where `key` was set, the section's head where it wasn't. */
static struct place
place_of(const struct resolve *r, const char *key)
{
	struct place at = { r->file->path, r->section->name,
		r->section->line };
	const struct profile_section *s;
	const struct profile_entry *entry;

	for (s = r->section; s != NULL;
	    s = profile_section_parent(r->file, s)) {
		entry = profile_section_entry(s, key);
		if (entry == NULL)
			continue;
		at.section = s->name;
		at.line = entry->line;
		break;
	}
	return at;
}

static bool
refuse_beside(const struct resolve *r, const char *key, const char *other,
    const char *why)
{
	struct place at = place_of(r, key);

	(void)FAIL(r->err, "%s:%zu: `%s` beside `%s`", at.file, at.line, key,
	    other);
	return error_fix(r->err, "take `%s` out: %s", key, why);
}

/* Where two keys say what can't both be so. */
static bool
check_reach(struct resolve *r)
{
	struct profile *p = r->p;
	bool is_srv = p->host != NULL &&
	    hosts_srv_domain(span_of(p->host)).len > 0;

	if (p->socket != NULL && p->port != 0)
		return refuse_beside(r, "port", "socket",
		    "a unix socket has none");
	if (p->socket != NULL && p->proxy != NULL)
		return refuse_beside(r, "proxy", "socket",
		    "a unix socket is on this machine");
	if (is_srv && p->port != 0)
		return refuse_beside(r, "port", "host = srv:",
		    "the SRV records bring it");
	if (is_srv && p->proxy != NULL)
		return refuse_beside(r, "proxy", "host = srv:",
		    "SRV records can't be asked for through it");
	return true;
}

static bool
settle_relay(struct resolve *r)
{
	struct profile *p = r->p;

	if (p->host == NULL && p->socket == NULL) {
		(void)FAIL(r->err, "%s:%zu: profile '%s' has no `host`",
		    r->file->path, r->section->line, r->section->name);
		return error_fix(r->err, "add the relay's name to [%s] in %s, "
		    "such as host = smtp.example.org", r->section->name,
		    r->file->path);
	}
	if (!check_reach(r))
		return false;
	if (p->tls == UNSET)
		p->tls = p->socket != NULL ? PROFILE_TLS_NONE :
		    PROFILE_TLS_STARTTLS;
	if (p->port != 0 || p->socket != NULL ||
	    hosts_srv_domain(span_of(p->host)).len > 0)
		return true;
	if (p->tls == PROFILE_TLS_STARTTLS)
		p->port = 587;
	else
		p->port = p->tls == PROFILE_TLS_IMPLICIT ? 465 : 25;
	return true;
}

static bool
settle_auth(struct resolve *r)
{
	struct place at = place_of(r, "auth");
	struct profile *p = r->p;

	if (profile_auth_is(p, PROFILE_AUTH_NONE)) {
		mem_free(p->user);
		p->user = NULL;
		return true;
	}
	/* EXTERNAL has its identity from below. */
	if (p->user != NULL || profile_auth_is(p, PROFILE_AUTH_EXTERNAL))
		return true;
	if (profile_file_entry(r->file, r->section, "auth") != NULL) {
		(void)FAIL(r->err, "%s:%zu: `auth` without `user` in profile "
		    "'%s'", at.file, at.line, r->section->name);
		return error_fix(r->err, "add `user` and a password key, or "
		    "take `auth` out");
	}
	mem_free(p->auth);
	p->auth = mem_string(PROFILE_AUTH_NONE);
	return true;
}

/* Mail that is to wait needs a place. */
static bool
check_spool(struct resolve *r)
{
	struct place at = place_of(r, "spool_always");

	if (!r->p->spool_always || r->p->spool != NULL)
		return true;
	(void)FAIL(r->err, "%s:%zu: `spool_always` without `spool` in profile "
	    "'%s'", at.file, at.line, r->section->name);
	return error_fix(r->err, "add `spool`, a directory, or take "
	    "`spool_always` out");
}

/* Replaces a field by its expansion, which the caller checks. */
static bool
expand(struct resolve *r, char **field)
{
	struct buf b;
	bool ok;

	buf_init(&b, BUF_UNLIMITED);
	ok = template_expand(&b, span_of(*field), r->machine);
	mem_free(*field);
	*field = mem_string(buf_string(&b));
	buf_free(&b);
	return ok;
}

static bool
settle_from(struct resolve *r)
{
	struct place at = place_of(r, "from");
	char **from = &r->p->from;
	const char *fault = NULL;
	char *written;
	bool ok;

	if (*from == NULL || strchr(*from, '%') == NULL)
		return true;
	if (strcmp(*from, SENDER_OF_HEADER) == 0) {
		r->p->from_is_header = true;
		mem_free(*from);
		*from = NULL;
		return true;
	}
	written = mem_string(*from);
	ok = expand(r, from);
	if (ok)
		fault = sender_fault(span_of(*from));
	if (fault != NULL) {
		(void)FAIL(r->err, "%s:%zu: from = %.120s, which is `%.120s` "
		    "here: not an address: %s", at.file, at.line, written,
		    *from, fault);
		ok = error_fix(r->err, "write an address, such as from = "
		    "robot@example.org");
	}
	mem_free(written);
	return ok;
}

/* "LocalHost, %H" becomes "localhost,box.example.org". */
static bool
settle_local_domains(struct resolve *r)
{
	char **domains = &r->p->local_domains, *from, *to;

	if (*domains == NULL)
		return true;
	if (!expand(r, domains))
		return false;
	to = *domains;
	for (from = to; *from != '\0'; from++)
		if (!ascii_is_blank(*from))
			*to++ = ascii_lower(*from);
	*to = '\0';
	return true;
}

static bool
settle_ehlo(struct resolve *r)
{
	struct place at = place_of(r, "ehlo");
	struct profile *p = r->p;
	char *written;
	bool ok;

	if (p->ehlo == NULL)
		return p->socket != NULL || (p->proxy == NULL &&
		    hosts_are_loopback(span_of(p->host))) ||
		    ehlo_is_missing(&at, p->host, r->err);
	written = mem_string(p->ehlo);
	ok = expand(r, &p->ehlo) && ehlo_check(p->ehlo, written, &at, r->err);
	mem_free(written);
	return ok;
}

bool
profile_resolve_on(const struct profile_file *file, const char *name,
    const struct machine *machine, struct profile *p, struct error *err)
{
	struct resolve r = { file, profile_file_section(file, span_of(name)),
		machine, p, err };
	size_t i;

	set_defaults(p);
	if (r.section == NULL) {
		(void)FAIL(err, "%s: no profile '%s'", file->path, name);
		return profile_file_advise(file, name, err);
	}
	p->name = mem_string(r.section->name);
	p->file = mem_string(file->path);
	p->lines = mem_array(keys_count(), sizeof(*p->lines));
	for (i = 0; i < keys_count(); i++)
		p->lines[i] = r.section->line;
	return apply_all(&r) && settle_relay(&r) && settle_auth(&r) &&
	    check_spool(&r) && settle_from(&r) && settle_local_domains(&r) &&
	    settle_ehlo(&r);
}

bool
profile_resolve(const struct profile_file *file, const char *name,
    struct profile *p, struct error *err)
{
	char node[300];
	const struct machine machine = { NULL, node };

	os_node_name(node, sizeof(node));
	return profile_resolve_on(file, name, &machine, p, err);
}
