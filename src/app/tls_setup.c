#include "app/tls_setup.h"

#include <string.h>
#include <unistd.h>

#include "app/report.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/shell.h"
#include "conf/safe.h"

#define CERTIFICATE_MAX (1UL << 20)

bool
tls_setup_check(const struct profile *p, struct error *err)
{
	const char *fault;

	if (p->tls_fingerprint != NULL &&
	    !tls_fingerprint_is_valid(p->tls_fingerprint))
		return profile_refuse(p, "tls_fingerprint",
		    p->tls_fingerprint, err, "not a SHA-256 in hex, nor "
		    "spki: and one") || error_fix(err, "write its 64 digits; "
		    "--check tells the relay's");
	if (p->tls_key_file != NULL && p->tls_cert_file == NULL)
		return profile_refuse(p, "tls_key_file", p->tls_key_file, err,
		    "a key without tls_cert_file") || error_fix(err,
		    "add tls_cert_file, the certificate of that key");
	fault = p->tls_priority == NULL ? NULL :
	    tls_priority_fault(p->tls_priority);
	if (fault == NULL)
		return true;
	(void)profile_refuse(p, "tls_priority", p->tls_priority, err, "%s",
	    fault);
	return error_fix(err, "write parts that go behind the system's own, "
	    "such as -VERS-TLS1.2 or -GROUP-ALL:+GROUP-X25519");
}

/* A file with a key in it is kept as a password is. */
static bool
read_pem(const char *key, const char *path, bool is_secret,
    char *const *env, struct buf *out, struct error *err)
{
	const struct profile_trust trust = { POSTHASTE_SYSCONFDIR,
		os_env(env, "CREDENTIALS_DIRECTORY") };
	struct stat st;
	int fd;
	bool ok;

	if (!safe_open(path, &trust, &fd, &st, err))
		return error_prefix(err, "%s: ", key);
	ok = !is_secret || safe_is_private(path, &trust, &st);
	if (!ok) {
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s: a private "
		    "key that everybody may read (mode %04o)", path,
		    safe_mode(&st));
		(void)error_fix(err, "chmod o-r %s", shell_word(path).text);
	}
	ok = ok && safe_read(fd, path, CERTIFICATE_MAX, out, err);
	(void)close(fd);
	return ok || error_prefix(err, "%s: ", key);
}

bool
tls_setup(const struct profile *p, char *const *env, struct tls_context **ctx,
    struct error *err)
{
	struct buf certificate = { 0 }, key = { 0 };
	const struct tls_params params = {
		.name = "",	/* tls_context_set_name(): each relay's */
		.ca_file = p->tls_ca_file,
		.crl_file = p->tls_crl_file,
		.fingerprint = p->tls_fingerprint,
		.is_unverified = !p->tls_verify,
		.wants_1_3 = p->tls_min == PROFILE_TLS_1_3,
		.priority = p->tls_priority,
		.certificate = p->tls_cert_file == NULL ? NULL : &certificate,
		.key = p->tls_key_file == NULL ? NULL : &key,
		.certificate_file = p->tls_cert_file,
	};
	bool ok;

	*ctx = NULL;
	if (p->tls == PROFILE_TLS_NONE)
		return true;
	buf_init(&certificate, CERTIFICATE_MAX);
	buf_init(&key, CERTIFICATE_MAX);
	ok = (p->tls_cert_file == NULL || read_pem("tls_cert_file",
	    p->tls_cert_file, p->tls_key_file == NULL, env, &certificate,
	    err)) && (p->tls_key_file == NULL || read_pem("tls_key_file",
	    p->tls_key_file, true, env, &key, err)) &&
	    tls_context_new(ctx, &params, err);
	buf_free_secret(&key);
	buf_free_secret(&certificate);
	if (!ok && err->stage == STAGE_CONFIG)
		(void)error_fix(err, "name a file in PEM form, with what "
		    "begins in a line of -----BEGIN");
	return ok || profile_locate(p, err);
}

void
tls_setup_warn(const struct profile *p, struct log *log, int stderr_fd,
    const struct trace *trace)
{
	static const char warning[] = "tls_verify = no: any server can pose "
	    "as the relay";
	struct record line;
	struct buf text;

	if (p->tls_verify || p->tls == PROFILE_TLS_NONE ||
	    p->tls_fingerprint != NULL)
		return;
	buf_init(&text, BUF_UNLIMITED);
	if (isatty(stderr_fd) == 1 && buf_printf(&text,
	    "posthaste: warning: profile '%s': %s\n", p->name, warning))
		(void)report_write(stderr_fd, buf_span(&text));
	buf_free(&text);
	record_init(&line, log->is_json);
	if (log->count > 0 &&
	    record_bytes(&line, "profile", span_of(p->name)) &&
	    record_text(&line, "warning", warning))
		log_write(log, false, &line, trace);
	record_free(&line);
}
