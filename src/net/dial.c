#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define DIAL_TIMEOUT 30000

struct attempt {
	size_t index;		/* of its endpoint */
	struct deadline until;
};

/* All attempts of one dial_next(); the arrays run side by side. */
struct round {
	struct dial *dial;
	struct sockaddr_storage source;
	socklen_t source_size;	/* 0: the kernel chooses */
	struct limit run;
	struct attempt *attempts;
	struct pollfd *fds;
	size_t pending;
	struct deadline next_start;
	int last_family;
	struct buf faults;	/* "192.0.2.1:587: Connection refused; …" */
	int last_errno;
	int winner;		/* the connected socket, or -1 */
	size_t winner_index;
};

void
dial_begin(struct dial *d, const struct endpoints *endpoints)
{
	memset(d, 0, sizeof(*d));
	d->endpoints = endpoints;
	d->was_tried = mem_array(endpoints->count, sizeof(*d->was_tried));
	d->timeout = DIAL_TIMEOUT;
	d->run = limit_none(STAGE_CONNECT, "connection");
}

void
dial_free(struct dial *d)
{
	mem_free(d->was_tried);
	memset(d, 0, sizeof(*d));
}

void
dial_again(struct dial *d, const struct endpoint *endpoint)
{
	d->was_tried[endpoint - d->endpoints->items] = false;
}

bool
dial_has_more(const struct dial *d)
{
	size_t i;

	for (i = 0; i < d->endpoints->count; i++)
		if (!d->was_tried[i])
			return true;
	return false;
}

static bool
parse_source(struct round *r, const char *text, struct error *err)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(&v4, 0, sizeof(v4));
	memset(&v6, 0, sizeof(v6));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		v4.sin_family = AF_INET;
		memcpy(&r->source, &v4, sizeof(v4));
		r->source_size = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
		v6.sin6_family = AF_INET6;
		memcpy(&r->source, &v6, sizeof(v6));
		r->source_size = sizeof(v6);
		return true;
	}
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "source_address: '%s' isn't an IP address", text);
	return error_fix(err, "write the address alone, without a zone");
}

/* Endpoints that the source address can't reach are as good as tried. */
static bool
begin_source(struct round *r, struct error *err)
{
	struct dial *d = r->dial;
	bool is_reachable = false;
	size_t i;

	if (d->source_address == NULL)
		return true;
	if (!parse_source(r, d->source_address, err))
		return false;
	for (i = 0; i < d->endpoints->count; i++) {
		if (d->endpoints->items[i].address.ss_family ==
		    r->source.ss_family)
			is_reachable = true;
		else
			d->was_tried[i] = true;
	}
	if (is_reachable)
		return true;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "source_address: the "
	    "relay has no address of the family of '%s'", d->source_address);
	return error_fix(err, "take `source_address` out, or name one of the "
	    "relay's family");
}

static void
add_fault(struct round *r, size_t index, int sys_errno, const char *words)
{
	const char *text = r->dial->endpoints->items[index].text;

	r->last_errno = sys_errno;
	trace_note(r->dial->trace, "can't connect to %s: %s", text, words);
	/* One that doesn't fit is in the transcript only. */
	if (!buf_printf(&r->faults, "%s%s: %s", r->faults.len == 0 ? "" :
	    "; ", text, words))
		return;
}

/* The next endpoint not tried yet, of the other family where there is one. */
static bool
pick(const struct round *r, size_t *index)
{
	const struct dial *d = r->dial;
	bool has_any = false;
	size_t i;

	for (i = 0; i < d->endpoints->count; i++) {
		if (d->was_tried[i])
			continue;
		if (!has_any)
			*index = i;
		has_any = true;
		if (d->endpoints->items[i].address.ss_family ==
		    r->last_family)
			continue;
		*index = i;
		break;
	}
	return has_any;
}

/* `*fd` is -1, and the result true, where this endpoint can't be had. */
static bool
open_socket(struct round *r, size_t index, int *fd, struct error *err)
{
	const struct endpoint *e = &r->dial->endpoints->items[index];
	int on = 1;

	*fd = socket(e->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0 && is_exhaustion(errno))
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "no socket for %s", e->text);
	if (*fd < 0) {
		add_fault(r, index, errno, strerror(errno));
		return true;
	}
	/* Before the handshake: each later flight is one segment anyway. */
	if (e->address.ss_family != AF_UNIX)
		(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	if (r->source_size == 0 || bind(*fd, (struct sockaddr *)&r->source,
	    r->source_size) == 0)
		return true;
	(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
	    "source_address: can't use '%s'", r->dial->source_address);
	(void)error_fix(err, "name an address of this machine (ip address "
	    "lists them), or take `source_address` out");
	(void)close(*fd);
	return false;
}

/* Begins one attempt; one that is refused at once leaves no trace but its
 * fault. */
static bool
start(struct round *r, size_t index, struct error *err)
{
	const struct endpoint *e = &r->dial->endpoints->items[index];
	int fd;

	r->dial->was_tried[index] = true;
	r->last_family = e->address.ss_family;
	if (!open_socket(r, index, &fd, err))
		return false;
	if (fd < 0)
		return true;
	trace_note(r->dial->trace, "connecting to %s", e->text);
	if (connect(fd, (const struct sockaddr *)&e->address, e->size) == 0) {
		r->winner = fd;
		r->winner_index = index;
		return true;
	}
	if (errno != EINPROGRESS && errno != EINTR) {
		add_fault(r, index, errno, strerror(errno));
		(void)close(fd);
		return true;
	}
	r->attempts[r->pending].index = index;
	r->attempts[r->pending].until = deadline_in(r->dial->timeout);
	r->fds[r->pending].fd = fd;
	r->fds[r->pending].events = POLLOUT;
	r->fds[r->pending].revents = 0;
	r->pending++;
	r->next_start = deadline_in(DIAL_PACE_MS);
	return true;
}

/* Starts what is due: one attempt at a time, a refused one's successor too. */
static bool
start_due(struct round *r, struct error *err)
{
	size_t index;

	while (r->winner < 0 &&
	    (r->pending == 0 || deadline_passed(r->next_start)) &&
	    pick(r, &index)) {
		/* Refusals in a row are no way around the run's limit. */
		if (deadline_passed(r->run.until))
			return limit_passed(&r->run, err);
		if (!start(r, index, err))
			return false;
	}
	return true;
}

static void
drop(struct round *r, size_t i)
{
	r->pending--;
	r->attempts[i] = r->attempts[r->pending];
	r->fds[i] = r->fds[r->pending];
}

static void
give_up(struct round *r, size_t i, int sys_errno)
{
	char words[64];

	if (sys_errno == 0)
		(void)snprintf(words, sizeof(words),
		    "no answer within %" PRId64 ".%03d s",
		    r->dial->timeout / 1000, (int)(r->dial->timeout % 1000));
	add_fault(r, r->attempts[i].index,
	    sys_errno == 0 ? ETIMEDOUT : sys_errno,
	    sys_errno == 0 ? words : strerror(sys_errno));
	(void)close(r->fds[i].fd);
	drop(r, i);
	/* No reason is left to hold the next one back. */
	r->next_start = deadline_in(0);
}

/* What became of the attempts under way. */
static void
judge(struct round *r)
{
	socklen_t size;
	int sys_errno;
	size_t i;

	/* From the end, so that drop() moves only what was judged. */
	for (i = r->pending; i-- > 0 && r->winner < 0;) {
		if (r->fds[i].revents == 0) {
			if (deadline_passed(r->attempts[i].until))
				give_up(r, i, 0);
			continue;
		}
		sys_errno = 0;
		size = sizeof(sys_errno);
		if (getsockopt(r->fds[i].fd, SOL_SOCKET, SO_ERROR, &sys_errno,
		    &size) != 0)
			sys_errno = errno;
		if (sys_errno != 0) {
			give_up(r, i, sys_errno);
			continue;
		}
		r->winner = r->fds[i].fd;
		r->winner_index = r->attempts[i].index;
		drop(r, i);
	}
}

/* Until the first attempt runs out, or the next one may start. */
static int64_t
patience(const struct round *r)
{
	int64_t at = INT64_MAX;
	size_t i;

	if (dial_has_more(r->dial))
		at = r->next_start.at;
	for (i = 0; i < r->pending; i++)
		if (r->attempts[i].until.at < at)
			at = r->attempts[i].until.at;
	return at == INT64_MAX ? at : at - clock_ms();
}

static bool
run_round(struct round *r, struct error *err)
{
	size_t i;
	bool ready;

	for (;;) {
		if (!start_due(r, err))
			return false;
		if (r->winner >= 0 || r->pending == 0)
			return true;
		for (i = 0; i < r->pending; i++)
			r->fds[i].revents = 0;
		if (!limit_wait_ms(&r->run, r->fds, r->pending, patience(r),
		    &ready, err))
			return false;
		judge(r);
	}
}

static bool
fail_all(const struct round *r, struct error *err)
{
	if (error_is_set(err))
		return false;
	if (r->faults.len == 0)
		return error_set_temporary(err, STAGE_CONNECT, 0,
		    "no address is left to connect to");
	(void)error_set_temporary(err, STAGE_CONNECT, 0,
	    "can't connect to %s%s", r->dial->is_proxy ? "the proxy " : "",
	    buf_string(&r->faults));
	err->sys_errno = r->last_errno;
	if (r->dial->is_proxy)
		return error_fix(err, "check host and port in `proxy`");
	if (r->last_errno == ETIMEDOUT)
		err->hint = "H20";
	else if (r->last_errno == ECONNREFUSED && r->last_family != AF_UNIX)
		err->hint = "H85";
	return false;
}

/* Attempts that merely lost the race may be made again. */
static void
end_round(struct round *r)
{
	size_t i;

	for (i = 0; i < r->pending; i++) {
		r->dial->was_tried[r->attempts[i].index] = false;
		(void)close(r->fds[i].fd);
	}
	mem_free(r->attempts);
	mem_free(r->fds);
	buf_free(&r->faults);
}

bool
dial_next(struct dial *d, int *fd, const struct endpoint **endpoint,
    struct error *err)
{
	struct round r;
	bool ok;

	memset(&r, 0, sizeof(r));
	r.dial = d;
	r.winner = -1;
	r.last_family = AF_UNSPEC;
	r.run = d->run;
	r.run.stage = STAGE_CONNECT;
	r.run.what = "connection";
	r.attempts = mem_array(d->endpoints->count, sizeof(*r.attempts));
	r.fds = mem_array(d->endpoints->count, sizeof(*r.fds));
	buf_init(&r.faults, sizeof(err->text) - sizeof("can't connect to the "
	    "proxy "));
	ok = begin_source(&r, err) && run_round(&r, err) &&
	    (r.winner >= 0 || fail_all(&r, err));
	if (ok) {
		*fd = r.winner;
		*endpoint = &d->endpoints->items[r.winner_index];
		trace_note(d->trace, "connected to %s", (*endpoint)->text);
	}
	end_round(&r);
	return ok;
}

static void
write_literal(char *out, size_t size, int family, const void *number)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, number, text, sizeof(text)) != NULL)
		(void)snprintf(out, size, family == AF_INET6 ? "[IPv6:%s]" :
		    "[%s]", text);
}

void
dial_own_literal(int fd, char *out, size_t size)
{
	struct sockaddr_storage own;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t own_size = sizeof(own);

	memset(&own, 0, sizeof(own));
	(void)snprintf(out, size, "[127.0.0.1]");
	if (getsockname(fd, (struct sockaddr *)&own, &own_size) != 0)
		return;
	if (own.ss_family == AF_INET) {
		memcpy(&v4, &own, sizeof(v4));
		write_literal(out, size, AF_INET, &v4.sin_addr);
	} else if (own.ss_family == AF_INET6) {
		memcpy(&v6, &own, sizeof(v6));
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
			write_literal(out, size, AF_INET,
			    v6.sin6_addr.s6_addr + 12);
		else
			write_literal(out, size, AF_INET6, &v6.sin6_addr);
	}
}
