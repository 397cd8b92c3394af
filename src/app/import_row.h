/*
 * One row for each word of another program's configuration: what becomes of it.
 * The tables are in import_KIND.c.
 */
#ifndef POSTHASTE_APP_IMPORT_ROW_H
#define POSTHASTE_APP_IMPORT_ROW_H

#include "app/import_sheet.h"
#include "base/error.h"

struct import_row;

/* Takes the value into the current section. */
typedef bool import_setter(struct sheet *s, const struct import_row *row,
    struct span value);

struct import_row {
	const char *name;	/* the other program's; case is ignored */
	import_setter *set;
	const char *to;		/* our key, or the text of a remark */
	int at;			/* enum sheet_flag or sheet_note */
};

struct import_kind {
	const char *name;
	const char *const *paths;	/* where it is by default, the first
					 * that is there; "~/" is the home */
	/* Takes the file's text; `s->current` is NULL at first. */
	bool (*read)(struct sheet *s, struct span text, struct error *err);
	bool is_starttls;	/* what TLS is where only that is said */
	bool is_always_25;	/* its port by default, also for implicit TLS */
	bool is_open;	/* the sender's domain isn't one for `ehlo`, and a
			 * relay may be missing */
};

extern const struct import_kind import_msmtp, import_ssmtp, import_nullmailer,
    import_dma, import_git;

/* By the row of `name`, which ends with a NULL name; a remark where there is
 * none. */
bool import_apply(struct sheet *s, const struct import_row *rows,
    struct span name, struct span value) MUST_CHECK;

/*
 * Reads a file that belongs to the one that is imported: one of that name
 * beside it, or anywhere for an absolute one. `*is_there` tells, and where it
 * is not the text is empty. `text` may hold secrets.
 */
bool import_read_beside(const struct sheet *s, const char *name,
    struct buf *text, char **path, bool *is_there,
    struct error *err) MUST_CHECK;

/* Gives each of that file's lines, without comments and blank ones, to `take`;
 * a file that isn't there has none. */
typedef bool import_line(struct sheet *s, struct span line);
bool import_lines_beside(struct sheet *s, const char *name, import_line *take,
    struct error *err) MUST_CHECK;

/* Without the comment that begins with `mark`, and blanks. */
struct span import_uncomment(struct span line, char mark);

/* The word before the first blank, which is taken off with what parts it. */
struct span import_word(struct span *rest);

/* Setters. */
import_setter import_set_key;	/* as it is */
import_setter import_set_path;	/* with ~/ */
import_setter import_set_relay;	/* host, host:port, [host]:port */
import_setter import_set_lower;	/* in lower case */
import_setter import_set_yes_no;	/* our yes for its on */
import_setter import_set_no;	/* our no for its off, and nothing for on */
import_setter import_set_flag;	/* row->at; an empty one is on */
import_setter import_set_note;	/* row->at */
import_setter import_set_pin;	/* SHA-256 of a certificate */
import_setter import_set_secret;	/* where it is, not what it is */
import_setter import_remark;	/* row->to says why */
import_setter import_ignore;	/* how posthaste works anyway */

/* 1 for on, yes, true, 1; -1 for the contrary; 0 for anything else. */
int import_truth(struct span value);

#endif
