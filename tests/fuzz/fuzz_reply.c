/*
 * Replies: the input is what a relay says. However it arrives, the verdict is
 * the same, and a reply that counts as complete is one by a second reading of
 * the grammar.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "smtp/reply.h"

#define LONG_LINE 4096
#define SHORT_LINE 40
#define ALL_SPLITS 48	/* inputs up to that length are split everywhere */
#define DRIPS 256	/* parts at most of longer ones */

struct verdict {
	bool ok;
	size_t used;
	struct error err;
};

/* Offers the first `n` octets of what isn't used yet. */
static void
feed(struct reply *r, struct span input, size_t n, size_t line_max,
    struct verdict *v)
{
	size_t used;

	if (!v->ok || r->is_complete)
		return;
	v->ok = reply_feed(r, span_make(input.data + v->used, n - v->used),
	    line_max, STAGE_RCPT, &used, &v->err);
	FUZZ_CHECK(used <= n - v->used);
	v->used += used;
}

static void
check_same(const struct reply *a, const struct verdict *va,
    const struct reply *b, const struct verdict *vb)
{
	FUZZ_CHECK(va->ok == vb->ok);
	FUZZ_CHECK(strcmp(va->err.text, vb->err.text) == 0);
	FUZZ_CHECK(a->is_complete == b->is_complete);
	if (!va->ok)
		return;
	FUZZ_CHECK(va->used == vb->used);
	FUZZ_CHECK(a->code == b->code && a->lines == b->lines);
	FUZZ_CHECK(span_equals(buf_span(&a->text), buf_span(&b->text)));
}

/* Whether `line`, without its LF, is one of a reply. */
static bool
is_line(struct span line, bool is_last, int code)
{
	char digits[8];

	(void)snprintf(digits, sizeof(digits), "%03d", code);
	if (line.len < 4 || memcmp(line.data, digits, 3) != 0)
		return false;
	if (line.data[line.len - 1] != '\r')
		return false;
	line.len--;
	if (memchr(line.data, '\r', line.len) != NULL ||
	    memchr(line.data, '\0', line.len) != NULL)
		return false;
	if (line.len == 3)
		return is_last;
	return line.data[3] == (is_last ? ' ' : '-');
}

static void
check_complete(const struct reply *r, struct span read)
{
	size_t lines = 0, n;

	FUZZ_CHECK(r->code >= 200 && r->code <= 599);
	FUZZ_CHECK(read.len > 0 && read.data[read.len - 1] == '\n');
	for (; read.len > 0; read = span_skip(read, n + 1)) {
		n = span_find(read, '\n');
		FUZZ_CHECK(is_line(span_make(read.data, n),
		    n + 1 == read.len, r->code));
		lines++;
	}
	FUZZ_CHECK(lines == r->lines && lines <= REPLY_LINES_MAX);
}

static void
check_renderings(const struct reply *r)
{
	char enhanced[16], quote[100];
	size_t size;

	for (size = 4; size <= sizeof(quote); size += 12) {
		reply_quote(r, quote, size);
		FUZZ_CHECK(strlen(quote) < size);
		FUZZ_CHECK(fuzz_is_printable(span_of(quote)));
	}
	reply_enhanced(r, enhanced, sizeof(enhanced));
	FUZZ_CHECK(enhanced[0] == '\0' || enhanced[0] - '0' == r->code / 100);
	FUZZ_CHECK(strspn(enhanced, "0123456789.") == strlen(enhanced));
}

static void
check_split(const struct reply *whole, const struct verdict *v,
    struct span input, size_t at, struct reply *r, size_t line_max)
{
	struct verdict split = { .ok = true };

	reply_clear(r);
	feed(r, input, at, line_max, &split);
	feed(r, input, input.len, line_max, &split);
	check_same(whole, v, r, &split);
}

static void
check_splits(const struct reply *whole, const struct verdict *v,
    struct span input, struct reply *r, size_t line_max)
{
	struct verdict drip = { .ok = true };
	size_t i;

	reply_clear(r);
	for (i = 0; i < input.len; i += 1 + input.len / DRIPS)
		feed(r, input, i, line_max, &drip);
	feed(r, input, input.len, line_max, &drip);
	check_same(whole, v, r, &drip);
	if (input.len <= ALL_SPLITS)
		for (i = 0; i <= input.len; i++)
			check_split(whole, v, input, i, r, line_max);
	else
		check_split(whole, v, input, (unsigned char)input.data[0] *
		    input.len / 256, r, line_max);
}

static void
judge(struct span input, size_t line_max, struct reply *whole, struct reply *r)
{
	struct verdict v = { .ok = true };

	reply_clear(whole);
	feed(whole, input, input.len, line_max, &v);
	FUZZ_CHECK(v.ok != error_is_set(&v.err));
	if (!v.ok) {
		fuzz_check_error(&v.err);
		FUZZ_CHECK(v.err.exit_code == EX_PROTOCOL);
		FUZZ_CHECK(v.err.stage == STAGE_RCPT);
	} else if (whole->is_complete) {
		check_complete(whole, span_make(input.data, v.used));
		check_renderings(whole);
	}
	check_splits(whole, &v, input, r, line_max);
}

/* reply_init() without the memory it reserves, which takes most of the time. */
static void
begin(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, REPLY_TEXT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply whole, r;

	begin(&whole);
	begin(&r);
	judge(fuzz_span(data, size), LONG_LINE, &whole, &r);
	judge(fuzz_span(data, size), SHORT_LINE, &whole, &r);
	reply_free(&whole);
	reply_free(&r);
	return 0;
}
