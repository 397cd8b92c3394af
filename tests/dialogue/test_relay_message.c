/* The scripted relay: what it records of messages and flights. */
#include "dialogue/relay_case.h"

#include <netinet/in.h>
#include <sys/socket.h>

static void
a_good_script_takes_one_message_and_records_all_of_it(void **state)
{
	struct relay_record record;
	const struct relay_message *m;
	struct relay *relay;
	struct buf script;
	struct client c;

	(void)state;
	buf_init(&script, BUF_UNLIMITED);
	assert_true(relay_script_good(&script, "SIZE 1000\n8BITMIME", "PLAIN"));
	relay = start_script(buf_string(&script));
	dial(&c, relay);
	assert_string_equal(client_hear(&c), "220 relay.test ESMTP\r\n");
	talk(&c, "ehlo me.test\r\n", "250-relay.test\r\n250-SIZE 1000\r\n"
	    "250-8BITMIME\r\n250 HELP\r\n");
	talk(&c, "AUTH PLAIN AGEAYg==\r\n", "235 2.7.0 ok\r\n");
	talk(&c, "MAIL FROM:<a@x.test> SIZE=9\r\n", "250 2.1.0 ok\r\n");
	talk(&c, "RCPT TO:<b@x.test>\r\n", "250 2.1.5 ok\r\n");
	talk(&c, "DATA\r\n", "354 go on\r\n");
	talk(&c, "S: x\r\n\r\n..\r\n..a\r\n.\r\n", "250 2.0.0 ok\r\n");
	talk(&c, "QUIT\r\n", "221 2.0.0 bye\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure, "");
	assert_int_equal(record.count, 1);
	assert_int_equal(record.mail_commands, 1);
	assert_int_equal(record.connections[0].end, RELAY_END_FIN);
	assert_int_equal(record.connections[0].command_count, 6);
	assert_string_equal(record.connections[0].commands[0], "ehlo me.test");
	m = relay_only_message(&record);
	assert_non_null(m);
	assert_string_equal(m->mail, "<a@x.test> SIZE=9");
	assert_int_equal(m->recipient_count, 1);
	assert_string_equal(m->recipients[0], "<b@x.test>");
	assert_string_equal(buf_string(&m->wire), "S: x\r\n\r\n..\r\n..a\r\n");
	assert_string_equal(buf_string(&m->text), "S: x\r\n\r\n.\r\n.a\r\n");
	assert_true(m->is_complete);
	relay_record_free(&record);
	buf_free(&script);
}

static void
a_part_of_a_message_is_recorded_as_incomplete(void **state)
{
	struct relay *relay = start_script("data 3\nS 451 no\ncut");
	struct relay_record record;
	const struct relay_message *m;
	struct client c;

	(void)state;
	dial(&c, relay);
	talk(&c, "abcdef", "451 no\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.connections[0].message_count, 1);
	m = &record.connections[0].messages[0];
	assert_string_equal(buf_string(&m->wire), "abc");
	assert_int_equal(m->octets, 3);
	assert_false(m->is_complete);
	assert_false(m->is_committed);
	assert_null(relay_only_message(&record));
	assert_string_equal(buf_string(&record.connections[0].received),
	    "abcdef");
	relay_record_free(&record);
}

static void
only_a_dot_between_two_crlf_ends_a_message(void **state)
{
	static const char sent[] = "a\n.\n\r\n.\nb\r.\r\n\r\r\n.\r\r\n.\r\n";
	struct relay *relay = start_script("data\nS 250 b\nwait");
	struct relay_record record;
	struct client c;
	size_t i;

	(void)state;
	dial(&c, relay);
	for (i = 0; i < sizeof(sent) - 1; i++)
		assert_true(client_say_bytes(&c, sent + i, 1));
	assert_string_equal(client_hear(&c), "250 b\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.connections[0].messages[0].wire.len,
	    sizeof(sent) - 1 - 3);
	relay_record_free(&record);
}

static void
an_empty_message_is_one(void **state)
{
	struct relay *relay = start_script("data\nS 250 b\nwait");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	talk(&c, ".\r\n", "250 b\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_true(record.connections[0].messages[0].is_complete);
	assert_int_equal(record.connections[0].messages[0].octets, 0);
	relay_record_free(&record);
}

static void
flights_are_counted_by_the_segments_that_the_kernel_saw(void **state)
{
	struct relay *relay = start_script("sleep 100\nC A\nS 250 a\n"
	    "C B\nC C\nS 250 b\nwait");
	struct relay_record record;
	const struct relay_connection *c;
	struct client client;

	(void)state;
	dial(&client, relay);
	assert_int_equal(setsockopt(client.fd, IPPROTO_TCP, 1 /* NODELAY */,
	    &(int){ 1 }, sizeof(int)), 0);
	/* Both are there when the relay reads: one read, two segments. */
	assert_true(client_say(&client, "A"));
	assert_true(client_say(&client, "\r\n"));
	assert_string_equal(client_hear(&client), "250 a\r\n");
	talk(&client, "B\r\nC\r\n", "250 b\r\n");
	client_end(&client);
	stop(relay, &record);
	c = &record.connections[0];
	assert_int_equal(c->flight_count, 2);
	assert_int_equal(c->flights[0].octets, 3);
	assert_int_equal(c->flights[0].reads, 1);
	assert_int_equal(c->flights[1].octets, 6);
	assert_int_equal(c->flights[1].reads, 1);
	/* Kernels that don't count say 0. */
	if (c->flights[1].segments != 0) {
		assert_int_equal(c->flights[0].segments, 2);
		assert_int_equal(c->flights[1].segments, 1);
	}
	relay_record_free(&record);
}

static void
a_lean_relay_counts_the_octets_of_a_message(void **state)
{
	const char *scripts[] = { "C MAIL\nS 250 a\ndata\ncommit\nS 250 b\n"
	    "wait", NULL };
	const struct relay_options options = { .scripts = scripts,
		.is_lean = true };
	struct relay *relay = start(&options);
	struct relay_record record;
	const struct relay_message *m;
	struct client c;

	(void)state;
	dial(&c, relay);
	talk(&c, "MAIL FROM:<>\r\n", "250 a\r\n");
	talk(&c, "12345\r\n.\r\n", "250 b\r\n");
	client_end(&c);
	stop(relay, &record);
	m = relay_only_message(&record);
	assert_non_null(m);
	assert_int_equal(m->octets, 7);
	assert_int_equal(m->wire.len, 0);
	assert_true(m->is_complete);
	assert_int_equal(record.connections[0].received.len, 0);
	relay_record_free(&record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_good_script_takes_one_message_and_records_all_of_it),
		cmocka_unit_test(a_part_of_a_message_is_recorded_as_incomplete),
		cmocka_unit_test(only_a_dot_between_two_crlf_ends_a_message),
		cmocka_unit_test(an_empty_message_is_one),
		cmocka_unit_test(
		    flights_are_counted_by_the_segments_that_the_kernel_saw),
		cmocka_unit_test(a_lean_relay_counts_the_octets_of_a_message),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
