/*
 * What the program says, and to whom: --json, the log, --dry-run, help, and
 * stdout and stderr that take nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

/* A reader of RFC 8259, narrower than that: printable ASCII alone. */
static const char *skip_value(const char *at);

static const char *
skip_string(const char *at)
{
	for (at++; at != NULL && *at != '"'; at++) {
		if (*at < ' ' || *at > '~')
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u' && strspn(at + 1, "0123456789abcdef") >= 4)
			at += 4;
		else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL)
			return NULL;
	}
	return at + 1;
}

/* Members of an object, or elements, up to the closing character. */
static const char *
skip_list(const char *at, char close)
{
	if (at[1] == close)
		return at + 2;
	do {
		at++;
		if (close == '}') {
			at = *at == '"' ? skip_string(at) : NULL;
			if (at == NULL || *at++ != ':')
				return NULL;
		}
		at = skip_value(at);
	} while (at != NULL && *at == ',');
	return at != NULL && *at == close ? at + 1 : NULL;
}

static const char *
skip_value(const char *at)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	if (*at == '"')
		return skip_string(at);
	if (*at == '{' || *at == '[')
		return skip_list(at, *at == '{' ? '}' : ']');
	for (i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	i = strspn(at, "0123456789");
	return i > 0 ? at + i : NULL;
}

/* One object in one line, and nothing else. */
static bool
is_json_line(const char *text)
{
	const char *end = *text == '{' ? skip_value(text) : NULL;

	return end != NULL && strcmp(end, "\n") == 0;
}

static void
json_is_one_valid_line_whatever_happens(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f",
		"\"a \\\" \\\\ b\"@example.org", NULL };
	static const struct {
		const char *stage, *script, *keys;
		int exit_status;
	} cases[] = {
		{ NULL, NULL, NULL, EX_OK },
		{ "receipt", "commit\nS 250 \"quoted\" \\\\ \\x1b \\xff "
		    "{},[]:", NULL, EX_OK },
		{ "rcpt", "S 550 5.1.1 \"no\\\\\"\\x01\\x7f", NULL,
		    EX_NOUSER },
		{ "mail", "S 451-one\nS 451 two", NULL, EX_UNAVAILABLE },
		{ "receipt", "close", NULL, EX_PROTOCOL },
		{ NULL, NULL, "ehlo = \"\\\t\xc3\xa9\n", EX_CONFIG },
		{ NULL, NULL, "what\" = 1\n", EX_CONFIG },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .args = args,
		    .keys = cases[i].keys, .overrides = { {
		    .stage = cases[i].stage, .script = cases[i].script } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == cases[i].exit_status);
		TRIAL_CHECK(&t, t.result.out.len == 0);
		TRIAL_CHECK(&t, is_json_line(buf_string(&t.result.err)));
		TRIAL_CHECK(&t, trial_says(&t, cases[i].exit_status == EX_OK ?
		    "\"accepted\":true" : "\"accepted\":false"));
		trial_free(&t);
	}
}

static void
read_file(const char *path, struct buf *out)
{
	char block[4096];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_clear(out);
	while (fd != -1 && (n = read(fd, block, sizeof(block))) > 0)
		assert_true(buf_add(out, block, (size_t)n));
	if (fd != -1)
		(void)close(fd);
	assert_true(n == 0);
}

static size_t
count_lines(const struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void
cfg_3_each_run_is_one_line_of_the_log_that_cant_be_forged(void **state)
{
	static const char *const args[] = { "-i", "-f",
		"\"x exit=EX_OK'\"@example.org", KIT_RECIPIENT, NULL };
	static const struct {
		const char *stage, *script, *words;
	} cases[] = {
		{ NULL, NULL, " exit=EX_OK " },
		{ "receipt", "commit\nS 250-a\nS 250 b' exit=EX_FAKE\\x1b",
		    " exit=EX_OK " },
		{ "mail", "S 550-\\x0d\\x1bx\nS 550 posthaste[1]: y",
		    " exit=EX_PROTOCOL " },
		{ "rcpt", "S 550 5.1.1 no", "refused=one@example.net:550" },
	};
	char *path = scratch_path(*state, "log"), keys[300];
	struct stat st;
	struct buf log;
	size_t i;

	buf_init(&log, BUF_UNLIMITED);
	(void)snprintf(keys, sizeof(keys), "log = file:%s\n", path);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .args = args, .keys = keys,
		    .overrides = { { .stage = cases[i].stage,
		    .script = cases[i].script } } };

		trial_run(&t, state);
		read_file(path, &log);
		TRIAL_CHECK(&t, count_lines(&log) == i + 1);
		TRIAL_CHECK(&t, strstr(log.data, cases[i].words) != NULL);
		TRIAL_CHECK(&t, strchr(log.data, '\x1b') == NULL);
		TRIAL_CHECK(&t, strstr(log.data, " from='\"x exit=EX_OK\\x27\""
		    "@example.org' ") != NULL);
		TRIAL_CHECK(&t, strstr(log.data, " exit=EX_FAKE") == NULL ||
		    strstr(log.data, "\\x27 exit=EX_FAKE") != NULL);
		trial_free(&t);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	buf_free(&log);
	mem_free(path);
}

static void
the_tag_of_the_log_line_can_be_chosen(void **state)
{
	static const char *const args[] = { "-i", "-L", "backup", "-f",
		KIT_SENDER, KIT_RECIPIENT, NULL };
	char *path = scratch_path(*state, "tagged"), keys[300];
	struct trial t = { .args = args, .keys = keys };
	struct buf log;

	buf_init(&log, BUF_UNLIMITED);
	(void)snprintf(keys, sizeof(keys), "log = file:%s\n", path);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	read_file(path, &log);
	TRIAL_CHECK(&t, strstr(log.data, " backup[") != NULL);
	TRIAL_CHECK(&t, strstr(log.data, "posthaste[") == NULL);
	trial_free(&t);
	buf_free(&log);
	mem_free(path);
}

static void
cfg_3_a_log_that_cant_be_written_fails_no_mail(void **state)
{
	char *link = scratch_path(*state, "link");
	char *target = scratch_file(*state, "target", 0600, span_of("mine\n"));
	char *hard = scratch_path(*state, "hard");
	const char *const paths[] = { link, hard, "/nowhere/at/all",
		"/dev/full", "/" };
	struct buf text;
	char keys[300];
	size_t i;

	buf_init(&text, BUF_UNLIMITED);
	assert_non_null(target);
	assert_int_equal(symlink(target, link), 0);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct trial t = { .keys = keys };

		if (i == 1)
			assert_int_equal(linkat(AT_FDCWD, target, AT_FDCWD,
			    hard, 0), 0);
		(void)snprintf(keys, sizeof(keys), "log = file:%s\n",
		    i == 4 ? "/." : paths[i]);
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
	read_file(target, &text);
	assert_string_equal(text.data, "mine\n");
	buf_free(&text);
	mem_free(link);
	mem_free(target);
	mem_free(hard);
}

static void
stdin_12_a_stderr_that_takes_nothing_changes_no_status(void **state)
{
	struct trial good = { .args = (const char *const[]){ "-v", "-i", "-f",
	    KIT_SENDER, KIT_RECIPIENT, NULL }, .json = true,
	    .run.stderr_file = "/dev/full" };
	struct trial bad = { .run.stderr_file = "/dev/full", .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 no" } } };

	trial_run(&good, state);
	trial_delivered(&good, kit_wire);
	trial_run(&bad, state);
	trial_failed(&bad, EX_NOUSER, NULL, "");
	trial_free(&good);
	trial_free(&bad);
}

static void
oeq_leaves_the_status_to_speak(void **state)
{
	static const char *const args[] = { "-i", "-oeq", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	char *path = scratch_path(*state, "quiet.log"), keys[300];
	struct trial t = { .args = args, .keys = keys, .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 no" } } };
	struct buf log;

	buf_init(&log, BUF_UNLIMITED);
	(void)snprintf(keys, sizeof(keys), "log = file:%s\n", path);
	trial_run(&t, state);
	trial_failed(&t, EX_NOUSER, NULL, "");
	TRIAL_CHECK(&t, t.result.err.len == 0);
	read_file(path, &log);
	assert_int_equal(count_lines(&log), 1);
	trial_free(&t);
	buf_free(&log);
	mem_free(path);
}

static void
a_dry_run_shows_everything_and_sends_nothing(void **state)
{
	static const char *const args[] = { "--dry-run", "-t", "-i", "-f",
		KIT_SENDER, NULL };
	static const char *const wanted[] = { "profile:    [default] of ",
		"relay:      127.0.0.1 port ", "tls none", "EHLO client.",
		"chosen:     ", "login:      u\n",
		"sender:     <robot@example.org>\n",
		"recipient:  <one@example.net>\n",
		"recipient:  <two@example.net>\n", "size:       ",
		"note:       2 From fields", "nothing is sent",
		"\nSubject: x\n", "\nDate: ", "\nMessage-ID: <" };
	struct trial t = { .args = args,
	    .keys = "user = u\npassword_command = echo ran >&2; false\n",
	    .run.input = span_of("From: a@b.net\nFrom: c@d.net\n"
	    "To: one@example.net\nBcc: two@example.net\nSubject: x\n\nhi\n") };
	struct trial full = { .args = args, .run.stdout_file = "/dev/full",
	    .run.input = span_of("To: one@example.net\n\nhi\n") };
	size_t i;

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.result.err.len == 0);
	TRIAL_CHECK(&t, t.record.count == 0);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		TRIAL_CHECK(&t, strstr(t.result.out.data, wanted[i]) != NULL);
	TRIAL_CHECK(&t, strstr(t.result.out.data, "Bcc") == NULL);
	trial_run(&full, state);
	trial_failed(&full, EX_OSERR, NULL, "standard output");
	TRIAL_CHECK(&full, full.record.count == 0);
	trial_free(&t);
	trial_free(&full);
}

static void
a_dry_run_finds_what_a_run_would(void **state)
{
	static const char *const args[] = { "--dry-run", "-t", NULL };
	struct trial t = { .args = args,
	    .run.input = span_of("To: a@b@c\n\nhi\n") };

	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, NULL, "To");
	trial_free(&t);
}

/* The modes without a message read no stdin, and wait for none. */
static void
modes_without_a_message_print_and_end(void **state)
{
	static const struct {
		const char *argv[3];
		const char *out;
	} cases[] = {
		{ { "posthaste", "--help" }, "usage: posthaste " },
		{ { "sendmail", "--help" }, "usage: posthaste " },
		{ { "posthaste", "--version" }, "posthaste " },
		{ { "mailq" }, "Mail queue is empty\n" },
		{ { "sendmail", "-bp" }, "Mail queue is empty\n" },
		{ { "newaliases" }, NULL },
		{ { "sendmail", "-bi" }, NULL },
		{ { "runq" }, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .run.argv = cases[i].argv,
		    .run.how_stdin = PROGRAM_STDIN_OPEN };
		struct trial full = { .run.argv = cases[i].argv,
		    .run.stdout_file = "/dev/full" };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.result.err.len == 0 && !t.result.hung);
		TRIAL_CHECK(&t, cases[i].out == NULL ? t.result.out.len == 0 :
		    strstr(buf_string(&t.result.out), cases[i].out) != NULL);
		trial_free(&t);
		if (cases[i].out == NULL)
			continue;
		trial_run(&full, state);
		trial_failed(&full, EX_OSERR, NULL,
		    "posthaste: standard output: No space left on device\n");
		trial_free(&full);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_one_valid_line_whatever_happens),
		cmocka_unit_test(
		    cfg_3_each_run_is_one_line_of_the_log_that_cant_be_forged),
		cmocka_unit_test(the_tag_of_the_log_line_can_be_chosen),
		cmocka_unit_test(
		    cfg_3_a_log_that_cant_be_written_fails_no_mail),
		cmocka_unit_test(
		    stdin_12_a_stderr_that_takes_nothing_changes_no_status),
		cmocka_unit_test(oeq_leaves_the_status_to_speak),
		cmocka_unit_test(a_dry_run_shows_everything_and_sends_nothing),
		cmocka_unit_test(a_dry_run_finds_what_a_run_would),
		cmocka_unit_test(modes_without_a_message_print_and_end),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
