/*
 * The command line and the whole program behind it. The input's first octet
 * chooses how the program is started; behind it stand the words of argv,
 * argv[0] first, each ended by a NUL; the rest is stdin. Nothing reaches the
 * network: the calls that could are wrapped at link time.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/options.h"
#include "app/run.h"
#include "base/mem.h"
#include "base/os_lock.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"
#include "smtp/session.h"

#define WORDS_MAX 30
#define OWN_WORDS 4	/* posthaste --config FILE --dry-run */

#define IS_RESTRICTED 1
#define IS_CGI 2

static const char profile[] = "[default]\nhost = 127.0.0.1\ntls = none\n"
    "domain = example.org\nlog = none\n";

struct words {
	char *argv[OWN_WORDS + WORDS_MAX + 1];
	int argc;
	struct span input;
};

/* One run in process and what it printed. */
struct trial {
	int in, out, err;
	int status;
	struct buf printed, said;
};

void __wrap_os_lock(const struct os_lock *lock, char *words, size_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags,
    const struct sockaddr *address, socklen_t address_size);
int __real_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);
int __wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);

/* It couldn't be taken off for the next input. */
void
__wrap_os_lock(const struct os_lock *lock, char *words, size_t size)
{
	(void)lock;
	(void)snprintf(words, size, "none");
}

int
__wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)fd;
	(void)address;
	(void)size;
	errno = ECONNREFUSED;
	return -1;
}

/* The log's datagram: one line, however the words of the caller look. */
ssize_t
__wrap_sendto(int fd, const void *bytes, size_t size, int flags,
    const struct sockaddr *address, socklen_t address_size)
{
	const struct span line = span_make(bytes, size);

	(void)fd;
	(void)flags;
	(void)address_size;
	FUZZ_CHECK(address->sa_family == AF_UNIX);
	FUZZ_CHECK(fuzz_is_printable(line));
	FUZZ_CHECK(span_find(line, '\n') == size);
	return (ssize_t)size;
}

int
__wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	/* The relay is an address, for which no packet leaves. */
	FUZZ_CHECK((hints->ai_flags & AI_NUMERICHOST) != 0);
	return __real_getaddrinfo(host, service, hints, result);
}

static void
take_words(struct words *w, struct span rest)
{
	size_t n;

	while (w->argc < OWN_WORDS + WORDS_MAX) {
		n = span_find(rest, '\0');
		if (n == rest.len)
			break;
		w->argv[w->argc++] = mem_span(span_make(rest.data, n));
		rest = span_skip(rest, n + 1);
	}
	w->input = rest;
}

static void
words_free(struct words *w)
{
	int i;

	for (i = 0; i < w->argc; i++)
		mem_free(w->argv[i]);
}

static void
check_options(const struct words *w, int flags)
{
	const struct invocation invocation = {
		.argc = w->argc,
		.argv = w->argv,
		.is_restricted = (flags & IS_RESTRICTED) != 0,
		.is_cgi = (flags & IS_CGI) != 0,
	};
	struct error err = { 0 };
	struct options o;

	if (!options_parse(&o, &invocation, &err)) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.stage == STAGE_USAGE);
		FUZZ_CHECK(err.exit_code == EX_USAGE);
		return;
	}
	FUZZ_CHECK(o.mode != MODE_SUBMIT || o.from_header ||
	    o.recipient_count > 0);
	FUZZ_CHECK(o.mode == MODE_SUBMIT || (!o.from_header &&
	    o.recipient_count <= (o.mode == MODE_CHECK ? 1 : 0)));
	/* The default sender of a session is the one thing it is told. */
	FUZZ_CHECK(o.mode == MODE_SUBMIT || o.mode == MODE_SMTP ||
	    o.sender == NULL);
	FUZZ_CHECK(!invocation.is_restricted || (o.config == NULL &&
	    o.profile == NULL && !o.dry_run && !o.json));
	FUZZ_CHECK(!invocation.is_cgi || o.config == NULL);
	/* Nothing but the very first word names a file. */
	FUZZ_CHECK(o.config == NULL || strncmp(w->argv[1], "--config", 8) == 0);
	FUZZ_CHECK(o.recipient_count < (size_t)w->argc || w->argc == 0);
}

/* The program, with all it can see. */
static void
run_trial(struct trial *t, const struct words *w, char *const *env)
{
	volatile sig_atomic_t progress = PROGRESS_NONE;
	struct process process = {
		.argc = w->argc,
		.argv = w->argv,
		.env = env,
		.progress = &progress,
	};

	process.in = fuzz_file(w->input);
	process.out = fuzz_file(span_make("", 0));
	process.err = fuzz_file(span_make("", 0));
	t->status = run(&process);
	FUZZ_CHECK(progress == PROGRESS_NONE);
	FUZZ_CHECK(close(process.in) == 0);
	fuzz_read_back(process.out, &t->printed);
	fuzz_read_back(process.err, &t->said);
	FUZZ_CHECK(t->status == EX_OK ||
	    (t->status >= EX__BASE && t->status <= EX__MAX));
	FUZZ_CHECK(fuzz_is_printable(buf_span(&t->said)));
}

static void
trial_free(struct trial *t)
{
	buf_free(&t->printed);
	buf_free(&t->said);
}

/* Whatever stands behind --dry-run, nothing is sent. */
static void
check_dry_run(const struct words *w, char *file)
{
	static char *const env[] = { NULL };
	char program[] = "posthaste", config[] = "--config",
	    dry_run[] = "--dry-run";
	struct words all = { { program, config, file, dry_run }, OWN_WORDS,
	    w->input };
	struct trial t;
	int i;

	for (i = 1; i < w->argc && i <= WORDS_MAX; i++)
		all.argv[all.argc++] = w->argv[i];
	run_trial(&t, &all, env);
	if (t.status == EX_OK)
		FUZZ_CHECK(fuzz_contains(buf_span(&t.printed),
		    "nothing is sent; the header would be:\n"));
	else
		FUZZ_CHECK(t.printed.len == 0);
	trial_free(&t);
}

static bool
is_submission(const struct words *w)
{
	const struct invocation invocation = { w->argc, w->argv, false, false };
	struct error err = { 0 };
	struct options o;

	return !options_parse(&o, &invocation, &err) ||
	    (o.mode == MODE_SUBMIT && !o.dry_run);
}

/* Where no relay listens a message is never done with. */
static void
check_run(const struct words *w, const char *file)
{
	struct buf config;
	char *env[2] = { NULL, NULL };
	struct trial t;

	buf_init(&config, BUF_UNLIMITED);
	FUZZ_CHECK(buf_printf(&config, "POSTHASTE_CONFIG=%s", file));
	env[0] = config.data;
	run_trial(&t, w, env);
	FUZZ_CHECK(!is_submission(w) || t.status != EX_OK);
	trial_free(&t);
	buf_free(&config);
}

static void
make_profile(char *path)
{
	int fd = mkostemp(path, O_CLOEXEC);

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, profile, strlen(profile)) ==
	    (ssize_t)strlen(profile));
	FUZZ_CHECK(close(fd) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char file[] = "/tmp/posthaste-fuzz.XXXXXX";
	struct words w = { { NULL }, 0, { NULL, 0 } };

	if (size == 0)
		return 0;
	take_words(&w, fuzz_span(data + 1, size - 1));
	check_options(&w, data[0] & 3);
	make_profile(file);
	check_dry_run(&w, file);
	check_run(&w, file);
	FUZZ_CHECK(unlink(file) == 0);
	words_free(&w);
	return 0;
}
