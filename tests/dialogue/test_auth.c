/*
 * AUTH: mechanisms, refusals, relays that don't keep to the exchange, and the
 * four places where a password may come from, none of which it leaves.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define USER "robot@example.org"
#define PASSWORD "c4nary-passw0rd;#\"'\\ "
#define CANARY "c4nary-passw0rd"
#define LOGIN_KEYS "user = " USER "\npassword = " CANARY "\n"

static const char *const verbose[] = { "-v", "-v", "-i", "-f", KIT_SENDER,
	KIT_RECIPIENT, NULL };

/* A relay that lets nobody in but USER with that password. */
static void
guard(struct trial *t, const char *offer, const char *password)
{
	t->serve.capabilities = offer;
	t->serve.clear_capabilities = t->mode == RELAY_STARTTLS ? "HELP" :
	    NULL;
	t->serve.user = USER;
	t->serve.password = password;
	t->serve.wants_auth = true;
}

static void
the_best_mechanism_of_both_sides_is_used(void **state)
{
	static const struct {
		const char *offer, *keys, *command;
		enum relay_mode mode;
	} cases[] = {
		{ "AUTH PLAIN LOGIN", LOGIN_KEYS, "AUTH PLAIN AHJvYm90",
		    RELAY_PLAIN },
		{ "AUTH LOGIN PLAIN", LOGIN_KEYS, "AUTH PLAIN ",
		    RELAY_STARTTLS },
		{ "AUTH CRAM-MD5 LOGIN", LOGIN_KEYS, "AUTH LOGIN", RELAY_TLS },
		{ "AUTH PLAIN LOGIN", LOGIN_KEYS "auth = login\n",
		    "AUTH LOGIN", RELAY_PLAIN },
		{ "AUTH PLAIN LOGIN", LOGIN_KEYS "auth = plain\n",
		    "AUTH PLAIN ", RELAY_TLS },
		{ "auth plain", LOGIN_KEYS, "AUTH PLAIN ", RELAY_PLAIN },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .mode = cases[i].mode,
		    .keys = cases[i].keys };

		guard(&t, cases[i].offer, CANARY);
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, trial_heard(&t, cases[i].command));
		trial_free(&t);
	}
}

static void
a_long_password_waits_for_the_334(void **state)
{
	struct trial t = { .mode = RELAY_TLS };
	char password[601], keys[800];

	memset(password, 'x', sizeof(password) - 1);
	password[sizeof(password) - 1] = '\0';
	(void)snprintf(keys, sizeof(keys), "user = " USER "\npassword = %s\n",
	    password);
	t.keys = keys;
	guard(&t, "AUTH PLAIN", password);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, strcmp(t.record.connections[0].commands[1],
	    "AUTH PLAIN") == 0);
	trial_free(&t);
}

static void
the_old_spelling_of_the_offer_is_understood(void **state)
{
	struct trial t = { .keys = LOGIN_KEYS, .script = "S 220 relay.test\n"
	    "C EHLO\nS 250-relay.test\nS 250 AUTH=PLAIN LOGIN\nC AUTH PLAIN \n"
	    "S 535 5.7.8 no\nC QUIT\nS 221 bye" };

	trial_run(&t, state);
	trial_failed(&t, EX_NOPERM, NULL, "535 5.7.8 no");
	trial_free(&t);
}

struct refused {
	const char *label;
	const char *offer, *keys;
	const char *stage, *script;	/* NULL: the relay's own reply */
	int exit_status;
	bool temporary;
	const char *words, *last;	/* last: NULL: QUIT */
};

static const struct refused refusals[] = {
	{ "wrong password", "AUTH PLAIN LOGIN",
	    "user = " USER "\npassword = wr0ng-0ne\n", NULL, NULL, EX_NOPERM,
	    false, "535 5.7.8 wrong user or password", NULL },
	{ "wrong password, LOGIN", "AUTH LOGIN",
	    "user = " USER "\npassword = wr0ng-0ne\n", NULL, NULL, EX_NOPERM,
	    false, "535 5.7.8 wrong user or password", NULL },
	{ "refused at once", "AUTH LOGIN", LOGIN_KEYS, "auth",
	    "S 534 5.7.9 no", EX_NOPERM, false, "534 5.7.9 no", NULL },
	{ "the user's name refused", "AUTH LOGIN", LOGIN_KEYS, "authdata1",
	    "S 535 5.7.8 no", EX_NOPERM, false, "535 5.7.8 no", NULL },
	{ "not now", "AUTH PLAIN", LOGIN_KEYS, "auth",
	    "S 454 4.7.0 Too many login attempts", EX_UNAVAILABLE, true,
	    "\"hint\":\"H30\"", NULL },
	{ "421", "AUTH PLAIN", LOGIN_KEYS, "auth",
	    "S 421 4.7.0 too many\nclose", EX_UNAVAILABLE, true,
	    "421 4.7.0 too many", "AUTH PLAIN " },
	{ "no AUTH", "HELP", LOGIN_KEYS, NULL, NULL, EX_UNAVAILABLE, false,
	    "doesn't offer AUTH", NULL },
	{ "no mechanism of ours", "AUTH GSSAPI NTLM", LOGIN_KEYS, NULL, NULL,
	    EX_UNAVAILABLE, false, "only: GSSAPI NTLM", NULL },
	{ "not the one that was asked for", "AUTH PLAIN",
	    LOGIN_KEYS "auth = login\n", NULL, NULL, EX_UNAVAILABLE, false,
	    "only: PLAIN", NULL },
	{ "srv_21: not base64", "AUTH LOGIN", LOGIN_KEYS, "auth",
	    "S 334 !!!", EX_PROTOCOL, false, "isn't base64", NULL },
	{ "srv_21: 235 too early", "AUTH LOGIN", LOGIN_KEYS, "auth",
	    "S 235 2.7.0 welcome", EX_PROTOCOL, false,
	    "235 before LOGIN was through", "AUTH LOGIN" },
	{ "srv_21: 235 after the user's name", "AUTH LOGIN", LOGIN_KEYS,
	    "authdata1", "S 235 2.7.0 welcome", EX_PROTOCOL, false,
	    "235 before LOGIN was through", "cm9ib3RAZXhhbXBsZS5vcmc=" },
	{ "250 is no 235", "AUTH PLAIN", LOGIN_KEYS, "auth", "S 250 ok",
	    EX_PROTOCOL, false, "code 250", "AUTH PLAIN " },
	{ "535 among good lines", "AUTH PLAIN", LOGIN_KEYS, "auth",
	    "S 235-ok\nS 535 no", EX_PROTOCOL, false, "", "AUTH PLAIN " },
};

static void
an_auth_that_fails_is_the_end_on_one_connection(void **state)
{
	const struct refused *r;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct trial t = { .json = true };

		r = &refusals[i];
		t.keys = r->keys;
		t.overrides[0].stage = r->stage;
		t.overrides[0].script = r->script;
		guard(&t, r->offer, CANARY);
		trial_run(&t, state);
		trial_failed(&t, r->exit_status, "auth", r->words);
		TRIAL_CHECK(&t, trial_says(&t, r->temporary ?
		    "\"temporary\":true" : "\"temporary\":false"));
		TRIAL_CHECK(&t, t.record.count == 1);
		TRIAL_CHECK(&t, t.record.mail_commands == 0);
		TRIAL_CHECK(&t, strncmp(trial_last_command(&t), r->last == NULL
		    ? "QUIT" : r->last, strlen(r->last == NULL ? "QUIT" :
		    r->last)) == 0);
		TRIAL_CHECK(&t, !trial_says(&t, CANARY));
		trial_free(&t);
	}
}

static void
srv_21_endless_challenges_are_cancelled(void **state)
{
	struct trial t = { .json = true, .keys = LOGIN_KEYS,
	    .script = "S 220 relay.test\nC EHLO\nS 250-relay.test\n"
	    "S 250 AUTH LOGIN\nC AUTH LOGIN\ns 334 \\r\\n\nC*\n"
	    "s 334 \\r\\n\nC*\ns 334 \\r\\n\nC *\n"
	    "S 501 5.7.0 cancelled\nC QUIT\nS 221 bye" };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "auth", "more than LOGIN has to say");
	trial_free(&t);
}

static void
a_relay_that_wants_a_login_is_explained(void **state)
{
	struct trial t = { .json = true };

	guard(&t, "AUTH PLAIN", CANARY);
	trial_run(&t, state);
	trial_failed(&t, EX_NOPERM, "mail", "\"hint\":\"H22\"");
	TRIAL_CHECK(&t, trial_says(&t, "key `user` in "));
	trial_free(&t);
}

/* In no form that goes over the wire, nor as it is. */
static bool
shows_secret(const struct trial *t)
{
	static const char plain[] = "\0" USER "\0" CANARY;
	const struct span forms[] = { span_make(plain, sizeof(plain) - 1),
		span_of(CANARY) };
	struct buf word;
	bool is_shown = trial_says(t, CANARY);
	size_t i;

	buf_init(&word, BUF_UNLIMITED);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		buf_clear(&word);
		assert_true(base64_encode(&word, forms[i]));
		/* The end differs by what may stand behind it. */
		word.data[word.len - 4] = '\0';
		is_shown = is_shown || trial_says(t, word.data);
	}
	buf_free(&word);
	return is_shown;
}

static void
arg_11_the_password_is_in_no_transcript(void **state)
{
	static const struct {
		const char *offer, *keys;
		int exit_status;
	} cases[] = {
		{ "AUTH PLAIN", LOGIN_KEYS "log = stderr\n", EX_OK },
		{ "AUTH LOGIN", LOGIN_KEYS "log = stderr\n", EX_OK },
		{ "AUTH PLAIN", "user = nobody\npassword = " CANARY "\n"
		    "log = stderr\n", EX_NOPERM },
		{ "AUTH LOGIN", "user = nobody\npassword = " CANARY "\n"
		    "log = stderr\n", EX_NOPERM },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = verbose, .keys = cases[i].keys };

		guard(&t, cases[i].offer, CANARY);
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == cases[i].exit_status);
		TRIAL_CHECK(&t, t.result.out.len == 0);
		TRIAL_CHECK(&t, trial_says(&t, "<redacted>"));
		TRIAL_CHECK(&t, trial_says(&t, "> AUTH "));
		TRIAL_CHECK(&t, !shows_secret(&t));
		trial_free(&t);
	}
}

/* One file of /proc, which only root may read as the program isn't dumpable. */
static void
check_proc(struct trial *t, const char *name)
{
	char path[64], text[8192];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s",
	    (long)t->program.pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	assert_true(n >= 0);
	assert_false(span_contains_nocase(span_make(text, (size_t)n),
	    span_of(CANARY)));
}

static void
arg_11_the_password_is_in_no_argument_and_no_environment(void **state)
{
	struct trial t = { .mode = RELAY_TLS, .keys = "user = " USER "\n"
	    "password_command = printf '%s%s' c4nary -passw0rd\n",
	    .overrides = { { .stage = "mail", .script = "sleep 100",
	    .when = RELAY_BEFORE } } };

	guard(&t, "AUTH PLAIN", CANARY);
	trial_start(&t, state);
	trial_feed(&t);
	assert_true(relay_wait_for(t.relay, "MAIL", 5000));
	check_proc(&t, "cmdline");
	check_proc(&t, "environ");
	trial_finish(&t);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
each_source_of_the_password_serves(void **state)
{
	const struct scratch *scratch = *state;
	char file[300], credentials[200];
	const char *const keys[] = {
		"user = " USER "\npassword = " PASSWORD "x\n",
		file,
		"user = " USER "\npassword_command = cat \"$SECRET\"\n",
		"user = " USER "\npassword_credential = secret\n",
	};
	char *path, variable[300];
	size_t i;

	path = scratch_file(scratch, "secret", 0600,
	    span_of(PASSWORD "x\r\nsecond line\n"));
	assert_non_null(path);
	(void)snprintf(file, sizeof(file),
	    "user = " USER "\npassword_file = %s\n", path);
	(void)snprintf(credentials, sizeof(credentials),
	    "CREDENTIALS_DIRECTORY=%s", scratch->path);
	(void)snprintf(variable, sizeof(variable), "SECRET=%s", path);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys[i],
		    .env = { credentials, variable } };

		guard(&t, "AUTH PLAIN", PASSWORD "x");
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
	mem_free(path);
}

static void
a_source_that_fails_is_told_before_any_connection(void **state)
{
	const struct scratch *scratch = *state;
	char open_file[300], empty_file[300];
	const struct {
		const char *keys;
		int exit_status;
		const char *words;
	} cases[] = {
		{ "user = u\n", EX_NOPERM, ": user: no password for 'u'" },
		{ "user = u\npassword_file = /nowhere/at/all\n", EX_CONFIG,
		    "/nowhere/at/all" },
		{ open_file, EX_CONFIG, "chmod o-r" },
		{ empty_file, EX_NOPERM, "gives an empty password" },
		{ "user = u\npassword_command = echo so sorry >&2; exit 3\n",
		    EX_CONFIG, "so sorry" },
		{ "user = u\npassword_command = true\n", EX_NOPERM,
		    "gives an empty password" },
		{ "user = u\npassword_credential = x\n", EX_CONFIG,
		    "$CREDENTIALS_DIRECTORY is not set" },
		{ "user = u\npassword = a\npassword_file = /b\n", EX_CONFIG,
		    "password" },
	};
	char *open_path, *empty_path;
	size_t i;

	open_path = scratch_file(scratch, "open", 0644, span_of(CANARY "\n"));
	empty_path = scratch_file(scratch, "none", 0600, span_of("\n"));
	assert_true(open_path != NULL && empty_path != NULL);
	(void)snprintf(open_file, sizeof(open_file),
	    "user = u\npassword_file = %s\n", open_path);
	(void)snprintf(empty_file, sizeof(empty_file),
	    "user = u\npassword_file = %s\n", empty_path);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .keys = cases[i].keys };

		trial_run(&t, state);
		trial_failed(&t, cases[i].exit_status, "config",
		    cases[i].words);
		TRIAL_CHECK(&t, t.record.count == 0);
		TRIAL_CHECK(&t, !trial_says(&t, CANARY));
		trial_free(&t);
	}
	mem_free(open_path);
	mem_free(empty_path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_mechanism_of_both_sides_is_used),
		cmocka_unit_test(a_long_password_waits_for_the_334),
		cmocka_unit_test(the_old_spelling_of_the_offer_is_understood),
		cmocka_unit_test(
		    an_auth_that_fails_is_the_end_on_one_connection),
		cmocka_unit_test(srv_21_endless_challenges_are_cancelled),
		cmocka_unit_test(a_relay_that_wants_a_login_is_explained),
		cmocka_unit_test(arg_11_the_password_is_in_no_transcript),
		cmocka_unit_test(
		    arg_11_the_password_is_in_no_argument_and_no_environment),
		cmocka_unit_test(each_source_of_the_password_serves),
		cmocka_unit_test(
		    a_source_that_fails_is_told_before_any_connection),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
