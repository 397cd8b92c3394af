#include "mail/encode.h"

#include <stdio.h>
#include <string.h>

#include "mail/rewrite.h"
#include "mail/text.h"

/* A header whose raw text is made encoded words gets longer. */
#define REWRITTEN_MAX (8 * MESSAGE_HEADER_MAX)

#define NAMES_MAX 80

/* What a relay may not be able to carry, as bits. */
enum trouble { TROUBLE_NUL = 1, TROUBLE_LONG = 2, TROUBLE_8BIT = 4 };

static const char version_field[] = "MIME-Version: 1.0\n";
static const char encoding_field[] =
    "Content-Transfer-Encoding: quoted-printable\n";

void
encode_begin(struct encode *e, enum encode_policy policy,
    const struct message *m, struct span header)
{
	struct span first;

	memset(e, 0, sizeof(*e));
	buf_init(&e->rewritten, REWRITTEN_MAX);
	e->policy = policy;
	e->is_signed = message_is_signed(m);
	e->header = header;
	e->body = m->body;
	mime_read(&e->mime, header);
	wire_survey(&e->raw, m->header);
	/* Without the empty line, the line that ended the header counts as
	 * one of it: a NUL mustn't make text of a field. */
	first = m->body;
	first.len = span_find(first, '\n');
	if (m->header.len > 0 && m->header.data + m->header.len == first.data &&
	    span_find(first, '\0') < first.len)
		e->raw.has_nul = true;
	wire_survey(&e->header_facts, header);
	wire_survey(&e->body_facts, m->body);
	wire_survey_message(&e->facts, header, span_make(NULL, 0));
	wire_facts_add(&e->facts, &e->body_facts);
}

void
encode_free(struct encode *e)
{
	buf_free(&e->rewritten);
}

static unsigned int
troubles(const struct wire_facts *f, bool takes_8bit)
{
	return (f->has_nul ? (unsigned int)TROUBLE_NUL : 0) |
	    (f->longest_line > WIRE_LINE_LONG ?
	    (unsigned int)TROUBLE_LONG : 0) |
	    (f->has_8bit && !takes_8bit ? (unsigned int)TROUBLE_8BIT : 0);
}

/* Why the body stays as it is, or NULL where it may be encoded. */
static const char *
obstacle(const struct encode *e)
{
	if (e->policy != ENCODE_AUTO)
		return "encode = never";
	if (e->is_signed)
		return "the message is signed";
	if (e->mime.is_multipart)
		return "the message has several parts";
	if (!e->mime.is_text)
		return "the message isn't text";
	if (!e->mime.is_identity)
		return "the message is encoded already";
	return NULL;
}

static bool
refuse_nul(const struct encode *e, const char *why, struct error *err)
{
	(void)error_set(err, STAGE_INPUT, EX_DATAERR,
	    "the message holds a NUL, which mail can't carry");
	if (e->raw.has_nul || e->header_facts.has_nul)
		return error_cause(err, "it stands in the header");
	return error_cause(err, "it can't be encoded: %s", why);
}

/* What has no form, whatever the relay can do. */
static bool
check_signed_and_nul(const struct encode *e, struct error *err)
{
	const char *why = obstacle(e);

	if (e->raw.has_nul || e->header_facts.has_nul ||
	    (e->body_facts.has_nul && why != NULL &&
	    e->policy != ENCODE_REFUSE))
		return refuse_nul(e, why, err);
	if (e->is_signed && (e->raw.has_lone_cr || e->facts.has_lone_cr))
		return error_set(err, STAGE_INPUT, EX_DATAERR,
		    "the signed message holds a lone CR, which mail can't "
		    "carry");
	return true;
}

/* "a line of 1200 octets, 8-bit text". */
static bool
name_troubles(char out[NAMES_MAX], unsigned int found, size_t longest)
{
	int n = 0;

	out[0] = '\0';
	if (found & TROUBLE_LONG)
		n = snprintf(out, NAMES_MAX, "a line of %zu octets", longest);
	if (found & TROUBLE_8BIT)
		(void)snprintf(out + n, NAMES_MAX - (size_t)n,
		    "%s8-bit text without 8BITMIME", n > 0 ? ", " : "");
	return out[0] != '\0';
}

static bool
refuse(const struct encode *e, unsigned int found, struct error *err)
{
	char what[NAMES_MAX];

	(void)name_troubles(what, found, e->facts.longest_line);
	(void)error_set(err, STAGE_INPUT, EX_DATAERR, "the message holds %s",
	    found & TROUBLE_NUL ? "a NUL" : what);
	(void)error_cause(err, "`encode = refuse` lets nothing be encoded");
	return error_fix(err, "set `encode` to auto, or let the program that "
	    "wrote the message encode it");
}

static const char *
charset(const struct encode *e)
{
	return !e->body_facts.has_8bit || text_is_utf8(e->body) ? "utf-8" :
	    "unknown-8bit";
}

/* The Content-Type as it was, and the charset that it lacks. */
static bool
add_type(const struct encode *e, struct span whole, struct buf *out)
{
	whole = span_trim(whole);
	while (whole.len > 0 && whole.data[whole.len - 1] == ';')
		whole = span_trim(span_make(whole.data, whole.len - 1));
	return buf_add_span(out, whole) &&
	    buf_printf(out, "; charset=%s\n", charset(e));
}

/* The fields that tell of a body that is encoded now. */
static bool
add_missing(const struct encode *e, struct buf *out)
{
	return (e->mime.has_version || buf_add_string(out, version_field)) &&
	    (e->mime.has_type || buf_printf(out, "Content-Type: text/plain; "
	    "charset=%s\n", charset(e))) &&
	    buf_add_string(out, encoding_field);
}

static bool
tells_of_body(const struct field *field)
{
	return span_equals_nocase(field->name, span_of("Content-Type")) ||
	    span_equals_nocase(field->name,
	    span_of("Content-Transfer-Encoding"));
}

/* Such a field, as it must be for a body that is encoded. */
static bool
add_body_field(const struct encode *e, const struct field *field,
    const struct rewrite *how, struct buf *out)
{
	if (!span_equals_nocase(field->name, span_of("Content-Type")))
		return true;
	return e->mime.has_charset ? rewrite_field(field, how, out) :
	    add_type(e, field->whole, out);
}

/* The header in the form that `how` asks for and the body needs. */
static bool
rewrite(struct encode *e, const struct rewrite *how, struct error *err)
{
	struct span rest = e->header;
	struct field field;
	bool ok = true;

	buf_clear(&e->rewritten);
	while (ok && field_next(&rest, &field))
		ok = e->form.is_quoted && tells_of_body(&field) ?
		    add_body_field(e, &field, how, &e->rewritten) :
		    rewrite_field(&field, how, &e->rewritten);
	ok = ok && (!e->form.is_quoted || add_missing(e, &e->rewritten));
	e->form.header = buf_span(&e->rewritten);
	return ok || error_set(err, STAGE_INPUT, EX_DATAERR,
	    "the header has more than %zu octets", e->rewritten.limit);
}

static bool
may_rewrite(const struct encode *e)
{
	return e->policy == ENCODE_AUTO && !e->is_signed;
}

static void
name_passed(struct encode *e, unsigned int found, const char *why)
{
	char what[NAMES_MAX];

	e->passed[0] = '\0';
	if (name_troubles(what, found, e->form.facts.longest_line))
		(void)snprintf(e->passed, sizeof(e->passed), "%s (%s)", what,
		    why);
}

bool
encode_for(struct encode *e, bool has_8bitmime, struct error *err)
{
	bool header_takes_8bit = has_8bitmime || e->keeps_utf8;
	unsigned int header = troubles(&e->header_facts, header_takes_8bit);
	unsigned int body = troubles(&e->body_facts, has_8bitmime);
	struct wire_facts facts = e->header_facts;
	/* 8BITMIME allows raw text; for domains it does nothing. */
	const struct rewrite how = { .words = !header_takes_8bit,
	    .domains = !e->keeps_utf8 };
	const char *why = obstacle(e);

	if (!check_signed_and_nul(e, err))
		return false;
	if (e->policy == ENCODE_REFUSE && (header | body) != 0)
		return refuse(e, header | body, err);
	e->form.header = e->header;
	e->form.body = e->body;
	e->form.is_quoted = body != 0 && why == NULL;
	if (e->form.is_quoted || (may_rewrite(e) && (header != 0 ||
	    (e->header_facts.has_8bit && how.domains)))) {
		if (!rewrite(e, &how, err))
			return false;
		memset(&facts, 0, sizeof(facts));
		wire_survey(&facts, e->form.header);
		header = troubles(&facts, header_takes_8bit);
	}
	if (e->form.is_quoted)
		body = 0;
	wire_survey_message(&e->form.facts, span_make(NULL, 0),
	    span_make(NULL, 0));
	wire_facts_add(&e->form.facts, &facts);
	if (e->form.is_quoted && e->quoted.size == 0)
		wire_survey_quoted(&e->quoted, e->body);
	wire_facts_add(&e->form.facts, e->form.is_quoted ? &e->quoted :
	    &e->body_facts);
	name_passed(e, header | body, body != 0 || !may_rewrite(e) ? why :
	    "in the header");
	return true;
}
