/*
 * The log's line, in both its forms, what it keeps of the relay's words and of
 * the caller, and --print-id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/session_kit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define QUEUED "250 2.0.0 Ok: queued as 4XyZ1b2c3d"

static const char *const two[] = { "-i", "-f", KIT_SENDER, "one@example.net",
	"two@example.net", NULL };

/* The keys of a line, each with a blank behind it. */
static void
read_text_keys(struct buf *keys, struct span line)
{
	bool is_quoted = false;
	size_t i, start = 0;

	for (i = 0; i < line.len; i++) {
		if (line.data[i] == '\'')
			is_quoted = !is_quoted;
		if (!is_quoted && line.data[i] == ' ')
			start = i + 1;
		if (!is_quoted && line.data[i] == '=')
			assert_true(buf_printf(keys, "%.*s ",
			    (int)(i - start), line.data + start));
	}
}

/* The same of an object's own members. */
static void
read_json_keys(struct buf *keys, struct span line)
{
	size_t i, start = 0, depth = 0;
	bool is_string = false;

	for (i = 0; i < line.len; i++) {
		if (is_string && line.data[i] == '\\') {
			i++;
		} else if (line.data[i] == '"') {
			is_string = !is_string;
			start = is_string ? i + 1 : start;
		} else if (!is_string && strchr("{[", line.data[i]) != NULL) {
			depth++;
		} else if (!is_string && strchr("}]", line.data[i]) != NULL) {
			assert_true(depth > 0);
			depth--;
		} else if (!is_string && depth == 1 && line.data[i] == ':') {
			assert_true(buf_printf(keys, "%.*s ",
			    (int)(i - 1 - start), line.data + start));
		}
	}
	assert_false(is_string);
	assert_int_equal(depth, 0);
}

static const struct {
	const char *stage, *script;
	int status;
} outcomes[] = {
	{ "receipt", "S " QUEUED, EX_OK },
	{ "rcpt2", "S 550 5.1.1 it isn't \"there\"", EX_NOUSER },
	{ "mail", "S 421 4.7.0 'later'", EX_UNAVAILABLE },
	{ "receipt", "close", EX_PROTOCOL },
};

static void
run_with(struct trial *t, void **state, const char *form, size_t outcome)
{
	char keys[100];

	(void)snprintf(keys, sizeof(keys), "log = stderr\nlog_format = %s\n",
	    form);
	t->keys = keys;
	t->args = two;
	t->overrides[0].stage = outcomes[outcome].stage;
	t->overrides[0].script = outcomes[outcome].script;
	trial_run(t, state);
	TRIAL_CHECK(t, t->result.exit_status == outcomes[outcome].status);
	t->keys = NULL;
}

/* The last line of stderr. */
static struct span
last_line(const struct trial *t)
{
	struct span rest = buf_span(&t->result.err), line, last = { NULL, 0 };

	while (span_next(&rest, '\n', &line) && rest.data != NULL)
		last = line;
	assert_non_null(last.data);
	return last;
}

static void
both_forms_have_the_same_keys(void **state)
{
	struct buf text_keys, json_keys;
	struct span line;
	size_t i;

	for (i = 0; i < COUNT(outcomes); i++) {
		struct trial text = { .json = false };
		struct trial json = { .json = false };

		buf_init(&text_keys, BUF_UNLIMITED);
		buf_init(&json_keys, BUF_UNLIMITED);
		run_with(&text, state, "text", i);
		line = last_line(&text);
		TRIAL_CHECK(&text, span_starts_with_nocase(line,
		    span_of("posthaste[")));
		read_text_keys(&text_keys, span_skip(line,
		    span_find(line, ' ') + 1));
		run_with(&json, state, "json", i);
		line = last_line(&json);
		TRIAL_CHECK(&json, span_starts_with_nocase(line,
		    span_of("{\"time\":\"")));
		TRIAL_CHECK(&json, line.data[line.len - 1] == '}');
		/* What a line of text has in front. */
		assert_true(buf_add_string(&json_keys, ""));
		read_json_keys(&json_keys, line);
		assert_memory_equal(buf_string(&json_keys), "time tag pid ",
		    13);
		assert_string_equal(buf_string(&json_keys) + 13,
		    buf_string(&text_keys));
		buf_free(&text_keys);
		buf_free(&json_keys);
		trial_free(&text);
		trial_free(&json);
	}
}

static void
as_json_recipients_are_a_list(void **state)
{
	struct trial good = { .json = false }, bad = { .json = false };

	run_with(&good, state, "json", 0);
	TRIAL_CHECK(&good, trial_says(&good, ",\"exit\":\"EX_OK\","
	    "\"status\":250,\"reply\":\"" QUEUED "\","
	    "\"relay_id\":\"4XyZ1b2c3d\""));
	TRIAL_CHECK(&good, trial_says(&good, ",\"recipients\":"
	    "[\"one@example.net\",\"two@example.net\"]}\n"));
	trial_free(&good);
	run_with(&bad, state, "json", 1);
	TRIAL_CHECK(&bad, trial_says(&bad, ",\"refused\":[{\"address\":"
	    "\"two@example.net\",\"status\":550,\"reply\":\"550 5.1.1 it "
	    "isn't \\\"there\\\"\"}],\"recipients\":["));
	trial_free(&bad);
}

static void
the_relays_id_is_kept_everywhere(void **state)
{
	struct trial t = { .json = true, .keys = "log = stderr\n",
	    .overrides = { { .stage = "receipt", .script = "S 250 2.0.0 OK "
	    "<new@relay.example> [Hostname=relay.example]" } } };
	struct trial v = { .args = (const char *const[]) { "-v", "-i", "-f",
	    KIT_SENDER, KIT_RECIPIENT, NULL }, .overrides = { {
	    .stage = "receipt", .script = "S " QUEUED } } };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, trial_says(&t, " message_id=<new@relay.example> "));
	TRIAL_CHECK(&t, !trial_says(&t, "relay_id"));
	TRIAL_CHECK(&t, trial_says(&t,
	    ",\"message_id\":\"<new@relay.example>\"}\n"));
	trial_free(&t);
	trial_run(&v, state);
	TRIAL_CHECK(&v, trial_says(&v, "the relay's id: 4XyZ1b2c3d\n"));
	trial_free(&v);
}

static const char *const print_id[] = { "--print-id", "-i", "-f", KIT_SENDER,
	KIT_RECIPIENT, NULL };

static void
print_id_prints_the_id_and_nothing_else(void **state)
{
	static const struct {
		const char *stage, *script, *out;
		int status;
	} rows[] = {
		{ "receipt", "S " QUEUED, "4XyZ1b2c3d\n", EX_OK },
		{ "receipt", "S 250 2.0.0 OK <new@relay.example>",
		    "<new@relay.example>\n", EX_OK },
		{ "receipt", "S 250 2.6.0 <a@b.example> [InternalId=123, "
		    "Hostname=x] Queued", "123\n", EX_OK },
		/* It has none to give. */
		{ "receipt", "S 250 thanks", "", EX_OK },
		{ "receipt", "S 451 2.0.0 Ok: queued as 4XyZ1b2c3d", "",
		    EX_UNAVAILABLE },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .args = print_id, .overrides = { {
		    .stage = rows[i].stage, .script = rows[i].script } } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == rows[i].status);
		TRIAL_CHECK(&t, span_equals(buf_span(&t.result.out),
		    span_of(rows[i].out)));
		TRIAL_CHECK(&t, (t.result.err.len == 0) ==
		    (rows[i].status == EX_OK));
		trial_free(&t);
	}
}

static void
an_id_that_can_not_be_printed_changes_nothing(void **state)
{
	struct trial t = { .args = print_id, .overrides = { {
	    .stage = "receipt", .script = "S " QUEUED } },
	    .run.stdout_file = "/dev/full" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.result.err.len == 0);
	trial_free(&t);
}

static void
print_id_is_for_a_message_alone(void **state)
{
	static const char *const modes[] = { "-bs", "--check", "--queue",
		"-bi" };
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		struct trial t = { .is_absent = true,
		    .args = (const char *const[]) { "--print-id", modes[i],
		    NULL } };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_USAGE);
		TRIAL_CHECK(&t, trial_says(&t, "--print-id"));
		trial_free(&t);
	}
}

static void
the_line_says_who_called_and_from_where(void **state)
{
	static const struct {
		const char *header, *words;
	} rows[] = {
		{ "", NULL },
		{ "X-PHP-Originating-Script: 33:contact.php\n",
		    "script=33:contact.php " },
		{ "x-php-originating-script:  33:a'b\033\xe4 c.php\n",
		    "script='33:a\\x27b\\x1b\\xe4 c.php' " },
	};
	char input[300], uid[40], cwd[600];
	size_t i;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(uid, sizeof(uid), " uid=%ld cwd=", (long)getuid());
	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .keys = "log = stderr\n" };

		(void)snprintf(input, sizeof(input), "%sSubject: x\n\ny\n",
		    rows[i].header);
		t.run.input = span_of(input);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
		TRIAL_CHECK(&t, trial_says(&t, uid));
		TRIAL_CHECK(&t, trial_says(&t, cwd));
		TRIAL_CHECK(&t, trial_says(&t, rows[i].words == NULL ?
		    " recipients=" : rows[i].words));
		TRIAL_CHECK(&t, trial_says(&t, "script=") ==
		    (rows[i].words != NULL));
		trial_free(&t);
	}
}

static void
of_a_command_line_that_is_refused_the_line_has_all_words(void **state)
{
	static const char *const args[] = { "-t", "-L", "shop", NULL };
	static const char *const forms[][2] = {
		{ "log = stderr\n", " -t -L shop'\n" },
		{ "log = stderr\nlog_format = json\n", " -t -L shop\"}" },
	};
	size_t i;

	for (i = 0; i < COUNT(forms); i++) {
		struct trial t = { .args = args, .keys = forms[i][0],
		    .run.input = span_of("Subject: nobody\n\nx\n") };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_USAGE);
		TRIAL_CHECK(&t, trial_says(&t, "argv"));
		TRIAL_CHECK(&t, trial_says(&t, forms[i][1]));
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_have_the_same_keys),
		cmocka_unit_test(as_json_recipients_are_a_list),
		cmocka_unit_test(the_relays_id_is_kept_everywhere),
		cmocka_unit_test(print_id_prints_the_id_and_nothing_else),
		cmocka_unit_test(
		    an_id_that_can_not_be_printed_changes_nothing),
		cmocka_unit_test(print_id_is_for_a_message_alone),
		cmocka_unit_test(the_line_says_who_called_and_from_where),
		cmocka_unit_test(
		    of_a_command_line_that_is_refused_the_line_has_all_words),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
