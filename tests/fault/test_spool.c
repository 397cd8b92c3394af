/*
 * Exit 0 without the relay's 250 means that the disk has the message: each
 * system call of a commit fails in turn, with each errno that it may have, and
 * before each system call of the run it is killed, or gets a signal.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
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
#include "spool/claim.h"
#include "support/program.h"
#include "support/relay.h"
#include "support/tracer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char message[] = "From: a@example.org\nTo: b@example.net\n"
    "Subject: s\n\nbody\n";

static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };

/* What writes, or tells whether it was written. */
static const long commit_calls[] = { SYS_openat, SYS_write, SYS_writev,
	SYS_pwrite64, SYS_fsync, SYS_fdatasync, SYS_utimensat, SYS_close,
	SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_getrandom, SYS_linkat,
	-1 };

static const int faults[] = { EIO, ENOSPC, EDQUOT, EROFS, EACCES, EMFILE,
	ENOMEM, EINTR, EEXIST, EINVAL };

#define LAST_CALLS 25	/* more than a commit has, which comes last */

struct bench {
	struct scratch scratch;
	char *config, *review, *spool;	/* review: spool_always */
	const char *argv[8];
};

/* A relay that can't be reached: the message is to be committed. */
static char *
write_profile(const struct bench *b, const char *name, const char *keys)
{
	char text[600];

	(void)snprintf(text, sizeof(text), "[default]\nhost = 127.0.0.1\n"
	    "port = %d\ntls = none\nehlo = client.example.org\n"
	    "spool = %s\n%s", relay_closed_port(), b->spool, keys);
	return scratch_file(&b->scratch, name, 0600, span_of(text));
}

static int
set_up(void **state)
{
	struct bench *b = mem_alloc(sizeof(*b));
	size_t n = 0;

	*state = b;
	if (!scratch_make(&b->scratch))
		return -1;
	b->spool = scratch_path(&b->scratch, "spool");
	b->config = write_profile(b, "posthaste.ini", "log = none\n");
	b->review = write_profile(b, "review.ini", "log = none\n"
	    "spool_always = yes\n");
	b->argv[n++] = "posthaste";
	b->argv[n++] = "--config";
	b->argv[n++] = b->config;
	b->argv[n++] = "-i";
	b->argv[n++] = "-f";
	b->argv[n++] = "a@example.org";
	b->argv[n++] = "b@example.net";
	return b->config != NULL && b->review != NULL && mkdir(b->spool, 0700) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	scratch_remove(&b->scratch);
	mem_free(b->config);
	mem_free(b->review);
	mem_free(b->spool);
	mem_free(b);
	return 0;
}

/* The messages that are there, all of which must be whole, and are removed. */
static size_t
take_all(const struct bench *b, enum spool_box box)
{
	struct error err = { 0 };
	struct spool_list list;
	struct spool spool;
	struct claim c;
	bool is_there;
	size_t i, n;

	assert_true(spool_open(&spool, b->spool, "nobody", &err));
	assert_true(spool_list(&spool, box, &list, &err));
	n = list.count;
	for (i = 0; i < n; i++) {
		if (box == SPOOL_NEW) {
			assert_true(claim_open(&c, &spool, box, list.ids[i],
			    true, &is_there, &err));
			assert_true(is_there);
			assert_true(letter_verify(&c.letter, &err));
			assert_int_equal(c.letter.count, 1);
			claim_free(&c);
		}
		assert_int_equal(unlinkat(spool.boxes[box], list.ids[i], 0),
		    0);
	}
	spool_list_free(&list);
	spool_close(&spool);
	return n;
}

static struct tracer
plan(const struct bench *b, const long *calls, size_t at, int fault)
{
	struct tracer t = { .argv = b->argv, .env = env,
		.input = { message, sizeof(message) - 1 }, .calls = calls,
		.at = at, .fault = fault };

	return t;
}

static void
without_a_fault_the_message_is_committed(void **state)
{
	struct bench *b = *state;
	struct tracer t = plan(b, NULL, 0, 0);

	if (!tracer_is_possible())
		skip();
	assert_true(tracer_run(&t));
	assert_int_equal(t.status, EX_OK);
	assert_int_equal(take_all(b, SPOOL_NEW), 1);
	assert_int_equal(take_all(b, SPOOL_TMP), 0);
}

/* The file, its name, the directory that it is in and the one above, which may
 * be new: in this order, and none of them may fail. */
static void
the_disk_has_it_in_the_right_order(void **state)
{
	static const long calls[] = { SYS_fsync, SYS_renameat2, -1 };
	static const long order[] = { SYS_fsync, SYS_renameat2, SYS_fsync,
		SYS_fsync };
	struct bench *b = *state;
	struct tracer t = plan(b, calls, 0, 0);
	size_t i;

	if (!tracer_is_possible())
		skip();
	assert_true(tracer_run(&t));
	assert_int_equal(t.count, COUNT(order));
	assert_int_equal(take_all(b, SPOOL_NEW), 1);
	for (i = 0; i < COUNT(order); i++) {
		t = plan(b, calls, i + 1, EIO);
		assert_true(tracer_run(&t));
		assert_int_equal(t.met, order[i]);
		assert_int_equal(t.status, EX_UNAVAILABLE);
		assert_int_equal(take_all(b, SPOOL_NEW), 0);
		assert_int_equal(take_all(b, SPOOL_TMP), 0);
	}
}

static void
check_log(const struct bench *b, const char *words)
{
	char *path = scratch_path(&b->scratch, "log"), text[4000];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	assert_int_equal(unlink(path), 0);
	mem_free(path);
	assert_non_null(strstr(text, words));
}

/* The disk neither keeps its name nor lets it go. */
static void
what_cant_be_taken_back_is_told(void **state)
{
	static const long calls[] = { SYS_fsync, SYS_unlinkat, -1 };
	static const char told[] = "/spool: the message may be there all the "
	    "same, as ";
	struct bench *b = *state;
	static const struct {
		const char *keys;
		int status;
	} cases[] = { { "", EX_UNAVAILABLE },
		{ "spool_always = yes\n", EX_OSERR } };
	char keys[300], *profile;
	struct tracer t;
	size_t i;

	if (!tracer_is_possible())
		skip();
	for (i = 0; i < COUNT(cases); i++) {
		(void)snprintf(keys, sizeof(keys), "%slog = file:%s/log\n",
		    cases[i].keys, b->scratch.path);
		profile = write_profile(b, "logged.ini", keys);
		assert_non_null(profile);
		b->argv[2] = profile;
		t = plan(b, calls, 2, EIO);
		t.goes_on = true;
		assert_true(tracer_run(&t));
		assert_int_equal(t.status, cases[i].status);
		assert_int_equal(take_all(b, SPOOL_NEW), 1);
		check_log(b, told);
		mem_free(profile);
	}
	b->argv[2] = b->config;
}

/* Those before the commit fail in one way only: few of them matter. */
static void
whatever_fails_0_means_committed_and_else_nothing_is(void **state)
{
	struct bench *b = *state;
	size_t i, k, n, committed = 0, refused = 0;
	struct tracer t = plan(b, commit_calls, 0, 0);

	if (!tracer_is_possible())
		skip();
	assert_true(tracer_run(&t));
	n = t.count;
	(void)take_all(b, SPOOL_NEW);
	assert_true(n > 20);
	for (i = 1; i <= n; i++)
		for (k = 0; k < (i + LAST_CALLS > n ? COUNT(faults) : 1);
		    k++) {
			t = plan(b, commit_calls, i, faults[k]);
			assert_true(tracer_run(&t));
			if (take_all(b, SPOOL_NEW) != (t.status == EX_OK))
				fail_msg("call %zu of %zu (%ld), %s: exit %d",
				    i, n, t.met, strerror(faults[k]),
				    t.status);
			if (t.status == EX_OK)
				committed++;
			else
				refused++;
			(void)take_all(b, SPOOL_TMP);
		}
	print_message("spool: %zu faults: %zu committed, %zu failed\n",
	    committed + refused, committed, refused);
	assert_true(refused > 0);
}

/* The caller sees that it was killed; what is in new/ is whole all the same. */
static void
whenever_it_is_killed_what_is_there_is_whole(void **state)
{
	struct bench *b = *state;
	size_t i, n, none = 0, partly = 0, whole = 0, found;
	struct tracer t = plan(b, NULL, 0, 0);

	if (!tracer_is_possible())
		skip();
	assert_true(tracer_run(&t));
	n = t.count;
	(void)take_all(b, SPOOL_NEW);
	for (i = 1; i <= n; i++) {
		t = plan(b, NULL, i, 0);
		assert_true(tracer_run(&t));
		found = take_all(b, SPOOL_NEW);
		assert_true(found <= 1);
		whole += found;
		assert_true(t.status == -1 || found == 1);
		found = take_all(b, SPOOL_TMP);
		assert_true(found <= 1);
		partly += found;
		none++;
	}
	none -= whole + partly;
	print_message("spool: %zu kills: %zu left nothing, %zu in tmp/, %zu "
	    "in new/\n", n, none, partly, whole);
	assert_true(none > 0 && partly > 0 && whole > 0);
}

/* Whoever ends the run still has the message: with a relay that can't be
 * reached, and where none is tried. */
static void
before_it_has_its_name_a_signal_commits_nothing(void **state)
{
	static const long calls[] = { SYS_openat, SYS_read, SYS_socket,
		SYS_write, SYS_utimensat, SYS_fsync, SYS_close, SYS_renameat2,
		-1 };
	struct bench *b = *state;
	char *profiles[] = { b->config, b->review };
	size_t i, at, stopped, named;
	struct tracer t;

	if (!tracer_is_possible())
		skip();
	for (i = 0; i < COUNT(profiles); i++) {
		b->argv[2] = profiles[i];
		for (at = 1, named = stopped = 0; ; at++) {
			t = plan(b, calls, at, 0);
			t.signal = SIGTERM;
			assert_true(tracer_run(&t));
			if (t.met == -1)
				break;
			if (t.met == SYS_renameat2)
				named = at;
			/* Until it listens a signal is its death. */
			if (t.status != -1)
				assert_int_equal(t.status, named == 0 ?
				    EX_UNAVAILABLE : EX_OK);
			stopped += t.status == EX_UNAVAILABLE;
			assert_int_equal(take_all(b, SPOOL_NEW), named != 0);
			assert_int_equal(take_all(b, SPOOL_TMP), 0);
		}
		print_message("spool: %zu signals: %zu before its name\n",
		    at - 1, named - 1);
		assert_true(stopped > 5 && named > 0 && at > named + 3);
		(void)take_all(b, SPOOL_NEW);
	}
	b->argv[2] = b->config;
}

/* The last thing that a run writes is its log line: it is too late then. */
static void
once_it_is_committed_no_trap_changes_the_status(void **state)
{
	static const long writes[] = { SYS_write, -1 };
	struct bench *b = *state;
	struct tracer t;
	char *config;
	struct buf text;

	if (!tracer_is_possible())
		skip();
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "[default]\nhost = 127.0.0.1\nport = "
	    "%d\ntls = none\nehlo = client.example.org\nlog = stderr\n"
	    "spool = %s\n", relay_closed_port(), b->spool));
	config = scratch_file(&b->scratch, "logged.ini", 0600,
	    buf_span(&text));
	assert_non_null(config);
	b->argv[2] = config;
	t = plan(b, writes, 0, 0);
	assert_true(tracer_run(&t));
	assert_int_equal(take_all(b, SPOOL_NEW), 1);
	t = plan(b, writes, t.count, EPERM);
	t.instead = SYS_ptrace;
	assert_true(tracer_run(&t));
	assert_int_equal(t.met, SYS_write);
	assert_int_equal(t.status, EX_OK);
	assert_int_equal(take_all(b, SPOOL_NEW), 1);
	/* Before that it does. */
	t = plan(b, writes, 2, EPERM);
	t.instead = SYS_ptrace;
	assert_true(tracer_run(&t));
	assert_int_equal(t.status, take_all(b, SPOOL_NEW) == 1 ? EX_OK :
	    EX_OSERR);
	(void)take_all(b, SPOOL_TMP);
	b->argv[2] = b->config;
	buf_free(&text);
	mem_free(config);
}

/* The relay can't be reached all the while. */
static void
whatever_fails_in_a_run_the_message_stays(void **state)
{
	static const long calls[] = {
#ifdef SYS_newfstatat
		SYS_newfstatat,
#endif
#ifdef SYS_mmap
		SYS_mmap,
#endif
		SYS_openat, SYS_flock, SYS_getdents64, SYS_pwrite64,
		SYS_fdatasync, SYS_utimensat, -1 };
	static const int why[] = { EIO, EINTR };
	struct bench *b = *state;
	const char *const run[] = { "posthaste", "--config", b->config,
		"--flush", NULL };
	struct tracer t;
	size_t i, at = 0, runs = 0;

	if (!tracer_is_possible())
		skip();
	for (i = 0; i < COUNT(why); i++)
		for (at = 1; at == 1 || t.met != -1; at++, runs++) {
			t = plan(b, NULL, 0, 0);
			assert_true(tracer_run(&t));
			assert_int_equal(t.status, EX_OK);
			t = plan(b, calls, at, why[i]);
			t.argv = run;
			assert_true(tracer_run(&t));
			assert_int_not_equal(t.status, EX_OK);
			assert_int_equal(take_all(b, SPOOL_NEW), 1);
		}
	print_message("spool: %zu faults of a run\n", runs - COUNT(why));
}

/*
 * One that can't be read stays, and the run says so. Where the relay has it,
 * and the file can't be removed, it isn't sent again.
 */
static void
what_cant_be_removed_is_marked_as_delivered(void **state)
{
	static const long unlinks[] = { SYS_unlinkat, -1 };
	static const long locks[] = { SYS_flock, -1 };
	const struct relay_options options = { .connections = 4 };
	struct bench *b = *state;
	struct relay *relay;
	struct relay_record record;
	const char *const run[] = { "posthaste", "--config", NULL, "--flush",
		NULL };
	const char *words[COUNT(run)];
	struct tracer t;
	char *config;
	struct buf text;

	if (!tracer_is_possible())
		skip();
	/* It was committed when the relay was away. */
	t = plan(b, NULL, 0, 0);
	assert_true(tracer_run(&t));
	relay = relay_start(&options);
	assert_non_null(relay);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "[default]\nhost = 127.0.0.1\nport = "
	    "%d\ntls = none\nehlo = client.example.org\nlog = none\n"
	    "spool = %s\n", relay_port(relay), b->spool));
	config = scratch_file(&b->scratch, "posthaste.ini", 0600,
	    buf_span(&text));
	assert_non_null(config);
	memcpy(words, run, sizeof(run));
	words[2] = config;
	/* Behind the run's own lock comes that of the message. */
	t = plan(b, locks, 2, EIO);
	t.argv = words;
	assert_true(tracer_run(&t));
	assert_int_equal(t.status, EX_UNAVAILABLE);
	t = plan(b, unlinks, 1, EACCES);
	t.argv = words;
	assert_true(tracer_run(&t));
	assert_int_equal(t.met, SYS_unlinkat);
	assert_int_equal(t.status, EX_OK);
	t = plan(b, unlinks, 0, 0);
	t.argv = words;
	assert_true(tracer_run(&t));
	assert_int_equal(t.status, EX_OK);
	assert_int_equal(t.count, 1);
	assert_int_equal(take_all(b, SPOOL_NEW), 0);
	assert_true(relay_stop(relay, &record));
	assert_int_equal(record.committed, 1);
	relay_record_free(&record);
	buf_free(&text);
	mem_free(config);
}

/* A run, of whose reads one fails, over as many messages. */
static struct tracer
read_with_a_fault(struct bench *b, char *config, size_t messages, size_t at)
{
	static const long reads[] = { SYS_pread64, -1 };
	const char *const run[] = { "posthaste", "--config", config, "-q",
		NULL };
	struct tracer t;
	size_t i;

	for (i = 0; i < messages; i++) {
		b->argv[2] = config;
		t = plan(b, NULL, 0, 0);
		assert_true(tracer_run(&t));
		assert_int_equal(t.status, EX_OK);
		b->argv[2] = b->config;
	}
	t = plan(b, reads, at, EIO);
	t.argv = run;
	assert_true(tracer_run(&t));
	return t;
}

static void
check_reads(struct bench *b, char *config, struct relay *relay)
{
	struct tracer t = read_with_a_fault(b, config, 0, 0);
	size_t at = t.count, runs = 0, stayed = 0, left;
	struct relay_record record;

	/* The loader of programs reads so, too. */
	do {
		t = read_with_a_fault(b, config, 2, ++at);
		runs++;
		left = take_all(b, SPOOL_NEW);
		assert_in_range(left, 0, 1);
		assert_int_equal(t.status, left == 0 ? EX_OK :
		    EX_UNAVAILABLE);
		assert_int_equal(take_all(b, SPOOL_FAILED), 0);
		stayed += left;
	} while (t.met != -1);
	assert_true(relay_stop(relay, &record));
	assert_int_equal(stayed, 2);
	assert_int_equal(record.committed, 2 * runs - stayed);
	relay_record_free(&record);
}

/* A bad sector: the message may be read another day. */
static void
what_cant_be_read_stays_and_the_others_leave(void **state)
{
	const struct relay_options options = { .connections = 40 };
	struct bench *b = *state;
	struct relay *relay;
	char *config;
	struct buf text;

	if (!tracer_is_possible())
		skip();
	relay = relay_start(&options);
	assert_non_null(relay);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "[default]\nhost = 127.0.0.1\nport = "
	    "%d\ntls = none\nehlo = client.example.org\nlog = none\n"
	    "spool = %s\nspool_always = yes\n", relay_port(relay),
	    b->spool));
	config = scratch_file(&b->scratch, "read.ini", 0600, buf_span(&text));
	assert_non_null(config);
	check_reads(b, config, relay);
	buf_free(&text);
	mem_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_fault_the_message_is_committed),
		cmocka_unit_test(the_disk_has_it_in_the_right_order),
		cmocka_unit_test(what_cant_be_taken_back_is_told),
		cmocka_unit_test(
		    whatever_fails_0_means_committed_and_else_nothing_is),
		cmocka_unit_test(
		    once_it_is_committed_no_trap_changes_the_status),
		cmocka_unit_test(whenever_it_is_killed_what_is_there_is_whole),
		cmocka_unit_test(
		    before_it_has_its_name_a_signal_commits_nothing),
		cmocka_unit_test(whatever_fails_in_a_run_the_message_stays),
		cmocka_unit_test(
		    what_cant_be_read_stays_and_the_others_leave),
		/* It changes the profile: the last one. */
		cmocka_unit_test(what_cant_be_removed_is_marked_as_delivered),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
