#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "app/option_tables.h"
#include "app/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a line with this option comes to; a refusal's text, or NULL. */
static const struct {
	const char *words[3];	/* behind "sendmail", before the recipient */
	const char *text;
} lines[] = {
	/* Every letter once, in the order of the table. */
	{ { "-Ac" }, NULL },
	{ { "-A", "m" }, NULL },
	{ { "-Ax" }, "-A takes one of c m, not `x`" },
	{ { "-A", "" }, "-A takes one of c m, not ``" },
	{ { "-B7BIT" }, NULL },
	{ { "-B", "8BITMIME" }, NULL },
	{ { "-B8bitmime" }, "-B takes one of 7BIT 8BITMIME, not `8bitmime`" },
	{ { "-BBINARYMIME" }, "-B takes one of 7BIT 8BITMIME" },
	{ { "-C/etc/x" }, "-C would name a configuration file" },
	{ { "-C", "/etc/x" }, "-C would name a configuration file" },
	{ { "-c" }, NULL },
	{ { "-D/tmp/x" }, "-D would name a file" },
	{ { "-D", "/tmp/x" }, "-D would name a file" },
	{ { "-d" }, NULL },
	{ { "-d0.1" }, NULL },
	{ { "-d0-99.1X/tmp/x" }, NULL },
	{ { "-E" }, "-E is not an option of sendmail" },
	{ { "-em" }, NULL },
	{ { "-e", "p" }, NULL },
	{ { "-ex" }, "is not an option of sendmail" },
	{ { "-e", "" }, "is not an option of sendmail" },
	{ { "-FName" }, NULL },
	{ { "-F", "A Name" }, NULL },
	{ { "-fa@b" }, NULL },
	{ { "-f", "a@b" }, NULL },
	{ { "-G" }, NULL },
	{ { "-h5" }, NULL },
	{ { "-h", "25" }, NULL },
	{ { "-hx" }, "-h, the hop count, is a number, not `x`" },
	{ { "-h-5" }, "is a number, not `-5`" },
	{ { "-h5x" }, "is a number, not `5x`" },
	{ { "-h", "" }, "is a number, not ``" },
	{ { "-i" }, NULL },
	{ { "-Ltag" }, NULL },
	{ { "-L", "tag" }, NULL },
	{ { "-La[1]" }, "-L takes at most 32 visible characters" },
	{ { "-Mx" }, "-M would define a macro" },
	{ { "-m" }, NULL },
	{ { "-Nsuccess" }, NULL },
	{ { "-N", "never" }, NULL },
	{ { "-Nsometimes" }, "-N takes never, or some of" },
	{ { "-n" }, NULL },
	{ { "-pSMTP:x" }, NULL },
	{ { "-p", "SMTP:x" }, NULL },
	{ { "-Q" }, "-Q, as nothing is quarantined" },
	{ { "-Qreason" }, "-Q, as nothing is quarantined" },
	{ { "-Rhdrs" }, NULL },
	{ { "-R", "full" }, NULL },
	{ { "-Rall" }, "-R takes one of hdrs full, not `all`" },
	{ { "-ra@b" }, NULL },
	{ { "-r", "a@b" }, NULL },
	{ { "-S" }, "-S is not an option of sendmail" },
	{ { "-s" }, "-s is not an option of sendmail: a Subject" },
	{ { "-s", "Subject" }, "-s is not an option of sendmail: a Subject" },
	{ { "-T" }, "-T is not an option of sendmail" },
	{ { "-t" }, NULL },
	{ { "-U" }, NULL },
	{ { "-Vid" }, NULL },
	{ { "-V", "id" }, NULL },
	{ { "-Va=b" }, "-V takes xtext of at most 100 characters" },
	{ { "-v" }, NULL },
	{ { "-X/tmp/x" }, "-X would write a file" },
	{ { "-X", "/tmp/x" }, "-X would write a file" },
	{ { "-XV" }, "-X would write a file" },
	{ { "-tX/tmp/x" }, "-X would write a file" },
	{ { "-x" }, NULL },
	{ { "-ztext" }, "-z is not an option of sendmail" },

	/* Letters of nobody's. */
	{ { "-4" }, "unknown option -4" },
	{ { "-6" }, "unknown option -6" },
	{ { "-J" }, "unknown option -J" },
	{ { "-l" }, "unknown option -l" },
	{ { "-P" }, "unknown option -P" },
	{ { "-a" }, "unknown option -a" },
	{ { "-5" }, "unknown option -5" },

	/* -b: what delivers, what will, what never does. */
	{ { "-bm" }, NULL },
	{ { "-b", "m" }, NULL },
	{ { "-ba" }, NULL },
	{ { "-bs" }, "-bs takes no -t, -N, -R, -V, --dry-run, "
	    "--print-id or recipient" },
	{ { "-bd" }, "-bd, as posthaste is not a daemon" },
	{ { "-bD" }, "-bD, as posthaste is not a daemon" },
	{ { "-bl" }, "-bl, as posthaste is not a daemon" },
	{ { "-bt" }, "-bt, as there are no rewriting rules" },
	{ { "-bv" }, "-bv, as an address can't be verified" },
	{ { "-bP" }, "-bP: mailq counts what waits" },
	{ { "-bz" }, "-bz is not an option of sendmail" },
	{ { "-bC" }, "-bC is not an option of sendmail" },
	{ { "-bq" }, "-bq is not an option of sendmail" },
	{ { "-bmx" }, "-bmx is not an option of sendmail" },
	{ { "-bsx" }, "-bsx is not an option of sendmail" },
	{ { "-b", "" }, "-b is not an option of sendmail" },

	/* -o and its long form -O. */
	{ { "-oi" }, NULL },
	{ { "-o", "i" }, NULL },
	{ { "-oem" }, NULL },
	{ { "-oep" }, NULL },
	{ { "-oew" }, NULL },
	{ { "-oee" }, NULL },
	{ { "-oeq" }, NULL },
	{ { "-oex" }, "-oex is not an option of sendmail" },
	{ { "-oe" }, "-oe is not an option of sendmail" },
	{ { "-odb" }, NULL },
	{ { "-odi" }, NULL },
	{ { "-odf" }, NULL },
	{ { "-odd" }, NULL },
	{ { "-odq" }, "-odq: the profile's spool_always" },
	{ { "-odqs" }, "-odq: the profile's spool_always" },
	{ { "-om" }, NULL },
	{ { "-oo" }, NULL },
	{ { "-o7" }, NULL },
	{ { "-o8" }, NULL },
	{ { "-oj" }, NULL },
	{ { "-os" }, NULL },
	{ { "-ov" }, NULL },
	{ { "-oL9" }, NULL },
	{ { "-or0s" }, NULL },
	{ { "-oT5d" }, NULL },
	{ { "-oc" }, NULL },
	{ { "-oA/etc/aliases" }, NULL },
	{ { "-oA" }, "-oA: its value must be attached" },
	{ { "-oMrUUCP" }, NULL },
	{ { "-oMr" }, "-oMr: its value must be attached" },
	{ { "-oMs", "host" }, "-oMs: its value must be attached" },
	{ { "-oQ/tmp" }, "refused: -O QueueDirectory" },
	{ { "-oQ" }, "refused: -O QueueDirectory" },
	{ { "-oS/tmp/x" }, "refused: -O StatusFile" },
	{ { "-oH/tmp/x" }, "refused: -O HelpFile" },
	{ { "-ou0" }, "refused: -O DefaultUser" },
	{ { "-og0" }, "refused: -O DefaultGroup" },
	{ { "-oPx@y" }, "refused: -O PostmasterCopy" },
	{ { "-o", "" }, "-o: it needs a letter" },
	{ { "-OIgnoreDots" }, NULL },
	{ { "-O", "IgnoreDots=true" }, NULL },
	{ { "-OErrorMode=m" }, NULL },
	{ { "-ODeliveryMode=b" }, NULL },
	{ { "-ODeliveryMode=q" }, "-odq: the profile's spool_always" },
	{ { "-odeliverymode=queue" }, NULL },
	{ { "-OQueueDirectory=/tmp" }, "refused: -O QueueDirectory" },
	{ { "-O", "queuedirectory=/tmp" }, "refused: -O QueueDirectory" },
	{ { "-OStatusFile=/tmp/x" }, "refused: -O StatusFile" },
	{ { "-OHelpFile=/tmp/x" }, "refused: -O HelpFile" },
	{ { "-ODefaultUser=root" }, "refused: -O DefaultUser" },
	{ { "-ODefaultGroup=root" }, "refused: -O DefaultGroup" },
	{ { "-OPostmasterCopy=x" }, "refused: -O PostmasterCopy" },
	{ { "-Orequiretls=yes" }, NULL },
	{ { "-O", "RequireTLS=no" }, NULL },
	{ { "-Orequiretls" }, "-O requiretls= takes yes or no, not ``" },
	{ { "-Orequiretls=maybe" }, "-O requiretls= takes yes or no" },
	{ { "-O", "smtputf8=yes" }, NULL },
	{ { "-Osmtputf8=true" }, "-O smtputf8= takes yes or no, not `true`" },
	{ { "-OMaxRecipientsPerMessage=5" }, NULL },
	{ { "-O", "" }, "-O: it needs Name=value" },
	{ { "-O=x" }, "-O: it needs Name=value" },
};

static const struct {
	const char *words[3];
	enum mode mode;
} modes[] = {
	{ { "-bp" }, MODE_MAILQ },
	{ { "-b", "p" }, MODE_MAILQ },
	{ { "-bi" }, MODE_ALIASES },
	{ { "-I" }, MODE_ALIASES },
	{ { "-bh" }, MODE_NOTHING },
	{ { "-bH" }, MODE_NOTHING },
	{ { "-q" }, MODE_QUEUE },
	{ { "-q30m" }, MODE_QUEUE },
	{ { "-qf" }, MODE_QUEUE },
	{ { "-qIabc" }, MODE_QUEUE },
	{ { "-qRx@y" }, MODE_QUEUE },
};

static const struct {
	const char *word;
	bool ignores_dots;
} dots[] = {
	{ "-i", true },
	{ "-oi", true },
	{ "-oitrue", true },
	{ "-oiT", true },
	{ "-oiyes", true },
	{ "-oiY", true },
	{ "-oi1", true },
	{ "-oifalse", false },
	{ "-oino", false },
	{ "-oi0", false },
	{ "-OIgnoreDots", true },
	{ "-OIgnoreDots=", true },
	{ "-OIgnoreDots=True", true },
	{ "-Oignoredots=yes", true },
	{ "-OIgnoreDots=False", false },
	{ "-m", false },
};

static const struct {
	const char *word;
	bool is_quiet;
	enum body_type body;
} details[] = {
	{ "-oeq", true, BODY_UNSAID },
	{ "-eq", true, BODY_UNSAID },
	{ "-OErrorMode=q", true, BODY_UNSAID },
	{ "-oem", false, BODY_UNSAID },
	{ "-oee", false, BODY_UNSAID },
	{ "-B7BIT", false, BODY_7BIT },
	{ "-B8BITMIME", false, BODY_8BITMIME },
};

/* `name`, up to two words, and `last`; any of these may be NULL. */
static bool
parse(struct options *o, const char *name, const char *const *words,
    const char *last, struct error *err)
{
	const char *line[5] = { name };
	struct invocation in = { .argc = 1 };
	char *argv[5] = { NULL };

	while (in.argc < 3 && words[in.argc - 1] != NULL) {
		line[in.argc] = words[in.argc - 1];
		in.argc++;
	}
	if (last != NULL)
		line[in.argc++] = last;
	/* argv's strings aren't const, though nobody writes through them. */
	memcpy(argv, line, sizeof(line));
	in.argv = argv;
	error_clear(err);
	return options_parse(o, &in, err);
}

static void
assert_usage_error(const char *label, const struct error *err,
    const char *text)
{
	if (err->stage != STAGE_USAGE || err->exit_code != EX_USAGE ||
	    err->temporary || strstr(err->text, text) == NULL)
		fail_msg("%s: %s", label, err->text);
}

static void
every_option_has_its_verdict(void **state)
{
	struct options o;
	struct error err;
	size_t i;
	bool ok;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		ok = parse(&o, "sendmail", lines[i].words, "c@d", &err);
		if (ok != (lines[i].text == NULL))
			fail_msg("%s: %s", lines[i].words[0], err.text);
		if (lines[i].text != NULL)
			assert_usage_error(lines[i].words[0], &err,
			    lines[i].text);
		else if (o.recipient_count != 1 || o.mode != MODE_SUBMIT)
			fail_msg("%s: it took a word", lines[i].words[0]);
	}
}

static bool
is_tried(char letter)
{
	size_t i;

	for (i = 0; i < COUNT(lines); i++)
		if (lines[i].words[0][1] == letter)
			return true;
	for (i = 0; i < COUNT(modes); i++)
		if (modes[i].words[0][1] == letter)
			return true;
	return false;
}

static void
every_letter_of_the_table_is_tried_here(void **state)
{
	const struct option_row *row, *other;

	(void)state;
	for (row = option_letters; row->set != NULL; row++) {
		if (!is_tried(row->name[0]))
			fail_msg("-%c", row->name[0]);
		for (other = option_letters; other != row; other++)
			assert_int_not_equal(other->name[0], row->name[0]);
	}
}

static void
every_option_is_in_the_manual(void **state)
{
	static const char table[] = "\n.Ss All sendmail options\n";
	const struct option_row *row;
	char text[65536], line[] = "\n.It Fl ?", item[40], second[40];
	FILE *file = fopen("man/posthaste.8", "re");
	const char *begin;
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_true(n < sizeof(text) - 1);
	for (row = option_long; row->set != NULL; row++) {
		(void)snprintf(item, sizeof(item), "\n.It Fl -%s", row->name);
		(void)snprintf(second, sizeof(second), " , Fl -%s\n",
		    row->name);
		if (strstr(text, item) == NULL && strstr(text, second) == NULL)
			fail_msg("--%s", row->name);
	}
	begin = strstr(text, table);
	assert_non_null(begin);
	for (row = option_letters; row->set != NULL; row++) {
		line[sizeof(line) - 2] = row->name[0];
		if (strstr(begin, line) == NULL)
			fail_msg("-%c", row->name[0]);
	}
}

static void
every_value_that_is_missing_is_missed(void **state)
{
	const struct option_row *row;
	char word[3] = "-?", text[] = "-? needs a value";
	const char *words[3] = { word, NULL, NULL };
	struct options o;
	struct error err;

	(void)state;
	for (row = option_letters; row->set != NULL; row++) {
		if (row->arity != TAKES_VALUE)
			continue;
		word[1] = text[1] = row->name[0];
		assert_false(parse(&o, "sendmail", words, NULL, &err));
		assert_usage_error(word, &err, text);
	}
}

static void
modes_that_read_no_message_stand_alone(void **state)
{
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(modes); i++) {
		if (!parse(&o, "sendmail", modes[i].words, NULL, &err) ||
		    o.mode != modes[i].mode || o.recipient_count != 0)
			fail_msg("%s: %s", modes[i].words[0], err.text);
		assert_false(parse(&o, "sendmail", modes[i].words, "-t",
		    &err));
		assert_usage_error(modes[i].words[0], &err, "stands alone");
		assert_false(parse(&o, "sendmail", modes[i].words, "-fa@b",
		    &err));
		assert_usage_error(modes[i].words[0], &err, "stands alone");
		assert_false(parse(&o, "sendmail", modes[i].words, "c@d",
		    &err));
		assert_usage_error(modes[i].words[0], &err, "stands alone");
		assert_false(parse(&o, "sendmail", modes[i].words, "-bm",
		    &err));
		assert_usage_error(modes[i].words[0], &err, "two modes");
		assert_false(parse(&o, "sendmail", modes[i].words, "-Nnever",
		    &err));
		assert_usage_error(modes[i].words[0], &err, "stands alone");
	}
}

/* What Symfony, Laravel and Alpine write, and what only a message can have. */
static void
a_session_on_stdin_goes_with_what_its_callers_add(void **state)
{
	static const char *const fine[] = { "-i", "-odb", "-oem", "-v",
	    "-fa@b", "-ra@b", "-Ltag", "-B8BITMIME", NULL };
	static const char *const wrong[] = { "-t", "-Nnever", "-Rfull",
	    "-Vid", "-Orequiretls=yes", "-Osmtputf8=yes", "c@d", NULL };
	const char *words[3] = { "-bs", NULL, NULL };
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; fine[i] != NULL; i++)
		if (!parse(&o, "sendmail", words, fine[i], &err) ||
		    o.mode != MODE_SMTP)
			fail_msg("%s: %s", fine[i], err.text);
	for (i = 0; wrong[i] != NULL; i++) {
		assert_false(parse(&o, "sendmail", words, wrong[i], &err));
		assert_usage_error(wrong[i], &err, "-bs takes no");
	}
	assert_false(parse(&o, "sendmail", words, "-bp", &err));
	assert_usage_error("-bp", &err, "two modes");
}

static void
dots_are_ignored_if_asked_for(void **state)
{
	const char *words[3] = { NULL };
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(dots); i++) {
		words[0] = dots[i].word;
		if (!parse(&o, "sendmail", words, "c@d", &err) ||
		    o.ignore_dots != dots[i].ignores_dots)
			fail_msg("%s", dots[i].word);
	}
}

static void
quiet_and_body_type_are_set_by_their_options_alone(void **state)
{
	const char *words[3] = { NULL };
	struct options o;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(details); i++) {
		words[0] = details[i].word;
		if (!parse(&o, "sendmail", words, "c@d", &err) ||
		    o.is_quiet != details[i].is_quiet ||
		    o.body != details[i].body)
			fail_msg("%s", details[i].word);
	}
}

static void
a_refusal_names_the_thing_and_the_reason(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(option_refuse("-Y", "it isn't there", &err));
	assert_int_equal(err.stage, STAGE_USAGE);
	assert_int_equal(err.exit_code, EX_USAGE);
	assert_string_equal(err.text, "-Y: it isn't there");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_its_verdict),
		cmocka_unit_test(every_letter_of_the_table_is_tried_here),
		cmocka_unit_test(every_option_is_in_the_manual),
		cmocka_unit_test(every_value_that_is_missing_is_missed),
		cmocka_unit_test(modes_that_read_no_message_stand_alone),
		cmocka_unit_test(
		    a_session_on_stdin_goes_with_what_its_callers_add),
		cmocka_unit_test(dots_are_ignored_if_asked_for),
		cmocka_unit_test(
		    quiet_and_body_type_are_set_by_their_options_alone),
		cmocka_unit_test(a_refusal_names_the_thing_and_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
