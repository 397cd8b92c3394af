#include "app/run.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "app/check.h"
#include "app/config.h"
#include "app/configure.h"
#include "app/help.h"
#include "app/import.h"
#include "app/mailq.h"
#include "app/newaliases.h"
#include "app/options.h"
#include "app/queue.h"
#include "app/report.h"
#include "app/stdio.h"
#include "app/submit.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/os.h"
#include "base/shell.h"
#include "base/trace.h"

/* What is asked for is on stdout, or the caller hears that it isn't. */
static int
say(const struct process *p, const char *text)
{
	struct error err = { 0 };

	if (report_write(p->out, span_of(text)))
		return EX_OK;
	(void)error_set_errno(&err, STAGE_SYSTEM, EX_OSERR, errno,
	    "standard output");
	report_block(p->err, &err);
	return err.exit_code;
}

static int
say_help(const struct process *p, const struct options *options,
    const struct trace *trace, struct error *err)
{
	(void)trace;
	(void)err;
	return say(p, options->mode == MODE_HELP ? help_text : version_text);
}

static int
do_nothing(const struct process *p, const struct options *options,
    const struct trace *trace, struct error *err)
{
	(void)p;
	(void)options;
	(void)trace;
	(void)err;
	return EX_OK;
}

typedef int mode_action(const struct process *process,
    const struct options *options, const struct trace *trace,
    struct error *err);

static mode_action *const actions[] = {
	[MODE_SUBMIT] = submit,
	[MODE_SMTP] = stdio_serve,
	[MODE_MAILQ] = mailq,
	[MODE_QUEUE] = queue_run,
	[MODE_FLUSH] = queue_run,
	[MODE_ALIASES] = newaliases,
	[MODE_CHECK] = check,
	[MODE_PRINT_CONFIG] = config_show,
	[MODE_LIST_PROFILES] = config_show,
	[MODE_IMPORT] = import,
	[MODE_CONFIGURE] = configure,
	[MODE_NOTHING] = do_nothing,
	[MODE_HELP] = say_help,
	[MODE_VERSION] = say_help,
};

/* See no-color.org: the variable counts unless it is empty. */
static bool
wants_colors(const struct process *process)
{
	const char *wish = os_env(process->env, "NO_COLOR");

	return !process->is_restricted && (wish == NULL || wish[0] == '\0');
}

static void
refuse_id_bits(struct error *err)
{
	char path[PATH_MAX];

	if (!os_program_has_id_bits(path, sizeof(path)))
		return;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "this program's file has a set-uid or set-gid bit");
	(void)error_fix(err, "posthaste needs no privileges: chmod ug-s %s",
	    shell_word(path).text);
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
	struct trace trace = { .fd = process->err, .start = clock_ms() };
	struct trace_progress progress = { 0 };
	struct error err = { 0 };
	struct options options;
	mode_action *action;

	refuse_id_bits(&err);
	if (!options_parse(&options, &invocation, &err) ||
	    error_is_set(&err))
		action = submit;	/* it reports that */
	else
		action = actions[options.mode];
	trace.level = options.verbosity;
	if (trace.level > 0 && isatty(process->err) == 1) {
		trace.is_colored = wants_colors(process);
		trace.progress = &progress;
	}
	return action(process, &options, &trace, &err);
}
