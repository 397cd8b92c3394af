#include "app/option_setters.h"

#include <string.h>

#include "app/import.h"
#include "base/span.h"

#define DAYS_DIGITS_MAX 5

bool
option_refuse(const char *what, const char *why, struct error *err)
{
	return error_set(err, STAGE_USAGE, EX_USAGE, "%s: %s", what, why);
}

const struct option_row *
option_find(const struct option_row *rows, char letter)
{
	for (; rows->set != NULL; rows++)
		if (rows->name[0] == letter)
			return rows;
	return NULL;
}

bool
option_ignore(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)r;
	(void)row;
	(void)value;
	(void)err;
	return true;
}

bool
option_refuse_row(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)r;
	(void)value;
	return option_refuse("refused", row->text, err);
}

/* A mode that reads no message isn't made to wait for one either. */
bool
option_refuse_mode(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	r->options->mode = MODE_NOTHING;
	return option_refuse_row(r, row, value, err);
}

bool
option_refuse_setting(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)r;
	(void)value;
	return error_set(err, STAGE_USAGE, EX_USAGE, "refused: -O %s, which "
	    "would name a file, a directory or an identity", row->name);
}

bool
option_check_word(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	struct span rest = span_of(row->text), word;

	(void)r;
	while (span_next(&rest, ' ', &word))
		if (span_equals(word, span_of(value)))
			return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "-%s takes one of %s, not `%s`", row->name, row->text, value);
}

bool
option_check_number(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)r;
	if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0')
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "%s is a number, not `%s`", row->text, value);
}

/* What names or shows a file isn't for whoever feeds a CGI program words. */
static bool
refuse_cgi(const struct option_reader *r, const struct option_row *row,
    struct error *err)
{
	return !r->invocation->is_cgi || option_refuse(row->text,
	    "not from a CGI program (GATEWAY_INTERFACE is set)", err);
}

static void *
field_of(const struct option_reader *r, const struct option_row *row)
{
	return (char *)r->options + row->at;
}

bool
option_set_flag(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	bool *flag = field_of(r, row);

	(void)value;
	(void)err;
	*flag = true;
	return true;
}

bool
option_set_text(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	const char **text = field_of(r, row);

	(void)err;
	*text = value;
	return true;
}

bool
option_set_private(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	return refuse_cgi(r, row, err) && option_set_text(r, row, value, err);
}

/* What the relay must be able to do, so nothing but a clear yes or no. */
bool
option_set_demand(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	return option_value_yes_no(value, field_of(r, row)) ||
	    error_set(err, STAGE_USAGE, EX_USAGE,
	    "-O %s= takes yes or no, not `%s`", row->name, value);
}

bool
option_set_body(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	if (!option_check_word(r, row, value, err))
		return false;
	r->options->body = strcmp(value, "7BIT") == 0 ? BODY_7BIT :
	    BODY_8BITMIME;
	return true;
}

/* b, i, f, d: delivery is always at once, and always waited for. */
bool
option_set_delivery_mode(struct option_reader *r,
    const struct option_row *row, const char *value, struct error *err)
{
	(void)r;
	(void)row;
	if (value != NULL && value[0] == 'q')
		return option_refuse("-odq", "the profile's spool_always "
		    "leaves messages in the spool", err);
	return true;
}

bool
option_set_envid(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	if (!option_value_is_envid(value))
		return error_set(err, STAGE_USAGE, EX_USAGE, "-V takes xtext "
		    "of at most 100 characters (RFC 3461), not `%s`", value);
	r->options->dsn.envid = value;
	return true;
}

/* -oi, -oitrue, -OIgnoreDots=yes: what Sendmail takes for true. */
bool
option_set_ignore_dots(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	(void)err;
	r->options->ignore_dots = value == NULL || value[0] == '\0' ||
	    strchr("tTyY1", value[0]) != NULL;
	return true;
}

bool
option_set_log_tag(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	if (!option_value_is_tag(value))
		return error_set(err, STAGE_USAGE, EX_USAGE, "-L takes at "
		    "most 32 visible characters, none of []:, not `%s`",
		    value);
	r->options->log_tag = value;
	return true;
}

bool
option_set_notify(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	if (option_value_notify(value, &r->options->dsn.notify))
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE, "-N takes never, or some "
	    "of success,failure,delay, not `%s`", value);
}

bool
option_set_return(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	if (option_value_return(value, &r->options->dsn.return_what))
		return true;
	return error_set(err, STAGE_USAGE, EX_USAGE,
	    "-R takes one of hdrs full, not `%s`", value);
}

bool
option_set_sender(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	(void)err;
	r->options->sender = value;
	r->sender_was_next = r->is_value_next;
	return true;
}

bool
option_set_verbose(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	(void)value;
	(void)err;
	r->options->verbosity++;
	return true;
}

bool
option_set_warn_expiry(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	size_t i;

	if (!option_check_number(r, row, value, err))
		return false;
	r->wants_expiry = true;
	r->options->warn_expiry = 0;
	for (i = 0; i < DAYS_DIGITS_MAX && value[i] != '\0'; i++)
		r->options->warn_expiry = r->options->warn_expiry * 10 +
		    value[i] - '0';
	return value[i] == '\0' || option_refuse(row->text, "too many days",
	    err);
}

/* `name` is the option's, for messages; the value is a row's letter or name. */
static bool
choose_letter(struct option_reader *r, const struct option_row *rows,
    const char *name, const char *value, struct error *err)
{
	const struct option_row *row = option_find(rows, value[0]);

	if (row == NULL || (value[1] != '\0' &&
	    strcmp(value, row->name) != 0))
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "%s%s is not an option of sendmail", name, value);
	return row->set(r, row, row->arity == TAKES_NONE ? NULL : value + 1,
	    err);
}

bool
option_set_mode(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	return choose_letter(r, option_modes, row->text, value, err);
}

bool
option_set_error_mode(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	(void)row;
	return choose_letter(r, option_error_modes, "-oe", value, err);
}

bool
option_set_short_setting(struct option_reader *r,
    const struct option_row *row, const char *value, struct error *err)
{
	const struct option_setting *s;

	if (value[0] == '\0')
		return option_refuse(row->text, "it needs a letter", err);
	/* The value would be the next word, or it wouldn't: no guessing. */
	if ((value[0] == 'A' && value[1] == '\0') ||
	    (value[0] == 'M' && value[1] != '\0' && value[2] == '\0'))
		return error_set(err, STAGE_USAGE, EX_USAGE,
		    "-o%s: its value must be attached", value);
	for (s = option_settings; s->row.set != NULL; s++)
		if (s->letter == value[0])
			return s->row.set(r, &s->row, value + 1, err);
	return true;
}

bool
option_set_long_setting(struct option_reader *r,
    const struct option_row *row, const char *value, struct error *err)
{
	struct span rest = span_of(value), name;
	const struct option_setting *s;
	const char *set_to;

	if (!span_next(&rest, '=', &name) || name.len == 0)
		return option_refuse(row->text, "it needs Name=value", err);
	set_to = rest.data == NULL ? "" : rest.data;
	for (s = option_settings; s->row.set != NULL; s++)
		if (span_equals_nocase(name, span_of(s->row.name)))
			return s->row.set(r, &s->row, set_to, err);
	return true;
}

bool
option_choose(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	enum mode mode = (enum mode)row->at;

	(void)value;
	if (r->mode_letters++ > 0 && r->options->mode != mode)
		return option_refuse("two modes at once",
		    "each stands alone", err);
	r->options->mode = mode;
	return true;
}

bool
option_choose_private(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	return option_choose(r, row, value, err) && refuse_cgi(r, row, err);
}

bool
option_choose_configure(struct option_reader *r,
    const struct option_row *row, const char *value, struct error *err)
{
	r->options->configure_address = value;
	return option_choose_private(r, row, value, err);
}

bool
option_choose_flush(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	r->options->flush_id = value;
	return option_choose(r, row, value, err);
}

bool
option_choose_import(struct option_reader *r, const struct option_row *row,
    const char *value, struct error *err)
{
	const char *kinds;

	if (!option_choose_private(r, row, value, err))
		return false;
	r->options->import_kind = value;
	return import_knows(value, &kinds) || error_set(err, STAGE_USAGE,
	    EX_USAGE, "%s takes one of %s, not `%s`", row->text, kinds, value);
}
