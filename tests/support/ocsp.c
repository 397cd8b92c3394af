#include "support/ocsp.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#define DAY ((time_t)24 * 60 * 60)

enum { INTEGER = 0x02, BIT_STRING = 0x03, OCTETS = 0x04, ENUMERATED = 0x0a,
	TIME = 0x18, SEQUENCE = 0x30, GOOD = 0x80, BY_0 = 0xa0, BY_NAME = 0xa1 };

#define SHA1_ID "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
#define ECDSA_SHA256_ID "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OCSP_BASIC_OID "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"

/* Each adds one element; all of them stop working at the first failure. */
struct der {
	struct buf b;
	bool failed;
};

static void
der_raw(struct der *d, const void *bytes, size_t size)
{
	d->failed = d->failed || !buf_add(&d->b, bytes, size);
}

static void
der_add(struct der *d, unsigned int tag, const void *bytes, size_t size)
{
	const unsigned char head[] = { (unsigned char)tag, 0x82,
		(unsigned char)(size >> 8), (unsigned char)(size & 0xff) };
	const unsigned char middle[] = { (unsigned char)tag, 0x81,
		(unsigned char)(size & 0xff) };
	const unsigned char brief[] = { (unsigned char)tag,
		(unsigned char)(size & 0x7f) };

	if (size < 0x80)
		der_raw(d, brief, sizeof(brief));
	else if (size < 0x100)
		der_raw(d, middle, sizeof(middle));
	else
		der_raw(d, head, sizeof(head));
	if (size > 0)
		der_raw(d, bytes, size);
	d->failed = d->failed || size > 0xffff;
}

/* Moves `inner` into `d` as one element. */
static void
der_put(struct der *d, unsigned int tag, struct der *inner)
{
	der_add(d, tag, inner->b.data, inner->b.len);
	d->failed = d->failed || inner->failed;
	buf_free(&inner->b);
}

static void
der_begin(struct der *d)
{
	buf_init(&d->b, BUF_UNLIMITED);
	d->failed = false;
}

static void
der_time(struct der *d, int days)
{
	time_t when = time(NULL) + days * DAY;
	struct tm tm;
	char text[32];
	size_t n = 0;

	if (gmtime_r(&when, &tm) != NULL)
		n = strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	d->failed = d->failed || n == 0;
	der_add(d, TIME, text, n);
}

/* CertID: the issuer by the hashes of its name and key, and the number. */
static void
put_id(struct der *d, const struct ocsp_response *r)
{
	gnutls_datum_t name = { NULL, 0 };
	unsigned char hash[20], serial[64], key[20];
	size_t serial_size = sizeof(serial), key_size = sizeof(key);
	struct der id;

	der_begin(&id);
	der_raw(&id, SHA1_ID, sizeof(SHA1_ID) - 1);
	id.failed = id.failed ||
	    gnutls_x509_crt_get_raw_dn(r->issuer, &name) != 0 ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA1, name.data, name.size,
	    hash) != 0 || gnutls_x509_crt_get_serial(r->certificate, serial,
	    &serial_size) != 0 || gnutls_x509_crt_get_subject_key_id(
	    r->issuer, key, &key_size, NULL) != 0;
	der_add(&id, OCTETS, hash, sizeof(hash));
	der_add(&id, OCTETS, key, sizeof(key));
	der_add(&id, INTEGER, serial, serial_size);
	der_put(d, SEQUENCE, &id);
	gnutls_free(name.data);
}

static void
put_single(struct der *d, const struct ocsp_response *r)
{
	struct der single, next, list;

	der_begin(&single);
	der_begin(&next);
	der_begin(&list);
	put_id(&single, r);
	if (r->is_revoked) {
		der_time(&next, r->from);
		der_put(&single, BY_NAME, &next);
	} else {
		der_add(&single, GOOD, NULL, 0);
	}
	der_time(&single, r->from);
	der_begin(&next);
	der_time(&next, r->to);
	der_put(&single, BY_0, &next);
	der_put(&list, SEQUENCE, &single);
	der_put(d, SEQUENCE, &list);
}

static void
put_data(struct der *d, const struct ocsp_response *r)
{
	gnutls_datum_t name = { NULL, 0 };
	struct der data;

	der_begin(&data);
	data.failed = gnutls_x509_crt_get_raw_dn(r->issuer, &name) != 0;
	der_add(&data, BY_NAME, name.data, name.size);
	der_time(&data, r->from);
	put_single(&data, r);
	der_put(d, SEQUENCE, &data);
	gnutls_free(name.data);
}

static void
put_signature(struct der *d, struct gnutls_x509_privkey_int *key)
{
	gnutls_datum_t data, signature = { NULL, 0 };
	gnutls_privkey_t signer = NULL;
	struct der bits;

	der_begin(&bits);
	data.data = (unsigned char *)d->b.data;
	data.size = (unsigned int)d->b.len;
	bits.failed = gnutls_privkey_init(&signer) != 0 ||
	    gnutls_privkey_import_x509(signer, key, 0) != 0 ||
	    gnutls_privkey_sign_data(signer, GNUTLS_DIG_SHA256, 0, &data,
	    &signature) != 0;
	der_raw(d, ECDSA_SHA256_ID, sizeof(ECDSA_SHA256_ID) - 1);
	der_raw(&bits, "", 1);
	der_raw(&bits, signature.data, signature.size);
	der_put(d, BIT_STRING, &bits);
	gnutls_free(signature.data);
	if (signer != NULL)
		gnutls_privkey_deinit(signer);
}

bool
ocsp_add_response(struct buf *out, const struct ocsp_response *r)
{
	struct der basic, wrapped, bytes, whole, last;
	bool ok;

	der_begin(&basic);
	der_begin(&wrapped);
	der_begin(&bytes);
	der_begin(&whole);
	der_begin(&last);
	put_data(&basic, r);
	put_signature(&basic, r->issuer_key);
	der_put(&wrapped, SEQUENCE, &basic);
	der_raw(&bytes, OCSP_BASIC_OID, sizeof(OCSP_BASIC_OID) - 1);
	der_put(&bytes, OCTETS, &wrapped);
	der_begin(&wrapped);
	der_put(&wrapped, SEQUENCE, &bytes);
	der_add(&whole, ENUMERATED, "", 1);
	der_put(&whole, BY_0, &wrapped);
	der_put(&last, SEQUENCE, &whole);
	ok = !last.failed && buf_add_span(out, buf_span(&last.b));
	buf_free(&last.b);
	return ok;
}
