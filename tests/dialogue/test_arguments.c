/*
 * The command line as an attacker's way in: words that would be options, files
 * or commands elsewhere, octets that would be commands of SMTP, and what is
 * said to those who mistype.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/session_kit.h"

#define WORDS 9

/* The directory that the program runs in here; what it holds afterwards. */
static char *
make_room(const struct scratch *scratch)
{
	char *room = scratch_path(scratch, "room");

	(void)mkdir(room, 0777);
	return room;
}

static size_t
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 2;
}

static void
arg_1_no_word_names_a_file_or_a_command(void **state)
{
	/* As PHP hands them over for two well-known senders, and the rest. */
	static const char *const lines[][WORDS] = {
		{ "-t", "-i", "-fattacker\\", "-oQ/tmp/", "-Xpoc.php",
		    "some\"@email.com" },
		{ "-t", "-i", "-fa\\\\", "-OQueueDirectory=/tmp", "-Xpoc.php",
		    "\\a@b.c" },
		{ "-t", "-i", "-Xpoc" }, { "-t", "-i", "-X", "poc" },
		{ "-t", "-i", "-Cpoc" }, { "-t", "-i", "-C", "poc" },
		{ "-t", "-i", "-Dpoc" }, { "-t", "-i", "-oQpoc" },
		{ "-t", "-i", "-OQueueDirectory=poc" },
		{ "-t", "-i", "-O", "queuedirectory=poc" },
		{ "-t", "-i", "-OStatusFile=poc" }, { "-t", "-i", "-oSpoc" },
		{ "-t", "-i", "-oP|id" }, { "-t", "-i", "-Mm$(id)" },
		{ "-t", "-i", "-bd" }, { "-t", "-i", "-bs" },
		{ "-t", "-i", "-bp" }, { "-t", "-i", "-q" },
		{ "-t", "-i", "--config", "poc" },
		{ "-t", "-i", "--config=poc" }, { "-t", "-i", "--json" },
		{ "-t", "-i", "--host=evil" }, { "-t", "-i", "--help" },
		{ "-t", "-i", "--version" },
		{ "-t", "-i", "--passwordeval=id" },
		{ "-t", "-i", "--logfile", "poc" },
		{ "-t", "-i", "x@y.net", "-Xpoc" },
	};
	static const char *const names[] = { "sendmail", NULL };
	char *room = make_room(*state);
	size_t i, k;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (k = 0; k < 2; k++) {
			struct trial t = { .name = names[k], .args = lines[i],
			    .run.cwd = room };

			trial_run(&t, state);
			trial_failed(&t, EX_USAGE, NULL, "posthaste: ");
			TRIAL_CHECK(&t, t.record.count == 0);
			TRIAL_CHECK(&t, count_entries(room) == 0);
			trial_free(&t);
		}
	mem_free(room);
}

static void
arg_2_an_address_that_begins_with_a_hyphen_is_an_address(void **state)
{
	static const char *const args[] = { "-i", "-f", KIT_SENDER, "--",
		"-Xpoc@example.net", "--config=poc@example.net", NULL };
	static const char *const from_header[] = { "-t", "-i", "-f",
		KIT_SENDER, NULL };
	char *room = make_room(*state);
	struct trial t = { .args = args, .run.cwd = room };
	struct trial header = { .args = from_header, .run.cwd = room,
	    .run.input = span_of("From: a@b.net\nTo: -oQpoc@example.net\n\n"
	    "hello\n") };

	trial_run(&t, state);
	trial_delivered(&t, kit_wire);
	TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<-Xpoc@example.net>"));
	TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:<--config=poc@example.net>"));
	trial_run(&header, state);
	trial_delivered(&header, NULL);
	TRIAL_CHECK(&header, trial_heard(&header,
	    "RCPT TO:<-oQpoc@example.net>"));
	TRIAL_CHECK(&header, count_entries(room) == 0);
	trial_free(&t);
	trial_free(&header);
	mem_free(room);
}

static void
check_octet(char octet, size_t place, void **state)
{
	static const char plain_name[] = "Robot";
	char with_octet[60];
	const char *const args[] = { "-i", "-F", place == 3 ? with_octet :
		plain_name, "-f", place < 2 ? with_octet : KIT_SENDER,
		place == 2 ? with_octet : KIT_RECIPIENT, NULL };
	struct trial t = { .json = true, .args = args,
	    .run.input = span_of("Subject: x\n\nhello\n") };

	(void)snprintf(with_octet, sizeof(with_octet), place == 1 ?
	    "robot@exa%cmple.org" : "ro%cbot@example.org", octet);
	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, "address", "");
	TRIAL_CHECK(&t, t.record.count == 0);
	trial_free(&t);
}

/* In the sender's local part and domain, a recipient, and a full name. */
static void
arg_3_and_4_no_control_gets_into_a_command_or_a_field(void **state)
{
	size_t place;
	int octet;

	for (place = 0; place < 4; place++) {
		for (octet = 1; octet <= ' '; octet++)
			if (place < 3 || (octet != ' ' && octet != '\t'))
				check_octet((char)octet, place, state);
		check_octet('\x7f', place, state);
		if (place == 3)
			continue;
		check_octet('<', place, state);
		check_octet('>', place, state);
	}
}

/* What a relay would be told of notifications, and what a log would show. */
static void
arg_3_no_control_gets_into_the_value_of_another_option(void **state)
{
	static const char letters[] = "NRVLB";
	char word[40];
	int octet;
	size_t i;

	for (i = 0; letters[i] != '\0'; i++)
		for (octet = 1; octet <= 0x7f; octet++) {
			const char *const args[] = { word, KIT_RECIPIENT,
				NULL };
			struct trial t = { .args = args, .is_absent = true };

			if (octet > ' ' && octet != 0x7f && octet != '<' &&
			    octet != '>' && octet != '=')
				continue;
			if (letters[i] == 'L' && octet > ' ' && octet != 0x7f)
				continue;
			if (letters[i] == 'V' &&
			    (octet == '<' || octet == '>'))
				continue;
			(void)snprintf(word, sizeof(word), "-%cfull%c",
			    letters[i], octet);
			trial_run(&t, state);
			trial_failed(&t, EX_USAGE, NULL, "posthaste: -");
			trial_free(&t);
		}
}

static void
arg_3_and_5_smtp_in_an_argument_is_refused(void **state)
{
	static const char *const lines[][WORDS] = {
		{ "-f", "a@b.net>\r\nRCPT TO:<evil@e.net", "c@d.net" },
		{ "-f", "a@b.net> SIZE=1 AUTH=<", "c@d.net" },
		{ "-f", "a@b.net\n", "c@d.net>\nDATA\n" },
		{ "-f", "a@b.net", "c@d.net> NOTIFY=NEVER" },
		{ "-f", "a@b.net", "-F", "Foo\r\nBcc: x@e.net", "c@d.net" },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct trial t = { .args = lines[i], .run.input =
		    span_of("Subject: x\n\nhello\n") };

		trial_run(&t, state);
		trial_failed(&t, EX_DATAERR, NULL, "posthaste: ");
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

static void
what_is_mistyped_is_64_and_told(void **state)
{
	static const struct {
		const char *name, *args[WORDS], *words;
	} cases[] = {
		{ NULL, { NULL }, "no recipients" },
		{ NULL, { "-Z", "a@b.net" }, "unknown option -Z in `-Z`" },
		{ NULL, { "-f" }, "-f needs a value" },
		{ NULL, { "-s", "Subject", "a@b.net" },
		    "a Subject goes into the header" },
		{ NULL, { "-bs", "a@b.net" }, "-bs takes no" },
		{ NULL, { "-Nsometimes", "a@b.net" }, "-N takes never" },
		{ NULL, { "-Va b", "a@b.net" }, "-V takes xtext" },
		{ NULL, { "-La b", "a@b.net" }, "-L takes at most 32" },
		{ NULL, { "-bd" }, "posthaste is not a daemon" },
		{ NULL, { "-bp", "-bi" }, "two modes at once" },
		{ NULL, { "-bp", "-t" }, "stands alone" },
		{ NULL, { "-bp", "a@b.net" }, "stands alone" },
		{ NULL, { "-q", "-f", "a@b.net" }, "stands alone" },
		{ NULL, { "-B", "9BIT", "a@b.net" },
		    "`9BIT`" },
		{ NULL, { "-oex", "a@b.net" }, "-oex is not an option" },
		{ NULL, { "-oem2", "a@b.net" }, "-oem2 is not an option" },
		{ NULL, { "-bmail", "a@b.net" }, "-bmail is not an option" },
		{ NULL, { "a@b.net", "-v" }, "`-v` " },
		{ NULL, { "--nonsense", "a@b.net" },
		    "unknown option `--nonsense`" },
		{ NULL, { "--json", "--json", "a@b.net" },
		    "--json is given twice" },
		{ NULL, { "--dry-run", "--config", "x", "a@b.net" },
		    "--config" },
		{ NULL, { "-i", "--dry-run", "a@b.net" },
		    "`--dry-run` " },
		{ NULL, { "--profile" }, "--profile needs a value" },
		{ NULL, { "--dry-run=yes", "a@b.net" }, "takes no value" },
		{ NULL, { "--configure=a@b.net", "c@d.net" },
		    "stands alone" },
		{ NULL, { "--import", "x" }, "takes one of msmtprc" },
		{ NULL, { "--print-config", "--json" }, "--json" },
		{ NULL, { "--list-profiles", "a@b.net" }, "stands alone" },
		{ NULL, { "--print-config", "--list-profiles" },
		    "two modes at once" },
		{ "sendmail", { "--print-config", "a@b.net" },
		    "is not an option of sendmail" },
		{ "sendmail", { "--json", "a@b.net" },
		    "`--json` is not an option of sendmail" },
		{ "/usr/sbin/smtpd", { NULL }, "posthaste is not a daemon" },
		{ "rmail", { "a@b.net" }, "UUCP mail isn't served" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .name = cases[i].name,
		    .args = cases[i].args };

		trial_run(&t, state);
		trial_failed(&t, EX_USAGE, NULL, cases[i].words);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
	}
}

static void
fields_without_an_address_are_named(void **state)
{
	static const char *const args[] = { "-t", NULL };
	static const struct {
		const char *input, *words;
	} rows[] = {
		{ "Cc: friends:;\n\nx\n", "no address in To, Cc or Bcc" },
		{ "Resent-To:\nTo: a@b.net\n\nx\n",
		    "no address in Resent-To, Resent-Cc or Resent-Bcc" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial t = { .args = args,
		    .run.input = span_of(rows[i].input) };

		trial_run(&t, state);
		trial_failed(&t, EX_USAGE, NULL, rows[i].words);
		trial_free(&t);
	}
}

static void
what_callers_of_sendmail_say_is_understood(void **state)
{
	static const char *const lines[][WORDS] = {
		{ "-t", "-i" },
		{ "-ti", "-f" KIT_SENDER },
		{ "-oi", "-oem", "-odb", "-f", KIT_SENDER, KIT_RECIPIENT },
		{ "-bm", "-FRobot", "-f", KIT_SENDER, "--", KIT_RECIPIENT },
		{ "-oiee", "-oMrsmtp", "-h", "3", "-f", KIT_SENDER,
		    KIT_RECIPIENT },
		{ "-OErrorMode=print", "-O", "ErrorMode=mail", "-f", KIT_SENDER,
		    KIT_RECIPIENT },
		{ "-OIgnoreDots=true", "-OErrorMode=p", "-G", "-U", "-f",
		    KIT_SENDER, KIT_RECIPIENT },
		{ "-d0.1", "-Am", "-n", "-m", "-f", KIT_SENDER, KIT_RECIPIENT },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct trial t = { .name = i % 2 == 0 ? "/usr/sbin/sendmail" :
		    "send-mail", .args = lines[i],
		    .keys = "from = robot@example.org\n" };

		trial_run(&t, state);
		trial_delivered(&t, kit_wire);
		trial_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arg_1_no_word_names_a_file_or_a_command),
		cmocka_unit_test(
		    arg_2_an_address_that_begins_with_a_hyphen_is_an_address),
		cmocka_unit_test(
		    arg_3_and_4_no_control_gets_into_a_command_or_a_field),
		cmocka_unit_test(
		    arg_3_no_control_gets_into_the_value_of_another_option),
		cmocka_unit_test(arg_3_and_5_smtp_in_an_argument_is_refused),
		cmocka_unit_test(what_is_mistyped_is_64_and_told),
		cmocka_unit_test(fields_without_an_address_are_named),
		cmocka_unit_test(what_callers_of_sendmail_say_is_understood),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
