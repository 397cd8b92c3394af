/* SCRAM against the examples of its RFCs, and relays that cheat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/scram.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NONCE "fyko+d2lbbFgONRv9qkxdawL"
#define BOTH NONCE "3rfcNHYJY1ZVvWVs7j"
#define SALT "QSXCR+Q6sek8bf92"

/* RFC 5802 section 5. */
static const struct scram_params rfc5802 = { CRYPTO_SHA1, "user",
	{ "pencil", 6 }, 'n', NULL, { NULL, 0 }, NONCE };

/* RFC 7677 section 3. */
static const struct scram_params rfc7677 = { CRYPTO_SHA256, "user",
	{ "pencil", 6 }, 'n', NULL, { NULL, 0 }, "rOprNGfwEbeRWgbNEkqO" };

static const struct {
	const struct scram_params *params;
	const char *first, *server_first, *final, *server_final;
} examples[] = {
	{ &rfc5802, "n,,n=user,r=" NONCE, "r=" BOTH ",s=" SALT ",i=4096",
	    "c=biws,r=" BOTH ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ &rfc7677, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

static void
the_examples_of_the_rfcs_come_out(void **state)
{
	struct error err = { 0 };
	struct scram s;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(examples); i++) {
		buf_init(&b, 1000);
		assert_true(scram_begin(&s, examples[i].params, &err));
		assert_true(scram_first(&s, &b, &err));
		assert_string_equal(buf_string(&b), examples[i].first);
		buf_clear(&b);
		assert_true(scram_final(&s, span_of(examples[i].server_first),
		    &b, &err));
		assert_string_equal(buf_string(&b), examples[i].final);
		assert_true(scram_verify(&s, span_of(examples[i].server_final),
		    &err));
		assert_false(error_is_set(&err));
		scram_free(&s);
		buf_free(&b);
	}
}

/* What comes of a challenge; "" where it is answered. */
static void
assert_challenge(const struct scram_params *params, const char *challenge,
    int exit_code, const char *text)
{
	struct error err = { 0 };
	struct scram s;
	struct buf b;

	buf_init(&b, 1000);
	assert_true(scram_begin(&s, params, &err));
	assert_true(scram_first(&s, &b, &err));
	buf_clear(&b);
	if (scram_final(&s, span_of(challenge), &b, &err) !=
	    (exit_code == 0) || err.exit_code != exit_code ||
	    strstr(err.text, text) == NULL || (exit_code != 0 && b.len != 0))
		fail_msg("%s: %d %s, '%s'", challenge, err.exit_code, err.text,
		    buf_string(&b));
	scram_free(&s);
	buf_free(&b);
}

static void
challenges_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "r=", "r=" BOTH, "x",
		"r=" BOTH ",s=" SALT, "r=" BOTH ",s=" SALT ",i",
		"r=" BOTH ",s=,i=4096", "r=" BOTH ",s=!,i=4096",
		"r=" BOTH ",i=4096,s=" SALT, "s=" SALT ",r=" BOTH ",i=4096",
		"m=what,r=" BOTH ",s=" SALT ",i=4096",
		"R=" BOTH ",s=" SALT ",i=4096" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_challenge(&rfc5802, bad[i], EX_PROTOCOL, "isn't one");
}

static void
a_nonce_that_isn_t_ours_made_longer_is_refused(void **state)
{
	static const char *const bad[] = { "r=" NONCE ",s=" SALT ",i=4096",
		"r=fyko,s=" SALT ",i=4096",
		"r=FYKO+d2lbbFgONRv9qkxdawLxxx,s=" SALT ",i=4096",
		"r=x" BOTH ",s=" SALT ",i=4096" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_challenge(&rfc5802, bad[i], EX_PROTOCOL,
		    "another question than ours");
}

static void
rounds_have_a_floor_and_a_ceiling(void **state)
{
	static const struct {
		const char *rounds;
		bool is_fine;
	} rows[] = {
		{ "4096", true }, { "4095", false }, { "1", false },
		{ "0", false }, { "", false }, { "-4096", false },
		{ "4096x", false }, { " 4096", false }, { "1000001", false },
		{ "4294971392", false }, { "18446744073709555712", false },
		{ "99999999999999999999999", false }, { "4097", true },
	};
	char challenge[200];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		(void)snprintf(challenge, sizeof(challenge),
		    "r=" BOTH ",s=" SALT ",i=%s", rows[i].rounds);
		assert_challenge(&rfc5802, challenge, rows[i].is_fine ? 0 :
		    EX_PROTOCOL, rows[i].is_fine ? "" : "rounds; 4096 to "
		    "1000000 are accepted");
	}
}

static void
extensions_behind_the_rounds_are_passed_over(void **state)
{
	(void)state;
	assert_challenge(&rfc5802, "r=" BOTH ",s=" SALT ",i=4096,x=new", 0, "");
}

static void
only_the_right_signature_is_a_proof(void **state)
{
	static const char *const bad[] = { "", "v=", "v=AAAA",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKR=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKA=",
		"rmF9pqV8S7suAoZWja4dJRkFsKQ=", "e=other-error",
		"V=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQA" };
	struct error err = { 0 };
	struct scram s;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	assert_true(scram_begin(&s, &rfc5802, &err));
	assert_true(scram_first(&s, &b, &err));
	assert_true(scram_final(&s, span_of(examples[0].server_first), &b,
	    &err));
	for (i = 0; i < COUNT(bad); i++) {
		error_clear(&err);
		if (scram_verify(&s, span_of(bad[i]), &err))
			fail_msg("%s", bad[i]);
		assert_int_equal(err.stage, STAGE_AUTH);
		assert_int_equal(err.exit_code, EX_PROTOCOL);
		assert_string_equal(err.text,
		    "the relay doesn't prove that it knows the password");
	}
	error_clear(&err);
	assert_true(scram_verify(&s, span_of(examples[0].server_final), &err));
	scram_free(&s);
	buf_free(&b);
}

static void
the_channel_is_bound_by_its_octets(void **state)
{
	struct scram_params p = rfc7677;
	struct error err = { 0 };
	struct scram s;
	struct buf b;

	(void)state;
	p.flag = 'p';
	p.binding_name = "tls-exporter";
	p.binding = span_make("\0\xff\0abc", 6);
	buf_init(&b, 1000);
	assert_true(scram_begin(&s, &p, &err));
	assert_true(scram_first(&s, &b, &err));
	assert_string_equal(buf_string(&b),
	    "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO");
	buf_clear(&b);
	assert_true(scram_final(&s, span_of(examples[1].server_first), &b,
	    &err));
	/* base64 of "p=tls-exporter,," and the six octets. */
	assert_memory_equal(b.data, "c=cD10bHMtZXhwb3J0ZXIsLAD/AGFiYw==,r=",
	    37);
	scram_free(&s);
	buf_free(&b);
}

static void
names_have_no_commas_on_the_wire(void **state)
{
	struct scram_params p = rfc5802;
	struct error err = { 0 };
	struct scram s;
	struct buf b;

	(void)state;
	p.user = "a,b=c@example.org";
	buf_init(&b, 1000);
	assert_true(scram_begin(&s, &p, &err));
	assert_true(scram_first(&s, &b, &err));
	assert_string_equal(buf_string(&b),
	    "n,,n=a=2Cb=3Dc@example.org,r=" NONCE);
	scram_free(&s);
	buf_free(&b);
}

/* The proof for a password; owned by the caller. */
static void
get_proof(struct buf *out, struct span password)
{
	struct scram_params p = rfc5802;
	struct error err = { 0 };
	struct scram s;

	p.password = password;
	buf_init(out, 1000);
	assert_true(scram_begin(&s, &p, &err));
	assert_true(scram_first(&s, out, &err));
	buf_clear(out);
	assert_true(scram_final(&s, span_of(examples[0].server_first), out,
	    &err));
	scram_free(&s);
}

static void
passwords_beyond_ascii_are_prepared(void **state)
{
	struct scram_params p = rfc5802;
	struct buf composed, decomposed;

	(void)state;
	/* RFC 8265 section 4.2: NFC, and other spaces become the common one. */
	get_proof(&composed, span_of("p\xc3\xa4ss w"));
	get_proof(&decomposed, span_of("pa\xcc\x88ss\xc2\xa0w"));
	assert_string_equal(buf_string(&composed), buf_string(&decomposed));
	buf_free(&composed);
	buf_free(&decomposed);
	p.password = span_of("p\xe4ss");
	assert_challenge(&p, examples[0].server_first, EX_CONFIG,
	    "characters that SCRAM can't take");
}

static void
each_exchange_has_a_nonce_of_its_own(void **state)
{
	struct scram_params p = rfc5802;
	struct error err = { 0 };
	struct scram a, b;

	(void)state;
	p.nonce = NULL;
	assert_true(scram_begin(&a, &p, &err));
	assert_true(scram_begin(&b, &p, &err));
	assert_int_equal(a.nonce.len, 24);
	assert_int_equal(span_find(buf_span(&a.nonce), ','), 24);
	assert_string_not_equal(buf_string(&a.nonce), buf_string(&b.nonce));
	scram_free(&a);
	scram_free(&b);
}

static void
a_refusal_has_its_reason(void **state)
{
	(void)state;
	assert_true(span_equals(scram_reason(span_of("e=invalid-proof")),
	    span_of("invalid-proof")));
	assert_true(span_equals(scram_reason(span_of("e=no-resources,x=y")),
	    span_of("no-resources")));
	assert_int_equal(scram_reason(span_of("v=AAAA")).len, 0);
	assert_int_equal(scram_reason(span_of("")).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfcs_come_out),
		cmocka_unit_test(challenges_that_are_none_are_refused),
		cmocka_unit_test(
		    a_nonce_that_isn_t_ours_made_longer_is_refused),
		cmocka_unit_test(rounds_have_a_floor_and_a_ceiling),
		cmocka_unit_test(extensions_behind_the_rounds_are_passed_over),
		cmocka_unit_test(only_the_right_signature_is_a_proof),
		cmocka_unit_test(the_channel_is_bound_by_its_octets),
		cmocka_unit_test(names_have_no_commas_on_the_wire),
		cmocka_unit_test(passwords_beyond_ascii_are_prepared),
		cmocka_unit_test(each_exchange_has_a_nonce_of_its_own),
		cmocka_unit_test(a_refusal_has_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
