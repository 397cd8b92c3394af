/*
 * Profile files. inih parses them, through ini_parse_stream; our reader stands
 * in front of it and makes every installed inih behave alike:
 *  - it hands over one physical line a call and counts them, so that a message
 *    can name file:line, and no line is split, cut or continued;
 *  - values travel by reference: inih sees "key=@", and the visitor gets the
 *    bytes of the file, so that length, ` ;` and `#` in a value mean nothing;
 *  - what inih would read differently from one build to the next is refused
 *    before it sees it.
 *
 * The rule for the user: a line whose first non-blank character is # or ; is
 * a comment. There are no comments behind a value. The value is everything
 * after the first =, without the blanks around it. A section is [name], alone
 * on its line; names hold letters, digits and - _ . (sections also @ and +).
 */
#ifndef POSTHASTE_CONF_INI_H
#define POSTHASTE_CONF_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"

#define INI_FILE_MAX (256UL << 10)	/* octets of a file */
#define INI_NAME_MAX 48			/* octets of a section or key name */

/*
 * Called for each section head (key empty, value.data NULL) and each key, in
 * order. Section and key are terminated strings that last for the call; the
 * value is borrowed from the text. False ends the parse with `err`.
 */
typedef bool ini_visitor(void *context, const char *section, const char *key,
    struct span value, size_t line, struct error *err);

/*
 * Parses `text`; `file` is for messages only. Whatever is wrong is EX_CONFIG
 * at STAGE_CONFIG with "file:line: ".
 */
bool ini_parse_text(struct span text, const char *file, ini_visitor *visit,
    void *context, struct error *err) MUST_CHECK;

#endif
