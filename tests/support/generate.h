/*
 * Files of the tree that are made from the program's own tables, so that what
 * is written in them can't differ from what the program does. `make generate`
 * writes them; a test compares them.
 */
#ifndef POSTHASTE_TESTS_GENERATE_H
#define POSTHASTE_TESTS_GENERATE_H

#include "base/buf.h"

struct generated {
	const char *path;	/* from the checkout's root */
	void (*print)(struct buf *out);
};

/* Ends with a NULL path. */
extern const struct generated generated_files[];

/* posthaste-hints(7), of hints.c. */
void generate_hints(struct buf *out);

/* Completions for three shells, of the options' tables and --help. */
void generate_bash(struct buf *out);
void generate_zsh(struct buf *out);
void generate_fish(struct buf *out);

/* Adds; there is no reason for it to fail. */
void generate_add(struct buf *out, const char *text);

#endif
