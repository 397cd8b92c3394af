#include "app/wish.h"

#include <stdio.h>

#include "app/option_value.h"

static const struct {
	enum dsn_notify bit;
	const char *word;
} notify_words[] = {
	{ DSN_NOTIFY_NEVER, "NEVER" },
	{ DSN_NOTIFY_SUCCESS, "SUCCESS" },
	{ DSN_NOTIFY_FAILURE, "FAILURE" },
	{ DSN_NOTIFY_DELAY, "DELAY" },
};

#define NOTIFY_WORDS (sizeof(notify_words) / sizeof(notify_words[0]))

static const char *const return_words[] = {
	[DSN_RETURN_UNSAID] = NULL,
	[DSN_RETURN_HDRS] = "HDRS",
	[DSN_RETURN_FULL] = "FULL",
};

static const char *const profile_return[] = {
	[PROFILE_DSN_RETURN_UNSAID] = NULL,
	[PROFILE_DSN_RETURN_HDRS] = "HDRS",
	[PROFILE_DSN_RETURN_FULL] = "FULL",
};

bool
wish_check(const struct profile *p, struct error *err)
{
	unsigned int set;

	return p->dsn_notify == NULL ||
	    option_value_notify(p->dsn_notify, &set) ||
	    profile_refuse(p, "dsn_notify", p->dsn_notify, err,
	    "not never, nor some of success, failure and delay") ||
	    error_fix(err, "write it as in dsn_notify = failure,delay");
}

const char *
wish_notify_text(unsigned int set, char *notify)
{
	size_t i, n = 0;

	for (i = 0; i < NOTIFY_WORDS; i++)
		if ((set & notify_words[i].bit) != 0)
			n += (size_t)snprintf(notify + n, WISH_NOTIFY_SIZE - n,
			    "%s%s", n == 0 ? "" : ",", notify_words[i].word);
	return n == 0 ? NULL : notify;
}

void
wish_fill(struct transfer *t, char *notify, const struct dsn_request *dsn,
    bool wants_requiretls, const struct profile *p)
{
	unsigned int set = dsn->notify;

	if (set == 0 && p->dsn_notify != NULL &&
	    !option_value_notify(p->dsn_notify, &set))
		set = 0;
	t->dsn.notify = wish_notify_text(set, notify);
	t->dsn.ret = dsn->return_what != DSN_RETURN_UNSAID ?
	    return_words[dsn->return_what] : profile_return[p->dsn_return];
	t->dsn.envid = dsn->envid;
	t->wants_requiretls = wants_requiretls || p->requiretls;
	t->is_partial = p->partial == PROFILE_PARTIAL_DELIVER;
}
