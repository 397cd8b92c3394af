/*
 * Runs a command and tells what it took, for measurements: this process is
 * small, so that the command's resident memory isn't that of a large parent.
 *
 *   timed FD COMMAND [ARGUMENT ...]
 *
 * Writes to the descriptor FD, which the command doesn't get: its status (-1
 * where a signal ended it), then microseconds of time, microseconds of
 * processor time, KiB of resident memory at most.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long
microseconds(struct timeval t)
{
	return (long)t.tv_sec * 1000000 + (long)t.tv_usec;
}

static long
now(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	int out, status;
	long began;
	pid_t child;

	if (argc < 3)
		return EXIT_FAILURE;
	out = (int)strtol(argv[1], NULL, 10);
	if (fcntl(out, F_SETFD, FD_CLOEXEC) != 0)
		return EXIT_FAILURE;
	began = now();
	child = fork();
	if (child == 0) {
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return EXIT_FAILURE;
	return dprintf(out, "%d %ld %ld %ld\n",
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1, now() - began,
	    microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
	    usage.ru_maxrss) < 0;
}
