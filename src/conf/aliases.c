#include "conf/aliases.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/safe.h"

#define SHOWN_MAX 60	/* octets of a word in a message */
#define FAIL(err, ...) error_set(err, STAGE_CONFIG, EX_CONFIG, __VA_ARGS__)

/* An entry with the lines that continue it, their line ends still there. */
struct entry {
	struct alias_table *table;
	struct buf text;
	size_t line;		/* of its first one; 0: none was begun */
	struct error *err;
};

static bool
is_white(char c)
{
	return ascii_is_blank(c) || c == '\n';
}

static size_t
count_lines(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		if (s.data[i] == '\n')
			n++;
	return n;
}

static bool
fail_at(const struct entry *e, size_t line, struct span word,
    const char *what, const char *fix)
{
	int shown = (int)(word.len < SHOWN_MAX ? word.len : SHOWN_MAX);

	(void)FAIL(e->err, "%s:%zu: `%.*s`: %s", e->table->path, line, shown,
	    shown == 0 ? "" : word.data, what);
	return error_fix(e->err, "%s", fix);
}

/* For messages. */
static struct span
first_word(struct span s)
{
	size_t n = 0;

	while (n < s.len && !is_white(s.data[n]))
		n++;
	return span_make(s.data, n);
}

static struct span
skip_white(struct span s)
{
	size_t n = 0;

	while (n < s.len && is_white(s.data[n]))
		n++;
	return span_skip(s, n);
}

/* Octets of the quoted string that `s` begins with; 0: it doesn't end. */
static size_t
quoted_length(struct span s)
{
	size_t i;

	for (i = 1; i < s.len && s.data[i] != '"'; i++)
		if (s.data[i] == '\\')
			i++;
	return i < s.len ? i + 1 : 0;
}

static void
put_name(struct buf *name, struct span s, bool is_quoted)
{
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < s.len; i++) {
		if (is_quoted && s.data[i] == '\\' && i + 1 < s.len)
			i++;
		ok = buf_add_char(name, ascii_lower(s.data[i]));
	}
}

/* A name that has no quotes. */
static bool
check_name(const struct entry *e, struct span name)
{
	size_t i;

	if (name.len == 0)
		return fail_at(e, e->line, span_of(":"), "no name before it",
		    "write `name: address`");
	for (i = 0; i < name.len; i++) {
		if (name.data[i] == '@')
			return fail_at(e, e->line, name, "a name with a "
			    "domain", "write the name alone; `local_domains` "
			    "says which domains are this machine's");
		if (is_white(name.data[i]) ||
		    strchr("\"\\,;<>()[]", name.data[i]) != NULL)
			return fail_at(e, e->line, name, "a name with blanks "
			    "or specials", "put it between quotation marks");
	}
	return true;
}

/* Takes the name and its colon off `*rest`. */
static bool
take_name(const struct entry *e, struct span *rest, struct buf *name)
{
	bool is_quoted = rest->len > 0 && rest->data[0] == '"';
	size_t n = is_quoted ? quoted_length(*rest) : span_find(*rest, ':');
	struct span behind = skip_white(span_skip(*rest, n)), plain;

	if (is_quoted && n == 0)
		return fail_at(e, e->line, first_word(*rest), "a quotation "
		    "mark without its partner", "end the name with another "
		    "one");
	if (behind.len == 0 || behind.data[0] != ':')
		return fail_at(e, e->line, first_word(*rest), "no `:` behind "
		    "the name", "write `name: address`");
	plain = span_trim(span_make(rest->data, n));
	if (is_quoted)
		plain = span_make(rest->data + 1, n - 2);
	else if (!check_name(e, plain))
		return false;
	put_name(name, plain, is_quoted);
	*rest = span_skip(behind, 1);
	return true;
}

/* Octets of the comment or the "<…>" that `s` begins with; 0: it doesn't
 * end. */
static size_t
enclosed_length(struct span s)
{
	char open = s.data[0], close = open == '(' ? ')' : '>';
	size_t i, n, depth = 0;

	for (i = 0; i < s.len; i += n) {
		n = 1;
		if (s.data[i] == close && --depth == 0)
			return i + 1;
		if (s.data[i] == open)
			depth++;
		else if (s.data[i] == '\\')
			n = 2;
		else if (s.data[i] == '"' && open == '<')
			n = quoted_length(span_skip(s, i));
		if (n == 0)
			break;
	}
	return 0;
}

/*
 * Octets up to the comma that ends the target; more than there are where a
 * quote, a comment or an angle in it doesn't end. Commands and files know
 * quotes only.
 */
static size_t
target_length(struct span s)
{
	bool is_address = s.len > 0 && strchr("|/:", s.data[0]) == NULL;
	size_t i, n;
	char c;

	for (i = 0; i < s.len; i += n) {
		c = s.data[i];
		n = c == '\\' ? 2 : 1;
		if (c == ',')
			return i;
		if (c == '"')
			n = quoted_length(span_skip(s, i));
		else if (is_address && (c == '(' || c == '<'))
			n = enclosed_length(span_skip(s, i));
		if (n == 0)
			return s.len + 1;
	}
	return s.len;
}

/* "/C=x"@gateway is an address, "/file" isn't. */
static enum alias_kind
kind_of(struct span target)
{
	struct span inner = target;
	size_t n;

	if (target.data[0] == '\\')
		return ALIAS_FINAL;
	if (target.data[0] == '"') {
		n = quoted_length(target);
		if (n < target.len && target.data[n] == '@')
			return ALIAS_ADDRESS;
		inner = skip_white(span_skip(target, 1));
	}
	if (inner.len == 0)
		return ALIAS_ADDRESS;
	if (inner.data[0] == '|')
		return ALIAS_COMMAND;
	if (inner.data[0] == '/')
		return ALIAS_FILE;
	return inner.data[0] == ':' ? ALIAS_SPECIAL : ALIAS_ADDRESS;
}

static void
add_target(struct alias *alias, struct span text, size_t line)
{
	struct alias_target *target;

	alias->targets = mem_grow(alias->targets, alias->count, &alias->room,
	    sizeof(*alias->targets));
	target = &alias->targets[alias->count++];
	target->kind = kind_of(text);
	target->line = line;
	if (target->kind == ALIAS_FINAL)
		text = span_skip(text, 1);
	target->text = mem_span(text);
}

/* Empty targets ("a,,b", "a,") are passed over. */
static bool
take_targets(const struct entry *e, struct span rest, struct alias *alias)
{
	size_t line = e->line + count_lines(span_make(e->text.data,
	    e->text.len - rest.len)), n;
	struct span part;

	while (rest.len > 0) {
		part = skip_white(rest);
		line += count_lines(span_make(rest.data, rest.len - part.len));
		rest = part;
		n = target_length(rest);
		if (n > rest.len)
			return fail_at(e, line, first_word(rest), "a quotation "
			    "mark, `(` or `<` without its partner", "write its "
			    "partner behind it");
		part = span_make(rest.data, n);
		if (span_trim(part).len > 0)
			add_target(alias, span_trim(part), line);
		line += count_lines(part);
		rest = span_skip(rest, n + 1);
	}
	return alias->count > 0 || fail_at(e, e->line, span_of(alias->name),
	    "nothing behind its `:`", "write an address there, or take the "
	    "entry out");
}

/* The lines gathered so far are one entry, if any. */
static bool
end_entry(struct entry *e)
{
	struct alias_table *table = e->table;
	struct span rest = buf_span(&e->text);
	struct alias *alias;
	struct buf name;
	bool ok;

	if (e->line == 0)
		return true;
	buf_init(&name, BUF_UNLIMITED);
	ok = take_name(e, &rest, &name);
	if (ok) {
		table->items = mem_grow(table->items, table->count,
		    &table->room, sizeof(*table->items));
		alias = &table->items[table->count++];
		alias->name = mem_string(buf_string(&name));
		alias->line = e->line;
		ok = take_targets(e, rest, alias);
	}
	buf_free(&name);
	buf_clear(&e->text);
	e->line = 0;
	return ok;
}

static bool
check_bytes(const struct entry *e, struct span line, size_t number)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (ascii_is_control(line.data[i]) && line.data[i] != '\t')
			return FAIL(e->err, "%s:%zu: control character 0x%02x",
			    e->table->path, number,
			    (unsigned int)(unsigned char)line.data[i]) ||
			    error_fix(e->err, "take it out: the file is plain "
			    "text, with line ends of LF or CR LF");
	return true;
}

static bool
take_line(struct entry *e, struct span line, size_t number)
{
	struct span text;

	while (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (!check_bytes(e, line, number))
		return false;
	text = skip_white(line);
	if (text.len == 0 || text.data[0] == '#')
		line.len = 0;	/* it counts as a line only */
	else if (text.len < line.len && e->line == 0)
		return fail_at(e, number, first_word(text), "its line begins "
		    "with a blank, and there is no entry before it",
		    "take the blank out");
	else if (text.len == line.len) {
		if (!end_entry(e))
			return false;
		e->line = number;
	}
	return e->line == 0 || (buf_add_span(&e->text, line) &&
	    buf_add_char(&e->text, '\n'));
}

static int
compare(const void *a, const void *b)
{
	const struct alias *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Sorts the names, of which each may have one entry. */
static bool
sort(struct alias_table *t, struct error *err)
{
	const struct alias *first, *second;
	size_t i;

	if (t->count == 0)
		return true;
	t->sorted = mem_array(t->count, sizeof(struct alias *));
	for (i = 0; i < t->count; i++)
		t->sorted[i] = &t->items[i];
	qsort(t->sorted, t->count, sizeof(struct alias *), compare);
	for (i = 1; i < t->count; i++) {
		first = t->sorted[i - 1];
		second = t->sorted[i];
		if (strcmp(first->name, second->name) != 0)
			continue;
		if (first->line > second->line) {
			second = first;
			first = t->sorted[i];
		}
		(void)FAIL(err, "%s:%zu: `%s` once more, after line %zu",
		    t->path, second->line, second->name, first->line);
		return error_fix(err, "keep one of the two entries");
	}
	return true;
}

bool
aliases_parse(struct span text, const char *path, struct alias_table **table,
    struct error *err)
{
	struct alias_table *t = mem_alloc(sizeof(*t));
	struct entry e = { .table = t, .err = err };
	struct span line;
	size_t number = 0;
	bool ok = true;

	t->path = mem_string(path);
	buf_init(&e.text, BUF_UNLIMITED);
	while (ok && span_next(&text, '\n', &line))
		ok = take_line(&e, line, ++number);
	ok = ok && end_entry(&e) && sort(t, err);
	buf_free(&e.text);
	*table = t;
	if (!ok) {
		aliases_free(t);
		*table = NULL;
	}
	return ok;
}

bool
aliases_load(const char *path, const struct profile_trust *trust,
    struct alias_table **table, struct error *err)
{
	struct buf text;
	struct stat st;
	bool ok;
	int fd;

	*table = NULL;
	if (!safe_open(path, trust, &fd, &st, err))
		return error_prefix(err, "aliases: ");
	buf_init(&text, BUF_UNLIMITED);
	ok = (safe_read(fd, path, ALIASES_FILE_MAX, &text, err) ||
	    error_prefix(err, "aliases: ")) &&
	    aliases_parse(buf_span(&text), path, table, err);
	(void)close(fd);
	buf_free(&text);
	return ok;
}

void
aliases_free(struct alias_table *table)
{
	struct alias *alias;
	size_t i, k;

	if (table == NULL)
		return;
	for (i = 0; i < table->count; i++) {
		alias = &table->items[i];
		for (k = 0; k < alias->count; k++)
			mem_free(alias->targets[k].text);
		mem_free(alias->targets);
		mem_free(alias->name);
	}
	mem_free(table->items);
	mem_free(table->sorted);
	mem_free(table->path);
	mem_free(table);
}

const struct alias *
aliases_find(const struct alias_table *table, struct span name)
{
	struct alias wish = { .name = NULL };
	const struct alias *key = &wish, **found = NULL;
	struct buf lower;

	if (name.len == 0 || table->count == 0)
		return NULL;
	buf_init(&lower, BUF_UNLIMITED);
	put_name(&lower, name, false);
	wish.name = lower.data;
	found = bsearch(&key, table->sorted, table->count,
	    sizeof(struct alias *), compare);
	buf_free(&lower);
	return found == NULL ? NULL : *found;
}

const char *
alias_kind_name(enum alias_kind kind)
{
	static const char *const names[] = {
		[ALIAS_ADDRESS] = NULL,
		[ALIAS_FINAL] = NULL,
		[ALIAS_COMMAND] = "a command",
		[ALIAS_FILE] = "a file",
		[ALIAS_SPECIAL] = "an instruction to a mail server",
	};

	return names[kind];
}
