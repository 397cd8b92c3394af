#include "app/carrier_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/parcel.h"
#include "app/report.h"
#include "base/os.h"
#include "conf/secret.h"

/* The client must see the end of its session when the parent ends. */
static void
leave_client(const struct process *process)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)dup2(null, process->in);
	(void)dup2(null, process->out);
	if (null > STDERR_FILENO)
		(void)close(null);
}

static bool
get_note(int fd, struct carrier_note *note)
{
	ssize_t n;

	do
		n = recv(fd, note, sizeof(*note), MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*note);
}

static bool
open_session(struct delivery *d, struct buf *password,
    const struct draft *draft, struct error *err)
{
	const struct setup *setup = draft->setup;

	if (deliver_wants_secret(d->profile) && !secret_fetch(d->profile,
	    setup->env, password, err))
		return false;
	d->password = password;
	return deliver_open(d, err);
}

static bool
tell_refusals(int fd, const struct envelope *e)
{
	const struct recipient *r;
	struct carrier_refusal refusal;
	size_t i;

	for (i = 0; i < e->count; i++) {
		r = &e->recipients[i];
		if (r->reply == NULL)
			continue;
		memset(&refusal, 0, sizeof(refusal));
		refusal.recipient = i;
		refusal.code = r->reply_code;
		refusal.length = strlen(r->reply);
		if (!report_write(fd, span_make((const char *)&refusal,
		    sizeof(refusal))) || !report_write(fd,
		    span_of(r->reply)))
			return false;
	}
	return true;
}

static bool
tell(int fd, bool ok, const struct delivery *d, const struct parcel *p,
    const struct error *err)
{
	struct carrier_answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.is_accepted = ok;
	answer.mail_was_written = d->session.mail_was_written;
	answer.is_taken = p->envelope.is_taken;
	answer.dsn_is_ignored = d->dsn_is_ignored;
	answer.err = *err;
	answer.size = p->encode.form.facts.size;
	memcpy(answer.passed, p->encode.passed, sizeof(answer.passed));
	memcpy(answer.peer, d->peer, sizeof(answer.peer));
	memcpy(answer.tls, d->tls, sizeof(answer.tls));
	memcpy(answer.mechanism, d->mechanism, sizeof(answer.mechanism));
	memcpy(answer.reply, d->reply, sizeof(answer.reply));
	answer.refused = envelope_refused(&p->envelope);
	return report_write(fd, span_make((const char *)&answer,
	    sizeof(answer))) &&
	    tell_refusals(fd, &p->envelope);
}

/* One message; true where the session can take another one. */
static bool
carry(struct carrier *c, struct delivery *d, struct buf *password,
    const struct draft *draft, const struct carrier_note *note)
{
	struct error err = { 0 };
	struct parcel parcel;
	bool ok, was_told;

	ok = parcel_read(&parcel, note->is_in_file ? c->file : c->memory,
	    note->size, &err);
	d->run = parcel.run;
	ok = ok && (deliver_is_open(d) ||
	    open_session(d, password, draft, &err)) &&
	    deliver_send(d, &parcel.transfer, &err);
	was_told = tell(c->socket, ok, d, &parcel, &err);
	parcel_free(&parcel);
	return was_told && deliver_again(d, ok);
}

void
carrier_serve(struct carrier *c, const struct draft *draft)
{
	struct delivery d = { 0 };
	struct carrier_note note;
	struct buf password;

	leave_client(draft->setup->process);
	buf_init(&password, SECRET_MAX);
	d.profile = &draft->profile;
	d.env = draft->setup->env;
	d.trace = draft->setup->trace;
	d.progress = &c->state->progress;
	/* One that isn't taken goes by another session. */
	while (get_note(c->socket, &note) && deliver_make_ready(&d)) {
		os_signals_again();
		c->state->was_taken = true;
		if (!carry(c, &d, &password, draft, &note) ||
		    !deliver_wait(&d, c->socket, CARRIER_IDLE_MS))
			break;
	}
	deliver_close(&d);
	buf_free_secret(&password);
	exit(EX_OK);
}
