#include "base/record.h"

#include <inttypes.h>
#include <string.h>

void
record_init(struct record *r, bool is_json)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->line, BUF_UNLIMITED);
	r->is_json = is_json;
}

bool
record_json(struct record *r, const char *key, struct span json)
{
	return buf_printf(&r->line, ",\"%s\":", key) &&
	    buf_add_span(&r->line, json);
}

bool
record_text(struct record *r, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return true;
	return r->is_json ? record_json(r, key, span_of("")) &&
	    buf_add_json(&r->line, span_of(text)) :
	    buf_add_pair(&r->line, key, text);
}

bool
record_bytes(struct record *r, const char *key, struct span bytes)
{
	if (bytes.len == 0)
		return true;
	return r->is_json ? record_json(r, key, span_of("")) &&
	    buf_add_json(&r->line, bytes) :
	    buf_add_pair_escaped(&r->line, key, bytes);
}

bool
record_number(struct record *r, const char *key, int64_t number)
{
	return buf_printf(&r->line, r->is_json ? ",\"%s\":%" PRId64 :
	    " %s=%" PRId64, key, number);
}

bool
record_claim(struct record *r, const char *key, bool claim)
{
	if (!claim)
		return true;
	return r->is_json ? record_json(r, key, span_of("true")) :
	    buf_add_pair(&r->line, key, "yes");
}

void
record_free(struct record *r)
{
	buf_free(&r->line);
}
