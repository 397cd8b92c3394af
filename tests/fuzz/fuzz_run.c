/*
 * The whole program, its relay and all that can fail around it. The input:
 * two octets of wishes (their low six bits count), one of a failure's
 * probability and one of how many calls come before the first (both from ' '
 * on), four of the seed; then, each ended by a form feed, words of argv, of the
 * environment where they begin with "$", one a line; lines for the profile;
 * stdin; and last what the relay says, as run_relay.h has it. "~" in a word or
 * in the profile is the scratch directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options.h"
#include "app/run.h"
#include "base/mem.h"
#include "base/os.h"
#include "fuzz/fuzz.h"
#include "fuzz/run_relay.h"
#include "fuzz/run_world.h"
#include "mail/text.h"
#include "smtp/session.h"

#define HEAD 8
#define WORDS_MAX 30
#define FDS_LOOKED_AT 200

enum wish {
	WISH_SESSION = 1,	/* -bs, where no words are given */
	WISH_AUTH = 2,
	WISH_STARTTLS = 4,
	WISH_IMPLICIT = 8,
	WISH_SPOOL = 16,
	WISH_TWO_HOSTS = 32,
	WISH_EARLY = 64,
	WISH_PARTIAL = 128,
	WISH_ONE_FLIGHT = 256,
	WISH_LOG = 512,
	WISH_ALWAYS = 1024,
	WISH_JUMPS = 2048
};

/* Lines of the profile for each wish, and for its absence. */
static const struct {
	int wish;
	const char *with, *without;
} profile_lines[] = {
	{ WISH_AUTH, "user = me\npassword = horse\n", "" },
	{ WISH_STARTTLS, "tls = starttls\n", "" },
	{ WISH_IMPLICIT, "tls = implicit\n", "" },
	{ WISH_STARTTLS | WISH_IMPLICIT, "tls_fingerprint = "
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\n", "tls = none\n" },
	{ WISH_SPOOL, "spool = ~/spool\n", "" },
	{ WISH_TWO_HOSTS, "host = 127.0.0.1, 127.0.0.2\n",
	    "host = 127.0.0.1\n" },
	{ WISH_EARLY, "early = yes\n", "" },
	{ WISH_PARTIAL, "partial = deliver\n", "" },
	{ WISH_ONE_FLIGHT, "chunking = one-flight\n", "" },
	{ WISH_LOG, "log = file:~/log, syslog\n", "log = none\n" },
	{ WISH_ALWAYS, "spool_always = yes\n", "" },
};

struct input {
	int wishes;
	struct span words, keys, message, script;
};

struct words {
	char *argv[WORDS_MAX + 1], *env[WORDS_MAX + 2];
	int argc, envc;
};

struct outcome {
	int status;
	struct buf out, err;
	size_t queued;		/* messages in the spool */
	bool lost_words;
};

static volatile sig_atomic_t progress;
static bool is_submission;	/* a message on stdin, not -bs */

static void
path_below(char *out, size_t size, const char *name)
{
	(void)snprintf(out, size, "%s/%s", fuzz_scratch(), name);
}

/* Removes what lies in it; returns how many files those were. */
static size_t
empty_directory(const char *name)
{
	char path[100];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	path_below(path, sizeof(path), name);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir),
		    entry->d_name, 0) == 0)
			count++;
	if (dir != NULL)
		(void)closedir(dir);
	return count;
}

static void
remove_scratch(void)
{
	static const char *const dirs[] = { "spool/new", "spool/tmp",
		"spool/failed", "spool", "" };
	char path[100];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)empty_directory(dirs[i]);
		path_below(path, sizeof(path), dirs[i]);
		(void)rmdir(path);
	}
}

static struct span
take(struct span *rest)
{
	size_t n = span_find(*rest, '\f');
	struct span part = span_make(rest->data, n);

	*rest = span_skip(*rest, n + 1);
	return part;
}

static void
put_expanded(struct buf *out, struct span s)
{
	size_t n;

	for (; s.len > 0; s = span_skip(s, n + 1)) {
		n = span_find(s, '~');
		text_put(out, span_make(s.data, n));
		if (n < s.len)
			text_put(out, span_of(fuzz_scratch()));
	}
}

static char *
expanded(struct span s)
{
	struct buf word;
	char *result;

	buf_init(&word, BUF_UNLIMITED);
	put_expanded(&word, s);
	result = mem_span(buf_span(&word));
	buf_free(&word);
	return result;
}

static void
take_words(struct words *w, const struct input *in)
{
	struct span rest = in->words, word;
	size_t n;

	memset(w, 0, sizeof(*w));
	if (rest.len == 0)
		rest = span_of((in->wishes & WISH_SESSION) != 0 ?
		    "sendmail\n-bs" :
		    "sendmail\n-oi\nx@example.net");
	w->env[w->envc++] = expanded(span_of("POSTHASTE_CONFIG=~/profile"));
	for (; rest.len > 0 && w->argc < WORDS_MAX && w->envc < WORDS_MAX;
	    rest = span_skip(rest, n + 1)) {
		n = span_find(rest, '\n');
		word = span_make(rest.data, n);
		if (word.len > 0 && word.data[0] == '$')
			w->env[w->envc++] = expanded(span_skip(word, 1));
		else
			w->argv[w->argc++] = expanded(word);
	}
}

static void
words_free(struct words *w)
{
	while (w->argc > 0)
		mem_free(w->argv[--w->argc]);
	while (w->envc > 0)
		mem_free(w->env[--w->envc]);
}

/* A file of the scratch directory. */
static void
write_file(const char *name, struct span text)
{
	char path[100];
	int fd;

	path_below(path, sizeof(path), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, text.data, text.len) == (ssize_t)text.len);
	FUZZ_CHECK(close(fd) == 0);
}

static void
make_profile(const struct input *in)
{
	struct buf text;
	size_t i;

	buf_init(&text, BUF_UNLIMITED);
	text_put(&text, span_of("[default]\ndomain = example.org\n"
	    "ehlo = client.example.org\n"));
	for (i = 0; i < sizeof(profile_lines) / sizeof(profile_lines[0]); i++)
		put_expanded(&text, span_of((in->wishes &
		    profile_lines[i].wish) != 0 ? profile_lines[i].with :
		    profile_lines[i].without));
	put_expanded(&text, in->keys);
	write_file("profile", buf_span(&text));
	buf_free(&text);
}

static void
make_spool(void)
{
	char path[100];

	path_below(path, sizeof(path), "spool");
	FUZZ_CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
}

static int
count_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < FDS_LOOKED_AT; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* The thread that looks names up may be about to close its own. */
static void
check_descriptors(int before)
{
	int tries;

	for (tries = 0; tries < 1000 && count_descriptors() != before; tries++)
		(void)sched_yield();
	FUZZ_CHECK(count_descriptors() == before);
}

/* Whether a failure now must be uncertain. */
static bool
fate_is_unknown(void)
{
	enum relay_answer answer;
	bool alone;

	if (relay_taken() == 0)
		return false;
	answer = relay_answered(relay_taken() - 1, &alone);
	return alone && answer != RELAY_TOOK && answer != RELAY_REFUSED;
}

/* The status of main.c's end_out_of_turn() hangs on the progress. */
static void
judge_exhaustion(void)
{
	bool alone;

	if (!is_submission)
		return;
	if (progress == PROGRESS_ACCEPTED)
		FUZZ_CHECK(relay_accepted() == 1 ||
		    empty_directory("spool/new") == 1);
	else if (progress == PROGRESS_MESSAGE_OUT)
		FUZZ_CHECK(relay_taken() == 1);
	else if (relay_taken() > 0)
		FUZZ_CHECK(relay_answered(0, &alone) == RELAY_REFUSED ||
		    !alone);
}

static void
run_once(const struct words *w, const struct input *in,
    struct world_plan *plan, struct outcome *o)
{
	struct process process = {
		.argc = w->argc,
		.argv = w->argv,
		.env = w->env,
		.progress = &progress,
	};
	int before;

	progress = PROGRESS_NONE;
	process.in = fuzz_file(in->message);
	process.out = fuzz_file(span_make("", 0));
	process.err = fuzz_file(span_make("", 0));
	before = count_descriptors();
	relay_begin(in->script);
	world_begin(plan);
	o->status = run(&process);
	world_end();
	check_descriptors(before);
	FUZZ_CHECK(!world_lost_child());
	o->lost_words = world_lost_words();
	FUZZ_CHECK(close(process.in) == 0);
	fuzz_read_back(process.out, &o->out);
	fuzz_read_back(process.err, &o->err);
	o->queued = empty_directory("spool/new");
	(void)empty_directory("spool/tmp");
	(void)empty_directory("spool/failed");
}

static bool
says(const struct outcome *o, const char *words)
{
	return fuzz_contains(buf_span(&o->err), words);
}

/* The relay's words can't be taken for it: they are on one line, or quoted. */
static bool
says_uncertain(const struct outcome *o, const struct options *options)
{
	return says(o, options->json ? "\"uncertain\":true" :
	    "\n  the relay may already hold the message\n");
}

/* behaviour.md section 2, for all modes. */
static void
check_status(const struct outcome *o, const struct input *in)
{
	static const int all[] = { EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT,
		EX_NOUSER, EX_NOHOST, EX_UNAVAILABLE, EX_OSERR, EX_PROTOCOL,
		EX_NOPERM, EX_CONFIG };
	bool is_one = fuzz_contains(in->keys, "tempfail_exit");
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		is_one = is_one || o->status == all[i];
	FUZZ_CHECK(is_one);
	FUZZ_CHECK(fuzz_is_printable(buf_span(&o->err)));
}

/* What a failure says, and what it mustn't. */
static void
check_failure(const struct outcome *o, const struct input *in,
    const struct options *options)
{
	bool is_partial = (in->wishes & WISH_PARTIAL) != 0 ||
	    fuzz_contains(in->keys, "partial"), alone;

	FUZZ_CHECK(o->err.len > 0 || o->lost_words || options->is_quiet);
	FUZZ_CHECK(o->queued == 0 || o->lost_words || options->is_quiet ||
	    says(o, "may be there all the same"));
	FUZZ_CHECK(is_partial || relay_taken() == 0 || relay_answered(0,
	    &alone) != RELAY_TOOK);
	FUZZ_CHECK(!fate_is_unknown() || o->status == EX_PROTOCOL);
	FUZZ_CHECK(!fate_is_unknown() || o->lost_words || options->is_quiet ||
	    says_uncertain(o, options));
	if (!says_uncertain(o, options))
		return;
	FUZZ_CHECK(o->status == EX_PROTOCOL && relay_taken() == 1);
	FUZZ_CHECK(relay_answered(0, &alone) == RELAY_NOTHING ||
	    relay_answered(0, &alone) == RELAY_OTHER || !alone);
	FUZZ_CHECK(!options->json || !says(o, "\"temporary\":true"));
}

static void
check_submission(const struct outcome *o, const struct input *in,
    const struct options *options)
{
	bool is_partial = (in->wishes & WISH_PARTIAL) != 0 ||
	    fuzz_contains(in->keys, "partial");

	FUZZ_CHECK(relay_taken() <= 1 && o->queued <= 1);
	FUZZ_CHECK(relay_accepted() + o->queued <= 1 || is_partial);
	if (options->dry_run) {
		FUZZ_CHECK(relay_taken() + o->queued == 0);
		return;
	}
	if (o->status != EX_OK) {
		check_failure(o, in, options);
		return;
	}
	FUZZ_CHECK(relay_accepted() + o->queued > 0);
	FUZZ_CHECK(progress == PROGRESS_ACCEPTED);
	FUZZ_CHECK(o->err.len == 0 || options->verbosity > 0 ||
	    options->json || fuzz_contains(in->keys, "stderr"));
}

/* Of each message that the client heard a 250 for somebody has it. */
static void
check_session(const struct outcome *o)
{
	struct span rest = buf_span(&o->out), line;
	size_t asked = 0, accepted = 0;
	bool is_next = false;

	while (span_next(&rest, '\n', &line) && rest.data != NULL) {
		accepted += is_next && span_starts_with_nocase(line,
		    span_of("250 "));
		is_next = span_starts_with_nocase(line, span_of("354 "));
		asked += is_next;
	}
	FUZZ_CHECK(accepted <= relay_accepted() + o->queued);
	FUZZ_CHECK(o->lost_words || relay_taken() <= asked);
}

/* How the program will understand its words. */
static void
understand(const struct words *w, struct options *options)
{
	const struct invocation invocation = { w->argc, w->argv, false,
	    os_env(w->env, "GATEWAY_INTERFACE") != NULL };
	struct error err = { 0 };

	if (!options_parse(options, &invocation, &err))
		options->mode = MODE_NOTHING;
	is_submission = options->mode == MODE_SUBMIT;
}

static void
check(const struct outcome *o, const struct input *in,
    const struct options *options)
{
	check_status(o, in);
	if (options->mode == MODE_SUBMIT)
		check_submission(o, in, options);
	else if (options->mode == MODE_SMTP)
		check_session(o);
	else
		FUZZ_CHECK(relay_taken() + o->queued == 0);
}

/* For people who look into an input: $FUZZ_SHOW is set. */
static void
show(const struct outcome *o)
{
	if (getenv("FUZZ_SHOW") != NULL)
		(void)fprintf(stderr, "exit %d, %zu taken, %zu accepted, %zu "
		    "queued, words lost: %d\n%.*s%.*s", o->status,
		    relay_taken(), relay_accepted(), o->queued, o->lost_words,
		    (int)o->out.len, o->out.data, (int)o->err.len,
		    o->err.data);
}

static unsigned
number_of(uint8_t octet)
{
	return octet < ' ' ? 0 : octet - (unsigned)' ';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_begun;
	struct input in;
	struct words words;
	struct world_plan plan = { .on_exhaustion = judge_exhaustion };
	struct outcome outcome;
	struct options options;
	struct span rest;

	if (size < HEAD)
		return 0;
	if (!is_begun)
		FUZZ_CHECK(atexit(remove_scratch) == 0 &&
		    signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	is_begun = true;
	in.wishes = (data[0] & 63) | (data[1] & 63) << 6;
	plan.rate = number_of(data[2]);
	plan.delay = number_of(data[3]) * 8;
	memcpy(&plan.seed, data + 4, 4);
	plan.has_jumps = (in.wishes & WISH_JUMPS) != 0;
	plan.scratch = fuzz_scratch();
	rest = span_skip(fuzz_span(data, size), HEAD);
	in.words = take(&rest);
	in.keys = take(&rest);
	in.message = take(&rest);
	in.script = rest;
	take_words(&words, &in);
	make_spool();
	make_profile(&in);
	understand(&words, &options);
	run_once(&words, &in, &plan, &outcome);
	show(&outcome);
	check(&outcome, &in, &options);
	buf_free(&outcome.out);
	buf_free(&outcome.err);
	words_free(&words);
	return 0;
}
