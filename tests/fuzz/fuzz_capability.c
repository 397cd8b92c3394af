/*
 * Capabilities: the input is a reply to EHLO, or where it isn't one the text of
 * one. Nothing is read that wasn't offered in these words, and upper and lower
 * case mean the same.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "smtp/capability.h"
#include "smtp/sasl.h"

/* False where the input is too much text for a reply. */
static bool
make_reply(struct reply *r, struct span input)
{
	struct error err = { 0 };
	size_t used;

	/* reply_init()'s reserve would take most of the time. */
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, REPLY_TEXT_MAX);
	if (reply_feed(r, input, 4096, STAGE_EHLO, &used, &err) &&
	    r->is_complete)
		return true;
	reply_clear(r);
	r->code = 250;
	r->is_complete = true;
	return buf_add_span(&r->text, input) && buf_add_char(&r->text, '\n');
}

/* Whether a line behind the first begins with the keyword, blanks aside. */
static bool
is_offered(struct span text, const char *keyword)
{
	struct span k = span_of(keyword), line;

	text = span_skip(text, span_find(text, '\n'));
	while (text.len > 0) {
		text = span_skip(text, 1);
		line = span_make(text.data, span_find(text, '\n'));
		text = span_skip(text, line.len);
		line = span_trim(line);
		if (span_starts_with_nocase(line, k) && (line.len == k.len ||
		    line.data[k.len] == ' ' || k.data[k.len - 1] == '='))
			return true;
	}
	return false;
}

static void
check_mechanisms(const struct capability *c, struct span text)
{
	static const char *const names[] = { "PLAIN", "LOGIN",
		"CRAM-MD5", "EXTERNAL", "XOAUTH2", "OAUTHBEARER",
		"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
		"SCRAM-SHA-256-PLUS" };
	sasl_set known = 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		known |= sasl_named(span_of(names[i]));
		if ((c->mechanisms & sasl_named(span_of(names[i]))) != 0)
			FUZZ_CHECK(span_contains_nocase(text,
			    span_of(names[i])));
	}
	FUZZ_CHECK((c->mechanisms & ~known) == 0);
	FUZZ_CHECK(c->mechanisms == 0 || c->has_auth);
	FUZZ_CHECK(memchr(c->auth_words, '\0', sizeof(c->auth_words)) != NULL);
	FUZZ_CHECK(fuzz_is_printable(span_of(c->auth_words)));
}

static void
check(const struct capability *c, struct span text)
{
	char number[32];

	FUZZ_CHECK(c->has_starttls == is_offered(text, "STARTTLS"));
	FUZZ_CHECK(c->has_8bitmime == is_offered(text, "8BITMIME"));
	FUZZ_CHECK(c->has_size == is_offered(text, "SIZE"));
	FUZZ_CHECK(c->has_auth == (is_offered(text, "AUTH") ||
	    is_offered(text, "AUTH=")));
	FUZZ_CHECK(c->size_max == 0 || c->has_size);
	(void)snprintf(number, sizeof(number), "%" PRIu64, c->size_max);
	FUZZ_CHECK(c->size_max == 0 || fuzz_contains(text, number));
	check_mechanisms(c, text);
}

static void
check_case(const struct capability *c, struct reply *r)
{
	struct capability other;
	size_t i;

	for (i = 0; i < r->text.len; i++)
		r->text.data[i] = i % 2 == 0 ? ascii_upper(r->text.data[i]) :
		    ascii_lower(r->text.data[i]);
	capability_parse(&other, r);
	FUZZ_CHECK(c->has_starttls == other.has_starttls);
	FUZZ_CHECK(c->has_size == other.has_size);
	FUZZ_CHECK(c->has_8bitmime == other.has_8bitmime);
	FUZZ_CHECK(c->has_auth == other.has_auth);
	FUZZ_CHECK(c->size_max == other.size_max);
	FUZZ_CHECK(c->mechanisms == other.mechanisms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capability c;
	struct reply r;

	if (make_reply(&r, fuzz_span(data, size))) {
		/* What was there before is forgotten. */
		memset(&c, 0xff, sizeof(c));
		capability_parse(&c, &r);
		check(&c, buf_span(&r.text));
		check_case(&c, &r);
	}
	reply_free(&r);
	return 0;
}
