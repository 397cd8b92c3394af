/*
 * A password goes to the relay, under AUTH, and nowhere else: not to an output,
 * a log, an argument, an environment, a file, a core, nor does it stay in
 * memory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "support/canary.h"
#include "support/session_kit.h"

#define USER "robot@example.org"
#define PATIENCE_MS 5000
#define SOME_UID 54321	/* anybody but root */

/* {"token":"…"} */
#define REASON \
	"eyJ0b2tlbiI6IktuNGY3YzRuYXJ5WnE5d1R4MkxtOEh2NSJ9"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static struct canary canary;

/* What a trial of this file has beside struct trial. */
struct flight {
	struct trial t;
	char keys[900], secret[200], credentials[200], tmpdir[200];
	const char *format;	/* of the log; NULL: text */
	char *log, *temporary;
};

static const char *const sources[] = {
	"password = " CANARY "\n",
	"password_file = %s/secret\n",
	"password_command = cat \"$SECRET\"\n",
	"password_credential = secret\n",
	"password_command = cat \"$SECRET\"; echo $$ >\"$TMPDIR/pid\"; "
	    "read x <\"$TMPDIR/fifo\"\n",
};

#define SOURCES 4
#define HELD_COMMAND 4

struct mechanism {
	const char *name;	/* as the key `auth` has it */
	const char *last;	/* the stage that answers its last word */
	bool is_token;
	bool is_mutual;		/* its 235 comes later, to an empty word */
};

static const struct mechanism mechanisms[] = {
	{ "plain", "auth", false, false },
	{ "login", "authdata2", false, false },
	{ "cram-md5", "authdata1", false, false },
	{ "scram-sha-256", "authdata1", false, true },
	{ "xoauth2", "auth", true, false },
	{ "oauthbearer", "auth", true, false },
};

#define MECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

struct ending {
	const char *script;	/* NULL: as it should be */
	int exit_status;
	bool is_for_tokens, is_success;
};

static const struct ending endings[] = {
	{ NULL, EX_OK, false, false },
	{ "quote 235 2.7.0 welcome: ", EX_OK, false, true },
	{ "S 535-5.7.8 " CANARY "\nS 535-5.7.8 " CANARY_BASE64 "\n"
	    "quote 535 5.7.8 what is ", EX_NOPERM, false, false },
	{ "quote 454 4.7.0 not now: ", EX_UNAVAILABLE, false, false },
	{ "quote 250 ", EX_PROTOCOL, false, false },
	{ "quote what is ", EX_PROTOCOL, false, false },
	{ "S " CANARY "\nclose", EX_PROTOCOL, false, false },
	/* A reason in the mechanism's own words, which is decoded. */
	{ "S 334 " REASON "\nC*\nquote 535 5.7.8 ", EX_NOPERM, true, false },
};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

/* How it may be asked to talk. */
static const struct voice {
	const char *args[6];
	const char *format;
	bool is_check;		/* which writes no log */
} voices[] = {
	{ { "-i", "-f", KIT_SENDER, KIT_RECIPIENT, NULL }, NULL, false },
	{ { "-i", "-f", KIT_SENDER, KIT_RECIPIENT, NULL }, "json", false },
	{ { "-v", "-v", "-i", "-f" KIT_SENDER, KIT_RECIPIENT, NULL }, NULL,
	    false },
	{ { "--json", "-i", "-f", KIT_SENDER, KIT_RECIPIENT, NULL }, NULL,
	    false },
	{ { "--check", "-v", NULL }, NULL, true },
	{ { "--json", "--check", NULL }, NULL, true },
};

#define VERBOSE 2

#define VOICES (sizeof(voices) / sizeof(voices[0]))

/* The keys that lead to the secret; the relay lets in who knows it. */
static void
prepare(struct flight *f, size_t source, const struct mechanism *m,
    void **state)
{
	const struct scratch *scratch = *state;
	struct trial *t = &f->t;
	struct buf text;
	char *secret;

	secret = scratch_file(scratch, "secret", 0600, span_of(CANARY "\n"));
	assert_non_null(secret);
	mem_free(secret);
	f->log = scratch_path(scratch, "log");
	(void)unlink(f->log);
	f->temporary = scratch_path(scratch, "tmp");
	(void)mkdir(f->temporary, 0777);
	(void)chmod(f->temporary, 0777);
	(void)snprintf(f->secret, sizeof(f->secret), "SECRET=%s/secret",
	    scratch->path);
	(void)snprintf(f->credentials, sizeof(f->credentials),
	    "CREDENTIALS_DIRECTORY=%s", scratch->path);
	(void)snprintf(f->tmpdir, sizeof(f->tmpdir), "TMPDIR=%s",
	    f->temporary);
	buf_init(&text, sizeof(f->keys) - 1);
	assert_true(buf_printf(&text, "user = " USER "\n"
	    "ehlo = [127.0.0.1]\nauth = %s\nlog = file:%s\n"
	    "log_format = %s\n", m->name, f->log, f->format == NULL ?
	    "text" : f->format) &&
	    (source == 1 ? buf_printf(&text, "password_file = %s/secret\n",
	    scratch->path) : buf_add_string(&text, sources[source])));
	(void)snprintf(f->keys, sizeof(f->keys), "%s", text.data);
	buf_free(&text);
	t->mode = RELAY_TLS;
	t->keys = f->keys;
	t->env[0] = f->secret;
	t->env[1] = f->credentials;
	t->env[2] = f->tmpdir;
	t->run.cwd = f->temporary;
	t->serve.capabilities = "AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 "
	    "XOAUTH2 OAUTHBEARER\nPIPELINING";
	t->serve.user = USER;
	t->serve.password = CANARY;
	t->serve.wants_auth = true;
}

static void
end(struct flight *f)
{
	trial_free(&f->t);
	mem_free(f->log);
	mem_free(f->temporary);
}

/* Fails where the canary sits. */
static void
check_bytes(const struct trial *t, struct span bytes, const char *where)
{
	const char *form = canary_find(&canary, bytes);
	char words[400];

	if (form == NULL)
		return;
	(void)snprintf(words, sizeof(words), "no '%s' in %s", form, where);
	trial_check(t, false, words, __FILE__, __LINE__);
}

static void
read_all(const char *path, struct buf *out)
{
	char block[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	buf_clear(out);
	if (fd == -1)
		return;
	while ((n = read(fd, block, sizeof(block))) > 0)
		assert_true(buf_add(out, block, (size_t)n));
	(void)close(fd);
}

/* A JSON log is one. */
static void
check_form(const struct flight *f)
{
	struct buf text;

	buf_init(&text, BUF_UNLIMITED);
	read_all(f->log, &text);
	TRIAL_CHECK(&f->t, text.len == 0 || (text.data[0] == '{') ==
	    (f->format != NULL));
	buf_free(&text);
}

static size_t
check_file(const struct trial *t, const char *path)
{
	struct buf text;
	size_t size;

	buf_init(&text, BUF_UNLIMITED);
	read_all(path, &text);
	check_bytes(t, buf_span(&text), path);
	size = text.len;
	buf_free(&text);
	return size;
}

/* What AUTH alone may say, none of which is for anybody else's eyes. */
static void
check_line_is_hidden(const struct trial *t, const char *line)
{
	const char *word = strrchr(line, ' ');

	word = word == NULL ? line : word + 1;
	if (strlen(word) >= 16)
		TRIAL_CHECK(t, strstr(buf_string(&t->result.err), word) ==
		    NULL);
}

/* The canary goes over the wire within AUTH, and what is said there is hidden
 * from all others. */
static void
check_wire(const struct trial *t)
{
	const struct relay_connection *c = &t->record.connections[0];
	bool is_in_auth = false;
	size_t i;

	TRIAL_CHECK(t, t->record.count == 1);
	for (i = 0; i < c->command_count; i++) {
		if (span_starts_with_nocase(span_of(c->commands[i]),
		    span_of("AUTH ")))
			is_in_auth = true;
		else if (strncmp(c->commands[i], "MAIL ", 5) == 0 ||
		    strcmp(c->commands[i], "QUIT") == 0)
			is_in_auth = false;
		if (is_in_auth)
			check_line_is_hidden(t, c->commands[i]);
		else
			check_bytes(t, span_of(c->commands[i]), "a command");
	}
	for (i = 0; i < c->message_count; i++)
		check_bytes(t, buf_span(&c->messages[i].wire), "the message");
}

static void
check_all(const struct flight *f, bool is_logged)
{
	const struct trial *t = &f->t;

	check_bytes(t, buf_span(&t->result.out), "stdout");
	check_bytes(t, buf_span(&t->result.err), "stderr");
	TRIAL_CHECK(t, (check_file(t, f->log) > 0) == is_logged);
	check_form(f);
	check_wire(t);
}

static void
fly(size_t source, const struct mechanism *m, const struct ending *ending,
    size_t voice, void **state)
{
	struct flight f = { 0 };

	if ((ending->is_for_tokens && !m->is_token) ||
	    (ending->is_success && m->is_mutual))
		return;
	f.t.args = voices[voice].args;
	f.format = voices[voice].format;
	prepare(&f, source, m, state);
	if (ending->script != NULL) {
		f.t.overrides[0].stage = m->last;
		f.t.overrides[0].script = ending->script;
	}
	trial_run(&f.t, state);
	TRIAL_CHECK(&f.t, f.t.result.exit_status == ending->exit_status);
	check_all(&f, !voices[voice].is_check);
	end(&f);
}

static void
arg_11_no_output_and_no_log_holds_it(void **state)
{
	size_t source, m, ending, voice;

	for (source = 0; source < SOURCES; source++)
		for (m = 0; m < MECHANISMS; m++)
			for (voice = 0; voice < VOICES; voice++)
				fly(source, &mechanisms[m], &endings[0], voice,
				    state);
	for (m = 0; m < MECHANISMS; m++)
		for (ending = 1; ending < ENDINGS; ending++)
			for (voice = 0; voice < VOICES; voice++)
				fly(m % SOURCES, &mechanisms[m],
				    &endings[ending], voice, state);
}

/* Reading these of a program that isn't dumpable takes root. */
static void
check_process(const struct trial *t, long pid)
{
	static const char *const files[] = { "cmdline", "environ", "status" };
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%ld/%s", pid,
		    files[i]);
		if (check_file(t, path) == 0 && geteuid() == 0)
			fail_msg("%s can't be read", path);
	}
}

/* All files in a directory, or behind a process's descriptors. */
static void
check_files(const struct trial *t, const char *directory)
{
	struct dirent *entry;
	char path[600];
	struct stat st;
	DIR *d = opendir(directory);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory,
		    entry->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			(void)check_file(t, path);
	}
	if (d != NULL)
		(void)closedir(d);
}

static size_t
count_files(const char *directory)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *d = opendir(directory);

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* What is left in files while the program runs. */
static void
check_traces(const struct flight *f)
{
	char path[64];

	check_process(&f->t, (long)f->t.program.pid);
	(void)snprintf(path, sizeof(path), "/proc/%ld/fd",
	    (long)f->t.program.pid);
	check_files(&f->t, path);
	check_files(&f->t, f->temporary);
}

/* Starts it, and returns when the relay holds it: MAIL has come and isn't
 * answered, or the last word of AUTH. */
static void
hold(struct flight *f, const char *stage, const char *words, void **state)
{
	f->t.overrides[0].stage = stage;
	f->t.overrides[0].script = "sleep 20000";
	f->t.overrides[0].when = RELAY_BEFORE;
	trial_prepare(&f->t, state);
	/* Another user's profile is that user's. */
	if (f->t.run.set_uid)
		assert_int_equal(chown(f->t.profile_path, f->t.run.uid,
		    f->t.run.gid), 0);
	assert_true(program_start(&f->t.program, &f->t.run));
	trial_feed(&f->t);
	assert_true(relay_wait_for(f->t.relay, words, PATIENCE_MS));
}

/* Ends the program, where nothing else has, and the relay. */
static void
let_go(struct flight *f)
{
	(void)kill(f->t.program.pid, SIGKILL);
	trial_finish(&f->t);
	end(f);
}

static void
arg_11_no_argument_environment_or_file_holds_it(void **state)
{
	static const struct {
		const char *stage, *words;
	} stops[] = { { "auth", "AUTH PLAIN" }, { "mail", "MAIL" } };
	size_t source, i;

	for (source = 0; source < SOURCES; source++)
		for (i = 0; i < 2; i++) {
			struct flight f = { 0 };

			prepare(&f, source, &mechanisms[0], state);
			hold(&f, stops[i].stage, stops[i].words, state);
			check_traces(&f);
			let_go(&f);
		}
}

/* What waits in the spool, and why, is told without it. */
static void
arg_11_no_message_in_the_spool_holds_it(void **state)
{
	char *spool = scratch_path(*state, "spool"), path[300];
	size_t m;

	assert_int_equal(mkdir(spool, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/new", spool);
	for (m = 0; m < MECHANISMS; m++) {
		struct flight f = { .t.args = voices[0].args };

		prepare(&f, m % SOURCES, &mechanisms[m], state);
		(void)snprintf(f.keys + strlen(f.keys), sizeof(f.keys) -
		    strlen(f.keys), "spool = %s\n", spool);
		f.t.overrides[0].stage = mechanisms[m].last;
		f.t.overrides[0].script = "quote 454 4.7.0 not now: ";
		trial_run(&f.t, state);
		TRIAL_CHECK(&f.t, f.t.result.exit_status == EX_OK);
		check_files(&f.t, path);
		check_all(&f, true);
		end(&f);
	}
	assert_int_equal(count_files(path), 2 + MECHANISMS);
	mem_free(spool);
}

/* Waits until the helper has said which process it is. */
static long
helper_of(const struct flight *f)
{
	struct deadline end = deadline_in(PATIENCE_MS);
	char *path, *stop;
	struct buf text;
	long pid = 0;

	buf_init(&text, BUF_UNLIMITED);
	path = mem_alloc(strlen(f->temporary) + 5);
	(void)snprintf(path, strlen(f->temporary) + 5, "%s/pid",
	    f->temporary);
	while (pid == 0 && !deadline_passed(end)) {
		read_all(path, &text);
		if (span_find(buf_span(&text), '\n') < text.len)
			pid = strtol(text.data, &stop, 10);
		(void)usleep(1000);
	}
	(void)unlink(path);
	mem_free(path);
	buf_free(&text);
	assert_true(pid > 0);
	return pid;
}

/* The helper has given the secret, and lives on until it may end. */
static void
arg_11_nor_those_of_a_password_command(void **state)
{
	struct flight f = { 0 };
	char fifo[300];
	int fd;

	prepare(&f, HELD_COMMAND, &mechanisms[0], state);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", f.temporary);
	(void)unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	trial_start(&f.t, state);
	trial_feed(&f.t);
	check_process(&f.t, helper_of(&f));
	check_traces(&f);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_true(fd != -1 && write(fd, "\n", 1) == 1);
	(void)close(fd);
	(void)unlink(fifo);
	trial_finish(&f.t);
	trial_delivered(&f.t, kit_wire);
	check_all(&f, true);
	end(&f);
}

/* Whether a line of /proc/PID/limits has these words. */
static bool
has_limit(const struct flight *f, const char *words)
{
	char path[64];
	struct buf text;
	bool is_there;

	buf_init(&text, BUF_UNLIMITED);
	(void)snprintf(path, sizeof(path), "/proc/%ld/limits",
	    (long)f->t.program.pid);
	read_all(path, &text);
	is_there = strstr(buf_string(&text), words) != NULL;
	buf_free(&text);
	return is_there;
}

/* Killed while it knows the secret, where any other program would dump. */
static void
arg_11_no_core_is_left(void **state)
{
	struct rlimit before, all;
	struct flight f = { 0 };
	struct stat st;
	char path[64];
	size_t files;

	assert_int_equal(getrlimit(RLIMIT_CORE, &before), 0);
	all = before;
	all.rlim_cur = all.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_CORE, &all), 0);
	prepare(&f, 0, &mechanisms[0], state);
	/* The sandbox would let none be written either. */
	(void)strncat(f.keys, "sandbox = no\n", 20);
	f.t.mode = RELAY_PLAIN;
	f.t.run.set_uid = geteuid() == 0;
	f.t.run.uid = f.t.run.gid = SOME_UID;
	files = count_files(f.temporary);
	hold(&f, "auth", "AUTH PLAIN", state);
	assert_true(has_limit(&f, "Max core file size        0         "
	    "           0  "));
	/* The kernel gives what isn't dumpable to root. */
	(void)snprintf(path, sizeof(path), "/proc/%ld/environ",
	    (long)f.t.program.pid);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	(void)kill(f.t.program.pid, SIGABRT);
	trial_finish(&f.t);
	(void)unlink(f.t.profile_path);
	assert_int_equal(setrlimit(RLIMIT_CORE, &before), 0);
	TRIAL_CHECK(&f.t, f.t.result.signal == SIGABRT);
	TRIAL_CHECK(&f.t, !f.t.result.left_core);
	TRIAL_CHECK(&f.t, count_files(f.temporary) == files);
	end(&f);
}

/* A stretch of memory that can be written, and so may hold it. */
static bool
next_stretch(FILE *maps, unsigned long *from, unsigned long *to, char *name,
    size_t size)
{
	char line[600], *rest;

	while (fgets(line, sizeof(line), maps) != NULL) {
		*from = strtoul(line, &rest, 16);
		*to = strtoul(rest + 1, &rest, 16);
		if (strncmp(rest, " rw", 3) != 0)
			continue;
		rest = strrchr(line, ' ');
		(void)snprintf(name, size, "%.*s", (int)strcspn(rest, "\n"),
		    rest);
		return true;
	}
	return false;
}

static void
check_memory(const struct trial *t)
{
	unsigned long from, to;
	char path[64], name[200], *bytes;
	FILE *maps;
	int mem;

	(void)snprintf(path, sizeof(path), "/proc/%ld/maps",
	    (long)t->program.pid);
	maps = fopen(path, "r");
	(void)snprintf(path, sizeof(path), "/proc/%ld/mem",
	    (long)t->program.pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(maps != NULL && mem != -1);
	while (next_stretch(maps, &from, &to, name, sizeof(name))) {
		bytes = mem_alloc(to - from);
		assert_int_equal(pread(mem, bytes, to - from, (off_t)from),
		    to - from);
		check_bytes(t, span_make(bytes, to - from), name);
		mem_free(bytes);
	}
	(void)fclose(maps);
	(void)close(mem);
}

/* From MAIL on no other relay can be asked: nobody needs it any more. */
static void
arg_11_it_is_wiped_when_it_was_used(void **state)
{
	const char *wrapper = getenv("POSTHASTE_WRAPPER");
	size_t source, m;

	if (geteuid() != 0 || IS_SANITIZED ||
	    (wrapper != NULL && wrapper[0] != '\0')) {
		print_message("NOT TESTED: that the secret is wiped from "
		    "memory, which takes root, no sanitizer and no wrapper\n");
		skip();
	}
	for (source = 0; source < SOURCES; source++)
		for (m = 0; m < MECHANISMS; m++) {
			struct flight f = { 0 };

			f.t.args = voices[VERBOSE].args;
			prepare(&f, source, &mechanisms[m], state);
			hold(&f, "mail", "MAIL", state);
			check_memory(&f.t);
			let_go(&f);
		}
}

static int
set_up(void **state)
{
	canary_make(&canary);
	return kit_set_up(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arg_11_no_output_and_no_log_holds_it),
		cmocka_unit_test(
		    arg_11_no_argument_environment_or_file_holds_it),
		cmocka_unit_test(arg_11_no_message_in_the_spool_holds_it),
		cmocka_unit_test(arg_11_nor_those_of_a_password_command),
		cmocka_unit_test(arg_11_no_core_is_left),
		cmocka_unit_test(arg_11_it_is_wiped_when_it_was_used),
	};

	return cmocka_run_group_tests(tests, set_up, kit_tear_down);
}
