/*
 * The way out of the spool: -q, runq and --flush.
 */
#include <signal.h>
#include <sys/file.h>

#include "dialogue/spool_case.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOGGED "log = stderr\n"
#define LARGE (18UL << 20)
#define STRANGER 54321	/* a uid without a passwd entry */
#define LIFE (5L * 24 * 3600)

static const char *const run_args[] = { "-q", NULL };
static const char *const flush_args[] = { "--flush", NULL };
static const char *const two[] = { "-i", "-f", KIT_SENDER, "one@example.net",
	"two@example.net", NULL };

/* Messages are committed as after a greylisting relay; then they are due. */
static void
fill(struct depot *d, void **state, const char *keys, size_t count)
{
	size_t i;

	depot_make(d, state, keys);
	for (i = 0; i < count; i++) {
		struct trial t = { .keys = d->keys, .overrides = { {
		    .stage = "rcpt", .script = "S 450 4.2.0 greylisted" } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		trial_free(&t);
	}
	assert_int_equal(depot_count(d, "new"), count);
}

static void
what_is_due_arrives_and_the_file_is_gone(void **state)
{
	static const char *const ways[][3] = { { "posthaste", "-q" },
		{ "sendmail", "-q" }, { "sendmail", "-q30m" }, { "runq" },
		{ "posthaste", "--flush" } };
	struct depot d;
	size_t i, k;

	for (i = 0; i < COUNT(ways); i++)
		for (k = 0; k < 2; k++) {
			const char *const args[] = { ways[i][1], NULL };
			struct trial t = { .keys = d.keys, .args = args,
			    .name = strcmp(ways[i][0], "posthaste") == 0 ?
			    NULL : ways[i][0], .mode = k == 0 ? RELAY_PLAIN :
			    RELAY_STARTTLS };

			fill(&d, state, k == 0 ? LOGGED : LOGGED
			    "sandbox = no\n", 1);
			depot_age(&d, 0);
			trial_run(&t, state);
			TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
			TRIAL_CHECK(&t, t.record.committed == 1);
			TRIAL_CHECK(&t, strcmp(relay_only_message(&t.record)
			    ->text.data, kit_wire) == 0);
			TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
			TRIAL_CHECK(&t, trial_says(&t, d.id));
			TRIAL_CHECK(&t, trial_says(&t, " exit=EX_OK "
			    "status=250"));
			TRIAL_CHECK(&t, !trial_says(&t, "duplicate"));
			trial_free(&t);
		}
}

static void
what_isnt_due_waits_and_a_flush_takes_it(void **state)
{
	struct depot d;
	struct trial run = { .keys = d.keys, .args = run_args };
	struct trial flush = { .keys = d.keys, .args = flush_args };

	fill(&d, state, "", 1);
	trial_run(&run, state);
	TRIAL_CHECK(&run, run.result.exit_status == EX_OK);
	TRIAL_CHECK(&run, run.record.count == 0);
	TRIAL_CHECK(&run, depot_count(&d, "new") == 1);
	trial_free(&run);
	trial_run(&flush, state);
	trial_delivered(&flush, kit_wire);
	TRIAL_CHECK(&flush, depot_count(&d, "new") == 0);
	trial_free(&flush);
}

static void
a_flush_can_name_one(void **state)
{
	struct depot d;
	const char *const one[] = { "--flush", d.id, NULL };
	const char *const none[] = { "--flush=1700000000.1.1.a", NULL };
	struct trial t = { .keys = d.keys, .args = one };
	struct trial u = { .keys = d.keys, .args = none };

	fill(&d, state, "", 2);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	trial_free(&t);
	trial_run(&u, state);
	trial_failed(&u, EX_NOINPUT, NULL, "no message 1700000000.1.1.a "
	    "waits in a spool of this file\n");
	TRIAL_CHECK(&u, depot_count(&d, "new") == 1);
	trial_free(&u);
}

static void
a_certificate_that_isnt_checked_is_warned_of(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = flush_args,
	    .mode = RELAY_STARTTLS, .certificate = "wrongname" };

	fill(&d, state, LOGGED "tls_verify = no\n", 1);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, trial_says(&t, "tls_verify"));
	trial_free(&t);
}

/* The relay of one is away, that of the other isn't. */
static void
each_profile_has_its_own_session(void **state)
{
	static const char *const by_other[] = { "--profile", "other", "-i",
		"-f", KIT_SENDER, KIT_RECIPIENT, NULL };
	struct depot d;
	struct trial t = { .keys = d.keys, .args = by_other,
	    .is_absent = true };
	struct trial u = { .keys = d.keys, .args = flush_args };
	char *path;
	struct buf text;

	fill(&d, state, "[other]\ninherit = default\n", 3);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	trial_free(&t);
	assert_int_equal(depot_count(&d, "new"), 4);

	trial_prepare(&u, state);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "[default]\nhost = 127.0.0.1\nport = "
	    "%d\ntls = none\nehlo = client.example.org\nlog = none\n"
	    "spool = %s\n[other]\ninherit = default\nport = %d\n",
	    relay_closed_port(), d.path, u.port));
	path = program_profile(*state, text.data);
	assert_non_null(path);
	assert_true(program_start(&u.program, &u.run));
	trial_finish(&u);
	TRIAL_CHECK(&u, u.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&u, u.record.committed == 1);
	TRIAL_CHECK(&u, depot_count(&d, "new") == 3);
	trial_free(&u);
	buf_free(&text);
	mem_free(path);
}

static void
several_messages_go_over_one_session(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = flush_args };

	fill(&d, state, "", 3);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.count == 1);
	TRIAL_CHECK(&t, t.record.committed == 3);
	TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
	trial_free(&t);
}

/* -q is silent of it, --flush isn't: somebody waits. */
static void
a_failure_that_may_pass_waits_for_its_next_time(void **state)
{
	struct depot d;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .keys = d.keys,
		    .args = i == 0 ? run_args : flush_args,
		    .overrides = { { .stage = "rcpt",
		    .script = "S 450 4.2.0 \\x1b[2Jstill" } } };

		fill(&d, state, "", 1);
		depot_age(&d, 3600);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status ==
		    (i == 0 ? EX_OK : EX_UNAVAILABLE));
		TRIAL_CHECK(&t, trial_says(&t, "posthaste: ") == (i == 1));
		TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
		TRIAL_CHECK(&t, strstr(d.text, "450 4.2.0 \\x1b[2Jstill") !=
		    NULL);
		/* (60 + 20)^2 s from its birth */
		TRIAL_CHECK(&t, depot_wait(&d) > 2700 &&
		    depot_wait(&d) <= 2801);
		trial_free(&t);
	}
}

static void
what_no_waiting_heals_goes_to_failed(void **state)
{
	static const struct {
		const char *stage, *script;
		long age;
		const char *words;
	} cases[] = {
		{ "rcpt", "S 550 5.1.1 nobody", 0, "550 5.1.1 nobody" },
		{ "mail", "S 554 5.7.1 no", 0, "554 5.7.1 no" },
		{ "receipt", "S 554 5.7.1 spam", 0, "554 5.7.1 spam" },
		{ "rcpt", "S 450 4.7.1 <client.example.org>: Helo command "
		    "rejected: Host not found", 0, "(hint H03)" },
		{ "rcpt", "S 450 4.2.0 still greylisted", LIFE,
		    "spool:   given up after five days" },
		/* It is too large: nothing has to be refused for that. */
		{ "ehlo", "S 250-relay.test\nS 250 SIZE 10", 0, "the relay takes 10" },
	};
	char words[200];
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct trial t = { .keys = d.keys, .args = run_args,
		    .overrides = { { .stage = cases[i].stage,
		    .script = cases[i].script } } };

		fill(&d, state, LOGGED, 1);
		depot_age(&d, cases[i].age);
		trial_run(&t, state);
		trial_failed(&t, EX_UNAVAILABLE, NULL, cases[i].words);
		TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
		TRIAL_CHECK(&t, depot_count(&d, "failed") == 1);
		(void)snprintf(words, sizeof(words), " failed=%s ", d.id);
		TRIAL_CHECK(&t, trial_says(&t, words));
		trial_free(&t);
	}
}

/* A wrong password is put right, and then the mail must still be there. */
static void
trouble_of_our_own_is_waited_for(void **state)
{
	static const char *const profiles[] = {
		"[default]\nhost = 127.0.0.1\nunknown = 1\n",
		"[other]\nhost = 127.0.0.1\n",
	};
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "auth",
	    .script = "S 535 5.7.8 wrong password" } } };
	char profile[1200], keys[1200];
	FILE *file;
	size_t i;

	fill(&d, state, "", 1);
	depot_age(&d, 0);
	(void)snprintf(keys, sizeof(keys), "%suser = u\npassword = p\n",
	    d.keys);
	t.keys = keys;
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	TRIAL_CHECK(&t, strstr(d.text, "535 5.7.8") != NULL);
	trial_free(&t);
	/* The profile's file is broken, or lacks it, but another is named. */
	for (i = 0; i < COUNT(profiles); i++) {
		struct trial u = { .keys = d.keys, .args = run_args };

		depot_age(&d, 0);
		(void)snprintf(profile, sizeof(profile), "[x]\nhost = "
		    "127.0.0.1\n%s", d.keys);
		trial_prepare(&u, state);
		file = fopen(u.profile_path, "w");
		assert_non_null(file);
		assert_true(fputs(profiles[i], file) >= 0);
		(void)fclose(file);
		u.argv[2] = scratch_file(*state, "run.ini", 0600,
		    span_of(profile));
		assert_true(program_start(&u.program, &u.run));
		trial_finish(&u);
		TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
		TRIAL_CHECK(&u, depot_count(&d, "new") == 1);
		TRIAL_CHECK(&u, depot_wait(&d) > 300);
		TRIAL_CHECK(&u, strstr(d.text, i == 0 ? "unknown key" :
		    "no profile 'default'") != NULL);
		mem_free((char *)(uintptr_t)u.argv[2]);
		trial_free(&u);
	}
}

static void
fill_two(struct depot *d, void **state, const char *keys)
{
	struct trial t = { .keys = d->keys, .args = two, .is_absent = true };

	depot_make(d, state, keys);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	trial_free(&t);
	assert_int_equal(depot_count(d, "new"), 1);
	depot_age(d, 0);
}

static void
each_recipient_gets_it_once(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "rcpt1",
	    .script = "S 450 4.2.0 later" } } };
	struct trial u = { .keys = d.keys, .args = run_args };
	const struct relay_message *m;

	fill_two(&d, state, "partial = deliver\n");
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, m != NULL && m->recipient_count == 1);
	TRIAL_CHECK(&t, strcmp(m->recipients[0], "<two@example.net>") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	trial_free(&t);
	depot_age(&d, 0);
	trial_run(&u, state);
	m = relay_only_message(&u.record);
	TRIAL_CHECK(&u, m != NULL && m->recipient_count == 1);
	TRIAL_CHECK(&u, strcmp(m->recipients[0], "<one@example.net>") == 0);
	TRIAL_CHECK(&u, depot_count(&d, "new") == 0);
	trial_free(&u);
}

static void
of_some_refused_for_good_the_file_stays_in_failed(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "rcpt1",
	    .script = "S 550 5.1.1 nobody" } } };

	fill_two(&d, state, "partial = deliver\n");
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "failed") == 1);
	TRIAL_CHECK(&t, strstr(d.text, "FD\n") != NULL);
	trial_free(&t);
}

/* One is refused for good and one for now: each has its own fate. */
static void
with_partial_each_recipient_is_judged_alone(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args, .overrides = {
	    { .stage = "rcpt1", .script = "S 550 5.1.1 nobody" },
	    { .stage = "rcpt2", .script = "S 450 4.2.0 later" } } };
	struct trial u = { .keys = d.keys, .args = run_args };
	const struct relay_message *m;

	fill_two(&d, state, LOGGED "partial = deliver\n");
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.record.committed == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	TRIAL_CHECK(&t, strstr(d.text, "F \n") != NULL);
	trial_free(&t);
	depot_age(&d, 0);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_UNAVAILABLE);
	m = relay_only_message(&u.record);
	TRIAL_CHECK(&u, m != NULL && m->recipient_count == 1);
	TRIAL_CHECK(&u, strcmp(m->recipients[0], "<two@example.net>") == 0);
	TRIAL_CHECK(&u, depot_count(&d, "failed") == 1);
	TRIAL_CHECK(&u, strstr(d.text, "FD\n") != NULL);
	TRIAL_CHECK(&u, trial_says(&u, "others were refused before"));
	trial_free(&u);
}

/* Else it is all of them or none. */
static void
without_partial_one_refusal_for_good_is_the_messages(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args, .overrides = {
	    { .stage = "rcpt1", .script = "S 450 4.2.0 later" },
	    { .stage = "rcpt2", .script = "S 550 5.1.1 nobody" } } };

	fill_two(&d, state, "");
	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, NULL, "550 5.1.1 nobody");
	TRIAL_CHECK(&t, depot_count(&d, "failed") == 1);
	TRIAL_CHECK(&t, strstr(d.text, "  \n") != NULL);
	trial_free(&t);
}

/* -q has nothing to say to that, but somebody who waits does. */
static void
two_runs_at_once_are_one(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args };
	struct trial u = { .keys = d.keys, .args = flush_args };
	char path[300];
	int fd;

	fill(&d, state, "", 1);
	depot_age(&d, 0);
	(void)snprintf(path, sizeof(path), "%s/lock", d.path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.result.err.len == 0 && t.record.count == 0);
	trial_free(&t);
	trial_run(&u, state);
	trial_failed(&u, EX_UNAVAILABLE, NULL, "another run is at work\n");
	trial_free(&u);
	assert_int_equal(close(fd), 0);
	assert_int_equal(depot_count(&d, "new"), 1);
}

/* Each user's mail waits in a directory of its own. */
static void
users_have_their_own(void **state)
{
	static const char *const users[] = { "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	struct depot d;
	struct trial t = { .keys = d.keys, .args = users, .is_absent = true,
	    .run = { .set_uid = true, .uid = STRANGER, .gid = STRANGER } };
	struct trial u = { .keys = d.keys, .args = run_args,
	    .run = { .set_uid = true, .uid = STRANGER, .gid = STRANGER } };
	char below[300];

	if (geteuid() != 0)
		skip();
	depot_make(&d, state, "");
	assert_int_equal(chmod(d.path, 0755), 0);
	(void)snprintf(below, sizeof(below), "%s/uid%d", d.path, STRANGER);
	assert_int_equal(mkdir(below, 0700), 0);
	assert_int_equal(chown(below, STRANGER, STRANGER), 0);
	trial_prepare(&t, state);
	assert_int_equal(chmod(t.profile_path, 0644), 0);
	assert_true(program_start(&t.program, &t.run));
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	(void)snprintf(d.path, sizeof(d.path), "%.199s", below);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	trial_free(&t);
	depot_age(&d, 0);
	trial_prepare(&u, state);
	assert_int_equal(chmod(u.profile_path, 0644), 0);
	assert_true(program_start(&u.program, &u.run));
	trial_finish(&u);
	trial_delivered(&u, kit_wire);
	TRIAL_CHECK(&u, depot_count(&d, "new") == 0);
	trial_free(&u);
}

static void
an_uncertain_one_keeps_its_message_id_and_is_told_of(void **state)
{
	struct depot d;
	struct trial first = { .keys = d.keys, .run.input = span_of(
	    "Subject: without an id\n\nhello\n"), .overrides = { {
	    .stage = "receipt", .script = "commit\nclose" } } };
	struct trial again = { .keys = d.keys, .args = run_args };
	const char *id;
	char line[200];

	depot_make(&d, state, LOGGED);
	trial_run(&first, state);
	TRIAL_CHECK(&first, first.result.exit_status == EX_OK);
	TRIAL_CHECK(&first, trial_says(&first, " uncertain=yes"));
	id = strstr(relay_only_message(&first.record)->text.data,
	    "Message-ID: ");
	TRIAL_CHECK(&first, id != NULL);
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(id, "\r\n"),
	    id);
	trial_free(&first);
	depot_age(&d, 0);
	trial_run(&again, state);
	TRIAL_CHECK(&again, again.result.exit_status == EX_OK);
	TRIAL_CHECK(&again, again.record.committed == 1);
	TRIAL_CHECK(&again, strstr(relay_only_message(&again.record)
	    ->text.data, line) != NULL);
	TRIAL_CHECK(&again, trial_says(&again,
	    " spool='possibly a duplicate'"));
	trial_free(&again);
}

/* It may become so while it waits. */
static void
a_try_without_an_answer_makes_it_uncertain(void **state)
{
	static const char *const scripts[] = { "commit\nclose",
		"commit\nS 600 what" };
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(scripts); i++) {
		struct trial t = { .keys = d.keys, .args = run_args,
		    .overrides = { { .stage = "receipt",
		    .script = scripts[i] } } };
		struct trial u = { .keys = d.keys, .args = run_args };

		fill(&d, state, LOGGED, 1);
		assert_null(strstr(d.text, ":!"));
		depot_age(&d, 0);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
		TRIAL_CHECK(&t, strstr(d.text, ":!") != NULL);
		trial_free(&t);
		depot_age(&d, 0);
		trial_run(&u, state);
		TRIAL_CHECK(&u, u.record.committed == 1);
		TRIAL_CHECK(&u, trial_says(&u,
		    " spool='possibly a duplicate'"));
		trial_free(&u);
	}
}

static void
a_relay_that_is_away_is_left_alone_after_three_tries(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .is_absent = true };
	struct trial u = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "greeting",
	    .script = "S 421 4.3.2 busy\nclose" } } };

	fill(&d, state, LOGGED, 5);
	depot_age(&d, 0);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 5);
	trial_free(&t);
	/* Three have a new time, two are due still: */
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.record.count == 2);
	trial_free(&u);
	depot_age(&d, 0);
	{
		struct trial v = { .keys = d.keys, .args = run_args,
		    .overrides = { { .stage = "greeting",
		    .script = "S 421 4.3.2 busy\nclose" } } };

		trial_run(&v, state);
		TRIAL_CHECK(&v, v.record.count == 3);
		trial_free(&v);
	}
}

static void
what_is_damaged_is_put_aside(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args };
	char path[400];
	int fd;

	fill(&d, state, LOGGED, 2);
	depot_age(&d, 0);
	(void)snprintf(path, sizeof(path), "%s/new/%s", d.path, d.id);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "J", 1, (off_t)d.len - 90), 1);
	(void)close(fd);
	depot_age(&d, 0);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, trial_says(&t, "the file is damaged: its hash"));
	TRIAL_CHECK(&t, depot_count(&d, "new") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "failed") == 1);
	trial_free(&t);
}

static void
a_bounce_is_there_before_the_message_leaves(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "rcpt",
	    .script = "S 550 5.1.1 nobody" } } };
	struct trial u = { .keys = d.keys, .args = run_args };
	struct trial v = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "rcpt",
	    .script = "S 550 5.1.1 nobody" } } };
	const struct relay_message *m;

	fill(&d, state, "bounce_to = Who cares <postmaster@example.org>\n", 1);
	depot_age(&d, 0);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, depot_count(&d, "failed") == 1);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	TRIAL_CHECK(&t, depot_wait(&d) <= 0);
	trial_free(&t);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	m = relay_only_message(&u.record);
	TRIAL_CHECK(&u, m != NULL);
	TRIAL_CHECK(&u, strcmp(m->recipients[0],
	    "<postmaster@example.org>") == 0);
	TRIAL_CHECK(&u, strncmp(m->mail, "<>", 2) == 0);
	TRIAL_CHECK(&u, strstr(m->text.data,
	    "To: <postmaster@example.org>\r\n") != NULL);
	TRIAL_CHECK(&u, strstr(m->text.data, "Content-Type: multipart/report; "
	    "report-type=delivery-status;\r\n") != NULL);
	TRIAL_CHECK(&u, strstr(m->text.data, "\r\nFinal-Recipient: rfc822; "
	    KIT_RECIPIENT "\r\nAction: failed\r\nStatus: 5.1.1\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 nobody\r\n") != NULL);
	TRIAL_CHECK(&u, strstr(m->text.data, "Message-ID: <1@example.org>")
	    != NULL);
	TRIAL_CHECK(&u, strstr(m->text.data, "hello") == NULL);
	TRIAL_CHECK(&u, depot_count(&d, "new") == 0);
	trial_free(&u);
	/* What comes from the null sender is never answered. */
	{
		static const char *const null[] = { "-i", "-f", "<>",
		    KIT_RECIPIENT, NULL };
		struct trial first = { .keys = d.keys, .args = null,
		    .is_absent = true };

		trial_run(&first, state);
		trial_free(&first);
	}
	depot_age(&d, 0);
	trial_run(&v, state);
	TRIAL_CHECK(&v, depot_count(&d, "new") == 0);
	TRIAL_CHECK(&v, depot_count(&d, "failed") == 2);
	trial_free(&v);
}

/* The message at hand stays, and so do those behind it. */
static void
a_signal_ends_the_run_and_nothing_is_lost(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "mail", .script = "wait" } } };

	fill(&d, state, "", 2);
	depot_age(&d, 0);
	/* Also one whose time is over: the signal isn't its fault. */
	depot_age(&d, LIFE);
	trial_start(&t, state);
	assert_true(relay_wait_for(t.relay, "MAIL", 5000));
	assert_int_equal(kill(t.program.pid, SIGTERM), 0);
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, t.record.count == 1);
	TRIAL_CHECK(&t, t.record.mail_commands == 1);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 2);
	TRIAL_CHECK(&t, depot_count(&d, "failed") == 0);
	trial_free(&t);
}

/* The process with the session doesn't go on, as the message would arrive
 * twice. */
static void
a_run_that_is_killed_before_the_dot_sends_nothing(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args,
	    .overrides = { { .stage = "data",
	    .script = "sleep 2000\nS 354 go on" } } };
	struct trial u = { .keys = d.keys, .args = run_args };

	fill(&d, state, "", 1);
	depot_age(&d, 0);
	trial_start(&t, state);
	assert_true(relay_wait_for(t.relay, "DATA", 5000));
	assert_int_equal(kill(t.program.pid, SIGKILL), 0);
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.signal == SIGKILL);
	TRIAL_CHECK(&t, t.record.committed == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	trial_free(&t);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	TRIAL_CHECK(&u, u.record.committed == 1);
	TRIAL_CHECK(&u, depot_count(&d, "new") == 0);
	trial_free(&u);
}

/* Beyond what is handed over in memory. */
static void
a_large_message_comes_back_as_it_was(void **state)
{
	struct depot d;
	struct buf large;
	struct trial t = { .keys = d.keys, .is_absent = true };
	struct trial u = { .keys = d.keys, .args = run_args,
	    .serve.capabilities = "8BITMIME" };
	uint64_t lines = 0;

	buf_init(&large, BUF_UNLIMITED);
	assert_true(buf_add_string(&large, kit_input));
	for (; large.len < LARGE; lines++)
		assert_true(buf_add_string(&large, "a line and a line\n"));
	depot_make(&d, state, "");
	t.run.input = buf_span(&large);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	trial_free(&t);
	depot_age(&d, 0);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	TRIAL_CHECK(&u, relay_only_message(&u.record) != NULL &&
	    relay_only_message(&u.record)->octets == large.len + 7 + lines);
	trial_free(&u);
	buf_free(&large);
}

/* Beside the profile's file, in which `from` becomes `to`; owned. */
static char *
write_other(const struct trial *t, void **state, const char *from,
    const char *to)
{
	FILE *file = fopen(t->profile_path, "r");
	char text[2000], *at, *path;
	struct buf other;
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	at = strstr(text, from);
	assert_non_null(at);
	*at = '\0';
	buf_init(&other, BUF_UNLIMITED);
	assert_true(buf_printf(&other, "%s%s%s", text, to,
	    at + strlen(from)));
	path = scratch_file(*state, "other.ini", 0600, buf_span(&other));
	assert_non_null(path);
	buf_free(&other);
	return path;
}

/* One more message waits, which came by other.ini. */
static void
fill_by_other(struct depot *d, void **state)
{
	struct trial t = { .keys = d->keys, .is_absent = true };
	char *path;

	trial_prepare(&t, state);
	path = write_other(&t, state, "client.example.org",
	    "other.example.org");
	t.argv[2] = path;
	assert_true(program_start(&t.program, &t.run));
	trial_finish(&t);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	mem_free(path);
	trial_free(&t);
}

/* Two files may call their profiles alike. */
static void
a_message_goes_by_the_file_that_it_came_with(void **state)
{
	static const char client[] = "client.example.org";
	static const char other[] = "other.example.org";
	struct depot d;
	struct trial u = { .keys = d.keys, .args = flush_args };
	size_t i;

	fill(&d, state, "", 1);
	fill_by_other(&d, state);
	assert_int_equal(depot_count(&d, "new"), 2);

	trial_prepare(&u, state);
	mem_free(write_other(&u, state, client, other));
	assert_true(program_start(&u.program, &u.run));
	trial_finish(&u);
	TRIAL_CHECK(&u, u.record.count == 2 && u.record.committed == 2);
	for (i = 0; i < 2; i++)
		TRIAL_CHECK(&u, strcmp(u.record.connections[i].commands[0],
		    i == 0 ? "EHLO other.example.org" :
		    "EHLO client.example.org") == 0);
	trial_free(&u);
}

/* Not for each name: the other file's relay may be there. */
static void
tries_are_counted_for_each_file(void **state)
{
	char there[40], away[40];
	struct depot d;
	struct trial t = { .keys = d.keys, .args = flush_args };
	size_t i;

	fill(&d, state, "", 1);
	for (i = 0; i < 3; i++)
		fill_by_other(&d, state);
	assert_int_equal(depot_count(&d, "new"), 4);

	trial_prepare(&t, state);
	(void)snprintf(there, sizeof(there), "port = %d", t.port);
	(void)snprintf(away, sizeof(away), "port = %d", relay_closed_port());
	mem_free(write_other(&t, state, there, away));
	assert_true(program_start(&t.program, &t.run));
	trial_finish(&t);
	TRIAL_CHECK(&t, t.record.committed == 1);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 3);
	trial_free(&t);
}

/* What was asked for at first holds at last. */
static void
wishes_are_kept(void **state)
{
	static const char *const args[] = { "-i", "-L", "cron-tag", "-B",
		"8BITMIME", "-N", "failure,delay", "-R", "hdrs", "-V", "x+2B",
		"-O", "smtputf8=yes", "-f", KIT_SENDER, KIT_RECIPIENT, NULL };
	struct depot d;
	struct trial t = { .keys = d.keys, .args = args, .is_absent = true };
	struct trial u = { .keys = d.keys, .args = flush_args,
	    .serve.capabilities = "DSN\n8BITMIME\nSMTPUTF8" };
	struct trial v = { .keys = d.keys, .args = flush_args };

	depot_make(&d, state, LOGGED);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	trial_free(&t);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.record.committed == 1);
	TRIAL_CHECK(&u, trial_heard(&u, "MAIL FROM:<" KIT_SENDER ">"));
	TRIAL_CHECK(&u, strstr(relay_only_message(&u.record)->mail,
	    " BODY=8BITMIME") != NULL);
	TRIAL_CHECK(&u, strstr(relay_only_message(&u.record)->mail,
	    " SMTPUTF8") != NULL);
	TRIAL_CHECK(&u, strstr(relay_only_message(&u.record)->mail,
	    " RET=HDRS ENVID=x+2B") != NULL);
	TRIAL_CHECK(&u, strstr(relay_only_message(&u.record)->recipients[0],
	    " NOTIFY=FAILURE,DELAY") != NULL);
	TRIAL_CHECK(&u, trial_says(&u, "cron-tag["));
	trial_free(&u);
	/* TLS all the way, or not at all. */
	{
		static const char *const strict[] = { "-i", "-O",
			"requiretls=yes", "-f", KIT_SENDER, KIT_RECIPIENT,
			NULL };
		struct trial first = { .keys = d.keys, .args = strict,
		    .is_absent = true };

		trial_run(&first, state);
		TRIAL_CHECK(&first, first.result.exit_status == EX_OK);
		trial_free(&first);
	}
	trial_run(&v, state);
	TRIAL_CHECK(&v, v.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&v, v.record.mail_commands == 0);
	TRIAL_CHECK(&v, depot_count(&d, "new") == 1);
	trial_free(&v);
}

static void
what_dead_writers_left_is_removed(void **state)
{
	struct depot d;
	struct trial t = { .keys = d.keys, .args = run_args };
	char path[300];
	FILE *file;

	fill(&d, state, "", 1);
	(void)snprintf(path, sizeof(path), "%s/tmp/1700000000.1.1.a", d.path);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fclose(file);
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, depot_count(&d, "tmp") == 0);
	TRIAL_CHECK(&t, depot_count(&d, "new") == 1);
	trial_free(&t);
}

static void
who_hears_of_it_must_be_an_address(void **state)
{
	static const char *const wrong[] = { "postmaster", "a@b, c@d", "<>",
		"a b@c" };
	struct depot d;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		char keys[100];
		struct trial t = { .keys = d.keys };

		(void)snprintf(keys, sizeof(keys), "bounce_to = %s\n",
		    wrong[i]);
		depot_make(&d, state, keys);
		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, NULL, "bounce_to");
		trial_free(&t);
	}
}

static void
without_a_spool_there_is_nothing_to_do(void **state)
{
	static const char *const ways[] = { "-q", "--flush" };
	size_t i;

	for (i = 0; i < COUNT(ways); i++) {
		const char *const args[] = { ways[i], NULL };
		struct trial t = { .args = args };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.result.out.len == 0);
		TRIAL_CHECK(&t, t.result.err.len == 0);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

/* Nobody has sent anything yet, and no directory was made. */
static void
where_there_is_no_directory_nothing_waits(void **state)
{
	static const char *const ways[] = { "-q", "--flush", "--queue" };
	size_t i;

	for (i = 0; i < COUNT(ways); i++) {
		const char *const args[] = { ways[i], NULL };
		struct trial t = { .keys = "spool = /nowhere/spool\n",
		    .args = args };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.result.err.len == 0);
		TRIAL_CHECK(&t, strcmp(buf_string(&t.result.out), i == 2 ?
		    "Mail queue is empty\n" : "") == 0);
		trial_free(&t);
	}
}

/* Mail may wait there. */
static void
a_spool_that_isnt_safe_is_told_of(void **state)
{
	static const char *const ways[] = { "-q", "--flush", "--queue" };
	struct depot d;
	size_t i;

	fill(&d, state, "", 1);
	assert_int_equal(chmod(d.path, 0755), 0);
	for (i = 0; i < COUNT(ways); i++) {
		const char *const args[] = { ways[i], NULL };
		struct trial t = { .keys = d.keys, .args = args };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, NULL, ": spool: ");
		trial_free(&t);
	}
	assert_int_equal(chmod(d.path, 0700), 0);
	assert_int_equal(depot_count(&d, "new"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_arrives_and_the_file_is_gone),
		cmocka_unit_test(what_isnt_due_waits_and_a_flush_takes_it),
		cmocka_unit_test(a_flush_can_name_one),
		cmocka_unit_test(a_certificate_that_isnt_checked_is_warned_of),
		cmocka_unit_test(each_profile_has_its_own_session),
		cmocka_unit_test(several_messages_go_over_one_session),
		cmocka_unit_test(
		    a_failure_that_may_pass_waits_for_its_next_time),
		cmocka_unit_test(what_no_waiting_heals_goes_to_failed),
		cmocka_unit_test(trouble_of_our_own_is_waited_for),
		cmocka_unit_test(each_recipient_gets_it_once),
		cmocka_unit_test(
		    of_some_refused_for_good_the_file_stays_in_failed),
		cmocka_unit_test(with_partial_each_recipient_is_judged_alone),
		cmocka_unit_test(
		    without_partial_one_refusal_for_good_is_the_messages),
		cmocka_unit_test(two_runs_at_once_are_one),
		cmocka_unit_test(users_have_their_own),
		cmocka_unit_test(
		    an_uncertain_one_keeps_its_message_id_and_is_told_of),
		cmocka_unit_test(a_try_without_an_answer_makes_it_uncertain),
		cmocka_unit_test(
		    a_relay_that_is_away_is_left_alone_after_three_tries),
		cmocka_unit_test(what_is_damaged_is_put_aside),
		cmocka_unit_test(a_bounce_is_there_before_the_message_leaves),
		cmocka_unit_test(a_message_goes_by_the_file_that_it_came_with),
		cmocka_unit_test(tries_are_counted_for_each_file),
		cmocka_unit_test(wishes_are_kept),
		cmocka_unit_test(what_dead_writers_left_is_removed),
		cmocka_unit_test(who_hears_of_it_must_be_an_address),
		cmocka_unit_test(a_signal_ends_the_run_and_nothing_is_lost),
		cmocka_unit_test(
		    a_run_that_is_killed_before_the_dot_sends_nothing),
		cmocka_unit_test(a_large_message_comes_back_as_it_was),
		cmocka_unit_test(without_a_spool_there_is_nothing_to_do),
		cmocka_unit_test(where_there_is_no_directory_nothing_waits),
		cmocka_unit_test(a_spool_that_isnt_safe_is_told_of),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
