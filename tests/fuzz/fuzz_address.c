/*
 * Address lists: the input is one. Each address that was read stays itself when
 * it is read again, in every form it is written in, and can't break out of the
 * "<" and ">" of a command.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/address.h"
#include "mail/compose.h"
#include "mail/envelope.h"
#include "mail/qualify.h"
#include "mail/text.h"

#define COUNT_MAX 50

/* Offset behind the quoted string that `s` begins with; 0 without its end. */
static size_t
quoted_length(struct span s)
{
	size_t i;

	for (i = 1; i < s.len; i++) {
		if (s.data[i] == '"')
			return i + 1;
		if (s.data[i] == '\\')
			i++;
	}
	return 0;
}

static void
check_octets(struct span s)
{
	for (; s.len > 0; s = span_skip(s, text_char_length(s))) {
		FUZZ_CHECK(text_char_length(s) > 0);
		FUZZ_CHECK(!text_begins_with_control(s));
	}
}

/* Old programs don't write UTF-8. */
static void
check_name(struct span s)
{
	for (; s.len > 0; s = span_skip(s, 1))
		FUZZ_CHECK(!text_begins_with_control(s));
}

/* What the relay makes of "RCPT TO:<...>": the path ends where ours does. */
static void
check_path(const char *string)
{
	struct span rest = span_of(string);
	size_t quoted, i;

	if (rest.len > 0 && rest.data[0] == '"') {
		quoted = quoted_length(rest);
		FUZZ_CHECK(quoted > 0);
		rest = span_skip(rest, quoted);
		FUZZ_CHECK(rest.len == 0 || rest.data[0] == '@');
	}
	for (i = 0; i < rest.len; i++)
		FUZZ_CHECK(strchr("<>(),;\\\" ", rest.data[i]) == NULL);
}

static bool
is_same(const struct address *a, const struct address *b)
{
	return strcmp(a->local, b->local) == 0 &&
	    span_equals(span_of(a->domain), span_of(b->domain)) &&
	    (a->domain == NULL) == (b->domain == NULL);
}

/* `text` is a list that has to give `a` alone. */
static void
check_reads_as(struct span text, const struct address *a)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };

	FUZZ_CHECK(address_parse_list(&list, text, "again", 2, &err));
	FUZZ_CHECK(list.count == 1);
	FUZZ_CHECK(is_same(&list.items[0], a));
	address_list_free(&list);
}

static void
check_again(const struct address *a, const char *string)
{
	struct address one;
	struct error err = { 0 };

	FUZZ_CHECK(address_parse_one(&one, span_of(string), "again", &err));
	FUZZ_CHECK(is_same(&one, a));
	address_free(&one);
	check_reads_as(span_of(string), a);
}

/* In a From field with its display name. */
static void
check_mailbox(const struct address *a, const char *string)
{
	struct error err = { 0 };
	struct buf mailbox;

	buf_init(&mailbox, BUF_UNLIMITED);
	FUZZ_CHECK(compose_mailbox(&mailbox, a->name, string, &err));
	check_reads_as(buf_span(&mailbox), a);
	buf_free(&mailbox);
}

/* What address_check() lets pass is fit for the wire, and still itself. */
static void
check_checked(struct address *a)
{
	struct error err = { 0 };
	char *string;

	if (!address_check(a, "test", &err)) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.exit_code == EX_DATAERR);
		return;
	}
	string = address_to_string(a, NULL);
	FUZZ_CHECK(text_is_ascii(span_of(a->domain)));
	FUZZ_CHECK(strlen(a->local) <= ADDRESS_LOCAL_MAX);
	FUZZ_CHECK(a->domain == NULL ||
	    strspn(a->domain, "[]:.-_0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(a->domain));
	check_path(string);
	check_again(a, string);
	mem_free(string);
}

static void
check_address(struct address *a)
{
	char *string = address_to_string(a, NULL);

	FUZZ_CHECK(!address_is_null(a));
	FUZZ_CHECK(address_equals(string, string));
	if (a->name != NULL)
		check_name(span_of(a->name));
	check_octets(span_of(string));
	check_again(a, string);
	check_mailbox(a, string);
	check_checked(a);
	mem_free(string);
}

/* The envelope holds each of them once. */
static void
check_envelope(const struct address_list *list)
{
	struct envelope e = { 0 };
	struct error err = { 0 };
	size_t i, k;

	if (envelope_add(&e, list, "example.org", &err)) {
		FUZZ_CHECK(e.count <= list->count);
		for (i = 0; i < e.count; i++)
			for (k = 0; k < i; k++)
				FUZZ_CHECK(!address_equals(
				    e.recipients[i].address,
				    e.recipients[k].address));
	} else {
		FUZZ_CHECK(e.count == 0);
		fuzz_check_error(&err);
	}
	envelope_free(&e);
}

/* As -f has it. */
static void
check_sender(struct span text)
{
	struct address one;
	struct error err = { 0 };
	char *string;

	if (address_parse_one(&one, text, "-f", &err)) {
		string = address_to_string(&one, NULL);
		check_octets(span_of(string));
		FUZZ_CHECK(address_is_null(&one) == (string[0] == '\0'));
		mem_free(string);
	} else {
		fuzz_check_error(&err);
	}
	address_free(&one);
}

/* Completed, the list holds the same addresses, none of them bare. */
static void
check_qualified(struct span text)
{
	static const struct qualify q = { "example.org", "localhost" };
	struct address_list before = { NULL, 0, 0 }, after = { NULL, 0, 0 };
	struct error err = { 0 };
	struct buf once, twice;
	size_t i;

	buf_init(&once, BUF_UNLIMITED);
	buf_init(&twice, BUF_UNLIMITED);
	qualify_list(&q, text, &once);
	qualify_list(&q, buf_span(&once), &twice);
	FUZZ_CHECK(span_equals(buf_span(&once), buf_span(&twice)));
	if (address_parse_list(&before, text, "test", COUNT_MAX, &err))
		FUZZ_CHECK(address_parse_list(&after, buf_span(&once), "test",
		    COUNT_MAX, &err));
	FUZZ_CHECK(before.count == after.count);
	for (i = 0; i < after.count; i++) {
		FUZZ_CHECK(strcmp(before.items[i].local,
		    after.items[i].local) == 0);
		FUZZ_CHECK(after.items[i].domain != NULL);
		FUZZ_CHECK(address_is_bare(&before.items[i], "localhost") ||
		    strcmp(before.items[i].domain,
		    after.items[i].domain) == 0);
	}
	address_list_free(&before);
	address_list_free(&after);
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	size_t i;

	FUZZ_CHECK(address_parse_list(&list, span_of("first"), "test",
	    COUNT_MAX, &err));
	if (address_parse_list(&list, fuzz_span(data, size), "test",
	    COUNT_MAX, &err)) {
		FUZZ_CHECK(!error_is_set(&err));
		check_envelope(&list);
		for (i = 0; i < list.count; i++)
			check_address(&list.items[i]);
	} else {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.exit_code == EX_DATAERR);
		FUZZ_CHECK(err.stage == STAGE_ADDRESS);
		FUZZ_CHECK(list.count == 1);
	}
	address_list_free(&list);
	check_sender(fuzz_span(data, size));
	check_qualified(fuzz_span(data, size));
	return 0;
}
