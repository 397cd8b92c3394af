/*
 * Aliases files: the input is one. What is read is found again, a mail to each
 * name ends with addresses or a reason, and written anew it is the same.
 */
#include <string.h>

#include "app/expand.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"

static void
check_failure(const struct error *err)
{
	fuzz_check_error(err);
	FUZZ_CHECK(err->exit_code == EX_CONFIG);
	FUZZ_CHECK(err->stage == STAGE_CONFIG);
	FUZZ_CHECK(strncmp(err->text, "/a:", 3) == 0);
}

/* One entry a line, or a target with # in front would be a comment. */
static void
write_table(const struct alias_table *table, struct buf *out)
{
	const struct alias *alias;
	const char *c;
	size_t i, k;

	for (i = 0; i < table->count; i++) {
		alias = &table->items[i];
		text_put_char(out, '"');
		for (c = alias->name; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				text_put_char(out, '\\');
			text_put_char(out, *c);
		}
		text_put(out, span_of("\":"));
		for (k = 0; k < alias->count; k++) {
			/* A blank, for targets that end in a backslash. */
			text_put(out, span_of(k == 0 ? " " : " , "));
			if (alias->targets[k].kind == ALIAS_FINAL)
				text_put_char(out, '\\');
			text_put(out, span_of(alias->targets[k].text));
		}
		text_put(out, span_of(" \n"));
	}
}

static void
check_same(const struct alias_table *a, const struct alias_table *b)
{
	size_t i, k;

	FUZZ_CHECK(a->count == b->count);
	for (i = 0; i < a->count; i++) {
		FUZZ_CHECK(strcmp(a->items[i].name, b->items[i].name) == 0);
		FUZZ_CHECK(a->items[i].count == b->items[i].count);
		for (k = 0; k < a->items[i].count; k++) {
			FUZZ_CHECK(a->items[i].targets[k].kind ==
			    b->items[i].targets[k].kind);
			FUZZ_CHECK(strcmp(a->items[i].targets[k].text,
			    b->items[i].targets[k].text) == 0);
		}
	}
}

static bool
has_line_ends(const struct alias_table *table)
{
	size_t i, k;

	for (i = 0; i < table->count; i++) {
		if (strchr(table->items[i].name, '\n') != NULL)
			return true;
		for (k = 0; k < table->items[i].count; k++)
			if (strchr(table->items[i].targets[k].text, '\n') !=
			    NULL)
				return true;
	}
	return false;
}

static void
check_rewritten(const struct alias_table *table)
{
	struct alias_table *again;
	struct error err = { 0 };
	struct buf text;

	/* Comments and blank lines within quotes aren't there any more. */
	if (has_line_ends(table))
		return;
	buf_init(&text, BUF_UNLIMITED);
	write_table(table, &text);
	FUZZ_CHECK(aliases_parse(buf_span(&text), "/a", &again, &err));
	check_same(table, again);
	aliases_free(again);
	buf_free(&text);
}

static void
check_table(struct alias_table *table)
{
	struct error err = { 0 };
	size_t i, k;

	for (i = 0; i < table->count; i++) {
		FUZZ_CHECK(table->items[i].count > 0);
		FUZZ_CHECK(table->items[i].name[0] == '\0' ||
		    aliases_find(table, span_of(table->items[i].name)) ==
		    &table->items[i]);
		for (k = 0; k < table->items[i].count; k++)
			FUZZ_CHECK(table->items[i].targets[k].line >=
			    table->items[i].line);
	}
	check_rewritten(table);
	if (!expand_check(table, &err))
		check_failure(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alias_table *table;
	struct error err = { 0 };

	if (aliases_parse(fuzz_span(data, size), "/a", &table, &err)) {
		check_table(table);
		aliases_free(table);
	} else {
		check_failure(&err);
		FUZZ_CHECK(table == NULL);
	}
	return 0;
}
