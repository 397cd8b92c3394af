/*
 * Ways to a relay beyond one name: lists, of which the next one is tried where
 * that can do no harm, and proxies. 127.0.0.2 has no listener in these tests;
 * the same address twice is two relays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TWICE "host = 127.0.0.1, 127.0.0.1\n"

static void
the_next_relay_is_tried_after_a_temporary_failure(void **state)
{
	static const struct {
		const char *label, *keys;
		struct relay_override override;
		size_t connections;
	} cases[] = {
		{ "refused", "host = 127.0.0.2, 127.0.0.1\n", { 0 }, 1 },
		{ "several", "host = 127.0.0.2,127.0.0.3 , 127.0.0.1\n", { 0 },
		    1 },
		{ "greeting", TWICE, { "greeting", "S 421 4.3.2 later",
		    RELAY_INSTEAD, 1 }, 2 },
		{ "hang-up", TWICE, { "ehlo", "cut", RELAY_INSTEAD, 1 }, 2 },
		{ "ehlo", TWICE, { "ehlo", "S 451 4.3.2 later", RELAY_INSTEAD,
		    1 }, 2 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .keys = cases[i].keys,
		    .overrides = { cases[i].override } };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, t.record.count == cases[i].connections);
		trial_free(&t);
	}
}

static void
what_is_final_is_never_tried_elsewhere(void **state)
{
	static const struct {
		const char *label, *keys, *stage;
		enum relay_mode mode;
		const char *certificate;
		struct relay_override override;
		int status;
	} cases[] = {
		{ "certificate", TWICE, "tls", RELAY_TLS, "expired", { 0 },
		    EX_PROTOCOL },
		{ "AUTH", TWICE "user = u\npassword = p\n", "auth",
		    RELAY_STARTTLS, NULL, { "auth", "S 535 5.7.8 no",
		    RELAY_INSTEAD, 0 }, EX_NOPERM },
		/* It was the user that it didn't like just now. */
		{ "AUTH now", TWICE "user = u\npassword = p\n", "auth",
		    RELAY_STARTTLS, NULL, { "auth", "S 454 4.7.0 no",
		    RELAY_INSTEAD, 0 }, EX_UNAVAILABLE },
		{ "protocol", TWICE, "greeting", RELAY_PLAIN, NULL,
		    { "greeting", "S HTTP/1.1 400 no", RELAY_INSTEAD, 0 },
		    EX_PROTOCOL },
		{ "5yz", TWICE, "greeting", RELAY_PLAIN, NULL,
		    { "greeting", "S 554 5.3.2 no", RELAY_INSTEAD, 0 },
		    EX_UNAVAILABLE },
		/* One attempt at a message, one MAIL. */
		{ "MAIL", TWICE, "mail", RELAY_PLAIN, NULL,
		    { "mail", "S 451 4.3.2 later", RELAY_INSTEAD, 0 },
		    EX_UNAVAILABLE },
		{ "receipt", TWICE, "receipt", RELAY_PLAIN, NULL,
		    { "receipt", "S 451 4.3.2 later", RELAY_INSTEAD, 0 },
		    EX_UNAVAILABLE },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .keys = cases[i].keys, .json = true,
		    .mode = cases[i].mode, .certificate = cases[i].certificate,
		    .overrides = { cases[i].override } };

		trial_run(&t, state);
		trial_failed(&t, cases[i].status, cases[i].stage, "");
		TRIAL_CHECK(&t, t.record.count == 1);
		trial_free(&t);
	}
}

static void
of_several_failures_the_one_that_says_most_is_told(void **state)
{
	struct trial none = { .is_absent = true,
	    .keys = "host = 127.0.0.2, 127.0.0.3\n" };
	struct trial one = { .keys = "host = 127.0.0.2, 127.0.0.1, 127.0.0.3\n",
	    .overrides = { { .stage = "greeting",
	    .script = "S 421 4.3.2 come again" } } };

	trial_run(&none, state);
	trial_failed(&none, EX_UNAVAILABLE, NULL, "[default] 127.0.0.2:");
	TRIAL_CHECK(&none, trial_says(&none, "can't connect to 127.0.0.2:"));
	trial_free(&none);
	trial_run(&one, state);
	trial_failed(&one, EX_UNAVAILABLE, NULL, "[default] 127.0.0.1:");
	TRIAL_CHECK(&one, trial_says(&one, "421 4.3.2 come again"));
	trial_free(&one);
}

/* "good" is for `localhost` and 127.0.0.1, not for 127.0.0.2. */
static void
each_relays_certificate_is_judged_by_its_own_name(void **state)
{
	struct trial t = { .mode = RELAY_TLS,
	    .keys = "host = 127.0.0.2, localhost\nfamily = 4\n" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, t.record.count == 1);
	trial_free(&t);
}

/* A proxy, and then the relay behind it, are played by one script. */
#define GREETED "data 3\ns \\x05\\x00\ndata 17\n"
#define LOGGED_IN "data 4\ns \\x05\\x02\ndata 13\ns \\x01\\x00\ndata 17\n"
#define CONNECTED "s \\x05\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\n"

#define ASKED "\5\1\0\3\x0arelay.test\2\x4b"

static void
run_by_proxy(struct trial *t, const char *user, const char *keys, void **state)
{
	const char *sandbox = getenv("POSTHASTE_SANDBOX");
	struct buf text;
	char *path;

	trial_prepare(t, state);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "[default]\nhost = relay.test\n"
	    "proxy = socks5://%s127.0.0.1:%d\nehlo = client.example.org\n"
	    "port = 587\ntls = none\nlog = none\nsandbox = %s\n%s", user,
	    t->port, sandbox == NULL ? "yes" : sandbox, keys));
	/* Over the one that argv names. */
	path = program_profile(*state, buf_string(&text));
	assert_non_null(path);
	mem_free(path);
	buf_free(&text);
	assert_true(program_start(&t->program, &t->run));
	trial_finish(t);
}

static bool
heard_first(const struct trial *t, struct span octets)
{
	const struct buf *heard = &t->record.connections[0].received;

	return heard->len >= octets.len &&
	    memcmp(heard->data, octets.data, octets.len) == 0;
}

static void
the_proxy_is_asked_for_the_relay_by_its_name(void **state)
{
	static const struct {
		const char *user, *script;
		struct span asked;
	} cases[] = {
		{ "", GREETED CONNECTED, { "\5\1\0" ASKED, 20 } },
		{ "me:Canary%2d7@", LOGGED_IN CONNECTED,
		    { "\5\2\0\2" "\1\2me\x08" "Canary-7" ASKED, 34 } },
	};
	static const char *const args[] = { "-v", "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	struct buf script;
	size_t i;

	buf_init(&script, BUF_UNLIMITED);
	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .args = args };

		buf_clear(&script);
		assert_true(buf_add_string(&script, cases[i].script));
		assert_true(relay_script_good(&script, "SIZE 1000000", NULL));
		t.script = buf_string(&script);
		run_by_proxy(&t, cases[i].user, "", state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, heard_first(&t, cases[i].asked));
		TRIAL_CHECK(&t, trial_says(&t,
		    "the proxy connected to relay.test:587"));
		TRIAL_CHECK(&t, !trial_says(&t, "Canary"));
		trial_free(&t);
	}
	buf_free(&script);
}

static void
a_proxy_that_fails_is_told_by_its_own_words(void **state)
{
	static const struct {
		const char *user, *script, *keys;
		int status;
		const char *words;
		size_t octets;	/* that it got: no QUIT among them */
	} cases[] = {
		{ "", GREETED "s \\x05\\x05\\x00\\x01\n", "", EX_UNAVAILABLE,
		    "the proxy can't connect to relay.test:587: connection "
		    "refused (SOCKS reply 5)", 20 },
		{ "me:Canary-7@", "data 4\ns \\x05\\x02\ndata 13\n"
		    "s \\x01\\x01\n", "", EX_NOPERM,
		    "the proxy refused user and password", 17 },
		{ "", "data 3\ns \\x05\\xff\n", "", EX_NOPERM,
		    "the proxy wants a user and password", 3 },
		{ "", "data 3\nS 220 relay.test ESMTP\n", "", EX_PROTOCOL,
		    "the proxy doesn't speak SOCKS5", 3 },
		{ "", "data 3\nwait\n", "connect_timeout = 0.2\n",
		    EX_UNAVAILABLE, "no answer of the proxy within 0.200 s",
		    3 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .script = cases[i].script };

		run_by_proxy(&t, cases[i].user, cases[i].keys, state);
		trial_failed(&t, cases[i].status, NULL, cases[i].words);
		TRIAL_CHECK(&t, !trial_says(&t, "Canary"));
		TRIAL_CHECK(&t, t.record.connections[0].received.len ==
		    cases[i].octets);
		trial_free(&t);
	}
}

static void
a_proxy_that_isnt_there_is_told_from_the_relay(void **state)
{
	struct trial t = { .is_absent = true };

	run_by_proxy(&t, "", "", state);
	trial_failed(&t, EX_UNAVAILABLE, NULL,
	    "can't connect to the proxy 127.0.0.1:");
	TRIAL_CHECK(&t, trial_says(&t, "check host and port in `proxy`"));
	trial_free(&t);
}

/* What is behind it may be anywhere. */
static void
a_proxy_on_this_machine_makes_no_relay_local(void **state)
{
	struct trial t = { .script = GREETED CONNECTED
	    "S 220 relay.test\nC EHLO\nS 250-relay.test\nS 250 AUTH PLAIN\n"
	    "C*\n" };

	run_by_proxy(&t, "", "user = u\npassword = Canary-7\n", state);
	trial_failed(&t, EX_CONFIG, NULL,
	    "user and password never go in clear to another machine");
	TRIAL_CHECK(&t, !trial_heard(&t, "AUTH"));
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_next_relay_is_tried_after_a_temporary_failure),
		cmocka_unit_test(what_is_final_is_never_tried_elsewhere),
		cmocka_unit_test(
		    of_several_failures_the_one_that_says_most_is_told),
		cmocka_unit_test(
		    each_relays_certificate_is_judged_by_its_own_name),
		cmocka_unit_test(the_proxy_is_asked_for_the_relay_by_its_name),
		cmocka_unit_test(a_proxy_that_fails_is_told_by_its_own_words),
		cmocka_unit_test(
		    a_proxy_that_isnt_there_is_told_from_the_relay),
		cmocka_unit_test(a_proxy_on_this_machine_makes_no_relay_local),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
