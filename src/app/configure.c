#include "app/configure.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/config.h"
#include "app/import_settle.h"
#include "app/provider.h"
#include "app/report.h"
#include "app/sender.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "conf/profile.h"
#include "net/srv.h"

#define SRV_MS 10000
#define ANSWER_MAX 300
#define ALIASES "/etc/aliases"

static const struct import_kind mailbox = { .name = "mailbox",
	.is_open = true };

static bool
set(struct sheet *s, const char *key, const char *value)
{
	return sheet_set(s, key, span_of(value));
}

static bool
take_provider(struct sheet *s, const struct provider *p)
{
	s->current->flags[SHEET_STARTTLS] = p->is_starttls ? 1 : -1;
	return set(s, "host", p->host) && set(s, "port", p->port) &&
	    set(s, "auth", p->auth) && (p->note == NULL ||
	    sheet_remark(s, span_of(NULL), "%s", p->note));
}

/* True also where there are none, or nobody can tell. */
static bool
take_records(struct sheet *s, const char *domain, const char *service,
    bool is_starttls)
{
	struct limit limit = limit_in(STAGE_DNS, "SRV records", NULL, SRV_MS);
	struct error err = { 0 };
	char name[SRV_NAME_SIZE + 32], port[12];
	struct srv srv;
	bool ok = true;

	if (sheet_get(s->current, "host") != NULL)
		return true;
	(void)snprintf(name, sizeof(name), "%s._tcp.%s", service, domain);
	if (srv_look_up(&srv, name, &limit, &err)) {
		(void)snprintf(port, sizeof(port), "%d", srv.items[0].port);
		s->current->flags[SHEET_STARTTLS] = is_starttls ? 1 : -1;
		ok = set(s, "host", srv.items[0].name) &&
		    set(s, "port", port) && sheet_remark(s, span_of(NULL),
		    "The DNS (%s) names this relay. Whoever can forge its "
		    "answers chooses where the password goes: look whether it "
		    "is your provider's.", name);
	}
	srv_free(&srv);
	return ok;
}

/* A line from the terminal; an empty one, or its end, leaves what there is. */
static bool
ask(struct sheet *s, const struct process *process, const char *key,
    const char *question, struct error *err)
{
	struct limit limit = limit_none(STAGE_INPUT, "an answer");
	struct pollfd in = { .fd = process->in, .events = POLLIN };
	const char *now = sheet_get(s->current, key);
	char answer[ANSWER_MAX];
	struct buf line;
	ssize_t n;
	bool ok;

	buf_init(&line, BUF_UNLIMITED);
	ok = buf_printf(&line, "%s [%s]: ", question, now == NULL ? "" : now) &&
	    report_write(process->err, buf_span(&line));
	buf_free(&line);
	/* Signals end the run while it waits here, and nowhere else. */
	if (ok && !limit_wait(&limit, &in, 1, err))
		return false;
	n = ok ? read(process->in, answer, sizeof(answer)) : 0;
	return n <= 0 || sheet_set(s, key,
	    span_trim(span_make(answer, (size_t)n)));
}

static bool
complete(struct sheet *s, const struct process *process, const char *address,
    struct error *err)
{
	char node[300];
	struct error fault = { 0 };
	const char *port;

	os_node_name(node, sizeof(node));
	if (profile_check_ehlo(node, &fault) && !set(s, "ehlo", node))
		return false;
	if (!set(s, "user", address) || !set(s, "from", address))
		return false;
	if (isatty(process->in) != 1)
		return true;
	if (!ask(s, process, "host", "relay", err) ||
	    !ask(s, process, "port", "port (465, 587)", err) ||
	    !ask(s, process, "user", "user", err) ||
	    !ask(s, process, "ehlo", "this machine's public name", err))
		return false;
	port = sheet_get(s->current, "port");
	if (port != NULL)
		s->current->flags[SHEET_STARTTLS] =
		    strcmp(port, "465") == 0 ? -1 : 1;
	return true;
}

/* The system's own mail has bare names: cron writes to root, as root. */
static bool
take_bare_names(struct sheet *s, const char *address)
{
	const char *domain = strrchr(address, '@') + 1;
	bool ok;

	if (geteuid() != 0)
		return true;
	/* Nobody's root has an account at a provider. */
	ok = provider_find(span_of(domain)) != NULL ?
	    sheet_remark(s, span_of(NULL), "Mail to root, as cron sends it, "
	    "has no address yet.") :
	    set(s, "domain", domain) && sheet_remark(s, span_of(NULL),
	    "Mail to root, as cron sends it, goes to root@%s.", domain);
	return ok && sheet_remark(s, span_of(NULL), "To choose one, write a "
	    "line such as `root: %s` into " ALIASES ", and take the # before "
	    "aliases out.", address) &&
	    buf_add_string(&s->current->missing, "#aliases = " ALIASES "\n") &&
	    set(s, "from_policy", "missing");
}

static bool
fill(struct sheet *s, const struct process *process, const char *address,
    struct error *err)
{
	const char *domain = strrchr(address, '@');
	const struct provider *p;

	if (domain == NULL)
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "--configure takes a whole address");
	domain++;
	p = provider_find(span_of(domain));
	(void)sheet_add(s, span_of("default"));
	s->current->flags[SHEET_TLS] = 1;
	return (p != NULL ? take_provider(s, p) :
	    take_records(s, domain, "_submissions", false) &&
	    take_records(s, domain, "_submission", true)) &&
	    complete(s, process, address, err) &&
	    take_bare_names(s, address) &&
	    import_settle(s, &mailbox, err);
}

static bool
render(const struct sheet *s, struct buf *out)
{
	return buf_add_string(out,
	    "# Made by posthaste --configure. Save it as\n# ") &&
	    import_add_directory(s, out) && buf_add_string(out,
	    "/posthaste.ini,\n# and try it with posthaste --check.\n") &&
	    sheet_print(s, out);
}

int
configure(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err)
{
	const char *home = os_env(process->env, "HOME");
	char *address = NULL;
	struct buf out;
	struct sheet s;
	bool ok;

	(void)trace;
	sheet_begin(&s);
	buf_init(&out, BUF_UNLIMITED);
	s.home = home != NULL && home[0] == '/' ? home : NULL;
	s.file = options->configure_address;
	ok = sender_parse(options->configure_address, &address, err) &&
	    fill(&s, process, address, err) && render(&s, &out);
	if (ok && !config_write(process->out, buf_span(&out)))
		ok = error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "standard output");
	if (!ok)
		report_block(process->err, err);
	sheet_free(&s);
	buf_free(&out);
	mem_free(address);
	return ok ? EX_OK : err->exit_code;
}
