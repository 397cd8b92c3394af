#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/log.h"
#include "base/mem.h"
#include "conf/keys.h"
#include "support/program.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define EIGHT "stderr,stderr,stderr,stderr,stderr,stderr,stderr,stderr"

static const char *const good_wishes[] = { "syslog", "stderr", "none",
	"file:/var/log/posthaste", "file:/a b", "syslog,stderr",
	" syslog , file:/x ", "none,none", EIGHT };

static const struct {
	const char *wish, *text;
} bad_wishes[] = {
	{ "", "x.ini:7: log =: not one of syslog, stderr, none and "
	    "file:/path" },
	{ "sysslog", "x.ini:7: log = sysslog: not one of syslog, stderr, none "
	    "and file:/path" },
	{ "SYSLOG", "log = SYSLOG:" },
	{ "file", "log = file:" },
	{ "file:", "log = file::" },
	{ "file:/", "log = file:/:" },
	{ "file:x", "log = file:x:" },
	{ "/var/log/x", "log = /var/log/x:" },
	{ "syslog,", "log =:" },
	{ ",syslog", "log =:" },
	{ "syslog stderr", "log = syslog stderr:" },
	{ "syslog,no\033[2J", "log = no\\x1b[2J:" },
	{ EIGHT ",stderr", ": more than 8 places" },
};

/* The form of a profile's `log`, in line 7 of x.ini. */
static bool
check(const char *wish, struct error *err)
{
	char *log = mem_string(wish), file[] = "x.ini";
	size_t lines[100], i;
	struct profile p = { .log = log, .file = file, .lines = lines };
	bool ok;

	assert_true(keys_count() <= COUNT(lines));
	for (i = 0; i < COUNT(lines); i++)
		lines[i] = 7;
	ok = log_check(&p, err);
	mem_free(log);
	return ok;
}

/* What each test has: a directory, and a pipe for stderr and one for notes. */
struct bench {
	struct scratch scratch;
	int errors[2], notes[2];
	struct trace trace;
	char *file, *socket_path;
	struct log log;
};

static int
set_up(void **state)
{
	struct bench *b = mem_alloc(sizeof(*b));

	if (!scratch_make(&b->scratch) || pipe2(b->errors, O_NONBLOCK) != 0 ||
	    pipe2(b->notes, O_NONBLOCK) != 0)
		return -1;
	b->trace.fd = b->notes[1];
	b->trace.level = 1;
	b->file = scratch_path(&b->scratch, "log");
	b->socket_path = scratch_path(&b->scratch, "socket");
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;
	int i;

	for (i = 0; i < 2; i++)
		if (close(b->errors[i]) != 0 || close(b->notes[i]) != 0)
			return -1;
	mem_free(b->file);
	mem_free(b->socket_path);
	scratch_remove(&b->scratch);
	mem_free(b);
	return 0;
}

static void
open_log(struct bench *b, const char *format, ...) FORMAT(2, 3);

/* Opens the places that the words name. */
static void
open_log(struct bench *b, const char *format, ...)
{
	struct error err = { 0 };
	char wish[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(wish, sizeof(wish), format, args);
	va_end(args);
	assert_true(check(wish, &err));
	log_open(&b->log, wish, b->socket_path, b->errors[1], &b->trace);
}

static void
write_line(struct bench *b, bool is_failure, const char *value,
    const struct trace *trace)
{
	struct record line;

	record_init(&line, b->log.is_json);
	assert_true(record_text(&line, "status", value));
	log_write(&b->log, is_failure, &line, trace);
	record_free(&line);
}

static void
write_log(struct bench *b, const char *value)
{
	write_line(b, false, value, &b->trace);
}

/* What can be read from `fd` at once, as a string. */
static const char *
take(int fd, char *out, size_t size)
{
	ssize_t n = read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = '\0';
	return out;
}

static const char *
take_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	(void)take(fd, out, size);
	assert_int_equal(close(fd), 0);
	return out;
}

/* "posthaste[PID]: " with our pid, and the line. */
static const char *
signed_line(char *out, size_t size, const char *line)
{
	(void)snprintf(out, size, "posthaste[%ld]: %s", (long)getpid(), line);
	return out;
}

/* Whether `text` looks like `form`, in which 0 stands for a digit, A for
 * a letter, _ for a digit or a blank and + for a sign. */
static bool
has_form(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == '0' ? !ascii_is_digit(*text) :
		    *form == 'A' ? !ascii_is_alpha(*text) :
		    *form == '_' ? *text != ' ' && !ascii_is_digit(*text) :
		    *form == '+' ? *text != '+' && *text != '-' :
		    *form != *text)
			return false;
	return true;
}

static void
places_that_exist_are_taken(void **state)
{
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good_wishes); i++)
		if (!check(good_wishes[i], &err))
			fail_msg("%s: %s", good_wishes[i], err.text);
	assert_false(error_is_set(&err));
}

static void
what_is_no_place_is_refused_with_its_line(void **state)
{
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_wishes); i++) {
		error_clear(&err);
		if (check(bad_wishes[i].wish, &err))
			fail_msg("%s", bad_wishes[i].wish);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_false(err.temporary);
		assert_memory_equal(err.text, "x.ini:7: ", 9);
		if (strstr(err.text, bad_wishes[i].text) == NULL)
			fail_msg("%s: %s", bad_wishes[i].wish, err.text);
		assert_string_not_equal(err.fix, "");
	}
}

static void
stderr_gets_the_line_without_a_time(void **state)
{
	struct bench *b = *state;
	char out[400], line[400];

	open_log(b, "stderr");
	write_log(b, "sent");
	assert_string_equal(take(b->errors[0], out, sizeof(out)),
	    signed_line(line, sizeof(line), "status=sent\n"));
	log_close(&b->log);
	/* It isn't ours to close. */
	assert_int_not_equal(fcntl(b->errors[1], F_GETFD), -1);
	assert_string_equal(take(b->notes[0], out, sizeof(out)), "");
}

static void
none_writes_nothing_at_all(void **state)
{
	struct bench *b = *state;
	char out[400];

	open_log(b, "none");
	assert_int_equal(b->log.count, 0);
	write_log(b, "sent");
	log_close(&b->log);
	assert_string_equal(take(b->errors[0], out, sizeof(out)), "");
	assert_string_equal(take(b->notes[0], out, sizeof(out)), "");
}

static void
a_file_is_made_for_its_owner_alone(void **state)
{
	struct bench *b = *state;
	char out[400], line[400];
	struct stat st;
	mode_t before = umask(0);

	open_log(b, "file:%s", b->file);
	(void)umask(before);
	write_log(b, "sent");
	log_close(&b->log);
	assert_int_equal(stat(b->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)take_file(b->file, out, sizeof(out));
	assert_true(has_form(out, "0000-00-00T00:00:00+0000 posthaste["));
	assert_string_equal(strchr(out, ' ') + 1,
	    signed_line(line, sizeof(line), "status=sent\n"));
}

static void
a_file_is_appended_to(void **state)
{
	struct bench *b = *state;
	char out[1000];
	const char *first, *second;

	mem_free(scratch_file(&b->scratch, "log", 0640, span_of("old\n")));
	open_log(b, "file:%s", b->file);
	write_log(b, "first");
	write_log(b, "second");
	log_close(&b->log);
	(void)take_file(b->file, out, sizeof(out));
	assert_memory_equal(out, "old\n", 4);
	first = strstr(out, ": status=first\n");
	second = strstr(out, ": status=second\n");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
}

/* `path` can't be a log: nothing is written, and the transcript says why. */
static void
assert_no_place(struct bench *b, const char *path, const char *why)
{
	char out[400], note[400];

	open_log(b, "file:%s", path);
	assert_int_equal(b->log.count, 0);
	write_log(b, "secret");
	log_close(&b->log);
	(void)snprintf(note, sizeof(note), " ms * log %s: %s\n", path, why);
	(void)take(b->notes[0], out, sizeof(out));
	if (strstr(out, note) == NULL)
		fail_msg("%s", out);
}

static void
a_link_is_not_followed(void **state)
{
	struct bench *b = *state;
	char *target = scratch_file(&b->scratch, "target", 0600, span_of(""));
	char out[100];

	assert_non_null(target);
	assert_int_equal(symlink(target, b->file), 0);
	assert_no_place(b, b->file, strerror(ELOOP));
	assert_string_equal(take_file(target, out, sizeof(out)), "");
	/* Nor is one made that points nowhere. */
	assert_int_equal(unlink(target), 0);
	assert_no_place(b, b->file, strerror(ELOOP));
	assert_int_equal(access(target, F_OK), -1);
	mem_free(target);
}

static void
a_file_with_a_second_name_is_not_written(void **state)
{
	struct bench *b = *state;
	char *target = scratch_file(&b->scratch, "target", 0600,
	    span_of("old\n"));
	char out[100];

	assert_non_null(target);
	assert_int_equal(link(target, b->file), 0);
	assert_no_place(b, b->file, "not a regular file with one name");
	assert_string_equal(take_file(target, out, sizeof(out)), "old\n");
	mem_free(target);
}

static void
a_fifo_neither_blocks_nor_gets_anything(void **state)
{
	struct bench *b = *state;
	char out[100];
	int reader;

	assert_int_equal(mkfifo(b->file, 0600), 0);
	assert_no_place(b, b->file, strerror(ENXIO));
	reader = open(b->file, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_no_place(b, b->file, "not a regular file with one name");
	assert_string_equal(take(reader, out, sizeof(out)), "");
	assert_int_equal(close(reader), 0);
}

static void
a_place_that_can_not_be_opened_is_noted(void **state)
{
	struct bench *b = *state;
	char *path;

	assert_no_place(b, b->scratch.path, strerror(EISDIR));
	assert_no_place(b, "/dev/full", "not a regular file with one name");
	path = scratch_path(&b->scratch, "no/such");
	assert_no_place(b, path, strerror(ENOENT));
	mem_free(path);
}

/* A datagram socket at the bench's own path. */
static int
listen_there(const struct bench *b)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_in_range(snprintf(address.sun_path, sizeof(address.sun_path),
	    "%s", b->socket_path), 1, sizeof(address.sun_path) - 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

static void
syslog_gets_one_datagram_a_line(void **state)
{
	struct bench *b = *state;
	char out[400], line[400];
	int fd = listen_there(b);

	open_log(b, "syslog");
	write_log(b, "sent");
	write_line(b, true, "failed", &b->trace);
	/* mail.info, then mail.err. */
	(void)take(fd, out, sizeof(out));
	assert_true(has_form(out, "<22>AAA _0 00:00:00 posthaste["));
	assert_string_equal(strstr(out, "posthaste["),
	    signed_line(line, sizeof(line), "status=sent"));
	(void)take(fd, out, sizeof(out));
	assert_true(has_form(out, "<19>AAA _0 00:00:00 posthaste["));
	assert_string_equal(strstr(out, "posthaste["),
	    signed_line(line, sizeof(line), "status=failed"));
	assert_string_equal(take(fd, out, sizeof(out)), "");
	log_close(&b->log);
	assert_string_equal(take(b->notes[0], out, sizeof(out)), "");
	assert_int_equal(close(fd), 0);
}

static void
without_a_syslog_nothing_fails(void **state)
{
	struct bench *b = *state;
	char out[400];

	open_log(b, "syslog");
	write_log(b, "sent");
	log_close(&b->log);
	(void)take(b->notes[0], out, sizeof(out));
	assert_non_null(strstr(out, strerror(ENOENT)));
	assert_string_equal(take(b->errors[0], out, sizeof(out)), "");
}

static void
a_syslog_that_takes_nothing_does_not_block(void **state)
{
	struct bench *b = *state;
	char out[400];
	int fd = listen_there(b), i;

	open_log(b, "syslog");
	(void)take(b->notes[0], out, sizeof(out));
	for (i = 0; i < 100000; i++) {
		write_log(b, "sent");
		if (take(b->notes[0], out, sizeof(out))[0] != '\0')
			break;
	}
	assert_non_null(strstr(out, strerror(EAGAIN)));
	log_close(&b->log);
	assert_int_equal(close(fd), 0);
}

static void
every_place_of_a_list_is_written(void **state)
{
	struct bench *b = *state;
	char out[400], line[400];
	int fd = listen_there(b);

	open_log(b, " file:%s , none,stderr,syslog", b->file);
	assert_int_equal(b->log.count, 3);
	write_log(b, "sent");
	log_close(&b->log);
	(void)signed_line(line, sizeof(line), "status=sent");
	assert_non_null(strstr(take_file(b->file, out, sizeof(out)), line));
	assert_non_null(strstr(take(b->errors[0], out, sizeof(out)), line));
	assert_non_null(strstr(take(fd, out, sizeof(out)), line));
	assert_int_equal(close(fd), 0);
}

static void
one_place_that_fails_does_not_stop_the_others(void **state)
{
	struct bench *b = *state;
	char out[400];

	open_log(b, "syslog,file:/nonexistent/x,stderr");
	write_log(b, "sent");
	log_close(&b->log);
	assert_non_null(strstr(take(b->errors[0], out, sizeof(out)),
	    "status=sent"));
}

static void
a_write_that_fails_goes_to_the_transcript_alone(void **state)
{
	struct bench *b = *state;
	int full = open("/dev/full", O_WRONLY);
	char out[400];

	assert_true(full >= 0);
	log_open(&b->log, "stderr", b->socket_path, full, &b->trace);
	write_log(b, "sent");
	log_close(&b->log);
	(void)take(b->notes[0], out, sizeof(out));
	assert_non_null(strstr(out, strerror(ENOSPC)));
	/* And nowhere if there is none. */
	log_open(&b->log, "stderr", b->socket_path, full, NULL);
	write_line(b, true, "failed", NULL);
	log_close(&b->log);
	assert_string_equal(take(b->notes[0], out, sizeof(out)), "");
	assert_int_equal(close(full), 0);
}

static void
closing_gives_all_descriptors_back(void **state)
{
	struct bench *b = *state;
	int before, after;

	before = dup(b->notes[0]);
	assert_int_equal(close(before), 0);
	open_log(b, "file:%s,syslog", b->file);
	assert_int_equal(b->log.count, 2);
	assert_int_equal(fcntl(b->log.places[0].fd, F_GETFD) & FD_CLOEXEC,
	    FD_CLOEXEC);
	assert_int_equal(fcntl(b->log.places[1].fd, F_GETFD) & FD_CLOEXEC,
	    FD_CLOEXEC);
	log_close(&b->log);
	log_close(&b->log);
	after = dup(b->notes[0]);
	assert_int_equal(after, before);
	assert_int_equal(close(after), 0);
	write_log(b, "nobody reads this");
}

/* "{"time":"…Z","tag":…,"pid":…,", and the rest. */
static void
assert_object(const char *line, const char *rest)
{
	char want[400];

	assert_true(has_form(line, "{\"time\":\"0000-00-00T00:00:00Z\","));
	(void)snprintf(want, sizeof(want), "\"tag\":\"post\\\"haste\","
	    "\"pid\":%ld,%s", (long)getpid(), rest);
	assert_string_equal(strchr(line, ',') + 1, want);
}

static void
as_json_each_line_is_an_object(void **state)
{
	struct bench *b = *state;
	int fd = listen_there(b);
	char out[400];

	open_log(b, "file:%s,stderr,syslog", b->file);
	b->log.is_json = true;
	b->log.tag = "post\"haste";
	write_log(b, "se\"nt");
	log_close(&b->log);
	(void)take_file(b->file, out, sizeof(out));
	assert_object(out, "\"status\":\"se\\\"nt\"}\n");
	(void)take(b->errors[0], out, sizeof(out));
	assert_object(out, "\"status\":\"se\\\"nt\"}\n");
	/* What syslog has before every line stays. */
	(void)take(fd, out, sizeof(out));
	assert_true(has_form(out, "<22>AAA _0 00:00:00 post\"haste["));
	assert_object(strchr(out, '{'), "\"status\":\"se\\\"nt\"}");
	assert_int_equal(close(fd), 0);
}

/* A line with a list that is too long for syslog. */
static void
write_long(struct bench *b, const char *list)
{
	struct record line;

	record_init(&line, b->log.is_json);
	assert_true(record_text(&line, "status", "sent"));
	line.essential = line.line.len;
	assert_true(record_text(&line, "list", list));
	log_write(&b->log, false, &line, &b->trace);
	record_free(&line);
}

static void
an_object_too_long_for_syslog_goes_without_its_lists(void **state)
{
	static char list[70000], out[80000];
	struct bench *b = *state;
	int fd = listen_there(b);

	memset(list, 'a', sizeof(list) - 1);
	open_log(b, "file:%s,syslog", b->file);
	b->log.is_json = true;
	write_long(b, list);
	(void)take(fd, out, sizeof(out));
	assert_string_equal(strstr(out, ",\"status\""),
	    ",\"status\":\"sent\"}");
	b->log.is_json = false;
	write_long(b, list);
	(void)take(fd, out, sizeof(out));
	assert_non_null(strstr(out, ": status=sent list=aaa"));
	assert_in_range(strlen(out), 64 << 10, (64 << 10) + 100);
	log_close(&b->log);
	/* A file has all of both. */
	(void)take_file(b->file, out, sizeof(out));
	assert_non_null(strstr(out, list));
	assert_int_equal(close(fd), 0);
}

#define WRITERS 4
#define LINES 200

/* One of several processes with the same file, in lines of its own letter. */
static void
write_beside_others(struct bench *b, char letter)
{
	char value[3001];
	int i;

	memset(value, letter, sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	open_log(b, "file:%s", b->file);
	for (i = 0; i < LINES; i++)
		write_log(b, value);
	log_close(&b->log);
	_exit(0);
}

static bool
is_of_one_letter(const char *value)
{
	return strlen(value) == 3000 && strspn(value, (const char[]) {
	    value[0], '\0' }) == 3000;
}

static void
lines_of_several_processes_stay_whole(void **state)
{
	struct bench *b = *state;
	static char line[4000];
	int i, status, count = 0;
	FILE *file;

	for (i = 0; i < WRITERS; i++)
		if (fork() == 0)
			write_beside_others(b, (char)('a' + i));
	for (i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	file = fopen(b->file, "r");
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file) != NULL; count++) {
		line[strcspn(line, "\n")] = '\0';
		assert_non_null(strstr(line, "]: status="));
		assert_true(is_of_one_letter(strrchr(line, '=') + 1));
	}
	assert_int_equal(count, WRITERS * LINES);
	assert_int_equal(fclose(file), 0);
}

#define BENCH_TEST(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_that_exist_are_taken),
		cmocka_unit_test(what_is_no_place_is_refused_with_its_line),
		BENCH_TEST(stderr_gets_the_line_without_a_time),
		BENCH_TEST(none_writes_nothing_at_all),
		BENCH_TEST(a_file_is_made_for_its_owner_alone),
		BENCH_TEST(a_file_is_appended_to),
		BENCH_TEST(a_link_is_not_followed),
		BENCH_TEST(a_file_with_a_second_name_is_not_written),
		BENCH_TEST(a_fifo_neither_blocks_nor_gets_anything),
		BENCH_TEST(a_place_that_can_not_be_opened_is_noted),
		BENCH_TEST(syslog_gets_one_datagram_a_line),
		BENCH_TEST(without_a_syslog_nothing_fails),
		BENCH_TEST(a_syslog_that_takes_nothing_does_not_block),
		BENCH_TEST(every_place_of_a_list_is_written),
		BENCH_TEST(one_place_that_fails_does_not_stop_the_others),
		BENCH_TEST(a_write_that_fails_goes_to_the_transcript_alone),
		BENCH_TEST(closing_gives_all_descriptors_back),
		BENCH_TEST(as_json_each_line_is_an_object),
		BENCH_TEST(
		    an_object_too_long_for_syslog_goes_without_its_lists),
		BENCH_TEST(lines_of_several_processes_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
