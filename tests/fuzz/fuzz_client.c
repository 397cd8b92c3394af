/*
 * A client of -bs. The input's first octet says how it ends its lines; behind
 * it stand commands, and what it sends once more as a message.
 */
#include <string.h>

#include "app/command.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "mail/dotted.h"
#include "mail/text.h"
#include "mail/wire.h"

#define ORCPT_MAX 500
#define ENVID_MAX 300	/* 100 characters as xtext */
#define ALL_SPLITS 40

static void
check_refusal(const struct refusal *r)
{
	FUZZ_CHECK(r->code >= 500 && r->code <= 599);
	FUZZ_CHECK(r->enhanced != NULL && r->enhanced[0] == '5');
	FUZZ_CHECK(r->text[0] != '\0');
	FUZZ_CHECK(strlen(r->text) < sizeof(r->text));
	FUZZ_CHECK(fuzz_is_printable(span_of(r->text)));
	FUZZ_CHECK(strchr(r->text, '\n') == NULL);
}

/* A value that goes to the relay as it is. */
static void
check_value(const char *value, size_t max)
{
	FUZZ_CHECK(value[0] != '\0' && strlen(value) <= max);
	for (; *value != '\0'; value++)
		FUZZ_CHECK(*value > ' ' && *value <= '~' && *value != '=');
}

static const char *const notify_words[] = { "NEVER", "SUCCESS", "FAILURE",
	"DELAY" };

/* What was understood, as a command in its plainest form. */
static void
render(struct buf *line, const struct command *c)
{
	char *address = address_to_string(&c->address, NULL);
	const char *before = " NOTIFY=";
	size_t i;
	bool ok;

	ok = buf_printf(line, "%s<%s>", c->verb == VERB_MAIL ? "MAIL FROM:" :
	    "RCPT TO:", address);
	if (c->body != BODY_UNSAID)
		ok = ok && buf_add_string(line, c->body == BODY_7BIT ?
		    " BODY=7BIT" : " BODY=8BITMIME");
	if (c->wants_utf8)
		ok = ok && buf_add_string(line, " SMTPUTF8");
	if (c->return_what != DSN_RETURN_UNSAID)
		ok = ok && buf_add_string(line, c->return_what ==
		    DSN_RETURN_HDRS ? " RET=HDRS" : " RET=FULL");
	ok = ok && (c->envid == NULL || buf_printf(line, " ENVID=%s",
	    c->envid)) && (c->orcpt == NULL || buf_printf(line, " ORCPT=%s",
	    c->orcpt));
	for (i = 0; i < 4; i++)
		if ((c->notify & 1U << i) != 0) {
			ok = ok && buf_printf(line, "%s%s", before,
			    notify_words[i]);
			before = ",";
		}
	FUZZ_CHECK(ok);
	mem_free(address);
}

/* Understood a second time it is the same. */
static void
check_again(const struct command *c)
{
	struct refusal refusal = { 0, NULL, "" };
	struct command again;
	struct buf first, second;

	buf_init(&first, BUF_UNLIMITED);
	buf_init(&second, BUF_UNLIMITED);
	render(&first, c);
	FUZZ_CHECK(command_parse(&again, buf_span(&first), &refusal));
	FUZZ_CHECK(again.verb == c->verb);
	render(&second, &again);
	FUZZ_CHECK(span_equals(buf_span(&first), buf_span(&second)));
	command_free(&again);
	buf_free(&first);
	buf_free(&second);
}

static void
check_command(struct span line)
{
	struct refusal refusal = { 0, NULL, "" };
	struct command c;

	if (!command_parse(&c, line, &refusal)) {
		check_refusal(&refusal);
	} else {
		FUZZ_CHECK(c.verb < VERB_REFUSED);
		FUZZ_CHECK(refusal.code == 0);
		if (c.envid != NULL)
			check_value(c.envid, ENVID_MAX);
		if (c.orcpt != NULL)
			check_value(c.orcpt, ORCPT_MAX);
		if (c.verb == VERB_MAIL || c.verb == VERB_RCPT)
			check_again(&c);
	}
	command_free(&c);
}

/* RFC 5321 section 4.5.2 line by line; `*end` is behind the end, or 0. */
static void
plain_way(struct buf *out, struct span s, bool is_bare, size_t *end)
{
	struct span eol = span_of(is_bare ? "\n" : "\r\n"), rest;
	size_t n, text;

	*end = 0;
	for (rest = s; rest.len > 0; rest = span_skip(rest, n)) {
		text = fuzz_find(rest, eol);
		n = text == rest.len ? text : text + eol.len;
		while (is_bare && n > text && text > 1 &&
		    rest.data[text - 1] == '\r')
			text--;
		if (n > text && text == 1 && rest.data[0] == '.') {
			*end = s.len - rest.len + n;
			return;
		}
		text = rest.data[0] == '.';
		text_put(out, span_make(rest.data + text, n - text));
	}
}

static void
feed(struct dotted *d, struct span s, struct buf *out, size_t *used)
{
	if (d->state != DOTTED_ENDED)
		*used += dotted_feed(d, s, out);
}

static void
check_split(struct span s, bool is_bare, size_t at, const struct buf *plain,
    size_t end)
{
	struct dotted d;
	struct buf out;
	size_t used = 0;

	buf_init(&out, BUF_UNLIMITED);
	dotted_begin(&d, is_bare);
	feed(&d, span_make(s.data, at), &out, &used);
	feed(&d, span_skip(s, at), &out, &used);
	FUZZ_CHECK((d.state == DOTTED_ENDED) == (end != 0));
	FUZZ_CHECK(used == (end != 0 ? end : s.len));
	/* Without an end CRs behind a dot are held back. */
	FUZZ_CHECK(out.len + (end != 0 ? 0 : d.crs) == plain->len);
	FUZZ_CHECK(span_equals(buf_span(&out), span_make(plain->data,
	    out.len)));
	buf_free(&out);
}

static void
check_dots(struct span s, bool is_bare)
{
	struct buf plain;
	size_t end, i;

	buf_init(&plain, BUF_UNLIMITED);
	plain_way(&plain, s, is_bare, &end);
	check_split(s, is_bare, 0, &plain, end);
	check_split(s, is_bare, s.len / 2, &plain, end);
	for (i = 1; i < s.len && s.len <= ALL_SPLITS; i++)
		check_split(s, is_bare, i, &plain, end);
	buf_free(&plain);
}

static void
pull(struct buf *out, struct span body, bool is_chunk)
{
	char block[WIRE_BLOCK_MIN + 100];
	bool is_last = false;
	struct wire w;

	wire_begin(&w, span_make(NULL, 0), body);
	if (is_chunk)
		wire_as_chunk(&w);
	while (!is_last)
		text_put(out, span_make(block, wire_pull(&w, block,
		    sizeof(block), &is_last)));
}

/* What a sender doubles is undone, and its end is the end. */
static void
check_round(struct span body)
{
	struct buf wire, plain, out;
	struct dotted d;

	buf_init(&wire, BUF_UNLIMITED);
	buf_init(&plain, BUF_UNLIMITED);
	buf_init(&out, BUF_UNLIMITED);
	pull(&wire, body, false);
	pull(&plain, body, true);
	dotted_begin(&d, false);
	FUZZ_CHECK(dotted_feed(&d, buf_span(&wire), &out) == wire.len);
	FUZZ_CHECK(d.state == DOTTED_ENDED);
	FUZZ_CHECK(span_equals(buf_span(&out), buf_span(&plain)));
	buf_free(&wire);
	buf_free(&plain);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_skip(fuzz_span(data, size), 1), line;
	size_t n;

	check_dots(rest, size > 0 && data[0] == 'L');
	check_round(rest);
	for (; rest.len > 0; rest = span_skip(rest, n + 1)) {
		n = span_find(rest, '\n');
		line = span_make(rest.data, n);
		if (n > 0 && line.data[n - 1] == '\r')
			line.len--;
		check_command(line);
	}
	return 0;
}
