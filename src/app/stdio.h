/*
 * -bs: a session of SMTP (RFC 5321) with a client on standard input and output.
 * The reply to the dot that ends a message is the relay's verdict on it.
 */
#ifndef POSTHASTE_APP_STDIO_H
#define POSTHASTE_APP_STDIO_H

#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"

/*
 * Serves the client to its end. The exit status speaks of the session only:
 * EX_OK when the client ended it in order, whatever became of its messages;
 * EX_DATAERR when its input ended within a message or a line.
 */
int stdio_serve(const struct process *process, const struct options *options,
    const struct trace *trace, struct error *err);

#endif
