#include "app/newaliases.h"

#include <errno.h>
#include <string.h>

#include "app/expand.h"
#include "app/report.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "conf/profile.h"

/* What is listed, and the paths that were seen already. */
struct check {
	struct profile_file *file;
	struct buf list;
	struct buf seen;	/* a path and a NUL each */
	struct error *err;
};

static bool
list_target(struct buf *list, const struct alias_table *table,
    const struct alias *alias, const struct alias_target *target)
{
	const char *kind = alias_kind_name(target->kind);

	return kind == NULL || (buf_printf(list, "%s:%zu: mail to `",
	    table->path, target->line) &&
	    buf_add_escaped(list, span_of(alias->name)) &&
	    buf_printf(list, "` fails, it leads to %s: ", kind) &&
	    buf_add_escaped(list, span_of(target->text)) &&
	    buf_add_char(list, '\n'));
}

static bool
list_targets(struct buf *list, const struct alias_table *table)
{
	const struct alias *alias;
	bool ok = true;
	size_t i, k;

	for (i = 0; ok && i < table->count; i++) {
		alias = &table->items[i];
		for (k = 0; ok && k < alias->count; k++)
			ok = list_target(list, table, alias,
			    &alias->targets[k]);
	}
	return ok;
}

static bool
was_seen(const struct check *c, const char *path)
{
	struct span rest = buf_span(&c->seen), each;

	while (span_next(&rest, '\0', &each))
		if (span_equals(each, span_of(path)))
			return true;
	return false;
}

static bool
check_section(void *context, const char *name, const char *path)
{
	struct check *c = context;
	struct alias_table *table = NULL;
	char *where;
	bool ok;

	if (path == NULL || was_seen(c, path))
		return true;
	ok = buf_add(&c->seen, path, strlen(path) + 1);
	where = profile_where(c->file, name, "aliases");
	ok = ok && expand_load(path, where, &table, c->err) &&
	    list_targets(&c->list, table) && expand_check(table, c->err);
	mem_free(where);
	aliases_free(table);
	return ok;
}

static bool
is_named(const char *name)
{
	return name != NULL && name[0] != '\0';
}

static bool
check_all(struct check *c, const struct process *p,
    const struct options *options)
{
	char *const *env = p->is_restricted ? NULL : p->env;
	const struct profile_trust trust = {
		.sysconfdir = POSTHASTE_SYSCONFDIR,
		.credentials = os_env(env, "CREDENTIALS_DIRECTORY"),
	};
	const char *name = options->profile;
	char *path = NULL, *note = NULL;
	bool ok;

	if (name == NULL && is_named(os_env(env, "POSTHASTE_PROFILE")))
		name = os_env(env, "POSTHASTE_PROFILE");
	ok = profile_find(options->config, env, env != NULL, &path, &note,
	    c->err);
	/* Installed, and not set up yet. */
	if (!ok && options->config == NULL && name == NULL &&
	    !is_named(os_env(env, "POSTHASTE_CONFIG"))) {
		error_clear(c->err);
		ok = true;
	} else {
		ok = ok && profile_load(path, &trust, &c->file, c->err) &&
		    profile_each(c->file, name, "aliases", check_section, c,
		    c->err);
	}
	mem_free(path);
	mem_free(note);
	return ok;
}

int
newaliases(const struct process *process, const struct options *options,
    struct error *err)
{
	struct check c = { .err = err };
	bool ok;

	buf_init(&c.list, BUF_UNLIMITED);
	buf_init(&c.seen, BUF_UNLIMITED);
	ok = check_all(&c, process, options);
	if (!report_write(process->out, buf_span(&c.list)) && ok)
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	profile_file_free(c.file);
	buf_free(&c.seen);
	buf_free(&c.list);
	return ok ? EX_OK : err->exit_code;
}
