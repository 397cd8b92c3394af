#include "net/trust_certificate.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/span.h"

/* In the order in which they are told; `advice` is for the first. */
static const struct verdict {
	unsigned int status;
	const char *text;
	const char *advice;
} verdicts[] = {
	{ GNUTLS_CERT_REVOKED, "it is revoked", NULL },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, "its issuer is unknown",
	    "set tls_ca_file to the certificate of its CA" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "its issuer isn't a CA", NULL },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong", NULL },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "its algorithm is insecure", NULL },
	{ GNUTLS_CERT_NOT_ACTIVATED, "it isn't valid yet",
	    "check this machine's clock" },
	{ GNUTLS_CERT_EXPIRED, "it has expired",
	    "have the relay's certificate renewed" },
	{ GNUTLS_CERT_UNEXPECTED_OWNER, "it is for other names",
	    "set host or tls_name to one of its names" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "it isn't for TLS servers", NULL },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
	    "its CA may not sign for it", NULL },
	{ GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
	    "it has an unknown critical extension", NULL },
	{ GNUTLS_CERT_MISSING_OCSP_STATUS,
	    "it must come with an OCSP status", NULL },
	{ GNUTLS_CERT_INVALID_OCSP_STATUS, "its OCSP status is wrong", NULL },
	{ GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED,
	    "its revocation data is out of date", NULL },
	{ GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
	    "its revocation data is from the future", NULL },
};

static void
write_hex(char *out, const unsigned char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		(void)snprintf(out + 2 * i, 3, "%02x",
		    (unsigned int)bytes[i]);
}

static void
write_date(char *out, size_t size, time_t t)
{
	struct tm date;

	if (t == (time_t)-1 || gmtime_r(&t, &date) == NULL ||
	    strftime(out, size, "%Y-%m-%d", &date) == 0)
		(void)snprintf(out, size, "?");
}

static void
take_name(char *out, size_t size, int status, gnutls_datum_t *name)
{
	escape_into(out, size, status != 0 || name->size == 0 ?
	    span_of("(none)") : span_make((char *)name->data, name->size));
	gnutls_free(name->data);
	name->data = NULL;
}

static bool
add_name(struct certificate *c, struct buf *names, unsigned int type,
    const gnutls_datum_t *name)
{
	const char *blank = names->len == 0 ? "" : " ";
	char number[INET6_ADDRSTRLEN];

	if (type == GNUTLS_SAN_DNSNAME) {
		c->has_dns = true;
		/* A NUL in it is shown, too. */
		return buf_add_string(names, blank) &&
		    buf_add(names, name->data, name->size);
	}
	if (type != GNUTLS_SAN_IPADDRESS)
		return true;
	c->has_address = true;
	return (name->size != sizeof(struct in_addr) &&
	    name->size != sizeof(struct in6_addr)) ||
	    buf_printf(names, "%s%s", blank, inet_ntop(name->size ==
	    sizeof(struct in_addr) ? AF_INET : AF_INET6, name->data, number,
	    sizeof(number)));
}

static void
take_names(struct certificate *c, gnutls_x509_crt_t leaf)
{
	gnutls_subject_alt_names_t sans = NULL;
	gnutls_datum_t extension = { NULL, 0 }, name;
	struct buf names;
	unsigned int i, type;

	buf_init(&names, BUF_UNLIMITED);
	if (gnutls_x509_crt_get_extension_by_oid2(leaf,
	    GNUTLS_X509EXT_OID_SAN, 0, &extension, NULL) != 0 ||
	    gnutls_subject_alt_names_init(&sans) != 0 ||
	    gnutls_x509_ext_import_subject_alt_names(&extension, sans, 0) != 0)
		goto out;
	for (i = 0; gnutls_subject_alt_names_get(sans, i, &type, &name,
	    NULL) == 0 && add_name(c, &names, type, &name); i++)
		continue;
out:
	escape_into(c->names, sizeof(c->names), names.len == 0 ?
	    span_of("(none)") : buf_span(&names));
	if (sans != NULL)
		gnutls_subject_alt_names_deinit(sans);
	gnutls_free(extension.data);
	buf_free(&names);
}

void
certificate_describe(struct certificate *c, gnutls_x509_crt_t x509,
    const unsigned char *sha256)
{
	const time_t from = gnutls_x509_crt_get_activation_time(x509);
	const time_t to = gnutls_x509_crt_get_expiration_time(x509);
	const time_t now = time(NULL);
	gnutls_datum_t name = { NULL, 0 };
	int status;

	memset(c, 0, sizeof(*c));
	status = gnutls_x509_crt_get_dn3(x509, &name, 0);
	take_name(c->subject, sizeof(c->subject), status, &name);
	status = gnutls_x509_crt_get_issuer_dn3(x509, &name, 0);
	take_name(c->issuer, sizeof(c->issuer), status, &name);
	take_names(c, x509);
	write_date(c->from, sizeof(c->from), from);
	write_date(c->to, sizeof(c->to), to);
	c->days_left = (to - now) / (24 * 60 * 60);
	c->is_early = now < from;
	c->is_late = now > to;
	write_hex(c->sha256, sha256, CRYPTO_SHA256_SIZE);
}

bool
certificate_refuse(const struct certificate *c, const char *name,
    const char *reasons, const char *advice, struct error *err)
{
	(void)error_set(err, STAGE_TLS, EX_PROTOCOL,
	    "the certificate isn't accepted for '%s': %s", name, reasons);
	/* Not error_cause(): the parts are escaped already. */
	(void)snprintf(err->cause, sizeof(err->cause),
	    "certificate: subject %s, names %s, issuer %s, "
	    "valid %s to %s, sha256 %s", c->subject, c->names, c->issuer,
	    c->from, c->to, c->sha256);
	return error_fix(err, "%s%sif this certificate is the relay's own "
	    "beyond doubt: tls_fingerprint = %s",
	    advice == NULL ? "" : advice, advice == NULL ? "" : "; or, ",
	    c->sha256);
}

static const char *
describe_status(struct buf *reasons, const struct certificate *c,
    unsigned int status)
{
	const char *advice = NULL;
	bool ok = true;
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if ((status & verdicts[i].status) == 0)
			continue;
		if (reasons->len == 0)
			advice = verdicts[i].advice;
		ok = ok && buf_printf(reasons, "%s%s", reasons->len == 0 ?
		    "" : ", ", verdicts[i].text);
		if (verdicts[i].status == GNUTLS_CERT_EXPIRED)
			ok = ok && buf_printf(reasons, " (%s %s)",
			    c->is_late ? "on" : "one of its chain; itself on",
			    c->to);
		if (verdicts[i].status == GNUTLS_CERT_NOT_ACTIVATED)
			ok = ok && buf_printf(reasons, " (%s %s on)",
			    c->is_early ? "from" : "one of its chain; itself "
			    "from", c->from);
	}
	if (reasons->len == 0 || !ok)
		(void)(buf_printf(reasons, "it isn't valid (status 0x%x)",
		    status) && ok);
	return advice;
}

bool
certificate_refuse_status(const struct certificate *c, const char *name,
    unsigned int status, struct error *err)
{
	const char *advice;
	struct buf reasons;

	buf_init(&reasons, BUF_UNLIMITED);
	advice = describe_status(&reasons, c, status);
	(void)certificate_refuse(c, name, buf_string(&reasons), advice, err);
	buf_free(&reasons);
	return false;
}
