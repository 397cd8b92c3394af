/*
 * The steps' times as a bar, for terminals.
 */
#ifndef POSTHASTE_APP_CHECK_BAR_H
#define POSTHASTE_APP_CHECK_BAR_H

#include <stdbool.h>

#include "app/check_report.h"

/*
 * Adds a line with a part for each step that took a millisecond or more, as
 * long as its share of the whole; nothing where there is none.
 */
bool check_bar(const struct check_report *r, struct buf *out) MUST_CHECK;

#endif
