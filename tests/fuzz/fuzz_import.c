/*
 * --import: the input is another program's configuration. Its first octet says
 * whose: m, s, n, d or g, by the names of `kinds`. A form feed ends the file;
 * what stands behind it is the name of one that lies beside it, a line feed, and
 * its text, and so on. What is printed is a file of profiles that our own reader
 * takes, with nothing in it that no importer writes; else nothing is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

#include "app/import.h"
#include "conf/command.h"
#include "conf/ini.h"
#include "conf/profile_file.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"

#define HOME "/home/ann"
#define CANARY "hunter2"
#define PATH_SIZE 100

static const struct kind {
	char letter;
	const char *name, *file;
	const char *secret;	/* what a password stands behind, in a line */
} kinds[] = {
	{ 'm', "msmtprc", "msmtprc", "password " },
	{ 's', "ssmtp", "ssmtp.conf", "authpass=" },
	{ 'n', "nullmailer", "remotes", NULL },
	{ 'd', "dma", "dma.conf", NULL },
	{ 'g', "git", "config", "sendemail.smtppass\n" },
};

static const char *const beside[] = { "revaliases", "auth.conf", "me",
	"helohost", "defaultdomain", "adminaddr", "allmailfrom" };

/* Keys that no importer knows. */
static const char *const foreign[] = { "password", "password_credential",
	"tls_min", "tls_priority", "local_domains", "qualify_headers",
	"dot_terminates", "connect_timeout", "data_timeout", "total_timeout",
	"family", "encode", "pipelining", "chunking", "early", "quit_wait",
	"requiretls", "partial", "tempfail_exit", "sandbox", "hints",
	"log_format", "spool", "spool_always", "bounce_to" };

/* What git's helpers are asked with, but for a host and a name in it. */
static const char ask[] = "printf 'protocol=smtp\\nhost=";

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_importing;

struct print {
	const struct kind *kind;
	size_t sections;
};

static const char *
path_of(const char *name)
{
	static char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/%s", fuzz_scratch(), name);
	return path;
}

static void
remove_files(void)
{
	size_t i;

	for (i = 0; i < COUNT(beside); i++)
		(void)unlink(path_of(beside[i]));
	for (i = 0; i < COUNT(kinds); i++)
		(void)unlink(path_of(kinds[i].file));
}

static void
remove_scratch(void)
{
	remove_files();
	(void)rmdir(fuzz_scratch());
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
bool __wrap_command_run(const struct command *c, struct buf *out,
    struct error *err);

/* A configuration may name any file: none is there but ours. */
int
__wrap_open(const char *path, int flags, ...)
{
	const char *ours = fuzz_scratch();
	va_list more;
	mode_t mode;

	if (is_importing && (strncmp(path, ours, strlen(ours)) != 0 ||
	    strstr(path, "/..") != NULL)) {
		errno = ENOENT;
		return -1;
	}
	va_start(more, flags);
	mode = (flags & O_CREAT) == 0 ? 0 : va_arg(more, mode_t);
	va_end(more);
	return __real_open(path, flags, mode);
}

/* git has nothing to say. */
bool
__wrap_command_run(const struct command *c, struct buf *out, struct error *err)
{
	char line[2 * PATH_SIZE];

	(void)out;
	(void)snprintf(line, sizeof(line), "git config --list -z --file '%s'",
	    path_of("config"));
	FUZZ_CHECK(strcmp(c->line, line) == 0);
	return error_set(err, STAGE_CONFIG, EX_CONFIG, "git config: failed");
}

static void
write_file(const char *name, struct span text)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, text.data, text.len) == (ssize_t)text.len);
	FUZZ_CHECK(close(fd) == 0);
}

/* Files of other names nobody would look for. */
static void
write_files(const struct kind *kind, struct span rest)
{
	struct span text, name;
	size_t i;

	(void)span_next(&rest, '\f', &text);
	write_file(kind->file, text);
	while (span_next(&rest, '\f', &text)) {
		(void)span_next(&text, '\n', &name);
		for (i = 0; i < COUNT(beside); i++)
			if (span_equals(name, span_of(beside[i])))
				write_file(beside[i], text);
	}
}

static void
check_entry(const struct kind *kind, const char *key, struct span value)
{
	size_t i, quotes = 0;

	for (i = 0; i < COUNT(foreign); i++)
		FUZZ_CHECK(strcmp(key, foreign[i]) != 0);
	FUZZ_CHECK(key_find(key) != NULL);
	FUZZ_CHECK(value.len > 0);
	if (strcmp(key, "password_command") != 0)
		return;
	/* msmtp's own command; git's is ours, with two words of its file. */
	FUZZ_CHECK(kind->letter == 'm' || kind->letter == 'g');
	if (kind->letter == 'm')
		return;
	FUZZ_CHECK(span_starts_with_nocase(value, span_of(ask)));
	for (i = 0; i < value.len; i++)
		quotes += value.data[i] == '\'';
	FUZZ_CHECK(quotes == 4);
}

static bool
visit(void *context, const char *section, const char *key, struct span value,
    size_t line, struct error *err)
{
	struct print *print = context;

	(void)section;
	(void)line;
	(void)err;
	if (key[0] == '\0')
		print->sections++;
	else
		check_entry(print->kind, key, value);
	return true;
}

static void
check_octets(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		FUZZ_CHECK(!ascii_is_control(text.data[i]) ||
		    text.data[i] == '\n' || text.data[i] == '\t');
}

static size_t
count_lines(struct span input)
{
	size_t i, n = 1;

	for (i = 0; i < input.len; i++)
		n += input.data[i] == '\n' || input.data[i] == '\0' ||
		    input.data[i] == '\f';
	return n;
}

static void
check_printed(const struct kind *kind, struct span text, struct span input)
{
	struct profile_file *file = mem_alloc(sizeof(*file));
	struct print print = { kind, 0 };
	struct error err = { 0 };

	check_octets(text);
	FUZZ_CHECK(ini_parse_text(text, "/p.ini", visit, &print, &err));
	FUZZ_CHECK(print.sections > 0);
	FUZZ_CHECK(print.sections <= count_lines(input));
	buf_init(&file->text, BUF_UNLIMITED);
	text_put(&file->text, text);
	file->path = mem_string("/p.ini");
	FUZZ_CHECK(profile_file_parse(file, &err));
	profile_file_free(file);
}

/* Whether the canary stands nowhere but where a password does. */
static bool
is_secret(const struct kind *kind, struct span input)
{
	struct span rest = input, before;
	size_t n = kind->secret == NULL ? 0 : strlen(kind->secret), at;
	bool is_there = false;

	while (n > 0 && (at = fuzz_find(rest, span_of(CANARY))) < rest.len) {
		before = span_make(input.data, (size_t)(rest.data -
		    input.data) + at);
		if (before.len <= n || (before.data[before.len - n - 1] !=
		    '\n' && before.data[before.len - n - 1] != '\0') ||
		    !span_starts_with_nocase(span_skip(before,
		    before.len - n), span_of(kind->secret)))
			return false;
		is_there = true;
		rest = span_skip(rest, at + 1);
	}
	return is_there;
}

static void
check(const struct kind *kind, struct span input)
{
	static char home[] = "HOME=" HOME;
	char *const env[] = { home, NULL };
	char file[PATH_SIZE];
	char *const files[] = { file };
	const struct options options = { .mode = MODE_IMPORT,
		.import_kind = kind->name, .recipients = files,
		.recipient_count = 1 };
	const struct process process = { .env = env,
		.out = fuzz_file(span_make("", 0)),
		.err = fuzz_file(span_make("", 0)) };
	struct trace trace = { 0 };
	struct error err = { 0 };
	struct buf out, said;
	int status;

	(void)snprintf(file, sizeof(file), "%s", path_of(kind->file));
	is_importing = true;
	status = import(&process, &options, &trace, &err);
	is_importing = false;
	fuzz_read_back(process.out, &out);
	fuzz_read_back(process.err, &said);
	FUZZ_CHECK(status == EX_OK || status == EX_CONFIG);
	FUZZ_CHECK((status == EX_OK) == (said.len == 0));
	FUZZ_CHECK(fuzz_is_printable(buf_span(&said)));
	if (status == EX_OK)
		check_printed(kind, buf_span(&out), input);
	else
		FUZZ_CHECK(out.len == 0);
	if (is_secret(kind, input))
		FUZZ_CHECK(!fuzz_contains(buf_span(&out), CANARY) &&
		    !fuzz_contains(buf_span(&said), CANARY));
	buf_free(&out);
	buf_free(&said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_begun;
	size_t i;

	if (!is_begun)
		FUZZ_CHECK(atexit(remove_scratch) == 0);
	is_begun = true;
	for (i = 0; size > 0 && i < COUNT(kinds); i++)
		if (kinds[i].letter == data[0]) {
			write_files(&kinds[i], fuzz_span(data + 1, size - 1));
			check(&kinds[i], fuzz_span(data, size));
			remove_files();
		}
	return 0;
}
