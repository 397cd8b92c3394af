#include "app/submit.h"

#include "app/defer.h"
#include "app/deliver.h"
#include "app/draft.h"
#include "app/dryrun.h"
#include "app/hint.h"
#include "app/log.h"
#include "app/report.h"
#include "app/sender.h"
#include "app/setup.h"
#include "app/tls_setup.h"
#include "base/buf.h"
#include "base/os.h"
#include "conf/secret.h"

/* Everything that one submission owns. */
struct submission {
	struct setup setup;
	struct draft draft;
	bool input_is_read;
	struct buf password;
	struct log log;
	struct defer defer;
	struct delivery delivery;
	bool has_delivery;
};

/* Whether a lone dot ends the message is the profile's to say. */
static bool
ask_dots(void *context, const struct message *head, bool *dots,
    struct error *err)
{
	struct submission *s = context;

	if (!draft_choose_profile(&s->draft, head, err)) {
		s->input_is_read = false;
		return false;
	}
	*dots = s->draft.profile.dot_terminates;
	return true;
}

static bool
read_message(struct submission *s, struct error *err)
{
	const struct message_source source = {
		.fd = s->setup.process->in,
		.dots = !s->setup.options->ignore_dots,
		.ask = ask_dots,
		.context = s,
		.tmpdir = os_env(s->setup.env, "TMPDIR"),
	};

	s->input_is_read = true;
	return message_read(&s->draft.message, &source, err);
}

/* A profile may be chosen by it: in the one form that all have. */
static bool
find_sender(struct submission *s, struct error *err)
{
	const char *wish = s->setup.options->sender;

	return wish == NULL || sender_parse(wish, &s->draft.sender, err);
}

static bool
prepare(struct submission *s, struct error *err)
{
	return setup_load(&s->setup, err) && find_sender(s, err) &&
	    read_message(s, err) && draft_complete(&s->draft, err);
}

/* What it is taken from holds it no longer than needed. */
static bool
fetch_secret(struct submission *s, struct error *err)
{
	struct profile *p = &s->draft.profile;
	bool ok = !deliver_wants_secret(p) ||
	    secret_fetch(p, s->setup.env, &s->password, err);

	profile_forget_secrets(p);
	profile_file_forget(s->setup.file);
	return ok;
}

static bool
hand_over(struct submission *s, struct error *err)
{
	struct transfer transfer = draft_transfer(&s->draft);
	struct delivery *d = &s->delivery;
	bool ok;

	d->profile = &s->draft.profile;
	d->env = s->setup.env;
	d->password = &s->password;
	d->run = s->draft.run;
	d->trace = s->setup.trace;
	d->progress = s->setup.process->progress;
	d->spool = s->defer.is_open ? s->defer.spool.path : NULL;
	s->has_delivery = true;
	ok = deliver_open(d, err) && deliver_send(d, &transfer, err);
	deliver_close(d);
	return ok;
}

static bool
keep(struct submission *s, struct error *err)
{
	bool ok = s->draft.profile.spool_always ?
	    defer_untried(&s->defer, &s->draft, err) :
	    defer_failure(&s->defer, &s->draft, err);

	/* Whatever comes now, the disk has it, and the exit is 0. */
	if (ok)
		*s->setup.process->progress = PROGRESS_ACCEPTED;
	return ok;
}

/* To the relay, or the spool: `err` may say why the latter. */
static bool
hand_over_or_keep(struct submission *s, struct error *err)
{
	defer_open(&s->defer, &s->draft.profile);
	return (!s->draft.profile.spool_always && fetch_secret(s, err) &&
	    hand_over(s, err)) || keep(s, err);
}

static bool
show_dry_run(struct submission *s, struct error *err)
{
	const struct dry_run dry = {
		.profile = &s->draft.profile,
		.why = s->draft.why,
		.envelope = &s->draft.envelope,
		.ignored = sender_is_obeyed(&s->draft.profile) ? NULL :
		    s->draft.sender,
		.aliases = buf_span(&s->draft.aliases),
		.message = &s->draft.message,
		.encode = &s->draft.encode,
	};

	return dry_run_show(&dry, s->setup.process->out, err);
}

/* One block, one line, whatever it was: then the status. */
static int
conclude(struct submission *s, bool ok, struct error *err)
{
	const struct options *options = s->setup.options;
	const struct process *process = s->setup.process;
	const struct trace *trace = s->setup.trace;
	bool is_queued = ok && s->defer.id[0] != '\0';
	const struct report report = {
		.options = options,
		.origin = &s->setup,
		.message = &s->draft.message,
		.profile = s->draft.has_profile ? &s->draft.profile : NULL,
		.envelope = &s->draft.envelope,
		.delivery = s->has_delivery ? &s->delivery : NULL,
		.size = s->draft.encode.form.facts.size,
		.passed = s->draft.encode.passed,
		.id = is_queued ? s->defer.id : NULL,
		.fate = is_queued ? REPORT_QUEUED : REPORT_PASSED,
		.remark = defer_remark(&s->defer),
		.start = trace->start,
		.stderr_fd = process->err,
		.stdout_fd = process->out,
		.log = &s->log,
		.trace = trace,
	};

	/* A failure that nobody explained must not look like success. */
	if (!ok && !error_is_set(err))
		(void)error_set(err, STAGE_SYSTEM, EX_SOFTWARE,
		    "a failure without a reason: please report it");
	if (ok && options->dry_run)
		return EX_OK;
	if (is_queued) {
		hint_apply(err, report.profile);
		report_queued(&report, err);
		return EX_OK;
	}
	if (ok) {
		report_success(&report, err);
		return EX_OK;
	}
	if (!s->input_is_read && options->mode == MODE_SUBMIT)
		message_drain(process->in);
	if (s->log.count == 0 && !s->draft.has_profile)
		setup_open_log(&s->setup, &s->log, NULL);
	hint_apply(err, report.profile);
	if (err->temporary && s->draft.profile.tempfail_exit != 0)
		err->exit_code = (int)s->draft.profile.tempfail_exit;
	report_failure(&report, err);
	return err->exit_code;
}

static void
submission_free(struct submission *s)
{
	log_close(&s->log);
	defer_close(&s->defer);
	buf_free_secret(&s->password);
	draft_free(&s->draft);
	setup_free(&s->setup);
}

int
submit(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct submission s = { 0 };
	int status;
	bool ok;

	setup_begin(&s.setup, process, options, trace);
	draft_begin(&s.draft, &s.setup);
	buf_init(&s.password, SECRET_MAX);
	ok = !error_is_set(err) && prepare(&s, err);
	if (s.draft.has_profile)
		setup_open_log(&s.setup, &s.log, &s.draft.profile);
	if (ok && !options->dry_run)
		tls_setup_warn(&s.draft.profile, &s.log, process->err, trace);
	if (ok && options->dry_run)
		ok = show_dry_run(&s, err);
	else
		ok = ok && hand_over_or_keep(&s, err);
	status = conclude(&s, ok, err);
	submission_free(&s);
	return status;
}
