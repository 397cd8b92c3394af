#include "conf/safe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/shell.h"

/* POSIX has the name, Linux the thing: a directory that may be searched and
 * not read is good enough. */
#ifndef O_SEARCH
#define O_SEARCH O_PATH
#endif

#define NAME_SIZE 40
#define FAIL(err, ...) error_set(err, STAGE_CONFIG, EX_CONFIG, __VA_ARGS__)

unsigned int
safe_mode(const struct stat *st)
{
	return (unsigned int)(st->st_mode & 07777);
}

static void
user_name(uid_t uid, char out[NAME_SIZE])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry != NULL)
		(void)snprintf(out, NAME_SIZE, "%s", entry->pw_name);
	else
		(void)snprintf(out, NAME_SIZE, "%lu", (unsigned long)uid);
}

static void
group_name(gid_t gid, char out[NAME_SIZE])
{
	const struct group *entry = getgrgid(gid);

	if (entry != NULL)
		(void)snprintf(out, NAME_SIZE, "%s", entry->gr_name);
	else
		(void)snprintf(out, NAME_SIZE, "%lu", (unsigned long)gid);
}

void
safe_describe(const char *path, char *out, size_t size)
{
	char owner[NAME_SIZE], group[NAME_SIZE];
	struct stat st;

	if (stat(path, &st) != 0) {
		(void)snprintf(out, size, "%s", strerror(errno));
		return;
	}
	user_name(st.st_uid, owner);
	group_name(st.st_gid, group);
	(void)snprintf(out, size, "%s:%s %04o", owner, group, safe_mode(&st));
}

/* Somebody set the file up, and not for this user: says what is missing. */
static bool
explain_denial(const char *path, int fault, struct error *err)
{
	char me[NAME_SIZE], owner[NAME_SIZE], group[NAME_SIZE];
	const char *letters = "r";
	struct stat st;

	if (fault != EACCES || stat(path, &st) != 0) {
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, fault,
		    "%s", path);
		return (fault == ENOENT || fault == ENOTDIR) && error_fix(err,
		    "make that file, or name another");
	}
	user_name(geteuid(), me);
	user_name(st.st_uid, owner);
	group_name(st.st_gid, group);
	(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, fault, "%s: it is "
	    "%s:%s %04o and you are uid %lu %s", path, owner, group,
	    safe_mode(&st), (unsigned long)geteuid(), me);
	if (faccessat(AT_FDCWD, path, S_ISDIR(st.st_mode) ? X_OK : R_OK,
	    AT_EACCESS) == 0) {
		(void)error_cause(err, "the mode allows it: AppArmor or "
		    "another rule of this machine doesn't");
		return error_fix(err, "see what the kernel says of it: dmesg | "
		    "grep -i denied");
	}
	if (S_ISDIR(st.st_mode))
		letters = "x";
	else if ((st.st_mode & S_IRGRP) != 0 && st.st_gid != 0)
		return error_fix(err, "make %s a member of group %s: usermod "
		    "-a -G %s %s", me, group, shell_word(group).text,
		    shell_word(me).text);
	return error_fix(err, "give it to a group that may read it, and put "
	    "%s in there: groupadd -f posthaste && chgrp posthaste %s && "
	    "chmod g+%s %s && usermod -a -G posthaste %s", me,
	    shell_word(path).text, letters, shell_word(path).text,
	    shell_word(me).text);
}

/* The directory of `path` as it is written; "." where there is none. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_string(".");
	if (slash == path)
		return mem_string("/");
	return mem_span(span_make(path, (size_t)(slash - path)));
}

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
open_directory(const char *directory, const char *path, int *fd,
    struct error *err)
{
	struct stat st;

	*fd = open(directory, O_SEARCH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return explain_denial(errno == EACCES ? directory : path,
		    errno, err);
	if (fstat(*fd, &st) != 0)
		return error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "%s", path);
	if ((st.st_mode & S_IWOTH) == 0 || (st.st_mode & S_ISVTX) != 0)
		return true;
	(void)FAIL(err, "%s: everybody may replace files in %s (mode %04o)",
	    path, directory, safe_mode(&st));
	return error_fix(err, "chmod o-w %s", shell_word(directory).text);
}

/* Whether the administrator has put the file there. */
static bool
is_in_sysconfdir(const char *directory, const struct profile_trust *trust)
{
	size_t n = strlen(trust->sysconfdir);

	return strncmp(directory, trust->sysconfdir, n) == 0 &&
	    strcmp(directory + n, "/posthaste") == 0;
}

static bool
check_file(const char *path, bool any_owner, const struct stat *st,
    struct error *err)
{
	char owner[NAME_SIZE];

	if (!S_ISREG(st->st_mode)) {
		(void)FAIL(err, "%s: %s", path, S_ISDIR(st->st_mode) ?
		    "a directory, not a file" : "not a regular file");
		return error_fix(err, "name a file, or a link to one");
	}
	if (!any_owner && st->st_uid != 0 && st->st_uid != geteuid()) {
		user_name(st->st_uid, owner);
		(void)FAIL(err, "%s: belongs to %s (uid %lu), neither to root "
		    "nor to you (uid %lu)", path, owner,
		    (unsigned long)st->st_uid, (unsigned long)geteuid());
		return error_fix(err, "chown %lu %s",
		    (unsigned long)geteuid(), shell_word(path).text);
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)FAIL(err, "%s: others than its owner may write it "
		    "(mode %04o)", path, safe_mode(st));
		return error_fix(err, "chmod go-w %s", shell_word(path).text);
	}
	return true;
}

bool
safe_open(const char *path, const struct profile_trust *trust, int *fd,
    struct stat *st, struct error *err)
{
	char *directory = directory_of(path);
	int dir = -1, fault;
	bool ok = false;

	*fd = -1;
	if (!open_directory(directory, path, &dir, err))
		goto out;
	/* Not to be kept waiting by a FIFO, nor to own a terminal. */
	*fd = openat(dir, last_component(path), O_RDONLY | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);
	if (*fd < 0) {
		fault = errno;
		/* Where it can't even be looked at, its directory forbids. */
		(void)explain_denial(fault == EACCES && fstatat(dir,
		    last_component(path), st, 0) != 0 ? directory : path,
		    fault, err);
		goto out;
	}
	if (fstat(*fd, st) != 0) {
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "%s", path);
		goto out;
	}
	ok = check_file(path, is_in_sysconfdir(directory, trust), st, err);
out:
	if (!ok && *fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
	if (dir >= 0)
		(void)close(dir);
	mem_free(directory);
	return ok;
}

static bool
is_below(const char *path, const char *directory)
{
	size_t n = directory == NULL ? 0 : strlen(directory);

	while (n > 1 && directory[n - 1] == '/')
		n--;
	return n > 1 && directory[0] == '/' &&
	    strncmp(path, directory, n) == 0 && path[n] == '/' &&
	    strstr(path, "/../") == NULL;
}

bool
safe_is_private(const char *path, const struct profile_trust *trust,
    const struct stat *st)
{
	return (st->st_mode & S_IROTH) == 0 || is_below(path, "/run/secrets") ||
	    is_below(path, "/var/run/secrets") ||
	    is_below(path, trust->credentials);
}

bool
safe_read(int fd, const char *path, size_t max, struct buf *out,
    struct error *err)
{
	char block[4096];
	ssize_t n;
	bool ok = true;

	while (ok) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n < 0)
			ok = error_set_errno(err, STAGE_CONFIG, EX_CONFIG,
			    errno, "%s", path);
		else if (out->len + (size_t)n > max ||
		    !buf_add(out, block, (size_t)n))
			ok = FAIL(err, "%s: larger than %zu octets", path,
			    max) || error_fix(err, "see that it is the file "
			    "that was meant");
	}
	mem_wipe(block, sizeof(block));
	return ok;
}
