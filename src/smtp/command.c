#include "smtp/command.h"

#include <inttypes.h>
#include <string.h>

#include "mail/text.h"

bool
dsn_is_wished(const struct dsn_wish *dsn)
{
	return dsn->notify != NULL || dsn->ret != NULL || dsn->envid != NULL;
}

/* " NAME=value" where there is one. */
static bool
add_parameter(struct buf *line, const char *name, const char *value)
{
	return value == NULL || buf_printf(line, " %s=%s", name, value);
}

static bool
add_dsn_of_message(struct buf *line, const struct dsn_wish *dsn)
{
	return add_parameter(line, "RET", dsn->ret) &&
	    add_parameter(line, "ENVID", dsn->envid);
}

bool
command_add_mail(struct buf *line, const char *reverse_path,
    const struct mail_wish *wish, const struct capability *c)
{
	bool is_8bit = wish->facts->has_8bit || wish->wants_8bitmime ||
	    wish->wants_smtputf8;

	return buf_printf(line, "MAIL FROM:<%s>", reverse_path) &&
	    (!c->has_size ||
	    buf_printf(line, " SIZE=%" PRIu64, wish->facts->size)) &&
	    (!c->has_8bitmime || !is_8bit ||
	    buf_add_string(line, " BODY=8BITMIME")) &&
	    (!wish->wants_smtputf8 || buf_add_string(line, " SMTPUTF8")) &&
	    (!c->has_dsn || add_dsn_of_message(line, wish->dsn)) &&
	    (!c->has_requiretls || !wish->wants_requiretls ||
	    buf_add_string(line, " REQUIRETLS"));
}

/* xtext of RFC 3461 section 4. */
static bool
add_xtext(struct buf *out, struct span s)
{
	size_t i;
	bool ok = true;

	for (i = 0; ok && i < s.len; i++)
		ok = s.data[i] > ' ' && s.data[i] <= '~' &&
		    s.data[i] != '+' && s.data[i] != '=' ?
		    buf_add_char(out, s.data[i]) : buf_printf(out, "+%02X",
		    (unsigned int)(unsigned char)s.data[i]);
	return ok;
}

bool
command_add_code_point(struct buf *out, unsigned long point)
{
	return point > ' ' && point <= '~' &&
	    strchr("+=\\", (int)point) == NULL ?
	    buf_add_char(out, (char)point) :
	    buf_printf(out, "\\x{%02lX}", point);
}

static bool
add_utf8_xtext(struct buf *out, struct span s)
{
	bool ok = true;

	while (ok && s.len > 0)
		ok = command_add_code_point(out, text_take_char(&s));
	return ok;
}

static bool
add_orcpt(struct buf *line, const char *address)
{
	struct span s = span_of(address);

	return text_is_ascii(s) ?
	    buf_add_string(line, " ORCPT=rfc822;") && add_xtext(line, s) :
	    buf_add_string(line, " ORCPT=utf-8;") && add_utf8_xtext(line, s);
}

bool
command_add_rcpt(struct buf *line, const struct recipient *recipient,
    const struct dsn_wish *dsn, const struct capability *c)
{
	const char *notify = recipient->notify != NULL ? recipient->notify :
	    dsn->notify;

	if (!buf_add_string(line, "RCPT TO:<") ||
	    !buf_add_string(line, recipient->address) ||
	    !buf_add_char(line, '>'))
		return false;
	if (!c->has_dsn)
		return true;
	if (!add_parameter(line, "NOTIFY", notify))
		return false;
	if (recipient->orcpt != NULL)
		return add_parameter(line, "ORCPT", recipient->orcpt);
	return (notify == NULL && !dsn_is_wished(dsn)) ||
	    add_orcpt(line, recipient->original != NULL ?
	    recipient->original : recipient->address);
}
