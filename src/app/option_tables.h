/*
 * The tables behind options.c: letters, the sub-letters of -b and -o, the
 * names of -O, long options, and the names that the program may be called by.
 */
#ifndef POSTHASTE_APP_OPTION_TABLES_H
#define POSTHASTE_APP_OPTION_TABLES_H

#include "app/options.h"

enum option_arity {
	TAKES_NONE,
	TAKES_VALUE,	/* attached, or else the next word */
	TAKES_ATTACHED,	/* whatever is attached, maybe nothing */
	TAKES_OPTIONAL	/* attached, or the next word unless it is an option;
			 * long ones only */
};

/* State of the reading that isn't a result. */
struct option_reader {
	struct options *options;
	const struct invocation *invocation;
	int mode_letters;	/* how many words chose a mode */
	bool is_value_next;	/* the value was the next word, not attached */
	bool sender_was_next;	/* … and that was -f's */
	bool wants_expiry;
	unsigned int seen;	/* long options, as bits */
};

struct option_row;

/* Carries an option out; `value` is NULL where none was given. */
typedef bool option_setter(struct option_reader *reader,
    const struct option_row *row, const char *value, struct error *err);

struct option_row {
	const char *name;	/* a letter or a word */
	enum option_arity arity;
	option_setter *set;
	const char *text;	/* why it is refused, or a setter's detail */
	size_t at;		/* … its mode, or its field of struct options */
};

/* -O Name=value, and its old form of one letter; '\0': it has none. */
struct option_setting {
	char letter;
	struct option_row row;
};

struct option_personality {
	const char *name;
	enum mode mode;
	const char *refusal;	/* NULL: it is served */
};

/* Each ends with a row of zeroes. */
extern const struct option_row option_letters[];
extern const struct option_row option_modes[];		/* of -b */
extern const struct option_row option_error_modes[];	/* of -e and -oe */
extern const struct option_row option_long[];
extern const struct option_setting option_settings[];
extern const struct option_personality option_personalities[];

/* The row of a letter, or NULL. */
const struct option_row *option_find(const struct option_row *rows,
    char letter);

/* EX_USAGE: "what: why". Returns false. */
bool option_refuse(const char *what, const char *why, struct error *err);

#endif
