#include "mail/envelope.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "mail/text.h"

/*
 * FNV-1a with its bits spread. A local part has case and a domain none, as
 * address_equals() has it; here neither has.
 */
static uint32_t
hash(const char *address)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *address != '\0'; address++) {
		h ^= (unsigned char)ascii_lower(*address);
		h *= UINT64_C(0x100000001b3);
	}
	h ^= h >> 32;
	h *= UINT64_C(0xff51afd7ed558ccd);
	return (uint32_t)(h >> 32);
}

static bool
is_at(const struct envelope *e, size_t number, uint32_t h,
    const char *address)
{
	return e->recipients[number].hash == h &&
	    address_equals(address, e->recipients[number].address);
}

/* The slot that names `address` of hash `h`, or the free one for it. */
static uint32_t *
find_slot(const struct envelope *e, uint32_t h, const char *address)
{
	size_t i = h & (e->slot_count - 1);

	while (e->slots[i] != 0 && !is_at(e, e->slots[i] - 1, h, address))
		i = (i + 1) & (e->slot_count - 1);
	return &e->slots[i];
}

static void
forget_slots(struct envelope *e)
{
	mem_free(e->slots);
	e->slots = NULL;
	e->slot_count = 0;
}

/* Keeps at least half of the slots free. */
static void
make_slots(struct envelope *e)
{
	size_t count = e->slot_count == 0 ? 16 : e->slot_count, i;

	if (e->slots != NULL && e->count < e->slot_count / 2)
		return;
	while (count / 2 <= e->count)
		count *= 2;
	forget_slots(e);
	e->slots = mem_array(count, sizeof(*e->slots));
	e->slot_count = count;
	for (i = 0; i < e->count; i++)
		*find_slot(e, e->recipients[i].hash,
		    e->recipients[i].address) = (uint32_t)i + 1;
}

/* `address` is the pool's. */
static bool
add_string(struct envelope *e, char *address, struct error *err)
{
	uint32_t h = hash(address), *slot;

	make_slots(e);
	slot = find_slot(e, h, address);
	if (*slot != 0)
		return true;
	if (e->count == ENVELOPE_RECIPIENTS_MAX)
		return error_set(err, STAGE_ADDRESS, EX_DATAERR,
		    "more than %d recipients", ENVELOPE_RECIPIENTS_MAX);
	e->recipients = mem_grow(e->recipients, e->count, &e->room,
	    sizeof(*e->recipients));
	e->recipients[e->count].address = address;
	e->recipients[e->count].hash = h;
	*slot = (uint32_t)++e->count;
	return true;
}

/* Completes and checks `address`; the string is the pool's. */
static bool
finish_address(struct envelope *e, struct address *address,
    const char *domain, const char *origin, char **string, struct error *err)
{
	if (address->domain == NULL && domain == NULL) {
		(void)error_set(err, STAGE_ADDRESS, EX_CONFIG,
		    "%s: the name '%s' has no domain", origin, address->local);
		(void)error_fix(err, "set the key `domain` in the profile, "
		    "give the name an entry in its `aliases`, or write the "
		    "address in full");
		return false;
	}
	if (address->domain == NULL)
		address->domain = mem_string(domain);
	if (!address_check(address, origin, err))
		return false;
	*string = address_to_pool(address, &e->strings);
	return true;
}

static bool
add_address(struct envelope *e, const struct address *address,
    const char *domain, struct error *err)
{
	struct address whole = *address;
	bool is_final = address->domain != NULL &&
	    text_is_ascii(span_of(address->domain)), ok;
	char *string = NULL;

	if (address_is_null(address))
		return error_set(err, STAGE_ADDRESS, EX_DATAERR,
		    "recipient: an empty address");
	whole.name = NULL;
	if (!is_final) {
		whole.local = mem_string(address->local);
		whole.domain = mem_string(address->domain);
	}
	ok = finish_address(e, &whole, domain, "recipient", &string,
	    err) &&
	    add_string(e, string, err);
	if (!is_final)
		address_free(&whole);
	return ok;
}

/* The slots are made anew when they are needed. */
static void
forget_from(struct envelope *e, size_t count)
{
	e->count = count;
	forget_slots(e);
}

bool
envelope_add(struct envelope *e, const struct address_list *list,
    const char *domain, struct error *err)
{
	size_t before = e->count, i;

	for (i = 0; i < list->count; i++) {
		if (add_address(e, &list->items[i], domain, err))
			continue;
		forget_from(e, before);
		return false;
	}
	return true;
}

static const char *const plain_names[] = { "To", "Cc", "Bcc" };
static const char *const resent_names[] = {
	"Resent-To", "Resent-Cc", "Resent-Bcc",
};

#define NAMES (sizeof(plain_names) / sizeof(plain_names[0]))

/* The table's spelling of a field's name, or NULL. */
static const char *
known_name(struct span name, const char *const *names)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (span_equals_nocase(name, span_of(names[i])))
			return names[i];
	return NULL;
}

bool
envelope_is_resent(const struct message *m)
{
	struct span rest = m->header;
	struct field field;

	while (field_next(&rest, &field))
		if (known_name(field.name, resent_names) != NULL)
			return true;
	return false;
}

/* A CR that isn't lone belongs to the line end behind it. */
static void
blank_lone_crs(struct span value, struct buf *out)
{
	bool ends_line = false;
	size_t i;

	text_put(out, value);
	for (i = out->len; i-- > 0;) {
		if (out->data[i] != '\r')
			ends_line = out->data[i] == '\n';
		else if (!ends_line)
			out->data[i] = ' ';
	}
}

bool
envelope_read_field(struct address_list *list, struct span value,
    const char *name, struct error *err)
{
	struct buf text;
	bool ok;

	if (span_find(value, '\r') == value.len)
		return address_parse_list(list, value, name,
		    ENVELOPE_RECIPIENTS_MAX, err);
	buf_init(&text, BUF_UNLIMITED);
	blank_lone_crs(value, &text);
	ok = address_parse_list(list, buf_span(&text), name,
	    ENVELOPE_RECIPIENTS_MAX, err);
	buf_free(&text);
	return ok;
}

bool
envelope_collect(struct address_list *list, const struct message *m,
    struct error *err)
{
	const char *const *names = envelope_is_resent(m) ? resent_names :
	    plain_names;
	struct span rest = m->header;
	struct field field;
	const char *name;

	while (field_next(&rest, &field)) {
		name = known_name(field.name, names);
		if (name != NULL &&
		    !envelope_read_field(list, field.value, name, err))
			return false;
	}
	return true;
}

bool
envelope_set_sender(struct envelope *e, struct address *sender,
    const char *domain, struct error *err)
{
	char *string = NULL;

	if (address_is_null(sender))
		string = pool_string(&e->strings, "");
	else if (!finish_address(e, sender, domain, "sender", &string, err))
		return false;
	e->reverse_path = string;
	return true;
}

const char *
envelope_beyond_ascii(const struct envelope *e)
{
	size_t i;

	if (!text_is_ascii(span_of(e->reverse_path)))
		return e->reverse_path;
	for (i = 0; i < e->count; i++)
		if (!text_is_ascii(span_of(e->recipients[i].address)))
			return e->recipients[i].address;
	return NULL;
}

void
envelope_refuse(struct envelope *e, size_t i, int reply_code,
    const char *reply)
{
	struct recipient *recipient = &e->recipients[i];

	recipient->reply = pool_string(&e->strings, reply);
	recipient->reply_code = reply_code;
}

size_t
envelope_refused(const struct envelope *e)
{
	size_t i, n = 0;

	for (i = 0; i < e->count; i++)
		if (e->recipients[i].reply != NULL)
			n++;
	return n;
}

void
envelope_free(struct envelope *e)
{
	forget_from(e, 0);
	mem_free(e->recipients);
	pool_free(&e->strings);
	memset(e, 0, sizeof(*e));
}
