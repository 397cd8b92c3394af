#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/os.h"
#include "conf/profile.h"
#include "conf/profile_file.h"

#define A "[a]\nhost = smtp.example.org\nehlo = www1.example.org\n"
#define LOCAL "[a]\nhost = localhost\n"

static const struct machine machine = { "anna", "box.example.org" };

static struct profile_file *
make_file(const char *text)
{
	struct profile_file *file = mem_alloc(sizeof(*file));

	buf_init(&file->text, BUF_UNLIMITED);
	assert_true(buf_add_string(&file->text, text));
	file->path = mem_string("/p.ini");
	return file;
}

/* Parses a text that has to be right. */
static struct profile_file *
parse(const char *text)
{
	struct profile_file *file = make_file(text);
	struct error err = { 0 };

	if (!profile_file_parse(file, &err))
		fail_msg("%s: %s", text, err.text);
	return file;
}

static bool
resolve_on(const char *text, const char *name, const struct machine *m,
    struct profile *p, struct error *err)
{
	struct profile_file *file = make_file(text);
	bool ok;

	memset(p, 0, sizeof(*p));
	ok = profile_file_parse(file, err) &&
	    profile_resolve_on(file, name, m, p, err);
	profile_file_free(file);
	return ok;
}

static void
resolve(const char *text, const char *name, struct profile *p)
{
	struct error err = { 0 };

	if (!resolve_on(text, name, &machine, p, &err))
		fail_msg("%s: %s", text, err.text);
	assert_false(error_is_set(&err));
}

/* What `--profile a` of these files gives; `fix` is a part of the fix, which
 * each has. */
static const struct {
	const char *text, *expected, *fix;
} refused[] = {
	/* keys and sections */
	{ "", "/p.ini: no profile in this file", "posthaste.ini(5)" },
	{ "# nothing\n", "/p.ini: no profile in this file", "[default]" },
	{ "[a]\nhots = b\n", "/p.ini:2: unknown key `hots`",
	    "did you mean `host`?" },
	{ "[a]\nHost = b\n", "/p.ini:2: unknown key `Host`",
	    "did you mean `host`?" },
	{ "[a]\npassword-file = b\n", "/p.ini:2: unknown key `password-file`",
	    "did you mean `password_file`?" },
	{ "[a]\nzzzzzzzz = b\n", "/p.ini:2: unknown key `zzzzzzzz`", NULL },
	{ A "host = b\n", "/p.ini:4: `host` once more, after line 2",
	    "keep one" },
	{ A "[b]\n[a]\n", "/p.ini:5: section [a] once more, after line 1",
	    "one section" },
	{ "[a]\nhost =\n", "/p.ini:2: host =: no value", "take the line out" },
	{ "[b]\n", "/p.ini: no profile 'a'", "the file has: b" },
	{ "[a]\nhost\n", "/p.ini:2: a line without `=`", "key = value" },

	/* relay */
	{ "[a]\nehlo = www1.example.org\n",
	    "/p.ini:1: profile 'a' has no `host`", "smtp.example.org" },
	{ "[a]\nhost = smtp.example.org:25\n", "/p.ini:2: host = "
	    "smtp.example.org:25: the port has a key of its own",
	    "host = smtp.example.org and port = 25" },
	{ "[a]\nhost = [::1]\n",
	    "/p.ini:2: host = [::1]: an address stands without brackets here",
	    "write host = ::1" },
	{ "[a]\nhost = [::1]:25\n", "/p.ini:2: host = [::1]:25: an address "
	    "stands without brackets here", "host = ::1 and port = 25" },
	{ "[a]\nhost = smtp://x\n", "/p.ini:2: host = smtp://x: neither a "
	    "name nor an address: it has a character that isn't a letter, a "
	    "digit, a hyphen or a dot", NULL },
	{ "[a]\nhost = 1.2.3.400\n", "/p.ini:2: host = 1.2.3.400: neither a "
	    "name nor an address: it looks like an address", NULL },
	{ "[a]\nhost = b\xc3\xbc" "cher.example\n", "/p.ini:2: host = "
	    "b\\xc3\\xbccher.example: neither a name nor an address: it has "
	    "characters beyond ASCII", "host = xn--bcher-kva.example" },
	{ LOCAL "socket = /s\n", "/p.ini:3: `socket` beside `host` in line 2",
	    "one of the two" },
	{ "[a]\nsocket = s\n", "/p.ini:2: socket = s: not an absolute path",
	    "from / on" },
	{ "[a]\nsocket = /s\nport = 25\n", "/p.ini:3: `port` beside `socket`",
	    "take `port` out" },
	{ LOCAL "port = 0\n",
	    "/p.ini:3: port = 0: not a number from 1 to 65535", NULL },
	{ LOCAL "port = 65536\n",
	    "/p.ini:3: port = 65536: not a number from 1 to 65535", NULL },
	{ LOCAL "port = -1\n",
	    "/p.ini:3: port = -1: not a number from 1 to 65535", NULL },
	{ LOCAL "port = 99999999999999999999\n", "/p.ini:3: port = "
	    "99999999999999999999: not a number from 1 to 65535", NULL },
	{ LOCAL "port = 25 ; mail\n", "/p.ini:3: port = 25 ; mail: not a "
	    "number from 1 to 65535", "a comment needs a line of its own" },
	{ LOCAL "source_address = eth0\n", "/p.ini:3: source_address = eth0: "
	    "not an IPv4 or IPv6 address", NULL },
	{ LOCAL "family = 5\n", "/p.ini:3: family = 5: not one of any, 4, 6",
	    NULL },

	/* ehlo */
	{ "[a]\nhost = 192.0.2.1\n", "/p.ini:1: profile 'a' has no `ehlo`, "
	    "which 192.0.2.1 must be told", "set `ehlo` in section [a]" },
	{ A "[b]\nehlo = localhost\n", "/p.ini:5: ehlo = localhost: every "
	    "machine calls itself that, nobody else knows it by that name",
	    "section [b] of /p.ini" },
	{ LOCAL "ehlo = %U\n", "/p.ini:3: ehlo = %U: no template is called %U",
	    NULL },
	{ LOCAL "ehlo = %\n", "/p.ini:3: ehlo = %: a % at the end", NULL },
	{ LOCAL "ehlo = %H_\n", "/p.ini:3: ehlo = %H_, which is "
	    "`box.example.org_` here: it has an underscore, which host names "
	    "may not have", "section [a]" },

	/* tls and auth */
	{ LOCAL "tls = on\n",
	    "/p.ini:3: tls = on: not one of starttls, implicit, none", NULL },
	{ LOCAL "tls = none # x\n", "/p.ini:3: tls = none # x: not one of "
	    "starttls, implicit, none", "a line of its own" },
	{ LOCAL "tls_ca_file = ca.pem\n",
	    "/p.ini:3: tls_ca_file = ca.pem: not an absolute path", "whole" },
	{ LOCAL "auth = digest-md5\n", "/p.ini:3: auth = digest-md5: not one "
	    "of auto, "
	    "none, plain, login, scram-sha-256-plus, scram-sha-1-plus, "
	    "scram-sha-256, scram-sha-1, cram-md5, external, xoauth2, "
	    "oauthbearer", NULL },
	{ LOCAL "spool_always = yes\n",
	    "/p.ini:3: `spool_always` without `spool` in profile 'a'",
	    "add `spool`, a directory" },
	{ LOCAL "auth = oauthbearer\n",
	    "/p.ini:3: `auth` without `user` in profile 'a'", "add `user`" },
	{ LOCAL "auth = plain\n",
	    "/p.ini:3: `auth` without `user` in profile 'a'", "add `user`" },
	{ LOCAL "auth = auto\n",
	    "/p.ini:3: `auth` without `user` in profile 'a'", "add `user`" },
	{ LOCAL "password = x\npassword_command = y\n",
	    "/p.ini:4: `password_command` beside `password` in line 3",
	    "one of the two" },
	{ LOCAL "password_file = s3cret\n",
	    "/p.ini:3: password_file: not an absolute path", "whole path" },
	{ LOCAL "password_credential = ../x\n",
	    "/p.ini:3: password_credential: not the name of a credential",
	    "without a directory" },
	{ LOCAL "password_credential = ..\n",
	    "/p.ini:3: password_credential: not the name of a credential",
	    "the name only" },
	{ LOCAL "password =\n", "/p.ini:3: password: no value",
	    "take the line out" },

	/* senders */
	{ LOCAL "from = %F@x.org\n", "/p.ini:3: from = %F@x.org: %F is a "
	    "whole address and stands alone", NULL },
	{ LOCAL "from_policy = always\n", "/p.ini:3: from_policy = always: "
	    "not one of keep, missing, force", NULL },
	{ LOCAL "from = %x@example.org\n", "/p.ini:3: from = %x@example.org: "
	    "no template is called %x", NULL },
	{ LOCAL "from = Anna <a@example.org>\n", "/p.ini:3: from = Anna "
	    "<a@example.org>: not an address: an address stands alone here, "
	    "without a name or angle brackets", NULL },
	{ LOCAL "from = @example.org\n", "/p.ini:3: from = @example.org: not "
	    "an address: it has nothing before the @", NULL },
	{ LOCAL "from = a@b_c\n", "/p.ini:3: from = a@b_c: not an address: "
	    "what stands behind the @ isn't a domain", NULL },
	{ LOCAL "from = %U@-%H\n", "/p.ini:3: from = %U@-%H, which is "
	    "`anna@-box.example.org` here: not an address: what stands behind "
	    "the @ isn't a domain", NULL },
	{ LOCAL "domain = a b\n", "/p.ini:3: domain = a b: not a domain: it "
	    "has a character that isn't a letter, a digit, a hyphen or a dot",
	    NULL },
	{ LOCAL "domain = b\xc3\xbc" "cher.example\n", "/p.ini:3: domain = "
	    "b\\xc3\\xbccher.example: not a domain: it has characters beyond "
	    "ASCII", "domain = xn--bcher-kva.example" },
	{ LOCAL "local_domains = localhost, b_c\n", "/p.ini:3: local_domains = "
	    "localhost, b_c: `b_c` isn't a domain: it has an underscore, which "
	    "host names may not have", "commas in between" },
	{ LOCAL "local_domains = localhost,\n", "/p.ini:3: local_domains = "
	    "localhost,: `` isn't a domain: it is empty", "localhost, %H" },
	{ LOCAL "local_domains = %U\n", "/p.ini:3: local_domains = %U: no "
	    "template is called %U", NULL },
	{ LOCAL "aliases = aliases\n",
	    "/p.ini:3: aliases = aliases: not an absolute path", "whole" },
	{ LOCAL "match_from = *\n",
	    "/p.ini:3: match_from = *: `*` isn't a pattern", "user@*" },
	{ LOCAL "match_from = *@*\n",
	    "/p.ini:3: match_from = *@*: `*@*` isn't a pattern", "user@*" },
	{ LOCAL "match_from = a@b, c*@d\n",
	    "/p.ini:3: match_from = a@b, c*@d: `c*@d` isn't a pattern",
	    "user@*" },
	{ LOCAL "match_from = a@b,\n",
	    "/p.ini:3: match_from = a@b,: `` isn't a pattern", "user@*" },
	{ LOCAL "match_from = a b@c\n",
	    "/p.ini:3: match_from = a b@c: `a b@c` isn't a pattern", "user@*" },

	/* inheritance */
	{ LOCAL "inherit = bse\n[base]\n",
	    "/p.ini:3: inherit = bse: the file has no such section",
	    "did you mean 'base'? the file has: a, base" },
	{ LOCAL "inherit = a\n",
	    "/p.ini:3: [a] inherits from itself in the end", "circle" },
	{ LOCAL "inherit = b\n[b]\ninherit = c\n[c]\ninherit = b\n",
	    "/p.ini:3: [a] inherits from itself in the end", "circle" },

	/* the rest */
	{ LOCAL "timeout = 30s\n", "/p.ini:3: timeout = 30s: not a number of "
	    "seconds from 0.001 to 604800", NULL },
	{ LOCAL "timeout = 0\n", "/p.ini:3: timeout = 0: not a number of "
	    "seconds from 0.001 to 604800", NULL },
	{ LOCAL "timeout = 0.0001\n", "/p.ini:3: timeout = 0.0001: not a "
	    "number of seconds from 0.001 to 604800", NULL },
	{ LOCAL "timeout = 1.\n", "/p.ini:3: timeout = 1.: not a number of "
	    "seconds from 0.001 to 604800", NULL },
	{ LOCAL "timeout = .5\n", "/p.ini:3: timeout = .5: not a number of "
	    "seconds from 0.001 to 604800", NULL },
	{ LOCAL "total_timeout = 604801\n", "/p.ini:3: total_timeout = 604801:"
	    " not a number of seconds from 0 to 604800", NULL },
	{ LOCAL "hints = true\n", "/p.ini:3: hints = true: not one of yes, no",
	    NULL },
};

static void
every_wrong_line_is_named_and_explained(void **state)
{
	struct profile p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		error_clear(&err);
		if (resolve_on(refused[i].text, "a", &machine, &p, &err))
			fail_msg("accepted: %s", refused[i].text);
		profile_free(&p);
		if (strcmp(err.text, refused[i].expected) != 0)
			fail_msg("%s\n%s", refused[i].text, err.text);
		if (err.fix[0] == '\0' || (refused[i].fix != NULL &&
		    strstr(err.fix, refused[i].fix) == NULL))
			fail_msg("%s\n%s", refused[i].text, err.fix);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_false(err.temporary);
	}
}

static void
no_message_shows_what_a_password_key_holds(void **state)
{
	struct error err = { 0 };
	struct profile p;

	(void)state;
	assert_false(resolve_on(LOCAL "password_file = hunter2\n", "a",
	    &machine, &p, &err));
	assert_null(strstr(err.text, "hunter2"));
	assert_null(strstr(err.fix, "hunter2"));
	profile_free(&p);
}

static void
defaults_fill_what_is_not_said(void **state)
{
	struct profile p;

	(void)state;
	resolve(A, "a", &p);
	assert_string_equal(p.name, "a");
	assert_string_equal(p.file, "/p.ini");
	assert_string_equal(p.host, "smtp.example.org");
	assert_string_equal(p.ehlo, "www1.example.org");
	assert_int_equal(p.port, 587);
	assert_int_equal(p.tls, PROFILE_TLS_STARTTLS);
	assert_string_equal(p.auth, "none");
	assert_int_equal(p.family, PROFILE_FAMILY_ANY);
	assert_int_equal(p.connect_timeout, 30000);
	assert_int_equal(p.timeout, 300000);
	assert_int_equal(p.data_timeout, 600000);
	assert_int_equal(p.total_timeout, 900000);
	assert_true(p.hints);
	assert_int_equal(p.from_policy, PROFILE_FROM_KEEP);
	assert_true(p.allow_f && p.dot_terminates);
	assert_false(p.qualify_headers || p.undisclosed_recipients ||
	    p.from_is_header);
	assert_null(p.socket);
	assert_null(p.user);
	assert_null(p.from);
	assert_null(p.log);
	profile_free(&p);
}

static void
every_key_reaches_its_field(void **state)
{
	struct profile p;

	(void)state;
	resolve("[a]\nhost = 2001:db8::1\nport=26\nehlo = [192.0.2.7]\n"
	    "tls = none\ntls_ca_file = /ca.pem\ntls_fingerprint = aa:bb\n"
	    "auth = login\nuser = me ;x\npassword = a #b = c\n"
	    "from = me@example.org\nfrom_name = J\xc3\xbcrgen\n"
	    "domain = example.org\nmatch_from = a@b, *@c.example\n"
	    "connect_timeout = 1.5\ntimeout = 0.25\ndata_timeout = 604800\n"
	    "total_timeout = 0\nsource_address = 192.0.2.9\nfamily = 6\n"
	    "hints = no\nlog = stderr, file:/x\n", "a", &p);
	assert_string_equal(p.host, "2001:db8::1");
	assert_int_equal(p.port, 26);
	assert_string_equal(p.ehlo, "[192.0.2.7]");
	assert_int_equal(p.tls, PROFILE_TLS_NONE);
	assert_string_equal(p.tls_ca_file, "/ca.pem");
	assert_string_equal(p.tls_fingerprint, "aa:bb");
	assert_string_equal(p.auth, "login");
	assert_string_equal(p.user, "me ;x");
	assert_string_equal(p.password, "a #b = c");
	assert_string_equal(p.from, "me@example.org");
	assert_string_equal(p.from_name, "J\xc3\xbcrgen");
	assert_string_equal(p.domain, "example.org");
	assert_string_equal(p.match_from, "a@b, *@c.example");
	assert_int_equal(p.connect_timeout, 1500);
	assert_int_equal(p.timeout, 250);
	assert_int_equal(p.data_timeout, 604800000);
	assert_int_equal(p.total_timeout, 0);
	assert_string_equal(p.source_address, "192.0.2.9");
	assert_int_equal(p.family, PROFILE_FAMILY_6);
	assert_false(p.hints);
	assert_string_equal(p.log, "stderr, file:/x");
	profile_free(&p);
}

static void
a_socket_stands_instead_of_host_port_and_ehlo(void **state)
{
	struct profile p;

	(void)state;
	resolve("[a]\nsocket = /run/s\n", "a", &p);
	assert_string_equal(p.socket, "/run/s");
	assert_null(p.host);
	assert_null(p.ehlo);
	assert_int_equal(p.tls, PROFILE_TLS_NONE);
	profile_free(&p);
	resolve("[a]\nsocket = /run/s\ntls = starttls\n", "a", &p);
	assert_int_equal(p.tls, PROFILE_TLS_STARTTLS);
	profile_free(&p);
}

static void
local_domains_are_expanded_and_in_lower_case(void **state)
{
	struct profile p;

	(void)state;
	resolve(LOCAL "local_domains = LocalHost,\t%H , a.B\n"
	    "aliases = /etc/aliases\n", "a", &p);
	assert_string_equal(p.local_domains, "localhost,box.example.org,a.b");
	assert_string_equal(p.aliases, "/etc/aliases");
	profile_free(&p);
}

static void
the_port_follows_tls(void **state)
{
	struct profile p;

	(void)state;
	resolve(A "tls = implicit\n", "a", &p);
	assert_int_equal(p.port, 465);
	profile_free(&p);
	resolve(A "tls = none\n", "a", &p);
	assert_int_equal(p.port, 25);
	profile_free(&p);
}

static void
loopback_needs_no_ehlo_and_takes_one(void **state)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1",
		"127.9.9.9", "::1" };
	struct profile p;
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		(void)snprintf(text, sizeof(text), "[a]\nhost = %s\n",
		    hosts[i]);
		resolve(text, "a", &p);
		assert_null(p.ehlo);
		profile_free(&p);
	}
	resolve(LOCAL "ehlo = %H\n", "a", &p);
	assert_string_equal(p.ehlo, "box.example.org");
	profile_free(&p);
}

static void
hosts_may_be_names_of_a_container_network(void **state)
{
	struct profile p;

	(void)state;
	resolve("[a]\nhost = mail_relay\nehlo = a.b\n", "a", &p);
	assert_string_equal(p.host, "mail_relay");
	profile_free(&p);
	resolve("[a]\nhost = fe80::1%eth0\nehlo = a.b\n", "a", &p);
	assert_string_equal(p.host, "fe80::1%eth0");
	profile_free(&p);
}

static void
templates_of_from_are_filled_in(void **state)
{
	struct profile p;

	(void)state;
	resolve(LOCAL "from = %U+%%@%H\n", "a", &p);
	assert_string_equal(p.from, "anna+%@box.example.org");
	profile_free(&p);
	resolve(LOCAL "from = %U\n", "a", &p);
	assert_string_equal(p.from, "anna");
	profile_free(&p);
	resolve(LOCAL "from = \"a b\"@[192.0.2.1]\n", "a", &p);
	assert_string_equal(p.from, "\"a b\"@[192.0.2.1]");
	profile_free(&p);
}

static void
auth_none_means_no_user(void **state)
{
	struct profile p;

	(void)state;
	resolve(LOCAL "user = a\nauth = none\n", "a", &p);
	assert_null(p.user);
	assert_string_equal(p.auth, "none");
	profile_free(&p);
	resolve(LOCAL "user = a\n", "a", &p);
	assert_string_equal(p.user, "a");
	assert_string_equal(p.auth, "auto");
	profile_free(&p);
}

#define FAMILY "[base]\nhost = smtp.example.org\nport = 26\nuser = u\n" \
    "ehlo = www1.example.org\npassword = x\nmatch_from = *@example.org\n" \
    "[middle]\ninherit = base\nuser = v\ntimeout = 7\n" \
    "[leaf]\ninherit = middle\npassword_command = echo y\n" \
    "[unix]\ninherit = base\nsocket = /s\n" \
    "[back]\ninherit = unix\nhost = mx.example.org\n"

static void
a_section_inherits_what_it_does_not_say(void **state)
{
	struct profile p;

	(void)state;
	resolve(FAMILY, "leaf", &p);
	assert_string_equal(p.name, "leaf");
	assert_string_equal(p.host, "smtp.example.org");
	assert_int_equal(p.port, 26);
	assert_string_equal(p.user, "v");
	assert_int_equal(p.timeout, 7000);
	assert_string_equal(p.inherit, "middle");
	assert_null(p.match_from);
	profile_free(&p);
}

static void
an_own_password_key_replaces_the_inherited_one(void **state)
{
	struct profile p;

	(void)state;
	resolve(FAMILY, "leaf", &p);
	assert_null(p.password);
	assert_string_equal(p.password_command, "echo y");
	profile_free(&p);
	resolve(FAMILY, "middle", &p);
	assert_string_equal(p.password, "x");
	assert_null(p.password_command);
	profile_free(&p);
}

static void
an_own_socket_or_host_replaces_the_inherited_relay(void **state)
{
	struct profile p;

	(void)state;
	resolve(FAMILY, "unix", &p);
	assert_null(p.host);
	assert_string_equal(p.socket, "/s");
	assert_int_equal(p.tls, PROFILE_TLS_NONE);
	profile_free(&p);
	resolve(FAMILY, "back", &p);
	assert_null(p.socket);
	assert_string_equal(p.host, "mx.example.org");
	assert_int_equal(p.port, 587);
	profile_free(&p);
}

static void
messages_can_name_where_a_key_was_set(void **state)
{
	static const struct {
		const char *name, *key, *where;
	} rows[] = {
		{ "leaf", "host", "/p.ini:2" },
		{ "leaf", "timeout", "/p.ini:11" },
		{ "leaf", "log", "/p.ini:12" },
		{ "leaf", NULL, "/p.ini:12" },
		{ "none", "host", "/p.ini" },
	};
	struct profile_file *file = parse(FAMILY);
	char *where;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		where = profile_where(file, rows[i].name, rows[i].key);
		assert_string_equal(where, rows[i].where);
		mem_free(where);
	}
	profile_file_free(file);
}

static void
this_machine_fills_templates_outside_of_tests(void **state)
{
	struct profile_file *file = parse(LOCAL "from = %U\n");
	char *login = os_login();
	struct error err = { 0 };
	struct profile p;

	(void)state;
	assert_true(profile_resolve(file, "a", &p, &err));
	assert_string_equal(p.from, login);
	profile_free(&p);
	mem_free(login);
	profile_file_free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_line_is_named_and_explained),
		cmocka_unit_test(no_message_shows_what_a_password_key_holds),
		cmocka_unit_test(defaults_fill_what_is_not_said),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(a_socket_stands_instead_of_host_port_and_ehlo),
		cmocka_unit_test(local_domains_are_expanded_and_in_lower_case),
		cmocka_unit_test(the_port_follows_tls),
		cmocka_unit_test(loopback_needs_no_ehlo_and_takes_one),
		cmocka_unit_test(hosts_may_be_names_of_a_container_network),
		cmocka_unit_test(templates_of_from_are_filled_in),
		cmocka_unit_test(auth_none_means_no_user),
		cmocka_unit_test(a_section_inherits_what_it_does_not_say),
		cmocka_unit_test(
		    an_own_password_key_replaces_the_inherited_one),
		cmocka_unit_test(
		    an_own_socket_or_host_replaces_the_inherited_relay),
		cmocka_unit_test(messages_can_name_where_a_key_was_set),
		cmocka_unit_test(
		    this_machine_fills_templates_outside_of_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
