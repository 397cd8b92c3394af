/*
 * The EHLO name, for whose sake the program exists: whatever a relay says
 * about it, and whenever, is no success and is explained; a name that no relay
 * should see is refused before there is a connection.
 */
#include <stdio.h>
#include <string.h>

#include "support/session_kit.h"

#define REFUSED "<client.example.org>: Helo command rejected: Host not found"

/* The fix names key, file and section; the cause the name itself. */
static void
blames_ehlo(const struct trial *t, void **state)
{
	const struct scratch *scratch = *state;
	char where[300];

	(void)snprintf(where, sizeof(where),
	    "(key `ehlo` in %s/posthaste.ini, section [default])",
	    scratch->path);
	TRIAL_CHECK(t, trial_says(t, where));
	TRIAL_CHECK(t, trial_says(t, "cause:   the EHLO name "
	    "`client.example.org` doesn't resolve"));
	TRIAL_CHECK(t, trial_says(t, REFUSED));
	TRIAL_CHECK(t, strcmp(trial_last_command(t), "QUIT") == 0);
}

static void
a_name_refused_at_ehlo_is_explained(void **state)
{
	struct trial t = { .overrides = { { .stage = "ehlo",
	    .script = "S 550 5.7.1 " REFUSED } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, NULL, "the relay refused EHLO");
	blames_ehlo(&t, state);
	TRIAL_CHECK(&t, t.record.mail_commands == 0);
	TRIAL_CHECK(&t, !trial_heard(&t, "HELO"));
	trial_free(&t);
}

static void
a_name_refused_at_mail_is_explained(void **state)
{
	struct trial t = { .overrides = { { .stage = "mail",
	    .script = "S 550 5.7.1 " REFUSED } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, NULL, "the relay refused the sender");
	blames_ehlo(&t, state);
	TRIAL_CHECK(&t, t.record.connections[0].message_count == 0);
	trial_free(&t);
}

static void
a_name_refused_at_rcpt_is_explained_and_nothing_is_sent(void **state)
{
	struct trial t = { .overrides = {
	    { .stage = "rcpt", .script = "S 550 5.7.1 " REFUSED },
	    { .stage = "data", .script = "S 554 5.5.1 Error: no valid "
	    "recipients" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, NULL, "the relay refused a recipient");
	blames_ehlo(&t, state);
	TRIAL_CHECK(&t, t.record.connections[0].message_count == 0);
	TRIAL_CHECK(&t, trial_says(&t, "  refused: 1 of 1 recipients; nothing "
	    "was sent\n"));
	trial_free(&t);
}

static void
a_delayed_refusal_of_two_recipients_is_explained_once(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, "two@example.net", NULL };
	struct trial t = { .args = args, .overrides = { { .stage = "rcpt",
	    .script = "S 550 5.7.1 " REFUSED } } };

	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, NULL, "  refused: two@example.net: 550 "
	    "5.7.1 " REFUSED "\n");
	blames_ehlo(&t, state);
	TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<two@example.net>"));
	TRIAL_CHECK(&t, strstr(strstr(t.result.err.data, "cause:") + 1,
	    "cause:") == NULL);
	trial_free(&t);
}

static void
a_refusal_that_comes_with_no_valid_recipients_is_explained(void **state)
{
	struct trial t = { .json = true, .overrides = { { .stage = "data",
	    .script = "S 554 5.5.1 Error: no valid recipients" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "data", "\"hint\":\"H12\"");
	TRIAL_CHECK(&t, trial_says(&t, "EHLO name `client.example.org`"));
	TRIAL_CHECK(&t, trial_says(&t, "key `ehlo` in "));
	trial_free(&t);
}

static void
a_name_that_relays_refuse_is_refused_before_any_connection(void **state)
{
	static const struct {
		const char *key, *reason;
	} names[] = {
		{ "ehlo = localhost\n", "every machine calls itself that" },
		{ "ehlo = localhost.localdomain\n",
		    "every machine calls itself that" },
		{ "ehlo = www.localdomain\n", "every machine calls itself that" },
		{ "ehlo = 3f2a9c0d1b4e\n", "it is a container's id" },
		{ "ehlo = www\n", "it has no dot" },
		{ "ehlo = my_host.example.org\n", "_" },
		{ "ehlo = -www.example.org\n", "hyphen" },
		{ "ehlo = 192.0.2.1\n", "stands in brackets" },
		{ "ehlo = [192.0.2]\n", "isn't an address literal" },
		{ "ehlo = www..example.org\n", "empty label" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trial t = { .keys = names[i].key };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, NULL, names[i].reason);
		TRIAL_CHECK(&t, t.record.count == 0);
		TRIAL_CHECK(&t, trial_says(&t, "set `ehlo` in section "
		    "[default] of "));
		TRIAL_CHECK(&t, trial_says(&t, "posthaste.ini:"));
		TRIAL_CHECK(&t, !t.result.broken_pipe);
		trial_free(&t);
	}
}

static void
a_relay_elsewhere_needs_a_name_before_it_is_even_resolved(void **state)
{
	struct trial t = { .json = true, .without = "ehlo",
	    .keys = "host = relay.invalid\n" };

	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, "config", "has no `ehlo`");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

static void
a_relay_on_this_machine_is_greeted_with_our_address(void **state)
{
	struct trial t = { .without = "ehlo" };
	struct trial local = { .without = "ehlo",
	    .keys = "host = localhost\nfamily = 4\n" };
	struct trial by_socket = { .without = "ehlo", .is_unix = true };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_heard(&t, "EHLO [127.0.0.1]"));
	trial_run(&local, state);
	trial_delivered(&local, kit_wire);
	TRIAL_CHECK(&local, trial_heard(&local, "EHLO [127.0.0.1]"));
	trial_run(&by_socket, state);
	trial_delivered(&by_socket, kit_wire);
	TRIAL_CHECK(&by_socket, trial_heard(&by_socket, "EHLO [127.0.0.1]"));
	trial_free(&t);
	trial_free(&local);
	trial_free(&by_socket);
}

static void
the_name_is_sent_as_it_is_written(void **state)
{
	static const struct {
		const char *key, *command;
	} names[] = {
		{ "ehlo = Www1.Example.ORG\n", "EHLO Www1.Example.ORG" },
		{ "ehlo = [192.0.2.7]\n", "EHLO [192.0.2.7]" },
		{ "ehlo = [IPv6:2001:db8::7]\n", "EHLO [IPv6:2001:db8::7]" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trial t = { .keys = names[i].key };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, strcmp(t.record.connections[0].commands[0],
		    names[i].command) == 0);
		trial_free(&t);
	}
}

static void
a_refusal_dressed_as_a_rate_limit_is_seen_through(void **state)
{
	struct trial t = { .overrides = { { .stage = "ehlo",
	    .script = "S 421 4.7.0 Try again later, closing connection. "
	    "(EHLO)\nclose" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, NULL, "this looks like a limit and "
	    "is none");
	TRIAL_CHECK(&t, trial_says(&t, "key `ehlo` in "));
	TRIAL_CHECK(&t, !trial_heard(&t, "HELO"));
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_refused_at_ehlo_is_explained),
		cmocka_unit_test(a_name_refused_at_mail_is_explained),
		cmocka_unit_test(
		    a_name_refused_at_rcpt_is_explained_and_nothing_is_sent),
		cmocka_unit_test(
		    a_delayed_refusal_of_two_recipients_is_explained_once),
		cmocka_unit_test(
		    a_refusal_that_comes_with_no_valid_recipients_is_explained),
		cmocka_unit_test(
		    a_name_that_relays_refuse_is_refused_before_any_connection),
		cmocka_unit_test(
		    a_relay_elsewhere_needs_a_name_before_it_is_even_resolved),
		cmocka_unit_test(
		    a_relay_on_this_machine_is_greeted_with_our_address),
		cmocka_unit_test(the_name_is_sent_as_it_is_written),
		cmocka_unit_test(
		    a_refusal_dressed_as_a_rate_limit_is_seen_through),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
