#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* FIPS 180-4's examples, and the hash of nothing. */
static const struct {
	const char *bytes, *hex;
} hashes[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

static const struct {
	const char *label, *name, *ascii;	/* NULL: it has none */
} domains[] = {
	{ "ASCII", "example.org", "example.org" },
	{ "ASCII in capitals", "Mail.EXAMPLE.Org", "mail.example.org" },
	{ "one label", "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "capitals beyond ASCII", "B\xc3\x9c" "CHER.Example",
	    "xn--bcher-kva.example" },
	{ "an ideographic full stop", "b\xc3\xbc" "cher\xe3\x80\x82" "example",
	    "xn--bcher-kva.example" },
	{ "a label that is one already", "xn--bcher-kva.example",
	    "xn--bcher-kva.example" },
	{ "not UTF-8", "b\xfc" "cher.example", NULL },
	{ "a label that is too long once encoded", "\xc3\xa4"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    ".example", NULL },
	{ "an unassigned character", "\xf3\xa0\x82\x80.example", NULL },
};

static int
hex_value(char c)
{
	return ascii_is_digit(c) ? c - '0' : c - 'a' + 10;
}

static void
sha256_gives_the_known_hashes(void **state)
{
	unsigned char out[CRYPTO_SHA256_SIZE];
	const char *hex;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(hashes); i++) {
		assert_true(crypto_sha256(out, span_of(hashes[i].bytes)));
		hex = hashes[i].hex;
		for (k = 0; k < sizeof(out); k++)
			assert_int_equal(out[k], hex_value(hex[2 * k]) * 16 +
			    hex_value(hex[2 * k + 1]));
	}
}

static void
sha256_takes_the_empty_span(void **state)
{
	unsigned char of_null[CRYPTO_SHA256_SIZE], of_empty[CRYPTO_SHA256_SIZE];

	(void)state;
	assert_true(crypto_sha256(of_null, span_of(NULL)));
	assert_true(crypto_sha256(of_empty, span_of("")));
	assert_memory_equal(of_null, of_empty, sizeof(of_null));
}

static void
domains_get_their_ascii_form(void **state)
{
	struct buf b;
	size_t i;
	bool done;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	for (i = 0; i < COUNT(domains); i++) {
		buf_clear(&b);
		done = crypto_domain_to_ascii(&b, span_of(domains[i].name));
		if (done != (domains[i].ascii != NULL))
			fail_msg("%s: %d", domains[i].label, (int)done);
		if (done && strcmp(buf_string(&b), domains[i].ascii) != 0)
			fail_msg("%s: %s", domains[i].label, buf_string(&b));
	}
	buf_free(&b);
}

static void
a_domain_is_added_behind_what_is_there(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add_string(&b, "Robot@"));
	assert_true(crypto_domain_to_ascii(&b, span_of("EXAMPLE.org")));
	assert_string_equal(buf_string(&b), "Robot@example.org");
	assert_true(crypto_domain_to_ascii(&b, span_make("A.Bc", 3)));
	assert_string_equal(buf_string(&b), "Robot@example.orga.b");
	buf_free(&b);
}

static void
a_domain_over_the_limit_is_refused(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_false(crypto_domain_to_ascii(&b, span_of("example.org")));
	assert_string_equal(buf_string(&b), "");
	buf_free(&b);
}

static void
assert_hex(const unsigned char *out, const char *hex)
{
	size_t k;

	for (k = 0; k < strlen(hex) / 2; k++)
		assert_int_equal(out[k], hex_value(hex[2 * k]) * 16 +
		    hex_value(hex[2 * k + 1]));
}

/* RFC 2202 and RFC 4231, test cases 2. */
static void
hmac_gives_the_known_digests(void **state)
{
	static const char *const hex[] = {
		[CRYPTO_MD5] = "750c783e6ab0b503eaa86e310a5db738",
		[CRYPTO_SHA1] = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		[CRYPTO_SHA256] = "5bdcc146bf60754e6a042426089575c7"
		    "5a003f089d2739839dec58b964ec3843",
	};
	unsigned char out[CRYPTO_DIGEST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hex); i++) {
		assert_int_equal(crypto_digest_size((enum crypto_digest)i),
		    strlen(hex[i]) / 2);
		assert_true(crypto_hmac((enum crypto_digest)i, out,
		    span_of("Jefe"), span_of("what do ya want for nothing?")));
		assert_hex(out, hex[i]);
	}
}

static void
parts_are_hashed_as_one(void **state)
{
	const struct span parts[] = { span_of("a"), { NULL, 0 },
		span_of("bc") };
	unsigned char out[CRYPTO_SHA256_SIZE], whole[CRYPTO_SHA256_SIZE];

	(void)state;
	assert_true(crypto_sha256_parts(out, parts, COUNT(parts)));
	assert_true(crypto_sha256(whole, span_of("abc")));
	assert_memory_equal(out, whole, sizeof(out));
}

static void
hashes_of_abc_are_the_known_ones(void **state)
{
	unsigned char out[CRYPTO_DIGEST_MAX];

	(void)state;
	assert_true(crypto_hash(CRYPTO_MD5, out, span_of("abc")));
	assert_hex(out, "900150983cd24fb0d6963f7d28e17f72");
	assert_true(crypto_hash(CRYPTO_SHA1, out, span_of("abc")));
	assert_hex(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_true(crypto_hash(CRYPTO_SHA256, out, span_of("abc")));
	assert_hex(out, hashes[1].hex);
}

/* RFC 6070, and RFC 7914 section 11 as far as a digest goes. */
static void
pbkdf2_gives_the_known_keys(void **state)
{
	unsigned char out[CRYPTO_DIGEST_MAX];

	(void)state;
	assert_true(crypto_pbkdf2(CRYPTO_SHA1, out, span_of("password"),
	    span_of("salt"), 4096));
	assert_hex(out, "4b007901b765489abead49d926f721d065a429c1");
	assert_true(crypto_pbkdf2(CRYPTO_SHA256, out, span_of("passwd"),
	    span_of("salt"), 1));
	assert_hex(out, "55ac046e56e3089fec1691c22544b605"
	    "f94185216dde0465e68b9d57c20dacbc");
}

static void
random_octets_are_others_each_time(void **state)
{
	unsigned char a[16], b[16];

	(void)state;
	assert_true(crypto_random(a, sizeof(a)));
	assert_true(crypto_random(b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
octets_are_compared_to_the_last(void **state)
{
	(void)state;
	assert_true(crypto_equals("abcd", "abcd", 4));
	assert_true(crypto_equals("abcd", "abcx", 3));
	assert_true(crypto_equals("", "x", 0));
	assert_false(crypto_equals("abcd", "abcx", 4));
	assert_false(crypto_equals("xbcd", "abcd", 4));
}

static void
passwords_are_prepared_beyond_ascii_only(void **state)
{
	static const struct {
		const char *password, *prepared;	/* NULL: refused */
	} rows[] = {
		{ " a~Z ", " a~Z " },
		{ "", "" },
		{ "pa\xcc\x88ss", "p\xc3\xa4ss" },
		{ "a\xc2\xa0" "b", "a b" },
		{ "\xc5\xbf", "\xc5\xbf" },	/* NFC, not NFKC */
		{ "\xff", NULL },
		{ "\xc3\xa4\x07", NULL },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_init(&b, BUF_UNLIMITED);
		if (crypto_prepare_password(&b, span_of(rows[i].password)) !=
		    (rows[i].prepared != NULL) || (rows[i].prepared != NULL &&
		    strcmp(rows[i].prepared, buf_string(&b)) != 0))
			fail_msg("%s: %s", rows[i].password, buf_string(&b));
		buf_free_secret(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_known_hashes),
		cmocka_unit_test(sha256_takes_the_empty_span),
		cmocka_unit_test(parts_are_hashed_as_one),
		cmocka_unit_test(hashes_of_abc_are_the_known_ones),
		cmocka_unit_test(hmac_gives_the_known_digests),
		cmocka_unit_test(pbkdf2_gives_the_known_keys),
		cmocka_unit_test(random_octets_are_others_each_time),
		cmocka_unit_test(octets_are_compared_to_the_last),
		cmocka_unit_test(passwords_are_prepared_beyond_ascii_only),
		cmocka_unit_test(domains_get_their_ascii_form),
		cmocka_unit_test(a_domain_is_added_behind_what_is_there),
		cmocka_unit_test(a_domain_over_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
