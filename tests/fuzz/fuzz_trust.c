/*
 * The finder of trust anchors: the input is a bundle, and a certificate in DER.
 * What is found are pieces of the bundle; a name is a piece of the certificate,
 * the one that GnuTLS sees, and leads back to the certificate in a bundle.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "net/trust_find.h"

static void
check_bundle(struct span bundle)
{
	/* A name that occurs in no certificate, and one in some of the
	 * corpus: CN=EC root. */
	static const char root[] = "\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04"
	    "\x03\x13\x07" "EC root";
	const struct span names[] = { span_make("0", 1),
		span_make(root, sizeof(root) - 1) };
	struct span rest, part;
	struct buf found;
	size_t len;

	buf_init(&found, BUF_UNLIMITED);
	/* What is understood doesn't depend on what is looked for. */
	if (find_anchors(bundle, names, 2, &found)) {
		len = found.len;
		FUZZ_CHECK(find_anchors(bundle, NULL, 0, &found));
		FUZZ_CHECK(found.len == len);
	}
	for (rest = buf_span(&found); rest.len > 0 &&
	    span_next(&rest, '\n', &part);)
		FUZZ_CHECK(part.len == 0 || memmem(bundle.data, bundle.len,
		    part.data, part.len) != NULL);
	if (find_has_certificate(bundle))
		FUZZ_CHECK(fuzz_contains(bundle, "-----BEGIN "));
	buf_free(&found);
}

static void
check_with_gnutls(struct span der, struct span issuer, struct span subject)
{
	gnutls_datum_t bytes, raw = { NULL, 0 };
	gnutls_x509_crt_t x509;

	bytes.data = (unsigned char *)(uintptr_t)der.data;
	bytes.size = (unsigned int)der.len;
	FUZZ_CHECK(gnutls_x509_crt_init(&x509) == 0);
	if (gnutls_x509_crt_import(x509, &bytes, GNUTLS_X509_FMT_DER) == 0) {
		FUZZ_CHECK(gnutls_x509_crt_get_raw_dn(x509, &raw) == 0);
		FUZZ_CHECK(span_equals(subject, span_make((char *)raw.data,
		    raw.size)));
		gnutls_free(raw.data);
		FUZZ_CHECK(gnutls_x509_crt_get_raw_issuer_dn(x509,
		    &raw) == 0);
		FUZZ_CHECK(span_equals(issuer, span_make((char *)raw.data,
		    raw.size)));
		gnutls_free(raw.data);
	}
	gnutls_x509_crt_deinit(x509);
}

static void
check_certificate(struct span der)
{
	struct span issuer, subject;
	struct buf pem, found;

	if (!find_names(der, &issuer, &subject))
		return;
	FUZZ_CHECK(issuer.data > der.data);
	FUZZ_CHECK(issuer.data + issuer.len < subject.data);
	FUZZ_CHECK(subject.data + subject.len <= der.data + der.len);
	check_with_gnutls(der, issuer, subject);
	buf_init(&pem, BUF_UNLIMITED);
	buf_init(&found, BUF_UNLIMITED);
	FUZZ_CHECK(buf_add_string(&pem, "-----BEGIN CERTIFICATE-----\n") &&
	    base64_encode(&pem, der) &&
	    buf_add_string(&pem, "\n-----END CERTIFICATE-----\n"));
	/* Found, or said that it can't be: never passed over. */
	FUZZ_CHECK(!find_anchors(buf_span(&pem), &subject, 1, &found) ||
	    found.len > 0);
	buf_free(&found);
	buf_free(&pem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_bundle(fuzz_span(data, size));
	check_certificate(fuzz_span(data, size));
	return 0;
}
