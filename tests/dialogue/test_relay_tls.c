/* The relay under TLS, driven over a bare socket. */
#include "dialogue/relay_case.h"

#include <string.h>

static struct relay *
start_tls(const struct scratch *scratch, enum relay_mode mode,
    const char *script, const struct relay_serve *serve)
{
	const char *scripts[] = { script, NULL };
	char *cert = scratch_path(scratch, "good.pem");
	char *key = scratch_path(scratch, "good.key");
	const struct relay_options options = { .mode = mode,
		.cert_file = cert, .key_file = key, .serve = serve,
		.scripts = script == NULL ? NULL : scripts };
	struct relay *relay = start(&options);

	mem_free(cert);
	mem_free(key);
	return relay;
}

static void
starttls_hides_auth_before_and_itself_behind(void **state)
{
	struct relay *relay = start_tls(*state, RELAY_STARTTLS, NULL, NULL);
	struct relay_record record;
	struct client c;

	dial(&c, relay);
	(void)client_hear(&c);
	assert_true(client_say(&c, "EHLO me.test\r\n"));
	assert_non_null(strstr(client_hear(&c), "250-STARTTLS\r\n"));
	assert_null(strstr(c.input, "AUTH"));
	talk(&c, "STARTTLS\r\n", "220 2.0.0 go ahead\r\n");
	assert_true(client_secure(&c));
	assert_true(client_say(&c, "EHLO me.test\r\n"));
	assert_null(strstr(client_hear(&c), "STARTTLS"));
	assert_non_null(strstr(c.input, "250 AUTH PLAIN LOGIN\r\n"));
	talk(&c, "QUIT\r\n", "221 2.0.0 bye\r\n");
	assert_int_equal(gnutls_bye(c.session, GNUTLS_SHUT_WR), 0);
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "");
	assert_string_not_equal(record.connections[0].tls, "");
	assert_int_equal(record.connections[0].end, RELAY_END_NOTIFY);
	assert_int_equal(record.connections[0].command_count, 4);
	relay_record_free(&record);
}

static void
octets_behind_starttls_are_a_failure(void **state)
{
	struct relay *relay = start_tls(*state, RELAY_STARTTLS, NULL, NULL);
	struct relay_record record;
	struct client c;

	dial(&c, relay);
	(void)client_hear(&c);
	greet(&c);
	assert_true(client_say(&c, "STARTTLS\r\nMAIL\r\n"));
	(void)client_hear(&c);
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "connection 1: octets behind "
	    "STARTTLS, before its reply");
	relay_record_free(&record);
}

static void
implicit_tls_carries_scripts_tickets_and_key_updates(void **state)
{
	struct relay *relay = start_tls(*state, RELAY_TLS, "S 220 a\nticket\n"
	    "rekey\nC EHLO\nS 250 b\nclose", NULL);
	struct relay_record record;
	struct client c;

	dial(&c, relay);
	assert_true(client_secure(&c));
	assert_string_equal(client_hear(&c), "220 a\r\n");
	talk(&c, "EHLO me\r\n", "250 b\r\n");
	assert_string_equal(client_hear(&c), "");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "");
	assert_int_equal(record.connections[0].flight_count, 1);
	assert_int_equal(record.connections[0].flights[0].octets, 9);
	relay_record_free(&record);
}

static void
a_cut_and_an_alert_are_told_from_a_close_under_tls(void **state)
{
	static const char *const scripts[] = { "S 220 a\ncut",
		"S 220 a\nflush\nalert 80\ncut", "S 220 a\nreset" };
	struct relay_record record;
	struct relay *relay;
	struct client c;
	char heard[100];
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		relay = start_tls(*state, RELAY_TLS, scripts[i], NULL);
		dial(&c, relay);
		assert_true(client_secure(&c));
		while (client_receive(&c, heard, sizeof(heard)) > 0)
			;
		assert_int_equal(client_receive(&c, heard, sizeof(heard)), -1);
		client_end(&c);
		stop(relay, &record);
		assert_string_equal(record.failure, "");
		relay_record_free(&record);
	}
}

static void
a_handshake_can_be_replaced_by_garbage(void **state)
{
	const struct relay_override override = { "handshake",
		"s \\x15\\x03\\x03\\0\\x02\\x02\\x28\ncut", RELAY_INSTEAD, 0 };
	const struct relay_serve serve = { .overrides = &override,
		.override_count = 1 };
	struct relay *relay = start_tls(*state, RELAY_TLS, NULL, &serve);
	struct relay_record record;
	struct client c;

	dial(&c, relay);
	assert_int_equal(client_receive(&c, c.input, sizeof(c.input)), 7);
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.connections[0].tls, "");
	relay_record_free(&record);
}

static void
a_client_that_gives_up_the_handshake_is_recorded(void **state)
{
	struct relay *relay = start_tls(*state, RELAY_TLS, NULL, NULL);
	struct relay_record record;
	struct client c;

	dial(&c, relay);
	assert_true(client_say(&c, "EHLO me.test\r\n"));
	while (client_receive(&c, c.input, sizeof(c.input)) > 0)
		;
	client_end(&c);
	stop(relay, &record);
	assert_string_not_equal(record.connections[0].tls_fault, "");
	assert_string_equal(record.connections[0].tls, "");
	relay_record_free(&record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starttls_hides_auth_before_and_itself_behind),
		cmocka_unit_test(octets_behind_starttls_are_a_failure),
		cmocka_unit_test(
		    implicit_tls_carries_scripts_tickets_and_key_updates),
		cmocka_unit_test(
		    a_cut_and_an_alert_are_told_from_a_close_under_tls),
		cmocka_unit_test(a_handshake_can_be_replaced_by_garbage),
		cmocka_unit_test(
		    a_client_that_gives_up_the_handshake_is_recorded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
