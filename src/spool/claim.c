#include "spool/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define BLOCK (64UL << 10)	/* octets read at once */

static bool
fail(struct error *err, const char *id)
{
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
	    "the spool: %s", id);
}

/* Reads the octets up to `end` into `block`, which has the last of them. */
static bool
read_up_to(const struct claim *c, size_t end, size_t *at, char *block)
{
	size_t in_block;
	ssize_t n;

	while (*at < end) {
		errno = EIO;	/* of one that has become shorter */
		in_block = *at % BLOCK;
		n = pread(c->fd, block + in_block, end - *at < BLOCK -
		    in_block ? end - *at : BLOCK - in_block, (off_t)*at);
		if (n > 0)
			*at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

/*
 * A page of a mapping that the disk doesn't give is death by SIGBUS. What will
 * be looked at is read before, where that is a failure like others; those who
 * only look, look at no message.
 */
static bool
read_before(const struct claim *c, bool is_all, struct error *err)
{
	size_t at = 0, end = is_all || c->size < LETTER_LINE ? c->size :
	    LETTER_LINE;
	char *block = mem_room(BLOCK);
	bool ok = read_up_to(c, end, &at, block);

	if (ok && !is_all) {
		end = letter_head_size(span_make(block, at));
		ok = read_up_to(c, end < c->size ? end : c->size, &at, block);
	}
	ok = ok || fail(err, c->id);
	mem_free(block);
	return ok;
}

static bool
map(struct claim *c, const struct stat *st, bool is_all, struct error *err)
{
	void *mapping;

	if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
	    st->st_size <= 0)
		return error_set(err, STAGE_SYSTEM, EX_DATAERR,
		    "the file is damaged: not a file of the user's, or empty");
	c->size = (size_t)st->st_size;
	if (!read_before(c, is_all, err))
		return false;
	mapping = mmap(NULL, c->size, PROT_READ, MAP_SHARED, c->fd, 0);
	if (mapping == MAP_FAILED)
		return fail(err, c->id);
	c->mapping = mapping;
	c->next = (int64_t)st->st_mtim.tv_sec;
	return true;
}

bool
claim_open(struct claim *c, const struct spool *s, enum spool_box box,
    const char *id, bool to_change, bool *is_there, struct error *err)
{
	struct stat st;

	memset(c, 0, sizeof(*c));
	(void)snprintf(c->id, sizeof(c->id), "%s", id);
	c->birth = (int64_t)strtoll(id, NULL, 10);
	*is_there = true;
	c->fd = openat(s->boxes[box], id, (to_change ? O_RDWR : O_RDONLY) |
	    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (c->fd == -1) {
		*is_there = errno != ENOENT;
		return !*is_there || fail(err, id);
	}
	if (to_change && flock(c->fd, LOCK_EX | LOCK_NB) != 0) {
		*is_there = errno != EWOULDBLOCK;
		return !*is_there || fail(err, id);
	}
	if (fstat(c->fd, &st) != 0)
		return fail(err, id);
	/* Whoever had it may have taken it away before the lock was ours. */
	*is_there = st.st_nlink > 0;
	return !*is_there || (map(c, &st, to_change, err) &&
	    letter_read(&c->letter, span_make(c->mapping, c->size), err));
}

void
claim_free(struct claim *c)
{
	letter_free(&c->letter);
	if (c->mapping != NULL)
		(void)munmap(c->mapping, c->size);
	if (c->fd != -1)
		(void)close(c->fd);
	c->mapping = NULL;
	c->fd = -1;
}

bool
claim_remove(const struct claim *c, const struct spool *s, struct error *err)
{
	return (unlinkat(s->boxes[SPOOL_NEW], c->id, 0) == 0 &&
	    fsync(s->boxes[SPOOL_NEW]) == 0) || fail(err, c->id);
}

/* The marks change the mtime, so that goes last; a message of which it is lost
 * is due at once. */
bool
claim_postpone(const struct claim *c, int64_t next, struct error *err)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT },
	    { (time_t)next, 0 } };

	return letter_mark(&c->letter, c->fd, err) &&
	    (futimens(c->fd, times) == 0 || fail(err, c->id));
}
