#include "support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

bool
scratch_make(struct scratch *scratch)
{
	const char *parent = getenv("TMPDIR");
	int n;

	if (parent == NULL || parent[0] != '/')
		parent = "/tmp";
	n = snprintf(scratch->path, sizeof(scratch->path),
	    "%s/posthaste-XXXXXX", parent);
	if (n > 0 && (size_t)n < sizeof(scratch->path) &&
	    mkdtemp(scratch->path) != NULL)
		return true;
	(void)fprintf(stderr, "no directory below %s: %s\n", parent,
	    strerror(errno));
	scratch->path[0] = '\0';
	return false;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	(void)remove(path);
	return 0;
}

void
scratch_remove(struct scratch *scratch)
{
	if (scratch->path[0] != '\0')
		(void)nftw(scratch->path, remove_one, 16,
		    FTW_DEPTH | FTW_PHYS);
	scratch->path[0] = '\0';
}

int
scratch_set_up(void **state)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));

	*state = scratch;
	return scratch_make(scratch) ? 0 : -1;
}

int
scratch_tear_down(void **state)
{
	scratch_remove(*state);
	mem_free(*state);
	return 0;
}

char *
scratch_path(const struct scratch *scratch, const char *name)
{
	size_t size = strlen(scratch->path) + strlen(name) + 2;
	char *path = mem_alloc(size);

	(void)snprintf(path, size, "%s/%s", scratch->path, name);
	return path;
}

static bool
write_all(int fd, struct span rest)
{
	ssize_t n;

	while (rest.len > 0) {
		n = write(fd, rest.data, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		rest = span_skip(rest, (size_t)n);
	}
	return true;
}

char *
scratch_file(const struct scratch *scratch, const char *name, mode_t mode,
    struct span bytes)
{
	char *path = scratch_path(scratch, name);
	bool done;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	/* Past the umask, and over the mode of an old file. */
	done = fd != -1 && fchmod(fd, mode) == 0 && write_all(fd, bytes);
	if (fd != -1)
		done = close(fd) == 0 && done;
	if (done)
		return path;
	(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	mem_free(path);
	return NULL;
}

char *
program_profile(const struct scratch *scratch, const char *text)
{
	return scratch_file(scratch, "posthaste.ini", 0600, span_of(text));
}
