/* What --help and --version print. */
#ifndef POSTHASTE_APP_HELP_H
#define POSTHASTE_APP_HELP_H

extern const char help_text[];
extern const char version_text[];

#endif
