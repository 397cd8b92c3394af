#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/quoted.h"
#include "mail/wire.h"

/* The body on the wire, in blocks of `size`, without the final dot. */
static void
send_quoted(struct buf *out, struct span body, size_t size)
{
	char block[300];
	bool is_last = false;
	struct wire w;
	size_t n;

	wire_begin(&w, span_make(NULL, 0), body);
	wire_quote_body(&w);
	while (!is_last) {
		n = wire_pull(&w, block, size, &is_last);
		assert_in_range(n, 1, size);
		assert_true(buf_add(out, block, n));
	}
	assert_memory_equal(out->data, "\r\n", 2);
	assert_memory_equal(out->data + out->len - 5, "\r\n.\r\n", 5);
	buf_consume(out, 2);
	out->len -= 3;
	out->data[out->len] = '\0';
}

static int
digit(char c)
{
	const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);

	assert_true(c != '\0' && at != NULL);
	return (int)(at - digits);
}

/* A reading of RFC 2045 section 6.7 of its own; checks each line's form. */
static void
decode(struct buf *out, struct span wire)
{
	struct span line;

	while (span_next(&wire, '\n', &line) && wire.data != NULL) {
		assert_true(line.len > 0 && line.data[line.len - 1] == '\r');
		line.len--;
		assert_in_range(line.len, 0, QUOTED_LINE_MAX);
		assert_true(line.len == 0 || (line.data[0] != '.' &&
		    line.data[line.len - 1] != ' ' &&
		    line.data[line.len - 1] != '\t'));
		for (; line.len > 0; line = span_skip(line, 1)) {
			if (line.data[0] != '=') {
				assert_in_range(line.data[0], '\t', '~');
				assert_true(buf_add_char(out, line.data[0]));
			} else if (line.len == 1) {
				break;
			} else {
				assert_true(line.len >= 3);
				assert_true(buf_add_char(out, (char)(digit(
				    line.data[1]) * 16 + digit(line.data[2]))));
				line = span_skip(line, 2);
			}
		}
		if (line.len == 0)
			assert_true(buf_add_char(out, '\n'));
	}
}

/* Text without CRs and with LF at its end comes back as it was. */
static void
check_round_trip(struct span text)
{
	static const size_t sizes[] = { WIRE_BLOCK_MIN, 17, 23, 300 };
	struct wire_facts facts = { 0 };
	struct buf wire, back;
	size_t i;

	wire_survey_quoted(&facts, text);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&wire, BUF_UNLIMITED);
		buf_init(&back, BUF_UNLIMITED);
		send_quoted(&wire, text, sizes[i]);
		assert_int_equal(wire.len, facts.size);
		decode(&back, buf_span(&wire));
		assert_int_equal(back.len, text.len);
		assert_memory_equal(back.data, text.data, text.len);
		buf_free(&wire);
		buf_free(&back);
	}
}

static void
what_is_decoded_is_what_was_encoded(void **state)
{
	/* A generator of our own: the same numbers everywhere. */
	static const char common[] = "ab =.\t\n\n\xc3\xa9";
	uint32_t seed = 1;
	char text[400];
	size_t round, i, n;

	(void)state;
	for (round = 0; round < 2000; round++) {
		n = 1 + round % (sizeof(text) - 1);
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = (seed >> 30) == 0 ? (char)(seed >> 8) :
			    common[(seed >> 16) % (sizeof(common) - 1)];
			if (text[i] == '\r')
				text[i] = 'r';
		}
		text[n - 1] = '\n';
		check_round_trip(span_make(text, n));
	}
}

static void
every_length_of_a_line_round_trips(void **state)
{
	static const char ends[] = { 'a', '.', '=', ' ', '\xe9' };
	char text[240];
	size_t n, i;

	(void)state;
	for (i = 0; i < sizeof(ends); i++) {
		memset(text, ends[i], sizeof(text));
		for (n = 1; n < sizeof(text); n++) {
			text[n - 1] = '\n';
			check_round_trip(span_make(text, n));
			text[n - 1] = ends[i];
		}
	}
}

static void
lines_are_encoded_by_the_rules_of_rfc_2045(void **state)
{
#define A75 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaa"
	static const struct {
		const char *text, *wire;
	} rows[] = {
		{ "a\n", "a\r\n" },
		{ "a=b", "a=3Db\r\n" },
		{ "a \nb\t\n", "a=20\r\nb=09\r\n" },
		{ "a b\tc\n", "a b\tc\r\n" },
		{ "\n\n", "\r\n\r\n" },
		{ ".\n..\n", "=2E\r\n=2E.\r\n" },
		{ "\x7f\xff\x01\n", "=7F=FF=01\r\n" },
		{ "a\rb\r\r\nc\r", "a\r\nb\r\nc\r\n" },
		{ "a \rb\n", "a=20\r\nb\r\n" },
		{ A75 "b\n", A75 "b\r\n" },
		{ A75 "bc\n", A75 "=\r\nbc\r\n" },
		{ A75 ".c\n", A75 "=\r\n=2Ec\r\n" },
		{ A75 " \n", A75 "=\r\n=20\r\n" },
	};
	struct buf wire;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&wire, BUF_UNLIMITED);
		send_quoted(&wire, span_of(rows[i].text), 300);
		assert_string_equal(buf_string(&wire), rows[i].wire);
		buf_free(&wire);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_decoded_is_what_was_encoded),
		cmocka_unit_test(every_length_of_a_line_round_trips),
		cmocka_unit_test(lines_are_encoded_by_the_rules_of_rfc_2045),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
