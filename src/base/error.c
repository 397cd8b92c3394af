#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const stage_names[] = {
	[STAGE_NONE] = "none",
	[STAGE_USAGE] = "usage",
	[STAGE_CONFIG] = "config",
	[STAGE_INPUT] = "input",
	[STAGE_ADDRESS] = "address",
	[STAGE_SYSTEM] = "system",
	[STAGE_DNS] = "dns",
	[STAGE_CONNECT] = "connect",
	[STAGE_TLS] = "tls",
	[STAGE_GREETING] = "greeting",
	[STAGE_EHLO] = "ehlo",
	[STAGE_STARTTLS] = "starttls",
	[STAGE_AUTH] = "auth",
	[STAGE_MAIL] = "mail",
	[STAGE_RCPT] = "rcpt",
	[STAGE_DATA] = "data",
	[STAGE_BODY] = "body",
	[STAGE_RECEIPT] = "receipt",
	[STAGE_QUIT] = "quit",
};

static const struct {
	int code;
	const char *name;
} exit_names[] = {
	{ EX_OK, "EX_OK" },
	{ EX_USAGE, "EX_USAGE" },
	{ EX_DATAERR, "EX_DATAERR" },
	{ EX_NOINPUT, "EX_NOINPUT" },
	{ EX_NOUSER, "EX_NOUSER" },
	{ EX_NOHOST, "EX_NOHOST" },
	{ EX_UNAVAILABLE, "EX_UNAVAILABLE" },
	{ EX_SOFTWARE, "EX_SOFTWARE" },
	{ EX_OSERR, "EX_OSERR" },
	{ EX_OSFILE, "EX_OSFILE" },
	{ EX_CANTCREAT, "EX_CANTCREAT" },
	{ EX_IOERR, "EX_IOERR" },
	{ EX_TEMPFAIL, "EX_TEMPFAIL" },
	{ EX_PROTOCOL, "EX_PROTOCOL" },
	{ EX_NOPERM, "EX_NOPERM" },
	{ EX_CONFIG, "EX_CONFIG" },
};

const char *
error_stage_name(enum stage stage)
{
	return stage_names[stage];
}

const char *
error_exit_name(int exit_code)
{
	size_t i;

	for (i = 0; i < sizeof(exit_names) / sizeof(exit_names[0]); i++)
		if (exit_names[i].code == exit_code)
			return exit_names[i].name;
	return "EX_?";
}

bool
error_is_set(const struct error *err)
{
	return err->exit_code != EX_OK;
}

void
error_clear(struct error *err)
{
	memset(err, 0, sizeof(*err));
}

/* Formats into a fixed field, controls escaped. */
static void format_into(char *out, size_t size, const char *format,
    va_list args) FORMAT(3, 0);

static void
format_into(char *out, size_t size, const char *format, va_list args)
{
	char text[sizeof(((struct error *)NULL)->reply)];
	int n = vsnprintf(text, sizeof(text), format, args);

	escape_into(out, size, n < 0 ? span_of("?") : span_of(text));
}

static void set(struct error *err, enum stage stage, int exit_code,
    int sys_errno, const char *format, va_list args) FORMAT(5, 0);

static void
set(struct error *err, enum stage stage, int exit_code, int sys_errno,
    const char *format, va_list args)
{
	char text[sizeof(err->text)];

	if (error_is_set(err))
		return;
	err->stage = stage;
	err->exit_code = exit_code;
	err->sys_errno = sys_errno;
	format_into(text, sizeof(text), format, args);
	if (sys_errno == 0)
		(void)snprintf(err->text, sizeof(err->text), "%s", text);
	else
		(void)snprintf(err->text, sizeof(err->text), "%.600s: %.90s",
		    text, strerror(sys_errno));
}

bool
error_set(struct error *err, enum stage stage, int exit_code,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, stage, exit_code, 0, format, args);
	va_end(args);
	return false;
}

/* Then the file that couldn't be opened isn't to blame. */
static bool
is_scarcity(int sys_errno)
{
	return sys_errno == EMFILE || sys_errno == ENFILE ||
	    sys_errno == ENOMEM;
}

bool
error_set_errno(struct error *err, enum stage stage, int exit_code,
    int sys_errno, const char *format, ...)
{
	va_list args;

	if (stage == STAGE_CONFIG && is_scarcity(sys_errno)) {
		stage = STAGE_SYSTEM;
		exit_code = EX_OSERR;
	}
	va_start(args, format);
	set(err, stage, exit_code, sys_errno, format, args);
	va_end(args);
	return false;
}

bool
error_set_temporary(struct error *err, enum stage stage, int sys_errno,
    const char *format, ...)
{
	va_list args;

	if (error_is_set(err))
		return false;
	va_start(args, format);
	set(err, stage, EX_UNAVAILABLE, sys_errno, format, args);
	va_end(args);
	err->temporary = true;
	return false;
}

bool
error_cause(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (err->cause[0] == '\0')
		format_into(err->cause, sizeof(err->cause), format, args);
	va_end(args);
	return false;
}

bool
error_fix(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (err->fix[0] == '\0')
		format_into(err->fix, sizeof(err->fix), format, args);
	va_end(args);
	return false;
}

bool
error_prefix(struct error *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	size_t n;

	memcpy(text, err->text, sizeof(text));
	va_start(args, format);
	format_into(err->text, sizeof(err->text), format, args);
	va_end(args);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, "%s", text);
	return false;
}

void
error_make_uncertain(struct error *err)
{
	err->exit_code = EX_PROTOCOL;
	err->temporary = false;
	err->uncertain = true;
}

static bool
add_line(struct buf *out, const char *label, const char *text)
{
	return text[0] == '\0' || buf_printf(out, "  %s%s\n", label, text);
}

bool
error_print_block(const struct error *err, const char *context,
    struct buf *out)
{
	return buf_printf(out, "posthaste: %s%s%s%s%s\n", context,
	    context[0] == '\0' ? "" : " ", err->peer,
	    err->peer[0] == '\0' ? "" : ": ", err->text) &&
	    add_line(out, "command: ", err->command) &&
	    add_line(out, "reply:   ", err->reply) &&
	    add_line(out, "", err->uncertain ?
	    "the relay may already hold the message" : "") &&
	    add_line(out, "cause:   ", err->cause) &&
	    add_line(out, "fix:     ", err->fix);
}

bool
error_record(const struct error *err, struct record *r)
{
	return record_text(r, "exit", error_exit_name(err->exit_code)) &&
	    record_text(r, "stage", error_stage_name(err->stage)) &&
	    record_claim(r, "temporary", err->temporary) &&
	    record_claim(r, "uncertain", err->uncertain) &&
	    (err->reply_code == 0 ||
	    record_number(r, "status", err->reply_code)) &&
	    record_text(r, "hint", err->hint) &&
	    record_text(r, "peer", err->peer) &&
	    record_text(r, "error", err->text) &&
	    record_text(r, "command", err->command) &&
	    record_text(r, "reply", err->reply);
}

static bool
add_member(struct buf *out, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return true;
	return buf_printf(out, ",\"%s\":", key) &&
	    buf_add_json(out, span_of(value));
}

bool
error_print_json(const struct error *err, struct buf *out)
{
	if (!buf_printf(out, ",\"exit\":%d,\"exit_name\":\"%s\","
	    "\"stage\":\"%s\",\"temporary\":%s,\"uncertain\":%s",
	    err->exit_code, error_exit_name(err->exit_code),
	    error_stage_name(err->stage),
	    err->temporary ? "true" : "false",
	    err->uncertain ? "true" : "false"))
		return false;
	if (err->reply_code != 0 &&
	    !buf_printf(out, ",\"code\":%d", err->reply_code))
		return false;
	if (err->sys_errno != 0 &&
	    !buf_printf(out, ",\"errno\":%d", err->sys_errno))
		return false;
	return add_member(out, "enhanced", err->enhanced) &&
	    add_member(out, "peer", err->peer) &&
	    add_member(out, "command", err->command) &&
	    add_member(out, "text", err->text) &&
	    add_member(out, "reply", err->reply) &&
	    add_member(out, "cause", err->cause) &&
	    add_member(out, "fix", err->fix) &&
	    add_member(out, "hint", err->hint);
}
