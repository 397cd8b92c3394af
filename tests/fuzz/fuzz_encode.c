/*
 * The form in which a message leaves: the input's first octet says what the
 * relay offers and what is allowed, behind it stands the message.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/compose.h"
#include "mail/encode.h"
#include "mail/text.h"

enum { WITH_8BITMIME = 1, KEEPS_UTF8 = 2, NEVER = 4, REFUSE = 8 };

/* What the relay stores, and whether it is what the facts say. */
static void
pull(struct buf *out, const struct form *form)
{
	char block[WIRE_BLOCK_MIN + 3];
	bool is_last = false, at_start = true;
	struct wire w;
	size_t n, i, doubled = 0;

	wire_begin(&w, form->header, form->body);
	if (form->is_quoted)
		wire_quote_body(&w);
	while (!is_last) {
		n = wire_pull(&w, block, sizeof(block), &is_last);
		text_put(out, span_make(block, n));
	}
	FUZZ_CHECK(out->len >= 5 && memcmp(out->data + out->len - 5,
	    "\r\n.\r\n", 5) == 0);
	out->len -= 3;
	for (i = 0; i < out->len; i++) {
		if (at_start && out->data[i] == '.')
			doubled++;
		at_start = out->data[i] == '\n';
	}
	FUZZ_CHECK(out->len - doubled == form->facts.size);
}

/* Line ends as wire.h has them, LF here. */
static void
normalise(struct buf *out, struct span body)
{
	size_t i = 0, crs;

	while (i < body.len) {
		for (crs = 0; i + crs < body.len && body.data[i + crs] == '\r';)
			crs++;
		if (i + crs < body.len && body.data[i + crs] == '\n')
			i += crs + 1;
		else if (crs > 0)
			i++;
		else {
			text_put_char(out, body.data[i++]);
			continue;
		}
		text_put_char(out, '\n');
	}
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		text_put_char(out, '\n');
}

static int
digit(char c)
{
	const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);

	FUZZ_CHECK(c != '\0' && at != NULL);
	return (int)(at - digits);
}

/* RFC 2045 section 6.7, read once more. */
static void
decode(struct buf *out, struct span body)
{
	size_t i = 0;

	while (i < body.len) {
		if (body.data[i] == '\r') {
			i++;
		} else if (body.data[i] != '=') {
			text_put_char(out, body.data[i++]);
		} else if (body.data[i + 1] == '\r') {
			i += 3;
		} else {
			text_put_char(out, (char)(digit(body.data[i + 1]) * 16 +
			    digit(body.data[i + 2])));
			i += 3;
		}
	}
}

static void
check_quoted(struct span stored, struct span body)
{
	struct buf wanted, got;
	size_t at = fuzz_find(stored, span_of("\r\n\r\n"));

	buf_init(&wanted, BUF_UNLIMITED);
	buf_init(&got, BUF_UNLIMITED);
	normalise(&wanted, body);
	decode(&got, span_skip(stored, at + 4));
	FUZZ_CHECK(span_equals(buf_span(&wanted), buf_span(&got)));
	FUZZ_CHECK(text_is_ascii(span_skip(stored, at)));
	buf_free(&wanted);
	buf_free(&got);
}

static size_t
count_fields(struct span header)
{
	struct field field;
	struct span line, rest;
	size_t n = 0;

	for (; field_next(&header, &field); n++)
		for (rest = field.whole; span_next(&rest, '\n', &line) &&
		    rest.data != NULL;)
			FUZZ_CHECK(span_find(line, '\r') == line.len);
	FUZZ_CHECK(header.len == 0);
	return n;
}

static void
check_form(const struct encode *e, bool has_8bitmime)
{
	bool changes = e->policy == ENCODE_AUTO && !e->is_signed;
	size_t before = count_fields(e->header);
	size_t after = count_fields(e->form.header);
	struct buf stored;

	buf_init(&stored, BUF_UNLIMITED);
	pull(&stored, &e->form);
	FUZZ_CHECK(!e->form.facts.has_nul);
	FUZZ_CHECK(changes || e->form.header.data == e->header.data);
	FUZZ_CHECK(e->form.is_quoted || before == after);
	FUZZ_CHECK(after <= before + 3);
	if (e->form.is_quoted)
		check_quoted(buf_span(&stored), e->body);
	if (e->passed[0] == '\0') {
		FUZZ_CHECK(e->form.facts.longest_line <= WIRE_LINE_LONG);
		FUZZ_CHECK(has_8bitmime || e->keeps_utf8 ||
		    text_is_ascii(buf_span(&stored)));
	}
	buf_free(&stored);
}

static void
check_message(const struct message *m, int wishes)
{
	const struct compose nothing = { .random = NULL };
	const enum encode_policy policy = wishes & NEVER ? ENCODE_NEVER :
	    wishes & REFUSE ? ENCODE_REFUSE : ENCODE_AUTO;
	struct error err = { 0 };
	struct encode e;
	struct buf header;
	int i;

	buf_init(&header, BUF_UNLIMITED);
	FUZZ_CHECK(compose_header(m, &nothing, &header, &err));
	encode_begin(&e, policy, m, buf_span(&header));
	e.keeps_utf8 = (wishes & KEEPS_UTF8) != 0;
	for (i = 0; i < 2; i++) {
		bool has_8bitmime = (wishes & WITH_8BITMIME) == i;

		error_clear(&err);
		if (encode_for(&e, has_8bitmime, &err)) {
			check_form(&e, has_8bitmime);
		} else {
			fuzz_check_error(&err);
			FUZZ_CHECK(err.exit_code == EX_DATAERR);
		}
	}
	encode_free(&e);
	buf_free(&header);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = fuzz_span(data, size);
	struct error err = { 0 };
	struct message m;

	if (size == 0)
		return 0;
	if (message_from_span(&m, span_skip(input, 1), &err))
		check_message(&m, data[0]);
	message_free(&m);
	return 0;
}
