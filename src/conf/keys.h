/*
 * The one table of what may stand in a section: each key with its type and
 * the place of its value in struct profile.
 */
#ifndef POSTHASTE_CONF_KEYS_H
#define POSTHASTE_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value looks like, and what the field is. */
enum key_type {
	KEY_TEXT,	/* char *, as written */
	KEY_WORD,	/* char *, one of words */
	KEY_SECRET,	/* char *, wiped, never quoted in a message */
	KEY_PATH,	/* char *, absolute */
	KEY_FILENAME,	/* char *, one component of a path */
	KEY_HOST,	/* char *, one name or address */
	KEY_HOSTS,	/* char *, as hosts.h has it */
	KEY_PROXY,	/* char *, as proxy.h has it; wiped, never quoted */
	KEY_EHLO,	/* char *, %H expanded later */
	KEY_DOMAIN,	/* char * */
	KEY_DOMAINS,	/* char *, a comma list, %H expanded later */
	KEY_SENDER,	/* char *, templates expanded later */
	KEY_PATTERNS,	/* char *, a list of match_from's patterns */
	KEY_ADDRESS,	/* char *, IPv4 or IPv6 */
	KEY_NUMBER,	/* int64_t from min to max */
	KEY_SECONDS,	/* int64_t, milliseconds from min to max */
	KEY_CHOICE,	/* int, one of words */
	KEY_BOOLEAN	/* bool, one of words */
};

#define KEY_TYPES (KEY_BOOLEAN + 1)

/* How sections share a key. */
enum key_rule {
	KEY_INHERITED,
	KEY_OWN,		/* holds for its own section only */
	KEY_ONE_PASSWORD,	/* one of these a section; takes the place of */
	KEY_ONE_RELAY		/* whichever of them was inherited */
};

/* A value's word; the list ends with a NULL word. */
struct key_word {
	const char *word;
	int value;
};

struct profile_key {
	const char *name;
	enum key_type type;
	enum key_rule rule;
	size_t offset;		/* into struct profile */
	int64_t min, max;
	const struct key_word *words;
};

/* The table, which ends with a NULL name. */
const struct profile_key *keys_all(void);

/* NULL for an unknown name; case counts. */
const struct profile_key *key_find(const char *name);

/* Its number in the table, and how many there are. */
size_t key_index(const struct profile_key *key);
size_t keys_count(void);

/* The key whose name is near `name`, or NULL. */
const struct profile_key *key_nearest(const char *name);

/* Whether the value may be, or hold, a password. */
bool key_is_secret(const struct profile_key *key);

/* Whether the field is a char *. */
bool key_is_string(const struct profile_key *key);

#endif
