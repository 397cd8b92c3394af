/*
 * The command line. option_tables.c declares every option, its arity and its
 * verdict; options.c reads words by these tables. No option of the sendmail
 * interface names a file, a command, a host or a credential.
 */
#ifndef POSTHASTE_APP_OPTIONS_H
#define POSTHASTE_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/option_value.h"
#include "base/error.h"

enum mode {
	MODE_SUBMIT,	/* a message on stdin */
	MODE_SMTP,	/* -bs: SMTP on stdin and stdout */
	MODE_MAILQ,	/* -bp, --queue */
	MODE_QUEUE,	/* -q: what is due */
	MODE_FLUSH,	/* --flush: all of it, or one */
	MODE_ALIASES,	/* -bi */
	MODE_CHECK,	/* --check: speak with the relay, and send nothing */
	MODE_PRINT_CONFIG,	/* --print-config */
	MODE_LIST_PROFILES,	/* --list-profiles */
	MODE_IMPORT,	/* --import: another program's configuration */
	MODE_CONFIGURE,	/* --configure: a profile for an address */
	MODE_NOTHING,	/* -bh, -bH: nothing to do, and done */
	MODE_HELP,
	MODE_VERSION
};

#define OPTION_WARN_EXPIRY 14

/* What -B declares of the message. */
enum body_type { BODY_UNSAID, BODY_7BIT, BODY_8BITMIME };

struct options {
	enum mode mode;
	bool from_header;	/* -t */
	bool ignore_dots;	/* -i */
	bool is_quiet;		/* -oeq: the status alone tells */
	bool dry_run, json, print_id;
	int64_t warn_expiry;	/* days that a certificate should still have */
	int verbosity;		/* how many -v */
	enum body_type body;
	struct dsn_request dsn;		/* -N, -R and -V */
	bool wants_requiretls;		/* -O requiretls=yes */
	bool wants_smtputf8;		/* -O smtputf8=yes */
	const char *log_tag;		/* -L, or NULL */
	const char *sender;	/* -f or -r; NULL where neither was given */
	const char *full_name;	/* -F */
	const char *config, *profile;
	const char *import_kind;	/* of --import; its file is among the
					 * recipients */
	const char *configure_address;
	const char *flush_id;	/* of --flush, or NULL */
	char *const *recipients;	/* what is left of argv */
	size_t recipient_count;
};

/* What may be asked for depends on how the program was started. */
struct invocation {
	int argc;
	char *const *argv;
	bool is_restricted;	/* AT_SECURE: plain sendmail, no long options */
	bool is_cgi;		/* GATEWAY_INTERFACE: nothing that shows or
				 * names a file */
};

/*
 * Fills `*o`, whose strings are borrowed from argv. What isn't clear, isn't
 * allowed or isn't in this version is EX_USAGE at STAGE_USAGE, and says why.
 */
bool options_parse(struct options *o, const struct invocation *invocation,
    struct error *err) MUST_CHECK;

#endif
