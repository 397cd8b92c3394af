/*
 * What the relay's reply to EHLO offers (RFC 5321 section 4.1.1.1). Keywords
 * that aren't known are passed over; everything is forgotten when TLS starts.
 */
#ifndef POSTHASTE_SMTP_CAPABILITY_H
#define POSTHASTE_SMTP_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "smtp/reply.h"

/* SASL mechanisms by their place in the table of sasl.c, as bits. */
typedef unsigned int sasl_set;

struct capability {
	bool has_starttls;	/* RFC 3207 */
	bool has_size;		/* RFC 1870 */
	bool has_8bitmime;	/* RFC 6152 */
	bool has_smtputf8;	/* RFC 6531 */
	bool has_pipelining;	/* RFC 2920 */
	bool has_chunking;	/* RFC 3030 */
	bool has_dsn;		/* RFC 3461 */
	bool has_requiretls;	/* RFC 8689 */
	bool has_limits;	/* RFC 9422 */
	bool has_pipeconnect;	/* draft-harris-early-pipe */
	bool has_auth;		/* RFC 4954 */
	uint64_t size_max;	/* octets of a message; 0: no limit is known */
	uint64_t rcpt_max;	/* recipients of a message; the same */
	uint64_t mail_max;	/* messages of a session; the same */
	sasl_set mechanisms;	/* those of them that we speak */
	char auth_words[200];	/* the offer as it was made, escaped */
};

void capability_parse(struct capability *c, const struct reply *ehlo);

#endif
