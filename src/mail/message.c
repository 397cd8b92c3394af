#include "mail/message.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "base/os.h"
#include "mail/dots.h"
#include "mail/store.h"
#include "mail/text.h"

#define BLOCK STORE_BLOCK	/* octets asked for in one read */
#define SMALL (32UL << 10)	/* and first; most messages have less */
#define FULL_PIPE (64UL << 10)	/* octets that a pipe holds as it comes */
#define KERNEL_COPY (64UL << 20)	/* the same where the kernel copies */

/* The message on its way in. */
struct intake {
	const struct message_source *source;
	struct limit limit;
	struct dots dots;
	struct buf block;	/* what was read last, where dots matter; at
				 * first all up to the header's end */
	struct store store;
	bool got_any, at_end;
	bool is_wide;		/* the pipe, for a writer that fills it */
};

/* Reads into the room behind the contents of `b`; 0 at the end of the file. */
static bool
read_block(struct intake *in, struct buf *b, size_t *got, struct error *err)
{
	struct pollfd fd = { in->source->fd, POLLIN, 0 };
	size_t size = in->got_any ? BLOCK : SMALL;
	ssize_t n;

	if (!buf_reserve(b, b->len + size))
		mem_exhausted();
	do {
		if (!limit_wait(&in->limit, &fd, 1, err))
			return false;
		n = read(fd.fd, b->data + b->len, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return error_set_errno(err, STAGE_INPUT, EX_NOINPUT, errno,
		    "stdin");
	b->len += (size_t)n;
	b->data[b->len] = '\0';
	*got = (size_t)n;
	if (*got >= FULL_PIPE && !in->is_wide) {
		os_widen_pipe(fd.fd);
		in->is_wide = true;
	}
	/* Not asked once more: a terminal would begin anew. */
	in->at_end = n == 0;
	return true;
}

/*
 * A regular file that is too large for memory is copied by the kernel. Where
 * that isn't possible, or stops, reading goes on from there and finds out why.
 */
static bool
copy_large_file(struct intake *in, struct error *err)
{
	struct pollfd fd = { in->source->fd, POLLIN, 0 };
	struct stat st;
	off_t at;
	ssize_t n;

	at = lseek(fd.fd, 0, SEEK_CUR);
	if (at < 0 || fstat(fd.fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size - at <= (off_t)MESSAGE_MEMORY)
		return true;
	if (!store_open_file(&in->store, err))
		return false;
	for (;;) {
		if (!limit_wait(&in->limit, &fd, 1, err))
			return false;
		n = os_copy_file(fd.fd, in->store.file, KERNEL_COPY);
		if (n <= 0)
			return true;
		in->got_any = true;
		in->store.in_file += (size_t)n;
	}
}

static bool
read_on(struct intake *in, struct error *err)
{
	size_t n = 0;

	while (!in->at_end) {
		if (!read_block(in, &in->store.kept, &n, err) ||
		    !store_settle(&in->store, err))
			return false;
		in->got_any = in->got_any || n > 0;
	}
	return true;
}

/* Takes what is in the block, where dots count. */
static bool
take_block(struct intake *in, struct error *err)
{
	dots_feed(&in->dots, buf_span(&in->block), &in->store.kept);
	buf_clear(&in->block);
	return store_settle(&in->store, err);
}

static bool
read_to_the_dot(struct intake *in, struct error *err)
{
	size_t n;

	if (!take_block(in, err))
		return false;
	while (!in->at_end && in->dots.state != DOTS_ENDED)
		if (!read_block(in, &in->block, &n, err) ||
		    !take_block(in, err))
			return false;
	return true;
}

/* Reads what the header is in, at least, into the block. */
static bool
read_head(struct intake *in, struct error *err)
{
	size_t n = 0;

	do {
		if (!read_block(in, &in->block, &n, err))
			return false;
		in->got_any = in->got_any || n > 0;
	} while (n > 0 && in->block.len <= MESSAGE_HEADER_MAX &&
	    !message_has_head(buf_span(&in->block)));
	return true;
}

/* The header decides on the profile, and that on the dots. */
static bool
ask(struct intake *in, bool *dots, struct error *err)
{
	struct message head = { .bytes = buf_span(&in->block) };
	struct error later = { 0 };

	*dots = true;
	return in->source->ask == NULL || !in->got_any ||
	    !message_split(&head, &later) ||
	    in->source->ask(in->source->context, &head, dots, err);
}

static bool
read_with_dots(struct intake *in, struct error *err)
{
	bool dots;

	if (!read_head(in, err) || !ask(in, &dots, err))
		return false;
	if (dots)
		return read_to_the_dot(in, err);
	text_put(&in->store.kept, buf_span(&in->block));
	buf_clear(&in->block);
	return store_settle(&in->store, err) && read_on(in, err);
}

/*
 * Reads on without keeping anything. Fails on a signal only: what can't be
 * read isn't wanted.
 */
static bool
forget_rest(struct intake *in, struct error *err)
{
	struct error trouble = { 0 };
	size_t n = 1;

	if (isatty(in->source->fd))
		return true;
	while (n > 0) {
		buf_clear(&in->block);
		if (!read_block(in, &in->block, &n, &trouble))
			break;
	}
	if (os_signal_caught() == 0)
		return true;
	*err = trouble;
	return false;
}

static bool
read_all(struct intake *in, struct error *err)
{
	/* poll would wait for ever for a descriptor that can't be. */
	if (in->source->fd < 0)
		return error_set_errno(err, STAGE_INPUT, EX_NOINPUT, EBADF,
		    "stdin");
	if (!in->source->dots ? !copy_large_file(in, err) ||
	    !read_on(in, err) : !read_with_dots(in, err))
		return false;
	if (!in->got_any)
		return error_set(err, STAGE_INPUT, EX_NOINPUT,
		    "stdin is empty");
	return in->dots.state != DOTS_ENDED || forget_rest(in, err);
}

bool
message_read(struct message *m, const struct message_source *source,
    struct error *err)
{
	struct intake in = { .source = source };
	bool ok;

	memset(m, 0, sizeof(*m));
	in.limit = limit_none(STAGE_INPUT, "stdin");
	buf_init(&in.block, BUF_UNLIMITED);
	store_begin(&in.store, source->tmpdir);
	ok = read_all(&in, err) && store_hand_over(&in.store, m, err) &&
	    message_split(m, err);
	buf_free(&in.block);
	store_free(&in.store);
	return ok;
}

bool
message_from_span(struct message *m, struct span bytes, struct error *err)
{
	memset(m, 0, sizeof(*m));
	m->memory = mem_span(bytes);
	m->bytes = span_make(m->memory, bytes.len);
	return message_split(m, err);
}

void
message_free(struct message *m)
{
	mem_free(m->memory);
	if (m->mapping != NULL)
		(void)munmap(m->mapping, m->mapping_size);
	memset(m, 0, sizeof(*m));
}

void
message_drain(int fd)
{
	const struct message_source source = { .fd = fd };
	struct intake in = { .source = &source };
	struct error err = { 0 };

	if (fd < 0 || os_signal_caught() != 0)
		return;
	in.limit = limit_none(STAGE_INPUT, "stdin");
	buf_init(&in.block, BUF_UNLIMITED);
	/* A signal ends the reading too; the error that led here stands. */
	(void)forget_rest(&in, &err);
	buf_free(&in.block);
}
