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
	{ "CRAM-MD5", false },
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

static void
the_best_of_what_is_offered_is_taken(void **state)
{
	sasl_set plain = sasl_named(span_of("PLAIN"));
	sasl_set login = sasl_named(span_of("LOGIN"));

	(void)state;
	assert_null(sasl_best(0));
	assert_string_equal(sasl_name(sasl_best(plain)), "PLAIN");
	assert_string_equal(sasl_name(sasl_best(login)), "LOGIN");
	assert_string_equal(sasl_name(sasl_best(plain | login)), "PLAIN");
	/* A bit without a mechanism. */
	assert_null(sasl_best(~(plain | login)));
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
	sasl_begin(&s, mechanism("PLAIN"), &tim);
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
		sasl_begin(&s, mechanism("LOGIN"), &c);
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
	sasl_begin(&s, mechanism("PLAIN"), &c);
	assert_answer(&s, "", span_make("\0u\xc3\xa4\0 \xff\t", 8));
	sasl_begin(&s, mechanism("LOGIN"), &c);
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
		sasl_begin(&s, mechanism(mechanisms[i].name), &c);
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
	sasl_begin(&s, mechanism("PLAIN"), &c);
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
	sasl_begin(&s, mechanism("LOGIN"), &c);
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
	sasl_begin(&s, mechanism("LOGIN"), &c);
	assert_answer(&s, "", span_of("u"));
	sasl_begin(&s, mechanism("PLAIN"), &c);
	assert_answer(&s, "", span_make("\0u\0p", 4));
	assert_true(sasl_is_done(&s));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
