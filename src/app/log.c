#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/nearest.h"

#define SYSLOG_LINE (64UL << 10)	/* octets of a line for syslog */

static const char file_prefix[] = "file:/";

static bool
is_file(struct span word)
{
	return word.len > strlen(file_prefix) &&
	    span_starts_with_nocase(word, span_of(file_prefix));
}

static bool
refuse_word(const struct profile *p, struct span word, struct error *err)
{
	static const char *const known[] = { "syslog", "stderr", "none",
		"file:/path" };
	char *wish = mem_span(word);
	struct nearest n = { wish, NULL, 0 };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		nearest_offer(&n, known[i]);
	(void)profile_refuse(p, "log", wish, err,
	    "not one of syslog, stderr, none and file:/path");
	if (n.best != NULL)
		(void)error_fix(err, "did you mean `%s`?", n.best);
	else
		(void)error_fix(err, "write words with commas in between, "
		    "such as syslog, file:/var/log/mail.log");
	mem_free(wish);
	return false;
}

bool
log_check(const struct profile *p, struct error *err)
{
	struct span rest = span_of(p->log), word;
	size_t count = 0;

	if (p->log == NULL)
		return true;

	while (span_next(&rest, ',', &word)) {
		word = span_trim(word);
		if (!is_file(word) && !span_equals(word, span_of("syslog")) &&
		    !span_equals(word, span_of("stderr")) &&
		    !span_equals(word, span_of("none")))
			return refuse_word(p, word, err);
		if (++count > LOG_PLACES_MAX)
			return profile_refuse(p, "log", p->log, err,
			    "more than %d places", LOG_PLACES_MAX) ||
			    error_fix(err, "take some out");
	}
	return true;
}

static int
open_file(const char *path, const struct trace *trace)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;

	if (fd == -1) {
		trace_note(trace, "log %s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		return fd;
	trace_note(trace, "log %s: not a regular file with one name", path);
	(void)close(fd);
	return -1;
}

static void
add_place(struct log *l, enum log_kind kind, int fd)
{
	if (fd == -1 || l->count == LOG_PLACES_MAX)
		return;
	l->places[l->count].kind = kind;
	l->places[l->count].fd = fd;
	l->count++;
}

void
log_open(struct log *l, const char *wish, const char *syslog_socket,
    int stderr_fd, const struct trace *trace)
{
	struct span rest = span_of(wish), word;
	char *path;

	memset(l, 0, sizeof(*l));
	l->tag = "posthaste";
	l->syslog.sun_family = AF_UNIX;
	(void)snprintf(l->syslog.sun_path, sizeof(l->syslog.sun_path), "%s",
	    syslog_socket);
	while (span_next(&rest, ',', &word)) {
		word = span_trim(word);
		if (span_equals(word, span_of("syslog"))) {
			add_place(l, LOG_TO_SYSLOG, socket(AF_UNIX,
			    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
		} else if (span_equals(word, span_of("stderr"))) {
			add_place(l, LOG_TO_STDERR, stderr_fd);
		} else if (is_file(word)) {
			path = mem_span(span_skip(word,
			    strlen(file_prefix) - 1));
			add_place(l, LOG_TO_FILE, open_file(path, trace));
			mem_free(path);
		}
	}
}

/*
 * Local time in RFC 3164's form for syslog, in ISO 8601's for people, and UTC
 * in RFC 3339's for programs.
 */
static const char *
time_stamp(char *out, size_t size, enum log_kind kind, bool is_json)
{
	struct tm tm;
	time_t now = time(NULL);
	size_t n = 0;

	if (is_json ? gmtime_r(&now, &tm) != NULL :
	    localtime_r(&now, &tm) != NULL)
		n = is_json ? strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) :
		    kind == LOG_TO_SYSLOG ?
		    strftime(out, size, "%b %e %H:%M:%S", &tm) :
		    strftime(out, size, "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (n == 0)
		out[0] = '\0';
	return out;
}

/* Who speaks, before a line of text. */
static bool
add_tag(const struct log *l, struct buf *out)
{
	return buf_printf(out, "%s[%ld]:", l->tag, (long)getpid());
}

/* The line, or the first `len` octets of it, which are whole pairs. */
static bool
add_line(const struct log *l, const struct record *r, size_t len,
    struct buf *out)
{
	char when[32];

	if (!l->is_json)
		return buf_add(out, r->line.data, len);
	return buf_printf(out, "{\"time\":\"%s\",\"tag\":",
	    time_stamp(when, sizeof(when), LOG_TO_FILE, true)) &&
	    buf_add_json(out, span_of(l->tag)) &&
	    buf_printf(out, ",\"pid\":%ld", (long)getpid()) &&
	    buf_add(out, r->line.data, len) && buf_add_char(out, '}');
}

/*
 * What of a line syslog gets: no socket takes more, and what matters most
 * stands first. Half an object would be none.
 */
static size_t
syslog_part(const struct record *r)
{
	size_t room = SYSLOG_LINE;

	if (r->line.len <= room)
		return r->line.len;
	return r->is_json && r->essential > 0 ? r->essential : room;
}

/* RFC 3164, which is what sits behind /dev/log. */
static bool
send_to_syslog(const struct log *l, int fd, bool is_failure,
    const struct record *r)
{
	struct buf b;
	char when[32];
	bool ok;

	buf_init(&b, BUF_UNLIMITED);
	ok = buf_printf(&b, "<%d>%s ", LOG_MAIL | (is_failure ? LOG_ERR :
	    LOG_INFO), time_stamp(when, sizeof(when), LOG_TO_SYSLOG, false)) &&
	    add_tag(l, &b) && (!l->is_json || buf_add_char(&b, ' ')) &&
	    add_line(l, r, syslog_part(r), &b) &&
	    sendto(fd, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&l->syslog, sizeof(l->syslog)) ==
	    (ssize_t)b.len;
	buf_free(&b);
	return ok;
}

/*
 * One write, behind what is there (O_APPEND): the lines of several processes
 * stay whole without a lock, for which a mail would have to wait.
 */
static bool
write_to(const struct log *l, int fd, enum log_kind kind,
    const struct record *r)
{
	struct buf b;
	char when[32];
	bool ok;

	buf_init(&b, BUF_UNLIMITED);
	ok = (l->is_json || ((kind == LOG_TO_STDERR || buf_printf(&b, "%s ",
	    time_stamp(when, sizeof(when), kind, false))) && add_tag(l, &b))) &&
	    add_line(l, r, r->line.len, &b) && buf_add_char(&b, '\n') &&
	    write(fd, b.data, b.len) == (ssize_t)b.len;
	buf_free(&b);
	return ok;
}

void
log_write(struct log *l, bool is_failure, const struct record *r,
    const struct trace *trace)
{
	size_t i;
	bool ok;

	for (i = 0; i < l->count; i++) {
		errno = 0;
		ok = l->places[i].kind == LOG_TO_SYSLOG ?
		    send_to_syslog(l, l->places[i].fd, is_failure, r) :
		    write_to(l, l->places[i].fd, l->places[i].kind, r);
		if (!ok)
			trace_note(trace, "the log can't be written: %s",
			    strerror(errno));
	}
}

void
log_close(struct log *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->places[i].kind != LOG_TO_STDERR)
			(void)close(l->places[i].fd);
	l->count = 0;
}
