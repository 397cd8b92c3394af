#include <string.h>

#include "base/mem.h"
#include "mail/address.h"
#include "mail/text.h"

void
address_free(struct address *address)
{
	mem_free(address->local);
	mem_free(address->domain);
	mem_free(address->name);
	memset(address, 0, sizeof(*address));
}

void
address_list_add(struct address_list *list, struct address *address)
{
	list->items = mem_grow(list->items, list->count, &list->room,
	    sizeof(*list->items));
	list->items[list->count++] = *address;
	memset(address, 0, sizeof(*address));
}

void
address_list_free(struct address_list *list)
{
	while (list->count > 0)
		address_free(&list->items[--list->count]);
	mem_free(list->items);
	memset(list, 0, sizeof(*list));
}

bool
address_is_null(const struct address *address)
{
	return address->domain == NULL &&
	    (address->local == NULL || address->local[0] == '\0');
}

bool
address_is_bare(const struct address *address, const char *local_domains)
{
	struct span rest = span_of(local_domains), each;

	if (address->domain == NULL)
		return true;
	while (span_next(&rest, ',', &each))
		if (span_equals_nocase(each, span_of(address->domain)))
			return true;
	return false;
}

char *
address_plain_local(const struct address *address)
{
	const char *from = address->local;
	struct buf b;
	char *plain;

	if (*from != '"')
		return mem_string(from);
	buf_init(&b, BUF_UNLIMITED);
	for (from++; *from != '"' && *from != '\0'; from++) {
		if (*from == '\\')
			from++;
		text_put_char(&b, *from);
	}
	plain = mem_string(buf_string(&b));
	buf_free(&b);
	return plain;
}

/* Both parts with the "@" between them; a NULL domain leaves it out. */
static char *
join(char *out, struct span local, struct span domain)
{
	char *end = out;

	if (local.len > 0)
		end = mempcpy(end, local.data, local.len);
	if (domain.data != NULL) {
		*end++ = '@';
		end = mempcpy(end, domain.data, domain.len);
	}
	*end = '\0';
	return out;
}

char *
address_to_string(const struct address *address, const char *domain)
{
	struct span local = span_of(address->local), end;

	if (address_is_null(address))
		return mem_string("");
	end = span_of(address->domain != NULL ? address->domain : domain);
	return join(mem_room(local.len + sizeof("@") + end.len), local, end);
}

char *
address_to_pool(const struct address *address, struct pool *pool)
{
	struct span local = span_of(address->local);
	struct span domain = span_of(address->domain);

	return join(pool_take(pool, local.len + sizeof("@") + domain.len),
	    local, domain);
}
