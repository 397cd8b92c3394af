/*
 * `partial = deliver`: the message for those whom the relay accepted, the
 * status for those whom it didn't; and the status of temporary failures.
 */
#include <stdio.h>
#include <string.h>

#include "support/session_kit.h"

#define PARTIAL "partial = deliver\n"

static const char *const three[] = { "-i", "-f", KIT_SENDER,
	"one@example.net", "two@example.net", "three@example.net", NULL };

static void
the_accepted_get_it_and_the_refused_give_the_status(void **state)
{
	static const char *const ways[] = { PARTIAL, PARTIAL
	    "pipelining = no\n", PARTIAL "chunking = one-flight\n" };
	static const struct {
		const char *one, *two;
		int status;
		const char *temporary;
	} cases[] = {
		{ "S 550 5.1.1 nobody", "S 451 4.2.1 later", EX_NOUSER,
		    "\"temporary\":false" },
		{ "S 450 4.2.1 later", "S 451 4.2.1 later", EX_UNAVAILABLE,
		    "\"temporary\":true" },
		{ "S 450 4.2.1 later", "S 554 5.7.1 no", EX_UNAVAILABLE,
		    "\"temporary\":false" },
	};
	const struct relay_message *m;
	size_t i;

	for (i = 0; i < 9; i++) {
		struct trial t = { .args = three, .json = true,
		    .keys = ways[i % 3],
		    .serve.capabilities = "PIPELINING\nCHUNKING",
		    .overrides = {
		    { .stage = "rcpt1", .script = cases[i / 3].one },
		    { .stage = "rcpt3", .script = cases[i / 3].two } } };

		trial_run(&t, state);
		m = relay_only_message(&t.record);
		TRIAL_CHECK(&t, m != NULL && m->recipient_count == 1);
		TRIAL_CHECK(&t, strcmp(m->recipients[0],
		    "<two@example.net>") == 0);
		TRIAL_CHECK(&t, t.result.exit_status == cases[i / 3].status);
		TRIAL_CHECK(&t, trial_says(&t, cases[i / 3].temporary));
		TRIAL_CHECK(&t, trial_says(&t, "\"accepted\":false"));
		TRIAL_CHECK(&t, trial_says(&t, "\"delivered\":1"));
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

static void
the_report_says_how_many_got_it(void **state)
{
	struct trial t = { .args = three, .keys = PARTIAL "log = stderr\n",
	    .overrides = { { .stage = "rcpt2",
	    .script = "S 550 5.1.1 nobody" } } };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_NOUSER);
	TRIAL_CHECK(&t, trial_says(&t,
	    "  refused: two@example.net: 550 5.1.1 nobody\n"));
	TRIAL_CHECK(&t, trial_says(&t,
	    "  refused: 1 of 3 recipients; delivered to the other 2\n"));
	TRIAL_CHECK(&t, trial_says(&t, " delivered=2"));
	TRIAL_CHECK(&t, !trial_says(&t, "nothing was sent"));
	trial_free(&t);
}

static void
nobody_accepted_means_that_nothing_is_sent(void **state)
{
	struct trial t = { .args = three, .keys = PARTIAL, .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 nobody" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, NULL,
	    "  refused: 3 of 3 recipients; nothing was sent\n");
	TRIAL_CHECK(&t, !trial_heard(&t, "DATA"));
	trial_free(&t);
}

static void
a_message_that_is_refused_then_decides_itself(void **state)
{
	static const struct {
		const char *script;
		int status;
		bool uncertain;
	} cases[] = {
		{ "S 554 5.7.1 spam", EX_UNAVAILABLE, false },
		{ "S 452 4.3.1 full", EX_UNAVAILABLE, false },
		{ "close", EX_PROTOCOL, true },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = three, .json = true,
		    .keys = PARTIAL, .overrides = {
		    { .stage = "rcpt1", .script = "S 550 5.1.1 nobody" },
		    { .stage = "receipt", .script = cases[i].script } } };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, "receipt", "");
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":true") ==
		    cases[i].uncertain);
		TRIAL_CHECK(&t, !trial_says(&t, "\"delivered\""));
		trial_free(&t);
	}
}

/* Who wasn't heard of hasn't been refused: there is no part to send. */
static void
a_session_that_ends_among_the_recipients_delivers_to_none(void **state)
{
	static const char *const stages[] = { "rcpt2", "rcpt3" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = three, .json = true,
		    .keys = PARTIAL, .overrides = { { .stage = stages[i],
		    .script = "S 421 4.3.2 going down" } } };

		trial_run(&t, state);
		trial_failed(&t, EX_UNAVAILABLE, "rcpt",
		    "421 4.3.2 going down");
		TRIAL_CHECK(&t, !trial_heard(&t, "DATA"));
		trial_free(&t);
	}
}

/* A caller that tries again is told so in its own words. */
static void
temporary_failures_get_the_status_that_is_asked_for(void **state)
{
	static const struct {
		const char *stage, *script;
		int status;
	} cases[] = {
		{ "mail", "S 451 4.3.0 later", EX_TEMPFAIL },
		{ "greeting", "S 421 4.3.2 busy\nclose", EX_TEMPFAIL },
		{ "receipt", "S 452 4.3.1 full", EX_TEMPFAIL },
		{ "mail", "S 554 5.7.1 no", EX_UNAVAILABLE },
		{ "rcpt", "S 550 5.1.1 nobody", EX_NOUSER },
		{ "receipt", "close", EX_PROTOCOL },
		{ "mail", "S what", EX_PROTOCOL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .keys = "tempfail_exit = 75\n",
		    .overrides = { { .stage = cases[i].stage,
		    .script = cases[i].script } } };
		char words[20];

		(void)snprintf(words, sizeof(words), "\"exit\":%d,",
		    cases[i].status);
		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage, words);
		trial_free(&t);
	}
}

static void
a_relay_that_cant_be_reached_is_temporary_too(void **state)
{
	struct trial t = { .json = true, .is_absent = true,
	    .keys = "tempfail_exit = 111\n" };

	trial_run(&t, state);
	trial_failed(&t, 111, "connect", "\"temporary\":true");
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_accepted_get_it_and_the_refused_give_the_status),
		cmocka_unit_test(the_report_says_how_many_got_it),
		cmocka_unit_test(nobody_accepted_means_that_nothing_is_sent),
		cmocka_unit_test(
		    a_message_that_is_refused_then_decides_itself),
		cmocka_unit_test(
		    a_session_that_ends_among_the_recipients_delivers_to_none),
		cmocka_unit_test(
		    temporary_failures_get_the_status_that_is_asked_for),
		cmocka_unit_test(
		    a_relay_that_cant_be_reached_is_temporary_too),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
