/* sendemail.* of git, by git-send-email(1), in the form of `git config -z`. */
#include <string.h>

#include "app/import_row.h"
#include "base/mem.h"

static bool
set_server(struct sheet *s, const struct import_row *row, struct span value)
{
	if (value.len > 0 && (value.data[0] == '/' || value.data[0] == '~'))
		return sheet_remark(s, span_of(row->name), "it is a program, "
		    "not a relay");
	return sheet_set(s, row->to, value);
}

static bool
set_encryption(struct sheet *s, const struct import_row *row,
    struct span value)
{
	bool is_ssl = span_equals_nocase(value, span_of("ssl"));
	bool is_tls = span_equals_nocase(value, span_of("tls"));

	s->current->flags[SHEET_TLS] = is_ssl || is_tls ? 1 : -1;
	s->current->flags[row->at] = is_tls ? 1 : -1;
	return true;
}

/* The first of a list; others go by name too. */
static bool
set_auth(struct sheet *s, const struct import_row *row, struct span value)
{
	if (!span_equals_nocase(value, span_of("none")))
		return import_set_lower(s, row,
		    span_make(value.data, span_find(value, ' ')));
	s->current->flags[SHEET_AUTH] = -1;
	return true;
}

/* "Name <address>", or the address alone. */
static bool
set_from(struct sheet *s, const struct import_row *row, struct span value)
{
	size_t open = span_find(value, '<');
	struct span rest = span_skip(value, open + 1), address;

	if (open == value.len)
		return span_equals(value, span_of("auto")) ||
		    sheet_set(s, row->to, value);
	(void)span_next(&rest, '>', &address);
	return sheet_set(s, row->to, span_trim(address)) &&
	    sheet_set(s, "from_name", span_trim(span_make(value.data, open)));
}

static bool
set_certificates(struct sheet *s, const struct import_row *row,
    struct span value)
{
	/* Without any the certificate isn't looked at. */
	if (value.len == 0)
		return sheet_set(s, "tls_verify", span_of("no"));
	return import_set_path(s, row, value);
}

static const struct import_row keys[] = {
	{ "smtpserver", set_server, "host", 0 },
	{ "smtpserverport", import_set_key, "port", 0 },
	{ "smtpencryption", set_encryption, NULL, SHEET_STARTTLS },
	{ "smtpssl", import_remark, "smtpencryption says it now", 0 },
	{ "smtpuser", import_set_key, "user", 0 },
	{ "smtppass", import_set_secret, NULL, 0 },
	{ "smtpauth", set_auth, "auth", 0 },
	{ "smtpdomain", import_set_key, "ehlo", 0 },
	{ "smtpsslcertpath", set_certificates, "tls_ca_file", 0 },
	{ "smtpsslclientcert", import_set_path, "tls_cert_file", 0 },
	{ "smtpsslclientkey", import_set_path, "tls_key_file", 0 },
	{ "smtpserveroption", import_remark, "options of a program", 0 },
	{ "sendmailcmd", import_remark, "a program sends this mail", 0 },
	{ "smtpbatchsize", import_remark, "each message is a session of its "
	    "own", 0 },
	{ "smtprelogindelay", import_remark, "each message is a session of "
	    "its own", 0 },
	{ "from", set_from, "from", 0 },
	{ "envelopesender", set_from, "from", 0 },
	{ NULL, NULL, NULL, 0 },
};

/* The rest of sendemail.* says which mail is sent, not how. */
static bool
concerns_us(struct span name)
{
	const struct import_row *row;

	for (row = keys; row->name != NULL; row++)
		if (span_equals_nocase(name, span_of(row->name)))
			return true;
	return false;
}

/* "sendemail.[IDENTITY.]name" into the last two; false for other keys. */
static bool
split_key(struct span key, struct span *identity, struct span *name)
{
	struct span prefix = span_of("sendemail.");
	size_t dot;

	if (!span_starts_with_nocase(key, prefix))
		return false;
	key = span_skip(key, prefix.len);
	for (dot = key.len; dot > 0 && key.data[dot - 1] != '.'; dot--)
		;
	*identity = span_make(key.data, dot == 0 ? 0 : dot - 1);
	*name = span_skip(key, dot);
	return concerns_us(*name);
}

static void
choose_identity(struct sheet *s, struct span identity)
{
	struct sheet_section *p = sheet_find(s, identity);

	if (p != NULL) {
		s->current = p;
		return;
	}
	p = sheet_add(s, identity);
	sheet_copy(p, s->sections[0]);
	p->parent = s->sections[0]->name;
	p->is_own = true;
}

/* What all identities share comes before what one of them says. */
static bool
read_entries(struct sheet *s, struct span text, bool of_identities)
{
	struct span entry, key, identity, name;

	while (span_next(&text, '\0', &entry)) {
		(void)span_next(&entry, '\n', &key);
		if (!split_key(key, &identity, &name) ||
		    (identity.len > 0) != of_identities)
			continue;
		choose_identity(s, identity);
		if (!import_apply(s, keys, name, entry))
			return false;
	}
	return true;
}

/* What a shell and git take for nothing but itself. */
static bool
is_plain(const char *text)
{
	return text != NULL && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789.@_+-")] == '\0';
}

/* Where git has the password from its helpers. */
static bool
ask_helpers(struct sheet *s)
{
	const char *host = sheet_get(s->current, "host");
	const char *user = sheet_get(s->current, "user");
	const char *port = sheet_get(s->current, "port");
	struct buf command;
	bool ok;

	if (s->current->notes[SHEET_SECRET_AT] != NULL || !is_plain(user) ||
	    !is_plain(host))
		return true;
	buf_init(&command, BUF_UNLIMITED);
	ok = buf_printf(&command, "printf 'protocol=smtp\\nhost=%s%s%s\\n"
	    "username=%s\\n\\n' | git credential fill | "
	    "sed -n 's/^password=//p'", host, port == NULL ? "" : ":",
	    port == NULL ? "" : port, user) &&
	    sheet_set(s, "password_command", buf_span(&command));
	buf_free(&command);
	return ok;
}

static bool
read_text(struct sheet *s, struct span text, struct error *err)
{
	size_t i;
	bool ok;

	(void)err;
	(void)sheet_add(s, span_of("default"));
	ok = read_entries(s, text, false) && read_entries(s, text, true);
	for (i = 0; ok && i < s->count; i++) {
		s->current = s->sections[i];
		ok = ask_helpers(s);
	}
	return ok;
}

/* Not a file: import.c asks git. */
static const char *const paths[] = { NULL };

const struct import_kind import_git = { "git", paths, read_text, false,
	false, false };
