#include "net/socks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"

#define VERSION '\5'
#define PASSWORD_VERSION '\1'	/* RFC 1929 */

#define METHOD_NONE '\0'
#define METHOD_PASSWORD '\2'
#define METHOD_REFUSED '\xff'

#define COMMAND_CONNECT '\1'

#define KIND_IPV4 '\1'
#define KIND_NAME '\3'
#define KIND_IPV6 '\4'

#define PORT_SIZE 2
#define REPLY_HEAD 4		/* version, reply, reserved, kind */

/* RFC 1928 section 6. */
static const struct {
	const char *words;
	bool is_temporary;
} replies[] = {
	{ "succeeded", false },
	{ "general failure", true },
	{ "its rules don't allow it", false },
	{ "network unreachable", true },
	{ "host unreachable", true },
	{ "connection refused", true },
	{ "TTL expired", true },
	{ "it doesn't know the command", false },
	{ "it doesn't know this kind of address", false },
};

#define REPLIES (sizeof(replies) / sizeof(replies[0]))

/* One exchange with the proxy. */
struct exchange {
	struct stream *stream;
	const struct socks *proxy;
	const struct limit *limit;
	struct error *err;
};

static bool
garbled(struct exchange *x)
{
	(void)error_set(x->err, STAGE_CONNECT, EX_PROTOCOL,
	    "the proxy doesn't speak SOCKS5");
	return error_fix(x->err, "set `proxy` to the host and port of a "
	    "SOCKS5 proxy");
}

/* Waits until `n` octets are there; they are borrowed and not consumed. */
static bool
receive(struct exchange *x, size_t n, struct span *got)
{
	for (;;) {
		*got = stream_input(x->stream);
		if (got->len > 0 && got->data[0] != VERSION &&
		    got->data[0] != PASSWORD_VERSION)
			return garbled(x);
		if (got->len >= n)
			return true;
		if (x->stream->at_end)
			return error_set_temporary(x->err, STAGE_CONNECT, 0,
			    "the proxy closed the connection");
		if (!stream_fill(x->stream, x->limit, x->err))
			return false;
	}
}

/* Sends and wipes `b`, in which there was room for all or not. */
static bool
send_octets(struct exchange *x, struct buf *b, bool is_whole)
{
	bool ok = is_whole ? stream_write(x->stream, buf_span(b), x->limit,
	    x->err) : error_set(x->err, STAGE_CONNECT, EX_CONFIG,
	    "a name, user or password has more than %d octets, which SOCKS5 "
	    "can't say", SOCKS_WORD_MAX);

	buf_free_secret(b);
	return ok;
}

static bool
add_word(struct buf *b, const char *word)
{
	size_t len = strlen(word);

	return len <= SOCKS_WORD_MAX && buf_add_char(b, (char)len) &&
	    buf_add(b, word, len);
}

static bool
send_password(struct exchange *x)
{
	struct span got;
	struct buf b;

	buf_init(&b, BUF_UNLIMITED);
	if (!send_octets(x, &b, buf_add_char(&b, PASSWORD_VERSION) &&
	    add_word(&b, x->proxy->user) && add_word(&b, x->proxy->password)) ||
	    !receive(x, 2, &got))
		return false;
	if (got.data[0] != PASSWORD_VERSION)
		return garbled(x);
	if (got.data[1] != '\0') {
		(void)error_set(x->err, STAGE_CONNECT, EX_NOPERM,
		    "the proxy refused user and password");
		return error_fix(x->err, "check user and password in `proxy`");
	}
	stream_consume(x->stream, 2);
	return true;
}

static bool
agree_on_method(struct exchange *x)
{
	bool has_password = x->proxy->user != NULL;
	struct span got;
	struct buf b;
	char method;

	buf_init(&b, BUF_UNLIMITED);
	if (!send_octets(x, &b, buf_add_char(&b, VERSION) &&
	    buf_add_char(&b, has_password ? 2 : 1) &&
	    buf_add_char(&b, METHOD_NONE) &&
	    (!has_password || buf_add_char(&b, METHOD_PASSWORD))) ||
	    !receive(x, 2, &got))
		return false;
	method = got.data[1];
	if (got.data[0] != VERSION)
		return garbled(x);
	stream_consume(x->stream, 2);
	if (method == METHOD_NONE)
		return true;
	if (method == METHOD_PASSWORD && has_password)
		return send_password(x);
	if (method != METHOD_REFUSED)
		return garbled(x);
	(void)error_set(x->err, STAGE_CONNECT, EX_NOPERM, has_password ?
	    "the proxy wants another authentication than a password" :
	    "the proxy wants a user and password");
	return error_fix(x->err, has_password ? "ask the proxy's owner which "
	    "authentication it wants" :
	    "write proxy = socks5://user:password@host:port");
}

static bool
add_host(struct buf *b, const char *host)
{
	unsigned char v4[sizeof(struct in_addr)], v6[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, v4) == 1)
		return buf_add_char(b, KIND_IPV4) && buf_add(b, v4, sizeof(v4));
	if (inet_pton(AF_INET6, host, v6) == 1)
		return buf_add_char(b, KIND_IPV6) && buf_add(b, v6, sizeof(v6));
	return buf_add_char(b, KIND_NAME) && add_word(b, host);
}

/* The octets of the address behind a reply's head, of which one is there. */
static size_t
address_size(struct span reply)
{
	switch (reply.data[REPLY_HEAD - 1]) {
	case KIND_IPV4:
		return sizeof(struct in_addr);
	case KIND_IPV6:
		return sizeof(struct in6_addr);
	case KIND_NAME:
		return 1 + (size_t)(unsigned char)reply.data[REPLY_HEAD];
	}
	return 0;
}

static bool
fail(struct exchange *x, unsigned int code, const char *host, int port)
{
	const char *words = code < REPLIES ? replies[code].words :
	    "a failure of an unknown kind";

	if (code >= REPLIES || replies[code].is_temporary)
		return error_set_temporary(x->err, STAGE_CONNECT, 0,
		    "the proxy can't connect to %s:%d: %s (SOCKS reply %u)",
		    host, port, words, code);
	return error_set(x->err, STAGE_CONNECT, EX_UNAVAILABLE,
	    "the proxy won't connect to %s:%d: %s (SOCKS reply %u)", host,
	    port, words, code);
}

/* Behind a refusal some proxies close without the address. */
static bool
receive_reply(struct exchange *x, const char *host, int port)
{
	struct span got;
	size_t size;

	if (!receive(x, 2, &got))
		return false;
	if (got.data[0] != VERSION)
		return garbled(x);
	if (got.data[1] != '\0')
		return fail(x, (unsigned char)got.data[1], host, port);
	if (!receive(x, REPLY_HEAD + 1, &got))
		return false;
	size = address_size(got);
	if (size == 0)
		return garbled(x);
	size += REPLY_HEAD + PORT_SIZE;
	if (!receive(x, size, &got))
		return false;
	stream_consume(x->stream, size);
	return true;
}

bool
socks_connect(struct stream *s, const struct socks *proxy, const char *host,
    int port, const struct limit *limit, const struct trace *trace,
    struct error *err)
{
	struct exchange x = { s, proxy, limit, err };
	struct buf b;

	if (!agree_on_method(&x))
		return false;
	buf_init(&b, BUF_UNLIMITED);
	if (!send_octets(&x, &b, buf_add_char(&b, VERSION) &&
	    buf_add_char(&b, COMMAND_CONNECT) && buf_add_char(&b, '\0') &&
	    add_host(&b, host) && buf_add_char(&b, (char)(port >> 8)) &&
	    buf_add_char(&b, (char)(port & 0xff))) ||
	    !receive_reply(&x, host, port))
		return false;
	trace_note(trace, "the proxy connected to %s:%d", host, port);
	return true;
}
