/*
 * The sandbox, through the real binary: that it is there, that it can be left
 * off, and how a run ends that does what it forbids.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os_lock_calls.h"
#include "support/session_kit.h"

static const char *const verbose[] = { "-v", "-i", "-f", KIT_SENDER,
	KIT_RECIPIENT, NULL };

/* Whether the kernel and this build have that much of it. */
static bool
has(void **state, const char *words)
{
	struct trial t = { .args = verbose, .keys = "sandbox = yes\n" };
	const char *wrapper = getenv("POSTHASTE_WRAPPER");
	bool is_there;

	if (wrapper != NULL && wrapper[0] != '\0')
		return false;
	trial_run(&t, state);
	is_there = trial_says(&t, words);
	trial_free(&t);
	return is_there;
}

static void
the_transcript_says_what_the_sandbox_holds(void **state)
{
	struct trial t = { .args = verbose, .keys = "sandbox = yes\n" };
	char words[80];

	if (!has(state, "sandbox: Landlock ABI ") || !has(state, "TCP to "))
		skip();
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	(void)snprintf(words, sizeof(words), " (no files, TCP to %d only)",
	    t.port);
	TRIAL_CHECK(&t, trial_says(&t, "sandbox: Landlock ABI "));
	TRIAL_CHECK(&t, trial_says(&t, words));
	trial_free(&t);
}

#ifdef POSTHASTE_NO_LOCK
#define IS_BUILT false
#else
#define IS_BUILT true
#endif

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

/* What this machine and this build can do, asked apart from the program. */
static void
check_lock(const struct trial *t)
{
	bool has_land = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 2;
	bool has_filter = LOCK_CALLS_KNOWN &&
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;

	if (!IS_BUILT) {
		TRIAL_CHECK(t, trial_says(t, "sandbox: none in this build"));
		return;
	}
	if (!has_land || !has_filter)
		print_message("sandbox: NOT TESTED IN FULL: this machine "
		    "lacks%s%s\n", has_land ? "" : " Landlock",
		    has_filter ? "" : " seccomp");
	TRIAL_CHECK(t, trial_says(t, "Landlock ABI ") == has_land);
	TRIAL_CHECK(t, trial_says(t, ", seccomp") == has_filter);
}

/* The line is shown by "make check": no run of the suite is without the lock
 * unless it was told to be. */
static void
the_suite_says_whether_it_is_locked(void **state)
{
	const char *wish = getenv("POSTHASTE_SANDBOX");
	const char *wrapper = getenv("POSTHASTE_WRAPPER");
	bool is_off = wish != NULL && strcmp(wish, "no") == 0;
	struct trial t = { .args = verbose };
	const char *words;

	trial_run(&t, state);
	words = strstr(buf_string(&t.result.err), "sandbox: ");
	TRIAL_CHECK(&t, words != NULL);
	print_message("%.*s%s\n", (int)strcspn(words, "\n"), words,
	    is_off ? " (POSTHASTE_SANDBOX=no)" : "");
	if (is_off)
		TRIAL_CHECK(&t, trial_says(&t, "sandbox: off"));
	else if (wrapper == NULL || wrapper[0] == '\0')
		check_lock(&t);
	trial_free(&t);
}

static void
the_sandbox_can_be_left_off(void **state)
{
	struct trial t = { .args = verbose, .keys = "sandbox = no\n" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_says(&t, "sandbox: off, as the profile has it"));
	trial_free(&t);
}

/* Log and report are written by a process that is locked. */
static void
what_comes_after_the_dialogue_works_within_it(void **state)
{
	struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "sandbox.log"), keys[300];
	struct trial t = { .mode = RELAY_STARTTLS, .keys = keys };
	char line[400] = "";
	FILE *log;

	(void)snprintf(keys, sizeof(keys), "log = file:%s, syslog\n", path);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	log = fopen(path, "r");
	assert_non_null(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, "profile=default"));
	(void)fclose(log);
	trial_free(&t);
	mem_free(path);
}

static void
a_forbidden_call_ends_the_run_by_how_far_the_message_is(void **state)
{
	static const struct {
		const char *where;
		int status;
		const char *words, *more;
	} cases[] = {
		{ "TRAP_RECEIVED=220 ", EX_OSERR, "posthaste: openat: a system "
		    "call that the sandbox forbids", NULL },
		{ "TRAP_SENT=MAIL", EX_OSERR, "`sandbox = no` in the profile "
		    "permits it", NULL },
		/* The reply to the message: it was never read. */
		{ "TRAP_RECEIVED=250 2.0.0", EX_PROTOCOL, "posthaste: openat: ",
		    "the relay may already hold the message" },
		/* Behind the 250 nothing can go wrong any more. */
		{ "TRAP_SENT=QUIT", EX_OK, NULL, NULL },
	};
	const char *trapper = getenv("POSTHASTE_TRAPPER");
	char preload[400];
	size_t i;

	if (trapper == NULL || !has(state, ", seccomp"))
		skip();
	(void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", trapper);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .keys = "sandbox = yes\n",
		    .env = { preload, cases[i].where },
		    .overrides = { { .stage = "receipt",
		    .script = "commit\nS 250 2.0.0 taken" } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.signal == 0);
		TRIAL_CHECK(&t, t.result.exit_status == cases[i].status);
		TRIAL_CHECK(&t, cases[i].words == NULL ?
		    t.result.err.len == 0 : trial_says(&t, cases[i].words));
		TRIAL_CHECK(&t, trial_says(&t, "may already hold") ==
		    (cases[i].more != NULL));
		trial_free(&t);
	}
}

/* A part of the recipients isn't all of them. */
static void
a_forbidden_call_behind_the_250_hides_no_refused_recipient(void **state)
{
	static const char *const two[] = { "-i", "-f", KIT_SENDER,
		"one@example.net", "two@example.net", NULL };
	const char *trapper = getenv("POSTHASTE_TRAPPER");
	char preload[400];
	struct trial t = { .keys = "sandbox = yes\npartial = deliver\n",
	    .args = two, .env = { preload, "TRAP_SENT=QUIT" }, .overrides = {
	    { .stage = "rcpt2", .script = "S 550 5.1.1 nobody" } } };

	if (trapper == NULL || !has(state, ", seccomp"))
		skip();
	(void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", trapper);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, t.result.signal == 0);
	TRIAL_CHECK(&t, t.result.exit_status == EX_PROTOCOL);
	TRIAL_CHECK(&t, trial_says(&t, "may already hold"));
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_transcript_says_what_the_sandbox_holds),
		cmocka_unit_test(the_suite_says_whether_it_is_locked),
		cmocka_unit_test(the_sandbox_can_be_left_off),
		cmocka_unit_test(what_comes_after_the_dialogue_works_within_it),
		cmocka_unit_test(
		    a_forbidden_call_ends_the_run_by_how_far_the_message_is),
		cmocka_unit_test(
		    a_forbidden_call_behind_the_250_hides_no_refused_recipient),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
