/*
 * A whole session: the input's first octet chooses what the client wants, the
 * rest is what the relay says. A "|" ends what it says at a time: the first
 * part is there when the session begins, each other comes after a send of the
 * client, and behind the last one the relay hangs up. All limits are 0, so that
 * nothing is waited for.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"
#include "smtp/session.h"
#include "smtp/transfer.h"

#define CANARY "hunter2-canary"
#define CANARY_BASE64 "aHVudGVyMi1jYW5hcn"	/* but for its last octet */
#define CANARY_PLAIN "AG1lAGh1bnRlcjItY2FuYXJ5"	/* with "me" before it */

#define ESCAPE_DIGITS 3		/* "xNN" of "\\xNN" */

#define WITH_AUTH 1
#define WITH_TWO 2		/* recipients */
#define WITH_LARGE_BODY 4	/* more than one block */
#define WITH_STARTTLS 8

#define LARGE_BODY (150UL << 10)

static const char header[] = "From: a@example.org\n";
static const char body[] = "one\n.\ntwo\r.\rthree\n..\n";
static const char end_of_data[] = "\r\n.\r\n";

struct peer {
	int fd;			/* the relay's end; -1 once it hung up */
	struct span script;	/* not said yet */
	struct span said;	/* last */
	struct span before;	/* all that was said before the end of the
				 * message, with the "|"s */
	struct span answer;	/* said behind it */
	int client_fd;
	const struct stream *stream;
	bool in_tls;
	struct buf heard;
	size_t body_at;		/* in `heard`, behind DATA; 0: not there */
	bool heard_end;		/* of the message */
};

/* The one peer; send() has no other way to it. */
static struct peer **
the_peer(void)
{
	static struct peer *peer;

	return &peer;
}

static void
speak(struct peer *p)
{
	size_t n = span_find(p->script, '|');
	struct span all;

	if (p->fd < 0)
		return;
	p->said = span_make(p->script.data, n);
	for (all = p->said; all.len > 0;) {
		ssize_t sent = send(p->fd, all.data, all.len, MSG_NOSIGNAL |
		    MSG_DONTWAIT);

		if (sent < 0)
			break;
		all = span_skip(all, (size_t)sent);
	}
	p->said.len -= all.len;
	if (n == p->script.len)
		FUZZ_CHECK(shutdown(p->fd, SHUT_WR) == 0);
	p->script = span_skip(p->script, n + 1);
}

static void
listen_to(struct peer *p)
{
	char block[65536];
	ssize_t n;

	while ((n = recv(p->fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		text_put(&p->heard, span_make(block, (size_t)n));
}

/* Whether the message has ended with what was heard just now. */
static bool
hears_end(struct peer *p)
{
	struct span all = buf_span(&p->heard);
	size_t n;

	if (p->body_at == 0) {
		n = fuzz_find(all, span_of("\r\nDATA\r\n"));
		if (n < all.len)
			p->body_at = n + strlen("\r\nDATA\r\n");
	}
	return p->body_at > 0 && !p->heard_end && all.len - p->body_at >=
	    strlen(end_of_data) && memcmp(all.data + all.len -
	    strlen(end_of_data), end_of_data, strlen(end_of_data)) == 0;
}

/*
 * Whatever leaves, nothing that the relay said before is left unread: it could
 * be taken for the reply. QUIT, and a handshake under way, can't be wrong.
 */
static void
check_silence(struct peer *p, struct span bytes)
{
	int waiting = 0;

	if (p->in_tls || span_equals(bytes, span_of("QUIT\r\n")))
		return;
	FUZZ_CHECK(ioctl(p->client_fd, FIONREAD, &waiting) == 0);
	FUZZ_CHECK(waiting == 0);
	FUZZ_CHECK(stream_input(p->stream).len == 0);
	/* A TLS record: the ClientHello. */
	p->in_tls = bytes.len > 0 && bytes.data[0] == 0x16;
}

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);

/* The client's send is the relay's turn. */
ssize_t
__wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	struct peer *p = *the_peer();
	bool is_end;
	ssize_t n;

	if (p == NULL || fd != p->client_fd)
		return __real_send(fd, bytes, size, flags);
	check_silence(p, span_make(bytes, size));
	n = __real_send(fd, bytes, size, flags);
	if (n <= 0)
		return n;
	listen_to(p);
	is_end = hears_end(p);
	if (is_end)
		p->before.len -= p->script.len;
	speak(p);
	if (is_end) {
		p->heard_end = true;
		p->answer = p->said;
	}
	return n;
}

static void
make_body(struct buf *out, int wishes)
{
	text_put(out, span_of(body));
	while ((wishes & WITH_LARGE_BODY) != 0 && out->len < LARGE_BODY)
		text_put(out, span_of("a line that says little\n"));
}

static void
make_envelope(struct envelope *e, int wishes)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };

	FUZZ_CHECK(address_parse_list(&list, span_of((wishes & WITH_TWO) != 0 ?
	    "x@example.net, y@example.net" : "x@example.net"), "test", 2,
	    &err));
	FUZZ_CHECK(envelope_add(e, &list, NULL, &err));
	address_list_free(&list);
	e->reverse_path = pool_string(&e->strings, "a@example.org");
}

/* Digits of a 250 to the message, by a second reading of the grammar. */
static bool
begins_with_250(struct span s)
{
	size_t n;

	for (;;) {
		n = span_find(s, '\n');
		if (n < 4 || n == s.len || s.data[n - 1] != '\r' ||
		    memcmp(s.data, "250", 3) != 0 ||
		    memchr(s.data, '\0', n) != NULL)
			return false;
		if (n == 4 || s.data[3] == ' ')
			return true;
		if (s.data[3] != '-')
			return false;
		s = span_skip(s, n + 1);
	}
}

static size_t
count(struct span s, const char *needle)
{
	size_t n = 0, at;

	while ((at = fuzz_find(s, span_of(needle))) < s.len) {
		s = span_skip(s, at + 1);
		n++;
	}
	return n;
}

/* No refusal stands anywhere before the end of the message. */
static bool
is_all_positive(struct span said)
{
	bool at_line_start = true;
	size_t i;

	for (i = 0; i < said.len; i++) {
		if (at_line_start && said.data[i] != '|' &&
		    said.data[i] != '2' && said.data[i] != '3')
			return false;
		at_line_start = said.data[i] == '\n' || said.data[i] == '|';
	}
	return true;
}

static void
check_delivered(const struct peer *p, int progress, int wishes)
{
	struct span heard = buf_span(&p->heard);

	FUZZ_CHECK(progress == PROGRESS_ACCEPTED);
	FUZZ_CHECK(p->heard_end);
	FUZZ_CHECK(begins_with_250(p->answer));
	/* EHLO may have been refused where HELO was not. */
	FUZZ_CHECK(fuzz_contains(heard, "\r\nHELO ") ||
	    is_all_positive(p->before));
	FUZZ_CHECK((wishes & WITH_STARTTLS) == 0);
	FUZZ_CHECK(count(heard, "MAIL FROM:<") == 1);
	FUZZ_CHECK(count(heard, "RCPT TO:<") ==
	    ((wishes & WITH_TWO) != 0 ? 2 : 1));
	FUZZ_CHECK((wishes & WITH_AUTH) == 0 || count(heard, "AUTH ") == 1);
}

static void
check_failed(const struct peer *p, const struct error *err, int progress)
{
	bool is_refusal = err->reply_code >= 400;

	fuzz_check_error(err);
	FUZZ_CHECK(progress != PROGRESS_ACCEPTED);
	FUZZ_CHECK(!err->uncertain || progress == PROGRESS_MESSAGE_OUT);
	FUZZ_CHECK(progress != PROGRESS_MESSAGE_OUT || is_refusal ||
	    err->uncertain);
	FUZZ_CHECK(!err->uncertain || err->exit_code == EX_PROTOCOL);
	FUZZ_CHECK(!p->heard_end || progress == PROGRESS_MESSAGE_OUT);
	FUZZ_CHECK(progress == PROGRESS_NONE || p->heard_end);
}

/* In clear nothing but QUIT comes behind STARTTLS, and no handshake passes. */
static void
check_starttls(const struct peer *p)
{
	struct span heard = buf_span(&p->heard);

	FUZZ_CHECK(!fuzz_contains(heard, "\r\nAUTH"));
	FUZZ_CHECK(!fuzz_contains(heard, "\r\nMAIL"));
	FUZZ_CHECK(count(heard, "EHLO ") <= 1);
}

static void
check_secrecy(struct span transcript, struct span input,
    const struct error *err)
{
	static const char *const secrets[] = { CANARY, CANARY_BASE64,
		CANARY_PLAIN };
	size_t i;

	FUZZ_CHECK(fuzz_is_printable(transcript));
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		/* What the relay quotes; an escape may give the begin of it. */
		if (fuzz_contains(input, secrets[i] + ESCAPE_DIGITS))
			continue;
		FUZZ_CHECK(!fuzz_contains(transcript, secrets[i]));
		FUZZ_CHECK(strstr(err->command, secrets[i]) == NULL);
		FUZZ_CHECK(strstr(err->text, secrets[i]) == NULL);
		FUZZ_CHECK(strstr(err->reply, secrets[i]) == NULL);
	}
}

/* One session; the rest of it is set up. */
static bool
hold(struct session *session, struct stream *stream, struct span text,
    const struct session_params *params, int wishes, struct error *err)
{
	struct envelope envelope = { 0 };
	const struct message message = { .body = text };
	struct encode encode;
	struct transfer transfer = { .envelope = &envelope, .encode = &encode };
	bool ok;

	make_envelope(&envelope, wishes);
	encode_begin(&encode, ENCODE_AUTO, &message, span_of(header));
	session_begin(session, stream, params);
	ok = session_open(session, err) &&
	    transfer_message(session, &transfer, err);
	session_end(session);
	encode_free(&encode);
	envelope_free(&envelope);
	return ok;
}

static bool
run_session(struct peer *p, int fd, int wishes, const struct trace *trace,
    volatile sig_atomic_t *progress, struct error *err)
{
	/* A pinned certificate needs no system's trust. */
	const struct tls_params tls = { .name = "relay.test",
	    .fingerprint = "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef" };
	const struct sasl_credentials credentials = { "me", span_of(CANARY) };
	bool is_starttls = (wishes & WITH_STARTTLS) != 0, ok;
	struct session_params params = {
		.ehlo = "client.example.org",
		.tls = is_starttls ? SESSION_TLS_STARTTLS : SESSION_TLS_NONE,
		.credentials = (wishes & WITH_AUTH) != 0 ? &credentials : NULL,
		.mechanisms = ~0U,
		.is_loopback = true,
		.host = "relay.test",
		.port = 25,
		.peer = "relay.test:25",
		.run = limit_in(STAGE_NONE, "end", "total_timeout", 0),
		.trace = trace,
		.progress = progress,
	};
	struct stream stream;
	struct session session;
	struct buf text;

	FUZZ_CHECK(!is_starttls || tls_context_new(&params.tls_context, &tls,
	    err));
	buf_init(&text, BUF_UNLIMITED);
	make_body(&text, wishes);
	stream_begin(&stream, fd);
	p->client_fd = fd;
	p->stream = &stream;
	*the_peer() = p;
	speak(p);
	ok = hold(&session, &stream, buf_span(&text), &params, wishes, err);
	*the_peer() = NULL;
	stream_free(&stream);
	tls_context_free(params.tls_context);
	buf_free(&text);
	return ok;
}

static void
play(struct peer *p, int fd, int wishes, struct span input)
{
	volatile sig_atomic_t progress = PROGRESS_NONE;
	struct trace trace = { fuzz_file(span_make("", 0)), 2, clock_ms(),
		NULL, false, NULL };
	struct error err = { 0 };
	struct buf transcript;
	bool ok;

	ok = run_session(p, fd, wishes, &trace, &progress, &err);
	FUZZ_CHECK(ok != error_is_set(&err));
	if (ok)
		check_delivered(p, progress, wishes);
	else
		check_failed(p, &err, progress);
	if ((wishes & WITH_STARTTLS) != 0)
		check_starttls(p);
	fuzz_read_back(trace.fd, &transcript);
	check_secrecy(buf_span(&transcript), input, &err);
	buf_free(&transcript);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer peer;
	int ends[2];

	if (size == 0)
		return 0;
	memset(&peer, 0, sizeof(peer));
	buf_init(&peer.heard, BUF_UNLIMITED);
	peer.script = fuzz_span(data + 1, size - 1);
	peer.before = peer.script;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ==
	    0);
	FUZZ_CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	peer.fd = ends[1];
	play(&peer, ends[0], data[0], fuzz_span(data, size));
	FUZZ_CHECK(close(ends[1]) == 0);
	buf_free(&peer.heard);
	return 0;
}
