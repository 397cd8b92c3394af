/*
 * What all messages of a run have in common: how it was started, what was asked
 * for, and the file of profiles.
 */
#ifndef POSTHASTE_APP_SETUP_H
#define POSTHASTE_APP_SETUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "app/log.h"
#include "app/options.h"
#include "app/run.h"
#include "base/error.h"
#include "base/trace.h"
#include "conf/profile.h"

struct setup {
	const struct process *process;	/* these are borrowed */
	const struct options *options;
	const struct trace *trace;
	char *const *env;	/* NULL where it isn't to be believed */
	struct profile_file *file;	/* owned; NULL before setup_load() */
	char *path;		/* its path, absolute; owned */
	uid_t uid;		/* who started the run, and where: "" if that */
	char cwd[512];		/* is unknown or longer */
};

void setup_begin(struct setup *s, const struct process *process,
    const struct options *options, const struct trace *trace);

/* Finds and loads the file of profiles. */
bool setup_load(struct setup *s, struct error *err) MUST_CHECK;

/* The same for modes that have nothing to do without one: true also where none
 * was named and none is there. */
bool setup_load_any(struct setup *s, struct error *err) MUST_CHECK;

/* Loads the file of that path, checked as ever. */
bool setup_load_path(struct setup *s, const char *path,
    struct error *err) MUST_CHECK;

/* The profile that is named by --profile or $POSTHASTE_PROFILE, or NULL. */
const char *setup_profile_name(const struct setup *s);

/* Opens what the profile names (NULL: the default), tagged as -L has it. */
void setup_open_log(const struct setup *s, struct log *log,
    const struct profile *p);

void setup_free(struct setup *s);

#endif
