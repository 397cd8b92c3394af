/*
 * Characters of UTF-8 (RFC 3629), which header fields and addresses may hold
 * (RFC 6532), and building text in buffers that have no limit of their own.
 */
#ifndef POSTHASTE_MAIL_TEXT_H
#define POSTHASTE_MAIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * Octets of the character that `s` begins with, 1 to 4; 0 where `s` is empty or
 * begins with anything else: a stray or missing octet, an over-long form,
 * a surrogate, or more than U+10FFFF.
 */
size_t text_char_length(struct span s);

/* Whether `s` begins with a control: U+0000 to U+001F, U+007F to U+009F. */
bool text_begins_with_control(struct span s);

/* The code point of the character that `s`, which isn't empty, begins with;
 * takes it off. Where that isn't UTF-8 the number means nothing. */
unsigned long text_take_char(struct span *s);

bool text_is_utf8(struct span s);

/* Whether all octets are below 0x80. */
bool text_is_ascii(struct span s);

/* atext of RFC 5322 section 3.2.3, ASCII only. */
bool text_is_atext(char c);

/* Adds to a buffer born with BUF_UNLIMITED, where adding can't fail. */
void text_put(struct buf *b, struct span s);
void text_put_char(struct buf *b, char c);

#endif
