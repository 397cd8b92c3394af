/* remotes, and the files beside it, by nullmailer-send(8). */
#include <string.h>

#include "app/import_row.h"
#include "base/mem.h"

/* Either of them alone is enough. */
static bool
set_starttls(struct sheet *s, const struct import_row *row, struct span value)
{
	s->current->flags[SHEET_TLS] = 1;
	return import_set_flag(s, row, value);
}

static bool
set_tls(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)value;
	s->current->flags[SHEET_TLS] = 1;
	if (s->current->flags[row->at] == 0)
		s->current->flags[row->at] = -1;
	return true;
}

static bool
set_insecure(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)value;
	return sheet_set(s, row->to, span_of("no"));
}

static bool
set_login(struct sheet *s, const struct import_row *row, struct span value)
{
	(void)value;
	return sheet_set(s, row->to, span_of("login"));
}

static bool
set_certificate(struct sheet *s, const struct import_row *row,
    struct span value)
{
	return sheet_set(s, row->to, value) &&
	    (sheet_get(s->current, "tls_key_file") != NULL ||
	    sheet_set(s, "tls_key_file", value));
}

static const struct import_row options[] = {
	{ "port", import_set_key, "port", 0 },
	{ "user", import_set_key, "user", 0 },
	{ "pass", import_set_secret, NULL, 0 },
	{ "source", import_set_key, "source_address", 0 },
	{ "auth-login", set_login, "auth", 0 },
	{ "tls", set_tls, NULL, SHEET_STARTTLS },
	{ "ssl", set_tls, NULL, SHEET_STARTTLS },
	{ "starttls", set_starttls, NULL, SHEET_STARTTLS },
	{ "x509certfile", set_certificate, "tls_cert_file", 0 },
	{ "x509keyfile", import_set_key, "tls_key_file", 0 },
	{ "x509cafile", import_set_key, "tls_ca_file", 0 },
	{ "x509crlfile", import_set_key, "tls_crl_file", 0 },
	{ "x509fmtder", import_remark, "certificates are read as PEM", 0 },
	{ "insecure", set_insecure, "tls_verify", 0 },
	{ "tls-anon-auth", import_remark, "TLS without certificates isn't "
	    "spoken", 0 },
	{ NULL, NULL, NULL, 0 },
};

static bool
set_admin(struct sheet *s, const struct import_row *row, struct span value)
{
	char who[200];

	if (value.len == 0)
		return true;
	escape_into(who, sizeof(who), value);
	return sheet_remark(s, span_of(row->name), "put `root: %s` into a file "
	    "that the key aliases names; local_domains says which domains are "
	    "this machine", who);
}

/* The files, of which the first line counts; later ones win. */
static const struct import_row files[] = {
	{ "me", import_set_key, "ehlo", 0 },
	{ "helohost", import_set_key, "ehlo", 0 },
	{ "defaultdomain", import_set_key, "domain", 0 },
	{ "adminaddr", set_admin, NULL, 0 },
	{ "allmailfrom", import_set_key, "from", 0 },
	{ "defaulthost", import_remark, "bare names get the key domain", 0 },
	{ "idhost", import_remark, "a Message-ID has the sender's domain", 0 },
	{ "sendtimeout", import_remark, "total_timeout, timeout and "
	    "data_timeout limit a delivery", 0 },
	{ "pausetime", import_remark, "mail waits where the key spool names a "
	    "directory, and is tried again at times of its own", 0 },
	{ "queuelifetime", import_remark, "mail waits for five days, where "
	    "the key spool names a directory", 0 },
	{ NULL, NULL, NULL, 0 },
};

/* The next word by a shell's quoting; false at the end. */
static bool
take_token(struct span *rest, struct buf *token)
{
	char quote = '\0', c;
	size_t i;

	buf_clear(token);
	*rest = span_trim(*rest);
	for (i = 0; i < rest->len; i++) {
		c = rest->data[i];
		if (quote == '\0' && ascii_is_blank(c))
			break;
		if (c == quote || (quote == '\0' && (c == '\'' ||
		    c == '"'))) {
			quote = c == quote ? '\0' : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && i + 1 < rest->len)
			c = rest->data[++i];
		if (!buf_add_char(token, c))
			return false;
	}
	*rest = span_skip(*rest, i);
	return i > 0;
}

static bool
read_option(struct sheet *s, struct span option)
{
	struct span name;

	if (span_starts_with_nocase(option, span_of("--")))
		option = span_skip(option, 2);
	(void)span_next(&option, '=', &name);
	return import_apply(s, options, name, option);
}

/* One that differs in its name alone from the one before is tried after it. */
static bool
join_host(struct sheet *s, struct span host)
{
	struct buf hosts;
	bool ok;

	buf_init(&hosts, BUF_UNLIMITED);
	ok = buf_printf(&hosts, "%s, ", sheet_get(s->current, "host")) &&
	    buf_add_span(&hosts, host) &&
	    sheet_set(s, "host", buf_span(&hosts));
	buf_free(&hosts);
	return ok;
}

static bool
begin_remote(struct sheet *s, struct span host, struct buf *token)
{
	if (s->current == NULL)
		(void)sheet_add(s, span_of("default"));
	else {
		buf_clear(token);
		if (!buf_printf(token, "remote%zu", s->count + 1))
			return false;
		(void)sheet_add(s, buf_span(token));
		if (!sheet_remark(s, span_of(NULL), "Only --profile chooses "
		    "this relay: it isn't tried after the one above."))
			return false;
	}
	return sheet_set(s, "host", host);
}

static bool
read_remote(struct sheet *s, struct span line, struct span *options_before)
{
	struct buf token;
	char *host;
	bool ok = true;

	buf_init(&token, BUF_UNLIMITED);
	(void)take_token(&line, &token);
	host = mem_string(buf_string(&token));
	if (s->current != NULL && sheet_get(s->current, "host") != NULL &&
	    span_equals(span_trim(line), *options_before)) {
		ok = join_host(s, span_of(host));
		goto out;
	}
	*options_before = span_trim(line);
	ok = begin_remote(s, span_of(host), &token);
	if (take_token(&line, &token) && strcmp(token.data, "smtp") != 0) {
		sheet_unset(s->current, "host");
		ok = ok && sheet_remark(s, span_of("protocol"),
		    "only smtp is spoken");
		goto out;
	}
	while (ok && take_token(&line, &token))
		ok = read_option(s, buf_span(&token));
out:
	mem_free(host);
	buf_free_secret(&token);
	return ok;
}

static bool
read_file(struct sheet *s, const struct import_row *row, struct error *err)
{
	const char *file = s->file;
	bool is_there, ok;
	struct span text;
	struct buf all;
	char *path;

	buf_init(&all, BUF_UNLIMITED);
	ok = import_read_beside(s, row->name, &all, &path, &is_there, err);
	text = buf_span(&all);
	s->file = path;
	s->line = 1;
	if (ok && is_there)
		ok = row->set(s, row,
		    span_trim(span_make(text.data, span_find(text, '\n'))));
	s->file = file;
	mem_free(path);
	buf_free(&all);
	return ok;
}

static bool
read_text(struct sheet *s, struct span text, struct error *err)
{
	struct span line, before = span_of(NULL);
	const struct import_row *row;
	size_t i;

	while (span_next(&text, '\n', &line)) {
		s->line++;
		line = span_trim(line);
		if (line.len > 0 && line.data[0] != '#' &&
		    !read_remote(s, line, &before))
			return false;
	}
	for (i = 0; i < s->count; i++) {
		s->current = s->sections[i];
		for (row = files; row->name != NULL; row++)
			/* Remarks that hold for all are made once. */
			if ((i == 0 || row->set == import_set_key) &&
			    !read_file(s, row, err))
				return false;
	}
	return true;
}

static const char *const paths[] = { "/etc/nullmailer/remotes", NULL };

const struct import_kind import_nullmailer = { "nullmailer", paths, read_text,
	false, false, false };
