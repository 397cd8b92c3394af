#include "app/check.h"

#include <errno.h>
#include <string.h>

#include "app/check_steps.h"
#include "app/hint.h"
#include "base/mem.h"
#include "conf/secret.h"

static bool
load(struct check *c, struct error *err)
{
	const struct draft *d = &c->draft;
	char *where;

	if (!setup_load(&c->setup, err) ||
	    !draft_choose_profile(&c->draft, &c->draft.message, err))
		return false;
	where = profile_where(c->setup.file, d->profile.name, NULL);
	check_step(&c->report, CHECK_OK, "config", "[%s] of %s: %s",
	    d->profile.name, where, d->why);
	mem_free(where);
	return true;
}

/* With a recipient there is an envelope, as of a message without a body. */
static bool
address(struct check *c, struct error *err)
{
	bool ok = true;

	if (c->setup.options->recipient_count > 0)
		ok = draft_complete(&c->draft, err);
	else
		draft_begin_run(&c->draft);
	if (ok)
		check_sender(c);
	return ok;
}

static bool
fetch_secret(struct check *c, struct error *err)
{
	const struct profile *p = &c->draft.profile;

	if (!deliver_wants_secret(p))
		return true;
	if (!secret_fetch(p, c->setup.env, &c->password, err))
		return false;
	check_step(&c->report, CHECK_OK, "secret", "%s", secret_source(p));
	return true;
}

static bool
speak(struct check *c, struct error *err)
{
	struct transfer transfer = { 0 };
	struct delivery *d = &c->delivery;
	bool ok;

	d->profile = &c->draft.profile;
	d->env = c->setup.env;
	d->password = &c->password;
	d->run = c->draft.run;
	d->trace = &c->trace;
	d->progress = c->setup.process->progress;
	ok = deliver_open(d, err);
	if (ok && c->setup.options->recipient_count > 0) {
		transfer = draft_transfer(&c->draft);
		transfer.is_probe = true;
		ok = deliver_send(d, &transfer, err);
	}
	if (ok)
		check_advise(c);
	deliver_close(d);
	return ok;
}

static bool
run_steps(struct check *c, struct error *err)
{
	if (error_is_set(err) || !load(c, err))
		return false;
	check_permissions(c);
	if (!address(c, err) || !check_aliases(c, err))
		return false;
	check_spool(c);
	check_ehlo_name(c);
	return fetch_secret(c, err) && speak(c, err);
}

static void
begin(struct check *c, const struct process *process,
    const struct options *options, const struct trace *trace)
{
	memset(c, 0, sizeof(*c));
	c->watch.passed = check_passed;
	c->watch.failed = check_failed;
	c->watch.context = c;
	c->trace = *trace;
	c->trace.watch = &c->watch;
	setup_begin(&c->setup, process, options, &c->trace);
	draft_begin(&c->draft, &c->setup);
	buf_init(&c->password, SECRET_MAX);
	check_report_begin(&c->report, process->out, options->json,
	    c->setup.env);
}

static int
conclude(struct check *c, bool ok, struct error *err)
{
	const struct profile *p = c->draft.has_profile ? &c->draft.profile :
	    NULL;

	if (!ok) {
		hint_apply(err, p);
		check_give_up(c, err);
	}
	if (!check_report_end(&c->report, err, p))
		(void)error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	return err->exit_code;
}

int
check(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct check c;
	int status;

	begin(&c, process, options, trace);
	status = conclude(&c, run_steps(&c, err), err);
	check_report_free(&c.report);
	buf_free_secret(&c.password);
	draft_free(&c.draft);
	setup_free(&c.setup);
	return status;
}
