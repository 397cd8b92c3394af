/*
 * Writes the files of generate.h into the tree it is started in, which is the
 * checkout's root.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/generate.h"

static bool
write_file(const char *path, struct span text)
{
	FILE *file = fopen(path, "w");
	bool done;

	if (file == NULL)
		return false;
	done = fwrite(text.data, 1, text.len, file) == text.len;
	return fclose(file) == 0 && done;
}

int
main(void)
{
	const struct generated *g;
	struct buf text;

	for (g = generated_files; g->path != NULL; g++) {
		buf_init(&text, BUF_UNLIMITED);
		g->print(&text);
		if (!write_file(g->path, buf_span(&text))) {
			perror(g->path);
			return EXIT_FAILURE;
		}
		(void)printf("%s\n", g->path);
		buf_free(&text);
	}
	return EXIT_SUCCESS;
}
