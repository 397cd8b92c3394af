/*
 * Names on their way to the relay: the aliases file, local_domains and domain;
 * and newaliases, which checks the file.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/session_kit.h"

#define KEYS "domain = example.org\nlocal_domains = localhost, %H\n"

/* A profile's lines for an aliases file with that text. */
static char *
keys_for(void **state, const char *aliases, mode_t mode, const char *keys)
{
	char *path = scratch_file(*state, "aliases", mode,
	    aliases == NULL ? span_of("") : span_of(aliases));
	struct buf text;
	char *all;

	assert_non_null(path);
	buf_init(&text, BUF_UNLIMITED);
	assert_true(buf_printf(&text, "aliases = %s\n%s", path, keys));
	all = mem_string(text.data);
	buf_free(&text);
	mem_free(path);
	return all;
}

/* The recipients as the relay has seen them, with blanks in between. */
static void
check_recipients(const struct trial *t, const char *want)
{
	const struct relay_message *m = relay_only_message(&t->record);
	struct buf got;
	size_t i;

	buf_init(&got, BUF_UNLIMITED);
	for (i = 0; i < m->recipient_count; i++)
		assert_true(buf_printf(&got, "%s%s", i == 0 ? "" : " ",
		    m->recipients[i]));
	if (strcmp(buf_string(&got), want) != 0)
		fail_msg("%s, not %s", buf_string(&got), want);
	buf_free(&got);
}

struct row {
	const char *label;
	const char *aliases;
	const char *recipients;
	const char *want;	/* RCPT's arguments, or a part of the error */
};

static const struct row delivered[] = {
	{ "an alias", "root: ann@x.net\n", "root", "<ann@x.net>" },
	{ "case", "Root: ann@x.net\n", "rOOt", "<ann@x.net>" },
	{ "no alias: the domain", "root: ann@x.net\n", "bob",
	    "<bob@example.org>" },
	{ "a full address isn't looked up", "root: ann@x.net\n",
	    "root@x.com", "<root@x.com>" },
	{ "nested", "root: admin\nadmin: ann\nann: ann@x.net\n", "root",
	    "<ann@x.net>" },
	{ "the target gets the domain", "root: ann\n", "root",
	    "<ann@example.org>" },
	{ "in its place, duplicates dropped",
	    "root: ann@x.net, bob@x.net\nops: bob@X.net, cyd@x.net\n",
	    "a@x.com, root, ops, z@x.com", "<a@x.com> <ann@x.net> "
	    "<bob@x.net> <cyd@x.net> <z@x.com>" },
	{ "a copy for oneself", "ann: ann, bob@x.net\n", "Ann",
	    "<ann@example.org> <bob@x.net>" },
	{ "final", "ann: \\bob\nbob: cyd\n", "ann", "<bob@example.org>" },
	{ "two ways to the same", "root: a, b\na: c\nb: c\nc: c@x.net\n",
	    "root", "<c@x.net>" },
	{ "a local domain", "root: ann@x.net\n", "root@LocalHost, "
	    "bob@localhost", "<ann@x.net> <bob@example.org>" },
	{ "a local domain in a target", "root: ann@localhost\nann: a@x.net\n",
	    "root", "<a@x.net>" },
	{ "default", "default: ann@x.net\nroot: bob\n", "root, zoe, a@b.com",
	    "<ann@x.net> <a@b.com>" },
	{ "default and a copy", "default: \\postmaster, ann\n", "zoe",
	    "<postmaster@example.org> <ann@example.org>" },
	{ "a quoted name", "\"jane doe\": jane@x.net\n", "\"Jane Doe\"",
	    "<jane@x.net>" },
	{ "a list, a name, a comment", "root: Ann <ann@x.net> (home),\n"
	    "  staff: bob@x.net;\n", "root", "<ann@x.net> <bob@x.net>" },
	{ "an international domain", "root: a@b\xc3\xbc" "cher.example\n",
	    "root", "<a@xn--bcher-kva.example>" },
	{ "a command elsewhere", "bin: |/bin/cat\nroot: ann@x.net\n", "root",
	    "<ann@x.net>" },
	{ "a wrong address elsewhere", "bin: a b c\nroot: ann@x.net\n",
	    "root", "<ann@x.net>" },
	{ "ten deep", "a: b\nb: c\nc: d\nd: e\ne: f\nf: g\ng: h\nh: i\ni: j\n"
	    "j: x@x.net\n", "a", "<x@x.net>" },
};

static void
names_are_expanded_in_their_place(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(delivered) / sizeof(delivered[0]); i++) {
		const struct row *row = &delivered[i];
		const char *const args[] = { "-i", "-f", KIT_SENDER, "--",
			row->recipients, NULL };
		char *keys = keys_for(state, row->aliases, 0644, KEYS);
		struct trial t = { .args = args, .keys = keys };

		trial_run(&t, state);
		if (t.result.exit_status != EX_OK)
			print_message("%s\n", row->label);
		trial_delivered(&t, kit_wire);
		check_recipients(&t, row->want);
		trial_free(&t);
		mem_free(keys);
	}
}

static const struct row refused[] = {
	{ "a command", "\nroot: ann@x.net,\n |/bin/cat\n", "root",
	    "aliases:3: `root` leads to a command: |/bin/cat" },
	{ "a file", "nobody: /dev/null\n", "nobody",
	    "aliases:1: `nobody` leads to a file: /dev/null" },
	{ "an include", "a: b\nb: :include:/etc/x\n", "a",
	    "aliases:2: `b` leads to an instruction to a mail server: "
	    ":include:/etc/x" },
	{ "a circle", "a: b\nb: c\nc: a\n", "a",
	    "aliases:3: `c` leads back to `a` in line 1" },
	{ "too deep", "a: b\nb: c\nc: d\nd: e\ne: f\nf: g\ng: h\nh: i\ni: j\n"
	    "j: k\nk: x@x.net\n", "a",
	    "aliases:11: `k` is an alias within 10 others" },
	{ "no address", "root: a b c\n", "root",
	    "aliases:1: root: two words instead of one address" },
	{ "no domain", "root: a@-b\n", "root", "aliases:1: root: the domain "
	    "'-b' has a label that begins or ends with a hyphen" },
	{ "a wrong line", "root: a@x.net\nfoo\n", "root",
	    "aliases:2: `foo`: no `:` behind the name" },
	{ "no such file", NULL, "root", "aliases: No such file" },
};

static void
what_mail_cant_be_sent_to_fails_the_mail_that_meets_it(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct row *row = &refused[i];
		const char *const args[] = { "-i", "-f", KIT_SENDER, "--",
			"fine@x.com", row->recipients, NULL };
		char *keys = keys_for(state, row->aliases, 0644, KEYS), *path;
		struct trial t = { .args = args, .keys = keys, .json = true };

		if (row->aliases == NULL) {
			path = scratch_path(*state, "aliases");
			assert_int_equal(unlink(path), 0);
			mem_free(path);
		}
		trial_run(&t, state);
		trial_failed(&t, EX_CONFIG, "config", row->want);
		/* A backslash in advice would be escaped. */
		TRIAL_CHECK(&t, !trial_says(&t, "x5c"));
		TRIAL_CHECK(&t, row->aliases != NULL ||
		    trial_says(&t, "write it, such as the line `root: "));
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
		mem_free(keys);
	}
}

static void
a_file_that_others_may_write_is_refused(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_SENDER, "root",
		NULL };
	char *keys = keys_for(state, "root: a@x.net\n", 0664, KEYS);
	struct trial t = { .args = args, .keys = keys };

	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, NULL, "others than its owner may write");
	TRIAL_CHECK(&t, trial_says(&t, "`aliases` in "));
	trial_free(&t);
	mem_free(keys);
}

/* It is read for those only who need it. */
static void
a_full_address_needs_no_aliases_file(void **state)
{
	struct trial t = { .keys = "aliases = /nowhere/aliases\n" };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	trial_free(&t);
}

static void
a_bcc_by_an_alias_stays_hidden(void **state)
{
	static const char *const args[] = { "-t", "-i", "-f", KIT_SENDER,
		NULL };
	char *keys = keys_for(state, "boss: secret@x.net\n", 0644, KEYS);
	struct trial t = { .args = args, .keys = keys };
	const struct relay_message *m;

	t.run.input = span_of("To: a@x.net\nBcc: boss\n\nhello\n");
	trial_run(&t, state);
	trial_delivered(&t, NULL);
	check_recipients(&t, "<a@x.net> <secret@x.net>");
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, strstr(m->text.data, "secret") == NULL &&
	    strstr(m->text.data, "boss") == NULL);
	trial_free(&t);
	mem_free(keys);
}

static void
a_sender_at_a_local_domain_gets_the_domain_but_no_alias(void **state)
{
	static const char *const args[] = { "-i", "-f", "root@localhost",
		KIT_RECIPIENT, NULL };
	char *keys = keys_for(state, "root: ann@x.net\n", 0644, KEYS);
	struct trial t = { .args = args, .keys = keys };
	const struct relay_message *m;

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, strncmp(m->mail, "<root@example.org>", 18) == 0);
	trial_free(&t);
	mem_free(keys);
}

static void
a_dry_run_shows_which_aliases_were_used(void **state)
{
	static const char *const args[] = { "--dry-run", "-i", "root", "bob",
		NULL };
	char *keys = keys_for(state, "# x\nroot: adm\nadm: a@x.net\n", 0644,
	    KEYS);
	struct trial t = { .args = args, .keys = keys };
	const char *out;

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	out = buf_string(&t.result.out);
	TRIAL_CHECK(&t, strstr(out, "recipient:  <a@x.net>\n"
	    "recipient:  <bob@example.org>\nalias:      root: ") != NULL);
	TRIAL_CHECK(&t, strstr(out, "aliases:2\n") != NULL);
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
	mem_free(keys);
}

struct check {
	const char *label, *aliases;
	int exit_status;
	const char *out, *err;	/* parts; NULL: nothing at all */
};

static const struct check checks[] = {
	{ "right", "root: ann\nann: ann@x.net\n", EX_OK, NULL, NULL },
	{ "a command", "root: ann\n\nbin: |x\n", EX_OK,
	    "aliases:3: mail to `bin` fails, it leads to a command: |x\n",
	    NULL },
	{ "a wrong line", "root: ann\nfoo\n", EX_CONFIG, NULL,
	    "aliases:2: `foo`: no `:` behind the name" },
	{ "a wrong address", "root: ann\nfoo: a@b@c\n", EX_CONFIG, NULL,
	    "aliases:2: foo: " },
	{ "a circle", "x: y\na: b\nb: a\n", EX_CONFIG, NULL,
	    "aliases:3: `b` leads back to `a` in line 2" },
	{ "too deep, from its end", "k: x@x.net\nj: k\ni: j\nh: i\ng: h\n"
	    "f: g\ne: f\nd: e\nc: d\nb: c\na: b\n", EX_CONFIG, NULL,
	    "aliases:1: `k` is an alias within 10 others" },
};

static void
newaliases_checks_the_file(void **state)
{
	static const char *const bi[] = { "-bi", NULL };
	static const char *const none[] = { NULL };
	size_t i;

	for (i = 0; i < 2 * sizeof(checks) / sizeof(checks[0]); i++) {
		const struct check *c = &checks[i / 2];
		char *keys = keys_for(state, c->aliases, 0644, KEYS);
		struct trial t = { .args = i % 2 == 0 ? bi : none,
			.name = i % 2 == 0 ? NULL : "newaliases",
			.keys = keys };

		trial_run(&t, state);
		TRIAL_CHECK(&t, t.result.exit_status == c->exit_status);
		TRIAL_CHECK(&t, c->out == NULL ? t.result.out.len == 0 :
		    strstr(buf_string(&t.result.out), c->out) != NULL);
		TRIAL_CHECK(&t, c->err == NULL ? t.result.err.len == 0 :
		    trial_says(&t, c->err));
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
		mem_free(keys);
	}
}

static void
newaliases_looks_at_the_profile_that_is_named_else_at_all(void **state)
{
	static const char *const all[] = { "-bi", NULL };
	static const char *const one[] = { "--profile", "a", "-bi", NULL };
	static const char *const wrong[] = { "--profile", "c", "-bi", NULL };
	static const char profile[] = "[a]\nhost = localhost\n"
	    "[b]\nhost = localhost\naliases = /nowhere/aliases\n";
	struct trial t = { .args = all, .profile = profile };
	struct trial u = { .args = one, .profile = profile };
	struct trial v = { .args = wrong, .profile = profile };

	trial_run(&t, state);
	trial_failed(&t, EX_CONFIG, NULL, "/nowhere/aliases: ");
	TRIAL_CHECK(&t, trial_says(&t, "posthaste.ini:5 names this file"));
	trial_free(&t);
	trial_run(&u, state);
	TRIAL_CHECK(&u, u.result.exit_status == EX_OK);
	TRIAL_CHECK(&u, u.result.out.len == 0 && u.result.err.len == 0);
	trial_free(&u);
	trial_run(&v, state);
	trial_failed(&v, EX_CONFIG, NULL, "no profile 'c'");
	trial_free(&v);
}

static void
newaliases_without_the_key_has_nothing_to_say(void **state)
{
	static const char *const none[] = { NULL };
	struct trial t = { .args = none, .name = "newaliases" };

	trial_run(&t, state);
	TRIAL_CHECK(&t, t.result.exit_status == EX_OK);
	TRIAL_CHECK(&t, t.result.out.len == 0 && t.result.err.len == 0);
	trial_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_expanded_in_their_place),
		cmocka_unit_test(
		    what_mail_cant_be_sent_to_fails_the_mail_that_meets_it),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
		cmocka_unit_test(a_full_address_needs_no_aliases_file),
		cmocka_unit_test(a_bcc_by_an_alias_stays_hidden),
		cmocka_unit_test(
		    a_sender_at_a_local_domain_gets_the_domain_but_no_alias),
		cmocka_unit_test(a_dry_run_shows_which_aliases_were_used),
		cmocka_unit_test(newaliases_checks_the_file),
		cmocka_unit_test(
		    newaliases_looks_at_the_profile_that_is_named_else_at_all),
		cmocka_unit_test(
		    newaliases_without_the_key_has_nothing_to_say),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
