#include "conf/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/name.h"
#include "conf/nearest.h"
#include "conf/profile_file.h"

const struct profile_section *
profile_file_section(const struct profile_file *file, struct span name)
{
	size_t i;

	for (i = 0; i < file->count; i++)
		if (span_equals(span_of(file->sections[i].name), name))
			return &file->sections[i];
	return NULL;
}

const struct profile_entry *
profile_section_entry(const struct profile_section *section, const char *key)
{
	size_t i;

	for (i = 0; i < section->count; i++)
		if (strcmp(section->entries[i].key->name, key) == 0)
			return &section->entries[i];
	return NULL;
}

const struct profile_section *
profile_section_parent(const struct profile_file *file,
    const struct profile_section *section)
{
	const struct profile_entry *entry;

	entry = profile_section_entry(section, "inherit");
	return entry == NULL ? NULL : profile_file_section(file, entry->value);
}

const struct profile_entry *
profile_file_entry(const struct profile_file *file,
    const struct profile_section *section, const char *key)
{
	const struct profile_entry *entry = NULL;

	/* Without cycles: profile_file_parse() has refused these. */
	for (; section != NULL && entry == NULL;
	    section = profile_section_parent(file, section))
		entry = profile_section_entry(section, key);
	return entry;
}

struct setting
profile_setting(const struct profile_file *file,
    const struct profile_section *section, const struct profile_entry *entry)
{
	struct setting s = { entry->key, entry->value,
		{ file->path, section->name, entry->line } };

	return s;
}

bool
profile_file_advise(const struct profile_file *file, const char *name,
    struct error *err)
{
	struct nearest n = { name, NULL, 0 };
	struct buf names;
	size_t i;

	buf_init(&names, BUF_UNLIMITED);
	for (i = 0; i < file->count; i++) {
		nearest_offer(&n, file->sections[i].name);
		if (!buf_printf(&names, "%s%s", i == 0 ? "" : ", ",
		    file->sections[i].name))
			break;
	}
	if (n.best == NULL)
		(void)error_fix(err, "the file has: %s", buf_string(&names));
	else
		(void)error_fix(err, "did you mean '%s'? the file has: %s",
		    n.best, buf_string(&names));
	buf_free(&names);
	return false;
}

static bool
visit_section(const struct profile_file *file,
    const struct profile_section *section, const char *key,
    profile_visitor *visit, void *context)
{
	const struct profile_entry *entry;
	char *value = NULL;
	bool ok;

	entry = profile_file_entry(file, section, key);
	if (entry != NULL)
		value = mem_span(entry->value);
	ok = visit(context, section->name, value);
	mem_free(value);
	return ok;
}

bool
profile_each(const struct profile_file *file, const char *name,
    const char *key, profile_visitor *visit, void *context, struct error *err)
{
	bool ok = true;
	size_t i;

	if (name != NULL && profile_file_section(file, span_of(name)) == NULL) {
		(void)error_set(err, STAGE_CONFIG, EX_CONFIG,
		    "%s: no profile '%s'", file->path, name);
		return profile_file_advise(file, name, err);
	}
	for (i = 0; ok && i < file->count; i++)
		if (name == NULL || strcmp(file->sections[i].name, name) == 0)
			ok = visit_section(file, &file->sections[i], key,
			    visit, context);
	return ok;
}

char *
profile_where(const struct profile_file *file, const char *name,
    const char *key)
{
	const struct profile_section *section;
	const struct profile_entry *entry = NULL;
	struct buf where;
	char *text;
	bool ok;

	section = profile_file_section(file, span_of(name));
	if (section != NULL && key != NULL)
		entry = profile_file_entry(file, section, key);
	buf_init(&where, BUF_UNLIMITED);
	ok = buf_add_string(&where, file->path);
	if (ok && section != NULL)
		ok = buf_printf(&where, ":%zu",
		    entry == NULL ? section->line : entry->line);
	text = mem_string(ok ? buf_string(&where) : "");
	buf_free(&where);
	return text;
}

void
profile_file_forget(struct profile_file *file)
{
	mem_wipe(file->text.data, file->text.len);
}

void
profile_file_free(struct profile_file *file)
{
	size_t i;

	if (file == NULL)
		return;
	for (i = 0; i < file->count; i++) {
		mem_free(file->sections[i].name);
		mem_free(file->sections[i].entries);
	}
	mem_free(file->sections);
	buf_free_secret(&file->text);
	mem_free(file->path);
	mem_free(file);
}

bool
profile_auth_is(const struct profile *p, const char *word)
{
	return p->auth != NULL && strcmp(p->auth, word) == 0;
}

static size_t
line_of(const struct profile *p, const struct profile_key *key)
{
	return p->lines == NULL ? 0 : p->lines[key_index(key)];
}

bool
profile_refuse(const struct profile *p, const char *key, const char *value,
    struct error *err, const char *format, ...)
{
	struct setting s = { key_find(key), span_of(value),
		{ p->file, p->name, 0 } };
	char why[300];
	va_list args;

	s.at.line = line_of(p, s.key);
	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return value_refuse(&s, err, "%s", why);
}

bool
profile_locate(const struct profile *p, struct error *err)
{
	const struct profile_key *key;
	char name[32];
	size_t n;

	n = strspn(err->text, "abcdefghijklmnopqrstuvwxyz_");
	(void)snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n :
	    sizeof(name)), err->text);
	key = key_find(name);
	if (key == NULL || p->file == NULL || (err->text[n] != ' ' &&
	    err->text[n] != ':'))
		return false;
	if (p->lines == NULL)
		return error_prefix(err, "%s: ", p->file);
	return error_prefix(err, "%s:%zu: ", p->file, line_of(p, key));
}

void
profile_forget_secrets(struct profile *p)
{
	value_clear(p, key_find("password"));
}

void
profile_free(struct profile *p)
{
	const struct profile_key *key;

	for (key = keys_all(); key->name != NULL; key++)
		if (key_is_string(key))
			value_clear(p, key);
	mem_free(p->name);
	mem_free(p->file);
	mem_free(p->lines);
	memset(p, 0, sizeof(*p));
}

char *
profile_mailname(const char *path)
{
	char text[512];
	struct span line;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	do
		n = read(fd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	if (n <= 0)
		return NULL;
	line = span_make(text, (size_t)n);
	line = span_trim(span_make(text, span_find(line, '\n')));
	return name_fault(line, false) == NULL ? mem_span(line) : NULL;
}
