/*
 * What a relay's 250 to the message says of it: the name it has there. Relays
 * word it as they like (RFC 5321 leaves it to them); what is known are the
 * forms of Postfix, Exim, sendmail, OpenSMTPD, qmail, Haraka, Gmail, Exchange
 * and Outlook, Amazon SES, SendGrid, Brevo and Yandex.
 */
#ifndef POSTHASTE_APP_RECEIPT_H
#define POSTHASTE_APP_RECEIPT_H

struct receipt {
	char id[128];		/* as the relay's own log has it, or "" */
	char message_id[320];	/* "<a@b>": the Message-ID that the relay put
				 * in, or "" */
};

/*
 * `reply` is printable, as error.h has it, with the reply code; `peer` is
 * "host:port", which tells by whose rules an id becomes a Message-ID.
 */
void receipt_read(struct receipt *r, const char *reply, const char *peer);

#endif
