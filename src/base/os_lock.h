/*
 * The lock: from here on the calling thread can touch no file but those below
 * the spool, connect to no TCP port but those named, and make no system call
 * but those that the dialogue needs. Landlock from ABI 2 on (ABI 1 couldn't
 * move files within the spool), TCP from ABI 4 on; seccomp on x86_64 and
 * aarch64. What the kernel doesn't have is left out.
 */
#ifndef POSTHASTE_BASE_OS_LOCK_H
#define POSTHASTE_BASE_OS_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#define OS_LOCK_WORDS 200	/* room for os_lock()'s description */

/* What stays allowed; borrowed during the call. */
struct os_lock {
	const char *spool;	/* directory, or NULL: no files at all */
	const int *ports;	/* TCP ports that may be connected to */
	size_t port_count;
	bool unix_sockets;	/* these may be made and connected to */
};

/*
 * Locks the calling thread for good and describes into `words` what holds from
 * now on, "Landlock ABI 7 (no files, TCP to 587 only), seccomp". Never fails:
 * a mail is worth more than its sandbox. Everything that is needed must be open
 * before; tzset() is called here.
 */
void os_lock(const struct os_lock *lock, char *words, size_t size);

/*
 * A forbidden system call ends the run. The program defines this function
 * (main.c; test programs have their own). It is called from a signal handler:
 * only async-signal-safe functions may be used, and it must not return. `call`
 * is the call's name, or "number N".
 */
_Noreturn void os_lock_trapped(const char *call);

#endif
