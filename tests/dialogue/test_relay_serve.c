/* The obedient relay and its overrides, driven over a bare socket. */
#include "dialogue/relay_case.h"

#include <string.h>

static void
it_speaks_smtp_to_whoever_speaks_it(void **state)
{
	const struct relay_serve serve = { .user = "u", .password = "p",
		.wants_auth = true };
	const struct relay_options options = { .serve = &serve };
	struct relay *relay = start(&options);
	struct relay_record record;
	const struct relay_message *m;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_string_equal(client_hear(&c), "220 relay.test ESMTP\r\n");
	talk(&c, "EHLO me.test\r\n", "250-relay.test\r\n250-PIPELINING\r\n"
	    "250-SIZE 10485760\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
	    "250 AUTH PLAIN LOGIN\r\n");
	talk(&c, "MAIL FROM:<a@x.test>\r\n",
	    "530 5.7.0 authentication required\r\n");
	talk(&c, "AUTH PLAIN AHUAcQ==\r\n",
	    "535 5.7.8 wrong user or password\r\n");
	talk(&c, "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n");
	talk(&c, "dQ==\r\n", "334 UGFzc3dvcmQ6\r\n");
	talk(&c, "cA==\r\n", "235 2.7.0 welcome\r\n");
	talk(&c, "MAIL FROM:<a@x.test> SIZE=10485761\r\n",
	    "552 5.3.4 message too big\r\n");
	talk(&c, "MAIL FROM:<a@x.test> SMTPUTF8\r\n",
	    "555 5.5.4 a parameter that wasn't offered\r\n");
	talk(&c, "MAIL FROM:<a@x.test> SIZE=7 BODY=8BITMIME\r\n",
	    "250 2.1.0 sender ok\r\n");
	talk(&c, "DATA\r\n", "554 5.5.1 no valid recipients\r\n");
	talk(&c, "RCPT TO:<b@x.test>\r\n", "250 2.1.5 recipient ok\r\n");
	talk(&c, "RCPT TO:<c@x.test>\r\n", "250 2.1.5 recipient ok\r\n");
	talk(&c, "DATA\r\n", "354 end with a dot\r\n");
	talk(&c, "a: b\r\n\r\nc\r\n.\r\n", "250 2.0.0 queued as 1\r\n");
	talk(&c, "QUIT\r\n", "221 2.0.0 bye\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "");
	m = relay_only_message(&record);
	assert_non_null(m);
	assert_int_equal(m->recipient_count, 2);
	assert_string_equal(m->mail, "<a@x.test> SIZE=7 BODY=8BITMIME");
	assert_string_equal(m->recipients[1], "<c@x.test>");
	assert_string_equal(buf_string(&m->text), "a: b\r\n\r\nc\r\n");
	relay_record_free(&record);
}

static void
auth_plain_goes_with_and_without_an_initial_response(void **state)
{
	const struct relay_serve serve = { .user = "u", .password = "p" };
	const struct relay_options options = { .serve = &serve };
	struct relay *relay = start(&options);
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	(void)client_hear(&c);
	greet(&c);
	talk(&c, "AUTH PLAIN\r\n", "334 \r\n");
	talk(&c, "*\r\n", "501 5.7.0 cancelled\r\n");
	talk(&c, "AUTH GSSAPI\r\n", "504 5.5.4 unknown mechanism\r\n");
	talk(&c, "AUTH PLAIN\r\n", "334 \r\n");
	talk(&c, "AHUAcA==\r\n", "235 2.7.0 welcome\r\n");
	talk(&c, "AUTH PLAIN AHUAcA==\r\n", "503 5.5.1 not now\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "");
	relay_record_free(&record);
}

static void
chunks_become_one_message(void **state)
{
	const struct relay_serve serve = { .capabilities =
		"CHUNKING\nPIPELINING" };
	const struct relay_options options = { .serve = &serve };
	struct relay *relay = start(&options);
	struct relay_record record;
	const struct relay_message *m;
	struct client c;

	(void)state;
	dial(&c, relay);
	(void)client_hear(&c);
	greet(&c);
	talk(&c, "BDAT 3 LAST\r\nabc", "503 5.5.1 no valid recipients\r\n");
	talk(&c, "MAIL FROM:<>\r\n", "250 2.1.0 sender ok\r\n");
	talk(&c, "RCPT TO:<b@x.test>\r\n", "250 2.1.5 recipient ok\r\n");
	talk(&c, "BDAT 4\r\n.\r\na", "250 2.0.0 taken\r\n");
	talk(&c, "BDAT x\r\n", "501 5.5.4 syntax\r\n");
	talk(&c, "BDAT 2 LAST\r\n\r\n", "250 2.0.0 queued as 1\r\n");
	client_end(&c);
	stop(relay, &record);
	m = relay_only_message(&record);
	assert_non_null(m);
	assert_true(m->is_bdat);
	assert_string_equal(m->mail, "<>");
	assert_string_equal(buf_string(&m->text), ".\r\na\r\n");
	relay_record_free(&record);
}

static void
a_command_sent_too_early_is_a_failure(void **state)
{
	static const struct {
		const char *first, *capabilities, *failure;
	} cases[] = {
		{ "EHLO me\r\nNOOP\r\n", NULL, "connection 1: octets behind "
		    "EHLO, before its reply" },
		{ "MAIL FROM:<a@x.test>\r\nNOOP\r\n", "SIZE", "connection 1: "
		    "octets behind MAIL, before its reply" },
		{ "MAIL FROM:<a@x.test>\r\nNOOP\r\n", "PIPELINING", "" },
		{ "DATA\r\nx\r\n", "PIPELINING", "connection 1: octets behind "
		    "DATA, before its reply" },
		{ "HOHO\r\n", NULL, "connection 1: 'HOHO' is no command" },
	};
	struct relay_serve serve = { .capabilities = NULL };
	const struct relay_options options = { .serve = &serve };
	struct relay_record record;
	struct relay *relay;
	struct client c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		serve.capabilities = cases[i].capabilities;
		relay = start(&options);
		dial(&c, relay);
		(void)client_hear(&c);
		if (i != 0)
			greet(&c);
		assert_true(client_say(&c, cases[i].first));
		(void)client_hear(&c);
		client_end(&c);
		stop(relay, &record);
		assert_string_equal(record.failure, cases[i].failure);
		relay_record_free(&record);
	}
}

/* Overrides: the reply to each command of a fixed conversation. */
static const char *const conversation[] = { "EHLO me.test\r\n",
	"MAIL FROM:<a@x.test>\r\n", "RCPT TO:<b@x.test>\r\n",
	"RCPT TO:<c@x.test>\r\n", "DATA\r\n" };

static const struct {
	const char *label;
	struct relay_override override;
	const char *replies[6];	/* greeting, EHLO and so on; NULL: any */
} overridden[] = {
	{ "greeting", { "greeting", "S 554 go away", RELAY_INSTEAD, 0 },
	    { "554 go away\r\n", "503 5.5.1 no service\r\n",
	    "503 5.5.1 no service\r\n" } },
	{ "ehlo", { "ehlo", "S 550 Helo command rejected", RELAY_INSTEAD, 0 },
	    { NULL, "550 Helo command rejected\r\n",
	    "503 5.5.1 bad sequence\r\n" } },
	{ "mail", { "mail", "S 451 later", RELAY_INSTEAD, 0 },
	    { NULL, NULL, "451 later\r\n", "503 5.5.1 no sender\r\n" } },
	{ "each rcpt", { "rcpt", "S 550 no", RELAY_INSTEAD, 0 },
	    { NULL, NULL, NULL, "550 no\r\n", "550 no\r\n",
	    "554 5.5.1 no valid recipients\r\n" } },
	{ "second rcpt", { "rcpt2", "S 550 no", RELAY_INSTEAD, 0 },
	    { NULL, NULL, NULL, "250 2.1.5 recipient ok\r\n", "550 no\r\n",
	    "354 end with a dot\r\n" } },
	{ "before", { "mail", "S 250 a", RELAY_BEFORE, 0 },
	    { NULL, NULL, "250 a\r\n250 2.1.0 sender ok\r\n" } },
	{ "after", { "mail", "early 421 b\\r\\n", RELAY_AFTER, 0 },
	    { NULL, NULL, "250 2.1.0 sender ok\r\n421 b\r\n" } },
	{ "other connection", { "mail", "S 451 later", RELAY_INSTEAD, 2 },
	    { NULL, NULL, "250 2.1.0 sender ok\r\n" } },
	{ "data", { "data", "S 250 b", RELAY_INSTEAD, 0 },
	    { NULL, NULL, NULL, NULL, NULL, "250 b\r\n" } },
};

static void
an_override_takes_the_place_of_a_reply(void **state)
{
	struct relay_serve serve = { .override_count = 1 };
	const struct relay_options options = { .serve = &serve };
	struct relay_record record;
	struct relay *relay;
	const char *reply;
	struct client c;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(overridden) / sizeof(overridden[0]); i++) {
		serve.overrides = &overridden[i].override;
		relay = start(&options);
		dial(&c, relay);
		for (j = 0; j < 6; j++) {
			if (j > 0)
				assert_true(client_say(&c, conversation[j - 1]));
			reply = client_hear(&c);
			if (overridden[i].replies[j] != NULL &&
			    strcmp(overridden[i].replies[j], reply) != 0)
				fail_msg("%s: %s", overridden[i].label, reply);
		}
		client_end(&c);
		stop(relay, &record);
		relay_record_free(&record);
	}
}

/* Overrides around the message: what a client hears behind DATA. */
static const struct {
	const char *label;
	struct relay_override override;
	const char *heard;
	bool is_complete, is_committed;
} around[] = {
	{ "receipt", { "receipt", "S 451 no", RELAY_INSTEAD, 0 },
	    "451 no\r\n", true, false },
	{ "receipt with commit", { "receipt", "commit\ncut", RELAY_INSTEAD, 0 },
	    "", true, true },
	{ "early reply", { "body", "S 452 full\nflush", RELAY_BEFORE, 0 },
	    "452 full\r\n250 2.0.0 queued as 1\r\n", true, true },
	{ "part of the body", { "body", "data 2\nS 451 no\ncut", RELAY_INSTEAD,
	    0 }, "451 no\r\n", false, false },
	{ "premature", { "data", "early 250 ok\\r\\n", RELAY_AFTER, 0 },
	    "250 ok\r\n250 2.0.0 queued as 1\r\n", true, true },
};

static void
an_override_knows_where_the_message_is(void **state)
{
	struct relay_serve serve = { .override_count = 1 };
	const struct relay_options options = { .serve = &serve };
	const struct relay_message *m;
	struct relay_record record;
	struct relay *relay;
	struct client c;
	struct buf heard;
	size_t i, j;

	(void)state;
	buf_init(&heard, BUF_UNLIMITED);
	for (i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		buf_clear(&heard);
		serve.overrides = &around[i].override;
		relay = start(&options);
		dial(&c, relay);
		(void)client_hear(&c);
		for (j = 0; j < 4; j++) {
			assert_true(client_say(&c, conversation[j]));
			(void)client_hear(&c);
		}
		assert_true(client_say(&c, "DATA\r\n"));
		assert_string_not_equal(client_hear(&c), "");
		assert_true(buf_add_string(&heard, strchr(c.input, '\n') + 1));
		assert_true(client_say(&c, "a\r\n.\r\n"));
		while (heard.len < strlen(around[i].heard) &&
		    client_hear(&c)[0] != '\0')
			assert_true(buf_add_string(&heard, c.input));
		assert_string_equal(buf_string(&heard), around[i].heard);
		client_end(&c);
		stop(relay, &record);
		m = &record.connections[0].messages[0];
		if (record.connections[0].message_count != 1 ||
		    m->is_complete != around[i].is_complete ||
		    m->is_committed != around[i].is_committed)
			fail_msg("%s", around[i].label);
		relay_record_free(&record);
	}
	buf_free(&heard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_speaks_smtp_to_whoever_speaks_it),
		cmocka_unit_test(
		    auth_plain_goes_with_and_without_an_initial_response),
		cmocka_unit_test(chunks_become_one_message),
		cmocka_unit_test(a_command_sent_too_early_is_a_failure),
		cmocka_unit_test(an_override_takes_the_place_of_a_reply),
		cmocka_unit_test(an_override_knows_where_the_message_is),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
