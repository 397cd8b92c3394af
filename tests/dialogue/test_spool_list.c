/*
 * mailq, -bp and --queue.
 */
#include "dialogue/spool_case.h"

static const char *const queue_args[] = { "--queue", NULL };
static const char *const no_args[] = { NULL };

static void
what_waits_is_listed_and_escaped(void **state)
{
	struct depot d;
	struct trial first = { .keys = d.keys, .overrides = { {
	    .stage = "receipt", .script = "commit\nS 2" "99 \\x1b[2J" } } };
	const char *out;
	size_t i;

	depot_make(&d, state, "");
	trial_run(&first, state);
	TRIAL_CHECK(&first, first.result.exit_status == EX_OK);
	trial_free(&first);
	assert_int_equal(depot_count(&d, "new"), 1);
	for (i = 0; i < 3; i++) {
		static const char *const names[] = { NULL, "mailq",
			"sendmail" };
		static const char *const p[] = { "-bp", NULL };
		struct trial t = { .keys = d.keys, .name = names[i],
		    .args = i == 0 ? queue_args : i == 1 ? no_args : p };

		trial_run(&t, state);
		out = buf_string(&t.result.out);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.count == 0);
		TRIAL_CHECK(&t, strncmp(out, d.id, strlen(d.id)) == 0);
		TRIAL_CHECK(&t, strstr(out, " s old, next try in ") != NULL);
		TRIAL_CHECK(&t, strstr(out, " min, profile default\n    from "
		    "<" KIT_SENDER ">\n    to <" KIT_RECIPIENT ">\n    the "
		    "relay may already hold it\n    ") != NULL);
		TRIAL_CHECK(&t, strstr(out, "299 \\x1b[2J\n-- 1 Kbytes in 1 "
		    "Request.\n") != NULL);
		TRIAL_CHECK(&t, strchr(out, '\x1b') == NULL);
		trial_free(&t);
	}
}

/* A spool is looked at once, however many profiles share it. */
static void
what_profiles_share_is_listed_once(void **state)
{
	struct depot d;
	struct trial first = { .keys = d.keys, .is_absent = true };
	struct trial t = { .keys = d.keys, .args = queue_args };

	depot_make(&d, state, "[other]\ninherit = default\n");
	trial_run(&first, state);
	TRIAL_CHECK(&first, first.result.exit_status == EX_OK);
	trial_free(&first);
	depot_age(&d, 0);
	trial_run(&t, state);
	TRIAL_CHECK(&t, strstr(buf_string(&t.result.out), " s old, due, "
	    "profile default\n") != NULL);
	TRIAL_CHECK(&t, strstr(buf_string(&t.result.out), " in 1 Request.\n")
	    != NULL);
	trial_free(&t);
}

static void
what_is_given_up_is_listed_and_doesnt_wait(void **state)
{
	static const char *const run[] = { "-q", NULL };
	struct depot d;
	struct trial first = { .keys = d.keys, .is_absent = true };
	struct trial u = { .keys = d.keys, .args = run, .overrides = { {
	    .stage = "rcpt", .script = "S 550 5.1.1 nobody" } } };
	struct trial t = { .keys = d.keys, .args = queue_args };
	const char *out;

	depot_make(&d, state, "");
	trial_run(&first, state);
	trial_free(&first);
	depot_age(&d, 3 * 24 * 3600);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_UNAVAILABLE);
	trial_free(&u);
	trial_run(&t, state);
	out = buf_string(&t.result.out);
	TRIAL_CHECK(&t, strstr(out, "    3 days old, given up, profile ") !=
	    NULL);
	TRIAL_CHECK(&t, strstr(out, "550 5.1.1 nobody\nMail queue is "
	    "empty\n") != NULL);
	trial_free(&t);
}

static void
without_a_spool_the_queue_is_empty(void **state)
{
	struct trial t = { .args = queue_args };
	struct depot d;
	struct trial u = { .keys = d.keys, .args = queue_args };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, strcmp(buf_string(&t.result.out),
	    "Mail queue is empty\n") == 0);
	trial_free(&t);
	depot_make(&d, state, "");
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	TRIAL_CHECK(&u, strcmp(buf_string(&u.result.out),
	    "Mail queue is empty\n") == 0);
	trial_free(&u);
}

static void
what_is_damaged_is_listed_as_such(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = queue_args };
	char path[300];
	FILE *file;

	depot_make(&d, state, "");
	(void)snprintf(path, sizeof(path), "%s/new", d.path);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/new/1700000000.1.1.a", d.path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("ph1 \x1b\n", file) >= 0);
	(void)fclose(file);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, strcmp(buf_string(&t.result.out),
	    "1700000000.1.1.a\n    the file is damaged: its first line\n-- 1 "
	    "Kbytes in 1 Request.\n") == 0);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_is_listed_and_escaped),
		cmocka_unit_test(what_profiles_share_is_listed_once),
		cmocka_unit_test(what_is_given_up_is_listed_and_doesnt_wait),
		cmocka_unit_test(without_a_spool_the_queue_is_empty),
		cmocka_unit_test(what_is_damaged_is_listed_as_such),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
