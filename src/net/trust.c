#include "net/trust.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/span.h"
#include "net/pin.h"
#include "net/resolve.h"
#include "net/trust_certificate.h"
#include "net/trust_store.h"

struct trust {
	gnutls_certificate_credentials_t credentials;
	struct trust_store store;
	char *name;		/* without a trailing dot */
	bool is_address;
	unsigned char address[sizeof(struct in6_addr)];
	unsigned int address_size;
	bool has_pin;		/* replaces anchors, name and dates */
	struct pin pin;
	bool is_blind;		/* whatever is shown is taken */
};

/* What the relay has shown in this handshake. */
struct shown {
	gnutls_session_t session;
	const gnutls_datum_t *chain;
	unsigned int count;
	gnutls_x509_crt_t leaf;
	unsigned char sha256[CRYPTO_SHA256_SIZE];
	struct certificate words;
	bool is_loopback;
	const struct trace *trace;
};

/* An address with a zone ("fe80::1%eth0") is looked for without it. */
static void
set_address(struct trust *t, const char *text)
{
	char *number = mem_span(span_make(text,
	    span_find(span_of(text), '%')));

	if (inet_pton(AF_INET, number, t->address) == 1)
		t->address_size = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, number, t->address) == 1)
		t->address_size = sizeof(struct in6_addr);
	mem_free(number);
}

void
trust_set_name(struct trust *t, const char *name)
{
	size_t len = strlen(name);

	mem_free(t->name);
	t->address_size = 0;
	t->is_address = host_is_address(name);
	if (t->is_address)
		set_address(t, name);
	else if (len > 1 && name[len - 1] == '.')
		len--;
	t->name = mem_span(span_make(name, len));
}

static bool
set_pin(struct trust *t, const char *fingerprint, struct error *err)
{
	t->has_pin = true;
	return pin_parse(&t->pin, fingerprint) || error_set(err, STAGE_CONFIG,
	    EX_CONFIG, "tls_fingerprint: '%s' isn't a SHA-256 in hex",
	    fingerprint);
}

/* The library looks into it whatever the anchors are. */
static bool
add_crl(struct trust *t, const char *path, struct error *err)
{
	gnutls_datum_t bytes;
	struct buf pem;
	int count = 0;
	bool ok;

	buf_init(&pem, STORE_FILE_MAX);
	ok = store_read_file("tls_crl_file", path, &pem, err);
	bytes.data = (unsigned char *)pem.data;
	bytes.size = (unsigned int)pem.len;
	if (ok && pem.len > 0)
		count = gnutls_certificate_set_x509_crl_mem(t->credentials,
		    &bytes, GNUTLS_X509_FMT_PEM);
	if (ok && count <= 0)
		ok = error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "tls_crl_file: '%s' holds no CRL in PEM form%s%s", path,
		    count < 0 ? ": " : "",
		    count < 0 ? gnutls_strerror(count) : "");
	buf_free(&pem);
	return ok;
}

bool
trust_new(struct trust **trust, const struct tls_params *params,
    struct error *err)
{
	struct trust *t = mem_alloc(sizeof(*t));

	*trust = t;
	t->store.fd = -1;
	trust_set_name(t, params->name);
	if (gnutls_certificate_allocate_credentials(&t->credentials) != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no memory for TLS credentials");
	if (params->fingerprint != NULL)
		return set_pin(t, params->fingerprint, err);
	t->is_blind = params->is_unverified;
	if (t->is_blind)
		return true;
	t->store.credentials = t->credentials;
	return store_open(&t->store, params->ca_file, err) &&
	    (params->crl_file == NULL || add_crl(t, params->crl_file, err));
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	store_close(&t->store);
	if (t->credentials != NULL)
		gnutls_certificate_free_credentials(t->credentials);
	mem_free(t->name);
	mem_free(t);
}

gnutls_certificate_credentials_t
trust_credentials(const struct trust *t)
{
	return t->credentials;
}

const char *
trust_server_name(const struct trust *t)
{
	return t->is_address ? NULL : t->name;
}

static bool
check_pin(const struct trust *t, const struct shown *s, struct error *err)
{
	unsigned char hash[CRYPTO_SHA256_SIZE];
	size_t size = sizeof(hash);

	memcpy(hash, s->sha256, sizeof(hash));
	if (t->pin.is_of_key && gnutls_x509_crt_get_key_id(s->leaf,
	    GNUTLS_KEYID_USE_SHA256, hash, &size) != 0)
		return certificate_refuse(&s->words, t->name,
		    "its key can't be read", NULL, err);
	return pin_matches(&t->pin, hash) || certificate_refuse(&s->words,
	    t->name, "it doesn't match tls_fingerprint", NULL, err);
}

static bool
add_anchors(struct trust *t, const struct shown *s, struct error *err)
{
	struct span *chain = mem_array(s->count, sizeof(*chain));
	unsigned int i;
	bool ok;

	for (i = 0; i < s->count; i++)
		chain[i] = span_make((const char *)s->chain[i].data,
		    s->chain[i].size);
	ok = store_add_anchors(&t->store, chain, s->count, s->trace, err);
	mem_free(chain);
	return ok;
}

/* The library's judgement of chain, name, purpose, staple and CRL. */
static int
judge(const struct trust *t, const struct shown *s, unsigned int *status)
{
	gnutls_typed_vdata_st wanted[2];
	unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	unsigned char address[sizeof(t->address)];
	char *name = mem_string(t->name);
	int result;

	memcpy(address, t->address, sizeof(address));
	memset(wanted, 0, sizeof(wanted));
	wanted[0].type = t->is_address ? GNUTLS_DT_IP_ADDRESS :
	    GNUTLS_DT_DNS_HOSTNAME;
	wanted[0].data = t->is_address ? address : (unsigned char *)name;
	wanted[0].size = t->is_address ? t->address_size : 0;
	wanted[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	wanted[1].data = purpose;
	result = gnutls_certificate_verify_peers(s->session, wanted, 2,
	    status);
	mem_free(name);
	return result;
}

/* By SAN only (RFC 9525): the library would take the CN, and nothing at all
 * for a name of no length. */
static bool
has_name_to_check(const struct trust *t, const struct certificate *c)
{
	return t->is_address ? c->has_address && t->address_size > 0 :
	    c->has_dns && t->name[0] != '\0';
}

static bool
check_chain(struct trust *t, const struct shown *s, struct error *err)
{
	unsigned int status = 0;
	int result;

	if (!add_anchors(t, s, err))
		return false;
	result = judge(t, s, &status);
	if (result != 0)
		return certificate_refuse(&s->words, t->name,
		    gnutls_strerror(result), NULL, err);
	if (!has_name_to_check(t, &s->words))
		status = (status & ~(unsigned int)GNUTLS_CERT_INVALID) |
		    GNUTLS_CERT_UNEXPECTED_OWNER;
	if (status == 0)
		return true;
	(void)certificate_refuse_status(&s->words, t->name, status, err);
	if (s->is_loopback && (status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0)
		err->hint = "H21";
	return false;
}

static bool
look_at(struct shown *s, struct error *err)
{
	const struct certificate *c = &s->words;

	s->chain = gnutls_certificate_type_get2(s->session,
	    GNUTLS_CTYPE_SERVER) == GNUTLS_CRT_X509 ?
	    gnutls_certificate_get_peers(s->session, &s->count) : NULL;
	if (s->chain == NULL || s->count == 0 ||
	    gnutls_x509_crt_init(&s->leaf) != 0 ||
	    gnutls_x509_crt_import(s->leaf, &s->chain[0],
	    GNUTLS_X509_FMT_DER) != 0 || !crypto_sha256(s->sha256,
	    span_make((char *)s->chain[0].data, s->chain[0].size)))
		return error_set(err, STAGE_TLS, EX_PROTOCOL,
		    "the relay shows no certificate that can be read");
	certificate_describe(&s->words, s->leaf, s->sha256);
	trace_note(s->trace, "certificate: subject %s, names %s, issuer %s, "
	    "valid %s to %s, sha256 %s", c->subject, c->names, c->issuer,
	    c->from, c->to, c->sha256);
	return true;
}

/* A chain holds as long as the first of it to expire. */
static void
look_along(const struct shown *s, struct certificate *c)
{
	struct certificate other;
	gnutls_x509_crt_t x509;
	unsigned int i;

	for (i = 1; i < s->count; i++) {
		if (gnutls_x509_crt_init(&x509) != 0)
			return;
		if (gnutls_x509_crt_import(x509, &s->chain[i],
		    GNUTLS_X509_FMT_DER) == 0) {
			certificate_describe(&other, x509, s->sha256);
			if (other.days_left < c->days_left)
				c->days_left = other.days_left;
		}
		gnutls_x509_crt_deinit(x509);
	}
}

bool
trust_describe(gnutls_session_t session, struct certificate *c)
{
	struct shown s = { .session = session };
	struct error ignored = { 0 };
	bool ok = look_at(&s, &ignored);

	*c = s.words;
	if (ok)
		look_along(&s, c);
	if (s.leaf != NULL)
		gnutls_x509_crt_deinit(s.leaf);
	return ok;
}

bool
trust_check(struct trust *t, gnutls_session_t session, bool is_loopback,
    const struct trace *trace, struct error *err)
{
	struct shown s = { .session = session, .is_loopback = is_loopback,
	    .trace = trace };
	bool ok = look_at(&s, err);

	if (ok && t->has_pin)
		ok = check_pin(t, &s, err);
	else if (ok && !t->is_blind)
		ok = check_chain(t, &s, err);
	if (s.leaf != NULL)
		gnutls_x509_crt_deinit(s.leaf);
	return ok;
}
