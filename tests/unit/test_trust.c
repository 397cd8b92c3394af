#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "support/peer.h"
#include "support/program.h"

#define PATIENCE 30000
#define HEX_SIZE 65

static struct limit
patient(void)
{
	return limit_in(STAGE_TLS, "TLS handshake", "connect_timeout",
	    PATIENCE);
}

static void
write_hex(char *out, const unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		(void)snprintf(out + 2 * i, 3, "%02X", bytes[i]);
}

/* SHA-256 of a certificate and of its key, in capitals. */
static void
fingerprints(const struct scratch *scratch, const char *name, char *whole,
    char *key)
{
	char path[300];
	unsigned char hash[32];
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem;
	size_t size = sizeof(hash);

	(void)snprintf(path, sizeof(path), "%s/%s.pem", scratch->path, name);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &pem,
	    GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_fingerprint(certificate,
	    GNUTLS_DIG_SHA256, hash, &size), 0);
	write_hex(whole, hash, size);
	size = sizeof(hash);
	assert_int_equal(gnutls_x509_crt_get_key_id(certificate,
	    GNUTLS_KEYID_USE_SHA256, hash, &size), 0);
	write_hex(key, hash, size);
	gnutls_x509_crt_deinit(certificate);
	gnutls_free(pem.data);
}

/* One handshake; `ca` is a file's name in the directory, or NULL. */
static bool
shake(const struct scratch *scratch, const char *certificate, const char *ca,
    const char *name, const char *fingerprint, struct error *err)
{
	struct tls_params params = { .name = name,
	    .fingerprint = fingerprint };
	struct tls_peer peer = { .dir = scratch->path,
	    .certificate = certificate, .cut_after = TLS_PEER_NEVER };
	struct limit limit = patient();
	struct tls_context *context;
	struct stream stream;
	char *path = NULL;
	bool ok;
	int fd;

	error_clear(err);
	if (ca != NULL)
		params.ca_file = path = scratch_path(scratch, ca);
	assert_true(tls_context_new(&context, &params, err));
	assert_true(tls_peer_start(&peer, &fd));
	stream_begin(&stream, fd);
	ok = tls_handshake(&stream, context, &limit, NULL, err);
	if (ok)
		stream_close(&stream);
	else
		/* Nothing may leave in clear behind a failed handshake. */
		assert_false(stream_write(&stream, span_of("QUIT\r\n"),
		    &limit, err));
	stream_free(&stream);
	tls_context_free(context);
	mem_free(path);
	/* The server's handshake may be over before ours has failed. */
	assert_true(tls_peer_end(&peer) || !ok);
	return ok;
}

static const struct {
	const char *certificate, *ca, *name;
} accepted[] = {
	{ "good", "ca.pem", "relay.test" },
	{ "good", "ca.pem", "RELAY.test" },
	{ "good", "ca.pem", "relay.test." },
	{ "good", "ca.pem", "localhost" },
	{ "good", "ca.pem", "127.0.0.1" },
	{ "wrongname", "ca.pem", "other.test" },
	{ "selfsigned", "selfsigned.pem", "relay.test" },
	{ "wildcard", "ca.pem", "mail.relay.test" },
};

static void
tls_4_a_certificate_that_fits_is_accepted(void **state)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		if (!shake(*state, accepted[i].certificate, accepted[i].ca,
		    accepted[i].name, NULL, &err))
			fail_msg("%s, %s: %s", accepted[i].certificate,
			    accepted[i].name, err.text);
}

static const struct {
	const char *certificate, *name, *reason, *hint, *fix;
} refused[] = {
	{ "expired", "relay.test", "it has expired (on ", NULL,
	    "have the relay's certificate renewed; or, if " },
	{ "future", "relay.test", "it isn't valid yet (from ", NULL,
	    "check this machine's clock; or, if " },
	{ "good", "mail.test", "it is for other names", NULL,
	    "set host or tls_name to one of its names; or, if " },
	{ "good", "test", "it is for other names", NULL, "" },
	{ "good", "sub.relay.test", "it is for other names", NULL, "" },
	{ "good", "127.0.0.2", "it is for other names", NULL, "" },
	{ "good", "::1", "it is for other names", NULL, "" },
	{ "good", "fe80::1%lo", "it is for other names", NULL, "" },
	{ "wrongname", "relay.test", "it is for other names", NULL, "" },
	{ "wrongname", "127.0.0.1", "it is for other names", NULL, "" },
	/* The name stands in the subject, and counts for nothing there. */
	{ "cnonly", "relay.test", "it is for other names", NULL, "" },
	{ "cnonly", "127.0.0.1", "it is for other names", NULL, "" },
	{ "good", "", "it is for other names", NULL, "" },
	{ "wildcard", "relay.test", "it is for other names", NULL, "" },
	{ "wildcard", "a.b.relay.test", "it is for other names", NULL, "" },
	{ "dnsaddress", "127.0.0.1", "it is for other names", NULL, "" },
	{ "dnsaddress", "::1", "it is for other names", NULL, "" },
	{ "nulname", "relay.test", "it is for other names", NULL, "" },
	{ "nulname", "other.test", "it is for other names", NULL, "" },
	{ "clientonly", "relay.test", "it isn't for TLS servers", NULL,
	    "if this certificate is the relay's own beyond doubt: " },
	{ "untrusted", "relay.test", "its issuer is unknown", "H21",
	    "set tls_ca_file to the certificate of its CA; or, if " },
	{ "selfsigned", "relay.test", "its issuer is unknown", "H21",
	    "set tls_ca_file to the certificate of its CA; or, if " },
	{ "selfsigned", "mail.test",
	    "its issuer is unknown, it is for other names", "H21", "" },
};

static void
assert_refused(const struct error *err, const char *name, const char *reason)
{
	char text[300];

	(void)snprintf(text, sizeof(text),
	    "the certificate isn't accepted for '%s': %s", name, reason);
	assert_memory_equal(err->text, text, strlen(text));
	assert_int_equal(err->stage, STAGE_TLS);
	assert_int_equal(err->exit_code, EX_PROTOCOL);
	assert_false(err->temporary);
	assert_string_equal(err->reply, "");
}

static void
tls_4_what_does_not_fit_is_refused_and_described(void **state)
{
	char whole[HEX_SIZE], key[HEX_SIZE];
	struct error err = { 0 };
	const char *hex;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (shake(*state, refused[i].certificate, "ca.pem",
		    refused[i].name, NULL, &err))
			fail_msg("%s accepted for %s", refused[i].certificate,
			    refused[i].name);
		assert_refused(&err, refused[i].name, refused[i].reason);
		assert_int_equal(err.hint == NULL, refused[i].hint == NULL);
		if (err.hint != NULL)
			assert_string_equal(err.hint, refused[i].hint);
		assert_memory_equal(err.fix, refused[i].fix,
		    strlen(refused[i].fix));
		fingerprints(*state, refused[i].certificate, whole, key);
		hex = strstr(err.fix, "tls_fingerprint = ");
		assert_non_null(hex);
		hex += strlen("tls_fingerprint = ");
		assert_true(span_equals_nocase(span_of(hex),
		    span_of(whole)));
		assert_non_null(strstr(err.cause, hex));
		/* What is to be pasted works. */
		memcpy(key, hex, HEX_SIZE);
		if (!shake(*state, refused[i].certificate, NULL,
		    refused[i].name, key, &err))
			fail_msg("%s: %s", refused[i].certificate, err.text);
	}
}

static void
the_cause_tells_subject_names_issuer_and_dates(void **state)
{
	struct error err = { 0 };

	assert_false(shake(*state, "untrusted", "ca.pem", "relay.test", NULL,
	    &err));
	assert_ptr_equal(strstr(err.cause, "certificate: subject "
	    "CN=relay.test, names localhost relay.test 127.0.0.1, "
	    "issuer CN=some other CA, valid 20"), err.cause);
	assert_non_null(strstr(err.cause, ", sha256 "));
	assert_false(shake(*state, "cnonly", "ca.pem", "relay.test", NULL,
	    &err));
	assert_non_null(strstr(err.cause, ", names (none), "));
}

static void
a_fingerprint_replaces_everything_else(void **state)
{
	char whole[HEX_SIZE], key[HEX_SIZE], colons[3 * HEX_SIZE],
	    spki[HEX_SIZE + 8];
	struct error err = { 0 };
	size_t i;

	fingerprints(*state, "expired", whole, key);
	assert_true(shake(*state, "expired", NULL, "no.such.name", whole,
	    &err));
	for (i = 0; i < 32; i++)
		(void)snprintf(colons + 3 * i, 4, "%.2s%s", whole + 2 * i,
		    i < 31 ? ":" : "");
	assert_true(shake(*state, "expired", NULL, "192.0.2.1", colons, &err));
	(void)snprintf(spki, sizeof(spki), "spki:%s", key);
	assert_true(shake(*state, "expired", NULL, "relay.test", spki, &err));

	/* The certificate's hash isn't the key's, and neither is another's. */
	(void)snprintf(spki, sizeof(spki), "spki:%s", whole);
	assert_false(shake(*state, "expired", NULL, "relay.test", spki, &err));
	assert_refused(&err, "relay.test", "it doesn't match tls_fingerprint");
	assert_false(shake(*state, "good", "ca.pem", "relay.test", whole,
	    &err));
	assert_refused(&err, "relay.test", "it doesn't match tls_fingerprint");
	assert_null(err.hint);
}

#define DIGITS "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcd"

static const struct {
	const char *text;
	bool is_valid;
} prints[] = {
	{ DIGITS "ef", true },
	{ "spki:" DIGITS "ef", true },
	{ "SPKI:" DIGITS "ef", true },
	{ DIGITS ":ef", true },
	{ DIGITS, false },
	{ DIGITS "e", false },
	{ DIGITS "eff", false },
	{ DIGITS "ef:", false },
	{ ":" DIGITS "ef", false },
	{ DIGITS "::ef", false },
	{ DIGITS "eg", false },
	{ DIGITS "e:f", false },
	{ DIGITS " ef", false },
	{ "sha256:" DIGITS "ef", false },
	{ "spki:", false },
	{ "", false },
};

static void
a_fingerprint_is_a_sha256_in_hex(void **state)
{
	struct tls_params params = { .name = "relay.test",
	    .fingerprint = "12:34" };
	struct error err = { 0 };
	struct tls_context *context;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(prints) / sizeof(prints[0]); i++)
		if (tls_fingerprint_is_valid(prints[i].text) !=
		    prints[i].is_valid)
			fail_msg("wrong about '%s'", prints[i].text);
	assert_false(tls_context_new(&context, &params, &err));
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_string_equal(err.text,
	    "tls_fingerprint: '12:34' isn't a SHA-256 in hex");
	tls_context_free(context);
}

static const struct {
	const char *name, *text;
} files[] = {
	{ "missing.pem", "tls_ca_file: can't open '%s': " },
	{ "directory", "tls_ca_file: '%s' isn't a regular file" },
	{ "fifo", "tls_ca_file: '%s' isn't a regular file" },
	{ "empty.pem", "tls_ca_file: '%s' holds no certificate in PEM form" },
	{ "garbage.pem", "tls_ca_file: '%s' holds no certificate in PEM form" },
	{ "good.key", "tls_ca_file: '%s' holds no certificate in PEM form" },
	{ "large.pem", "tls_ca_file: '%s' is too large" },
};

static void
make_files(const struct scratch *scratch)
{
	char *directory = scratch_path(scratch, "directory");
	char *fifo = scratch_path(scratch, "fifo");
	char *empty = scratch_file(scratch, "empty.pem", 0600, span_of(""));
	char *garbage = scratch_file(scratch, "garbage.pem", 0600,
	    span_of("-----BEGIN CERTIFICATE-----\nno\n"));
	char *large = scratch_file(scratch, "large.pem", 0600, span_of(""));

	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(truncate(large, (16 << 20) + 1), 0);
	mem_free(directory);
	mem_free(fifo);
	mem_free(empty);
	mem_free(garbage);
	mem_free(large);
}

static void
a_ca_file_without_certificates_is_a_mistake_in_the_profile(void **state)
{
	struct tls_params params = { .name = "relay.test" };
	struct error err;
	struct tls_context *context;
	char text[500], *path;
	size_t i;

	make_files(*state);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		error_clear(&err);
		path = scratch_path(*state, files[i].name);
		params.ca_file = path;
		assert_false(tls_context_new(&context, &params, &err));
		tls_context_free(context);
		(void)snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(strstr(files[i].text, "%s") - files[i].text),
		    files[i].text, path, strstr(files[i].text, "%s") + 2);
		assert_memory_equal(err.text, text, strlen(text));
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_false(err.temporary);
		mem_free(path);
	}
}

static void
read_pem(const struct scratch *scratch, const char *name, struct buf *out)
{
	char *path = scratch_path(scratch, name);
	gnutls_datum_t pem;

	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_true(buf_add(out, pem.data, pem.size));
	gnutls_free(pem.data);
	mem_free(path);
}

/* A line end where the finder expects none, and the library minds none. */
static void
add_oddly(struct buf *out, struct span pem)
{
	size_t begin = span_find(pem, '\n') + 2;

	assert_true(buf_add(out, pem.data, begin) &&
	    buf_add_char(out, '\n') && buf_add_span(out, span_skip(pem,
	    begin)));
}

static void
what_the_finder_does_not_understand_is_loaded_whole(void **state)
{
	struct error err = { 0 };
	struct buf ca, text;
	char *path;
	size_t i;

	for (i = 0; i < 3; i++) {
		buf_init(&ca, BUF_UNLIMITED);
		buf_init(&text, BUF_UNLIMITED);
		read_pem(*state, "ca.pem", &ca);
		/* In front, behind another one, behind a long text. */
		if (i == 1)
			read_pem(*state, "selfsigned.pem", &text);
		if (i == 2)
			for (; text.len < 20000;)
				assert_true(buf_add_string(&text, "# text\n"));
		if (i == 2)
			assert_true(buf_add_span(&text, buf_span(&ca)));
		else
			add_oddly(&text, buf_span(&ca));
		path = scratch_file(*state, "odd.pem", 0600, buf_span(&text));
		if (!shake(*state, "good", "odd.pem", "relay.test", NULL,
		    &err))
			fail_msg("%zu: %s", i, err.text);
		assert_false(shake(*state, "untrusted", "odd.pem",
		    "relay.test", NULL, &err));
		assert_refused(&err, "relay.test", "its issuer is unknown");
		assert_int_equal(unlink(path), 0);
		mem_free(path);
		buf_free(&text);
		buf_free(&ca);
	}
}

static void
a_bundle_broken_further_down_is_a_mistake_in_the_profile(void **state)
{
	struct error err = { 0 };
	struct buf text;
	char *path;

	buf_init(&text, BUF_UNLIMITED);
	read_pem(*state, "ca.pem", &text);
	assert_true(buf_add_string(&text, "-----BEGIN CERTIFICATE-----\n"
	    "no\n-----END CERTIFICATE-----\n"));
	path = scratch_file(*state, "broken.pem", 0600, buf_span(&text));
	assert_false(shake(*state, "good", "broken.pem", "relay.test", NULL,
	    &err));
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.text, "broken.pem' holds no certificate "
	    "in PEM form: "));
	assert_int_equal(unlink(path), 0);
	mem_free(path);
	buf_free(&text);
}

static void
the_systems_trust_is_there_or_the_fix_is_named(void **state)
{
	struct tls_params params = { .name = "relay.test" };
	struct error err = { 0 };
	struct tls_context *context;

	(void)state;
	if (!tls_context_new(&context, &params, &err)) {
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_ptr_equal(strstr(err.text,
		    "the system has no trusted CA certificates"), err.text);
		assert_non_null(strstr(err.fix, "ca-certificates"));
		assert_non_null(strstr(err.fix, "tls_ca_file"));
	} else {
		assert_false(error_is_set(&err));
		assert_non_null(context);
	}
	tls_context_free(context);
	/* It doesn't know our CA in any case. */
	if (!error_is_set(&err))
		assert_false(shake(*state, "good", NULL, "relay.test", NULL,
		    &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_4_a_certificate_that_fits_is_accepted),
		cmocka_unit_test(tls_4_what_does_not_fit_is_refused_and_described),
		cmocka_unit_test(
		    the_cause_tells_subject_names_issuer_and_dates),
		cmocka_unit_test(a_fingerprint_replaces_everything_else),
		cmocka_unit_test(a_fingerprint_is_a_sha256_in_hex),
		cmocka_unit_test(
		    a_ca_file_without_certificates_is_a_mistake_in_the_profile),
		cmocka_unit_test(
		    what_the_finder_does_not_understand_is_loaded_whole),
		cmocka_unit_test(
		    a_bundle_broken_further_down_is_a_mistake_in_the_profile),
		cmocka_unit_test(
		    the_systems_trust_is_there_or_the_fix_is_named),
	};

	return cmocka_run_group_tests(tests, tls_peer_group_begin,
	    tls_peer_group_end);
}
