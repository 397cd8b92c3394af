#include "mail/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
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

static bool
fail(struct error *err, const char *doing)
{
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
	    "%s", doing);
}

bool
store_open_file(struct store *s, struct error *err)
{
	s->file = store_unnamed_file(s->tmpdir);
	return s->file >= 0 || fail(err, "a temporary file");
}

static bool
write_all(struct store *s, struct span rest, struct error *err)
{
	ssize_t n;

	if (s->file < 0 && !store_open_file(s, err))
		return false;
	while (rest.len > 0) {
		n = write(s->file, rest.data, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "writing the temporary file");
		rest = span_skip(rest, (size_t)n);
		s->in_file += (size_t)n;
	}
	return true;
}

/* Octets of the area that are still free; there is none before a file. */
static size_t
room(const struct store *s)
{
	return s->area == NULL ? 0 : MESSAGE_MEMORY - s->in_area;
}

bool
store_settle(struct store *s, struct error *err)
{
	struct span kept = buf_span(&s->kept);
	size_t n;

	if (s->area == NULL && s->file < 0) {
		if (kept.len < STORE_SMALL)
			return true;
		s->area = os_map_memory(MESSAGE_MEMORY);
		if (s->area == NULL)
			mem_exhausted();
	}
	n = kept.len < room(s) ? kept.len : room(s);
	if (n > 0)
		memcpy(s->area + s->in_area, kept.data, n);
	s->in_area += n;
	kept = span_skip(kept, n);
	if (kept.len > 0 && !write_all(s, kept, err))
		return false;
	buf_clear(&s->kept);
	return true;
}

static bool
hand_over_mapping(struct store *s, struct message *m, struct error *err)
{
	void *mapping = s->area;

	m->mapping_size = MESSAGE_MEMORY;
	if (s->area == NULL) {
		m->mapping_size = s->in_file;
		mapping = mmap(NULL, s->in_file, PROT_READ, MAP_PRIVATE,
		    s->file, 0);
	} else if (s->file >= 0)
		mapping = os_map_behind(s->area, MESSAGE_MEMORY, s->file,
		    s->in_file, &m->mapping_size);
	if (mapping == NULL || mapping == MAP_FAILED)
		return fail(err, "mapping the temporary file");
	s->area = NULL;
	m->mapping = mapping;
	m->bytes = span_make(mapping, s->in_area + s->in_file);
	return true;
}

bool
store_hand_over(struct store *s, struct message *m, struct error *err)
{
	if (s->area != NULL || s->file >= 0)
		return hand_over_mapping(s, m, err);
	m->bytes = buf_span(&s->kept);
	m->memory = s->kept.data;
	buf_init(&s->kept, BUF_UNLIMITED);
	return true;
}

void
store_free(struct store *s)
{
	buf_free(&s->kept);
	if (s->area != NULL)
		(void)munmap(s->area, MESSAGE_MEMORY);
	s->area = NULL;
	if (s->file >= 0)
		(void)close(s->file);
	s->file = -1;
}
