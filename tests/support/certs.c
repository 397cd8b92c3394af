#include "support/certs.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "support/ocsp.h"

#define DAY ((time_t)24 * 60 * 60)

enum signer { BY_CA, BY_OTHER_CA, BY_ITSELF };

static const struct recipe {
	const char *name;
	const char *dns[2];
	bool has_address;	/* IP:127.0.0.1 */
	const char *purpose;
	int from, to;		/* days from today */
	enum signer signer;
	bool must_staple;	/* RFC 7633 */
	bool has_nul;		/* in its only name */
} recipes[] = {
	{ "good", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
	{ "expired", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -400, -35, BY_CA, false, false },
	{ "future", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, 35, 400, BY_CA, false, false },
	{ "wrongname", { "other.test", NULL }, false,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
	{ "cnonly", { NULL, NULL }, false,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
	{ "clientonly", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_CLIENT, -2, 365, BY_CA, false, false },
	{ "untrusted", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_OTHER_CA, false, false },
	{ "selfsigned", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_ITSELF, false, false },
	{ "wildcard", { "*.relay.test", NULL }, false,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
	{ "dnsaddress", { "127.0.0.1", "::1" }, false,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
	{ "muststaple", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, true, false },
	{ "nulname", { NULL, NULL }, false,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, true },
	{ "revoked", { "localhost", "relay.test" }, true,
	    GNUTLS_KP_TLS_WWW_SERVER, -2, 365, BY_CA, false, false },
};

/* Responses of the CA for certificates, "NAME.ocsp". */
static const struct {
	const char *name, *certificate;
	bool is_revoked;
	int from, to;
} staples[] = {
	{ "good", "good", false, -1, 7 },
	{ "muststaple", "muststaple", false, -1, 7 },
	{ "stale", "muststaple", false, -60, -50 },
	{ "revoked", "revoked", true, -1, 7 },
};

struct pair {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

static bool
write_pem(const char *dir, const char *name, const char *suffix,
    const gnutls_datum_t *pem)
{
	char path[4096];
	FILE *file;
	bool ok;

	(void)snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
	file = fopen(path, "w");
	if (file == NULL)
		return false;
	ok = fwrite(pem->data, 1, pem->size, file) == pem->size;
	return fclose(file) == 0 && ok;
}

static bool
save(const char *dir, const char *name, const struct pair *p, bool with_key)
{
	gnutls_datum_t pem = { NULL, 0 };
	bool ok;

	ok = gnutls_x509_crt_export2(p->certificate, GNUTLS_X509_FMT_PEM,
	    &pem) == 0 && write_pem(dir, name, "pem", &pem);
	gnutls_free(pem.data);
	pem.data = NULL;
	if (ok && with_key)
		ok = gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM,
		    &pem) == 0 && write_pem(dir, name, "key", &pem);
	gnutls_free(pem.data);
	return ok;
}

static void
pair_free(struct pair *p)
{
	if (p->certificate != NULL)
		gnutls_x509_crt_deinit(p->certificate);
	if (p->key != NULL)
		gnutls_x509_privkey_deinit(p->key);
}

static bool
begin(struct pair *p, const char *common_name, int from, int to)
{
	unsigned char serial[8];
	time_t now = time(NULL);

	if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) != 0)
		return false;
	serial[0] = 1;	/* positive, and not padded */
	return gnutls_x509_crt_init(&p->certificate) == 0 &&
	    gnutls_x509_privkey_init(&p->key) == 0 &&
	    gnutls_x509_privkey_generate(p->key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0 &&
	    gnutls_x509_crt_set_version(p->certificate, 3) == 0 &&
	    gnutls_x509_crt_set_serial(p->certificate, serial,
	    sizeof(serial)) == 0 &&
	    gnutls_x509_crt_set_key(p->certificate, p->key) == 0 &&
	    gnutls_x509_crt_set_activation_time(p->certificate,
	    now + from * DAY) == 0 &&
	    gnutls_x509_crt_set_expiration_time(p->certificate,
	    now + to * DAY) == 0 &&
	    gnutls_x509_crt_set_dn_by_oid(p->certificate,
	    GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
	    (unsigned int)strlen(common_name)) == 0;
}

static bool
sign(struct pair *p, struct pair *issuer)
{
	return gnutls_x509_crt_sign2(p->certificate, issuer->certificate,
	    issuer->key, GNUTLS_DIG_SHA256, 0) == 0;
}

static bool
make_ca(struct pair *p, const char *common_name)
{
	unsigned char id[20];
	size_t size = sizeof(id);

	return begin(p, common_name, -900, 900) &&
	    gnutls_x509_crt_set_ca_status(p->certificate, 1) == 0 &&
	    gnutls_x509_crt_set_key_usage(p->certificate,
	    GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) == 0 &&
	    gnutls_x509_crt_get_key_id(p->certificate, 0, id, &size) == 0 &&
	    gnutls_x509_crt_set_subject_key_id(p->certificate, id,
	    size) == 0 && sign(p, p);
}

/* What the CA has to say of a certificate, beside it. */
static bool
staple(const char *dir, const char *name, const struct pair *leaf,
    const struct pair *ca)
{
	struct ocsp_response r = { leaf->certificate, ca->certificate, ca->key,
		false, 0, 0 };
	struct buf der;
	gnutls_datum_t bytes;
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < sizeof(staples) / sizeof(staples[0]); i++) {
		if (strcmp(staples[i].certificate, name) != 0)
			continue;
		r.is_revoked = staples[i].is_revoked;
		r.from = staples[i].from;
		r.to = staples[i].to;
		buf_init(&der, BUF_UNLIMITED);
		ok = ocsp_add_response(&der, &r);
		bytes.data = (unsigned char *)der.data;
		bytes.size = (unsigned int)der.len;
		ok = ok && write_pem(dir, staples[i].name, "ocsp", &bytes);
		buf_free(&der);
	}
	return ok;
}

/* The list that names the certificate "revoked". */
static bool
revoke(const char *dir, const char *name, const struct pair *leaf,
    const struct pair *ca)
{
	gnutls_datum_t pem = { NULL, 0 };
	gnutls_x509_crl_t crl = NULL;
	time_t now = time(NULL);
	bool ok;

	if (strcmp(name, "revoked") != 0)
		return true;
	ok = gnutls_x509_crl_init(&crl) == 0 &&
	    gnutls_x509_crl_set_version(crl, 2) == 0 &&
	    gnutls_x509_crl_set_this_update(crl, now - DAY) == 0 &&
	    gnutls_x509_crl_set_next_update(crl, now + 7 * DAY) == 0 &&
	    gnutls_x509_crl_set_number(crl, "\1", 1) == 0 &&
	    gnutls_x509_crl_set_crt(crl, leaf->certificate, now - DAY) == 0 &&
	    gnutls_x509_crl_sign2(crl, ca->certificate, ca->key,
	    GNUTLS_DIG_SHA256, 0) == 0 &&
	    gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem) == 0 &&
	    write_pem(dir, "ca", "crl", &pem);
	gnutls_free(pem.data);
	if (crl != NULL)
		gnutls_x509_crl_deinit(crl);
	return ok;
}

static bool
demand_staple(gnutls_x509_crt_t certificate)
{
	gnutls_x509_tlsfeatures_t features = NULL;
	bool ok;

	ok = gnutls_x509_tlsfeatures_init(&features) == 0 &&
	    gnutls_x509_tlsfeatures_add(features, 5) == 0 &&
	    gnutls_x509_crt_set_tlsfeatures(certificate, features) == 0;
	if (features != NULL)
		gnutls_x509_tlsfeatures_deinit(features);
	return ok;
}

/* "relay.test" and more behind a NUL, which the library wouldn't write. */
static bool
add_nul_name(gnutls_x509_crt_t certificate)
{
	static const char names[] =
	    "\x30\x18\x82\x16relay.test\0.other.test";

	return gnutls_x509_crt_set_extension_by_oid(certificate,
	    GNUTLS_X509EXT_OID_SAN, names, sizeof(names) - 1, 0) == 0;
}

static bool
add_names(gnutls_x509_crt_t certificate, const struct recipe *r)
{
	const struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	size_t i;

	if (r->has_nul)
		return add_nul_name(certificate);
	for (i = 0; i < 2 && r->dns[i] != NULL; i++)
		if (gnutls_x509_crt_set_subject_alt_name(certificate,
		    GNUTLS_SAN_DNSNAME, r->dns[i],
		    (unsigned int)strlen(r->dns[i]), GNUTLS_FSAN_APPEND) != 0)
			return false;
	return !r->has_address || gnutls_x509_crt_set_subject_alt_name(
	    certificate, GNUTLS_SAN_IPADDRESS, &loopback, sizeof(loopback),
	    GNUTLS_FSAN_APPEND) == 0;
}

static bool
make_leaf(const char *dir, const struct recipe *r, struct pair *ca,
    struct pair *other)
{
	struct pair leaf = { NULL, NULL }, *issuer = &leaf;
	bool ok;

	if (r->signer == BY_CA)
		issuer = ca;
	else if (r->signer == BY_OTHER_CA)
		issuer = other;
	ok = begin(&leaf, "relay.test", r->from, r->to) &&
	    gnutls_x509_crt_set_ca_status(leaf.certificate, 0) == 0 &&
	    add_names(leaf.certificate, r) &&
	    gnutls_x509_crt_set_key_purpose_oid(leaf.certificate, r->purpose,
	    0) == 0 && gnutls_x509_crt_set_key_usage(leaf.certificate,
	    GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 && (!r->must_staple ||
	    demand_staple(leaf.certificate)) && sign(&leaf, issuer) &&
	    save(dir, r->name, &leaf, true) &&
	    staple(dir, r->name, &leaf, ca) && revoke(dir, r->name, &leaf, ca);
	pair_free(&leaf);
	return ok;
}

bool
certs_make(const char *dir)
{
	struct pair ca = { NULL, NULL }, other = { NULL, NULL };
	bool ok;
	size_t i;

	ok = make_ca(&ca, "posthaste test CA") &&
	    make_ca(&other, "some other CA") && save(dir, "ca", &ca, false);
	for (i = 0; ok && i < sizeof(recipes) / sizeof(recipes[0]); i++)
		ok = make_leaf(dir, &recipes[i], &ca, &other);
	pair_free(&ca);
	pair_free(&other);
	return ok;
}
