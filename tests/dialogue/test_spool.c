/*
 * What is committed to the spool, and what isn't: exit 0 without the relay's
 * 250 means that the disk has the message.
 */
#include <signal.h>

#include "dialogue/spool_case.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOGGED "log = stderr\n"

static const char *const two[] = { "-i", "-f", KIT_SENDER, "one@example.net",
	"two@example.net", NULL };

static void
a_failure_that_may_pass_is_committed(void **state)
{
	static const struct {
		const char *stage, *script;
		bool uncertain;
	} cases[] = {
		{ "greeting", "S 421 4.3.2 busy\nclose", false },
		{ "ehlo", "close", false },
		{ "mail", "S 451 4.3.0 later", false },
		{ "rcpt", "S 450 4.2.0 greylisted", false },
		{ "data", "S 451 4.3.0 later", false },
		{ "receipt", "S 452 4.3.1 full", false },
		{ "receipt", "close", true },
		{ "receipt", "S 299 what", true },
		{ NULL, NULL, false },		/* nobody listens */
	};
	static const char *const ways[] = { "", "sandbox = yes\n",
	    "sandbox = no\n", "tempfail_exit = 75\n" };
	char words[200];
	struct depot d;
	size_t i, k;

	for (i = 0; i < COUNT(cases); i++)
		for (k = 0; k < COUNT(ways); k++) {
			struct trial t = { .keys = d.keys,
			    .is_absent = cases[i].stage == NULL,
			    .overrides = { { .stage = cases[i].stage,
			    .script = cases[i].script } } };

			depot_make(&d, state, ways[k]);
			trial_run(&t, state);
			TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
			TRIAL_CHECK(&t, t.result.out.len == 0);
			TRIAL_CHECK(&t, t.result.err.len == 0);
			TRIAL_CHECK(&t, t.record.committed == 0);
			TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
			TRIAL_CHECK(&t, depot_count(&d, "tmp") == 0);
			(void)snprintf(words, sizeof(words), "file=%zu:%s\n",
			    strlen(t.profile_path), t.profile_path);
			TRIAL_CHECK(&t, strstr(d.text, words) != NULL);
			TRIAL_CHECK(&t, strstr(d.text,
			    "profile=7:default\n") != NULL);
			TRIAL_CHECK(&t, strstr(d.text, "rcpt=15:"
			    KIT_RECIPIENT "\n") != NULL);
			TRIAL_CHECK(&t, strstr(d.text, kit_input) != NULL);
			TRIAL_CHECK(&t, (strstr(d.text, ":!") != NULL) ==
			    cases[i].uncertain);
			TRIAL_CHECK(&t, depot_wait(&d) > 300 &&
			    depot_wait(&d) <= 400);
			trial_free(&t);
		}
}

static void
the_log_and_json_tell_of_it_with_id_and_reason(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .json = true, .overrides = { {
	    .stage = "rcpt", .script = "S 450 4.2.0 greylisted" } } };
	char words[200];

	depot_make(&d, state, LOGGED);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	(void)snprintf(words, sizeof(words), " queued=%s exit=EX_OK "
	    "stage=rcpt temporary=yes status=450", d.id);
	TRIAL_CHECK(&t, trial_says(&t, words));
	TRIAL_CHECK(&t, trial_says(&t, "reply='450 4.2.0 greylisted'"));
	(void)snprintf(words, sizeof(words),
	    "\"accepted\":false,\"queued\":\"%s\"", d.id);
	TRIAL_CHECK(&t, trial_says(&t, words));
	TRIAL_CHECK(&t, trial_says(&t, "\"exit\":0,"));
	TRIAL_CHECK(&t, trial_says(&t, "\"code\":450"));
	trial_free(&t);
}

static void
a_failure_for_good_stands(void **state)
{
	static const struct {
		const char *stage, *script, *more, *more_script;
		int status;
		const char *remark;
	} cases[] = {
		{ "mail", "S 550 5.7.1 no", NULL, NULL, EX_UNAVAILABLE,
		    NULL },
		{ "rcpt1", "S 550 5.1.1 nobody", "rcpt2", "S 450 4.2.0 later",
		    EX_NOUSER, NULL },
		/* The others have it, and one of them is refused for good. */
		{ "rcpt1", "S 550 5.1.1 nobody", "receipt",
		    "S 451 4.3.0 later", EX_UNAVAILABLE, NULL },
		{ "ehlo", "S hello", NULL, NULL, EX_PROTOCOL, NULL },
		{ "receipt", "S 554 5.7.1 spam", NULL, NULL, EX_UNAVAILABLE,
		    NULL },
		/* 4yz, and yet: */
		{ "rcpt", "S 450 4.7.1 <client.example.org>: Helo command "
		    "rejected: Host not found", NULL, NULL, EX_UNAVAILABLE,
		    "  spool:   not queued, as no waiting heals this\n" },
	};
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .keys = d.keys, .args = two, .overrides = {
		    { .stage = cases[i].stage, .script = cases[i].script },
		    { .stage = cases[i].more,
		    .script = cases[i].more_script } } };

		depot_make(&d, state, "partial = deliver\n");
		trial_run(&t, state);
		trial_failed(&t, cases[i].status, NULL, cases[i].remark ==
		    NULL ? "posthaste: " : cases[i].remark);
		TRIAL_CHECK(&t, trial_says(&t, "spool:") ==
		    (cases[i].remark != NULL));
		TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
		TRIAL_CHECK(&t, depot_count(&d, "tmp") == 0);
		trial_free(&t);
	}
}

/* Whoever ends the run still has the message. */
static void
a_signal_commits_nothing(void **state)
{
	static const struct {
		const char *stage, *awaits;
		int status;
	} cases[] = {
		{ "mail", "MAIL", EX_UNAVAILABLE },
		{ "receipt", "DATA", EX_PROTOCOL },
	};
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .keys = d.keys, .overrides = { {
		    .stage = cases[i].stage, .script = "wait" } } };

		depot_make(&d, state, "");
		trial_start(&t, state);
		trial_feed(&t);
		assert_true(relay_wait_for(t.relay, cases[i].awaits, 5000));
		(void)usleep(200000);
		assert_int_equal(kill(t.program.pid, SIGTERM), 0);
		trial_finish(&t);
		TRIAL_CHECK(&t, t.result.exit_status == cases[i].status);
		TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
		TRIAL_CHECK(&t, depot_count(&d, "tmp") == 0);
		TRIAL_CHECK(&t, trial_says(&t, "  spool:   stopped by SIGTERM "
		    "before the message was in the spool\n") == (i == 1));
		trial_free(&t);
	}
}

static void
with_an_unsafe_directory_the_failure_stands(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .overrides = { { .stage = "rcpt",
	    .script = "S 450 4.2.0 greylisted" } } };
	struct trial good = { .keys = d.keys };

	depot_make(&d, state, LOGGED);
	assert_int_equal(chmod(d.path, 0755), 0);
	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, NULL, ": spool: ");
	TRIAL_CHECK(&t, trial_says(&t, "No such file or directory\n"));
	TRIAL_CHECK(&t, trial_says(&t, ": spool: "));
	TRIAL_CHECK(&t, !trial_says(&t, "queued="));
	trial_free(&t);
	/* A delivery needs no spool. */
	trial_run(&good, state);
	TRIAL_CHECK(&good, good.result.exit_status == EX_OK);
	TRIAL_CHECK(&good, good.record.committed == 1);
	TRIAL_CHECK(&good, trial_says(&good, " exit=EX_OK status=250"));
	trial_free(&good);
}

static void
what_is_delivered_leaves_nothing(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys };

	depot_make(&d, state, "");
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "tmp") == 0);
	trial_free(&t);
}

/* The one who has it already must not get it twice. */
static void
those_who_have_it_are_left_out(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = two, .overrides = { {
	    .stage = "rcpt2", .script = "S 450 4.2.0 greylisted" } } };

	depot_make(&d, state, "partial = deliver\n" LOGGED);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	TRIAL_CHECK(&t, strstr(d.text, "rcpt=15:two@") != NULL);
	TRIAL_CHECK(&t, strstr(d.text, "rcpt=15:one@") == NULL);
	TRIAL_CHECK(&t, trial_says(&t, " delivered=1"));
	trial_free(&t);
}

static void
spool_always_keeps_all_for_review(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys };
	struct trial unsafe = { .keys = d.keys };

	depot_make(&d, state, "spool_always = yes\n" LOGGED);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.count == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	TRIAL_CHECK(&t, depot_wait(&d) <= 0);
	TRIAL_CHECK(&t, trial_says(&t, " exit=EX_OK"));
	trial_free(&t);

	assert_int_equal(chmod(d.path, 0755), 0);
	trial_run(&unsafe, state);
	trial_failed(&unsafe, EX_CONFIG, NULL, ": spool: ");
	TRIAL_CHECK(&unsafe, trial_says(&unsafe, "  fix:     install -d -m "
	    "700 -o "));
	trial_free(&unsafe);
}

static void
spool_always_needs_a_spool(void **state)
{
	struct trial t = { .keys = "spool_always = yes\n" };

	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, NULL, "`spool_always` without `spool`");
	TRIAL_CHECK(&t, trial_says(&t, "  fix:     add `spool`, a directory"));
	trial_free(&t);
}

static void
the_sandbox_lets_the_spool_be_written_and_nothing_else(void **state)
{
	static const char *const verbose[] = { "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	struct depot d;
	struct trial t = { .keys = d.keys, .args = verbose, .overrides = { {
	    .stage = "rcpt", .script = "S 450 4.2.0 greylisted" } } };
	char words[300];

	depot_make(&d, state, "sandbox = yes\n");
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	if (trial_says(&t, "Landlock ABI ")) {
		(void)snprintf(words, sizeof(words), "(files below %s only",
		    d.path);
		TRIAL_CHECK(&t, trial_says(&t, words));
	}
	trial_free(&t);
}

/* The run that delivers it begins elsewhere. */
static void
the_profiles_file_is_kept_by_its_whole_path(void **state)
{
	const struct scratch *scratch = *state;
	struct depot d;
	struct trial t = { .keys = d.keys, .is_absent = true,
	    .run.cwd = scratch->path };
	char words[300];

	depot_make(&d, state, "");
	trial_prepare(&t, state);
	t.argv[2] = "posthaste.ini";
	assert_true(program_start(&t.program, &t.run));
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	(void)snprintf(words, sizeof(words), "file=%zu:%s\n",
	    strlen(t.profile_path), t.profile_path);
	TRIAL_CHECK(&t, strstr(d.text, words) != NULL);
	trial_free(&t);
}

static const char *const bs_args[] = { "-bs", NULL };
static const char *const bs_ways[] = { "", "spool_always = yes\n" };
static const char bs_session[] = "EHLO x\r\nMAIL FROM:<" KIT_SENDER ">\r\n"
    "RCPT TO:<" KIT_RECIPIENT ">\r\nDATA\r\nSubject: a\r\n\r\nb\r\n.\r\n"
    "QUIT\r\n";

static void
in_a_session_of_bs_the_reply_says_that_it_waits(void **state)
{
	char words[200];
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(bs_ways); i++) {
		struct trial t = { .keys = d.keys, .args = bs_args,
		    .overrides = { { .stage = "rcpt",
		    .script = "S 450 4.2.0 greylisted" } },
		    .run.input = span_of(bs_session) };

		depot_make(&d, state, bs_ways[i]);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.count == (i == 0 ? 1 : 0));
		TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
		(void)snprintf(words, sizeof(words),
		    "250 2.0.0 queued as %s\r\n", d.id);
		TRIAL_CHECK(&t, strstr(buf_string(&t.result.out), words) !=
		    NULL);
		trial_free(&t);
	}
}

static void
in_a_session_of_bs_what_cant_be_kept_isnt_queued(void **state)
{
	struct depot d;
	char path[300];
	size_t i;
	int fd;

	for (i = 0; i < COUNT(bs_ways); i++) {
		struct trial t = { .keys = d.keys, .args = bs_args,
		    .overrides = { { .stage = "rcpt",
		    .script = "S 450 4.2.0 greylisted" } },
		    .run.input = span_of(bs_session) };

		depot_make(&d, state, bs_ways[i]);
		/* A file in the way of the directory. */
		(void)snprintf(path, sizeof(path), "%s/tmp", d.path);
		(void)rmdir(path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		(void)close(fd);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
		TRIAL_CHECK(&t, strstr(buf_string(&t.result.out), "queued") ==
		    NULL);
		TRIAL_CHECK(&t, strstr(buf_string(&t.result.out),
		    "\r\n354 ") != NULL);
		TRIAL_CHECK(&t, strstr(buf_string(&t.result.out), "\r\n45") !=
		    NULL);
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_that_may_pass_is_committed),
		cmocka_unit_test(
		    the_log_and_json_tell_of_it_with_id_and_reason),
		cmocka_unit_test(a_failure_for_good_stands),
		cmocka_unit_test(a_signal_commits_nothing),
		cmocka_unit_test(with_an_unsafe_directory_the_failure_stands),
		cmocka_unit_test(what_is_delivered_leaves_nothing),
		cmocka_unit_test(those_who_have_it_are_left_out),
		cmocka_unit_test(spool_always_keeps_all_for_review),
		cmocka_unit_test(spool_always_needs_a_spool),
		cmocka_unit_test(
		    the_sandbox_lets_the_spool_be_written_and_nothing_else),
		cmocka_unit_test(the_profiles_file_is_kept_by_its_whole_path),
		cmocka_unit_test(
		    in_a_session_of_bs_the_reply_says_that_it_waits),
		cmocka_unit_test(
		    in_a_session_of_bs_what_cant_be_kept_isnt_queued),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
