#include "app/import_settle.h"

#include <string.h>
#include <unistd.h>

#include "app/provider.h"
#include "base/mem.h"
#include "base/shell.h"
#include "conf/hosts.h"
#include "conf/keys.h"

static bool
set(struct sheet *s, const char *key, const char *value)
{
	return sheet_set(s, key, span_of(value));
}

static bool
is_reachable(const struct sheet_section *p)
{
	return sheet_get(p, "host") != NULL || sheet_get(p, "socket") != NULL;
}

static bool
is_near(const struct sheet_section *p)
{
	const char *host = sheet_get(p, "host");

	return host == NULL ? sheet_get(p, "socket") != NULL :
	    sheet_get(p, "proxy") == NULL && hosts_are_loopback(span_of(host));
}

/* A socket takes the place of what leads elsewhere. */
static void
settle_reach(struct sheet_section *p)
{
	if (sheet_get(p, "socket") == NULL)
		return;
	sheet_unset(p, "host");
	sheet_unset(p, "port");
	mem_free(p->notes[SHEET_PROXY_HOST]);
	p->notes[SHEET_PROXY_HOST] = NULL;
}

/* A copy that says nothing of its own is said so. */
static void
settle_copy(struct sheet *s)
{
	struct sheet_section *p = s->current;
	const struct profile_key *key;

	for (key = keys_all(); key->name != NULL; key++)
		sheet_unset(p, key->name);
	if (!sheet_set(s, "inherit", span_of(p->parent)))
		p->parent = NULL;
}

static bool
settle_tls(struct sheet *s, const struct import_kind *kind)
{
	struct sheet_section *p = s->current;
	int starttls = p->flags[SHEET_STARTTLS];
	bool is_starttls = starttls > 0 || (starttls == 0 &&
	    kind->is_starttls);

	if (p->flags[SHEET_TLS] <= 0)
		return set(s, "tls", "none");
	/* Its default isn't ours. */
	if (sheet_get(p, "port") == NULL && sheet_get(p, "socket") == NULL &&
	    (is_starttls || kind->is_always_25) && !set(s, "port", "25"))
		return false;
	return set(s, "tls", is_starttls ? "starttls" : "implicit");
}

static bool
settle_proxy(struct sheet *s)
{
	const char *host = s->current->notes[SHEET_PROXY_HOST];
	const char *port = s->current->notes[SHEET_PROXY_PORT];
	struct buf proxy;
	bool ok;

	if (host == NULL)
		return true;
	buf_init(&proxy, BUF_UNLIMITED);
	ok = buf_printf(&proxy, "socks5://%s:%s", host, port == NULL ?
	    "1080" : port) && set(s, "proxy", buf_string(&proxy));
	buf_free(&proxy);
	return ok;
}

static bool
settle_log(struct sheet *s)
{
	const char *path = s->current->notes[SHEET_LOGFILE];
	bool has_syslog = s->current->flags[SHEET_SYSLOG] > 0;
	struct buf log;
	bool ok;

	if (path == NULL)
		return !has_syslog || set(s, "log", "syslog");
	buf_init(&log, BUF_UNLIMITED);
	ok = buf_printf(&log, "%sfile:%s%s", has_syslog ? "syslog, " : "",
	    path[0] == '~' && s->home != NULL ? s->home : "",
	    path[0] == '~' && s->home != NULL ? path + 1 : path);
	ok = ok && (path[0] == '/' || path[0] == '~' ?
	    set(s, "log", buf_string(&log)) : sheet_remark(s,
	    span_of("log"), "file: needs an absolute path"));
	buf_free(&log);
	return ok;
}

/* The domain of an address, or of nothing. */
static struct span
domain_of(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');

	return span_of(at == NULL ? NULL : at + 1);
}

/* A name has to be there; what comes next to it is said to be no more. */
static bool
settle_ehlo(struct sheet *s, const struct import_kind *kind)
{
	struct sheet_section *p = s->current;
	struct span guesses[3];
	size_t i;

	if (sheet_get(p, "ehlo") != NULL || is_near(p))
		return true;
	guesses[0] = span_of(sheet_get(p, "domain"));
	guesses[1] = domain_of(sheet_get(p, "from"));
	guesses[2] = domain_of(sheet_get(p, "user"));
	for (i = 0; i < 3 && !kind->is_open; i++) {
		/* Nobody's machine is called like a provider. */
		if (provider_find(guesses[i]) != NULL)
			continue;
		if (!sheet_set(s, "ehlo", guesses[i]))
			return false;
		if (sheet_get(p, "ehlo") != NULL)
			return sheet_remark(s, span_of(NULL), "ehlo: no name "
			    "for it was there, this is the sender's domain; "
			    "better is this machine's public name");
	}
	return sheet_remark(s, span_of(NULL), "ehlo: put this machine's public "
	    "name in place of FIXME, and take the # out; a laptop has none: a "
	    "name below your domain will do, or its address in brackets") &&
	    buf_add_string(&p->missing, "#ehlo = FIXME\n");
}

bool
import_add_directory(const struct sheet *s, struct buf *out)
{
	if (geteuid() == 0 || s->home == NULL)
		return buf_add_string(out, POSTHASTE_SYSCONFDIR "/posthaste");
	return buf_printf(out, "%s/.config/posthaste", s->home);
}

/* Where the password will be, absolute. */
static bool
add_secret_path(const struct sheet *s, struct buf *path)
{
	const char *name = s->current->name;
	bool is_default = strcmp(name, "default") == 0;

	return import_add_directory(s, path) && buf_printf(path,
	    "/password%s%s", is_default ? "" : "-", is_default ? "" : name);
}

static bool
settle_secret(struct sheet *s)
{
	struct sheet_section *p = s->current;
	const char *at = p->notes[SHEET_SECRET_AT];
	struct buf path;
	bool ok;

	if (sheet_get(p, "user") == NULL || p->flags[SHEET_AUTH] < 0 ||
	    sheet_get(p, "password_command") != NULL)
		return true;
	buf_init(&path, BUF_UNLIMITED);
	ok = add_secret_path(s, &path) &&
	    set(s, "password_file", buf_string(&path)) &&
	    (at == NULL ? sheet_remark(s, span_of(NULL), "Put the password "
	    "into a file, alone on a line:") :
	    sheet_remark(s, span_of(NULL), "The password in %s isn't printed. "
	    "Put it into a file, alone on a line:", at)) &&
	    sheet_remark(s, span_of(NULL), "    (umask 077; cat >%s)",
	    shell_word(buf_string(&path)).text);
	buf_free(&path);
	return ok;
}

static bool
settle_auth(struct sheet *s)
{
	struct sheet_section *p = s->current;
	const char *tls = sheet_get(p, "tls");

	if (sheet_get(p, "user") == NULL) {
		if (sheet_get(p, "auth") != NULL && strcmp(sheet_get(p,
		    "auth"), "external") != 0)
			sheet_unset(p, "auth");
		return true;
	}
	if (p->flags[SHEET_AUTH] < 0)
		return set(s, "auth", "none");
	if (tls != NULL && strcmp(tls, "none") == 0 && !is_near(p) &&
	    !sheet_remark(s, span_of(NULL), "tls: a password never leaves "
	    "this machine in clear; choose starttls or implicit"))
		return false;
	return settle_secret(s);
}

/* Two senders alike would be a tie: the first one has it. */
static bool
settle_match(struct sheet *s)
{
	struct sheet_section *p = s->current, *other;
	const char *from = sheet_get(p, "from"), *taken;
	size_t i;

	if (s->count < 2 || from == NULL || strchr(from, '%') != NULL ||
	    sheet_get(p, "match_from") != NULL)
		return true;
	for (i = 0; s->sections[i] != p; i++) {
		other = s->sections[i];
		taken = sheet_get(other, "match_from");
		if (taken != NULL && !other->is_hidden &&
		    strcmp(taken, from) == 0)
			return true;
	}
	return set(s, "match_from", from);
}

static bool
settle_section(struct sheet *s, const struct import_kind *kind)
{
	if (s->current->parent != NULL && !s->current->is_own) {
		settle_copy(s);
		return true;
	}
	settle_reach(s->current);
	if (!is_reachable(s->current) &&
	    !buf_add_string(&s->current->missing, "#host = FIXME\n"))
		return false;
	return settle_tls(s, kind) && settle_proxy(s) && settle_log(s) &&
	    settle_ehlo(s, kind) && settle_auth(s) && settle_match(s);
}

bool
import_settle(struct sheet *s, const struct import_kind *kind,
    struct error *err)
{
	bool is_any = false;
	size_t i;

	for (i = 0; i < s->count; i++)
		is_any = is_any || (!s->sections[i]->is_hidden &&
		    is_reachable(s->sections[i]));
	if (!is_any && !kind->is_open)
		return error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: it names no relay", s->file);
	s->line = 0;
	for (i = 0; i < s->count; i++) {
		s->current = s->sections[i];
		if (!s->current->is_hidden && !settle_section(s, kind))
			return false;
	}
	return true;
}
