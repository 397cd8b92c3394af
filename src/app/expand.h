/*
 * Names become addresses: those without a domain, and those at a domain that
 * means this machine, are looked up in the profile's aliases file.
 */
#ifndef POSTHASTE_APP_EXPAND_H
#define POSTHASTE_APP_EXPAND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "conf/aliases.h"
#include "conf/profile.h"
#include "mail/address.h"

#define EXPAND_DEPTH_MAX 10	/* aliases of aliases, as in Sendmail */

/* Gets an address which the one of the list with the number `from` stands
 * for. */
typedef bool expand_taker(void *context, const struct address *address,
    size_t from, struct error *err);

/*
 * Gives to `take` what the addresses of `list`, each checked by
 * address_check(), stand for, in their order: an alias is replaced by its
 * targets in their place; a name that has none stays, bare. The file is read
 * when the first name has to be looked up, and not at all without the key
 * `aliases`.
 *
 * Trouble with the file, an alias that leads to itself by way of others or is
 * nested too deeply, one with a target that mail can't be sent to, and a target
 * that isn't an address are EX_CONFIG at STAGE_CONFIG, "file:line: ".
 *
 * `notes` gets a line "name: file:line" for each alias that was used.
 */
bool expand_list(const struct profile *p, const struct address_list *list,
    expand_taker *take, void *context, struct buf *notes,
    struct error *err) MUST_CHECK;

/* Opens and parses the file; `where` says who named it. */
bool expand_load(const char *path, const char *where,
    struct alias_table **table, struct error *err) MUST_CHECK;

/* Expands each alias, and fails as a mail to it would, but for targets that
 * mail can't be sent to. */
bool expand_check(struct alias_table *table, struct error *err) MUST_CHECK;

#endif
