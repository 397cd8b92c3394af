/*
 * -bs as a session: a client that waits for each reply, signals, a delivering
 * process that dies, large messages, profiles, TLS and AUTH, the log, -f.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define HEAD "From: r@example.org\r\nDate: x\r\nMessage-ID: <1@e>\r\n"
#define MAIL "MAIL FROM:<robot@example.org>\r\n"
#define RCPT "RCPT TO:<one@example.net>\r\n"
#define TEXT HEAD "\r\nhi\r\n"
#define OPEN "EHLO x\r\n" MAIL RCPT "DATA\r\n"
#define MESSAGE MAIL RCPT "DATA\r\n" TEXT ".\r\n"
#define QUIT "QUIT\r\n"

static const char *const args[] = { "-bs", NULL };
static const char *const verbose[] = { "-bs", "-v", NULL };

static void
say(struct trial *t, const char *text)
{
	assert_int_equal(write(t->program.input, text, strlen(text)),
	    strlen(text));
}

/* One reply with all of its lines; "" where none comes. */
static const char *
hear(struct trial *t, char *reply, size_t size)
{
	struct pollfd fd = { t->program.output, POLLIN, 0 };
	size_t n = 0, line = 0;

	while (n + 1 < size && poll(&fd, 1, 20000) == 1 &&
	    read(fd.fd, reply + n, 1) == 1) {
		if (reply[n++] != '\n')
			continue;
		if (n - line > 4 && reply[line + 3] == ' ')
			break;
		line = n;
	}
	reply[n] = '\0';
	return reply;
}

static void
expect(struct trial *t, const char *words)
{
	char reply[4096];

	if (strstr(hear(t, reply, sizeof(reply)), words) == NULL)
		fail_msg("%s instead of %s", reply, words);
}

static bool
replied(const struct trial *t, const char *words)
{
	return strstr(buf_string(&t->result.out), words) != NULL;
}

static void
a_client_that_waits_for_each_reply_is_served(void **state)
{
	static const struct {
		const char *said, *heard;
	} steps[] = {
		{ "HELO [127.0.0.1]\r\n", "250 " },
		{ MAIL, "250 2.1.0 " },
		{ RCPT, "250 2.1.5 " },
		{ "DATA\r\n", "354 " },
		{ TEXT "\r\n.\r\n", "250 2.0.0 " },
		{ "NOOP\r\n", "250 2.0.0 " },
		{ MAIL, "250 2.1.0 " },
		{ "RCPT TO:<a@b@c>\r\n", "501 5.1.3 " },
		{ "RSET\r\n", "250 2.0.0 " },
		{ MAIL, "250 2.1.0 " },
		{ RCPT, "250 2.1.5 " },
		{ "DATA\r\n", "354 " },
		{ TEXT, NULL },
		{ ".\r\n", "250 2.0.0 " },
		{ QUIT, "221 2.0.0 " },
	};
	struct trial t = { .args = args, .run.how_stdin = PROGRAM_STDIN_OPEN,
		.run.input = span_of("") };
	size_t i;

	trial_start(&t, state);
	expect(&t, "220 ");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		say(&t, steps[i].said);
		if (steps[i].heard != NULL)
			expect(&t, steps[i].heard);
	}
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.result.out.len == 0 && t.result.err.len == 0);
	TRIAL_CHECK(&t, t.record.count == 1 && t.record.committed == 2);
	trial_free(&t);
}

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGTERM, "SIGTERM" }, { SIGINT, "SIGINT" }, { SIGHUP, "SIGHUP" },
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* What the session looks like to all when nothing was on its way. */
static void
check_stopped(const struct trial *t, const char *name)
{
	TRIAL_CHECK(t, t->result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(t, replied(t, "421 4.3.2 ") && !replied(t, "250"));
	TRIAL_CHECK(t, replied(t, name) && trial_says(t, name));
	TRIAL_CHECK(t, t->record.count == 0);
}

static void
a_signal_between_commands_is_told_with_421(void **state)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++) {
		struct trial t = { .args = args, .run = {
		    .how_stdin = PROGRAM_STDIN_OPEN, .input = span_of("") } };

		trial_start(&t, state);
		expect(&t, "220 ");
		say(&t, MAIL);
		expect(&t, "250 ");
		assert_int_equal(kill(t.program.pid, signals[i].number), 0);
		trial_finish(&t);
		check_stopped(&t, signals[i].name);
		trial_free(&t);
	}
}

static void
a_signal_within_the_message_delivers_nothing(void **state)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++) {
		struct trial t = { .args = args, .run = {
		    .how_stdin = PROGRAM_STDIN_OPEN, .input = span_of("") } };

		trial_start(&t, state);
		say(&t, OPEN);
		expect(&t, "220 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "354 ");
		say(&t, TEXT);
		assert_int_equal(kill(t.program.pid, signals[i].number), 0);
		trial_finish(&t);
		check_stopped(&t, signals[i].name);
		trial_free(&t);
	}
}

/* Whether the file comes to hold the words. */
static bool
comes_to_hold(const char *path, const char *words)
{
	char text[16384];
	ssize_t n;
	int fd, turn;

	for (turn = 0; turn < 4000; turn++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
		if (fd != -1)
			(void)close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, words) != NULL)
			return true;
		(void)poll(NULL, 0, 5);
	}
	return false;
}

static void
a_signal_while_the_relay_is_asked_is_no_success(void **state)
{
	char *file = scratch_path(*state, "transcript");
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = verbose, .run = {
		    .stderr_file = file, .input = span_of("") },
		    .overrides = { { .stage = i == 0 ? "data" : "receipt",
		    .script = "wait" } } };

		(void)unlink(file);
		trial_start(&t, state);
		say(&t, OPEN TEXT ".\r\n");
		if (i == 0)
			assert_true(relay_wait_for(t.relay, "DATA", 20000));
		else
			assert_true(comes_to_hold(file, "the message is out"));
		assert_int_equal(kill(t.program.pid, SIGTERM), 0);
		trial_finish(&t);
		TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
		TRIAL_CHECK(&t, replied(&t, "\r\n421 4.3.2 "));
		TRIAL_CHECK(&t, !replied(&t, "\r\n250 2.0.0 "));
		TRIAL_CHECK(&t, replied(&t, "stopped by SIGTERM"));
		TRIAL_CHECK(&t, replied(&t, i == 0 ? "\r\n451 4.3.2 " :
		    "\r\n451 4.4.2 the relay may already hold"));
		TRIAL_CHECK(&t, t.record.committed == 0);
		trial_free(&t);
	}
	mem_free(file);
}

/* What stands behind the name in brackets in /proc/PID/stat: " S PARENT". */
static const char *
stat_of(const char *pid, char *text, size_t size)
{
	char path[300], *at;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return "";
	n = read(fd, text, size - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strrchr(text, ')');
	return at == NULL || strlen(at) < 4 ? "" : at + 1;
}

static long
parent_of(const char *pid)
{
	char text[1000];
	const char *at = stat_of(pid, text, sizeof(text));

	return at[0] == '\0' ? -1 : strtol(at + 3, NULL, 10);
}

/* One that waits to be reaped isn't. */
static bool
is_running(pid_t pid)
{
	char number[40], text[1000];
	const char *at;

	(void)snprintf(number, sizeof(number), "%ld", (long)pid);
	at = stat_of(number, text, sizeof(text));
	return pid > 0 && at[0] != '\0' && at[1] != 'Z';
}

/* The one child of the program, which holds the relay session; 0: none. */
static pid_t
find_child(pid_t parent)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long child = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (ascii_is_digit(entry->d_name[0]) &&
		    parent_of(entry->d_name) == (long)parent)
			child = strtol(entry->d_name, NULL, 10);
	(void)closedir(dir);
	return (pid_t)child;
}

static pid_t
child_of(pid_t parent)
{
	pid_t child = find_child(parent);

	assert_true(child > 0);
	return child;
}

/* The relay that is told nothing more tells nothing either. */
static void
a_relay_that_ends_between_messages_is_left_at_once(void **state)
{
	static const char *const ends[] = { "S 421 4.4.2 idle",
	    "flush\nclose" };
	size_t i, turn;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = args, .run.input = span_of(""),
		    .overrides = { { .stage = "receipt", .script = ends[i],
		    .when = RELAY_AFTER, .connection = 1 } } };

		trial_start(&t, state);
		say(&t, OPEN TEXT ".\r\n");
		expect(&t, "220 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "354 ");
		expect(&t, "250 ");
		for (turn = 0; turn < 2000 &&
		    is_running(find_child(t.program.pid)); turn++)
			(void)poll(NULL, 0, 5);
		TRIAL_CHECK(&t, !is_running(find_child(t.program.pid)));
		say(&t, MESSAGE QUIT);
		trial_finish(&t);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.count == 2);
		TRIAL_CHECK(&t, t.record.committed == 2);
		trial_free(&t);
	}
}

static void
a_delivering_process_that_is_killed_is_never_a_250(void **state)
{
	static const struct {
		const char *stage, *reply;
	} rows[] = {
		{ "mail", "451 4.3.0 the process with the relay session" },
		{ "receipt", "451 4.4.2 the relay may already hold" },
	};
	char *file = scratch_path(*state, "transcript");
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = verbose, .run = {
		    .stderr_file = file, .input = span_of("") },
		    .overrides = { { .stage = rows[i].stage,
		    .script = "wait", .connection = 1 } } };

		(void)unlink(file);
		trial_start(&t, state);
		say(&t, OPEN TEXT ".\r\n");
		expect(&t, "220 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "250 ");
		expect(&t, "354 ");
		if (i == 0)
			assert_true(relay_wait_for(t.relay, "MAIL", 20000));
		else
			assert_true(comes_to_hold(file, "the message is out"));
		assert_int_equal(kill(child_of(t.program.pid), SIGKILL), 0);
		expect(&t, rows[i].reply);
		/* The session goes on with another one. */
		say(&t, MESSAGE QUIT);
		trial_finish(&t);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, replied(&t, "\r\n250 2.0.0 "));
		TRIAL_CHECK(&t, t.record.count == 2);
		TRIAL_CHECK(&t, t.record.committed == 1);
		trial_free(&t);
	}
	mem_free(file);
}

/* Above 16 MiB it goes through a file to the process with the session. */
static void
a_message_over_16_mib_arrives_whole(void **state)
{
	static const char line[] = "..a line that begins with a dot, and is "
	    "here some hundred thousand times\r\n";
	const size_t lines = (17UL << 20) / (sizeof(line) - 1);
	struct trial t = { .args = args, .is_lean = true,
		.serve.capabilities = "SIZE\n8BITMIME\nPIPELINING",
		.run.limit_ms = 60000 };
	struct buf input;
	size_t i;

	buf_init(&input, BUF_UNLIMITED);
	assert_true(buf_add_string(&input, OPEN TEXT));
	for (i = 0; i < lines; i++)
		assert_true(buf_add(&input, line, sizeof(line) - 1));
	assert_true(buf_add_string(&input, ".\r\n" MESSAGE QUIT));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.count == 1 && t.record.committed == 2);
	/* As on the wire, dots doubled. */
	TRIAL_CHECK(&t, t.record.connections[0].messages[0].octets ==
	    sizeof(TEXT) - 1 + lines * (sizeof(line) - 1));
	TRIAL_CHECK(&t, t.record.connections[0].messages[1].octets ==
	    sizeof(TEXT) - 1);
	trial_free(&t);
	buf_free(&input);
}

static bool
connection_heard(const struct trial *t, size_t i, const char *command)
{
	const struct relay_connection *c = &t->record.connections[i];
	size_t k;

	for (k = 0; k < c->command_count; k++)
		if (strcmp(c->commands[k], command) == 0)
			return true;
	return false;
}

static void
each_sender_gets_the_profile_that_fits(void **state)
{
	static const char *const names[] = { "EHLO first.example",
		"EHLO second.example", "EHLO first.example" };
	struct trial t = { .args = args,
		.keys = "ehlo = first.example\n[second]\ninherit = default\n"
		    "match_from = *@two.example\nehlo = second.example\n",
		.run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE
		    "MAIL FROM:<a@two.example>\r\n" RCPT "DATA\r\n" TEXT
		    ".\r\n" MESSAGE QUIT) };
	size_t i;

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 4);
	TRIAL_CHECK(&t, t.record.count == 3);
	for (i = 0; i < 3; i++)
		TRIAL_CHECK(&t, connection_heard(&t, i, names[i]));
	trial_free(&t);
}

static void
the_relay_session_is_kept_under_tls_and_auth(void **state)
{
	static const enum relay_mode modes[] = { RELAY_STARTTLS, RELAY_TLS };
	size_t i, k;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = args, .mode = modes[i],
			.keys = "user = ann\npassword = secret word\n",
			.serve = { .user = "ann", .password = "secret word",
			.wants_auth = true },
			.run.input = span_of("EHLO x\r\n" MESSAGE MESSAGE
			    QUIT) };
		size_t auths = 0;

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.committed == 2);
		TRIAL_CHECK(&t, t.record.count == 1);
		TRIAL_CHECK(&t, t.record.connections[0].tls[0] != '\0');
		for (k = 0; k < t.record.connections[0].command_count; k++)
			auths += strncmp(t.record.connections[0].commands[k],
			    "AUTH ", 5) == 0;
		TRIAL_CHECK(&t, auths == 1);
		trial_free(&t);
	}
}

static void
what_is_wrong_with_tls_or_auth_is_told_at_the_dot(void **state)
{
	static const struct {
		enum relay_mode mode;
		const char *certificate, *said;
	} rows[] = {
		{ RELAY_STARTTLS, "expired", "\r\n554 5." },
		{ RELAY_TLS, NULL, "\r\n554 5.7.8 " },
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = args, .mode = rows[i].mode,
			.certificate = rows[i].certificate,
			.keys = "user = ann\npassword = secret word\n",
			.serve = { .user = "ann", .password = "another",
			.wants_auth = true },
			.run.input = span_of("EHLO x\r\n" MESSAGE QUIT) };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, replied(&t, rows[i].said));
		TRIAL_CHECK(&t, !replied(&t, "\r\n250 2.0.0 "));
		TRIAL_CHECK(&t, !replied(&t, "secret word"));
		TRIAL_CHECK(&t, t.record.committed == 0);
		trial_free(&t);
	}
}

/* Lines of stderr, where the log goes, that hold all of the words. */
static size_t
count_lines(const struct trial *t, const char *const *words)
{
	struct span rest = buf_span(&t->result.err), line;
	char text[2048];
	size_t found = 0, i;

	while (span_next(&rest, '\n', &line)) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)line.len,
		    line.data == NULL ? "" : line.data);
		for (i = 0; words[i] != NULL && strstr(text, words[i]) != NULL;
		    i++)
			;
		found += words[i] == NULL;
	}
	return found;
}

static void
each_message_gets_its_line_in_the_log(void **state)
{
	static const char *const sent[] = { "profile=default",
		"host=127.0.0.1:", "from=robot@example.org", "size=",
		"exit=EX_OK status=250", "recipients=one@example.net", NULL };
	static const char *const refused[] = { "profile=default", "from=<>",
		"exit=EX_NOUSER", "status=550",
		"refused=two@example.net:550",
		"recipients=one@example.net,two@example.net", NULL };
	struct trial t = { .args = args, .keys = "log = stderr\n",
		.overrides = { { .stage = "rcpt2",
		.script = "S 550 5.1.1 nobody" } },
		.run.input = span_of("EHLO x\r\n" MESSAGE
		    "MAIL FROM:<>\r\n" RCPT "RCPT TO:<two@example.net>\r\n"
		    "DATA\r\n" TEXT ".\r\n" MESSAGE QUIT) };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, count_lines(&t, sent) == 2);
	TRIAL_CHECK(&t, count_lines(&t, refused) == 1);
	trial_free(&t);
}

/* For all but the envelope, which keeps the null sender. */
static void
the_sender_of_f_stands_in_for_the_null_one(void **state)
{
	static const char *const with[] = { "-bs", "-f", "a@two.example",
		NULL };
	static const char *const null[] = { "-bs", "-f", "<>", NULL };
	static const struct {
		const char *const *args;
		const char *mail, *keys, *path, *from, *ehlo;
	} rows[] = {
		{ with, "MAIL FROM:<>", "", "<>", "From: a@two.example\r\n",
		    "EHLO second.example" },
		{ with, "MAIL FROM:<b@three.example>", "", "<b@three.example>",
		    "From: b@three.example\r\n", "EHLO first.example" },
		{ with, "MAIL FROM:<>", "allow_f = no\n",
		    "<boss@example.org>", "From: boss@example.org\r\n",
		    "EHLO second.example" },
		{ args, "MAIL FROM:<>", "", "<>", "From: boss@example.org\r\n",
		    "EHLO first.example" },
		{ null, "MAIL FROM:<>", "", "<>", "From: boss@example.org\r\n",
		    "EHLO first.example" },
	};
	const struct relay_message *m;
	struct buf keys, input;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .args = rows[i].args };

		buf_init(&keys, BUF_UNLIMITED);
		buf_init(&input, BUF_UNLIMITED);
		assert_true(buf_printf(&keys, "ehlo = first.example\n"
		    "from = boss@example.org\n%s[second]\ninherit = default\n"
		    "match_from = *@two.example\nehlo = second.example\n",
		    rows[i].keys) && buf_printf(&input, "EHLO x\r\n%s\r\n"
		    RCPT "DATA\r\nSubject: s\r\n\r\nhi\r\n.\r\n" QUIT,
		    rows[i].mail));
		t.keys = keys.data;
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		m = relay_only_message(&t.record);
		TRIAL_CHECK(&t, m != NULL);
		TRIAL_CHECK(&t, strncmp(m->mail, rows[i].path,
		    strlen(rows[i].path)) == 0);
		TRIAL_CHECK(&t, strstr(m->text.data, rows[i].from) != NULL);
		TRIAL_CHECK(&t, connection_heard(&t, 0, rows[i].ehlo));
		trial_free(&t);
		buf_free(&keys);
		buf_free(&input);
	}
}

static void
a_wrong_sender_of_f_is_told_at_once(void **state)
{
	static const char *const wrong[] = { "-bs", "-f",
		"a@b.example\nX: y", NULL };
	struct trial t = { .args = wrong, .run.input = span_of(MESSAGE) };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_DATAERR);
	TRIAL_CHECK(&t, strncmp(buf_string(&t.result.out), "421 ", 4) == 0);
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_waits_for_each_reply_is_served),
		cmocka_unit_test(a_signal_between_commands_is_told_with_421),
		cmocka_unit_test(a_signal_within_the_message_delivers_nothing),
		cmocka_unit_test(
		    a_signal_while_the_relay_is_asked_is_no_success),
		cmocka_unit_test(
		    a_delivering_process_that_is_killed_is_never_a_250),
		cmocka_unit_test(
		    a_relay_that_ends_between_messages_is_left_at_once),
		cmocka_unit_test(a_message_over_16_mib_arrives_whole),
		cmocka_unit_test(each_sender_gets_the_profile_that_fits),
		cmocka_unit_test(the_relay_session_is_kept_under_tls_and_auth),
		cmocka_unit_test(
		    what_is_wrong_with_tls_or_auth_is_told_at_the_dot),
		cmocka_unit_test(each_message_gets_its_line_in_the_log),
		cmocka_unit_test(the_sender_of_f_stands_in_for_the_null_one),
		cmocka_unit_test(a_wrong_sender_of_f_is_told_at_once),
	};

	/* A caller may ignore it, as nohup does, and then so does the program. */
	(void)signal(SIGHUP, SIG_DFL);
	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
