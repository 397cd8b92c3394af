#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "smtp/sasl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *word;
	bool is_known;
} words[] = {
	{ "PLAIN", true },
	{ "plain", true },
	{ "LOGIN", true },
	{ "Login", true },
	{ "", false },
	{ "PLAI", false },
	{ "PLAINX", false },
	{ " PLAIN", false },
	{ "CRAM-MD5", true },
	{ "EXTERNAL", true },
	{ "XOAUTH2", true },
	{ "oauthbearer", true },
	{ "SCRAM-SHA-1", true },
	{ "SCRAM-SHA-256-PLUS", true },
	{ "SCRAM-SHA-512", false },
	{ "GSSAPI", false },
	{ "ANONYMOUS", false },
};

static const struct sasl_mechanism *
mechanism(const char *name)
{
	const struct sasl_mechanism *m = sasl_best(sasl_named(span_of(name)));

	assert_non_null(m);
	assert_string_equal(sasl_name(m), name);
	return m;
}

static void
mechanisms_are_known_by_their_whole_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++)
		if ((sasl_named(span_of(words[i].word)) != 0) !=
		    words[i].is_known)
			fail_msg("'%s'", words[i].word);
	assert_int_equal(sasl_named(span_of("plain")),
	    sasl_named(span_of("PLAIN")));
	assert_int_equal(sasl_named(span_of("PLAIN")) &
	    sasl_named(span_of("LOGIN")), 0);
	assert_int_equal(sasl_named(span_make("PLAIN\0", 6)), 0);
}

static sasl_set
set_of(const char *names)
{
	struct span rest = span_of(names), word;
	sasl_set set = 0;

	while (span_next(&rest, ' ', &word)) {
		assert_int_not_equal(sasl_named(word), 0);
		set |= sasl_named(word);
	}
	return set;
}

static void
the_best_of_what_is_offered_is_taken(void **state)
{
	static const char *const order[] = { "SCRAM-SHA-256-PLUS",
		"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
		"LOGIN" };
	sasl_set set = ~0U;
	size_t i;

	(void)state;
	assert_null(sasl_best(0));
	for (i = 0; i < COUNT(order); i++) {
		assert_string_equal(sasl_name(sasl_best(set &
		    sasl_automatic())), order[i]);
		set &= ~sasl_named(span_of(order[i]));
	}
	/* Bits without a mechanism, and those that go by name only. */
	assert_null(sasl_best(set & sasl_automatic()));
	assert_null(sasl_best(1U << 31));
	assert_int_equal(sasl_automatic() & set_of("CRAM-MD5 EXTERNAL XOAUTH2 "
	    "OAUTHBEARER"), 0);
	assert_int_equal(sasl_bound(),
	    set_of("SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS"));
	assert_int_equal(sasl_tokens(), set_of("XOAUTH2 OAUTHBEARER"));
}

/* Begins an exchange of `name` for these credentials. */
static void
begin(struct sasl *s, const char *name, const struct sasl_credentials *c)
{
	static struct sasl_params params;
	struct error err = { 0 };

	params.credentials = c;
	params.host = "relay.test";
	params.port = 587;
	assert_true(sasl_begin(s, mechanism(name), &params, &err));
}

/* Asserts that the next answer to `challenge` is `answer`. */
static void
assert_answer(struct sasl *s, const char *challenge, struct span answer)
{
	struct error err = { 0 };
	struct buf b;

	buf_init(&b, 1000);
	assert_false(sasl_is_done(s));
	assert_true(sasl_answer(s, span_of(challenge), &b, &err));
	assert_true(span_equals(buf_span(&b), answer));
	assert_false(error_is_set(&err));
	buf_free_secret(&b);
}

static void
plain_says_all_at_once(void **state)
{
	/* RFC 4616 section 4. */
	struct sasl_credentials tim = { "tim", span_of("tanstaaftanstaaf") };
	struct sasl s;

	(void)state;
	assert_true(sasl_is_client_first(mechanism("PLAIN")));
	begin(&s, "PLAIN", &tim);
	assert_answer(&s, "", span_make("\0tim\0tanstaaftanstaaf", 21));
	assert_true(sasl_is_done(&s));
}

static void
login_answers_two_prompts_in_their_order(void **state)
{
	static const char *const prompts[][2] = {
		{ "Username:", "Password:" },
		{ "User Name", "Password" },
		{ "", "" },
		{ "Password:", "Username:" },
		{ "VXNlcm5hbWU6", "\033[2J" },
	};
	struct sasl_credentials c = { "robot@example.org", span_of("secret") };
	struct sasl s;
	size_t i;

	(void)state;
	assert_false(sasl_is_client_first(mechanism("LOGIN")));
	for (i = 0; i < COUNT(prompts); i++) {
		begin(&s, "LOGIN", &c);
		assert_answer(&s, prompts[i][0], span_of("robot@example.org"));
		assert_answer(&s, prompts[i][1], span_of("secret"));
		assert_true(sasl_is_done(&s));
	}
}

static void
octets_of_a_password_are_taken_as_they_are(void **state)
{
	struct sasl_credentials c = { "u\xc3\xa4", span_make(" \xff\t", 3) };
	struct sasl s;

	(void)state;
	begin(&s, "PLAIN", &c);
	assert_answer(&s, "", span_make("\0u\xc3\xa4\0 \xff\t", 8));
	begin(&s, "LOGIN", &c);
	assert_answer(&s, "", span_of("u\xc3\xa4"));
	assert_answer(&s, "", span_make(" \xff\t", 3));
}

static void
a_challenge_too_many_breaks_the_protocol(void **state)
{
	static const struct {
		const char *name, *text;
		int answers;
	} mechanisms[] = {
		{ "PLAIN", "the relay asks for more than PLAIN has to say",
		    1 },
		{ "LOGIN", "the relay asks for more than LOGIN has to say",
		    2 },
	};
	struct sasl_credentials c = { "u", span_of("secret") };
	struct error err;
	struct sasl s;
	struct buf b;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < COUNT(mechanisms); i++) {
		error_clear(&err);
		buf_init(&b, 1000);
		begin(&s, mechanisms[i].name, &c);
		for (n = 0; n < mechanisms[i].answers; n++)
			assert_true(sasl_answer(&s, span_of("x"), &b, &err));
		buf_clear(&b);
		assert_false(sasl_answer(&s, span_of("x"), &b, &err));
		assert_int_equal(b.len, 0);
		assert_int_equal(err.stage, STAGE_AUTH);
		assert_int_equal(err.exit_code, EX_PROTOCOL);
		assert_false(err.temporary);
		assert_string_equal(err.text, mechanisms[i].text);
		buf_free_secret(&b);
	}
}

static void
credentials_over_the_limit_are_refused(void **state)
{
	struct sasl_credentials c = { "robot", span_of("secret") };
	struct error err = { 0 };
	struct sasl s;
	struct buf b;

	(void)state;
	buf_init(&b, 12);
	begin(&s, "PLAIN", &c);
	assert_false(sasl_answer(&s, span_of(""), &b, &err));
	assert_int_equal(err.stage, STAGE_AUTH);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_string_equal(err.text,
	    "user and password are too long for PLAIN");
	assert_null(strstr(err.text, "secret"));
	assert_false(sasl_is_done(&s));
	buf_free_secret(&b);
	error_clear(&err);
	buf_init(&b, 4);
	begin(&s, "LOGIN", &c);
	assert_false(sasl_answer(&s, span_of(""), &b, &err));
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_string_equal(err.text,
	    "user and password are too long for LOGIN");
	buf_free_secret(&b);
}

static void
an_exchange_can_begin_anew(void **state)
{
	struct sasl_credentials c = { "u", span_of("p") };
	struct sasl s;

	(void)state;
	begin(&s, "LOGIN", &c);
	assert_answer(&s, "", span_of("u"));
	begin(&s, "PLAIN", &c);
	assert_answer(&s, "", span_make("\0u\0p", 4));
	assert_true(sasl_is_done(&s));
}

static void
cram_md5_answers_with_the_digest(void **state)
{
	/* RFC 2195 section 2. */
	struct sasl_credentials tim = { "tim", span_of("tanstaaftanstaaf") };
	struct sasl s;

	(void)state;
	assert_false(sasl_is_client_first(mechanism("CRAM-MD5")));
	begin(&s, "CRAM-MD5", &tim);
	assert_answer(&s, "<1896.697170952@postoffice.reston.mci.net>",
	    span_of("tim b913a602c7eda7a495b4e6e7334d3890"));
	assert_true(sasl_is_done(&s));
	assert_true(span_equals(s.secret,
	    span_of("b913a602c7eda7a495b4e6e7334d3890")));
	sasl_end(&s);
}

static void
external_names_the_user_or_nobody(void **state)
{
	struct sasl_credentials robot = { "robot", { NULL, 0 } };
	struct sasl_credentials nobody = { NULL, { NULL, 0 } };
	struct sasl s;

	(void)state;
	begin(&s, "EXTERNAL", &robot);
	assert_answer(&s, "", span_of("robot"));
	assert_true(sasl_is_done(&s));
	begin(&s, "EXTERNAL", &nobody);
	assert_answer(&s, "", span_of(""));
	assert_true(sasl_is_done(&s));
}

static void
tokens_are_carried_as_they_must(void **state)
{
	/* RFC 7628 section 4.1 but for the names. */
	struct sasl_credentials c = { "a,b=c@example.com",
	    span_of("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==") };
	struct sasl s;

	(void)state;
	begin(&s, "OAUTHBEARER", &c);
	assert_answer(&s, "", span_of("n,a=a=2Cb=3Dc@example.com,\001"
	    "host=relay.test\001port=587\001auth=Bearer "
	    "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001"));
	assert_true(sasl_is_done(&s));
	begin(&s, "XOAUTH2", &c);
	assert_answer(&s, "", span_of("user=a,b=c@example.com\001auth=Bearer "
	    "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001"));
	assert_true(sasl_is_done(&s));
}

static void
a_refused_token_is_answered_once(void **state)
{
	static const struct {
		const char *name, *dummy;
	} rows[] = { { "OAUTHBEARER", "\001" }, { "XOAUTH2", "" } };
	static const char why[] = "{\"status\":\"invalid_token\"}";
	struct sasl_credentials c = { "u", span_of("token") };
	struct error err = { 0 };
	struct sasl s;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_init(&b, 1000);
		begin(&s, rows[i].name, &c);
		assert_true(sasl_answer(&s, span_of(""), &b, &err));
		buf_clear(&b);
		assert_true(sasl_answer(&s, span_of(why), &b, &err));
		assert_string_equal(buf_string(&b), rows[i].dummy);
		assert_string_equal(buf_string(&s.refusal), why);
		/* A 235 would be a lie now, another 334 too. */
		assert_false(sasl_is_done(&s));
		assert_false(sasl_answer(&s, span_of(why), &b, &err));
		assert_int_equal(err.exit_code, EX_PROTOCOL);
		error_clear(&err);
		sasl_end(&s);
		buf_free_secret(&b);
	}
}

static void
the_gs2_flag_tells_what_was_seen(void **state)
{
	static const struct {
		const char *name, *binding, *offered, *header;
	} rows[] = {
		{ "SCRAM-SHA-256-PLUS", "tls-exporter",
		    "SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=" },
		{ "SCRAM-SHA-1-PLUS", "tls-server-end-point",
		    "SCRAM-SHA-1-PLUS", "p=tls-server-end-point,,n=" },
		{ "SCRAM-SHA-256", "tls-exporter", "SCRAM-SHA-256 PLAIN",
		    "y,,n=" },
		{ "SCRAM-SHA-256", "tls-exporter",
		    "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "n,,n=" },
		{ "SCRAM-SHA-256", "tls-exporter",
		    "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "n,,n=" },
		{ "SCRAM-SHA-1", NULL, "SCRAM-SHA-1", "n,,n=" },
	};
	struct sasl_credentials c = { "u", span_of("p") };
	struct error err = { 0 };
	struct sasl s;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const struct sasl_params params = { .credentials = &c,
		    .offered = set_of(rows[i].offered),
		    .binding_name = rows[i].binding,
		    .binding = span_of("binding") };

		buf_init(&b, 1000);
		assert_true(sasl_begin(&s, mechanism(rows[i].name), &params,
		    &err));
		assert_true(sasl_answer(&s, span_of(""), &b, &err));
		if (strncmp(buf_string(&b), rows[i].header,
		    strlen(rows[i].header)) != 0)
			fail_msg("%s: %s", rows[i].name, buf_string(&b));
		sasl_end(&s);
		buf_free_secret(&b);
	}
}

static void
scram_s_own_refusal_is_heard(void **state)
{
	struct sasl_credentials c = { "u", span_of("p") };
	const struct sasl_params params = { .credentials = &c,
	    .nonce = "fyko+d2lbbFgONRv9qkxdawL" };
	struct error err = { 0 };
	struct sasl s;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_true(sasl_begin(&s, mechanism("SCRAM-SHA-1"), &params, &err));
	assert_true(sasl_answer(&s, span_of(""), &b, &err));
	assert_true(sasl_answer(&s, span_of("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHY"
	    ",s=QSXCR+Q6sek8bf92,i=4096"), &b, &err));
	buf_clear(&b);
	assert_true(sasl_answer(&s, span_of("e=invalid-proof"), &b, &err));
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_string(&s.refusal), "invalid-proof");
	assert_false(sasl_is_done(&s));
	assert_false(sasl_answer(&s, span_of("v="), &b, &err));
	assert_int_equal(err.exit_code, EX_PROTOCOL);
	sasl_end(&s);
	buf_free_secret(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mechanisms_are_known_by_their_whole_names),
		cmocka_unit_test(the_best_of_what_is_offered_is_taken),
		cmocka_unit_test(plain_says_all_at_once),
		cmocka_unit_test(login_answers_two_prompts_in_their_order),
		cmocka_unit_test(octets_of_a_password_are_taken_as_they_are),
		cmocka_unit_test(a_challenge_too_many_breaks_the_protocol),
		cmocka_unit_test(credentials_over_the_limit_are_refused),
		cmocka_unit_test(an_exchange_can_begin_anew),
		cmocka_unit_test(cram_md5_answers_with_the_digest),
		cmocka_unit_test(external_names_the_user_or_nobody),
		cmocka_unit_test(tokens_are_carried_as_they_must),
		cmocka_unit_test(a_refused_token_is_answered_once),
		cmocka_unit_test(the_gs2_flag_tells_what_was_seen),
		cmocka_unit_test(scram_s_own_refusal_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
