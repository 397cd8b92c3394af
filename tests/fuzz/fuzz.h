/*
 * What all fuzz targets share. A target is one file, fuzz_NAME.c, and one
 * function, which looks at any input and aborts where a claim isn't so. It is
 * linked with libFuzzer, or with replay.c for `make check`.
 */
#ifndef POSTHASTE_TESTS_FUZZ_H
#define POSTHASTE_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/os.h"
#include "base/span.h"

/* libFuzzer's name for it; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(claim) \
	((claim) ? (void)0 : fuzz_fail(#claim, __FILE__, __LINE__))

_Noreturn static inline void
fuzz_fail(const char *claim, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: it isn't so: %s\n", file, line, claim);
	abort();
}

static inline struct span
fuzz_span(const uint8_t *data, size_t size)
{
	return span_make((const char *)data, size);
}

/* Whether every octet is fit for a terminal; LF counts. */
static inline bool
fuzz_is_printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((s.data[i] < ' ' || s.data[i] > '~') && s.data[i] != '\n')
			return false;
	return true;
}

/* Where `needle` begins in `s`, case counting, or s.len. */
static inline size_t
fuzz_find(struct span s, struct span needle)
{
	const char *hit = NULL;

	if (s.len > 0)
		hit = memmem(s.data, s.len, needle.data, needle.len);
	return hit == NULL ? s.len : (size_t)(hit - s.data);
}

static inline bool
fuzz_contains(struct span s, const char *needle)
{
	return fuzz_find(s, span_of(needle)) < s.len;
}

/* A directory for the one process; made once. */
static inline const char *
fuzz_scratch(void)
{
	static char path[] = "/tmp/posthaste-fuzz.XXXXXX";
	static bool is_made;

	if (!is_made)
		FUZZ_CHECK(mkdtemp(path) != NULL);
	is_made = true;
	return path;
}

/* A descriptor that gives these octets, and takes more. */
static inline int
fuzz_file(struct span bytes)
{
	int fd = os_memory_file("fuzz");

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* All that such a file holds; closes it. */
static inline void
fuzz_read_back(int fd, struct buf *out)
{
	off_t size = lseek(fd, 0, SEEK_END);

	FUZZ_CHECK(size >= 0);
	buf_init(out, BUF_UNLIMITED);
	FUZZ_CHECK(buf_reserve(out, (size_t)size));
	FUZZ_CHECK(pread(fd, out->data, (size_t)size, 0) == size);
	out->len = (size_t)size;
	out->data[size] = '\0';
	FUZZ_CHECK(close(fd) == 0);
}

/* An error is whole: a stage, a status, and text fit for a terminal. */
static inline void
fuzz_check_error(const struct error *err)
{
	FUZZ_CHECK(err->exit_code >= EX__BASE && err->exit_code <= EX__MAX);
	FUZZ_CHECK(err->stage != STAGE_NONE);
	FUZZ_CHECK(err->text[0] != '\0');
	FUZZ_CHECK(fuzz_is_printable(span_of(err->text)));
	FUZZ_CHECK(fuzz_is_printable(span_of(err->reply)));
	FUZZ_CHECK(fuzz_is_printable(span_of(err->command)));
	FUZZ_CHECK(fuzz_is_printable(span_of(err->cause)));
	FUZZ_CHECK(fuzz_is_printable(span_of(err->fix)));
}

#endif
