#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mail/compose.h"
#include "mail/text.h"

static const unsigned char octets[COMPOSE_RANDOM] = {
	0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0xff, 0xab, 0xcd, 0xef, 0x12, 0x34,
};

#define ALL "From: a@b\nDate: d\nMessage-ID: <m>\n"
#define ID "Message-ID: <1136214245.00010f107f80ffabcdef1234@example.org>\n"
#define NOW 1136214245 /* Mon, 02 Jan 2006 15:04:05 UTC */

static const struct {
	const char *label, *input, *header;
} cases[] = {
	{ "nothing is missing", ALL "X: y\n\nbody\n", ALL "X: y\n" },
	{ "all is missing", "body\n",
	    "From: u@example.org\nDate: Mon, 02 Jan 2006 15:04:05 +0000\n"
	    ID },
	{ "From is missing", "Date: d\nMessage-ID: <m>\n\n",
	    "Date: d\nMessage-ID: <m>\nFrom: u@example.org\n" },
	{ "Date is missing", "From: a@b\nMessage-ID: <m>\n\n",
	    "From: a@b\nMessage-ID: <m>\n"
	    "Date: Mon, 02 Jan 2006 15:04:05 +0000\n" },
	{ "Message-ID is missing", "From: a@b\nDate: d\n\n",
	    "From: a@b\nDate: d\n" ID },
	{ "names in any case", "FROM: a@b\ndate : d\nmessage-id: <m>\n",
	    "FROM: a@b\ndate : d\nmessage-id: <m>\n" },
	{ "a malformed From counts", "From: <<\nDate: \nMessage-ID:\n",
	    "From: <<\nDate: \nMessage-ID:\n" },
	{ "several are kept", ALL "From: c@d\nDate: e\n",
	    ALL "From: c@d\nDate: e\n" },
	{ "Bcc goes", "Bcc: a@b\n" ALL "bcc : c@d\n", ALL },
	{ "Bcc goes with its folded lines", ALL
	    "Bcc: a@b,\n c@d,\r\n\te@f\n \n g@h\nX: y\n", ALL "X: y\n" },
	{ "Resent-Bcc goes", ALL "Resent-Bcc: a@b\nResent-To: c@d\n",
	    ALL "Resent-To: c@d\n" },
	{ "Return-Path goes", "Return-Path: <a@b>\n" ALL, ALL },
	{ "what only begins so stays", ALL "Bccc: a\nX-Bcc: b\n",
	    ALL "Bccc: a\nX-Bcc: b\n" },
	{ "nothing of Resent is added", ALL "Resent-From: a@b\n",
	    ALL "Resent-From: a@b\n" },
	{ "CRLF becomes LF", "From: a@b\r\nDate: d\r\r\nMessage-ID: <m>\r\n"
	    "X: y\r\n z\r\n\r\n", ALL "X: y\n z\n" },
	{ "a lone CR becomes a space", ALL "X: y\rBcc: z\r\r a\r\n",
	    ALL "X: y Bcc: z   a\n" },
	{ "a From line goes", "From a@b Mon\n" ALL, ALL },
};

static void
init(struct compose *c)
{
	memset(c, 0, sizeof(*c));
	c->from = "u@example.org";
	c->id_domain = "example.org";
	c->now = NOW;
	c->random = octets;
}

static void
set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static bool
compose(const char *input, const struct compose *c, struct buf *out,
    struct error *err)
{
	struct message m;
	bool ok;

	error_clear(err);
	buf_clear(out);
	if (!message_from_span(&m, span_of(input), err))
		fail_msg("%s", err->text);
	ok = compose_header(&m, c, out, err);
	message_free(&m);
	return ok;
}

static void
what_must_not_leave_goes_and_what_is_missing_comes(void **state)
{
	struct compose c;
	struct error err;
	struct buf out;
	size_t i;

	(void)state;
	set_zone("UTC0");
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!compose(cases[i].input, &c, &out, &err))
			fail_msg("%s: %s", cases[i].label, err.text);
		if (strcmp(buf_string(&out), cases[i].header) != 0)
			fail_msg("%s: '%s'", cases[i].label,
			    buf_string(&out));
	}
	buf_free(&out);
}

static void
the_date_is_local_time_with_its_offset(void **state)
{
	static const struct {
		const char *zone;
		time_t now;
		const char *date;
	} dates[] = {
		{ "UTC0", 0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\n" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", NOW,
		    "Date: Mon, 02 Jan 2006 16:04:05 +0100\n" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1152111845,
		    "Date: Wed, 05 Jul 2006 17:04:05 +0200\n" },
		{ "IST-5:30", NOW, "Date: Mon, 02 Jan 2006 20:34:05 +0530\n" },
		{ "NST3:30", NOW, "Date: Mon, 02 Jan 2006 11:34:05 -0330\n" },
		{ "HST10", 1136073600,
		    "Date: Sat, 31 Dec 2005 14:00:00 -1000\n" },
		{ "LINT-14", 1136030400,
		    "Date: Sun, 01 Jan 2006 02:00:00 +1400\n" },
		{ "CHAT-12:45", 1141128000,
		    "Date: Wed, 01 Mar 2006 00:45:00 +1245\n" },
		{ "XXX0:30", 1141171200,
		    "Date: Tue, 28 Feb 2006 23:30:00 -0030\n" },
	};
	struct compose c;
	struct error err;
	struct buf out;
	size_t i;

	(void)state;
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		set_zone(dates[i].zone);
		c.now = dates[i].now;
		assert_true(compose("From: a\nMessage-ID: b\n", &c, &out,
		    &err));
		assert_string_equal(buf_string(&out) + 22, dates[i].date);
	}
	buf_free(&out);
}

static void
a_time_without_a_date_is_a_failure_of_the_system(void **state)
{
	struct compose c;
	struct error err;
	struct buf out;

	(void)state;
	set_zone("UTC0");
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	c.now = (time_t)INT64_MAX;
	if (sizeof(time_t) < sizeof(int64_t))
		skip();
	assert_false(compose("From: a\n", &c, &out, &err));
	assert_string_equal(err.text,
	    "the clock shows no time that has a date");
	assert_int_equal(err.stage, STAGE_SYSTEM);
	assert_int_equal(err.exit_code, EX_OSERR);
	buf_free(&out);
}

static void
what_is_not_given_is_not_added(void **state)
{
	struct compose c;
	struct error err;
	struct buf out;

	(void)state;
	set_zone("UTC0");
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	c.from = NULL;
	c.id_domain = NULL;
	assert_true(compose("", &c, &out, &err));
	assert_string_equal(buf_string(&out),
	    "Date: Mon, 02 Jan 2006 15:04:05 +0000\n");
	buf_free(&out);
}

static void
a_nul_stays_where_it_is(void **state)
{
	struct error err = { 0 };
	struct compose c;
	struct message m;
	struct buf out;

	(void)state;
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	assert_true(message_from_span(&m, span_make("A: b\0\rc\nDate: d\n",
	    16), &err));
	c.from = c.id_domain = NULL;
	assert_true(compose_header(&m, &c, &out, &err));
	assert_int_equal(out.len, 16);
	assert_memory_equal(out.data, "A: b\0 c\nDate: d\n", 16);
	message_free(&m);
	buf_free(&out);
}

static void
the_limit_of_the_buffer_is_an_error_of_the_data(void **state)
{
	struct compose c;
	struct error err;
	struct buf out;
	size_t limit;

	(void)state;
	set_zone("UTC0");
	init(&c);
	c.from_name = "J\xc3\xbcrgen";
	for (limit = 0; limit < 156; limit++) {
		buf_init(&out, limit);
		if (compose("A: b\nC: d\n", &c, &out, &err))
			fail_msg("%zu was enough", limit);
		assert_int_equal(err.stage, STAGE_INPUT);
		assert_int_equal(err.exit_code, EX_DATAERR);
		assert_memory_equal(err.text, "the header has more than ", 25);
		buf_free(&out);
	}
	buf_init(&out, 156);
	assert_true(compose("A: b\nC: d\n", &c, &out, &err));
	assert_int_equal(out.len, 156);
	buf_free(&out);
}

#define TEN "abcdefghij"
#define EURO "\xe2\x82\xac"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
	const char *label, *name, *mailbox;
} mailboxes[] = {
	{ "no name", NULL, "a@b" },
	{ "an empty name", "", "a@b" },
	{ "a word", "John", "John <a@b>" },
	{ "words", "John Public", "John Public <a@b>" },
	{ "a dot", "John Q. Public", "\"John Q. Public\" <a@b>" },
	{ "a comma", "Public, John", "\"Public, John\" <a@b>" },
	{ "quotes and backslashes", "a \"b\" \\c",
	    "\"a \\\"b\\\" \\\\c\" <a@b>" },
	{ "blanks at the ends", " a ", "\" a \" <a@b>" },
	{ "two blanks", "a  b", "\"a  b\" <a@b>" },
	{ "an address", "a@b", "\"a@b\" <a@b>" },
	{ "an encoded word", "=?utf-8?Q?J=C3=BC?=",
	    "=?utf-8?Q?J=C3=BC?= <a@b>" },
	{ "UTF-8", "J\xc3\xbcrgen", "=?utf-8?Q?J=C3=BCrgen?= <a@b>" },
	{ "Latin-1", "J\xfcrgen", "=?unknown-8bit?Q?J=FCrgen?= <a@b>" },
	{ "UTF-8 and blanks", "J\xc3\xbcrgen M. \"_?=",
	    "=?utf-8?B?SsO8cmdlbiBNLiAiXz89?= <a@b>" },
	{ "UTF-8 and a blank", "J\xc3\xbcrgen Muster",
	    "=?utf-8?Q?J=C3=BCrgen_Muster?= <a@b>" },
	{ "mostly not ASCII", "\xe6\x97\xa5\xe6\x9c\xac",
	    "=?utf-8?B?5pel5pys?= <a@b>" },
	{ "words over a line", FIFTY " " TEN " " TEN,
	    FIFTY " " TEN "\n " TEN " <a@b>" },
	{ "a long word", FIFTY TEN TEN, FIFTY TEN TEN "\n <a@b>" },
	{ "a word that is too long", FIFTY TEN TEN "k",
	    "=?utf-8?Q?" FIFTY "abcdefgh?=\n =?utf-8?Q?ij" TEN "k?= <a@b>" },
	{ "a quoted string that is too long", FIFTY TEN "a,b " TEN,
	    "=?utf-8?Q?" FIFTY "abcdefgh?=\n =?utf-8?Q?ija=2Cb_" TEN
	    "?= <a@b>" },
	{ "characters aren't cut in base64", "a" EURO EURO EURO EURO EURO EURO
	    EURO EURO EURO EURO EURO EURO EURO EURO,
	    "=?utf-8?B?YeKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKC"
	    "rOKCrOKCrOKCrA==?=\n =?utf-8?B?4oKs?= <a@b>" },
	{ "characters aren't cut in Q", FIFTY "ab\xc3\xbc\xc3\xbc",
	    "=?utf-8?Q?" FIFTY "ab=C3=BC?=\n =?utf-8?Q?=C3=BC?= <a@b>" },
};

static void
names_become_atoms_quoted_strings_or_encoded_words(void **state)
{
	struct error err = { 0 };
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
		buf_clear(&out);
		assert_true(compose_mailbox(&out, mailboxes[i].name, "a@b",
		    &err));
		if (strcmp(buf_string(&out), mailboxes[i].mailbox) != 0)
			fail_msg("%s: '%s'", mailboxes[i].label,
			    buf_string(&out));
	}
	buf_free(&out);
}

/* Lines of a field that begins with "From: ". */
static void
expect_short_lines(struct span field)
{
	struct span line, word;
	size_t first = 6;

	while (span_next(&field, '\n', &line)) {
		assert_true(first + line.len <= 76);
		first = 0;
		while (span_next(&line, ' ', &word))
			assert_true(word.len <= 75);
	}
}

static void
no_line_is_longer_than_76_whatever_the_name(void **state)
{
	static const char *const units[] = { "a", "ab ", "\"", ",",
	    "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "a\xc3\xbc ",
	    "?", "abc\xe2\x82\xac" };
	struct error err = { 0 };
	struct buf name, out;
	size_t i, n;

	(void)state;
	buf_init(&name, BUF_UNLIMITED);
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		buf_clear(&name);
		for (n = 0; n < 200; n++) {
			text_put(&name, span_of(units[i]));
			buf_clear(&out);
			assert_true(compose_mailbox(&out, buf_string(&name),
			    "user@example.org", &err));
			expect_short_lines(buf_span(&out));
		}
	}
	buf_free(&name);
	buf_free(&out);
}

static void
a_name_with_controls_is_refused(void **state)
{
	static const struct {
		const char *name, *error;
	} names[] = {
		{ "a\nBcc: b", "the display name 'a\\x0aBcc: b' has a control "
		    "character in it" },
		{ "a\r", "the display name 'a\\x0d' has a control character "
		    "in it" },
		{ "a\tb", "the display name 'a\\x09b' has a control character "
		    "in it" },
		{ "\x7f", "the display name '\\x7f' has a control character "
		    "in it" },
		{ "a\xc2\x85", "the display name 'a\\xc2\\x85' has a control "
		    "character in it" },
	};
	struct compose c;
	struct error err;
	struct buf out;
	size_t i;

	(void)state;
	init(&c);
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		error_clear(&err);
		buf_clear(&out);
		assert_false(compose_mailbox(&out, names[i].name, "a@b",
		    &err));
		assert_int_equal(out.len, 0);
		assert_string_equal(err.text, names[i].error);
		assert_int_equal(err.stage, STAGE_ADDRESS);
		assert_int_equal(err.exit_code, EX_DATAERR);
		c.from_name = names[i].name;
		assert_false(compose("Date: d\n", &c, &out, &err));
		assert_string_equal(err.text, names[i].error);
	}
	buf_free(&out);
}

static void
a_mailbox_over_the_limit_leaves_the_buffer_as_it_was(void **state)
{
	struct error err = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 12);
	text_put(&out, span_of("From: "));
	assert_false(compose_mailbox(&out, "J", "a@b.c", &err));
	assert_string_equal(buf_string(&out), "From: ");
	assert_string_equal(err.text, "the header has more than 12 octets");
	assert_int_equal(err.stage, STAGE_INPUT);
	assert_int_equal(err.exit_code, EX_DATAERR);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_must_not_leave_goes_and_what_is_missing_comes),
		cmocka_unit_test(the_date_is_local_time_with_its_offset),
		cmocka_unit_test(
		    a_time_without_a_date_is_a_failure_of_the_system),
		cmocka_unit_test(what_is_not_given_is_not_added),
		cmocka_unit_test(a_nul_stays_where_it_is),
		cmocka_unit_test(
		    the_limit_of_the_buffer_is_an_error_of_the_data),
		cmocka_unit_test(
		    names_become_atoms_quoted_strings_or_encoded_words),
		cmocka_unit_test(no_line_is_longer_than_76_whatever_the_name),
		cmocka_unit_test(
		    a_name_with_controls_is_refused),
		cmocka_unit_test(
		    a_mailbox_over_the_limit_leaves_the_buffer_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
