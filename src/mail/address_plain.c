#include "mail/address_plain.h"

#include <string.h>

#include "base/mem.h"
#include "mail/text.h"

static bool
is_label(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

/* Octets of the dotted parts that `s` begins with; 0 where a part is empty. */
static size_t
dotted_length(struct span s, bool (*is_part)(char))
{
	size_t begin = 0, n;

	for (n = 0; n < s.len && (is_part(s.data[n]) || s.data[n] == '.');
	    n++) {
		if (s.data[n] != '.')
			continue;
		if (n == begin)
			return 0;
		begin = n + 1;
	}
	return n == begin ? 0 : n;
}

bool
address_parse_plain(struct address *address, struct span text)
{
	size_t n = dotted_length(text, text_is_atext);
	struct span domain = span_skip(text, n + 1);

	if (n == 0 || n == text.len || text.data[n] != '@' ||
	    dotted_length(domain, is_label) != domain.len || domain.len == 0)
		return false;
	memset(address, 0, sizeof(*address));
	address->local = mem_span(span_make(text.data, n));
	address->domain = mem_span(domain);
	return true;
}
