#include "support/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* Leaks can't be looked for under it: sanitizers do without. */
#if defined(__x86_64__) && !defined(POSTHASTE_NO_LOCK)

#define HARMLESS SYS_getpid	/* is made in the place of one that fails */

bool
tracer_is_possible(void)
{
	return true;
}

/* PTRACE_GETREGS and its kind want the address of the registers as data. */
static bool
read_call(pid_t pid, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_GETREGS, pid, NULL, regs) == 0;
}

static long
call_number(const struct user_regs_struct *regs)
{
	return (long)regs->orig_rax;
}

static bool
replace_call(pid_t pid, struct user_regs_struct *regs, long number)
{
	regs->orig_rax = (unsigned long long)number;
	return ptrace(PTRACE_SETREGS, pid, NULL, regs) == 0;
}

static bool
replace_result(pid_t pid, int fault)
{
	struct user_regs_struct regs;

	if (!read_call(pid, &regs))
		return false;
	regs.rax = (unsigned long long)-(long long)fault;
	return ptrace(PTRACE_SETREGS, pid, NULL, &regs) == 0;
}

#define TASKS 8

/* One process of the run. */
struct task {
	pid_t pid;
	bool is_replaced;	/* its result is to be */
};

struct chase {
	struct tracer *t;
	pid_t main;
	struct task tasks[TASKS];
	size_t count;
};

static bool
fail(const char *what)
{
	(void)fprintf(stderr, "tracer: %s: %s\n", what, strerror(errno));
	return false;
}

static _Noreturn void
become(const struct tracer *t)
{
	int input = memfd_create("input", 0), null = open("/dev/null",
	    O_WRONLY);
	const char *path = getenv("POSTHASTE");
	size_t n;

	if (input < 0 || null < 0 || path == NULL ||
	    write(input, t->input.data, t->input.len) !=
	    (ssize_t)t->input.len || lseek(input, 0, SEEK_SET) != 0 ||
	    dup2(input, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	for (n = 3; n < 64; n++)
		(void)close((int)n);
	/* By its group it is told from others that the test has started. */
	if (setpgid(0, 0) != 0 ||
	    ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
	    raise(SIGSTOP) != 0)
		_exit(126);
	(void)execve(path, (char *const *)(uintptr_t)t->argv,
	    (char *const *)(uintptr_t)t->env);
	_exit(127);
}

static struct task *
task_of(struct chase *c, pid_t pid)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->tasks[i].pid == pid)
			return &c->tasks[i];
	if (c->count == TASKS)
		abort();
	memset(&c->tasks[c->count], 0, sizeof(c->tasks[0]));
	c->tasks[c->count].pid = pid;
	return &c->tasks[c->count++];
}

static void
forget(struct chase *c, pid_t pid)
{
	struct task *task = task_of(c, pid);

	*task = c->tasks[--c->count];
}

static bool
is_counted(const struct tracer *t, long number)
{
	const long *call = t->calls;

	while (call != NULL && *call != -1 && *call != number)
		call++;
	return call == NULL || *call == number;
}

/* At the entry of a call. */
static bool
meddle(struct chase *c, struct task *task)
{
	struct user_regs_struct regs;
	struct tracer *t = c->t;

	if ((task->pid == c->main) == t->in_child)
		return true;
	if (!read_call(task->pid, &regs))
		return fail("reading registers");
	if (!is_counted(t, call_number(&regs)) || ++t->count < t->at ||
	    t->at == 0 || (t->count > t->at && !t->goes_on))
		return true;
	if (t->count == t->at)
		t->met = call_number(&regs);
	if (t->signal != 0)
		return kill(task->pid, t->signal) == 0;
	if (t->fault == 0)
		return kill(task->pid, SIGKILL) == 0;
	task->is_replaced = replace_call(task->pid, &regs,
	    t->instead == 0 ? HARMLESS : t->instead);
	return task->is_replaced || fail("replacing a call");
}

static bool
at_call(struct chase *c, struct task *task)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid,
	    (void *)sizeof(info), &info) <= 0)
		return fail("PTRACE_GET_SYSCALL_INFO");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return meddle(c, task);
	if (!task->is_replaced)
		return true;
	task->is_replaced = false;
	return replace_result(task->pid, c->t->fault) ||
	    fail("replacing a result");
}

/* What a stop is for, and the signal to go on with. */
static bool
at_stop(struct chase *c, pid_t pid, int status, int *number)
{
	struct task *task = task_of(c, pid);

	*number = 0;
	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		return at_call(c, task);
	if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
	    WSTOPSIG(status) != SIGTRAP)
		*number = WSTOPSIG(status);
	return true;
}

static bool
chase(struct chase *c)
{
	int status, number;
	pid_t pid;

	for (;;) {
		pid = waitpid(-c->main, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		/* Nobody is left. */
		if (pid < 0)
			return errno == ECHILD || fail("waitpid");
		if (!WIFSTOPPED(status)) {
			forget(c, pid);
			if (pid == c->main)
				c->t->status = WIFEXITED(status) ?
				    WEXITSTATUS(status) : -1;
			continue;
		}
		if (!at_stop(c, pid, status, &number))
			return false;
		/* One that was just killed is gone. */
		if (ptrace(PTRACE_SYSCALL, pid, NULL,
		    (void *)(uintptr_t)number) != 0 && errno != ESRCH)
			return fail("PTRACE_SYSCALL");
	}
}

bool
tracer_run(struct tracer *t)
{
	struct chase c = { .t = t };
	int status;

	t->count = 0;
	t->met = -1;
	t->status = -1;
	c.main = fork();
	if (c.main == 0)
		become(t);
	if (c.main < 0 || waitpid(c.main, &status, 0) != c.main ||
	    !WIFSTOPPED(status))
		return fail("the program can't be started");
	if (ptrace(PTRACE_SETOPTIONS, c.main, NULL,
	    (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
	    PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL)) != 0 ||
	    ptrace(PTRACE_SYSCALL, c.main, NULL, NULL) != 0)
		return fail("ptrace");
	return chase(&c);
}

#else

bool
tracer_is_possible(void)
{
	return false;
}

bool
tracer_run(struct tracer *t)
{
	(void)t;
	return false;
}

#endif
