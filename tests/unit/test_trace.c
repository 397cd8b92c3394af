#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "base/trace.h"

/* A packet socket, so that each write shows as one packet. */
static int
open_ends(void **state)
{
	int *ends = *state;

	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends);
}

static int
close_ends(void **state)
{
	int *ends = *state;

	return close(ends[0]) + close(ends[1]);
}

static struct trace
trace_to(void **state, int level)
{
	const int *ends = *state;
	struct trace t = { ends[0], level, clock_ms(), NULL, false, NULL };

	return t;
}

/* The next line as it was written; "" where there is none. */
static const char *
next_line(void **state, char *out, size_t size)
{
	const int *ends = *state;
	ssize_t n = recv(ends[1], out, size - 1, 0);

	out[n < 0 ? 0 : n] = '\0';
	return out;
}

/* "     0 ms > text\n": everything but the number is known. */
static void
assert_line(const char *line, const char *rest)
{
	size_t blanks = strspn(line, " ");
	size_t digits = strspn(line + blanks, "0123456789");

	assert_true(digits > 0);
	assert_true(blanks + digits >= 6);
	assert_string_equal(line + blanks + digits, rest);
}

static void
each_line_is_one_write_with_its_mark(void **state)
{
	struct trace t = trace_to(state, 1);
	char line[200];

	trace_sent(&t, span_of("EHLO www.example.org"));
	trace_received(&t, span_of("250 hello"));
	trace_note(&t, "TLS %d.%d", 1, 3);
	assert_line(next_line(state, line, sizeof(line)),
	    " ms > EHLO www.example.org\n");
	assert_line(next_line(state, line, sizeof(line)), " ms < 250 hello\n");
	assert_line(next_line(state, line, sizeof(line)), " ms * TLS 1.3\n");
	assert_string_equal(next_line(state, line, sizeof(line)), "");
}

static void
the_time_is_that_since_the_run_s_begin(void **state)
{
	struct trace t = trace_to(state, 1);
	char line[200];

	/* So long ago that its first digits tell, however slow we are. */
	t.start -= 12345000000000;
	trace_note(&t, "x");
	assert_memory_equal(next_line(state, line, sizeof(line)), "12345", 5);
}

static void
a_level_of_0_writes_nothing(void **state)
{
	struct trace t = trace_to(state, 0);
	char line[200];

	trace_sent(&t, span_of("EHLO www.example.org"));
	trace_received(&t, span_of("250 hello"));
	trace_note(&t, "x");
	trace_sent(NULL, span_of("EHLO www.example.org"));
	trace_received(NULL, span_of("250 hello"));
	trace_note(NULL, "x");
	assert_string_equal(next_line(state, line, sizeof(line)), "");
}

static void
a_higher_level_writes_the_same(void **state)
{
	struct trace t = trace_to(state, 2);
	char line[200];

	trace_sent(&t, span_of("QUIT"));
	assert_line(next_line(state, line, sizeof(line)), " ms > QUIT\n");
}

static void
controls_are_escaped(void **state)
{
	struct trace t = trace_to(state, 1);
	char line[200];

	trace_received(&t, span_make("220 \033[2J\0\r\nx", 12));
	trace_note(&t, "%s", "a\nb");
	assert_line(next_line(state, line, sizeof(line)),
	    " ms < 220 \\x1b[2J\\x00\\x0d\\x0ax\n");
	assert_line(next_line(state, line, sizeof(line)),
	    " ms * a\\x0ab\n");
}

static void
an_empty_line_is_a_line(void **state)
{
	struct trace t = trace_to(state, 1);
	char line[200];

	trace_sent(&t, span_of(NULL));
	assert_line(next_line(state, line, sizeof(line)), " ms > \n");
}

static void
a_long_line_is_cut(void **state)
{
	struct trace t = trace_to(state, 1);
	char text[20001], line[20001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	trace_received(&t, span_of(text));
	assert_in_range(strlen(next_line(state, line, sizeof(line))), 4000,
	    5000);
	assert_string_equal(line + strlen(line) - 5, "x...\n");
	trace_note(&t, "%s", text);
	assert_in_range(strlen(next_line(state, line, sizeof(line))), 4000,
	    5000);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

static void
a_write_that_fails_is_forgotten(void **state)
{
	struct trace t = trace_to(state, 1);
	char line[200];

	t.fd = -1;
	trace_sent(&t, span_of("QUIT"));
	trace_note(&t, "x");
	assert_string_equal(next_line(state, line, sizeof(line)), "");
}

/* The octets that `line` is made of, behind a CR and with blanks behind. */
static void
assert_drawn(const char *line, const char *begin)
{
	assert_int_equal(line[0], '\r');
	assert_memory_equal(line + 1, begin, strlen(begin));
	assert_non_null(strstr(line, " KiB/s   "));
	assert_null(strchr(line, '\n'));
}

static void
a_large_message_is_drawn_after_a_second_and_wiped(void **state)
{
	struct trace_progress progress = { .is_shown = true };
	struct trace t = trace_to(state, 1);
	char line[200];

	t.progress = &progress;
	trace_progress_begin(&t, 3 << 20);
	/* However slow we are. */
	progress.began += 1000000;
	trace_progress(&t, 1 << 20);
	assert_string_equal(next_line(state, line, sizeof(line)), "");
	progress.began -= 1000000 + 1000;
	trace_progress(&t, 1 << 20);
	assert_drawn(next_line(state, line, sizeof(line)),
	    "1048576 of 3145728 octets, 33 %, ");
	progress.drawn += 1000000;
	trace_progress(&t, 2 << 20);
	assert_string_equal(next_line(state, line, sizeof(line)), "");
	progress.drawn -= 1000000 + 100;
	trace_progress(&t, (3 << 20) + 9);
	assert_drawn(next_line(state, line, sizeof(line)),
	    "3145728 of 3145728 octets, 100 %, ");
	trace_note(&t, "x");
	assert_int_equal(strspn(next_line(state, line, sizeof(line)) + 1, " "),
	    61);
	assert_string_equal(line + 62, "\r");
	assert_line(next_line(state, line, sizeof(line)), " ms * x\n");
	progress.drawn -= 100;
	trace_progress(&t, 3 << 20);
	assert_int_equal(next_line(state, line, sizeof(line))[0], '\r');
	trace_progress_end(&t);
	assert_int_equal(strspn(next_line(state, line, sizeof(line)) + 1, " "),
	    61);
	trace_progress_end(&t);
	assert_string_equal(next_line(state, line, sizeof(line)), "");
}

static void
other_messages_and_places_have_no_progress(void **state)
{
	struct trace_progress progress = { 0 };
	struct trace t = trace_to(state, 1);
	char line[200];

	trace_progress_begin(&t, 3 << 20);
	trace_progress(&t, 1 << 20);
	t.progress = &progress;
	trace_progress_begin(&t, 1 << 20);
	progress.began -= 2000;
	trace_progress(&t, 1 << 19);
	trace_progress_end(&t);
	t.level = 0;
	trace_progress_begin(&t, 3 << 20);
	trace_progress(&t, 1 << 20);
	trace_progress(NULL, 1 << 20);
	assert_string_equal(next_line(state, line, sizeof(line)), "");
}

#define ENDS_TEST(test) \
	cmocka_unit_test_prestate_setup_teardown(test, open_ends, close_ends, \
	    ends)

int
main(void)
{
	int ends[2];
	const struct CMUnitTest tests[] = {
		ENDS_TEST(a_large_message_is_drawn_after_a_second_and_wiped),
		ENDS_TEST(other_messages_and_places_have_no_progress),
		ENDS_TEST(each_line_is_one_write_with_its_mark),
		ENDS_TEST(the_time_is_that_since_the_run_s_begin),
		ENDS_TEST(a_level_of_0_writes_nothing),
		ENDS_TEST(a_higher_level_writes_the_same),
		ENDS_TEST(controls_are_escaped),
		ENDS_TEST(an_empty_line_is_a_line),
		ENDS_TEST(a_long_line_is_cut),
		ENDS_TEST(a_write_that_fails_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
