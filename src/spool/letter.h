/*
 * One message that waits, with all that its delivery needs but secrets, as it
 * is written to a file of its own:
 *
 *	ph1 KEYS MESSAGE\n		octets of the two parts that follow
 *	marks=LENGTH:VALUE\n		\
 *	profile=LENGTH:VALUE\n		 > KEYS
 *	...				/
 *	the message			header, an empty line, body
 *	\nend TOTAL SHA256\n
 *
 * LENGTH, KEYS, MESSAGE and TOTAL are decimal, so that no value can be taken
 * for anything else, whatever octets it holds; none holds a NUL. TOTAL counts
 * the octets before "\nend", and SHA256 is theirs in hex, those of the marks
 * taken as blanks. The keys, in this order, those in brackets only where there
 * is something to say:
 *
 *	marks		what changes in place: "!" where the relay may hold the
 *			message already, else a blank; LETTER_NOTE octets of why
 *			it waits; an octet for each recipient: blank, D or F
 *	profile, file	name and absolute path, both looked up anew
 *	[tag]		-L
 *	from		the reverse-path, empty for the null one
 *	header		decimal: octets of the message's header section
 *	[notify] [ret] [envid]	what was asked for the message, as on the wire
 *	[8bitmime] [requiretls] [smtputf8]	the same; empty
 *	rcpt		an address, once for each; what follows is its own:
 *	[rcpt-notify] [rcpt-orcpt] [rcpt-original]
 *
 * The header is as it was composed, the body as it came, so that the form that
 * leaves is found anew.
 */
#ifndef POSTHASTE_SPOOL_LETTER_H
#define POSTHASTE_SPOOL_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#define LETTER_NOTE 400		/* octets of the last failure */
#define LETTER_LINE 64		/* of the first line, at most */
/* Beyond what 100,000 recipients with all their wishes come to. */
#define LETTER_KEYS_MAX (256UL << 20)

enum letter_state {
	LETTER_PENDING = ' ',
	LETTER_DELIVERED = 'D',
	LETTER_FAILED = 'F'
};

struct letter_recipient {
	const char *address;
	const char *notify, *orcpt, *original;	/* or NULL */
	char state;		/* enum letter_state */
};

struct letter {
	const char *profile, *file;
	const char *tag;			/* or NULL */
	const char *sender;			/* "" is the null one */
	const char *notify, *ret, *envid;	/* or NULL */
	bool wants_8bitmime, wants_requiretls, wants_smtputf8;
	struct letter_recipient *recipients;
	size_t count;
	bool is_uncertain;
	char note[LETTER_NOTE + 1];	/* printable */
	struct span header, body;	/* of the message */

	/* private to letter.c */
	struct buf keys;	/* owned; the strings of one that was read */
	struct span file_keys, file_message, trailer;
	size_t total, room;
};

/*
 * Writes it to an empty file. The strings of the letter are the caller's, who
 * filled it over zeroes and frees its recipients.
 */
bool letter_write(const struct letter *l, int fd, struct error *err) MUST_CHECK;

/*
 * Reads all but the message, which stays in `file`, and is looked at by
 * letter_verify() alone: that the trailer is there and the hash is right. A
 * file that isn't such a one is EX_DATAERR. letter_free() is due in any case.
 * letter_head_size() tells from the first LETTER_LINE octets of a file, or all
 * if it has fewer, how many letter_read() looks at.
 */
size_t letter_head_size(struct span begin);
bool letter_read(struct letter *l, struct span file,
    struct error *err) MUST_CHECK;
bool letter_verify(const struct letter *l, struct error *err) MUST_CHECK;

/* Writes the marks in place, and waits until the disk has them. */
bool letter_mark(const struct letter *l, int fd, struct error *err) MUST_CHECK;

/* How many recipients are in that state. */
size_t letter_count(const struct letter *l, enum letter_state state);

void letter_free(struct letter *l);

#endif
