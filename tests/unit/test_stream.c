#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream.h"
#include "support/peer.h"

/* A stream in clear and the socket at its other end. */
struct line {
	struct stream stream;
	struct error err;
	int peer;
};

static void
line_begin(struct line *l)
{
	int ours;

	memset(l, 0, sizeof(*l));
	assert_true(peer_tcp(&ours, &l->peer));
	stream_begin(&l->stream, ours);
}

static void
line_end(struct line *l)
{
	stream_free(&l->stream);
	if (l->peer >= 0)
		(void)close(l->peer);
}

static void
peer_says(const struct line *l, const char *text)
{
	assert_int_equal(send(l->peer, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

static void
peer_resets(struct line *l)
{
	const struct linger at_once = { 1, 0 };

	assert_int_equal(setsockopt(l->peer, SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once)), 0);
	(void)close(l->peer);
	l->peer = -1;
}

static struct limit
soon(void)
{
	return limit_in(STAGE_EHLO, "reply to EHLO", "timeout", 50);
}

static struct limit
patient(void)
{
	return limit_in(STAGE_BODY, "progress", NULL, 20000);
}

static void
assert_input(const struct line *l, const char *text)
{
	struct span input = stream_input(&l->stream);

	assert_int_equal(input.len, strlen(text));
	assert_memory_equal(input.data, text, input.len);
}

/* Makes our writes block after little. */
static void
narrow(const struct line *l)
{
	int size = 256 << 10;

	assert_int_equal(setsockopt(l->stream.fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	assert_int_equal(setsockopt(l->peer, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)), 0);
}

static void
what_comes_is_kept_until_it_is_consumed(void **state)
{
	struct limit limit = patient();
	struct line l;

	(void)state;
	line_begin(&l);
	peer_says(&l, "220 re");
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_input(&l, "220 re");
	stream_consume(&l.stream, 4);
	assert_input(&l, "re");
	peer_says(&l, "lay\r\n");
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_input(&l, "relay\r\n");
	stream_consume(&l.stream, 1000);
	assert_input(&l, "");
	assert_false(l.stream.at_end);
	line_end(&l);
}

static void
the_end_of_the_peer_is_no_error_by_itself(void **state)
{
	struct limit limit = patient();
	struct line l;

	(void)state;
	line_begin(&l);
	peer_says(&l, "250 ok");
	assert_int_equal(shutdown(l.peer, SHUT_WR), 0);
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_input(&l, "250 ok");
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_true(l.stream.at_end);
	assert_input(&l, "250 ok");
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_true(l.stream.at_end);
	assert_false(error_is_set(&l.err));
	line_end(&l);
}

static void
silence_ends_at_the_limit(void **state)
{
	struct limit limit = soon();
	struct line l;

	(void)state;
	line_begin(&l);
	assert_false(stream_fill(&l.stream, &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_EHLO);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	assert_string_equal(l.err.text, "no reply to EHLO within 0.050 s");
	line_end(&l);
}

static void
a_connection_that_is_reset_is_a_temporary_fault(void **state)
{
	struct limit limit = patient();
	struct line l;
	bool waiting;

	(void)state;
	line_begin(&l);
	peer_resets(&l);
	assert_false(stream_fill(&l.stream, &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_BODY);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(l.err.sys_errno, ECONNRESET);
	assert_true(l.err.temporary);
	assert_non_null(strstr(l.err.text, "connection lost while reading: "));
	line_end(&l);

	line_begin(&l);
	peer_resets(&l);
	assert_false(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	assert_int_equal(l.err.stage, STAGE_MAIL);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	assert_non_null(strstr(l.err.text,
	    "connection lost before it was written to: "));
	line_end(&l);
}

static void
what_came_before_a_reset_is_not_lost(void **state)
{
	struct limit limit = patient();
	struct line l;

	(void)state;
	line_begin(&l);
	peer_says(&l, "421 going down\r\n");
	peer_resets(&l);
	assert_true(stream_fill(&l.stream, &limit, &l.err));
	assert_input(&l, "421 going down\r\n");
	assert_false(stream_fill(&l.stream, &limit, &l.err));
	assert_int_equal(l.err.sys_errno, ECONNRESET);
	assert_input(&l, "421 going down\r\n");
	line_end(&l);
}

static void
the_last_words_are_read_when_a_write_fails(void **state)
{
	struct limit limit = patient();
	struct line l;

	(void)state;
	line_begin(&l);
	peer_says(&l, "421 too busy\r\n");
	peer_resets(&l);
	assert_false(stream_write(&l.stream, span_of("MAIL FROM:<>\r\n"),
	    &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_BODY);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	assert_non_null(strstr(l.err.text, "connection lost while writing: "));
	assert_input(&l, "421 too busy\r\n");
	line_end(&l);
}

static void
more_than_the_buffer_holds_breaks_the_protocol(void **state)
{
	struct limit limit = patient();
	struct line l;
	size_t i;

	(void)state;
	line_begin(&l);
	for (i = 0; i < 2 * STREAM_INPUT / 16; i++)
		peer_says(&l, "0123456789abcdef");
	while (stream_fill(&l.stream, &limit, &l.err))
		continue;
	assert_int_equal(stream_input(&l.stream).len, STREAM_INPUT);
	assert_int_equal(l.err.stage, STAGE_BODY);
	assert_int_equal(l.err.exit_code, EX_PROTOCOL);
	assert_false(l.err.temporary);
	assert_string_equal(l.err.text, "32768 octets came without an end "
	    "while waiting for progress");
	line_end(&l);
}

static void
a_flight_is_one_send(void **state)
{
	struct limit limit = patient();
	struct line l;
	char heard[64];

	(void)state;
	line_begin(&l);
	assert_true(stream_write(&l.stream, span_of("MAIL\r\nRCPT\r\nDATA\r\n"),
	    &limit, &l.err));
	assert_int_equal(l.stream.sends, 1);
	assert_int_equal(recv(l.peer, heard, sizeof(heard), 0), 18);
	assert_true(stream_write(&l.stream, span_of(""), &limit, &l.err));
	assert_int_equal(l.stream.sends, 1);
	line_end(&l);
}

static void
a_peer_that_does_not_read_is_out_of_time(void **state)
{
	struct limit limit = limit_in(STAGE_RCPT, "write", NULL, 50);
	struct span bytes;
	struct line l;
	char *zeros = mem_alloc(8 << 20);

	(void)state;
	bytes = span_make(zeros, 8 << 20);
	line_begin(&l);
	narrow(&l);
	assert_false(stream_write(&l.stream, bytes, &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_RCPT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	assert_string_equal(l.err.text, "no write within 0.050 s");
	line_end(&l);
	mem_free(zeros);
}

/* In a child: reads `size` octets in small pieces, with pauses. */
static void
read_slowly(int fd, size_t size)
{
	char piece[16384];
	ssize_t n = 1;

	while (size > 0 && n > 0) {
		n = read(fd, piece, sizeof(piece));
		size -= n > 0 ? (size_t)n : 0;
		(void)poll(NULL, 0, 6);
	}
	_exit(size == 0 ? 0 : 1);
}

static void
progress_renews_the_time_of_a_block(void **state)
{
	const size_t size = 4 << 20;
	struct limit limit = limit_in(STAGE_BODY, "progress", NULL, 700);
	char *zeros = mem_alloc(size);
	bool interrupted = true, ok;
	struct line l;
	pid_t child;

	(void)state;
	line_begin(&l);
	narrow(&l);
	child = fork();
	if (child == 0)
		read_slowly(l.peer, size);
	ok = stream_write_block(&l.stream, span_make(zeros, size), &limit,
	    &interrupted, &l.err);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	assert_true(ok);
	assert_false(interrupted);
	assert_true(l.stream.sends > 1);
	line_end(&l);
	mem_free(zeros);
}

static void
a_word_of_the_peer_interrupts_a_block(void **state)
{
	struct limit limit = patient();
	struct line l;
	bool interrupted = false;
	char heard[8];

	(void)state;
	line_begin(&l);
	peer_says(&l, "552 too big\r\n");
	assert_true(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_true(interrupted);
	assert_input(&l, "552 too big\r\n");
	assert_int_equal(recv(l.peer, heard, sizeof(heard), MSG_DONTWAIT), -1);
	/* It still does as long as it isn't consumed. */
	interrupted = false;
	assert_true(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_true(interrupted);
	stream_consume(&l.stream, 100);
	assert_true(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_false(interrupted);
	assert_int_equal(recv(l.peer, heard, sizeof(heard), MSG_DONTWAIT), 6);
	assert_true(stream_write_block(&l.stream, span_of(""), &limit,
	    &interrupted, &l.err));
	assert_false(interrupted);
	line_end(&l);
}

static void
a_word_in_the_middle_of_a_block_that_waits_interrupts_it(void **state)
{
	const size_t size = 8 << 20;
	struct limit limit = patient();
	char *zeros = mem_alloc(size);
	bool interrupted = false;
	struct line l;
	pid_t child;

	(void)state;
	line_begin(&l);
	narrow(&l);
	child = fork();
	if (child == 0) {
		(void)poll(NULL, 0, 20);
		_exit(write(l.peer, "452 full\r\n", 10) != 10);
	}
	assert_true(stream_write_block(&l.stream, span_make(zeros, size),
	    &limit, &interrupted, &l.err));
	assert_true(interrupted);
	assert_input(&l, "452 full\r\n");
	(void)waitpid(child, NULL, 0);
	line_end(&l);
	mem_free(zeros);
}

static void
a_peer_that_closed_interrupts_a_block(void **state)
{
	struct limit limit = patient();
	struct line l;
	bool interrupted = false;

	(void)state;
	line_begin(&l);
	assert_int_equal(shutdown(l.peer, SHUT_WR), 0);
	assert_true(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_true(interrupted);
	assert_true(l.stream.at_end);
	line_end(&l);
}

static void
a_block_on_a_lost_connection_fails(void **state)
{
	struct limit limit = patient();
	struct line l;
	bool interrupted;

	(void)state;
	line_begin(&l);
	peer_resets(&l);
	assert_false(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_false(interrupted);
	assert_int_equal(l.err.stage, STAGE_BODY);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(l.err.sys_errno, ECONNRESET);
	assert_true(l.err.temporary);
	line_end(&l);
}

static void
polling_tells_without_waiting(void **state)
{
	struct line l;
	bool waiting = true;

	(void)state;
	line_begin(&l);
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	peer_says(&l, "250");
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_true(waiting);
	assert_input(&l, "250");
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_true(waiting);
	stream_consume(&l.stream, 3);
	assert_int_equal(shutdown(l.peer, SHUT_WR), 0);
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	assert_true(l.stream.at_end);
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	line_end(&l);
}

static void
closing_says_all_and_leaves_no_reset(void **state)
{
	struct limit limit = patient();
	struct line l;
	char heard[16];

	(void)state;
	line_begin(&l);
	assert_true(stream_write(&l.stream, span_of("QUIT\r\n"), &limit,
	    &l.err));
	/* Octets that nobody reads would make the kernel send a reset. */
	peer_says(&l, "221 bye\r\n");
	stream_close(&l.stream);
	assert_int_equal(l.stream.fd, -1);
	assert_int_equal(recv(l.peer, heard, sizeof(heard), 0), 6);
	assert_int_equal(recv(l.peer, heard, sizeof(heard), 0), 0);
	stream_close(&l.stream);
	stream_abort(&l.stream);
	line_end(&l);
}

static void
aborting_resets_the_connection(void **state)
{
	struct limit limit = patient();
	struct line l;
	char heard[16];

	(void)state;
	line_begin(&l);
	assert_true(stream_write(&l.stream, span_of("half"), &limit, &l.err));
	assert_int_equal(recv(l.peer, heard, sizeof(heard), 0), 4);
	stream_abort(&l.stream);
	assert_int_equal(recv(l.peer, heard, sizeof(heard), 0), -1);
	assert_int_equal(errno, ECONNRESET);
	line_end(&l);
}

static void
a_stream_that_never_began_can_be_freed(void **state)
{
	struct stream s;

	(void)state;
	memset(&s, 0, sizeof(s));
	stream_close(&s);
	stream_abort(&s);
	stream_free(&s);
	assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_is_kept_until_it_is_consumed),
		cmocka_unit_test(the_end_of_the_peer_is_no_error_by_itself),
		cmocka_unit_test(silence_ends_at_the_limit),
		cmocka_unit_test(
		    a_connection_that_is_reset_is_a_temporary_fault),
		cmocka_unit_test(what_came_before_a_reset_is_not_lost),
		cmocka_unit_test(the_last_words_are_read_when_a_write_fails),
		cmocka_unit_test(
		    more_than_the_buffer_holds_breaks_the_protocol),
		cmocka_unit_test(a_flight_is_one_send),
		cmocka_unit_test(a_peer_that_does_not_read_is_out_of_time),
		cmocka_unit_test(progress_renews_the_time_of_a_block),
		cmocka_unit_test(a_word_of_the_peer_interrupts_a_block),
		cmocka_unit_test(
		    a_word_in_the_middle_of_a_block_that_waits_interrupts_it),
		cmocka_unit_test(a_peer_that_closed_interrupts_a_block),
		cmocka_unit_test(a_block_on_a_lost_connection_fails),
		cmocka_unit_test(polling_tells_without_waiting),
		cmocka_unit_test(closing_says_all_and_leaves_no_reset),
		cmocka_unit_test(aborting_resets_the_connection),
		cmocka_unit_test(a_stream_that_never_began_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
