/*
 * One run of --check, for its parts.
 */
#ifndef POSTHASTE_APP_CHECK_STEPS_H
#define POSTHASTE_APP_CHECK_STEPS_H

#include <stdbool.h>

#include "app/check_report.h"
#include "app/deliver.h"
#include "app/draft.h"
#include "app/setup.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/trace.h"

struct check {
	struct setup setup;
	struct draft draft;
	struct buf password;
	struct delivery delivery;
	struct trace trace;	/* the run's own, with `watch` */
	struct trace_watch watch;
	struct check_report report;
	size_t place;		/* in the order of stages: those passed */
	struct error earlier;	/* of an address, until it is known whether
				 * another one is tried */
};

/* The watcher: a line for each stage of the connection. */
void check_passed(void *context, enum stage stage);
void check_failed(void *context, const struct error *err);

/* The failure that ends the run, and the stages that weren't come to. */
void check_give_up(struct check *c, const struct error *err);

/*
 * check_warn.c: what isn't wrong and leads to trouble. False where it is wrong
 * after all.
 */
void check_permissions(struct check *c);
void check_sender(struct check *c);
bool check_aliases(struct check *c, struct error *err) MUST_CHECK;
void check_spool(struct check *c);
void check_ehlo_name(struct check *c);

/* Behind a session that was opened: what would save round trips. */
void check_advise(struct check *c);

#endif
