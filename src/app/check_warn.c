#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "app/check_steps.h"
#include "app/defer.h"
#include "app/expand.h"
#include "app/newaliases.h"
#include "app/sender.h"
#include "base/mem.h"
#include "conf/aliases.h"
#include "conf/hosts.h"
#include "conf/safe.h"
#include "net/resolve.h"

#define LOOKUP_MS 5000	/* for a name that nothing depends on */

static void
add_file(struct buf *out, const char *key, const char *path)
{
	char words[120];

	if (path == NULL)
		return;
	safe_describe(path, words, sizeof(words));
	(void)!buf_printf(out, "%s%s %s", out->len == 0 ? "" : ", ", key,
	    words);
}

/* They were checked when the files were opened, or will be. */
void
check_permissions(struct check *c)
{
	const struct profile *p = &c->draft.profile;
	struct buf text;

	buf_init(&text, BUF_UNLIMITED);
	add_file(&text, "the profile", p->file);
	add_file(&text, "password_file", p->password_file);
	add_file(&text, "tls_cert_file", p->tls_cert_file);
	add_file(&text, "tls_key_file", p->tls_key_file);
	add_file(&text, "aliases", p->aliases);
	check_say(&c->report, CHECK_OK, "permissions", "%s",
	    buf_string(&text));
	buf_free(&text);
}

static struct span
domain_of(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');

	return span_of(at == NULL ? NULL : at + 1);
}

/* Behind the last dot but one. */
static struct span
organisation(struct span domain)
{
	size_t dots = 0, i;

	for (i = domain.len; i > 0; i--)
		if (domain.data[i - 1] == '.' && ++dots == 2)
			return span_skip(domain, i);
	return domain;
}

/*
 * RFC 7489 section 3.1: in relaxed mode domains of one organisation agree. Who
 * is one under a suffix such as co.uk isn't known here: rather no warning than
 * a wrong one.
 */
static bool
may_align(struct span a, struct span b)
{
	return span_equals_nocase(organisation(a), organisation(b));
}

/* Where From headers of this profile are, as far as it says. */
static struct span
expected_from(const struct profile *p)
{
	struct span domain = domain_of(p->match_from);

	if (domain.len == 0 || span_equals(domain, span_of("*")))
		domain = p->from == NULL ? domain_of(p->user) : span_of(NULL);
	return domain;
}

/* The usual failure of DMARC with mail of PHP: From is the site's, and the
 * envelope has the login at this machine's name. */
static void
check_alignment(struct check *c, const char *sender)
{
	const struct profile *p = &c->draft.profile;
	struct span from = expected_from(p), domain = domain_of(sender);

	if (p->from_is_header || p->from_policy == PROFILE_FROM_FORCE ||
	    from.len == 0 || domain.len == 0 || may_align(from, domain))
		return;
	check_say(&c->report, CHECK_WARN, "sender", "<%s> doesn't agree with a "
	    "From header at %.*s, as DMARC wants it: set from = %%F (the "
	    "envelope follows the header), or from = an address there", sender,
	    (int)from.len, from.data);
}

void
check_sender(struct check *c)
{
	const struct draft *d = &c->draft;
	struct envelope own = { 0 };
	struct error trouble = { 0 };

	/* As for a message that comes without -f. */
	if (sender_set(&own, NULL, &d->profile, d->domain, NULL, &trouble)) {
		check_say(&c->report, CHECK_OK, "sender", "<%s>%s",
		    own.reverse_path, d->profile.from_is_header ?
		    ", where there is no From header" : "");
		check_alignment(c, own.reverse_path);
	} else if (d->profile.from_is_header) {
		check_say(&c->report, CHECK_OK, "sender", "of the From header");
	} else {
		check_say(&c->report, CHECK_WARN, "sender", "%s; %s",
		    trouble.text, trouble.fix);
	}
	envelope_free(&own);
}

bool
check_aliases(struct check *c, struct error *err)
{
	const struct profile *p = &c->draft.profile;
	struct alias_table *table = NULL;
	struct span rest, line;
	struct buf list;
	char *where;
	bool ok;

	if (p->aliases == NULL)
		return true;
	buf_init(&list, BUF_UNLIMITED);
	where = profile_where(c->setup.file, p->name, "aliases");
	ok = expand_load(p->aliases, where, &table, err) &&
	    newaliases_list(&list, table) && expand_check(table, err);
	rest = buf_span(&list);
	while (span_next(&rest, '\n', &line) && rest.data != NULL)
		check_say(&c->report, CHECK_WARN, "aliases", "%.*s",
		    (int)line.len, line.data);
	if (ok)
		check_say(&c->report, CHECK_OK, "aliases", "%zu in %s",
		    table->count, p->aliases);
	mem_free(where);
	aliases_free(table);
	buf_free(&list);
	return ok;
}

static size_t
count_letters(const struct spool *spool, enum spool_box box)
{
	struct spool_list list = { 0 };
	struct error ignored = { 0 };
	size_t count = spool_list(spool, box, &list, &ignored) ? list.count :
	    0;

	spool_list_free(&list);
	return count;
}

/* Without it a message fails that might have waited. */
void
check_spool(struct check *c)
{
	struct defer defer;

	if (c->draft.profile.spool == NULL)
		return;
	defer_open(&defer, &c->draft.profile);
	if (defer.is_open)
		check_say(&c->report, CHECK_OK, "spool", "%s; %zu waiting, %zu "
		    "given up", defer.spool.path,
		    count_letters(&defer.spool, SPOOL_NEW),
		    count_letters(&defer.spool, SPOOL_FAILED));
	else
		check_say(&c->report, CHECK_WARN, "spool", "%s; %s",
		    defer.fault.text, defer.fault.fix);
	defer_close(&defer);
}

static bool
is_own_relay(const struct profile *p)
{
	struct span rest = span_of(p->host), host;

	while (p->host != NULL && hosts_next(&rest, &host))
		if (span_equals_nocase(host, span_of(p->ehlo)))
			return true;
	return false;
}

/* A relay may look the name up, and refuse the mail. */
void
check_ehlo_name(struct check *c)
{
	const struct profile *p = &c->draft.profile;
	struct limit limit = limit_within(limit_in(STAGE_DNS,
	    "address of the EHLO name", NULL, LOOKUP_MS), c->draft.run);
	struct endpoints found = { 0 };
	struct error trouble = { 0 };

	if (p->ehlo == NULL || p->ehlo[0] == '[')
		return;
	if (is_own_relay(p))
		check_say(&c->report, CHECK_WARN, "ehlo name", "%s is the "
		    "relay's own name: ehlo is this machine's", p->ehlo);
	if (resolve_host(&found, p->ehlo, 25, AF_UNSPEC, &limit, &trouble) &&
	    found.count > 0)
		check_step(&c->report, CHECK_OK, "ehlo name", "%s has an "
		    "address", p->ehlo);
	else
		check_step(&c->report, CHECK_WARN, "ehlo name", "%s: %s; "
		    "strict relays look it up and refuse such a name", p->ehlo,
		    trouble.text);
	endpoints_free(&found);
}
