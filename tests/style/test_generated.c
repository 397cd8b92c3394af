/*
 * What is made from the program's tables is up to date. Run in the checkout's
 * root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/option_tables.h"
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

/* As a word of its own: "--NAME", or fish's "-l NAME". */
static bool
is_offered(const char *text, const char *name)
{
	static const char *const starts[] = { "--", "-l " };
	char word[40];
	const char *at;
	size_t i, n;

	for (i = 0; i < 2; i++) {
		n = (size_t)snprintf(word, sizeof(word), "%s%s", starts[i],
		    name);
		for (at = strstr(text, word); at != NULL;
		    at = strstr(at + 1, word))
			if (strchr(" '[)\n", at[n]) != NULL)
				return true;
	}
	return false;
}

static void
every_long_option_is_offered(void **state)
{
	const struct option_row *row;
	const struct generated *g;
	struct buf made;

	(void)state;
	for (g = generated_files; g->path != NULL; g++) {
		if (strstr(g->path, "completions") == NULL)
			continue;
		buf_init(&made, BUF_UNLIMITED);
		g->print(&made);
		for (row = option_long; row->name != NULL; row++)
			if (!is_offered(buf_string(&made), row->name))
				fail_msg("%s: no %s", g->path, row->name);
		buf_free(&made);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_files_are_as_they_would_be_made_now),
		cmocka_unit_test(every_long_option_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
