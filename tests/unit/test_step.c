#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "smtp/step.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * What each step accepts, and what any other 5yz means, written down once more
 * from the list of decisions: nothing here is read from the table under test.
 */
static const struct {
	enum step step;
	enum stage stage;
	int accepted[4];
	int exit_5yz;
	const char *refusal;
} steps[] = {
	{ STEP_GREETING, STAGE_GREETING, { 220 }, 69,
	    "refused the connection" },
	{ STEP_EHLO, STAGE_EHLO, { 250 }, 69, "refused EHLO" },
	{ STEP_HELO, STAGE_EHLO, { 250 }, 69, "refused HELO" },
	{ STEP_STARTTLS, STAGE_STARTTLS, { 220 }, 76, "refused STARTTLS" },
	{ STEP_AUTH, STAGE_AUTH, { 334, 235 }, 77,
	    "refused the user or the password" },
	{ STEP_MAIL, STAGE_MAIL, { 250 }, 69, "refused the sender" },
	{ STEP_RCPT, STAGE_RCPT, { 250, 251, 252 }, 69,
	    "refused a recipient" },
	{ STEP_DATA, STAGE_DATA, { 354 }, 69, "refused to take the message" },
	{ STEP_BDAT, STAGE_DATA, { 0 }, 69, "refused to take the message" },
	{ STEP_BODY, STAGE_BODY, { 0 }, 69,
	    "refused the message before its end" },
	{ STEP_RECEIPT, STAGE_RECEIPT, { 250 }, 69, "refused the message" },
	{ STEP_RSET, STAGE_QUIT, { 250 }, 69, "refused RSET" },
	{ STEP_QUIT, STAGE_QUIT, { 221 }, 69, "refused QUIT" },
};

static const int login_codes[] = { 530, 534, 535, 538 };
static const int user_codes[] = { 550, 551, 553 };

static bool
is_among(const int *codes, size_t count, int code)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (codes[i] != 0 && codes[i] == code)
			return true;
	return false;
}

/* The status that behaviour gives `code` at steps[i]; 0: accepted. */
static int
expected_exit(size_t i, int code)
{
	if (is_among(steps[i].accepted, COUNT(steps[i].accepted), code))
		return 0;
	if (code / 100 == 4)
		return 69;
	if (code / 100 != 5)
		return 76;
	if (is_among(login_codes, COUNT(login_codes), code))
		return 77;
	if (steps[i].step == STEP_RCPT &&
	    is_among(user_codes, COUNT(user_codes), code))
		return 67;
	return steps[i].exit_5yz;
}

static void
set_text(struct reply *r, const char *text)
{
	buf_clear(&r->text);
	assert_true(buf_printf(&r->text, "%s\n", text));
}

static void
check_judgement(size_t i, const struct reply *r)
{
	int status = expected_exit(i, r->code), class = r->code / 100;
	struct error err = { 0 };
	char text[200], quote[40];
	bool ok = step_judge(steps[i].step, r, &err);

	if (ok != (status == 0) || err.exit_code != status)
		fail_msg("%s, %d: %d", step_row(steps[i].step)->name, r->code,
		    err.exit_code);
	if (ok) {
		assert_false(error_is_set(&err));
		return;
	}
	assert_int_equal(err.stage, steps[i].stage);
	assert_int_equal(err.temporary, class == 4);
	assert_false(err.uncertain);
	assert_int_equal(err.sys_errno, 0);
	assert_int_equal(err.reply_code, r->code);
	(void)snprintf(quote, sizeof(quote), "%d %d.7.1 why", r->code, class);
	assert_string_equal(err.reply, quote);
	(void)snprintf(quote, sizeof(quote), "%d.7.1", class);
	assert_string_equal(err.enhanced, quote);
	if (class < 4)
		return;
	(void)snprintf(text, sizeof(text), "the relay %s%s",
	    steps[i].refusal, class == 4 ? " for now" : "");
	assert_string_equal(err.text, text);
}

static void
every_code_at_every_step_is_judged_by_the_list(void **state)
{
	struct reply r;
	char text[20];
	size_t i;

	(void)state;
	reply_init(&r);
	for (r.code = 200; r.code < 600; r.code++) {
		(void)snprintf(text, sizeof(text), "%d.7.1 why", r.code / 100);
		set_text(&r, text);
		for (i = 0; i < COUNT(steps); i++)
			check_judgement(i, &r);
	}
	reply_free(&r);
}

static void
all_steps_are_in_the_list(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(COUNT(steps), STEP_QUIT + 1);
	for (i = 0; i < COUNT(steps); i++) {
		assert_int_equal(steps[i].step, i);
		assert_int_equal(step_row(steps[i].step)->stage,
		    steps[i].stage);
	}
}

/* How many codes the step takes for a success. */
static size_t
count_accepted(enum step step)
{
	struct error err = { 0 };
	struct reply r;
	size_t count = 0;
	int code;

	reply_init(&r);
	for (code = -1000; code < 2000; code++) {
		r.code = code;
		count += step_judge(step, &r, &err);
	}
	reply_free(&r);
	return count;
}

static void
no_code_outside_the_list_is_a_success(void **state)
{
	(void)state;
	assert_int_equal(count_accepted(STEP_MAIL), 1);
	assert_int_equal(count_accepted(STEP_RECEIPT), 1);
	assert_int_equal(count_accepted(STEP_DATA), 1);
	assert_int_equal(count_accepted(STEP_AUTH), 2);
	assert_int_equal(count_accepted(STEP_RCPT), 3);
	assert_int_equal(count_accepted(STEP_BODY), 0);
}

static void
a_code_that_makes_no_sense_is_named(void **state)
{
	static const struct {
		enum step step;
		int code;
		const char *text;
	} replies[] = {
		{ STEP_GREETING, 250, "the relay gave a greeting that isn't "
		    "one: code 250" },
		{ STEP_RECEIPT, 251, "the relay gave a reply to the message "
		    "that isn't one: code 251" },
		{ STEP_RECEIPT, 354, "the relay gave a reply to the message "
		    "that isn't one: code 354" },
		{ STEP_DATA, 250, "the relay gave a reply to DATA that isn't "
		    "one: code 250" },
		{ STEP_STARTTLS, 250, "the relay gave a reply to STARTTLS "
		    "that isn't one: code 250" },
	};
	struct error err;
	struct reply r;
	size_t i;

	(void)state;
	reply_init(&r);
	for (i = 0; i < COUNT(replies); i++) {
		error_clear(&err);
		r.code = replies[i].code;
		assert_false(step_judge(replies[i].step, &r, &err));
		assert_int_equal(err.stage, step_row(replies[i].step)->stage);
		assert_int_equal(err.exit_code, EX_PROTOCOL);
		assert_string_equal(err.text, replies[i].text);
	}
	reply_free(&r);
}

static void
the_words_of_the_server_are_kept(void **state)
{
	struct error err = { 0 };
	struct reply r;

	(void)state;
	reply_init(&r);
	r.code = 550;
	set_text(&r, "5.1.1 no\n5.1.1 such \033 user");
	assert_false(step_judge(STEP_RCPT, &r, &err));
	assert_string_equal(err.reply,
	    "550 5.1.1 no / 5.1.1 such \\x1b user");
	assert_string_equal(err.enhanced, "5.1.1");
	/* Of another class: not the status of this reply. */
	error_clear(&err);
	set_text(&r, "4.1.1 no");
	assert_false(step_judge(STEP_RCPT, &r, &err));
	assert_string_equal(err.enhanced, "");
	reply_free(&r);
}

static void
a_later_refusal_changes_no_earlier_error(void **state)
{
	struct error err = { 0 }, before;
	struct reply r;

	(void)state;
	reply_init(&r);
	set_text(&r, "5.7.1 first");
	r.code = 550;
	assert_false(step_judge(STEP_RCPT, &r, &err));
	before = err;
	set_text(&r, "4.3.0 second");
	r.code = 451;
	assert_false(step_judge(STEP_DATA, &r, &err));
	assert_memory_equal(&err, &before, sizeof(err));
	reply_free(&r);
}

static void
a_refusal_is_4yz_or_5yz(void **state)
{
	struct reply r = { .code = 0 };

	(void)state;
	assert_false(step_is_refusal(&r));
	for (r.code = 200; r.code < 600; r.code++)
		assert_int_equal(step_is_refusal(&r), r.code >= 400);
}

static void
each_step_has_its_limits(void **state)
{
	const struct step_row *row;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(steps); i++) {
		row = step_row(steps[i].step);
		assert_int_equal(row->limit, steps[i].step == STEP_RECEIPT ?
		    STEP_DATA_TIMEOUT : STEP_TIMEOUT);
		/* RFC 5321 4.5.3.1.5 asks for 512 and more. */
		assert_true(row->reply_max >= 512);
		assert_true(strlen(row->name) > 0);
		assert_true(strlen(row->awaited) > 0);
	}
	/* With NOTIFY and ORCPT (RFC 3461). */
	assert_int_equal(step_row(STEP_RCPT)->line_max, 512 + 29 + 507);
	assert_int_equal(step_row(STEP_EHLO)->line_max, 512);
	/* With SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and
	 * ENVID (RFC 3461), REQUIRETLS (RFC 8689). */
	assert_int_equal(step_row(STEP_MAIL)->line_max,
	    512 + 26 + 17 + 10 + 9 + 107 + 11);
	/* RFC 4954 section 4. */
	assert_int_equal(step_row(STEP_AUTH)->line_max, 12288);
	assert_int_equal(step_row(STEP_AUTH)->reply_max, 16384);
	assert_string_equal(step_row(STEP_GREETING)->awaited, "greeting");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_steps_are_in_the_list),
		cmocka_unit_test(
		    every_code_at_every_step_is_judged_by_the_list),
		cmocka_unit_test(no_code_outside_the_list_is_a_success),
		cmocka_unit_test(a_code_that_makes_no_sense_is_named),
		cmocka_unit_test(the_words_of_the_server_are_kept),
		cmocka_unit_test(a_later_refusal_changes_no_earlier_error),
		cmocka_unit_test(a_refusal_is_4yz_or_5yz),
		cmocka_unit_test(each_step_has_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
