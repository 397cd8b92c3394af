#include "base/os_lock_calls.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ALL 0xffffffffU
#define KIND_OF_SOCKET 0xfU	/* without SOCK_NONBLOCK and SOCK_CLOEXEC */

#define NONE { 0, 0, 0 }
#define ROW(call, when) \
	{ SYS_ ## call, #call, when, { NONE, NONE, NONE } }
#define LACKS(call, argument, bits) \
	{ SYS_ ## call, #call, LOCK_ALWAYS, \
	    { { argument, bits, 0 }, NONE, NONE } }
#define HAS(call, argument, value) \
	{ SYS_ ## call, #call, LOCK_ALWAYS, \
	    { { argument, ALL, value }, NONE, NONE } }

/* TCP and streams of this machine: Landlock knows no other way out. */
#define STREAM(family, when) \
	{ SYS_socket, "socket", when, { { 0, ALL, family }, \
	    { 1, KIND_OF_SOCKET, SOCK_STREAM }, { 2, ALL, 0 } } }

const struct lock_call lock_calls[] = {
#if LOCK_CALLS_KNOWN
	/* Octets, in the order of their number in a delivery. */
	ROW(recvfrom, LOCK_ALWAYS),
	/* Sending with an opening SYN would go past the rules for ports. */
	LACKS(sendto, 3, MSG_FASTOPEN),
	LACKS(sendmsg, 2, MSG_FASTOPEN),
	ROW(ppoll, LOCK_ALWAYS),
	ROW(rt_sigpending, LOCK_ALWAYS),
	ROW(rt_sigprocmask, LOCK_ALWAYS),
	ROW(clock_gettime, LOCK_ALWAYS),
	ROW(write, LOCK_ALWAYS),
	ROW(read, LOCK_ALWAYS),
	ROW(writev, LOCK_ALWAYS),
	ROW(readv, LOCK_ALWAYS),
	ROW(pread64, LOCK_ALWAYS),
	ROW(recvmsg, LOCK_ALWAYS),
	ROW(lseek, LOCK_ALWAYS),
#ifdef SYS_poll
	ROW(poll, LOCK_ALWAYS),
#endif

	/* Sockets. */
	STREAM(AF_INET, LOCK_ALWAYS),
	STREAM(AF_INET6, LOCK_ALWAYS),
	STREAM(AF_UNIX, LOCK_UNIX),
	ROW(connect, LOCK_ALWAYS),
	ROW(bind, LOCK_ALWAYS),
	ROW(getsockopt, LOCK_ALWAYS),
	ROW(setsockopt, LOCK_ALWAYS),
	ROW(getsockname, LOCK_ALWAYS),
	ROW(getpeername, LOCK_ALWAYS),
	ROW(shutdown, LOCK_ALWAYS),
	ROW(close, LOCK_ALWAYS),
	ROW(fcntl, LOCK_ALWAYS),
	/* Whether it is a terminal. */
	HAS(ioctl, 1, TCGETS),
	HAS(ioctl, 1, TIOCGWINSZ),

	/* Memory, none of which becomes code. */
	LACKS(mmap, 2, PROT_EXEC),
	LACKS(mprotect, 2, PROT_EXEC),
	ROW(munmap, LOCK_ALWAYS),
	ROW(mremap, LOCK_ALWAYS),
	ROW(madvise, LOCK_ALWAYS),
	ROW(brk, LOCK_ALWAYS),
	ROW(getrandom, LOCK_ALWAYS),

	/* The process itself. */
	ROW(futex, LOCK_ALWAYS),
	ROW(rt_sigaction, LOCK_ALWAYS),
	ROW(rt_sigreturn, LOCK_ALWAYS),
	ROW(restart_syscall, LOCK_ALWAYS),
	ROW(getpid, LOCK_ALWAYS),
	ROW(gettid, LOCK_ALWAYS),
	ROW(getuid, LOCK_ALWAYS),
	ROW(geteuid, LOCK_ALWAYS),
	ROW(getgid, LOCK_ALWAYS),
	ROW(getegid, LOCK_ALWAYS),
	ROW(getrusage, LOCK_ALWAYS),
	ROW(sysinfo, LOCK_ALWAYS),
	ROW(uname, LOCK_ALWAYS),
	ROW(sched_yield, LOCK_ALWAYS),
	ROW(clock_getres, LOCK_ALWAYS),
	ROW(clock_nanosleep, LOCK_ALWAYS),
	ROW(nanosleep, LOCK_ALWAYS),
	ROW(gettimeofday, LOCK_ALWAYS),
#ifdef SYS_time
	ROW(time, LOCK_ALWAYS),
#endif
	ROW(exit, LOCK_ALWAYS),
	ROW(exit_group, LOCK_ALWAYS),

	/* Files that are open. */
	ROW(fstat, LOCK_ALWAYS),
	ROW(fsync, LOCK_ALWAYS),
	ROW(fdatasync, LOCK_ALWAYS),
	ROW(ftruncate, LOCK_ALWAYS),

	/* fstat() by its newer name. */
	HAS(newfstatat, 3, AT_EMPTY_PATH),

	/* Files by name. */
	ROW(newfstatat, LOCK_SPOOL),
	ROW(openat, LOCK_SPOOL),
#ifdef SYS_open
	ROW(open, LOCK_SPOOL),
	ROW(stat, LOCK_SPOOL),
	ROW(lstat, LOCK_SPOOL),
	ROW(unlink, LOCK_SPOOL),
	ROW(rename, LOCK_SPOOL),
	ROW(link, LOCK_SPOOL),
	ROW(mkdir, LOCK_SPOOL),
	ROW(rmdir, LOCK_SPOOL),
	ROW(access, LOCK_SPOOL),
#endif
#ifdef SYS_renameat
	ROW(renameat, LOCK_SPOOL),
#endif
	ROW(renameat2, LOCK_SPOOL),
	ROW(unlinkat, LOCK_SPOOL),
	ROW(linkat, LOCK_SPOOL),
	ROW(mkdirat, LOCK_SPOOL),
	ROW(faccessat, LOCK_SPOOL),
	ROW(statx, LOCK_SPOOL),
	ROW(getdents64, LOCK_SPOOL),
	ROW(utimensat, LOCK_SPOOL),
	ROW(fchmod, LOCK_SPOOL),
	ROW(flock, LOCK_SPOOL),
	ROW(copy_file_range, LOCK_SPOOL),
	ROW(pwrite64, LOCK_SPOOL),

	/* Those that an intruder, or a careless library, would try. */
	ROW(execve, LOCK_NEVER),
	ROW(execveat, LOCK_NEVER),
	ROW(clone, LOCK_NEVER),
#ifdef SYS_clone3
	ROW(clone3, LOCK_NEVER),
#endif
#ifdef SYS_fork
	ROW(fork, LOCK_NEVER),
	ROW(vfork, LOCK_NEVER),
	ROW(readlink, LOCK_NEVER),
	ROW(chmod, LOCK_NEVER),
	ROW(symlink, LOCK_NEVER),
	ROW(pipe, LOCK_NEVER),
	ROW(dup2, LOCK_NEVER),
	ROW(select, LOCK_NEVER),
	ROW(epoll_create, LOCK_NEVER),
#endif
	ROW(readlinkat, LOCK_NEVER),
	ROW(symlinkat, LOCK_NEVER),
	ROW(fchmodat, LOCK_NEVER),
	ROW(fchownat, LOCK_NEVER),
	ROW(truncate, LOCK_NEVER),
	ROW(memfd_create, LOCK_NEVER),
	ROW(pipe2, LOCK_NEVER),
	ROW(dup, LOCK_NEVER),
	ROW(dup3, LOCK_NEVER),
	ROW(pselect6, LOCK_NEVER),
	ROW(epoll_create1, LOCK_NEVER),
	ROW(socketpair, LOCK_NEVER),
	ROW(listen, LOCK_NEVER),
	ROW(accept, LOCK_NEVER),
	ROW(accept4, LOCK_NEVER),
	ROW(sendmmsg, LOCK_NEVER),
	ROW(recvmmsg, LOCK_NEVER),
	ROW(sendfile, LOCK_NEVER),
	ROW(splice, LOCK_NEVER),
	ROW(kill, LOCK_NEVER),
	ROW(tkill, LOCK_NEVER),
	ROW(tgkill, LOCK_NEVER),
	ROW(wait4, LOCK_NEVER),
	ROW(ptrace, LOCK_NEVER),
	ROW(prctl, LOCK_NEVER),
	ROW(prlimit64, LOCK_NEVER),
	ROW(setrlimit, LOCK_NEVER),
	ROW(sched_getaffinity, LOCK_NEVER),
	ROW(setuid, LOCK_NEVER),
	ROW(setgid, LOCK_NEVER),
	ROW(chdir, LOCK_NEVER),
	ROW(chroot, LOCK_NEVER),
	ROW(mount, LOCK_NEVER),
	ROW(unshare, LOCK_NEVER),
	ROW(setns, LOCK_NEVER),
	ROW(bpf, LOCK_NEVER),
	ROW(process_vm_readv, LOCK_NEVER),
	ROW(process_vm_writev, LOCK_NEVER),
	ROW(keyctl, LOCK_NEVER),
#ifdef SYS_io_uring_setup
	ROW(io_uring_setup, LOCK_NEVER),
#endif
#endif
	{ 0, NULL, LOCK_NEVER, { NONE, NONE, NONE } },
};
