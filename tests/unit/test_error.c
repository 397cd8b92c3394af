#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	enum stage stage;
	const char *name;
} stages[] = {
	{ STAGE_NONE, "none" },
	{ STAGE_USAGE, "usage" },
	{ STAGE_CONFIG, "config" },
	{ STAGE_INPUT, "input" },
	{ STAGE_ADDRESS, "address" },
	{ STAGE_SYSTEM, "system" },
	{ STAGE_DNS, "dns" },
	{ STAGE_CONNECT, "connect" },
	{ STAGE_TLS, "tls" },
	{ STAGE_GREETING, "greeting" },
	{ STAGE_EHLO, "ehlo" },
	{ STAGE_STARTTLS, "starttls" },
	{ STAGE_AUTH, "auth" },
	{ STAGE_MAIL, "mail" },
	{ STAGE_RCPT, "rcpt" },
	{ STAGE_DATA, "data" },
	{ STAGE_BODY, "body" },
	{ STAGE_RECEIPT, "receipt" },
	{ STAGE_QUIT, "quit" },
};

static const struct {
	int code;
	const char *name;
} exits[] = {
	{ 0, "EX_OK" },
	{ 64, "EX_USAGE" },
	{ 65, "EX_DATAERR" },
	{ 66, "EX_NOINPUT" },
	{ 67, "EX_NOUSER" },
	{ 68, "EX_NOHOST" },
	{ 69, "EX_UNAVAILABLE" },
	{ 70, "EX_SOFTWARE" },
	{ 71, "EX_OSERR" },
	{ 72, "EX_OSFILE" },
	{ 73, "EX_CANTCREAT" },
	{ 74, "EX_IOERR" },
	{ 75, "EX_TEMPFAIL" },
	{ 76, "EX_PROTOCOL" },
	{ 77, "EX_NOPERM" },
	{ 78, "EX_CONFIG" },
	{ 63, "EX_?" },
	{ 79, "EX_?" },
	{ 1, "EX_?" },
	{ -1, "EX_?" },
};

static void
stages_have_stable_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(stages); i++)
		assert_string_equal(error_stage_name(stages[i].stage),
		    stages[i].name);
	assert_int_equal(COUNT(stages), STAGE_QUIT + 1);
}

static void
exit_codes_have_the_names_of_sysexits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(exits); i++)
		assert_string_equal(error_exit_name(exits[i].code),
		    exits[i].name);
}

static void
nothing_is_set_at_first(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_is_set(&err));
}

static void
a_failure_is_permanent_and_certain(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_set(&err, STAGE_CONFIG, EX_CONFIG, "profile '%s'",
	    "work"));
	assert_true(error_is_set(&err));
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, 78);
	assert_int_equal(err.sys_errno, 0);
	assert_int_equal(err.reply_code, 0);
	assert_false(err.temporary);
	assert_false(err.uncertain);
	assert_null(err.hint);
	assert_string_equal(err.text, "profile 'work'");
	assert_string_equal(err.cause, "");
	assert_string_equal(err.fix, "");
}

static void
a_system_call_adds_its_reason(void **state)
{
	struct error err = { 0 };
	char text[200];

	(void)state;
	assert_false(error_set_errno(&err, STAGE_SYSTEM, EX_OSERR, ENOSPC,
	    "%s", "/tmp/x"));
	(void)snprintf(text, sizeof(text), "/tmp/x: %s", strerror(ENOSPC));
	assert_int_equal(err.stage, STAGE_SYSTEM);
	assert_int_equal(err.exit_code, 71);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_string_equal(err.text, text);
	assert_false(err.temporary);
}

static void
a_temporary_failure_is_unavailable(void **state)
{
	struct error err = { 0 };
	char text[200];

	(void)state;
	assert_false(error_set_temporary(&err, STAGE_GREETING, 0, "no %s",
	    "greeting"));
	assert_int_equal(err.stage, STAGE_GREETING);
	assert_int_equal(err.exit_code, 69);
	assert_true(err.temporary);
	assert_false(err.uncertain);
	assert_string_equal(err.text, "no greeting");
	error_clear(&err);
	assert_false(error_set_temporary(&err, STAGE_CONNECT, ECONNREFUSED,
	    "connect"));
	(void)snprintf(text, sizeof(text), "connect: %s",
	    strerror(ECONNREFUSED));
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_string_equal(err.text, text);
}

static void
the_first_error_wins(void **state)
{
	struct error err = { 0 }, before;

	(void)state;
	assert_false(error_set(&err, STAGE_RCPT, EX_NOUSER, "first"));
	assert_false(error_cause(&err, "first cause"));
	assert_false(error_fix(&err, "first fix"));
	before = err;
	assert_false(error_set(&err, STAGE_QUIT, EX_PROTOCOL, "second"));
	assert_false(error_set_errno(&err, STAGE_SYSTEM, EX_OSERR, EIO,
	    "second"));
	assert_false(error_set_temporary(&err, STAGE_DNS, EIO, "second"));
	assert_false(error_cause(&err, "second cause"));
	assert_false(error_fix(&err, "second fix"));
	assert_memory_equal(&err, &before, sizeof(err));
}

static void
a_cleared_error_is_as_good_as_new(void **state)
{
	struct error err = { 0 }, fresh = { 0 };

	(void)state;
	assert_false(error_set_temporary(&err, STAGE_CONNECT, EIO, "first"));
	assert_false(error_fix(&err, "a fix"));
	error_make_uncertain(&err);
	error_clear(&err);
	assert_memory_equal(&err, &fresh, sizeof(err));
	assert_false(error_set(&err, STAGE_MAIL, EX_UNAVAILABLE, "second"));
	assert_string_equal(err.text, "second");
	assert_false(err.temporary);
}

static void
texts_are_escaped_when_they_are_set(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_set(&err, STAGE_CONFIG, EX_CONFIG, "a\033[2J%s",
	    "b\nc\\"));
	assert_false(error_cause(&err, "x\ry"));
	assert_false(error_fix(&err, "%s", "\xc3\xa4"));
	assert_string_equal(err.text, "a\\x1b[2Jb\\x0ac\\x5c");
	assert_string_equal(err.cause, "x\\x0dy");
	assert_string_equal(err.fix, "\\xc3\\xa4");
}

static void
long_texts_are_cut_and_a_reason_is_kept(void **state)
{
	char text[3001], reason[200];
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(error_set(&err, STAGE_CONFIG, EX_CONFIG, "%s", text));
	assert_false(error_cause(&err, "%s", text));
	assert_false(error_fix(&err, "%s", text));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + strlen(err.text) - 4, "x...");
	assert_string_equal(err.cause + strlen(err.cause) - 4, "x...");
	assert_string_equal(err.fix + strlen(err.fix) - 4, "x...");
	error_clear(&err);
	assert_false(error_set_errno(&err, STAGE_CONFIG, EX_CONFIG, ENOENT,
	    "%s", text));
	(void)snprintf(reason, sizeof(reason), ": %s", strerror(ENOENT));
	assert_string_equal(err.text + strlen(err.text) - strlen(reason),
	    reason);
}

static void
an_uncertain_error_is_a_protocol_error_and_not_temporary(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_set_temporary(&err, STAGE_RECEIPT, ECONNRESET,
	    "reset"));
	error_make_uncertain(&err);
	assert_int_equal(err.exit_code, 76);
	assert_int_equal(err.stage, STAGE_RECEIPT);
	assert_false(err.temporary);
	assert_true(err.uncertain);
	assert_int_equal(err.sys_errno, ECONNRESET);
}

/* An error with all that the printers know. */
static struct error
full_error(void)
{
	struct error err = { 0 };

	err.stage = STAGE_RECEIPT;
	err.exit_code = EX_PROTOCOL;
	err.sys_errno = 104;
	err.reply_code = 550;
	err.uncertain = true;
	err.hint = "H01";
	(void)snprintf(err.enhanced, sizeof(err.enhanced), "5.7.1");
	(void)snprintf(err.peer, sizeof(err.peer), "smtp.example.net:587");
	(void)snprintf(err.command, sizeof(err.command), "DATA");
	(void)snprintf(err.text, sizeof(err.text), "the relay's word");
	(void)snprintf(err.reply, sizeof(err.reply), "550 5.7.1 'no' \"no\"");
	(void)snprintf(err.cause, sizeof(err.cause), "why");
	(void)snprintf(err.fix, sizeof(err.fix), "do it");
	return err;
}

static struct error
small_error(void)
{
	struct error err = { 0 };

	(void)error_set_temporary(&err, STAGE_CONNECT, 0, "no");
	return err;
}

static const char full_block[] =
    "posthaste: profile 'work' smtp.example.net:587: the relay's word\n"
    "  command: DATA\n"
    "  reply:   550 5.7.1 'no' \"no\"\n"
    "  the relay may already hold the message\n"
    "  cause:   why\n"
    "  fix:     do it\n";

static const char full_pairs[] =
    " exit=EX_PROTOCOL stage=receipt uncertain=yes status=550 hint=H01"
    " peer=smtp.example.net:587 error='the relay\\x27s word'"
    " command=DATA reply='550 5.7.1 \\x27no\\x27 \"no\"'";

static const char full_json[] =
    ",\"exit\":76,\"exit_name\":\"EX_PROTOCOL\",\"stage\":\"receipt\""
    ",\"temporary\":false,\"uncertain\":true,\"code\":550,\"errno\":104"
    ",\"enhanced\":\"5.7.1\",\"peer\":\"smtp.example.net:587\""
    ",\"command\":\"DATA\",\"text\":\"the relay's word\""
    ",\"reply\":\"550 5.7.1 'no' \\\"no\\\"\",\"cause\":\"why\""
    ",\"fix\":\"do it\",\"hint\":\"H01\"";

/* The log's pairs. */
static bool
print_pairs(const struct error *err, struct buf *out)
{
	struct record r;
	bool ok;

	record_init(&r, false);
	ok = error_record(err, &r) && buf_add_span(out, buf_span(&r.line));
	record_free(&r);
	return ok;
}

static void
the_printers_print_all_that_is_known(void **state)
{
	struct error err = full_error();
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(error_print_block(&err, "profile 'work'", &b));
	assert_string_equal(buf_string(&b), full_block);
	buf_clear(&b);
	assert_true(print_pairs(&err, &b));
	assert_string_equal(buf_string(&b), full_pairs);
	buf_clear(&b);
	assert_true(error_print_json(&err, &b));
	assert_string_equal(buf_string(&b), full_json);
	buf_free(&b);
}

static void
the_printers_leave_out_what_is_not_known(void **state)
{
	struct error err = small_error();
	struct buf b;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(error_print_block(&err, "", &b));
	assert_string_equal(buf_string(&b), "posthaste: no\n");
	buf_clear(&b);
	assert_true(error_print_block(&err, "profile 'work'", &b));
	assert_string_equal(buf_string(&b), "posthaste: profile 'work' no\n");
	buf_clear(&b);
	assert_true(print_pairs(&err, &b));
	assert_string_equal(buf_string(&b),
	    " exit=EX_UNAVAILABLE stage=connect temporary=yes error=no");
	buf_clear(&b);
	assert_true(error_print_json(&err, &b));
	assert_string_equal(buf_string(&b),
	    ",\"exit\":69,\"exit_name\":\"EX_UNAVAILABLE\","
	    "\"stage\":\"connect\",\"temporary\":true,\"uncertain\":false,"
	    "\"text\":\"no\"");
	buf_free(&b);
}

static void
quotes_at_the_ends_of_a_value_are_written_too(void **state)
{
	struct error err = { 0 };
	struct buf b;

	(void)state;
	assert_false(error_set(&err, STAGE_MAIL, EX_UNAVAILABLE, "''a'"));
	buf_init(&b, BUF_UNLIMITED);
	assert_true(print_pairs(&err, &b));
	assert_string_equal(buf_string(&b), " exit=EX_UNAVAILABLE stage=mail"
	    " error='\\x27\\x27a\\x27'");
	buf_free(&b);
}

/* The length of the JSON string (RFC 8259 section 7) that `s` begins with. */
static size_t
json_string_length(const char *s)
{
	size_t n = 1;

	assert_int_equal(s[0], '"');
	while (s[n] != '"') {
		assert_in_range(s[n], ' ', '~');
		if (s[n] != '\\') {
			n++;
			continue;
		}
		assert_non_null(strchr("\"\\nu", s[n + 1]));
		if (s[n + 1] == 'u') {
			assert_int_equal(strspn(s + n + 2,
			    "0123456789abcdefABCDEF") >= 4, 1);
			n += 4;
		}
		n += 2;
	}
	return n + 1;
}

static void
any_octets_make_valid_json(void **state)
{
	struct error err = { 0 };
	const char *text;
	struct buf b;
	int i;

	(void)state;
	/* Raw, as if somebody had forgotten to escape. */
	err.exit_code = EX_PROTOCOL;
	for (i = 1; i < 256; i++)
		err.text[i - 1] = (char)(unsigned char)i;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(error_print_json(&err, &b));
	text = strstr(buf_string(&b), "\"text\":");
	assert_non_null(text);
	text += strlen("\"text\":");
	assert_int_equal(json_string_length(text), strlen(text));
	buf_free(&b);
}

typedef bool printer(const struct error *err, struct buf *out);

static bool
print_block(const struct error *err, struct buf *out)
{
	return error_print_block(err, "profile 'work'", out);
}

static void
the_printers_fail_at_the_limit_and_only_there(void **state)
{
	static const struct {
		printer *print;
		const char *text;
	} printers[] = {
		{ print_block, full_block },
		{ print_pairs, full_pairs },
		{ error_print_json, full_json },
	};
	struct error err = full_error();
	size_t i, limit;
	struct buf b;

	(void)state;
	for (i = 0; i < COUNT(printers); i++)
		for (limit = 0; limit <= strlen(printers[i].text); limit++) {
			buf_init(&b, limit);
			assert_int_equal(printers[i].print(&err, &b),
			    limit == strlen(printers[i].text));
			buf_free(&b);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_have_stable_names),
		cmocka_unit_test(exit_codes_have_the_names_of_sysexits),
		cmocka_unit_test(nothing_is_set_at_first),
		cmocka_unit_test(a_failure_is_permanent_and_certain),
		cmocka_unit_test(a_system_call_adds_its_reason),
		cmocka_unit_test(a_temporary_failure_is_unavailable),
		cmocka_unit_test(the_first_error_wins),
		cmocka_unit_test(a_cleared_error_is_as_good_as_new),
		cmocka_unit_test(texts_are_escaped_when_they_are_set),
		cmocka_unit_test(long_texts_are_cut_and_a_reason_is_kept),
		cmocka_unit_test(
		    an_uncertain_error_is_a_protocol_error_and_not_temporary),
		cmocka_unit_test(the_printers_print_all_that_is_known),
		cmocka_unit_test(the_printers_leave_out_what_is_not_known),
		cmocka_unit_test(quotes_at_the_ends_of_a_value_are_written_too),
		cmocka_unit_test(any_octets_make_valid_json),
		cmocka_unit_test(the_printers_fail_at_the_limit_and_only_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
