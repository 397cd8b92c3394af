#include "app/run.h"

#include <errno.h>

#include "app/help.h"
#include "app/newaliases.h"
#include "app/options.h"
#include "app/report.h"
#include "app/stdio.h"
#include "app/submit.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/os.h"
#include "base/trace.h"

/* What each mode that reads no message prints. */
static const char *const mode_texts[] = {
	[MODE_SUBMIT] = "",
	[MODE_SMTP] = "",
	[MODE_MAILQ] = "Mail queue is empty\n",
	[MODE_ALIASES] = "",
	[MODE_NOTHING] = "",
	[MODE_HELP] = help_text,
	[MODE_VERSION] = version_text,
};

/* What was asked for is on stdout, or the caller hears that it isn't. */
static int
print(const struct process *p, const char *text)
{
	struct error err = { 0 };

	if (report_write(p->out, span_of(text)))
		return EX_OK;
	(void)error_set_errno(&err, STAGE_SYSTEM, EX_OSERR, errno,
	    "standard output");
	report_block(p->err, &err);
	return err.exit_code;
}

int
run(const struct process *process)
{
	const struct invocation invocation = {
		.argc = process->argc,
		.argv = process->argv,
		.is_restricted = process->is_restricted,
		.is_cgi = !process->is_restricted &&
		    os_env(process->env, "GATEWAY_INTERFACE") != NULL,
	};
	struct trace trace = { process->err, 0, clock_ms() };
	struct error err = { 0 };
	struct options options;

	if (os_program_has_id_bits()) {
		(void)error_set(&err, STAGE_CONFIG, EX_CONFIG,
		    "this program's file has a set-uid or set-gid bit");
		(void)error_fix(&err, "remove it: chmod ug-s; posthaste needs "
		    "no privileges");
	}
	if (options_parse(&options, &invocation, &err) &&
	    !error_is_set(&err) &&
	    options.mode == MODE_ALIASES)
		return newaliases(process, &options, &err);
	if (!error_is_set(&err) && options.mode != MODE_SUBMIT &&
	    options.mode != MODE_SMTP)
		return print(process, mode_texts[options.mode]);
	trace.level = options.verbosity;
	if (!error_is_set(&err) && options.mode == MODE_SMTP)
		return stdio_serve(process, &options, &trace, &err);
	return submit(process, &options, &trace, &err);
}
