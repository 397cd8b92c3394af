#include "smtp/scram.h"

#include <string.h>

#include "base/base64.h"
#include "base/mem.h"

#define NONCE_OCTETS 18		/* 24 characters of base64 */
#define MESSAGE_MAX 65536UL

#define FAIL(err, ...) error_set(err, STAGE_AUTH, EX_PROTOCOL, __VA_ARGS__)

/* What server-first-message says (RFC 5802 section 7). */
struct challenge {
	struct span nonce;
	struct buf salt;
	unsigned int rounds;
};

/* The keys of RFC 5802 section 3. */
struct keys {
	unsigned char salted[CRYPTO_DIGEST_MAX];
	unsigned char client[CRYPTO_DIGEST_MAX];
	unsigned char stored[CRYPTO_DIGEST_MAX];
	unsigned char server[CRYPTO_DIGEST_MAX];
	unsigned char signature[CRYPTO_DIGEST_MAX];
	unsigned char proof[CRYPTO_DIGEST_MAX];
};

static bool
fail_library(struct error *err)
{
	return error_set(err, STAGE_SYSTEM, EX_OSERR,
	    "the TLS library's hashes fail");
}

static bool
fail_length(struct error *err)
{
	return error_set(err, STAGE_AUTH, EX_CONFIG,
	    "user and password are too long for SCRAM");
}

static struct span
bytes_of(const struct scram *s, const unsigned char *digest)
{
	const void *bytes = digest;

	return span_make(bytes, crypto_digest_size(s->params->digest));
}

bool
scram_begin(struct scram *s, const struct scram_params *params,
    struct error *err)
{
	char octets[NONCE_OCTETS];

	memset(s, 0, sizeof(*s));
	s->params = params;
	buf_init(&s->header, MESSAGE_MAX);
	buf_init(&s->first, MESSAGE_MAX);
	buf_init(&s->nonce, MESSAGE_MAX);
	if (params->nonce != NULL)
		return buf_add_string(&s->nonce, params->nonce) ||
		    fail_length(err);
	return (crypto_random(octets, sizeof(octets)) && base64_encode(
	    &s->nonce, span_make(octets, sizeof(octets)))) ||
	    fail_library(err);
}

void
scram_free(struct scram *s)
{
	buf_free(&s->header);
	buf_free_secret(&s->first);
	buf_free(&s->nonce);
	mem_wipe(s, sizeof(*s));
}

bool
scram_add_name(struct buf *out, const char *user)
{
	bool ok = true;

	for (; ok && *user != '\0'; user++)
		if (*user == ',' || *user == '=')
			ok = buf_add_string(out, *user == ',' ? "=2C" : "=3D");
		else
			ok = buf_add_char(out, *user);
	return ok;
}

bool
scram_first(struct scram *s, struct buf *out, struct error *err)
{
	const struct scram_params *p = s->params;

	if (p->flag == 'p' ?
	    !buf_printf(&s->header, "p=%s,,", p->binding_name) :
	    !buf_printf(&s->header, "%c,,", p->flag))
		return fail_length(err);
	return (buf_add_string(&s->first, "n=") &&
	    scram_add_name(&s->first, p->user) &&
	    buf_add_string(&s->first, ",r=") &&
	    buf_add_span(&s->first, buf_span(&s->nonce)) &&
	    buf_add_span(out, buf_span(&s->header)) &&
	    buf_add_span(out, buf_span(&s->first))) || fail_length(err);
}

/* Takes "NAME=VALUE" off the front of a list. */
static bool
take_attribute(struct span *rest, char name, struct span *value)
{
	struct span part;

	if (!span_next(rest, ',', &part) || part.len < 2 ||
	    part.data[0] != name || part.data[1] != '=')
		return false;
	*value = span_skip(part, 2);
	return true;
}

static bool
read_rounds(struct challenge *c, struct span digits, struct error *err)
{
	unsigned int rounds = 0;
	size_t i;

	for (i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.data[i]) || rounds > 99999999)
			break;
		rounds = rounds * 10 + (unsigned int)(digits.data[i] - '0');
	}
	if (i < digits.len || rounds < SCRAM_ROUNDS_MIN ||
	    rounds > SCRAM_ROUNDS_MAX) {
		(void)FAIL(err, "the relay asks for SCRAM with %.*s rounds; "
		    "%d to %d are accepted",
		    (int)(digits.len < 20 ? digits.len : 20), digits.data,
		    SCRAM_ROUNDS_MIN, SCRAM_ROUNDS_MAX);
		return error_cause(err, rounds < SCRAM_ROUNDS_MIN ?
		    "with so few rounds a password is guessed too easily" :
		    "the relay could keep this machine busy so");
	}
	c->rounds = rounds;
	return true;
}

static bool
read_challenge(const struct scram *s, struct challenge *c, struct span message,
    struct error *err)
{
	struct span ours = buf_span(&s->nonce), salt, rounds;

	if (!take_attribute(&message, 'r', &c->nonce) ||
	    !take_attribute(&message, 's', &salt) ||
	    !take_attribute(&message, 'i', &rounds) ||
	    !base64_decode(&c->salt, salt) || c->salt.len == 0)
		return FAIL(err, "the relay's SCRAM challenge isn't one");
	if (c->nonce.len <= ours.len ||
	    memcmp(c->nonce.data, ours.data, ours.len) != 0)
		return FAIL(err, "the relay's SCRAM challenge answers another "
		    "question than ours");
	return read_rounds(c, rounds, err);
}

/* AuthMessage up to the proof, in two parts; `out` gets the second. */
static bool
add_without_proof(const struct scram *s, const struct challenge *c,
    struct buf *out)
{
	struct buf binding;
	bool ok;

	buf_init(&binding, MESSAGE_MAX);
	ok = buf_add_span(&binding, buf_span(&s->header)) &&
	    (s->params->flag != 'p' ||
	    buf_add_span(&binding, s->params->binding)) &&
	    buf_add_string(out, "c=") &&
	    base64_encode(out, buf_span(&binding)) &&
	    buf_add_string(out, ",r=") && buf_add_span(out, c->nonce);
	buf_free(&binding);
	return ok;
}

static bool
salt_password(const struct scram *s, const struct challenge *c,
    struct keys *keys, struct error *err)
{
	struct buf prepared;
	bool ok;

	buf_init(&prepared, MESSAGE_MAX);
	ok = crypto_prepare_password(&prepared, s->params->password);
	if (!ok) {
		(void)error_set(err, STAGE_AUTH, EX_CONFIG,
		    "the password has characters that SCRAM can't take");
		(void)error_fix(err, "see that the password is UTF-8, or set "
		    "auth = plain");
	} else {
		ok = crypto_pbkdf2(s->params->digest, keys->salted,
		    buf_span(&prepared), buf_span(&c->salt), c->rounds) ||
		    fail_library(err);
	}
	buf_free_secret(&prepared);
	return ok;
}

static bool
sign(struct scram *s, struct keys *k, struct span message)
{
	enum crypto_digest digest = s->params->digest;
	size_t i;

	if (!crypto_hmac(digest, k->client, bytes_of(s, k->salted),
	    span_of("Client Key")) ||
	    !crypto_hash(digest, k->stored, bytes_of(s, k->client)) ||
	    !crypto_hmac(digest, k->signature, bytes_of(s, k->stored),
	    message) ||
	    !crypto_hmac(digest, k->server, bytes_of(s, k->salted),
	    span_of("Server Key")) ||
	    !crypto_hmac(digest, s->signature, bytes_of(s, k->server),
	    message))
		return false;
	for (i = 0; i < crypto_digest_size(digest); i++)
		k->proof[i] = k->client[i] ^ k->signature[i];
	return true;
}

/* Adds ",p=" and the proof to what `out` holds of client-final-message. */
static bool
add_proof(struct scram *s, const struct challenge *c, struct span server_first,
    struct buf *out, struct error *err)
{
	struct buf message, proof;
	struct keys keys;
	bool ok;

	buf_init(&message, MESSAGE_MAX);
	buf_init(&proof, sizeof(s->proof) - 1);
	ok = (buf_add_span(&message, buf_span(&s->first)) &&
	    buf_add_char(&message, ',') &&
	    buf_add_span(&message, server_first) &&
	    buf_add_char(&message, ',') &&
	    buf_add_span(&message, buf_span(out))) || fail_length(err);
	ok = ok && salt_password(s, c, &keys, err);
	ok = ok && ((sign(s, &keys, buf_span(&message)) &&
	    base64_encode(&proof, bytes_of(s, keys.proof))) ||
	    fail_library(err));
	if (ok)
		memcpy(s->proof, proof.data, proof.len + 1);
	ok = ok && ((buf_add_string(out, ",p=") &&
	    buf_add_string(out, s->proof)) || fail_length(err));
	mem_wipe(&keys, sizeof(keys));
	buf_free_secret(&message);
	buf_free_secret(&proof);
	return ok;
}

bool
scram_final(struct scram *s, struct span server_first, struct buf *out,
    struct error *err)
{
	struct challenge c = { { NULL, 0 }, { NULL, 0, 0, 0 }, 0 };
	struct buf final;
	bool ok;

	buf_init(&c.salt, MESSAGE_MAX);
	buf_init(&final, MESSAGE_MAX);
	ok = read_challenge(s, &c, server_first, err) &&
	    (add_without_proof(s, &c, &final) || fail_length(err)) &&
	    add_proof(s, &c, server_first, &final, err) &&
	    (buf_add_span(out, buf_span(&final)) || fail_length(err));
	buf_free(&c.salt);
	buf_free_secret(&final);
	return ok;
}

struct span
scram_reason(struct span server_final)
{
	struct span reason;

	return take_attribute(&server_final, 'e', &reason) ? reason :
	    span_make(NULL, 0);
}

bool
scram_verify(struct scram *s, struct span server_final, struct error *err)
{
	struct buf given;
	struct span value;
	bool ok;

	buf_init(&given, MESSAGE_MAX);
	ok = take_attribute(&server_final, 'v', &value) &&
	    base64_decode(&given, value) &&
	    given.len == crypto_digest_size(s->params->digest) &&
	    crypto_equals(given.data, s->signature, given.len);
	buf_free(&given);
	if (ok)
		return true;
	(void)FAIL(err, "the relay doesn't prove that it knows the password");
	return error_cause(err, "it isn't the relay that it says to be, or "
	    "its SCRAM is at fault");
}
