#include "mail/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "mail/text.h"

void
store_begin(struct store *s, const char *tmpdir)
{
	memset(s, 0, sizeof(*s));
	s->tmpdir = tmpdir;
	s->file = -1;
	buf_init(&s->kept, BUF_UNLIMITED);
}

/* A file in `dir` that has no name, or -1. */
static int
open_unnamed(const char *dir)
{
	struct buf path;
	int file;

	file = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (file >= 0)
		return file;
	/* Not every file system knows files without a name. */
	buf_init(&path, BUF_UNLIMITED);
	text_put(&path, span_of(dir));
	text_put(&path, span_of("/posthaste.XXXXXX"));
	file = mkostemp(path.data, O_CLOEXEC);
	if (file >= 0)
		(void)unlink(path.data);
	buf_free(&path);
	return file;
}

int
store_unnamed_file(const char *tmpdir)
{
	const char *const dirs[] = { tmpdir, "/var/tmp", "/tmp" };
	int file = -1;
	size_t i;

	for (i = 0; file < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (dirs[i] != NULL && dirs[i][0] != '\0')
			file = open_unnamed(dirs[i]);
	return file >= 0 ? file : os_memory_file("posthaste");
}

bool
store_open_file(struct store *s, struct error *err)
{
	s->file = store_unnamed_file(s->tmpdir);
	return s->file >= 0 || error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
	    errno, "a temporary file");
}

static bool
write_kept(struct store *s, struct error *err)
{
	struct span rest = buf_span(&s->kept);
	ssize_t n;

	while (rest.len > 0) {
		n = write(s->file, rest.data, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "writing the temporary file");
		rest = span_skip(rest, (size_t)n);
	}
	s->in_file += s->kept.len;
	buf_clear(&s->kept);
	return true;
}

bool
store_settle(struct store *s, struct error *err)
{
	if (s->file >= 0)
		return write_kept(s, err);
	if (s->kept.len + STORE_BLOCK < MESSAGE_MEMORY)
		return true;
	if (!store_open_file(s, err) || !write_kept(s, err))
		return false;
	buf_free(&s->kept);
	return true;
}

bool
store_hand_over(struct store *s, struct message *m, struct error *err)
{
	void *mapping;

	if (s->file < 0) {
		m->bytes = buf_span(&s->kept);
		m->memory = s->kept.data;
		buf_init(&s->kept, BUF_UNLIMITED);
		return true;
	}
	mapping = mmap(NULL, s->in_file, PROT_READ, MAP_PRIVATE, s->file, 0);
	if (mapping == MAP_FAILED)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "mapping the temporary file");
	m->mapping = mapping;
	m->mapping_size = s->in_file;
	m->bytes = span_make(mapping, s->in_file);
	return true;
}

void
store_free(struct store *s)
{
	buf_free(&s->kept);
	if (s->file >= 0)
		(void)close(s->file);
	s->file = -1;
}
