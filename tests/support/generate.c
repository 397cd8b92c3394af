#include "support/generate.h"

#include <stdlib.h>

const struct generated generated_files[] = {
	{ "man/posthaste-hints.7", generate_hints },
	{ "packaging/completions/posthaste.bash", generate_bash },
	{ "packaging/completions/_posthaste", generate_zsh },
	{ "packaging/completions/posthaste.fish", generate_fish },
	{ NULL, NULL }
};

void
generate_add(struct buf *out, const char *text)
{
	if (!buf_add_string(out, text))
		abort();
}
