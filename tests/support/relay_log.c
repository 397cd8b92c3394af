#include "support/relay_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

/* The record while it is built: where the arrays' rooms end. */
struct builder {
	struct relay_record *record;
	struct relay_connection *connection;
	size_t room, commands, messages, flights;
	struct relay_message envelope;	/* what MAIL and RCPT have said */
	size_t recipients;
};

void
relay_log(int fd, const struct relay_event *event, struct span payload)
{
	struct relay_event head = *event;
	struct iovec parts[2];
	size_t size = sizeof(head) + payload.len;

	head.size = payload.len;
	parts[0].iov_base = &head;
	parts[0].iov_len = sizeof(head);
	memcpy(&parts[1].iov_base, &payload.data, sizeof(payload.data));
	parts[1].iov_len = payload.len;
	if (writev(fd, parts, payload.len == 0 ? 1 : 2) != (ssize_t)size)
		_exit(99);
}

/* All of these buffers are without a limit: an adder can't fail. */
static void
add(struct buf *b, struct span s)
{
	if (!buf_add_span(b, s))
		mem_exhausted();
}

static void
add_lines(struct buf *b, const char *mark, struct span bytes)
{
	struct span line;

	if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\n')
		bytes.len--;
	while (span_next(&bytes, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		add(b, span_of(mark));
		if (!buf_add_escaped(b, line))
			mem_exhausted();
		add(b, span_of("\n"));
	}
}

static void
forget_envelope(struct builder *b)
{
	size_t i;

	for (i = 0; i < b->envelope.recipient_count; i++)
		mem_free(b->envelope.recipients[i]);
	mem_free(b->envelope.recipients);
	mem_free(b->envelope.mail);
	memset(&b->envelope, 0, sizeof(b->envelope));
	b->recipients = 0;
}

static void
on_connect(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_record *r = b->record;

	(void)e;
	(void)payload;
	r->connections = mem_grow(r->connections, r->count, &b->room,
	    sizeof(*r->connections));
	b->connection = &r->connections[r->count++];
	memset(b->connection, 0, sizeof(*b->connection));
	buf_init(&b->connection->received, BUF_UNLIMITED);
	buf_init(&b->connection->dialogue, BUF_UNLIMITED);
	b->commands = 0;
	b->messages = 0;
	b->flights = 0;
	forget_envelope(b);
}

static void
on_bytes(struct builder *b, const struct relay_event *e, struct span payload)
{
	(void)e;
	add(&b->connection->received, payload);
}

static void
on_sent(struct builder *b, const struct relay_event *e, struct span payload)
{
	(void)e;
	add_lines(&b->connection->dialogue, "S: ", payload);
}

static void
on_command(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_connection *c = b->connection;

	(void)e;
	c->commands = mem_grow(c->commands, c->command_count, &b->commands,
	    sizeof(*c->commands));
	c->commands[c->command_count++] = mem_span(payload);
	if (span_starts_with_nocase(payload, span_of("MAIL")))
		b->record->mail_commands++;
	add_lines(&c->dialogue, "C: ", payload.len == 0 ? span_of("\n") :
	    payload);
}

static void
on_mail(struct builder *b, const struct relay_event *e, struct span payload)
{
	(void)e;
	forget_envelope(b);
	b->envelope.mail = mem_span(payload);
}

static void
on_rcpt(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_message *m = &b->envelope;

	(void)e;
	m->recipients = mem_grow(m->recipients, m->recipient_count,
	    &b->recipients, sizeof(*m->recipients));
	m->recipients[m->recipient_count++] = mem_span(payload);
}

static void
on_rset(struct builder *b, const struct relay_event *e, struct span payload)
{
	(void)e;
	(void)payload;
	forget_envelope(b);
}

static struct relay_message *
last_message(const struct builder *b)
{
	const struct relay_connection *c = b->connection;

	return c->message_count == 0 ? NULL :
	    &c->messages[c->message_count - 1];
}

static void
on_message(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_connection *c = b->connection;
	struct relay_message *m = last_message(b);

	(void)payload;
	/* The next chunk of the same message. */
	if (m != NULL && e->a == 1 && m->is_bdat && !m->is_complete)
		return;
	c->messages = mem_grow(c->messages, c->message_count, &b->messages,
	    sizeof(*c->messages));
	m = &c->messages[c->message_count++];
	*m = b->envelope;
	memset(&b->envelope, 0, sizeof(b->envelope));
	b->recipients = 0;
	buf_init(&m->wire, BUF_UNLIMITED);
	buf_init(&m->text, BUF_UNLIMITED);
	m->is_bdat = e->a == 1;
}

static void
on_part(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_message *m = last_message(b);
	struct span received = buf_span(&b->connection->received);

	(void)payload;
	if (m == NULL)
		return;
	m->octets += e->b;
	if (e->a <= received.len && e->b <= received.len - e->a)
		add(&m->wire, span_make(received.data + e->a, (size_t)e->b));
	if (!buf_printf(&b->connection->dialogue, "C: (%" PRIu64
	    " octets of the message)\n", e->b))
		mem_exhausted();
}

static void
on_complete(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_message *m = last_message(b);

	(void)e;
	(void)payload;
	if (m == NULL)
		return;
	m->is_complete = true;
	if (!m->is_bdat)
		add(&b->connection->dialogue, span_of("C: .\n"));
}

static void
on_commit(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_message *m = last_message(b);

	(void)e;
	(void)payload;
	if (m == NULL)
		return;
	m->is_committed = true;
	b->record->committed++;
}

static void
on_flight(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_connection *c = b->connection;
	struct relay_flight flight;

	(void)payload;
	flight.octets = e->a;
	flight.reads = (unsigned int)(e->b >> 32);
	flight.segments = (unsigned int)(e->b & UINT32_MAX);
	c->flights = mem_grow(c->flights, c->flight_count, &b->flights,
	    sizeof(*c->flights));
	c->flights[c->flight_count++] = flight;
}

static void
copy_text(char *out, size_t size, struct span text)
{
	(void)snprintf(out, size, "%.*s", (int)text.len,
	    text.data == NULL ? "" : text.data);
}

static void
on_tls(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_connection *c = b->connection;

	(void)e;
	copy_text(c->tls, sizeof(c->tls), payload);
	add_lines(&c->dialogue, "-- ", payload);
}

static void
on_tls_fault(struct builder *b, const struct relay_event *e,
    struct span payload)
{
	struct relay_connection *c = b->connection;

	(void)e;
	if (c->tls_fault[0] == '\0')
		copy_text(c->tls_fault, sizeof(c->tls_fault), payload);
	add_lines(&c->dialogue, "-- ", payload);
}

static void
on_end(struct builder *b, const struct relay_event *e, struct span payload)
{
	static const char *const ends[] = {
		[RELAY_END_NONE] = "-- closed by the relay\n",
		[RELAY_END_FIN] = "-- closed by the client\n",
		[RELAY_END_NOTIFY] = "-- closed by the client's notify\n",
		[RELAY_END_ALERT] = "-- closed by the client's alert\n",
		[RELAY_END_RESET] = "-- reset by the client\n",
	};

	(void)payload;
	b->connection->end = (enum relay_end)e->a;
	add(&b->connection->dialogue, span_of(ends[b->connection->end]));
}

static void
on_failure(struct builder *b, const struct relay_event *e, struct span payload)
{
	struct relay_record *r = b->record;

	(void)e;
	if (r->failure[0] == '\0')
		copy_text(r->failure, sizeof(r->failure), payload);
	if (b->connection != NULL)
		add_lines(&b->connection->dialogue, "!! ", payload);
}

static void (*const readers[])(struct builder *, const struct relay_event *,
    struct span) = {
	[EVENT_CONNECT] = on_connect,
	[EVENT_BYTES] = on_bytes,
	[EVENT_SENT] = on_sent,
	[EVENT_COMMAND] = on_command,
	[EVENT_MAIL] = on_mail,
	[EVENT_RCPT] = on_rcpt,
	[EVENT_RSET] = on_rset,
	[EVENT_MESSAGE] = on_message,
	[EVENT_PART] = on_part,
	[EVENT_COMPLETE] = on_complete,
	[EVENT_COMMIT] = on_commit,
	[EVENT_FLIGHT] = on_flight,
	[EVENT_TLS] = on_tls,
	[EVENT_TLS_FAULT] = on_tls_fault,
	[EVENT_END] = on_end,
	[EVENT_FAILURE] = on_failure,
};

/* RFC 5321 section 4.5.2; in BDAT a dot is a dot. */
static void
undo_dots(struct relay_message *m)
{
	struct span rest = buf_span(&m->wire);
	size_t n;

	while (rest.len > 0) {
		if (!m->is_bdat && rest.data[0] == '.')
			rest = span_skip(rest, 1);
		n = m->is_bdat ? rest.len : span_find(rest, '\n');
		n += n < rest.len ? 1 : 0;
		add(&m->text, span_make(rest.data, n));
		rest = span_skip(rest, n);
	}
}

static void
undo_all_dots(struct relay_record *r)
{
	size_t i, j;

	for (i = 0; i < r->count; i++)
		for (j = 0; j < r->connections[i].message_count; j++)
			undo_dots(&r->connections[i].messages[j]);
}

/* The file as it is now; events of a later moment stay out. */
static bool
load(int fd, struct buf *file)
{
	struct stat st;
	size_t size, done = 0;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return false;
	size = (size_t)st.st_size;
	if (!buf_reserve(file, size))
		return false;
	while (done < size) {
		n = pread(fd, file->data + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	file->len = size;
	file->data[size] = '\0';
	return true;
}

bool
relay_log_read(int fd, struct relay_record *record)
{
	struct builder b = { 0 };
	struct relay_event event;
	struct span rest;
	struct buf file;
	bool done;

	memset(record, 0, sizeof(*record));
	buf_init(&file, BUF_UNLIMITED);
	done = load(fd, &file);
	if (!done)
		(void)fprintf(stderr, "relay: its record can't be read\n");
	b.record = record;
	rest = done ? buf_span(&file) : span_of(NULL);
	while (rest.len >= sizeof(event)) {
		memcpy(&event, rest.data, sizeof(event));
		rest = span_skip(rest, sizeof(event));
		if (event.size > rest.len)
			break;
		readers[event.kind](&b, &event, span_make(rest.data,
		    (size_t)event.size));
		rest = span_skip(rest, (size_t)event.size);
	}
	forget_envelope(&b);
	undo_all_dots(record);
	buf_free(&file);
	return done;
}
