#include <sysexits.h>
#include <unistd.h>

#include "app/report.h"
#include "app/run.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/os_lock.h"
#include "smtp/session.h"

extern char **environ;

/* How far the message is, for an end out of turn. */
static volatile sig_atomic_t progress = PROGRESS_NONE;

/*
 * Before the message is out: EX_OSERR. While its fate is unknown: EX_PROTOCOL,
 * as the relay may have it. Once the relay has said 250: it is delivered. Also
 * called by a signal handler, so nothing but write(2) is used.
 */
static _Noreturn void
end_out_of_turn(const char *what, const char *more)
{
	static const char uncertain[] =
	    "  the relay may already hold the message\n";

	if (progress == PROGRESS_ACCEPTED)
		_exit(EX_OK);
	(void)report_write(STDERR_FILENO, span_of("posthaste: "));
	(void)report_write(STDERR_FILENO, span_of(what));
	(void)report_write(STDERR_FILENO, span_of(more));
	if (progress != PROGRESS_MESSAGE_OUT)
		_exit(EX_OSERR);
	(void)report_write(STDERR_FILENO, span_of(uncertain));
	_exit(EX_PROTOCOL);
}

_Noreturn void
mem_exhausted(void)
{
	end_out_of_turn("out of memory\n", "");
}

_Noreturn void
os_lock_trapped(const char *call)
{
	end_out_of_turn(call, ": a system call that the sandbox forbids; "
	    "`sandbox = no` in the profile permits it\n");
}

/*
 * GnuTLS prepares itself before main(), and believes its GNUTLS_* variables
 * then, unless a program has this function (its header's
 * GNUTLS_SKIP_GLOBAL_INIT). It takes a tenth of a short run: crypto_begin()
 * does it for those that need it.
 */
int _gnutls_global_init_skip(void);

int
_gnutls_global_init_skip(void)
{
	return 1;
}

int
main(int argc, char **argv)
{
	struct process process = {
		.argc = argc,
		.argv = argv,
		.env = environ,
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.is_restricted = os_is_privileged(),
		.progress = &progress,
	};
	struct error err = { 0 };

	os_harden();
	if (!os_tidy_descriptors(&err)) {
		report_block(STDERR_FILENO, &err);
		return err.exit_code;
	}
	os_signals_begin();
	return run(&process);
}
