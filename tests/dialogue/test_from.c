/*
 * Who sends, as the profile has it: the sender of the envelope, the From
 * field, and what else of the header the profile completes.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define REST "Date: x\nMessage-ID: <1@e>\n"

static const char *const with_f[] = { "-i", "-f", "ann@example.net",
	KIT_RECIPIENT, NULL };
static const char *const without_f[] = { "-i", KIT_RECIPIENT, NULL };
static const char *const with_null[] = { "-i", "-f", "", KIT_RECIPIENT, NULL };

struct row {
	const char *label;
	const char *const *args;
	const char *keys;
	const char *header;	/* before REST */
	const char *sender;	/* of the envelope, or NULL: any */
	const char *want;	/* the header's begin, REST and all behind it
				 * cut off */
};

static void
check_row(const struct row *row, void **state)
{
	struct trial t = { .args = row->args, .keys = row->keys };
	const struct relay_message *m;
	struct buf input, want;
	char mail[200];

	buf_init(&input, BUF_UNLIMITED);
	buf_init(&want, BUF_UNLIMITED);
	assert_true(buf_printf(&input, "%s" REST "\nx\n", row->header));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	if (t.result.exit_status != EX_OK)
		print_message("%s\n", row->label);
	trial_delivered(&t, NULL);
	m = relay_only_message(&t.record);
	(void)snprintf(mail, sizeof(mail), "<%s>", row->sender);
	if (row->sender != NULL && strncmp(m->mail, mail, strlen(mail)) != 0)
		fail_msg("%s: MAIL FROM:%s", row->label, m->mail);
	if (strncmp(m->text.data, row->want, strlen(row->want)) != 0)
		fail_msg("%s: %s", row->label, m->text.data);
	trial_free(&t);
	buf_free(&input);
	buf_free(&want);
}

static void
check_rows(const struct row *rows, size_t count, void **state)
{
	size_t i;

	for (i = 0; i < count; i++)
		check_row(&rows[i], state);
}

#define CHECK(rows, state) \
	check_rows((rows), sizeof(rows) / sizeof((rows)[0]), (state))

#define TAIL "Date: x\r\nMessage-ID: <1@e>\r\n"
#define ROBOT "from = robot@example.org\n"
#define FORCE ROBOT "from_policy = force\nfrom_name = Robot\n"
#define MISSING ROBOT "from_policy = missing\nfrom_name = Robot\n"

static void
the_envelope_has_the_sender_that_the_profile_allows(void **state)
{
	static const struct row rows[] = {
		{ "-f", with_f, ROBOT, "From: a@b.net\n", "ann@example.net",
		    "From: a@b.net\r\n" TAIL },
		{ "none", without_f, ROBOT, "From: a@b.net\n",
		    "robot@example.org", "From: a@b.net\r\n" TAIL },
		{ "allow_f = no", with_f, ROBOT "allow_f = no\n",
		    "From: a@b.net\n", "robot@example.org",
		    "From: a@b.net\r\n" TAIL },
		{ "allow_f = no and the null sender", with_null,
		    ROBOT "allow_f = no\n", "From: a@b.net\n",
		    "robot@example.org", "From: a@b.net\r\n" TAIL },
		{ "%F", without_f, "from = %F\n",
		    "From: A <a@b.net>, c@d.net\n", "a@b.net",
		    "From: A <a@b.net>, c@d.net\r\n" TAIL },
		{ "%F and -f", with_f, "from = %F\n", "From: a@b.net\n",
		    "ann@example.net", "From: a@b.net\r\n" TAIL },
		{ "%F, allow_f = no", with_f, "from = %F\nallow_f = no\n",
		    "From: a@b.net\n", "a@b.net", "From: a@b.net\r\n" TAIL },
		{ "%F without a complete address", without_f,
		    "from = %F\ndomain = example.org\n", "From: root\n", NULL,
		    "From: root\r\n" TAIL },
	};

	CHECK(rows, state);
}

static void
from_policy_decides_on_the_from_field(void **state)
{
	static const struct row rows[] = {
		{ "keep: what is there stays", without_f, ROBOT,
		    "From: root (Cron Daemon)\n", "robot@example.org",
		    "From: root (Cron Daemon)\r\n" TAIL },
		{ "keep: none is there", without_f,
		    ROBOT "from_policy = keep\n", "", "robot@example.org",
		    TAIL "From: robot@example.org\r\n" },
		{ "missing: a complete one stays", without_f, MISSING,
		    "From: Ann <a@b.net>\n", "robot@example.org",
		    "From: Ann <a@b.net>\r\n" TAIL },
		{ "missing: a bare one doesn't", without_f, MISSING,
		    "From: root (Cron Daemon)\n", "robot@example.org",
		    "From: Robot <robot@example.org>\r\n" TAIL },
		{ "missing: its display name does", without_f, MISSING,
		    "From: \"Cron D.\" <root>\n", "robot@example.org",
		    "From: \"Cron D.\" <robot@example.org>\r\n" TAIL },
		{ "missing: a local one doesn't", without_f,
		    MISSING "local_domains = localhost\n",
		    "From: root@localhost\n", "robot@example.org",
		    "From: Robot <robot@example.org>\r\n" TAIL },
		{ "missing: what can't be read", without_f, MISSING,
		    "From: <<\nFrom: b\n", "robot@example.org",
		    "From: Robot <robot@example.org>\r\n" TAIL },
		{ "missing: of two the second is complete", without_f, MISSING,
		    "From: root, b@c.net\n", "robot@example.org",
		    "From: root, b@c.net\r\n" TAIL },
		{ "missing: completed first", without_f,
		    MISSING "qualify_headers = yes\ndomain = example.org\n",
		    "From: root (Cron Daemon)\n", "robot@example.org",
		    "From: root@example.org (Cron Daemon)\r\n" TAIL },
		{ "missing: by -f", with_f, MISSING, "From: root\n",
		    "ann@example.net",
		    "From: Robot <ann@example.net>\r\n" TAIL },
		{ "force", with_f, FORCE, "From: Ann\n <a@b.net>\nX: y\n",
		    "robot@example.org", "From: Robot <robot@example.org>\r\n"
		    "Reply-To: Ann\r\n <a@b.net>\r\nX: y\r\n" TAIL },
		{ "force: there is a Reply-To", without_f, FORCE,
		    "Reply-To: c@d.net\nFrom: a@b.net\n", "robot@example.org",
		    "Reply-To: c@d.net\r\nFrom: Robot <robot@example.org>\r\n"
		    TAIL },
		{ "force: nobody to reply to", without_f, FORCE,
		    "From: root (Cron Daemon)\n", "robot@example.org",
		    "From: Robot <robot@example.org>\r\n" TAIL },
		{ "force: completed for the reply", without_f,
		    FORCE "qualify_headers = yes\ndomain = example.org\n",
		    "From: root (Cron Daemon)\n", "robot@example.org",
		    "From: Robot <robot@example.org>\r\n"
		    "Reply-To: root@example.org (Cron Daemon)\r\n" TAIL },
		{ "force: it is so already", without_f, FORCE,
		    "From: \"R2\" <robot@EXAMPLE.org>\n", "robot@example.org",
		    "From: \"R2\" <robot@EXAMPLE.org>\r\n" TAIL },
		{ "force: several become one", without_f, FORCE,
		    "From: robot@example.org\nX: y\nFrom: a@b.net\n",
		    "robot@example.org", "From: Robot <robot@example.org>\r\n"
		    "Reply-To: robot@example.org\r\nX: y\r\n" TAIL },
		{ "force: none is there", without_f, FORCE, "",
		    "robot@example.org",
		    TAIL "From: Robot <robot@example.org>\r\n" },
		{ "force: no null sender", with_null, FORCE, "From: a@b.net\n",
		    "robot@example.org", "From: Robot <robot@example.org>\r\n"
		    "Reply-To: a@b.net\r\n" TAIL },
	};

	CHECK(rows, state);
}

#define QUALIFY ROBOT "qualify_headers = yes\ndomain = example.org\n" \
	"local_domains = localhost\n"

static void
the_header_is_completed_where_the_profile_says_so(void **state)
{
	static const struct row rows[] = {
		{ "no", without_f, ROBOT "domain = example.org\n",
		    "From: a@b.net\nTo: root\n", NULL,
		    "From: a@b.net\r\nTo: root\r\n" TAIL },
		{ "yes", without_f, QUALIFY, "From: root (Cron Daemon)\n"
		    "To: root, b@c.net,\n d@localhost\nSubject: root\n", NULL,
		    "From: root@example.org (Cron Daemon)\r\n"
		    "To: root@example.org, b@c.net,\r\n d@example.org\r\n"
		    "Subject: root\r\n" TAIL },
		{ "not what is signed", without_f, QUALIFY,
		    "DKIM-Signature: v=1\nFrom: a@b.net\nTo: root\n", NULL,
		    "DKIM-Signature: v=1\r\nFrom: a@b.net\r\nTo: root\r\n"
		    TAIL },
		{ "undisclosed", without_f,
		    ROBOT "undisclosed_recipients = yes\n",
		    "From: a@b.net\nBcc: x@y.net\n", NULL, "From: a@b.net\r\n"
		    TAIL "To: undisclosed-recipients:;\r\n" },
		{ "a Cc is enough", without_f,
		    ROBOT "undisclosed_recipients = yes\n",
		    "From: a@b.net\nCc: x@y.net\n", NULL,
		    "From: a@b.net\r\nCc: x@y.net\r\n" TAIL "\r\n" },
		{ "by default nothing is added", without_f, ROBOT,
		    "From: a@b.net\nBcc: x@y.net\n", NULL,
		    "From: a@b.net\r\n" TAIL "\r\n" },
	};

	CHECK(rows, state);
}

static void
a_sender_that_is_ignored_is_named_by_v_and_a_dry_run(void **state)
{
	static const char *const loud[] = { "-v", "-i", "-f", "ann@x.net",
		KIT_RECIPIENT, NULL };
	static const char *const dry[] = { "--dry-run", "-i", "-f",
		"ann@x.net", KIT_RECIPIENT, NULL };
	struct trial t = { .args = loud, .keys = ROBOT "allow_f = no\n" };
	struct trial u = { .args = dry, .keys = ROBOT "allow_f = no\n" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_says(&t, "the sender <ann@x.net> is ignored"));
	trial_free(&t);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	TRIAL_CHECK(&u, strstr(buf_string(&u.result.out),
	    "sender:     <robot@example.org>\n") != NULL);
	TRIAL_CHECK(&u, strstr(buf_string(&u.result.out),
	    "note:       -f is ignored: ann@x.net\n") != NULL);
	trial_free(&u);
}

static void
a_from_that_is_no_address_is_the_profiles_fault(void **state)
{
	struct trial t = { .args = without_f, .json = true,
		.keys = "from = a..b@example.org\n" };

	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, "config", ": from: a dot too many");
	TRIAL_CHECK(&t, trial_says(&t, "mend `from` in "));
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

static void
an_international_sender_chooses_its_profile(void **state)
{
	static const char *const by_f[] = { "--dry-run", "-i", "-f",
		"ann@b\xc3\xbc" "cher.example", KIT_RECIPIENT, NULL };
	static const char *const by_header[] = { "--dry-run", "-i",
		KIT_RECIPIENT, NULL };
	static const char profile[] = "[default]\nhost = localhost\n"
	    "[idn]\nhost = localhost\n"
	    "match_from = *@xn--bcher-kva.example\n";
	struct trial t = { .args = by_f, .profile = profile };
	struct trial u = { .args = by_header, .profile = profile };

	trial_run(&t, state);
	TRIAL_CHECK(&t, strstr(buf_string(&t.result.out),
	    "profile:    [idn] of ") != NULL);
	trial_free(&t);
	u.run.input = span_of("From: ann@B\xc3\xbc" "CHER.example\n\nx\n");
	trial_run(&u, state);
	TRIAL_CHECK(&u, strstr(buf_string(&u.result.out),
	    "profile:    [idn] of ") != NULL);
	trial_free(&u);
}

/* Several addresses lead to one profile, each is its own sender. */
static void
a_profile_can_serve_several_addresses(void **state)
{
	static const char profile[] = "[default]\nhost = nowhere.invalid\n"
	    "ehlo = a.b\n[two]\nhost = 127.0.0.1\nport = %d\ntls = none\n"
	    "log = none\nfrom = %%F\n"
	    "match_from = ann@example.net, *@example.com\n";
	static const char *const froms[] = { "ann@example.net",
		"bob@EXAMPLE.com", "cyd@example.com" };
	char text[400], input[200], mail[80];
	struct relay *relay;
	struct relay_record record;
	struct program_result result;
	char *path;
	size_t i;

	for (i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		const struct relay_options options = { .limit_ms = 0 };

		relay = relay_start(&options);
		assert_non_null(relay);
		(void)snprintf(text, sizeof(text), profile, relay_port(relay));
		path = program_profile(*state, text);
		assert_non_null(path);
		(void)snprintf(input, sizeof(input), "From: %s\n\nx\n",
		    froms[i]);
		{
			const char *const argv[] = { "posthaste", "--config",
				path, "-i", KIT_RECIPIENT, NULL };
			const struct program_run run = { .argv = argv,
				.input = span_of(input) };

			assert_true(program_run(&result, &run));
		}
		assert_true(relay_stop(relay, &record));
		assert_int_equal(result.exit_status, EX_OK);
		(void)snprintf(mail, sizeof(mail), "<%s>", froms[i]);
		assert_int_equal(strncmp(relay_only_message(&record)->mail,
		    mail, strlen(mail)), 0);
		relay_record_free(&record);
		program_result_free(&result);
		mem_free(path);
	}
}

static void
a_uid_without_an_entry_has_a_name_of_its_own(void **state)
{
	struct trial t = { .args = without_f, .keys = "domain = example.org\n",
		.run.set_uid = true, .run.uid = 4211, .run.gid = 4211 };
	const struct relay_message *m;
	const struct scratch *scratch = *state;

	if (geteuid() != 0)
		skip();
	trial_prepare(&t, state);
	assert_int_equal(chown(t.profile_path, 4211, 4211), 0);
	assert_int_equal(chown(scratch->path, 4211, 4211), 0);
	assert_true(program_start(&t.program, &t.run));
	trial_finish(&t);
	assert_int_equal(chown(scratch->path, 0, 0), 0);
	assert_int_equal(chown(t.profile_path, 0, 0), 0);
	trial_delivered(&t, kit_wire);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, strncmp(m->mail, "<uid4211@example.org>", 21) == 0);
	trial_free(&t);
}

static const char *const with_dots[] = { "-f", KIT_SENDER, KIT_RECIPIENT,
	NULL };

static void
a_lone_dot_is_text_where_the_profile_says_so(void **state)
{
	static const char head[] = "From: a@b.net\nDate: x\n"
	    "Message-ID: <1@e>\n";
	static const char wire[] = "From: a@b.net\r\nDate: x\r\n"
	    "Message-ID: <1@e>\r\n";
	struct trial t = { .args = with_dots, .keys = "dot_terminates = no\n" };
	struct trial u = { .args = with_dots,
		.keys = "dot_terminates = yes\n" };
	struct buf input, want;

	buf_init(&input, BUF_UNLIMITED);
	buf_init(&want, BUF_UNLIMITED);
	assert_true(buf_printf(&input, "%s\none\n.\n..two\n", head));
	t.run.input = u.run.input = buf_span(&input);
	assert_true(buf_printf(&want, "%s\r\none\r\n..\r\n...two\r\n", wire));
	trial_run(&t, state);
	trial_delivered(&t, want.data);
	trial_free(&t);
	buf_clear(&want);
	assert_true(buf_printf(&want, "%s\r\none\r\n", wire));
	trial_run(&u, state);
	trial_delivered(&u, want.data);
	trial_free(&u);
	buf_free(&input);
	buf_free(&want);
}

/* The From field chooses the profile, and that decides on the dots. */
static void
the_header_decides_which_profile_says_it(void **state)
{
	static const char *const args[] = { "--dry-run", KIT_RECIPIENT, NULL };
	static const char profile[] = "[default]\nhost = localhost\n"
	    "domain = example.org\n[raw]\ninherit = default\n"
	    "dot_terminates = no\nmatch_from = raw@example.org\n";
	struct trial t = { .args = args, .profile = profile };
	struct trial u = { .args = args, .profile = profile };
	const char *out;

	t.run.input = span_of("From: raw@example.org\n" REST "\n.\nend\n");
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	out = buf_string(&t.result.out);
	TRIAL_CHECK(&t, strstr(out, "profile:    [raw] of ") != NULL);
	TRIAL_CHECK(&t, strstr(out, "size:       61 octets\n") != NULL);
	trial_free(&t);
	u.run.input = span_of("From: all@example.org\n" REST "\n.\nend\n");
	trial_run(&u, state);
	out = buf_string(&u.result.out);
	TRIAL_CHECK(&u, strstr(out, "profile:    [default] of ") != NULL);
	TRIAL_CHECK(&u, strstr(out, "size:       53 octets\n") != NULL);
	trial_free(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_envelope_has_the_sender_that_the_profile_allows),
		cmocka_unit_test(from_policy_decides_on_the_from_field),
		cmocka_unit_test(
		    the_header_is_completed_where_the_profile_says_so),
		cmocka_unit_test(
		    a_sender_that_is_ignored_is_named_by_v_and_a_dry_run),
		cmocka_unit_test(
		    a_from_that_is_no_address_is_the_profiles_fault),
		cmocka_unit_test(an_international_sender_chooses_its_profile),
		cmocka_unit_test(a_profile_can_serve_several_addresses),
		cmocka_unit_test(a_uid_without_an_entry_has_a_name_of_its_own),
		cmocka_unit_test(a_lone_dot_is_text_where_the_profile_says_so),
		cmocka_unit_test(the_header_decides_which_profile_says_it),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
