#include "app/import.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/config.h"
#include "app/import_row.h"
#include "app/import_settle.h"
#include "app/report.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "conf/command.h"
#include "conf/ini.h"

#define GIT_MS 30000

static const struct import_kind *const kinds[] = { &import_msmtp,
	&import_ssmtp, &import_nullmailer, &import_dma, &import_git };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct import_kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

bool
import_knows(const char *kind, const char **list)
{
	*list = "msmtprc, ssmtp, nullmailer, dma, git";
	return find_kind(kind) != NULL;
}

static char *
find_home(char *const *env)
{
	const char *home = os_env(env, "HOME");

	return home != NULL && home[0] == '/' ? mem_string(home) :
	    os_passwd_home();
}

/* The first of its places that is there, the last one for the message. */
static char *
find_file(const struct import_kind *kind, const struct sheet *s)
{
	struct buf path;
	char *found = NULL;
	size_t i;

	for (i = 0; kind->paths[i] != NULL; i++) {
		buf_init(&path, BUF_UNLIMITED);
		mem_free(found);
		found = NULL;
		if (kind->paths[i][0] != '~')
			found = mem_string(kind->paths[i]);
		else if (s->home != NULL && buf_printf(&path, "%s%s", s->home,
		    kind->paths[i] + 1))
			found = mem_string(buf_string(&path));
		buf_free(&path);
		if (found != NULL && access(found, F_OK) == 0)
			break;
	}
	return found;
}

/* git knows its files, and how they include each other. */
static bool
ask_git(const char *file, char *const *env, struct buf *text,
    struct error *err)
{
	struct command c = { .env = env, .name = "git config", .ms = GIT_MS };
	struct buf line;
	size_t i;
	bool ok;

	buf_init(&line, BUF_UNLIMITED);
	ok = buf_add_string(&line, "git config --list -z");
	if (ok && file != NULL) {
		ok = buf_add_string(&line, " --file '");
		for (i = 0; ok && file[i] != '\0'; i++)
			ok = file[i] == '\'' ?
			    buf_add_string(&line, "'\\''") :
			    buf_add_char(&line, file[i]);
		ok = ok && buf_add_char(&line, '\'');
	}
	c.line = buf_string(&line);
	ok = ok && command_run(&c, text, err);
	buf_free(&line);
	return ok;
}

static bool
read_file(struct sheet *s, struct buf *text, struct error *err)
{
	const char *slash = strrchr(s->file, '/');
	bool is_there, ok;
	char *path;

	ok = import_read_beside(s, slash == NULL ? s->file : slash + 1, text,
	    &path, &is_there, err);
	mem_free(path);
	return ok && (is_there || error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "%s: it isn't there", s->file));
}

/* `*path` is what remarks name. */
static bool
read_source(struct sheet *s, const struct import_kind *kind,
    const char *file, char *const *env, char **path, struct buf *text,
    struct error *err)
{
	bool ok;

	*path = file != NULL ? mem_string(file) : find_file(kind, s);
	if (*path == NULL)
		*path = mem_string("git config");
	s->file = *path;
	if (kind != &import_git)
		return read_file(s, text, err);
	if (file == NULL)
		return ask_git(NULL, env, text, err);
	/* What `git config --list -z` has written is taken as it is. */
	ok = read_file(s, text, err);
	if (!ok || span_find(buf_span(text), '\0') < text->len)
		return ok;
	buf_clear(text);
	return ask_git(file, env, text, err);
}

static bool
render(struct sheet *s, const struct import_kind *kind, struct buf *out,
    struct error *err)
{
	return import_settle(s, kind, err) &&
	    buf_printf(out, "# Made by posthaste --import %s of ",
	    kind->name) && buf_add_escaped(out, span_of(s->file)) &&
	    buf_add_string(out, ".\n# What there is no key for is said in "
	    "comments. Look through it, save it as\n# ") &&
	    import_add_directory(s, out) && buf_add_string(out,
	    "/posthaste.ini,\n# and try it with posthaste --check.\n") &&
	    sheet_print(s, out);
}

int
import(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	const struct import_kind *kind = find_kind(options->import_kind);
	const char *file = options->recipient_count > 0 ?
	    options->recipients[0] : NULL;
	char *path = NULL, *home = find_home(process->env);
	struct buf text, out;
	struct sheet s;
	bool ok;

	(void)trace;
	sheet_begin(&s);
	buf_init(&text, INI_FILE_MAX);
	buf_init(&out, BUF_UNLIMITED);
	s.home = home;
	ok = kind != NULL && read_source(&s, kind, file, process->env, &path,
	    &text, err) && kind->read(&s, buf_span(&text), err) &&
	    render(&s, kind, &out, err);
	if (ok && !config_write(process->out, buf_span(&out)))
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	sheet_free(&s);
	buf_free_secret(&text);
	buf_free(&out);
	mem_free(home);
	mem_free(path);
	return ok ? EX_OK : err->exit_code;
}
