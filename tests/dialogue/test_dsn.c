/*
 * What is asked of the relay beside taking the message: notifications (RFC
 * 3461), REQUIRETLS (RFC 8689), and the limits that it names itself (RFC 9422).
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define OFFER "PIPELINING\nSIZE\nDSN"

static void
wishes_for_notifications_are_said_where_they_are_offered(void **state)
{
	static const struct {
		const char *args[10], *keys;
		const char *mail, *rcpt;	/* what stands at their ends */
	} cases[] = {
		{ { "-N", "success,failure", "-R", "hdrs", "-V", "Q+2B1" },
		    "", " RET=HDRS ENVID=Q+2B1",
		    "<one@example.net> NOTIFY=SUCCESS,FAILURE "
		    "ORCPT=rfc822;one@example.net" },
		{ { "-Nnever" }, "", "", "<one@example.net> NOTIFY=NEVER "
		    "ORCPT=rfc822;one@example.net" },
		{ { "-Rfull" }, "", " RET=FULL",
		    "<one@example.net> ORCPT=rfc822;one@example.net" },
		{ { NULL }, "dsn_notify = delay, Failure\ndsn_return = full\n",
		    " RET=FULL", "<one@example.net> NOTIFY=FAILURE,DELAY "
		    "ORCPT=rfc822;one@example.net" },
		{ { "-Nnever", "-Rhdrs" },
		    "dsn_notify = failure\ndsn_return = full\n", " RET=HDRS",
		    "<one@example.net> NOTIFY=NEVER "
		    "ORCPT=rfc822;one@example.net" },
		{ { NULL }, "", "", "<one@example.net>" },
	};
	const char *args[16];
	const struct relay_message *m;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = args, .keys = cases[i].keys,
		    .serve.capabilities = OFFER };

		args[0] = "-i";
		args[1] = "-f" KIT_SENDER;
		for (n = 0; cases[i].args[n] != NULL; n++)
			args[n + 2] = cases[i].args[n];
		args[n + 2] = KIT_RECIPIENT;
		args[n + 3] = NULL;
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		m = relay_only_message(&t.record);
		n = strcspn(m->mail, " ");
		n += 1 + strcspn(m->mail + n + 1, " ");
		TRIAL_CHECK(&t, strcmp(m->mail + n, cases[i].mail) == 0);
		TRIAL_CHECK(&t, strcmp(m->recipients[0], cases[i].rcpt) == 0);
		trial_free(&t);
	}
}

static void
the_original_recipient_is_said_as_xtext(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_SENDER, "-Nnever",
		"a+b=c@example.net", "\"d e\"@example.net", NULL };
	static const char *const orcpt[] = {
		"<a+b=c@example.net> NOTIFY=NEVER "
		"ORCPT=rfc822;a+2Bb+3Dc@example.net",
		"<\"d e\"@example.net> NOTIFY=NEVER "
		"ORCPT=rfc822;\"d+20e\"@example.net",
	};
	struct trial t = { .args = args, .serve.capabilities = OFFER };
	const struct relay_message *m;
	size_t i;

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, m->recipient_count == 2);
	for (i = 0; i < 2; i++)
		TRIAL_CHECK(&t, strcmp(m->recipients[i], orcpt[i]) == 0);
	trial_free(&t);
}

static void
a_relay_without_dsn_gets_the_message_and_the_log_says_so(void **state)
{
	static const char *const wishes[] = { "-i", "-f", KIT_SENDER, "-v",
		"-Nfailure", KIT_RECIPIENT, NULL };
	static const char *const none[] = { "-i", "-f", KIT_SENDER, "-v",
		KIT_RECIPIENT, NULL };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .args = i == 0 ? wishes : none,
		    .json = true, .keys = "log = stderr\n",
		    .serve.capabilities = "PIPELINING" };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, t.record.committed == 1);
		TRIAL_CHECK(&t, !trial_heard(&t,
		    "RCPT TO:<one@example.net> "));
		TRIAL_CHECK(&t, trial_says(&t, " ignored=DSN") == (i == 0));
		TRIAL_CHECK(&t, trial_says(&t, "\"ignored\":\"DSN\"") ==
		    (i == 0));
		TRIAL_CHECK(&t, trial_says(&t, "the relay doesn't offer DSN")
		    == (i == 0));
		trial_free(&t);
	}
}

static void
a_wish_that_is_none_is_78_with_its_line(void **state)
{
	static const char *const keys[] = { "dsn_notify = never, failure\n",
		"dsn_notify = sometimes\n", "dsn_notify =\n",
		"dsn_return = all\n", "partial = yes\n", "tempfail_exit = 0\n",
		"tempfail_exit = 126\n", "requiretls = maybe\n" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct trial t = { .keys = keys[i] };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, NULL, "posthaste.ini:");
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

static void
requiretls_is_had_or_nothing_is_sent(void **state)
{
	static const char *const option[] = { "-i", "-f", KIT_SENDER, "-O",
		"requiretls=yes", KIT_RECIPIENT, NULL };
	static const struct {
		enum relay_mode mode;
		const char *offer, *keys;
		const char *const *args;
		const char *words;	/* NULL: it is had */
	} cases[] = {
		{ RELAY_TLS, "REQUIRETLS", "", option, NULL },
		{ RELAY_STARTTLS, "REQUIRETLS", "requiretls = yes\n", NULL,
		    NULL },
		{ RELAY_TLS, "SIZE", "requiretls = yes\n", NULL,
		    "the relay doesn't offer it" },
		{ RELAY_TLS, "REQUIRETLS", "tls_verify = no\n", option,
		    "the relay wasn't verified" },
		{ RELAY_TLS, "SIZE", "", option,
		    "the relay doesn't offer it" },
		{ RELAY_PLAIN, "REQUIRETLS", "", option,
		    "the session is in clear" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = cases[i].mode, .json = true,
		    .args = cases[i].args, .keys = cases[i].keys,
		    .serve.capabilities = cases[i].offer };

		trial_run(&t, state);
		if (cases[i].words == NULL) {
			TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
			TRIAL_CHECK(&t, strstr(relay_only_message(&t.record)
			    ->mail, "> REQUIRETLS") != NULL);
		} else {
			trial_failed(&t, EX_UNAVAILABLE, "mail",
			    cases[i].words);
			TRIAL_CHECK(&t, t.record.mail_commands == 0);
			TRIAL_CHECK(&t, trial_says(&t,
			    "\"temporary\":false"));
		}
		trial_free(&t);
	}
}

static void
more_recipients_than_the_relay_takes_are_refused_before_mail(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_SENDER,
		"a@example.net", "b@example.net", "c@example.net", NULL };
	static const struct {
		const char *offer;
		bool fits;
	} cases[] = {
		{ "LIMITS RCPTMAX=2", false },
		{ "LIMITS MAILMAX=5 rcptmax=2 RCPTDOMAINMAX=1", false },
		{ "LIMITS RCPTMAX=3", true },
		{ "LIMITS MAILMAX=1", true },
		{ "LIMITS RCPTMAX=0", true },
		{ "LIMITS RCPTMAX=two RCPTMAX", true },
		{ "LIMITS", true },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = args, .json = true,
		    .serve.capabilities = cases[i].offer };

		trial_run(&t, state);
		if (cases[i].fits) {
			TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		} else {
			trial_failed(&t, EX_UNAVAILABLE, "mail", "the message "
			    "has 3 recipients, the relay takes 2");
			TRIAL_CHECK(&t, t.record.mail_commands == 0);
			TRIAL_CHECK(&t, strcmp(trial_last_command(&t),
			    "QUIT") == 0);
		}
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    wishes_for_notifications_are_said_where_they_are_offered),
		cmocka_unit_test(the_original_recipient_is_said_as_xtext),
		cmocka_unit_test(
		    a_relay_without_dsn_gets_the_message_and_the_log_says_so),
		cmocka_unit_test(a_wish_that_is_none_is_78_with_its_line),
		cmocka_unit_test(requiretls_is_had_or_nothing_is_sent),
		cmocka_unit_test(
		    more_recipients_than_the_relay_takes_are_refused_before_mail),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
