/*
 * Headers: the input is a message. The composed header gives nothing away,
 * ends where it ends, and has nothing added or lost when it is composed again.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/compose.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "mail/text.h"

static const unsigned char random_octets[COMPOSE_RANDOM] = "0123456789a";

static const char *const removed[] = { "Bcc", "Resent-Bcc", "Return-Path" };

static bool
is_named(struct span name, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (span_equals_nocase(name, span_of(names[i])))
			return true;
	return false;
}

static size_t
count_fields(struct span header)
{
	struct field field;
	size_t n = 0;

	while (field_next(&header, &field))
		if (!is_named(field.name, removed, 3))
			n++;
	return n;
}

/* As a lenient reader would: by the begin of any line, blanks aside. */
static void
check_lines(struct span header)
{
	struct span line;
	size_t i, n;

	while (span_next(&header, '\n', &line)) {
		n = span_find(line, ':');
		if (n == line.len || ascii_is_blank(line.data[0]))
			continue;
		for (i = 0; i < 3; i++)
			FUZZ_CHECK(!span_equals_nocase(span_trim(
			    span_make(line.data, n)), span_of(removed[i])));
	}
}

static void
check_octets(struct span header, struct span input)
{
	FUZZ_CHECK(span_find(header, '\r') == header.len);
	FUZZ_CHECK(span_find(header, '\0') == header.len ||
	    span_find(input, '\0') < input.len);
	FUZZ_CHECK(header.len == 0 || header.data[header.len - 1] == '\n');
	FUZZ_CHECK(!fuzz_contains(header, "\n\n"));
	FUZZ_CHECK(header.len == 0 || header.data[0] != '\n');
}

/*
 * The fields that stay, by a second reading of the rule: CRs before an LF
 * belong to it, any other is a blank. They come first, in their order.
 */
static void
check_kept(const struct message *m, struct span header)
{
	struct span rest = m->header;
	struct field field;
	struct buf kept;
	size_t i, k;

	buf_init(&kept, BUF_UNLIMITED);
	while (field_next(&rest, &field)) {
		if (is_named(field.name, removed, 3))
			continue;
		for (i = 0; i < field.whole.len; i++) {
			for (k = i; k < field.whole.len &&
			    field.whole.data[k] == '\r';)
				k++;
			if (k < field.whole.len && field.whole.data[k] == '\n')
				i = k;
			text_put_char(&kept, field.whole.data[i] == '\r' ?
			    ' ' : field.whole.data[i]);
		}
	}
	FUZZ_CHECK(kept.len <= header.len);
	FUZZ_CHECK(span_equals(buf_span(&kept), span_make(header.data,
	    kept.len)));
	buf_free(&kept);
}

/* What goes out, as the relay will split it. */
static void
rebuild(struct message *again, const struct message *m, struct span header)
{
	struct error err = { 0 };
	struct buf bytes;

	buf_init(&bytes, BUF_UNLIMITED);
	FUZZ_CHECK(buf_add_span(&bytes, header) && buf_add_char(&bytes, '\n') &&
	    buf_add_span(&bytes, m->body));
	FUZZ_CHECK(message_from_span(again, buf_span(&bytes), &err));
	FUZZ_CHECK(span_equals(again->header, header));
	FUZZ_CHECK(span_equals(again->body, m->body));
	buf_free(&bytes);
}

/* The recipients in sight are those of the message, without the hidden ones. */
static void
check_recipients(const struct message *m, const struct message *again)
{
	struct address_list before = { NULL, 0, 0 }, after = { NULL, 0, 0 };
	struct error err = { 0 };
	struct field resent;
	size_t i, k = 0;

	if (!envelope_collect(&before, m, &err)) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.stage == STAGE_ADDRESS);
	} else if (!field_find(m, "Resent-Bcc", &resent, NULL)) {
		FUZZ_CHECK(envelope_collect(&after, again, &err));
		for (i = 0; i < after.count; i++) {
			while (k < before.count && strcmp(
			    before.items[k].local, after.items[i].local) != 0)
				k++;
			FUZZ_CHECK(k < before.count);
		}
	}
	address_list_free(&before);
	address_list_free(&after);
}

static void
check_composed(const struct message *m, const struct compose *c,
    struct span header, size_t added_max)
{
	struct error err = { 0 };
	struct message again;
	struct buf twice;
	size_t n = count_fields(m->header);

	check_octets(header, m->header);
	check_lines(header);
	check_kept(m, header);
	FUZZ_CHECK(count_fields(header) >= n);
	FUZZ_CHECK(count_fields(header) <= n + added_max);
	rebuild(&again, m, header);
	check_recipients(m, &again);
	buf_init(&twice, BUF_UNLIMITED);
	FUZZ_CHECK(compose_header(&again, c, &twice, &err));
	FUZZ_CHECK(span_equals(buf_span(&twice), header));
	buf_free(&twice);
	message_free(&again);
}

/* False where it can't be composed. */
static bool
compose(const struct message *m, const struct compose *c, size_t added_max)
{
	struct error err = { 0 };
	struct buf header;
	bool ok;

	buf_init(&header, 2 * MESSAGE_HEADER_MAX);
	ok = compose_header(m, c, &header, &err);
	FUZZ_CHECK(ok != error_is_set(&err));
	if (ok)
		check_composed(m, c, buf_span(&header), added_max);
	else
		fuzz_check_error(&err);
	buf_free(&header);
	return ok;
}

/* -F may hold anything but a NUL. */
static void
compose_with_name(const struct message *m)
{
	char *name = mem_span(span_make(m->body.data,
	    m->body.len < 200 ? m->body.len : 200));
	const struct compose c = { .from = "a@example.org", .from_name = name,
	    .id_domain = "example.org", .now = 1000000000,
	    .random = random_octets };

	(void)compose(m, &c, 3);
	mem_free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct compose all = { .from = "a@example.org",
	    .from_name = "J\xc3\xbcrgen", .id_domain = "example.org",
	    .now = 1000000000, .random = random_octets };
	const struct compose none = { .random = random_octets };
	struct error err = { 0 };
	struct message m;

	if (message_from_span(&m, fuzz_span(data, size), &err)) {
		/* The body is the input's end, and nothing of it is lost. */
		FUZZ_CHECK(m.header.len + m.body.len <= size);
		FUZZ_CHECK(span_equals(m.body, span_skip(m.bytes,
		    size - m.body.len)));
		FUZZ_CHECK(compose(&m, &all, 3));
		FUZZ_CHECK(compose(&m, &none, 1));
		compose_with_name(&m);
	} else {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.stage == STAGE_INPUT);
		FUZZ_CHECK(err.exit_code == EX_DATAERR);
	}
	message_free(&m);
	return 0;
}
