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

char *
address_to_string(const struct address *address, const char *domain)
{
	struct buf b;

	if (address_is_null(address))
		return mem_string("");
	if (address->domain != NULL)
		domain = address->domain;
	buf_init(&b, BUF_UNLIMITED);
	text_put(&b, span_of(address->local));
	if (domain != NULL) {
		text_put_char(&b, '@');
		text_put(&b, span_of(domain));
	}
	return b.data;
}
