/*
 * The tokens of RFC 5322 section 3.2 for address.c and qualify.c: comments,
 * blanks and folding are passed over, quoted strings and domain literals come
 * decoded.
 */
#ifndef POSTHASTE_MAIL_ADDRESS_LEX_H
#define POSTHASTE_MAIL_ADDRESS_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

enum token {
	TOKEN_END,
	TOKEN_ATOM,	/* atext of RFC 5322 or octets beyond ASCII */
	TOKEN_QUOTED,	/* without its quotation marks, pairs and folding */
	TOKEN_LITERAL,	/* with its brackets, without blanks and pairs */
	TOKEN_SPECIAL	/* one of <>@,;:. */
};

/* The token at hand; `value` holds it until the next one is read. */
struct lexer {
	struct span text;
	size_t start;		/* offset of the token */
	size_t next;		/* offset behind it */
	enum token kind;
	bool is_spaced;		/* blanks or comments stand before it */
	struct buf value;
	const char *fault;	/* what is wrong at `next`; static */
};

void lexer_init(struct lexer *l, struct span text);
void lexer_free(struct lexer *l);

/* Reads the next token. False where there is none: `fault` says why. */
bool lexer_next(struct lexer *l) MUST_CHECK;

/* Whether the token is the special character `c`. */
bool lexer_is(const struct lexer *l, char c);

/* Whether the token is an atom or a quoted string. */
bool lexer_is_word(const struct lexer *l);

#endif
