#include <string.h>

#include "conf/hosts.h"
#include "conf/profile_file.h"

static bool
is_key(const struct profile_entry *entry, const char *name)
{
	return strcmp(entry->key->name, name) == 0;
}

/* Whether `own`, of a section, takes what it would inherit away. */
static bool
hides(const struct profile_entry *own, const struct profile_entry *other)
{
	if (own->key == other->key || (own->key->rule >= KEY_ONE_PASSWORD &&
	    own->key->rule == other->key->rule))
		return true;
	if (is_key(own, "socket"))
		return is_key(other, "port") || is_key(other, "proxy");
	return is_key(own, "host") && is_key(other, "port") &&
	    hosts_srv_domain(own->value).len > 0;
}

/* Whether what `holder` says is nothing to `section`, which is it or has it
 * among its ancestors. */
static bool
is_void(const struct profile_file *file, const struct profile_section *section,
    const struct profile_section *holder, const struct profile_entry *entry)
{
	size_t i;

	if (section != holder && entry->key->rule == KEY_OWN)
		return true;
	for (; section != holder && section != NULL;
	    section = profile_section_parent(file, section))
		for (i = 0; i < section->count; i++)
			if (hides(&section->entries[i], entry))
				return true;
	return false;
}

/* A proxy without user and password leads there still. */
static bool
add_proxy(struct buf *out, struct span value)
{
	size_t at = span_find(value, '@'), scheme = span_find(value, '/');

	if (at == value.len)
		return buf_add_string(out, "proxy = ") &&
		    buf_add_span(out, value);
	return buf_add_string(out, "# its user and password are not shown\n"
	    "proxy = ") && buf_add_span(out, span_make(value.data,
	    scheme + 2)) && buf_add_span(out, span_skip(value, at + 1));
}

/* A command may hold a password; a path, which is checked, doesn't. */
static bool
add_value(struct buf *out, const struct profile_entry *entry)
{
	const char *name = entry->key->name;

	if (entry->key->type == KEY_PROXY)
		return add_proxy(out, entry->value);
	if (entry->key->type == KEY_SECRET || is_key(entry,
	    "password_command"))
		return buf_printf(out, "#%s = (not shown)", name);
	if (is_key(entry, "inherit"))
		return buf_add_string(out, "#inherit = ") &&
		    buf_add_span(out, entry->value) &&
		    buf_add_string(out, "\n# what that says is below");
	return buf_printf(out, "%s = ", name) &&
	    buf_add_span(out, entry->value);
}

bool
profile_show(const struct profile_file *file, const char *name,
    struct buf *out)
{
	const struct profile_section *section, *s;
	const struct profile_entry *entry;
	size_t i;

	section = profile_file_section(file, span_of(name));
	if (section == NULL || !buf_printf(out, "[%s]\n", section->name))
		return false;
	for (s = section; s != NULL; s = profile_section_parent(file, s))
		for (i = 0; i < s->count; i++) {
			entry = &s->entries[i];
			if (is_void(file, section, s, entry))
				continue;
			if (!buf_add_string(out, "# ") ||
			    !buf_add_escaped(out, span_of(file->path)) ||
			    !buf_printf(out, ":%zu\n", entry->line) ||
			    !add_value(out, entry) || !buf_add_char(out, '\n'))
				return false;
		}
	return true;
}

/* " key=value" of what holds for the section, where it says anything. */
static bool
add_pair(struct buf *out, const struct profile_file *file,
    const struct profile_section *section, const char *key)
{
	const struct profile_section *s;
	const struct profile_entry *entry = NULL;
	struct buf value;
	bool ok;

	for (s = section; s != NULL && entry == NULL;
	    s = profile_section_parent(file, s)) {
		entry = profile_section_entry(s, key);
		if (entry != NULL && is_void(file, section, s, entry))
			entry = NULL;
	}
	if (entry == NULL)
		return true;
	buf_init(&value, BUF_UNLIMITED);
	ok = buf_add_escaped(&value, entry->value) &&
	    buf_add_pair(out, key, buf_string(&value));
	buf_free(&value);
	return ok;
}

bool
profile_list(const struct profile_file *file, struct buf *out)
{
	const struct profile_section *s;
	bool is_default;
	size_t i;

	for (i = 0; i < file->count; i++) {
		s = &file->sections[i];
		is_default = strcmp(s->name, "default") == 0;
		if (!buf_add_string(out, s->name) ||
		    !add_pair(out, file, s, "match_from") ||
		    !buf_add_pair(out, "else", is_default || file->count == 1 ?
		    "yes" : NULL) || !add_pair(out, file, s, "host") ||
		    !add_pair(out, file, s, "socket") ||
		    !add_pair(out, file, s, "ehlo") || !buf_add_char(out, '\n'))
			return false;
	}
	return true;
}
