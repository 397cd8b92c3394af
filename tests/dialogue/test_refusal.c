/*
 * Refusals: which of several decides, who hears of which recipient, and what
 * is told in which words.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

static const char *const three[] = { "-i", "-f", KIT_SENDER,
	"one@example.net", "two@example.net", "three@example.net", NULL };

static void
the_first_5yz_decides_or_else_the_first_4yz(void **state)
{
	static const struct {
		const char *first, *second, *third;	/* NULL: accepted */
		int exit_status;
		const char *temporary, *reply;
	} cases[] = {
		{ "S 450 4.2.1 busy", "S 550 5.1.1 nobody", NULL, EX_NOUSER,
		    "\"temporary\":false", "\"reply\":\"550 5.1.1 nobody\"" },
		{ "S 552 5.2.2 full", "S 550 5.1.1 nobody", NULL,
		    EX_UNAVAILABLE, "\"temporary\":false",
		    "\"reply\":\"552 5.2.2 full\"" },
		{ NULL, "S 451 4.2.1 busy", "S 452 4.5.3 many", EX_UNAVAILABLE,
		    "\"temporary\":true", "\"reply\":\"451 4.2.1 busy\"" },
		{ NULL, NULL, "S 551 5.1.6 moved", EX_NOUSER,
		    "\"temporary\":false", "\"code\":551" },
		{ NULL, "S 553 5.1.3 odd", "S 530 5.7.0 login", EX_NOUSER,
		    "\"temporary\":false", "\"code\":553" },
		{ "S 530 5.7.0 login", NULL, NULL, EX_NOPERM,
		    "\"temporary\":false", "\"hint\":" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .args = three };
		const char *const scripts[] = { cases[i].first,
			cases[i].second, cases[i].third };
		static const char *const stages[] = { "rcpt1", "rcpt2",
			"rcpt3" };
		size_t k, n = 0;

		for (k = 0; k < 3; k++)
			if (scripts[k] != NULL) {
				t.overrides[n].stage = stages[k];
				t.overrides[n++].script = scripts[k];
			}
		trial_run(&t, state);
		if (i == 5)
			trial_failed(&t, cases[i].exit_status, "rcpt", "530");
		else
			trial_failed(&t, cases[i].exit_status, "rcpt",
			    cases[i].reply);
		TRIAL_CHECK(&t, trial_says(&t, cases[i].temporary));
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<three@"));
		TRIAL_CHECK(&t, !trial_heard(&t, "DATA"));
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

static void
each_refused_recipient_is_in_json_with_the_relays_words(void **state)
{
	struct trial t = { .json = true, .args = three, .overrides = {
	    { .stage = "rcpt1", .script = "S 550-5.1.1 no\nS 550 5.1.1 one" },
	    { .stage = "rcpt3", .script = "S 450 4.2.0 \\x1b[31m\"later\"" }
	    } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, "rcpt", "\"recipients\":[{\"address\":"
	    "\"one@example.net\",\"code\":550,\"reply\":"
	    "\"550 5.1.1 no / 5.1.1 one\"},{\"address\":\"two@example.net\"},"
	    "{\"address\":\"three@example.net\",\"code\":450,\"reply\":"
	    "\"450 4.2.0 \\\\x1b[31m\\\"later\\\"\"}]");
	trial_free(&t);
}

static size_t
count_of(const struct buf *b, const char *words)
{
	const char *at = buf_string(b);
	size_t n = 0;

	while ((at = strstr(at, words)) != NULL) {
		at += strlen(words);
		n++;
	}
	return n;
}

/* Twenty by name on the terminal, all of them where programs read. */
static void
many_refused_recipients_are_counted_on_stderr(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f", KIT_SENDER,
		NULL };
	struct trial block = { .args = args, .overrides = { { .stage = "rcpt",
	    .script = "S 550 5.1.1 nobody" } } };
	struct trial json = { .json = true, .args = args, .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 nobody" } } };
	struct buf input;
	int i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, "From: r@example.org\nTo: "));
	for (i = 0; i < 25; i++)
		assert_true(buf_printf(&input, "user%d@example.net,\n ", i));
	assert_true(buf_add_string(&input, "\n\nhello\n"));
	block.run.input = buf_span(&input);
	json.run.input = buf_span(&input);
	trial_run(&block, state);
	trial_failed(&block, EX_NOUSER, NULL,
	    "  refused: 25 of 25 recipients; nothing was sent\n");
	TRIAL_CHECK(&block, count_of(&block.result.err,
	    ": 550 5.1.1 nobody\n") == 20);
	trial_run(&json, state);
	trial_failed(&json, EX_NOUSER, "rcpt", "user24@example.net");
	TRIAL_CHECK(&json, count_of(&json.result.err, "\"code\":550,\"reply\":"
	    "\"550 5.1.1 nobody\"}") == 25);
	TRIAL_CHECK(&json, count_of(&json.result.err, "\n") == 1);
	trial_free(&block);
	trial_free(&json);
	buf_free(&input);
}

static void
a_421_among_the_recipients_ends_the_session(void **state)
{
	struct trial t = { .json = true, .args = three, .overrides = { {
	    .stage = "rcpt2", .script = "S 421 4.3.2 going down\nclose" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "rcpt", "421 4.3.2 going down");
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":true"));
	TRIAL_CHECK(&t, !trial_heard(&t, "RCPT TO:<three@"));
	trial_free(&t);
}

static void
a_354_behind_a_refusal_is_followed_by_no_message(void **state)
{
	static const struct {
		const char *keys, *words;
	} ways[] = {
		{ "pipelining = no\n", "spoke before it was asked" },
		/* It stands where the third one's reply is due. */
		{ "pipelining = yes\n", "a reply to RCPT that isn't one" },
	};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct trial t = { .json = true, .args = three,
		    .keys = ways[i].keys, .overrides = { { .stage = "rcpt2",
		    .script = "S 550 5.1.1 nobody\nS 354 go on" } } };

		trial_run(&t, state);
		trial_failed(&t, EX_PROTOCOL, "rcpt", ways[i].words);
		TRIAL_CHECK(&t, !trial_heard(&t, "DATA"));
		TRIAL_CHECK(&t, t.record.connections[0].message_count == 0 ||
		    t.record.connections[0].messages[0].octets == 0);
		trial_free(&t);
	}
}

static void
a_refusal_is_told_in_one_block_with_cause_and_fix(void **state)
{
	const struct scratch *scratch = *state;
	struct trial t = { .overrides = { { .stage = "mail",
	    .script = "S 530-5.7.0 Must issue\n"
	    "S 530 5.7.0 a STARTTLS command first" } } };
	char block[900];

	trial_run(&t, state);
	(void)snprintf(block, sizeof(block), "posthaste: [default] "
	    "127.0.0.1:%d: the relay refused the sender\n"
	    "  command: MAIL FROM:<robot@example.org> SIZE=139\n"
	    "  reply:   530 5.7.0 Must issue / 5.7.0 a STARTTLS command first\n"
	    "  cause:   the relay wants TLS, and the session is in clear "
	    "(hint H13)\n"
	    "  fix:     set tls = starttls (or tls = implicit with "
	    "port = 465) (key `tls` in %s/posthaste.ini, section [default])\n",
	    t.port, scratch->path);
	trial_failed(&t, EX_NOPERM, NULL, "posthaste: ");
	TRIAL_CHECK(&t, strcmp(t.result.err.data, block) == 0);
	trial_free(&t);
}

/* Refusals of today's big receivers, with hints and without. */
static void
a_hint_explains_and_changes_no_status(void **state)
{
	static const struct {
		const char *stage, *script, *id;
		int status;
	} rows[] = {
		{ "mail", "S 550 5.7.30 Basic authentication is not supported "
		    "for Client Submission.", "H77", EX_UNAVAILABLE },
		{ "rcpt", "S 450 4.2.0 <a@b>: Recipient address rejected: "
		    "Greylisted", "H65", EX_UNAVAILABLE },
		{ "receipt", "S 550-5.7.26 Your email has been blocked because "
		    "the sender is\nS 550-5.7.26 unauthenticated.\n"
		    "S 550 5.7.26 x - gsmtp", "H81", EX_UNAVAILABLE },
		{ "receipt", "S 550 5.7.515 Access denied, sending domain "
		    "EXAMPLE.ORG does not meet the required authentication "
		    "level.", "H82", EX_UNAVAILABLE },
		{ "rcpt", "S 553 sorry, that domain isn't in my list of "
		    "allowed rcpthosts (#5.7.1)", "H83", EX_NOUSER },
		{ "receipt", "S 550 5.7.509 Access denied, sending domain "
		    "example.org does not pass DMARC verification and has a "
		    "DMARC policy of reject.", "H84", EX_UNAVAILABLE },
	};
	char id[20];
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (k = 0; k < 2; k++) {
			struct trial t = { .keys = k == 0 ? "hints = yes\n" :
			    "hints = no\n", .overrides = { {
			    .stage = rows[i].stage,
			    .script = rows[i].script } } };

			trial_run(&t, state);
			trial_failed(&t, rows[i].status, NULL, "reply:   ");
			(void)snprintf(id, sizeof(id), "(hint %s)",
			    rows[i].id);
			TRIAL_CHECK(&t, trial_says(&t, id) == (k == 0));
			TRIAL_CHECK(&t, trial_says(&t, "  fix:") == (k == 0));
			trial_free(&t);
		}
}

static void
hints_can_be_switched_off(void **state)
{
	struct trial t = { .keys = "hints = no\n", .overrides = { {
	    .stage = "mail", .script = "S 530 5.7.0 Authentication "
	    "required" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOPERM, NULL, "530 5.7.0 Authentication");
	TRIAL_CHECK(&t, !trial_says(&t, "cause:"));
	TRIAL_CHECK(&t, !trial_says(&t, "hint"));
	trial_free(&t);
}

static void
an_uncertain_end_is_said_in_words(void **state)
{
	struct trial t = { .overrides = { { .stage = "receipt",
	    .script = "close" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, NULL,
	    "  the relay may already hold the message\n");
	trial_free(&t);
}

static void
controls_in_a_reply_reach_no_terminal(void **state)
{
	struct trial t = { .args = three, .overrides = { { .stage = "rcpt",
	    .script = "S 550 5.1.1 \\x1b]0;owned\\x07 \\x9b2J \\x7f \xe2\x80"
	    "\xae" } } };
	size_t i;

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, NULL, "\\x1b]0;owned\\x07 \\x9b2J \\x7f "
	    "\\xe2\\x80\\xae");
	for (i = 0; i < t.result.err.len; i++)
		TRIAL_CHECK(&t, t.result.err.data[i] == '\n' ||
		    (t.result.err.data[i] >= ' ' &&
		    t.result.err.data[i] <= '~'));
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_5yz_decides_or_else_the_first_4yz),
		cmocka_unit_test(
		    each_refused_recipient_is_in_json_with_the_relays_words),
		cmocka_unit_test(many_refused_recipients_are_counted_on_stderr),
		cmocka_unit_test(a_421_among_the_recipients_ends_the_session),
		cmocka_unit_test(
		    a_354_behind_a_refusal_is_followed_by_no_message),
		cmocka_unit_test(
		    a_refusal_is_told_in_one_block_with_cause_and_fix),
		cmocka_unit_test(a_hint_explains_and_changes_no_status),
		cmocka_unit_test(hints_can_be_switched_off),
		cmocka_unit_test(an_uncertain_end_is_said_in_words),
		cmocka_unit_test(controls_in_a_reply_reach_no_terminal),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
