/*
 * What is made from the program's tables is up to date. Run in the checkout's
 * root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/generate.h"

/* "", where the file can't be read. */
static void
read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "r");
	char block[4096];
	size_t n;

	if (file == NULL)
		return;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		assert_true(buf_add(text, block, n));
	assert_int_equal(fclose(file), 0);
}

/* The first line that differs. */
static size_t
line_of_difference(struct span a, struct span b)
{
	struct span one, other;
	size_t line = 0;
	bool more;

	do {
		more = span_next(&a, '\n', &one);
		more = span_next(&b, '\n', &other) && more;
		line++;
	} while (more && span_equals(one, other));
	return line;
}

static void
made_files_are_as_they_would_be_made_now(void **state)
{
	const struct generated *g;
	struct buf made, found;

	(void)state;
	for (g = generated_files; g->path != NULL; g++) {
		buf_init(&made, BUF_UNLIMITED);
		buf_init(&found, BUF_UNLIMITED);
		g->print(&made);
		read_file(g->path, &found);
		if (!span_equals(buf_span(&made), buf_span(&found)))
			fail_msg("%s:%zu is out of date: make generate",
			    g->path, line_of_difference(buf_span(&made),
			    buf_span(&found)));
		buf_free(&made);
		buf_free(&found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_files_are_as_they_would_be_made_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
