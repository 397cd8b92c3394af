#include "mail/qualify.h"

#include "base/mem.h"
#include "mail/address.h"
#include "mail/address_lex.h"
#include "mail/envelope.h"
#include "mail/text.h"

static const char *const names[] = {
	"From", "Sender", "Reply-To", "To", "Cc",
	"Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To",
	"Resent-Cc",
};

bool
qualify_knows_field(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equals_nocase(name, span_of(names[i])))
			return true;
	return false;
}

/* A walk over the tokens of a list that is known to be one. */
struct walk {
	const struct qualify *q;
	struct buf *out;
	struct lexer lex;
	struct buf domain;	/* of the address at hand */
	size_t done;		/* octets of the text that are in `out` */
	size_t local_end, end;	/* of the address at hand */
	bool has_words, has_at;
	bool in_angles;
	bool is_settled;	/* the element has had its address */
};

static void
begin_address(struct walk *w)
{
	w->has_words = false;
	w->has_at = false;
	buf_clear(&w->domain);
}

static void
end_address(struct walk *w)
{
	struct address address = { NULL, NULL, NULL };
	bool is_bare;

	if (!w->has_words || w->is_settled)
		return;
	if (w->has_at)
		address.domain = mem_string(buf_string(&w->domain));
	is_bare = address_is_bare(&address, w->q->local_domains);
	mem_free(address.domain);
	if (!is_bare)
		return;
	text_put(w->out, span_make(w->lex.text.data + w->done,
	    w->local_end - w->done));
	text_put_char(w->out, '@');
	text_put(w->out, span_of(w->q->domain));
	w->done = w->has_at ? w->end : w->local_end;
}

static void
end_element(struct walk *w)
{
	end_address(w);
	begin_address(w);
	w->is_settled = false;
	w->in_angles = false;
}

/* An address as its own display name stays one only if both stay alike. */
static void
begin_angles(struct walk *w)
{
	w->is_settled = w->has_at;
	w->in_angles = true;
	begin_address(w);
}

static void
end_angles(struct walk *w)
{
	end_address(w);
	begin_address(w);
	w->is_settled = true;
}

static void
take_special(struct walk *w)
{
	switch (w->lex.value.data[0]) {
	case '<':
		begin_angles(w);
		return;
	case '>':
		end_angles(w);
		return;
	case '@':
		w->has_at = true;
		return;
	case ':':	/* behind a group's name or a route */
		begin_address(w);
		return;
	case ',':
		if (w->in_angles && !w->is_settled && !w->has_words)
			return;	/* within a route */
		end_element(w);
		return;
	case ';':
		end_element(w);
		return;
	default:
		break;
	}
	if (w->has_at)
		text_put_char(&w->domain, '.');
	else
		w->local_end = w->lex.next;
}

static void
take_word(struct walk *w)
{
	w->end = w->lex.next;
	if (w->has_at) {
		text_put(&w->domain, buf_span(&w->lex.value));
		return;
	}
	w->local_end = w->lex.next;
	w->has_words = true;
}

static void
walk(struct walk *w)
{
	while (lexer_next(&w->lex) && w->lex.kind != TOKEN_END) {
		if (w->lex.kind == TOKEN_SPECIAL)
			take_special(w);
		else
			take_word(w);
	}
	end_element(w);
	text_put(w->out, span_skip(w->lex.text, w->done));
}

static bool
is_list(struct span value)
{
	struct address_list list = { NULL, 0, 0 };
	struct error ignored = { 0 };
	bool ok = address_parse_list(&list, value, "", ENVELOPE_RECIPIENTS_MAX,
	    &ignored);

	address_list_free(&list);
	return ok;
}

void
qualify_list(const struct qualify *q, struct span value, struct buf *out)
{
	struct walk w = { .q = q, .out = out };

	if (!is_list(value)) {
		text_put(out, value);
		return;
	}
	lexer_init(&w.lex, value);
	buf_init(&w.domain, BUF_UNLIMITED);
	walk(&w);
	buf_free(&w.domain);
	lexer_free(&w.lex);
}
