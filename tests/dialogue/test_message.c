/*
 * The message's octets on their way: line ends, dots, sizes in memory and in
 * a file, and the input that can't be sent.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define MIB ((size_t)1 << 20)
#define HEAD "From: r@example.org\r\nDate: x\r\nMessage-ID: <1@e>\r\n"

static const char *const with_dots[] = { "-f", KIT_SENDER, KIT_RECIPIENT,
	NULL };

struct form {
	const char *label;
	const char *const *args;	/* NULL: with -i */
	const char *input;	/* behind HEAD, but for the first one */
	const char *wire;
};

static void
check_form(const struct form *form, const char *head, void **state)
{
	struct trial t = { .args = form->args };
	struct buf input, wire;

	buf_init(&input, BUF_UNLIMITED);
	buf_init(&wire, BUF_UNLIMITED);
	assert_true(buf_printf(&input, "%s%s", head, form->input));
	assert_true(buf_printf(&wire, "%s%s", HEAD, form->wire));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, wire.data);
	trial_free(&t);
	buf_free(&input);
	buf_free(&wire);
}

static void
msg_3_every_line_end_leaves_as_crlf(void **state)
{
	static const char lf[] =
	    "From: r@example.org\nDate: x\nMessage-ID: <1@e>\n";
	static const char mixed[] =
	    "From: r@example.org\r\nDate: x\nMessage-ID: <1@e>\r\n";
	static const struct form forms[] = {
		{ "LF", NULL, "\none\ntwo\n", "\r\none\r\ntwo\r\n" },
		{ "CRLF", NULL, "\r\none\r\ntwo\r\n", "\r\none\r\ntwo\r\n" },
		{ "PHP: header CRLF, body LF", NULL, "\r\none\ntwo\n",
		    "\r\none\r\ntwo\r\n" },
		{ "CRCRLF", NULL, "\none\r\r\ntwo\r\r\r\n",
		    "\r\none\r\ntwo\r\n" },
		{ "no end", NULL, "\none", "\r\none\r\n" },
		{ "blank lines", NULL, "\n\n\r\n\n", "\r\n\r\n\r\n\r\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		check_form(&forms[i], lf, state);
		check_form(&forms[i], HEAD, state);
		check_form(&forms[i], mixed, state);
	}
}

static void
msg_1_and_2_no_dot_gets_through_by_a_lone_cr(void **state)
{
	static const struct form forms[] = {
		{ "a progress bar", NULL, "\n10%\r20%\rdone\n",
		    "\r\n10%\r\n20%\r\ndone\r\n" },
		{ "CR dot CR", NULL, "\none\r.\rtwo\n",
		    "\r\none\r\n..\r\ntwo\r\n" },
		{ "CR dot CRLF", NULL, "\none\r.\r\nMAIL FROM:<x@y>\n",
		    "\r\none\r\n..\r\nMAIL FROM:<x@y>\r\n" },
		{ "LF dot LF", NULL, "\none\n.\ntwo\n",
		    "\r\none\r\n..\r\ntwo\r\n" },
		{ "CRLF dot LF", NULL, "\none\r\n.\ntwo\n",
		    "\r\none\r\n..\r\ntwo\r\n" },
		{ "LF dot CRLF", NULL, "\none\n.\r\ntwo\n",
		    "\r\none\r\n..\r\ntwo\r\n" },
		{ "LF dot CR", NULL, "\none\n.\rtwo\n",
		    "\r\none\r\n..\r\ntwo\r\n" },
		{ "CR at the end", NULL, "\none\r", "\r\none\r\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		check_form(&forms[i], HEAD, state);
}

static void
msg_10_a_lone_dot_ends_the_message_only_without_i(void **state)
{
	static const struct form forms[] = {
		{ "with -i", NULL, "\none\n.\n..\ntwo\n",
		    "\r\none\r\n..\r\n...\r\ntwo\r\n" },
		{ "without", with_dots, "\none\n.\ntwo\n", "\r\none\r\n" },
		{ "without, CRLF", with_dots, "\r\none\r\n.\r\ntwo\r\n",
		    "\r\none\r\n" },
		{ "without, doubled", with_dots, "\n..\n..two\n.three\n",
		    "\r\n..\r\n..two\r\n..three\r\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		check_form(&forms[i], HEAD, state);
}

static void
what_follows_the_dot_is_read_all_the_same(void **state)
{
	struct trial t = { .args = with_dots };
	struct buf input;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, HEAD "\r\nhello\r\n.\r\n"));
	while (input.len < MIB)
		assert_true(buf_add_string(&input, "never\r\n"));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, HEAD "\r\nhello\r\n");
	TRIAL_CHECK(&t, !t.result.broken_pipe);
	trial_free(&t);
	buf_free(&input);
}

/* Lines of every length, dots among them; the reference beside it. */
static void
make_message(struct buf *input, struct buf *text, size_t size)
{
	static const char line[] =
	    ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t i, n;

	buf_init(input, BUF_UNLIMITED);
	buf_init(text, BUF_UNLIMITED);
	assert_true(buf_reserve(input, size + 200));
	assert_true(buf_reserve(text, size + size / 8));
	assert_true(buf_add_string(input, HEAD "\r\n"));
	assert_true(buf_add_string(text, HEAD "\r\n"));
	for (i = 0; input->len < size; i++) {
		n = i % (sizeof(line) - 1);
		assert_true(buf_add(input, line, n) &&
		    buf_add_char(input, '\n'));
		assert_true(buf_add(text, line, n) && buf_add(text, "\r\n", 2));
	}
}

static void
check_large(struct trial *t, const struct buf *text, void **state)
{
	const struct relay_message *m;

	t->serve.capabilities = "SIZE 100000000";
	trial_run(t, state);
	trial_delivered(t, NULL);
	m = relay_only_message(&t->record);
	TRIAL_CHECK(t, m->text.len == text->len);
	TRIAL_CHECK(t, memcmp(m->text.data, text->data, text->len) == 0);
	trial_free(t);
}

static void
three_mebibytes_arrive_to_the_octet_on_every_way(void **state)
{
	struct trial clear = { .mode = RELAY_PLAIN };
	struct trial starttls = { .mode = RELAY_STARTTLS };
	struct trial implicit = { .mode = RELAY_TLS };
	struct trial by_socket = { .is_unix = true };
	struct buf input, text;

	make_message(&input, &text, 3 * MIB);
	clear.run.input = buf_span(&input);
	starttls.run.input = buf_span(&input);
	implicit.run.input = buf_span(&input);
	by_socket.run.input = buf_span(&input);
	check_large(&clear, &text, state);
	check_large(&starttls, &text, state);
	check_large(&implicit, &text, state);
	check_large(&by_socket, &text, state);
	buf_free(&input);
	buf_free(&text);
}

static void
twenty_mebibytes_arrive_from_a_pipe_and_from_a_file(void **state)
{
	struct trial by_pipe = { .mode = RELAY_PLAIN };
	struct trial by_file = { .run.how_stdin = PROGRAM_STDIN_FILE };
	struct buf input, text;
	char *path;

	make_message(&input, &text, 20 * MIB);
	path = scratch_file(*state, "message", 0600, buf_span(&input));
	assert_non_null(path);
	by_pipe.run.input = buf_span(&input);
	by_file.run.input_file = path;
	check_large(&by_pipe, &text, state);
	check_large(&by_file, &text, state);
	mem_free(path);
	buf_free(&input);
	buf_free(&text);
}

static void
a_body_without_a_header_loses_no_line(void **state)
{
	struct trial t = { .run.input = span_of("no header here\nat all\n") };
	const struct relay_message *m;

	trial_run(&t, state);
	trial_delivered(&t, NULL);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, strstr(m->text.data, "\r\n\r\nno header here\r\nat all"
	    "\r\n") != NULL);
	TRIAL_CHECK(&t, strncmp(m->text.data, "From: ", 6) == 0);
	trial_free(&t);
}

struct refusal {
	const char *label;
	const char *input;
	size_t size;
	int exit_status;
	const char *stage, *words;
};

#define INPUT(text) (text), sizeof(text) - 1
#define TO "To: a@b.net\n"

static void
msg_2_4_6_and_7_what_cant_be_sent_costs_no_connection(void **state)
{
	static const char *const from_header[] = { "-t", "-i", "-f",
		KIT_SENDER, NULL };
	static const struct refusal refusals[] = {
		{ "msg_4: NUL in the header", INPUT(TO "A: \0b\n\nc\n"),
		    EX_DATAERR, "input", "holds a NUL" },
		{ "msg_4: NUL before a Bcc", INPUT(TO "\0Bcc: x@y.net\n\nd\n"),
		    EX_DATAERR, "input", "holds a NUL" },
		{ "msg_7: header cut off", INPUT("From: a@b.net\nSubj"),
		    EX_DATAERR, "input", "header cut off" },
		{ "msg_7: header cut off in a field", INPUT(TO "Subject: s"),
		    EX_DATAERR, "input", "header cut off" },
		{ "empty", INPUT(""), EX_NOINPUT, "input", "stdin is empty" },
		{ "msg_2: signed with a lone CR",
		    INPUT(TO "DKIM-Signature: v=1\n\na\rb\n"), EX_DATAERR,
		    "input", "lone CR" },
		{ "msg_6: no address", INPUT("To: b@exam ple.org\n\nx\n"),
		    EX_DATAERR, "address", "To" },
		{ "msg_6: one bad of two", INPUT("To: a@b.net, c@\n\nx\n"),
		    EX_DATAERR, "address", "To" },
		{ "no recipients", INPUT("Subject: x\n\nx\n"), EX_USAGE,
		    "usage", "no recipients" },
		/* The last one, since it holds only without /etc/mailname. */
		{ "a bare name and no domain", INPUT("To: root\n\nx\n"),
		    EX_CONFIG, "address", "root" },
	};
	const struct refusal *r;
	size_t count = sizeof(refusals) / sizeof(refusals[0]), i;

	for (i = 0; i < count - (kit_has_mailname() ? 1 : 0); i++) {
		struct trial t = { .json = true, .args = from_header };

		r = &refusals[i];
		t.run.input = span_make(r->input, r->size);
		trial_run(&t, state);
		trial_failed(&t, r->exit_status, r->stage, r->words);
		TRIAL_CHECK(&t, t.record.count == 0);
		TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
		TRIAL_CHECK(&t, !t.result.broken_pipe);
		trial_free(&t);
	}
}

/* Adds `count` lines, each with its number in place of the %zu. */
static void
add_lines(struct buf *b, size_t count, const char *before, const char *after)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_true(buf_printf(b, "%s%zu%s", before, i, after));
}

static void
check_limit(const struct buf *input, const char *stage, const char *words,
    void **state)
{
	static const char *const from_header[] = { "-t", "-i", "-f",
		KIT_SENDER, NULL };
	struct trial t = { .json = true, .args = from_header };

	t.run.input = buf_span(input);
	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, stage, words);
	TRIAL_CHECK(&t, t.record.count == 0);
	TRIAL_CHECK(&t, !t.result.broken_pipe);
	trial_free(&t);
}

static void
msg_8_a_header_over_its_limits_is_refused(void **state)
{
	struct buf input;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, TO "Subject: x\n"));
	add_lines(&input, MIB / 60, " 0123456789012345678901234567890123456789"
	    "01234567890123456789", "\n");
	assert_true(buf_add_string(&input, "\nhello\n"));
	check_limit(&input, "input", "1048576 octets", state);
	buf_clear(&input);
	assert_true(buf_add_string(&input, TO));
	add_lines(&input, 8 * MIB / 100, "X: 0123456789012345678901234567890123"
	    "456789012345678901234567890123456789012345678901234567890123"
	    "456789", "\n");
	assert_true(buf_add_string(&input, "\nhello\n"));
	check_limit(&input, "input", "8388608 octets", state);
	buf_free(&input);
}

static void
msg_8_a_recipient_over_the_limit_is_refused(void **state)
{
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	for (i = 0; i < 3; i++) {
		assert_true(buf_printf(&input, "To: x%zu@a.net", i));
		add_lines(&input, 33334, ",\n u", i == 0 ? "@a.net" :
		    i == 1 ? "@b.net" : "@c.net");
		assert_true(buf_add_char(&input, '\n'));
	}
	assert_true(buf_add_string(&input, "\nhello\n"));
	check_limit(&input, "address", "100000", state);
	buf_free(&input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msg_3_every_line_end_leaves_as_crlf),
		cmocka_unit_test(msg_1_and_2_no_dot_gets_through_by_a_lone_cr),
		cmocka_unit_test(
		    msg_10_a_lone_dot_ends_the_message_only_without_i),
		cmocka_unit_test(what_follows_the_dot_is_read_all_the_same),
		cmocka_unit_test(
		    three_mebibytes_arrive_to_the_octet_on_every_way),
		cmocka_unit_test(
		    twenty_mebibytes_arrive_from_a_pipe_and_from_a_file),
		cmocka_unit_test(a_body_without_a_header_loses_no_line),
		cmocka_unit_test(msg_8_a_header_over_its_limits_is_refused),
		cmocka_unit_test(msg_8_a_recipient_over_the_limit_is_refused),
		cmocka_unit_test(
		    msg_2_4_6_and_7_what_cant_be_sent_costs_no_connection),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
