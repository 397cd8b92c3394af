#include "conf/hosts.h"

#include <string.h>

#include "conf/name.h"
#include "conf/value.h"

static const char srv_prefix[] = "srv:";

bool
hosts_next(struct span *rest, struct span *host)
{
	if (!span_next(rest, ',', host))
		return false;
	*host = span_trim(*host);
	return true;
}

struct span
hosts_srv_domain(struct span hosts)
{
	return span_starts_with_nocase(hosts, span_of(srv_prefix)) ?
	    span_trim(span_skip(hosts, strlen(srv_prefix))) : span_of(NULL);
}

bool
hosts_are_loopback(struct span hosts)
{
	struct span host;

	while (hosts_next(&hosts, &host))
		if (!name_is_loopback(host))
			return false;
	return true;
}

static bool
is_srv(struct span host)
{
	return span_starts_with_nocase(host, span_of(srv_prefix));
}

static bool
check_srv(const struct setting *s, struct error *err)
{
	const char *fault = name_fault(hosts_srv_domain(s->value), false);

	return fault == NULL || value_refuse(s, err, "not a domain behind "
	    "srv: %s", fault) || error_fix(err, "write it as in host = "
	    "srv:example.org");
}

bool
value_check_hosts(const struct setting *s, struct error *err)
{
	struct span rest = s->value;
	struct setting item = *s;
	size_t count = 0;

	if (is_srv(s->value) && span_find(s->value, ',') == s->value.len)
		return check_srv(s, err);
	while (hosts_next(&rest, &item.value)) {
		if (++count > HOSTS_MAX)
			return value_refuse(s, err, "more than %d relays",
			    HOSTS_MAX) || error_fix(err, "take some out");
		if (item.value.len == 0)
			return value_refuse(s, err, "a comma without a host")
			    || error_fix(err, "take the comma out");
		if (is_srv(item.value)) {
			(void)value_refuse(s, err, "srv: stands alone");
			return error_fix(err, "name the relays themselves, or "
			    "one domain as srv:example.org");
		}
		if (!value_check_host(&item, err))
			return false;
	}
	return true;
}
