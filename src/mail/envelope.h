/*
 * The envelope: reverse-path and recipients, and what the relay said of each.
 */
#ifndef POSTHASTE_MAIL_ENVELOPE_H
#define POSTHASTE_MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "mail/address.h"
#include "mail/message.h"

#define ENVELOPE_RECIPIENTS_MAX 100000

/* Its strings are of the envelope's pool. */
struct recipient {
	char *address;		/* as it goes into RCPT TO:<…> */
	int reply_code;		/* 0 until the relay answered */
	uint32_t hash;		/* of the address */
	char *reply;		/* its words, escaped; NULL unless refused */
	char *notify;		/* its own wishes for DSN (RFC 3461), as on */
	char *orcpt;		/* the wire; NULL: those of the message */
	char *original;		/* the address before aliases, or NULL */
};

struct envelope {
	char *reverse_path;	/* "" is the null reverse-path; NULL: not set */
	struct recipient *recipients;
	bool is_taken;		/* the relay's 250 to the message was read, for
				 * those who weren't refused */
	size_t count;
	size_t room;
	uint32_t *slots;	/* hash table of numbers + 1; 0 is free */
	size_t slot_count;	/* a power of 2, or 0 */
	struct pool strings;	/* of all that is here */
};

/*
 * Adds recipients in the order given; one that is there already (domain
 * without case) is passed over. `domain` completes bare names; where it is
 * NULL a bare name is EX_CONFIG, and the fix names the key `domain`. A wrong
 * address, or one more than ENVELOPE_RECIPIENTS_MAX, is EX_DATAERR. Nothing was
 * added where it fails.
 */
bool envelope_add(struct envelope *e, const struct address_list *list,
    const char *domain, struct error *err) MUST_CHECK;

/*
 * Adds the addresses of the value of a header field. A lone CR is a blank in
 * it, as it is on the wire.
 */
bool envelope_read_field(struct address_list *list, struct span value,
    const char *name, struct error *err) MUST_CHECK;

/* Whether it has a Resent-To, Resent-Cc or Resent-Bcc. */
bool envelope_is_resent(const struct message *m);

/*
 * -t: gathers the recipients of To, Cc and Bcc, or of Resent-To, Resent-Cc and
 * Resent-Bcc, all of them, where any of these is there.
 */
bool envelope_collect(struct address_list *list, const struct message *m,
    struct error *err) MUST_CHECK;

/*
 * Sets the reverse-path, completed by `domain` like a recipient; a domain
 * beyond ASCII in `sender` is replaced by its A-label.
 */
bool envelope_set_sender(struct envelope *e, struct address *sender,
    const char *domain, struct error *err) MUST_CHECK;

/*
 * The first address whose local part isn't ASCII, sender before recipients;
 * NULL where SMTPUTF8 (RFC 6531) isn't needed.
 */
const char *envelope_beyond_ascii(const struct envelope *e);

/* Notes the relay's refusal of recipient `i`, its words escaped already. */
void envelope_refuse(struct envelope *e, size_t i, int reply_code,
    const char *reply);

size_t envelope_refused(const struct envelope *e);

void envelope_free(struct envelope *e);

#endif
