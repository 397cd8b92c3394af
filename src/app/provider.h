/* Mail providers that are known by the domain of an address. */
#ifndef POSTHASTE_APP_PROVIDER_H
#define POSTHASTE_APP_PROVIDER_H

#include <stdbool.h>

#include "base/span.h"

struct provider {
	const char *domains;	/* parted by blanks */
	const char *host, *port;
	bool is_starttls;	/* or implicit TLS */
	const char *auth;	/* the key, or NULL */
	const char *note;	/* what a user has to know, or NULL */
};

/* NULL where there is none. */
const struct provider *provider_find(struct span domain);

#endif
