#include "conf/keys.h"

#include <string.h>

#include "conf/nearest.h"
#include "conf/profile.h"

#define AT(field) offsetof(struct profile, field)
#define WEEK_MS (INT64_C(7) * 24 * 3600 * 1000)

static const struct key_word tls_words[] = {
	{ "starttls", PROFILE_TLS_STARTTLS },
	{ "implicit", PROFILE_TLS_IMPLICIT },
	{ "none", PROFILE_TLS_NONE },
	{ NULL, 0 },
};

static const struct key_word tls_min_words[] = {
	{ "1.2", PROFILE_TLS_1_2 },
	{ "1.3", PROFILE_TLS_1_3 },
	{ NULL, 0 },
};

/* Those of smtp/sasl.c's table, and two more. */
static const struct key_word auth_words[] = {
	{ PROFILE_AUTH_AUTO, 0 },
	{ PROFILE_AUTH_NONE, 0 },
	{ "plain", 0 },
	{ "login", 0 },
	{ "scram-sha-256-plus", 0 },
	{ "scram-sha-1-plus", 0 },
	{ "scram-sha-256", 0 },
	{ "scram-sha-1", 0 },
	{ "cram-md5", 0 },
	{ PROFILE_AUTH_EXTERNAL, 0 },
	{ "xoauth2", 0 },
	{ "oauthbearer", 0 },
	{ NULL, 0 },
};

static const struct key_word family_words[] = {
	{ "any", PROFILE_FAMILY_ANY },
	{ "4", PROFILE_FAMILY_4 },
	{ "6", PROFILE_FAMILY_6 },
	{ NULL, 0 },
};

static const struct key_word encode_words[] = {
	{ "auto", PROFILE_ENCODE_AUTO },
	{ "never", PROFILE_ENCODE_NEVER },
	{ "refuse", PROFILE_ENCODE_REFUSE },
	{ NULL, 0 },
};

static const struct key_word from_policy_words[] = {
	{ "keep", PROFILE_FROM_KEEP },
	{ "missing", PROFILE_FROM_MISSING },
	{ "force", PROFILE_FROM_FORCE },
	{ NULL, 0 },
};

static const struct key_word chunking_words[] = {
	{ "auto", PROFILE_CHUNKING_AUTO },
	{ "one-flight", PROFILE_CHUNKING_ONE_FLIGHT },
	{ "off", PROFILE_CHUNKING_OFF },
	{ NULL, 0 },
};

static const struct key_word dsn_return_words[] = {
	{ "hdrs", PROFILE_DSN_RETURN_HDRS },
	{ "full", PROFILE_DSN_RETURN_FULL },
	{ NULL, 0 },
};

static const struct key_word log_format_words[] = {
	{ "text", PROFILE_LOG_TEXT },
	{ "json", PROFILE_LOG_JSON },
	{ NULL, 0 },
};

static const struct key_word partial_words[] = {
	{ "refuse", PROFILE_PARTIAL_REFUSE },
	{ "deliver", PROFILE_PARTIAL_DELIVER },
	{ NULL, 0 },
};

static const struct key_word boolean_words[] = {
	{ "yes", true },
	{ "no", false },
	{ NULL, 0 },
};

#define STRING(name, type, field) \
	{ name, type, KEY_INHERITED, AT(field), 0, 0, NULL }
#define RULED(name, type, rule, field) \
	{ name, type, rule, AT(field), 0, 0, NULL }
#define RANGE(name, type, field, min, max) \
	{ name, type, KEY_INHERITED, AT(field), min, max, NULL }
#define WORDS(name, type, field, words) \
	{ name, type, KEY_INHERITED, AT(field), 0, 0, words }

static const struct profile_key profile_keys[] = {
	RULED("host", KEY_HOSTS, KEY_ONE_RELAY, host),
	RANGE("port", KEY_NUMBER, port, 1, 65535),
	RULED("socket", KEY_PATH, KEY_ONE_RELAY, socket),
	STRING("ehlo", KEY_EHLO, ehlo),
	WORDS("tls", KEY_CHOICE, tls, tls_words),
	STRING("tls_ca_file", KEY_PATH, tls_ca_file),
	STRING("tls_fingerprint", KEY_TEXT, tls_fingerprint),
	STRING("tls_name", KEY_HOST, tls_name),
	WORDS("tls_min", KEY_CHOICE, tls_min, tls_min_words),
	STRING("tls_priority", KEY_TEXT, tls_priority),
	WORDS("tls_verify", KEY_BOOLEAN, tls_verify, boolean_words),
	STRING("tls_cert_file", KEY_PATH, tls_cert_file),
	STRING("tls_key_file", KEY_PATH, tls_key_file),
	STRING("tls_crl_file", KEY_PATH, tls_crl_file),
	WORDS("auth", KEY_WORD, auth, auth_words),
	STRING("user", KEY_TEXT, user),
	RULED("password", KEY_SECRET, KEY_ONE_PASSWORD, password),
	RULED("password_file", KEY_PATH, KEY_ONE_PASSWORD, password_file),
	RULED("password_command", KEY_TEXT, KEY_ONE_PASSWORD,
	    password_command),
	RULED("password_credential", KEY_FILENAME, KEY_ONE_PASSWORD,
	    password_credential),
	STRING("from", KEY_SENDER, from),
	STRING("from_name", KEY_TEXT, from_name),
	WORDS("from_policy", KEY_CHOICE, from_policy, from_policy_words),
	WORDS("allow_f", KEY_BOOLEAN, allow_f, boolean_words),
	STRING("domain", KEY_DOMAIN, domain),
	STRING("local_domains", KEY_DOMAINS, local_domains),
	STRING("aliases", KEY_PATH, aliases),
	WORDS("qualify_headers", KEY_BOOLEAN, qualify_headers, boolean_words),
	WORDS("dot_terminates", KEY_BOOLEAN, dot_terminates, boolean_words),
	WORDS("undisclosed_recipients", KEY_BOOLEAN, undisclosed_recipients,
	    boolean_words),
	RULED("match_from", KEY_PATTERNS, KEY_OWN, match_from),
	RULED("inherit", KEY_TEXT, KEY_OWN, inherit),
	RANGE("connect_timeout", KEY_SECONDS, connect_timeout, 1, WEEK_MS),
	RANGE("timeout", KEY_SECONDS, timeout, 1, WEEK_MS),
	RANGE("data_timeout", KEY_SECONDS, data_timeout, 1, WEEK_MS),
	RANGE("total_timeout", KEY_SECONDS, total_timeout, 0, WEEK_MS),
	STRING("source_address", KEY_ADDRESS, source_address),
	WORDS("family", KEY_CHOICE, family, family_words),
	WORDS("encode", KEY_CHOICE, encode, encode_words),
	WORDS("pipelining", KEY_BOOLEAN, pipelining, boolean_words),
	WORDS("chunking", KEY_CHOICE, chunking, chunking_words),
	WORDS("early", KEY_BOOLEAN, early, boolean_words),
	WORDS("quit_wait", KEY_BOOLEAN, quit_wait, boolean_words),
	WORDS("requiretls", KEY_BOOLEAN, requiretls, boolean_words),
	STRING("dsn_notify", KEY_TEXT, dsn_notify),
	WORDS("dsn_return", KEY_CHOICE, dsn_return, dsn_return_words),
	WORDS("partial", KEY_CHOICE, partial, partial_words),
	RANGE("tempfail_exit", KEY_NUMBER, tempfail_exit, 1, 125),
	STRING("proxy", KEY_PROXY, proxy),
	WORDS("sandbox", KEY_BOOLEAN, sandbox, boolean_words),
	WORDS("hints", KEY_BOOLEAN, hints, boolean_words),
	STRING("log", KEY_TEXT, log),
	WORDS("log_format", KEY_CHOICE, log_format, log_format_words),
	STRING("spool", KEY_PATH, spool),
	WORDS("spool_always", KEY_BOOLEAN, spool_always, boolean_words),
	STRING("bounce_to", KEY_TEXT, bounce_to),
	{ NULL, KEY_TEXT, KEY_INHERITED, 0, 0, 0, NULL },
};

const struct profile_key *
keys_all(void)
{
	return profile_keys;
}

const struct profile_key *
key_find(const char *name)
{
	const struct profile_key *key;

	for (key = profile_keys; key->name != NULL; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

size_t
key_index(const struct profile_key *key)
{
	return (size_t)(key - profile_keys);
}

size_t
keys_count(void)
{
	return sizeof(profile_keys) / sizeof(profile_keys[0]) - 1;
}

const struct profile_key *
key_nearest(const char *name)
{
	struct nearest n = { name, NULL, 0 };
	const struct profile_key *key;

	for (key = profile_keys; key->name != NULL; key++)
		nearest_offer(&n, key->name);
	return n.best == NULL ? NULL : key_find(n.best);
}

bool
key_is_secret(const struct profile_key *key)
{
	return key->rule == KEY_ONE_PASSWORD || key->type == KEY_PROXY;
}

bool
key_is_string(const struct profile_key *key)
{
	return key->type >= KEY_TEXT && key->type <= KEY_ADDRESS;
}
