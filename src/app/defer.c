#include "app/defer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/hint.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/os.h"
#include "spool/schedule.h"

void
defer_open(struct defer *d, const struct profile *p)
{
	char *login;

	memset(d, 0, sizeof(*d));
	d->is_wanted = p->spool != NULL;
	if (!d->is_wanted)
		return;
	login = os_login();
	/* The hash's library opens files, which can't be done later. */
	d->is_open = spool_open(&d->spool, p->spool, login, &d->fault) &&
	    (crypto_begin() || error_set(&d->fault, STAGE_SYSTEM, EX_OSERR,
	    "the library with SHA-256 can't start"));
	if (!d->is_open) {
		(void)profile_locate(p, &d->fault);
		spool_close(&d->spool);
	}
	mem_free(login);
}

void
defer_close(struct defer *d)
{
	if (d->is_open)
		spool_close(&d->spool);
	d->is_open = false;
}

const char *
defer_remark(const struct defer *d)
{
	return d->fault.text;
}

void
defer_note(struct letter *l, const struct error *reason)
{
	(void)snprintf(l->note, sizeof(l->note), "%.150s%s%.240s",
	    reason->text, reason->reply[0] == '\0' ? "" : ": ",
	    reason->reply);
}

static bool
is_left(const struct envelope *e, const struct recipient *r)
{
	return !e->is_taken || r->reply != NULL;
}

/* Those that have it already don't get it twice. */
static void
fill_recipients(struct letter *l, const struct envelope *e)
{
	const struct recipient *r;
	struct letter_recipient *to;
	size_t i;

	l->recipients = mem_array(e->count, sizeof(*l->recipients));
	for (i = 0; i < e->count; i++) {
		r = &e->recipients[i];
		if (!is_left(e, r))
			continue;
		to = &l->recipients[l->count++];
		to->address = r->address;
		to->notify = r->notify;
		to->orcpt = r->orcpt;
		to->original = r->original;
		to->state = LETTER_PENDING;
	}
}

bool
defer_commit(struct spool *spool, const struct draft *draft,
    const struct error *reason, int64_t next, char *id, struct error *err)
{
	static const char *const returns[] = { NULL, "hdrs", "full" };
	const struct options *o = draft->setup->options;
	char notify[WISH_NOTIFY_SIZE];
	struct letter l = {
		.profile = draft->profile.name,
		.file = draft->setup->path,
		.tag = o->log_tag,
		.sender = draft->envelope.reverse_path,
		.notify = wish_notify_text(draft->dsn.notify, notify),
		.ret = returns[draft->dsn.return_what],
		.envid = draft->dsn.envid,
		.wants_8bitmime = draft->body == BODY_8BITMIME,
		.wants_requiretls = o->wants_requiretls,
		.wants_smtputf8 = o->wants_smtputf8,
		.is_uncertain = reason->uncertain,
		.header = draft->encode.header,
		.body = draft->encode.body,
	};
	bool ok;

	fill_recipients(&l, &draft->envelope);
	defer_note(&l, reason);
	ok = l.count > 0 ? spool_commit(spool, &l, next, id, err) :
	    error_set(err, STAGE_SYSTEM, EX_SOFTWARE,
	    "nobody is left to send it to: please report it");
	mem_free(l.recipients);
	return ok;
}

static bool
is_refused_for_good(const struct envelope *e)
{
	size_t i;

	for (i = 0; i < e->count; i++)
		if (e->recipients[i].reply_code >= 500)
			return true;
	return false;
}

static bool
commit(struct defer *d, const struct draft *draft, const struct error *reason,
    int64_t next)
{
	bool ok = d->is_open && defer_commit(&d->spool, draft, reason, next,
	    d->id, &d->fault);

	/* It has a name only where it is. */
	if (!ok)
		d->id[0] = '\0';
	return ok;
}

bool
defer_failure(struct defer *d, const struct draft *draft,
    const struct error *err)
{
	int64_t now = (int64_t)time(NULL);

	if (!d->is_wanted || !(err->temporary || err->uncertain) ||
	    is_refused_for_good(&draft->envelope)) {
		error_clear(&d->fault);
		return false;
	}
	if (hint_is_lasting(err)) {
		error_clear(&d->fault);
		return error_set(&d->fault, err->stage, EX_CONFIG,
		    "not queued, as no waiting heals this");
	}
	return commit(d, draft, err, schedule_next(now, now));
}

bool
defer_untried(struct defer *d, const struct draft *draft, struct error *err)
{
	const struct error none = { 0 };

	if (commit(d, draft, &none, (int64_t)time(NULL)))
		return true;
	*err = d->fault;
	error_clear(&d->fault);
	return false;
}
