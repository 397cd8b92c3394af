/*
 * CHUNKING (RFC 3030): the message as a chunk, exactly counted; what a relay
 * that can't do it leads to; and `one-flight`, which opens the window of what
 * is uncertain for the whole transaction.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define OFFER "PIPELINING\nCHUNKING\nSIZE\n8BITMIME"

static const char *const two[] = { "-i", "-f", KIT_SENDER, "one@example.net",
	"two@example.net", NULL };

static const char dots[] = "From: r@example.org\nDate: x\nMessage-ID: <1@e>\n"
    "\n.\n..\n.dot\nbar\rlone\r\nlast.";
static const char dots_wire[] = "From: r@example.org\r\nDate: x\r\n"
    "Message-ID: <1@e>\r\n\r\n.\r\n..\r\n.dot\r\nbar\r\nlone\r\nlast.\r\n";

static void
make_large(struct buf *input, size_t size)
{
	buf_init(input, BUF_UNLIMITED);
	assert_true(buf_add_string(input, kit_input));
	while (input->len < size)
		assert_true(buf_add_string(input,
		    ".a line that begins with a dot\n"));
}

static void
the_message_goes_by_bdat_where_that_is_offered_and_wanted(void **state)
{
	/* EHLO and QUIT are counted too. */
	static const struct {
		const char *offer, *keys;
		const char *const *args;
		bool is_bdat;
		size_t flights;
	} cases[] = {
		{ OFFER, "", NULL, true, 4 },
		{ OFFER, "chunking = auto\n", two, true, 4 },
		{ "CHUNKING", "", NULL, true, 5 },
		{ "chunking\npipelining", "", NULL, true, 4 },
		{ OFFER, "chunking = off\n", NULL, false, 4 },
		{ "PIPELINING", "", NULL, false, 4 },
		{ OFFER, "chunking = one-flight\n", NULL, true, 3 },
		/* Each of these might reach somebody it must not. */
		{ OFFER, "chunking = one-flight\n", two, true, 4 },
		{ "CHUNKING", "chunking = one-flight\n", NULL, true, 5 },
		{ OFFER, "chunking = one-flight\npipelining = no\n", NULL,
		    true, 5 },
		{ "PIPELINING", "chunking = one-flight\n", NULL, false, 4 },
	};
	const struct relay_connection *c;
	const struct relay_message *m;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = cases[i].args,
		    .keys = cases[i].keys,
		    .serve.capabilities = cases[i].offer,
		    .run.input = span_of(dots) };

		trial_run(&t, state);
		trial_delivered(&t, NULL);
		c = &t.record.connections[0];
		m = relay_only_message(&t.record);
		TRIAL_CHECK(&t, m->is_bdat == cases[i].is_bdat);
		TRIAL_CHECK(&t, span_equals(buf_span(m->is_bdat ? &m->wire :
		    &m->text), span_of(dots_wire)));
		TRIAL_CHECK(&t, c->flight_count == cases[i].flights);
		for (k = 0; k < c->flight_count; k++)
			TRIAL_CHECK(&t, c->flights[k].segments <= 1);
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

static void
a_message_of_any_size_is_one_chunk(void **state)
{
	static const char *const keys[] = { "", "chunking = one-flight\n" };
	const struct relay_message *m;
	struct buf input;
	char line[60];
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .keys = keys[i],
		    .serve.capabilities = OFFER };

		make_large(&input, 300000);
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_delivered(&t, NULL);
		m = relay_only_message(&t.record);
		TRIAL_CHECK(&t, m->is_bdat);
		(void)snprintf(line, sizeof(line), "BDAT %" PRIu64 " LAST",
		    m->octets);
		TRIAL_CHECK(&t, trial_heard(&t, line));
		/* So large a one waits for the verdict on the envelope. */
		TRIAL_CHECK(&t, t.record.connections[0].flight_count == 4);
		trial_free(&t);
		buf_free(&input);
	}
}

static void
a_relay_that_cant_take_a_chunk_is_left_at_once(void **state)
{
	static const struct {
		const char *script;
		int status;
		bool uncertain, is_of_chunking;
	} cases[] = {
		{ "S 502 5.5.1 what?", EX_UNAVAILABLE, false, true },
		{ "S 503 5.5.1 bad sequence", EX_UNAVAILABLE, false, true },
		{ "S 451 4.3.0 not now", EX_UNAVAILABLE, false, true },
		{ "S 354 go on", EX_PROTOCOL, true, true },
		{ "S what was that", EX_PROTOCOL, true, true },
		{ "S 552 5.3.4 message size exceeds my limit",
		    EX_UNAVAILABLE, false, false },
		{ "close", EX_PROTOCOL, true, false },
	};
	static const char *const keys[] = { "", "chunking = one-flight\n" };
	size_t i;

	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .keys = keys[i % 2],
		    .serve.capabilities = OFFER, .overrides = { {
		    .stage = "receipt", .script = cases[i / 2].script } } };

		trial_run(&t, state);
		trial_failed(&t, cases[i / 2].status, "receipt",
		    "\"command\":\"BDAT 1");
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":true") ==
		    cases[i / 2].uncertain);
		TRIAL_CHECK(&t, trial_says(&t, "set chunking = off") ==
		    cases[i / 2].is_of_chunking);
		TRIAL_CHECK(&t, t.record.count == 1);
		TRIAL_CHECK(&t, t.record.mail_commands == 1);
		TRIAL_CHECK(&t, !trial_heard(&t, "QUIT"));
		trial_free(&t);
	}
}

static void
a_chunk_that_is_refused_on_its_way_is_cut_short(void **state)
{
	struct trial t = { .json = true, .serve.capabilities = OFFER,
	    .overrides = { { .stage = "body",
	    .script = "data 1000\nS 502 5.5.1 what?\nwait" } } };
	struct buf input;

	make_large(&input, 4UL << 20);
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "body", "set chunking = off");
	TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
	TRIAL_CHECK(&t, t.record.connections[0].end == RELAY_END_RESET);
	trial_free(&t);
	buf_free(&input);
}

static void
no_chunk_leaves_behind_a_refusal_or_a_reply_too_many(void **state)
{
	static const struct {
		const char *script;
		int status;
		const char *stage;
	} cases[] = {
		{ "S 550 5.1.1 nobody", EX_NOUSER, "rcpt" },
		{ "S 451 4.2.1 later", EX_UNAVAILABLE, "rcpt" },
		{ "S 250 ok\nS 250 ok", EX_PROTOCOL, "data" },
		{ "S 250 ok\nS 554 5.7.1 on second thoughts", EX_UNAVAILABLE,
		    "data" },
		{ "S 250 ok\ns 2", EX_PROTOCOL, "data" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .args = two,
		    .serve.capabilities = OFFER, .overrides = { {
		    .stage = "rcpt2", .script = cases[i].script } } };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage, "");
		TRIAL_CHECK(&t, !trial_heard(&t, "BDAT"));
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		trial_free(&t);
	}
}

static void
one_flight_is_uncertain_until_the_envelope_is_refused(void **state)
{
	static const struct {
		const char *stage, *script;
		int status;
		bool uncertain;
	} cases[] = {
		{ "mail", "S 550 5.7.1 not you", EX_UNAVAILABLE, false },
		{ "mail", "S 421 4.3.2 bye\nclose", EX_UNAVAILABLE, false },
		{ "mail", "close", EX_PROTOCOL, true },
		{ "mail", "S 354 go", EX_PROTOCOL, true },
		{ "mail", "S what", EX_PROTOCOL, true },
		{ "rcpt", "S 550 5.1.1 nobody", EX_NOUSER, false },
		{ "rcpt", "S 450 4.1.1 later", EX_UNAVAILABLE, false },
		{ "rcpt", "S 450 4.1.1 later\nclose", EX_UNAVAILABLE, false },
		{ "rcpt", "reset", EX_PROTOCOL, true },
		{ "rcpt", "S 354 go", EX_PROTOCOL, true },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true,
		    .keys = "chunking = one-flight\n",
		    .serve.capabilities = OFFER, .overrides = { {
		    .stage = cases[i].stage,
		    .script = cases[i].script } } };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage, "");
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":true") ==
		    cases[i].uncertain);
		TRIAL_CHECK(&t, t.record.mail_commands <= 1);
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_message_goes_by_bdat_where_that_is_offered_and_wanted),
		cmocka_unit_test(a_message_of_any_size_is_one_chunk),
		cmocka_unit_test(
		    a_relay_that_cant_take_a_chunk_is_left_at_once),
		cmocka_unit_test(
		    a_chunk_that_is_refused_on_its_way_is_cut_short),
		cmocka_unit_test(
		    no_chunk_leaves_behind_a_refusal_or_a_reply_too_many),
		cmocka_unit_test(
		    one_flight_is_uncertain_until_the_envelope_is_refused),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
