/*
 * The aliases file, as aliases(5) of Sendmail and Postfix describe it:
 *
 *	name: target, target, …
 *
 * A line that begins with a blank continues the one before it; empty lines and
 * lines whose first character is # don't count, also between the two. A name
 * with blanks or specials in it stands between quotation marks. Case doesn't
 * count in names. The name `default` stands for all that have no entry.
 *
 * Only the lines are read here: what a target means as an address is for
 * those who know addresses.
 */
#ifndef POSTHASTE_CONF_ALIASES_H
#define POSTHASTE_CONF_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "conf/profile.h"

#define ALIASES_FILE_MAX (4UL << 20)	/* octets of a file */
#define ALIASES_DEFAULT "default"

enum alias_kind {
	ALIAS_ADDRESS,	/* an address, or a name that may have an entry */
	ALIAS_FINAL,	/* "\name": not to be looked up again */
	ALIAS_COMMAND,	/* "|command" */
	ALIAS_FILE,	/* "/file" */
	ALIAS_SPECIAL	/* ":include:/file", ":fail:" and the like */
};

struct alias_target {
	enum alias_kind kind;
	char *text;	/* as written, without the backslash of "\name" */
	size_t line;
};

struct alias {
	char *name;	/* in lower case, decoded from its quotes */
	size_t line;
	struct alias_target *targets;
	size_t count, room;
};

struct alias_table {
	char *path;
	struct alias *items;	/* as the file has them */
	size_t count, room;
	const struct alias **sorted;	/* by name */
};

/*
 * Opens the file, checks owner, mode and directory as those of a profile file,
 * and parses it. Whatever is wrong is EX_CONFIG at STAGE_CONFIG, "file:line: "
 * where it is a line's fault. The table is freed with aliases_free().
 */
bool aliases_load(const char *path, const struct profile_trust *trust,
    struct alias_table **table, struct error *err) MUST_CHECK;

/* The same without a file: `path` is for messages only. */
bool aliases_parse(struct span text, const char *path,
    struct alias_table **table, struct error *err) MUST_CHECK;

void aliases_free(struct alias_table *table);

/* The entry of a name, case ignored, or NULL. */
const struct alias *aliases_find(const struct alias_table *table,
    struct span name);

/* "a command", "a file" …: what such a target is, static; NULL for the kinds
 * that mail can be sent to. */
const char *alias_kind_name(enum alias_kind kind);

#endif
