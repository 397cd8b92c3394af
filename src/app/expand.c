#include "app/expand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mail/envelope.h"

/* One expansion, on its way. */
struct expansion {
	const struct profile *p;
	struct alias_table *table;	/* NULL until it is needed */
	size_t *marks;			/* by the alias's number: the run that
					 * has begun it, or ended it */
	size_t run;			/* odd; the even one behind it ends */
	const struct alias *path[EXPAND_DEPTH_MAX];	/* the open ones */
	size_t depth;
	bool in_default;
	bool is_check;			/* special targets are passed over */
	expand_taker *take;		/* or NULL */
	void *context;
	size_t from;			/* number of the address at hand */
	struct buf *notes;
	struct error *err;
};

#define FAIL(err, ...) error_set(err, STAGE_CONFIG, EX_CONFIG, __VA_ARGS__)

bool
expand_load(const char *path, const char *where, struct alias_table **table,
    struct error *err)
{
	const struct profile_trust trust = {
		.sysconfdir = POSTHASTE_SYSCONFDIR,
	};

	if (aliases_load(path, &trust, table, err))
		return true;
	if (err->sys_errno == ENOENT) {
		err->fix[0] = '\0';
		(void)error_fix(err, "write it, such as the line `root: "
		    "you@your.domain`, or take `aliases` out");
	}
	return error_cause(err, "`aliases` in %s names this file", where);
}

static bool
load_once(struct expansion *x)
{
	struct buf where;
	bool ok;

	if (x->table != NULL)
		return true;
	buf_init(&where, BUF_UNLIMITED);
	ok = buf_printf(&where, "%s, section [%s],", x->p->file, x->p->name) &&
	    expand_load(x->p->aliases, where.data, &x->table, x->err);
	buf_free(&where);
	if (!ok)
		return profile_locate(x->p, x->err);
	x->marks = mem_array(x->table->count + 1, sizeof(*x->marks));
	return true;
}

/* A wrong address in the file is the file's fault. */
static bool
blame_file(struct error *err)
{
	err->stage = STAGE_CONFIG;
	err->exit_code = EX_CONFIG;
	return error_fix(err, "write whole addresses there, with commas in "
	    "between");
}

static bool
parse_target(const struct alias_table *table, const struct alias *alias,
    const struct alias_target *target, struct address_list *list,
    struct error *err)
{
	size_t before = list->count, i;
	struct buf origin;
	bool ok;

	buf_init(&origin, BUF_UNLIMITED);
	ok = buf_printf(&origin, "%s:%zu: %s", table->path, target->line,
	    alias->name) && address_parse_list(list, span_of(target->text),
	    origin.data, ENVELOPE_RECIPIENTS_MAX, err);
	for (i = before; ok && i < list->count; i++)
		ok = address_check(&list->items[i], origin.data, err);
	buf_free(&origin);
	return ok || blame_file(err);
}

static bool
refuse_target(const struct expansion *x, const struct alias *alias,
    const struct alias_target *target)
{
	(void)FAIL(x->err, "%s:%zu: `%s` leads to %s: %s", x->table->path,
	    target->line, alias->name, alias_kind_name(target->kind),
	    target->text);
	return error_fix(x->err, "mail can be sent to addresses only: give "
	    "`%s` one there", alias->name);
}

static bool
refuse_circle(const struct expansion *x, const struct alias *alias)
{
	const struct alias *last = x->depth > 0 ? x->path[x->depth - 1] :
	    alias;

	(void)FAIL(x->err, "%s:%zu: `%s` leads back to `%s` in line %zu",
	    x->table->path, last->line, last->name, alias->name, alias->line);
	/* In its own form it would be escaped. */
	return error_fix(x->err, "take one of the names out of the circle; "
	    "a backslash before `%s` in a target makes it the name itself",
	    alias->name);
}

static bool
push(struct expansion *x, const struct address *address)
{
	return x->take == NULL || x->take(x->context, address, x->from,
	    x->err);
}

static bool expand_one(struct expansion *x, const struct address *address,
    bool is_final);

static bool
expand_targets(struct expansion *x, const struct alias *alias)
{
	struct address_list list = { NULL, 0, 0 };
	const struct alias_target *target;
	bool ok = true;
	size_t i, k;

	for (i = 0; ok && i < alias->count; i++) {
		target = &alias->targets[i];
		if (alias_kind_name(target->kind) != NULL)
			ok = x->is_check || refuse_target(x, alias, target);
		else
			ok = parse_target(x->table, alias, target, &list,
			    x->err);
		for (k = 0; ok && k < list.count; k++)
			ok = expand_one(x, &list.items[k],
			    target->kind == ALIAS_FINAL);
		address_list_free(&list);
	}
	return ok;
}

/* What an alias stands for is needed once, however often it is named. */
static bool
expand_alias(struct expansion *x, const struct alias *alias)
{
	size_t *mark = &x->marks[alias - x->table->items];
	bool ok;

	if (*mark == x->run + 1)
		return true;
	if (*mark == x->run)
		return refuse_circle(x, alias);
	if (x->depth == EXPAND_DEPTH_MAX) {
		(void)FAIL(x->err, "%s:%zu: `%s` is an alias within %d others",
		    x->table->path, alias->line, alias->name,
		    EXPAND_DEPTH_MAX);
		return error_fix(x->err, "give `%s` its address at once",
		    x->path[0]->name);
	}
	*mark = x->run;
	x->path[x->depth++] = alias;
	ok = expand_targets(x, alias);
	x->depth--;
	*mark = x->run + 1;
	return ok;
}

/* The entry that holds for a name, `default` where it has none of its own. */
static const struct alias *
find_alias(struct expansion *x, const char *name, bool *is_default)
{
	const struct alias *alias = aliases_find(x->table, span_of(name));

	*is_default = false;
	if (alias != NULL || x->in_default)
		return alias;
	*is_default = true;
	return aliases_find(x->table, span_of(ALIASES_DEFAULT));
}

static bool
expand_name(struct expansion *x, const struct address *address)
{
	const struct alias *alias;
	bool is_default, ok;
	char *name;

	if (!load_once(x))
		return false;
	name = address_plain_local(address);
	alias = find_alias(x, name, &is_default);
	/* "user: user, other@example.org" keeps a copy for the user. */
	if (alias == NULL || (x->depth > 0 && alias == x->path[x->depth - 1])) {
		mem_free(name);
		return push(x, address);
	}
	ok = x->depth > 0 || buf_printf(x->notes, "%s: %s:%zu\n", name,
	    x->table->path, alias->line);
	x->in_default = x->in_default || is_default;
	ok = ok && expand_alias(x, alias);
	if (is_default)
		x->in_default = false;
	mem_free(name);
	return ok;
}

static bool
expand_one(struct expansion *x, const struct address *address, bool is_final)
{
	struct address name = { address->local, NULL, NULL };

	if (!address_is_bare(address, x->p->local_domains))
		return push(x, address);
	return is_final || x->p->aliases == NULL ? push(x, &name) :
	    expand_name(x, &name);
}

bool
expand_list(const struct profile *p, const struct address_list *list,
    expand_taker *take, void *context, struct buf *notes, struct error *err)
{
	struct expansion x = { .p = p, .run = 1, .take = take,
		.context = context, .notes = notes, .err = err };
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < list->count; i++) {
		x.from = i;
		ok = expand_one(&x, &list->items[i], false);
	}
	mem_free(x.marks);
	aliases_free(x.table);
	return ok;
}

bool
expand_check(struct alias_table *table, struct error *err)
{
	const struct profile p = { .aliases = table->path };
	struct expansion x = { .p = &p, .table = table, .run = 1,
		.is_check = true, .err = err };
	bool ok = true;
	size_t i;

	x.marks = mem_array(table->count + 1, sizeof(*x.marks));
	for (i = 0; ok && i < table->count; i++, x.run += 2)
		ok = expand_alias(&x, &table->items[i]);
	mem_free(x.marks);
	return ok;
}
