#include "app/submit.h"

#include <string.h>

#include "app/author.h"
#include "app/deliver.h"
#include "app/dryrun.h"
#include "app/expand.h"
#include "app/hint.h"
#include "app/log.h"
#include "app/report.h"
#include "app/sender.h"
#include "app/tls_setup.h"
#include "app/wish.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "conf/profile.h"
#include "conf/secret.h"
#include "mail/compose.h"
#include "mail/encode.h"
#include "mail/envelope.h"
#include "mail/message.h"

#define MAILNAME "/etc/mailname"
#define DEFAULT_LOG "syslog"

/* Everything that one submission owns. */
struct submission {
	const struct process *process;
	char *const *env;	/* NULL where it isn't to be believed */
	const struct options *options;
	const struct trace *trace;
	struct profile_file *file;
	struct profile profile;
	bool has_profile;
	const char *why;	/* why this profile; static */
	struct message message;
	bool input_is_read;
	struct limit run;	/* total_timeout */
	struct envelope envelope;
	char *sender;		/* -f or -r as the envelope has it, or NULL */
	char *header_from;
	char *domain;		/* completes bare names, or NULL */
	struct buf aliases;	/* those that were used, a line each */
	struct buf header;	/* composed */
	struct encode encode;
	struct buf password;
	struct log log;
	struct delivery delivery;
	bool has_delivery;
};

static bool
load_profiles(struct submission *s, struct error *err)
{
	const struct profile_trust trust = {
		.sysconfdir = POSTHASTE_SYSCONFDIR,
		.credentials = os_env(s->env, "CREDENTIALS_DIRECTORY"),
	};
	char *path = NULL, *note = NULL;
	bool ok;

	ok = profile_find(s->options->config, s->env, s->env != NULL, &path,
	    &note, err);
	if (note != NULL)
		trace_note(s->trace, "%s", note);
	ok = ok && profile_load(path, &trust, &s->file, err);
	mem_free(path);
	mem_free(note);
	return ok;
}

static bool choose_profile(struct submission *s, const struct message *head,
    struct error *err);

/* Whether a lone dot ends the message is the profile's to say. */
static bool
ask_dots(void *context, const struct message *head, bool *dots,
    struct error *err)
{
	struct submission *s = context;

	if (!choose_profile(s, head, err)) {
		s->input_is_read = false;
		return false;
	}
	*dots = s->profile.dot_terminates;
	return true;
}

static bool
read_message(struct submission *s, struct error *err)
{
	const struct process *process = s->process;
	const struct message_source source = {
		.fd = process->in,
		.dots = !s->options->ignore_dots,
		.ask = ask_dots,
		.context = s,
		.tmpdir = os_env(s->env, "TMPDIR"),
	};

	s->input_is_read = true;
	return message_read(&s->message, &source, err);
}

/* What conf/ hands on as it was written, because others know its form. */
static bool
check_forms(const struct submission *s, const char *name, struct error *err)
{
	const struct profile *p = &s->profile;
	char *where = profile_where(s->file, name, "log");
	bool ok = p->log == NULL || log_check(p->log, where, err);

	mem_free(where);
	where = profile_where(s->file, name, "dsn_notify");
	ok = ok && wish_check(p, where, err);
	mem_free(where);
	return ok && tls_setup_check(p, s->file, err);
}

static bool
choose_profile(struct submission *s, const struct message *head,
    struct error *err)
{
	struct profile_wish wish = {
		.name = s->options->profile,
		.env_name = os_env(s->env, "POSTHASTE_PROFILE"),
		.sender = s->sender,
	};
	const char *name;

	if (s->has_profile)
		return true;
	s->header_from = sender_of_header(head);
	wish.header_from = s->header_from;
	if (!profile_select(s->file, &wish, &name, &s->why, err) ||
	    !profile_resolve(s->file, name, &s->profile, err) ||
	    !check_forms(s, name, err))
		return false;
	s->has_profile = true;
	trace_note(s->trace, "profile [%s] of %s: %s", name,
	    s->profile.file, s->why);
	return true;
}

/* All recipients, parsed and checked; nothing is sent if one of them is bad. */
static bool
collect_recipients(struct submission *s, struct error *err)
{
	const struct options *o = s->options;
	struct address_list list = { NULL, 0, 0 }, all = { NULL, 0, 0 };
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < o->recipient_count; i++)
		ok = address_parse_list(&list, span_of(o->recipients[i]),
		    "the argument", ENVELOPE_RECIPIENTS_MAX, err);
	if (ok && o->from_header)
		ok = envelope_collect(&list, &s->message, err);
	for (i = 0; ok && i < list.count; i++)
		ok = address_check(&list.items[i], "a recipient", err);
	if (ok && list.count == 0) {
		(void)error_set(err, STAGE_USAGE, EX_USAGE, "no recipients");
		ok = error_fix(err, o->from_header ? "the message has no "
		    "address in To, Cc or Bcc" : "the arguments hold no "
		    "address");
	}
	ok = ok && expand_list(&s->profile, &list, &all, &s->aliases, err) &&
	    envelope_add(&s->envelope, &all, s->domain, err);
	address_list_free(&list);
	address_list_free(&all);
	return ok;
}

static bool
set_sender(struct submission *s, struct error *err)
{
	const char *wish = s->sender;

	if (wish != NULL && !sender_is_obeyed(&s->profile)) {
		trace_note(s->trace, "the sender <%s> is ignored: profile [%s] "
		    "doesn't allow -f", wish, s->profile.name);
		wish = NULL;
	}
	return sender_set(&s->envelope, wish, &s->profile, s->domain,
	    s->header_from, err);
}

static bool
make_envelope(struct submission *s, struct error *err)
{
	s->domain = s->profile.domain != NULL ?
	    mem_string(s->profile.domain) : profile_mailname(MAILNAME);
	return collect_recipients(s, err) && set_sender(s, err);
}

/* The right side of a Message-ID: the sender's domain, or the next best. */
static const char *
id_domain(const struct submission *s)
{
	const char *at = strrchr(s->envelope.reverse_path, '@');

	if (at != NULL && at[1] != '[')
		return at + 1;
	if (s->domain != NULL)
		return s->domain;
	if (s->profile.ehlo != NULL && s->profile.ehlo[0] != '[')
		return s->profile.ehlo;
	return "localhost";
}

static bool
make_header(struct submission *s, struct error *err)
{
	unsigned char random[COMPOSE_RANDOM];
	struct field signature;
	const struct profile *p = &s->profile;
	const struct qualify qualify = { s->domain, p->local_domains };
	char *from = sender_for_header(&s->envelope, p, s->domain), *name;
	struct compose compose = {
		.from = from,
		.from_name = s->options->full_name != NULL ?
		    s->options->full_name : s->profile.from_name,
		.id_domain = id_domain(s),
		.now = time(NULL),
		.random = random,
		.adds_undisclosed = p->undisclosed_recipients,
	};
	bool ok;

	if (p->qualify_headers && qualify.domain != NULL &&
	    !field_find(&s->message, "DKIM-Signature", &signature, NULL))
		compose.qualify = &qualify;
	author_apply(&s->message, p, &compose, &name);
	ok = os_random(random, sizeof(random), err) &&
	    compose_header(&s->message, &compose, &s->header, err);
	mem_free(from);
	mem_free(name);
	return ok;
}

static const enum encode_policy policy_of[] = {
	[PROFILE_ENCODE_AUTO] = ENCODE_AUTO,
	[PROFILE_ENCODE_NEVER] = ENCODE_NEVER,
	[PROFILE_ENCODE_REFUSE] = ENCODE_REFUSE,
};

static bool
check_bytes(struct submission *s, struct error *err)
{
	encode_begin(&s->encode, policy_of[s->profile.encode], &s->message,
	    buf_span(&s->header));
	s->encode.keeps_utf8 = s->options->wants_smtputf8 ||
	    envelope_beyond_ascii(&s->envelope) != NULL;
	if (s->options->body == BODY_7BIT && s->encode.facts.has_8bit)
		return error_set(err, STAGE_INPUT, EX_DATAERR,
		    "the message holds octets over 127, and -B7BIT says that "
		    "it doesn't");
	/* What no relay can carry must not cost a connection. */
	return encode_for(&s->encode, true, err);
}

static bool
fetch_secret(struct submission *s, struct error *err)
{
	return s->profile.user == NULL ||
	    s->profile.auth == PROFILE_AUTH_NONE ||
	    secret_fetch(&s->profile, s->env, &s->password, err);
}

static bool
hand_over(struct submission *s, struct error *err)
{
	char notify[WISH_NOTIFY_SIZE];
	struct transfer transfer = {
		.envelope = &s->envelope,
		.encode = &s->encode,
		.wants_8bitmime = s->options->body == BODY_8BITMIME,
	};
	struct tls_context *ctx = NULL;
	bool ok;

	wish_fill(&transfer, notify, s->options, &s->profile);
	s->delivery.profile = &s->profile;
	s->delivery.env = s->env;
	s->delivery.password = buf_span(&s->password);
	s->delivery.transfer = &transfer;
	s->delivery.run = s->run;
	s->delivery.trace = s->trace;
	s->delivery.progress = s->process->progress;
	s->has_delivery = true;
	ok = deliver_prepare(&s->delivery, &ctx, err) &&
	    deliver(&s->delivery, ctx, err);
	tls_context_free(ctx);
	s->delivery.transfer = NULL;
	return ok;
}

/* A profile may be chosen by it: in the one form that all have. */
static bool
find_sender(struct submission *s, struct error *err)
{
	return s->options->sender == NULL ||
	    sender_parse(s->options->sender, &s->sender, err);
}

static void
start_clock(struct submission *s)
{
	s->run = s->profile.total_timeout == 0 ?
	    limit_none(STAGE_NONE, "end") : limit_in(STAGE_NONE, "end",
	    "total_timeout", s->profile.total_timeout);
}

static bool
prepare(struct submission *s, struct error *err)
{
	if (!load_profiles(s, err) || !find_sender(s, err) ||
	    !read_message(s, err) || !choose_profile(s, &s->message, err))
		return false;
	start_clock(s);
	return make_envelope(s, err) && make_header(s, err) &&
	    check_bytes(s, err);
}

static bool
show_dry_run(struct submission *s, struct error *err)
{
	const struct dry_run dry = {
		.profile = &s->profile,
		.why = s->why,
		.envelope = &s->envelope,
		.ignored = sender_is_obeyed(&s->profile) ? NULL : s->sender,
		.aliases = buf_span(&s->aliases),
		.message = &s->message,
		.encode = &s->encode,
	};

	return dry_run_show(&dry, s->process->out, err);
}

static void
open_log(struct submission *s, const char *wish)
{
	log_open(&s->log, wish == NULL ? DEFAULT_LOG : wish,
	    LOG_SYSLOG_SOCKET, s->process->err, s->trace);
	if (s->options->log_tag != NULL)
		s->log.tag = s->options->log_tag;
}

/* One block, one line, whatever it was: then the status. */
static int
conclude(struct submission *s, bool ok, struct error *err)
{
	const struct report report = {
		.options = s->options,
		.profile = s->has_profile ? &s->profile : NULL,
		.envelope = &s->envelope,
		.delivery = s->has_delivery ? &s->delivery : NULL,
		.size = s->encode.form.facts.size,
		.passed = s->encode.passed,
		.start = s->trace->start,
		.stderr_fd = s->process->err,
		.log = &s->log,
		.trace = s->trace,
	};

	/* A failure that nobody explained must not look like success. */
	if (!ok && !error_is_set(err))
		(void)error_set(err, STAGE_SYSTEM, EX_SOFTWARE,
		    "a failure without a reason: please report it");
	if (ok && s->options->dry_run)
		return EX_OK;
	if (ok) {
		report_success(&report, err);
		return EX_OK;
	}
	if (!s->input_is_read && s->options->mode == MODE_SUBMIT)
		message_drain(s->process->in);
	if (s->log.count == 0 && !s->has_profile)
		open_log(s, NULL);
	hint_apply(err, report.profile);
	if (err->temporary && s->profile.tempfail_exit != 0)
		err->exit_code = (int)s->profile.tempfail_exit;
	report_failure(&report, err);
	return err->exit_code;
}

static void
submission_free(struct submission *s)
{
	log_close(&s->log);
	buf_free_secret(&s->password);
	encode_free(&s->encode);
	buf_free(&s->header);
	buf_free(&s->aliases);
	mem_free(s->domain);
	mem_free(s->header_from);
	mem_free(s->sender);
	envelope_free(&s->envelope);
	message_free(&s->message);
	profile_free(&s->profile);
	profile_file_free(s->file);
}

int
submit(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct submission s = { 0 };
	int status;
	bool ok;

	s.process = process;
	s.env = process->is_restricted ? NULL : process->env;
	s.options = options;
	s.trace = trace;
	buf_init(&s.header, 2 * MESSAGE_HEADER_MAX);
	buf_init(&s.aliases, BUF_UNLIMITED);
	buf_init(&s.password, SECRET_MAX);
	ok = !error_is_set(err) && prepare(&s, err);
	if (s.has_profile)
		open_log(&s, s.profile.log);
	if (ok && !options->dry_run)
		tls_setup_warn(&s.profile, &s.log, process->err, trace);
	if (ok && options->dry_run)
		ok = show_dry_run(&s, err);
	else
		ok = ok && fetch_secret(&s, err) && hand_over(&s, err);
	status = conclude(&s, ok, err);
	submission_free(&s);
	return status;
}
