/* Where something was written, for messages. */
#ifndef POSTHASTE_CONF_PLACE_H
#define POSTHASTE_CONF_PLACE_H

#include <stddef.h>

struct place {
	const char *file;	/* borrowed, all of it */
	const char *section;
	size_t line;
};

#endif
