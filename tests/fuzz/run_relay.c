#include "fuzz/run_relay.h"

#include <sys/mman.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"

#define SCRIPT_MAX (64UL << 10)
#define ANSWER_MAX (16UL << 10)
#define MESSAGES_MAX 60
#define LINE_MAX_KEPT 40
#define REPLY_LINE 4096
#define REPLY_LINES 128

enum hearing { HEARS_COMMANDS, HEARS_BEGIN, HEARS_BODY, HEARS_CHUNK };

/* A message, with all that the client read behind it. */
struct taken {
	size_t owed;	/* which of the replies is its own, from 1 */
	size_t len;
	char answer[ANSWER_MAX];
};

struct relay {
	char script[SCRIPT_MAX];
	size_t len, at, open;	/* said is what lies before `open` */
	bool has_begun, is_hung;
	enum hearing hearing;
	char line[LINE_MAX_KEPT];	/* its begin */
	size_t line_len;
	char last;
	unsigned long long chunk;	/* octets to come */
	bool is_last_chunk;
	size_t owed;		/* commands since the client last read */
	size_t count;
	struct taken taken[MESSAGES_MAX];
};

static struct relay *
the_relay(void)
{
	static struct relay *relay;

	if (relay == NULL) {
		relay = mmap(NULL, sizeof(*relay), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		FUZZ_CHECK(relay != MAP_FAILED);
	}
	return relay;
}

void
relay_begin(struct span script)
{
	struct relay *r = the_relay();

	memset(r, 0, offsetof(struct relay, taken));
	r->len = script.len < SCRIPT_MAX ? script.len : SCRIPT_MAX;
	if (r->len > 0)
		memcpy(r->script, script.data, r->len);
	r->is_hung = true;
}

/* The end of a part. */
static bool
is_mark(char c)
{
	return c == '|' || c == '^';
}

/* Goes on to the next part; behind the last one it hangs up. */
static void
say_next(struct relay *r)
{
	if (r->at < r->open || r->is_hung)
		return;
	r->is_hung = r->has_begun && r->open == r->len;
	if (r->is_hung)
		return;
	r->at = r->has_begun ? r->open + 1 : 0;
	r->has_begun = true;
	for (r->open = r->at; r->open < r->len && !is_mark(r->script[r->open]);
	    r->open++)
		continue;
}

void
relay_connect(void)
{
	struct relay *r = the_relay();

	r->at = r->open;
	r->is_hung = r->has_begun && r->open == r->len;
	r->hearing = HEARS_COMMANDS;
	r->line_len = 0;
	r->owed = 0;
}

static void
take_message(struct relay *r)
{
	FUZZ_CHECK(r->count < MESSAGES_MAX);
	r->taken[r->count].owed = r->owed;
	r->taken[r->count].len = 0;
	r->count++;
	r->hearing = HEARS_COMMANDS;
}

static bool
line_is(const struct relay *r, const char *word)
{
	return r->line_len == strlen(word) &&
	    memcmp(r->line, word, r->line_len) == 0;
}

static bool
line_begins(const struct relay *r, const char *word)
{
	return r->line_len >= strlen(word) &&
	    memcmp(r->line, word, strlen(word)) == 0;
}

/* "BDAT 123 LAST" */
static void
hear_bdat(struct relay *r)
{
	char line[LINE_MAX_KEPT + 1];

	memcpy(line, r->line, r->line_len);
	line[r->line_len] = '\0';
	r->chunk = strtoull(line + strlen("BDAT "), NULL, 10);
	r->is_last_chunk = strstr(line, " LAST") != NULL;
	r->hearing = HEARS_CHUNK;
}

/* What comes behind a DATA that was refused isn't a message's begin. */
static bool
is_no_body(const struct relay *r)
{
	return line_is(r, "QUIT") || line_is(r, "RSET") ||
	    line_begins(r, "MAIL FROM:");
}

static void
hear_line(struct relay *r)
{
	if (r->hearing == HEARS_BEGIN)
		r->hearing = is_no_body(r) ? HEARS_COMMANDS : HEARS_BODY;
	if (r->hearing == HEARS_BODY) {
		if (!line_is(r, "."))
			return;
		r->owed++;
		take_message(r);
		return;
	}
	r->owed++;
	if (line_is(r, "DATA"))
		r->hearing = HEARS_BEGIN;
	else if (line_begins(r, "BDAT "))
		hear_bdat(r);
}

static void
hear_octet(struct relay *r, char c)
{
	char before = r->last;

	r->last = c;
	if (r->hearing == HEARS_CHUNK) {
		if (--r->chunk == 0 && r->is_last_chunk)
			take_message(r);
		else if (r->chunk == 0)
			r->hearing = HEARS_COMMANDS;
		return;
	}
	if (c == '\n' && before == '\r') {
		hear_line(r);
		r->line_len = 0;
	} else if (c != '\r' && r->line_len < LINE_MAX_KEPT) {
		r->line[r->line_len++] = c;
	}
}

void
relay_hear(struct span bytes)
{
	struct relay *r = the_relay();
	size_t i;

	for (i = 0; i < bytes.len; i++)
		hear_octet(r, bytes.data[i]);
	if (r->at == r->open && r->open < r->len && r->script[r->open] == '^')
		say_next(r);
}

bool
relay_is_ready(void)
{
	const struct relay *r = the_relay();

	return r->at < r->open || r->is_hung;
}

bool
relay_wait(void)
{
	say_next(the_relay());
	return relay_is_ready();
}

void
relay_hang_up(void)
{
	the_relay()->is_hung = true;
}

static void
note_answer(struct relay *r, struct span said)
{
	struct taken *t;

	r->owed = 0;
	if (r->count == 0)
		return;
	t = &r->taken[r->count - 1];
	if (said.len > ANSWER_MAX - t->len)
		said.len = ANSWER_MAX - t->len;
	memcpy(t->answer + t->len, said.data, said.len);
	t->len += said.len;
}

size_t
relay_speak(char *out, size_t size)
{
	struct relay *r = the_relay();
	size_t n = r->open - r->at;

	if (n > size)
		n = size;
	if (n == 0)
		return 0;
	memcpy(out, r->script + r->at, n);
	r->at += n;
	note_answer(r, span_make(out, n));
	return n;
}

size_t
relay_taken(void)
{
	return the_relay()->count;
}

static bool
is_code(struct span line)
{
	return line.len >= 3 && line.data[0] >= '2' && line.data[0] <= '5' &&
	    line.data[1] >= '0' && line.data[1] <= '5' &&
	    line.data[2] >= '0' && line.data[2] <= '9';
}

static bool
is_text(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.data[i] == '\0' || text.data[i] == '\r')
			return false;
	return true;
}

/* One reply, by a second reading of the grammar; 0 where there is none. */
static int
read_reply(struct span *rest)
{
	size_t n, lines;
	struct span line, first = *rest;

	for (lines = 0; lines < REPLY_LINES; lines++) {
		n = span_find(*rest, '\n');
		line = span_make(rest->data, n);
		if (n == rest->len || n < 4 || n >= REPLY_LINE ||
		    line.data[n - 1] != '\r' || !is_code(line) ||
		    memcmp(line.data, first.data, 3) != 0)
			return 0;
		line.len--;
		*rest = span_skip(*rest, n + 1);
		if (!is_text(line) || (line.len > 3 && line.data[3] != ' ' &&
		    line.data[3] != '-'))
			return 0;
		if (line.len == 3 || line.data[3] == ' ')
			return (line.data[0] - '0') * 100 +
			    (line.data[1] - '0') * 10 + line.data[2] - '0';
	}
	return 0;
}

enum relay_answer
relay_answered(size_t message, bool *alone)
{
	const struct taken *t = &the_relay()->taken[message];
	struct span rest = span_make(t->answer, t->len);
	bool all_well = true;
	size_t i;
	int code = 0;

	*alone = t->owed == 1;
	for (i = 0; i < t->owed; i++) {
		code = read_reply(&rest);
		if (code == 0)
			return RELAY_NOTHING;
		/* MAIL comes first, then each RCPT. */
		all_well = all_well && code >= 250 &&
		    code <= (i == 0 ? 250 : 252);
	}
	if (code == 250 && all_well)
		return RELAY_TOOK;
	return code >= 400 ? RELAY_REFUSED : RELAY_OTHER;
}

size_t
relay_accepted(void)
{
	size_t i, accepted = 0;
	bool alone;

	for (i = 0; i < the_relay()->count; i++)
		accepted += relay_answered(i, &alone) == RELAY_TOOK;
	return accepted;
}
