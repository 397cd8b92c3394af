#include "net/tls_context.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/trust.h"

/* Behind the system's policy and the profile's wish, whatever they say. */
#define TLS_FLOOR "-VERS-TLS1.1:-VERS-TLS1.0:-VERS-SSL3.0"

struct tls_context {
	bool is_initialised;
	gnutls_priority_t priority;
	struct trust *trust;
};

static int
make_priority(gnutls_priority_t *priority, const char *wish, bool wants_1_3)
{
	struct buf text;
	int result = GNUTLS_E_MEMORY_ERROR;

	buf_init(&text, BUF_UNLIMITED);
	if (buf_printf(&text, "NORMAL:%s%s%s%s", wish == NULL ? "" : wish,
	    wish == NULL ? "" : ":", TLS_FLOOR,
	    wants_1_3 ? ":-VERS-TLS1.2" : ""))
		result = gnutls_priority_init2(priority,
		    text.data + strlen("NORMAL:"), NULL,
		    GNUTLS_PRIORITY_INIT_DEF_APPEND);
	/* Where the system's own policy can't be had. */
	if (result != 0)
		result = gnutls_priority_init(priority, buf_string(&text),
		    NULL);
	buf_free(&text);
	return result;
}

const char *
tls_priority_fault(const char *text)
{
	gnutls_priority_t priority;
	int result = make_priority(&priority, text, false);

	if (result != 0)
		return gnutls_strerror(result);
	gnutls_priority_deinit(priority);
	return NULL;
}

static bool
add_certificate(struct tls_context *ctx, const struct tls_params *params,
    struct error *err)
{
	const struct buf *key = params->key;
	gnutls_datum_t pem[2];
	int result;

	if (key == NULL)
		key = params->certificate;
	pem[0].data = (unsigned char *)params->certificate->data;
	pem[0].size = (unsigned int)params->certificate->len;
	pem[1].data = (unsigned char *)key->data;
	pem[1].size = (unsigned int)key->len;
	result = gnutls_certificate_set_x509_key_mem2(
	    trust_credentials(ctx->trust), &pem[0], &pem[1],
	    GNUTLS_X509_FMT_PEM, NULL, 0);
	if (result >= 0)
		return true;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "tls_cert_file: '%s' and its key can't be used: %s",
	    params->certificate_file, gnutls_strerror(result));
	return result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH &&
	    error_fix(err, "name the key that belongs to the certificate");
}

bool
tls_context_new(struct tls_context **context, const struct tls_params *params,
    struct error *err)
{
	struct tls_context *ctx = mem_alloc(sizeof(*ctx));
	int result;

	*context = ctx;
	result = gnutls_global_init();
	if (result != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "GnuTLS can't start: %s", gnutls_strerror(result));
	ctx->is_initialised = true;
	result = make_priority(&ctx->priority, params->priority,
	    params->wants_1_3);
	if (result != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no TLS priorities: %s", gnutls_strerror(result));
	return trust_new(&ctx->trust, params, err) &&
	    (params->certificate == NULL ||
	    add_certificate(ctx, params, err));
}

void
tls_context_free(struct tls_context *ctx)
{
	if (ctx == NULL)
		return;
	trust_free(ctx->trust);
	if (ctx->priority != NULL)
		gnutls_priority_deinit(ctx->priority);
	if (ctx->is_initialised)
		gnutls_global_deinit();
	mem_free(ctx);
}

void
tls_context_set_name(struct tls_context *ctx, const char *name)
{
	trust_set_name(ctx->trust, name);
}

int
tls_context_equip(const struct tls_context *ctx, gnutls_session_t session)
{
	const char *name = trust_server_name(ctx->trust);
	int result;

	result = gnutls_priority_set(session, ctx->priority);
	if (result == 0)
		result = gnutls_credentials_set(session,
		    GNUTLS_CRD_CERTIFICATE, trust_credentials(ctx->trust));
	if (result == 0 && name != NULL)
		result = gnutls_server_name_set(session, GNUTLS_NAME_DNS,
		    name, strlen(name));
	return result;
}

struct trust *
tls_context_trust(const struct tls_context *ctx)
{
	return ctx->trust;
}
