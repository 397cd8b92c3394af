#include "support/relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void
free_message(struct relay_message *m)
{
	size_t i;

	for (i = 0; i < m->recipient_count; i++)
		mem_free(m->recipients[i]);
	mem_free(m->recipients);
	mem_free(m->mail);
	buf_free(&m->wire);
	buf_free(&m->text);
}

static void
free_connection(struct relay_connection *c)
{
	size_t i;

	for (i = 0; i < c->command_count; i++)
		mem_free(c->commands[i]);
	for (i = 0; i < c->message_count; i++)
		free_message(&c->messages[i]);
	mem_free(c->commands);
	mem_free(c->messages);
	mem_free(c->flights);
	buf_free(&c->received);
	buf_free(&c->dialogue);
}

void
relay_record_free(struct relay_record *record)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		free_connection(&record->connections[i]);
	mem_free(record->connections);
	memset(record, 0, sizeof(*record));
}

static void
print_message(const struct relay_message *m)
{
	size_t i;

	(void)fprintf(stderr, "message: %" PRIu64 " octets%s%s%s\n from %s\n",
	    m->octets, m->is_bdat ? ", BDAT" : "",
	    m->is_complete ? ", complete" : "",
	    m->is_committed ? ", accepted" : "",
	    m->mail == NULL ? "(no MAIL)" : m->mail);
	for (i = 0; i < m->recipient_count; i++)
		(void)fprintf(stderr, " to %s\n", m->recipients[i]);
}

static void
print_connection(const struct relay_connection *c)
{
	size_t i;

	(void)fprintf(stderr, "%s", buf_string(&c->dialogue));
	for (i = 0; i < c->message_count; i++)
		print_message(&c->messages[i]);
	for (i = 0; i < c->flight_count; i++)
		(void)fprintf(stderr, "flight %zu: %" PRIu64
		    " octets, %u reads, %u segments\n", i,
		    c->flights[i].octets, c->flights[i].reads,
		    c->flights[i].segments);
}

void
relay_record_print(const struct relay_record *record)
{
	size_t i;

	(void)fprintf(stderr, "relay: %zu connections, %zu accepted%s%s\n",
	    record->count, record->committed,
	    record->failure[0] == '\0' ? "" : "; ", record->failure);
	for (i = 0; i < record->count; i++) {
		(void)fprintf(stderr, "== connection %zu\n", i + 1);
		print_connection(&record->connections[i]);
	}
}

const struct relay_message *
relay_message_at(const struct relay_record *record, size_t n)
{
	const struct relay_connection *c;
	size_t i, j;

	for (i = 0; i < record->count; i++) {
		c = &record->connections[i];
		for (j = 0; j < c->message_count; j++)
			if (c->messages[j].is_committed && n-- == 0)
				return &c->messages[j];
	}
	return NULL;
}

const struct relay_message *
relay_only_message(const struct relay_record *record)
{
	return record->committed == 1 ? relay_message_at(record, 0) : NULL;
}

static bool
add_capabilities(struct buf *script, const char *capabilities)
{
	struct span rest = span_of(capabilities), line;
	bool ok = true;

	while (ok && span_next(&rest, '\n', &line))
		if (line.len > 0)
			ok = buf_printf(script, "S 250-%.*s\n", (int)line.len,
			    line.data);
	return ok;
}

static bool
add_auth(struct buf *script, const char *auth)
{
	if (auth == NULL)
		return true;
	if (strcmp(auth, "LOGIN") == 0)
		return buf_add_string(script, "C AUTH LOGIN\n"
		    "S 334 VXNlcm5hbWU6\nC*\nS 334 UGFzc3dvcmQ6\nC*\n"
		    "S 235 2.7.0 ok\n");
	return buf_printf(script, "C AUTH %s \nS 235 2.7.0 ok\n", auth);
}

bool
relay_script_good(struct buf *script, const char *capabilities,
    const char *auth)
{
	return buf_add_string(script, "S 220 " RELAY_NAME " ESMTP\n"
	    "C EHLO \nS 250-" RELAY_NAME "\n") &&
	    add_capabilities(script, capabilities) &&
	    buf_add_string(script, "S 250 HELP\n") &&
	    add_auth(script, auth) &&
	    buf_add_string(script,
	    "C MAIL FROM:\nS 250 2.1.0 ok\n"
	    "C RCPT TO:\nS 250 2.1.5 ok\n"
	    "C DATA\nS 354 go on\ndata\ncommit\nS 250 2.0.0 ok\n"
	    "C QUIT\nS 221 2.0.0 bye\nwait\n");
}
