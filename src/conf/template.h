/*
 * %-templates in values: %U the login, %H this machine's node name, %% a
 * percent sign.
 */
#ifndef POSTHASTE_CONF_TEMPLATE_H
#define POSTHASTE_CONF_TEMPLATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* %F, the address of the From header, is a whole value and no template. */
#define SENDER_OF_HEADER "%F"

/* What templates stand for, borrowed. */
struct machine {
	const char *login;	/* or NULL: that of the uid, if it is needed */
	const char *node;
};

/*
 * Looks for a template that isn't among `codes` ("UH%"): false where there is
 * one, `*code` is its letter then, or NUL for a lone % at the end.
 */
bool template_check(struct span text, const char *codes,
    char *code) MUST_CHECK;

/* Adds a text that template_check() has passed. */
bool template_expand(struct buf *out, struct span text,
    const struct machine *machine) MUST_CHECK;

#endif
