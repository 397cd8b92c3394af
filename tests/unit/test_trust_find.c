/*
 * The finder of trust anchors: what it finds leads to the same verdict as the
 * whole bundle would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "net/trust_find.h"
#include "support/chains.h"

#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define CHAIN_MAX 4

enum {
	ROOT_RSA, ROOT_EC, ROOT_ED,
	ROOT_TWIN,	/* the EC root's name, another key */
	ROOT_OLD,	/* its name and key, expired */
	ROOT_NEW,
	ROOT_CROSS,	/* the new root, signed by the EC root */
	INT_RSA, INT_EC, INT_ED, INT_NEW,
	LEAF_RSA, LEAF_EC, LEAF_ED, LEAF_NEW, LEAF_DIRECT, LEAF_SELF,
	LEAF_LATE,
	OTHER_1, OTHER_2,
	COUNT
};

static const struct chain_recipe recipes[COUNT] = {
	[ROOT_RSA] = { "RSA root", CHAIN_CA, CHAIN_RSA, -1, -1, -900, 900 },
	[ROOT_EC] = { "EC root", CHAIN_CA, CHAIN_EC, -1, -1, -900, 900 },
	[ROOT_ED] = { "Ed root", CHAIN_CA, CHAIN_ED25519, -1, -1, -900, 900 },
	[ROOT_TWIN] = { "EC root", CHAIN_CA, CHAIN_EC, -1, -1, -900, 900 },
	[ROOT_OLD] = { "EC root", CHAIN_CA, CHAIN_EC, ROOT_EC, -1, -900,
	    -30 },
	[ROOT_NEW] = { "new root", CHAIN_CA, CHAIN_EC, -1, -1, -90, 900 },
	[ROOT_CROSS] = { "new root", CHAIN_CA, CHAIN_EC, ROOT_NEW, ROOT_EC,
	    -90, 900 },
	[INT_RSA] = { "RSA int", CHAIN_CA, CHAIN_RSA, ROOT_RSA, ROOT_RSA,
	    -90, 90 },
	[INT_EC] = { "EC int", CHAIN_CA, CHAIN_EC, -1, ROOT_EC, -90, 90 },
	[INT_ED] = { "Ed int", CHAIN_CA, CHAIN_ED25519, -1, ROOT_ED, -90,
	    90 },
	[INT_NEW] = { "new int", CHAIN_CA, CHAIN_EC, -1, ROOT_NEW, -80, 90 },
	[LEAF_RSA] = { "leaf", CHAIN_LEAF, CHAIN_EC, -1, INT_RSA, -9, 9 },
	[LEAF_EC] = { "leaf", CHAIN_LEAF, CHAIN_EC, -1, INT_EC, -9, 9 },
	[LEAF_ED] = { "leaf", CHAIN_LEAF, CHAIN_ED25519, -1, INT_ED, -9, 9 },
	[LEAF_NEW] = { "leaf", CHAIN_LEAF, CHAIN_EC, -1, INT_NEW, -9, 9 },
	[LEAF_DIRECT] = { "leaf", CHAIN_LEAF, CHAIN_EC, -1, ROOT_EC, -9, 9 },
	[LEAF_SELF] = { "self", CHAIN_LEAF, CHAIN_EC, -1, -1, -9, 9 },
	[LEAF_LATE] = { "leaf", CHAIN_LEAF, CHAIN_EC, -1, INT_EC, -90, -9 },
	[OTHER_1] = { "other 1", CHAIN_CA, CHAIN_EC, -1, -1, -900, 900 },
	[OTHER_2] = { "other 2", CHAIN_CA, CHAIN_EC, OTHER_1, -1, -900, 900 },
};

#define END (-1)

static const int chains[][CHAIN_MAX + 1] = {
	{ LEAF_RSA, INT_RSA, END },
	{ LEAF_EC, INT_EC, END },
	{ LEAF_ED, INT_ED, END },
	{ LEAF_EC, INT_EC, ROOT_EC, END },
	{ LEAF_EC, INT_EC, ROOT_OLD, END },
	{ LEAF_EC, END },
	{ LEAF_NEW, INT_NEW, END },
	{ LEAF_NEW, INT_NEW, ROOT_CROSS, END },
	{ LEAF_NEW, INT_NEW, ROOT_CROSS, ROOT_EC, END },
	{ LEAF_DIRECT, END },
	{ LEAF_SELF, END },
	{ LEAF_LATE, INT_EC, END },
	{ LEAF_EC, ROOT_EC, INT_EC, END },
	{ LEAF_EC, LEAF_EC, INT_EC, END },
};

/* Between two strangers, all of them. */
static const int bundles[][CHAIN_MAX + 1] = {
	{ END },
	{ ROOT_RSA, ROOT_EC, ROOT_ED, ROOT_NEW, END },
	{ ROOT_EC, END },
	{ ROOT_TWIN, END },
	{ ROOT_TWIN, ROOT_EC, END },
	{ ROOT_EC, ROOT_TWIN, END },
	{ ROOT_OLD, END },
	{ ROOT_OLD, ROOT_EC, END },
	{ ROOT_EC, ROOT_OLD, ROOT_TWIN, END },
	{ ROOT_NEW, END },
	{ ROOT_CROSS, END },
	{ ROOT_CROSS, ROOT_NEW, END },
	{ INT_EC, END },
	{ INT_NEW, INT_RSA, INT_ED, END },
	{ LEAF_EC, END },
	{ LEAF_SELF, END },
};

#define CHAINS (sizeof(chains) / sizeof(chains[0]))
#define BUNDLES (sizeof(bundles) / sizeof(bundles[0]))

static struct chain_certificate made[COUNT];

static int
set_up(void **state)
{
	(void)state;
	return chains_make(made, recipes, COUNT) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	chains_free(made, COUNT);
	return 0;
}

static void
write_bundle(struct buf *out, const int *members)
{
	buf_init(out, BUF_UNLIMITED);
	assert_true(buf_add_string(out, "# roots - a - few\n") &&
	    chain_add_pem(out, &made[OTHER_1]));
	for (; *members != END; members++)
		assert_true(chain_add_pem(out, &made[*members]));
	assert_true(chain_add_pem(out, &made[OTHER_2]));
}

/* The anchors for a chain, as the program would load them. */
static void
find(struct buf *out, struct span bundle, const int *chain)
{
	struct span names[2 * CHAIN_MAX], der;
	gnutls_datum_t bytes[CHAIN_MAX];
	size_t n = 0, i;

	buf_init(out, BUF_UNLIMITED);
	for (; chain[n] != END; n++) {
		assert_int_equal(gnutls_x509_crt_export2(made[chain[n]].x509,
		    GNUTLS_X509_FMT_DER, &bytes[n]), 0);
		der = span_make((char *)bytes[n].data, bytes[n].size);
		assert_true(find_names(der, &names[2 * n],
		    &names[2 * n + 1]));
	}
	assert_true(find_anchors(bundle, names, 2 * n, out));
	for (i = 0; i < n; i++)
		gnutls_free(bytes[i].data);
}

/* As gnutls_certificate_verify_peers() has it. */
static unsigned int
judge(struct span anchors, const int *chain)
{
	static unsigned char name[] = "relay.test",
	    purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st wanted[2] = {
		{ GNUTLS_DT_DNS_HOSTNAME, name, 0 },
		{ GNUTLS_DT_KEY_PURPOSE_OID, purpose, 0 },
	};
	gnutls_datum_t pem;
	gnutls_x509_crt_t certificates[CHAIN_MAX];
	gnutls_x509_trust_list_t list;
	unsigned int status = 0, n = 0;

	pem.data = (unsigned char *)(uintptr_t)anchors.data;
	pem.size = (unsigned int)anchors.len;
	for (; chain[n] != END; n++)
		certificates[n] = made[chain[n]].x509;
	assert_int_equal(gnutls_x509_trust_list_init(&list, 0), 0);
	if (anchors.len > 0)
		assert_true(gnutls_x509_trust_list_add_trust_mem(list, &pem,
		    NULL, GNUTLS_X509_FMT_PEM, GNUTLS_TL_USE_IN_TLS, 0) > 0);
	assert_int_equal(gnutls_x509_trust_list_verify_crt2(list,
	    certificates, n, wanted, 2, 0, &status, NULL), 0);
	gnutls_x509_trust_list_deinit(list, 1);
	return status;
}

static void
the_verdict_is_that_of_the_whole_bundle(void **state)
{
	size_t c, b, accepted = 0, fewer = 0;
	struct buf bundle, found;
	unsigned int whole, part;

	(void)state;
	for (b = 0; b < BUNDLES; b++)
		for (c = 0; c < CHAINS; c++) {
			write_bundle(&bundle, bundles[b]);
			find(&found, buf_span(&bundle), chains[c]);
			whole = judge(buf_span(&bundle), chains[c]);
			part = judge(buf_span(&found), chains[c]);
			if (whole != part)
				fail_msg("chain %zu, bundle %zu: 0x%x with "
				    "all, 0x%x with what was found", c, b,
				    whole, part);
			accepted += whole == 0 ? 1 : 0;
			fewer += found.len < bundle.len ? 1 : 0;
			buf_free(&found);
			buf_free(&bundle);
		}
	/* Both verdicts occur, and the strangers are never loaded. */
	assert_int_equal(fewer, BUNDLES * CHAINS);
	assert_in_range(accepted, BUNDLES * CHAINS / 5,
	    BUNDLES * CHAINS * 4 / 5);
}

static void
every_certificate_of_that_name_is_found(void **state)
{
	const int both[] = { ROOT_EC, ROOT_TWIN, ROOT_NEW, END };
	const int chain[] = { LEAF_DIRECT, END };
	struct buf bundle, found, expected;

	(void)state;
	write_bundle(&bundle, both);
	find(&found, buf_span(&bundle), chain);
	buf_init(&expected, BUF_UNLIMITED);
	assert_true(chain_add_pem(&expected, &made[ROOT_EC]) &&
	    buf_add_char(&expected, '\n') &&
	    chain_add_pem(&expected, &made[ROOT_TWIN]) &&
	    buf_add_char(&expected, '\n'));
	/* The line end behind a block counts for nothing. */
	assert_true(judge(buf_span(&found), chain) == 0);
	assert_int_equal(found.len + 2, expected.len);
	buf_free(&expected);
	buf_free(&found);
	buf_free(&bundle);
}

/* One certificate in lines of `width` that end in `eol`. */
static void
write_block(struct buf *out, const char *label, size_t width, const char *eol)
{
	gnutls_datum_t der;
	struct span rest;
	struct buf text;
	size_t n;

	buf_init(&text, BUF_UNLIMITED);
	assert_int_equal(gnutls_x509_crt_export2(made[ROOT_EC].x509,
	    GNUTLS_X509_FMT_DER, &der), 0);
	assert_true(base64_encode(&text, span_make((char *)der.data,
	    der.size)));
	assert_true(buf_printf(out, "-----BEGIN %s-----%s", label, eol));
	for (rest = buf_span(&text); rest.len > 0; rest = span_skip(rest, n)) {
		n = rest.len < width ? rest.len : width;
		assert_true(buf_printf(out, "%.*s%s", (int)n, rest.data, eol));
	}
	assert_true(buf_printf(out, "-----END %s-----%s", label, eol));
	gnutls_free(der.data);
	buf_free(&text);
}

static const struct {
	const char *label, *what;
	size_t width;
	const char *eol;
	bool is_understood, is_found;
} forms[] = {
	{ "as usual", "CERTIFICATE", 64, "\n", true, true },
	{ "its old label", "X509 CERTIFICATE", 64, "\n", true, true },
	{ "CR and LF", "CERTIFICATE", 64, "\r\n", true, true },
	{ "lines of MIME", "CERTIFICATE", 76, "\n", true, true },
	{ "one line", "CERTIFICATE", 65536, "\n", true, true },
	{ "lines between groups", "CERTIFICATE", 63, "\n", false, false },
	{ "OpenSSL's own form", "TRUSTED CERTIFICATE", 64, "\n", true, false },
	{ "a list of revoked ones", "X509 CRL", 64, "\n", true, false },
};

static void
blocks_of_other_kinds_and_forms(void **state)
{
	const int chain[] = { LEAF_DIRECT, END };
	struct span issuer, subject;
	gnutls_datum_t der;
	struct buf text, found;
	size_t i;

	(void)state;
	assert_int_equal(gnutls_x509_crt_export2(made[chain[0]].x509,
	    GNUTLS_X509_FMT_DER, &der), 0);
	assert_true(find_names(span_make((char *)der.data, der.size), &issuer,
	    &subject));
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		buf_init(&text, BUF_UNLIMITED);
		buf_init(&found, BUF_UNLIMITED);
		write_block(&text, forms[i].what, forms[i].width,
		    forms[i].eol);
		if (find_anchors(buf_span(&text), &issuer, 1, &found) !=
		    forms[i].is_understood ||
		    (found.len > 0) != forms[i].is_found)
			fail_msg("%s", forms[i].label);
		if (found.len > 0)
			assert_int_equal(judge(buf_span(&found), chain), 0);
		buf_free(&found);
		buf_free(&text);
	}
	gnutls_free(der.data);
}

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define FINIS "-----END CERTIFICATE-----\n"

static const struct {
	const char *text;
	bool is_understood;
} bad[] = {
	{ "", true },
	{ "nothing - at - all -----BEGIN", true },
	{ BEGIN "MIIB" FINIS, false },
	{ BEGIN FINIS, false },
	{ BEGIN, false },
	{ "-----BEGIN CERTIFICATE-----", false },
	{ BEGIN "MIIBAAAA\n-----BEGIN", false },
	{ BEGIN "no\n" FINIS, false },
	/* A sequence in a sequence without anything, and one that is longer
	 * than any file. */
	{ BEGIN "MAQwAjAA\n" FINIS, false },
	{ BEGIN "MIT/////MIT/////AgEB\n" FINIS, false },
};

static void
what_is_not_understood_is_said(void **state)
{
	struct buf found;
	size_t i;

	(void)state;
	buf_init(&found, BUF_UNLIMITED);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (find_anchors(span_of(bad[i].text), NULL, 0, &found) !=
		    bad[i].is_understood)
			fail_msg("wrong about '%s'", bad[i].text);
		assert_false(find_has_certificate(span_of(bad[i].text)));
	}
	assert_int_equal(found.len, 0);
}

/* At no octet does a certificate that ends too soon read on. */
static void
a_certificate_cut_off_anywhere_is_no_certificate(void **state)
{
	struct span issuer, subject, der;
	gnutls_datum_t bytes;
	size_t end, i;
	char *copy;

	(void)state;
	assert_int_equal(gnutls_x509_crt_export2(made[LEAF_RSA].x509,
	    GNUTLS_X509_FMT_DER, &bytes), 0);
	der = span_make((char *)bytes.data, bytes.size);
	assert_true(find_names(der, &issuer, &subject));
	end = (size_t)(subject.data + subject.len - der.data);
	for (i = 0; i < end; i++) {
		copy = test_malloc(i + 1);
		memcpy(copy, der.data, i);
		assert_false(find_names(span_make(copy, i), &issuer,
		    &subject));
		test_free(copy);
	}
	gnutls_free(bytes.data);
}

static bool
is_raw_name(struct span name, const gnutls_datum_t *raw)
{
	return span_equals(name, span_make((char *)raw->data, raw->size));
}

/* Whatever a machine has in its store, the walk reads it as GnuTLS does. */
static void
the_systems_own_bundle_is_understood(void **state)
{
	gnutls_datum_t pem, der, raw[2] = { { NULL, 0 }, { NULL, 0 } };
	gnutls_x509_crt_t *list;
	struct span names[2];
	struct buf found;
	unsigned int count, i;

	(void)state;
	if (gnutls_load_file(SYSTEM_BUNDLE, &pem) != 0)
		skip();
	if (pem.size == 0 || gnutls_x509_crt_list_import2(&list, &count, &pem,
	    GNUTLS_X509_FMT_PEM, 0) != 0) {
		gnutls_free(pem.data);
		skip();
	}
	for (i = 0; i < count; i++) {
		assert_int_equal(gnutls_x509_crt_export2(list[i],
		    GNUTLS_X509_FMT_DER, &der), 0);
		assert_int_equal(gnutls_x509_crt_get_raw_issuer_dn(list[i],
		    &raw[0]), 0);
		assert_int_equal(gnutls_x509_crt_get_raw_dn(list[i], &raw[1]),
		    0);
		assert_true(find_names(span_make((char *)der.data, der.size),
		    &names[0], &names[1]));
		assert_true(is_raw_name(names[0], &raw[0]));
		assert_true(is_raw_name(names[1], &raw[1]));
		buf_init(&found, BUF_UNLIMITED);
		assert_true(find_anchors(span_make((char *)pem.data, pem.size),
		    &names[1], 1, &found));
		assert_true(found.len > 0);
		buf_free(&found);
		gnutls_free(der.data);
		gnutls_free(raw[0].data);
		gnutls_free(raw[1].data);
		gnutls_x509_crt_deinit(list[i]);
	}
	gnutls_free(list);
	gnutls_free(pem.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_is_that_of_the_whole_bundle),
		cmocka_unit_test(every_certificate_of_that_name_is_found),
		cmocka_unit_test(blocks_of_other_kinds_and_forms),
		cmocka_unit_test(what_is_not_understood_is_said),
		cmocka_unit_test(
		    a_certificate_cut_off_anywhere_is_no_certificate),
		cmocka_unit_test(the_systems_own_bundle_is_understood),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
