/*
 * The log: one line for each message, to the places that the key `log` names.
 * Opened before the connection is made, written when all is over. A log that
 * fails never fails the mail: trouble goes to the transcript.
 */
#ifndef POSTHASTE_APP_LOG_H
#define POSTHASTE_APP_LOG_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/record.h"
#include "base/span.h"
#include "base/trace.h"
#include "conf/profile.h"

#define LOG_SYSLOG_SOCKET "/dev/log"
#define LOG_PLACES_MAX 8

enum log_kind { LOG_TO_SYSLOG, LOG_TO_STDERR, LOG_TO_FILE };

struct log {
	struct {
		enum log_kind kind;
		int fd;		/* owned, but for stderr's */
	} places[LOG_PLACES_MAX];
	size_t count;
	const char *tag;	/* before the process id; borrowed */
	bool is_json;		/* its lines are objects */
	struct sockaddr_un syslog;
};

/* The form of `log`: "syslog", "stderr", "none", "file:/path", or a comma list
 * of these. */
bool log_check(const struct profile *p, struct error *err) MUST_CHECK;

/*
 * Opens what `wish`, which was checked, names; `syslog_socket` is
 * LOG_SYSLOG_SOCKET but in tests. A file is appended to, made with mode 0600,
 * and neither followed through a link nor written if it has a second name. The
 * tag is "posthaste" and the lines are text until the caller says otherwise.
 */
void log_open(struct log *l, const char *wish, const char *syslog_socket,
    int stderr_fd, const struct trace *trace);

/* Writes the line, which is in the log's form, everywhere, with one write. */
void log_write(struct log *l, bool is_failure, const struct record *line,
    const struct trace *trace);

void log_close(struct log *l);

#endif
