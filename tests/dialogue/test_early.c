/*
 * `early`: EHLO before the greeting, for relays that offer PIPECONNECT; and
 * `quit_wait`, the other end of a session. No verdict depends on either.
 */
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
		"S 554 5.7.1 no mail from you\nclose" };
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
		cmocka_unit_test(
		    the_reply_to_quit_is_waited_for_where_that_is_wished),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
