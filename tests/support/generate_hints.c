#include "support/generate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/hint.h"
#include "base/mem.h"

#define COLUMNS 79

static const char head[] =
".\\\" Made by `make generate` from src/app/hints.c: change that.\n"
".Dd November 25, 2026\n"
".Dt POSTHASTE-HINTS 7\n"
".Os\n"
".Sh NAME\n"
".Nm posthaste-hints\n"
".Nd what relays mean by their refusals, and what to do\n"
".Sh DESCRIPTION\n"
"Where\n"
".Xr posthaste 8\n"
"knows why a relay refused a message, its report has a line\n"
".Dq cause ,\n"
"with the number of the hint, and a line\n"
".Dq fix .\n"
"This is the list of what it knows.\n"
".Pp\n"
"Each entry begins with the words of the reply that it goes by, with the reply\n"
"codes and the enhanced status code that may stand before them, and with the\n"
"steps of the session at which they count.\n"
"The case of letters doesn't matter.\n"
"Of an enhanced status code the first digit follows the reply code, and a relay\n"
"may leave the whole out.\n"
"Where several entries agree, the one with the longest words is taken.\n"
"In what follows,\n"
".Ql {ehlo} ,\n"
".Ql {host}\n"
"and\n"
".Ql {user}\n"
"stand for what the profile has.\n"
".Pp\n"
"A hint explains.\n"
"It changes neither the exit status nor what is sent, with one exception: what\n"
"is marked\n"
".Dq lasting\n"
"isn't tried again from the spool, although the reply code says it could be.\n"
".Ic hints = no\n"
"leaves the two lines out.\n"
".Sh HINTS\n"
".Bl -tag -width Ds\n";

static const char foot[] =
".El\n"
".Sh SEE ALSO\n"
".Xr posthaste.ini 5 ,\n"
".Xr posthaste 8\n";

/* A paragraph, filled line by line. */
struct filler {
	struct buf *out;
	size_t column;
};

static void
add_char(struct filler *f, char c)
{
	const char text[] = { c, '\0' };

	generate_add(f->out, text);
	f->column++;
}

/* A word begins neither a request nor an escape. */
static void
add_word(struct filler *f, struct span word)
{
	size_t i;

	if (f->column > 0 && f->column + 1 + word.len > COLUMNS) {
		generate_add(f->out, "\n");
		f->column = 0;
	}
	if (f->column > 0)
		add_char(f, ' ');
	if (word.data[0] == '.' || word.data[0] == '\'')
		generate_add(f->out, "\\&");
	for (i = 0; i < word.len; i++)
		if (word.data[i] == '\\')
			generate_add(f->out, "\\e");
		else if (i == 0 && word.len > 1 && word.data[0] == '-')
			generate_add(f->out, "\\-");
		else
			add_char(f, word.data[i]);
}

static void
add_words(struct filler *f, const char *text)
{
	struct span rest = span_of(text), word;

	while (span_next(&rest, ' ', &word))
		if (word.len > 0)
			add_word(f, word);
}

static void
end_line(struct filler *f)
{
	if (f->column > 0)
		generate_add(f->out, "\n");
	f->column = 0;
}

/* "a", "a or b", "a, b or c". */
static void
add_choice(struct filler *f, const char *const *items, size_t count)
{
	char item[300];
	size_t i;

	for (i = 0; i < count; i++) {
		(void)snprintf(item, sizeof(item), "%s%s", items[i],
		    i + 2 < count ? "," : i + 2 == count ? " or" : "");
		add_words(f, item);
	}
}

static void
add_texts(struct filler *f, const struct hint *h)
{
	char quoted[4][200];
	const char *items[4];
	size_t count = 0;

	for (; count < 4 && h->texts[count] != NULL; count++) {
		(void)snprintf(quoted[count], sizeof(quoted[count]),
		    "`%s`", h->texts[count]);
		items[count] = quoted[count];
	}
	if (count == 0)
		add_words(f, "any words");
	add_choice(f, items, count);
}

static void
add_codes(struct filler *f, const struct hint *h)
{
	char codes[6][16];
	const char *items[6];
	size_t count = 0;

	for (; count < 6 && h->codes[count] != 0; count++) {
		(void)snprintf(codes[count], sizeof(codes[count]), "%d",
		    h->codes[count]);
		items[count] = codes[count];
	}
	if (count == 0 && h->enhanced == NULL)
		return;
	add_words(f, "with");
	add_choice(f, items, count);
	if (h->enhanced != NULL)
		add_words(f, h->enhanced);
}

static void
add_stages(struct filler *f, const struct hint *h)
{
	const char *items[STAGE_QUIT + 1];
	size_t count = 0;
	int stage;

	if (h->stages == HINT_ANY) {
		add_words(f, "at any step");
		return;
	}
	for (stage = STAGE_NONE; stage <= STAGE_QUIT; stage++)
		if ((h->stages & HINT_AT(stage)) != 0)
			items[count++] = error_stage_name((enum stage)stage);
	add_words(f, "at");
	add_choice(f, items, count);
}

static void
add_hint(struct buf *out, const struct hint *h)
{
	struct filler f = { out, 0 };

	generate_add(out, ".It Sy ");
	generate_add(out, h->id);
	generate_add(out, "\n");
	if (h->texts[0] == NULL && h->enhanced == NULL) {
		add_words(&f, "(what posthaste finds itself)");
	} else {
		add_texts(&f, h);
		add_codes(&f, h);
		add_stages(&f, h);
	}
	if (h->is_lasting)
		add_words(&f, "(lasting)");
	end_line(&f);
	generate_add(out, ".br\n.Em cause :\n");
	add_words(&f, h->cause);
	end_line(&f);
	generate_add(out, ".br\n.Em fix :\n");
	add_words(&f, h->fix);
	end_line(&f);
	if (h->key != NULL) {
		generate_add(out, ".Pq key Ic ");
		generate_add(out, h->key);
		generate_add(out, "\n");
	}
}

static int
by_id(const void *a, const void *b)
{
	const struct hint *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

void
generate_hints(struct buf *out)
{
	const struct hint **sorted = mem_array(hint_count, sizeof(*sorted));
	size_t i;

	for (i = 0; i < hint_count; i++)
		sorted[i] = &hints[i];
	qsort(sorted, hint_count, sizeof(*sorted), by_id);
	generate_add(out, head);
	for (i = 0; i < hint_count; i++)
		add_hint(out, sorted[i]);
	generate_add(out, foot);
	mem_free(sorted);
}
