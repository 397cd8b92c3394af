#include "support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/mem.h"

#define LIMIT_MS 10000

/* How long output may still come from others once the program has ended. */
#define LEFT_OPEN_MS 300

#define WRAPPER_WORDS 16
#define WRAPPER_PATIENCE 10

/* The child's view: where its three descriptors come from, and what it runs. */
struct launch {
	const struct program_run *run;
	const char *path;
	const char **argv;	/* owned */
	char *wrapper;		/* owned; its words are in argv */
	char *link;		/* owned; the binary under argv[0]'s name */
	int in, out, err;	/* -1: closed */
};

static bool
say(const char *what)
{
	(void)fprintf(stderr, "program: %s: %s\n", what, strerror(errno));
	return false;
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static bool
make_pipe(int *ours, int *theirs, bool is_input)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return say("pipe");
	*ours = ends[is_input ? 1 : 0];
	*theirs = ends[is_input ? 0 : 1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0 || say("pipe");
}

static bool
open_file(const char *path, int flags, int *fd)
{
	*fd = open(path, flags | O_NOCTTY | O_CLOEXEC, 0600);
	return *fd != -1 || say(path);
}

static bool
open_stdin(struct program *p, struct launch *l)
{
	switch (l->run->how_stdin) {
	case PROGRAM_STDIN_PIPE:
	case PROGRAM_STDIN_OPEN:
		return make_pipe(&p->input, &l->in, true);
	case PROGRAM_STDIN_FILE:
		return open_file(l->run->input_file, O_RDONLY, &l->in);
	case PROGRAM_STDIN_CLOSED:
		break;
	}
	return true;
}

static bool
open_output(int *ours, int *theirs, bool is_closed, const char *file)
{
	if (is_closed)
		return true;
	if (file != NULL)
		return open_file(file, O_WRONLY | O_CREAT | O_TRUNC, theirs);
	return make_pipe(ours, theirs, false);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The wrapper's words in front; it chooses argv[0] by the name of a link. */
static bool
add_wrapper(struct program *p, struct launch *l, size_t *count)
{
	const char *wrapper = getenv("POSTHASTE_WRAPPER");
	char *word, *rest;

	if (wrapper == NULL || wrapper[0] == '\0' || l->run->path != NULL)
		return true;
	l->wrapper = mem_string(wrapper);
	rest = l->wrapper;
	while (*count < WRAPPER_WORDS && (word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			l->argv[(*count)++] = word;
	if (!scratch_make(&p->link))
		return false;
	l->link = scratch_path(&p->link, base_name(l->run->argv[0]));
	if (symlink(l->path, l->link) != 0)
		return say(l->link);
	p->limit_ms *= WRAPPER_PATIENCE;
	l->path = l->argv[0];
	return true;
}

static bool
build_argv(struct program *p, struct launch *l)
{
	const char *const *given = l->run->argv;
	size_t count = 0, i;

	for (i = 0; given[i] != NULL; i++)
		;
	l->argv = mem_array(i + WRAPPER_WORDS + 2, sizeof(*l->argv));
	l->path = l->run->path == NULL ? getenv("POSTHASTE") : l->run->path;
	if (l->path == NULL) {
		(void)fprintf(stderr, "program: $POSTHASTE isn't set\n");
		return false;
	}
	if (!add_wrapper(p, l, &count))
		return false;
	l->argv[count++] = l->link == NULL ? given[0] : l->link;
	for (i = 1; given[0] != NULL && given[i] != NULL; i++)
		l->argv[count++] = given[i];
	return true;
}

/* Puts `fd` at its place, or nothing. */
static void
place(int fd, int where)
{
	if (fd == -1)
		(void)close(where);
	else if (dup2(fd, where) != where)
		_exit(126);
}

/* Away from 0 to 2, so that placing one can't overwrite another. */
static void
lift(int *fd)
{
	if (*fd != -1)
		*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 10);
}

static bool
become(const struct program_run *run)
{
	if (run->cwd != NULL && chdir(run->cwd) != 0)
		return false;
	return !run->set_uid || (setgroups(0, NULL) == 0 &&
	    setgid(run->gid) == 0 && setuid(run->uid) == 0);
}

static _Noreturn void
run_child(struct launch *l)
{
	static const char *const bare[] = { "PATH=/usr/bin:/bin", "LC_ALL=C",
		NULL };
	const char *const *env = l->run->env == NULL ? bare : l->run->env;
	sigset_t none;
	char **argv, **envp;

	(void)setpgid(0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	lift(&l->in);
	lift(&l->out);
	lift(&l->err);
	place(l->in, STDIN_FILENO);
	place(l->out, STDOUT_FILENO);
	place(l->err, STDERR_FILENO);
	if (!become(l->run))
		_exit(126);
	/* exec's prototype says less than it promises. */
	memcpy(&argv, &l->argv, sizeof(argv));
	memcpy(&envp, &env, sizeof(envp));
	if (strchr(l->path, '/') == NULL)
		(void)execvpe(l->path, argv, envp);
	else
		(void)execve(l->path, argv, envp);
	_exit(127);
}

static void
close_ours(struct program *p)
{
	close_one(&p->input);
	close_one(&p->output);
	close_one(&p->error);
}

bool
program_start(struct program *program, const struct program_run *run)
{
	struct launch l = { .run = run, .in = -1, .out = -1, .err = -1 };
	struct program *p = program;

	memset(p, 0, sizeof(*p));
	p->pid = -1;
	p->input = -1;
	p->output = -1;
	p->error = -1;
	p->rest = run->input;
	p->keeps_input = run->how_stdin == PROGRAM_STDIN_OPEN;
	p->limit_ms = run->limit_ms == 0 ? LIMIT_MS : run->limit_ms;
	if (!build_argv(p, &l) || !open_stdin(p, &l) ||
	    !open_output(&p->output, &l.out, run->close_stdout,
	    run->stdout_file) || !open_output(&p->error, &l.err,
	    run->close_stderr, run->stderr_file))
		goto out;
	p->started = clock_ms();
	p->pid = fork();
	if (p->pid == 0)
		run_child(&l);
	if (p->pid == -1)
		(void)say("fork");
	else
		(void)setpgid(p->pid, p->pid);
out:
	close_one(&l.in);
	close_one(&l.out);
	close_one(&l.err);
	mem_free(l.argv);
	mem_free(l.wrapper);
	mem_free(l.link);
	if (p->pid != -1)
		return true;
	close_ours(p);
	scratch_remove(&p->link);
	return false;
}

/* A descriptor that becomes readable when the child ends; -1 on old kernels. */
static int
watch(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

/* Writes some of the input; closes at its end or when nobody reads it. */
static void
feed(struct program *p, bool *broken_pipe)
{
	ssize_t n = 0;

	if (p->rest.len > 0)
		n = write(p->input, p->rest.data, p->rest.len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		*broken_pipe = true;
		close_one(&p->input);
		return;
	}
	p->rest = span_skip(p->rest, (size_t)n);
	if (p->rest.len == 0 && !p->keeps_input)
		close_one(&p->input);
}

static void
collect(int *fd, struct buf *out)
{
	char data[65536];
	ssize_t n = read(*fd, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		close_one(fd);
	else if (!buf_add(out, data, (size_t)n))
		mem_exhausted();
}

/* One turn of looking after the three pipes and the end, up to `ms`. */
static void
turn(struct program *p, struct program_result *r, int ender, int64_t ms)
{
	bool has_input = p->rest.len > 0 || !p->keeps_input;
	struct pollfd fds[4] = { { has_input ? p->input : -1, POLLOUT, 0 },
		{ p->output, POLLIN, 0 }, { p->error, POLLIN, 0 },
		{ ender, POLLIN, 0 } };

	/* Without a descriptor for the end it is asked for again and again. */
	if (ender == -1 && ms > 2)
		ms = 2;
	(void)poll(fds, 4, ms < 0 ? 0 : (int)ms);
	if (fds[0].revents != 0)
		feed(p, &r->broken_pipe);
	if (fds[1].revents != 0)
		collect(&p->output, &r->out);
	if (fds[2].revents != 0)
		collect(&p->error, &r->err);
}

static void
note_end(struct program *p, struct program_result *r, int status,
    const struct rusage *use)
{
	r->wall_ms = clock_ms() - p->started;
	r->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	r->left_core = WIFSIGNALED(status) && WCOREDUMP(status);
	r->max_rss_kib = use->ru_maxrss;
	r->cpu_ms = (use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1000 +
	    (use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1000;
	if (p->input != -1 && p->rest.len > 0)
		r->broken_pipe = true;
	close_one(&p->input);
}

/* Runs it to its end, or kills its process group at the limit. */
static bool
attend(struct program *p, struct program_result *r)
{
	int64_t end = p->started + p->limit_ms;
	int ender = watch(p->pid), status = 0;
	struct rusage use;
	pid_t ended;

	memset(&use, 0, sizeof(use));
	for (;;) {
		ended = wait4(p->pid, &status, WNOHANG, &use);
		if (ended != 0)
			break;
		if (!r->hung && clock_ms() >= end) {
			r->hung = true;
			(void)kill(-p->pid, SIGKILL);
		}
		turn(p, r, ender, r->hung ? 50 : end - clock_ms());
	}
	close_one(&ender);
	note_end(p, r, status, &use);
	return ended == p->pid || say("wait4");
}

bool
program_finish(struct program *program, struct program_result *result)
{
	struct sigaction ignore, old;
	int64_t end;
	bool done;

	memset(result, 0, sizeof(*result));
	buf_init(&result->out, BUF_UNLIMITED);
	buf_init(&result->err, BUF_UNLIMITED);
	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &ignore, &old);
	done = attend(program, result);
	end = clock_ms() + LEFT_OPEN_MS;
	while ((program->output != -1 || program->error != -1) &&
	    clock_ms() < end)
		turn(program, result, -1, end - clock_ms());
	result->left_open = program->output != -1 || program->error != -1;
	(void)sigaction(SIGPIPE, &old, NULL);
	close_ours(program);
	scratch_remove(&program->link);
	return done;
}

bool
program_run(struct program_result *result, const struct program_run *run)
{
	struct program program;

	memset(result, 0, sizeof(*result));
	return program_start(&program, run) &&
	    program_finish(&program, result);
}

void
program_result_free(struct program_result *result)
{
	buf_free(&result->out);
	buf_free(&result->err);
}

void
program_result_print(const struct program_result *result)
{
	(void)fprintf(stderr, "program: exit %d, signal %d%s%s%s, %lld ms, "
	    "%ld KiB\n-- stdout\n%s-- stderr\n%s--\n", result->exit_status,
	    result->signal, result->hung ? ", hung" : "",
	    result->left_open ? ", left stdout or stderr open" : "",
	    result->broken_pipe ? ", didn't read all of stdin" : "",
	    (long long)result->wall_ms, result->max_rss_kib,
	    buf_string(&result->out), buf_string(&result->err));
}
