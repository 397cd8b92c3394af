#include "app/draft.h"

#include <string.h>

#include "app/author.h"
#include "app/bounce.h"
#include "app/expand.h"
#include "app/log.h"
#include "app/sender.h"
#include "app/tls_setup.h"
#include "base/mem.h"
#include "base/os.h"
#include "mail/compose.h"
#include "mail/text.h"

#define MAILNAME "/etc/mailname"

void
draft_begin(struct draft *d, const struct setup *setup)
{
	memset(d, 0, sizeof(*d));
	d->setup = setup;
	d->body = setup->options->body;
	d->dsn = setup->options->dsn;
	buf_init(&d->header, 2 * MESSAGE_HEADER_MAX);
	buf_init(&d->aliases, BUF_UNLIMITED);
}

/* What conf/ hands on as it was written, because others know its form. */
static bool
check_forms(const struct profile *p, struct error *err)
{
	return log_check(p, err) && wish_check(p, err) &&
	    bounce_check(p, err) && tls_setup_check(p, err);
}

bool
draft_use_profile(struct draft *d, const char *name, struct error *err)
{
	d->has_profile = profile_resolve(d->setup->file, name, &d->profile,
	    err) && check_forms(&d->profile, err);
	if (d->has_profile)
		trace_note(d->setup->trace, "profile [%s] of %s%s%s", name,
		    d->profile.file, d->why == NULL ? "" : ": ",
		    d->why == NULL ? "" : d->why);
	return d->has_profile;
}

bool
draft_choose_profile(struct draft *d, const struct message *head,
    struct error *err)
{
	bool is_null = d->sender != NULL && d->sender[0] == '\0';
	struct profile_wish wish = {
		.name = d->setup->options->profile,
		.env_name = os_env(d->setup->env, "POSTHASTE_PROFILE"),
		.sender = is_null && d->default_sender != NULL ?
		    d->default_sender : d->sender,
	};
	const char *name;

	if (d->has_profile)
		return true;
	d->header_from = sender_of_header(head);
	wish.header_from = d->header_from;
	return profile_select(d->setup->file, &wish, &name, &d->why, err) &&
	    draft_use_profile(d, name, err);
}

static void
note_wish(struct recipient *r, const struct recipient_wish *wish,
    struct pool *strings)
{
	char words[WISH_NOTIFY_SIZE];

	r->notify = pool_string(strings, wish_notify_text(wish->notify,
	    words));
	r->orcpt = pool_string(strings, wish->orcpt);
}

/* expand_taker: what is asked for an address is asked for all of its alias. */
static bool
take_recipient(void *context, const struct address *address, size_t from,
    struct error *err)
{
	struct draft *d = context;
	const struct address *asked = &d->recipients.items[from];
	struct address copy = *address;
	const struct address_list one = { &copy, 1, 1 };
	size_t i = d->envelope.count;
	char *original;

	if (!envelope_add(&d->envelope, &one, d->domain, err))
		return false;
	/* It may have been there before. */
	if (i == d->envelope.count)
		return true;
	if (address != asked) {
		original = address_to_string(asked, d->domain);
		if (strcmp(original, d->envelope.recipients[i].address) != 0)
			d->envelope.recipients[i].original =
			    pool_string(&d->envelope.strings, original);
		mem_free(original);
	}
	if (from < d->wish_count)
		note_wish(&d->envelope.recipients[i], &d->wishes[from],
		    &d->envelope.strings);
	return true;
}

/* Only as an A-label is a domain known among `local_domains`; whatever else an
 * address has to be is checked when the envelope takes it. */
static bool
settle_domain(struct address *address, struct error *err)
{
	return address->domain == NULL ||
	    text_is_ascii(span_of(address->domain)) ||
	    address_check(address, "recipient", err);
}

/* All recipients, parsed and checked; nothing is sent if one of them is bad. */
static bool
collect_recipients(struct draft *d, struct error *err)
{
	const struct options *o = d->setup->options;
	struct address_list *list = &d->recipients;
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < o->recipient_count; i++)
		ok = address_parse_list(list, span_of(o->recipients[i]),
		    "the argument", ENVELOPE_RECIPIENTS_MAX, err);
	if (ok && o->from_header)
		ok = envelope_collect(list, &d->message, err);
	for (i = 0; ok && i < list->count; i++)
		ok = settle_domain(&list->items[i], err);
	if (ok && list->count == 0) {
		(void)error_set(err, STAGE_USAGE, EX_USAGE, "no recipients");
		ok = error_fix(err, !o->from_header ? "the arguments hold no "
		    "address" : "the message has no address in %s",
		    envelope_is_resent(&d->message) ? "Resent-To, Resent-Cc "
		    "or Resent-Bcc, before which the others don't count" :
		    "To, Cc or Bcc");
	}
	ok = ok && expand_list(&d->profile, list, take_recipient, d,
	    &d->aliases, err);
	/* A part of them is no envelope. */
	if (!ok)
		envelope_free(&d->envelope);
	return ok;
}

static bool
set_sender(struct draft *d, struct error *err)
{
	const char *wish = d->sender;

	if (wish != NULL && !sender_is_obeyed(&d->profile)) {
		trace_note(d->setup->trace, "the sender <%s> is ignored: "
		    "profile [%s] doesn't allow -f", wish, d->profile.name);
		wish = NULL;
	}
	return sender_set(&d->envelope, wish, &d->profile, d->domain,
	    d->header_from, err);
}

static bool
make_envelope(struct draft *d, struct error *err)
{
	return collect_recipients(d, err) && set_sender(d, err);
}

/* The right side of a Message-ID: the sender's domain, or the next best. */
static const char *
id_domain(const struct draft *d)
{
	const char *at = strrchr(d->envelope.reverse_path, '@');

	if (at != NULL && at[1] != '[')
		return at + 1;
	if (d->domain != NULL)
		return d->domain;
	if (d->profile.ehlo != NULL && d->profile.ehlo[0] != '[')
		return d->profile.ehlo;
	return "localhost";
}

static bool
make_header(struct draft *d, struct error *err)
{
	unsigned char random[COMPOSE_RANDOM];
	struct field signature;
	const struct profile *p = &d->profile;
	const struct qualify qualify = { d->domain, p->local_domains };
	char *from = sender_for_header(&d->envelope, sender_is_obeyed(p) ?
	    d->default_sender : NULL, p, d->domain), *name;
	struct compose compose = {
		.from = from,
		.from_name = d->setup->options->full_name != NULL ?
		    d->setup->options->full_name : d->profile.from_name,
		.id_domain = id_domain(d),
		.now = time(NULL),
		.random = random,
		.adds_undisclosed = p->undisclosed_recipients,
	};
	bool ok;

	if (p->qualify_headers && qualify.domain != NULL &&
	    !field_find(&d->message, "DKIM-Signature", &signature, NULL))
		compose.qualify = &qualify;
	author_apply(&d->message, p, &compose, &name);
	ok = os_random(random, sizeof(random), err) &&
	    compose_header(&d->message, &compose, &d->header, err);
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
check_bytes(struct draft *d, struct error *err)
{
	encode_begin(&d->encode, policy_of[d->profile.encode], &d->message,
	    buf_span(&d->header));
	d->encode.keeps_utf8 = d->setup->options->wants_smtputf8 ||
	    envelope_beyond_ascii(&d->envelope) != NULL;
	if (d->body == BODY_7BIT && d->encode.facts.has_8bit)
		return error_set(err, STAGE_INPUT, EX_DATAERR,
		    "the message holds octets over 127, and -B7BIT says that "
		    "it doesn't");
	/* What no relay can carry must not cost a connection. */
	return encode_for(&d->encode, true, err);
}

static void
start_clock(struct draft *d)
{
	d->run = d->profile.total_timeout == 0 ?
	    limit_none(STAGE_NONE, "end") : limit_in(STAGE_NONE, "end",
	    "total_timeout", d->profile.total_timeout);
}

void
draft_begin_run(struct draft *d)
{
	start_clock(d);
	d->domain = d->profile.domain != NULL ?
	    mem_string(d->profile.domain) : profile_mailname(MAILNAME);
}

bool
draft_complete(struct draft *d, struct error *err)
{
	if (!draft_choose_profile(d, &d->message, err))
		return false;
	draft_begin_run(d);
	return make_envelope(d, err) && make_header(d, err) &&
	    check_bytes(d, err);
}

bool
draft_resume(struct draft *d, struct error *err)
{
	start_clock(d);
	return check_bytes(d, err);
}

struct transfer
draft_transfer(struct draft *d)
{
	struct transfer t = {
		.envelope = &d->envelope,
		.encode = &d->encode,
		.wants_8bitmime = d->body == BODY_8BITMIME,
	};

	wish_fill(&t, d->notify, &d->dsn,
	    d->setup->options->wants_requiretls, &d->profile);
	return t;
}

void
draft_free(struct draft *d)
{
	encode_free(&d->encode);
	buf_free(&d->header);
	buf_free(&d->aliases);
	mem_free(d->domain);
	mem_free(d->header_from);
	mem_free(d->sender);
	address_list_free(&d->recipients);
	envelope_free(&d->envelope);
	message_free(&d->message);
	profile_free(&d->profile);
}
