/*
 * Relays and callers that know how we work: none of them gets a success that
 * isn't one, a secret, another profile than the right one, or our patience.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define AUTH_KEYS "user = robot\npassword = hunter2-hunter2\n"
/* base64 of "hunter2-hunter2", and of what AUTH PLAIN makes of both. */
#define PASSWORD_CODE "aHVudGVyMi1odW50ZXIy"
#define PLAIN_CODE "AHJvYm90AGh1bnRlcjItaHVudGVyMg=="

/* A 500 that comes with the greeting isn't the reply to EHLO: no HELO. */
static void
srv_1_an_early_500_doesnt_lead_past_the_recipients(void **state)
{
	struct trial t = { .json = true, .script =
	    "S 220 relay.test ESMTP\nS 500 what\nC*\nS 250 ok\nC*\nS 250 ok\n"
	    "C*\nS 250 ok\nC*\nS 354 go\ndata\ncommit\nS 250 ok\nwait" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_UNAVAILABLE);
	TRIAL_CHECK(&t, trial_says(&t, "\"stage\":\"ehlo\""));
	TRIAL_CHECK(&t, !trial_heard(&t, "HELO"));
	TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
	TRIAL_CHECK(&t, t.record.committed == 0);
	trial_free(&t);
}

static void
arg_11_a_relay_that_quotes_the_password_isnt_quoted(void **state)
{
	static const struct {
		const char *keys, *stage, *script;
	} rows[] = {
		{ AUTH_KEYS, "auth", "S 502 5.5.2 not known: AUTH PLAIN "
		    PLAIN_CODE },
		{ AUTH_KEYS, "auth", "S 535 bad <" PLAIN_CODE "> it is" },
		{ AUTH_KEYS, "auth", "S 535 cut AHJvYm90AGh1bnRlcjIt" },
		{ AUTH_KEYS, "auth", "S 535 bad hunter2-hunter2" },
		{ AUTH_KEYS, "auth", "S nonsense " PLAIN_CODE },
		{ AUTH_KEYS, "mail", "S 550 you said hunter2-hunter2" },
		{ AUTH_KEYS "auth = login\n", "authdata2", "S 535 5.7.8 bad "
		    PASSWORD_CODE },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const args[] = { "-v", "-i", "-f",
			KIT_SENDER, KIT_RECIPIENT, NULL };
		struct trial t = { .keys = rows[i].keys, .args = args };

		t.overrides[0].stage = rows[i].stage;
		t.overrides[0].script = rows[i].script;
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status > 0);
		TRIAL_CHECK(&t, trial_says(&t, "****"));
		TRIAL_CHECK(&t, !trial_says(&t, "hunter2"));
		TRIAL_CHECK(&t, !trial_says(&t, "aHVudGVy"));
		TRIAL_CHECK(&t, !trial_says(&t, "AGh1bnRlcjI"));
		trial_free(&t);
	}
}

static void
a_password_that_is_also_a_capability_hides_none(void **state)
{
	struct trial t = { .keys = "user = robot\npassword = PLAIN\n" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_heard(&t, "AUTH PLAIN "));
	trial_free(&t);
}

/* The profile is chosen by the address, however it is written. */
static void
a_sender_in_angles_or_with_a_name_chooses_the_same_profile(void **state)
{
	static const char profile[] = "[default]\nhost = 127.0.0.1\n"
	    "tls = none\n[alice]\nmatch_from = alice@example.org\n"
	    "host = 127.0.0.1\ntls = none\n";
	static const char *const senders[] = { "alice@example.org",
		"<alice@example.org>", "Alice <alice@example.org>",
		"alice@EXAMPLE.org" };
	size_t i;

	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		const char *const args[] = { "--dry-run", "-i", "-f",
			senders[i], KIT_RECIPIENT, NULL };
		struct trial t = { .profile = profile, .args = args };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, strstr(buf_string(&t.result.out),
		    "profile:    [alice] of ") != NULL);
		trial_free(&t);
	}
}

/* Whoever starts a mode without a message may never close our stdin. */
static void
a_refused_mode_without_a_message_doesnt_wait_for_stdin(void **state)
{
	static const char *const modes[] = { "-bd", "-bt", "-bv", "-bP",
		"--import=x" };
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *const args[] = { modes[i], NULL };
		struct trial t = { .args = args,
		    .run = { .how_stdin = PROGRAM_STDIN_OPEN } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, !t.result.hung);
		TRIAL_CHECK(&t, t.result.exit_status == EX_USAGE);
		trial_free(&t);
	}
}

static void
rmail_takes_its_message_before_it_refuses(void **state)
{
	static char large[300000];
	static const char *const args[] = { "a@example.org", NULL };
	struct trial t = { .name = "rmail", .args = args,
	    .run = { .input = { large, sizeof(large) } } };

	memset(large, 'a', sizeof(large));
	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_USAGE);
	TRIAL_CHECK(&t, !t.result.broken_pipe);
	trial_free(&t);
}

static void
a_fingerprint_that_is_none_is_refused_with_its_line(void **state)
{
	struct trial t = { .keys = "tls_fingerprint = zz\n" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_CONFIG);
	TRIAL_CHECK(&t, trial_says(&t, "tls_fingerprint = zz: "));
	TRIAL_CHECK(&t, trial_says(&t, ".ini:"));
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

/* -v on a pipe that nobody reads, and a relay that talks without an end. */
static void
a_reader_that_sleeps_doesnt_outlast_the_run(void **state)
{
	static const char *const args[] = { "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	struct trial t = { .keys = "total_timeout = 1\n", .args = args };

	t.overrides[0].stage = "ehlo";
	t.overrides[0].script = "repeat 120 250-"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "\\r\\n\nS 250 ok";
	trial_run(&t, state);
	TRIAL_CHECK(&t, !t.result.hung);
	trial_free(&t);
}

#define GROUP_TEST(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		GROUP_TEST(srv_1_an_early_500_doesnt_lead_past_the_recipients),
		GROUP_TEST(arg_11_a_relay_that_quotes_the_password_isnt_quoted),
		GROUP_TEST(a_password_that_is_also_a_capability_hides_none),
		GROUP_TEST(
		    a_sender_in_angles_or_with_a_name_chooses_the_same_profile),
		GROUP_TEST(
		    a_refused_mode_without_a_message_doesnt_wait_for_stdin),
		GROUP_TEST(rmail_takes_its_message_before_it_refuses),
		GROUP_TEST(a_fingerprint_that_is_none_is_refused_with_its_line),
		GROUP_TEST(a_reader_that_sleeps_doesnt_outlast_the_run),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
