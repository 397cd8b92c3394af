#include "app/dryrun.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/report.h"
#include "base/buf.h"

static const char *const tls_words[] = {
	[PROFILE_TLS_STARTTLS] = "starttls",
	[PROFILE_TLS_IMPLICIT] = "implicit",
	[PROFILE_TLS_NONE] = "none",
};

static bool
add_escaped(struct buf *out, const char *text)
{
	return buf_add_escaped(out, span_of(text));
}

/* A terminal must not be told anything but text. */
static bool
add_header(struct span header, bool is_terminal, struct buf *out)
{
	struct span line;

	if (!is_terminal)
		return buf_add_span(out, header);
	while (span_next(&header, '\n', &line) && header.data != NULL)
		if (!buf_add_escaped(out, line) || !buf_add_char(out, '\n'))
			return false;
	return true;
}

static bool
add_relay(const struct profile *p, struct buf *out)
{
	if (!buf_printf(out, "profile:    [%s] of ", p->name) ||
	    !add_escaped(out, p->file))
		return false;
	if (p->socket != NULL)
		return buf_add_string(out, "\nrelay:      ") &&
		    add_escaped(out, p->socket);
	return buf_printf(out, "\nrelay:      %s", p->host) &&
	    (p->port == 0 || buf_printf(out, " port %" PRId64, p->port)) &&
	    (p->proxy == NULL || buf_add_string(out, " by proxy"));
}

static bool
add_envelope(const struct envelope *e, struct buf *out)
{
	size_t i;

	if (!buf_printf(out, "sender:     <%s>\n", e->reverse_path))
		return false;
	for (i = 0; i < e->count; i++)
		if (!buf_printf(out, "recipient:  <%s>\n",
		    e->recipients[i].address))
			return false;
	return true;
}

static bool
add_aliases(struct span lines, struct buf *out)
{
	struct span line;

	while (span_next(&lines, '\n', &line))
		if (line.len > 0 && (!buf_add_string(out, "alias:      ") ||
		    !buf_add_escaped(out, line) || !buf_add_char(out, '\n')))
			return false;
	return true;
}

/* What some relays refuse, and what is sent as it is all the same. */
static bool
add_notes(const struct dry_run *d, struct buf *out)
{
	static const char *const single[] = { "From", "Date" };
	struct field field;
	size_t i, count;

	for (i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (field_find(d->message, single[i], &field, &count) &&
		    count > 1 && !buf_printf(out,
		    "note:       %zu %s fields, where relays expect one\n",
		    count, single[i]))
			return false;
	if (d->ignored != NULL && (!buf_add_string(out, "note:       -f is "
	    "ignored: ") || !add_escaped(out, d->ignored) ||
	    !buf_add_char(out, '\n')))
		return false;
	if (d->encode->form.is_quoted && !buf_add_string(out,
	    "note:       the body would be made quoted-printable\n"))
		return false;
	return d->encode->passed[0] == '\0' || buf_printf(out,
	    "note:       passed as it is: %s\n", d->encode->passed);
}

bool
dry_run_show(const struct dry_run *d, int fd, struct error *err)
{
	const struct profile *p = d->profile;
	struct buf out;
	bool ok;

	buf_init(&out, BUF_UNLIMITED);
	ok = add_relay(p, &out) && buf_printf(&out, ", tls %s, EHLO %s\n",
	    tls_words[p->tls], p->ehlo == NULL ? "(our address)" : p->ehlo) &&
	    buf_printf(&out, "chosen:     %s\nlogin:      ", d->why) &&
	    add_escaped(&out, p->user == NULL ? "none" : p->user) &&
	    buf_add_char(&out, '\n') && add_envelope(d->envelope, &out) &&
	    add_aliases(d->aliases, &out) &&
	    buf_printf(&out, "size:       %" PRIu64 " octets\n",
	    d->encode->form.facts.size) && add_notes(d, &out) &&
	    buf_printf(&out, "nothing is sent; the header would be:\n\n") &&
	    add_header(d->encode->form.header, isatty(fd) == 1, &out) &&
	    report_write(fd, buf_span(&out));
	if (!ok)
		(void)error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	buf_free(&out);
	return ok;
}
