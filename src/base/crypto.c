#include "base/crypto.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>

#include "base/mem.h"

static const struct {
	size_t size;
	gnutls_digest_algorithm_t hash;
	gnutls_mac_algorithm_t mac;
} digests[] = {
	[CRYPTO_MD5] = { 16, GNUTLS_DIG_MD5, GNUTLS_MAC_MD5 },
	[CRYPTO_SHA1] = { 20, GNUTLS_DIG_SHA1, GNUTLS_MAC_SHA1 },
	[CRYPTO_SHA256] = { CRYPTO_SHA256_SIZE, GNUTLS_DIG_SHA256,
	    GNUTLS_MAC_SHA256 },
};

bool
crypto_begin(void)
{
	return gnutls_global_init() == 0;
}

size_t
crypto_digest_size(enum crypto_digest digest)
{
	return digests[digest].size;
}

bool
crypto_hash(enum crypto_digest digest, unsigned char *out, struct span bytes)
{
	return crypto_begin() && gnutls_hash_fast(digests[digest].hash,
	    bytes.data, bytes.len, out) == 0;
}

bool
crypto_hmac(enum crypto_digest digest, unsigned char *out, struct span key,
    struct span bytes)
{
	return crypto_begin() && gnutls_hmac_fast(digests[digest].mac,
	    key.data, key.len, bytes.data, bytes.len, out) == 0;
}

/* The library's type for bytes that it reads can't say so. */
static gnutls_datum_t
datum_of(struct span s)
{
	union {
		const char *read;
		unsigned char *datum;
	} bytes = { s.data };
	gnutls_datum_t datum = { bytes.datum, (unsigned int)s.len };

	return datum;
}

bool
crypto_pbkdf2(enum crypto_digest digest, unsigned char *out,
    struct span password, struct span salt, unsigned int rounds)
{
	gnutls_datum_t key = datum_of(password), salt_datum = datum_of(salt);

	return password.len <= UINT_MAX && salt.len <= UINT_MAX &&
	    crypto_begin() && gnutls_pbkdf2(digests[digest].mac, &key,
	    &salt_datum, rounds, out, digests[digest].size) == 0;
}

bool
crypto_sha256(unsigned char out[CRYPTO_SHA256_SIZE], struct span bytes)
{
	return crypto_hash(CRYPTO_SHA256, out, bytes);
}

bool
crypto_sha256_parts(unsigned char out[CRYPTO_SHA256_SIZE],
    const struct span *parts, size_t count)
{
	gnutls_hash_hd_t hash;
	bool ok = true;
	size_t i;

	if (!crypto_begin() || gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return false;
	for (i = 0; ok && i < count; i++)
		ok = parts[i].len == 0 ||
		    gnutls_hash(hash, parts[i].data, parts[i].len) == 0;
	gnutls_hash_deinit(hash, out);
	return ok;
}

bool
crypto_random(void *out, size_t size)
{
	return crypto_begin() &&
	    gnutls_rnd(GNUTLS_RND_NONCE, out, size) == 0;
}

bool
crypto_equals(const void *a, const void *b, size_t size)
{
	return gnutls_memcmp(a, b, size) == 0;
}

static bool
is_ascii(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] > 0x7e || s.data[i] < ' ')
			return false;
	return true;
}

bool
crypto_prepare_password(struct buf *out, struct span password)
{
	gnutls_datum_t prepared = { NULL, 0 };
	const void *bytes = password.data;
	bool ok;

	if (is_ascii(password))
		return buf_add_span(out, password);
	if (password.len > UINT_MAX || gnutls_utf8_password_normalize(bytes,
	    (unsigned int)password.len, &prepared, 0) != 0)
		return false;
	ok = buf_add(out, prepared.data, prepared.size);
	mem_wipe(prepared.data, prepared.size);
	gnutls_free(prepared.data);
	return ok;
}

bool
crypto_domain_to_ascii(struct buf *out, struct span domain)
{
	gnutls_datum_t ascii = { NULL, 0 };
	unsigned int i;
	bool ok;

	if (domain.len > UINT_MAX || gnutls_idna_map(domain.data,
	    (unsigned int)domain.len, &ascii, 0) != 0)
		return false;
	/* A name that is ASCII already comes back as it is. */
	for (i = 0; i < ascii.size; i++)
		ascii.data[i] = (unsigned char)ascii_lower((char)ascii.data[i]);
	ok = buf_add(out, ascii.data, ascii.size);
	gnutls_free(ascii.data);
	return ok;
}

bool
crypto_knows_idna(void)
{
	static const char known[] = "\xc3\xbc.de";
	struct buf ascii;
	bool ok;

	buf_init(&ascii, BUF_UNLIMITED);
	ok = crypto_domain_to_ascii(&ascii, span_of(known));
	buf_free(&ascii);
	return ok;
}
