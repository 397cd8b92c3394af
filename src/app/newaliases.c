#include "app/newaliases.h"

#include <errno.h>
#include <string.h>

#include "app/expand.h"
#include "app/report.h"
#include "app/setup.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/profile.h"

/* What is listed, and the paths that were seen already. */
struct check {
	const struct profile_file *file;
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

bool
newaliases_list(struct buf *list, const struct alias_table *table)
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
	    newaliases_list(&c->list, table) && expand_check(table, c->err);
	mem_free(where);
	aliases_free(table);
	return ok;
}

int
newaliases(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct check c = { .err = err };
	struct setup setup;
	bool ok;

	buf_init(&c.list, BUF_UNLIMITED);
	buf_init(&c.seen, BUF_UNLIMITED);
	setup_begin(&setup, process, options, trace);
	ok = setup_load_any(&setup, err);
	c.file = setup.file;
	ok = ok && (c.file == NULL || profile_each(c.file,
	    setup_profile_name(&setup), "aliases", check_section, &c, err));
	if (!report_write(process->out, buf_span(&c.list)) && ok)
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	setup_free(&setup);
	buf_free(&c.seen);
	buf_free(&c.list);
	return ok ? EX_OK : err->exit_code;
}
