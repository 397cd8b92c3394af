/*
 * A run over the spool is killed before each of its system calls, or before
 * each of those of the process with the relay session; or each of them fails.
 * No message is ever lost, and one arrives twice only where it was killed
 * between the relay's 250 and the removal of the file, with the same
 * Message-ID.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/program.h"
#include "support/relay.h"
#include "support/tracer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MESSAGES 2000

/* Those that may fail; a close() that does has closed all the same. */
static const long fallible[] = { SYS_openat, SYS_read, SYS_write, SYS_pread64,
	SYS_pwrite64, SYS_fstat, SYS_newfstatat, SYS_mmap, SYS_fsync,
	SYS_fdatasync, SYS_utimensat, SYS_renameat2, SYS_unlinkat, SYS_flock,
	SYS_getdents64, SYS_mkdirat, SYS_ftruncate, SYS_memfd_create,
	SYS_socket, SYS_socketpair, SYS_connect, SYS_sendto, SYS_recvfrom,
	SYS_setsockopt, SYS_getsockopt, SYS_clone, SYS_getrandom, -1 };

static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };

struct bench {
	struct scratch scratch;
	struct relay *relay;
	char *config, *spool;
	size_t sent;			/* messages so far; their ids */
	bool was_left[MESSAGES];	/* behind the run that was disturbed */
};

static int
set_up(void **state)
{
	const struct relay_options options = { .connections = 3 * MESSAGES,
		.limit_ms = 3600000 };
	struct bench *b = mem_alloc(sizeof(*b));
	char text[600];

	*state = b;
	if (!scratch_make(&b->scratch))
		return -1;
	b->relay = relay_start(&options);
	if (b->relay == NULL)
		return -1;
	b->spool = scratch_path(&b->scratch, "spool");
	(void)snprintf(text, sizeof(text), "[default]\nhost = 127.0.0.1\n"
	    "port = %d\ntls = none\nehlo = client.example.org\nlog = none\n"
	    "spool_always = yes\nspool = %s\n", relay_port(b->relay),
	    b->spool);
	b->config = program_profile(&b->scratch, text);
	return b->config != NULL && mkdir(b->spool, 0700) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	scratch_remove(&b->scratch);
	mem_free(b->config);
	mem_free(b->spool);
	mem_free(b);
	return 0;
}

/* All that is in a box; in new/ it becomes due. */
static size_t
count_box(const struct bench *b, const char *box)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	char path[300];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", b->spool, box);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			n++;
			assert_int_equal(utimensat(dirfd(dir), entry->d_name,
			    times, 0), 0);
		}
	(void)closedir(dir);
	return n;
}

static void
commit(struct bench *b)
{
	const char *const argv[] = { "posthaste", "--config", b->config, "-i",
		"-f", "a@example.org", "b@example.net", NULL };
	struct tracer t = { .argv = argv, .env = env };
	char text[200];

	assert_true(b->sent < MESSAGES);
	(void)snprintf(text, sizeof(text), "From: a@example.org\nSubject: s\n"
	    "Message-ID: <%zu@x>\n\nbody\n", b->sent++);
	t.input = span_of(text);
	assert_true(tracer_run(&t));
	assert_int_equal(t.status, EX_OK);
	assert_int_equal(count_box(b, "new"), 1);
}

static struct tracer
run(const struct bench *b, bool in_child, size_t at, int fault)
{
	const char *const argv[] = { "posthaste", "--config", b->config, "-q",
		NULL };
	struct tracer t = { .argv = argv, .env = env, .in_child = in_child,
		.at = at, .fault = fault };

	t.calls = fault == 0 ? NULL : fallible;
	assert_true(tracer_run(&t));
	t.argv = NULL;
	return t;
}

/* Then, undisturbed, it is delivered if it wasn't. */
static void
deliver_rest(struct bench *b)
{
	struct tracer t;

	b->was_left[b->sent - 1] = count_box(b, "new") > 0;
	t = run(b, false, 0, 0);
	assert_int_equal(t.status, EX_OK);
	assert_int_equal(count_box(b, "new"), 0);
}

static size_t
disturb(struct bench *b, bool in_child, int fault)
{
	struct tracer t;
	size_t i, n;

	commit(b);
	t = run(b, in_child, 0, fault);
	assert_int_equal(t.status, EX_OK);
	n = t.count;
	assert_true(n > 20);
	for (i = 1; i <= n; i++) {
		commit(b);
		(void)run(b, in_child, i, fault);
		deliver_rest(b);
	}
	return n;
}

static void
no_message_is_lost_and_few_are_doubled(void **state)
{
	static const int faults[] = { 0, EIO, ENOMEM };
	struct bench *b = *state;
	struct relay_record record;
	unsigned char seen[MESSAGES] = { 0 };
	const struct relay_connection *c;
	const char *id;
	size_t i, k, number, once = 0, twice = 0;

	if (!tracer_is_possible())
		skip();
	for (i = 0; i < COUNT(faults); i++)
		for (k = 0; k < 2; k++)
			print_message("spool: %s: %zu calls of the %s\n",
			    faults[i] == 0 ? "killed" : strerror(faults[i]),
			    disturb(b, k == 1, faults[i]),
			    k == 1 ? "session" : "run");
	assert_int_equal(count_box(b, "failed"), 0);
	assert_true(relay_stop(b->relay, &record));
	for (i = 0; i < record.count; i++) {
		c = &record.connections[i];
		for (k = 0; k < c->message_count; k++) {
			if (!c->messages[k].is_committed)
				continue;
			id = strstr(c->messages[k].text.data, "Message-ID: <");
			assert_non_null(id);
			number = strtoul(id + strlen("Message-ID: <"), NULL,
			    10);
			assert_true(number < b->sent);
			seen[number]++;
		}
	}
	for (i = 0; i < b->sent; i++) {
		if (seen[i] == 0 || seen[i] > 2 ||
		    (seen[i] == 2 && !b->was_left[i]))
			fail_msg("message %zu arrived %d times", i, seen[i]);
		once += seen[i] == 1;
		twice += seen[i] == 2;
	}
	print_message("spool: %zu messages: %zu arrived once, %zu twice\n",
	    b->sent, once, twice);
	relay_record_free(&record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_message_is_lost_and_few_are_doubled),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
