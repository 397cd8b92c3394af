/*
 * The profile's TLS keys, each through the real binary: names, versions,
 * priorities, client certificates, revocation, and no verification at all.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/session_kit.h"

/* "KEY = DIR/FILE\n", owned by the caller. */
static char *
path_line(void **state, const char *key, const char *file)
{
	char *path = scratch_path(*state, file);
	struct buf line;
	char *text;

	buf_init(&line, BUF_UNLIMITED);
	assert_true(buf_printf(&line, "%s = %s\n", key, path));
	text = mem_string(line.data);
	buf_free(&line);
	mem_free(path);
	return text;
}

static char *
join(char *first, char *second)
{
	struct buf both;
	char *text;

	buf_init(&both, BUF_UNLIMITED);
	assert_true(buf_add_string(&both, first) &&
	    buf_add_string(&both, second));
	text = mem_string(both.data);
	buf_free(&both);
	mem_free(first);
	mem_free(second);
	return text;
}

static void
tls_name_takes_the_place_of_the_hosts_name(void **state)
{
	static const struct {
		const char *certificate, *keys;
		const char *words;	/* NULL: delivered */
	} rows[] = {
		{ "wrongname", "tls_name = other.test\n", NULL },
		{ "wrongname", "tls_name = OTHER.test\n", NULL },
		{ "wrongname", "tls_name = relay.test\n",
		    "isn't accepted for 'relay.test'" },
		/* The host fits, and is asked for nothing. */
		{ "good", "tls_name = other.test\n",
		    "isn't accepted for 'other.test'" },
		{ "good", "tls_name = 127.0.0.1\nhost = localhost\n"
		    "family = 4\n", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_TLS,
		    .certificate = rows[i].certificate,
		    .keys = rows[i].keys };

		trial_run(&t, state);
		if (rows[i].words == NULL)
			trial_delivered(&t, kit_wire);
		else
			trial_failed(&t, EX_PROTOCOL, "tls", rows[i].words);
		trial_free(&t);
	}
}

#define ONLY_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define OLD "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"

static const struct {
	const char *keys;
	const char *relay;	/* its priority */
	const char *session;	/* in its description; NULL: refused */
} versions[] = {
	{ "tls_min = 1.2\n", NULL, "(TLS1.3)" },
	{ "tls_min = 1.2\n", ONLY_1_2, "(TLS1.2)" },
	{ "tls_min = 1.3\n", NULL, "(TLS1.3)" },
	{ "tls_min = 1.3\n", ONLY_1_2, NULL },
	{ "tls_priority = -VERS-TLS1.3\n", NULL, "(TLS1.2)" },
	{ "tls_priority = -GROUP-ALL:+GROUP-SECP384R1\n", NULL,
	    "SECP384R1" },
	{ "tls_priority = -CIPHER-ALL:+CHACHA20-POLY1305\n", NULL,
	    "CHACHA20-POLY1305" },
	/* The floor stays where it is. */
	{ "tls_priority = +VERS-TLS1.1:+VERS-TLS1.0\n", OLD, NULL },
	{ "tls_priority = +VERS-TLS1.2\ntls_min = 1.3\n", ONLY_1_2, NULL },
};

static void
tls_min_and_tls_priority_decide_what_is_spoken(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_STARTTLS,
		    .keys = versions[i].keys,
		    .priority = versions[i].relay };

		trial_run(&t, state);
		if (versions[i].session == NULL) {
			trial_failed(&t, EX_PROTOCOL, "tls", "TLS");
			TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
		} else {
			trial_delivered(&t, kit_wire);
			TRIAL_CHECK(&t, strstr(t.record.connections[0].tls,
			    versions[i].session) != NULL);
		}
		trial_free(&t);
	}
}

static const struct {
	const char *keys, *words;
} mistakes[] = {
	{ "tls_priority = NONSENSE\n", "tls_priority = NONSENSE: " },
	{ "tls_priority = -VERS-ALL:what\n",
	    "tls_priority = -VERS-ALL:what: " },
	{ "tls_priority = NONSENSE\n", "-VERS-TLS1.2 or -GROUP-ALL" },
	{ "tls_min = 1.1\n", "tls_min = 1.1: not one of 1.2, 1.3" },
	{ "tls_verify = maybe\n", "tls_verify = maybe: not one of yes, no" },
	{ "tls_name = a b\n", "tls_name = a b: " },
	{ "tls_cert_file = client.pem\n", "not an absolute path" },
	{ "tls_key_file = /nowhere/client.key\n",
	    "tls_key_file = /nowhere/client.key: a key without "
	    "tls_cert_file" },
	{ "tls_cert_file = /nowhere/client.pem\n", "/nowhere/client.pem: " },
	{ "tls_crl_file = /nowhere/ca.crl\n",
	    "tls_crl_file: can't open '/nowhere/ca.crl'" },
	{ "tls_crl_file = /dev/null\n", "isn't a regular file" },
	{ "tls_crl_file = /etc/passwd\n",
	    "tls_crl_file: '/etc/passwd' holds no CRL in PEM form" },
};

static void
mistakes_in_these_keys_end_before_the_connection(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_STARTTLS,
		    .keys = mistakes[i].keys };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, "config", mistakes[i].words);
		/* What the profile's own text shows is told by its line. */
		TRIAL_CHECK(&t, strstr(mistakes[i].words, " = ") == NULL ||
		    trial_says(&t, "posthaste.ini:"));
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

/* In two files, and in one that holds both. */
static void
a_client_certificate_is_shown_to_who_asks(void **state)
{
	char *pem = scratch_path(*state, "clientonly.pem");
	char *key = scratch_path(*state, "clientonly.key");
	char *both = scratch_path(*state, "both.pem"), command[700];
	char *keys[2];
	size_t i;

	(void)snprintf(command, sizeof(command),
	    "umask 077; cat '%s' '%s' >'%s'; chmod 644 '%s'; chmod 600 '%s'",
	    pem, key, both, pem, key);
	assert_int_equal(system(command), 0);
	keys[0] = join(path_line(state, "tls_cert_file", "clientonly.pem"),
	    path_line(state, "tls_key_file", "clientonly.key"));
	keys[1] = path_line(state, "tls_cert_file", "both.pem");
	for (i = 0; i < 4; i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys[i / 2],
		    .wants_client = i % 2 == 0 };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		TRIAL_CHECK(&t, (strstr(t.record.connections[0].tls,
		    " from CN=relay.test") != NULL) == t.wants_client);
		trial_free(&t);
	}
	for (i = 0; i < 2; i++)
		mem_free(keys[i]);
	mem_free(both);
	mem_free(key);
	mem_free(pem);
}

static void
without_a_client_certificate_none_is_shown(void **state)
{
	struct trial t = { .mode = RELAY_TLS, .wants_client = true };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, strstr(t.record.connections[0].tls, " from ") ==
	    NULL);
	trial_free(&t);
}

static void
a_key_that_everybody_may_read_is_refused(void **state)
{
	char *key = scratch_path(*state, "clientonly.key");
	char *pem = scratch_path(*state, "clientonly.pem");
	char *keys = join(path_line(state, "tls_cert_file", "clientonly.pem"),
	    path_line(state, "tls_key_file", "clientonly.key"));
	struct trial t = { .json = true, .mode = RELAY_TLS, .keys = keys };
	struct trial one = { .json = true, .mode = RELAY_TLS };
	char *single = path_line(state, "tls_cert_file", "clientonly.pem");

	assert_int_equal(chmod(key, 0644), 0);
	assert_int_equal(chmod(pem, 0644), 0);
	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, "config", "clientonly.key: a private key "
	    "that everybody may read (mode 0644)");
	TRIAL_CHECK(&t, trial_says(&t, "chmod o-r "));
	TRIAL_CHECK(&t, t.record.count == 0);
	/* A file on its own must be meant to hold the key. */
	one.keys = single;
	trial_run(&one, state);
	trial_failed(&one, EX_CONFIG, "config", "clientonly.pem: a private "
	    "key that everybody may read (mode 0644)");
	assert_int_equal(chmod(key, 0600), 0);
	trial_free(&one);
	trial_free(&t);
	mem_free(single);
	mem_free(keys);
	mem_free(pem);
	mem_free(key);
}

static void
a_key_of_another_certificate_is_refused(void **state)
{
	char *keys = join(path_line(state, "tls_cert_file", "clientonly.pem"),
	    path_line(state, "tls_key_file", "expired.key"));
	char *key = scratch_path(*state, "expired.key");
	struct trial t = { .json = true, .mode = RELAY_TLS, .keys = keys };

	assert_int_equal(chmod(key, 0600), 0);
	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, "config",
	    "clientonly.pem' and its key can't be used: ");
	TRIAL_CHECK(&t, trial_says(&t, "name the key that belongs to"));
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
	mem_free(key);
	mem_free(keys);
}

static void
a_revoked_certificate_is_refused_by_tls_crl_file(void **state)
{
	char *keys = path_line(state, "tls_crl_file", "ca.crl");
	struct trial revoked = { .json = true, .mode = RELAY_TLS,
	    .certificate = "revoked", .keys = keys };
	struct trial good = { .mode = RELAY_TLS, .keys = keys };
	struct trial without = { .mode = RELAY_TLS,
	    .certificate = "revoked" };

	trial_run(&revoked, state);
	trial_failed(&revoked, EX_PROTOCOL, "tls", "it is revoked");
	TRIAL_CHECK(&revoked, trial_says(&revoked, "\"temporary\":false"));
	trial_run(&good, state);
	trial_delivered(&good, kit_wire);
	trial_run(&without, state);
	trial_delivered(&without, kit_wire);
	trial_free(&without);
	trial_free(&good);
	trial_free(&revoked);
	mem_free(keys);
}

static void
ocsp_staples_are_believed_and_demanded(void **state)
{
	static const struct {
		const char *certificate, *ocsp;
		const char *words;	/* NULL: delivered */
	} rows[] = {
		{ "good", "good", NULL },
		{ "muststaple", "muststaple", NULL },
		{ "muststaple", NULL, "it must come with an OCSP status" },
		{ "muststaple", "stale", "revocation data is out of date" },
		/* What a relay staples for another certificate. */
		{ "muststaple", "good", "OCSP status" },
		{ "revoked", "revoked", "it is revoked" },
	};
	static const char *const priorities[] = { NULL, ONLY_1_2 };
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct trial t = { .json = true, .mode = RELAY_TLS,
			    .certificate = rows[i].certificate,
			    .ocsp = rows[i].ocsp, .priority = priorities[k] };

			trial_run(&t, state);
			if (rows[i].words == NULL)
				trial_delivered(&t, kit_wire);
			else
				trial_failed(&t, EX_PROTOCOL, "tls",
				    rows[i].words);
			trial_free(&t);
		}
}

static const char warning[] = "profile=default warning='tls_verify = no: any "
    "server can pose as the relay'\n";

/* The log's text, owned by the caller. */
static char *
read_log(void **state)
{
	char *path = scratch_path(*state, "log"), block[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, block, sizeof(block) - 1);

	assert_true(n >= 0);
	block[n] = '\0';
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	mem_free(path);
	return mem_string(block);
}

static void
tls_verify_no_takes_any_certificate_and_is_logged(void **state)
{
	static const char *const names[] = { "untrusted", "expired",
		"wrongname", "cnonly", "selfsigned", "clientonly" };
	char *path = scratch_path(*state, "log"), keys[300], *text;
	size_t i;

	(void)snprintf(keys, sizeof(keys), "tls_verify = no\nlog = file:%s\n",
	    path);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trial t = { .mode = RELAY_STARTTLS, .keys = keys,
		    .certificate = names[i] };

		trial_run(&t, state);
		/* A pipe is not told. */
		trial_delivered(&t, kit_wire);
		text = read_log(state);
		TRIAL_CHECK(&t, strstr(text, warning) != NULL);
		mem_free(text);
		trial_free(&t);
	}
	mem_free(path);
}

static void
what_is_verified_is_not_warned_of(void **state)
{
	char *path = scratch_path(*state, "log"), keys[300], *text;
	struct trial yes = { .mode = RELAY_TLS, .keys = keys };
	struct trial none = { .keys = keys };
	struct trial *const trials[] = { &yes, &none };
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(keys, sizeof(keys),
		    "tls_verify = %s\nlog = file:%s\n", i == 0 ? "yes" : "no",
		    path);
		trial_run(trials[i], state);
		trial_delivered(trials[i], kit_wire);
		text = read_log(state);
		TRIAL_CHECK(trials[i], strstr(text, "warning") == NULL);
		mem_free(text);
		trial_free(trials[i]);
	}
	mem_free(path);
}

static void
tls_verify_no_warns_on_a_terminal(void **state)
{
	struct trial t = { .mode = RELAY_TLS, .certificate = "untrusted",
	    .keys = "tls_verify = no\n" };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	int held;
	char shown[500];
	ssize_t n;

	/* A bare root may have no terminals to give. */
	if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
		skip();
	t.run.stderr_file = ptsname(terminal);
	/* Lest what was written goes with the last one who has it open. */
	held = open(t.run.stderr_file, O_RDWR | O_NOCTTY);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	n = read(terminal, shown, sizeof(shown) - 1);
	assert_true(n > 0);
	shown[n] = '\0';
	assert_non_null(strstr(shown, "posthaste: warning: profile 'default': "
	    "tls_verify = no: any server can pose as the relay"));
	(void)close(held);
	(void)close(terminal);
	trial_free(&t);
}

/* Whoever gives a fingerprint means it. */
static void
a_fingerprint_holds_beside_tls_verify_no(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_TLS,
	    .keys = "tls_verify = no\ntls_fingerprint = "
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\n" };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "tls", "doesn't match tls_fingerprint");
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_name_takes_the_place_of_the_hosts_name),
		cmocka_unit_test(
		    tls_min_and_tls_priority_decide_what_is_spoken),
		cmocka_unit_test(
		    mistakes_in_these_keys_end_before_the_connection),
		cmocka_unit_test(a_client_certificate_is_shown_to_who_asks),
		cmocka_unit_test(without_a_client_certificate_none_is_shown),
		cmocka_unit_test(a_key_that_everybody_may_read_is_refused),
		cmocka_unit_test(a_key_of_another_certificate_is_refused),
		cmocka_unit_test(
		    a_revoked_certificate_is_refused_by_tls_crl_file),
		cmocka_unit_test(ocsp_staples_are_believed_and_demanded),
		cmocka_unit_test(
		    tls_verify_no_takes_any_certificate_and_is_logged),
		cmocka_unit_test(what_is_verified_is_not_warned_of),
		cmocka_unit_test(tls_verify_no_warns_on_a_terminal),
		cmocka_unit_test(a_fingerprint_holds_beside_tls_verify_no),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
