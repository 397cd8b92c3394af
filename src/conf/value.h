/*
 * One `key = value`: checked by the key's type, and stored in its field.
 */
#ifndef POSTHASTE_CONF_VALUE_H
#define POSTHASTE_CONF_VALUE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "conf/keys.h"
#include "conf/place.h"
#include "conf/profile.h"

struct setting {	/* borrowed, all of it */
	const struct profile_key *key;
	struct span value;
	struct place at;
};

/*
 * Puts the value into its field of `*p`, whose old value is freed. A value that
 * is malformed is EX_CONFIG, "file:line: key = value: why". Templates are
 * stored as they are.
 */
bool value_store(struct profile *p, const struct setting *s,
    struct error *err) MUST_CHECK;

/* Frees the field of a string key. */
void value_clear(struct profile *p, const struct profile_key *key);

/* The string field of `key` in `p`. */
char **value_field(struct profile *p, const struct profile_key *key);

/* Sets "file:line: key = value: why"; a value with a password in it isn't
 * shown.
 * Returns false. */
bool value_refuse(const struct setting *s, struct error *err,
    const char *format, ...) FORMAT(3, 4);

/* What is wrong with an expanded `from`, static, or NULL. */
const char *sender_fault(struct span sender);

/* Checks by type, for value.c's table. */
bool value_check_host(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_hosts(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_proxy(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_ehlo(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_domain(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_domains(const struct setting *s,
    struct error *err) MUST_CHECK;
bool value_check_sender(const struct setting *s, struct error *err) MUST_CHECK;
bool value_check_patterns(const struct setting *s,
    struct error *err) MUST_CHECK;
bool value_check_address(const struct setting *s,
    struct error *err) MUST_CHECK;

#endif
