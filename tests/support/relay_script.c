#include "support/relay_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What stands behind a step's word. */
enum operand { NOTHING, BYTES, WORDS, NUMBER, NUMBER_BYTES, MAYBE_NUMBER,
	CHUNK };

struct step {
	const struct word *word;
	bool has_number;
	uint64_t number;
	struct span text;	/* as written */
};

struct word {
	const char *name;
	enum operand operand;
	bool (*play)(struct relay_link *, const struct step *);
};

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *hit = c == '\0' ? NULL : strchr(digits, ascii_lower(c));

	return hit == NULL ? -1 : (int)(hit - digits);
}

/* Takes one escape, without its backslash, off `*rest`. */
static bool
add_escape(struct buf *out, struct span *rest)
{
	static const char names[] = "rnt0\\", values[] = "\r\n\t\0\\";
	const char *hit;
	int high, low;

	if (rest->len >= 3 && rest->data[0] == 'x') {
		high = hex_digit(rest->data[1]);
		low = hex_digit(rest->data[2]);
		*rest = span_skip(*rest, 3);
		return high >= 0 && low >= 0 &&
		    buf_add_char(out, (char)(high * 16 + low));
	}
	if (rest->len == 0 || rest->data[0] == '\0')
		return false;
	hit = strchr(names, rest->data[0]);
	*rest = span_skip(*rest, 1);
	return hit != NULL && buf_add_char(out, values[hit - names]);
}

bool
script_unescape(struct buf *out, struct span text)
{
	size_t n;

	while (text.len > 0) {
		n = span_find(text, '\\');
		if (!buf_add(out, text.data, n))
			return false;
		if (n == text.len)
			break;
		text = span_skip(text, n + 1);
		if (!add_escape(out, &text))
			return false;
	}
	return true;
}

static bool
play_send(struct relay_link *l, const struct step *step)
{
	struct buf bytes;

	buf_init(&bytes, BUF_UNLIMITED);
	if (script_unescape(&bytes, step->text))
		link_send(l, buf_span(&bytes));
	buf_free(&bytes);
	return true;
}

static bool
play_send_line(struct relay_link *l, const struct step *step)
{
	(void)play_send(l, step);
	link_send(l, span_of("\r\n"));
	return true;
}

static bool
play_quote(struct relay_link *l, const struct step *step)
{
	(void)play_send(l, step);
	link_send(l, buf_span(&l->last_line));
	link_send(l, span_of("\r\n"));
	return true;
}

static bool
play_repeat(struct relay_link *l, const struct step *step)
{
	uint64_t i;

	for (i = 0; step->number == 0 || i < step->number; i++) {
		(void)play_send(l, step);
		if (l->output.len < 16384)
			continue;
		link_flush(l);
		if (l->cant_send || l->is_stopping)
			break;
	}
	return true;
}

static bool
play_drip(struct relay_link *l, const struct step *step)
{
	struct buf bytes;
	size_t i;

	buf_init(&bytes, BUF_UNLIMITED);
	link_flush(l);
	if (script_unescape(&bytes, step->text))
		for (i = 0; i < bytes.len && !l->cant_send; i++) {
			link_send(l, span_make(bytes.data + i, 1));
			link_sleep(l, (int64_t)step->number);
		}
	buf_free(&bytes);
	return true;
}

static bool
play_flush(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_flush(l);
	return true;
}

/* The envelope of a script is what the client says, whatever it is told. */
static void
note_envelope(struct relay_link *l, struct span line)
{
	struct span mail = span_of("MAIL FROM:"), rcpt = span_of("RCPT TO:");

	if (span_starts_with_nocase(line, mail))
		link_note(l, EVENT_MAIL, 0, 0, span_skip(line, mail.len));
	else if (span_starts_with_nocase(line, rcpt))
		link_note(l, EVENT_RCPT, 0, 0, span_skip(line, rcpt.len));
	else if (span_starts_with_nocase(line, span_of("RSET")))
		link_note(l, EVENT_RSET, 0, 0, span_of(NULL));
}

static bool
play_command(struct relay_link *l, const struct step *step)
{
	struct buf line;
	bool fits;

	buf_init(&line, BUF_UNLIMITED);
	fits = link_line(l, &line) &&
	    span_starts_with_nocase(buf_span(&line), step->text);
	if (fits)
		note_envelope(l, buf_span(&line));
	else
		link_failure(l, "'%.*s' expected, not %s", (int)step->text.len,
		    step->text.data == NULL ? "" : step->text.data,
		    link_is_open(l) ? buf_string(&line) : "the end");
	buf_free(&line);
	/* The client would wait for a reply that no step has. */
	if (!fits)
		link_cut(l);
	return fits;
}

static bool
play_data(struct relay_link *l, const struct step *step)
{
	if (!step->has_number)
		return script_receive_message(l);
	link_flush(l);
	link_note(l, EVENT_MESSAGE, 0, 0, span_of(NULL));
	return script_receive_octets(l, step->number);
}

static bool
play_chunk(struct relay_link *l, const struct step *step)
{
	link_flush(l);
	link_note(l, EVENT_MESSAGE, 1, 0, span_of(NULL));
	if (!script_receive_octets(l, step->number))
		return false;
	if (step->text.len > 0)
		link_note(l, EVENT_COMPLETE, 0, 0, span_of(NULL));
	return true;
}

static bool
play_commit(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_note(l, EVENT_COMMIT, 0, 0, span_of(NULL));
	return true;
}

static bool
play_starttls(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_handshake(l);
	return link_is_open(l);
}

static bool
play_alert(struct relay_link *l, const struct step *step)
{
	link_alert(l, step->has_number ? (int)step->number :
	    GNUTLS_A_INTERNAL_ERROR);
	return true;
}

static bool
play_ticket(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_ticket(l);
	return true;
}

static bool
play_rekey(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_rekey(l);
	return true;
}

static bool
play_sleep(struct relay_link *l, const struct step *step)
{
	link_sleep(l, (int64_t)step->number);
	return true;
}

static bool
play_window(struct relay_link *l, const struct step *step)
{
	link_ignore(l, step->has_number ? (int64_t)step->number : INT32_MAX);
	return true;
}

static bool
play_wait(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_drain(l);
	return false;
}

static bool
play_fin(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_fin(l);
	return true;
}

static bool
play_close(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_close(l);
	return false;
}

static bool
play_cut(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_cut(l);
	return false;
}

static bool
play_reset(struct relay_link *l, const struct step *step)
{
	(void)step;
	link_reset(l);
	return false;
}

static const struct word words[] = {
	{ "S", BYTES, play_send_line },
	{ "s", BYTES, play_send },
	{ "early", BYTES, play_send },
	{ "quote", BYTES, play_quote },
	{ "repeat", NUMBER_BYTES, play_repeat },
	{ "drip", NUMBER_BYTES, play_drip },
	{ "flush", NOTHING, play_flush },
	{ "C", WORDS, play_command },
	{ "C*", NOTHING, play_command },
	{ "data", MAYBE_NUMBER, play_data },
	{ "chunk", CHUNK, play_chunk },
	{ "commit", NOTHING, play_commit },
	{ "starttls", NOTHING, play_starttls },
	{ "alert", MAYBE_NUMBER, play_alert },
	{ "ticket", NOTHING, play_ticket },
	{ "rekey", NOTHING, play_rekey },
	{ "sleep", NUMBER, play_sleep },
	{ "window", MAYBE_NUMBER, play_window },
	{ "wait", NOTHING, play_wait },
	{ "fin", NOTHING, play_fin },
	{ "close", NOTHING, play_close },
	{ "cut", NOTHING, play_cut },
	{ "reset", NOTHING, play_reset },
};

static const struct word *
find_word(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equals(name, span_of(words[i].name)))
			return &words[i];
	return NULL;
}

/* Takes decimal digits off `*text`, and one blank behind them. */
static bool
take_number(struct span *text, uint64_t *number)
{
	size_t i;

	*number = 0;
	for (i = 0; i < text->len && ascii_is_digit(text->data[i]); i++)
		*number = *number * 10 + (uint64_t)(text->data[i] - '0');
	if (i == 0 || i > 18 || (i < text->len && text->data[i] != ' '))
		return false;
	*text = span_skip(*text, i + (i < text->len ? 1 : 0));
	return true;
}

static bool
are_bytes(struct span text)
{
	struct buf bytes;
	bool fine;

	buf_init(&bytes, BUF_UNLIMITED);
	fine = script_unescape(&bytes, text);
	buf_free(&bytes);
	return fine;
}

static bool
read_operand(struct step *step)
{
	struct span *text = &step->text;

	switch (step->word->operand) {
	case NOTHING:
		return text->len == 0;
	case WORDS:
		return text->len > 0;
	case BYTES:
		return are_bytes(*text);
	case MAYBE_NUMBER:
		if (text->len == 0)
			return true;
		break;
	case NUMBER:
	case NUMBER_BYTES:
	case CHUNK:
		break;
	}
	step->has_number = take_number(text, &step->number);
	if (!step->has_number)
		return false;
	if (step->word->operand == NUMBER_BYTES)
		return are_bytes(*text);
	return text->len == 0 || (step->word->operand == CHUNK &&
	    span_equals(*text, span_of("last")));
}

/* Blanks in front mean nothing; those behind belong to the bytes. */
static bool
read_step(struct span line, struct step *step)
{
	size_t n;

	memset(step, 0, sizeof(*step));
	while (line.len > 0 && ascii_is_blank(line.data[0]))
		line = span_skip(line, 1);
	if (line.len == 0 || line.data[0] == '#')
		return true;
	n = span_find(line, ' ');
	step->word = find_word(span_make(line.data, n));
	step->text = span_skip(line, n == line.len ? n : n + 1);
	return step->word != NULL && read_operand(step);
}

bool
script_check(const char *script, bool *has_window)
{
	struct span rest = span_of(script), line;
	struct step step;

	while (span_next(&rest, '\n', &line)) {
		if (!read_step(line, &step)) {
			(void)fprintf(stderr, "relay: not a step: %.*s\n",
			    (int)line.len, line.data);
			return false;
		}
		if (step.word != NULL && step.word->play == play_window)
			*has_window = true;
	}
	return true;
}

bool
script_play(struct relay_link *l, const char *script)
{
	struct span rest = span_of(script), line;
	struct step step;

	while (span_next(&rest, '\n', &line)) {
		if (!read_step(line, &step))
			return false;
		if (step.word != NULL && !step.word->play(l, &step))
			return false;
	}
	return l->fd != -1;
}
