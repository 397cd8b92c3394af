/*
 * SOCKS5 over a socketpair. The proxy's octets are all there from the start;
 * what was said to it is read at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/socks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OF(literal) { (literal), sizeof(literal) - 1 }

#define DONE "\5\0\0\1\x7f\0\0\1\2\x4b"	/* "connected" */
#define NAME "\5\1\0\3\x0arelay.test\2\x4b"

struct session {
	struct stream stream;
	int proxy;
	struct error err;
	bool ok;
	struct buf heard;	/* by the proxy */
};

static void
negotiate(struct session *s, const struct socks *proxy, const char *host,
    struct span answer, bool hangs_up, int64_t ms)
{
	struct limit limit = limit_in(STAGE_CONNECT, "answer of the proxy",
	    "connect_timeout", ms);
	char block[1024];
	ssize_t n;
	int ends[2];

	memset(s, 0, sizeof(*s));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	s->proxy = ends[1];
	assert_int_equal(write(s->proxy, answer.data, answer.len),
	    answer.len);
	if (hangs_up)
		assert_int_equal(shutdown(s->proxy, SHUT_WR), 0);
	stream_begin(&s->stream, ends[0]);
	s->ok = socks_connect(&s->stream, proxy, host, 587, &limit, NULL,
	    &s->err);
	assert_int_equal(s->ok, !error_is_set(&s->err));
	buf_init(&s->heard, BUF_UNLIMITED);
	n = recv(s->proxy, block, sizeof(block), MSG_DONTWAIT);
	if (n > 0)
		assert_true(buf_add(&s->heard, block, (size_t)n));
}

static void
end(struct session *s)
{
	stream_free(&s->stream);
	(void)close(s->proxy);
	buf_free(&s->heard);
}

static void
each_kind_of_relay_is_asked_for_as_rfc_1928_has_it(void **state)
{
	static const struct {
		const char *label, *host;
		struct socks proxy;
		struct span answer, heard;
	} cases[] = {
		{ "a name", "relay.test", { NULL, NULL }, OF("\5\0" DONE),
		    OF("\5\1\0" NAME) },
		{ "IPv4", "192.0.2.7", { NULL, NULL }, OF("\5\0" DONE),
		    OF("\5\1\0\5\1\0\1\xc0\0\2\7\2\x4b") },
		{ "IPv6", "2001:db8::7", { NULL, NULL }, OF("\5\0" DONE),
		    OF("\5\1\0\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
		    "\2\x4b") },
		{ "a password", "relay.test", { "me", "s:3@" },
		    OF("\5\2\1\0" DONE),
		    OF("\5\2\0\2\1\2me\4s:3@" NAME) },
		{ "a password that isn't wanted", "relay.test",
		    { "me", "secret" }, OF("\5\0" DONE),
		    OF("\5\2\0\2" NAME) },
		{ "a reply with a name", "relay.test", { NULL, NULL },
		    OF("\5\0\5\0\0\3\4here\0\1"), OF("\5\1\0" NAME) },
		{ "a reply with an empty name", "relay.test", { NULL, NULL },
		    OF("\5\0\5\0\0\3\0\0\1"), OF("\5\1\0" NAME) },
		{ "a reply with IPv6", "relay.test", { NULL, NULL },
		    OF("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    OF("\5\1\0" NAME) },
	};
	struct session s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].label);
		negotiate(&s, &cases[i].proxy, cases[i].host, cases[i].answer,
		    false, 5000);
		assert_string_equal(s.err.text, "");
		assert_true(s.ok);
		assert_int_equal(stream_input(&s.stream).len, 0);
		assert_int_equal(s.heard.len, cases[i].heard.len);
		assert_memory_equal(s.heard.data, cases[i].heard.data,
		    s.heard.len);
		end(&s);
	}
}

/* It may stand in the same segment as the proxy's reply. */
static void
the_relays_greeting_is_left_to_the_session(void **state)
{
	static const struct socks proxy = { NULL, NULL };
	static const struct span answer = OF("\5\0" DONE "220 relay\r\n");
	struct session s;

	(void)state;
	negotiate(&s, &proxy, "relay.test", answer, false, 5000);
	assert_true(s.ok);
	assert_int_equal(stream_input(&s.stream).len, 11);
	assert_memory_equal(stream_input(&s.stream).data, "220 relay\r\n", 11);
	end(&s);
}

#define NOT_SOCKS "the proxy doesn't speak SOCKS5"
#define CLOSED "the proxy closed the connection"

static const struct {
	const char *label;
	struct span answer;
	bool has_password;
	int exit_code;
	bool is_temporary;
	const char *text;
} failures[] = {
	{ "1", OF("\5\0\5\1\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: general failure (SOCKS "
	    "reply 1)" },
	{ "2", OF("\5\0\5\2\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, false,
	    "the proxy won't connect to relay.test:587: its rules don't allow "
	    "it (SOCKS reply 2)" },
	{ "3", OF("\5\0\5\3\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: network unreachable "
	    "(SOCKS reply 3)" },
	{ "4", OF("\5\0\5\4\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: host unreachable "
	    "(SOCKS reply 4)" },
	{ "5", OF("\5\0\5\5\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: connection refused "
	    "(SOCKS reply 5)" },
	{ "6", OF("\5\0\5\6\0\1\0\0\0\0\0\0"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: TTL expired (SOCKS "
	    "reply 6)" },
	{ "7", OF("\5\0\5\7"), false, EX_UNAVAILABLE, false,
	    "the proxy won't connect to relay.test:587: it doesn't know the "
	    "command (SOCKS reply 7)" },
	{ "8", OF("\5\0\5\x08"), false, EX_UNAVAILABLE, false,
	    "the proxy won't connect to relay.test:587: it doesn't know this "
	    "kind of address (SOCKS reply 8)" },
	{ "255", OF("\5\0\5\xff"), false, EX_UNAVAILABLE, true,
	    "the proxy can't connect to relay.test:587: a failure of an "
	    "unknown kind (SOCKS reply 255)" },
	{ "a wrong password", OF("\5\2\1\1"), true, EX_NOPERM, false,
	    "the proxy refused user and password" },
	{ "no password", OF("\5\xff"), false, EX_NOPERM, false,
	    "the proxy wants a user and password" },
	{ "another method", OF("\5\xff"), true, EX_NOPERM, false,
	    "the proxy wants another authentication than a password" },
	{ "a method not offered", OF("\5\2"), false, EX_PROTOCOL, false,
	    NOT_SOCKS },
	{ "GSSAPI, not offered", OF("\5\1"), true, EX_PROTOCOL, false,
	    NOT_SOCKS },
	{ "HTTP", OF("HTTP/1.1 400 Bad Request\r\n"), false, EX_PROTOCOL,
	    false, NOT_SOCKS },
	{ "SMTP", OF("220 relay\r\n"), false, EX_PROTOCOL, false, NOT_SOCKS },
	{ "one octet of it", OF("2"), false, EX_PROTOCOL, false, NOT_SOCKS },
	{ "SOCKS4", OF("\0\x5a\0\0\0\0\0\0"), false, EX_PROTOCOL, false,
	    NOT_SOCKS },
	{ "another version at first", OF("\1\0"), false, EX_PROTOCOL, false,
	    NOT_SOCKS },
	{ "another version later", OF("\5\0\1\0\0\1\0\0\0\0\0\0"), false,
	    EX_PROTOCOL, false, NOT_SOCKS },
	{ "another version at the password", OF("\5\2\5\0"), true,
	    EX_PROTOCOL, false, NOT_SOCKS },
	{ "a kind of address", OF("\5\0\5\0\0\2\0\0\0\0\0\0"), false,
	    EX_PROTOCOL, false, NOT_SOCKS },
	{ "nothing", OF(""), false, EX_UNAVAILABLE, true, CLOSED },
	{ "half a method", OF("\5"), false, EX_UNAVAILABLE, true, CLOSED },
	{ "no verdict", OF("\5\2\1"), true, EX_UNAVAILABLE, true, CLOSED },
	{ "no reply", OF("\5\0"), false, EX_UNAVAILABLE, true, CLOSED },
	{ "half a reply", OF("\5\0\5\0\0\1\0\0"), false, EX_UNAVAILABLE,
	    true, CLOSED },
};

static void
each_failure_of_the_proxy_has_its_words(void **state)
{
	static const struct socks with = { "me", "Canary-7" };
	static const struct socks without = { NULL, NULL };
	struct session s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(failures); i++) {
		print_message("%s\n", failures[i].label);
		negotiate(&s, failures[i].has_password ? &with : &without,
		    "relay.test", failures[i].answer, true, 5000);
		assert_false(s.ok);
		assert_string_equal(s.err.text, failures[i].text);
		assert_int_equal(s.err.stage, STAGE_CONNECT);
		assert_int_equal(s.err.exit_code, failures[i].exit_code);
		assert_int_equal(s.err.temporary, failures[i].is_temporary);
		assert_null(strstr(s.err.fix, "Canary"));
		end(&s);
	}
}

static void
a_silent_proxy_runs_into_the_limit(void **state)
{
	static const struct socks proxy = { NULL, NULL };
	static const struct span answer = OF("\5");
	struct session s;

	(void)state;
	negotiate(&s, &proxy, "relay.test", answer, false, 30);
	assert_false(s.ok);
	assert_string_equal(s.err.text, "no answer of the proxy within "
	    "0.030 s");
	assert_true(s.err.temporary);
	assert_int_equal(s.err.stage, STAGE_CONNECT);
	end(&s);
}

static void
a_word_that_socks_can_not_say_is_refused(void **state)
{
	static const struct span answer = OF("\5\2\1\0");
	char word[SOCKS_WORD_MAX + 2];
	struct socks proxy = { "me", word };
	struct session s;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	negotiate(&s, &proxy, "relay.test", answer, false, 5000);
	assert_false(s.ok);
	assert_int_equal(s.err.exit_code, EX_CONFIG);
	assert_string_equal(s.err.text, "a name, user or password has more "
	    "than 255 octets, which SOCKS5 can't say");
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_kind_of_relay_is_asked_for_as_rfc_1928_has_it),
		cmocka_unit_test(the_relays_greeting_is_left_to_the_session),
		cmocka_unit_test(each_failure_of_the_proxy_has_its_words),
		cmocka_unit_test(a_silent_proxy_runs_into_the_limit),
		cmocka_unit_test(a_word_that_socks_can_not_say_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
