#include "app/carrier.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/carrier_child.h"
#include "app/parcel.h"
#include "app/report.h"
#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "mail/store.h"

static bool
prepare(struct carrier *c, const struct draft *draft, int *peer,
    struct error *err)
{
	int pair[2];
	void *state;

	memset(c, 0, sizeof(*c));
	c->socket = c->memory = c->file = -1;
	c->profile = mem_string(draft->profile.name);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "socketpair");
	c->socket = pair[0];
	*peer = pair[1];
	state = mmap(NULL, sizeof(*c->state), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "mmap");
	c->state = state;
	c->memory = os_memory_file("posthaste");
	c->file = store_unnamed_file(os_env(draft->setup->env, "TMPDIR"));
	if (c->memory < 0 || c->file < 0)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "a temporary file");
	return true;
}

static bool
begin(struct carrier *c, const struct draft *draft, struct error *err)
{
	int peer = -1;
	bool ok = prepare(c, draft, &peer, err);
	pid_t self = getpid();

	if (ok) {
		c->child = fork();
		if (c->child == 0) {
			/* Nobody would know that the message is out. */
			os_signal_at_end_of(self);
			(void)close(c->socket);
			c->socket = peer;
			carrier_serve(c, draft);
		}
		ok = c->child > 0 || error_set_errno(err, STAGE_SYSTEM,
		    EX_OSERR, errno, "fork");
	}
	if (peer >= 0)
		(void)close(peer);
	if (!ok)
		carrier_close(c);
	return ok;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
carrier_close(struct carrier *c)
{
	/* Never begun: its descriptors are zeros. */
	if (c->profile == NULL)
		return;
	/* The end of the socket is the child's reason to say QUIT. */
	close_one(&c->socket);
	while (c->child > 0 && waitpid(c->child, NULL, 0) < 0 &&
	    errno == EINTR)
		;
	close_one(&c->memory);
	close_one(&c->file);
	if (c->state != NULL)
		(void)munmap(c->state, sizeof(*c->state));
	mem_free(c->profile);
	memset(c, 0, sizeof(*c));
}

/*
 * Reads what the child tells. A signal is the child's to deal with: it knows
 * what it means for the message, and doesn't wait once it has it.
 */
static bool
get(struct carrier *c, void *out, size_t size)
{
	struct limit limit = limit_none(STAGE_RECEIPT, "verdict");
	struct pollfd fd = { c->socket, POLLIN, 0 };
	struct error interrupted = { 0 };
	char *next = out;
	ssize_t n;

	while (size > 0) {
		if (!error_is_set(&interrupted) &&
		    !limit_wait(&limit, &fd, 1, &interrupted))
			(void)kill(c->child, os_signal_caught() != 0 ?
			    os_signal_caught() : SIGTERM);
		n = recv(c->socket, next, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		next += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
get_refusals(struct carrier *c, struct envelope *e, size_t count)
{
	struct carrier_refusal refusal;
	char *words;
	bool ok = true;

	for (; ok && count > 0; count--) {
		if (!get(c, &refusal, sizeof(refusal)))
			return false;
		words = mem_alloc(refusal.length + 1);
		ok = get(c, words, refusal.length);
		if (ok)
			envelope_refuse(e, refusal.recipient, refusal.code,
			    words);
		mem_free(words);
	}
	return ok;
}

/* The child ended without a word: how far was it? */
static bool
guess(const struct carrier *c, struct error *err)
{
	if (c->state->progress == PROGRESS_ACCEPTED)
		return true;
	(void)error_set(err, STAGE_SYSTEM, EX_OSERR,
	    "the process with the relay session has ended");
	if (c->state->progress == PROGRESS_MESSAGE_OUT)
		error_make_uncertain(err);
	return false;
}

static bool
hear(struct carrier *c, struct draft *draft, struct delivery *account,
    bool *may_repeat, struct error *err)
{
	struct carrier_answer answer;

	if (!get(c, &answer, sizeof(answer))) {
		/* It was about to end, and has never seen the message. */
		*may_repeat = !c->state->was_taken && os_signal_caught() == 0;
		return guess(c, err);
	}
	if (answer.size > 0) {
		draft->encode.form.facts.size = answer.size;
		memcpy(draft->encode.passed, answer.passed,
		    sizeof(answer.passed));
	}
	memcpy(account->peer, answer.peer, sizeof(answer.peer));
	memcpy(account->tls, answer.tls, sizeof(answer.tls));
	memcpy(account->mechanism, answer.mechanism,
	    sizeof(answer.mechanism));
	memcpy(account->reply, answer.reply, sizeof(answer.reply));
	draft->envelope.is_taken = answer.is_taken;
	account->dsn_is_ignored = answer.dsn_is_ignored;
	if (answer.is_accepted)
		return true;
	if (!get_refusals(c, &draft->envelope, answer.refused))
		return guess(c, err);
	*err = answer.err;
	*may_repeat = c->carried > 1 && err->temporary &&
	    !answer.mail_was_written && os_signal_caught() == 0;
	return false;
}

/* Puts the message where the child finds it, and tells it. */
static bool
hand_over(struct carrier *c, const struct transfer *t, struct limit run,
    bool *may_repeat, struct error *err)
{
	bool is_large = parcel_body_size(t) > MESSAGE_MEMORY;
	int file = is_large ? c->file : c->memory;
	struct carrier_note note;

	memset(&note, 0, sizeof(note));
	note.is_in_file = is_large;
	c->state->progress = PROGRESS_NONE;
	c->state->was_taken = false;
	c->carried++;
	if (!parcel_write(file, t, run, &note.size, err))
		return false;
	*may_repeat = !report_write(c->socket, span_make((const char *)&note,
	    sizeof(note)));
	return !*may_repeat || guess(c, err);
}

static bool
send_once(struct carrier *c, struct draft *draft, struct delivery *account,
    bool *may_repeat, struct error *err)
{
	struct transfer transfer = draft_transfer(draft);
	bool ok;

	*may_repeat = false;
	if (c->child == 0 && !begin(c, draft, err))
		return false;
	ok = hand_over(c, &transfer, draft->run, may_repeat, err) &&
	    hear(c, draft, account, may_repeat, err);
	/* Its memory is the system's again; if not, it is used again. */
	if (ftruncate(c->memory, 0) != 0 || ftruncate(c->file, 0) != 0)
		trace_note(draft->setup->trace, "the message's file stays");
	return ok;
}

bool
carrier_send(struct carrier *c, struct draft *draft, struct delivery *account,
    struct error *err)
{
	bool may_repeat;

	if (c->child != 0 && strcmp(c->profile, draft->profile.name) != 0)
		carrier_close(c);
	if (send_once(c, draft, account, &may_repeat, err))
		return true;
	if (!may_repeat)
		return false;
	carrier_close(c);
	error_clear(err);
	return send_once(c, draft, account, &may_repeat, err);
}
