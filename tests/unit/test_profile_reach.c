/*
 * The keys that lead to a relay: lists, srv: and proxies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/hosts.h"
#include "conf/profile_file.h"
#include "conf/proxy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EHLO "ehlo = www1.example.org\n"

static const struct machine machine = { "anna", "box.example.org" };

static bool
resolve(const char *text, struct profile *p, struct error *err)
{
	struct profile_file *file = mem_alloc(sizeof(*file));
	bool ok;

	memset(p, 0, sizeof(*p));
	buf_init(&file->text, BUF_UNLIMITED);
	assert_true(buf_add_string(&file->text, text));
	file->path = mem_string("/p.ini");
	ok = profile_file_parse(file, err) &&
	    profile_resolve_on(file, "a", &machine, p, err);
	profile_file_free(file);
	return ok;
}

/* `fix` is a part of the fix. */
static const struct {
	const char *text, *expected, *fix;
} refused[] = {
	{ "[a]\nhost = a,, b\n", "/p.ini:2: host = a,, b: a comma without a "
	    "host", NULL },
	{ "[a]\nhost = a,\n", "/p.ini:2: host = a,: a comma without a host",
	    NULL },
	{ "[a]\nhost = a, b:25\n", "/p.ini:2: host = b:25: the port has a key "
	    "of its own", "host = b and port = 25" },
	{ "[a]\nhost = a, srv:b\n", "/p.ini:2: host = a, srv:b: srv: stands "
	    "alone", "srv:example.org" },
	{ "[a]\nhost = srv:a, b\n", "/p.ini:2: host = srv:a, b: srv: stands "
	    "alone", "srv:example.org" },
	{ "[a]\nhost = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", "/p.ini:2: host = "
	    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q: more than 16 relays", NULL },
	{ "[a]\nhost = srv:\n", "/p.ini:2: host = srv:: not a domain behind "
	    "srv: it is empty", NULL },
	{ "[a]\nhost = srv:192.0.2.1\n", "/p.ini:2: host = srv:192.0.2.1: not "
	    "a domain behind srv: it looks like an address", NULL },
	{ "[a]\nhost = srv:e.org\nport = 25\n" EHLO,
	    "/p.ini:3: `port` beside `host = srv:`", "SRV records bring it" },
	{ "[a]\nhost = srv:e.org\nproxy = socks5://x:1\n" EHLO,
	    "/p.ini:3: `proxy` beside `host = srv:`", "can't be asked" },
	{ "[a]\nsocket = /s\nproxy = socks5://x:1\n",
	    "/p.ini:3: `proxy` beside `socket`", "on this machine" },
	{ "[a]\nhost = localhost, b.example.org\n", "/p.ini:1: profile 'a' has "
	    "no `ehlo`, which localhost, b.example.org must be told", NULL },
	{ "[a]\nhost = localhost\nproxy = socks5://localhost:1080\n",
	    "/p.ini:1: profile 'a' has no `ehlo`, which localhost must be "
	    "told", NULL },

	/* proxy: its value is never shown */
	{ "[a]\nproxy = x:1\n", "/p.ini:2: proxy: it begins with socks5://",
	    NULL },
	{ "[a]\nproxy = http://x:1\n",
	    "/p.ini:2: proxy: it begins with socks5://", NULL },
	{ "[a]\nproxy = socks5://x\n", "/p.ini:2: proxy: it ends in host:port",
	    NULL },
	{ "[a]\nproxy = socks5://x:\n", "/p.ini:2: proxy: it ends in "
	    "host:port", NULL },
	{ "[a]\nproxy = socks5://:1\n", "/p.ini:2: proxy: its host is neither "
	    "a name nor an address", NULL },
	{ "[a]\nproxy = socks5://[::g]:1\n", "/p.ini:2: proxy: its host is "
	    "neither a name nor an address", NULL },
	{ "[a]\nproxy = socks5://x:0\n", "/p.ini:2: proxy: its port isn't a "
	    "number from 1 to 65535", NULL },
	{ "[a]\nproxy = socks5://x:99999999999\n", "/p.ini:2: proxy: its port "
	    "isn't a number from 1 to 65535", NULL },
	{ "[a]\nproxy = socks5://x:1/\n", "/p.ini:2: proxy: its port isn't a "
	    "number from 1 to 65535", NULL },
	{ "[a]\nproxy = socks5://me@x:1\n", "/p.ini:2: proxy: what stands "
	    "before the @ isn't user:password", NULL },
	{ "[a]\nproxy = socks5://me:@x:1\n", "/p.ini:2: proxy: user and "
	    "password have 1 to 255 octets each, % followed by two hexadecimal "
	    "digits", NULL },
	{ "[a]\nproxy = socks5://me:a%4@x:1\n", "/p.ini:2: proxy: user and "
	    "password have 1 to 255 octets each, % followed by two hexadecimal "
	    "digits", NULL },
	{ "[a]\nproxy = socks5://me:a%00@x:1\n", "/p.ini:2: proxy: user and "
	    "password have 1 to 255 octets each, % followed by two hexadecimal "
	    "digits", NULL },
	{ "[a]\nsandbox = off\n", "/p.ini:2: sandbox = off: not one of yes, "
	    "no", NULL },
};

static void
what_leads_nowhere_is_refused_with_the_reason(void **state)
{
	struct profile p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++) {
		struct error err = { 0 };

		if (resolve(refused[i].text, &p, &err))
			fail_msg("accepted: %s", refused[i].text);
		profile_free(&p);
		assert_string_equal(err.text, refused[i].expected);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_string_not_equal(err.fix, "");
		if (refused[i].fix != NULL)
			assert_non_null(strstr(err.fix, refused[i].fix));
	}
}

static void
no_message_shows_a_proxys_password(void **state)
{
	static const char *const texts[] = {
		"[a]\nproxy = socks5://me:Canary-7@x\n",
		"[a]\nproxy = Canary-7\n",
		"[a]\nsocket = /s\nproxy = socks5://me:Canary-7@x:1\n",
	};
	struct profile p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		struct error err = { 0 };

		assert_false(resolve(texts[i], &p, &err));
		assert_null(strstr(err.text, "Canary"));
		assert_null(strstr(err.fix, "Canary"));
		assert_null(strstr(err.cause, "Canary"));
		profile_free(&p);
	}
}

static void
ports_follow_tls_but_not_for_srv(void **state)
{
	static const struct {
		const char *text;
		int port;
		const char *proxy;
	} cases[] = {
		{ "[a]\nhost = a, b\n" EHLO, 587, NULL },
		{ "[a]\nhost = 127.0.0.1 , ::1,localhost\nport = 25\n", 25,
		    NULL },
		{ "[a]\nhost = srv:example.org\n" EHLO, 0, NULL },
		{ "[a]\nhost = SRV: example.org\ntls = implicit\n" EHLO, 0,
		    NULL },
		{ "[a]\nhost = a\nproxy = socks5://x:1\n" EHLO, 587,
		    "socks5://x:1" },
		/* What was inherited for another way is void. */
		{ "[a]\ninherit = b\nhost = srv:e.org\n[b]\nhost = h\n"
		    "port = 26\n" EHLO, 0, NULL },
		{ "[a]\ninherit = b\nsocket = /s\n[b]\nhost = h\nport = 26\n"
		    "proxy = socks5://x:1\n" EHLO, 0, NULL },
		{ "[a]\ninherit = b\n[b]\nhost = h\nproxy = socks5://x:1\n"
		    EHLO, 587, "socks5://x:1" },
	};
	struct profile p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct error err = { 0 };

		if (!resolve(cases[i].text, &p, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_int_equal(p.port, cases[i].port);
		assert_true(p.sandbox);
		if (cases[i].proxy == NULL)
			assert_null(p.proxy);
		else
			assert_string_equal(p.proxy, cases[i].proxy);
		profile_free(&p);
	}
}

static void
a_proxys_words_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
		const char *user, *password;
	} cases[] = {
		{ "socks5://localhost:1080", "localhost", 1080, NULL, NULL },
		{ "SOCKS5://192.0.2.7:65535", "192.0.2.7", 65535, NULL, NULL },
		{ "socks5://[2001:db8::7]:1", "2001:db8::7", 1, NULL, NULL },
		{ "socks5://me:secret@a_b:9050", "a_b", 9050, "me", "secret" },
		{ "socks5://m%65%3a:a:b@c%25@x.test:1", "x.test", 1, "me:",
		    "a:b@c%" },
		{ "socks5://me:s@[::1]:1", "::1", 1, "me", "s" },
	};
	struct proxy p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_null(proxy_parse(&p, span_of(cases[i].text)));
		assert_string_equal(p.host, cases[i].host);
		assert_int_equal(p.port, cases[i].port);
		assert_int_equal(p.has_password, cases[i].user != NULL);
		if (cases[i].user == NULL)
			continue;
		assert_string_equal(p.user, cases[i].user);
		assert_string_equal(p.password, cases[i].password);
	}
}

static void
a_word_of_a_proxy_has_at_most_255_octets(void **state)
{
	struct proxy p;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add_string(&b, "socks5://me:"));
	for (i = 0; i < 255; i++)
		assert_true(buf_add_string(&b, "%41"));
	assert_true(buf_add_string(&b, "@x:1"));
	assert_null(proxy_parse(&p, buf_span(&b)));
	assert_int_equal(strlen(p.password), 255);
	buf_clear(&b);
	assert_true(buf_add_string(&b, "socks5://me:"));
	for (i = 0; i < 256; i++)
		assert_true(buf_add_char(&b, 'A'));
	assert_true(buf_add_string(&b, "@x:1"));
	assert_non_null(proxy_parse(&p, buf_span(&b)));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leads_nowhere_is_refused_with_the_reason),
		cmocka_unit_test(no_message_shows_a_proxys_password),
		cmocka_unit_test(ports_follow_tls_but_not_for_srv),
		cmocka_unit_test(a_proxys_words_are_taken_apart),
		cmocka_unit_test(a_word_of_a_proxy_has_at_most_255_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
