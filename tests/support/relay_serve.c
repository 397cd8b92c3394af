#include "support/relay_serve.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/relay_script.h"

struct verb {
	const char *name;
	void (*obey)(struct server *, struct span argument);
};

/* "rcpt" stands for each, "rcpt2" for the second. */
static bool
is_stage(const char *wanted, const char *stage, unsigned int nth)
{
	char numbered[32];

	(void)snprintf(numbered, sizeof(numbered), "%s%u", stage, nth);
	return strcmp(wanted, stage) == 0 ||
	    (nth > 0 && strcmp(wanted, numbered) == 0);
}

const struct relay_override *
serve_find(const struct server *s, const char *stage, unsigned int nth,
    enum relay_when when)
{
	const struct relay_override *o;
	size_t i;

	for (i = 0; i < s->options->override_count; i++) {
		o = &s->options->overrides[i];
		if (o->when == when && is_stage(o->stage, stage, nth) &&
		    (o->connection == 0 || o->connection == s->link->number))
			return o;
	}
	return NULL;
}

bool
serve_override(struct server *s, const char *stage, unsigned int nth,
    enum relay_when when)
{
	const struct relay_override *o = serve_find(s, stage, nth, when);

	if (o == NULL)
		return false;
	if (!script_play(s->link, o->script))
		s->is_done = true;
	return true;
}

bool
serve_answer(struct server *s, const char *stage, unsigned int nth,
    const char *reply, const char *wanted)
{
	bool is_wanted;

	(void)serve_override(s, stage, nth, RELAY_BEFORE);
	if (s->is_done)
		return false;
	link_mark(s->link);
	if (!serve_override(s, stage, nth, RELAY_INSTEAD)) {
		link_send(s->link, span_of(reply));
		link_send(s->link, span_of("\r\n"));
	}
	is_wanted = strncmp(s->link->code, wanted, strlen(wanted)) == 0;
	if (!s->is_done)
		(void)serve_override(s, stage, nth, RELAY_AFTER);
	return is_wanted && !s->is_done;
}

void
serve_must_wait(struct server *s, const char *command)
{
	if (s->link->input.len > 0)
		link_failure(s->link, "octets behind %s, before its reply",
		    command);
}

static const char *
capabilities(const struct server *s)
{
	const char *all = s->options->capabilities;

	if (s->mode == RELAY_STARTTLS && !s->link->is_secure &&
	    s->options->clear_capabilities != NULL)
		return s->options->clear_capabilities;
	return all == NULL ? RELAY_CAPABILITIES : all;
}

static bool
hides(const struct server *s, struct span line)
{
	return line.len == 0 || (s->mode == RELAY_STARTTLS &&
	    !s->link->is_secure && s->options->clear_capabilities == NULL &&
	    span_starts_with_nocase(line, span_of("AUTH")));
}

/* The capability's line from behind its keyword on. */
bool
serve_offers(const struct server *s, const char *keyword,
    struct span *parameters)
{
	struct span rest = span_of(capabilities(s)), line, name;

	while (span_next(&rest, '\n', &line)) {
		*parameters = line;
		if (hides(s, line) || !span_next(parameters, ' ', &name))
			continue;
		if (span_equals_nocase(name, span_of(keyword)))
			return true;
	}
	return false;
}

static void
add_capability(struct buf *reply, struct span line)
{
	if (!buf_printf(reply, "\r\n250-%.*s", (int)line.len, line.data))
		mem_exhausted();
}

/* draft-harris-early-pipe: EHLO, and what may be behind it, come at once. */
static bool
may_be_early(const struct server *s)
{
	struct span ignored;

	return serve_offers(s, "PIPECONNECT", &ignored);
}

static void
obey_ehlo(struct server *s, struct span argument)
{
	struct span rest = span_of(capabilities(s)), line;
	struct buf reply;
	size_t last;

	if (!may_be_early(s))
		serve_must_wait(s, "EHLO");
	if (argument.len == 0) {
		(void)serve_answer(s, "ehlo", 0, "501 5.5.4 a name is wanted", "2");
		return;
	}
	buf_init(&reply, BUF_UNLIMITED);
	add_capability(&reply, span_of(RELAY_NAME));
	if (s->mode == RELAY_STARTTLS && !s->link->is_secure &&
	    !s->options->hides_starttls)
		add_capability(&reply, span_of("STARTTLS"));
	while (span_next(&rest, '\n', &line))
		if (!hides(s, line))
			add_capability(&reply, line);
	buf_consume(&reply, 2);
	for (last = reply.len; last > 0 && reply.data[last - 1] != '\n'; last--)
		;
	reply.data[last + 3] = ' ';
	s->said_ehlo = serve_answer(s, s->link->is_secure &&
	    s->mode == RELAY_STARTTLS ? "ehlo2" : "ehlo", 0,
	    buf_string(&reply), "2");
	buf_free(&reply);
}

static void
obey_helo(struct server *s, struct span argument)
{
	(void)argument;
	serve_must_wait(s, "HELO");
	s->said_ehlo = serve_answer(s, "helo", 0, "250 " RELAY_NAME, "2");
}

static void
shake_hands(struct server *s)
{
	(void)serve_override(s, "handshake", 0, RELAY_BEFORE);
	if (!s->is_done && !serve_override(s, "handshake", 0, RELAY_INSTEAD))
		link_handshake(s->link);
	if (!s->is_done)
		(void)serve_override(s, "handshake", 0, RELAY_AFTER);
}

static void
obey_starttls(struct server *s, struct span argument)
{
	(void)argument;
	serve_must_wait(s, "STARTTLS");
	if (s->mode != RELAY_STARTTLS || s->link->is_secure) {
		(void)serve_answer(s, "starttls", 0, "503 5.5.1 not here", "2");
		return;
	}
	if (!serve_answer(s, "starttls", 0, "220 2.0.0 go ahead", "220"))
		return;
	s->said_ehlo = false;
	shake_hands(s);
}

static void
obey_noop(struct server *s, struct span argument)
{
	(void)argument;
	serve_must_wait(s, "NOOP");
	(void)serve_answer(s, "noop", 0, "250 2.0.0 ok", "2");
}

static void
obey_quit(struct server *s, struct span argument)
{
	(void)argument;
	serve_must_wait(s, "QUIT");
	(void)serve_answer(s, "quit", 0, "221 2.0.0 bye", "2");
	s->is_done = true;
}

static const struct verb verbs[] = {
	{ "EHLO", obey_ehlo },
	{ "HELO", obey_helo },
	{ "STARTTLS", obey_starttls },
	{ "AUTH", serve_auth },
	{ "MAIL", serve_mail },
	{ "RCPT", serve_rcpt },
	{ "DATA", serve_data },
	{ "BDAT", serve_bdat },
	{ "RSET", serve_rset },
	{ "NOOP", obey_noop },
	{ "QUIT", obey_quit },
};

static const struct verb *
find_verb(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_equals_nocase(name, span_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

static void
obey(struct server *s, struct span line)
{
	const struct verb *verb;
	struct span name, ignored;

	(void)span_next(&line, ' ', &name);
	verb = find_verb(name);
	if (verb == NULL) {
		/* Where the message wasn't received, its lines come here. */
		if (serve_find(s, "body", 0, RELAY_INSTEAD) == NULL)
			link_failure(s->link, "'%.*s' is no command",
			    (int)name.len, name.len == 0 ? "" : name.data);
		link_send(s->link, span_of("502 5.5.2 what?\r\n"));
		return;
	}
	if (s->is_closed_shop && verb->obey != obey_quit) {
		link_send(s->link, span_of("503 5.5.1 no service\r\n"));
		return;
	}
	if (verb->obey != serve_bdat &&
	    !serve_offers(s, "PIPELINING", &ignored))
		serve_must_wait(s, verb->name);
	verb->obey(s, line);
}

/* Whoever speaks before the greeting is no relay's friend. */
static void
watch_early_talker(struct server *s)
{
	if (link_wait(s->link, s->link->fd, POLLIN, 0) > 0 &&
	    link_fill(s->link))
		serve_must_wait(s, "the connection");
}

void
serve_connection(struct relay_link *l, const struct relay_serve *options,
    enum relay_mode mode)
{
	struct server s = { 0 };
	struct buf line;

	s.link = l;
	s.options = options;
	s.mode = mode;
	if (mode == RELAY_TLS)
		shake_hands(&s);
	else if (!may_be_early(&s))
		watch_early_talker(&s);
	if (s.is_done || !link_is_open(l))
		return;
	s.is_closed_shop = !serve_answer(&s, "greeting", 0,
	    "220 " RELAY_NAME " ESMTP", "220");
	buf_init(&line, BUF_UNLIMITED);
	while (!s.is_done && link_line(l, &line))
		obey(&s, buf_span(&line));
	buf_free(&line);
}
