#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/client.h"

/* A client whose input is a pipe, and whose output another one. */
struct ends {
	struct client client;
	int in[2], out[2];
};

static void
begin(struct ends *e, const char *input, int64_t idle)
{
	assert_int_equal(pipe(e->in), 0);
	assert_int_equal(pipe(e->out), 0);
	assert_int_equal(write(e->in[1], input, strlen(input)),
	    strlen(input));
	client_begin(&e->client, e->in[0], e->out[1], idle);
}

static void
end(struct ends *e)
{
	size_t i;

	client_free(&e->client);
	for (i = 0; i < 2; i++) {
		(void)close(e->in[i]);
		(void)close(e->out[i]);
	}
}

static void
lines_end_at_lf_and_say_how(void **state)
{
	static const struct {
		enum client_event event;
		const char *text;
		bool is_bare;
	} rows[] = {
		{ CLIENT_LINE, "NOOP", false },
		{ CLIENT_LINE, "NOOP", true },
		{ CLIENT_LINE, "", false },
		{ CLIENT_LINE, "", true },
		{ CLIENT_LINE, "a\rb\r", false },
		{ CLIENT_CUT, NULL, false },
	};
	struct error err = { 0 };
	enum client_event event;
	struct buf line;
	struct ends e;
	bool is_bare;
	size_t i;

	(void)state;
	begin(&e, "NOOP\r\nNOOP\n\r\n\na\rb\r\r\nQUI", 5000);
	assert_int_equal(close(e.in[1]), 0);
	e.in[1] = -1;
	buf_init(&line, BUF_UNLIMITED);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(client_line(&e.client, &event, &line, &is_bare,
		    &err));
		assert_int_equal(event, rows[i].event);
		if (event != CLIENT_LINE)
			break;
		assert_string_equal(buf_string(&line), rows[i].text);
		assert_true(is_bare == rows[i].is_bare);
	}
	assert_int_equal(i, sizeof(rows) / sizeof(rows[0]) - 1);
	buf_free(&line);
	end(&e);
}

static void
a_line_has_4096_octets_at_most(void **state)
{
	char text[CLIENT_LINE_MAX + 3];
	struct error err = { 0 };
	enum client_event event;
	struct buf line;
	struct ends e;
	bool is_bare;
	size_t extra;

	(void)state;
	buf_init(&line, BUF_UNLIMITED);
	for (extra = 0; extra < 2; extra++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + CLIENT_LINE_MAX - 2 + extra, "\r\n", 3);
		begin(&e, text, 5000);
		assert_true(client_line(&e.client, &event, &line, &is_bare,
		    &err));
		assert_int_equal(event, extra == 0 ? CLIENT_LINE :
		    CLIENT_LONG_LINE);
		end(&e);
	}
	buf_free(&line);
}

static void
check_silence(const struct error *err)
{
	assert_int_equal(err->exit_code, EX_UNAVAILABLE);
	assert_int_equal(err->stage, STAGE_INPUT);
	assert_true(err->temporary);
	assert_non_null(strstr(err->text, "input from the client"));
}

/* Also of one that began a line. */
static void
silence_ends_at_the_limit(void **state)
{
	static const char *const inputs[] = { "", "NOO" };
	enum client_event event;
	struct buf line;
	struct ends e;
	bool is_bare;
	size_t i;

	(void)state;
	buf_init(&line, BUF_UNLIMITED);
	for (i = 0; i < 2; i++) {
		struct error err = { 0 };

		begin(&e, inputs[i], 20);
		assert_false(client_line(&e.client, &event, &line, &is_bare,
		    &err));
		check_silence(&err);
		end(&e);
	}
	buf_free(&line);
}

static void
silence_within_a_message_ends_at_the_limit(void **state)
{
	struct error err = { 0 };
	struct message m;
	struct ends e;
	bool is_over;

	(void)state;
	begin(&e, "Subject: s\r\n\r\nhi\r\n.", 20);
	assert_false(client_message(&e.client, false, NULL, &m, &is_over,
	    &err));
	assert_false(is_over);
	check_silence(&err);
	message_free(&m);
	end(&e);
}

static void
replies_leave_before_anything_is_waited_for(void **state)
{
	static const char want[] = "250-a\r\n250 2.0.0 b c\r\n";
	struct error err = { 0 };
	enum client_event event;
	char got[sizeof(want)];
	struct buf line;
	struct ends e;
	bool is_bare;

	(void)state;
	begin(&e, "NOOP\r\n", 5000);
	buf_init(&line, BUF_UNLIMITED);
	client_reply(&e.client, 250, '-', NULL, "a");
	client_reply(&e.client, 250, ' ', "2.0.0", "%s c", "b");
	assert_true(client_line(&e.client, &event, &line, &is_bare, &err));
	assert_int_equal(read(e.out[0], got, sizeof(got)), sizeof(want) - 1);
	assert_memory_equal(got, want, sizeof(want) - 1);
	buf_free(&line);
	end(&e);
}

static void
behind_a_reply_that_was_lost_none_leaves(void **state)
{
	struct error err = { 0 }, again = { 0 };
	int unfit = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct ends e;
	char octet;

	(void)state;
	begin(&e, "", 1000);
	e.client.out = unfit;
	client_reply(&e.client, 554, ' ', "5.5.0", "no");
	assert_false(client_flush(&e.client, &err));
	assert_int_equal(err.exit_code, EX_OSERR);
	assert_string_equal(err.text, "standard output: Bad file descriptor");

	e.client.out = e.out[1];
	client_reply(&e.client, 250, ' ', "2.0.0", "yes");
	assert_false(client_flush(&e.client, &again));
	assert_string_equal(again.text, err.text);
	assert_int_equal(close(e.out[1]), 0);
	assert_int_equal(read(e.out[0], &octet, 1), 0);
	(void)close(unfit);
	end(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_at_lf_and_say_how),
		cmocka_unit_test(a_line_has_4096_octets_at_most),
		cmocka_unit_test(silence_ends_at_the_limit),
		cmocka_unit_test(silence_within_a_message_ends_at_the_limit),
		cmocka_unit_test(replies_leave_before_anything_is_waited_for),
		cmocka_unit_test(behind_a_reply_that_was_lost_none_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
