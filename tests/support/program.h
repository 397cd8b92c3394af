/*
 * Runs the real binary as its callers do: any argv[0], environment and set of
 * descriptors, within a limit of time that is enforced.
 *
 * The binary is $POSTHASTE. $POSTHASTE_WRAPPER, words parted by blanks
 * ("valgrind -q --error-exitcode=99"), is put in front of it; argv[0] is then
 * the name of a symbolic link to the binary, and limits are ten times as long.
 */
#ifndef POSTHASTE_TESTS_PROGRAM_H
#define POSTHASTE_TESTS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

/* A private directory; everything in it is removed with it. */
struct scratch {
	char path[128];
};

/* Below $TMPDIR or /tmp, mode 0700. False, with the reason on stderr. */
bool scratch_make(struct scratch *scratch) MUST_CHECK;
void scratch_remove(struct scratch *scratch);

/* Fixtures of a test group: `*state` is a struct scratch with its directory. */
int scratch_set_up(void **state);
int scratch_tear_down(void **state);

/* "DIR/NAME", owned by the caller (mem_free). */
char *scratch_path(const struct scratch *scratch, const char *name);

/* Writes a file of that mode, new or over an old one; its path, owned by the
 * caller, or NULL with the reason on stderr. */
char *scratch_file(const struct scratch *scratch, const char *name,
    mode_t mode, struct span bytes);

/* Writes `text` to DIR/posthaste.ini, mode 0600; its path, owned by the caller,
 * or NULL with the reason on stderr. */
char *program_profile(const struct scratch *scratch, const char *text);

enum program_stdin {
	PROGRAM_STDIN_PIPE,	/* `input`, then the end */
	PROGRAM_STDIN_OPEN,	/* `input`, and no end */
	PROGRAM_STDIN_FILE,	/* the file `input_file`, also a directory or
				 * a device */
	PROGRAM_STDIN_CLOSED
};

struct program_run {
	const char *const *argv;	/* [0] as the program shall see it; NULL
					 * at the end */
	const char *path;		/* NULL: $POSTHASTE */
	const char *const *env;		/* NULL: PATH and LC_ALL=C alone */
	enum program_stdin how_stdin;
	struct span input;
	const char *input_file;
	bool close_stdout, close_stderr;
	const char *stdout_file;	/* opened for writing instead of the
					 * pipe, as "/dev/full" */
	const char *stderr_file;
	const char *cwd;		/* NULL: ours */
	bool set_uid;			/* become uid and gid, no other groups */
	uid_t uid;
	gid_t gid;
	int64_t limit_ms;		/* 0: 10 s */
};

struct program_result {
	bool hung;		/* it was killed at the limit */
	int exit_status;	/* -1 where a signal ended it */
	int signal;		/* that one, or 0 */
	bool left_core;		/* the kernel has dumped it */
	bool left_open;		/* something that it started still held stdout
				 * or stderr when it had ended */
	bool broken_pipe;	/* it ended or closed stdin without reading all
				 * of `input` */
	int64_t wall_ms;
	long max_rss_kib;
	long cpu_ms;		/* user and system */
	struct buf out, err;
};

/*
 * Runs it to its end. False, with the reason on stderr, where it couldn't even
 * be started (exec itself failing is exit status 127). `result` must be freed
 * in any case.
 */
bool program_run(struct program_result *result,
    const struct program_run *run) MUST_CHECK;

/*
 * The same in two parts, so that something can happen to it in between (a
 * signal to `pid`). program_finish() feeds stdin and collects.
 */
struct program {
	pid_t pid;
	int input, output, error;	/* our ends; -1: none */
	int64_t started, limit_ms;
	bool keeps_input;
	struct span rest;		/* of the input, borrowed */
	struct scratch link;		/* with a wrapper */
};

bool program_start(struct program *program,
    const struct program_run *run) MUST_CHECK;
bool program_finish(struct program *program,
    struct program_result *result) MUST_CHECK;

void program_result_free(struct program_result *result);

/* All that is known of a run, on stderr, for a test that fails. */
void program_result_print(const struct program_result *result);

#endif
