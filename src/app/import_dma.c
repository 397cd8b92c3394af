/* dma.conf and auth.conf, by dma(8). */
#include <string.h>

#include "app/import_row.h"
#include "base/mem.h"
#include "conf/profile.h"

/* A name, or a file whose first line is one. */
static bool
set_mailname(struct sheet *s, const struct import_row *row, struct span value)
{
	char *path = mem_span(value);
	char *name = value.len > 0 && path[0] == '/' ?
	    profile_mailname(path) : mem_string(path);
	bool ok;

	ok = name == NULL ? sheet_remark(s, span_of(row->name),
	    "no name is in %s", path) : sheet_set(s, "ehlo", span_of(name));
	mem_free(name);
	mem_free(path);
	return ok;
}

/* "[user@][host]" */
static bool
set_masquerade(struct sheet *s, const struct import_row *row,
    struct span value)
{
	size_t at = span_find(value, '@');

	if (at == value.len)
		return sheet_set(s, "domain", value);
	if (at + 1 < value.len)
		return sheet_set(s, "from", value);
	return sheet_remark(s, span_of(row->name), "set from to the whole "
	    "address");
}

static bool
set_next(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)row;
	mem_free(s->next);
	s->next = value.len == 0 ? NULL : mem_span(value);
	return true;
}

static bool
set_certificate(struct sheet *s, const struct import_row *row,
    struct span value)
{
	(void)row;
	return sheet_set(s, "tls_cert_file", value) &&
	    sheet_set(s, "tls_key_file", value);
}

static const struct import_row keys[] = {
	{ "SMARTHOST", import_set_key, "host", 0 },
	{ "PORT", import_set_key, "port", 0 },
	{ "ALIASES", import_set_path, "aliases", 0 },
	{ "SPOOLDIR", import_remark, "mail waits only where the key spool "
	    "names a directory", 0 },
	{ "AUTHPATH", set_next, NULL, 0 },
	{ "SECURETRANSFER", import_set_flag, NULL, SHEET_TLS },
	{ "STARTTLS", import_set_flag, NULL, SHEET_STARTTLS },
	{ "OPPORTUNISTIC_TLS", import_remark, "TLS that was chosen is "
	    "required", 0 },
	{ "VERIFYCERT", import_ignore, NULL, 0 },
	{ "FINGERPRINT", import_set_pin, "tls_fingerprint", 0 },
	{ "CERTFILE", set_certificate, NULL, 0 },
	{ "SECURE", import_ignore, NULL, 0 },
	{ "INSECURE", import_remark, "a password never leaves this machine in "
	    "clear", 0 },
	{ "DEFER", import_remark, "spool with spool_always leaves mail until "
	    "sendmail -q", 0 },
	{ "FULLBOUNCE", import_remark, "bounce_to says who hears of failures",
	    0 },
	{ "MAILNAME", set_mailname, NULL, 0 },
	{ "MASQUERADE", set_masquerade, NULL, 0 },
	{ "NULLCLIENT", import_remark, "nothing is delivered on this machine "
	    "but by aliases", 0 },
	{ NULL, NULL, NULL, 0 },
};

/* "user|host:password" */
static bool
read_login(struct sheet *s, struct span line)
{
	const char *relay = sheet_get(s->current, "host");
	struct span user, host;

	if (!span_next(&line, '|', &user) || !span_next(&line, ':', &host) ||
	    relay == NULL || !span_equals_nocase(span_trim(host),
	    span_of(relay)))
		return true;
	return sheet_set(s, "user", span_trim(user)) &&
	    import_set_secret(s, keys, line);
}

static bool
read_logins(struct sheet *s, struct error *err)
{
	return import_lines_beside(s, s->next == NULL ? "auth.conf" : s->next,
	    read_login, err);
}

static bool
read_text(struct sheet *s, struct span text, struct error *err)
{
	struct sheet_section *p = sheet_add(s, span_of("default"));
	struct span line, name;

	while (span_next(&text, '\n', &line)) {
		s->line++;
		line = import_uncomment(line, '#');
		if (line.len == 0)
			continue;
		name = import_word(&line);
		if (!import_apply(s, keys, name, line))
			return false;
	}
	if (p->flags[SHEET_TLS] > 0 && sheet_get(p, "tls_fingerprint") ==
	    NULL && !sheet_remark(s, span_of(NULL), "tls: the relay's "
	    "certificate is checked; one that no public authority has signed "
	    "needs tls_ca_file or tls_fingerprint"))
		return false;
	return (sheet_get(p, "domain") != NULL || sheet_set(s, "domain",
	    span_of(sheet_get(p, "ehlo")))) && read_logins(s, err);
}

static const char *const paths[] = { "/etc/dma/dma.conf", NULL };

const struct import_kind import_dma = { "dma", paths, read_text, false,
	true, false };
