#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "support/peer.h"
#include "support/program.h"

#define PATIENCE 30000

/* One TLS connection: the server's side in a child, ours here. */
struct link {
	const struct scratch *scratch;
	struct tls_peer peer;
	struct tls_context *context;
	struct stream stream;
	struct error err;
	bool is_up;
};

static struct limit
patient(enum stage stage)
{
	return limit_in(stage, "TLS handshake", "connect_timeout", PATIENCE);
}

/* peer.* and, where they matter, certificates are set before. */
static void
link_begin(struct link *l, void **state)
{
	struct limit limit = patient(STAGE_TLS);
	struct tls_params params = { .name = "relay.test" };
	char *ca;
	int fd;

	l->scratch = *state;
	l->peer.dir = l->scratch->path;
	if (l->peer.cut_after == 0)
		l->peer.cut_after = TLS_PEER_NEVER;
	ca = scratch_path(l->scratch, "ca.pem");
	params.ca_file = ca;
	assert_true(tls_context_new(&l->context, &params, &l->err));
	assert_true(tls_peer_start(&l->peer, &fd));
	stream_begin(&l->stream, fd);
	l->is_up = tls_handshake(&l->stream, l->context, &limit, NULL,
	    &l->err);
	mem_free(ca);
}

/* Whether the server's script went well. */
static bool
link_end(struct link *l)
{
	stream_free(&l->stream);
	tls_context_free(l->context);
	return tls_peer_end(&l->peer);
}

static void
say(struct link *l, const char *text)
{
	struct limit limit = patient(STAGE_MAIL);

	assert_true(stream_write(&l->stream, span_of(text), &limit, &l->err));
}

static void
hear(struct link *l, const char *text)
{
	struct limit limit = patient(STAGE_MAIL);
	size_t len = strlen(text);

	while (stream_input(&l->stream).len < len) {
		assert_true(stream_fill(&l->stream, &limit, &l->err));
		assert_false(l->stream.at_end);
	}
	assert_memory_equal(stream_input(&l->stream).data, text, len);
	stream_consume(&l->stream, len);
}

static bool
says_and_hears(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	return tls_peer_say(session, "220 relay.test\r\n") &&
	    tls_peer_hear(session, "EHLO me\r\n") &&
	    tls_peer_say(session, "250 ok\r\n") &&
	    tls_peer_hear(session, "QUIT\r\n");
}

static void
converse(struct link *l)
{
	hear(l, "220 relay.test\r\n");
	say(l, "EHLO me\r\n");
	hear(l, "250 ok\r\n");
	say(l, "QUIT\r\n");
}

static const struct {
	const char *priority, *begin;
} versions[] = {
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", "TLS1.3 " },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2 " },
};

static void
both_versions_carry_a_conversation(void **state)
{
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		memset(&l, 0, sizeof(l));
		l.peer.priority = versions[i].priority;
		l.peer.script = says_and_hears;
		link_begin(&l, state);
		assert_true(l.is_up);
		assert_memory_equal(tls_description(&l.stream),
		    versions[i].begin, strlen(versions[i].begin));
		converse(&l);
		stream_close(&l.stream);
		assert_true(link_end(&l));
	}
}

/* The server tells the data as it sees them. */
static bool
says_its_binding(struct tls_peer *p, gnutls_session_t session)
{
	gnutls_datum_t data = { NULL, 0 };
	bool ok;

	(void)p;
	ok = gnutls_session_channel_binding(session,
	    gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 ?
	    GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_SERVER_END_POINT,
	    &data) == 0 && data.size == 32 && gnutls_record_send(session,
	    data.data, data.size) == (ssize_t)data.size;
	gnutls_free(data.data);
	return ok;
}

/* SHA-256 of good.pem, which is signed with that. */
static void
assert_end_point(const struct scratch *scratch, struct span data)
{
	char *path = scratch_path(scratch, "good.pem");
	unsigned char hash[32];
	size_t size = sizeof(hash);
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem;

	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &pem,
	    GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_fingerprint(certificate,
	    GNUTLS_DIG_SHA256, hash, &size), 0);
	assert_memory_equal(data.data, hash, sizeof(hash));
	gnutls_x509_crt_deinit(certificate);
	gnutls_free(pem.data);
	mem_free(path);
}

static void
the_channel_binding_is_the_same_at_both_ends(void **state)
{
	static const char *const types[] = { "tls-exporter",
		"tls-server-end-point" };
	struct limit limit = patient(STAGE_AUTH);
	const char *type;
	struct buf data;
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		memset(&l, 0, sizeof(l));
		l.peer.priority = versions[i].priority;
		l.peer.script = says_its_binding;
		link_begin(&l, state);
		assert_true(l.is_up);
		buf_init(&data, BUF_UNLIMITED);
		assert_true(tls_channel_binding(&l.stream, &type, &data));
		assert_string_equal(type, types[i]);
		while (stream_input(&l.stream).len < 32)
			assert_true(stream_fill(&l.stream, &limit, &l.err));
		assert_true(span_equals(stream_input(&l.stream),
		    buf_span(&data)));
		if (i == 1)
			assert_end_point(l.scratch, buf_span(&data));
		buf_free(&data);
		assert_true(link_end(&l));
	}
}

static void
without_tls_there_is_no_channel_binding(void **state)
{
	const char *type = "";
	struct stream stream;
	struct buf data;
	int ours, theirs;

	(void)state;
	assert_true(peer_tcp(&ours, &theirs));
	stream_begin(&stream, ours);
	buf_init(&data, BUF_UNLIMITED);
	assert_false(tls_channel_binding(&stream, &type, &data));
	assert_null(type);
	assert_int_equal(data.len, 0);
	stream_free(&stream);
	(void)close(theirs);
}

static void
one_octet_at_a_time_is_enough(void **state)
{
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		memset(&l, 0, sizeof(l));
		l.peer.priority = versions[i].priority;
		l.peer.script = says_and_hears;
		l.peer.is_bytewise = true;
		link_begin(&l, state);
		assert_true(l.is_up);
		converse(&l);
		assert_true(link_end(&l));
	}
}

static bool
sends_tickets_around(struct tls_peer *p, gnutls_session_t session)
{
	bool ok;

	ok = gnutls_session_ticket_send(session, 2, 0) == 0;
	tls_peer_signal(p);
	ok = ok && tls_peer_hear(session, "EHLO me\r\n") &&
	    gnutls_session_ticket_send(session, 1, 0) == 0 &&
	    tls_peer_say(session, "250 ok\r\n") &&
	    gnutls_session_ticket_send(session, 1, 0) == 0;
	tls_peer_signal(p);
	return ok && tls_peer_hear(session, "QUIT\r\n");
}

static void
tickets_are_not_words_of_the_peer(void **state)
{
	struct limit limit = patient(STAGE_BODY);
	struct link l = { 0 };
	bool waiting = true, interrupted = true;

	l.peer.priority = versions[0].priority;
	l.peer.script = sends_tickets_around;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_true(tls_peer_await(&l.peer));
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	assert_true(stream_write_block(&l.stream, span_of("EHLO me\r\n"),
	    &limit, &interrupted, &l.err));
	assert_false(interrupted);
	assert_true(tls_peer_await(&l.peer));
	/* The reply stands behind a ticket and must be seen at once. */
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_true(waiting);
	hear(&l, "250 ok\r\n");
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	assert_false(l.stream.at_end);
	say(&l, "QUIT\r\n");
	assert_true(link_end(&l));
}

static bool
updates_its_keys(struct tls_peer *p, gnutls_session_t session)
{
	bool ok;

	ok = gnutls_session_key_update(session, GNUTLS_KU_PEER) == 0;
	tls_peer_signal(p);
	return ok && tls_peer_hear(session, "EHLO me\r\n") &&
	    tls_peer_say(session, "250 ok\r\n") &&
	    gnutls_session_key_update(session, 0) == 0 &&
	    tls_peer_say(session, "220 go\r\n") &&
	    tls_peer_hear(session, "QUIT\r\n");
}

static void
key_updates_are_dealt_with_inside(void **state)
{
	struct link l = { 0 };
	bool waiting = true;

	l.peer.priority = versions[0].priority;
	l.peer.script = updates_its_keys;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_true(tls_peer_await(&l.peer));
	assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting, &l.err));
	assert_false(waiting);
	say(&l, "EHLO me\r\n");
	hear(&l, "250 ok\r\n220 go\r\n");
	say(&l, "QUIT\r\n");
	assert_true(link_end(&l));
}

static bool
says_goodbye(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	return tls_peer_say(session, "250 ok\r\n") &&
	    gnutls_bye(session, GNUTLS_SHUT_WR) == 0;
}

static bool
just_leaves(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	return tls_peer_say(session, "250 ok\r\n");
}

static void
the_end_is_the_end_with_or_without_close_notify(void **state)
{
	tls_peer_script *const scripts[] = { says_goodbye, just_leaves };
	struct limit limit = patient(STAGE_MAIL);
	struct link l;
	size_t i;
	bool waiting;

	for (i = 0; i < 4; i++) {
		memset(&l, 0, sizeof(l));
		l.peer.priority = versions[i / 2].priority;
		l.peer.script = scripts[i % 2];
		link_begin(&l, state);
		assert_true(l.is_up);
		hear(&l, "250 ok\r\n");
		assert_true(stream_fill(&l.stream, &limit, &l.err));
		assert_true(l.stream.at_end);
		assert_true(stream_poll(&l.stream, STAGE_MAIL, &waiting,
		    &l.err));
		assert_false(waiting);
		assert_true(link_end(&l));
	}
}

static bool
resets_in_a_record(struct tls_peer *p, gnutls_session_t session)
{
	bool ok = tls_peer_say(session, "250 ok\r\n");

	p->cut_after = p->sent + 9;
	p->resets = true;
	(void)tls_peer_say(session, "more than that");
	(void)tls_peer_say(session, "never gets here");
	return ok;
}

static void
a_connection_lost_in_a_record_is_temporary(void **state)
{
	struct limit limit = patient(STAGE_MAIL);
	struct link l = { 0 };

	l.peer.script = resets_in_a_record;
	link_begin(&l, state);
	assert_true(l.is_up);
	hear(&l, "250 ok\r\n");
	assert_false(stream_fill(&l.stream, &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_MAIL);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(l.err.sys_errno, ECONNRESET);
	assert_true(l.err.temporary);
	assert_non_null(strstr(l.err.text, "connection lost while reading: "));
	error_clear(&l.err);
	assert_false(stream_write(&l.stream, span_of("MAIL\r\n"), &limit,
	    &l.err));
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	(void)link_end(&l);
}

static bool
sends_an_alert(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	return gnutls_alert_send(session, GNUTLS_AL_FATAL,
	    GNUTLS_A_INTERNAL_ERROR) == 0;
}

static bool
speaks_out_of_turn(struct tls_peer *p, gnutls_session_t session)
{
	static const char record[] =
	    "\x17\x03\x03\x00\x20 this isn't a record, but looks..";

	(void)session;
	return send(p->fd, record, 5 + 32, 0) == 5 + 32;
}

static bool
negotiates_again(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	(void)gnutls_rehandshake(session);
	return true;
}

static bool
warns_without_end(struct tls_peer *p, gnutls_session_t session)
{
	int i;

	for (i = 0; i < 1100; i++)
		if (gnutls_alert_send(session, GNUTLS_AL_WARNING,
		    GNUTLS_A_USER_CANCELED) != 0)
			return false;
	tls_peer_signal(p);
	(void)tls_peer_hear(session, "nothing");
	return true;
}

static const struct {
	const char *label;
	size_t version;
	tls_peer_script *script;
	bool is_awaited;
	const char *text;
} breaks[] = {
	{ "alert", 0, sends_an_alert, false,
	    "TLS broke while reading: the relay sent the alert "
	    "'Internal error'" },
	{ "alert", 1, sends_an_alert, false,
	    "TLS broke while reading: the relay sent the alert "
	    "'Internal error'" },
	{ "garbage", 0, speaks_out_of_turn, false,
	    "TLS broke while reading: " },
	{ "garbage", 1, speaks_out_of_turn, false,
	    "TLS broke while reading: " },
	{ "renegotiation", 1, negotiates_again, false,
	    "TLS broke while reading: the relay wants to negotiate again" },
	{ "warnings", 1, warns_without_end, true,
	    "TLS broke while reading: too many records without data" },
};

static void
what_breaks_tls_later_breaks_the_protocol(void **state)
{
	struct limit limit = patient(STAGE_RCPT);
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		memset(&l, 0, sizeof(l));
		l.peer.priority = versions[breaks[i].version].priority;
		l.peer.script = breaks[i].script;
		link_begin(&l, state);
		assert_true(l.is_up);
		if (breaks[i].is_awaited)
			assert_true(tls_peer_await(&l.peer));
		if (stream_fill(&l.stream, &limit, &l.err))
			fail_msg("%s passed", breaks[i].label);
		assert_int_equal(l.err.stage, STAGE_RCPT);
		assert_int_equal(l.err.exit_code, EX_PROTOCOL);
		assert_false(l.err.temporary);
		assert_memory_equal(l.err.text, breaks[i].text,
		    strlen(breaks[i].text));
		assert_true(link_end(&l));
	}
}

#define FLIGHT (1UL << 20)

static bool
takes_a_long_flight(struct tls_peer *p, gnutls_session_t session)
{
	char piece[16384];
	size_t total = 0;
	ssize_t n;

	(void)p;
	while (total < FLIGHT) {
		n = gnutls_record_recv(session, piece, sizeof(piece));
		if (n <= 0)
			return false;
		total += (size_t)n;
	}
	return total == FLIGHT && tls_peer_say(session, "250 ok\r\n");
}

static void
flights_are_gathered_into_few_sends(void **state)
{
	struct limit limit = patient(STAGE_BODY);
	char *zeros = mem_alloc(FLIGHT);
	struct link l = { 0 };
	unsigned long before;

	l.peer.script = takes_a_long_flight;
	link_begin(&l, state);
	assert_true(l.is_up);
	before = l.stream.sends;
	/* Three records, and one send. */
	assert_true(stream_write(&l.stream, span_make(zeros, 40000), &limit,
	    &l.err));
	assert_int_equal(l.stream.sends, before + 1);
	assert_true(stream_write(&l.stream, span_make(zeros, FLIGHT - 40000),
	    &limit, &l.err));
	hear(&l, "250 ok\r\n");
	assert_true(link_end(&l));
	mem_free(zeros);
}

static bool
takes_what_comes(struct tls_peer *p, gnutls_session_t session)
{
	char piece[16384];

	(void)p;
	while (gnutls_record_recv(session, piece, sizeof(piece)) > 0)
		continue;
	return true;
}

/* The peer sleeps until the socket is full and our time is up. */
static void
what_was_given_up_never_leaves(void **state)
{
	struct limit soon = limit_in(STAGE_BODY, "message", NULL, 200);
	struct link l = { 0 };
	size_t size = 64UL << 20;
	char *zeros = mem_alloc(size);
	bool waiting = false;
	unsigned long before;
	int queued = 1;

	l.peer.script = takes_what_comes;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_int_equal(kill(l.peer.pid, SIGSTOP), 0);
	assert_false(stream_write(&l.stream, span_make(zeros, size), &soon,
	    &l.err));
	before = l.stream.sends;
	assert_int_equal(kill(l.peer.pid, SIGCONT), 0);
	while (queued > 0) {
		assert_int_equal(ioctl(l.stream.fd, SIOCOUTQ, &queued), 0);
		(void)poll(NULL, 0, 1);
	}
	assert_true(stream_poll(&l.stream, STAGE_BODY, &waiting, &l.err));
	stream_close(&l.stream);
	assert_int_equal(l.stream.sends, before);
	assert_true(link_end(&l));
	mem_free(zeros);
}

static bool
interrupts(struct tls_peer *p, gnutls_session_t session)
{
	bool ok = tls_peer_say(session, "552 too big\r\n");

	tls_peer_signal(p);
	return ok && tls_peer_hear(session, "QUIT\r\n");
}

static void
a_word_of_the_peer_interrupts_a_block(void **state)
{
	struct limit limit = patient(STAGE_BODY);
	struct link l = { 0 };
	bool interrupted = false;

	l.peer.script = interrupts;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_true(tls_peer_await(&l.peer));
	assert_true(stream_write_block(&l.stream, span_of("text\r\n"), &limit,
	    &interrupted, &l.err));
	assert_true(interrupted);
	hear(&l, "552 too big\r\n");
	say(&l, "QUIT\r\n");
	assert_true(link_end(&l));
}

static bool
does_not_read(struct tls_peer *p, gnutls_session_t session)
{
	struct pollfd gone = { p->fd, 0, 0 };

	(void)session;
	(void)poll(&gone, 1, PATIENCE);
	return true;
}

static void
a_peer_that_does_not_read_is_out_of_time(void **state)
{
	const size_t size = 16 << 20;
	struct limit limit = limit_in(STAGE_RCPT, "write", NULL, 100);
	char *zeros = mem_alloc(size);
	struct link l = { 0 };

	l.peer.script = does_not_read;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_false(stream_write(&l.stream, span_make(zeros, size), &limit,
	    &l.err));
	assert_string_equal(l.err.text, "no write within 0.100 s");
	assert_true(l.err.temporary);
	assert_true(link_end(&l));
	mem_free(zeros);
}

static bool
is_silent(struct tls_peer *p, gnutls_session_t session)
{
	(void)p;
	return tls_peer_hear(session, "QUIT\r\n");
}

static void
a_time_limit_is_never_taken_for_again(void **state)
{
	struct limit limit = limit_in(STAGE_RCPT, "reply", NULL, 50);
	struct link l = { 0 };

	l.peer.script = is_silent;
	link_begin(&l, state);
	assert_true(l.is_up);
	assert_false(stream_fill(&l.stream, &limit, &l.err));
	assert_int_equal(l.err.stage, STAGE_RCPT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	assert_string_equal(l.err.text, "no reply within 0.050 s");
	say(&l, "QUIT\r\n");
	assert_true(link_end(&l));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_carry_a_conversation),
		cmocka_unit_test(the_channel_binding_is_the_same_at_both_ends),
		cmocka_unit_test(without_tls_there_is_no_channel_binding),
		cmocka_unit_test(one_octet_at_a_time_is_enough),
		cmocka_unit_test(tickets_are_not_words_of_the_peer),
		cmocka_unit_test(key_updates_are_dealt_with_inside),
		cmocka_unit_test(
		    the_end_is_the_end_with_or_without_close_notify),
		cmocka_unit_test(a_connection_lost_in_a_record_is_temporary),
		cmocka_unit_test(what_breaks_tls_later_breaks_the_protocol),
		cmocka_unit_test(flights_are_gathered_into_few_sends),
		cmocka_unit_test(what_was_given_up_never_leaves),
		cmocka_unit_test(a_word_of_the_peer_interrupts_a_block),
		cmocka_unit_test(a_peer_that_does_not_read_is_out_of_time),
		cmocka_unit_test(a_time_limit_is_never_taken_for_again),
	};

	return cmocka_run_group_tests(tests, tls_peer_group_begin,
	    tls_peer_group_end);
}
