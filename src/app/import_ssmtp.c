/* ssmtp.conf and revaliases, by ssmtp.conf(5). */
#include <string.h>

#include "app/import_row.h"
#include "base/mem.h"

static bool
set_root(struct sheet *s, const struct import_row *row, struct span value)
{
	char who[200];

	if (value.len == 0)
		return true;
	escape_into(who, sizeof(who), value);
	return sheet_remark(s, span_of(row->name), "put `root: %s` into a file "
	    "that the key aliases names", who);
}

/* The From field is the program's to say, or it isn't. */
static bool
set_override(struct sheet *s, const struct import_row *row, struct span value)
{
	return sheet_set(s, row->to, span_of(import_truth(value) > 0 ? "keep" :
	    "force"));
}

static bool
set_tls(struct sheet *s, const struct import_row *row, struct span value)
{
	return import_set_flag(s, row, value) && (import_truth(value) <= 0 ||
	    sheet_remark(s, span_of(row->name), "the relay's certificate is "
	    "checked; one that no public authority has signed needs "
	    "tls_ca_file or tls_fingerprint"));
}

static const struct import_row keys[] = {
	{ "root", set_root, NULL, 0 },
	{ "mailhub", import_set_relay, NULL, 0 },
	{ "rewritedomain", import_set_key, "domain", 0 },
	{ "hostname", import_set_key, "ehlo", 0 },
	{ "fromlineoverride", set_override, "from_policy", 0 },
	{ "usetls", set_tls, NULL, SHEET_TLS },
	{ "usestarttls", import_set_flag, NULL, SHEET_STARTTLS },
	{ "usetlscert", import_ignore, NULL, 0 },
	{ "tlscert", import_set_path, "tls_cert_file", 0 },
	{ "tlskey", import_set_path, "tls_key_file", 0 },
	{ "tls_ca_file", import_set_path, "tls_ca_file", 0 },
	{ "tls_ca_dir", import_remark, "tls_ca_file takes one file", 0 },
	{ "authuser", import_set_key, "user", 0 },
	{ "authpass", import_set_secret, NULL, 0 },
	{ "authmethod", import_set_lower, "auth", 0 },
	{ "minuserid", import_remark, "the aliases file names who is meant",
	    0 },
	{ "debug", import_remark, "posthaste -v shows the dialogue", 0 },
	{ NULL, NULL, NULL, 0 },
};

/* "local_account:outgoing_address[:mailhub[:port]]" */
static bool
read_alias(struct sheet *s, struct span line)
{
	struct span rest = line, local, outgoing;
	struct buf pattern;
	bool ok;

	(void)span_next(&rest, ':', &local);
	if (!span_next(&rest, ':', &outgoing) || local.len == 0)
		return sheet_remark(s, span_of("revaliases"),
		    "a line without `:`");
	s->current = sheet_add(s, local);
	s->current->parent = "default";
	s->current->is_own = true;
	sheet_copy(s->current, s->sections[0]);
	buf_init(&pattern, BUF_UNLIMITED);
	ok = buf_add_span(&pattern, local) && buf_add_string(&pattern, "@*") &&
	    sheet_set(s, "match_from", buf_span(&pattern)) &&
	    sheet_set(s, "from", span_trim(outgoing)) &&
	    (rest.data == NULL || import_set_relay(s, keys, span_trim(rest)));
	buf_free(&pattern);
	return ok;
}

static bool
read_aliases(struct sheet *s, struct error *err)
{
	return import_lines_beside(s, "revaliases", read_alias, err);
}

static bool
read_text(struct sheet *s, struct span text, struct error *err)
{
	struct span line, name;
	struct sheet_section *p = sheet_add(s, span_of("default"));

	while (span_next(&text, '\n', &line)) {
		s->line++;
		line = import_uncomment(line, '#');
		if (line.len == 0)
			continue;
		(void)span_next(&line, '=', &name);
		if (!import_apply(s, keys, span_trim(name), span_trim(line)))
			return false;
	}
	if (sheet_get(p, "from_policy") == NULL &&
	    !sheet_set(s, "from_policy", span_of("force")))
		return false;
	/* Who sends without a name of his own is of this machine. */
	if (sheet_get(p, "domain") == NULL && !sheet_set(s, "domain",
	    span_of(sheet_get(p, "ehlo"))))
		return false;
	return read_aliases(s, err);
}

static const char *const paths[] = { "/etc/ssmtp/ssmtp.conf", NULL };

const struct import_kind import_ssmtp = { "ssmtp", paths, read_text, false,
	true, false };
