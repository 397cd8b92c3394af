#include "support/generate.h"

#include <stdlib.h>

const struct generated generated_files[] = {
	{ "man/posthaste-hints.7", generate_hints },
	{ NULL, NULL }
};

void
generate_add(struct buf *out, const char *text)
{
	if (!buf_add_string(out, text))
		abort();
}
