/* msmtprc, by msmtp(1). */
#include <string.h>

#include "app/import_row.h"
#include "app/option_value.h"

/* No account is called so: its name would have other characters. */
static const char defaults[] = "-defaults-";

/* Settings hold for all accounts below. */
static bool
begin_defaults(struct sheet *s, const struct import_row *row,
    struct span value)
{
	(void)row;
	(void)value;
	s->current = sheet_find(s, span_of(defaults));
	if (s->current == NULL)
		s->current = sheet_add(s, span_of(defaults));
	s->current->is_hidden = true;
	return true;
}

/* "NAME [: ACCOUNT[,...]]" */
static bool
begin_account(struct sheet *s, const struct import_row *row,
    struct span value)
{
	struct span rest = value, name, list, each;
	const struct sheet_section *base;
	struct sheet_section *p;
	size_t parents = 0;

	(void)row;
	(void)span_next(&rest, ':', &name);
	list = rest;
	base = sheet_find(s, span_of(defaults));
	p = sheet_add(s, span_trim(name));
	if (base != NULL)
		sheet_copy(p, base);
	while (span_next(&list, ',', &each)) {
		base = sheet_find(s, span_trim(each));
		if (base == NULL || base == p)
			continue;
		sheet_copy(p, base);
		p->parent = parents++ == 0 ? base->name : NULL;
	}
	return true;
}

/* A sender, or a pattern for what -f says. */
static bool
set_from(struct sheet *s, const struct import_row *row, struct span value)
{
	bool is_pattern = span_find(value, '*') < value.len ||
	    span_find(value, '?') < value.len ||
	    span_find(value, '[') < value.len;

	(void)row;
	return sheet_set(s, is_pattern ? "match_from" : "from", value);
}

static bool
set_auth(struct sheet *s, const struct import_row *row, struct span value)
{
	int truth = import_truth(value);

	s->current->flags[SHEET_AUTH] = truth < 0 ? -1 : 1;
	return truth != 0 || import_set_lower(s, row, value);
}

static bool
set_timeout(struct sheet *s, const struct import_row *row, struct span value)
{
	return import_truth(value) >= 0 ? sheet_set(s, row->to, value) :
	    sheet_remark(s, span_of(row->name), "there is always a limit");
}

static bool
set_trust(struct sheet *s, const struct import_row *row, struct span value)
{
	return span_equals(value, span_of("system")) ||
	    import_truth(value) < 0 || import_set_path(s, row, value);
}

static bool
set_notify(struct sheet *s, const struct import_row *row, struct span value)
{
	unsigned int set;
	char word[64];

	if (value.len == 0 || import_truth(value) < 0)
		return true;
	escape_into(word, sizeof(word), value);
	return option_value_notify(word, &set) ? sheet_set(s, row->to, value) :
	    sheet_remark(s, span_of(row->name), "it takes never, or some of "
	    "success,failure,delay");
}

static bool
set_return(struct sheet *s, const struct import_row *row, struct span value)
{
	return sheet_set(s, row->to, span_equals(value, span_of("headers")) ?
	    span_of("hdrs") : import_truth(value) < 0 ? span_of(NULL) : value);
}

static bool
set_from_header(struct sheet *s, const struct import_row *row,
    struct span value)
{
	if (import_truth(value) > 0)
		return sheet_set(s, row->to, span_of("force"));
	return import_truth(value) == 0 || sheet_remark(s,
	    span_of(row->name), "a From field that is missing is added");
}

static bool
set_syslog(struct sheet *s, const struct import_row *row, struct span value)
{
	s->current->flags[row->at] = import_truth(value) < 0 ? -1 : 1;
	return true;
}

static bool
set_protocol(struct sheet *s, const struct import_row *row, struct span value)
{
	return !span_equals_nocase(value, span_of("lmtp")) ||
	    sheet_remark(s, span_of(row->name), "%s", row->to);
}

static const struct import_row keys[] = {
	{ "defaults", begin_defaults, NULL, 0 },
	{ "account", begin_account, NULL, 0 },
	{ "eval", import_remark, "its output isn't known here", 0 },
	{ "host", import_set_key, "host", 0 },
	{ "port", import_set_key, "port", 0 },
	{ "source_ip", import_set_key, "source_address", 0 },
	{ "proxy_host", import_set_note, NULL, SHEET_PROXY_HOST },
	{ "proxy_port", import_set_note, NULL, SHEET_PROXY_PORT },
	{ "socket", import_set_path, "socket", 0 },
	{ "timeout", set_timeout, "timeout", 0 },
	{ "protocol", set_protocol, "LMTP isn't spoken", 0 },
	{ "domain", import_set_key, "ehlo", 0 },
	{ "auth", set_auth, "auth", 0 },
	{ "user", import_set_key, "user", 0 },
	{ "password", import_set_secret, NULL, 0 },
	{ "passwordeval", import_set_key, "password_command", 0 },
	{ "ntlmdomain", import_remark, "NTLM isn't spoken", 0 },
	{ "tls", import_set_flag, NULL, SHEET_TLS },
	{ "tls_starttls", import_set_flag, NULL, SHEET_STARTTLS },
	{ "tls_trust_file", set_trust, "tls_ca_file", 0 },
	{ "tls_crl_file", import_set_path, "tls_crl_file", 0 },
	{ "tls_fingerprint", import_set_pin, "tls_fingerprint", 0 },
	{ "tls_key_file", import_set_path, "tls_key_file", 0 },
	{ "tls_cert_file", import_set_path, "tls_cert_file", 0 },
	{ "tls_certcheck", import_set_no, "tls_verify", 0 },
	{ "tls_host_override", import_set_key, "tls_name", 0 },
	{ "tls_priorities", import_remark, "tls_priority is appended to the "
	    "system's priority, so that it isn't the same", 0 },
	{ "tls_min_dh_prime_bits", import_remark, "the system's policy says "
	    "that", 0 },
	{ "from", set_from, NULL, 0 },
	{ "from_full_name", import_set_key, "from_name", 0 },
	{ "allow_from_override", import_set_no, "allow_f", 0 },
	{ "set_from_header", set_from_header, "from_policy", 0 },
	{ "set_date_header", import_remark, "a Date that is missing is added",
	    0 },
	{ "set_msgid_header", import_remark, "a Message-ID that is missing is "
	    "added", 0 },
	{ "add_missing_from_header", import_remark, "a From field that is "
	    "missing is added", 0 },
	{ "add_missing_date_header", import_remark, "a Date that is missing "
	    "is added", 0 },
	{ "remove_bcc_headers", import_remark, "Bcc is never sent", 0 },
	{ "undisclosed_recipients", import_set_yes_no,
	    "undisclosed_recipients", 0 },
	{ "auto_from", import_ignore, NULL, 0 },
	{ "maildomain", import_set_key, "domain", 0 },
	{ "dsn_notify", set_notify, "dsn_notify", 0 },
	{ "dsn_return", set_return, "dsn_return", 0 },
	{ "logfile", import_set_note, NULL, SHEET_LOGFILE },
	{ "logfile_time_format", import_remark, "lines of a log file have a "
	    "fixed form of time", 0 },
	{ "syslog", set_syslog, NULL, SHEET_SYSLOG },
	{ "aliases", import_set_path, "aliases", 0 },
	{ NULL, NULL, NULL, 0 },
};

/* Quotes around a value are no part of it. */
static struct span
unquote(struct span value)
{
	if (value.len > 1 && value.data[0] == '"' &&
	    value.data[value.len - 1] == '"')
		return span_make(value.data + 1, value.len - 2);
	return value;
}

static bool
read_text(struct sheet *s, struct span text, struct error *err)
{
	static const struct import_row nothing = { NULL, NULL, NULL, 0 };
	struct span line, name;
	size_t i;

	(void)err;
	if (!begin_defaults(s, &nothing, text))
		return false;
	while (span_next(&text, '\n', &line)) {
		s->line++;
		line = span_trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		name = import_word(&line);
		if (!span_equals(name, span_of("account")))
			s->current->is_own = true;
		if (!import_apply(s, keys, name, unquote(line)))
			return false;
	}
	/* Who has no password of that kind has no use for AUTH. */
	for (i = 0; i < s->count; i++)
		if (s->sections[i]->flags[SHEET_AUTH] == 0)
			s->sections[i]->flags[SHEET_AUTH] = -1;
	return true;
}

static const char *const paths[] = { "~/.msmtprc", "~/.config/msmtp/config",
	"/etc/msmtprc", NULL };

const struct import_kind import_msmtp = { "msmtprc", paths, read_text, true,
	false, false };
