#include "app/setup.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
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
	/* Once the lock holds nobody could tell. */
	s->uid = getuid();
	if (getcwd(s->cwd, sizeof(s->cwd)) == NULL)
		s->cwd[0] = '\0';
}

/* For runs that begin in another directory; owned by the caller. */
static char *
absolute(const char *path)
{
	char *cwd, *result = NULL;
	struct buf whole;

	if (path[0] == '/')
		return mem_string(path);
	cwd = getcwd(NULL, 0);
	buf_init(&whole, BUF_UNLIMITED);
	if (cwd != NULL && buf_printf(&whole, "%s/%s", cwd, path))
		result = mem_string(buf_string(&whole));
	buf_free(&whole);
	mem_free(cwd);
	return result == NULL ? mem_string(path) : result;
}

bool
setup_load_path(struct setup *s, const char *path, struct error *err)
{
	const struct profile_trust trust = {
		.sysconfdir = POSTHASTE_SYSCONFDIR,
		.credentials = os_env(s->env, "CREDENTIALS_DIRECTORY"),
	};

	setup_free(s);
	if (!profile_load(path, &trust, &s->file, err))
		return false;
	s->path = absolute(path);
	return true;
}

/* `*is_found` tells a file that isn't good from none. */
static bool
find_and_load(struct setup *s, bool *is_found, struct error *err)
{
	char *path = NULL, *note = NULL;
	bool ok;

	*is_found = profile_find(s->options->config, s->env, s->env != NULL,
	    &path, &note, err);
	if (note != NULL)
		trace_note(s->trace, "%s", note);
	ok = *is_found && setup_load_path(s, path, err);
	mem_free(path);
	mem_free(note);
	return ok;
}

bool
setup_load(struct setup *s, struct error *err)
{
	bool is_found;

	return find_and_load(s, &is_found, err);
}

static bool
is_named(const char *name)
{
	return name != NULL && name[0] != '\0';
}

const char *
setup_profile_name(const struct setup *s)
{
	const char *name = os_env(s->env, "POSTHASTE_PROFILE");

	if (s->options->profile != NULL)
		return s->options->profile;
	return is_named(name) ? name : NULL;
}

bool
setup_load_any(struct setup *s, struct error *err)
{
	bool is_found;

	if (find_and_load(s, &is_found, err))
		return true;
	/* Installed, and not set up yet. */
	if (is_found || s->options->config != NULL ||
	    setup_profile_name(s) != NULL ||
	    is_named(os_env(s->env, "POSTHASTE_CONFIG")))
		return false;
	error_clear(err);
	return true;
}

void
setup_open_log(const struct setup *s, struct log *log,
    const struct profile *p)
{
	log_open(log, p == NULL || p->log == NULL ? "syslog" : p->log,
	    LOG_SYSLOG_SOCKET, s->process->err, s->trace);
	log->is_json = p != NULL && p->log_format == PROFILE_LOG_JSON;
	if (s->options->log_tag != NULL)
		log->tag = s->options->log_tag;
}

void
setup_free(struct setup *s)
{
	profile_file_free(s->file);
	mem_free(s->path);
	s->file = NULL;
	s->path = NULL;
}
