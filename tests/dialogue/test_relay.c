/* The scripted relay: its steps, driven over a bare socket. */
#include "dialogue/relay_case.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"

/* Plays one script to a client that listens only; what it hears. */
static ssize_t
overhear(const char *script, struct relay_record *record, char *out,
    size_t size)
{
	struct relay *relay = start_script(script);
	struct client c;
	size_t have = 0;
	ssize_t n;

	dial(&c, relay);
	while ((n = client_receive(&c, out + have, size - have - 1)) > 0)
		have += (size_t)n;
	out[have] = '\0';
	client_end(&c);
	stop(relay, record);
	return n < 0 ? -1 : (ssize_t)have;
}

static void
every_escape_of_a_send_becomes_its_octet(void **state)
{
	static const char expected[] = "220 a\\\r\n\tb\0\xff!";
	struct relay_record record;
	char heard[100];

	(void)state;
	assert_int_equal(overhear("# comment\n\n \ts 220 a\\\\\\r\\n\\tb\\0\\xfF!"
	    "\nclose", &record, heard, sizeof(heard)), sizeof(expected) - 1);
	assert_memory_equal(heard, expected, sizeof(expected));
	assert_string_equal(record.failure, "");
	assert_int_equal(record.connections[0].end, RELAY_END_NONE);
	relay_record_free(&record);
}

static void
what_is_no_step_is_refused_at_the_start(void **state)
{
	static const char *const wrong[] = { "SS 220", "s \\q", "s \\x2",
		"s \\", "sleep", "sleep x", "repeat x y", "drip", "cut now",
		"chunk 5 first", "data x", "C", "sleep 10x" };
	const char *scripts[2] = { NULL, NULL };
	struct relay_options options = { .scripts = scripts };
	struct relay_override override = { .stage = "mail", .script = "x" };
	struct relay_serve serve = { .overrides = &override,
		.override_count = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		scripts[0] = wrong[i];
		if (relay_start(&options) != NULL)
			fail_msg("accepted: %s", wrong[i]);
	}
	options.scripts = NULL;
	options.serve = &serve;
	assert_null(relay_start(&options));
}

static void
sends_are_one_segment_unless_they_are_flushed(void **state)
{
	struct relay *relay = start_script("S 220 a\nearly 250 b\\r\\n\nflush\n"
	    "sleep 30\nS 220 c\nwait");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_string_equal(client_hear(&c), "220 a\r\n250 b\r\n");
	assert_string_equal(client_hear(&c), "220 c\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(buf_string(&record.connections[0].dialogue),
	    "S: 220 a\nS: 250 b\nS: 220 c\n-- closed by the client\n");
	relay_record_free(&record);
}

static void
a_drip_arrives_octet_by_octet(void **state)
{
	struct relay *relay = start_script("drip 20 ab\\r\nwait");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_string_equal(client_hear(&c), "a");
	assert_string_equal(client_hear(&c), "b");
	assert_string_equal(client_hear(&c), "\r");
	client_end(&c);
	stop(relay, &record);
	relay_record_free(&record);
}

static void
a_repeat_is_as_long_as_it_says(void **state)
{
	struct relay_record record;
	char heard[40000];

	(void)state;
	assert_int_equal(overhear("repeat 3000 250-more\\r\\n\nclose", &record,
	    heard, sizeof(heard)), 30000);
	assert_memory_equal(heard + 29990, "250-more\r\n", 10);
	relay_record_free(&record);
}

static void
an_endless_reply_ends_with_the_client(void **state)
{
	struct relay *relay = start_script("repeat 0 250-more\\r\\n");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_non_null(strstr(client_hear(&c), "250-more\r\n"));
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.count, 1);
	relay_record_free(&record);
}

static void
every_way_to_close_reaches_the_client(void **state)
{
	struct relay_record record;
	char heard[100];

	(void)state;
	assert_int_equal(overhear("S 220 a\nclose", &record, heard,
	    sizeof(heard)), 7);
	relay_record_free(&record);
	assert_int_equal(overhear("S 220 a\ncut", &record, heard,
	    sizeof(heard)), 7);
	relay_record_free(&record);
	assert_int_equal(overhear("S 220 a\nfin", &record, heard,
	    sizeof(heard)), 7);
	assert_int_equal(record.connections[0].end, RELAY_END_FIN);
	relay_record_free(&record);
	assert_int_equal(overhear("reset", &record, heard, sizeof(heard)), -1);
	relay_record_free(&record);
}

static void
what_the_client_says_behind_our_half_close_is_recorded(void **state)
{
	struct relay *relay = start_script("fin");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_string_equal(client_hear(&c), "");
	assert_true(client_say(&c, "still here"));
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(buf_string(&record.connections[0].received),
	    "still here");
	relay_record_free(&record);
}

static void
a_reset_by_the_client_is_told_from_a_close(void **state)
{
	struct linger now = { 1, 0 };
	struct relay *relay = start_script("S 220 a\nwait");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	(void)client_hear(&c);
	assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now,
	    sizeof(now)), 0);
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.connections[0].end, RELAY_END_RESET);
	relay_record_free(&record);
}

static void
a_wrong_command_is_a_failure_of_the_script(void **state)
{
	struct relay *relay = start_script("S 220 a\nC EHLO\nS 250 b");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	(void)client_hear(&c);
	talk(&c, "HELO me\r\n", "");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure,
	    "connection 1: 'EHLO' expected, not HELO me");
	relay_record_free(&record);
}

static void
a_line_end_without_cr_is_a_failure(void **state)
{
	struct relay *relay = start_script("C*\nS 250 b\nwait");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	talk(&c, "EHLO me\n", "250 b\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_string_equal(record.failure,
	    "connection 1: a line that ends without CR");
	assert_string_equal(record.connections[0].commands[0], "EHLO me");
	relay_record_free(&record);
}

static void
each_connection_plays_its_own_script_and_the_last_one_again(void **state)
{
	const char *scripts[] = { "S 421 a\nclose", "S 220 b\nclose", NULL };
	const struct relay_options options = { .scripts = scripts,
		.connections = 3 };
	static const char *const replies[] = { "421 a\r\n", "220 b\r\n",
		"220 b\r\n" };
	struct relay *relay = start(&options);
	struct relay_record record;
	struct client c;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		dial(&c, relay);
		assert_string_equal(client_hear(&c), replies[i]);
		client_end(&c);
	}
	assert_false(client_dial(&c, relay_port(relay)));
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.count, 3);
	relay_record_free(&record);
}

static void
a_closed_window_stops_the_client(void **state)
{
	struct relay *relay = start_script("S 354 a\nwindow");
	struct relay_record record;
	static const char block[65536];
	size_t sent = 0;
	struct client c;
	ssize_t n;

	(void)state;
	dial(&c, relay);
	(void)client_hear(&c);
	while ((n = send(c.fd, block, sizeof(block), MSG_DONTWAIT |
	    MSG_NOSIGNAL)) > 0)
		sent += (size_t)n;
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 0);
	client_end(&c);
	stop(relay, &record);
	relay_record_free(&record);
}

static void
a_unix_socket_and_a_socketpair_serve_too(void **state)
{
	const struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "relay");
	struct relay_options options = { .socket_path = path };
	struct relay_record record;
	struct relay *relay = start(&options);
	struct client c;

	assert_int_equal(relay_port(relay), 0);
	assert_true(client_dial_unix(&c, path));
	assert_string_equal(client_hear(&c), "220 relay.test ESMTP\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.count, 1);
	relay_record_free(&record);
	options.socket_path = NULL;
	options.is_pair = true;
	relay = start(&options);
	client_take(&c, relay_client_fd(relay));
	assert_int_equal(relay_client_fd(relay), -1);
	assert_string_equal(client_hear(&c), "220 relay.test ESMTP\r\n");
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.connections[0].end, RELAY_END_FIN);
	relay_record_free(&record);
	mem_free(path);
}

static void
nobody_listens_at_a_closed_port(void **state)
{
	int port = relay_closed_port();
	struct client c;

	(void)state;
	assert_int_not_equal(port, 0);
	assert_false(client_dial(&c, port));
	assert_int_equal(errno, ECONNREFUSED);
	client_end(&c);
}

static void
a_relay_without_a_client_stops_at_once(void **state)
{
	int64_t begin = clock_ms();
	struct relay *relay = start_script("sleep 20000");
	struct relay_record record;
	struct client c;

	(void)state;
	stop(relay, &record);
	assert_int_equal(record.count, 0);
	relay_record_free(&record);
	relay = start_script("sleep 20000\nS 220 a");
	dial(&c, relay);
	client_end(&c);
	stop(relay, &record);
	assert_int_equal(record.count, 1);
	relay_record_free(&record);
	assert_true(clock_ms() - begin < 15000);
}

static void
a_command_can_be_waited_for(void **state)
{
	struct relay *relay = start_script("C EHLO\nsleep 20000");
	struct relay_record record;
	struct client c;

	(void)state;
	dial(&c, relay);
	assert_false(relay_wait_for(relay, "EHLO", 20));
	assert_true(client_say(&c, "EHLO me\r\n"));
	assert_true(relay_wait_for(relay, "ehlo m", PATIENCE_MS));
	client_end(&c);
	stop(relay, &record);
	relay_record_free(&record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_escape_of_a_send_becomes_its_octet),
		cmocka_unit_test(what_is_no_step_is_refused_at_the_start),
		cmocka_unit_test(sends_are_one_segment_unless_they_are_flushed),
		cmocka_unit_test(a_drip_arrives_octet_by_octet),
		cmocka_unit_test(a_repeat_is_as_long_as_it_says),
		cmocka_unit_test(an_endless_reply_ends_with_the_client),
		cmocka_unit_test(every_way_to_close_reaches_the_client),
		cmocka_unit_test(
		    what_the_client_says_behind_our_half_close_is_recorded),
		cmocka_unit_test(a_reset_by_the_client_is_told_from_a_close),
		cmocka_unit_test(a_wrong_command_is_a_failure_of_the_script),
		cmocka_unit_test(a_line_end_without_cr_is_a_failure),
		cmocka_unit_test(
		    each_connection_plays_its_own_script_and_the_last_one_again),
		cmocka_unit_test(a_closed_window_stops_the_client),
		cmocka_unit_test(a_unix_socket_and_a_socketpair_serve_too),
		cmocka_unit_test(nobody_listens_at_a_closed_port),
		cmocka_unit_test(a_relay_without_a_client_stops_at_once),
		cmocka_unit_test(a_command_can_be_waited_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
