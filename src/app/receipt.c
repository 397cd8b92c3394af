#include "app/receipt.h"

#include <stdio.h>
#include <string.h>

#include "base/span.h"

#define ID_MIN 6	/* of one that no mark stands before */

/* What stands before the id; the last one counts, as a filter's reply may be
 * quoted in its client's. */
static const char *const marks[] = { "[InternalId=", "queued as ",
	"queued on ", " id=", " qp ", "Message Queued (" };

/* What stands behind it. */
static const char *const tails[] = { " Message accepted for delivery",
	" - gsmtp" };

/* What stands before a Message-ID. */
static const char *const message_marks[] = { " OK <", " 2.6.0 <",
	"queued as <" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What follows the last `mark` in `s`; no data where there is none. `*before`
 * (or NULL) gets what it follows. */
static struct span
behind_last(struct span s, const char *mark, struct span *before)
{
	struct span rest, found = { NULL, 0 };
	size_t i;

	for (i = 0; i < s.len; i++) {
		rest = span_skip(s, i);
		if (!span_starts_with_nocase(rest, span_of(mark)))
			continue;
		found = span_skip(rest, strlen(mark));
		if (before != NULL)
			*before = span_make(s.data, i);
	}
	return found;
}

static bool
is_of_id(char c)
{
	return ascii_is_alnum(c) || strchr("-_.+=@<>:#$~*", c) != NULL;
}

/* The word at the begin of `s`, without a sentence's end. */
static struct span
first_word(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] != '\0' && is_of_id(s.data[n]))
		n++;
	while (n > 0 && strchr(".:", s.data[n - 1]) != NULL)
		n--;
	return span_make(s.data, n);
}

static struct span
last_word(struct span s)
{
	size_t n = s.len;

	while (n > 0 && s.data[n - 1] != '\0' && is_of_id(s.data[n - 1]))
		n--;
	return span_skip(s, n);
}

static void
keep(char *out, size_t size, struct span word)
{
	if (word.len > 0 && word.len < size)
		(void)snprintf(out, size, "%.*s", (int)word.len, word.data);
}

/* "queued on HOST as ID". */
static struct span
skip_host(struct span s)
{
	static const char as[] = " as ";

	s = span_skip(s, first_word(s).len);
	return span_starts_with_nocase(s, span_of(as)) ?
	    span_skip(s, strlen(as)) : span_trim(s);
}

static void
find_id(struct receipt *r, struct span reply)
{
	struct span rest, before, word;
	size_t i;

	for (i = 0; i < COUNT(marks) && r->id[0] == '\0'; i++) {
		rest = behind_last(reply, marks[i], NULL);
		if (rest.data == NULL)
			continue;
		if (strcmp(marks[i], "queued on ") == 0)
			rest = skip_host(rest);
		word = first_word(rest);
		if (word.len > 2 && word.data[0] == '<' &&
		    word.data[word.len - 1] == '>')
			word = span_make(word.data + 1, word.len - 2);
		keep(r->id, sizeof(r->id), word);
	}
	for (i = 0; i < COUNT(tails) && r->id[0] == '\0'; i++) {
		rest = behind_last(reply, tails[i], &before);
		if (rest.data == NULL)
			continue;
		word = last_word(before);
		if (word.len >= ID_MIN)
			keep(r->id, sizeof(r->id), word);
	}
}

static void
find_message_id(struct receipt *r, struct span reply)
{
	struct span rest, word;
	size_t i;

	for (i = 0; i < COUNT(message_marks) && r->message_id[0] == '\0';
	    i++) {
		rest = behind_last(reply, message_marks[i], NULL);
		if (rest.data == NULL)
			continue;
		word = first_word(span_make(rest.data - 1, rest.len + 1));
		if (word.len > 2 && word.data[word.len - 1] == '>' &&
		    span_find(word, '@') < word.len)
			keep(r->message_id, sizeof(r->message_id), word);
	}
}

static bool
is_label(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.data[i]) && s.data[i] != '-')
			return false;
	return s.len > 0 && s.len <= 63;
}

/*
 * Amazon SES: "250 Ok ID", and the message gets <ID@REGION.amazonses.com>,
 * where the oldest region's is called email.
 */
static void
find_ses(struct receipt *r, struct span reply, struct span peer)
{
	struct span rest = behind_last(reply, "250 Ok ", NULL), part, region;

	if (!span_starts_with_nocase(peer, span_of("email-smtp")) ||
	    !span_contains_nocase(peer, span_of(".amazonaws.com")) ||
	    rest.data == NULL || span_find(first_word(rest), '-') >=
	    first_word(rest).len)
		return;
	keep(r->id, sizeof(r->id), first_word(rest));
	if (!span_next(&peer, '.', &part) ||
	    !span_next(&peer, '.', &region) || !is_label(region))
		return;
	if (span_equals_nocase(region, span_of("us-east-1")))
		region = span_of("email");
	(void)snprintf(r->message_id, sizeof(r->message_id),
	    "<%s@%.*s.amazonses.com>", r->id, (int)region.len, region.data);
}

void
receipt_read(struct receipt *r, const char *reply, const char *peer)
{
	memset(r, 0, sizeof(*r));
	find_ses(r, span_of(reply), span_of(peer));
	if (r->id[0] != '\0')
		return;
	find_id(r, span_of(reply));
	find_message_id(r, span_of(reply));
}
