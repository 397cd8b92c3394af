#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "app/hint.h"
#include "smtp/reply.h"
#include "smtp/step.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Refusals as relays word them, and the row that explains each. */
static const struct {
	const char *id;
	enum step step;
	const char *bytes;
} replies[] = {
	{ "H00", STEP_RCPT, "550 5.7.1 <www>: Helo command rejected: "
	    "Access denied\r\n" },
	{ "H01", STEP_RCPT, "504 5.5.2 <localhost>: Helo command rejected: "
	    "need fully-qualified hostname\r\n" },
	{ "H02", STEP_RCPT, "501 5.5.2 <my_host>: Helo command rejected: "
	    "Invalid name\r\n" },
	{ "H02", STEP_EHLO, "501 <[300.1.1.1]>: Helo command rejected: "
	    "invalid ip address\r\n" },
	{ "H03", STEP_RCPT, "450 4.7.1 <www.internal>: Helo command "
	    "rejected: Host not found\r\n" },
	{ "H04", STEP_EHLO, "501 Syntactically invalid EHLO "
	    "argument(s)\r\n" },
	{ "H05", STEP_EHLO, "421 4.7.0 Try again later, closing "
	    "connection. (EHLO)\r\n" },
	{ "H05", STEP_EHLO, "421-4.7.0 Try again later, closing "
	    "connection.\r\n421 4.7.0 (EHLO) a1-2 - gsmtp\r\n" },
	{ "H06", STEP_EHLO, "501-5.5.4 HELO/EHLO argument is invalid.\r\n"
	    "501 5.5.4 See the help page\r\n" },
	{ "H07", STEP_MAIL, "550-5.7.1 Invalid credentials for relay "
	    "[192.0.2.1].\r\n550 5.7.1 The IP address\r\n" },
	{ "H07", STEP_RCPT, "550 5.7.0 Mail relay denied [192.0.2.1].\r\n" },
	{ "H08", STEP_MAIL, "550 5.7.506 Access Denied, Bad HELO\r\n" },
	{ "H09", STEP_EHLO, "501 5.5.4 Invalid domain name\r\n" },
	{ "H10", STEP_RCPT, "550 Helo name contains a ip address!\r\n" },
	{ "H11", STEP_RECEIPT, "550 5.7.1 Service unavailable, Helo domain "
	    "is listed in Spamhaus. To request removal\r\n" },
	{ "H11", STEP_RCPT, "554 5.7.1 Service unavailable; Helo command "
	    "[www1.example.net] blocked using dbl.spamhaus.org\r\n" },
	{ "H12", STEP_DATA, "554 5.5.1 Error: no valid recipients\r\n" },
	{ "H13", STEP_MAIL, "530 5.7.0 Must issue a STARTTLS command "
	    "first\r\n" },
	{ "H13", STEP_AUTH, "530 Must issue a STARTTLS command first\r\n" },
	{ "H14", STEP_RCPT, "450 4.7.1 Session encryption is required\r\n" },
	{ "H15", STEP_AUTH, "530 5.7.7 Email sending without SSL/TLS "
	    "encryption is not allowed\r\n" },
	{ "H16", STEP_STARTTLS, "454 4.7.0 TLS not available due to local "
	    "problem\r\n" },
	{ "H22", STEP_MAIL, "530 5.7.0 Authentication Required.\r\n" },
	{ "H22", STEP_MAIL, "530 5.5.1 Must issue an AUTH command "
	    "first\r\n" },
	{ "H22", STEP_MAIL, "530-5.7.0 Authentication\r\n"
	    "530 5.7.0 Required. See the help page\r\n" },
	{ "H23", STEP_MAIL, "530 5.7.57 SMTP; Client not authenticated to "
	    "send mail. [X.EURPRD]\r\n" },
	{ "H24", STEP_AUTH, "535 5.7.139 Authentication unsuccessful, "
	    "SmtpClientAuthentication is disabled for the Tenant.\r\n" },
	{ "H25", STEP_AUTH, "535 5.7.139 Authentication unsuccessful, basic "
	    "authentication is disabled.\r\n" },
	{ "H77", STEP_RECEIPT, "550 5.7.30 Basic authentication is not "
	    "supported for Client Submission.\r\n" },
	{ "H77", STEP_AUTH, "550 5.7.30 Basic authentication is not "
	    "supported for Client Submission.\r\n" },
	{ "H79", STEP_AUTH, "535 5.7.8 Error: authentication failed: no "
	    "secret in database\r\n" },
	{ "H26", STEP_AUTH, "535 5.7.139 Authentifizierung nicht "
	    "erfolgreich\r\n" },
	{ "H27", STEP_AUTH, "535 5.7.3 Authentication unsuccessful\r\n" },
	{ "H28", STEP_AUTH, "535-5.7.8 Username and Password not accepted. "
	    "For more information, go to\r\n535 5.7.8  the help\r\n" },
	{ "H29", STEP_AUTH, "534-5.7.9 Application-specific password "
	    "required.\r\n534 5.7.9 x - gsmtp\r\n" },
	{ "H29", STEP_AUTH, "534-5.7.14 Please log in through your web "
	    "browser\r\n534 5.7.14 and then try again\r\n" },
	{ "H30", STEP_AUTH, "454 4.7.0 Too many login attempts, please try "
	    "again later.\r\n" },
	{ "H31", STEP_AUTH, "535 5.7.8 Error: authentication failed: "
	    "UGFzc3dvcmQ6\r\n" },
	{ "H31", STEP_AUTH, "535 5.7.8 Authentication credentials "
	    "invalid\r\n" },
	{ "H32", STEP_AUTH, "535 5.7.0 Mailgun is not loving your login or "
	    "password\r\n" },
	{ "H33", STEP_MAIL, "550 Unauthenticated senders not allowed\r\n" },
	{ "H34", STEP_AUTH, "535 5.7.0 Invalid login or password\r\n" },
	{ "H36", STEP_AUTH, "535 Authentication Credentials Invalid\r\n" },
	{ "H37", STEP_AUTH, "504 5.5.4 Encryption required for requested "
	    "authentication mechanism\r\n" },
	{ "H38", STEP_AUTH, "503 5.5.1 Error: authentication not "
	    "enabled\r\n" },
	{ "H39", STEP_AUTH, "504 5.5.4 AUTH method \"PLAIN\" not "
	    "supported\r\n" },
	{ "H41", STEP_RCPT, "553 5.7.1 <a@example.org>: Sender address "
	    "rejected: not owned by user b@example.org\r\n" },
	{ "H42", STEP_RCPT, "553 5.7.1 <a@example.org>: Sender address "
	    "rejected: not logged in\r\n" },
	{ "H51", STEP_RCPT, "450 4.1.8 <root@host.local>: Sender address "
	    "rejected: Domain not found\r\n" },
	{ "H52", STEP_RCPT, "501 <root>: recipient address must contain a "
	    "domain\r\n" },
	{ "H54", STEP_RCPT, "554 5.7.1 <a@example.net>: Relay access "
	    "denied\r\n" },
	{ "H54", STEP_RCPT, "550 relay not permitted\r\n" },
	{ "H54", STEP_RCPT, "550 5.7.1 <a@example.net>... Relaying "
	    "denied\r\n" },
	{ "H54", STEP_RCPT, "550 5.7.1 Unable to relay\r\n" },
	{ "H55", STEP_RECEIPT, "550-5.7.1 [192.0.2.1] The IP you're using "
	    "to send mail is not authorized to\r\n550-5.7.1 send email "
	    "directly to our servers.\r\n550 5.7.1 Please use the relay\r\n" },
	{ "H56", STEP_MAIL, "552 5.3.4 Message size exceeds fixed "
	    "limit\r\n" },
	{ "H56", STEP_RECEIPT, "552-5.3.4 Your message exceeded the "
	    "message size limits\r\n552 5.3.4 x - gsmtp\r\n" },
	{ "H35", STEP_MAIL, "502 5.7.0 Your SMTP account is not yet "
	    "activated.\r\n" },
	{ "H40", STEP_RECEIPT, "554 5.2.0 "
	    "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
	    "Failed to process message\r\n" },
	{ "H40", STEP_MAIL, "550 5.7.60 SMTP; Client does not have "
	    "permissions to send as this sender\r\n" },
	{ "H43", STEP_RECEIPT, "553 Relaying disallowed as "
	    "www@example.org\r\n" },
	{ "H44", STEP_RECEIPT, "550 5.7.0 From address is not one of your "
	    "addresses.\r\n" },
	{ "H45", STEP_MAIL, "501 mail from address must be same as "
	    "authorization user\r\n" },
	{ "H45", STEP_MAIL, "553 Mail from must equal authorized user\r\n" },
	{ "H46", STEP_MAIL, "550 Sender address is not allowed.\r\n" },
	{ "H47", STEP_RECEIPT, "550 The from address does not match a "
	    "verified Sender Identity. Mail cannot be sent until this "
	    "error is resolved.\r\n" },
	{ "H48", STEP_RECEIPT, "554 Message rejected: Email address is not "
	    "verified. The following identities failed the check in region "
	    "EU-WEST-1: a@example.org\r\n" },
	{ "H49", STEP_RECEIPT, "550 5.7.1 The 'From' address you supplied "
	    "(A <a@example.org>) is not a Sender Signature on your "
	    "account.\r\n" },
	{ "H50", STEP_RCPT, "550 \"a@example.net is not allowed in header "
	    "From\"\r\n" },
	{ "H53", STEP_MAIL, "501 5.1.7 Bad sender address syntax\r\n" },
	{ "H53", STEP_RCPT, "501 5.1.3 Bad recipient address syntax\r\n" },
	{ "H83", STEP_RCPT, "553 sorry, that domain isn't in my list of "
	    "allowed rcpthosts (#5.7.1)\r\n" },
	{ "H83", STEP_RCPT, "553 sorry, that domain isn't in my list of "
	    "allowed rcpthosts; no valid cert for gatewaying (#5.7.1)\r\n" },
	{ "H57", STEP_RECEIPT, "552-5.7.0 This message was blocked because "
	    "its content presents a potential\r\n552-5.7.0 security issue. "
	    "See the help page\r\n552 5.7.0 x - gsmtp\r\n" },
	{ "H57", STEP_RECEIPT, "552 5.7.0 Our system detected an illegal "
	    "attachment on your message.\r\n" },
	{ "H58", STEP_MAIL, "452 4.3.1 Insufficient system storage\r\n" },
	{ "H59", STEP_RECEIPT, "550-5.7.1 [192.0.2.1] Messages missing a "
	    "valid Message-ID header are not\r\n550 5.7.1 accepted.\r\n" },
	{ "H59", STEP_RECEIPT, "550-5.7.1 [192.0.2.1] Messages missing a "
	    "valid messageId header are not\r\n550 5.7.1 accepted.\r\n" },
	{ "H60", STEP_RECEIPT, "551 5.7.1 Multiple addresses in a From "
	    "header\r\n" },
	{ "H60", STEP_RECEIPT, "550-5.7.1 [192.0.2.1] Messages missing a "
	    "valid address in From: header, or having\r\n550 5.7.1 no "
	    "From: header, are not accepted.\r\n" },
	{ "H60", STEP_RECEIPT, "550-5.7.1 [192.0.2.1] Messages with "
	    "multiple addresses in From: header are\r\n550 5.7.1 not "
	    "accepted.\r\n" },
	{ "H61", STEP_RECEIPT, "554-Transaction failed\r\n554 Reject due "
	    "to policy restrictions.\r\n" },
	{ "H62", STEP_RECEIPT, "550 5.6.11 "
	    "SMTPSEND.BareLinefeedsAreIllegal; message contains bare "
	    "linefeeds, which cannot be sent via DATA\r\n" },
	{ "H62", STEP_RECEIPT, "521 5.5.2 mx.example.net Error: bare <LF> "
	    "received\r\n" },
	{ "H62", STEP_RECEIPT, "552 5.2.0 Message contains bare CR and is "
	    "violating 822.bis section 2.3\r\n" },
	{ "H62", STEP_RECEIPT, "451 See "
	    "http://pobox.com/~djb/docs/smtplf.html.\r\n" },
	{ "H63", STEP_RECEIPT, "550 maximum allowed line length is 998 "
	    "octets, got 1400\r\n" },
	{ "H63", STEP_RECEIPT, "552 message line is too long\r\n" },
	{ "H64", STEP_MAIL, "553 5.6.7 Must declare SMTPUTF8 to send "
	    "unicode address\r\n" },
	{ "H65", STEP_RCPT, "450 4.2.0 <a@example.net>: Recipient address "
	    "rejected: Greylisted, see the help page\r\n" },
	{ "H65", STEP_RCPT, "451 Greylisting in action, please come back "
	    "later\r\n" },
	{ "H65", STEP_RECEIPT, "451 4.7.1 Try again later\r\n" },
	{ "H66", STEP_RECEIPT, "432 4.3.2 Concurrent connections limit "
	    "exceeded. Visit the help page\r\n" },
	{ "H67", STEP_GREETING, "421 4.7.0 mx.example.net Error: too many "
	    "connections from 192.0.2.1\r\n" },
	{ "H67", STEP_RCPT, "421 4.7.0 mx.example.net Error: too many "
	    "errors\r\n" },
	{ "H68", STEP_GREETING, "451 4.7.500 Server busy. Please try again "
	    "later from [192.0.2.1]. (S77714)\r\n" },
	{ "H69", STEP_RECEIPT, "550 5.1.8 Access denied, bad outbound "
	    "sender. For more information please go to the help page\r\n" },
	{ "H70", STEP_RECEIPT, "550 5.7.750 Service unavailable. Client "
	    "blocked from sending from unregistered domains.\r\n" },
	{ "H71", STEP_RECEIPT, "550-5.7.26 Unauthenticated email from "
	    "example.org is not accepted due to domain's\r\n550-5.7.26 "
	    "DMARC policy. Please contact the administrator\r\n550 5.7.26 "
	    "of example.org domain. x - gsmtp\r\n" },
	{ "H71", STEP_RECEIPT, "550 5.7.1 Unauthenticated email from "
	    "example.org is not accepted due to domain's DMARC policy.\r\n" },
	{ "H81", STEP_RECEIPT, "550-5.7.26 Your email has been blocked "
	    "because the sender is unauthenticated.\r\n550-5.7.26 Gmail "
	    "requires all senders to authenticate with either SPF or "
	    "DKIM.\r\n550 5.7.26 x - gsmtp\r\n" },
	{ "H81", STEP_RECEIPT, "421-4.7.26 This mail has been rate limited "
	    "because it is unauthenticated.\r\n421 4.7.26 x - gsmtp\r\n" },
	{ "H82", STEP_RECEIPT, "550 5.7.515 Access denied, sending domain "
	    "EXAMPLE.ORG does not meet the required authentication "
	    "level.\r\n" },
	{ "H84", STEP_RECEIPT, "550 5.7.509 Access denied, sending domain "
	    "example.org does not pass DMARC verification and has a DMARC "
	    "policy of reject. [x.prod.protection.outlook.com]\r\n" },
	{ "H72", STEP_MAIL, "450-4.2.1 Peak SMTP relay limit exceeded for "
	    "customer. This is a temporary\r\n450 4.2.1 error. x - "
	    "gsmtp\r\n" },
	{ "H73", STEP_RECEIPT, "421 4.4.2 mx.example.net Error: timeout "
	    "exceeded\r\n" },
	{ "H73", STEP_RECEIPT, "451 4.4.2 Timeout waiting for data from "
	    "client.\r\n" },
	{ "H74", STEP_GREETING, "554 5.5.0 Error: SMTP protocol "
	    "synchronization\r\n" },
	{ "H74", STEP_GREETING, "554 SMTP synchronization error\r\n" },
	{ "H75", STEP_RECEIPT, "554 Free accounts are for test purposes "
	    "only. Please upgrade or add the address to authorized "
	    "recipients\r\n" },
	{ "H76", STEP_AUTH, "503 5.7.0 No identity changes permitted. x - "
	    "gsmtp\r\n" },
};

/* What relays say every day, which explains itself. */
static const struct {
	enum step step;
	const char *bytes;
} ordinary[] = {
	{ STEP_GREETING, "421 4.3.2 Service shutting down\r\n" },
	{ STEP_GREETING, "554 5.7.1 No SMTP service here\r\n" },
	{ STEP_EHLO, "421 4.3.0 Service shutting down\r\n" },
	{ STEP_EHLO, "502 5.5.1 Command not implemented\r\n" },
	{ STEP_STARTTLS, "501 5.5.4 Syntax error\r\n" },
	{ STEP_AUTH, "454 4.7.0 Temporary authentication failure\r\n" },
	{ STEP_AUTH, "535 5.7.1 Account suspended\r\n" },
	{ STEP_MAIL, "421 4.4.2 Timeout\r\n" },
	{ STEP_MAIL, "550 5.1.0 Address rejected\r\n" },
	{ STEP_RCPT, "550 5.1.1 <a@example.net>: Recipient address "
	    "rejected: User unknown in local recipient table\r\n" },
	{ STEP_RCPT, "550 5.1.1 user unknown\r\n" },
	{ STEP_RCPT, "550 5.1.1 The email account that you tried to reach "
	    "does not exist.\r\n" },
	{ STEP_RCPT, "552 5.2.2 mailbox full\r\n" },
	{ STEP_RCPT, "452 4.2.2 Over quota\r\n" },
	{ STEP_RCPT, "550 5.7.1 blocked using a list\r\n" },
	{ STEP_RCPT, "553 5.1.3 Bad recipient address syntax\r\n" },
	{ STEP_RCPT, "452 4.5.3 Too many recipients\r\n" },
	{ STEP_DATA, "451 4.3.0 Temporary lookup failure\r\n" },
	{ STEP_RECEIPT, "554 5.7.1 Spam message rejected\r\n" },
	{ STEP_RECEIPT, "550 5.7.1 Message rejected as spam\r\n" },
	{ STEP_RECEIPT, "451 4.3.0 Queue file write error\r\n" },
	{ STEP_GREETING, "554 5.7.1 Service unavailable; Client host "
	    "[192.0.2.1] blocked using zen.spamhaus.org\r\n" },
	{ STEP_GREETING, "421 4.7.0 Connection rate limit exceeded\r\n" },
	{ STEP_GREETING, "421 4.3.2 The maximum number of concurrent "
	    "server connections has exceeded a limit, closing transmission "
	    "channel\r\n" },
	{ STEP_MAIL, "452 space shortage, please try later\r\n" },
	{ STEP_MAIL, "451 4.3.5 Server configuration problem\r\n" },
	{ STEP_MAIL, "503 5.5.1 Error: nested MAIL command\r\n" },
	{ STEP_MAIL, "451 4.3.2 Server busy, try later\r\n" },
	{ STEP_MAIL, "555 5.5.4 Unsupported option: SMTPUTF8\r\n" },
	{ STEP_RCPT, "450 4.7.1 Client host rejected: cannot find your "
	    "hostname\r\n" },
	{ STEP_RCPT, "450 4.1.1 <a@example.net>: Recipient address "
	    "rejected: unverified address: Address verification in "
	    "progress\r\n" },
	{ STEP_RCPT, "550 5.4.1 Recipient address rejected: Access "
	    "denied.\r\n" },
	{ STEP_RCPT, "550 5.2.1 The email account that you tried to reach "
	    "is disabled\r\n" },
	{ STEP_RCPT, "450 4.2.1 The user you are trying to contact is "
	    "receiving mail at a rate that prevents additional messages\r\n" },
	{ STEP_RCPT, "550 5.7.25 The IP address sending this message does "
	    "not have a PTR record setup\r\n" },
	{ STEP_RECEIPT, "421 4.7.28 Our system has detected an unusual "
	    "rate of unsolicited mail\r\n" },
	{ STEP_RECEIPT, "550 5.7.27 SPF check failed\r\n" },
	{ STEP_RECEIPT, "550 5.7.51 TenantInboundAttribution; there is a "
	    "partner connector\r\n" },
	{ STEP_RECEIPT, "554 5.6.0 Message has too many header lines\r\n" },
	{ STEP_RECEIPT, "550 5.1.8 Domain of sender address does not "
	    "resolve\r\n" },
	{ STEP_RECEIPT, "454 4.7.1 Throttling failure: Maximum sending "
	    "rate exceeded.\r\n" },
	{ STEP_RECEIPT, "550 5.4.5 Daily user sending limit exceeded.\r\n" },
	{ STEP_RECEIPT, "550 5.7.511 Access denied, banned sender\r\n" },
	{ STEP_RCPT, "553 sorry, no mailbox here by that name. (#5.1.1)\r\n" },
	{ STEP_RCPT, "553 sorry, your envelope recipient is in my "
	    "badrcptto list (#5.7.1)\r\n" },
	{ STEP_MAIL, "553 sorry, your envelope sender is in my badmailfrom "
	    "list (#5.7.1)\r\n" },
	{ STEP_RCPT, "553 sorry, that domain isn't allowed to be relayed "
	    "thru this MTA (#5.7.1)\r\n" },
};

/* The error that a session makes of a reply. */
static struct error
refusal(enum step step, const char *bytes)
{
	struct error err = { 0 };
	struct reply r;
	size_t used;

	reply_init(&r);
	assert_true(reply_feed(&r, span_of(bytes), 4096, STAGE_NONE, &used,
	    &err));
	assert_true(r.is_complete);
	assert_false(step_judge(step, &r, &err));
	reply_free(&r);
	return err;
}

static const char *
id_of(const struct hint *h)
{
	return h == NULL ? "(none)" : h->id;
}

static void
realistic_refusals_find_their_row(void **state)
{
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(replies); i++) {
		err = refusal(replies[i].step, replies[i].bytes);
		if (strcmp(id_of(hint_find(&err)), replies[i].id) != 0)
			fail_msg("%s: %s: %s", replies[i].id,
			    id_of(hint_find(&err)), err.reply);
	}
}

static void
ordinary_refusals_need_no_hint(void **state)
{
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ordinary); i++) {
		err = refusal(ordinary[i].step, ordinary[i].bytes);
		if (hint_find(&err) != NULL)
			fail_msg("%s: %s", id_of(hint_find(&err)), err.reply);
		hint_apply(&err, NULL);
		assert_null(err.hint);
		assert_string_equal(err.cause, "");
		assert_string_equal(err.fix, "");
	}
}

/* A refusal in the words of a row, at one of its stages. */
static struct error
own_refusal(const struct hint *h, enum stage stage, int code,
    const char *text)
{
	struct error err = { 0 };

	(void)error_set(&err, stage, EX_UNAVAILABLE, "no");
	err.reply_code = code;
	if (h->enhanced != NULL)
		(void)snprintf(err.enhanced, sizeof(err.enhanced), "%d%s",
		    code / 100, h->enhanced + 1);
	(void)snprintf(err.reply, sizeof(err.reply), "%d %s %s", code,
	    err.enhanced, text);
	return err;
}

static void
check_text(const struct hint *h, const char *text)
{
	struct error err;
	int stage, code;
	size_t i;

	for (stage = STAGE_GREETING; stage <= STAGE_RECEIPT; stage++) {
		if (h->stages != HINT_ANY &&
		    (h->stages & HINT_AT(stage)) == 0)
			continue;
		for (i = 0; i == 0 || h->codes[i] != 0; i++) {
			code = h->codes[i] == 0 ? 599 : h->codes[i];
			err = own_refusal(h, (enum stage)stage, code, text);
			if (hint_find(&err) != h)
				fail_msg("%s, %d at %s: %s", h->id, code,
				    error_stage_name(err.stage),
				    id_of(hint_find(&err)));
		}
	}
}

static void
every_row_matches_its_own_texts(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < hint_count; i++) {
		for (k = 0; k < COUNT(hints[i].texts) &&
		    hints[i].texts[k] != NULL; k++)
			check_text(&hints[i], hints[i].texts[k]);
		if (k == 0 && hints[i].enhanced != NULL)
			check_text(&hints[i], "other words");
	}
}

static void
every_row_is_named_once_and_tried_here(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < hint_count; i++) {
		for (k = 0; k < i; k++)
			assert_string_not_equal(hints[i].id, hints[k].id);
		assert_true(strlen(hints[i].cause) > 0);
		assert_true(strlen(hints[i].fix) > 0);
		if (hints[i].texts[0] == NULL && hints[i].enhanced == NULL)
			continue;	/* found by its id alone */
		for (k = 0; k < COUNT(replies); k++)
			if (strcmp(replies[k].id, hints[i].id) == 0)
				break;
		if (k == COUNT(replies))
			fail_msg("%s has no reply", hints[i].id);
	}
}

static void
failures_of_our_own_name_their_row(void **state)
{
	static const char *const ids[] = { "H17", "H18", "H19", "H20",
		"H21", "H78", "H85", "H86", "H87" };
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ids); i++) {
		error_clear(&err);
		(void)error_set_temporary(&err, STAGE_CONNECT, 0, "no");
		assert_null(hint_find(&err));
		err.hint = ids[i];
		assert_string_equal(id_of(hint_find(&err)), ids[i]);
		hint_apply(&err, NULL);
		assert_string_equal(err.hint, ids[i]);
		assert_true(strlen(err.cause) > 0);
		assert_true(strlen(err.fix) > 0);
	}
	error_clear(&err);
	(void)error_set_temporary(&err, STAGE_CONNECT, 0, "no");
	err.hint = "nobody's";
	assert_null(hint_find(&err));
	hint_apply(&err, NULL);
	assert_null(err.hint);
}

static void
the_name_of_a_row_goes_before_the_reply(void **state)
{
	struct error err = refusal(STEP_RCPT,
	    "554 5.7.1 Relay access denied\r\n");

	(void)state;
	err.hint = "H18";
	assert_string_equal(id_of(hint_find(&err)), "H18");
}

static void
stage_code_and_status_must_agree(void **state)
{
	static const struct {
		enum step step;
		const char *bytes;
	} strangers[] = {
		/* Right words at the wrong step. */
		{ STEP_AUTH, "554 5.7.1 Relay access denied\r\n" },
		{ STEP_MAIL, "454 4.7.0 TLS not available\r\n" },
		{ STEP_RCPT, "535 5.7.8 authentication failed\r\n" },
		/* With another code. */
		{ STEP_AUTH, "530 5.7.8 authentication failed\r\n" },
		{ STEP_RCPT, "421 4.7.1 Relay access denied\r\n" },
		/* With another status. */
		{ STEP_AUTH, "535 5.7.0 Authentication unsuccessful\r\n" },
		{ STEP_RECEIPT, "550 5.7.2 x is not authorized to send email "
		    "directly\r\n" },
		{ STEP_RECEIPT, "451 4.7.651 Server busy\r\n" },
	};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(strangers); i++) {
		err = refusal(strangers[i].step, strangers[i].bytes);
		if (hint_find(&err) != NULL)
			fail_msg("%s: %s", id_of(hint_find(&err)), err.reply);
	}
}

static void
the_longest_text_wins(void **state)
{
	struct error err = refusal(STEP_RCPT, "504 5.5.2 Helo command "
	    "rejected: need fully-qualified hostname\r\n");

	(void)state;
	assert_string_equal(id_of(hint_find(&err)), "H01");
	err = refusal(STEP_RCPT, "550 5.7.1 Helo command rejected: no\r\n");
	assert_string_equal(id_of(hint_find(&err)), "H00");
}

/* What is tried again for days must be able to pass. */
static void
some_temporary_refusals_last(void **state)
{
	static const struct {
		enum step step;
		const char *bytes;
		bool lasts;
	} cases[] = {
		{ STEP_RCPT, "450 4.7.1 <a>: Helo command rejected: Host not "
		    "found\r\n", true },
		{ STEP_EHLO, "421 4.7.0 Try again later, closing connection. "
		    "(EHLO)\r\n", true },
		{ STEP_RCPT, "450 4.7.1 Session encryption is required\r\n",
		    true },
		{ STEP_MAIL, "450 4.1.8 <a@b>: Sender address rejected: "
		    "Domain not found\r\n", true },
		{ STEP_RCPT, "454 4.7.1 <a@b>: Relay access denied\r\n",
		    true },
		{ STEP_RCPT, "450 4.2.0 <a@b>: Recipient address rejected: "
		    "Greylisted\r\n", false },
		{ STEP_AUTH, "454 4.7.0 Too many login attempts\r\n", false },
		{ STEP_RECEIPT, "451 See smtplf.html\r\n", true },
		{ STEP_RECEIPT, "421 4.7.26 This mail has been rate limited "
		    "because it is unauthenticated\r\n", false },
		/* Not a temporary one at all. */
		{ STEP_RCPT, "554 5.7.1 Relay access denied\r\n", false },
	};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		err = refusal(cases[i].step, cases[i].bytes);
		if (hint_is_lasting(&err) != cases[i].lasts)
			fail_msg("%s", cases[i].bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(realistic_refusals_find_their_row),
		cmocka_unit_test(ordinary_refusals_need_no_hint),
		cmocka_unit_test(every_row_matches_its_own_texts),
		cmocka_unit_test(every_row_is_named_once_and_tried_here),
		cmocka_unit_test(failures_of_our_own_name_their_row),
		cmocka_unit_test(the_name_of_a_row_goes_before_the_reply),
		cmocka_unit_test(stage_code_and_status_must_agree),
		cmocka_unit_test(the_longest_text_wins),
		cmocka_unit_test(some_temporary_refusals_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
