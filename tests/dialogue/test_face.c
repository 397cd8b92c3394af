/*
 * The sendmail interface as data: each case of tests/face/cases, which says
 * what its lines mean, is a test of that name. Run in the checkout's root.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/relay_script.h"
#include "support/replies.h"
#include "support/session_kit.h"

#define CASES "tests/face/cases"
#define WORDS_MAX 24

static const char plain[] = "From: robot@example.org\nTo: one@example.net\n"
    "Subject: trial\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"
    "Message-ID: <1@example.org>\n\nhello\n";

/* A case as it stands in the file, behind its name. */
struct face_case {
	char *name;
	struct span lines;
	void *scratch;		/* kit_set_up()'s, of all cases */
};

struct face {
	struct buf file;
	struct face_case *cases;
	size_t count, room;
};

/* What a case says of the run, and what it wants of it. */
struct face_row {
	struct trial trial;
	char *words[WORDS_MAX];	/* of argv */
	struct buf input;
	struct buf out;		/* wanted, like all that follows */
	struct span codes;	/* instead of `out`, if not NULL */
	long status;
	size_t messages;
};

/* A message that was sent, and how much of it was looked at. */
struct sight {
	struct trial *t;
	const struct relay_message *m;
	struct span body;	/* the rest of it */
	bool has_body;		/* lines of it are given */
};

static char *
decode(struct span text)
{
	const struct passwd *who = getpwuid(getuid());
	struct buf b;
	struct span part;
	char *string;

	buf_init(&b, BUF_UNLIMITED);
	if (span_equals(text, span_of("\"\"")))
		text.len = 0;
	while (span_next(&text, '%', &part)) {
		assert_true(script_unescape(&b, part));
		if (text.data == NULL)
			break;
		if (text.len == 0 || text.data[0] != 'U') {
			assert_true(buf_add_char(&b, '%'));
			continue;
		}
		text = span_skip(text, 1);
		assert_true(who == NULL ? buf_printf(&b, "uid%ld",
		    (long)getuid()) : buf_add_string(&b, who->pw_name));
	}
	string = mem_span(buf_span(&b));
	buf_free(&b);
	return string;
}

/* "key value"; comments and empty lines are left out. */
static bool
next_line(struct span *rest, struct span *key, struct span *value)
{
	while (span_next(rest, '\n', value)) {
		if (value->len == 0 || value->data[0] == '#')
			continue;
		(void)span_next(value, ' ', key);
		if (value->data == NULL)
			*value = span_make("", 0);
		return true;
	}
	return false;
}

static bool
is_key(struct span key, const char *name)
{
	return span_equals(key, span_of(name));
}

/* -- Reading the file. -- */

static void
add_case(struct face *f, struct span name, struct span rest)
{
	f->cases = mem_grow(f->cases, f->count, &f->room, sizeof(*f->cases));
	f->cases[f->count].name = mem_span(name);
	f->cases[f->count].lines = rest;
	f->count++;
}

static bool
read_cases(struct face *f)
{
	FILE *file = fopen(CASES, "re");
	struct span rest, key, value;
	char block[4096];
	size_t n;

	buf_init(&f->file, BUF_UNLIMITED);
	if (file == NULL)
		return false;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		if (!buf_add(&f->file, block, n))
			break;
	(void)fclose(file);
	rest = buf_span(&f->file);
	while (next_line(&rest, &key, &value))
		if (is_key(key, "case"))
			add_case(f, value, rest);
	return f->count > 0;
}

/* -- A case. -- */

static void
add_text(struct buf *b, struct span text, const char *line_end)
{
	struct buf octets;

	/* May hold a NUL, which decode() can't hand on. */
	buf_init(&octets, BUF_UNLIMITED);
	if (span_find(text, '%') < text.len) {
		char *string = decode(text);

		assert_true(buf_add_string(&octets, string));
		mem_free(string);
	} else {
		assert_true(script_unescape(&octets, text));
	}
	assert_true(buf_add_span(b, buf_span(&octets)) &&
	    buf_add_string(b, line_end));
	buf_free(&octets);
}

static void
add_big(struct buf *b, struct span value)
{
	struct span count;
	long n;

	assert_true(span_next(&value, ' ', &count));
	for (n = strtol(count.data, NULL, 10); n > 0; n--)
		add_text(b, value, "\n");
}

static void
set_words(struct face_row *row, struct span value)
{
	struct span word;
	size_t n = 0;

	while (span_next(&value, ' ', &word)) {
		assert_true(n + 1 < WORDS_MAX);
		row->words[n++] = decode(word);
	}
	assert_true(n > 0);
	row->trial.name = row->words[0];
	row->trial.args = (const char *const *)row->words + 1;
}

static void
take_line(struct face_row *row, struct span key, struct span value)
{
	if (is_key(key, "argv")) {
		set_words(row, value);
	} else if (is_key(key, "plain")) {
		add_text(&row->input, span_of(plain), "");
	} else if (is_key(key, "in")) {
		add_text(&row->input, value, "\n");
	} else if (is_key(key, "raw")) {
		add_text(&row->input, value, "");
	} else if (is_key(key, "big")) {
		add_big(&row->input, value);
	} else if (is_key(key, "closed")) {
		row->trial.run.how_stdin = PROGRAM_STDIN_CLOSED;
	} else if (is_key(key, "status")) {
		row->status = strtol(value.data, NULL, 10);
	} else if (is_key(key, "mail")) {
		row->messages++;
	} else if (is_key(key, "codes")) {
		row->codes = value;
	} else if (is_key(key, "out")) {
		add_text(&row->out, value, "\n");
	}
}

/* "<address>" in front of `command`, and nothing but parameters behind it. */
static bool
has_path(const char *command, struct span address)
{
	char *wanted = decode(address);
	size_t len = strlen(wanted);
	bool is_null = strcmp(wanted, "<>") == 0;
	bool has = is_null ? strncmp(command, "<>", 2) == 0 :
	    command[0] == '<' && strncmp(command + 1, wanted, len) == 0 &&
	    command[1 + len] == '>';
	const char *behind = command + len + (is_null ? 0 : 2);

	has = has && (*behind == '\0' || *behind == ' ');
	mem_free(wanted);
	return has;
}

static bool
has_recipients(const struct relay_message *m, struct span value)
{
	struct span word;
	size_t n = 0;

	while (span_next(&value, ' ', &word))
		if (n == m->recipient_count ||
		    !has_path(m->recipients[n++], word))
			return false;
	return n == m->recipient_count;
}

static bool
has_param(const struct relay_message *m, struct span param)
{
	struct span rest = span_of(m->mail), word;

	while (span_next(&rest, ' ', &word))
		if (span_equals(word, param))
			return true;
	return false;
}

static struct span
header_of(const struct relay_message *m)
{
	const char *end = strstr(buf_string(&m->text), "\r\n\r\n");

	return end == NULL ? buf_span(&m->text) :
	    span_make(m->text.data, (size_t)(end - m->text.data) + 2);
}

/* How many lines of the header are `text`, or begin with it and a colon. */
static size_t
count_lines(const struct relay_message *m, const char *text, bool is_name)
{
	struct span rest = header_of(m), line, name;
	size_t n = 0;

	while (span_next(&rest, '\n', &line)) {
		if (line.len > 0)
			line.len--;	/* the CR */
		name = line;
		name.len = span_find(line, ':');
		n += is_name ? span_equals_nocase(name, span_of(text)) :
		    span_equals(line, span_of(text));
	}
	return n;
}

static void
check_fields(struct trial *t, const struct relay_message *m,
    struct span names)
{
	struct span name;
	char *text;

	while (span_next(&names, ' ', &name)) {
		text = decode(name);
		TRIAL_CHECK(t, count_lines(m, text, true) == 1);
		mem_free(text);
	}
}

static void
check_absence(struct trial *t, const struct relay_message *m,
    struct span words)
{
	struct span word;
	char *text;

	while (span_next(&words, ' ', &word)) {
		text = decode(word);
		TRIAL_CHECK(t, strstr(buf_string(&m->text), text) == NULL);
		mem_free(text);
	}
}

/* All of the body, where any of it is given. */
static void
end_sight(const struct sight *s)
{
	TRIAL_CHECK(s->t, !s->has_body || s->body.len == 0);
}

static void
begin_sight(struct sight *s, size_t n, struct span path)
{
	s->m = relay_message_at(&s->t->record, n);
	TRIAL_CHECK(s->t, s->m != NULL && has_path(s->m->mail, path));
	s->body = buf_span(&s->m->text);
	s->body = span_skip(s->body, header_of(s->m).len + 2);
	s->has_body = false;
}

static void
check_body_line(struct sight *s, struct span value)
{
	struct buf line;

	buf_init(&line, BUF_UNLIMITED);
	add_text(&line, value, "\r\n");
	TRIAL_CHECK(s->t, line.len <= s->body.len &&
	    memcmp(line.data, s->body.data, line.len) == 0);
	s->body = span_skip(s->body, line.len);
	s->has_body = true;
	buf_free(&line);
}

/* What a line wants of a message that was sent. */
static void
check_line(struct sight *s, struct span key, struct span value)
{
	char *text;

	if (is_key(key, "rcpt")) {
		TRIAL_CHECK(s->t, has_recipients(s->m, value));
	} else if (is_key(key, "param")) {
		TRIAL_CHECK(s->t, has_param(s->m, value));
	} else if (is_key(key, "head")) {
		text = decode(value);
		TRIAL_CHECK(s->t, count_lines(s->m, text, false) == 1);
		mem_free(text);
	} else if (is_key(key, "has")) {
		check_fields(s->t, s->m, value);
	} else if (is_key(key, "no")) {
		check_absence(s->t, s->m, value);
	} else if (is_key(key, "body")) {
		check_body_line(s, value);
	}
}

static void
check_messages(struct face_row *row, struct span lines)
{
	struct sight s = { .t = &row->trial };
	struct span key, value;
	size_t n = 0;

	TRIAL_CHECK(s.t, s.t->record.failure[0] == '\0');
	TRIAL_CHECK(s.t, s.t->record.mail_commands == row->messages);
	TRIAL_CHECK(s.t, s.t->record.committed == row->messages);
	TRIAL_CHECK(s.t, s.t->record.count == (row->messages > 0));
	while (next_line(&lines, &key, &value) && !is_key(key, "case")) {
		if (is_key(key, "mail")) {
			end_sight(&s);
			begin_sight(&s, n++, value);
		} else {
			check_line(&s, key, value);
		}
	}
	end_sight(&s);
}

static void
check_output(struct face_row *row)
{
	struct trial *t = &row->trial;
	struct buf codes;

	TRIAL_CHECK(t, (t->result.err.len == 0) == (row->status == EX_OK));
	if (row->codes.data == NULL) {
		TRIAL_CHECK(t, strcmp(buf_string(&t->result.out),
		    buf_string(&row->out)) == 0);
		return;
	}
	buf_init(&codes, BUF_UNLIMITED);
	TRIAL_CHECK(t, replies_read(&codes, buf_span(&t->result.out)));
	if (!span_equals(buf_span(&codes), row->codes))
		print_error("replies: %s\n", buf_string(&codes));
	TRIAL_CHECK(t, span_equals(buf_span(&codes), row->codes));
	buf_free(&codes);
}

static void
row_free(struct face_row *row)
{
	size_t i;

	trial_free(&row->trial);
	for (i = 0; i < WORDS_MAX; i++)
		mem_free(row->words[i]);
	buf_free(&row->input);
	buf_free(&row->out);
}

static void
the_case_comes_out_as_it_says(void **state)
{
	const struct face_case *c = *state;
	void *scratch = c->scratch;
	struct face_row row = { .status = -1 };
	struct trial *t = &row.trial;
	struct span lines = c->lines, key, value;

	buf_init(&row.input, BUF_UNLIMITED);
	buf_init(&row.out, BUF_UNLIMITED);
	while (next_line(&lines, &key, &value) && !is_key(key, "case"))
		take_line(&row, key, value);
	t->keys = "domain = example.org\n";
	t->run.input = row.input.len == 0 ? span_make("", 0) :
	    buf_span(&row.input);
	trial_run(t, &scratch);
	TRIAL_CHECK(t, t->result.exit_status == row.status);
	TRIAL_CHECK(t, !t->result.broken_pipe || row.input.len == 0);
	check_output(&row);
	check_messages(&row, c->lines);
	row_free(&row);
}

int
main(void)
{
	struct face face = { 0 };
	struct CMUnitTest *tests;
	void *scratch;
	size_t i;
	int failed;

	if (!read_cases(&face) || kit_set_up(&scratch) != 0) {
		(void)fprintf(stderr, "%s can't be read\n", CASES);
		return 1;
	}
	tests = mem_array(face.count, sizeof(*tests));
	for (i = 0; i < face.count; i++) {
		tests[i].name = face.cases[i].name;
		tests[i].test_func = the_case_comes_out_as_it_says;
		tests[i].initial_state = &face.cases[i];
		face.cases[i].scratch = scratch;
	}
	failed = _cmocka_run_group_tests("face", tests, face.count, NULL,
	    NULL);
	for (i = 0; i < face.count; i++)
		mem_free(face.cases[i].name);
	mem_free(face.cases);
	mem_free(tests);
	buf_free(&face.file);
	return kit_tear_down(&scratch) == 0 ? failed : 1;
}
