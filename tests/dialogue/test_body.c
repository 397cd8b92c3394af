/*
 * A relay that speaks, or goes, while the message is on its way: nothing more
 * is written, the final dot least of all, and the connection ends by reset, so
 * that a part of the message can't be taken for all of it.
 */
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define MIB ((size_t)1 << 20)

/*
 * More than the kernel keeps for the two sides of a connection whose receiver
 * has a small window: the program can't be through before the relay speaks.
 */
#define LARGE (6 * MIB)
#define EARLY "window 1\ndata 1000\n"

struct early {
	const char *label;
	const char *script;
	int exit_status;
	bool temporary;
	const char *words;
	bool relay_closes;	/* then there is no end of ours to see */
};

static const struct early earlies[] = {
	{ "552 and the end", EARLY "S 552 5.3.4 too much\nclose",
	    EX_UNAVAILABLE, false, "552 5.3.4 too much", true },
	{ "552, and it reads on", EARLY "S 552 5.3.4 too much\nwait",
	    EX_UNAVAILABLE, false, "552 5.3.4 too much", false },
	{ "552 before the first octet", "S 552 5.3.4 too much\nwait",
	    EX_UNAVAILABLE, false, "552 5.3.4 too much", false },
	{ "250", EARLY "S 250 2.0.0 queued\nwait", EX_PROTOCOL, false,
	    "spoke before it was asked", false },
	{ "250 and the end", EARLY "S 250 2.0.0 queued\nclose",
	    EX_PROTOCOL, false, "spoke before it was asked", true },
	{ "354 again", EARLY "S 354 more\nwait", EX_PROTOCOL, false,
	    "spoke before it was asked", false },
	{ "421 and the end", EARLY "S 421 4.3.2 going down\nclose",
	    EX_UNAVAILABLE, true, "421 4.3.2 going down", true },
	{ "451", EARLY "S 451 4.3.0 disk full\nwait", EX_UNAVAILABLE,
	    true, "451 4.3.0 disk full", false },
	{ "530", EARLY "S 530 5.7.0 login first\nwait", EX_NOPERM, false,
	    "530 5.7.0 login first", false },
	{ "garbage", EARLY "S hello\nwait", EX_PROTOCOL, false,
	    "spoke before it was asked", false },
	{ "reset", EARLY "reset", EX_UNAVAILABLE, true, "", true },
	{ "close", EARLY "close", EX_UNAVAILABLE, true, "", true },
	{ "our side of it only", EARLY "fin\nwait", EX_UNAVAILABLE, true,
	    "closed", false },
};

static void
make_input(struct buf *input, size_t size)
{
	buf_init(input, BUF_UNLIMITED);
	assert_true(buf_add_string(input, kit_input));
	while (input->len < size)
		assert_true(buf_add_string(input, "0123456789012345678901234"
		    "5678901234567890123456789\n"));
}

/* Whether the end of the message was among the octets received. */
static bool
has_dot(const struct relay_connection *c)
{
	return span_contains_nocase(buf_span(&c->received),
	    span_of("\r\n.\r\n"));
}

static void
check_early(const struct early *e, enum relay_mode mode,
    const struct buf *input, void **state)
{
	struct trial t = { .json = true, .mode = mode, .overrides = { {
	    .stage = "body", .script = e->script } } };
	const struct relay_connection *c;

	t.run.input = buf_span(input);
	trial_run(&t, state);
	trial_failed(&t, e->exit_status, "body", e->words);
	TRIAL_CHECK(&t, trial_says(&t, e->temporary ? "\"temporary\":true" :
	    "\"temporary\":false"));
	TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
	TRIAL_CHECK(&t, t.record.count == 1);
	c = &t.record.connections[0];
	TRIAL_CHECK(&t, !has_dot(c));
	TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "DATA") == 0);
	TRIAL_CHECK(&t, e->relay_closes || c->end == RELAY_END_RESET);
	trial_free(&t);
}

static void
srv_15_and_16_nothing_follows_a_relay_that_speaks_or_goes(void **state)
{
	struct buf input;
	size_t i;

	make_input(&input, LARGE);
	for (i = 0; i < sizeof(earlies) / sizeof(earlies[0]); i++)
		check_early(&earlies[i], RELAY_PLAIN, &input, state);
	buf_free(&input);
}

static void
srv_15_and_16_hold_under_tls(void **state)
{
	struct buf input;
	size_t i;

	make_input(&input, LARGE);
	for (i = 0; i < sizeof(earlies) / sizeof(earlies[0]); i++) {
		/* TLS has no half-closed connection to tell from a closed. */
		if (strstr(earlies[i].script, "fin") != NULL)
			continue;
		check_early(&earlies[i], RELAY_STARTTLS, &input, state);
		check_early(&earlies[i], RELAY_TLS, &input, state);
	}
	buf_free(&input);
}

static void
srv_1_a_250_that_comes_with_the_354_is_believed_nowhere(void **state)
{
	static const enum relay_mode modes[] = { RELAY_PLAIN, RELAY_STARTTLS,
		RELAY_TLS };
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct trial t = { .json = true, .mode = modes[i],
		    .overrides = { { .stage = "data",
		    .script = "S 354 go on\nS 250 2.0.0 queued as 1" } } };

		trial_run(&t, state);
		trial_failed(&t, EX_PROTOCOL, "body", "250 2.0.0 queued as 1");
		TRIAL_CHECK(&t, trial_says(&t, "\"uncertain\":false"));
		TRIAL_CHECK(&t, !has_dot(&t.record.connections[0]));
		TRIAL_CHECK(&t, t.record.connections[0].end ==
		    RELAY_END_RESET);
		trial_free(&t);
	}
}

static void
srv_2_replies_to_all_that_is_to_come_are_believed_nowhere(void **state)
{
	struct trial t = { .json = true, .script = "S 220 relay.test\n"
	    "S 250 relay.test\nS 250 ok\nS 250 ok\nS 354 go on\n"
	    "S 250 queued\nwait" };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "ehlo", "spoke before it was asked");
	TRIAL_CHECK(&t, t.record.connections[0].received.len == 0);
	trial_free(&t);
}

static void
a_relay_that_stops_reading_for_a_while_gets_all_of_it(void **state)
{
	struct trial t = { .overrides = { { .stage = "body",
	    .script = "window 150\ndata" } } };
	struct buf input;

	make_input(&input, MIB);
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 1);
	trial_free(&t);
	buf_free(&input);
}

static void
a_relay_that_hangs_up_says_why_first(void **state)
{
	static const char *const stages[] = { "mail", "rcpt", "data" };
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		struct trial t = { .json = true, .overrides = { {
		    .stage = stages[i],
		    .script = "S 421 4.7.0 too many errors\nreset" } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
		TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":true"));
		trial_free(&t);
	}
}

/* The last octets are out, so that no early reply can be told from a late. */
static void
srv_19_what_follows_the_250_changes_nothing(void **state)
{
	static const char *const scripts[] = {
		"commit\nS 250 2.0.0 queued\nclose",
		"commit\nS 250 2.0.0 queued\nS 421 4.3.2 bye\nclose",
		"commit\nS 250 2.0.0 queued\nreset",
		"commit\nS 250\nclose",
		"commit\nS 250-2.0.0 queued\nS 250 2.0.0 as 7\nwait",
	};
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		/* Who waits ten seconds for the reply to QUIT hangs. */
		struct trial t = { .keys = "timeout = 60\n",
		    .run.limit_ms = 8000, .overrides = { {
		    .stage = "receipt", .script = scripts[i] } } };

		if (strstr(scripts[i], "reset") != NULL)
			t.overrides[0].script = "commit\nS 250 2.0.0 queued\n"
			    "flush\nsleep 50\nreset";
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    srv_15_and_16_nothing_follows_a_relay_that_speaks_or_goes),
		cmocka_unit_test(srv_15_and_16_hold_under_tls),
		cmocka_unit_test(
		    srv_1_a_250_that_comes_with_the_354_is_believed_nowhere),
		cmocka_unit_test(
		    srv_2_replies_to_all_that_is_to_come_are_believed_nowhere),
		cmocka_unit_test(
		    a_relay_that_stops_reading_for_a_while_gets_all_of_it),
		cmocka_unit_test(a_relay_that_hangs_up_says_why_first),
		cmocka_unit_test(srv_19_what_follows_the_250_changes_nothing),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
