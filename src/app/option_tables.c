#include "app/option_tables.h"

#include "app/option_setters.h"

#define AT(field) offsetof(struct options, field)

const struct option_row option_modes[] = {
	{ "m", TAKES_NONE, option_choose, NULL, MODE_SUBMIT },
	/* ARPANET's -bm */
	{ "a", TAKES_NONE, option_choose, NULL, MODE_SUBMIT },
	{ "s", TAKES_NONE, option_choose, NULL, MODE_SMTP },
	{ "p", TAKES_NONE, option_choose, NULL, MODE_MAILQ },
	{ "i", TAKES_NONE, option_choose, NULL, MODE_ALIASES },
	{ "h", TAKES_NONE, option_choose, NULL, MODE_NOTHING },
	{ "H", TAKES_NONE, option_choose, NULL, MODE_NOTHING },
	{ "d", TAKES_NONE, option_refuse_mode,
	    "-bd, as posthaste is not a daemon", 0 },
	{ "D", TAKES_NONE, option_refuse_mode,
	    "-bD, as posthaste is not a daemon", 0 },
	{ "l", TAKES_NONE, option_refuse_mode,
	    "-bl, as posthaste is not a daemon", 0 },
	{ "t", TAKES_NONE, option_refuse_mode,
	    "-bt, as there are no rewriting rules to test", 0 },
	{ "v", TAKES_NONE, option_refuse_mode,
	    "-bv, as an address can't be verified without sending to it", 0 },
	{ "P", TAKES_NONE, option_refuse_mode,
	    "-bP: mailq counts what waits", 0 },
	{ NULL, TAKES_NONE, NULL, NULL, 0 },
};

/*
 * What to do with errors: they can't be mailed, as it is the mail that failed.
 * The status is never 0 for them, whatever -oee asks for. The first letter will
 * do, the word is what configuration files of Sendmail have.
 */
const struct option_row option_error_modes[] = {
	{ "print", TAKES_NONE, option_ignore, NULL, 0 },
	{ "mail", TAKES_NONE, option_ignore, NULL, 0 },
	{ "write", TAKES_NONE, option_ignore, NULL, 0 },
	{ "e", TAKES_NONE, option_ignore, NULL, 0 },
	{ "quiet", TAKES_NONE, option_set_flag, NULL, AT(is_quiet) },
	{ NULL, TAKES_NONE, NULL, NULL, 0 },
};

const struct option_setting option_settings[] = {
	{ 'i', { "IgnoreDots", TAKES_VALUE, option_set_ignore_dots, NULL, 0 } },
	{ 'e', { "ErrorMode", TAKES_VALUE, option_set_error_mode, NULL, 0 } },
	{ 'd', { "DeliveryMode", TAKES_VALUE, option_set_delivery_mode, NULL,
	    0 } },
	{ 'Q', { "QueueDirectory", TAKES_VALUE, option_refuse_setting, NULL,
	    0 } },
	{ 'S', { "StatusFile", TAKES_VALUE, option_refuse_setting, NULL, 0 } },
	{ 'H', { "HelpFile", TAKES_VALUE, option_refuse_setting, NULL, 0 } },
	{ 'u', { "DefaultUser", TAKES_VALUE, option_refuse_setting, NULL,
	    0 } },
	{ 'g', { "DefaultGroup", TAKES_VALUE, option_refuse_setting, NULL,
	    0 } },
	{ 'P', { "PostmasterCopy", TAKES_VALUE, option_refuse_setting, NULL,
	    0 } },
	{ '\0', { "requiretls", TAKES_VALUE, option_set_demand, NULL,
	    AT(wants_requiretls) } },
	{ '\0', { "smtputf8", TAKES_VALUE, option_set_demand, NULL,
	    AT(wants_smtputf8) } },
	{ '\0', { NULL, TAKES_NONE, NULL, NULL, 0 } }
};

const struct option_row option_letters[] = {
	{ "A", TAKES_VALUE, option_check_word, "c m", 0 },
	{ "B", TAKES_VALUE, option_set_body, "7BIT 8BITMIME", 0 },
	{ "b", TAKES_VALUE, option_set_mode, "-b", 0 },
	{ "C", TAKES_VALUE, option_refuse_row,
	    "-C would name a configuration file; use posthaste --config", 0 },
	{ "c", TAKES_NONE, option_ignore, NULL, 0 },
	{ "D", TAKES_VALUE, option_refuse_row, "-D would name a file", 0 },
	{ "d", TAKES_ATTACHED, option_ignore, NULL, 0 },
	{ "E", TAKES_ATTACHED, option_refuse_row,
	    "-E is not an option of sendmail", 0 },
	{ "e", TAKES_VALUE, option_set_error_mode, "-e", 0 },
	{ "F", TAKES_VALUE, option_set_text, NULL, AT(full_name) },
	{ "f", TAKES_VALUE, option_set_sender, NULL, 0 },
	{ "G", TAKES_NONE, option_ignore, NULL, 0 },
	{ "h", TAKES_VALUE, option_check_number, "-h, the hop count,", 0 },
	{ "I", TAKES_NONE, option_choose, NULL, MODE_ALIASES },
	{ "i", TAKES_NONE, option_set_ignore_dots, NULL, 0 },
	{ "L", TAKES_VALUE, option_set_log_tag, NULL, 0 },
	{ "M", TAKES_VALUE, option_refuse_row, "-M would define a macro", 0 },
	{ "m", TAKES_NONE, option_ignore, NULL, 0 },
	{ "N", TAKES_VALUE, option_set_notify, NULL, 0 },
	{ "n", TAKES_NONE, option_ignore, NULL, 0 },
	{ "O", TAKES_VALUE, option_set_long_setting, "-O", 0 },
	{ "o", TAKES_VALUE, option_set_short_setting, "-o", 0 },
	{ "p", TAKES_VALUE, option_ignore, NULL, 0 },
	{ "Q", TAKES_ATTACHED, option_refuse_row,
	    "-Q, as nothing is quarantined", 0 },
	{ "q", TAKES_ATTACHED, option_choose, NULL, MODE_QUEUE },
	{ "R", TAKES_VALUE, option_set_return, NULL, 0 },
	{ "r", TAKES_VALUE, option_set_sender, NULL, 0 },
	{ "S", TAKES_ATTACHED, option_refuse_row,
	    "-S is not an option of sendmail", 0 },
	{ "s", TAKES_NONE, option_refuse_row,
	    "-s is not an option of sendmail: a Subject goes into the "
	    "header", 0 },
	{ "T", TAKES_NONE, option_refuse_row,
	    "-T is not an option of sendmail", 0 },
	{ "t", TAKES_NONE, option_set_flag, NULL, AT(from_header) },
	{ "U", TAKES_NONE, option_ignore, NULL, 0 },
	{ "V", TAKES_VALUE, option_set_envid, NULL, 0 },
	{ "v", TAKES_NONE, option_set_verbose, NULL, 0 },
	{ "X", TAKES_VALUE, option_refuse_row, "-X would write a file", 0 },
	{ "x", TAKES_NONE, option_ignore, NULL, 0 },
	{ "z", TAKES_VALUE, option_refuse_row,
	    "-z is not an option of sendmail", 0 },
	{ NULL, TAKES_NONE, NULL, NULL, 0 },
};

const struct option_row option_long[] = {
	/* The first row: options.c gives it a place of its own. */
	{ "config", TAKES_VALUE, option_set_private, "--config", AT(config) },
	{ "profile", TAKES_VALUE, option_set_text, NULL, AT(profile) },
	{ "dry-run", TAKES_NONE, option_set_flag, NULL, AT(dry_run) },
	{ "json", TAKES_NONE, option_set_flag, NULL, AT(json) },
	{ "help", TAKES_NONE, option_choose, NULL, MODE_HELP },
	{ "version", TAKES_NONE, option_choose, NULL, MODE_VERSION },
	{ "check", TAKES_NONE, option_choose, NULL, MODE_CHECK },
	{ "print-config", TAKES_NONE, option_choose_private,
	    "--print-config", MODE_PRINT_CONFIG },
	{ "list-profiles", TAKES_NONE, option_choose_private,
	    "--list-profiles", MODE_LIST_PROFILES },
	{ "configure", TAKES_VALUE, option_choose_configure,
	    "--configure", MODE_CONFIGURE },
	{ "import", TAKES_VALUE, option_choose_import,
	    "--import", MODE_IMPORT },
	{ "queue", TAKES_NONE, option_choose, NULL, MODE_MAILQ },
	{ "flush", TAKES_OPTIONAL, option_choose_flush, NULL, MODE_FLUSH },
	{ "print-id", TAKES_NONE, option_set_flag, NULL, AT(print_id) },
	{ "warn-expiry", TAKES_VALUE, option_set_warn_expiry,
	    "--warn-expiry", 0 },
	{ NULL, TAKES_NONE, NULL, NULL, 0 },
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
