#include "conf/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"

#define TURN_MS 100		/* between two looks whether it still runs */
#define DRAIN_TURNS 64		/* reads of 4 KiB: more than a pipe holds */
#define ADVICE "run the command by hand as the user who sends, with stdin " \
    "from /dev/null"
#define STDERR_MAX 4096		/* octets kept of its stderr */

/* A command that was started. */
struct run {
	const struct command *command;
	pid_t pid;		/* 0 once reaped */
	int status;		/* of waitpid */
	struct pollfd pipes[2];	/* its stdout and stderr; -1 at their end */
	struct buf *out;
	struct buf complaint;	/* the start of its stderr */
};

static bool
set_flags(int fd, int command, int flag)
{
	int get = command == F_SETFD ? F_GETFD : F_GETFL;
	int flags = fcntl(fd, get);

	return flags != -1 && fcntl(fd, command, flags | flag) != -1;
}

static bool
make_pipe(int ends[2], struct error *err)
{
	if (pipe(ends) != 0) {
		ends[0] = ends[1] = -1;
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "pipe");
	}
	if (set_flags(ends[0], F_SETFD, FD_CLOEXEC) &&
	    set_flags(ends[1], F_SETFD, FD_CLOEXEC) &&
	    set_flags(ends[0], F_SETFL, O_NONBLOCK))
		return true;
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno, "fcntl");
}

/* The child's side: nothing but what may be called behind fork. */
static _Noreturn void
become(const struct command *c, int out, int complaint)
{
	static char *const empty[] = { NULL };
	int null;

	os_signals_restore();
	null = open("/dev/null", O_RDONLY);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(complaint, STDERR_FILENO) >= 0) {
		if (null > STDERR_FILENO)
			(void)close(null);
		(void)execle("/bin/sh", "sh", "-c", c->line, (char *)NULL,
		    c->env == NULL ? empty : c->env);
	}
	_exit(127);
}

static bool
start(struct run *r, struct error *err)
{
	int out[2] = { -1, -1 }, complaint[2] = { -1, -1 };
	bool ok;

	ok = make_pipe(out, err) && make_pipe(complaint, err);
	if (ok) {
		r->pid = fork();
		if (r->pid == 0)
			become(r->command, out[1], complaint[1]);
		if (r->pid < 0)
			ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "fork");
	}
	if (!ok)
		r->pid = 0;
	r->pipes[0].fd = out[0];
	r->pipes[1].fd = complaint[0];
	if (out[1] >= 0)
		(void)close(out[1]);
	if (complaint[1] >= 0)
		(void)close(complaint[1]);
	return ok;
}

static void
close_pipe(struct pollfd *end)
{
	if (end->fd >= 0)
		(void)close(end->fd);
	end->fd = -1;
}

/* Reads what is there: `*count` 0 at the end, -1 where nothing is. */
static bool
read_some(struct run *r, size_t which, ssize_t *count, struct error *err)
{
	char block[4096];
	size_t n;
	bool ok = true;

	do
		*count = read(r->pipes[which].fd, block, sizeof(block));
	while (*count < 0 && errno == EINTR);
	n = *count > 0 ? (size_t)*count : 0;
	if (*count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "%s: its output", r->command->name);
	else if (which == 0 && !buf_add(r->out, block, n))
		ok = error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: it prints more than %zu octets", r->command->name,
		    r->out->limit) || error_fix(err, "%s", ADVICE);
	/* Beyond the limit stderr is read and forgotten, lest it block. */
	else if (which == 1 && !buf_add(&r->complaint, block, n))
		*count = (ssize_t)n;
	mem_wipe(block, sizeof(block));
	return ok;
}

/* Reads until nothing is there, or often enough: stderr may be a flood. */
static bool
drain(struct run *r, size_t which, struct error *err)
{
	ssize_t count = 1;
	int turns;

	for (turns = 0; turns < DRAIN_TURNS && count > 0 &&
	    r->pipes[which].fd >= 0; turns++) {
		if (!read_some(r, which, &count, err))
			return false;
		if (count == 0)
			close_pipe(&r->pipes[which]);
	}
	return true;
}

/* Whether the shell has ended. A status that was lost counts as failure. */
static bool
has_ended(struct run *r)
{
	pid_t pid;

	do
		pid = waitpid(r->pid, &r->status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	if (pid < 0)
		r->status = -1;
	r->pid = 0;
	return true;
}

/*
 * Reads until the shell has ended. The pipes' end isn't what counts: a daemon
 * that the command started may hold them open for ever, and a command that
 * closes them may still fail.
 */
static bool
follow(struct run *r, struct error *err)
{
	struct limit limit = limit_in(STAGE_CONFIG,
	    "end of the password_command", NULL, r->command->ms);
	int64_t turn = 1;
	bool ready, ended;

	for (;;) {
		if (!limit_wait_ms(&limit, r->pipes, 2, turn, &ready, err))
			return err->temporary && error_fix(err, "%s", ADVICE);
		ended = has_ended(r);
		if (!drain(r, 0, err) || !drain(r, 1, err))
			return false;
		if (ended)
			return true;
		turn = ready ? 1 : turn * 2;
		if (turn > TURN_MS)
			turn = TURN_MS;
	}
}

static void
stop(struct run *r)
{
	pid_t pid;

	close_pipe(&r->pipes[0]);
	close_pipe(&r->pipes[1]);
	buf_free_secret(&r->complaint);
	if (r->pid <= 0)
		return;
	(void)kill(r->pid, SIGKILL);
	do
		pid = waitpid(r->pid, &r->status, 0);
	while (pid < 0 && errno == EINTR);
}

static bool
judge(struct run *r, struct error *err)
{
	struct span line = buf_span(&r->complaint);
	const char *name = r->command->name;

	line = span_trim(span_make(line.data, span_find(line, '\n')));
	if (r->status != -1 && WIFEXITED(r->status)) {
		if (WEXITSTATUS(r->status) == 0)
			return true;
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s: exit status "
		    "%d%s%.*s", name, WEXITSTATUS(r->status), line.len == 0 ?
		    "" : ": ", (int)(line.len < 300 ? line.len : 300),
		    line.len == 0 ? "" : line.data);
		return error_fix(err, "%s", ADVICE);
	}
	if (r->status != -1 && WIFSIGNALED(r->status)) {
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: killed by signal %d", name, WTERMSIG(r->status));
		return error_fix(err, "%s", ADVICE);
	}
	return error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "%s: its exit status is lost", name);
}

bool
command_run(const struct command *c, struct buf *out, struct error *err)
{
	struct sigaction normal, before;
	struct run r;
	bool ok;

	memset(&r, 0, sizeof(r));
	r.command = c;
	r.out = out;
	r.pipes[0].fd = r.pipes[1].fd = -1;
	r.pipes[0].events = r.pipes[1].events = POLLIN;
	buf_init(&r.complaint, STDERR_MAX);
	/* Where our parent has ignored it, the kernel would reap for us. */
	memset(&normal, 0, sizeof(normal));
	normal.sa_handler = SIG_DFL;
	(void)sigaction(SIGCHLD, &normal, &before);
	ok = start(&r, err) && follow(&r, err) && judge(&r, err);
	stop(&r);
	(void)sigaction(SIGCHLD, &before, NULL);
	return ok;
}
