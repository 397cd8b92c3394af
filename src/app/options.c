#include "app/options.h"

#include <string.h>

#include "app/option_tables.h"
#include "base/mem.h"
#include "base/span.h"
#include "conf/nearest.h"

static const char own_name[] = "posthaste";

static const char *
base_name(const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (path == NULL)
		return "sendmail";
	return slash == NULL ? path : slash + 1;
}

/*
 * Reads the letters of the word `*i`; the value of the last one may be the word
 * behind it.
 */
static bool
read_cluster(struct option_reader *r, int *i, struct error *err)
{
	const struct invocation *in = r->invocation;
	const char *c = in->argv[*i] + 1, *value;
	const struct option_row *row;

	for (; *c != '\0'; c++) {
		row = option_find(option_letters, *c);
		if (row == NULL) {
			(void)error_set(err, STAGE_USAGE, EX_USAGE,
			    "unknown option -%c in `%s`", *c, in->argv[*i]);
			return error_fix(err, "see posthaste --help");
		}
		if (row->arity == TAKES_NONE) {
			if (!row->set(r, row, NULL, err))
				return false;
			continue;
		}
		value = c + 1;
		r->is_value_next = *value == '\0' &&
		    row->arity == TAKES_VALUE;
		if (r->is_value_next) {
			if (*i + 1 >= in->argc)
				return error_set(err, STAGE_USAGE, EX_USAGE,
				    "-%c needs a value", *c);
			value = in->argv[++*i];
		}
		return row->set(r, row, value, err);
	}
	return true;
}

static const struct option_row *
find_long(struct span name, size_t *index)
{
	for (*index = 0; option_long[*index].set != NULL; ++*index)
		if (span_equals(name, span_of(option_long[*index].name)))
			return &option_long[*index];
	return NULL;
}

static bool
fail_unknown(const char *word, struct span name, struct error *err)
{
	char *wish = mem_span(name);
	struct nearest n = { wish, NULL, 0 };
	size_t i;

	for (i = 0; option_long[i].set != NULL; i++)
		nearest_offer(&n, option_long[i].name);
	(void)error_set(err, STAGE_USAGE, EX_USAGE, "unknown option `%s`",
	    word);
	if (n.best != NULL)
		(void)error_fix(err, "did you mean `--%s`? see posthaste "
		    "--help", n.best);
	else
		(void)error_fix(err, "see posthaste --help");
	mem_free(wish);
	return false;
}

/* "--name", "--name=value", "--name" "value". */
static bool
read_long(struct option_reader *r, int *i, struct error *err)
{
	const struct invocation *in = r->invocation;
	struct span rest = span_of(in->argv[*i] + 2), name;
	const struct option_row *option;
	const char *value = NULL;
	size_t index;

	(void)span_next(&rest, '=', &name);
	option = find_long(name, &index);
	if (option == NULL)
		return fail_unknown(in->argv[*i], name, err);
	if ((r->seen & 1U << index) != 0)
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "--%s is given twice", option->name);
	r->seen |= 1U << index;
	if (index == 0 && *i != 1)
		return option_refuse("--config", "only as the first word", err);
	if (option->arity == TAKES_OPTIONAL)
		value = rest.data != NULL ? rest.data : *i + 1 < in->argc &&
		    in->argv[*i + 1][0] != '-' ? in->argv[++*i] : NULL;
	if (option->arity == TAKES_NONE && rest.data != NULL)
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "--%s takes no value", option->name);
	if (option->arity == TAKES_VALUE) {
		if (rest.data == NULL && *i + 1 >= in->argc)
			return error_set(err, STAGE_USAGE, EX_USAGE,
			    "--%s needs a value", option->name);
		value = rest.data != NULL ? rest.data : in->argv[++*i];
	}
	return option->set(r, option, value, err);
}

static bool
is_long(const char *word)
{
	return strncmp(word, "--", 2) == 0 && ascii_is_alpha(word[2]);
}

/*
 * What is left are recipients. Without "--" a word that looks like an option
 * isn't taken for one or the other: it is a usage error.
 */
static bool
take_recipients(struct option_reader *r, int first, bool is_explicit,
    struct error *err)
{
	const struct invocation *in = r->invocation;
	int i;

	for (i = first; !is_explicit && i < in->argc; i++)
		if (in->argv[i][0] == '-') {
			(void)error_set(err, STAGE_USAGE, EX_USAGE,
			    "`%s` looks like an option among the "
			    "recipients", in->argv[i]);
			return error_fix(err, "options go before the "
			    "recipients; -- makes all that follows recipients");
		}
	r->options->recipients = in->argv + first;
	r->options->recipient_count = (size_t)(in->argc - first);
	return true;
}

/* Whether something was said that is for one message on stdin only. */
static bool
says_how_to_send(const struct options *o)
{
	return o->from_header || o->recipient_count > 0 || o->dry_run ||
	    o->print_id ||
	    o->dsn.notify != 0 || o->dsn.return_what != DSN_RETURN_UNSAID ||
	    o->dsn.envid != NULL || o->wants_requiretls || o->wants_smtputf8;
}

/* It speaks with the relay of one recipient. */
static bool
check_check(const struct options *o, struct error *err)
{
	struct options other = *o;

	other.recipient_count = 0;
	if (says_how_to_send(&other) || o->sender != NULL)
		return option_refuse("--check sends nothing",
		    "no -t, -f, -r, -N, -R, -V, --dry-run or --print-id goes "
		    "with it",
		    err);
	return o->recipient_count <= 1 || option_refuse("--check",
	    "it takes one recipient", err);
}

static bool
shows_files(enum mode mode)
{
	return mode == MODE_PRINT_CONFIG || mode == MODE_LIST_PROFILES ||
	    mode == MODE_IMPORT || mode == MODE_CONFIGURE;
}

/* Its file stands where recipients would. */
static bool
check_import(const struct options *o, struct error *err)
{
	struct options other = *o;

	other.recipient_count = 0;
	if (says_how_to_send(&other) || o->sender != NULL ||
	    o->config != NULL || o->profile != NULL)
		return option_refuse("--import", "it stands alone", err);
	return o->recipient_count <= 1 || option_refuse("--import",
	    "it takes one file", err);
}

/* What each word may be when seen alone was checked; now all together. */
static bool
check_combination(const struct option_reader *r, struct error *err)
{
	const struct options *o = r->options;

	if (o->mode == MODE_SMTP)
		return !says_how_to_send(o) || option_refuse("-bs takes no -t, "
		    "-N, -R, -V, --dry-run, --print-id or recipient",
		    "what they say is said in SMTP", err);
	if (r->wants_expiry && o->mode != MODE_CHECK)
		return option_refuse("--warn-expiry", "it goes with --check",
		    err);
	if (o->mode == MODE_CHECK)
		return check_check(o, err);
	if (shows_files(o->mode) && o->json)
		return option_refuse("--json", "what this mode prints has a "
		    "form of its own", err);
	if (o->mode == MODE_IMPORT)
		return check_import(o, err);
	if (o->mode == MODE_CONFIGURE && (o->config != NULL ||
	    o->profile != NULL))
		return option_refuse("--configure", "it stands alone", err);
	if (o->mode != MODE_SUBMIT)
		return (!says_how_to_send(o) && o->sender == NULL) ||
		    option_refuse("a mode that sends nothing stands alone",
		    "no -t, -f, -r, -N, -R, -V, --dry-run, --print-id or "
		    "recipient goes with it", err);
	if (o->recipient_count > 0 || o->from_header)
		return true;
	if (r->sender_was_next) {
		(void)error_set(err, STAGE_USAGE, EX_USAGE,
		    "no recipients: `%s` was taken as the value of -f",
		    o->sender);
		return error_fix(err, "write the null sender as -f '<>', as "
		    "an empty -f takes the next word");
	}
	(void)error_set(err, STAGE_USAGE, EX_USAGE, "no recipients");
	return error_fix(err, "name them behind the options, or use -t to "
	    "take them from the header");
}

static bool
read_words(struct option_reader *r, bool long_allowed, struct error *err)
{
	const struct invocation *in = r->invocation;
	bool short_seen = false;
	int i;

	for (i = 1; i < in->argc; i++) {
		const char *word = in->argv[i];

		if (strcmp(word, "--") == 0)
			return take_recipients(r, i + 1, true, err);
		if (word[0] != '-' || word[1] == '\0')
			return take_recipients(r, i, false, err);
		if (!is_long(word)) {
			short_seen = true;
			if (!read_cluster(r, &i, err))
				return false;
			continue;
		}
		if (!long_allowed)
			return error_set(err, STAGE_USAGE, EX_USAGE,
			    "`%s` is not an option of sendmail", word);
		if (short_seen)
			return error_set(err, STAGE_USAGE, EX_USAGE,
			    "`%s` comes after a short option: long options "
			    "go first", word);
		if (!read_long(r, &i, err))
			return false;
	}
	return true;
}

bool
options_parse(struct options *o, const struct invocation *invocation,
    struct error *err)
{
	const char *name = base_name(invocation->argc > 0 ?
	    invocation->argv[0] : NULL);
	const struct option_personality *p = option_personalities;
	struct option_reader r = { .invocation = invocation };
	bool long_allowed = !invocation->is_restricted &&
	    strcmp(name, own_name) == 0;

	memset(o, 0, sizeof(*o));
	r.options = o;
	o->warn_expiry = OPTION_WARN_EXPIRY;
	while (p->name != NULL && strcmp(p->name, name) != 0)
		p++;
	o->mode = p->mode;
	if (p->refusal != NULL)
		return option_refuse(p->name, p->refusal, err);
	/* Under sendmail's names these count as such only alone. */
	if (!invocation->is_restricted && invocation->argc == 2 &&
	    (strcmp(invocation->argv[1], "--help") == 0 ||
	    strcmp(invocation->argv[1], "--version") == 0))
		long_allowed = true;
	return read_words(&r, long_allowed, err) && check_combination(&r, err);
}
