/*
 * What goes beyond POSIX.1-2008, and the hygiene of a process that anybody may
 * start in any state.
 */
#ifndef POSTHASTE_BASE_OS_H
#define POSTHASTE_BASE_OS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* The value of `name` in `environ`-like `env`, or NULL; "" counts as set. */
const char *os_env(char *const *env, const char *name);

/*
 * Puts /dev/null behind each of the descriptors 0, 1 and 2 that is closed (0
 * is opened for writing only, so that reading from it fails) and closes all
 * others that were inherited.
 */
bool os_tidy_descriptors(struct error *err) MUST_CHECK;

/*
 * No core file, not to be traced by other users, SSLKEYLOGFILE and GNUTLS_*
 * unset, umask 077, PIPE and XFSZ ignored. Trouble here is not worth failing
 * for.
 */
void os_harden(void);

/* Kernel's AT_SECURE: privileges were gained at exec. */
bool os_is_privileged(void);

/*
 * Whether the running program's own file has its set-uid or set-gid bit; then
 * `path` becomes the file's.
 */
bool os_program_has_id_bits(char *path, size_t size);

/*
 * HUP (unless it is ignored), INT, TERM, QUIT and XCPU are blocked for good and
 * let in only while limit_wait() sleeps; the first that arrived is remembered.
 */
void os_signals_begin(void);

/* From the relay's 250 on: all of them are ignored. */
void os_signals_end(void);

/* They count again: another message goes over the same session. */
void os_signals_again(void);

/* A child that runs another program gets these signals as they came to us, and
 * the default for PIPE and XFSZ. */
void os_signals_restore(void);

/* Those that came while nothing was waited for are let in. */
void os_signals_let_in(void);

/*
 * In a child: SIGTERM once `parent` has ended, also where it has already.
 * Without a word where the system can't.
 */
void os_signal_at_end_of(pid_t parent);

/* The signal that arrived, or 0. */
int os_signal_caught(void);

/* "SIGTERM" … for those named above. */
const char *os_signal_name(int number);

/* The mask for ppoll(2): what lets the signals in. */
void os_signals_while_waiting(sigset_t *mask);

/*
 * Memory of its own mapping, zeroed, in large pages where the system has them:
 * a fault for each 2 MiB in place of 512. NULL with errno.
 */
void *os_map_memory(size_t size);

/*
 * Makes one span of such memory, whose `size` is whole pages, and of the
 * `in_file` octets that `file` begins with, which are read-only. It takes the
 * place of the memory and is freed by munmap() of `*mapped` octets; NULL with
 * errno, and the memory stays.
 */
void *os_map_behind(void *memory, size_t size, int file, size_t in_file,
    size_t *mapped);

/* Lets a pipe hold as much as an ordinary user may ask for; without a word
 * where that isn't one. */
void os_widen_pipe(int fd);

/* An anonymous file in memory, or -1 with errno. */
int os_memory_file(const char *name);

/*
 * Copies from regular file `from` at its offset to `to` within the kernel, up
 * to `size` bytes. -1 with errno where the files or the kernel can't.
 */
ssize_t os_copy_file(int from, int to, size_t size);

/*
 * Moves a file within a file system to a name that isn't taken. False with
 * errno, EEXIST where it is.
 */
bool os_rename_new(int from_dir, const char *from, int to_dir,
    const char *to) MUST_CHECK;

/* Unpredictable bytes from the kernel. */
bool os_random(void *out, size_t size, struct error *err) MUST_CHECK;

/* This machine's node name, cut to `size`; "" where there is none. */
void os_node_name(char *out, size_t size);

/* Login of the real uid from the passwd database, "uid<number>" without an
 * entry; owned by the caller. */
char *os_login(void);

/* Home directory of the effective uid by the passwd database, or NULL; owned
 * by the caller. */
char *os_passwd_home(void);

#endif
