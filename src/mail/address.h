/*
 * Addresses: RFC 5322 lists as people and programs write them, with groups,
 * comments, quoted strings, routes, folding and the obsolete forms, and UTF-8
 * as in RFC 6532; and the check against RFC 5321 of what goes on the wire.
 */
#ifndef POSTHASTE_MAIL_ADDRESS_H
#define POSTHASTE_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/span.h"

/*
 * RFC 5321 section 4.5.3.1.1 promises 64 octets of a local part, and lets
 * clients try more: tokens to reply to and rewritten senders need them.
 */
#define ADDRESS_LOCAL_MAX 255
#define ADDRESS_DOMAIN_MAX 255	/* RFC 5321 section 4.5.3.1.2 */

/*
 * One mailbox, in the form that goes between "<" and ">": comments, folding
 * and routes are gone, the local part is quoted where (and only where) it has
 * to be, and nothing in it is a control, CR, LF or NUL. A bare name ("root")
 * has no domain. All strings are owned by the list.
 */
struct address {
	char *local;	/* quoted where necessary; "" only in a null address */
	char *domain;	/* NULL for a bare name; "[192.0.2.1]" for a literal */
	char *name;	/* display name, decoded from its quotes, or NULL */
};

struct address_list {
	struct address *items;
	size_t count;
	size_t room;
};

/*
 * Adds the addresses of the list `text` to `list`. Empty elements ("a,,b",
 * "a,") and groups without members are passed over. `origin` says where the
 * text comes from, for messages: "To", "the argument". Anything that isn't
 * clear is EX_DATAERR at STAGE_ADDRESS, quoting the offending part, never
 * a guess; `list` is unchanged then. A list may hold `max` addresses in all.
 */
bool address_parse_list(struct address_list *list, struct span text,
    const char *origin, size_t max, struct error *err) MUST_CHECK;

/*
 * Parses exactly one address, as -f has it. "" and "<>" give the null
 * reverse-path: local "", domain NULL.
 */
bool address_parse_one(struct address *address, struct span text,
    const char *origin, struct error *err) MUST_CHECK;

/* Adds the address, which is the list's then and zeroed here. */
void address_list_add(struct address_list *list, struct address *address);

void address_free(struct address *address);
void address_list_free(struct address_list *list);

bool address_is_null(const struct address *address);

/*
 * Whether a name has no domain, or one that means this machine: one of
 * `local_domains`, domains in lower case with commas in between, or NULL.
 */
bool address_is_bare(const struct address *address,
    const char *local_domains);

/* The local part without its quotes, and any text as a local part, which gets
 * quotes where it needs them. Owned by the caller. */
char *address_plain_local(const struct address *address);
char *address_quote_local(struct span local);

/*
 * "local@domain" (or "local" alone), owned by the caller. `domain` completes
 * a bare name; NULL leaves it bare.
 */
char *address_to_string(const struct address *address, const char *domain);

/* The same without completion, the pool's. */
char *address_to_pool(const struct address *address, struct pool *pool);

/*
 * What RFC 5321 wants beyond what the parser made sure of: lengths of local
 * part and domain, labels of letters, digits and inner hyphens of at most 63
 * octets, well-formed literals. Failure is EX_DATAERR at STAGE_ADDRESS.
 * A non-ASCII domain is replaced by its A-label; a non-ASCII local part passes,
 * and needs SMTPUTF8.
 */
bool address_check(struct address *address, const char *origin,
    struct error *err) MUST_CHECK;

/* Whether `literal` is "[", an IPv4 address or "IPv6:" and one, "]". */
bool address_is_literal(struct span literal);

/* Equal local parts, and domains that are equal without case. */
bool address_equals(const char *a, const char *b);

#endif
