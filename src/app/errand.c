#include "app/errand.h"

#include <string.h>
#include <time.h>

#include "app/bounce.h"
#include "app/defer.h"
#include "app/draft.h"
#include "app/hint.h"
#include "app/report.h"
#include "app/tls_setup.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "spool/schedule.h"

/* One try. */
struct attempt {
	struct errand *errand;
	struct claim claim;
	struct draft draft;
	struct delivery account;
	struct error err;	/* of the delivery */
	struct error trouble;	/* of the spool */
	const char *remark;
	int64_t start;
	bool was_uncertain;
};

void
errand_prepare(struct errand *e, const struct setup *run)
{
	memset(e, 0, sizeof(*e));
	e->run = run;
	setup_begin(&e->setup, run->process, &e->options, run->trace);
}

void
errand_begin(struct errand *e, struct spool *spool, const char *file)
{
	carrier_close(&e->carrier);
	e->spool = spool;
	error_clear(&e->fault);
	if (!setup_load_path(&e->setup, file, &e->fault))
		trace_note(e->run->trace, "%s", e->fault.text);
}

void
errand_end(struct errand *e)
{
	carrier_close(&e->carrier);
	setup_free(&e->setup);
}

static void
take_options(struct errand *e, const struct letter *l)
{
	const struct options *run = e->run->options;
	const struct options own = {
		.mode = MODE_SUBMIT,
		.json = run->json,
		.is_quiet = run->is_quiet,
		.verbosity = run->verbosity,
		.log_tag = l->tag != NULL ? l->tag : run->log_tag,
		.wants_requiretls = l->wants_requiretls,
		.wants_smtputf8 = l->wants_smtputf8,
	};

	e->options = own;
}

/* Those that it is still to go to, in their order. */
static void
take_envelope(struct envelope *e, const struct letter *l)
{
	struct pool *strings = &e->strings;
	struct recipient *r;
	size_t i;

	e->reverse_path = pool_string(strings, l->sender);
	e->recipients = mem_array(l->count, sizeof(*e->recipients));
	e->room = l->count;
	for (i = 0; i < l->count; i++) {
		if (l->recipients[i].state != LETTER_PENDING)
			continue;
		r = &e->recipients[e->count++];
		r->address = pool_string(strings, l->recipients[i].address);
		r->notify = pool_string(strings, l->recipients[i].notify);
		r->orcpt = pool_string(strings, l->recipients[i].orcpt);
		r->original = pool_string(strings,
		    l->recipients[i].original);
	}
}

/* The draft as it was when the message was committed. */
static bool
take_letter(struct draft *d, const struct letter *l, struct error *err)
{
	take_envelope(&d->envelope, l);
	if (l->wants_8bitmime)
		d->body = BODY_8BITMIME;
	if ((l->notify != NULL &&
	    !option_value_notify(l->notify, &d->dsn.notify)) ||
	    (l->ret != NULL &&
	    !option_value_return(l->ret, &d->dsn.return_what)))
		return error_set(err, STAGE_SYSTEM, EX_DATAERR,
		    "the file is damaged: its wishes");
	d->dsn.envid = l->envid;
	d->message.header = l->header;
	d->message.body = l->body;
	return buf_add_span(&d->header, l->header) || error_set(err,
	    STAGE_INPUT, EX_DATAERR, "the header is too long");
}

static bool
send_it(struct attempt *a)
{
	struct errand *e = a->errand;
	const struct letter *l = &a->claim.letter;

	if (error_is_set(&e->fault)) {
		a->err = e->fault;
		return false;
	}
	if (!take_letter(&a->draft, l, &a->err) ||
	    !draft_use_profile(&a->draft, l->profile, &a->err))
		return false;
	/* All have it, and only the file was left. */
	if (a->draft.envelope.count == 0)
		return true;
	return draft_resume(&a->draft, &a->err) &&
	    carrier_send(&e->carrier, &a->draft, &a->account, &a->err);
}

/*
 * What came of it for each of those it was sent to. Where the profile lets it
 * go to some of them, the others are judged one by one too: true where some
 * were refused for good, and some may still get it.
 */
static bool
note_states(struct attempt *a, bool ok)
{
	const struct envelope *e = &a->draft.envelope;
	struct letter *l = &a->claim.letter;
	const struct recipient *r = e->recipients;
	bool is_taken = ok || e->is_taken, has_failed = false;
	size_t i;

	if (!is_taken && (a->draft.profile.partial != PROFILE_PARTIAL_DELIVER ||
	    a->err.stage != STAGE_RCPT))
		return false;
	for (i = 0; i < l->count; i++) {
		if (l->recipients[i].state != LETTER_PENDING)
			continue;
		if (r->reply == NULL && is_taken)
			l->recipients[i].state = LETTER_DELIVERED;
		if (r->reply != NULL && r->reply_code >= 500) {
			l->recipients[i].state = LETTER_FAILED;
			has_failed = true;
		}
		r++;
	}
	return has_failed && letter_count(l, LETTER_PENDING) > 0;
}

/* Trying again won't help. */
static bool
is_final(const struct error *err)
{
	bool is_of_message = err->stage >= STAGE_MAIL &&
	    err->stage <= STAGE_RECEIPT;

	return !err->uncertain &&
	    ((err->exit_code >= EX_DATAERR && err->exit_code <= EX_NOUSER) ||
	    (is_of_message && err->reply_code >= 500) || hint_is_lasting(err));
}

static enum report_fate
decide(struct attempt *a, bool ok)
{
	const struct letter *l = &a->claim.letter;
	bool is_split = note_states(a, ok);

	if (letter_count(l, LETTER_PENDING) == 0 &&
	    letter_count(l, LETTER_FAILED) == 0)
		return REPORT_PASSED;
	if (letter_count(l, LETTER_PENDING) == 0) {
		(void)error_set(&a->err, STAGE_RCPT, EX_NOUSER, "the relay "
		    "has it for these; others were refused before");
		return REPORT_GIVEN_UP;
	}
	if (os_signal_caught() != 0)
		return REPORT_QUEUED;
	if (!is_split && is_final(&a->err))
		return REPORT_GIVEN_UP;
	if (!schedule_is_over(a->claim.birth, (int64_t)time(NULL)))
		return REPORT_QUEUED;
	a->remark = "given up after five days";
	return REPORT_GIVEN_UP;
}

static void
report(struct attempt *a, enum report_fate fate)
{
	struct errand *e = a->errand;
	const struct draft *d = &a->draft;
	struct log log;
	const struct report r = {
		.options = &e->options,
		.message = &d->message,
		.profile = d->has_profile ? &d->profile : NULL,
		.envelope = &d->envelope,
		.delivery = a->account.peer[0] != '\0' ? &a->account : NULL,
		.size = d->encode.form.facts.size,
		.passed = d->encode.passed,
		.id = a->claim.id,
		.fate = fate,
		.remark = error_is_set(&a->trouble) ? a->trouble.text :
		    a->remark,
		.start = a->start,
		.stderr_fd = e->run->process->err,
		.log = &log,
		.trace = e->run->trace,
	};

	setup_open_log(&e->setup, &log, r.profile);
	if (d->has_profile)
		tls_setup_warn(&d->profile, &log, r.stderr_fd, r.trace);
	if (fate == REPORT_QUEUED && e->run->options->mode != MODE_FLUSH)
		e->options.is_quiet = true;
	hint_apply(&a->err, r.profile);
	if (!error_is_set(&a->err))
		report_success(&r, &a->err);
	else
		report_failure(&r, &a->err);
	log_close(&log);
}

/* One that is left behind may arrive twice, which is better than never. */
static void
remove_it(struct attempt *a)
{
	struct error ignored = { 0 };

	if (!claim_remove(&a->claim, a->errand->spool, &a->trouble) &&
	    !letter_mark(&a->claim.letter, a->claim.fd, &ignored))
		trace_note(a->errand->run->trace, "%s", ignored.text);
}

static void
let_it_wait(struct attempt *a)
{
	struct letter *l = &a->claim.letter;

	l->is_uncertain = l->is_uncertain || a->err.uncertain;
	defer_note(l, &a->err);
	/* Where that fails it is due at once, and the log says why. */
	if (!claim_postpone(&a->claim, schedule_next(a->claim.birth,
	    (int64_t)time(NULL)), &a->trouble))
		trace_note(a->errand->run->trace, "%s", a->trouble.text);
	a->errand->left++;
}

/* The bounce is there before the message leaves. */
static bool
give_it_up(struct attempt *a)
{
	struct errand *e = a->errand;
	struct letter *l = &a->claim.letter;

	e->given_up++;
	l->is_uncertain = l->is_uncertain || a->err.uncertain;
	if (error_is_set(&a->err))
		defer_note(l, &a->err);
	return letter_mark(l, a->claim.fd, &a->trouble) &&
	    bounce_commit(&e->setup, &a->draft.profile, e->spool, &a->claim,
	    &a->err, &a->trouble) &&
	    spool_give_up(e->spool, a->claim.id, &a->trouble);
}

static void
settle(struct attempt *a, enum report_fate fate)
{
	switch (fate) {
	case REPORT_PASSED:
		remove_it(a);
		break;
	case REPORT_QUEUED:
		let_it_wait(a);
		break;
	case REPORT_GIVEN_UP:
		if (give_it_up(a))
			break;
		let_it_wait(a);
		fate = REPORT_QUEUED;
		break;
	}
	report(a, fate);
}

/* What isn't a letter can't be sent, and mustn't be lost; one that can't be
 * read now stays where it is. */
static void
put_aside(struct attempt *a)
{
	struct errand *e = a->errand;
	bool is_moved = a->err.exit_code == EX_DATAERR &&
	    spool_give_up(e->spool, a->claim.id, &a->trouble);

	e->given_up++;
	report(a, is_moved ? REPORT_GIVEN_UP : REPORT_PASSED);
}

static bool
is_strike(const struct error *err)
{
	return err->stage >= STAGE_DNS && err->stage <= STAGE_AUTH;
}

/* Where the message couldn't be read before, another file may have been. */
static void
see_to_the_file(struct errand *e, const char *file)
{
	if (e->setup.path == NULL || strcmp(e->setup.path, file) != 0)
		errand_begin(e, e->spool, file);
}

static bool
try_it(struct attempt *a)
{
	const struct letter *l = &a->claim.letter;
	bool ok;

	see_to_the_file(a->errand, l->file);
	take_options(a->errand, l);
	draft_begin(&a->draft, &a->errand->setup);
	a->was_uncertain = l->is_uncertain;
	if (a->was_uncertain)
		a->remark = "possibly a duplicate";
	ok = send_it(a);
	if (!ok && !error_is_set(&a->err))
		(void)error_set(&a->err, STAGE_SYSTEM, EX_SOFTWARE,
		    "a failure without a reason: please report it");
	settle(a, decide(a, ok));
	return !ok && is_strike(&a->err);
}

bool
errand_run(struct errand *e, const char *id)
{
	struct attempt a = { .errand = e, .remark = "", .start = clock_ms() };
	bool is_there, is_whole, strikes = false;

	is_whole = claim_open(&a.claim, e->spool, SPOOL_NEW, id, true,
	    &is_there, &a.err) && (!is_there ||
	    letter_verify(&a.claim.letter, &a.err));
	if (is_there && is_whole)
		strikes = try_it(&a);
	else if (is_there)
		put_aside(&a);
	draft_free(&a.draft);
	claim_free(&a.claim);
	return strikes;
}
