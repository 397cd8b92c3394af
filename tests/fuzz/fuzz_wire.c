/*
 * The wire form: the input's first octets are the sizes of the blocks that are
 * pulled, up to the first LF; behind it stands a header section, an empty line
 * and the body, or a body alone.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"
#include "mail/wire.h"

/* What some relay has been seen to take for the end of the message. */
static const char *const ends_of_data[] = {
	"\r\n.\r\n", "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\n",
	"\r.\r\n", "\r\n.\r", "\n.\r", "\n\r.\r\n", "\r\r\n.\r\r\n",
	"\r\n.\r\r\n", "\n\n.\r\n.",
};

#define FINAL_SIZE 5	/* CRLF "." CRLF */

/*
 * Line ends by a second reading of the rule, octet by octet: CRs before an LF
 * belong to it, any other CR is a line end, and text at the end gets one.
 */
static void
normalise(struct buf *out, struct span part)
{
	size_t i = 0, crs;

	while (i < part.len) {
		for (crs = 0; i + crs < part.len &&
		    part.data[i + crs] == '\r';)
			crs++;
		if (i + crs < part.len && part.data[i + crs] == '\n') {
			text_put(out, span_of("\r\n"));
			i += crs + 1;
		} else if (crs > 0) {
			text_put(out, span_of("\r\n"));
			i++;
		} else {
			text_put_char(out, part.data[i++]);
		}
	}
	if (part.len > 0 && part.data[part.len - 1] != '\n' &&
	    part.data[part.len - 1] != '\r')
		text_put(out, span_of("\r\n"));
}

/* What the relay stores: dots undone, without the final one. */
static void
unstuff(struct buf *out, struct span wire)
{
	bool has_end = false;
	size_t n;

	for (; wire.len > 0; wire = span_skip(wire, n)) {
		n = fuzz_find(wire, span_of("\r\n")) + 2;
		FUZZ_CHECK(n <= wire.len);
		if (span_equals(span_make(wire.data, n), span_of(".\r\n"))) {
			FUZZ_CHECK(n == wire.len);
			has_end = true;
			break;
		}
		if (wire.data[0] == '.') {
			FUZZ_CHECK(wire.data[1] == '.');
			wire = span_skip(wire, 1);
			n--;
		}
		text_put(out, span_make(wire.data, n));
	}
	FUZZ_CHECK(has_end);
}

static void
check_line_ends(struct span wire)
{
	size_t i;

	for (i = 0; i < wire.len; i++) {
		if (wire.data[i] == '\r')
			FUZZ_CHECK(i + 1 < wire.len &&
			    wire.data[i + 1] == '\n');
		if (wire.data[i] == '\n')
			FUZZ_CHECK(i > 0 && wire.data[i - 1] == '\r');
	}
}

/* Nobody, however lenient, finds an end before the end. */
static void
check_one_end(struct span wire)
{
	struct span end, rest;
	struct buf after;
	size_t i, at;

	buf_init(&after, BUF_UNLIMITED);
	/* The line end of DATA stands before it. */
	text_put(&after, span_of("\r\n"));
	text_put(&after, wire);
	for (i = 0; i < sizeof(ends_of_data) / sizeof(ends_of_data[0]); i++) {
		end = span_of(ends_of_data[i]);
		rest = buf_span(&after);
		at = fuzz_find(rest, end);
		FUZZ_CHECK(at == rest.len || at >= rest.len - FINAL_SIZE);
	}
	FUZZ_CHECK(fuzz_find(buf_span(&after), span_of("\r\n.\r\n")) ==
	    after.len - FINAL_SIZE);
	buf_free(&after);
}

/* Pulls blocks of the sizes that `sizes` tells, each in memory of its own. */
static void
pull(struct buf *out, struct span header, struct span body, struct span sizes)
{
	struct wire w;
	bool is_last = false;
	size_t room, n, i = 0;
	char *block;

	wire_begin(&w, header, body);
	while (!is_last) {
		room = WIRE_BLOCK_MIN;
		if (sizes.len > 0)
			room += (unsigned char)sizes.data[i++ % sizes.len];
		block = mem_alloc(room);
		n = wire_pull(&w, block, room, &is_last);
		FUZZ_CHECK(n > 0 && n <= room);
		FUZZ_CHECK(!is_last || (n >= FINAL_SIZE && memcmp(block + n -
		    FINAL_SIZE, "\r\n.\r\n", FINAL_SIZE) == 0));
		text_put(out, span_make(block, n));
		mem_free(block);
	}
	block = mem_alloc(WIRE_BLOCK_MIN);
	FUZZ_CHECK(wire_pull(&w, block, WIRE_BLOCK_MIN, &is_last) == 0);
	FUZZ_CHECK(is_last);
	mem_free(block);
}

/* The chunk is the message as the relay will have it. */
static void
check_chunk(struct span header, struct span body, struct span sizes,
    struct span plain)
{
	size_t room = WIRE_BLOCK_MIN + (sizes.len > 0 ?
	    (unsigned char)sizes.data[0] : 0), n;
	char block[WIRE_BLOCK_MIN + 256];
	bool is_last = false;
	struct wire w;

	wire_begin(&w, header, body);
	wire_as_chunk(&w);
	while (!is_last) {
		n = wire_pull(&w, block, room, &is_last);
		FUZZ_CHECK(n > 0 && n <= plain.len);
		FUZZ_CHECK(memcmp(block, plain.data, n) == 0);
		plain = span_skip(plain, n);
	}
	FUZZ_CHECK(plain.len == 0);
}

static size_t
longest_line(struct span text)
{
	size_t longest = 0, n;

	for (; text.len > 0; text = span_skip(text, n + 2)) {
		n = fuzz_find(text, span_of("\r\n"));
		if (n > longest)
			longest = n;
	}
	return longest;
}

static bool
has_lone_cr(struct span part)
{
	size_t i, next;

	for (i = 0; i < part.len; i++) {
		if (part.data[i] != '\r')
			continue;
		for (next = i; next < part.len && part.data[next] == '\r';)
			next++;
		if (next == part.len || part.data[next] != '\n')
			return true;
	}
	return false;
}

static void
check_facts(struct span header, struct span body, struct span plain)
{
	size_t longest = longest_line(plain);
	struct wire_facts facts;

	wire_survey_message(&facts, header, body);
	FUZZ_CHECK(facts.size == plain.len);
	FUZZ_CHECK(longest > WIRE_LINE_LONG ? facts.longest_line == longest :
	    facts.longest_line <= WIRE_LINE_LONG);
	FUZZ_CHECK(facts.has_nul == (span_find(plain, '\0') < plain.len));
	FUZZ_CHECK(facts.has_8bit == !text_is_ascii(plain));
	FUZZ_CHECK(facts.has_lone_cr == (has_lone_cr(header) ||
	    has_lone_cr(body)));
}

static void
check_message(struct span header, struct span body, struct span sizes)
{
	struct buf wire, stored, plain;

	buf_init(&wire, BUF_UNLIMITED);
	buf_init(&stored, BUF_UNLIMITED);
	buf_init(&plain, BUF_UNLIMITED);
	pull(&wire, header, body, sizes);
	normalise(&plain, header);
	text_put(&plain, span_of("\r\n"));
	normalise(&plain, body);
	check_line_ends(buf_span(&wire));
	check_one_end(buf_span(&wire));
	unstuff(&stored, buf_span(&wire));
	FUZZ_CHECK(span_equals(buf_span(&stored), buf_span(&plain)));
	check_facts(header, body, buf_span(&plain));
	check_chunk(header, body, sizes, buf_span(&plain));
	buf_free(&wire);
	buf_free(&stored);
	buf_free(&plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = fuzz_span(data, size), sizes;
	size_t n = span_find(rest, '\n');

	sizes = span_make(rest.data, n);
	rest = span_skip(rest, n + 1);
	n = fuzz_find(rest, span_of("\n\n"));
	if (n == rest.len)
		check_message(span_make(NULL, 0), rest, sizes);
	else
		check_message(span_make(rest.data, n + 1),
		    span_skip(rest, n + 2), sizes);
	/* No part of it is special: each may be anything. */
	check_message(rest, sizes, rest);
	return 0;
}
