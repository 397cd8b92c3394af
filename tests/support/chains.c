#include "support/chains.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#define DAY ((time_t)24 * 60 * 60)
#define NAME "relay.test"

static const struct {
	gnutls_pk_algorithm_t algorithm;
	unsigned int bits;
	gnutls_digest_algorithm_t digest;
} keys[] = {
	[CHAIN_EC] = { GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
	    GNUTLS_DIG_SHA256 },
	[CHAIN_RSA] = { GNUTLS_PK_RSA, 2048, GNUTLS_DIG_SHA256 },
	[CHAIN_ED25519] = { GNUTLS_PK_EDDSA_ED25519, 256, GNUTLS_DIG_SHA512 },
};

static bool
make_key(struct chain_certificate *c, const struct chain_recipe *r,
    const struct chain_certificate *made)
{
	if (gnutls_x509_privkey_init(&c->key) != 0)
		return false;
	if (r->key_of >= 0)
		return gnutls_x509_privkey_cpy(c->key,
		    made[r->key_of].key) == 0;
	return gnutls_x509_privkey_generate(c->key, keys[r->key].algorithm,
	    keys[r->key].bits, 0) == 0;
}

static bool
describe(gnutls_x509_crt_t x509, const struct chain_recipe *r)
{
	unsigned char serial[8];
	time_t now = time(NULL);

	if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) != 0)
		return false;
	serial[0] = 1;
	return gnutls_x509_crt_set_version(x509, 3) == 0 &&
	    gnutls_x509_crt_set_serial(x509, serial, sizeof(serial)) == 0 &&
	    gnutls_x509_crt_set_activation_time(x509,
	    now + r->from * DAY) == 0 &&
	    gnutls_x509_crt_set_expiration_time(x509,
	    now + r->to * DAY) == 0 &&
	    gnutls_x509_crt_set_dn_by_oid(x509, GNUTLS_OID_X520_COMMON_NAME,
	    0, r->subject, (unsigned int)strlen(r->subject)) == 0;
}

static bool
say_what_for(gnutls_x509_crt_t x509, enum chain_kind kind)
{
	if (kind == CHAIN_CA)
		return gnutls_x509_crt_set_ca_status(x509, 1) == 0 &&
		    gnutls_x509_crt_set_key_usage(x509,
		    GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) == 0;
	return gnutls_x509_crt_set_ca_status(x509, 0) == 0 &&
	    gnutls_x509_crt_set_subject_alt_name(x509, GNUTLS_SAN_DNSNAME,
	    NAME, (unsigned int)strlen(NAME), GNUTLS_FSAN_SET) == 0 &&
	    gnutls_x509_crt_set_subject_alt_name(x509, GNUTLS_SAN_DNSNAME,
	    "localhost", 9, GNUTLS_FSAN_APPEND) == 0 &&
	    gnutls_x509_crt_set_key_purpose_oid(x509,
	    GNUTLS_KP_TLS_WWW_SERVER, 0) == 0 &&
	    gnutls_x509_crt_set_key_usage(x509,
	    GNUTLS_KEY_DIGITAL_SIGNATURE) == 0;
}

/* Of two signers with one name these tell which it is. */
static bool
name_keys(struct chain_certificate *c, struct chain_certificate *signer)
{
	unsigned char own[20], its[20];
	size_t own_size = sizeof(own), its_size = sizeof(its);

	return gnutls_x509_crt_get_key_id(c->x509, 0, own, &own_size) == 0 &&
	    gnutls_x509_crt_set_subject_key_id(c->x509, own, own_size) == 0 &&
	    gnutls_x509_crt_get_key_id(signer->x509, 0, its,
	    &its_size) == 0 && gnutls_x509_crt_set_authority_key_id(c->x509,
	    its, its_size) == 0;
}

/* The library knows a certificate well only once it has read it. */
static bool
read_again(struct chain_certificate *c)
{
	gnutls_datum_t der = { NULL, 0 };
	bool ok;

	ok = gnutls_x509_crt_export2(c->x509, GNUTLS_X509_FMT_DER, &der) == 0;
	gnutls_x509_crt_deinit(c->x509);
	c->x509 = NULL;
	ok = ok && gnutls_x509_crt_init(&c->x509) == 0 &&
	    gnutls_x509_crt_import(c->x509, &der, GNUTLS_X509_FMT_DER) == 0;
	gnutls_free(der.data);
	return ok;
}

static bool
make(struct chain_certificate *made, const struct chain_recipe *recipes,
    int i)
{
	const struct chain_recipe *r = &recipes[i];
	struct chain_certificate *c = &made[i], *signer;

	signer = r->signer < 0 ? c : &made[r->signer];
	return make_key(c, r, made) && gnutls_x509_crt_init(&c->x509) == 0 &&
	    describe(c->x509, r) &&
	    gnutls_x509_crt_set_key(c->x509, c->key) == 0 &&
	    say_what_for(c->x509, r->kind) && name_keys(c, signer) &&
	    gnutls_x509_crt_sign2(c->x509, signer->x509, signer->key,
	    keys[r->signer < 0 ? r->key : recipes[r->signer].key].digest,
	    0) == 0 && read_again(c);
}

bool
chains_make(struct chain_certificate *made,
    const struct chain_recipe *recipes, int count)
{
	bool ok = true;
	int i;

	memset(made, 0, (size_t)count * sizeof(*made));
	for (i = 0; ok && i < count; i++)
		ok = make(made, recipes, i);
	return ok;
}

void
chains_free(struct chain_certificate *made, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (made[i].x509 != NULL)
			gnutls_x509_crt_deinit(made[i].x509);
		if (made[i].key != NULL)
			gnutls_x509_privkey_deinit(made[i].key);
	}
}

bool
chain_add_pem(struct buf *out, const struct chain_certificate *c)
{
	gnutls_datum_t pem = { NULL, 0 };
	bool ok;

	ok = gnutls_x509_crt_export2(c->x509, GNUTLS_X509_FMT_PEM,
	    &pem) == 0 && buf_add(out, pem.data, pem.size);
	gnutls_free(pem.data);
	return ok;
}
