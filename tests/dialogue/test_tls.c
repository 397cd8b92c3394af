/*
 * TLS: whom the program believes, and what it does where somebody stands in
 * between or the relay's TLS is broken.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/mem.h"
#include "support/session_kit.h"

#define HASH 32
#define HEX (3 * HASH + 8)	/* colons, and "spki:" in front */

/* SHA-256 of NAME's certificate, or of its key. */
static void
fingerprint(const struct scratch *scratch, const char *name, bool is_of_key,
    char out[HEX])
{
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem, der = { NULL, 0 };
	unsigned char hash[HASH];
	size_t size = sizeof(hash), i;
	char file[40], *path;

	(void)snprintf(file, sizeof(file), "%s.pem", name);
	path = scratch_path(scratch, file);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &pem,
	    GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_export2(certificate,
	    GNUTLS_X509_FMT_DER, &der), 0);
	if (is_of_key)
		assert_int_equal(gnutls_x509_crt_get_key_id(certificate,
		    GNUTLS_KEYID_USE_SHA256, hash, &size), 0);
	else
		assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data,
		    der.size, hash), 0);
	for (i = 0; i < HASH; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", (unsigned int)hash[i]);
	gnutls_x509_crt_deinit(certificate);
	gnutls_free(der.data);
	gnutls_free(pem.data);
	mem_free(path);
}

/* Nothing was said once TLS was due. */
static void
nothing_was_sent_behind(const struct trial *t, const char *command)
{
	TRIAL_CHECK(t, t->record.count == 1);
	TRIAL_CHECK(t, strncmp(trial_last_command(t), command,
	    strlen(command)) == 0);
	TRIAL_CHECK(t, !trial_heard(t, "AUTH") && !trial_heard(t, "MAIL"));
}

static void
tls_4_only_a_good_certificate_passes(void **state)
{
	static const struct {
		const char *name, *words;
	} bad[] = {
		{ "expired", "expired" }, { "future", "valid" },
		{ "wrongname", "names other.test" },
		{ "cnonly", "names (none)" },
		{ "clientonly", "it isn't for TLS servers" },
		{ "untrusted", "issuer CN=some other CA" },
		{ "selfsigned", "issuer CN=relay.test" },
	};
	static const enum relay_mode modes[] = { RELAY_STARTTLS, RELAY_TLS };
	char sha256[HEX];
	size_t i, k;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (k = 0; k < 2; k++) {
			struct trial t = { .json = true, .mode = modes[k],
			    .certificate = bad[i].name,
			    .keys = "user = u\npassword = p\n" };

			fingerprint(*state, bad[i].name, false, sha256);
			trial_run(&t, state);
			trial_failed(&t, EX_PROTOCOL, "tls", bad[i].words);
			TRIAL_CHECK(&t, trial_says(&t, sha256));
			TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
			nothing_was_sent_behind(&t, modes[k] == RELAY_TLS ?
			    "" : "STARTTLS");
			trial_free(&t);
		}
}

/* What a C string's end would hide. */
static void
tls_4_a_nul_in_a_name_ends_nothing(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .certificate = "nulname", .keys = "tls_name = relay.test\n" };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "tls",
	    "the certificate isn't accepted for 'relay.test': it is for other "
	    "names");
	nothing_was_sent_behind(&t, "STARTTLS");
	trial_free(&t);
}

static void
tls_8_a_library_that_cant_start_is_told(void **state)
{
	const char *trapper = getenv("POSTHASTE_TRAPPER");
	char preload[400];
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .env = { preload, "TRAP_TLS=1" } };

	if (trapper == NULL)
		skip();
	(void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", trapper);
	trial_run(&t, state);
	trial_failed(&t, EX_OSERR, "system", "GnuTLS can't start: ");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

static void
a_name_is_checked_against_the_certificate(void **state)
{
	struct trial good = { .mode = RELAY_STARTTLS,
	    .keys = "host = localhost\nfamily = 4\n" };
	struct trial bad = { .json = true, .mode = RELAY_STARTTLS,
	    .certificate = "wrongname",
	    .keys = "host = localhost\nfamily = 4\n" };

	trial_run(&good, state);
	trial_delivered(&good, kit_wire);
	trial_run(&bad, state);
	trial_failed(&bad, EX_PROTOCOL, "tls",
	    "the certificate isn't accepted for 'localhost'");
	trial_free(&good);
	trial_free(&bad);
}

/* The message gives what to paste; pasted it replaces chain, name and dates. */
static void
the_fingerprint_in_the_message_works_when_it_is_pasted(void **state)
{
	static const char *const names[] = { "untrusted", "selfsigned",
		"expired", "wrongname", "cnonly" };
	static const char words[] = "tls_fingerprint = ";
	char keys[200], *at;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trial t = { .mode = RELAY_STARTTLS,
		    .certificate = names[i] };
		struct trial pinned = { .mode = RELAY_STARTTLS,
		    .certificate = names[i], .without = "tls_ca_file" };

		trial_run(&t, state);
		trial_failed(&t, EX_PROTOCOL, NULL, words);
		at = strstr(t.result.err.data, words);
		at[strcspn(at, "\n")] = '\0';
		(void)snprintf(keys, sizeof(keys), "%s\n", at);
		pinned.keys = keys;
		trial_run(&pinned, state);
		trial_delivered(&pinned, kit_wire);
		trial_free(&t);
		trial_free(&pinned);
	}
}

static void
a_pin_may_have_colons_or_be_that_of_the_key(void **state)
{
	char hex[HEX], keys[200], colons[HEX];
	size_t i;

	fingerprint(*state, "untrusted", false, hex);
	for (i = 0; i < HASH; i++)
		(void)snprintf(colons + 3 * i, 4, "%c%c:",
		    toupper((unsigned char)hex[2 * i]), hex[2 * i + 1]);
	colons[3 * HASH - 1] = '\0';
	for (i = 0; i < 2; i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys,
		    .certificate = "untrusted", .without = "tls_ca_file" };

		if (i == 1)
			fingerprint(*state, "untrusted", true, hex);
		(void)snprintf(keys, sizeof(keys), "tls_fingerprint = %s%s\n",
		    i == 1 ? "spki:" : "", i == 1 ? hex : colons);
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

static void
a_pin_that_doesnt_match_refuses_even_a_good_certificate(void **state)
{
	char hex[HEX], keys[200];
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trial t = { .json = true, .mode = RELAY_STARTTLS,
		    .keys = keys };

		fingerprint(*state, "untrusted", i == 1, hex);
		(void)snprintf(keys, sizeof(keys), "tls_fingerprint = %s%s\n",
		    i == 1 ? "spki:" : "", hex);
		trial_run(&t, state);
		trial_failed(&t, EX_PROTOCOL, "tls",
		    "doesn't match tls_fingerprint");
		nothing_was_sent_behind(&t, "STARTTLS");
		trial_free(&t);
	}
}

static void
the_systems_trust_is_the_default_and_doesnt_hold_our_ca(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .without = "tls_ca_file" };

	trial_run(&t, state);
	/* A system without any trust store is told before the connection. */
	if (t.record.count == 0)
		trial_failed(&t, EX_CONFIG, "config", "");
	else
		trial_failed(&t, EX_PROTOCOL, "tls", "\"hint\":\"H21\"");
	trial_free(&t);
}

static void
tls_4_a_useless_ca_file_is_refused_before_connecting(void **state)
{
	static const char *const keys[] = {
		"tls_ca_file = /nowhere/at/all.pem\n",
		"tls_ca_file = /dev/null\n", "tls_ca_file = /\n" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_STARTTLS,
		    .keys = keys[i] };

		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, "config", keys[i][14] == 'n' ?
		    "/nowhere/at/all.pem" : "/");
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

struct upgrade {
	const char *label;
	const char *stage, *script;
	int exit_status;
	const char *words;
	const char *last;	/* the last command; NULL: not looked at */
};

static const struct upgrade upgrades[] = {
	{ "tls_1: injected in the same segment", "starttls",
	    "S 220 go\nS 250-evil\nS 250 AUTH PLAIN", EX_PROTOCOL,
	    "spoke before it was asked", "STARTTLS" },
	{ "tls_1: half a line behind the 220", "starttls",
	    "S 220 go\ns 250", EX_PROTOCOL, "spoke before it was asked",
	    "STARTTLS" },
	{ "tls_2: 454", "starttls", "S 454 4.7.0 TLS not available",
	    EX_UNAVAILABLE, "\"hint\":\"H16\"", "QUIT" },
	{ "tls_2: 554", "starttls", "S 554 5.7.0 no", EX_PROTOCOL,
	    "554 5.7.0 no", "QUIT" },
	{ "250 is no 220", "starttls", "S 250 go", EX_PROTOCOL, "code 250",
	    "STARTTLS" },
	{ "clear text where TLS is due", "handshake",
	    "S 250 relay.test\nwait", EX_PROTOCOL, "TLS", "STARTTLS" },
	{ "an alert", "handshake", "data 5\nalert 80\nclose", EX_PROTOCOL,
	    "alert", NULL },
	{ "the end", "handshake", "close", EX_UNAVAILABLE,
	    "\"temporary\":true", "STARTTLS" },
};

static void
tls_1_and_2_a_starttls_gone_wrong_sends_nothing_more(void **state)
{
	const struct upgrade *u;
	size_t i;

	for (i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_STARTTLS,
		    .keys = "user = u\npassword = p\ntimeout = 0.5\n" };

		u = &upgrades[i];
		t.overrides[0].stage = u->stage;
		t.overrides[0].script = u->script;
		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == u->exit_status);
		TRIAL_CHECK(&t, trial_says(&t, u->words));
		TRIAL_CHECK(&t, trial_says(&t, "\"stage\":\"starttls\"") ||
		    trial_says(&t, "\"stage\":\"tls\""));
		if (u->last != NULL)
			nothing_was_sent_behind(&t, u->last);
		TRIAL_CHECK(&t, t.record.committed == 0);
		trial_free(&t);
	}
}

static void
tls_1_octets_in_a_segment_of_their_own_are_refused_too(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .keys = "user = u\npassword = p\n", .overrides = { {
	    .stage = "handshake", .script = "S 250-evil\nS 250 AUTH PLAIN\n"
	    "flush\nwait" } } };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_PROTOCOL);
	TRIAL_CHECK(&t, t.record.connections[0].tls[0] == '\0');
	nothing_was_sent_behind(&t, "STARTTLS");
	trial_free(&t);
}

static void
tls_2_starttls_that_isnt_offered_is_not_done_without(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .keys = "user = u\npassword = p\n",
	    .serve.clear_capabilities = "AUTH PLAIN LOGIN",
	    .serve.hides_starttls = true };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "starttls", "\"hint\":\"H17\"");
	nothing_was_sent_behind(&t, "QUIT");
	trial_free(&t);
}

/* HELO can't offer it. */
static void
tls_2_a_relay_without_ehlo_is_not_greeted_with_helo(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .overrides = { { .stage = "ehlo",
	    .script = "S 502 5.5.1 what" } } };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "ehlo", "502 5.5.1 what");
	TRIAL_CHECK(&t, !trial_heard(&t, "HELO"));
	trial_free(&t);
}

/* What is offered in clear is forgotten under TLS. */
static void
tls_3_an_offer_in_clear_counts_for_nothing(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_STARTTLS,
	    .keys = "user = u\npassword = p\n",
	    .serve.clear_capabilities = "AUTH PLAIN LOGIN\nSIZE 10",
	    .serve.capabilities = "HELP" };

	trial_run(&t, state);
	trial_failed(&t, EX_UNAVAILABLE, "auth", "doesn't offer AUTH");
	trial_free(&t);
}

static void
tls_6_a_relay_that_speaks_old_tls_only_is_refused(void **state)
{
	struct trial t = { .json = true, .mode = RELAY_TLS,
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0" };

	trial_run(&t, state);
	trial_failed(&t, EX_PROTOCOL, "tls", "TLS");
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
	TRIAL_CHECK(&t, t.record.connections[0].tls[0] == '\0');
	trial_free(&t);
}

static void
tls_1_2_is_good_enough(void **state)
{
	struct trial t = { .mode = RELAY_STARTTLS,
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, strstr(t.record.connections[0].tls, "TLS1.2") !=
	    NULL);
	trial_free(&t);
}

static void
a_greeting_in_clear_on_an_implicit_port_is_explained(void **state)
{
	/* A pin, as a bare machine may have no trust store to begin with. */
	struct trial t = { .json = true, .keys = "tls = implicit\n"
	    "tls_fingerprint = 0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\n" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_PROTOCOL);
	TRIAL_CHECK(&t, trial_says(&t, "\"stage\":\"tls\""));
	TRIAL_CHECK(&t, trial_says(&t, "\"hint\":\"H18\""));
	TRIAL_CHECK(&t, trial_says(&t, "set tls = starttls"));
	TRIAL_CHECK(&t, t.record.committed == 0);
	trial_free(&t);
}

static void
arg_7_the_session_keys_are_written_nowhere(void **state)
{
	const struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "keys"), variable[300];
	struct trial t = { .mode = RELAY_TLS, .env = { variable } };

	(void)snprintf(variable, sizeof(variable), "SSLKEYLOGFILE=%s", path);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	assert_int_not_equal(access(path, F_OK), 0);
	trial_free(&t);
	mem_free(path);
}

/* The system's file of priorities would forbid all that the relay speaks. */
static void
arg_7_no_variable_of_gnutls_is_believed(void **state)
{
	static const char priorities[] = "[overrides]\n"
	    "disabled-version = tls1.3\ndisabled-version = tls1.2\n";
	char *file = scratch_file(*state, "priorities", 0600,
	    span_of(priorities)), variable[300];
	struct trial t = { .mode = RELAY_TLS, .env = { variable,
	    "GNUTLS_DEBUG_LEVEL=9", "GNUTLS_CPUID_OVERRIDE=0x1",
	    "GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1",
	    "GNUTLS_FORCE_FIPS_MODE=1" } };

	assert_non_null(file);
	(void)snprintf(variable, sizeof(variable),
	    "GNUTLS_SYSTEM_PRIORITY_FILE=%s", file);
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, strstr(t.record.connections[0].tls, "TLS1.3") != NULL);
	trial_free(&t);
	mem_free(file);
}

static void
tls_7_tickets_and_key_updates_are_no_early_octets(void **state)
{
	static const char *const stages[] = { "greeting", "ehlo", "mail",
		"data" };
	struct trial t = { .mode = RELAY_TLS };
	size_t i;

	for (i = 0; i < TRIAL_OVERRIDES; i++) {
		t.overrides[i].stage = stages[i];
		t.overrides[i].script = i == 2 ? "flush\nrekey\nticket" :
		    "flush\nticket\nticket";
		t.overrides[i].when = RELAY_AFTER;
	}
	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
tls_5_a_receipt_cut_off_is_uncertain(void **state)
{
	static const struct {
		const char *script;
		bool is_whole;
	} cases[] = {
		{ "commit\nS 250 2.0.0 queued\ncut", true },
		{ "commit\nS 250 2.0.0 queued\nclose", true },
		{ "cut", false },
		{ "close", false },
		{ "s 250 2.0.0 queued\ncut", false },
		{ "s 250 2.0.0 queued\nclose", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .json = true, .mode = RELAY_TLS,
		    .overrides = { { .stage = "receipt",
		    .script = cases[i].script } } };

		trial_run(&t, state);
		if (cases[i].is_whole)
			trial_delivered(&t, kit_wire);
		else
			trial_failed(&t, EX_PROTOCOL, "receipt",
			    "\"uncertain\":true");
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_4_only_a_good_certificate_passes),
		cmocka_unit_test(tls_4_a_nul_in_a_name_ends_nothing),
		cmocka_unit_test(tls_8_a_library_that_cant_start_is_told),
		cmocka_unit_test(a_name_is_checked_against_the_certificate),
		cmocka_unit_test(
		    the_fingerprint_in_the_message_works_when_it_is_pasted),
		cmocka_unit_test(a_pin_may_have_colons_or_be_that_of_the_key),
		cmocka_unit_test(
		    a_pin_that_doesnt_match_refuses_even_a_good_certificate),
		cmocka_unit_test(
		    the_systems_trust_is_the_default_and_doesnt_hold_our_ca),
		cmocka_unit_test(
		    tls_4_a_useless_ca_file_is_refused_before_connecting),
		cmocka_unit_test(tls_1_and_2_a_starttls_gone_wrong_sends_nothing_more),
		cmocka_unit_test(
		    tls_1_octets_in_a_segment_of_their_own_are_refused_too),
		cmocka_unit_test(
		    tls_2_starttls_that_isnt_offered_is_not_done_without),
		cmocka_unit_test(
		    tls_2_a_relay_without_ehlo_is_not_greeted_with_helo),
		cmocka_unit_test(tls_3_an_offer_in_clear_counts_for_nothing),
		cmocka_unit_test(
		    tls_6_a_relay_that_speaks_old_tls_only_is_refused),
		cmocka_unit_test(tls_1_2_is_good_enough),
		cmocka_unit_test(
		    a_greeting_in_clear_on_an_implicit_port_is_explained),
		cmocka_unit_test(arg_7_the_session_keys_are_written_nowhere),
		cmocka_unit_test(arg_7_no_variable_of_gnutls_is_believed),
		cmocka_unit_test(
		    tls_7_tickets_and_key_updates_are_no_early_octets),
		cmocka_unit_test(tls_5_a_receipt_cut_off_is_uncertain),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
