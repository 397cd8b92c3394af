#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/shell.h"

#define OWN_MODE 0700U

static const char *const box_names[] = {
	[SPOOL_NEW] = "new",
	[SPOOL_TMP] = "tmp",
	[SPOOL_FAILED] = "failed",
};

static bool
fail(struct error *err, const char *what, const char *name)
{
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
	    "the spool: %s%s", what, name);
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* -1 where there is no such directory; it is `*safe` or not. */
static int
open_own(int at, const char *path, bool *safe)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	struct stat st;

	*safe = fd != -1 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 0777) == OWN_MODE;
	return fd;
}

static char *
join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = mem_alloc(size);

	(void)snprintf(path, size, "%s/%s", dir, name);
	return path;
}

/* A user without a login has a place that is called otherwise. */
static bool
advise_install(const char *path, const char *login, struct error *err)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%lu", (unsigned long)getuid());
	return error_fix(err, "install -d -m 700 -o %s %s", getpwnam(login) ==
	    NULL ? number : shell_word(login).text, shell_word(path).text);
}

/* The user's own place in `dir`. */
static bool
open_below(struct spool *s, const char *dir, const char *login,
    struct error *err)
{
	bool safe;

	mem_free(s->path);
	s->path = join(dir, login);
	s->dir = open_own(AT_FDCWD, s->path, &safe);
	if (safe)
		return true;
	if (s->dir == -1)
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "spool: %s", s->path);
	else
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "spool: %s "
		    "isn't %s's alone", s->path, login);
	return advise_install(s->path, login, err);
}

static bool
open_top(struct spool *s, const char *dir, const char *login,
    struct error *err)
{
	bool safe;

	s->path = mem_string(dir);
	s->dir = open_own(AT_FDCWD, dir, &safe);
	if (safe)
		return true;
	/* Others' own may be searched for ours. */
	if (s->dir == -1 && errno != EACCES) {
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "spool: %s", dir);
		return advise_install(dir, login, err);
	}
	close_one(&s->dir);
	return open_below(s, dir, login, err);
}

static bool
open_box(struct spool *s, enum spool_box box, struct error *err)
{
	const char *name = box_names[box];
	bool safe;

	s->boxes[box] = open_own(s->dir, name, &safe);
	/* Another run may be about to make it too. */
	if (s->boxes[box] == -1 && errno == ENOENT &&
	    (mkdirat(s->dir, name, OWN_MODE) == 0 || errno == EEXIST))
		s->boxes[box] = open_own(s->dir, name, &safe);
	if (s->boxes[box] == -1)
		return fail(err, s->path, "");
	return safe || error_set(err, STAGE_CONFIG, EX_CONFIG,
	    "spool: %s/%s isn't the user's alone", s->path, name) ||
	    error_fix(err, "chmod 700 %s/%s", shell_word(s->path).text,
	    name);
}

bool
spool_open(struct spool *s, const char *dir, const char *login,
    struct error *err)
{
	size_t i;
	bool ok;

	s->path = NULL;
	s->dir = s->lock = -1;
	for (i = 0; i < SPOOL_BOXES; i++)
		s->boxes[i] = -1;
	ok = open_top(s, dir, login, err);
	for (i = 0; ok && i < SPOOL_BOXES; i++)
		ok = open_box(s, (enum spool_box)i, err);
	return ok;
}

/* What can't be looked at may be there. */
static bool
exists(const char *dir, const char *name)
{
	char *path = join(dir, name);
	bool is_there = access(path, F_OK) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR);

	mem_free(path);
	return is_there;
}

bool
spool_is_there(const char *dir, const char *login)
{
	return exists(dir, login) || exists(dir, box_names[SPOOL_NEW]);
}

void
spool_close(struct spool *s)
{
	size_t i;

	close_one(&s->dir);
	close_one(&s->lock);
	for (i = 0; i < SPOOL_BOXES; i++)
		close_one(&s->boxes[i]);
	mem_free(s->path);
	s->path = NULL;
}

static bool
make_id(char *id, struct error *err)
{
	struct timespec now;
	uint64_t random;

	if (!os_random(&random, sizeof(random), err))
		return false;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(id, SPOOL_ID_SIZE, "%010" PRId64 ".%06ld.%ld.%016"
	    PRIx64, (int64_t)now.tv_sec, now.tv_nsec / 1000, (long)getpid(),
	    random);
	return true;
}

static bool
set_next(int fd, int64_t next)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT },
	    { (time_t)next, 0 } };

	return futimens(fd, times) == 0;
}

/* Whoever ends the run still has the message. */
static bool
was_ended(struct error *err)
{
	os_signals_let_in();
	if (os_signal_caught() == 0)
		return false;
	(void)error_set(err, STAGE_SYSTEM, EX_UNAVAILABLE, "stopped by %s "
	    "before the message was in the spool",
	    os_signal_name(os_signal_caught()));
	return true;
}

/* What was renamed, but may not be on the disk, mustn't be delivered by us and
 * by the caller, who hears of a failure. */
static bool
take_back(const struct spool *s, const char *id, struct error *err)
{
	int number = errno;
	bool is_gone = unlinkat(s->boxes[SPOOL_NEW], id, 0) == 0;

	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, number,
	    "the spool: %s%s%s", s->path, is_gone ? "" : ": the message may "
	    "be there all the same, as ", is_gone ? "" : id);
}

bool
spool_commit(struct spool *s, const struct letter *l, int64_t next, char *id,
    struct error *err)
{
	int tmp = s->boxes[SPOOL_TMP], fd;
	bool ok;

	if (!make_id(id, err))
		return false;
	fd = openat(tmp, id, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return fail(err, s->path, "/tmp");
	ok = letter_write(l, fd, err) && ((set_next(fd, next) &&
	    fsync(fd) == 0) || fail(err, s->path, ""));
	/* Some file systems tell only now that there was no room. */
	if (close(fd) != 0 && ok)
		ok = fail(err, s->path, "");
	ok = ok && !was_ended(err);
	if (ok && !os_rename_new(tmp, id, s->boxes[SPOOL_NEW], id))
		ok = fail(err, s->path, "/new");
	if (!ok) {
		(void)unlinkat(tmp, id, 0);
		return false;
	}
	/* new/ itself may be new. */
	if (fsync(s->boxes[SPOOL_NEW]) != 0 || fsync(s->dir) != 0)
		return take_back(s, id, err);
	return true;
}

bool
spool_lock(struct spool *s, bool *is_busy, struct error *err)
{
	*is_busy = false;
	s->lock = openat(s->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (s->lock != -1 && flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	*is_busy = s->lock != -1 && errno == EWOULDBLOCK;
	return *is_busy || fail(err, s->path, "/lock");
}

/* SECONDS of the id; nothing else may lie in a box. */
static bool
parse_id(const char *id, int64_t *birth)
{
	size_t n = strspn(id, "0123456789");

	if (n == 0 || n > 12 || id[n] != '.' ||
	    strlen(id) >= SPOOL_ID_SIZE ||
	    id[strspn(id, "0123456789abcdef.")] != '\0')
		return false;
	*birth = (int64_t)strtoll(id, NULL, 10);
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool
spool_list(const struct spool *s, enum spool_box box, struct spool_list *list,
    struct error *err)
{
	int fd = openat(s->dir, box_names[box], O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int64_t birth;

	memset(list, 0, sizeof(*list));
	if (dir == NULL) {
		if (fd != -1)
			(void)close(fd);
		return fail(err, s->path, "");
	}
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (!parse_id(entry->d_name, &birth))
			continue;
		list->ids = mem_grow(list->ids, list->count, &list->room,
		    sizeof(*list->ids));
		list->ids[list->count++] = mem_string(entry->d_name);
		errno = 0;
	}
	(void)(errno != 0 && fail(err, s->path, ""));
	(void)closedir(dir);
	if (list->count > 0)
		qsort(list->ids, list->count, sizeof(*list->ids), compare_ids);
	return !error_is_set(err);
}

void
spool_list_free(struct spool_list *list)
{
	while (list->count > 0)
		mem_free(list->ids[--list->count]);
	mem_free(list->ids);
	list->ids = NULL;
}

void
spool_tidy(const struct spool *s)
{
	struct error ignored = { 0 };
	struct spool_list list;
	int64_t birth;
	size_t i;

	if (spool_list(s, SPOOL_TMP, &list, &ignored))
		for (i = 0; i < list.count; i++)
			if (parse_id(list.ids[i], &birth) && birth +
			    SPOOL_TMP_LIFE < (int64_t)time(NULL))
				(void)unlinkat(s->boxes[SPOOL_TMP],
				    list.ids[i], 0);
	spool_list_free(&list);
}

bool
spool_give_up(const struct spool *s, const char *id, struct error *err)
{
	return (os_rename_new(s->boxes[SPOOL_NEW], id, s->boxes[SPOOL_FAILED],
	    id) && fsync(s->boxes[SPOOL_FAILED]) == 0 &&
	    fsync(s->boxes[SPOOL_NEW]) == 0) || fail(err, s->path, "");
}
