/*
 * What the tests of the spool share: a spool in the scratch directory, which
 * outlives a trial, and what lies in it. On top of session_kit.h.
 */
#ifndef POSTHASTE_TESTS_SPOOL_CASE_H
#define POSTHASTE_TESTS_SPOOL_CASE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/session_kit.h"

struct depot {
	char path[200];
	char keys[1000];	/* "spool = PATH" and more lines */
	char id[80];		/* of the last file that was looked at */
	char text[8000];	/* and what is in it */
	size_t len;
};

static inline void
depot_make(struct depot *d, void **state, const char *keys)
{
	static unsigned int number;
	const struct scratch *scratch = *state;

	(void)snprintf(d->path, sizeof(d->path), "%s/spool%u", scratch->path,
	    number++);
	(void)snprintf(d->keys, sizeof(d->keys), "spool = %s\n%s", d->path,
	    keys);
	assert_int_equal(mkdir(d->path, 0700), 0);
}

static inline void
depot_look(struct depot *d, const char *box, const char *id)
{
	char path[400];
	FILE *file;

	(void)snprintf(d->id, sizeof(d->id), "%.79s", id);
	(void)snprintf(path, sizeof(path), "%s/%s/%.79s", d->path, box,
	    id);
	file = fopen(path, "r");
	assert_non_null(file);
	d->len = fread(d->text, 1, sizeof(d->text) - 1, file);
	d->text[d->len] = '\0';
	(void)fclose(file);
}

/* How many there are in new, tmp or failed; one of them is looked at. */
static inline size_t
depot_count(struct depot *d, const char *box)
{
	char path[300];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", d->path, box);
	dir = opendir(path);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			depot_look(d, box, entry->d_name);
			n++;
		}
	(void)closedir(dir);
	return n;
}

/* Seconds from now to the next try of the one looked at. */
static inline long
depot_wait(const struct depot *d)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/new/%s", d->path, d->id);
	assert_int_equal(stat(path, &st), 0);
	return (long)(st.st_mtim.tv_sec - time(NULL));
}

/* All of them are due; `age` seconds are added to what their names tell. */
static inline void
depot_age(const struct depot *d, long age)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	char path[300], name[120];
	struct dirent *entry;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/new", d->path);
	dir = opendir(path);
	assert_non_null(dir);
	fd = dirfd(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(utimensat(fd, entry->d_name, times, 0), 0);
		(void)snprintf(name, sizeof(name), "%010ld%.80s",
		    strtol(entry->d_name, NULL, 10) - age,
		    strchr(entry->d_name, '.'));
		if (age > 0)
			assert_int_equal(renameat(fd, entry->d_name, fd, name),
			    0);
		age = age > 0 ? age + 1 : 0;
		if (age > 0)
			break;
	}
	(void)closedir(dir);
}

#endif
