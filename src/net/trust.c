#include "net/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/span.h"
#include "net/pin.h"
#include "net/resolve.h"

#define TRUST_FILE_MAX (16UL << 20)

struct trust {
	gnutls_certificate_credentials_t credentials;
	char *name;		/* without a trailing dot */
	bool is_address;
	unsigned char address[sizeof(struct in6_addr)];
	unsigned int address_size;
	bool has_pin;		/* replaces anchors, name and dates */
	struct pin pin;
};

/* A certificate in the words of a message, escaped. */
struct summary {
	char subject[50], names[56], issuer[50];
	char from[12], to[12];
	bool is_early, is_late;	/* now is outside the two */
	bool has_dns, has_address;	/* among its names */
	char sha256[2 * CRYPTO_SHA256_SIZE + 1];
};

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
	    "set host to one of its names" },
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

static bool
read_all(int fd, const char *path, struct buf *out, struct error *err)
{
	char block[16384];
	ssize_t n;

	do {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, STAGE_CONFIG, EX_CONFIG,
			    errno, "can't read tls_ca_file '%s'", path);
		if (n > 0 && !buf_add(out, block, (size_t)n))
			return error_set(err, STAGE_CONFIG, EX_CONFIG,
			    "tls_ca_file '%s' is too large", path);
	} while (n != 0);
	return true;
}

static bool
add_file(struct trust *t, const char *path, struct error *err)
{
	struct buf pem;
	struct stat st;
	gnutls_datum_t bytes;
	int fd, count;
	bool ok = false;

	buf_init(&pem, TRUST_FILE_MAX);
	/* A FIFO that nobody writes to must not hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "can't open tls_ca_file '%s'", path);
		goto out;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "tls_ca_file '%s' isn't a regular file", path);
		goto out;
	}
	if (!read_all(fd, path, &pem, err))
		goto out;
	bytes.data = (unsigned char *)pem.data;
	bytes.size = (unsigned int)pem.len;
	count = pem.len == 0 ? 0 : gnutls_certificate_set_x509_trust_mem(
	    t->credentials, &bytes, GNUTLS_X509_FMT_PEM);
	ok = count > 0;
	if (!ok)
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "tls_ca_file "
		    "'%s' holds no certificate in PEM form%s%s", path,
		    count < 0 ? ": " : "",
		    count < 0 ? gnutls_strerror(count) : "");
out:
	if (fd >= 0)
		(void)close(fd);
	buf_free(&pem);
	return ok;
}

static bool
add_system(struct trust *t, struct error *err)
{
	int count = gnutls_certificate_set_x509_system_trust(t->credentials);

	if (count > 0)
		return true;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "the system has no trusted CA certificates%s%s",
	    count < 0 ? ": " : "", count < 0 ? gnutls_strerror(count) : "");
	return error_fix(err,
	    "install the package ca-certificates, or set tls_ca_file");
}

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

static void
set_name(struct trust *t, const char *name)
{
	size_t len = strlen(name);

	t->is_address = host_is_address(name);
	if (t->is_address)
		set_address(t, name);
	else if (len > 1 && name[len - 1] == '.')
		len--;
	t->name = mem_span(span_make(name, len));
}

bool
trust_new(struct trust **trust, const struct tls_params *params,
    struct error *err)
{
	struct trust *t = mem_alloc(sizeof(*t));
	bool ok;

	*trust = t;
	set_name(t, params->name);
	if (gnutls_certificate_allocate_credentials(&t->credentials) != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no memory for TLS credentials");
	if (params->fingerprint != NULL) {
		t->has_pin = true;
		ok = pin_parse(&t->pin, params->fingerprint);
		if (!ok)
			(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
			    "tls_fingerprint '%s' isn't a SHA-256 in hex",
			    params->fingerprint);
		return ok;
	}
	return params->ca_file != NULL ? add_file(t, params->ca_file, err) :
	    add_system(t, err);
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
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
add_name(struct summary *s, struct buf *names, unsigned int type,
    const gnutls_datum_t *name)
{
	const char *blank = names->len == 0 ? "" : " ";
	char number[INET6_ADDRSTRLEN];

	if (type == GNUTLS_SAN_DNSNAME) {
		s->has_dns = true;
		return buf_printf(names, "%s%.*s", blank, (int)name->size,
		    (const char *)name->data);
	}
	if (type != GNUTLS_SAN_IPADDRESS)
		return true;
	s->has_address = true;
	return (name->size != sizeof(struct in_addr) &&
	    name->size != sizeof(struct in6_addr)) ||
	    buf_printf(names, "%s%s", blank, inet_ntop(name->size ==
	    sizeof(struct in_addr) ? AF_INET : AF_INET6, name->data, number,
	    sizeof(number)));
}

static void
take_names(struct summary *s, gnutls_x509_crt_t leaf)
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
	    NULL) == 0 && add_name(s, &names, type, &name); i++)
		continue;
out:
	escape_into(s->names, sizeof(s->names), names.len == 0 ?
	    span_of("(none)") : buf_span(&names));
	if (sans != NULL)
		gnutls_subject_alt_names_deinit(sans);
	gnutls_free(extension.data);
	buf_free(&names);
}

static void
summarise(struct summary *s, gnutls_x509_crt_t leaf,
    const unsigned char *sha256)
{
	const time_t from = gnutls_x509_crt_get_activation_time(leaf);
	const time_t to = gnutls_x509_crt_get_expiration_time(leaf);
	const time_t now = time(NULL);
	gnutls_datum_t name = { NULL, 0 };
	int status;

	memset(s, 0, sizeof(*s));
	status = gnutls_x509_crt_get_dn3(leaf, &name, 0);
	take_name(s->subject, sizeof(s->subject), status, &name);
	status = gnutls_x509_crt_get_issuer_dn3(leaf, &name, 0);
	take_name(s->issuer, sizeof(s->issuer), status, &name);
	take_names(s, leaf);
	write_date(s->from, sizeof(s->from), from);
	write_date(s->to, sizeof(s->to), to);
	s->is_early = now < from;
	s->is_late = now > to;
	write_hex(s->sha256, sha256, CRYPTO_SHA256_SIZE);
}

/* `advice` NULL: only the fingerprint would help. Returns false. */
static bool
refuse(const struct trust *t, const struct summary *s, const char *reasons,
    const char *advice, struct error *err)
{
	(void)error_set(err, STAGE_TLS, EX_PROTOCOL,
	    "the certificate isn't accepted for '%s': %s", t->name, reasons);
	/* Not error_cause(): the parts are escaped already. */
	(void)snprintf(err->cause, sizeof(err->cause),
	    "certificate: subject %s, names %s, issuer %s, "
	    "valid %s to %s, sha256 %s", s->subject, s->names, s->issuer,
	    s->from, s->to, s->sha256);
	return error_fix(err, "%s%sif this certificate is the relay's own "
	    "beyond doubt: tls_fingerprint = %s",
	    advice == NULL ? "" : advice, advice == NULL ? "" : "; or, ",
	    s->sha256);
}

static bool
check_pin(const struct trust *t, gnutls_x509_crt_t leaf,
    const struct summary *s, const unsigned char *sha256, struct error *err)
{
	unsigned char hash[CRYPTO_SHA256_SIZE];
	size_t size = sizeof(hash);

	memcpy(hash, sha256, sizeof(hash));
	if (t->pin.is_of_key && gnutls_x509_crt_get_key_id(leaf,
	    GNUTLS_KEYID_USE_SHA256, hash, &size) != 0)
		return refuse(t, s, "its key can't be read", NULL, err);
	return pin_matches(&t->pin, hash) || refuse(t, s,
	    "it doesn't match tls_fingerprint", NULL, err);
}

static const char *
describe_status(struct buf *reasons, const struct summary *s,
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
			    s->is_late ? "on" : "one of its chain; itself on",
			    s->to);
		if (verdicts[i].status == GNUTLS_CERT_NOT_ACTIVATED)
			ok = ok && buf_printf(reasons, " (%s %s on)",
			    s->is_early ? "from" : "one of its chain; itself "
			    "from", s->from);
	}
	if (reasons->len == 0 || !ok)
		(void)(buf_printf(reasons, "it isn't valid (status 0x%x)",
		    status) && ok);
	return advice;
}

static bool
refuse_status(const struct trust *t, const struct summary *s,
    unsigned int status, bool is_loopback, struct error *err)
{
	const char *advice;
	struct buf reasons;

	buf_init(&reasons, BUF_UNLIMITED);
	advice = describe_status(&reasons, s, status);
	(void)refuse(t, s, buf_string(&reasons), advice, err);
	if (is_loopback && (status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0)
		err->hint = "H21";
	buf_free(&reasons);
	return false;
}

static bool
check_chain(const struct trust *t, gnutls_session_t session,
    const struct summary *s, bool is_loopback, struct error *err)
{
	gnutls_typed_vdata_st wanted[2];
	unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	unsigned char *address = mem_alloc(sizeof(t->address));
	char *name = mem_string(t->name);
	unsigned int status = 0;
	int result;
	bool ok = false;

	memcpy(address, t->address, sizeof(t->address));
	memset(wanted, 0, sizeof(wanted));
	wanted[0].type = t->is_address ? GNUTLS_DT_IP_ADDRESS :
	    GNUTLS_DT_DNS_HOSTNAME;
	wanted[0].data = t->is_address ? address : (unsigned char *)name;
	wanted[0].size = t->is_address ? t->address_size : 0;
	wanted[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	wanted[1].data = purpose;
	result = gnutls_certificate_verify_peers(session, wanted, 2, &status);
	if (result != 0)
		(void)refuse(t, s, gnutls_strerror(result), NULL, err);
	else if (!(t->is_address ? s->has_address && t->address_size > 0 :
	    s->has_dns && t->name[0] != '\0'))
		/* By SAN only (RFC 9525): the library would take the CN, and
		 * nothing at all for a name of no length. */
		(void)refuse_status(t, s, (status & ~(unsigned int)
		    GNUTLS_CERT_INVALID) | GNUTLS_CERT_UNEXPECTED_OWNER,
		    is_loopback, err);
	else if (status != 0)
		(void)refuse_status(t, s, status, is_loopback, err);
	else
		ok = true;
	mem_free(address);
	mem_free(name);
	return ok;
}

bool
trust_check(struct trust *t, gnutls_session_t session, bool is_loopback,
    const struct trace *trace, struct error *err)
{
	const gnutls_datum_t *chain;
	unsigned char sha256[CRYPTO_SHA256_SIZE];
	struct summary s;
	gnutls_x509_crt_t leaf = NULL;
	unsigned int count = 0;
	bool ok = false;

	chain = gnutls_certificate_type_get2(session, GNUTLS_CTYPE_SERVER) ==
	    GNUTLS_CRT_X509 ? gnutls_certificate_get_peers(session, &count) :
	    NULL;
	if (chain == NULL || count == 0 ||
	    gnutls_x509_crt_init(&leaf) != 0 ||
	    gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) != 0 ||
	    !crypto_sha256(sha256, span_make((char *)chain[0].data,
	    chain[0].size))) {
		(void)error_set(err, STAGE_TLS, EX_PROTOCOL,
		    "the relay shows no certificate that can be read");
		goto out;
	}
	summarise(&s, leaf, sha256);
	trace_note(trace, "certificate: subject %s, names %s, issuer %s, "
	    "valid %s to %s, sha256 %s", s.subject, s.names, s.issuer, s.from,
	    s.to, s.sha256);
	ok = t->has_pin ? check_pin(t, leaf, &s, sha256, err) :
	    check_chain(t, session, &s, is_loopback, err);
out:
	if (leaf != NULL)
		gnutls_x509_crt_deinit(leaf);
	return ok;
}
