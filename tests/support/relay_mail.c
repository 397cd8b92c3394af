#include "support/relay_serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/relay_script.h"

static void
forget_envelope(struct server *s)
{
	s->has_mail = false;
	s->recipients = 0;
	s->accepted = 0;
	s->chunks = 0;
}

/* Each parameter needs its extension (RFC 5321 section 2.2.1). */
static bool
parameters_are_offered(const struct server *s, struct span argument)
{
	static const char *const needs[][2] = {
		{ "SIZE=", "SIZE" }, { "BODY=", "8BITMIME" },
		{ "SMTPUTF8", "SMTPUTF8" }, { "RET=", "DSN" },
		{ "ENVID=", "DSN" }, { "NOTIFY=", "DSN" },
		{ "ORCPT=", "DSN" }, { "AUTH=", "AUTH" },
		{ "REQUIRETLS", "REQUIRETLS" },
	};
	struct span word, ignored;
	size_t i;

	(void)span_next(&argument, '>', &word);
	while (span_next(&argument, ' ', &word)) {
		if (word.len == 0)
			continue;
		for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
			if (span_starts_with_nocase(word, span_of(needs[i][0])))
				break;
		if (i == sizeof(needs) / sizeof(needs[0]) ||
		    !serve_offers(s, needs[i][1], &ignored))
			return false;
	}
	return true;
}

/* The SIZE parameter against what was announced (RFC 1870). */
static bool
is_too_large(const struct server *s, struct span argument)
{
	struct span limit, word;
	unsigned long long most;

	if (!serve_offers(s, "SIZE", &limit) || limit.len == 0)
		return false;
	most = strtoull(limit.data, NULL, 10);
	while (span_next(&argument, ' ', &word))
		if (span_starts_with_nocase(word, span_of("SIZE=")))
			return most != 0 && strtoull(word.data + 5, NULL,
			    10) > most;
	return false;
}

static const char *
judge_mail(const struct server *s, struct span argument)
{
	if (!s->said_ehlo || s->has_mail)
		return "503 5.5.1 bad sequence";
	if (s->options->wants_tls && !s->link->is_secure)
		return "530 5.7.0 must issue STARTTLS first";
	if (s->options->wants_auth && !s->is_authenticated)
		return "530 5.7.0 authentication required";
	if (!span_starts_with_nocase(argument, span_of("FROM:<")))
		return "501 5.5.4 syntax: MAIL FROM:<address>";
	if (!parameters_are_offered(s, argument))
		return "555 5.5.4 a parameter that wasn't offered";
	if (is_too_large(s, argument))
		return "552 5.3.4 message too big";
	return "250 2.1.0 sender ok";
}

void
serve_mail(struct server *s, struct span argument)
{
	if (!serve_answer(s, "mail", 0, judge_mail(s, argument), "2"))
		return;
	s->has_mail = true;
	link_note(s->link, EVENT_MAIL, 0, 0, span_skip(argument, 5));
}

void
serve_rcpt(struct server *s, struct span argument)
{
	const char *reply = "250 2.1.5 recipient ok";

	if (!s->has_mail)
		reply = "503 5.5.1 no sender";
	else if (!span_starts_with_nocase(argument, span_of("TO:<")))
		reply = "501 5.5.4 syntax: RCPT TO:<address>";
	else if (!parameters_are_offered(s, argument))
		reply = "555 5.5.4 a parameter that wasn't offered";
	if (!serve_answer(s, "rcpt", ++s->recipients, reply, "2"))
		return;
	s->accepted++;
	link_note(s->link, EVENT_RCPT, 0, 0, span_skip(argument, 3));
}

/* The verdict on a message that came to its end. */
static void
give_receipt(struct server *s)
{
	char reply[80];

	if (serve_find(s, "receipt", 0, RELAY_INSTEAD) == NULL)
		link_note(s->link, EVENT_COMMIT, 0, 0, span_of(NULL));
	(void)snprintf(reply, sizeof(reply), "250 2.0.0 queued as %u",
	    ++s->queued);
	(void)serve_answer(s, "receipt", 0, reply, "250");
	forget_envelope(s);
}

void
serve_data(struct server *s, struct span argument)
{
	const char *reply = "354 end with a dot";
	bool is_whole;

	(void)argument;
	serve_must_wait(s, "DATA");
	if (!s->has_mail)
		reply = "503 5.5.1 no sender";
	else if (s->accepted == 0)
		reply = "554 5.5.1 no valid recipients";
	if (!serve_answer(s, "data", 0, reply, "354"))
		return;
	(void)serve_override(s, "body", 0, RELAY_BEFORE);
	if (s->is_done)
		return;
	s->link->is_whole = false;
	if (!serve_override(s, "body", 0, RELAY_INSTEAD))
		(void)script_receive_message(s->link);
	is_whole = s->link->is_whole;
	if (!s->is_done)
		(void)serve_override(s, "body", 0, RELAY_AFTER);
	if (is_whole && !s->is_done)
		give_receipt(s);
}

/* "N" or "N LAST". */
static bool
read_chunk(struct span argument, uint64_t *size, bool *is_last)
{
	struct span number;
	size_t i;

	*size = 0;
	if (!span_next(&argument, ' ', &number) || number.len == 0 ||
	    number.len > 18)
		return false;
	for (i = 0; i < number.len; i++) {
		if (!ascii_is_digit(number.data[i]))
			return false;
		*size = *size * 10 + (uint64_t)(number.data[i] - '0');
	}
	*is_last = span_equals_nocase(argument, span_of("LAST"));
	return argument.len == 0 || *is_last;
}

static void
receive_chunk(struct server *s, uint64_t size, bool is_last)
{
	bool is_first = s->chunks++ == 0, was_replaced = false;

	if (is_first)
		(void)serve_override(s, "body", 0, RELAY_BEFORE);
	if (is_first && !s->is_done)
		was_replaced = serve_override(s, "body", 0, RELAY_INSTEAD);
	if (was_replaced || s->is_done)
		return;
	link_note(s->link, EVENT_MESSAGE, 1, 0, span_of(NULL));
	if (!script_receive_octets(s->link, size)) {
		s->is_done = true;
		return;
	}
	if (!is_last) {
		if (!serve_answer(s, "bdat", s->chunks, "250 2.0.0 taken",
		    "250"))
			s->accepted = 0;
		return;
	}
	link_note(s->link, EVENT_COMPLETE, 0, 0, span_of(NULL));
	(void)serve_override(s, "body", 0, RELAY_AFTER);
	if (!s->is_done)
		give_receipt(s);
}

void
serve_bdat(struct server *s, struct span argument)
{
	struct span ignored;
	uint64_t size;
	bool is_last;

	if (!serve_offers(s, "CHUNKING", &ignored)) {
		(void)serve_answer(s, "bdat", 0, "502 5.5.1 not offered", "2");
		return;
	}
	if (!read_chunk(argument, &size, &is_last)) {
		(void)serve_answer(s, "bdat", 0, "501 5.5.4 syntax", "2");
		return;
	}
	if (s->accepted > 0) {
		receive_chunk(s, size, is_last);
		return;
	}
	/* The octets come whatever we think of them (RFC 3030 section 2). */
	if (!script_skip_octets(s->link, size))
		s->is_done = true;
	else
		(void)serve_answer(s, "bdat", ++s->chunks,
		    "503 5.5.1 no valid recipients", "2");
}

void
serve_rset(struct server *s, struct span argument)
{
	(void)argument;
	forget_envelope(s);
	link_note(s->link, EVENT_RSET, 0, 0, span_of(NULL));
	(void)serve_answer(s, "rset", 0, "250 2.0.0 forgotten", "2");
}
