/*
 * PIPELINING (RFC 2920): how few flights it takes, and that nothing is believed
 * sooner, or judged otherwise, than in lock-step.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define OFFER "PIPELINING\nSIZE\n8BITMIME"

static const char *const from_header[] = { "-t", "-i", "-f", KIT_SENDER,
	NULL };

/* A message to user0 … of example.net. */
static void
make_input(struct buf *input, int recipients)
{
	int i;

	buf_init(input, BUF_UNLIMITED);
	assert_true(buf_add_string(input, "From: r@example.org\nDate: x\n"
	    "Message-ID: <1@example.org>\nTo: "));
	for (i = 0; i < recipients; i++)
		assert_true(buf_printf(input, "user%d@example.net%s\n", i,
		    i + 1 < recipients ? "," : ""));
	/* A folded field: each line but the first begins with a blank. */
	for (i = 0; (size_t)i + 1 < input->len; i++)
		if (input->data[i] == ',')
			input->data[i + 1] = ' ';
	assert_true(buf_add_string(input, "\nhello\n"));
}

static void
sender_and_recipients_leave_in_flights_of_a_hundred(void **state)
{
	/* Beside EHLO, the message and QUIT. */
	static const struct {
		int recipients;
		const char *offer, *keys;
		size_t flights;
	} cases[] = {
		{ 1, OFFER, "", 1 },	/* MAIL, RCPT and DATA */
		{ 2, OFFER, "", 2 },
		{ 100, OFFER, "", 2 },
		{ 101, OFFER, "", 3 },
		{ 250, OFFER, "", 4 },
		{ 1, OFFER, "pipelining = no\n", 3 },
		{ 5, OFFER, "pipelining = no\n", 7 },
		{ 5, "SIZE\n8BITMIME", "", 7 },
		{ 5, "PIPELINING2\nXPIPELINING", "", 7 },
	};
	const struct relay_connection *c;
	const struct relay_message *m;
	struct buf input;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = from_header, .keys = cases[i].keys,
		    .serve.capabilities = cases[i].offer };
		char last[40];

		make_input(&input, cases[i].recipients);
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_delivered(&t, NULL);
		c = &t.record.connections[0];
		m = relay_only_message(&t.record);
		TRIAL_CHECK(&t, c->flight_count == cases[i].flights + 3);
		for (k = 0; k < c->flight_count; k++)
			TRIAL_CHECK(&t, c->flights[k].segments <= 1);
		TRIAL_CHECK(&t, m->recipient_count ==
		    (size_t)cases[i].recipients);
		(void)snprintf(last, sizeof(last), "<user%d@example.net>",
		    cases[i].recipients - 1);
		TRIAL_CHECK(&t, strcmp(m->recipients[m->recipient_count - 1],
		    last) == 0);
		trial_free(&t);
		buf_free(&input);
	}
}

static void
a_refusal_among_many_is_told_with_its_own_command(void **state)
{
	struct trial t = { .args = from_header, .json = true, .overrides = {
	    { .stage = "rcpt2", .script = "S 550 5.1.1 nobody" },
	    { .stage = "rcpt103", .script = "S 451 4.3.0 later" } } };
	struct buf input;

	make_input(&input, 120);
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, "rcpt", "the relay refused a recipient");
	TRIAL_CHECK(&t, trial_says(&t,
	    "\"command\":\"RCPT TO:<user1@example.net>\""));
	TRIAL_CHECK(&t, trial_says(&t, "{\"address\":\"user1@example.net\","
	    "\"code\":550,\"reply\":\"550 5.1.1 nobody\"},"
	    "{\"address\":\"user2@example.net\"}"));
	TRIAL_CHECK(&t, trial_says(&t, "{\"address\":\"user102@example.net\","
	    "\"code\":451,"));
	TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<user119@example.net>"));
	TRIAL_CHECK(&t, !trial_heard(&t, "DATA"));
	TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
	trial_free(&t);
	buf_free(&input);
}

static void
a_refused_sender_is_the_verdict_whatever_follows(void **state)
{
	static const struct {
		const char *sender, *recipient;
		int status;
		const char *words;
		bool is_orderly;
	} cases[] = {
		{ "S 550 5.7.1 not you", NULL, EX_UNAVAILABLE,
		    "550 5.7.1 not you", true },
		{ "S 451 4.7.1 not now", NULL, EX_UNAVAILABLE,
		    "451 4.7.1 not now", true },
		{ "S 530 5.7.0 login first", NULL, EX_NOPERM,
		    "530 5.7.0 login first", true },
		{ "S 550 5.7.1 not you", "S 250 but why not", EX_UNAVAILABLE,
		    "550 5.7.1 not you", true },
		{ "S 550 5.7.1 not you", "S garbage", EX_UNAVAILABLE,
		    "550 5.7.1 not you", false },
		{ "S 550 5.7.1 not you", "close", EX_UNAVAILABLE,
		    "550 5.7.1 not you", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .overrides = {
		    { .stage = "mail", .script = cases[i].sender },
		    { .stage = cases[i].recipient == NULL ? "" : "rcpt",
		    .script = cases[i].recipient == NULL ? "" :
		    cases[i].recipient } } };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, "mail", cases[i].words);
		TRIAL_CHECK(&t, trial_says(&t,
		    "\"command\":\"MAIL FROM:<robot@example.org>"));
		TRIAL_CHECK(&t, (strcmp(trial_last_command(&t), "QUIT") == 0)
		    == cases[i].is_orderly);
		trial_free(&t);
	}
}

/* Who knows whether a reply that is none has asked for the message. */
static void
what_is_no_reply_to_data_behind_a_refusal_ends_by_reset(void **state)
{
	struct trial t = { .json = true, .overrides = {
	    { .stage = "rcpt", .script = "S 550 5.1.1 nobody" },
	    { .stage = "data", .script = "S go on\nwait" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, "rcpt", "550 5.1.1 nobody");
	TRIAL_CHECK(&t, t.record.connections[0].end == RELAY_END_RESET);
	trial_free(&t);
}

/* RFC 2920 section 3.1: a client must be ready for it. */
static void
a_354_behind_a_refused_recipient_ends_by_reset(void **state)
{
	static const char *const stages[] = { "mail", "rcpt" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .json = true, .overrides = {
		    { .stage = stages[i], .script = "S 550 5.1.1 nobody" },
		    { .stage = "data", .script = "S 354 go on" } } };

		trial_run(&t, state);
		trial_failed(&t, i == 0 ? EX_UNAVAILABLE : EX_NOUSER,
		    stages[i], "550 5.1.1 nobody");
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		TRIAL_CHECK(&t, t.record.connections[0].end ==
		    RELAY_END_RESET);
		TRIAL_CHECK(&t, !trial_heard(&t, "QUIT"));
		TRIAL_CHECK(&t, t.record.connections[0].message_count == 1);
		TRIAL_CHECK(&t,
		    t.record.connections[0].messages[0].octets == 0);
		trial_free(&t);
	}
}

static void
what_is_lost_behind_a_refusal_does_not_soften_it(void **state)
{
	static const char *const ways[] = { "pipelining = no\n",
		"pipelining = yes\n" };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .json = true, .args = from_header,
		    .keys = ways[i], .overrides = {
		    { .stage = "rcpt1", .script = "S 550 5.1.1 nobody" },
		    { .stage = "rcpt2", .script = "close" } } };
		struct buf input;

		make_input(&input, 3);
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_failed(&t, EX_NOUSER, "rcpt", "550 5.1.1 nobody");
		TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
		trial_free(&t);
		buf_free(&input);
	}
}

/* However slow each of them is, they don't add up behind the limit's back. */
static void
the_replies_to_a_flight_share_its_time_limit(void **state)
{
	struct trial t = { .json = true, .args = from_header,
	    .keys = "timeout = 0.2\n", .overrides = { { .stage = "rcpt",
	    .script = "flush\nsleep 100\nS 250 ok\nflush" } } };
	struct buf input;

	make_input(&input, 6);
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "rcpt", "no reply to RCPT within");
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":true"));
	trial_free(&t);
	buf_free(&input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sender_and_recipients_leave_in_flights_of_a_hundred),
		cmocka_unit_test(
		    a_refusal_among_many_is_told_with_its_own_command),
		cmocka_unit_test(
		    a_refused_sender_is_the_verdict_whatever_follows),
		cmocka_unit_test(
		    a_354_behind_a_refused_recipient_ends_by_reset),
		cmocka_unit_test(
		    what_is_no_reply_to_data_behind_a_refusal_ends_by_reset),
		cmocka_unit_test(
		    what_is_lost_behind_a_refusal_does_not_soften_it),
		cmocka_unit_test(the_replies_to_a_flight_share_its_time_limit),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
