#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "support/peer.h"
#include "support/program.h"

#define PATIENCE 30000
#define VERSION_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define VERSION_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static struct limit
patient(void)
{
	return limit_in(STAGE_TLS, "TLS handshake", "connect_timeout",
	    PATIENCE);
}

/* A handshake with a socket that answers with `bytes` and closes, or not. */
static bool
shake_with(const struct scratch *scratch, struct span bytes, bool closes,
    bool resets, int64_t ms, struct error *err)
{
	const struct linger at_once = { 1, 0 };
	struct limit limit = limit_in(STAGE_TLS, "TLS handshake",
	    "connect_timeout", ms);
	struct tls_params params = { .name = "relay.test" };
	struct tls_context *context;
	struct stream stream;
	char *ca = scratch_path(scratch, "ca.pem");
	int ours, theirs;
	bool ok;

	error_clear(err);
	params.ca_file = ca;
	assert_true(tls_context_new(&context, &params, err));
	assert_true(peer_tcp(&ours, &theirs));
	assert_int_equal(send(theirs, bytes.data, bytes.len, 0), bytes.len);
	if (resets)
		assert_int_equal(setsockopt(theirs, SOL_SOCKET, SO_LINGER,
		    &at_once, sizeof(at_once)), 0);
	if (resets)
		(void)close(theirs);
	else if (closes)
		(void)shutdown(theirs, SHUT_WR);
	stream_begin(&stream, ours);
	ok = tls_handshake(&stream, context, &limit, NULL, err);
	stream_free(&stream);
	tls_context_free(context);
	mem_free(ca);
	if (!resets)
		(void)close(theirs);
	return ok;
}

static const struct {
	const char *bytes;
	size_t size;
	bool closes, resets;
	const char *text, *hint;
	int exit_code;
	bool temporary;
} answers[] = {
	{ "220 relay.test ESMTP\r\n", 22, false, false, "the relay speaks in "
	    "clear text where TLS was expected", "H18", EX_PROTOCOL, false },
	{ "2", 1, true, false, "the relay speaks in clear text where TLS was "
	    "expected", "H18", EX_PROTOCOL, false },
	{ "554-no\r\n", 8, true, false, "the relay speaks in clear text where "
	    "TLS was expected", "H18", EX_PROTOCOL, false },
	{ "* OK IMAP4\r\n", 12, false, false, "the TLS handshake failed: ",
	    NULL, EX_PROTOCOL, false },
	{ "\x15\x03\x03\x00\x02\x02\x46", 7, true, false, "the TLS handshake "
	    "failed: the relay sent the alert 'Error in protocol version'",
	    NULL, EX_PROTOCOL, false },
	{ "", 0, true, false, "the connection was closed in the TLS handshake",
	    NULL, EX_UNAVAILABLE, true },
	{ "\x16\x03\x03", 3, true, false, "the connection was closed in the "
	    "TLS handshake", NULL, EX_UNAVAILABLE, true },
	{ "", 0, true, true, "the connection was lost in the TLS handshake: ",
	    NULL, EX_UNAVAILABLE, true },
};

static void
whatever_is_no_handshake_has_its_own_words(void **state)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_false(shake_with(*state, span_make(answers[i].bytes,
		    answers[i].size), answers[i].closes, answers[i].resets,
		    PATIENCE, &err));
		assert_memory_equal(err.text, answers[i].text,
		    strlen(answers[i].text));
		assert_int_equal(err.stage, STAGE_TLS);
		assert_int_equal(err.exit_code, answers[i].exit_code);
		assert_int_equal(err.temporary, answers[i].temporary);
		assert_int_equal(err.hint == NULL, answers[i].hint == NULL);
		if (err.hint != NULL)
			assert_string_equal(err.hint, answers[i].hint);
	}
}

static void
a_silent_peer_is_out_of_time(void **state)
{
	struct error err = { 0 };

	assert_false(shake_with(*state, span_of(""), false, false, 50, &err));
	assert_string_equal(err.text, "no TLS handshake within 0.050 s");
	assert_non_null(strstr(err.cause, "connect_timeout"));
	assert_int_equal(err.exit_code, EX_UNAVAILABLE);
	assert_true(err.temporary);
	/* Half a record, too. */
	assert_false(shake_with(*state, span_make("\x16\x03\x03\x10", 4),
	    false, false, 50, &err));
	assert_string_equal(err.text, "no TLS handshake within 0.050 s");
}

static void
words_in_clear_before_the_handshake_end_it(void **state)
{
	struct limit limit = patient();
	struct tls_params params = { .name = "relay.test" };
	struct error err = { 0 };
	struct tls_context *context;
	struct stream stream;
	char *ca = scratch_path(*state, "ca.pem");
	int ours, theirs;

	params.ca_file = ca;
	assert_true(tls_context_new(&context, &params, &err));
	assert_true(peer_tcp(&ours, &theirs));
	stream_begin(&stream, ours);
	assert_int_equal(send(theirs, "250 x\r\n", 7, 0), 7);
	assert_true(stream_fill(&stream, &limit, &err));
	assert_false(tls_handshake(&stream, context, &limit, NULL, &err));
	assert_int_equal(err.stage, STAGE_TLS);
	assert_int_equal(err.exit_code, EX_PROTOCOL);
	assert_string_equal(err.text,
	    "7 octets came in clear before the TLS handshake");
	assert_string_equal(tls_description(&stream), "off");
	stream_free(&stream);
	tls_context_free(context);
	mem_free(ca);
	(void)close(theirs);
}

/* A handshake with the server of `peer`. */
static bool
shake(const struct scratch *scratch, struct tls_peer *peer,
    bool *went_well, struct error *err)
{
	struct limit limit = patient();
	struct tls_params params = { .name = "relay.test" };
	struct tls_context *context;
	struct stream stream;
	char *ca = scratch_path(scratch, "ca.pem");
	bool ok;
	int fd;

	error_clear(err);
	peer->dir = scratch->path;
	params.ca_file = ca;
	assert_true(tls_context_new(&context, &params, err));
	assert_true(tls_peer_start(peer, &fd));
	stream_begin(&stream, fd);
	ok = tls_handshake(&stream, context, &limit, NULL, err);
	if (ok)
		stream_close(&stream);
	stream_free(&stream);
	tls_context_free(context);
	mem_free(ca);
	*went_well = tls_peer_end(peer);
	return ok;
}

static void
nothing_below_tls_1_2_is_spoken(void **state)
{
	struct tls_peer peer = { .cut_after = TLS_PEER_NEVER,
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0" };
	struct error err;
	bool went_well;

	assert_false(shake(*state, &peer, &went_well, &err));
	assert_false(went_well);
	assert_int_equal(err.stage, STAGE_TLS);
	assert_int_equal(err.exit_code, EX_PROTOCOL);
	assert_false(err.temporary);
	assert_ptr_equal(strstr(err.text, "the TLS handshake failed: "),
	    err.text);
}

static void
a_warning_in_the_handshake_is_passed_over(void **state)
{
	struct tls_peer peer = { .cut_after = TLS_PEER_NEVER,
	    .priority = VERSION_1_2, .has_warning = true };
	struct error err;
	bool went_well;

	assert_true(shake(*state, &peer, &went_well, &err));
	assert_true(went_well);
}

/* The octets of the whole handshake are fewer than this. */
#define HANDSHAKE_MAX 4000

static void
cut_at_each(void **state, const char *priority, bool resets, size_t step)
{
	struct tls_peer peer;
	struct error err;
	size_t k, failures = 0;
	bool ignored;

	for (k = 1; k < HANDSHAKE_MAX; k += step) {
		memset(&peer, 0, sizeof(peer));
		peer.priority = priority;
		peer.cut_after = k;
		peer.resets = resets;
		if (shake(*state, &peer, &ignored, &err))
			break;
		failures++;
		assert_int_equal(err.stage, STAGE_TLS);
		assert_int_equal(err.exit_code, EX_UNAVAILABLE);
		assert_true(err.temporary);
		if (!resets)
			assert_string_equal(err.text,
			    "the connection was closed in the TLS handshake");
		else
			assert_non_null(strstr(err.text,
			    " in the TLS handshake"));
	}
	assert_true(k < HANDSHAKE_MAX);
	assert_true(failures > 10);
}

static void
the_end_at_any_octet_of_the_handshake_is_temporary(void **state)
{
	cut_at_each(state, VERSION_1_3, false, 3);
	cut_at_each(state, VERSION_1_2, false, 7);
}

static void
a_reset_at_any_octet_of_the_handshake_is_temporary(void **state)
{
	cut_at_each(state, VERSION_1_3, true, 29);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_no_handshake_has_its_own_words),
		cmocka_unit_test(a_silent_peer_is_out_of_time),
		cmocka_unit_test(words_in_clear_before_the_handshake_end_it),
		cmocka_unit_test(nothing_below_tls_1_2_is_spoken),
		cmocka_unit_test(a_warning_in_the_handshake_is_passed_over),
		cmocka_unit_test(
		    the_end_at_any_octet_of_the_handshake_is_temporary),
		cmocka_unit_test(
		    a_reset_at_any_octet_of_the_handshake_is_temporary),
	};

	return cmocka_run_group_tests(tests, tls_peer_group_begin,
	    tls_peer_group_end);
}
