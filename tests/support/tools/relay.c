/*
 * A relay under implicit TLS for measurements: makes an RSA root, an RSA
 * intermediate and an EC certificate for "localhost" in the directory that is
 * named (ca.pem, relay.pem, relay.key), prints its port, and serves until its
 * stdin is closed.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <unistd.h>

#include "support/chains.h"
#include "support/relay.h"

#define CONNECTIONS 1000
#define LIFE (60 * 60 * 1000L)

enum { ROOT, INTERMEDIATE, LEAF, COUNT };

static const struct chain_recipe recipes[COUNT] = {
	[ROOT] = { "root", CHAIN_CA, CHAIN_RSA, -1, -1, -900, 900 },
	[INTERMEDIATE] = { "intermediate", CHAIN_CA, CHAIN_RSA, -1, ROOT,
	    -90, 90 },
	[LEAF] = { "relay", CHAIN_LEAF, CHAIN_EC, -1, INTERMEDIATE, -9, 9 },
};

static bool
write_file(const char *path, struct span text)
{
	FILE *file = fopen(path, "w");
	bool ok = file != NULL &&
	    fwrite(text.data, 1, text.len, file) == text.len;

	return file != NULL && fclose(file) == 0 && ok;
}

static bool
write_all(const char *ca, const char *relay, const char *key)
{
	struct chain_certificate made[COUNT];
	struct buf root, chain;
	gnutls_datum_t pem = { NULL, 0 };
	bool ok;

	buf_init(&root, BUF_UNLIMITED);
	buf_init(&chain, BUF_UNLIMITED);
	ok = chains_make(made, recipes, COUNT) &&
	    chain_add_pem(&root, &made[ROOT]) &&
	    chain_add_pem(&chain, &made[LEAF]) &&
	    chain_add_pem(&chain, &made[INTERMEDIATE]) &&
	    gnutls_x509_privkey_export2(made[LEAF].key, GNUTLS_X509_FMT_PEM,
	    &pem) == 0 && write_file(ca, buf_span(&root)) &&
	    write_file(relay, buf_span(&chain)) &&
	    write_file(key, span_make((char *)pem.data, pem.size));
	gnutls_free(pem.data);
	buf_free(&chain);
	buf_free(&root);
	chains_free(made, COUNT);
	return ok;
}

int
main(int argc, char **argv)
{
	char ca[4096], certificate[4096], key[4096], octet;
	const struct relay_options options = {
		.mode = RELAY_TLS,
		.cert_file = certificate,
		.key_file = key,
		.connections = CONNECTIONS,
		.limit_ms = LIFE,
	};
	struct relay_record record;
	struct relay *relay;
	bool ok;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: relay DIRECTORY\n");
		return 64;
	}
	(void)snprintf(ca, sizeof(ca), "%s/ca.pem", argv[1]);
	(void)snprintf(certificate, sizeof(certificate), "%s/relay.pem",
	    argv[1]);
	(void)snprintf(key, sizeof(key), "%s/relay.key", argv[1]);
	relay = write_all(ca, certificate, key) ? relay_start(&options) :
	    NULL;
	if (relay == NULL)
		return 1;
	(void)printf("%d\n", relay_port(relay));
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &octet, 1) > 0)
		continue;
	ok = relay_stop(relay, &record);
	relay_record_free(&record);
	return ok ? 0 : 1;
}
