/*
 * posthaste --check: what it does to the relay, what it says of each step, and
 * what it warns of.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* No name that anybody is asked for. */
#define EHLO "ehlo = [127.0.0.1]\n"
#define FROM "from = robot@example.org\n"
#define LOGIN "user = robot\npassword = s3cret-s3cret\n"

static const char *const plain[] = { "--check", NULL };
static const char *const recipient[] = { "--check", KIT_RECIPIENT, NULL };

/* It takes up what comes before its greeting, and doesn't offer that. */
static const char early_script[] = "C EHLO\nS 220 relay.test\n"
    "S 250 relay.test\nC QUIT\nS 221 bye";

static bool
prints(const struct trial *t, const char *words)
{
	return strstr(buf_string(&t->result.out), words) != NULL;
}

/* Whatever came of it, it isn't said twice, and no message was begun. */
static void
check_quiet(const struct trial *t, int exit_status)
{
	TRIAL_CHECK(t, t->result.exit_status == exit_status);
	TRIAL_CHECK(t, t->result.err.len == 0);
	TRIAL_CHECK(t, t->record.failure[0] == '\0');
	TRIAL_CHECK(t, t->record.committed == 0);
	TRIAL_CHECK(t, !trial_heard(t, "DATA") && !trial_heard(t, "BDAT"));
}

static void
each_step_says_what_it_saw(void **state)
{
	static const char *const always[] = { "  ok    config ", "[default] of ",
		"  ok    permissions ", " 0600", "  ok    secret ", "password\n",
		"  ok    dns ", "  ok    connect ", "  ok    greeting ",
		"220 relay.test ESMTP", "  ok    ehlo ", "relay.test",
		"  ok    offers ", "8-bit text (8BITMIME)", "at most 10485760 "
		"octets a message (SIZE)", "  ok    auth ", "PLAIN as robot",
		"no problem, 0 warnings, " };
	enum relay_mode mode;
	size_t i;

	for (mode = RELAY_PLAIN; mode <= RELAY_TLS; mode++) {
		/* There is no message: nobody waits for the end of it. */
		struct trial t = { .mode = mode, .args = plain,
		    .keys = EHLO FROM LOGIN,
		    .run.how_stdin = PROGRAM_STDIN_OPEN };

		trial_run(&t, state);
		check_quiet(&t, EX_OK);
		for (i = 0; i < COUNT(always); i++)
			trial_check(&t, prints(&t, always[i]), always[i],
			    __FILE__, __LINE__);
		TRIAL_CHECK(&t, prints(&t, "  ok    starttls ") ==
		    (mode == RELAY_STARTTLS));
		TRIAL_CHECK(&t, prints(&t, "  ok    tls ") ==
		    (mode != RELAY_PLAIN));
		TRIAL_CHECK(&t, prints(&t, "chain and name are right; it "
		    "expires in ") == (mode != RELAY_PLAIN));
		TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
		TRIAL_CHECK(&t, !prints(&t, "s3cret"));
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

struct failure {
	const char *label;
	enum relay_mode mode;
	const char *keys, *certificate, *stage, *script;
	int exit_status;
	const char *words[4];
};

static const struct failure failures[] = {
	{ "a key that isn't one", RELAY_PLAIN, "hots = x\n", NULL, NULL, NULL,
	    EX_CONFIG, { "  FAIL  config ", "unknown key `hots`",
	    "fix:     did you mean `host`?" } },
	{ "no password", RELAY_PLAIN, EHLO FROM "user = robot\n", NULL, NULL,
	    NULL, EX_NOPERM, { "  FAIL  config ", ": user: no password for 'robot'",
	    "  ----  not tried              dns, connect, greeting, ehlo, "
	    "auth\n" } },
	{ "no such CA file", RELAY_TLS, EHLO FROM "tls_ca_file = /nowhere\n",
	    NULL, NULL, NULL, EX_CONFIG, { "  FAIL  config ", "/nowhere" } },
	{ "a greeting that refuses", RELAY_PLAIN, EHLO FROM, NULL, "greeting",
	    "S 554 5.7.1 go away", EX_UNAVAILABLE, { "  FAIL  greeting ",
	    "      reply:   554 5.7.1 go away",
	    "  ----  not tried              ehlo\n",
	    "1 problem, 0 warnings, " } },
	{ "no relay at all", RELAY_PLAIN, EHLO FROM, NULL, "greeting",
	    "S HTTP/1.1 400 Bad Request", EX_PROTOCOL, { "  FAIL  greeting ",
	    "reply:   HTTP/1.1 400 Bad Request", "doesn't speak SMTP",
	    "(key `port` in " } },
	{ "no STARTTLS", RELAY_STARTTLS, EHLO FROM, NULL, "ehlo",
	    "S 250 relay.test", EX_PROTOCOL, { "  FAIL  starttls ",
	    "doesn't offer STARTTLS", "      fix: ",
	    "; exit 76 (EX_PROTOCOL)\n" } },
	{ "another's certificate", RELAY_TLS, EHLO FROM, "wrongname", NULL,
	    NULL, EX_PROTOCOL, { "  FAIL  tls ", "it is for other names",
	    "      cause:   certificate: subject ",
	    "  ----  not tried              greeting, ehlo\n" } },
	{ "a password that is refused", RELAY_PLAIN, EHLO FROM LOGIN, NULL,
	    "auth", "S 535 5.7.8 Username and Password not accepted",
	    EX_NOPERM, { "  FAIL  auth ", "535 5.7.8 Username and Password "
	    "not accepted", "(hint H28)", "; exit 77 (EX_NOPERM)\n" } },
};

static void
a_failure_has_the_words_and_the_status_that_a_message_would_get(void **state)
{
	const struct failure *f;
	size_t i, k;

	for (i = 0; i < COUNT(failures); i++) {
		struct trial t = { .args = plain };

		f = &failures[i];
		t.mode = f->mode;
		t.keys = f->keys;
		t.certificate = f->certificate;
		t.overrides[0].stage = f->stage;
		t.overrides[0].script = f->script;
		trial_run(&t, state);
		check_quiet(&t, f->exit_status);
		for (k = 0; k < COUNT(f->words) && f->words[k] != NULL; k++)
			trial_check(&t, prints(&t, f->words[k]), f->label,
			    __FILE__, __LINE__);
		trial_free(&t);
	}
}

static void
a_relay_that_isnt_there_is_told(void **state)
{
	struct trial t = { .args = plain, .keys = EHLO FROM,
	    .is_absent = true };

	trial_run(&t, state);
	check_quiet(&t, EX_UNAVAILABLE);
	TRIAL_CHECK(&t, prints(&t, "  FAIL  connect "));
	TRIAL_CHECK(&t, prints(&t, "Connection refused"));
	TRIAL_CHECK(&t, prints(&t, "nobody listens there"));
	TRIAL_CHECK(&t, prints(&t, "(key `port` in "));
	trial_free(&t);
}

/* As a message would: the second address is another chance. */
static void
a_relay_that_fails_is_named_and_the_next_one_tried(void **state)
{
	struct trial t = { .args = plain, .keys = EHLO FROM
	    "host = 127.0.0.1, localhost\n", .overrides = { {
	    .stage = "greeting", .script = "S 421 4.3.2 busy\nclose",
	    .connection = 1 } } };

	trial_run(&t, state);
	check_quiet(&t, EX_OK);
	TRIAL_CHECK(&t, t.record.count == 2);
	TRIAL_CHECK(&t, prints(&t, "  warn  greeting "));
	TRIAL_CHECK(&t, prints(&t, "421 4.3.2 busy\n"));
	TRIAL_CHECK(&t, prints(&t, "no problem, 1 warning, "));
	trial_free(&t);
}

static void
a_recipient_is_asked_for_and_taken_back(void **state)
{
	struct trial t = { .args = recipient, .keys = EHLO FROM };
	const struct relay_connection *c;

	t.serve.capabilities = "PIPELINING\nCHUNKING\nSIZE 1000";
	trial_run(&t, state);
	check_quiet(&t, EX_OK);
	c = &t.record.connections[0];
	TRIAL_CHECK(&t, c->command_count == 5);
	TRIAL_CHECK(&t, trial_heard(&t, "MAIL FROM:<" KIT_SENDER "> SIZE="));
	TRIAL_CHECK(&t, strcmp(c->commands[2], "RCPT TO:<" KIT_RECIPIENT ">")
	    == 0);
	TRIAL_CHECK(&t, strcmp(c->commands[3], "RSET") == 0);
	TRIAL_CHECK(&t, strcmp(c->commands[4], "QUIT") == 0);
	TRIAL_CHECK(&t, prints(&t, "  ok    mail "));
	TRIAL_CHECK(&t, prints(&t, "RCPT TO:<" KIT_RECIPIENT ">: 250 "));
	trial_free(&t);
}

static void
a_recipient_or_sender_that_is_refused_gives_the_status(void **state)
{
	static const struct {
		const char *stage, *script, *line;
		int exit_status;
	} rows[] = {
		{ "rcpt1", "S 550 5.1.1 no such user", "  FAIL  rcpt ",
		    EX_NOUSER },
		{ "rcpt1", "S 450 4.2.0 greylisted", "  FAIL  rcpt ",
		    EX_UNAVAILABLE },
		{ "mail", "S 553 5.7.1 not yours", "  FAIL  mail ",
		    EX_UNAVAILABLE },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .args = recipient, .keys = EHLO FROM,
		    .overrides = { { .stage = rows[i].stage,
		    .script = rows[i].script } } };

		trial_run(&t, state);
		check_quiet(&t, rows[i].exit_status);
		TRIAL_CHECK(&t, prints(&t, rows[i].line));
		TRIAL_CHECK(&t, prints(&t, rows[i].script + 2));
		TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
		trial_free(&t);
	}
}

static void
a_recipient_that_isnt_one_costs_no_connection(void **state)
{
	static const char *const args[] = { "--check", "a@@b", NULL };
	struct trial t = { .args = args, .keys = EHLO FROM };

	trial_run(&t, state);
	check_quiet(&t, EX_DATAERR);
	TRIAL_CHECK(&t, t.record.count == 0);
	TRIAL_CHECK(&t, prints(&t, "  FAIL  address "));
	trial_free(&t);
}

/* One object on one line, and nothing else anywhere. */
static void
check_json(const struct trial *t, int exit_status)
{
	struct span out = buf_span(&t->result.out);

	check_quiet(t, exit_status);
	TRIAL_CHECK(t, out.len > 2 && out.data[0] == '{');
	TRIAL_CHECK(t, span_find(out, '\n') == out.len - 1);
	TRIAL_CHECK(t, out.data[out.len - 2] == '}');
}

static void
json_is_one_object_on_standard_output(void **state)
{
	struct trial fine = { .args = recipient, .json = true,
	    .mode = RELAY_TLS, .keys = EHLO FROM };
	struct trial wrong = { .args = plain, .json = true, .keys = EHLO FROM
	    LOGIN, .overrides = { { .stage = "auth",
	    .script = "S 535 5.7.8 no \\x1b[31m\"" } } };

	trial_run(&fine, state);
	check_json(&fine, EX_OK);
	TRIAL_CHECK(&fine, prints(&fine, "\"passed\":true,"));
	TRIAL_CHECK(&fine, prints(&fine, "{\"step\":\"tls\",\"result\":\"ok\","
	    "\"ms\":"));
	TRIAL_CHECK(&fine, prints(&fine, "\"text\":\"TLS1.3 "));
	TRIAL_CHECK(&fine, prints(&fine, "{\"step\":\"rcpt\","));
	TRIAL_CHECK(&fine, prints(&fine, "],\"exit\":0}\n"));
	trial_free(&fine);
	trial_run(&wrong, state);
	check_json(&wrong, EX_NOPERM);
	TRIAL_CHECK(&wrong, prints(&wrong, "\"passed\":false,"));
	TRIAL_CHECK(&wrong, prints(&wrong, "{\"step\":\"auth\",\"result\":"
	    "\"failed\","));
	TRIAL_CHECK(&wrong, prints(&wrong, "\"exit\":77,\"exit_name\":"
	    "\"EX_NOPERM\",\"stage\":\"auth\""));
	TRIAL_CHECK(&wrong, prints(&wrong, "no \\\\x1b[31m\\\""));
	trial_free(&wrong);
}

static void
what_relay_and_profile_say_is_escaped(void **state)
{
	struct trial t = { .args = plain, .keys = EHLO FROM "password = xxxx\n"
	    "user = r\xc3\xb6" "bot\n", .overrides = {
	    { .stage = "ehlo", .script = "S 250-relay\\x1b[2J.test\nS 250 AUTH PLAIN" } } };

	trial_run(&t, state);
	check_quiet(&t, EX_OK);
	TRIAL_CHECK(&t, prints(&t, "the relay is relay\\x1b[2J.test\n"));
	TRIAL_CHECK(&t, prints(&t, "as r\\xc3\\xb6" "bot\n"));
	trial_free(&t);
}

struct warning {
	const char *keys;
	const char *words;	/* of a warning */
	bool is_there;
};

static const struct warning warnings[] = {
	{ EHLO FROM, "  warn ", false },
	{ "ehlo = nobody.invalid\n" FROM, "warn  ehlo name ", true },
	/* DMARC, for mail of programs that give no -f. */
	{ EHLO "domain = web1.internal.example\nuser = u@shop.example.org\n"
	    "password = x-x-x-x\n", "doesn't agree with a From header at "
	    "shop.example.org", true },
	{ EHLO "domain = web1.example.org\nuser = u@example.org\n"
	    "password = x-x-x-x\n", "doesn't agree", false },
	{ EHLO "domain = web1.internal.example\nuser = u@shop.example.org\n"
	    "password = x-x-x-x\nfrom = %F\n", "doesn't agree", false },
	{ EHLO FROM "match_from = *@shop.example\n", "doesn't agree with a "
	    "From header at shop.example,", true },
	{ EHLO FROM "match_from = *@shop.example\nfrom_policy = force\n",
	    "doesn't agree", false },
	{ EHLO FROM "match_from = *@mail.example.org\n", "doesn't agree",
	    false },
};

static void
what_leads_to_trouble_is_a_warning(void **state)
{
	const struct warning *w;
	size_t i;

	for (i = 0; i < COUNT(warnings); i++) {
		struct trial t = { .args = plain };

		w = &warnings[i];
		t.keys = w->keys;
		trial_run(&t, state);
		check_quiet(&t, EX_OK);
		trial_check(&t, prints(&t, w->words) == w->is_there, w->words,
		    __FILE__, __LINE__);
		trial_free(&t);
	}
}

/* It is never connected to: the name has no address. */
static void
the_relay_s_own_name_is_no_name_for_us(void **state)
{
	struct trial t = { .args = plain, .keys = FROM
	    "ehlo = relay.invalid\nhost = relay.invalid\n" };

	trial_run(&t, state);
	check_quiet(&t, EX_NOHOST);
	TRIAL_CHECK(&t, prints(&t, "relay.invalid is the relay's own name"));
	TRIAL_CHECK(&t, prints(&t, "  FAIL  dns "));
	trial_free(&t);
}

static void
aliases_that_fail_are_listed(void **state)
{
	static const char text[] = "root: robot@example.org\n"
	    "news: |/usr/bin/inews\nlist: :include:/etc/list\n"
	    "log: /var/log/mail\n";
	char *path = scratch_file(*state, "aliases", 0644, span_of(text));
	char keys[400];
	struct trial t = { .args = plain, .keys = keys };
	struct trial loop = { .args = plain, .keys = keys };

	assert_non_null(path);
	(void)snprintf(keys, sizeof(keys), EHLO FROM "aliases = %s\n", path);
	trial_run(&t, state);
	check_quiet(&t, EX_OK);
	TRIAL_CHECK(&t, prints(&t, "aliases:2: mail to `news` fails, it leads "
	    "to a command: |/usr/bin/inews"));
	TRIAL_CHECK(&t, prints(&t, "to `list` fails"));
	TRIAL_CHECK(&t, prints(&t, "to `log` fails"));
	TRIAL_CHECK(&t, prints(&t, "no problem, 3 warnings, "));
	trial_free(&t);
	mem_free(path);
	path = scratch_file(*state, "aliases", 0644, span_of("a: b\nb: a\n"));
	trial_run(&loop, state);
	check_quiet(&loop, EX_CONFIG);
	TRIAL_CHECK(&loop, prints(&loop, "  FAIL  config "));
	trial_free(&loop);
	mem_free(path);
}

static void
a_spool_that_cant_be_used_is_a_warning(void **state)
{
	char *path = scratch_path(*state, "spool"), keys[400];
	struct trial fine = { .args = plain, .keys = keys };
	struct trial wrong = { .args = plain, .keys = keys };

	(void)snprintf(keys, sizeof(keys), EHLO FROM "spool = %s\n", path);
	trial_run(&wrong, state);
	check_quiet(&wrong, EX_OK);
	TRIAL_CHECK(&wrong, prints(&wrong, "  warn  spool "));
	TRIAL_CHECK(&wrong, prints(&wrong, "No such file or directory"));
	trial_free(&wrong);
	assert_int_equal(mkdir(path, 0700), 0);
	trial_run(&fine, state);
	check_quiet(&fine, EX_OK);
	TRIAL_CHECK(&fine, prints(&fine, "/spool; 0 waiting, 0 given up\n"));
	trial_free(&fine);
	mem_free(path);
}

static void
a_certificate_near_its_end_is_a_warning(void **state)
{
	static const struct {
		const char *days, *keys;
		bool is_warning;
	} rows[] = {
		{ NULL, EHLO FROM, false },
		{ "0", EHLO FROM, false },
		{ "99999", EHLO FROM, true },
		{ NULL, EHLO FROM "tls_verify = no\n", true },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const char *const args[] = { "--check", rows[i].days == NULL ?
		    NULL : "--warn-expiry", rows[i].days, NULL };
		struct trial t = { .args = args, .mode = RELAY_TLS,
		    .keys = rows[i].keys };

		trial_run(&t, state);
		check_quiet(&t, EX_OK);
		TRIAL_CHECK(&t, prints(&t, "  warn  certificate ") ==
		    rows[i].is_warning);
		trial_free(&t);
	}
}

static void
what_would_save_round_trips_is_said(void **state)
{
	static const struct {
		enum relay_mode mode;
		const char *offer, *keys, *words;
		bool is_there;
	} rows[] = {
		{ RELAY_STARTTLS, "HELP", "", "tls = implicit (port 465)",
		    true },
		{ RELAY_TLS, "HELP", "", "tls = implicit", false },
		{ RELAY_PLAIN, "HELP", "", "offers no PIPELINING", true },
		{ RELAY_PLAIN, "PIPELINING", "", "  tip ", false },
		{ RELAY_PLAIN, "PIPELINING", "pipelining = no\n",
		    "pipelining = yes saves", true },
		{ RELAY_PLAIN, "PIPECONNECT", "", "early = yes saves", true },
		{ RELAY_PLAIN, "CHUNKING", "chunking = off\n",
		    "chunking = auto saves", true },
		{ RELAY_PLAIN, "CHUNKING\nPIPELINING", "",
		    "chunking = one-flight saves", true },
		{ RELAY_PLAIN, "HELP", "quit_wait = yes\n",
		    "quit_wait = no saves", true },
	};
	char keys[200];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .args = plain, .keys = keys };

		t.mode = rows[i].mode;
		t.serve.capabilities = rows[i].offer;
		(void)snprintf(keys, sizeof(keys), EHLO FROM "%s",
		    rows[i].keys);
		trial_run(&t, state);
		check_quiet(&t, EX_OK);
		trial_check(&t, prints(&t, rows[i].words) == rows[i].is_there,
		    rows[i].words, __FILE__, __LINE__);
		trial_free(&t);
	}
}

static void
a_wish_that_doesnt_suit_the_relay_is_said(void **state)
{
	struct trial t = { .args = plain, .script = early_script,
	    .keys = EHLO FROM "early = yes\n" };

	trial_run(&t, state);
	check_quiet(&t, EX_OK);
	TRIAL_CHECK(&t, prints(&t, "early = no suits this relay"));
	trial_free(&t);
}

/* Runs it with a terminal as its standard output, and takes what that got. */
static void
run_on_terminal(struct trial *t, void **state, char *text, size_t size)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;
	int slave;

	/* A bare root may have no terminals to give. */
	if (terminal == -1 || grantpt(terminal) != 0 ||
	    unlockpt(terminal) != 0)
		skip();
	t->run.stdout_file = ptsname(terminal);
	slave = open(t->run.stdout_file, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave != -1);
	trial_run(t, state);
	assert_int_equal(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
	while (have + 1 < size && (n = read(terminal, text + have,
	    size - 1 - have)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	(void)close(slave);
	(void)close(terminal);
}

static void
a_terminal_gets_a_bar_of_its_locale(void **state)
{
	static const struct {
		const char *locale, *end;
	} rows[] = {
		{ "LC_ALL=C", "| " },
		{ "LANG=en_GB.UTF-8", "\xe2\x94\xa4 " },
	};
	char text[8192];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .args = plain, .keys = EHLO FROM,
		    .bare_env = true, .env = { rows[i].locale },
		    .overrides = { { .stage = "greeting",
		    .script = "sleep 50", .when = RELAY_BEFORE } } };

		run_on_terminal(&t, state, text, sizeof(text));
		check_quiet(&t, EX_OK);
		TRIAL_CHECK(&t, strstr(text, "  0 ms ") != NULL);
		TRIAL_CHECK(&t, strstr(text, rows[i].end) != NULL);
		trial_free(&t);
	}
}

static void
what_makes_no_sense_with_it_is_a_usage_error(void **state)
{
	static const char *const rows[][5] = {
		{ "--check", "a@example.org", "b@example.org", NULL },
		{ "--check", "-t", NULL },
		{ "--check", "-f", "a@example.org", NULL },
		{ "--check", "--dry-run", NULL },
		{ "--check", "-bs", NULL },
		{ "--check", "--warn-expiry", "soon", NULL },
		{ "--check", "--warn-expiry", "123456", NULL },
		{ "--warn-expiry", "3", "-i", "a@example.org", NULL },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct trial t = { .args = rows[i], .keys = EHLO FROM };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_USAGE);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

static void
a_standard_output_that_is_full_is_a_failure(void **state)
{
	struct trial t = { .args = plain, .keys = EHLO FROM,
	    .run.stdout_file = "/dev/full" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OSERR);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_says_what_it_saw),
		cmocka_unit_test(
		    a_failure_has_the_words_and_the_status_that_a_message_would_get),
		cmocka_unit_test(a_relay_that_isnt_there_is_told),
		cmocka_unit_test(
		    a_relay_that_fails_is_named_and_the_next_one_tried),
		cmocka_unit_test(a_recipient_is_asked_for_and_taken_back),
		cmocka_unit_test(
		    a_recipient_or_sender_that_is_refused_gives_the_status),
		cmocka_unit_test(a_recipient_that_isnt_one_costs_no_connection),
		cmocka_unit_test(json_is_one_object_on_standard_output),
		cmocka_unit_test(what_relay_and_profile_say_is_escaped),
		cmocka_unit_test(what_leads_to_trouble_is_a_warning),
		cmocka_unit_test(the_relay_s_own_name_is_no_name_for_us),
		cmocka_unit_test(aliases_that_fail_are_listed),
		cmocka_unit_test(a_spool_that_cant_be_used_is_a_warning),
		cmocka_unit_test(a_certificate_near_its_end_is_a_warning),
		cmocka_unit_test(what_would_save_round_trips_is_said),
		cmocka_unit_test(a_wish_that_doesnt_suit_the_relay_is_said),
		cmocka_unit_test(a_terminal_gets_a_bar_of_its_locale),
		cmocka_unit_test(what_makes_no_sense_with_it_is_a_usage_error),
		cmocka_unit_test(a_standard_output_that_is_full_is_a_failure),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
