#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/capability.h"
#include "smtp/sasl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What "plain" and "login" stand for in the table. */
enum { NO = 0, PLAIN = 1, LOGIN = 2 };

/* Each reply's first line is the relay's name. */
static const struct {
	const char *label, *lines;
	bool starttls, size, eightbit, auth;
	uint64_t size_max;
	int mechanisms;
} offers[] = {
	{ "none", "", false, false, false, false, 0, NO },
	{ "all", "STARTTLS\nSIZE 1000\n8BITMIME\nAUTH PLAIN LOGIN\n", true,
	    true, true, true, 1000, PLAIN | LOGIN },
	{ "in any case", "starttls\nsize 1000\n8bitmime\nauth plain\n", true,
	    true, true, true, 1000, PLAIN },
	{ "among others", "PIPELINING\nSTARTTLS\nXSIZE 5\nDSN\n", true,
	    false, false, false, 0, NO },
	{ "blanks at the ends", " STARTTLS \n8BITMIME\t\n", true, false, true,
	    false, 0, NO },
	{ "an empty line", "\n\nSTARTTLS\n", true, false, false, false, 0,
	    NO },
	{ "a longer word", "STARTTLSX\nSIZES 5\n8BITMIMES\nAUTHX PLAIN\n",
	    false, false, false, false, 0, NO },
	{ "a shorter word", "STARTTL\nSIZ 5\n8BIT\nAUT PLAIN\n", false, false,
	    false, false, 0, NO },
	{ "not the first word", "X STARTTLS\nX AUTH PLAIN\n", false, false,
	    false, false, 0, NO },

	{ "SIZE alone", "SIZE\n", false, true, false, false, 0, NO },
	{ "SIZE 0", "SIZE 0\n", false, true, false, false, 0, NO },
	{ "SIZE with a sign", "SIZE +5\n", false, true, false, false, 0, NO },
	{ "SIZE negative", "SIZE -5\n", false, true, false, false, 0, NO },
	{ "SIZE no number", "SIZE 10M\n", false, true, false, false, 0, NO },
	{ "SIZE two numbers", "SIZE 5 6\n", false, true, false, false, 0, NO },
	{ "SIZE of 64 bits", "SIZE 18446744073709551615\n", false, true,
	    false, false, UINT64_MAX, NO },
	{ "SIZE of 65 bits", "SIZE 18446744073709551616\n", false, true,
	    false, false, 0, NO },
	{ "SIZE of 20 digits, wrapping", "SIZE 99999999999999999999\n", false,
	    true, false, false, 0, NO },
	{ "SIZE far too large", "SIZE 100000000000000000000000\n", false,
	    true, false, false, 0, NO },
	{ "SIZE with zeroes in front", "SIZE 000010\n", false, true, false,
	    false, 10, NO },

	{ "AUTH alone", "AUTH\n", false, false, false, true, 0, NO },
	{ "AUTH of others only", "AUTH GSSAPI NTLM\n", false, false,
	    false, true, 0, NO },
	{ "AUTH with two blanks", "AUTH  PLAIN  LOGIN\n", false, false, false,
	    true, 0, PLAIN | LOGIN },
	{ "AUTH in the old spelling", "AUTH=PLAIN LOGIN\n", false, false,
	    false, true, 0, PLAIN | LOGIN },
	{ "AUTH in the old spelling, in lower case", "auth=login\n", false,
	    false, false, true, 0, LOGIN },
	{ "AUTH in both spellings", "AUTH=LOGIN\nAUTH PLAIN\n", false, false,
	    false, true, 0, PLAIN | LOGIN },
	{ "AUTH of what begins like ours", "AUTH PLAINTEXT LOGIN2\n", false,
	    false, false, true, 0, NO },
};

/* A reply to EHLO with these lines behind its first. */
static void
set_reply(struct reply *r, const char *first, const char *lines)
{
	reply_clear(r);
	r->code = 250;
	r->is_complete = true;
	assert_true(buf_printf(&r->text, "%s\n%s", first, lines));
}

static sasl_set
set_of(int mechanisms)
{
	sasl_set set = 0;

	if ((mechanisms & PLAIN) != 0)
		set |= sasl_named(span_of("PLAIN"));
	if ((mechanisms & LOGIN) != 0)
		set |= sasl_named(span_of("LOGIN"));
	return set;
}

static void
what_is_offered_is_understood(void **state)
{
	struct capability c;
	struct reply r;
	size_t i;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(offers); i++) {
		memset(&c, 0xff, sizeof(c));
		set_reply(&r, "smtp.example.net hello", offers[i].lines);
		capability_parse(&c, &r);
		if (c.has_starttls != offers[i].starttls ||
		    c.has_size != offers[i].size ||
		    c.has_8bitmime != offers[i].eightbit ||
		    c.has_auth != offers[i].auth)
			fail_msg("%s", offers[i].label);
		if (c.size_max != offers[i].size_max ||
		    c.mechanisms != set_of(offers[i].mechanisms))
			fail_msg("%s: %ju, %x", offers[i].label,
			    (uintmax_t)c.size_max, c.mechanisms);
	}
	reply_free(&r);
}

static void
the_first_line_offers_nothing(void **state)
{
	static const char *const names[] = { "STARTTLS", "AUTH PLAIN",
		"AUTH=PLAIN", "SIZE 5", "8BITMIME", "" };
	struct capability c;
	struct reply r;
	size_t i;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(names); i++) {
		set_reply(&r, names[i], "");
		capability_parse(&c, &r);
		assert_false(c.has_starttls || c.has_auth || c.has_size ||
		    c.has_8bitmime);
		assert_int_equal(c.mechanisms, 0);
	}
	reply_free(&r);
}

static void
nothing_of_an_earlier_reply_is_left(void **state)
{
	struct capability c;
	struct reply r;

	(void)state;
	reply_init(&r);
	set_reply(&r, "a", "STARTTLS\nSIZE 5\n8BITMIME\nAUTH PLAIN\n");
	capability_parse(&c, &r);
	assert_true(c.has_starttls);
	set_reply(&r, "a", "DSN\n");
	capability_parse(&c, &r);
	assert_false(c.has_starttls || c.has_auth || c.has_size ||
	    c.has_8bitmime);
	assert_int_equal(c.size_max, 0);
	assert_int_equal(c.mechanisms, 0);
	assert_string_equal(c.auth_words, "");
	reply_free(&r);
}

static void
the_offer_of_mechanisms_is_kept_for_messages(void **state)
{
	struct capability c;
	char lines[400];
	struct reply r;

	(void)state;
	reply_init(&r);
	set_reply(&r, "a", "AUTH CRAM-MD5 \033[2J\n");
	capability_parse(&c, &r);
	assert_string_equal(c.auth_words, "CRAM-MD5 \\x1b[2J");
	set_reply(&r, "a", "AUTH=LOGIN XOAUTH2\n");
	capability_parse(&c, &r);
	assert_string_equal(c.auth_words, "LOGIN XOAUTH2");
	memset(lines, 'X', sizeof(lines) - 1);
	lines[sizeof(lines) - 1] = '\0';
	memcpy(lines, "AUTH ", 5);
	set_reply(&r, "a", lines);
	capability_parse(&c, &r);
	assert_int_equal(strlen(c.auth_words), sizeof(c.auth_words) - 1);
	assert_string_equal(c.auth_words + strlen(c.auth_words) - 4, "X...");
	reply_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_offered_is_understood),
		cmocka_unit_test(the_first_line_offers_nothing),
		cmocka_unit_test(nothing_of_an_earlier_reply_is_left),
		cmocka_unit_test(the_offer_of_mechanisms_is_kept_for_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
