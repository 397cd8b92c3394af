/*
 * Memory and calls that fail: each of those that a run makes fails once, in a
 * run of its own. Exit 0 means that the relay took the message; what it took
 * and didn't get told of is uncertain; nothing else is ever said of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/session_kit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOST 4000	/* calls of one kind in a run */
#define LARGE (17UL << 20)

struct scarcity {
	const char *call;
	int number;
	bool is_dialogue;	/* of which a large message has no more kinds */
};

static const struct scarcity scarcities[] = {
	{ "memory", ENOMEM, false },
	{ "open", EMFILE, false },
	{ "open", EACCES, false },
	{ "fstat", EIO, false },
	{ "read", EIO, false },
	{ "pread", EIO, false },
	{ "write", ENOSPC, false },
	{ "write", EIO, false },
	{ "mmap", ENOMEM, false },
	{ "getrandom", ENOSYS, false },
	{ "copy_file_range", EIO, false },
	{ "copy_file_range", ENOSPC, false },
	{ "socket", EMFILE, true },
	{ "connect", ENETUNREACH, true },
	{ "setsockopt", EINVAL, true },
	{ "getsockopt", EINVAL, true },
	{ "ppoll", ENOMEM, true },
	{ "send", ECONNRESET, true },
	{ "send", ENOBUFS, true },
	{ "recv", ECONNRESET, true },
	{ "recv", ENOMEM, true },
};

/* What one of the runs is. */
struct way {
	const char *name;
	enum relay_mode mode;
	const char *keys;
	bool is_logged, is_large, from_file;
};

static const struct way ways[] = {
	{ "clear", RELAY_PLAIN, "", true, false, false },
	{ "STARTTLS", RELAY_STARTTLS, "user = ann\npassword = horse\n",
	    false, false, false },
	{ "a large message", RELAY_PLAIN, "", false, true, false },
	{ "a large file", RELAY_PLAIN, "", false, true, true },
};

static struct span large;
static char *large_file;

static int
set_up(void **state)
{
	char *text = mem_alloc(LARGE);
	size_t at = strlen(kit_input), i;

	if (kit_set_up(state) != 0)
		return -1;
	memset(text, 'x', LARGE);
	for (i = at; i < LARGE; i += 72)
		text[i] = '\n';
	memcpy(text, kit_input, at);
	text[LARGE - 1] = '\n';
	large = span_make(text, LARGE);
	large_file = scratch_file(*state, "large", 0600, large);
	return large_file == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	union {
		const char *borrowed;
		char *own;
	} text = { large.data };

	mem_free(text.own);
	mem_free(large_file);
	return kit_tear_down(state);
}

static void
check_verdict(const struct trial *t, const struct scarcity *scarcity)
{
	bool is_memory = strcmp(scarcity->call, "memory") == 0;
	bool was_taken = t->record.committed > 0;
	int status = t->result.exit_status;

	TRIAL_CHECK(t, !t->result.hung && t->result.signal == 0);
	TRIAL_CHECK(t, !t->result.left_core);
	TRIAL_CHECK(t, t->record.committed <= 1);
	TRIAL_CHECK(t, status != EX_OK || was_taken);
	TRIAL_CHECK(t, !was_taken || status == EX_OK ||
	    (status == EX_PROTOCOL && trial_says(t, "may already hold")));
	TRIAL_CHECK(t, (status == EX_OK) == (t->result.err.len == 0));
	TRIAL_CHECK(t, t->result.out.len == 0);
	/* No file is to blame. */
	TRIAL_CHECK(t, status != EX_CONFIG || (scarcity->number != EMFILE &&
	    scarcity->number != ENOMEM));
	/* Memory has no other reason. */
	TRIAL_CHECK(t, !is_memory || status == EX_OK ||
	    (was_taken ? status == EX_PROTOCOL : status == EX_OSERR ||
	    trial_says(t, "may already hold")));
}

/* Whether there was a call to fail. */
static bool
run_once(void **state, const struct way *way, const struct scarcity *scarcity,
    int at, const char *report)
{
	const struct scratch *scratch = *state;
	char keys[500], preload[400], path[300], call[60], which[40], why[40];
	struct trial t = { .mode = way->mode, .keys = keys,
	    .is_lean = way->is_large, .serve = { .capabilities =
	    "PIPELINING\n8BITMIME\nENHANCEDSTATUSCODES\nAUTH PLAIN" },
	    .env = { preload,
	    path, call, which, why }, .run = { .input = way->is_large ? large :
	    span_of(NULL) } };
	bool was_there;
	char mark = '-';
	int fd = open(report, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0 && pwrite(fd, &mark, 1, 0) == 1);
	(void)snprintf(keys, sizeof(keys), "%slog = %s%s%s\n", way->keys,
	    way->is_logged ? "file:" : "none",
	    way->is_logged ? scratch->path : "",
	    way->is_logged ? "/log" : "");
	(void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s",
	    getenv("POSTHASTE_SCARCITY"));
	(void)snprintf(path, sizeof(path), "SCARCE_REPORT=%s", report);
	(void)snprintf(call, sizeof(call), "SCARCE_CALL=%s", scarcity->call);
	(void)snprintf(which, sizeof(which), "SCARCE_AT=%d", at);
	(void)snprintf(why, sizeof(why), "SCARCE_ERRNO=%d", scarcity->number);
	if (way->from_file) {
		t.run.how_stdin = PROGRAM_STDIN_FILE;
		t.run.input_file = large_file;
	}
	trial_run(&t, state);
	check_verdict(&t, scarcity);
	assert_true(pread(fd, &mark, 1, 0) == 1);
	was_there = mark == 'x';
	if (!was_there)
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	trial_free(&t);
	(void)close(fd);
	return was_there;
}

static void
whatever_fails_once_the_verdict_is_true(void **state)
{
	char *report = scratch_file(*state, "report", 0600, span_of("-"));
	size_t i, k;
	int at, all = 0;

	if (getenv("POSTHASTE_SCARCITY") == NULL) {
		mem_free(report);
		skip();
	}
	assert_non_null(report);
	for (i = 0; i < COUNT(ways); i++)
		for (k = 0; k < COUNT(scarcities); k++) {
			if (ways[i].is_large && scarcities[k].is_dialogue)
				continue;
			for (at = 1; at < MOST && run_once(state, &ways[i],
			    &scarcities[k], at, report); at++)
				continue;
			print_message("%s: %s %d: %d calls\n", ways[i].name,
			    scarcities[k].call, scarcities[k].number, at - 1);
			assert_true(at < MOST);
			all += at - 1;
		}
	print_message("scarcity: %d cells, 0 failed\n", all);
	assert_true(all > 300);
	mem_free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_once_the_verdict_is_true),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
