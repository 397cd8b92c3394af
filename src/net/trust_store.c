#include "net/trust_store.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/trust_find.h"

/* Enough of a file to see that it begins with a certificate. */
#define STORE_FRONT (16UL << 10)

/* Where systems keep their bundle; the first that is there is it. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",	/* Debian, Arch, Alpine */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",	/* Fedora */
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",		/* SUSE */
	"/etc/ssl/cert.pem",
};

/* From the file's beginning, up to `max` octets, wherever it stands. */
static bool
read_front(int fd, size_t max, struct buf *out)
{
	ssize_t n = 1;

	if (!buf_reserve(out, max))
		return false;
	while (n != 0 && out->len < max) {
		n = pread(fd, out->data + out->len, max - out->len,
		    (off_t)out->len);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			out->len += (size_t)n;
	}
	out->data[out->len] = '\0';
	return true;
}

static bool
read_whole(int fd, const char *key, const char *path, struct buf *out,
    struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: '%s' isn't a regular file", key, path);
	if ((uintmax_t)st.st_size > STORE_FILE_MAX)
		return error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: '%s' is too large", key, path);
	errno = 0;
	return read_front(fd, (size_t)st.st_size, out) ||
	    error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
	    "%s: can't read '%s'", key, path);
}

static int
open_file(const char *path)
{
	/* A FIFO that nobody writes to must not hold us up. */
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

bool
store_read_file(const char *key, const char *path, struct buf *out,
    struct error *err)
{
	int fd = open_file(path);
	bool ok;

	if (fd < 0)
		return error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "%s: can't open '%s'", key, path);
	ok = read_whole(fd, key, path, out, err);
	(void)close(fd);
	return ok;
}

static bool
load(struct trust_store *s, const struct buf *pem, struct error *err)
{
	gnutls_datum_t bytes;
	int count = 0;

	bytes.data = (unsigned char *)pem->data;
	bytes.size = (unsigned int)pem->len;
	if (pem->len > 0)
		count = gnutls_certificate_set_x509_trust_mem(s->credentials,
		    &bytes, GNUTLS_X509_FMT_PEM);
	return count > 0 || error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "%s: '%s' holds no certificate in PEM form%s%s", s->key, s->path,
	    count < 0 ? ": " : "", count < 0 ? gnutls_strerror(count) : "");
}

static bool
load_file(struct trust_store *s, struct error *err)
{
	struct buf pem;
	bool ok;

	buf_init(&pem, STORE_FILE_MAX);
	ok = read_whole(s->fd, s->key, s->path, &pem, err) &&
	    load(s, &pem, err);
	buf_free(&pem);
	store_close(s);
	return ok;
}

/* Whether a look at the front shows a certificate. */
static bool
begins_well(const struct trust_store *s)
{
	struct buf front;
	struct stat st;
	bool ok;

	buf_init(&front, STORE_FRONT);
	ok = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uintmax_t)st.st_size <= STORE_FILE_MAX &&
	    read_front(s->fd, STORE_FRONT, &front) &&
	    find_has_certificate(buf_span(&front));
	buf_free(&front);
	return ok;
}

static bool
load_system(struct trust_store *s, struct error *err)
{
	int count = gnutls_certificate_set_x509_system_trust(s->credentials);

	if (count > 0)
		return true;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "the system has no trusted CA certificates%s%s",
	    count < 0 ? ": " : "", count < 0 ? gnutls_strerror(count) : "");
	return error_fix(err,
	    "install the package ca-certificates, or set tls_ca_file");
}

static bool
open_system(struct trust_store *s, struct error *err)
{
	size_t i;

	s->key = "the system's bundle";
	for (i = 0; s->fd < 0 && i < sizeof(bundles) / sizeof(bundles[0]);
	    i++) {
		s->path = bundles[i];
		s->fd = open_file(s->path);
	}
	if (s->fd >= 0 && begins_well(s))
		return true;
	store_close(s);
	return load_system(s, err);
}

bool
store_open(struct trust_store *s, const char *ca_file, struct error *err)
{
	s->fd = -1;
	s->key = "tls_ca_file";
	s->path = ca_file;
	if (ca_file == NULL)
		return open_system(s, err);
	s->fd = open_file(ca_file);
	if (s->fd < 0)
		return error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "tls_ca_file: can't open '%s'", ca_file);
	return begins_well(s) || load_file(s, err);
}

void
store_close(struct trust_store *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* The names that an anchor of the chain can have: a chain that is signed
 * across may end in an anchor's twin, and a leaf may be an anchor itself. */
static bool
names_of(const struct span *chain, size_t count, struct span *names)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!find_names(chain[i], &names[2 * i], &names[2 * i + 1]))
			return false;
	return true;
}

bool
store_add_anchors(struct trust_store *s, const struct span *chain,
    size_t count, const struct trace *trace, struct error *err)
{
	struct span *names;
	struct buf pem, found;
	bool ok;

	if (s->fd < 0)
		return true;
	names = mem_array(2 * count, sizeof(*names));
	buf_init(&pem, STORE_FILE_MAX);
	buf_init(&found, BUF_UNLIMITED);
	ok = read_whole(s->fd, s->key, s->path, &pem, err);
	if (ok && (!names_of(chain, count, names) ||
	    !find_anchors(buf_span(&pem), names, 2 * count, &found))) {
		trace_note(trace, "all of %s is loaded", s->path);
		ok = load(s, &pem, err);
		store_close(s);
	} else if (ok && found.len > 0) {
		ok = load(s, &found, err);
	}
	buf_free(&found);
	buf_free(&pem);
	mem_free(names);
	return ok;
}
