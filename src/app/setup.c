#include "app/setup.h"

#include <string.h>

#include "base/mem.h"
#include "base/os.h"

void
setup_begin(struct setup *s, const struct process *process,
    const struct options *options, const struct trace *trace)
{
	memset(s, 0, sizeof(*s));
	s->process = process;
	s->env = process->is_restricted ? NULL : process->env;
	s->options = options;
	s->trace = trace;
}

bool
setup_load(struct setup *s, struct error *err)
{
	const struct profile_trust trust = {
		.sysconfdir = POSTHASTE_SYSCONFDIR,
		.credentials = os_env(s->env, "CREDENTIALS_DIRECTORY"),
	};
	char *path = NULL, *note = NULL;
	bool ok;

	ok = profile_find(s->options->config, s->env, s->env != NULL, &path,
	    &note, err);
	if (note != NULL)
		trace_note(s->trace, "%s", note);
	ok = ok && profile_load(path, &trust, &s->file, err);
	mem_free(path);
	mem_free(note);
	return ok;
}

void
setup_open_log(const struct setup *s, struct log *log, const char *wish)
{
	log_open(log, wish == NULL ? "syslog" : wish, LOG_SYSLOG_SOCKET,
	    s->process->err, s->trace);
	if (s->options->log_tag != NULL)
		log->tag = s->options->log_tag;
}

void
setup_free(struct setup *s)
{
	profile_file_free(s->file);
	s->file = NULL;
}
