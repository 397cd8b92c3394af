/*
 * Each SASL mechanism against a relay that verifies what it is told, what a
 * profile may choose, and relays that cheat.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "support/session_kit.h"

#define USER "robot@example.org"
#define PASSWORD "c4nary-passw0rd"
#define KEYS "user = " USER "\npassword = " PASSWORD "\n"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

/* A relay that lets nobody in but USER with that password. */
static void
guard(struct trial *t, const char *offer)
{
	t->serve.capabilities = offer;
	t->serve.clear_capabilities = t->mode == RELAY_STARTTLS ? "HELP" :
	    NULL;
	t->serve.user = USER;
	t->serve.password = PASSWORD;
	t->serve.wants_auth = true;
}

struct choice {
	const char *offer, *auth;	/* auth: NULL: not set */
	enum relay_mode mode;
	const char *priority;
	const char *command;
};

static const struct choice choices[] = {
	{ "AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS "
	    "SCRAM-SHA-256-PLUS LOGIN", NULL, RELAY_TLS, NULL,
	    "AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsL" },
	{ "AUTH PLAIN SCRAM-SHA-256 SCRAM-SHA-1-PLUS", NULL, RELAY_STARTTLS,
	    NULL, "AUTH SCRAM-SHA-1-PLUS " },
	{ "AUTH SCRAM-SHA-256-PLUS", NULL, RELAY_TLS, TLS12,
	    "AUTH SCRAM-SHA-256-PLUS cD10bHMtc2VydmVyLWVuZC1wb2lud" },
	{ "AUTH SCRAM-SHA-1-PLUS", "scram-sha-1-plus", RELAY_STARTTLS, TLS12,
	    "AUTH SCRAM-SHA-1-PLUS " },
	{ "AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-256", NULL, RELAY_TLS, NULL,
	    "AUTH SCRAM-SHA-256 eSws" },
	{ "AUTH PLAIN SCRAM-SHA-1", "auto", RELAY_STARTTLS, NULL,
	    "AUTH SCRAM-SHA-1 eSws" },
	/* Without TLS there is nothing to bind to. */
	{ "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256", NULL, RELAY_PLAIN, NULL,
	    "AUTH SCRAM-SHA-256 biws" },
	/* The offer was seen and not taken: "n", not "y". */
	{ "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256", "scram-sha-256", RELAY_TLS,
	    NULL, "AUTH SCRAM-SHA-256 biws" },
	{ "AUTH SCRAM-SHA-1 PLAIN", "plain", RELAY_TLS, NULL, "AUTH PLAIN " },
	{ "AUTH CRAM-MD5 XOAUTH2 OAUTHBEARER EXTERNAL PLAIN", NULL, RELAY_TLS,
	    NULL, "AUTH PLAIN " },
	{ "AUTH CRAM-MD5 PLAIN", "cram-md5", RELAY_PLAIN, NULL,
	    "AUTH CRAM-MD5" },
	{ "AUTH EXTERNAL PLAIN", "external", RELAY_TLS, NULL,
	    "AUTH EXTERNAL cm9ib3RAZXhhbXBsZS5vcmc=" },
	{ "AUTH XOAUTH2 PLAIN", "xoauth2", RELAY_TLS, NULL,
	    "AUTH XOAUTH2 dXNlcj1" },
	{ "AUTH OAUTHBEARER PLAIN", "oauthbearer", RELAY_STARTTLS, NULL,
	    "AUTH OAUTHBEARER bixhP" },
};

static void
each_mechanism_is_chosen_and_passes(void **state)
{
	const struct choice *c;
	char keys[200];
	size_t i;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct trial t = { .keys = keys };

		c = &choices[i];
		t.mode = c->mode;
		t.priority = c->priority;
		(void)snprintf(keys, sizeof(keys), "%s%s%s\n", KEYS,
		    c->auth == NULL ? "" : "auth = ",
		    c->auth == NULL ? "" : c->auth);
		guard(&t, c->offer);
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, trial_heard(&t, c->command));
		trial_free(&t);
	}
}

static void
external_needs_neither_user_nor_password(void **state)
{
	struct trial t = { .mode = RELAY_TLS, .keys = "auth = external\n" };

	guard(&t, "AUTH EXTERNAL");
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_heard(&t, "AUTH EXTERNAL ="));
	trial_free(&t);
}

/* The first one makes an AUTH line of 511 octets, with its CRLF; the next one
 * would make one of 515. */
static void
a_long_first_answer_waits_for_the_334(void **state)
{
	static const struct {
		const char *auth;
		size_t length;
		bool is_initial;
	} rows[] = {
		{ "xoauth2", 335, true },
		{ "xoauth2", 336, false },
		{ "oauthbearer", 2000, false },
	};
	char token[2048], keys[2200];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys };
		const char *line;

		memset(token, 'x', rows[i].length);
		token[rows[i].length] = '\0';
		(void)snprintf(keys, sizeof(keys), "user = " USER "\n"
		    "password = %s\nauth = %s\n", token, rows[i].auth);
		guard(&t, "AUTH XOAUTH2 OAUTHBEARER");
		t.serve.password = token;
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		line = t.record.connections[0].commands[1];
		TRIAL_CHECK(&t, rows[i].is_initial == (strlen(line) > 20));
		TRIAL_CHECK(&t, strlen(line) <= 510);
		trial_free(&t);
	}
}

/* RFC 4954 section 4 gives the line 12288 octets with its CRLF. */
static void
a_token_of_12_kb_is_the_longest(void **state)
{
	static const struct {
		size_t length;
		bool is_fine;
	} rows[] = { { 9176, true }, { 9177, false } };
	char token[9200], keys[9400];
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys };

		memset(token, 'x', rows[i].length);
		token[rows[i].length] = '\0';
		(void)snprintf(keys, sizeof(keys), "user = " USER "\n"
		    "password = %s\nauth = xoauth2\n", token);
		guard(&t, "AUTH XOAUTH2");
		t.serve.password = token;
		trial_run(&t, state);
		if (rows[i].is_fine)
			trial_delivered(&t, kit_wire);
		else
			trial_failed(&t, EX_CONFIG, NULL, "too long for AUTH");
		TRIAL_CHECK(&t, trial_heard(&t, "dXNlcj1") == rows[i].is_fine);
		trial_free(&t);
	}
}

struct refused {
	const char *label;
	const char *offer, *keys;
	enum relay_mode mode;
	const char *stage, *script;	/* NULL: the relay's own reply */
	int exit_status;
	const char *words, *last;
};

#define WRONG "user = " USER "\npassword = wr0ng-0ne\n"
#define STALE "user = " USER "\npassword = st4le-t0ken\n"

static const struct refused refusals[] = {
	{ "a wrong password", "AUTH SCRAM-SHA-256", WRONG, RELAY_TLS, NULL,
	    NULL, EX_NOPERM, "535 5.7.8 wrong user or password", "QUIT" },
	{ "a wrong password, bound", "AUTH SCRAM-SHA-1-PLUS", WRONG, RELAY_TLS,
	    NULL, NULL, EX_NOPERM, "535 5.7.8 wrong user or password",
	    "QUIT" },
	{ "a wrong password, CRAM-MD5", "AUTH CRAM-MD5",
	    WRONG "auth = cram-md5\n", RELAY_PLAIN, NULL, NULL, EX_NOPERM,
	    "535 5.7.8 wrong user or password", "QUIT" },
	{ "a wrong user", "AUTH SCRAM-SHA-256",
	    "user = nobody\npassword = x\n", RELAY_TLS, NULL, NULL, EX_NOPERM,
	    "535 5.7.8 wrong user or password", "QUIT" },
	{ "a stale token", "AUTH XOAUTH2", STALE "auth = xoauth2\n", RELAY_TLS,
	    NULL, NULL, EX_NOPERM, "535 5.7.8 wrong user or password / 334 "
	    "{\"status\":\"invalid_token\"}", "QUIT" },
	{ "a stale token, the other way", "AUTH OAUTHBEARER",
	    STALE "auth = oauthbearer\n", RELAY_TLS, NULL, NULL, EX_NOPERM,
	    "/ 334 {\"status\":\"invalid_token\"}", "QUIT" },
	{ "a stale token's cause", "AUTH OAUTHBEARER",
	    STALE "auth = oauthbearer\n", RELAY_TLS, NULL, NULL, EX_NOPERM,
	    "its time is over (hint H78)", "QUIT" },
	{ "a stale token that passes all the same", "AUTH XOAUTH2",
	    STALE "auth = xoauth2\n", RELAY_TLS, "authdata1", "S 235 ok",
	    EX_PROTOCOL, "235 before XOAUTH2 was through", "" },
	{ "the server's signature is wrong", "AUTH SCRAM-SHA-256", KEYS,
	    RELAY_TLS, "authdata1", "S 334 dj1BQUFB",
	    EX_PROTOCOL, "doesn't prove that it knows the password", "QUIT" },
	{ "no signature at all", "AUTH SCRAM-SHA-256", KEYS, RELAY_TLS,
	    "authdata1", "S 235 2.7.0 welcome", EX_PROTOCOL,
	    "235 before SCRAM-SHA-256 was through", "Yz1lU3dz" },
	{ "235 without a question", "AUTH SCRAM-SHA-256", KEYS, RELAY_TLS,
	    "auth", "S 235 2.7.0 welcome", EX_PROTOCOL,
	    "235 before SCRAM-SHA-256 was through", "AUTH SCRAM-SHA-256 " },
	{ "a challenge that isn't one", "AUTH SCRAM-SHA-256", KEYS, RELAY_TLS,
	    "auth", "S 334 AAAA", EX_PROTOCOL,
	    "SCRAM challenge isn't one", "QUIT" },
	{ "a nonce of somebody else's", "AUTH SCRAM-SHA-256", KEYS, RELAY_TLS,
	    "auth", "S 334 cj1hYmMscz1BQUFBLGk9NDA5Ng==", EX_PROTOCOL, "another question than ours",
	    "QUIT" },
	{ "srv_21: CRAM-MD5 without end", "AUTH CRAM-MD5",
	    KEYS "auth = cram-md5\n", RELAY_PLAIN, "authdata1",
	    "S 334 AAAA\nC *\nS 501 no", EX_PROTOCOL,
	    "more than CRAM-MD5 has to say", "QUIT" },
	{ "tls_3: -PLUS was asked for and isn't offered",
	    "AUTH SCRAM-SHA-256 PLAIN", KEYS "auth = scram-sha-256-plus\n",
	    RELAY_TLS, NULL, NULL, EX_UNAVAILABLE,
	    "only: SCRAM-SHA-256 PLAIN", "QUIT" },
	{ "tls_3: -PLUS was asked for without TLS", "AUTH SCRAM-SHA-256-PLUS",
	    KEYS "auth = scram-sha-256-plus\n", RELAY_PLAIN, NULL, NULL,
	    EX_UNAVAILABLE, "no channel to bind to", "QUIT" },
	{ "tls_3: SCRAM was asked for and isn't offered", "AUTH PLAIN LOGIN",
	    KEYS "auth = scram-sha-256\n", RELAY_TLS, NULL, NULL,
	    EX_UNAVAILABLE, "only: PLAIN LOGIN", "QUIT" },
	{ "a relay that takes tokens only", "AUTH XOAUTH2", KEYS, RELAY_TLS,
	    NULL, NULL, EX_UNAVAILABLE, "set auth = xoauth2 and "
	    "password_command", "QUIT" },
	{ "a relay that takes what goes by name", "AUTH CRAM-MD5", KEYS,
	    RELAY_TLS, NULL, NULL, EX_UNAVAILABLE, "set auth = cram-md5",
	    "QUIT" },
};

static void
an_exchange_that_fails_is_the_end(void **state)
{
	const struct refused *r;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct trial t = { 0 };

		r = &refusals[i];
		t.mode = r->mode;
		t.keys = r->keys;
		t.overrides[0].stage = r->stage;
		t.overrides[0].script = r->script;
		guard(&t, r->offer);
		trial_run(&t, state);
		trial_failed(&t, r->exit_status, NULL, r->words);
		TRIAL_CHECK(&t, t.record.count == 1);
		TRIAL_CHECK(&t, t.record.mail_commands == 0);
		TRIAL_CHECK(&t, strncmp(trial_last_command(&t), r->last,
		    strlen(r->last)) == 0);
		trial_free(&t);
	}
}

static void
a_reason_in_scram_s_own_words_is_told(void **state)
{
	struct trial t = { .mode = RELAY_TLS, .keys = KEYS, .overrides = {
	    { .stage = "authdata1", .script = "S 334 ZT11bmtub3duLXVzZXI=" },
	    { .stage = "authdata2", .script = "S 535 5.7.8 no" } } };

	guard(&t, "AUTH SCRAM-SHA-256");
	trial_run(&t, state);
	trial_failed(&t, EX_NOPERM, NULL, "535 5.7.8 no / 334 unknown-user");
	TRIAL_CHECK(&t, strcmp(trial_last_command(&t), "QUIT") == 0);
	trial_free(&t);
}

static void
rounds_beyond_the_limits_are_refused(void **state)
{
	static const struct {
		unsigned int rounds;
		bool is_fine;
	} rows[] = { { 4095, false }, { 4096, true }, { 1000001, false } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = KEYS };

		guard(&t, "AUTH SCRAM-SHA-256");
		t.serve.scram_rounds = rows[i].rounds;
		trial_run(&t, state);
		if (rows[i].is_fine) {
			trial_delivered(&t, kit_wire);
		} else {
			trial_failed(&t, EX_PROTOCOL, NULL,
			    "4096 to 1000000 are accepted");
			TRIAL_CHECK(&t, trial_heard(&t, "*"));
			TRIAL_CHECK(&t, !trial_heard(&t, "Yz1"));
		}
		trial_free(&t);
	}
}

/* What EHLO said before TLS is worth nothing after it. */
static void
tls_3_the_offer_before_tls_is_forgotten(void **state)
{
	static const struct {
		const char *clear, *offer, *command;
		int exit_status;
	} rows[] = {
		{ "AUTH PLAIN", "AUTH SCRAM-SHA-256 PLAIN",
		    "AUTH SCRAM-SHA-256 ", EX_OK },
		{ "AUTH PLAIN", "HELP", NULL, EX_UNAVAILABLE },
		{ "HELP", "AUTH PLAIN", "AUTH PLAIN ", EX_OK },
		{ "AUTH SCRAM-SHA-256-PLUS", "AUTH SCRAM-SHA-256",
		    "AUTH SCRAM-SHA-256 eSws", EX_OK },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .mode = RELAY_STARTTLS, .keys = KEYS };

		guard(&t, rows[i].offer);
		t.serve.clear_capabilities = rows[i].clear;
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == rows[i].exit_status);
		TRIAL_CHECK(&t, t.record.failure[0] == '\0');
		TRIAL_CHECK(&t, trial_heard(&t, "AUTH") ==
		    (rows[i].command != NULL));
		TRIAL_CHECK(&t, rows[i].command == NULL ||
		    trial_heard(&t, rows[i].command));
		trial_free(&t);
	}
}

/* What a relay must quote to give it away: here it quotes all. */
static void
arg_11_what_a_relay_quotes_is_put_under_asterisks(void **state)
{
	static const struct {
		const char *auth, *stage;
	} rows[] = {
		{ "plain", "auth" },
		{ "login", "authdata2" },
		{ "cram-md5", "authdata1" },
		{ "scram-sha-256", "authdata1" },
		{ "xoauth2", "auth" },
	};
	static const char *const args[] = { "-v", "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	static const char plain[] = "\0" USER "\0" PASSWORD;
	static const char token[] = "user=" USER "\001auth=Bearer " PASSWORD
	    "\001\001";
	char keys[200];
	struct buf script;
	size_t i;

	buf_init(&script, BUF_UNLIMITED);
	/* All that it may have heard, in one reply; of the digest of CRAM-MD5
	 * and the proof of SCRAM the unit tests tell. */
	assert_true(buf_add_string(&script, "S 535-5.7.8 " PASSWORD "\nS 535-"
	    "5.7.8 ") && base64_encode(&script, span_of(PASSWORD)) &&
	    buf_add_string(&script, "\nS 535-5.7.8 ") &&
	    base64_encode(&script, span_make(plain, sizeof(plain) - 1)) &&
	    buf_add_string(&script, "\nS 535 5.7.8 ") &&
	    base64_encode(&script, span_of(token)));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys,
		    .args = args, .overrides = { { .stage = rows[i].stage,
		    .script = script.data } } };

		(void)snprintf(keys, sizeof(keys), KEYS "auth = %s\n",
		    rows[i].auth);
		guard(&t, "AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2");
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == EX_NOPERM);
		TRIAL_CHECK(&t, !trial_says(&t, PASSWORD));
		TRIAL_CHECK(&t, !trial_says(&t, "YzRuYXJ5"));
		if (strcmp(rows[i].auth, "plain") == 0)
			TRIAL_CHECK(&t, !trial_says(&t, "AHJvYm90"));
		if (strcmp(rows[i].auth, "xoauth2") == 0)
			TRIAL_CHECK(&t, !trial_says(&t, "dXNlcj1y"));
		trial_free(&t);
	}
	buf_free(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mechanism_is_chosen_and_passes),
		cmocka_unit_test(external_needs_neither_user_nor_password),
		cmocka_unit_test(a_long_first_answer_waits_for_the_334),
		cmocka_unit_test(a_token_of_12_kb_is_the_longest),
		cmocka_unit_test(an_exchange_that_fails_is_the_end),
		cmocka_unit_test(a_reason_in_scram_s_own_words_is_told),
		cmocka_unit_test(rounds_beyond_the_limits_are_refused),
		cmocka_unit_test(tls_3_the_offer_before_tls_is_forgotten),
		cmocka_unit_test(
		    arg_11_what_a_relay_quotes_is_put_under_asterisks),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
