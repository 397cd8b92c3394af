#include "net/tls_context.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "base/mem.h"
#include "net/trust.h"

/* Behind the system's policy, whatever that says: TLS 1.2 at least. */
#define TLS_FLOOR "-VERS-TLS1.1:-VERS-TLS1.0:-VERS-SSL3.0"

struct tls_context {
	bool is_initialised;
	gnutls_priority_t priority;
	struct trust *trust;
};

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
	result = gnutls_priority_init2(&ctx->priority, TLS_FLOOR, NULL,
	    GNUTLS_PRIORITY_INIT_DEF_APPEND);
	if (result != 0)
		result = gnutls_priority_init(&ctx->priority,
		    "NORMAL:" TLS_FLOOR, NULL);
	if (result != 0)
		return error_set(err, STAGE_SYSTEM, EX_OSERR,
		    "no TLS priorities: %s", gnutls_strerror(result));
	return trust_new(&ctx->trust, params, err);
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
