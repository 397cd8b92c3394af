#include "app/config.h"

#include <errno.h>
#include <unistd.h>

#include "app/report.h"
#include "app/setup.h"
#include "base/buf.h"
#include "base/os.h"

static bool
show_profile(const struct setup *s, const char *name, const char *why,
    struct buf *out)
{
	return buf_printf(out, "# profile [%s] of ", name) &&
	    buf_add_escaped(out, span_of(s->path)) &&
	    buf_printf(out, ": %s\n", why) && profile_show(s->file, name, out);
}

bool
config_write(int fd, struct span text)
{
	struct buf safe;
	struct span line;
	bool ok = true;

	if (isatty(fd) != 1)
		return report_write(fd, text);
	buf_init(&safe, BUF_UNLIMITED);
	while (ok && span_next(&text, '\n', &line) && text.data != NULL)
		ok = buf_add_escaped(&safe, line) && buf_add_char(&safe, '\n');
	ok = ok && report_write(fd, buf_span(&safe));
	buf_free(&safe);
	return ok;
}

static bool
render(const struct setup *s, struct buf *out, struct profile *p,
    struct error *err)
{
	struct profile_wish wish = {
		.name = s->options->profile,
		.env_name = os_env(s->env, "POSTHASTE_PROFILE"),
	};
	const char *name, *why;

	if (s->options->mode == MODE_LIST_PROFILES)
		return profile_list(s->file, out);
	return profile_select(s->file, &wish, &name, &why, err) &&
	    show_profile(s, name, why, out) &&
	    profile_resolve(s->file, name, p, err);
}

int
config_show(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	struct profile p = { 0 };
	struct setup setup;
	struct buf out;
	bool ok;

	buf_init(&out, BUF_UNLIMITED);
	setup_begin(&setup, process, options, trace);
	ok = setup_load(&setup, err) && render(&setup, &out, &p, err);
	if (!config_write(process->out, buf_span(&out)) && ok)
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	profile_free(&p);
	setup_free(&setup);
	buf_free(&out);
	return ok ? EX_OK : err->exit_code;
}
