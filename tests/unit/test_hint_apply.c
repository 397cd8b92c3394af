#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "app/hint.h"
#include "smtp/reply.h"
#include "smtp/step.h"

/* The error that a session makes of a reply. */
static struct error
refusal(enum step step, const char *bytes)
{
	struct error err = { 0 };
	struct reply r;
	size_t used;

	reply_init(&r);
	assert_true(reply_feed(&r, span_of(bytes), 4096, STAGE_NONE, &used,
	    &err));
	assert_true(r.is_complete);
	assert_false(step_judge(step, &r, &err));
	reply_free(&r);
	return err;
}

static struct profile
test_profile(char *file, char *name, char *ehlo, char *user, char *host)
{
	struct profile p = { .file = file, .name = name, .ehlo = ehlo,
		.user = user, .host = host, .hints = true };

	return p;
}

static void
cause_and_fix_are_filled_in(void **state)
{
	char file[] = "/etc/posthaste/posthaste.ini", name[] = "work",
	    ehlo[] = "localhost", user[] = "robot@example.org",
	    host[] = "smtp.example.net";
	struct profile p = test_profile(file, name, ehlo, user, host);
	struct error err = refusal(STEP_RCPT, "504 5.5.2 Helo command "
	    "rejected: need fully-qualified hostname\r\n");

	(void)state;
	hint_apply(&err, &p);
	assert_string_equal(err.hint, "H01");
	assert_string_equal(err.cause,
	    "the EHLO name `localhost` has no domain (hint H01)");
	assert_non_null(strstr(err.fix, "(key `ehlo` in "
	    "/etc/posthaste/posthaste.ini, section [work])"));
	err = refusal(STEP_AUTH, "535 5.7.8 authentication failed\r\n");
	hint_apply(&err, &p);
	assert_non_null(strstr(err.fix, "user is robot@example.org"));
	assert_non_null(strstr(err.fix, "(key `user` in "));
	err = refusal(STEP_RCPT, "554 5.7.1 Relay access denied\r\n");
	hint_apply(&err, &p);
	assert_non_null(strstr(err.cause, "smtp.example.net isn't the relay"));
	assert_non_null(strstr(err.fix, "(key `host` in "));
	/* The judgement itself isn't touched. */
	assert_int_equal(err.stage, STAGE_RCPT);
	assert_int_equal(err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(err.reply_code, 554);
}

static void
a_password_is_named_by_the_key_that_has_it(void **state)
{
	static const char reply[] =
	    "534 5.7.9 Application-specific password required\r\n";
	char file[] = "/x", name[] = "work", user[] = "u", path[] = "/y";
	struct profile p = test_profile(file, name, NULL, user, NULL);
	struct error err = refusal(STEP_AUTH, reply);

	(void)state;
	hint_apply(&err, &p);
	assert_string_equal(err.hint, "H29");
	assert_non_null(strstr(err.fix, "(key `password` in "));
	p.password_file = path;
	err = refusal(STEP_AUTH, reply);
	hint_apply(&err, &p);
	assert_non_null(strstr(err.fix, "(key `password_file` in "));
}

static void
a_row_without_a_key_names_no_file(void **state)
{
	char file[] = "/x", name[] = "work";
	struct profile p = test_profile(file, name, NULL, NULL, NULL);
	struct error err = refusal(STEP_STARTTLS,
	    "454 4.7.0 TLS not available\r\n");

	(void)state;
	hint_apply(&err, &p);
	assert_string_equal(err.hint, "H16");
	assert_null(strstr(err.fix, "key"));
	assert_null(strstr(err.fix, "work"));
}

static void
what_the_profile_does_not_say_is_the_default(void **state)
{
	char file[] = "/x", name[] = "work";
	struct profile p = test_profile(file, name, NULL, NULL, NULL);
	struct error err = refusal(STEP_RCPT, "504 5.5.2 Helo command "
	    "rejected: need fully-qualified hostname\r\n");

	(void)state;
	hint_apply(&err, &p);
	assert_string_equal(err.cause,
	    "the EHLO name `(default)` has no domain (hint H01)");
	err = refusal(STEP_RCPT, "504 5.5.2 Helo command rejected: need "
	    "fully-qualified hostname\r\n");
	hint_apply(&err, NULL);
	assert_string_equal(err.cause,
	    "the EHLO name `(default)` has no domain (hint H01)");
	assert_null(strstr(err.fix, "key"));
}

static void
no_row_leaves_a_brace(void **state)
{
	char file[] = "/x", name[] = "work", ehlo[] = "e", user[] = "u",
	    host[] = "h";
	struct profile p = test_profile(file, name, ehlo, user, host);
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < hint_count; i++) {
		error_clear(&err);
		(void)error_set(&err, STAGE_MAIL, EX_UNAVAILABLE, "no");
		err.hint = hints[i].id;
		hint_apply(&err, &p);
		assert_null(strpbrk(err.cause, "{}"));
		assert_null(strpbrk(err.fix, "{}"));
		assert_null(strstr(err.cause, "(default)"));
		assert_null(strstr(err.fix, "(default)"));
		/* Neither was cut. */
		assert_null(strstr(err.cause, "..."));
		assert_null(strstr(err.fix, "..."));
	}
}

static void
values_of_the_profile_are_escaped(void **state)
{
	char file[] = "/x", name[] = "work", ehlo[] = "a\033{user}b";
	struct profile p = test_profile(file, name, ehlo, NULL, NULL);
	struct error err = refusal(STEP_RCPT, "504 5.5.2 Helo command "
	    "rejected: need fully-qualified hostname\r\n");

	(void)state;
	hint_apply(&err, &p);
	assert_string_equal(err.cause,
	    "the EHLO name `a\\x1b{user}b` has no domain (hint H01)");
}

static void
what_is_known_already_stays(void **state)
{
	struct error err = refusal(STEP_RCPT,
	    "554 5.7.1 Relay access denied\r\n");

	(void)state;
	(void)error_cause(&err, "known");
	hint_apply(&err, NULL);
	assert_string_equal(err.cause, "known");
	assert_true(strlen(err.fix) > 0);
	assert_string_equal(err.hint, "H54");
}

static void
without_hints_nothing_is_said(void **state)
{
	char file[] = "/x", name[] = "work";
	struct profile p = test_profile(file, name, NULL, NULL, NULL);
	struct error err = refusal(STEP_RCPT,
	    "554 5.7.1 Relay access denied\r\n");

	(void)state;
	p.hints = false;
	hint_apply(&err, &p);
	assert_null(err.hint);
	assert_string_equal(err.cause, "");
	assert_string_equal(err.fix, "");
	/* One of our own neither. */
	err.hint = "H20";
	hint_apply(&err, &p);
	assert_null(err.hint);
	assert_string_equal(err.fix, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cause_and_fix_are_filled_in),
		cmocka_unit_test(a_password_is_named_by_the_key_that_has_it),
		cmocka_unit_test(a_row_without_a_key_names_no_file),
		cmocka_unit_test(what_the_profile_does_not_say_is_the_default),
		cmocka_unit_test(no_row_leaves_a_brace),
		cmocka_unit_test(values_of_the_profile_are_escaped),
		cmocka_unit_test(what_is_known_already_stays),
		cmocka_unit_test(without_hints_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
