/*
 * Deliveries that succeed: every way to a relay, every way to name recipients
 * and sender, what is asked of the relay's extensions, and how few sends it
 * takes. Then the relays that can't be reached.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

static void
a_message_is_delivered_on_every_way_without_a_word(void **state)
{
	static const struct {
		const char *label;
		enum relay_mode mode;
		bool is_unix;
		const char *tls;
	} ways[] = {
		{ "clear", RELAY_PLAIN, false, NULL },
		{ "STARTTLS", RELAY_STARTTLS, false, "TLS1.3" },
		{ "implicit TLS", RELAY_TLS, false, "TLS1.3" },
		{ "unix socket", RELAY_PLAIN, true, NULL },
		/* Its certificate is good for `localhost`. */
		{ "STARTTLS over it", RELAY_STARTTLS, true, "TLS1.3" },
		{ "implicit TLS over it", RELAY_TLS, true, "TLS1.3" },
	};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct trial t = { .mode = ways[i].mode,
		    .is_unix = ways[i].is_unix };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, ways[i].tls == NULL ? t.record.connections[0]
		    .tls[0] == '\0' : strstr(t.record.connections[0].tls,
		    ways[i].tls) != NULL);
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

/* The relay's last word isn't waited for. */
static void
the_session_ends_with_quit_and_close_notify(void **state)
{
	/* That nobody waits for the reply is shown in test_early.c. */
	struct trial t = { .mode = RELAY_TLS, .overrides = { {
	    .stage = "quit", .script = "wait" } } };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, t.record.connections[0].end == RELAY_END_NOTIFY);
	trial_free(&t);
}

static void
check_recipients(const struct trial *t, const char *const *wanted)
{
	const struct relay_message *m = relay_only_message(&t->record);
	size_t i;

	for (i = 0; wanted[i] != NULL; i++) {
		TRIAL_CHECK(t, i < m->recipient_count);
		TRIAL_CHECK(t, strcmp(m->recipients[i], wanted[i]) == 0);
	}
	TRIAL_CHECK(t, i == m->recipient_count);
}

static void
arguments_and_header_fields_are_united_in_order(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f", KIT_SENDER,
		"zero@example.net, A <one@EXAMPLE.net>", "two@example.net",
		NULL };
	static const char *const wanted[] = { "<zero@example.net>",
		"<one@EXAMPLE.net>", "<two@example.net>", "<three@example.net>",
		"<\"a b\"@example.net>", "<four@example.net>", NULL };
	struct trial t = { .args = args, .run.input = span_of("From: r@e.org\n"
	    "To: one@example.net, \"C, D\" <three@example.net>\n"
	    "Cc: group: \"a b\"@example.net (why), two@example.net;\n"
	    "Bcc: four@example.net\n\nhello\n") };

	trial_run(&t, state);
	trial_delivered(&t, NULL);
	check_recipients(&t, wanted);
	trial_free(&t);
}

static void
resent_fields_take_the_place_of_the_others(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f", KIT_SENDER,
		NULL };
	static const char *const wanted[] = { "<new@example.net>",
		"<more@example.net>", NULL };
	struct trial t = { .args = args, .run.input = span_of("From: r@e.org\n"
	    "To: old@example.net\nResent-To: new@example.net\n"
	    "Resent-Bcc: more@example.net\n\nhello\n") };

	trial_run(&t, state);
	trial_delivered(&t, NULL);
	check_recipients(&t, wanted);
	trial_free(&t);
}

static void
msg_5_blind_copies_are_in_no_octet_of_the_message(void **state)
{
	static const char *const args[] = { "-t", "-f", KIT_SENDER, NULL };
	static const char *const fields[] = {
		"Bcc: canary@example.net\n",
		"bCC : canary@example.net\n",
		"Bcc:\n canary@example.net\n",
		"Bcc: x@example.net,\n\tcanary@example.net\nBcc: y@e.net\n",
		"Bcc: canary@example.net\r\n",
		"X: \xff\nBcc: canary@example.net\nY: z\n",
		"Resent-To: a@e.net\nResent-Bcc : canary@example.net\n",
	};
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct trial t = { .args = args };

		buf_clear(&input);
		assert_true(buf_printf(&input, "From: r@example.org\nTo: "
		    KIT_RECIPIENT "\n%s\nhello\n", fields[i]));
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_delivered(&t, NULL);
		TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<canary@"));
		TRIAL_CHECK(&t, !span_contains_nocase(buf_span(
		    &relay_only_message(&t.record)->wire), span_of("canary")));
		TRIAL_CHECK(&t, !span_contains_nocase(buf_span(
		    &relay_only_message(&t.record)->wire), span_of("\nbcc")));
		trial_free(&t);
	}
	buf_free(&input);
}

static void
missing_fields_are_added(void **state)
{
	static const char *const args[] = { "-i", "-F", "Robot, the", "-f",
		KIT_SENDER, KIT_RECIPIENT, NULL };
	static const char *const wanted[] = { "Subject: x\r\n",
		"From: \"Robot, the\" <robot@example.org>\r\n", "\r\nDate: ",
		"\r\nMessage-ID: <", "@example.org>\r\n", "\r\n\r\nhello\r\n" };
	struct trial t = { .args = args,
	    .run.input = span_of("Subject: x\n\nhello\n") };
	size_t i;

	trial_run(&t, state);
	trial_delivered(&t, NULL);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		TRIAL_CHECK(&t, span_contains_nocase(buf_span(
		    &relay_only_message(&t.record)->wire),
		    span_of(wanted[i])));
	trial_free(&t);
}

static void
the_sender_is_what_the_caller_or_the_profile_says(void **state)
{
	static const struct {
		const char *args[6], *keys, *mail;
	} cases[] = {
		{ { "-i", "-f", "a@example.org", KIT_RECIPIENT }, NULL,
		    "<a@example.org> SIZE=" },
		{ { "-i", "-ra@example.org", KIT_RECIPIENT }, NULL,
		    "<a@example.org> SIZE=" },
		{ { "-i", "-f", "", KIT_RECIPIENT }, NULL, "<> SIZE=" },
		{ { "-i", "-f", "<>", KIT_RECIPIENT }, NULL, "<> SIZE=" },
		{ { "-i", "-f", "www", KIT_RECIPIENT },
		    "domain = example.org\n", "<www@example.org> SIZE=" },
		{ { "-i", KIT_RECIPIENT }, "from = b@example.org\n",
		    "<b@example.org> SIZE=" },
		{ { "-i", KIT_RECIPIENT }, "from = web+%%@example.org\n",
		    "<web+%@example.org> SIZE=" },
		/* The last one, since it holds only without /etc/mailname. */
		{ { "-i", KIT_RECIPIENT }, NULL,
		    "<robot@example.org> SIZE=" },
	};
	size_t count = sizeof(cases) / sizeof(cases[0]), i;

	for (i = 0; i < count - (kit_has_mailname() ? 1 : 0); i++) {
		struct trial t = { .args = cases[i].args,
		    .keys = cases[i].keys };
		const char *mail;

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		mail = relay_only_message(&t.record)->mail;
		TRIAL_CHECK(&t, strncmp(mail, cases[i].mail,
		    strlen(cases[i].mail)) == 0);
		trial_free(&t);
	}
}

static void
an_f_that_swallows_the_recipient_is_told(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_RECIPIENT, NULL };
	struct trial t = { .args = args };

	trial_run(&t, state);
	trial_failed(&t, EX_USAGE, NULL, "no recipients: `" KIT_RECIPIENT
	    "` was taken as the value of -f");
	TRIAL_CHECK(&t, trial_says(&t, "write the null sender as -f '<>'"));
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

static void
only_what_is_offered_is_asked_for(void **state)
{
	static const char *const plain[] = { "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	static const char *const declared[] = { "-i", "-B", "8BITMIME", "-f",
		KIT_SENDER, KIT_RECIPIENT, NULL };
	static const struct {
		const char *offer, *input;
		const char *const *args;
		const char *mail;
	} cases[] = {
		{ "HELP", "A: b\n\nc\n", plain, "<" KIT_SENDER ">" },
		{ "SIZE", "A: b\n\n\xc3\xa9\n", plain,
		    "<" KIT_SENDER "> SIZE=" },
		{ "8BITMIME", "A: b\n\nc\n", plain, "<" KIT_SENDER ">" },
		{ "8BITMIME", "A: b\n\nc\n", declared,
		    "<" KIT_SENDER "> BODY=8BITMIME" },
		{ "8BITMIME", "A: b\n\n\xc3\xa9\n", plain,
		    "<" KIT_SENDER "> BODY=8BITMIME" },
		{ "8bitmime", "A: \xc3\xa9\n\nc\n", plain,
		    "<" KIT_SENDER "> BODY=8BITMIME" },
	};
	const char *mail;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = cases[i].args,
		    .serve.capabilities = cases[i].offer,
		    .run.input = span_of(cases[i].input) };

		trial_run(&t, state);
		trial_delivered(&t, NULL);
		mail = relay_only_message(&t.record)->mail;
		TRIAL_CHECK(&t, strncmp(mail, cases[i].mail,
		    strlen(cases[i].mail)) == 0);
		TRIAL_CHECK(&t, (strstr(mail, "BODY=") != NULL) ==
		    (strstr(cases[i].mail, "BODY=") != NULL));
		trial_free(&t);
	}
}

static void
msg_9_the_size_told_is_that_without_doubled_dots(void **state)
{
	struct trial t = { .run.input = span_of("From: r@example.org\n"
	    "Date: x\nMessage-ID: <1@e>\n\n.\n..\nend") };
	char size[40];

	trial_run(&t, state);
	trial_delivered(&t, NULL);
	(void)snprintf(size, sizeof(size), "<" KIT_SENDER "> SIZE=%zu",
	    relay_only_message(&t.record)->text.len);
	assert_string_equal(relay_only_message(&t.record)->mail, size);
	trial_free(&t);
}

static void
msg_9_odd_announcements_of_size_are_lived_with(void **state)
{
	static const char *const offers[] = { "SIZE", "SIZE 0", "SIZE x",
		"SIZE -1", "SIZE 99999999999999999999999", "SIZE 4294967296",
		"SIZE 18446744073709551626" /* 2^64 + 10 */ };
	size_t i;

	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		struct trial t = { .overrides = { { .stage = "mail",
		    .script = "S 250 ok" } } };

		t.serve.capabilities = offers[i];
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

static void
msg_9_a_message_over_the_size_is_refused_before_mail(void **state)
{
	struct trial t = { .json = true,
	    .serve.capabilities = "SIZE 100\n8BITMIME" };

	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, "mail", "the relay takes 100");
	TRIAL_CHECK(&t, t.record.mail_commands == 0);
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
	TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
	trial_free(&t);
}

/* One send per flight: nothing for Nagle or a delayed ACK to hold back. */
static void
each_flight_is_one_segment(void **state)
{
	static const enum relay_mode modes[] = { RELAY_PLAIN, RELAY_STARTTLS,
		RELAY_TLS };
	const struct relay_connection *c;
	size_t i, k;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct trial t = { .mode = modes[i] };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		c = &t.record.connections[0];
		/* EHLO, MAIL to DATA, message, QUIT, and STARTTLS, EHLO. */
		TRIAL_CHECK(&t, c->flight_count ==
		    (modes[i] == RELAY_STARTTLS ? 6 : 4));
		for (k = 0; k < c->flight_count; k++)
			/* QUIT may have close_notify behind it. */
			TRIAL_CHECK(&t, c->flights[k].segments <=
			    (k + 1 == c->flight_count ? 2 : 1));
		trial_free(&t);
	}
}

static void
a_large_message_adds_no_flight(void **state)
{
	struct trial t = { .is_lean = false };
	const struct relay_connection *c;
	struct buf input;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, kit_input));
	while (input.len < 200000)
		assert_true(buf_add_string(&input, "0123456789012345678901234"
		    "5678901234567890123456789\n"));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, NULL);
	c = &t.record.connections[0];
	TRIAL_CHECK(&t, c->flight_count == 4);
	TRIAL_CHECK(&t, c->flights[2].octets ==
	    relay_only_message(&t.record)->octets + 3);
	trial_free(&t);
	buf_free(&input);
}

static void
a_thousand_recipients_are_all_asked_for(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f", KIT_SENDER,
		NULL };
	const struct relay_message *m;
	struct trial t = { .args = args };
	struct buf input;
	int i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, "From: r@example.org\nBcc: "));
	for (i = 0; i < 1000; i++)
		assert_true(buf_printf(&input, "user%d@example.net,\n ", i));
	assert_true(buf_add_string(&input, "user0@example.net\n\nhello\n"));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, NULL);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, m->recipient_count == 1000);
	TRIAL_CHECK(&t, strcmp(m->recipients[999],
	    "<user999@example.net>") == 0);
	trial_free(&t);
	buf_free(&input);
}

static void
srv_18_251_and_252_accept_a_recipient_too(void **state)
{
	static const struct {
		const char *script;
		int exit_status;
	} replies[] = {
		{ "S 251 2.1.5 will forward", EX_OK },
		{ "S 252 2.5.2 will try", EX_OK },
		{ "S 220 ok", EX_PROTOCOL },
		{ "S 253 ok", EX_PROTOCOL },
	};
	size_t i;

	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct trial t = { .overrides = { { .stage = "rcpt1",
		    .script = replies[i].script } } };

		trial_run(&t, state);
		if (replies[i].exit_status == EX_OK)
			trial_delivered(&t, kit_wire);
		else
			trial_failed(&t, EX_PROTOCOL, NULL, "code 2");
		trial_free(&t);
	}
}

static void
helo_is_said_only_after_500_or_502(void **state)
{
	static const struct {
		const char *reply;
		enum relay_mode mode;
		const char *keys;
		int exit_status;
	} cases[] = {
		{ "S 500 what?", RELAY_PLAIN, NULL, EX_OK },
		{ "S 502 5.5.1 no", RELAY_PLAIN, NULL, EX_OK },
		{ "S 501 no", RELAY_PLAIN, NULL, EX_UNAVAILABLE },
		{ "S 550 no", RELAY_PLAIN, NULL, EX_UNAVAILABLE },
		{ "S 421 no\nclose", RELAY_PLAIN, NULL, EX_UNAVAILABLE },
		{ "S 502 no", RELAY_STARTTLS, NULL, EX_UNAVAILABLE },
		{ "S 502 no", RELAY_PLAIN, "user = u\npassword = p\n",
		    EX_UNAVAILABLE },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = cases[i].mode,
		    .keys = cases[i].keys, .overrides = { { .stage = "ehlo",
		    .script = cases[i].reply } } };

		trial_run(&t, state);
		if (cases[i].exit_status == EX_OK) {
			trial_delivered(&t, kit_wire);
			TRIAL_CHECK(&t, strcmp(relay_only_message(&t.record)
			    ->mail, "<" KIT_SENDER ">") == 0);
		} else {
			trial_failed(&t, cases[i].exit_status, NULL,
			    "the relay refused EHLO");
			TRIAL_CHECK(&t, !trial_heard(&t, "HELO"));
		}
		trial_free(&t);
	}
}

static void
a_relay_that_cant_be_reached_is_a_temporary_failure(void **state)
{
	struct trial t = { .json = true, .is_absent = true };
	struct trial no_socket = { .json = true, .is_absent = true,
	    .is_unix = true };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "connect", "refused");
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":true"));
	TRIAL_CHECK(&t, trial_says(&t, "127.0.0.1:"));
	trial_run(&no_socket, state);
	trial_failed(&no_socket, EX_UNAVAILABLE, "connect", "relay.sock");
	trial_free(&t);
	trial_free(&no_socket);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_is_delivered_on_every_way_without_a_word),
		cmocka_unit_test(the_session_ends_with_quit_and_close_notify),
		cmocka_unit_test(
		    arguments_and_header_fields_are_united_in_order),
		cmocka_unit_test(resent_fields_take_the_place_of_the_others),
		cmocka_unit_test(
		    msg_5_blind_copies_are_in_no_octet_of_the_message),
		cmocka_unit_test(missing_fields_are_added),
		cmocka_unit_test(
		    the_sender_is_what_the_caller_or_the_profile_says),
		cmocka_unit_test(an_f_that_swallows_the_recipient_is_told),
		cmocka_unit_test(only_what_is_offered_is_asked_for),
		cmocka_unit_test(
		    msg_9_the_size_told_is_that_without_doubled_dots),
		cmocka_unit_test(
		    msg_9_odd_announcements_of_size_are_lived_with),
		cmocka_unit_test(
		    msg_9_a_message_over_the_size_is_refused_before_mail),
		cmocka_unit_test(each_flight_is_one_segment),
		cmocka_unit_test(a_large_message_adds_no_flight),
		cmocka_unit_test(a_thousand_recipients_are_all_asked_for),
		cmocka_unit_test(srv_18_251_and_252_accept_a_recipient_too),
		cmocka_unit_test(helo_is_said_only_after_500_or_502),
		cmocka_unit_test(
		    a_relay_that_cant_be_reached_is_a_temporary_failure),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
