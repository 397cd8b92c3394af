#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/receipt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Replies as relays word them. */
static const struct {
	const char *peer, *reply, *id, *message_id;
} replies[] = {
	/* Postfix, alone and behind a filter; SendGrid, iCloud, Fastmail. */
	{ "mx:25", "250 2.0.0 Ok: queued as 4XyZ1b2c3dz9sQn",
	    "4XyZ1b2c3dz9sQn", "" },
	{ "mx:25", "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "
	    "queued as 1A2B3C", "1A2B3C", "" },
	{ "mx:25", "250 2.6.0 Ok, id=12-3, from MTA: 250 Ok: queued as 9F8E7D",
	    "9F8E7D", "" },
	{ "smtp.sendgrid.net:587", "250 Ok: queued as aB1-cD2_eFgHiJ",
	    "aB1-cD2_eFgHiJ", "" },
	/* Exim, GMX. */
	{ "mx:25", "250 OK id=1rXyZa-0001Ab-2C", "1rXyZa-0001Ab-2C", "" },
	{ "mail.gmx.net:587", "250 Requested mail action okay, completed: "
	    "id=1MxYz0-1abc2d3e4f-00AbCd", "1MxYz0-1abc2d3e4f-00AbCd", "" },
	/* sendmail, OpenSMTPD. */
	{ "mx:25", "250 2.0.0 5AP0abCd012345 Message accepted for delivery",
	    "5AP0abCd012345", "" },
	{ "mx:25", "250 2.0.0 1a2b3c4d Message accepted for delivery",
	    "1a2b3c4d", "" },
	/* Gmail. */
	{ "smtp.gmail.com:465", "250 2.0.0 OK  1700000000 "
	    "a1-20020a170906b01600b009e5ce1acb01sm1234567ejy.151 - gsmtp",
	    "a1-20020a170906b01600b009e5ce1acb01sm1234567ejy.151", "" },
	/* Exchange, Exchange Online, Outlook. */
	{ "smtp.office365.com:587", "250 2.0.0 OK "
	    "<AM0PR01MB1234ABCD@AM0PR01MB1234.eurprd01.prod.exchangelabs.com> "
	    "[Hostname=AM0PR01MB1234.eurprd01.prod.exchangelabs.com]", "",
	    "<AM0PR01MB1234ABCD@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>"
	},
	{ "mail.example.org:25", "250 2.6.0 <a.b@example.org> "
	    "[InternalId=12345678901234, Hostname=ex.example.org] 1234 bytes "
	    "in 0.1, 9.5 KB/sec Queued mail for delivery", "12345678901234",
	    "<a.b@example.org>" },
	/* Amazon SES. */
	{ "email-smtp.eu-west-1.amazonaws.com:587",
	    "250 Ok 0102018c1a2b3c4d-01234567-89ab-cdef-0123-456789abcdef-"
	    "000000", "0102018c1a2b3c4d-01234567-89ab-cdef-0123-456789abcdef-"
	    "000000", "<0102018c1a2b3c4d-01234567-89ab-cdef-0123-456789abcdef-"
	    "000000@eu-west-1.amazonses.com>" },
	{ "email-smtp.us-east-1.amazonaws.com:465", "250 Ok 0100018c-000000",
	    "0100018c-000000", "<0100018c-000000@email.amazonses.com>" },
	/* A host that isn't one. */
	{ "email-smtp.a b.amazonaws.com:465", "250 Ok 0100018c-000000",
	    "0100018c-000000", "" },
	/* Brevo, Yandex, qmail, Haraka. */
	{ "smtp-relay.brevo.com:587", "250 2.0.0 OK: queued as "
	    "<202411251234.1@smtp-relay.mailin.fr>",
	    "202411251234.1@smtp-relay.mailin.fr",
	    "<202411251234.1@smtp-relay.mailin.fr>" },
	{ "smtp.yandex.com:465", "250 2.0.0 Ok: queued on "
	    "mail-nwsmtp-smtp-production-main-12.myt.yp-c.yandex.net "
	    "1700000000-AbCdEf12-GhIjKlMn", "1700000000-AbCdEf12-GhIjKlMn",
	    "" },
	{ "smtp.yandex.com:465", "250 2.0.0 Ok: queued on smtp1.yandex.net as "
	    "1700-AbC", "1700-AbC", "" },
	{ "mx:25", "250 ok 1700000000 qp 12345", "12345", "" },
	{ "mx:25", "250 Message Queued (1F2E3D4C-AAAA-BBBB.1)",
	    "1F2E3D4C-AAAA-BBBB.1", "" },
	/* Several lines, a sentence's end. */
	{ "mx:25", "250-2.0.0 thanks / 250 2.0.0 Ok: queued as ABC123.",
	    "ABC123", "" },
};

/* Names nobody gave. */
static const char *const others[] = { "", "250", "250 ", "250 OK",
	"250 2.0.0 Message accepted for delivery", "250 Message received",
	"250 2.0.0 Queued. Thank you.", "250 Great success",
	"250 OK , completed", "250 2.0.0 Ok: queued as ", "250 2.0.0 queued as",
	"250 2.0.0 Ok: queued as 'x'", "250 id=", "250 queued on ",
	"250 2.1.5 <one@example.net> saved", "250 2.0.0 OK <no-at-sign>",
	"250 2.0.0 OK <a@b", "250 Ok 0100018c-000000",
	"250 2.0.0 Ok: queued as \\x1b[2J", " Message accepted for delivery" };

static void
each_form_is_understood(void **state)
{
	struct receipt r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(replies); i++) {
		receipt_read(&r, replies[i].reply, replies[i].peer);
		if (strcmp(r.id, replies[i].id) != 0 ||
		    strcmp(r.message_id, replies[i].message_id) != 0)
			fail_msg("%s: `%s`, `%s`", replies[i].reply, r.id,
			    r.message_id);
	}
}

static void
what_names_nothing_is_left_alone(void **state)
{
	struct receipt r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(others); i++) {
		receipt_read(&r, others[i], "mx:25");
		if (r.id[0] != '\0' || r.message_id[0] != '\0')
			fail_msg("%s: `%s`, `%s`", others[i], r.id,
			    r.message_id);
	}
}

static void
a_name_that_does_not_fit_is_none(void **state)
{
	char reply[700] = "250 Ok: queued as ";
	struct receipt r;

	(void)state;
	memset(reply + strlen(reply), 'a', 127);
	receipt_read(&r, reply, "mx:25");
	assert_int_equal(strlen(r.id), 127);
	memset(reply + strlen(reply), 'a', 1);
	receipt_read(&r, reply, "mx:25");
	assert_string_equal(r.id, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_understood),
		cmocka_unit_test(what_names_nothing_is_left_alone),
		cmocka_unit_test(a_name_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
