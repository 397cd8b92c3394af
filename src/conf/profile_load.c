#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/shell.h"
#include "conf/ini.h"
#include "conf/profile_file.h"
#include "conf/safe.h"

#define FAIL(err, ...) error_set(err, STAGE_CONFIG, EX_CONFIG, __VA_ARGS__)

/* What the parse gathers; the profile takes values for their check only. */
struct load {
	struct profile_file *file;
	struct profile scratch;
};

static bool
add_section(struct profile_file *file, const char *name, size_t line,
    struct error *err)
{
	const struct profile_section *twin;
	struct profile_section *section;

	twin = profile_file_section(file, span_of(name));
	if (twin != NULL) {
		(void)FAIL(err, "%s:%zu: section [%s] once more, after line "
		    "%zu", file->path, line, name, twin->line);
		return error_fix(err, "put all keys of a profile into one "
		    "section");
	}
	file->sections = mem_grow(file->sections, file->count, &file->room,
	    sizeof(*file->sections));
	section = &file->sections[file->count++];
	section->name = mem_string(name);
	section->line = line;
	return true;
}

static bool
refuse_key(const struct place *at, const char *name, struct error *err)
{
	const struct profile_key *near = key_nearest(name);

	(void)FAIL(err, "%s:%zu: unknown key `%s`", at->file, at->line, name);
	if (near != NULL)
		return error_fix(err, "did you mean `%s`?", near->name);
	return error_fix(err, "posthaste.ini(5) lists the keys");
}

/* What a section may not have beside `s`. */
static bool
check_neighbours(const struct profile_section *section,
    const struct setting *s, struct error *err)
{
	const struct profile_entry *other;
	size_t i;

	for (i = 0; i < section->count; i++) {
		other = &section->entries[i];
		if (other->key == s->key) {
			(void)FAIL(err, "%s:%zu: `%s` once more, after line "
			    "%zu", s->at.file, s->at.line, s->key->name,
			    other->line);
			return error_fix(err, "keep one of the two lines");
		}
		if (s->key->rule < KEY_ONE_PASSWORD ||
		    other->key->rule != s->key->rule)
			continue;
		(void)FAIL(err, "%s:%zu: `%s` beside `%s` in line %zu",
		    s->at.file, s->at.line, s->key->name, other->key->name,
		    other->line);
		return error_fix(err, "a profile has one of the two");
	}
	return true;
}

static bool
take(void *context, const char *section_name, const char *name,
    struct span value, size_t line, struct error *err)
{
	struct load *load = context;
	struct profile_file *file = load->file;
	struct profile_section *section;
	struct setting s = { key_find(name), value,
		{ file->path, section_name, line } };

	if (name[0] == '\0')
		return add_section(file, section_name, line, err);
	if (s.key == NULL)
		return refuse_key(&s.at, name, err);
	section = &file->sections[file->count - 1];
	if (!check_neighbours(section, &s, err) ||
	    !value_store(&load->scratch, &s, err))
		return false;
	section->entries = mem_grow(section->entries, section->count,
	    &section->room, sizeof(*section->entries));
	section->entries[section->count].key = s.key;
	section->entries[section->count].value = value;
	section->entries[section->count].line = line;
	section->count++;
	return true;
}

/* Follows `inherit` up from a section. */
static bool
check_ancestors(const struct profile_file *file,
    const struct profile_section *section, struct error *err)
{
	const struct profile_section *s = section;
	const struct profile_entry *inherit;
	char *name;
	size_t steps;

	for (steps = 0; steps <= file->count; steps++) {
		inherit = profile_section_entry(s, "inherit");
		if (inherit == NULL)
			return true;
		s = profile_file_section(file, inherit->value);
		if (s != NULL)
			continue;
		name = mem_span(inherit->value);
		(void)FAIL(err, "%s:%zu: inherit = %s: the file has no such "
		    "section", file->path, inherit->line, name);
		(void)profile_file_advise(file, name, err);
		mem_free(name);
		return false;
	}
	inherit = profile_section_entry(section, "inherit");
	(void)FAIL(err, "%s:%zu: [%s] inherits from itself in the end",
	    file->path, inherit == NULL ? section->line : inherit->line,
	    section->name);
	return error_fix(err, "take one `inherit` out of the circle");
}

bool
profile_file_parse(struct profile_file *file, struct error *err)
{
	struct load load;
	bool ok;
	size_t i;

	memset(&load, 0, sizeof(load));
	load.file = file;
	ok = ini_parse_text(buf_span(&file->text), file->path, take, &load,
	    err);
	profile_free(&load.scratch);
	if (ok && file->count == 0) {
		(void)FAIL(err, "%s: no profile in this file", file->path);
		return error_fix(err, "begin with [default], `host` and "
		    "`ehlo`; see posthaste.ini(5)");
	}
	for (i = 0; ok && i < file->count; i++)
		ok = check_ancestors(file, &file->sections[i], err);
	return ok;
}

/* Where the section has a password of its own. */
static const struct profile_entry *
find_password(const struct profile_section *section)
{
	const struct profile_entry *entry;

	entry = profile_section_entry(section, "password");
	if (entry != NULL)
		return entry;
	entry = profile_section_entry(section, "proxy");
	return entry != NULL && span_find(entry->value, '@') <
	    entry->value.len ? entry : NULL;
}

/* The passwords in the file, if any, are for its readers only. */
static bool
check_privacy(const struct profile_file *file,
    const struct profile_trust *trust, const struct stat *st,
    struct error *err)
{
	const struct profile_entry *password;
	size_t i;

	if (safe_is_private(file->path, trust, st))
		return true;
	for (i = 0; i < file->count; i++) {
		password = find_password(&file->sections[i]);
		if (password == NULL)
			continue;
		(void)FAIL(err, "%s:%zu: %s in a file that everybody may "
		    "read (mode %04o)", file->path, password->line,
		    password->key->type == KEY_PROXY ?
		    "`proxy` with a password" : "`password`", safe_mode(st));
		return error_fix(err, "%schmod o-r %s",
		    password->key->type == KEY_PROXY ? "" :
		    "use password_file, or: ", shell_word(file->path).text);
	}
	return true;
}

bool
profile_load(const char *path, const struct profile_trust *trust,
    struct profile_file **file, struct error *err)
{
	struct profile_file *f = mem_alloc(sizeof(*f));
	struct stat st;
	int fd;
	bool ok;

	*file = NULL;
	buf_init(&f->text, BUF_UNLIMITED);
	f->path = mem_string(path);
	if (!safe_open(path, trust, &fd, &st, err)) {
		profile_file_free(f);
		return false;
	}
	ok = safe_read(fd, path, INI_FILE_MAX, &f->text, err) &&
	    profile_file_parse(f, err) && check_privacy(f, trust, &st, err);
	(void)close(fd);
	if (ok)
		*file = f;
	else
		profile_file_free(f);
	return ok;
}
