#include <string.h>

#include "base/buf.h"
#include "conf/name.h"
#include "conf/profile_file.h"

/* How well a pattern fits, the most specific highest. */
enum fit { FIT_NONE, FIT_DOMAIN, FIT_LOCAL, FIT_EXACT };

struct choice {
	const struct profile_section *section;
	const struct profile_section *rival;	/* fits as well, or NULL */
	enum fit fit;
};

/* Offset of the @ before the domain, or the length. */
static size_t
find_at(struct span address)
{
	size_t i;

	for (i = address.len; i > 0; i--)
		if (address.data[i - 1] == '@')
			return i - 1;
	return address.len;
}

/* An address has its A-label by now, a pattern what was written. */
static bool
is_same_domain(struct span pattern, struct span domain)
{
	struct buf ascii;
	bool is_same;

	if (name_is_ascii(pattern))
		return span_equals_nocase(pattern, domain);
	buf_init(&ascii, BUF_UNLIMITED);
	is_same = name_add_ascii(&ascii, pattern) &&
	    span_equals_nocase(buf_span(&ascii), domain);
	buf_free(&ascii);
	return is_same;
}

static enum fit
fit_pattern(struct span pattern, struct span address)
{
	const struct span any = span_of("*");
	size_t p = find_at(pattern), a = find_at(address);
	struct span local = span_make(pattern.data, p);
	struct span domain = span_skip(pattern, p + 1);
	bool same_local, same_domain;

	same_local = span_equals(local, span_make(address.data, a));
	same_domain = a < address.len && is_same_domain(domain,
	    span_skip(address, a + 1));
	if (same_local && same_domain)
		return FIT_EXACT;
	if (same_local && span_equals(domain, any))
		return FIT_LOCAL;
	if (same_domain && span_equals(local, any))
		return FIT_DOMAIN;
	return FIT_NONE;
}

static enum fit
fit_section(const struct profile_section *section, struct span address)
{
	const struct profile_entry *entry;
	enum fit best = FIT_NONE, fit;
	struct span rest, pattern;

	entry = profile_section_entry(section, "match_from");
	if (entry == NULL)
		return FIT_NONE;
	rest = entry->value;
	while (span_next(&rest, ',', &pattern)) {
		fit = fit_pattern(span_trim(pattern), address);
		if (fit > best)
			best = fit;
	}
	return best;
}

static bool
fail_on_tie(const struct profile_file *file, const struct choice *c,
    const char *address, struct error *err)
{
	const struct profile_entry *one, *two;

	one = profile_section_entry(c->section, "match_from");
	two = profile_section_entry(c->rival, "match_from");
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s:%zu: [%s] matches "
	    "%s as well as [%s] in line %zu", file->path,
	    two == NULL ? c->rival->line : two->line, c->rival->name, address,
	    c->section->name, one == NULL ? c->section->line : one->line);
	return error_fix(err, "make one `match_from` more specific, or choose "
	    "with --profile");
}

/* `*found` stays NULL where no section matches. */
static bool
match(const struct profile_file *file, const char *address,
    const struct profile_section **found, struct error *err)
{
	struct choice c = { NULL, NULL, FIT_NONE };
	enum fit fit;
	size_t i;

	*found = NULL;
	if (address == NULL || address[0] == '\0')
		return true;
	for (i = 0; i < file->count; i++) {
		fit = fit_section(&file->sections[i], span_of(address));
		if (fit == FIT_NONE || fit < c.fit)
			continue;
		c.rival = fit == c.fit ? &file->sections[i] : NULL;
		if (c.rival == NULL)
			c.section = &file->sections[i];
		c.fit = fit;
	}
	if (c.rival != NULL)
		return fail_on_tie(file, &c, address, err);
	*found = c.section;
	return true;
}

static bool
take_named(const struct profile_file *file, const char *wish,
    const char *rule, const struct profile_section **found, struct error *err)
{
	*found = profile_file_section(file, span_of(wish));
	if (*found != NULL)
		return true;
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s: no profile '%s', "
	    "which %s names", file->path, wish, rule);
	return profile_file_advise(file, wish, err);
}

static bool
is_named(const char *name)
{
	return name != NULL && name[0] != '\0';
}

bool
profile_select(const struct profile_file *file,
    const struct profile_wish *wish, const char **name, const char **why,
    struct error *err)
{
	const struct profile_section *s = NULL;

	*name = NULL;
	*why = "--profile";
	if (wish->name != NULL) {
		if (!take_named(file, wish->name, *why, &s, err))
			return false;
	} else if (is_named(wish->env_name)) {
		*why = "$POSTHASTE_PROFILE";
		if (!take_named(file, wish->env_name, *why, &s, err))
			return false;
	}
	if (s == NULL) {
		*why = "match_from fits the envelope sender";
		if (!match(file, wish->sender, &s, err))
			return false;
	}
	if (s == NULL) {
		*why = "match_from fits the From header";
		if (!match(file, wish->header_from, &s, err))
			return false;
	}
	if (s == NULL) {
		*why = "nothing chose another";
		s = profile_file_section(file, span_of("default"));
	}
	if (s == NULL && file->count == 1) {
		*why = "it is the only one";
		s = &file->sections[0];
	}
	if (s != NULL) {
		*name = s->name;
		return true;
	}
	(void)error_set(err, STAGE_CONFIG, EX_CONFIG, "%s: no profile fits "
	    "and none is called [default]", file->path);
	(void)error_cause(err, "neither --profile nor $POSTHASTE_PROFILE is "
	    "set, and no `match_from` fits the sender");
	return profile_file_advise(file, "default", err);
}
