#include "app/spools.h"

#include <string.h>

#include "base/mem.h"
#include "base/os.h"

struct tour {
	const struct profile_file *file;
	spools_visitor *visit;
	void *context;
	char *login;
	struct buf seen;	/* directories, a NUL behind each */
	struct error *err;
};

static bool
was_seen(const struct tour *t, const char *dir)
{
	struct span rest = buf_span(&t->seen), each;

	while (span_next(&rest, '\0', &each))
		if (span_equals(each, span_of(dir)))
			return true;
	return false;
}

static bool
visit_section(void *context, const char *name, const char *dir)
{
	struct tour *t = context;
	struct error err = { 0 };
	struct spool spool;
	char *where;
	bool ok;

	if (dir == NULL || was_seen(t, dir))
		return true;
	if (!buf_add(&t->seen, dir, strlen(dir) + 1))
		mem_exhausted();
	if (!spool_is_there(dir, t->login))
		return true;
	ok = spool_open(&spool, dir, t->login, &err);
	if (!ok) {
		where = profile_where(t->file, name, "spool");
		(void)error_prefix(&err, "%s: ", where);
		mem_free(where);
	}
	ok = ok && t->visit(t->context, &spool, &err);
	spool_close(&spool);
	if (!ok && !error_is_set(t->err))
		*t->err = err;
	return true;
}

bool
spools_visit(const struct setup *setup, spools_visitor *visit, void *context,
    struct error *err)
{
	struct tour t = { .file = setup->file, .visit = visit,
		.context = context, .err = err };
	bool ok;

	if (setup->file == NULL)
		return true;
	t.login = os_login();
	buf_init(&t.seen, BUF_UNLIMITED);
	ok = profile_each(setup->file, setup_profile_name(setup), "spool",
	    visit_section, &t, err);
	buf_free(&t.seen);
	mem_free(t.login);
	return ok && !error_is_set(err);
}
