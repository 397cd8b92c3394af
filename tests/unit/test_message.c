#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/os.h"
#include "mail/message.h"
#include "mail/text.h"

#define FITS MESSAGE_MEMORY
#define LARGE (MESSAGE_MEMORY + (2UL << 20) + 12345)

static void
expect_spans(const struct message *m, const char *label, struct span header,
    struct span body)
{
	if (!span_equals(m->header, header))
		fail_msg("%s: header '%.*s'", label, (int)m->header.len,
		    m->header.data);
	if (!span_equals(m->body, body))
		fail_msg("%s: body '%.*s'", label, (int)m->body.len,
		    m->body.data);
}

static void
expect_error(const struct error *err, enum stage stage, int exit_code,
    const char *text)
{
	assert_string_equal(err->text, text);
	assert_int_equal(err->stage, stage);
	assert_int_equal(err->exit_code, exit_code);
	assert_false(err->temporary);
}

/* The same for a failed system call: the C library words it. */
static void
expect_errno(const struct error *err, enum stage stage, int exit_code,
    const char *text, int sys_errno)
{
	char whole[200];

	(void)snprintf(whole, sizeof(whole), "%s: %s", text,
	    strerror(sys_errno));
	expect_error(err, stage, exit_code, whole);
	assert_int_equal(err->sys_errno, sys_errno);
}

/* A pipe that holds `text` and its end; the caller closes it. */
static int
pipe_with(struct span text)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text.data, text.len), text.len);
	(void)close(ends[1]);
	return ends[0];
}

/* An unnamed regular file at its begin. */
static int
file_with(struct span text)
{
	char path[] = "/tmp/posthaste-test.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)unlink(path);
	assert_int_equal(write(fd, text.data, text.len), text.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static bool
read_from(struct message *m, int fd, bool dots, struct error *err)
{
	const struct message_source source = { .fd = fd, .dots = dots };

	return message_read(m, &source, err);
}

static void
large_text(struct buf *out, size_t size)
{
	size_t i;

	text_put(out, span_of("A: b\n\n"));
	for (i = 0; out->len < size; i++)
		if (!buf_printf(out, "line %zu of a large body\n", i))
			fail();
	out->len = size;
}

static void
what_comes_through_a_pipe_is_kept_and_split(void **state)
{
	static const char text[] = "From x 1\nA: b\r\n\r\nc\0d\r\n";
	struct span all = span_make(text, sizeof(text) - 1);
	struct error err = { 0 };
	struct message m;
	int fd;

	(void)state;
	fd = pipe_with(all);
	assert_true(read_from(&m, fd, false, &err));
	assert_true(span_equals(m.bytes, all));
	expect_spans(&m, "pipe", span_of("A: b\r\n"),
	    span_make("c\0d\r\n", 5));
	assert_non_null(m.memory);
	assert_null(m.mapping);
	message_free(&m);
	assert_null(m.memory);
	(void)close(fd);
}

static void
a_header_cut_off_in_mid_line_is_refused(void **state)
{
	struct error err = { 0 };
	struct message m;
	int fd;

	(void)state;
	fd = pipe_with(span_of("A: b\nSubj"));
	assert_false(read_from(&m, fd, false, &err));
	expect_error(&err, STAGE_INPUT, EX_DATAERR,
	    "header cut off in mid-line");
	message_free(&m);
	(void)close(fd);
}

static void
what_cannot_be_read_is_no_input(void **state)
{
	static const struct {
		const char *path;
		int flags, sys_errno;
	} cases[] = {
		{ "/", O_RDONLY, EISDIR },
		{ "/dev/null", O_WRONLY, EBADF },
		{ "/proc/self/mem", O_RDONLY, EIO },
	};
	struct message m;
	struct error err;
	size_t i;
	int fd, dots;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		dots = i % 2 == 1;
		error_clear(&err);
		fd = open(cases[i / 2].path, cases[i / 2].flags);
		assert_true(fd >= 0);
		assert_false(read_from(&m, fd, dots, &err));
		expect_errno(&err, STAGE_INPUT, EX_NOINPUT, "stdin",
		    cases[i / 2].sys_errno);
		message_free(&m);
		(void)close(fd);
		message_drain(fd);
	}
	error_clear(&err);
	assert_false(read_from(&m, fd, false, &err));
	expect_errno(&err, STAGE_INPUT, EX_NOINPUT, "stdin", EBADF);
	error_clear(&err);
	assert_false(read_from(&m, -1, false, &err));
	expect_errno(&err, STAGE_INPUT, EX_NOINPUT, "stdin", EBADF);
	message_drain(-1);
}

static void
no_octet_at_all_is_no_input(void **state)
{
	struct message m;
	struct error err;
	int fd, dots;

	(void)state;
	fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0);
	for (dots = 0; dots < 2; dots++) {
		error_clear(&err);
		assert_false(read_from(&m, fd, dots == 1, &err));
		expect_error(&err, STAGE_INPUT, EX_NOINPUT, "stdin is empty");
		message_free(&m);
	}
	(void)close(fd);
}

static void
a_lone_dot_ends_the_message_and_the_rest_is_read(void **state)
{
	struct error err = { 0 };
	struct message m;
	char octet;
	int fd;

	(void)state;
	fd = pipe_with(span_of("A: b\n\n..c\n.\r\nnot this\n"));
	assert_true(read_from(&m, fd, true, &err));
	expect_spans(&m, "dots", span_of("A: b\n"), span_of(".c\n"));
	assert_int_equal(read(fd, &octet, 1), 0);
	message_free(&m);
	(void)close(fd);
	fd = pipe_with(span_of("A: b\n\n..c\n.\nthis\n"));
	assert_true(read_from(&m, fd, false, &err));
	expect_spans(&m, "-i", span_of("A: b\n"), span_of("..c\n.\nthis\n"));
	message_free(&m);
	(void)close(fd);
	/* A dot alone is a message: an empty one. */
	fd = pipe_with(span_of(".\n"));
	assert_true(read_from(&m, fd, true, &err));
	assert_int_equal(m.bytes.len, 0);
	message_free(&m);
	(void)close(fd);
}

static void
large_files_are_mapped_from_where_they_were_read_to(void **state)
{
	struct error err = { 0 };
	struct message m;
	struct buf text;
	int fd, dots;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	text_put(&text, span_of("skipped\n"));
	large_text(&text, LARGE);
	fd = file_with(buf_span(&text));
	for (dots = 0; dots < 2; dots++) {
		assert_int_equal(lseek(fd, 8, SEEK_SET), 8);
		assert_true(read_from(&m, fd, dots == 1, &err));
		assert_null(m.memory);
		assert_non_null(m.mapping);
		assert_int_equal(m.bytes.len, LARGE - 8);
		assert_memory_equal(m.bytes.data, text.data + 8, LARGE - 8);
		assert_int_equal(m.header.len, 5);
		assert_int_equal(m.body.len, LARGE - 8 - 6);
		message_free(&m);
	}
	(void)close(fd);
	buf_free(&text);
}

/* A child that writes `text` into a pipe in pieces; returns the reading end. */
static int
piped_by_child(struct span text, size_t piece, pid_t *child)
{
	size_t n;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*child = fork();
	assert_true(*child >= 0);
	if (*child > 0) {
		(void)close(ends[1]);
		return ends[0];
	}
	for (; text.len > 0; text = span_skip(text, n)) {
		n = text.len < piece ? text.len : piece;
		if (write(ends[1], text.data, n) != (ssize_t)n)
			_exit(1);
	}
	_exit(0);
}

static void
expect_child_done(pid_t child)
{
	int status = 1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
a_large_message_from_a_pipe_goes_on_in_a_file(void **state)
{
	static const char *const dirs[] = { NULL, "", "/nonexistent", "/dev",
	    "/tmp" };
	struct message_source source = { .fd = -1 };
	struct error err = { 0 };
	struct message m;
	struct buf text;
	pid_t child;
	size_t i;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	large_text(&text, LARGE);
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		source.fd = piped_by_child(buf_span(&text), 65536, &child);
		source.tmpdir = dirs[i];
		source.dots = i % 2 == 0;
		assert_true(message_read(&m, &source, &err));
		expect_child_done(child);
		assert_non_null(m.mapping);
		assert_int_equal(m.bytes.len, LARGE);
		assert_memory_equal(m.bytes.data, text.data, LARGE);
		message_free(&m);
		(void)close(source.fd);
	}
	buf_free(&text);
}

static void
a_drip_from_a_pipe_that_does_not_block_is_awaited(void **state)
{
	struct error err = { 0 };
	struct message m;
	pid_t child;
	int fd;

	(void)state;
	fd = piped_by_child(span_of("A: b\n\nc\n..d\n.\nrest\n"), 1, &child);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_true(read_from(&m, fd, true, &err));
	expect_child_done(child);
	expect_spans(&m, "drip", span_of("A: b\n"), span_of("c\n.d\n"));
	message_free(&m);
	(void)close(fd);
}

/* Runs with a lower soft limit. */
static struct rlimit
lower(int resource, rlim_t to)
{
	struct rlimit old, now;

	assert_int_equal(getrlimit((unsigned int)resource, &old), 0);
	now = old;
	now.rlim_cur = to;
	assert_int_equal(setrlimit((unsigned int)resource, &now), 0);
	return old;
}

/* With no descriptor left for a file. */
static void
what_fits_is_kept_in_memory(void **state)
{
	struct error err = { 0 };
	struct rlimit old;
	struct message m;
	struct buf text;
	int fd, dots;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	large_text(&text, FITS);
	fd = file_with(buf_span(&text));
	for (dots = 0; dots < 2; dots++) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		old = lower(RLIMIT_NOFILE, (rlim_t)fd + 1);
		assert_true(read_from(&m, fd, dots == 1, &err));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_int_equal(m.bytes.len, FITS);
		assert_memory_equal(m.bytes.data, text.data, FITS);
		message_free(&m);
	}
	(void)close(fd);
	buf_free(&text);
}

static void
a_file_that_may_not_grow_is_a_failure_of_the_system(void **state)
{
	struct message m;
	struct rlimit old;
	struct error err;
	struct buf text;
	int fd, dots;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	buf_init(&text, BUF_UNLIMITED);
	large_text(&text, LARGE);
	fd = file_with(buf_span(&text));
	for (dots = 0; dots < 2; dots++) {
		error_clear(&err);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		old = lower(RLIMIT_FSIZE, 1 << 20);
		assert_false(read_from(&m, fd, dots == 1, &err));
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		expect_errno(&err, STAGE_SYSTEM, EX_OSERR,
		    "writing the temporary file", EFBIG);
		message_free(&m);
	}
	(void)close(fd);
	buf_free(&text);
}

static void
no_descriptor_for_the_file_is_a_failure_of_the_system(void **state)
{
	struct message m;
	struct rlimit old;
	struct error err;
	struct buf text;
	int fd, dots;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	large_text(&text, LARGE);
	fd = file_with(buf_span(&text));
	for (dots = 0; dots < 2; dots++) {
		error_clear(&err);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		old = lower(RLIMIT_NOFILE, (rlim_t)fd + 1);
		assert_false(read_from(&m, fd, dots == 1, &err));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		expect_errno(&err, STAGE_SYSTEM, EX_OSERR,
		    "a temporary file", EMFILE);
		message_free(&m);
	}
	(void)close(fd);
	buf_free(&text);
}

/* Octets of address space in use. */
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	char line[200];

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pages = strtoul(line, NULL, 10);
	(void)fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void
no_room_for_the_mapping_is_a_failure_of_the_system(void **state)
{
	struct error err = { 0 };
	struct rlimit old;
	struct message m;
	int fd;

	(void)state;
	fd = file_with(span_of("A: b\n\n"));
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	old = lower(RLIMIT_AS, address_space() + (32 << 20));
	assert_false(read_from(&m, fd, false, &err));
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	expect_errno(&err, STAGE_SYSTEM, EX_OSERR,
	    "mapping the temporary file", ENOMEM);
	message_free(&m);
	(void)close(fd);
}

static void
draining_reads_to_the_end(void **state)
{
	struct buf text;
	pid_t child;
	char octet;
	int fd;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	large_text(&text, 1 << 20);
	fd = piped_by_child(buf_span(&text), 65536, &child);
	message_drain(fd);
	expect_child_done(child);
	assert_int_equal(read(fd, &octet, 1), 0);
	(void)close(fd);
	buf_free(&text);
}

static void
a_terminal_is_not_drained(void **state)
{
	struct error err = { 0 };
	int terminal, master = posix_openpt(O_RDWR | O_NOCTTY);
	struct message m;
	char text[10];

	(void)state;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		skip();
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	message_drain(terminal);
	assert_int_equal(write(master, "hi\n.\n", 5), 5);
	assert_true(read_from(&m, terminal, true, &err));
	expect_spans(&m, "terminal", span_of(""), span_of("hi\n"));
	message_free(&m);
	assert_int_equal(write(master, "rest\n", 5), 5);
	message_drain(terminal);
	assert_int_equal(read(terminal, text, sizeof(text)), 5);
	(void)close(terminal);
	(void)close(master);
}

static void
a_signal_ends_the_waiting_for_input(void **state)
{
	struct message_source source = { .fd = -1 };
	struct error err = { 0 };
	struct message m;
	int ends[2];

	(void)state;
	os_signals_begin();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	source.fd = ends[0];
	assert_false(message_read(&m, &source, &err));
	expect_error(&err, STAGE_INPUT, EX_UNAVAILABLE,
	    "stopped by SIGTERM while waiting for stdin");
	message_free(&m);
	/* The same behind the dot that ended the message. */
	error_clear(&err);
	os_signals_begin();
	assert_int_equal(write(ends[1], "a\n.\n", 4), 4);
	source.dots = true;
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_false(message_read(&m, &source, &err));
	expect_error(&err, STAGE_INPUT, EX_UNAVAILABLE,
	    "stopped by SIGINT while waiting for stdin");
	message_free(&m);
	message_drain(ends[0]);
	(void)close(ends[0]);
	(void)close(ends[1]);
	os_signals_begin();
	os_signals_end();
}

/* What ask_once() was asked about, and what it answers. */
struct question {
	size_t times;
	char header[100];
	bool answer, fails;
};

static bool
ask_once(void *context, const struct message *head, bool *dots,
    struct error *err)
{
	struct question *q = context;

	q->times++;
	(void)snprintf(q->header, sizeof(q->header), "%.*s",
	    (int)head->header.len, head->header.data);
	*dots = q->answer;
	return !q->fails || error_set(err, STAGE_CONFIG, EX_CONFIG, "no");
}

/* The text comes in two pieces: the first one alone decides nothing. */
static bool
read_asking(struct question *q, struct message *m, const char *one,
    const char *two, struct error *err)
{
	struct message_source source = { .dots = true, .ask = ask_once,
		.context = q };
	int ends[2];
	pid_t child;
	bool ok;

	error_clear(err);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		(void)!write(ends[1], one, strlen(one));
		/* Where both arrive as one the test is a weaker one. */
		(void)usleep(2000);
		(void)!write(ends[1], two, strlen(two));
		_exit(0);
	}
	(void)close(ends[1]);
	source.fd = ends[0];
	ok = message_read(m, &source, err);
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return ok;
}

static void
the_header_is_asked_whether_dots_count(void **state)
{
	struct question no = { .answer = false }, yes = { .answer = true };
	struct question fails = { .fails = true }, bad = { .answer = false };
	struct message m;
	struct error err;

	(void)state;
	assert_true(read_asking(&no, &m, "From x\nA: b\n", " c\nD: e\n\n.\n"
	    "..f\n", &err));
	assert_int_equal(no.times, 1);
	assert_string_equal(no.header, "A: b\n c\nD: e\n");
	expect_spans(&m, "no", span_of("A: b\n c\nD: e\n"),
	    span_of(".\n..f\n"));
	message_free(&m);
	assert_true(read_asking(&yes, &m, "A: b\n", "\n..c\n.\nd\n", &err));
	assert_int_equal(yes.times, 1);
	expect_spans(&m, "yes", span_of("A: b\n"), span_of(".c\n"));
	message_free(&m);
	assert_false(read_asking(&fails, &m, "A: b\n", "\nc\n", &err));
	expect_error(&err, STAGE_CONFIG, EX_CONFIG, "no");
	message_free(&m);
	/* What can't be read has nothing to say. */
	assert_false(read_asking(&bad, &m, "A: b\n", "C", &err));
	expect_error(&err, STAGE_INPUT, EX_DATAERR,
	    "header cut off in mid-line");
	assert_int_equal(bad.times, 0);
	message_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_through_a_pipe_is_kept_and_split),
		cmocka_unit_test(a_header_cut_off_in_mid_line_is_refused),
		cmocka_unit_test(what_cannot_be_read_is_no_input),
		cmocka_unit_test(no_octet_at_all_is_no_input),
		cmocka_unit_test(
		    a_lone_dot_ends_the_message_and_the_rest_is_read),
		cmocka_unit_test(
		    large_files_are_mapped_from_where_they_were_read_to),
		cmocka_unit_test(what_fits_is_kept_in_memory),
		cmocka_unit_test(
		    a_large_message_from_a_pipe_goes_on_in_a_file),
		cmocka_unit_test(
		    a_drip_from_a_pipe_that_does_not_block_is_awaited),
		cmocka_unit_test(
		    a_file_that_may_not_grow_is_a_failure_of_the_system),
		cmocka_unit_test(
		    no_descriptor_for_the_file_is_a_failure_of_the_system),
		cmocka_unit_test(
		    no_room_for_the_mapping_is_a_failure_of_the_system),
		cmocka_unit_test(draining_reads_to_the_end),
		cmocka_unit_test(a_terminal_is_not_drained),
		cmocka_unit_test(a_signal_ends_the_waiting_for_input),
		cmocka_unit_test(the_header_is_asked_whether_dots_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
