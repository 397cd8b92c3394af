#include "app/sender.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "mail/address.h"

/* In the form in which it is compared; a domain that has none stays. */
static char *
comparable(struct address *address)
{
	struct error ignored = { 0 };

	if (!address_check(address, "", &ignored))
		error_clear(&ignored);
	return address_to_string(address, NULL);
}

char *
sender_of_header(const struct message *m)
{
	struct address_list list = { NULL, 0, 0 };
	struct error ignored = { 0 };
	struct field from;
	char *found = NULL;
	size_t i;

	if (field_find(m, "From", &from, NULL) &&
	    envelope_read_field(&list, from.value, "From", &ignored))
		for (i = 0; i < list.count && found == NULL; i++)
			if (list.items[i].domain != NULL)
				found = comparable(&list.items[i]);
	address_list_free(&list);
	return found;
}

bool
sender_parse(const char *wish, char **sender, struct error *err)
{
	struct address address = { NULL, NULL, NULL };
	bool ok = address_parse_one(&address, span_of(wish), "-f", err);

	if (ok)
		*sender = comparable(&address);
	address_free(&address);
	return ok;
}

bool
sender_is_obeyed(const struct profile *p)
{
	return p->allow_f && p->from_policy != PROFILE_FROM_FORCE;
}

char *
sender_of_login(const char *login, const char *domain)
{
	struct address address = { NULL, NULL, NULL };
	char *string;

	address.local = address_quote_local(span_of(login));
	string = address_to_string(&address, domain);
	address_free(&address);
	return string;
}

static char *
login_at(const char *domain)
{
	char *login, *address;

	if (domain == NULL)
		return NULL;
	login = os_login();
	address = sender_of_login(login, domain);
	mem_free(login);
	return address;
}

bool
sender_set(struct envelope *e, const char *wish, const struct profile *p,
    const char *domain, const char *header_from, struct error *err)
{
	struct address address = { NULL, NULL, NULL };
	const char *origin = "the sender";
	char *login = NULL;
	bool ok = false;

	if (wish != NULL) {
		origin = "-f";
	} else if (p->from_is_header && header_from != NULL) {
		wish = header_from;
		origin = "the From header";
	} else if (p->from != NULL) {
		wish = p->from;
		origin = "from";
	} else {
		login = login_at(domain);
		wish = login != NULL ? login : header_from;
	}
	if (wish == NULL) {
		(void)error_set(err, STAGE_ADDRESS, EX_CONFIG,
		    "there is no sender: no -f, no `from`, no `domain`, and "
		    "no From header");
		(void)error_fix(err, "set from = you@your.domain in %s, "
		    "section [%s]", p->file, p->name);
		goto out;
	}
	ok = address_parse_one(&address, span_of(wish), origin, err) &&
	    (address_is_null(&address) || address_check(&address, origin,
	    err));
	if (ok && address_is_bare(&address, p->local_domains)) {
		mem_free(address.domain);
		address.domain = NULL;
	}
	ok = ok && envelope_set_sender(e, &address, domain, err);
	/* What the profile says is the profile's fault. */
	if (!ok && wish == p->from) {
		err->stage = STAGE_CONFIG;
		err->exit_code = EX_CONFIG;
		(void)error_fix(err, "mend `from` in %s, section [%s]",
		    p->file, p->name);
		(void)profile_locate(p, err);
	}
out:
	address_free(&address);
	mem_free(login);
	return ok;
}

char *
sender_for_header(const struct envelope *e, const char *wish,
    const struct profile *p, const char *domain)
{
	struct envelope own = { 0 };
	struct error ignored = { 0 };
	char *address = NULL;

	if (e->reverse_path[0] != '\0')
		return mem_string(e->reverse_path);
	/* What would be the sender if -f hadn't said that there is none. */
	if (sender_set(&own, wish, p, domain, NULL, &ignored) &&
	    own.reverse_path[0] != '\0')
		address = mem_string(own.reverse_path);
	envelope_free(&own);
	return address;
}
