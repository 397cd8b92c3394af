/*
 * `early`: EHLO, and AUTH with it, before the greeting, for relays that offer
 * PIPECONNECT; and `quit_wait`, the other end of a session. No verdict depends
 * on either.
 */
#include <stdio.h>
#include <string.h>

#include "support/session_kit.h"

#define EARLY "early = yes\n"
/* A relay that says nothing until it was greeted. */
#define EHLO_FIRST "C EHLO\nS 220 relay.test\n"
#define TO_THE_END "C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\n" \
	"data\ncommit\nS 250 ok\nC QUIT\nS 221 bye"

static void
ehlo_leaves_before_the_greeting(void **state)
{
	static const enum relay_mode modes[] = { RELAY_PLAIN, RELAY_TLS };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .mode = modes[i], .keys = EARLY,
		    .script = EHLO_FIRST "S 250-relay.test\n"
		    "S 250 PIPECONNECT\n" TO_THE_END };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

static void
what_was_learnt_before_starttls_is_forgotten(void **state)
{
	struct trial t = { .mode = RELAY_STARTTLS, .keys = EARLY,
	    .script = EHLO_FIRST "S 250-relay.test\nS 250-STARTTLS\n"
	    "S 250-SIZE 10\nS 250 PIPECONNECT\nC STARTTLS\nS 220 go\n"
	    "starttls\nC EHLO\nS 250 relay.test\n" TO_THE_END };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
greeting_and_ehlo_are_judged_in_order(void **state)
{
	static const struct {
		const char *script;
		int status;
		const char *stage, *words;
	} cases[] = {
		{ "C EHLO\nS 421 4.3.2 busy\nclose", EX_UNAVAILABLE,
		    "greeting", "421 4.3.2 busy" },
		{ "C EHLO\nS 521 no mail here\nS 250 relay.test\nwait",
		    EX_UNAVAILABLE, "greeting", "521 no mail here" },
		{ "C EHLO\nS 250 relay.test\nwait", EX_PROTOCOL, "greeting",
		    "code 250" },
		{ "C EHLO\nS hello\nwait", EX_PROTOCOL, "greeting", "hello" },
		{ "C EHLO\nclose", EX_UNAVAILABLE, "greeting", "closed" },
		{ EHLO_FIRST "S 550 5.7.1 not you\nwait", EX_UNAVAILABLE,
		    "ehlo", "550 5.7.1 not you" },
		{ EHLO_FIRST "S 220 again\nwait", EX_PROTOCOL, "ehlo",
		    "code 220" },
		{ EHLO_FIRST "S 250-relay.test\nS 250 SIZE\nS 250 more\nwait",
		    EX_PROTOCOL, "mail", "spoke before it was asked" },
		{ EHLO_FIRST "close", EX_UNAVAILABLE, "ehlo", "closed" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .keys = EARLY,
		    .script = cases[i].script };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage,
		    cases[i].words);
		TRIAL_CHECK(&t, t.record.mail_commands == 0);
		TRIAL_CHECK(&t, t.record.count == 1);
		trial_free(&t);
	}
}

static void
a_relay_that_wants_to_greet_first_is_called_once_more(void **state)
{
	static const char *const second[] = { NULL,
		"sleep 100\nS 554 5.7.1 no mail from you\nclose" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .json = true, .keys = EARLY,
		    .serve.capabilities = "SIZE\nPIPECONNECT", .overrides = {
		    { .stage = "greeting", .connection = 1, .script =
		    "C EHLO\nS 554 SMTP synchronization error\nclose" },
		    { .stage = second[i] == NULL ? "" : "greeting",
		    .connection = 2, .script = second[i] == NULL ? "" :
		    second[i] } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.record.count == 2);
		TRIAL_CHECK(&t, t.record.failure[0] == '\0');
		if (second[i] == NULL) {
			TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
			TRIAL_CHECK(&t, t.record.committed == 1);
		} else {
			trial_failed(&t, EX_UNAVAILABLE, "greeting",
			    "554 5.7.1 no mail from you");
		}
		trial_free(&t);
	}
}

static void
a_554_to_a_client_that_waited_is_the_end(void **state)
{
	struct trial t = { .json = true, .overrides = { {
	    .stage = "greeting", .script = "S 554 5.7.1 no\nclose" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "greeting", "554 5.7.1 no");
	TRIAL_CHECK(&t, t.record.count == 1);
	trial_free(&t);
}

static void
a_relay_that_offers_it_no_more_is_served_and_noted(void **state)
{
	static const char *const args[] = { "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	struct trial t = { .args = args, .keys = EARLY,
	    .script = EHLO_FIRST "S 250 relay.test\n" TO_THE_END };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, trial_says(&t, "early = no suits it better"));
	trial_free(&t);
}

static void
the_reply_to_quit_is_waited_for_where_that_is_wished(void **state)
{
	static const char *const args[] = { "-vv", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	static const struct {
		const char *keys, *script;
		bool is_read;
	} cases[] = {
		{ "quit_wait = yes\n", "flush\nsleep 50\nS 221 2.0.0 adieu",
		    true },
		{ "quit_wait = yes\n", "flush\nsleep 50\nS 521 adieu", true },
		{ "quit_wait = yes\ntimeout = 0.2\n", "wait", false },
		{ "quit_wait = yes\n", "cut", false },
		{ "quit_wait = no\n", "flush\nsleep 50\nS 221 2.0.0 adieu",
		    false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = args, .keys = cases[i].keys,
		    .overrides = { { .stage = "quit",
		    .script = cases[i].script } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.committed == 1);
		TRIAL_CHECK(&t, trial_says(&t, "adieu") == cases[i].is_read);
		trial_free(&t);
	}
}

#define LOGIN EARLY "user = user\npassword = CHUNKING\n"
#define PLAIN LOGIN "auth = plain\n"
#define RELAY "S 250-relay.test\n"
#define OFFER RELAY "S 250 AUTH "
#define AUTH_TOO "C EHLO\nC AUTH PLAIN\n"
/* What AUTH PLAIN says to PLAIN's user and password, in base64. */
#define SAID "AHVzZXIAQ0hVTktJTkc="

static void
auth_leaves_with_ehlo_inside_tls(void **state)
{
	static const struct {
		const char *keys, *script;
	} cases[] = {
		{ PLAIN, AUTH_TOO "S 220 relay.test\n" RELAY
		    "S 250-PIPECONNECT\nS 250 AUTH PLAIN\nS 235 ok\n"
		    TO_THE_END },
		{ LOGIN "auth = xoauth2\n", "C EHLO\nC AUTH XOAUTH2\n"
		    "S 220 relay.test\n" OFFER "LOGIN XOAUTH2\nS 235 ok\n"
		    TO_THE_END },
		/* A capability that has the password's name is one. */
		{ PLAIN, AUTH_TOO "S 220 relay.test\n" RELAY "S 250-CHUNKING\n"
		    "S 250 AUTH PLAIN\nS 235 ok\nC MAIL\nS 250 ok\nC RCPT\n"
		    "S 250 ok\nC BDAT\ncut" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = cases[i].keys,
		    .script = cases[i].script };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.record.failure[0] == '\0');
		TRIAL_CHECK(&t, t.record.mail_commands == 1);
		if (i < 2)
			trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

/* Where it did, AUTH PLAIN would be in the place of what is waited for. */
static void
auth_waits_where_it_is_not_settled_or_not_hidden(void **state)
{
	static const struct {
		enum relay_mode mode;
		const char *keys, *script;
	} cases[] = {
		{ RELAY_TLS, LOGIN, EHLO_FIRST OFFER "LOGIN\n"
		    "C AUTH LOGIN\nS 334\nC*\nS 334\nC*\nS 235 ok\n"
		    TO_THE_END },
		{ RELAY_TLS, LOGIN "auth = login\n", EHLO_FIRST
		    OFFER "LOGIN\nC AUTH LOGIN\nS 334\nC*\nS 334\n"
		    "C*\nS 235 ok\n" TO_THE_END },
		{ RELAY_STARTTLS, PLAIN, EHLO_FIRST RELAY "S 250 STARTTLS\n"
		    "C STARTTLS\nS 220 go\nstarttls\nC EHLO\n"
		    OFFER "PLAIN\nC AUTH PLAIN\nS 235 ok\n" TO_THE_END },
		{ RELAY_PLAIN, PLAIN, EHLO_FIRST OFFER "PLAIN\n"
		    "C AUTH PLAIN\nS 235 ok\n" TO_THE_END },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = cases[i].mode,
		    .keys = cases[i].keys, .script = cases[i].script };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, t.record.failure[0] == '\0');
		trial_free(&t);
	}
}

static void
what_comes_before_the_reply_to_auth_is_judged_before_it(void **state)
{
	static const struct {
		const char *script;
		int status;
		const char *stage, *words;
	} cases[] = {
		{ AUTH_TOO "S 421 4.3.2 busy\n" OFFER "PLAIN\nS 235 ok\n"
		    "wait", EX_UNAVAILABLE, "greeting", "421 4.3.2 busy" },
		{ AUTH_TOO "S 220 relay.test\nS 550 not you\nS 235 ok\nwait",
		    EX_UNAVAILABLE, "ehlo", "550 not you" },
		{ AUTH_TOO "S 220 relay.test\nS 235 ok\nwait", EX_PROTOCOL,
		    "ehlo", "235" },
		{ AUTH_TOO "S 220 relay.test\n" OFFER "PLAIN\n"
		    "S 535 5.7.8 no\nwait", EX_NOPERM, "auth",
		    "535 5.7.8 no" },
		{ AUTH_TOO "S 220 relay.test\n" OFFER "PLAIN\nS 334 \nC*\n"
		    "S 501 so be it\nwait", EX_PROTOCOL, "auth",
		    "asks for more than PLAIN has to say" },
		{ AUTH_TOO "S 220 relay.test\n" OFFER "PLAIN\nclose",
		    EX_UNAVAILABLE, "auth", "closed the connection" },
		{ AUTH_TOO "S 220 relay.test\n" OFFER "PLAIN\nS 235 ok\n"
		    "S 250 ok\nwait", EX_PROTOCOL, "mail",
		    "spoke before it was asked" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .json = true,
		    .keys = PLAIN, .script = cases[i].script };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage,
		    cases[i].words);
		TRIAL_CHECK(&t, t.record.mail_commands == 0);
		TRIAL_CHECK(&t, t.record.count == 1);
		trial_free(&t);
	}
}

/* Whatever the relay says to it. */
static void
auth_that_is_offered_no_more_counts_for_nothing(void **state)
{
	static const char none[] = "offers no AUTH mechanism that may be used, "
	    "only: LOGIN";
	static const struct {
		const char *replies;
		int status;
		const char *words;
	} cases[] = {
		{ "S 504 5.5.4 not here\nC QUIT", EX_UNAVAILABLE, none },
		{ "S 235 ok\nC QUIT", EX_UNAVAILABLE, none },
		{ "S 334 \nC *\nS 501 so be it\nC QUIT", EX_UNAVAILABLE,
		    none },
		{ "S 334 \nC *\nS 235 ok\nwait", EX_PROTOCOL,
		    "takes up an AUTH that it doesn't offer" },
		{ "S 421 4.3.0 no more\nclose", EX_UNAVAILABLE,
		    "421 4.3.0 no more" },
	};
	char script[300];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .json = true,
		    .keys = PLAIN, .script = script };

		(void)snprintf(script, sizeof(script), AUTH_TOO
		    "S 220 relay.test\n" OFFER "LOGIN\n%s",
		    cases[i].replies);
		trial_run(&t, state);
		trial_failed(&t, cases[i].status, "auth", cases[i].words);
		TRIAL_CHECK(&t, t.record.failure[0] == '\0');
		TRIAL_CHECK(&t, t.record.mail_commands == 0);
		trial_free(&t);
	}
}

static void
what_the_relay_quotes_of_an_early_auth_is_hidden(void **state)
{
	static const char *const args[] = { "-vv", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	static const char *const replies[] = {
		"S 554 greeting " SAID " CHUNKING",
		"S 220 " SAID " CHUNKING\nS 550 ehlo " SAID " CHUNKING",
		"S 220 relay\nS 250-" SAID "\nS 250 AUTH CHUNKING " SAID "\n"
		    "S 504 " SAID,
	};
	char script[400];
	size_t i;

	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .args = args,
		    .keys = PLAIN, .script = script };

		(void)snprintf(script, sizeof(script), AUTH_TOO "%s\nwait",
		    replies[i]);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
		TRIAL_CHECK(&t, trial_says(&t, "****"));
		TRIAL_CHECK(&t, !trial_says(&t, SAID));
		TRIAL_CHECK(&t, !trial_says(&t, "CHUNKING"));
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ehlo_leaves_before_the_greeting),
		cmocka_unit_test(what_was_learnt_before_starttls_is_forgotten),
		cmocka_unit_test(greeting_and_ehlo_are_judged_in_order),
		cmocka_unit_test(
		    a_relay_that_wants_to_greet_first_is_called_once_more),
		cmocka_unit_test(a_554_to_a_client_that_waited_is_the_end),
		cmocka_unit_test(
		    a_relay_that_offers_it_no_more_is_served_and_noted),
		cmocka_unit_test(auth_leaves_with_ehlo_inside_tls),
		cmocka_unit_test(
		    auth_waits_where_it_is_not_settled_or_not_hidden),
		cmocka_unit_test(
		    what_comes_before_the_reply_to_auth_is_judged_before_it),
		cmocka_unit_test(
		    auth_that_is_offered_no_more_counts_for_nothing),
		cmocka_unit_test(
		    what_the_relay_quotes_of_an_early_auth_is_hidden),
		cmocka_unit_test(
		    the_reply_to_quit_is_waited_for_where_that_is_wished),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
