#include "support/relay_serve.h"

#include <string.h>

#include <gnutls/crypto.h>

#include "base/base64.h"
#include "base/mem.h"

#define SALT "a grain of it"
#define DIGEST_MAX 32

/* The server's side of one exchange (RFC 5802). */
struct exchange {
	struct server *server;
	gnutls_mac_algorithm_t mac;
	bool is_plus;
	struct buf first;	/* client-first-message */
	size_t header;		/* octets of it that are gs2-header */
	struct buf nonce;	/* both sides' */
	struct buf challenge;	/* server-first-message */
	struct buf final;	/* client-final-message */
	struct buf binding;	/* gs2-header and the channel's */
	unsigned char signature[DIGEST_MAX];
};

static struct span
bytes_of(const struct exchange *x, const unsigned char *digest)
{
	const void *bytes = digest;

	return span_make(bytes, (size_t)gnutls_hmac_get_len(x->mac));
}

static bool
hmac(const struct exchange *x, unsigned char *out, struct span key,
    struct span bytes)
{
	return gnutls_hmac_fast(x->mac, key.data, key.len, bytes.data,
	    bytes.len, out) == 0;
}

/* Whether any mechanism that is offered binds to the channel. */
static bool
offers_plus(const struct server *s)
{
	struct span offered;

	return serve_offers(s, "AUTH", &offered) &&
	    span_contains_nocase(offered, span_of("-PLUS"));
}

/* "p=TYPE", "y" or "n"; adds what belongs behind the header. */
static bool
bind(struct exchange *x, struct span flag)
{
	struct server *s = x->server;
	bool is_exporter = span_equals(flag, span_of("p=tls-exporter"));
	gnutls_datum_t binding = { NULL, 0 };
	const char *due;
	bool ok;

	if (x->is_plus) {
		if (!is_exporter &&
		    !span_equals(flag, span_of("p=tls-server-end-point")))
			return false;
		ok = gnutls_session_channel_binding(s->link->session,
		    is_exporter ? GNUTLS_CB_TLS_EXPORTER :
		    GNUTLS_CB_TLS_SERVER_END_POINT, &binding) == 0 &&
		    buf_add(&x->binding, binding.data, binding.size);
		gnutls_free(binding.data);
		return ok;
	}
	due = s->link->is_secure && !offers_plus(s) ? "y" : "n";
	if (!span_equals(flag, span_of(due)))
		link_failure(s->link, "the GS2 flag isn't '%s'", due);
	return true;
}

/* gs2-header, "n=" the user, "r=" the client's nonce. */
static bool
read_first(struct exchange *x)
{
	const char *user = x->server->options->user;
	struct span rest = buf_span(&x->first), flag, identity, name, nonce;

	if (!span_next(&rest, ',', &flag) ||
	    !span_next(&rest, ',', &identity) || identity.len > 0 ||
	    rest.data == NULL)
		return false;
	x->header = x->first.len - rest.len;
	return buf_add(&x->binding, x->first.data, x->header) &&
	    bind(x, flag) && span_next(&rest, ',', &name) &&
	    span_next(&rest, ',', &nonce) && rest.data == NULL &&
	    user != NULL && span_starts_with_nocase(name, span_of("n=")) &&
	    span_equals(span_skip(name, 2), span_of(user)) &&
	    span_starts_with_nocase(nonce, span_of("r=")) && nonce.len > 20 &&
	    buf_add_span(&x->nonce, span_skip(nonce, 2)) &&
	    buf_add_string(&x->nonce, "relay");
}

/* What client-final-message must be but for the proof. */
static bool
add_wanted(const struct exchange *x, struct buf *out)
{
	return buf_add_string(out, "c=") &&
	    base64_encode(out, buf_span(&x->binding)) &&
	    buf_printf(out, ",r=%s", x->nonce.data);
}

static bool
check_proof(struct exchange *x, struct span message, struct span proof)
{
	const char *password = x->server->options->password;
	unsigned char grain[] = SALT;
	const gnutls_datum_t salt = { grain, sizeof(grain) - 1 };
	unsigned char salted[DIGEST_MAX], client[DIGEST_MAX],
	    stored[DIGEST_MAX], server[DIGEST_MAX];
	unsigned int rounds = x->server->options->scram_rounds;
	size_t size = gnutls_hmac_get_len(x->mac), i;
	gnutls_datum_t key;

	if (password == NULL || proof.len != size)
		return false;
	key.data = (unsigned char *)mem_string(password);
	key.size = (unsigned int)strlen(password);
	if (gnutls_pbkdf2(x->mac, &key, &salt, rounds == 0 ? 4096 : rounds,
	    salted, size) != 0 ||
	    !hmac(x, client, bytes_of(x, salted), span_of("Client Key")) ||
	    gnutls_hash_fast((gnutls_digest_algorithm_t)x->mac, client, size,
	    stored) != 0 || !hmac(x, x->signature, bytes_of(x, stored), message))
		mem_exhausted();
	mem_free(key.data);
	for (i = 0; i < size; i++)
		if ((unsigned char)proof.data[i] !=
		    (client[i] ^ x->signature[i]))
			return false;
	return hmac(x, server, bytes_of(x, salted), span_of("Server Key")) &&
	    hmac(x, x->signature, bytes_of(x, server), message);
}

static bool
check_final(struct exchange *x)
{
	struct span text = buf_span(&x->final);
	struct buf wanted, message, proof;
	bool is_fine;

	buf_init(&wanted, BUF_UNLIMITED);
	buf_init(&message, BUF_UNLIMITED);
	buf_init(&proof, BUF_UNLIMITED);
	is_fine = add_wanted(x, &wanted) &&
	    buf_printf(&message, "%s,%s,%s", x->first.data + x->header,
	    x->challenge.data, wanted.data) && buf_add_string(&wanted, ",p=") &&
	    text.len > wanted.len &&
	    memcmp(text.data, wanted.data, wanted.len) == 0 &&
	    base64_decode(&proof, span_skip(text, wanted.len)) &&
	    check_proof(x, buf_span(&message), buf_span(&proof));
	buf_free(&wanted);
	buf_free(&message);
	buf_free(&proof);
	return is_fine;
}

/* Sends a message in base64, receives another one. */
static bool
exchange(struct exchange *x, unsigned int nth, struct span message,
    struct buf *answer)
{
	struct buf reply, line;
	bool ok;

	buf_init(&reply, BUF_UNLIMITED);
	buf_init(&line, BUF_UNLIMITED);
	ok = buf_add_string(&reply, "334 ") && base64_encode(&reply, message) &&
	    serve_challenge(x->server, nth, reply.data, &line);
	if (ok && !base64_decode(answer, buf_span(&line)))
		link_failure(x->server->link, "not base64: %s",
		    buf_string(&line));
	buf_free(&reply);
	buf_free(&line);
	return ok;
}

static void
converse(struct exchange *x, unsigned int nth)
{
	unsigned int rounds = x->server->options->scram_rounds;
	struct buf last, nothing;

	buf_init(&last, BUF_UNLIMITED);
	buf_init(&nothing, BUF_UNLIMITED);
	if (!read_first(x)) {
		serve_auth_end(x->server, nth, false);
		goto out;
	}
	if (!buf_printf(&x->challenge, "r=%s,s=", x->nonce.data) ||
	    !base64_encode(&x->challenge, span_of(SALT)) ||
	    !buf_printf(&x->challenge, ",i=%u", rounds == 0 ? 4096 : rounds))
		mem_exhausted();
	if (!exchange(x, nth, buf_span(&x->challenge), &x->final))
		goto out;
	if (!check_final(x)) {
		serve_auth_end(x->server, nth + 1, false);
		goto out;
	}
	if (!buf_add_string(&last, "v=") ||
	    !base64_encode(&last, bytes_of(x, x->signature)))
		mem_exhausted();
	if (!exchange(x, nth + 1, buf_span(&last), &nothing))
		goto out;
	if (nothing.len > 0)
		link_failure(x->server->link, "SCRAM ends with an empty line");
	serve_auth_end(x->server, nth + 2, nothing.len == 0);
out:
	buf_free(&last);
	buf_free(&nothing);
}

void
serve_scram(struct server *s, struct span initial, gnutls_mac_algorithm_t mac,
    bool is_plus)
{
	struct exchange x = { .server = s, .mac = mac, .is_plus = is_plus };
	bool has_first = true;

	buf_init(&x.first, BUF_UNLIMITED);
	buf_init(&x.nonce, BUF_UNLIMITED);
	buf_init(&x.challenge, BUF_UNLIMITED);
	buf_init(&x.final, BUF_UNLIMITED);
	buf_init(&x.binding, BUF_UNLIMITED);
	if (initial.len == 0)
		has_first = exchange(&x, 0, span_make(NULL, 0), &x.first);
	else if (!base64_decode(&x.first, initial))
		link_failure(s->link, "an initial response isn't base64");
	if (has_first)
		converse(&x, initial.len == 0 ? 1 : 0);
	buf_free(&x.first);
	buf_free(&x.nonce);
	buf_free(&x.challenge);
	buf_free(&x.final);
	buf_free(&x.binding);
}
