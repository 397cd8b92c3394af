/*
 * --import: what other programs' files become. The first row of each program is
 * what its Debian package installs, or shows as an example, without comments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/program.h"

#define HOME "/home/ann"
#define FILES 7
#define REMARKS 5
#define SECRET "hunter2"

struct row {
	const char *kind;
	const char *files[FILES];	/* name, text, …; the first is given */
	const char *want;		/* what is no comment */
	const char *remarks[REMARKS];	/* parts of comments */
};

static const struct row rows[] = {
	{ "msmtprc", { "msmtprc", "account default\n"
	    "host mail.oursite.example\nport 465\ntls on\ntls_starttls off\n"
	    "from %U@oursite.example\nallow_from_override off\n"
	    "set_from_header on\nsyslog LOG_MAIL\n" },
	    "[default]\nhost = mail.oursite.example\nport = 465\n"
	    "ehlo = oursite.example\ntls = implicit\n"
	    "from = %U@oursite.example\nfrom_policy = force\nallow_f = no\n"
	    "log = syslog\n", { "this is the sender's domain" } },
	{ "msmtprc", { "msmtprc", "defaults\nport 587\ntls on\n"
	    "tls_starttls on\naccount freemail\nhost smtp.freemail.example\n"
	    "from joe_smith@freemail.example\nauth on\nuser joe.smith\n"
	    "passwordeval gpg2 --no-tty -q -d ~/.msmtp-password.gpg\n"
	    "account freemail2 : freemail\nfrom joey@freemail.example\n"
	    "account company\nhost mail.company.example\n"
	    "from smithjoe@company.example\nauth on\nuser company12345\n"
	    "account default : freemail\n" },
	    "[freemail]\nhost = smtp.freemail.example\nport = 587\n"
	    "ehlo = freemail.example\ntls = starttls\nuser = joe.smith\n"
	    "password_command = gpg2 --no-tty -q -d ~/.msmtp-password.gpg\n"
	    "from = joe_smith@freemail.example\n"
	    "match_from = joe_smith@freemail.example\n"
	    "[freemail2]\nhost = smtp.freemail.example\nport = 587\n"
	    "ehlo = freemail.example\ntls = starttls\nuser = joe.smith\n"
	    "password_command = gpg2 --no-tty -q -d ~/.msmtp-password.gpg\n"
	    "from = joey@freemail.example\n"
	    "match_from = joey@freemail.example\n"
	    "[company]\nhost = mail.company.example\nport = 587\n"
	    "ehlo = company.example\ntls = starttls\nuser = company12345\n"
	    "password_file = PASSWORD-company\n"
	    "from = smithjoe@company.example\n"
	    "match_from = smithjoe@company.example\n"
	    "[default]\ninherit = freemail\n",
	    { "Put the password into", "cat >PASSWORD-company" } },
	{ "msmtprc", { "msmtprc", "account a/b\nhost relay.example.org\n"
	    "domain localhost\nfrom *@example.org\ntls on\nauth digest-md5\n"
	    "user ann\npassword \"" SECRET " \"\ntls_trust_file ~/ca.pem\n"
	    "tls_certcheck off\ntls_fingerprint 00:11\ntimeout off\n"
	    "proxy_host 127.0.0.1\nproxy_port 9050\nlogfile ~/m.log\n"
	    "syslog on\nset_from_header off\ndsn_return headers\n"
	    "dsn_notify failure,delay\nfrobnicate yes\n"
	    "account a/b\nhost \"127.0.0.1\"\n" },
	    "[a-b]\nhost = relay.example.org\nport = 25\ntls = starttls\n"
	    "tls_ca_file = " HOME "/ca.pem\ntls_verify = no\nuser = ann\n"
	    "password_file = PASSWORD-a-b\nmatch_from = *@example.org\n"
	    "dsn_notify = failure,delay\ndsn_return = hdrs\n"
	    "proxy = socks5://127.0.0.1:9050\n"
	    "log = syslog, file:" HOME "/m.log\n"
	    "[a-b-2]\nhost = 127.0.0.1\ntls = none\n",
	    { "auth = digest-md5: ", "msmtprc:20: a word here: nothing",
	    "msmtprc:8 isn't printed", "ehlo = FIXME",
	    "SHA-256, 64 digits" } },
	{ "msmtprc", { "msmtprc", "account g\nhost smtp.gmail.com\n"
	    "port 587\ntls on\nfrom me@gmail.com\n" },
	    "[g]\nhost = smtp.gmail.com\nport = 587\ntls = starttls\n"
	    "from = me@gmail.com\nmatch_from = me@gmail.com\n",
	    { "ehlo = FIXME" } },
	{ "msmtprc", { "msmtprc", "account s\nhost mail.example.org\n"
	    "port 2525\nproxy_host 127.0.0.1\nsocket /run/relay.sock\n" },
	    "[s]\nsocket = /run/relay.sock\ntls = none\n", { NULL } },
	{ "ssmtp", { "ssmtp.conf", "root=postmaster\nmailhub=mail\n"
	    "#rewriteDomain=\nhostname=box.example.org\n"
	    "#FromLineOverride=YES\n", "revaliases", "# none\n" },
	    "[default]\nhost = mail\nehlo = box.example.org\ntls = none\n"
	    "from_policy = force\ndomain = box.example.org\n",
	    { "put `root: postmaster` into a file" } },
	{ "ssmtp", { "ssmtp.conf", "MailHub=relay.example.org:587\n"
	    "RewriteDomain=example.org\nHostname=localhost\nUseTLS=Yes\n"
	    "usestarttls=YES\nAuthUser=ann\nAuthPass=" SECRET "\n"
	    "AuthMethod=CRAM-MD5\nFromLineOverride=yes # comment\n",
	    "revaliases", "root:bob@example.net:[::1]:2525\n" },
	    "[default]\nhost = relay.example.org\nport = 587\n"
	    "ehlo = example.org\ntls = starttls\nauth = cram-md5\n"
	    "user = ann\npassword_file = PASSWORD\nfrom_policy = keep\n"
	    "domain = example.org\n"
	    "[root]\nhost = ::1\nport = 2525\n"
	    "tls = starttls\nauth = cram-md5\nuser = ann\n"
	    "password_file = PASSWORD-root\nfrom = bob@example.net\n"
	    "from_policy = keep\ndomain = example.org\nmatch_from = root@*\n",
	    { "ehlo = localhost: ", "ssmtp.conf:7 isn't printed",
	    "certificate is checked" } },
	{ "ssmtp", { "ssmtp.conf", "mailhub=relay.example.org\nUseTLS=YES\n"
	    "hostname=box.example.org\n" },
	    "[default]\nhost = relay.example.org\nport = 25\n"
	    "ehlo = box.example.org\ntls = implicit\nfrom_policy = force\n"
	    "domain = box.example.org\n", { NULL } },
	{ "nullmailer", { "remotes", "smarthost.example.org smtp port=2525 "
	    "starttls user=user pass='" SECRET " pass phrase'\n",
	    "me", "box.example.org\n" },
	    "[default]\nhost = smarthost.example.org\nport = 2525\n"
	    "ehlo = box.example.org\ntls = starttls\nuser = user\n"
	    "password_file = PASSWORD\n", { "remotes:1 isn't printed" } },
	{ "nullmailer", { "remotes", "# two alike\na.example.org\n"
	    "b.example.org\nc.example.org smtp --tls --insecure "
	    "--auth-login --user=ann x509fmtder pass=x " SECRET "\n"
	    "d.example.org " SECRET "\n",
	    "defaultdomain", "example.org", "adminaddr",
	    "ops@example.org\n" },
	    "[default]\nhost = a.example.org, b.example.org\n"
	    "ehlo = example.org\ntls = none\ndomain = example.org\n"
	    "[remote2]\nhost = c.example.org\nehlo = example.org\n"
	    "tls = implicit\ntls_verify = no\nauth = login\nuser = ann\n"
	    "password_file = PASSWORD-remote2\ndomain = example.org\n"
	    "[remote3]\nehlo = example.org\ntls = none\n"
	    "domain = example.org\n",
	    { "put `root: ops@example.org`", "Only --profile chooses",
	    "protocol: only smtp is spoken", "read as PEM" } },
	{ "dma", { "dma.conf", "SMARTHOST mail.example.com\nPORT 25\n"
	    "ALIASES /etc/aliases\nSPOOLDIR /var/spool/dma\n"
	    "AUTHPATH auth.conf\nSECURETRANSFER\nSTARTTLS\nFINGERPRINT 1234567"
	    "890ABCDEF1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF\n"
	    "OPPORTUNISTIC_TLS\nMAILNAME box.example.com\n"
	    "MASQUERADE john@example.com\nNULLCLIENT\n",
	    "auth.conf", "# user|host:password\nother|x.example.com:a\n"
	    "ann|mail.example.com:" SECRET "\n" },
	    "[default]\nhost = mail.example.com\nport = 25\n"
	    "ehlo = box.example.com\ntls = starttls\n"
	    "tls_fingerprint = 1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF"
	    "1234567890ABCDEF\nuser = ann\n"
	    "password_file = PASSWORD\nfrom = john@example.com\n"
	    "domain = box.example.com\naliases = /etc/aliases\n",
	    { "auth.conf:3 isn't printed", "TLS that was chosen is required",
	    "SPOOLDIR: mail waits" } },
	{ "dma", { "dma.conf", "SMARTHOST mail.example.com\nSECURETRANSFER\n"
	    "PORT 465\nMASQUERADE example.com\n" },
	    "[default]\nhost = mail.example.com\nport = 465\n"
	    "ehlo = example.com\ntls = implicit\ndomain = example.com\n",
	    { "certificate is checked" } },
};

/* Some tests need NULs in the text. */
static const char git_text[] =
"user.name\nAnn\0"
"sendemail.news.smtpserver\nnews.example.org\0"
"sendemail.news.from\nNews <news@example.org>\0"
"sendemail.smtpserver\nsmtp.example.org\0"
"sendemail.smtpencryption\ntls\0"
"sendemail.smtpserverport\n587\0"
"sendemail.smtpuser\nann@example.org\0"
"sendemail.smtpdomain\nbox.example.org\0"
"sendemail.suppresscc\nself\0"
"sendemail.pass.smtppass\n" SECRET "\0"
"sendemail.pass.smtpencryption\nssl\0"
"sendemail.pass.smtpserverport\n465\0"
"sendemail.pass.from\na@example.org\nx = y\0"
"sendemail.prog.smtpserver\n/usr/bin/msmtp";

static const char git_want[] =
"[default]\nhost = smtp.example.org\nport = 587\nehlo = box.example.org\n"
"tls = starttls\nuser = ann@example.org\n"
"password_command = printf 'protocol=smtp\\nhost=smtp.example.org:587\\n"
"username=ann@example.org\\n\\n' | git credential fill | "
"sed -n 's/^password=//p'\n"
"[news]\nhost = news.example.org\nport = 587\nehlo = box.example.org\n"
"tls = starttls\nuser = ann@example.org\n"
"password_command = printf 'protocol=smtp\\nhost=news.example.org:587\\n"
"username=ann@example.org\\n\\n' | git credential fill | "
"sed -n 's/^password=//p'\n"
"from = news@example.org\nfrom_name = News\nmatch_from = news@example.org\n"
"[pass]\nhost = smtp.example.org\nport = 465\nehlo = box.example.org\n"
"tls = implicit\nuser = ann@example.org\npassword_file = PASSWORD-pass\n"
"[prog]\nhost = smtp.example.org\nport = 587\nehlo = box.example.org\n"
"tls = starttls\nuser = ann@example.org\n"
"password_command = printf 'protocol=smtp\\nhost=smtp.example.org:587\\n"
"username=ann@example.org\\n\\n' | git credential fill | "
"sed -n 's/^password=//p'\n";

/* `text` with the path that a password_file has here. */
static char *
with_path(const char *text)
{
	const char *path = geteuid() == 0 ? "/etc/posthaste/password" :
	    HOME "/.config/posthaste/password";
	struct buf out;
	const char *at;
	char *all;

	buf_init(&out, BUF_UNLIMITED);
	for (; (at = strstr(text, "PASSWORD")) != NULL; text = at + 8)
		assert_true(buf_add(&out, text, (size_t)(at - text)) &&
		    buf_add_string(&out, path));
	assert_true(buf_add_string(&out, text));
	all = mem_string(buf_string(&out));
	buf_free(&out);
	return all;
}

static void
run_words(struct program_result *result, const char *const *argv)
{
	static const char *const env[] = { "HOME=" HOME, "PATH=/usr/bin:/bin",
		NULL };
	const struct program_run run = { .argv = argv, .env = env,
	    .how_stdin = PROGRAM_STDIN_OPEN };

	assert_true(program_run(result, &run));
	assert_false(result->hung);
}

/* Comments and empty lines apart. */
static void
check_lines(const char *label, const struct buf *text, const char *want)
{
	struct span rest = buf_span(text), line;
	char *all = with_path(want);
	struct buf out;

	buf_init(&out, BUF_UNLIMITED);
	while (span_next(&rest, '\n', &line))
		if (line.len > 0 && line.data[0] != '#')
			assert_true(buf_add_span(&out, line) &&
			    buf_add_char(&out, '\n'));
	if (strcmp(buf_string(&out), all) != 0)
		fail_msg("%s: %s\n--- not\n%s", label, buf_string(&out), all);
	if (strstr(buf_string(text), SECRET) != NULL)
		fail_msg("%s: a password in\n%s", label, buf_string(text));
	buf_free(&out);
	mem_free(all);
}

/* Each profile with a relay and a name can be used. */
static void
check_use(void **state, const struct buf *text)
{
	struct span rest = buf_span(text), line;
	char *path = program_profile(*state, buf_string(text));
	struct program_result result;
	char *name;

	assert_non_null(path);
	while (span_next(&rest, '\n', &line)) {
		if (line.len < 3 || line.data[0] != '[')
			continue;
		name = mem_span(span_make(line.data + 1, line.len - 2));
		{
			const char *argv[] = { "posthaste", "--config", path,
				"--profile", name, "--print-config", NULL };

			run_words(&result, argv);
		}
		if (result.exit_status != EX_OK &&
		    strstr(buf_string(text), "FIXME") == NULL)
			fail_msg("%s%s", buf_string(&result.err),
			    buf_string(text));
		if (strstr(buf_string(&result.err), "no `host`") == NULL &&
		    strstr(buf_string(&result.err), "`ehlo`") == NULL)
			assert_string_equal(buf_string(&result.err), "");
		program_result_free(&result);
		mem_free(name);
	}
	mem_free(path);
}

static void
other_programs_files_become_profiles(void **state)
{
	const struct row *row;
	struct scratch scratch;
	struct program_result result;
	char *paths[FILES] = { NULL }, *remark;
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		assert_true(scratch_make(&scratch));
		for (k = 0; k + 1 < FILES && row->files[k] != NULL; k += 2)
			paths[k] = scratch_file(&scratch, row->files[k], 0600,
			    span_of(row->files[k + 1]));
		{
			const char *argv[] = { "posthaste", "--import",
				row->kind, paths[0], NULL };

			run_words(&result, argv);
		}
		assert_string_equal(buf_string(&result.err), "");
		assert_int_equal(result.exit_status, EX_OK);
		check_lines(row->kind, &result.out, row->want);
		for (k = 0; k < REMARKS && row->remarks[k] != NULL; k++) {
			remark = with_path(row->remarks[k]);
			if (strstr(buf_string(&result.out), remark) == NULL)
				fail_msg("no %s in\n%s", remark,
				    buf_string(&result.out));
			mem_free(remark);
		}
		check_use(state, &result.out);
		program_result_free(&result);
		for (k = 0; k < FILES; k++) {
			mem_free(paths[k]);
			paths[k] = NULL;
		}
		scratch_remove(&scratch);
	}
}

static void
git_s_identities_become_profiles(void **state)
{
	char *path = scratch_file(*state, "gitconfig", 0600,
	    span_make(git_text, sizeof(git_text)));
	const char *argv[] = { "posthaste", "--import=git", path, NULL };
	struct program_result result;

	run_words(&result, argv);
	assert_string_equal(buf_string(&result.err), "");
	check_lines("git", &result.out, git_want);
	assert_non_null(strstr(buf_string(&result.out), "it is a program"));
	assert_non_null(strstr(buf_string(&result.out),
	    "from: a value that no line"));
	check_use(state, &result.out);
	program_result_free(&result);
	mem_free(path);
}

/* Where git is installed. */
static void
git_s_own_file_is_read_by_git(void **state)
{
	static const char text[] = "[sendemail]\n\tsmtpServer = 127.0.0.1\n"
	    "\tsmtpServerPort = 2525 ; a comment\n";
	char *path = scratch_file(*state, "it's", 0600, span_of(text));
	const char *argv[] = { "posthaste", "--import", "git", path, NULL };
	struct program_result result;

	if (access("/usr/bin/git", X_OK) != 0) {
		mem_free(path);
		skip();
	}
	run_words(&result, argv);
	assert_string_equal(buf_string(&result.err), "");
	check_lines("git", &result.out, "[default]\nhost = 127.0.0.1\n"
	    "port = 2525\ntls = none\n");
	program_result_free(&result);
	mem_free(path);
}

/* The configuration is good, and the password isn't there yet. */
static void
check_takes_what_was_printed(void **state)
{
	char *source = scratch_file(*state, "msmtprc", 0600, span_of(
	    "account x\nhost 127.0.0.1\nport 9\nauth on\nuser ann\n"
	    "password " SECRET "\nfrom ann@example.org\n"));
	const char *argv[] = { "posthaste", "--import", "msmtprc", source,
		NULL };
	const char *check[] = { "posthaste", "--config", NULL, "--check",
		NULL };
	struct program_result one, two;
	char *path;

	run_words(&one, argv);
	path = program_profile(*state, buf_string(&one.out));
	check[2] = path;
	run_words(&two, check);
	assert_non_null(strstr(buf_string(&two.out), "[x] of "));
	assert_int_equal(two.exit_status, EX_CONFIG);
	assert_non_null(strstr(buf_string(&two.out), "/posthaste/password-x"));
	program_result_free(&two);
	program_result_free(&one);
	mem_free(path);
	mem_free(source);
}

/* The file's name, and those beside it, begin where the caller stands. */
static void
a_file_may_be_named_from_where_one_stands(void **state)
{
	static const char *const argv[] = { "posthaste", "--import",
		"nullmailer", "old/remotes", NULL };
	const struct scratch *scratch = *state;
	struct program_run run = { .argv = argv, .cwd = scratch->path };
	struct program_result result;
	char *directory = scratch_path(scratch, "old");

	assert_int_equal(mkdir(directory, 0700), 0);
	mem_free(scratch_file(scratch, "old/remotes", 0600,
	    span_of("relay.example.org smtp\n")));
	mem_free(scratch_file(scratch, "old/me", 0600,
	    span_of("www1.example.net\n")));
	assert_true(program_run(&result, &run));
	assert_string_equal(buf_string(&result.err), "");
	assert_int_equal(result.exit_status, EX_OK);
	assert_non_null(strstr(buf_string(&result.out),
	    "\nehlo = www1.example.net\n"));
	program_result_free(&result);
	mem_free(directory);
}

static void
what_can_t_be_imported_is_said(void **state)
{
	char *empty = scratch_file(*state, "empty", 0600, span_of("\n"));
	char *directory = scratch_path(*state, "");
	const struct {
		const char *words[4];
		int exit_status;
		const char *text;
	} cases[] = {
		{ { "--import", "exim", NULL }, EX_USAGE, "takes one of "
		    "msmtprc, ssmtp, nullmailer, dma, git, not `exim`" },
		{ { "--import", "dma", "a", "b" }, EX_USAGE, "one file" },
		{ { "--profile=x", "--import", "dma", NULL }, EX_USAGE,
		    "stands alone" },
		{ { "--json", "--import", "dma", NULL }, EX_USAGE, "--json" },
		{ { "--import", "dma", "/nonexistent/x", NULL }, EX_CONFIG,
		    "/nonexistent/x: it isn't there" },
		{ { "--import", "dma", directory, NULL }, EX_CONFIG,
		    "not a regular file" },
		{ { "--import", "msmtprc", NULL }, EX_CONFIG, "msmtprc: it" },
		{ { "--import", "nullmailer", empty, NULL }, EX_CONFIG,
		    "it names no relay" },
		{ { "--import", "dma", empty, NULL }, EX_CONFIG,
		    "it names no relay" },
	};
	struct program_result result;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = { "posthaste", cases[i].words[0],
			cases[i].words[1], cases[i].words[2],
			cases[i].words[1] == NULL || cases[i].words[2] == NULL
			? NULL : cases[i].words[3], NULL };

		run_words(&result, argv);
		if (strstr(buf_string(&result.err), cases[i].text) == NULL ||
		    result.exit_status != cases[i].exit_status)
			fail_msg("%s: %s", cases[i].text,
			    buf_string(&result.err));
		assert_string_equal(buf_string(&result.out), "");
		program_result_free(&result);
	}
	mem_free(directory);
	mem_free(empty);
}

/* The next literal of the manual that is a profile, or the empty one. */
static struct span
next_profile(const char **at)
{
	static const char begin[] = ".Bd -literal -offset indent\n[";
	const char *end;

	*at = strstr(*at, begin);
	if (*at == NULL)
		return span_of(NULL);
	*at += sizeof(begin) - 2;
	end = strstr(*at, "\n.Ed\n");
	assert_non_null(end);
	return span_make(*at, (size_t)(end + 1 - *at));
}

static void
the_manual_s_profiles_can_be_used(void **state)
{
	char text[32768];
	FILE *file = fopen("man/posthaste-migrate.7", "re");
	const char *at = text;
	struct span profile;
	struct buf one;
	size_t n, count;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(n < sizeof(text) - 1);
	text[n] = '\0';
	buf_init(&one, BUF_UNLIMITED);
	for (count = 0; (profile = next_profile(&at)).len > 0; count++) {
		buf_clear(&one);
		assert_true(buf_add_span(&one, profile));
		check_use(state, &one);
	}
	assert_int_equal(count, 10);
	buf_free(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_programs_files_become_profiles),
		cmocka_unit_test(git_s_identities_become_profiles),
		cmocka_unit_test(git_s_own_file_is_read_by_git),
		cmocka_unit_test(check_takes_what_was_printed),
		cmocka_unit_test(a_file_may_be_named_from_where_one_stands),
		cmocka_unit_test(what_can_t_be_imported_is_said),
		cmocka_unit_test(the_manual_s_profiles_can_be_used),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
