#include "app/bounce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/defer.h"
#include "app/draft.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "mail/address.h"

#define EXPIRED "4.4.7"	/* RFC 3463: delivery time expired */
#define WORDS 900	/* octets of the relay's words: a line of mail */

/* What is told, and of what. */
struct bounce {
	const struct profile *p;
	const struct spool *spool;
	const struct claim *claim;
	const struct error *reason;
	char *to;		/* owned; bounce_to's address alone */
	char boundary[40];
	struct buf text;
};

static bool
parse_to(const struct profile *p, struct address *to, struct error *err)
{
	return address_parse_one(to, span_of(p->bounce_to), "bounce_to",
	    err) && address_check(to, "bounce_to", err);
}

bool
bounce_check(const struct profile *p, struct error *err)
{
	struct address to = { NULL, NULL, NULL };
	struct error fault = { 0 };
	bool ok = true;

	if (p->bounce_to == NULL)
		return true;
	if (!parse_to(p, &to, &fault))
		ok = error_set(err, STAGE_CONFIG, EX_CONFIG, "%s",
		    fault.text) || profile_locate(p, err);
	else if (to.domain == NULL)
		ok = profile_refuse(p, "bounce_to", p->bounce_to, err,
		    "an address without a domain");
	address_free(&to);
	return ok || error_fix(err, "write it as in bounce_to = "
	    "postmaster@example.org");
}

static bool
add_head(struct bounce *b)
{
	return buf_printf(&b->text, "To: <%s>\n"
	    "Subject: Undelivered mail\n"
	    "Auto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"%s\"\n\n", b->to, b->boundary);
}

static bool
add_part(struct bounce *b, const char *type)
{
	return buf_printf(&b->text, "\n--%s\nContent-Type: %s\n\n",
	    b->boundary, type);
}

static bool
add_address(struct bounce *b, const char *before, const char *address,
    const char *behind)
{
	return buf_add_string(&b->text, before) &&
	    buf_add_escaped(&b->text, span_of(address)) &&
	    buf_add_string(&b->text, behind);
}

static bool
add_words(struct bounce *b)
{
	const struct letter *l = &b->claim->letter;
	bool ok = add_part(b, "text/plain; charset=us-ascii") &&
	    buf_printf(&b->text, "A message couldn't be delivered to the "
	    "recipients below. It is kept in\n%s/failed/%s.\n\n"
	    "  %.*s\n", b->spool->path, b->claim->id, WORDS, b->reason->text);
	size_t i;

	if (ok && b->reason->reply[0] != '\0')
		ok = buf_printf(&b->text, "  %.*s\n", WORDS,
		    b->reason->reply);
	ok = ok && buf_add_char(&b->text, '\n');
	for (i = 0; ok && i < l->count; i++)
		if (l->recipients[i].state != LETTER_DELIVERED)
			ok = add_address(b, "  ", l->recipients[i].address,
			    "\n");
	return ok;
}

/* RFC 3464 section 2.3: a group of fields for each recipient. */
static bool
add_status(struct bounce *b)
{
	const struct letter *l = &b->claim->letter;
	const char *status = b->reason->enhanced[0] != '\0' ?
	    b->reason->enhanced : b->reason->temporary ? EXPIRED : "5.0.0";
	char node[256];
	bool ok;
	size_t i;

	os_node_name(node, sizeof(node));
	ok = add_part(b, "message/delivery-status") &&
	    add_address(b, "Reporting-MTA: dns; ", node, "\n");
	for (i = 0; ok && i < l->count; i++) {
		if (l->recipients[i].state == LETTER_DELIVERED)
			continue;
		ok = add_address(b, "\nFinal-Recipient: rfc822; ",
		    l->recipients[i].address, "\nAction: failed\nStatus: ") &&
		    buf_printf(&b->text, "%s\n", status);
		if (ok && b->reason->reply[0] != '\0')
			ok = buf_printf(&b->text, "Diagnostic-Code: smtp; "
			    "%.*s\n", WORDS, b->reason->reply);
	}
	return ok;
}

static bool
write_text(struct bounce *b, struct error *err)
{
	uint64_t random[2];

	if (!os_random(random, sizeof(random), err))
		return false;
	(void)snprintf(b->boundary, sizeof(b->boundary), "%016" PRIx64 "%016"
	    PRIx64, random[0], random[1]);
	return (add_head(b) && add_words(b) && add_status(b) &&
	    add_part(b, "text/rfc822-headers") &&
	    buf_add_span(&b->text, b->claim->letter.header) &&
	    buf_printf(&b->text, "\n--%s--\n", b->boundary)) ||
	    error_set(err, STAGE_SYSTEM, EX_OSERR, "the bounce is too long");
}

/* From the null sender, so that nobody answers it in turn. */
static bool
commit(const struct bounce *b, const struct setup *setup, struct spool *spool,
    struct error *err)
{
	const struct options plain = { .mode = MODE_SUBMIT };
	const struct error none = { 0 };
	struct setup own = *setup;
	struct address to = { NULL, NULL, NULL };
	char id[SPOOL_ID_SIZE];
	struct draft draft;
	bool ok;

	own.options = &plain;
	draft_begin(&draft, &own);
	draft.sender = mem_string("");
	draft.default_sender = b->to;
	ok = draft_use_profile(&draft, b->p->name, err) &&
	    message_from_span(&draft.message, buf_span(&b->text), err) &&
	    parse_to(b->p, &to, err);
	if (ok)
		address_list_add(&draft.recipients, &to);
	ok = ok && draft_complete(&draft, err) &&
	    defer_commit(spool, &draft, &none, (int64_t)time(NULL), id, err);
	address_free(&to);
	draft_free(&draft);
	return ok;
}

bool
bounce_commit(const struct setup *setup, const struct profile *p,
    struct spool *spool, const struct claim *c, const struct error *reason,
    struct error *err)
{
	struct bounce b = { p, spool, c, reason, NULL, "",
		{ NULL, 0, 0, 0 } };
	struct address to = { NULL, NULL, NULL };
	bool ok;

	if (p->bounce_to == NULL || c->letter.sender[0] == '\0')
		return true;
	buf_init(&b.text, BUF_UNLIMITED);
	ok = parse_to(p, &to, err);
	if (ok)
		b.to = address_to_string(&to, NULL);
	ok = ok && write_text(&b, err) && commit(&b, setup, spool, err);
	address_free(&to);
	mem_free(b.to);
	buf_free(&b.text);
	return ok;
}
