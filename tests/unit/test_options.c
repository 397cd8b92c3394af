#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "app/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define WORDS_MAX 12

#define SENDMAIL "/usr/sbin/sendmail"
#define OWN "/usr/bin/posthaste"

/* How it was started: a CGI program's child, or with privileges gained. */
enum start { PLAIN, CGI, RESTRICTED };

/* Lines that are understood; what isn't named is 0, false or NULL. */
static const struct accepted {
	const char *label;
	const char *words[WORDS_MAX];
	enum start start;
	struct options expected;
	const char *recipients[4];
} accepted[] = {
	{ "a recipient", { SENDMAIL, "a@b" }, PLAIN, { 0 }, { "a@b" } },
	{ "recipients in their order", { SENDMAIL, "c@d", "a@b", "root" },
	    PLAIN, { 0 }, { "c@d", "a@b", "root" } },
	{ "the name alone", { "sendmail", "a@b" }, PLAIN, { 0 }, { "a@b" } },
	{ "a name of nobody's", { "/opt/mail-it", "-t" }, PLAIN,
	    { .from_header = true }, { NULL } },
	{ "-t -i", { SENDMAIL, "-t", "-i" }, PLAIN,
	    { .from_header = true, .ignore_dots = true }, { NULL } },
	{ "-ti", { SENDMAIL, "-ti" }, PLAIN,
	    { .from_header = true, .ignore_dots = true }, { NULL } },
	{ "-it", { SENDMAIL, "-it" }, PLAIN,
	    { .from_header = true, .ignore_dots = true }, { NULL } },
	{ "-oi -t", { SENDMAIL, "-oi", "-t" }, PLAIN,
	    { .from_header = true, .ignore_dots = true }, { NULL } },
	{ "-t with recipients", { SENDMAIL, "-t", "a@b" }, PLAIN,
	    { .from_header = true }, { "a@b" } },
	{ "an attached value", { SENDMAIL, "-fa@b", "c@d" }, PLAIN,
	    { .sender = "a@b" }, { "c@d" } },
	{ "a value in the next word", { SENDMAIL, "-f", "a@b", "c@d" }, PLAIN,
	    { .sender = "a@b" }, { "c@d" } },
	{ "a value behind a cluster", { SENDMAIL, "-tif", "a@b" }, PLAIN,
	    { .from_header = true, .ignore_dots = true, .sender = "a@b" },
	    { NULL } },
	{ "a value attached to a cluster", { SENDMAIL, "-itfa@b" }, PLAIN,
	    { .from_header = true, .ignore_dots = true, .sender = "a@b" },
	    { NULL } },
	{ "a value that looks like an option", { SENDMAIL, "-F", "-t", "a@b" },
	    PLAIN, { .full_name = "-t" }, { "a@b" } },
	{ "the last -f", { SENDMAIL, "-f", "a@b", "-rc@d", "e@f" }, PLAIN,
	    { .sender = "c@d" }, { "e@f" } },
	{ "-r is -f", { SENDMAIL, "-r", "a@b", "c@d" }, PLAIN,
	    { .sender = "a@b" }, { "c@d" } },
	{ "the null sender, empty", { SENDMAIL, "-f", "", "c@d" }, PLAIN,
	    { .sender = "" }, { "c@d" } },
	{ "the null sender", { SENDMAIL, "-f<>", "c@d" }, PLAIN,
	    { .sender = "<>" }, { "c@d" } },
	{ "-f takes the next word under -t", { SENDMAIL, "-t", "-f", "a@b" },
	    PLAIN, { .from_header = true, .sender = "a@b" }, { NULL } },
	{ "a full name", { SENDMAIL, "-FCronDaemon", "-t" }, PLAIN,
	    { .full_name = "CronDaemon", .from_header = true }, { NULL } },
	{ "-- before recipients", { SENDMAIL, "-i", "--", "a@b" }, PLAIN,
	    { .ignore_dots = true }, { "a@b" } },
	{ "recipients like options behind --", { SENDMAIL, "--", "-X/tmp/x@y",
	    "--config=/tmp/x", "-" }, PLAIN, { 0 }, { "-X/tmp/x@y",
	    "--config=/tmp/x", "-" } },
	{ "a second -- is a recipient", { SENDMAIL, "--", "--" }, PLAIN,
	    { 0 }, { "--" } },
	{ "-- and nothing behind it", { SENDMAIL, "-t", "--" }, PLAIN,
	    { .from_header = true }, { NULL } },

	{ "notifications", { SENDMAIL, "-Nsuccess,delay", "-R", "hdrs",
	    "-Vqueue+2B1", "a@b" }, PLAIN, { .dsn.notify =
	    DSN_NOTIFY_SUCCESS | DSN_NOTIFY_DELAY, .dsn.return_what =
	    DSN_RETURN_HDRS, .dsn.envid = "queue+2B1" }, { "a@b" } },
	{ "no notification", { SENDMAIL, "-N", "never", "-Rfull", "a@b" },
	    PLAIN, { .dsn.notify = DSN_NOTIFY_NEVER, .dsn.return_what =
	    DSN_RETURN_FULL }, { "a@b" } },
	{ "demands on the relay", { SENDMAIL, "-O", "requiretls=yes",
	    "-Osmtputf8=yes", "a@b" }, PLAIN, { .wants_requiretls = true,
	    .wants_smtputf8 = true }, { "a@b" } },
	{ "demands taken back", { SENDMAIL, "-Orequiretls=yes",
	    "-Orequiretls=no", "a@b" }, PLAIN, { 0 }, { "a@b" } },
	{ "a tag for the log", { SENDMAIL, "-L", "backup", "a@b" }, PLAIN,
	    { .log_tag = "backup" }, { "a@b" } },
	{ "Symfony", { SENDMAIL, "-bs" }, PLAIN, { .mode = MODE_SMTP },
	    { NULL } },
	{ "Alpine", { SENDMAIL, "-bs", "-odb", "-oem" }, PLAIN,
	    { .mode = MODE_SMTP }, { NULL } },
	{ "a default sender of a session", { SENDMAIL, "-bs", "-f", "a@b" },
	    PLAIN, { .mode = MODE_SMTP, .sender = "a@b" }, { NULL } },

	/* Callers as they are. */
	{ "cronie", { SENDMAIL, "-FCronDaemon", "-i", "-odi", "-oem", "-oi",
	    "-t", "-f", "root" }, PLAIN, { .full_name = "CronDaemon",
	    .ignore_dots = true, .from_header = true, .sender = "root" },
	    { NULL } },
	{ "Debian's cron", { SENDMAIL, "-i", "-FCronDaemon", "-B8BITMIME",
	    "-oem", "root" }, PLAIN, { .full_name = "CronDaemon",
	    .ignore_dots = true, .body = BODY_8BITMIME }, { "root" } },
	{ "git", { SENDMAIL, "-f", "a@b", "-i", "t@u", "b@c" }, PLAIN,
	    { .sender = "a@b", .ignore_dots = true }, { "t@u", "b@c" } },
	{ "mutt", { "sendmail", "-oem", "-oi", "-f", "a@b", "--", "c@d" },
	    PLAIN, { .sender = "a@b", .ignore_dots = true }, { "c@d" } },
	{ "mail(1)", { "send-mail", "-i", "-m", "-v", "--", "c@d" }, PLAIN,
	    { .ignore_dots = true, .verbosity = 1 }, { "c@d" } },
	{ "fail2ban", { SENDMAIL, "-f", "fail2ban", "root" }, PLAIN,
	    { .sender = "fail2ban" }, { "root" } },
	{ "a whole list as one word", { SENDMAIL, "-oi", "a@b, c@d," }, PLAIN,
	    { .ignore_dots = true }, { "a@b, c@d," } },

	/* The program's own name. */
	{ "long options, then short ones", { OWN, "--config", "/x", "--json",
	    "--profile=work", "-t", "-i" }, PLAIN, { .config = "/x",
	    .json = true, .profile = "work", .from_header = true,
	    .ignore_dots = true }, { NULL } },
	{ "--config with =", { OWN, "--config=/a=b", "a@b" }, PLAIN,
	    { .config = "/a=b" }, { "a@b" } },
	{ "--dry-run", { OWN, "--dry-run", "--", "a@b" }, PLAIN,
	    { .dry_run = true }, { "a@b" } },
	{ "-vv", { OWN, "-vv", "a@b" }, PLAIN, { .verbosity = 2 }, { "a@b" } },
	{ "no long option is needed", { OWN, "a@b" }, PLAIN, { 0 },
	    { "a@b" } },
	{ "--profile under CGI", { OWN, "--profile", "work", "a@b" }, CGI,
	    { .profile = "work" }, { "a@b" } },
	{ "short options under CGI", { OWN, "-t" }, CGI,
	    { .from_header = true }, { NULL } },
	{ "short options with privileges", { OWN, "-t", "-i" }, RESTRICTED,
	    { .from_header = true, .ignore_dots = true }, { NULL } },

	/* Modes that read no message. */
	{ "posthaste --help", { OWN, "--help" }, PLAIN,
	    { .mode = MODE_HELP }, { NULL } },
	{ "posthaste --version", { OWN, "--version" }, PLAIN,
	    { .mode = MODE_VERSION }, { NULL } },
	{ "sendmail --help", { SENDMAIL, "--help" }, PLAIN,
	    { .mode = MODE_HELP }, { NULL } },
	{ "sendmail --version", { SENDMAIL, "--version" }, PLAIN,
	    { .mode = MODE_VERSION }, { NULL } },
	{ "mailq --help", { "mailq", "--help" }, PLAIN,
	    { .mode = MODE_HELP }, { NULL } },
	{ "-bp", { SENDMAIL, "-bp" }, PLAIN, { .mode = MODE_MAILQ },
	    { NULL } },
	{ "-bp twice", { SENDMAIL, "-bp", "-bp" }, PLAIN,
	    { .mode = MODE_MAILQ }, { NULL } },
	{ "-bp --", { SENDMAIL, "-bp", "--" }, PLAIN, { .mode = MODE_MAILQ },
	    { NULL } },
	{ "mailq", { "/usr/bin/mailq" }, PLAIN, { .mode = MODE_MAILQ },
	    { NULL } },
	{ "mailq -v", { "mailq", "-v" }, PLAIN,
	    { .mode = MODE_MAILQ, .verbosity = 1 }, { NULL } },
	{ "newaliases", { "newaliases" }, PLAIN, { .mode = MODE_ALIASES },
	    { NULL } },
	{ "newaliases -bp shows the queue", { "newaliases", "-bp" }, PLAIN,
	    { .mode = MODE_MAILQ }, { NULL } },
	{ "mailq -bm delivers", { "mailq", "-bm", "a@b" }, PLAIN, { 0 },
	    { "a@b" } },
	{ "runq", { "runq" }, PLAIN, { .mode = MODE_QUEUE }, { NULL } },
	{ "--flush all", { "posthaste", "--flush" }, PLAIN,
	    { .mode = MODE_FLUSH }, { NULL } },
	{ "--flush one", { "posthaste", "--flush", "1.2" }, PLAIN,
	    { .mode = MODE_FLUSH, .flush_id = "1.2" }, { NULL } },
	{ "--flush one, attached", { "posthaste", "--flush=1.2" }, PLAIN,
	    { .mode = MODE_FLUSH, .flush_id = "1.2" }, { NULL } },
	{ "--flush and an option", { "posthaste", "--flush", "-v" }, PLAIN,
	    { .mode = MODE_FLUSH, .verbosity = 1 }, { NULL } },
	{ "--queue", { "posthaste", "--queue" }, PLAIN,
	    { .mode = MODE_MAILQ }, { NULL } },
	{ "hoststat", { "hoststat" }, PLAIN, { .mode = MODE_NOTHING },
	    { NULL } },
	{ "purgestat", { "purgestat" }, PLAIN, { .mode = MODE_NOTHING },
	    { NULL } },
};

/* Lines that are refused, and what the text must say. */
static const struct refused {
	const char *label;
	const char *words[WORDS_MAX];
	enum start start;
	const char *text;
	const char *fix;	/* part of it; NULL: none */
} refused[] = {
	{ "nothing at all", { SENDMAIL }, PLAIN, "no recipients", "-t" },
	{ "no name either", { NULL }, PLAIN, "no recipients", "-t" },
	{ "-i alone", { SENDMAIL, "-i" }, PLAIN, "no recipients", "-t" },
	{ "-- alone", { SENDMAIL, "--" }, PLAIN, "no recipients", "-t" },
	{ "an unknown letter", { SENDMAIL, "-t", "-iy" }, PLAIN,
	    "unknown option -y in `-iy`", "--help" },
	{ "a control for a letter", { SENDMAIL, "-t", "-\033" }, PLAIN,
	    "unknown option -\\x1b in `-\\x1b`", "--help" },
	{ "a hyphen in a cluster", { SENDMAIL, "-t-" }, PLAIN,
	    "unknown option -- in `-t-`", "--help" },

	/* Null senders that a shell made vanish. */
	{ "-f without a value", { SENDMAIL, "a@b", "-f" }, PLAIN, "`-f`",
	    "before the recipients" },
	{ "-f as the last word", { SENDMAIL, "-i", "-f" }, PLAIN,
	    "-f needs a value", NULL },
	{ "-f took the only recipient", { SENDMAIL, "-i", "-f", "a@b" },
	    PLAIN, "no recipients: `a@b` was taken as the value of -f",
	    "-f '<>'" },
	{ "-r took the only recipient", { SENDMAIL, "-r", "a@b" }, PLAIN,
	    "no recipients: `a@b` was taken as the value of", "'<>'" },
	{ "-f attached, no recipients", { SENDMAIL, "-fa@b" }, PLAIN,
	    "no recipients", "-t" },

	/* Words that look like options among the recipients. */
	{ "an option behind a recipient", { SENDMAIL, "a@b", "-N", "success" },
	    PLAIN, "`-N`", "before the recipients" },
	{ "an option between recipients", { SENDMAIL, "a@b", "-i", "c@d" },
	    PLAIN, "`-i`", "before the recipients" },
	{ "a long option behind a recipient", { OWN, "a@b", "--json" },
	    PLAIN, "`--json`", "before the recipients" },
	{ "a hyphen alone", { SENDMAIL, "-" }, PLAIN, "`-`", "recipients" },
	{ "a hyphen behind a recipient", { SENDMAIL, "a@b", "-" }, PLAIN,
	    "`-`", "recipients" },

	/* What PHP makes of an address with a blank in it. */
	{ "-oQ and -X behind an address", { SENDMAIL, "-t", "-i",
	    "-fattacker\\", "-oQ/tmp/", "-X/tmp/poc.php",
	    "some\"@email.com" }, PLAIN, "QueueDirectory", NULL },
	{ "-OQueueDirectory and -X behind an address", { SENDMAIL, "-t", "-i",
	    "-fa\\\\", "-OQueueDirectory=/tmp", "-X/tmp/poc.php",
	    "\\a@b.c" }, PLAIN, "QueueDirectory", NULL },
	{ "-X alone", { SENDMAIL, "-t", "-i", "-fattacker\\",
	    "-X/tmp/poc.php", "some\"@email.com" }, PLAIN, "-X", NULL },
	{ "--config behind -t -i", { OWN, "-t", "-i", "--config=/tmp/x" },
	    PLAIN, "`--config=/tmp/x` ", NULL },
	{ "-bp behind -t -i", { SENDMAIL, "-t", "-i", "-bp" }, PLAIN,
	    "stands alone", NULL },
	{ "--help behind -t", { OWN, "-t", "--help" }, PLAIN, "`--help` ",
	    NULL },

	/* Long options where they don't belong. */
	{ "under sendmail's name", { SENDMAIL, "--json", "a@b" }, PLAIN,
	    "`--json` is not an option of sendmail", NULL },
	{ "--config under sendmail's name", { SENDMAIL, "--config=/x", "a@b" },
	    PLAIN, "`--config=/x` is not an option of sendmail", NULL },
	{ "--read-envelope-from", { SENDMAIL, "-oi", "--read-envelope-from",
	    "-t" }, PLAIN, "is not an option of sendmail", NULL },
	{ "--help with more", { SENDMAIL, "--help", "a@b" }, PLAIN,
	    "`--help` is not an option of sendmail", NULL },
	{ "--version with more", { "mailq", "--version", "-v" }, PLAIN,
	    "`--version` is not an option of sendmail", NULL },
	{ "behind a short option", { OWN, "-v", "--json", "a@b" }, PLAIN,
	    "`--json` comes after a short option", NULL },
	{ "with privileges gained", { OWN, "--json", "a@b" }, RESTRICTED,
	    "`--json` is not an option", NULL },
	{ "--help with privileges gained", { OWN, "--help" }, RESTRICTED,
	    "`--help` is not an option", NULL },
	{ "sendmail --help with privileges gained", { SENDMAIL, "--help" },
	    RESTRICTED, "`--help` is not an option", NULL },
	{ "--config under CGI", { OWN, "--config", "/x", "a@b" }, CGI,
	    "GATEWAY_INTERFACE", NULL },
	{ "--config as the second word", { OWN, "--json", "--config", "/x",
	    "a@b" }, PLAIN, "--config: only as the first word", NULL },
	{ "--config twice", { OWN, "--config=/x", "--config=/y", "a@b" },
	    PLAIN, "--config is given twice", NULL },
	{ "--profile twice", { OWN, "--profile", "a", "--profile=b", "a@b" },
	    PLAIN, "--profile is given twice", NULL },
	{ "--json twice", { OWN, "--json", "--json", "a@b" }, PLAIN,
	    "--json is given twice", NULL },
	{ "an unknown one", { OWN, "--jsom", "a@b" }, PLAIN,
	    "unknown option `--jsom`", "did you mean `--json`? see "
	    "posthaste --help" },
	{ "an abbreviation", { OWN, "--conf=/x", "a@b" }, PLAIN,
	    "unknown option `--conf=/x`", "--help" },
	{ "in capitals", { OWN, "--JSON", "a@b" }, PLAIN,
	    "unknown option `--JSON`", "--help" },
	{ "a value too many", { OWN, "--json=yes", "a@b" }, PLAIN,
	    "--json takes no value", NULL },
	{ "no value", { OWN, "--profile" }, PLAIN, "--profile needs a value",
	    NULL },
	{ "--config without a value", { OWN, "--config" }, PLAIN,
	    "--config needs a value", NULL },

	/* Modes are alone. */
	{ "two modes", { SENDMAIL, "-bp", "-bi" }, PLAIN, "two modes", NULL },
	{ "-bm and -bp", { SENDMAIL, "-bm", "-bp" }, PLAIN, "two modes",
	    NULL },
	{ "-q and -bm", { SENDMAIL, "-q", "-bm", "a@b" }, PLAIN, "two modes",
	    NULL },
	{ "--help and --version", { OWN, "--help", "--version" }, PLAIN,
	    "two modes", NULL },
	{ "--help and -bp", { OWN, "--help", "-bp" }, PLAIN, "two modes",
	    NULL },
	{ "-bp and -t", { SENDMAIL, "-bp", "-t" }, PLAIN, "stands alone",
	    NULL },
	{ "-t and -bi", { SENDMAIL, "-t", "-bi" }, PLAIN, "stands alone",
	    NULL },
	{ "-I and -f", { SENDMAIL, "-I", "-f", "a@b" }, PLAIN,
	    "stands alone", NULL },
	{ "-q and -r", { SENDMAIL, "-q", "-ra@b" }, PLAIN, "stands alone",
	    NULL },
	{ "-bh and a null sender", { SENDMAIL, "-bh", "-f", "" }, PLAIN,
	    "stands alone", NULL },
	{ "-q30m and a recipient", { SENDMAIL, "-q30m", "a@b" }, PLAIN,
	    "stands alone", NULL },
	{ "-bH and a recipient behind --", { SENDMAIL, "-bH", "--", "a@b" },
	    PLAIN, "stands alone", NULL },
	{ "-bp and --dry-run", { OWN, "--dry-run", "-bp" }, PLAIN,
	    "stands alone", NULL },
	{ "--help and a recipient", { OWN, "--help", "a@b" }, PLAIN,
	    "stands alone", NULL },
	{ "mailq and a recipient", { "mailq", "a@b" }, PLAIN, "stands alone",
	    NULL },
	{ "newaliases -t", { "newaliases", "-t" }, PLAIN, "stands alone",
	    NULL },
	{ "runq -f", { "runq", "-fa@b" }, PLAIN, "stands alone", NULL },

	/* Names that stand for what isn't served. */
	{ "smtpd", { "/usr/sbin/smtpd" }, PLAIN,
	    "smtpd: posthaste is not a daemon", NULL },
	{ "rmail", { "rmail", "a@b" }, PLAIN, "rmail: UUCP", NULL },
	{ "rsmtp", { "rsmtp" }, PLAIN, "rsmtp: batched SMTP", NULL },
	{ "rmail --help", { "rmail", "--help" }, PLAIN, "rmail: UUCP", NULL },
};

static bool
parse(struct options *o, const char *const *words, enum start start,
    struct error *err)
{
	char *argv[WORDS_MAX + 1] = { NULL };
	struct invocation in = { 0 };
	bool ok;

	/* argv's strings aren't const, though nobody writes through them. */
	for (; in.argc < WORDS_MAX && words[in.argc] != NULL; in.argc++)
		memcpy(&argv[in.argc], &words[in.argc], sizeof(argv[0]));
	in.argv = argv;
	in.is_cgi = start == CGI;
	in.is_restricted = start == RESTRICTED;
	ok = options_parse(o, &in, err);
	if (ok && o->recipient_count > 0) {
		assert_true(o->recipients >= argv + 1);
		assert_true(o->recipients + o->recipient_count ==
		    argv + in.argc);
		/* `argv` ends here: the same words, where they stay. */
		o->recipients = NULL;
	}
	return ok;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* All but the recipients. */
static bool
is_as_expected(const struct options *o, const struct options *x)
{
	return o->mode == x->mode && o->body == x->body &&
	    o->from_header == x->from_header &&
	    o->ignore_dots == x->ignore_dots &&
	    o->is_quiet == x->is_quiet && o->dry_run == x->dry_run &&
	    o->json == x->json && o->verbosity == x->verbosity &&
	    o->dsn.notify == x->dsn.notify &&
	    o->dsn.return_what == x->dsn.return_what &&
	    o->wants_requiretls == x->wants_requiretls &&
	    o->wants_smtputf8 == x->wants_smtputf8 &&
	    is_same(o->flush_id, x->flush_id) &&
	    is_same(o->dsn.envid, x->dsn.envid) &&
	    is_same(o->log_tag, x->log_tag) &&
	    is_same(o->sender, x->sender) &&
	    is_same(o->full_name, x->full_name) &&
	    is_same(o->config, x->config) && is_same(o->profile, x->profile);
}

/* The last words of `row` are its recipients. */
static bool
has_recipients(const struct accepted *row, size_t count)
{
	size_t words = 0, i;

	while (words < WORDS_MAX && row->words[words] != NULL)
		words++;
	for (i = 0; i < count; i++)
		if (i == COUNT(row->recipients) || !is_same(row->recipients[i],
		    row->words[words - count + i]))
			return false;
	return count == COUNT(row->recipients) ||
	    row->recipients[count] == NULL;
}

static void
what_callers_write_is_understood(void **state)
{
	const struct accepted *row;
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(accepted); i++) {
		row = &accepted[i];
		error_clear(&err);
		memset(&o, 0xff, sizeof(o));
		if (!parse(&o, row->words, row->start, &err))
			fail_msg("%s: %s", row->label, err.text);
		if (error_is_set(&err) || !is_as_expected(&o, &row->expected) ||
		    !has_recipients(row, o.recipient_count))
			fail_msg("%s: read otherwise", row->label);
	}
}

static void
what_is_not_clear_is_a_usage_error_that_says_why(void **state)
{
	const struct refused *row;
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++) {
		row = &refused[i];
		error_clear(&err);
		if (parse(&o, row->words, row->start, &err))
			fail_msg("%s: taken", row->label);
		if (err.stage != STAGE_USAGE || err.exit_code != EX_USAGE ||
		    err.temporary || err.uncertain)
			fail_msg("%s: not a usage error", row->label);
		if (strstr(err.text, row->text) == NULL)
			fail_msg("%s: %s", row->label, err.text);
		if (row->fix == NULL ? err.fix[0] != '\0' :
		    strstr(err.fix, row->fix) == NULL)
			fail_msg("%s: %s", row->label, err.fix);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_callers_write_is_understood),
		cmocka_unit_test(
		    what_is_not_clear_is_a_usage_error_that_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
