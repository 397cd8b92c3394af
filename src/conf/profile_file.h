/*
 * A loaded file, for the parts of the profile module. The values are borrowed
 * from the text, which the file owns.
 */
#ifndef POSTHASTE_CONF_PROFILE_FILE_H
#define POSTHASTE_CONF_PROFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "conf/keys.h"
#include "conf/profile.h"
#include "conf/template.h"
#include "conf/value.h"

struct profile_entry {
	const struct profile_key *key;
	struct span value;
	size_t line;
};

struct profile_section {
	char *name;
	size_t line;
	struct profile_entry *entries;
	size_t count, room;
};

struct profile_file {
	char *path;
	struct buf text;	/* may hold secrets */
	struct profile_section *sections;
	size_t count, room;
};

/* Parses and checks file->text; profile_load() without the file system. */
bool profile_file_parse(struct profile_file *file,
    struct error *err) MUST_CHECK;

const struct profile_section *profile_file_section(
    const struct profile_file *file, struct span name);

/* The section's own entry, or NULL. */
const struct profile_entry *profile_section_entry(
    const struct profile_section *section, const char *key);

/* The section that `section` inherits from, or NULL. */
const struct profile_section *profile_section_parent(
    const struct profile_file *file, const struct profile_section *section);

/* The entry that holds for the section, its own or inherited, or NULL. */
const struct profile_entry *profile_file_entry(
    const struct profile_file *file, const struct profile_section *section,
    const char *key);

/* An entry as value.h wants it. */
struct setting profile_setting(const struct profile_file *file,
    const struct profile_section *section,
    const struct profile_entry *entry);

/* Adds to a failure which names there are, and which one was meant.
 * Returns false. */
bool profile_file_advise(const struct profile_file *file, const char *name,
    struct error *err);

/* Where profiles may lie, for profile_find(). */
struct profile_places {
	const char *config;
	char *const *env;
	bool trust_env;
	const char *sysconfdir;
	const char *passwd_home;	/* or NULL: as the uid's entry says,
					 * if it is needed */
};

bool profile_find_in(const struct profile_places *places, char **path,
    char **note, struct error *err) MUST_CHECK;

/* profile_resolve() for a machine. */
bool profile_resolve_on(const struct profile_file *file, const char *name,
    const struct machine *machine, struct profile *p,
    struct error *err) MUST_CHECK;

#endif
