/*
 * The profiles that another program's configuration becomes: sections with
 * values that posthaste takes, and remarks on what it doesn't.
 */
#ifndef POSTHASTE_APP_IMPORT_SHEET_H
#define POSTHASTE_APP_IMPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

/* What several of the other program's words decide together. */
enum sheet_flag { SHEET_TLS, SHEET_STARTTLS, SHEET_AUTH, SHEET_SYSLOG,
	SHEET_FLAGS };

/* What isn't a value yet. */
enum sheet_note { SHEET_LOGFILE, SHEET_PROXY_HOST, SHEET_PROXY_PORT,
	SHEET_SECRET_AT,	/* "file:line" of a password */
	SHEET_NOTES };

struct sheet_section {
	char *name;
	char **values;		/* by row of keys_all(); NULL where not set */
	struct buf remarks;	/* comments, whole lines */
	struct buf missing;	/* the same, behind the values */
	signed char flags[SHEET_FLAGS];	/* 1: on, -1: off, 0: unsaid */
	char *notes[SHEET_NOTES];
	const char *parent;	/* the one that it is a copy of, or NULL */
	bool is_own;		/* … and differs from */
	bool is_hidden;		/* not printed: defaults for others */
};

struct sheet {
	struct sheet_section **sections;
	size_t count, room;
	struct sheet_section *current;	/* what is filled */
	struct buf remarks;		/* on all of it */
	const char *file;		/* where we read, for remarks */
	size_t line;			/* 0: not a matter of lines */
	const char *home;		/* of ~, or NULL */
	char *next;	/* a file that this one names; owned, or NULL */
};

void sheet_begin(struct sheet *s);
void sheet_free(struct sheet *s);

/* Adds a section, whose name is made one that an INI can have, and makes it
 * the current one. */
struct sheet_section *sheet_add(struct sheet *s, struct span name);

/* The section of that name, or NULL. */
struct sheet_section *sheet_find(const struct sheet *s, struct span name);

/* All but the remarks. */
void sheet_copy(struct sheet_section *to, const struct sheet_section *from);

const char *sheet_get(const struct sheet_section *section, const char *key);

/* Sets a value in the current section; one that posthaste would refuse becomes
 * a remark, an empty one nothing. */
bool sheet_set(struct sheet *s, const char *key, struct span value) MUST_CHECK;

/* Takes a value out. */
void sheet_unset(struct sheet_section *section, const char *key);

/* A remark on the current section, or on all where that isn't printed: "file:
 * line: ", `about` and `: ` (NULL: nothing), and the text. */
bool sheet_remark(struct sheet *s, struct span about,
    const char *format, ...) MUST_CHECK FORMAT(3, 4);

bool sheet_print(const struct sheet *s, struct buf *out) MUST_CHECK;

#endif
