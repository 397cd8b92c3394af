#include "app/author.h"

#include "base/mem.h"
#include "mail/address.h"
#include "mail/envelope.h"

/* The From field as it is read. */
struct author {
	struct field field;
	struct address_list list;	/* empty where it can't be read */
	size_t count;			/* of From fields */
};

static void
read_author(struct author *a, const struct message *m)
{
	struct error ignored = { 0 };

	if (field_find(m, "From", &a->field, &a->count) &&
	    !envelope_read_field(&a->list, a->field.value, "From", &ignored))
		address_list_free(&a->list);
}

static bool
has_complete_address(const struct author *a, const struct profile *p,
    const struct compose *c)
{
	size_t i;

	for (i = 0; i < a->list.count; i++)
		if (c->qualify != NULL ||
		    !address_is_bare(&a->list.items[i], p->local_domains))
			return true;
	return false;
}

static bool
is_forced_already(const struct author *a, const char *from)
{
	char *only;
	bool ok;

	if (a->count != 1 || a->list.count != 1)
		return false;
	only = address_to_string(&a->list.items[0], NULL);
	ok = address_equals(only, from);
	mem_free(only);
	return ok;
}

void
author_apply(const struct message *m, const struct profile *p,
    struct compose *c, char **name)
{
	struct author a = { .count = 0 };
	struct field reply_to;
	bool is_usable;

	*name = NULL;
	if (c->from == NULL || p->from_policy == PROFILE_FROM_KEEP)
		return;
	read_author(&a, m);
	is_usable = has_complete_address(&a, p, c);
	if (p->from_policy == PROFILE_FROM_MISSING) {
		c->replaces_from = a.count > 0 && !is_usable;
		if (c->replaces_from && a.list.count > 0)
			*name = mem_string(a.list.items[0].name);
		if (*name != NULL)
			c->from_name = *name;
	} else if (a.count > 0 && !is_forced_already(&a, c->from)) {
		c->replaces_from = true;
		if (is_usable && !field_find(m, "Reply-To", &reply_to, NULL))
			c->reply_to = a.field.value;
	}
	address_list_free(&a.list);
}
