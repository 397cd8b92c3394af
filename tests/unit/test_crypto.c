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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_known_hashes),
		cmocka_unit_test(sha256_takes_the_empty_span),
		cmocka_unit_test(domains_get_their_ascii_form),
		cmocka_unit_test(a_domain_is_added_behind_what_is_there),
		cmocka_unit_test(a_domain_over_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
