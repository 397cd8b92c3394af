#include "base/os_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os_lock_calls.h"

/* Sanitizers and gcov have business of their own with the kernel. */
#ifdef POSTHASTE_NO_LOCK

void
os_lock(const struct os_lock *lock, char *words, size_t size)
{
	(void)lock;
	(void)snprintf(words, size, "none in this build");
}

#else

/*
 * The kernel's interfaces in constants of our own: not every libc comes with
 * the kernel's headers, and older ones don't know all of this.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define LANDLOCK_ASK_ABI 1U
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_PORT 2
#define LANDLOCK_CONNECT_TCP (UINT64_C(1) << 1)
#define LANDLOCK_SCOPES UINT64_C(3)	/* abstract sockets, signals */
#define LANDLOCK_ABI_MIN 2
#define LANDLOCK_ABI_TCP 4
#define LANDLOCK_ABI_SCOPES 6

struct landlock_ruleset {
	uint64_t files, tcp, scopes;
};

struct landlock_path {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct landlock_port {
	uint64_t allowed, port;
};

#define SECCOMP_SET_FILTER 1U
#define SECCOMP_TRAP 0x00030000U
#define SECCOMP_ALLOW 0x7fff0000U

#define CODE_LOAD 0x20U		/* of struct call_data, by its offset */
#define CODE_AND 0x54U
#define CODE_JUMP_EQUAL 0x15U
#define CODE_JUMP_FROM 0x35U	/* greater or equal */
#define CODE_RETURN 0x06U

#if defined(__x86_64__)
#define AUDIT_ARCH 0xc000003eU
#elif defined(__aarch64__)
#define AUDIT_ARCH 0xc00000b7U
#else
#define AUDIT_ARCH 0U
#endif

/* What a filter sees of a call. */
struct call_data {
	uint32_t number, arch;
	uint64_t instruction;
	struct {
		uint32_t low, high;	/* both architectures begin so */
	} arguments[6];
};

struct code {
	uint16_t what;
	uint8_t if_true, if_false;	/* how many to skip */
	uint32_t k;
};

#define CODE_MAX 256		/* as far as a jump reaches */
#define TO_THE_END 255		/* a jump until its way is known */
#define ROWS_MAX 128
#define LEAF_MAX 8		/* rows that are compared one by one */

struct filter {
	struct code code[CODE_MAX];
	uint16_t len;
	bool is_full;
};

/* struct sock_fprog */
struct filter_ref {
	uint16_t len;
	const struct code *code;
};

/* All rights that an ABI has on files; later ones, which aren't asked for, stay
 * with everybody. */
static uint64_t
rights_on_files(int abi)
{
	unsigned int count = 14;	/* up to REFER */

	if (abi >= 3)
		count++;		/* truncation */
	if (abi >= 5)
		count++;		/* ioctl on devices */
	return (UINT64_C(1) << count) - 1;
}

static bool
add_spool(int rules, const char *spool, uint64_t rights)
{
	struct landlock_path rule = { rights, -1 };
	bool ok;

	if (spool == NULL)
		return true;
	rule.fd = open(spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.fd == -1)
		return false;
	ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH,
	    &rule, 0U) == 0;
	(void)close(rule.fd);
	return ok;
}

static bool
add_ports(int rules, const struct os_lock *lock)
{
	struct landlock_port rule = { LANDLOCK_CONNECT_TCP, 0 };
	size_t i;

	for (i = 0; i < lock->port_count; i++) {
		rule.port = (uint64_t)lock->ports[i];
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_PORT,
		    &rule, 0U) != 0)
			return false;
	}
	return true;
}

/* The ABI that holds from now on, or 0. */
static int
lock_land(const struct os_lock *lock)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0UL,
	    LANDLOCK_ASK_ABI);
	struct landlock_ruleset wanted = { 0, 0, 0 };
	int rules;
	bool ok;

	if (abi < LANDLOCK_ABI_MIN)
		return 0;
	wanted.files = rights_on_files((int)abi);
	if (abi >= LANDLOCK_ABI_TCP)
		wanted.tcp = LANDLOCK_CONNECT_TCP;
	if (abi >= LANDLOCK_ABI_SCOPES)
		wanted.scopes = LANDLOCK_SCOPES;
	rules = (int)syscall(SYS_landlock_create_ruleset, &wanted,
	    sizeof(wanted), 0U);
	if (rules == -1)
		return 0;
	ok = add_spool(rules, lock->spool, wanted.files) &&
	    (wanted.tcp == 0 || add_ports(rules, lock)) &&
	    syscall(SYS_landlock_restrict_self, rules, 0U) == 0;
	(void)close(rules);
	return ok ? (int)abi : 0;
}

static void
emit(struct filter *f, unsigned int what, size_t k)
{
	const struct code code = { (uint16_t)what, 0, 0, (uint32_t)k };

	if (f->len == CODE_MAX)
		f->is_full = true;
	else
		f->code[f->len++] = code;
}

/* Goes on where the last load equals `k`, and else `skip` codes further. */
static void
emit_unless(struct filter *f, size_t k, size_t skip)
{
	emit(f, CODE_JUMP_EQUAL, k);
	f->code[f->len - 1].if_false = (uint8_t)skip;
}

/* The same the other way round: to the code that allows, which comes last. */
static void
emit_allow(struct filter *f, size_t k)
{
	emit(f, CODE_JUMP_EQUAL, k);
	f->code[f->len - 1].if_true = TO_THE_END;
}

static void
emit_load(struct filter *f, const struct lock_check *c)
{
	emit(f, CODE_LOAD, offsetof(struct call_data, arguments) +
	    c->argument * sizeof(uint64_t));
	emit(f, CODE_AND, c->mask);
}

static size_t
count_checks(const struct lock_call *call)
{
	size_t n = 0;

	while (n < LOCK_CHECKS && call->checks[n].mask != 0)
		n++;
	return n;
}

/* Allowed where the number and all checks fit; else on to the next row. */
static void
emit_call(struct filter *f, const struct lock_call *call)
{
	size_t checks = count_checks(call), i;

	if (checks == 0) {
		emit_allow(f, call->number);
		return;
	}
	emit_unless(f, call->number, 3 * checks + 1);
	for (i = 0; i < checks; i++) {
		emit_load(f, &call->checks[i]);
		if (i + 1 < checks)
			emit_unless(f, call->checks[i].value,
			    3 * (checks - i - 1));
		else
			emit_allow(f, call->checks[i].value);
	}
	emit(f, CODE_LOAD, offsetof(struct call_data, number));
}

/*
 * Sorted rows, halved until few are left: the kernel tries every number there
 * is when it takes the filter.
 */
static void
emit_rows(struct filter *f, const struct lock_call *const *rows, size_t count)
{
	size_t middle = count / 2, at = f->len, i;

	while (middle < count && middle > 0 &&
	    rows[middle]->number == rows[middle - 1]->number)
		middle++;
	if (count <= LEAF_MAX || middle == count) {
		for (i = 0; i < count; i++)
			emit_call(f, rows[i]);
		emit(f, CODE_RETURN, SECCOMP_TRAP);
		return;
	}
	emit(f, CODE_JUMP_FROM, rows[middle]->number);
	emit_rows(f, rows, middle);
	if (f->is_full)
		return;
	f->code[at].if_true = (uint8_t)(f->len - at - 1);
	emit_rows(f, rows + middle, count - middle);
}

/* The code that allows, and the ways to it. */
static void
emit_end(struct filter *f)
{
	size_t i;

	emit(f, CODE_RETURN, SECCOMP_ALLOW);
	for (i = 0; i < f->len; i++)
		if (f->code[i].what == CODE_JUMP_EQUAL &&
		    f->code[i].if_true == TO_THE_END)
			f->code[i].if_true = (uint8_t)(f->len - i - 2);
}

static int
compare_rows(const void *left, const void *right)
{
	const struct lock_call *a = *(const struct lock_call *const *)left;
	const struct lock_call *b = *(const struct lock_call *const *)right;

	return (a->number > b->number) - (a->number < b->number);
}

static bool
is_allowed(const struct lock_call *call, const struct os_lock *lock)
{
	switch (call->when) {
	case LOCK_NEVER:
		break;
	case LOCK_ALWAYS:
		return true;
	case LOCK_SPOOL:
		return lock->spool != NULL;
	case LOCK_UNIX:
		return lock->unix_sockets;
	}
	return false;
}

static void
trapped(int number, siginfo_t *info, void *context)
{
	const struct lock_call *call;
	unsigned int left = (unsigned int)info->si_syscall;
	char words[] = "number           ";
	size_t at = sizeof(words) - 1;

	(void)number;
	(void)context;
	for (call = lock_calls; call->name != NULL; call++)
		if (call->number == left)
			os_lock_trapped(call->name);
	/* Without snprintf, which may not be called here. */
	words[at] = '\0';
	do {
		words[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	memmove(words + strlen("number "), words + at, sizeof(words) - at);
	os_lock_trapped(words);
}

/* A call that is trapped where the signal is blocked would kill us. */
static bool
catch_traps(void)
{
	struct sigaction action;
	sigset_t traps;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = trapped;
	action.sa_flags = SA_SIGINFO;
	(void)sigfillset(&action.sa_mask);
	(void)sigemptyset(&traps);
	(void)sigaddset(&traps, SIGSYS);
	return sigaction(SIGSYS, &action, NULL) == 0 &&
	    sigprocmask(SIG_UNBLOCK, &traps, NULL) == 0;
}

static bool
lock_calls_but(const struct os_lock *lock)
{
	const struct lock_call *rows[ROWS_MAX], *call;
	struct filter f;
	struct filter_ref ref = { 0, f.code };
	size_t count = 0;

	if (!LOCK_CALLS_KNOWN)
		return false;
	f.len = 0;
	f.is_full = false;
	emit(&f, CODE_LOAD, offsetof(struct call_data, arch));
	emit(&f, CODE_JUMP_EQUAL, AUDIT_ARCH);
	/* Over the next one. */
	f.code[1].if_true = 1;
	emit(&f, CODE_RETURN, SECCOMP_TRAP);
	emit(&f, CODE_LOAD, offsetof(struct call_data, number));
	for (call = lock_calls; call->name != NULL; call++)
		if (is_allowed(call, lock)) {
			if (count == ROWS_MAX)
				return false;
			rows[count++] = call;
		}
	qsort(rows, count, sizeof(rows[0]), compare_rows);
	emit_rows(&f, rows, count);
	emit_end(&f);
	ref.len = f.len;
	return !f.is_full && catch_traps() &&
	    syscall(SYS_seccomp, SECCOMP_SET_FILTER, 0U, &ref) == 0;
}

/* " (files below /spool only, TCP to 587, 465 only)" */
static bool
describe_land(struct buf *out, const struct os_lock *lock, int abi)
{
	size_t i;

	if (!buf_printf(out, "Landlock ABI %d (%s%s%s", abi,
	    lock->spool == NULL ? "no files" : "files below ",
	    lock->spool == NULL ? "" : lock->spool,
	    lock->spool == NULL ? "" : " only"))
		return false;
	if (abi < LANDLOCK_ABI_TCP)
		return buf_add_char(out, ')');
	for (i = 0; i < lock->port_count; i++)
		if (!buf_printf(out, "%s%d", i == 0 ? ", TCP to " : ", ",
		    lock->ports[i]))
			return false;
	return buf_add_string(out, lock->port_count == 0 ? ", no TCP)" :
	    " only)");
}

static void
describe(const struct os_lock *lock, int abi, bool has_filter, char *words,
    size_t size)
{
	struct buf out;
	bool ok;

	buf_init(&out, BUF_UNLIMITED);
	ok = abi == 0 ? buf_add_string(&out, "no Landlock") :
	    describe_land(&out, lock, abi);
	ok = ok && buf_add_string(&out, has_filter ? ", seccomp" :
	    ", no seccomp");
	(void)snprintf(words, size, "%s", ok ? buf_string(&out) : "");
	buf_free(&out);
}

void
os_lock(const struct os_lock *lock, char *words, size_t size)
{
	bool has_filter;
	int abi;

	tzset();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
		(void)snprintf(words, size, "none: %s", strerror(errno));
		return;
	}
	abi = lock_land(lock);
	has_filter = lock_calls_but(lock);
	describe(lock, abi, has_filter, words, size);
}

#endif
