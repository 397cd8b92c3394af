#include "app/option_tables.h"

#include <string.h>

#include "app/import.h"
#include "base/span.h"

#define DAYS_DIGITS_MAX 5

bool
option_refuse(const char *what, const char *why, struct error *err)
{
	return error_set(err, STAGE_USAGE, EX_USAGE, "%s: %s", what, why);
}

static bool
ignore(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)r;
	(void)text;
	(void)value;
	(void)err;
	return true;
}

static bool
refuse(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)r;
	(void)value;
	return option_refuse("refused", text, err);
}

/* A mode that reads no message isn't made to wait for one either. */
static bool
refuse_mode(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	r->options->mode = MODE_NOTHING;
	return refuse(r, text, value, err);
}

/* The value must be one of the words of `text` behind the first, its name. */
static bool
check_word(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	struct span rest = span_of(text), name, word;
	const char *words;

	(void)r;
	(void)span_next(&rest, ' ', &name);
	words = rest.data;
	while (span_next(&rest, ' ', &word))
		if (span_equals(word, span_of(value)))
			return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "-%c takes one of %s, not `%s`", name.data[0], words, value);
}

static bool
check_number(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)r;
	if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0')
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "%s is a number, not `%s`", text, value);
}

static bool
set_body(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	if (!check_word(r, text, value, err))
		return false;
	r->options->body = strcmp(value, "7BIT") == 0 ? BODY_7BIT :
	    BODY_8BITMIME;
	return true;
}

static bool
set_full_name(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)err;
	r->options->full_name = value;
	return true;
}

static bool
set_sender(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)err;
	r->options->sender = value;
	r->sender_was_next = r->is_value_next;
	return true;
}

static bool
set_ignore_dots(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)err;
	/* -oi, -oitrue, -OIgnoreDots=yes: what Sendmail takes for true. */
	r->options->ignore_dots = value == NULL || value[0] == '\0' ||
	    strchr("tTyY1", value[0]) != NULL;
	return true;
}

static bool
set_from_header(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->from_header = true;
	return true;
}

static bool
set_verbose(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->verbosity++;
	return true;
}

static bool
set_notify(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	if (option_value_notify(value, &r->options->dsn.notify))
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE, "-N takes never, or some "
	    "of success,failure,delay, not `%s`", value);
}

static bool
set_return(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	if (option_value_return(value, &r->options->dsn.return_what))
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "-R takes one of hdrs full, not `%s`", value);
}

static bool
set_envid(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	if (!option_value_is_envid(value))
		return error_set(err, STAGE_USAGE, EX_USAGE, "-V takes xtext "
		    "of at most 100 characters (RFC 3461), not `%s`", value);
	r->options->dsn.envid = value;
	return true;
}

static bool
set_log_tag(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	if (!option_value_is_tag(value))
		return error_set(err, STAGE_USAGE, EX_USAGE, "-L takes at "
		    "most 32 visible characters, none of []:, not `%s`",
		    value);
	r->options->log_tag = value;
	return true;
}

static bool
choose_mode(struct option_reader *r, enum mode mode, struct error *err)
{
	if (r->mode_letters++ > 0 && r->options->mode != mode)
		return option_refuse("two modes at once",
		    "each stands alone", err);
	r->options->mode = mode;
	return true;
}

static bool
choose_submit(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_SUBMIT, err);
}

static bool
choose_smtp(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_SMTP, err);
}

static bool
choose_mailq(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_MAILQ, err);
}

static bool
choose_aliases(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_ALIASES, err);
}

static bool
choose_nothing(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_NOTHING, err);
}

static bool
choose_queue(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_QUEUE, err);
}

static bool
choose_flush(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	r->options->flush_id = value;
	return choose_mode(r, MODE_FLUSH, err);
}

static const struct option_row modes[] = {
	{ 'm', TAKES_NONE, choose_submit, NULL },
	{ 'a', TAKES_NONE, choose_submit, NULL },	/* ARPANET's -bm */
	{ 's', TAKES_NONE, choose_smtp, NULL },
	{ 'p', TAKES_NONE, choose_mailq, NULL },
	{ 'i', TAKES_NONE, choose_aliases, NULL },
	{ 'h', TAKES_NONE, choose_nothing, NULL },
	{ 'H', TAKES_NONE, choose_nothing, NULL },
	{ 'd', TAKES_NONE, refuse_mode, "-bd, as posthaste is not a daemon" },
	{ 'D', TAKES_NONE, refuse_mode, "-bD, as posthaste is not a daemon" },
	{ 'l', TAKES_NONE, refuse_mode, "-bl, as posthaste is not a daemon" },
	{ 't', TAKES_NONE, refuse_mode, "-bt, as there are no rewriting rules "
	    "to test" },
	{ 'v', TAKES_NONE, refuse_mode, "-bv, as an address can't be verified "
	    "without sending to it" },
	{ 'P', TAKES_NONE, refuse_mode, "-bP: mailq counts what waits" },
	{ '\0', TAKES_NONE, NULL, NULL }
};

static bool
set_quiet(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->is_quiet = true;
	return true;
}

/*
 * What to do with errors: they can't be mailed, as it is the mail that failed.
 * The status is never 0 for them, whatever -oee asks for.
 */
static const struct option_row error_modes[] = {
	{ 'p', TAKES_NONE, ignore, NULL },
	{ 'm', TAKES_NONE, ignore, NULL },
	{ 'w', TAKES_NONE, ignore, NULL },
	{ 'e', TAKES_NONE, ignore, NULL },
	{ 'q', TAKES_NONE, set_quiet, NULL },
	{ '\0', TAKES_NONE, NULL, NULL }
};

const struct option_row *
option_find(const struct option_row *rows, char letter)
{
	for (; rows->set != NULL; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

/* `text` names the option for messages; one letter of `rows` is the value. */
static bool
choose_letter(struct option_reader *r, const struct option_row *rows,
    const char *text, const char *value, struct error *err)
{
	const struct option_row *row = option_find(rows, value[0]);

	if (row == NULL || (row->arity == TAKES_NONE && value[1] != '\0'))
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "%s%s is not an option of sendmail", text, value);
	return row->set(r, row->text,
	    row->arity == TAKES_NONE ? NULL : value + 1, err);
}

static bool
set_mode(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	return choose_letter(r, modes, text, value, err);
}

static bool
set_error_mode(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	return choose_letter(r, error_modes, "-oe", value, err);
}

/* b, i, f, d: delivery is always at once, and always waited for. */
static bool
set_delivery_mode(struct option_reader *r, const char *text,
    const char *value, struct error *err)
{
	(void)r;
	(void)text;
	if (value != NULL && value[0] == 'q')
		return option_refuse("-odq", "the profile's spool_always "
		    "leaves messages in the spool", err);
	return true;
}

static bool
refuse_setting(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)r;
	(void)value;
	return error_set(err, STAGE_USAGE, EX_USAGE, "refused: -O %s, which "
	    "would name a file, a directory or an identity", text);
}

/* What the relay must be able to do, so nothing but a clear yes or no. */
static bool
set_demand(bool *demand, const char *name, const char *value,
    struct error *err)
{
	if (option_value_yes_no(value, demand))
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "-O %s= takes yes or no, not `%s`", name, value);
}

static bool
set_requiretls(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	return set_demand(&r->options->wants_requiretls, "requiretls", value,
	    err);
}

static bool
set_smtputf8(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	return set_demand(&r->options->wants_smtputf8, "smtputf8", value, err);
}

/* -O Name=value and its old one-letter form. */
static const struct {
	const char *name;
	char letter;
	option_setter *set;
	const char *text;
} settings[] = {
	{ "IgnoreDots", 'i', set_ignore_dots, NULL },
	{ "ErrorMode", 'e', set_error_mode, NULL },
	{ "DeliveryMode", 'd', set_delivery_mode, NULL },
	{ "QueueDirectory", 'Q', refuse_setting, "QueueDirectory" },
	{ "StatusFile", 'S', refuse_setting, "StatusFile" },
	{ "HelpFile", 'H', refuse_setting, "HelpFile" },
	{ "DefaultUser", 'u', refuse_setting, "DefaultUser" },
	{ "DefaultGroup", 'g', refuse_setting, "DefaultGroup" },
	{ "PostmasterCopy", 'P', refuse_setting, "PostmasterCopy" },
	{ "requiretls", '\0', set_requiretls, NULL },
	{ "smtputf8", '\0', set_smtputf8, NULL },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static bool
set_short_setting(struct option_reader *r, const char *text,
    const char *value, struct error *err)
{
	size_t i;

	(void)text;
	if (value[0] == '\0')
		return option_refuse("-o", "it needs a letter", err);
	/* The value would be the next word, or it wouldn't: no guessing. */
	if ((value[0] == 'A' && value[1] == '\0') ||
	    (value[0] == 'M' && value[1] != '\0' && value[2] == '\0'))
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "-o%s: its value must be attached", value);
	for (i = 0; i < SETTINGS; i++)
		if (settings[i].letter == value[0])
			return settings[i].set(r, settings[i].text, value + 1,
			    err);
	return true;
}

static bool
set_long_setting(struct option_reader *r, const char *text,
    const char *value, struct error *err)
{
	struct span rest = span_of(value), name;
	const char *set_to;
	size_t i;

	(void)text;
	if (!span_next(&rest, '=', &name) || name.len == 0)
		return option_refuse("-O", "it needs Name=value", err);
	set_to = rest.data == NULL ? "" : rest.data;
	for (i = 0; i < SETTINGS; i++)
		if (span_equals_nocase(name, span_of(settings[i].name)))
			return settings[i].set(r, settings[i].text, set_to,
			    err);
	return true;
}

const struct option_row option_letters[] = {
	{ 'A', TAKES_VALUE, check_word, "A c m" },
	{ 'B', TAKES_VALUE, set_body, "B 7BIT 8BITMIME" },
	{ 'b', TAKES_VALUE, set_mode, "-b" },
	{ 'C', TAKES_VALUE, refuse, "-C would name a configuration file; "
	    "use posthaste --config" },
	{ 'c', TAKES_NONE, ignore, NULL },
	{ 'D', TAKES_VALUE, refuse, "-D would name a file" },
	{ 'd', TAKES_ATTACHED, ignore, NULL },
	{ 'E', TAKES_ATTACHED, refuse, "-E is not an option of sendmail" },
	{ 'e', TAKES_VALUE, set_error_mode, "-e" },
	{ 'F', TAKES_VALUE, set_full_name, NULL },
	{ 'f', TAKES_VALUE, set_sender, NULL },
	{ 'G', TAKES_NONE, ignore, NULL },
	{ 'h', TAKES_VALUE, check_number, "-h, the hop count," },
	{ 'I', TAKES_NONE, choose_aliases, NULL },
	{ 'i', TAKES_NONE, set_ignore_dots, NULL },
	{ 'L', TAKES_VALUE, set_log_tag, NULL },
	{ 'M', TAKES_VALUE, refuse, "-M would define a macro" },
	{ 'm', TAKES_NONE, ignore, NULL },
	{ 'N', TAKES_VALUE, set_notify, NULL },
	{ 'n', TAKES_NONE, ignore, NULL },
	{ 'O', TAKES_VALUE, set_long_setting, "-O" },
	{ 'o', TAKES_VALUE, set_short_setting, "-o" },
	{ 'p', TAKES_VALUE, ignore, NULL },
	{ 'Q', TAKES_ATTACHED, refuse, "-Q, as nothing is quarantined" },
	{ 'q', TAKES_ATTACHED, choose_queue, NULL },
	{ 'R', TAKES_VALUE, set_return, NULL },
	{ 'r', TAKES_VALUE, set_sender, NULL },
	{ 'S', TAKES_ATTACHED, refuse, "-S is not an option of sendmail" },
	{ 's', TAKES_NONE, refuse, "-s is not an option of sendmail: a "
	    "Subject goes into the header" },
	{ 'T', TAKES_NONE, refuse, "-T is not an option of sendmail" },
	{ 't', TAKES_NONE, set_from_header, NULL },
	{ 'U', TAKES_NONE, ignore, NULL },
	{ 'V', TAKES_VALUE, set_envid, NULL },
	{ 'v', TAKES_NONE, set_verbose, NULL },
	{ 'X', TAKES_VALUE, refuse, "-X would write a file" },
	{ 'x', TAKES_NONE, ignore, NULL },
	{ 'z', TAKES_VALUE, refuse, "-z is not an option of sendmail" },
	{ '\0', TAKES_NONE, NULL, NULL }
};

static bool
choose_help(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_HELP, err);
}

static bool
choose_version(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_VERSION, err);
}

/* What names or shows a file isn't for whoever feeds a CGI program words. */
static bool
refuse_cgi(const struct option_reader *r, const char *text, struct error *err)
{
	return !r->invocation->is_cgi || option_refuse(text,
	    "not from a CGI program (GATEWAY_INTERFACE is set)", err);
}

static bool
set_config(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	if (!refuse_cgi(r, text, err))
		return false;
	r->options->config = value;
	return true;
}

static bool
choose_print_config(struct option_reader *r, const char *text,
    const char *value, struct error *err)
{
	(void)value;
	return choose_mode(r, MODE_PRINT_CONFIG, err) &&
	    refuse_cgi(r, text, err);
}

static bool
choose_list_profiles(struct option_reader *r, const char *text,
    const char *value, struct error *err)
{
	(void)value;
	return choose_mode(r, MODE_LIST_PROFILES, err) &&
	    refuse_cgi(r, text, err);
}

static bool
choose_import(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	const char *kinds;

	if (!choose_mode(r, MODE_IMPORT, err) || !refuse_cgi(r, text, err))
		return false;
	r->options->import_kind = value;
	return import_knows(value, &kinds) || error_set(err, STAGE_USAGE,
	    EX_USAGE, "%s takes one of %s, not `%s`", text, kinds, value);
}

static bool
choose_configure(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	r->options->configure_address = value;
	return choose_mode(r, MODE_CONFIGURE, err) && refuse_cgi(r, text, err);
}

static bool
set_profile(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)err;
	r->options->profile = value;
	return true;
}

static bool
set_dry_run(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->dry_run = true;
	return true;
}

static bool
set_json(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->json = true;
	return true;
}

static bool
set_print_id(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	(void)err;
	r->options->print_id = true;
	return true;
}

static bool
choose_check(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	(void)text;
	(void)value;
	return choose_mode(r, MODE_CHECK, err);
}

static bool
set_warn_expiry(struct option_reader *r, const char *text, const char *value,
    struct error *err)
{
	size_t i;

	if (!check_number(r, text, value, err))
		return false;
	r->wants_expiry = true;
	r->options->warn_expiry = 0;
	for (i = 0; i < DAYS_DIGITS_MAX && value[i] != '\0'; i++)
		r->options->warn_expiry = r->options->warn_expiry * 10 +
		    value[i] - '0';
	return value[i] == '\0' || option_refuse(text, "too many days", err);
}

const struct option_name option_long[] = {
	/* The first row: options.c gives it a place of its own. */
	{ "config", TAKES_VALUE, set_config, "--config" },
	{ "profile", TAKES_VALUE, set_profile, NULL },
	{ "dry-run", TAKES_NONE, set_dry_run, NULL },
	{ "json", TAKES_NONE, set_json, NULL },
	{ "help", TAKES_NONE, choose_help, NULL },
	{ "version", TAKES_NONE, choose_version, NULL },
	{ "check", TAKES_NONE, choose_check, NULL },
	{ "print-config", TAKES_NONE, choose_print_config,
	    "--print-config" },
	{ "list-profiles", TAKES_NONE, choose_list_profiles,
	    "--list-profiles" },
	{ "configure", TAKES_VALUE, choose_configure, "--configure" },
	{ "import", TAKES_VALUE, choose_import, "--import" },
	{ "queue", TAKES_NONE, choose_mailq, NULL },
	{ "flush", TAKES_OPTIONAL, choose_flush, NULL },
	{ "print-id", TAKES_NONE, set_print_id, NULL },
	{ "warn-expiry", TAKES_VALUE, set_warn_expiry,
	    "--warn-expiry" },
	{ NULL, TAKES_NONE, NULL, NULL }
};

/* Any other name, but for `posthaste` itself, is sendmail's. */
const struct option_personality option_personalities[] = {
	{ "sendmail", MODE_SUBMIT, NULL },
	{ "send-mail", MODE_SUBMIT, NULL },
	{ "mailq", MODE_MAILQ, NULL },
	{ "newaliases", MODE_ALIASES, NULL },
	{ "runq", MODE_QUEUE, NULL },
	{ "hoststat", MODE_NOTHING, NULL },
	{ "purgestat", MODE_NOTHING, NULL },
	{ "smtpd", MODE_NOTHING, "posthaste is not a daemon" },
	{ "rmail", MODE_SUBMIT, "UUCP mail isn't served" },
	{ "rsmtp", MODE_SUBMIT, "batched SMTP isn't served" },
	{ NULL, MODE_SUBMIT, NULL }
};
