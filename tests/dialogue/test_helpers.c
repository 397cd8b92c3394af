/*
 * The recipes of posthaste.ini(5) for programs that keep passwords and tokens:
 * each against a stub of that name, which prints what the real one prints, and
 * that only if it is called as the recipe has it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define USER "robot@example.org"
#define SECRET "eyJhbGciOiJSUzI1NiJ9.c4nary-t0ken"

struct helper {
	const char *name, *words;	/* the stub and its arguments */
	const char *script;		/* what it does then */
	const char *command, *auth;	/* the recipe */
};

static const struct helper helpers[] = {
	{ "pizauth", "show robot", "echo '" SECRET "'", "pizauth show robot",
	    "xoauth2" },
	{ "oama", "access " USER, "echo '" SECRET "'", "oama access " USER,
	    "xoauth2" },
	{ "mutt_oauth2.py", "/var/lib/robot/token", "echo '" SECRET "'",
	    "mutt_oauth2.py /var/lib/robot/token", "oauthbearer" },
	{ "ms-xoauth2", "--account robot", "echo '" SECRET "'",
	    "ms-xoauth2 --account robot", "xoauth2" },
	{ "git-credential-oauth", "get", "test \"$(cat)\" = "
	    "\"$(printf 'protocol=smtp\\nhost=smtp.example.org\\nusername=" USER
	    "\\n')\" || exit 9\nprintf 'username=" USER "\\npassword=" SECRET
	    "\\npassword_expiry_utc=1790000000\\n'",
	    "printf 'protocol=smtp\\nhost=smtp.example.org\\nusername=" USER
	    "\\n\\n' | git-credential-oauth get | sed -n 's/^password=//p'",
	    "oauthbearer" },
	{ "secret-tool", "lookup service smtp user " USER,
	    "printf %s '" SECRET "'",
	    "secret-tool lookup service smtp user " USER, "plain" },
	{ "pass", "show mail/relay",
	    "printf '" SECRET "\\nlogin: robot\\nurl: example.org\\n'",
	    "pass show mail/relay", "scram-sha-256" },
};

/* Writes the stub; its path is the caller's. */
static char *
make_stub(const struct scratch *scratch, const struct helper *h)
{
	struct buf script;
	char *path;

	buf_init(&script, BUF_UNLIMITED);
	assert_true(buf_printf(&script, "#!/bin/sh\n[ \"$*\" = '%s' ] || "
	    "exit 9\n%s\n", h->words, h->script));
	path = scratch_file(scratch, h->name, 0755, buf_span(&script));
	buf_free(&script);
	assert_non_null(path);
	return path;
}

static void
each_recipe_gives_what_its_helper_keeps(void **state)
{
	const struct scratch *scratch = *state;
	char path[300], keys[400];
	char *stub;
	size_t i;

	(void)snprintf(path, sizeof(path), "PATH=%s:/usr/bin:/bin",
	    scratch->path);
	for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
		struct trial t = { .mode = RELAY_TLS, .keys = keys,
		    .bare_env = true, .env = { path } };

		stub = make_stub(scratch, &helpers[i]);
		(void)snprintf(keys, sizeof(keys), "user = " USER "\n"
		    "password_command = %s\nauth = %s\n", helpers[i].command,
		    helpers[i].auth);
		t.serve.capabilities = "AUTH PLAIN SCRAM-SHA-256 XOAUTH2 "
		    "OAUTHBEARER";
		t.serve.user = USER;
		t.serve.password = SECRET;
		t.serve.wants_auth = true;
		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
		(void)unlink(stub);
		mem_free(stub);
	}
}

/* What a helper says when it has to ask somebody, and nobody is there. */
static void
a_helper_that_fails_is_quoted(void **state)
{
	static const struct helper locked = { "pizauth", "show robot",
	    "echo 'ERROR: Access token for robot has expired' >&2; exit 1",
	    NULL, NULL };
	const struct scratch *scratch = *state;
	char path[300], *stub = make_stub(scratch, &locked);
	struct trial t = { .mode = RELAY_TLS, .bare_env = true,
	    .env = { path }, .keys = "user = " USER "\nauth = xoauth2\n"
	    "password_command = pizauth show robot\n" };

	(void)snprintf(path, sizeof(path), "PATH=%s:/usr/bin:/bin",
	    scratch->path);
	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, NULL, "exit status 1: ERROR: Access token "
	    "for robot has expired");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
	(void)unlink(stub);
	mem_free(stub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipe_gives_what_its_helper_keeps),
		cmocka_unit_test(a_helper_that_fails_is_quoted),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
