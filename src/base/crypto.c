#include "base/crypto.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>

bool
crypto_sha256(unsigned char out[CRYPTO_SHA256_SIZE], struct span bytes)
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data, bytes.len,
	    out) == 0;
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
