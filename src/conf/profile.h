/*
 * Profiles: sections of posthaste.ini. profile_keys (keys.c) is the one table
 * of what may stand there.
 *
 * A profile_file holds a whole file, checked; profile_select() chooses one of
 * its sections and profile_resolve() fills `struct profile` with the section's
 * values, those it inherits, and the defaults.
 */
#ifndef POSTHASTE_CONF_PROFILE_H
#define POSTHASTE_CONF_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum profile_tls { PROFILE_TLS_STARTTLS, PROFILE_TLS_IMPLICIT,
	PROFILE_TLS_NONE };

enum profile_tls_min { PROFILE_TLS_1_2, PROFILE_TLS_1_3 };

/* Words of `auth` beside the mechanisms, and the one without a password. */
#define PROFILE_AUTH_AUTO "auto"
#define PROFILE_AUTH_NONE "none"
#define PROFILE_AUTH_EXTERNAL "external"

enum profile_family { PROFILE_FAMILY_ANY, PROFILE_FAMILY_4,
	PROFILE_FAMILY_6 };

enum profile_encode { PROFILE_ENCODE_AUTO, PROFILE_ENCODE_NEVER,
	PROFILE_ENCODE_REFUSE };

enum profile_from { PROFILE_FROM_KEEP, PROFILE_FROM_MISSING,
	PROFILE_FROM_FORCE };

enum profile_chunking { PROFILE_CHUNKING_AUTO, PROFILE_CHUNKING_ONE_FLIGHT,
	PROFILE_CHUNKING_OFF };

enum profile_dsn_return { PROFILE_DSN_RETURN_UNSAID, PROFILE_DSN_RETURN_HDRS,
	PROFILE_DSN_RETURN_FULL };

enum profile_log { PROFILE_LOG_TEXT, PROFILE_LOG_JSON };

enum profile_partial { PROFILE_PARTIAL_REFUSE, PROFILE_PARTIAL_DELIVER };

/* Values as the rest of the program wants them; all strings are owned. */
struct profile {
	char *name;		/* the section */
	char *file;		/* path, for messages */
	size_t *lines;		/* of each key, by key_index(): where it was
				 * set, the section's own line where it
				 * wasn't; NULL: there is no file */
	char *host;		/* as hosts.h has it; NULL with `socket` */
	int64_t port;		/* by `tls` where the key is missing; 0 with
				 * `socket` and srv: */
	char *socket;		/* path of a unix socket, or NULL */
	char *ehlo;		/* expanded and checked; NULL: the address
				 * literal of our end, where that is allowed */
	int tls;		/* enum profile_tls */
	char *tls_ca_file;
	char *tls_fingerprint;	/* as written; net/tls.h parses it */
	char *tls_name;		/* in place of the host's, or NULL */
	int tls_min;		/* enum profile_tls_min */
	char *tls_priority;	/* as written; net/tls.h parses it */
	bool tls_verify;
	char *tls_cert_file, *tls_key_file, *tls_crl_file;
	char *auth;		/* PROFILE_AUTH_NONE without user, but for
				 * EXTERNAL */
	char *user;		/* NULL where auth is that */
	char *password, *password_file, *password_command,
	    *password_credential;
	char *from, *from_name, *domain;
	bool from_is_header;	/* from = %F, which leaves `from` NULL */
	int from_policy;	/* enum profile_from */
	bool allow_f;
	char *local_domains;	/* comma list of domains that mean this
				 * machine, in lower case, or NULL */
	char *aliases;		/* path of conf/aliases.h's file, or NULL */
	bool qualify_headers, undisclosed_recipients, dot_terminates;
	char *match_from, *inherit;	/* the section's own */
	int64_t connect_timeout, timeout, data_timeout; /* ms */
	int64_t total_timeout;	/* ms; 0: none */
	char *source_address;
	int family;		/* enum profile_family */
	int encode;		/* enum profile_encode */
	bool pipelining;
	int chunking;		/* enum profile_chunking */
	bool early, quit_wait, requiretls;
	char *dsn_notify;	/* as written; app/option_value.h parses it */
	int dsn_return;		/* enum profile_dsn_return */
	int partial;		/* enum profile_partial */
	int64_t tempfail_exit;	/* 0: unset */
	char *proxy;		/* as proxy.h has it, or NULL */
	bool sandbox;
	bool hints;
	char *log;		/* as written; app/log.h parses it */
	int log_format;		/* enum profile_log */
	char *spool;		/* directory, or NULL */
	bool spool_always;
	char *bounce_to;	/* as written; app/bounce.h parses it */
};

struct profile_file;

/*
 * Finds the file by behaviour: `config` (may be NULL), $POSTHASTE_CONFIG,
 * $XDG_CONFIG_HOME or the home's .config, /etc/posthaste. `env` is not looked
 * at when `trust_env` is false; a variable that is empty counts as unset, and
 * XDG_CONFIG_HOME and HOME must be absolute. Where nothing is found the error
 * lists the places. `*path` and `*note` are owned by the caller; the note, NULL
 * where there is none, says what was passed over (also after a failure).
 */
bool profile_find(const char *config, char *const *env, bool trust_env,
    char **path, char **note, struct error *err) MUST_CHECK;

/* Directories whose files are judged by rules of their own; borrowed. */
struct profile_trust {
	const char *sysconfdir;	/* its posthaste/ may hold any owner's files */
	const char *credentials; /* $CREDENTIALS_DIRECTORY or NULL: others may
				  * read what lies there */
};

/*
 * Opens the file, checks owner, mode and directory on the open descriptor,
 * parses it and checks every key, value and section. The result is freed with
 * profile_file_free().
 */
bool profile_load(const char *path, const struct profile_trust *trust,
    struct profile_file **file, struct error *err) MUST_CHECK;

/* Overwrites the values, which may be secrets; what profile_where() tells
 * stays. No profile can be resolved any more. */
void profile_file_forget(struct profile_file *file);

void profile_file_free(struct profile_file *file);

/* What a profile is chosen by; any may be NULL. */
struct profile_wish {
	const char *name;	/* --profile */
	const char *env_name;	/* $POSTHASTE_PROFILE */
	const char *sender;	/* the envelope's, "" for the null one; a bare
				 * name fits the pattern name@* */
	const char *header_from;	/* the From header's first address */
};

/*
 * Chooses a section; `*why` (static text) tells by which rule. Two sections
 * that match equally well, an unknown name, or no rule that fits: EX_CONFIG.
 */
bool profile_select(const struct profile_file *file,
    const struct profile_wish *wish, const char **name, const char **why,
    struct error *err) MUST_CHECK;

/*
 * Fills `*p`, which must be freed in any case. What a section says itself goes
 * before what it inherits; its own password key takes the place of whichever
 * it would inherit, its `host` or `socket` that of both.
 */
bool profile_resolve(const struct profile_file *file, const char *name,
    struct profile *p, struct error *err) MUST_CHECK;

/* Whether `auth` is that word. */
bool profile_auth_is(const struct profile *p, const char *word);

/*
 * For keys whose values others judge: sets "file:line: key = value: why",
 * EX_CONFIG. `value` may be a part of the whole; one with a password in it
 * isn't shown. Returns false.
 */
bool profile_refuse(const struct profile *p, const char *key,
    const char *value, struct error *err, const char *format, ...)
    FORMAT(5, 6);

/*
 * Puts "file:line: " in front of a failure whose text begins with the name of
 * a key, as that of the layers does which know keys and no file. Returns false.
 */
bool profile_locate(const struct profile *p, struct error *err);

/* Wipes `password`, once conf/secret.h has it. */
void profile_forget_secrets(struct profile *p);

void profile_free(struct profile *p);

/* What a section says, itself or inherited; NULL: nothing. */
typedef bool profile_visitor(void *context, const char *name,
    const char *value);

/*
 * Calls `visit` with the value that `key` has in each section, or only in the
 * one called `name` where that isn't NULL; EX_CONFIG where there is none of
 * that name. False from the visitor ends it.
 */
bool profile_each(const struct profile_file *file, const char *name,
    const char *key, profile_visitor *visit, void *context,
    struct error *err) MUST_CHECK;

/* Where the key of a section was set, "file:line", owned by the caller; the
 * section's own line where it wasn't, the file alone without the section. */
char *profile_where(const struct profile_file *file, const char *name,
    const char *key);

/*
 * Adds the section as a file of its own: each key that holds for it, its own
 * and inherited, as it is written, under a comment with "file:line". Secrets
 * are left out, which a comment says. False where there is no such section.
 */
bool profile_show(const struct profile_file *file, const char *name,
    struct buf *out) MUST_CHECK;

/* Adds a line for each section: its name, what it is chosen by, relay and EHLO
 * name, escaped. */
bool profile_list(const struct profile_file *file, struct buf *out) MUST_CHECK;

/*
 * The EHLO name's rules; `%H` must have been expanded. EX_CONFIG at
 * STAGE_CONFIG, with the reason, its consequence and a better name.
 */
bool profile_check_ehlo(const char *ehlo, struct error *err) MUST_CHECK;

/* First line of /etc/mailname where it is a domain, owned by the caller, or
 * NULL. */
char *profile_mailname(const char *path);

#endif
