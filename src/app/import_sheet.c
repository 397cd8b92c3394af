#include "app/import_sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "conf/ini.h"
#include "conf/value.h"

#define NAME_MAX_OWN (INI_NAME_MAX - 8)	/* leaves room for a number */

void
sheet_begin(struct sheet *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->remarks, BUF_UNLIMITED);
}

static void
section_free(struct sheet_section *section)
{
	size_t i, keys = keys_count();

	for (i = 0; i < keys; i++)
		mem_free(section->values[i]);
	for (i = 0; i < SHEET_NOTES; i++)
		mem_free(section->notes[i]);
	mem_free(section->values);
	buf_free(&section->remarks);
	buf_free(&section->missing);
	mem_free(section->name);
	mem_free(section);
}

void
sheet_free(struct sheet *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		section_free(s->sections[i]);
	mem_free(s->sections);
	mem_free(s->next);
	buf_free(&s->remarks);
}

/* What conf/ini.h takes for a name, owned by the caller. */
static char *
clean_name(struct span name)
{
	char *clean;
	size_t i;

	if (name.len > NAME_MAX_OWN)
		name.len = NAME_MAX_OWN;
	clean = name.len == 0 ? mem_string("default") : mem_span(name);
	for (i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.data[i]) && (name.data[i] == '\0' ||
		    strchr("-_.@+", name.data[i]) == NULL))
			clean[i] = '-';
	return clean;
}

static struct sheet_section *
find_clean(const struct sheet *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->sections[i]->name, name) == 0)
			return s->sections[i];
	return NULL;
}

struct sheet_section *
sheet_find(const struct sheet *s, struct span name)
{
	char *clean = clean_name(name);
	struct sheet_section *found = find_clean(s, clean);

	mem_free(clean);
	return found;
}

/* A name that no section has yet, owned by the caller. */
static char *
free_name(const struct sheet *s, struct span name)
{
	char numbered[INI_NAME_MAX + 1];
	char *clean = clean_name(name);
	size_t n = 2;

	if (find_clean(s, clean) == NULL)
		return clean;
	do
		(void)snprintf(numbered, sizeof(numbered), "%.*s-%zu",
		    (int)NAME_MAX_OWN - 1, clean, n++ % 1000000);
	while (find_clean(s, numbered) != NULL);
	mem_free(clean);
	return mem_string(numbered);
}

struct sheet_section *
sheet_add(struct sheet *s, struct span name)
{
	struct sheet_section *section = mem_alloc(sizeof(*section));

	section->name = free_name(s, name);
	section->values = mem_array(keys_count(), sizeof(*section->values));
	buf_init(&section->remarks, BUF_UNLIMITED);
	buf_init(&section->missing, BUF_UNLIMITED);
	s->sections = mem_grow(s->sections, s->count, &s->room,
	    sizeof(*s->sections));
	s->sections[s->count++] = section;
	s->current = section;
	return section;
}

static void
replace(char **to, char *with)
{
	mem_free(*to);
	*to = with;
}

void
sheet_copy(struct sheet_section *to, const struct sheet_section *from)
{
	size_t i, keys = keys_count();

	for (i = 0; i < keys; i++)
		if (from->values[i] != NULL)
			replace(&to->values[i], mem_string(from->values[i]));
	for (i = 0; i < SHEET_NOTES; i++)
		if (from->notes[i] != NULL)
			replace(&to->notes[i], mem_string(from->notes[i]));
	for (i = 0; i < SHEET_FLAGS; i++)
		if (from->flags[i] != 0)
			to->flags[i] = from->flags[i];
}

const char *
sheet_get(const struct sheet_section *section, const char *key)
{
	return section->values[key_index(key_find(key))];
}

void
sheet_unset(struct sheet_section *section, const char *key)
{
	replace(&section->values[key_index(key_find(key))], NULL);
}

/* A line of the file can't hold all that a string can. */
static bool
fits_a_line(struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (ascii_is_control(value.data[i]) && value.data[i] != '\t')
			return false;
	return span_equals(span_trim(value), value);
}

bool
sheet_set(struct sheet *s, const char *key, struct span value)
{
	struct setting setting = { key_find(key), value,
		{ s->file, s->current->name, s->line } };
	struct profile scratch = { 0 };
	struct error err = { 0 };
	bool is_good, ok = true;

	if (value.len == 0)
		return true;
	if (!fits_a_line(value))
		return sheet_remark(s, span_of(key), "a value that no line of "
		    "a profile can hold");
	is_good = value_store(&scratch, &setting, &err);
	profile_free(&scratch);
	if (is_good)
		replace(&s->current->values[key_index(key_find(key))],
		    mem_span(value));
	else
		ok = sheet_remark(s, span_of(NULL), "%s", err.text);
	return ok;
}

/* "# file:line: about: text" */
bool
sheet_remark(struct sheet *s, struct span about, const char *format, ...)
{
	struct buf *out = s->current == NULL || s->current->is_hidden ?
	    &s->remarks : &s->current->remarks;
	char text[800];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!buf_add_string(out, "# "))
		return false;
	if (about.len > 0 && (!buf_add_escaped(out, span_of(s->file)) ||
	    (s->line > 0 && !buf_printf(out, ":%zu", s->line)) ||
	    !buf_add_string(out, ": ") || !buf_add_escaped(out, about) ||
	    !buf_add_string(out, ": ")))
		return false;
	return buf_add_escaped(out, span_of(text)) && buf_add_char(out, '\n');
}

static bool
print_section(const struct sheet_section *section, struct buf *out)
{
	const struct profile_key *keys = keys_all();
	size_t i;

	if (!buf_add_char(out, '\n') ||
	    !buf_add_span(out, buf_span(&section->remarks)) ||
	    !buf_printf(out, "[%s]\n", section->name))
		return false;
	for (i = 0; keys[i].name != NULL; i++)
		if (section->values[i] != NULL && !buf_printf(out,
		    "%s = %s\n", keys[i].name, section->values[i]))
			return false;
	return buf_add_span(out, buf_span(&section->missing));
}

bool
sheet_print(const struct sheet *s, struct buf *out)
{
	size_t i;
	bool ok;

	ok = buf_add_span(out, buf_span(&s->remarks));
	for (i = 0; ok && i < s->count; i++)
		if (!s->sections[i]->is_hidden)
			ok = print_section(s->sections[i], out);
	return ok;
}
