/*
 * The layers, and what can be told of the style by looking: includes, screens,
 * heads, columns, banned functions. Run in the checkout's root; prints
 * file:line for each finding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/program.h"

#define FUNCTION_LINES 60
#define FILE_LINES 500
#define COLUMNS 80
#define TABS 4	/* a function's body and three blocks in it */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a layer may include; a layer that isn't named may include all. */
static const struct {
	const char *layer;
	const char *allowed;
} layers[] = {
	{ "base", " base " },
	{ "mail", " base mail " },
	{ "conf", " base conf " },
	{ "net", " base net " },
	{ "smtp", " base mail net smtp " },
	{ "spool", " base mail spool " },
};

/* Headers that belong to few files: TLS and trust are of several each, by their
 * length alone. */
static const struct {
	const char *prefix;
	const char *files;
} libraries[] = {
	{ "<gnutls/", " src/net/tls.c src/net/tls_context.c src/net/trust.c "
	    "src/net/trust_certificate.c src/net/trust_store.c "
	    "src/base/crypto.c " },
	{ "<ini.h>", " src/conf/ini.c " },
};

static const char *const banned[] = { "strcpy", "strcat", "strncpy",
	"strncat", "stpcpy", "sprintf", "vsprintf", "gets", "strtok", "atoi",
	"atol", "scanf", "sscanf", "fscanf", "localtime", "gmtime", "alarm",
	"setjmp", "longjmp", "system", "popen" };

/* Files of tables, by the beginning of their names; those in the second list
 * only where "_table" follows somewhere. */
static const char *const tables[] = { "hint", "provider", "key" };
static const char *const marked_tables[] = { "option" };

struct source {
	const char *path;
	struct span text;
	struct buf code;	/* the text, comments and strings blanked */
	struct buf *findings;
	size_t function_line;	/* of its "{"; 0 outside */
};

static void
report(const struct source *s, size_t line, const char *what,
    struct span thing)
{
	if (!buf_printf(s->findings, "%s:%zu: %s%.*s\n", s->path, line, what,
	    (int)thing.len, thing.len == 0 ? "" : thing.data))
		abort();
}

static bool
has_word(const char *list, struct span word)
{
	struct span rest = span_of(list), part;

	while (span_next(&rest, ' ', &part))
		if (word.len > 0 && span_equals(part, word))
			return true;
	return false;
}

/* "src/LAYER/…", or the empty span for a file directly in src. */
static struct span
layer_of(const char *path)
{
	struct span rest = span_of(path), first, second;

	if (span_next(&rest, '/', &first) && span_next(&rest, '/', &second) &&
	    rest.data != NULL)
		return second;
	return span_of(NULL);
}

enum state { CODE, STRING, CHARACTER, LINE_COMMENT, COMMENT };

/* The state behind `c`; `last` is the octet before it, blanked or not. */
static enum state
next_state(enum state state, char last, char c, char following)
{
	switch (state) {
	case CODE:
		if (c == '/' && following == '*')
			return COMMENT;
		if (c == '/' && following == '/')
			return LINE_COMMENT;
		if (c == '"')
			return STRING;
		return c == '\'' ? CHARACTER : CODE;
	case STRING:
		return c == '"' && last != '\\' ? CODE : STRING;
	case CHARACTER:
		return c == '\'' && last != '\\' ? CODE : CHARACTER;
	case LINE_COMMENT:
		return c == '\n' ? CODE : LINE_COMMENT;
	case COMMENT:
		return c == '/' && last == '*' ? CODE : COMMENT;
	}
	return state;
}

static void
blank(struct source *s)
{
	enum state state = CODE, next;
	char last = '\0', c, following;
	size_t i;

	for (i = 0; i < s->text.len; i++) {
		c = s->text.data[i];
		following = i + 1 < s->text.len ? s->text.data[i + 1] : '\0';
		next = next_state(state, last, c, following);
		if (!buf_add_char(&s->code, c == '\n' || (state == CODE &&
		    next == CODE) ? c : ' '))
			abort();
		/* Two backslashes are one, and a comment's opening asterisk
		 * doesn't end it. */
		last = (last == '\\' && c == '\\') ||
		    (state == CODE && next == COMMENT) ? '\0' : c;
		if (state == CODE && next == COMMENT) {
			i++;
			if (!buf_add_char(&s->code, ' '))
				abort();
		}
		state = next;
	}
}

static void
check_own_include(const struct source *s, size_t line, struct span name)
{
	struct span layer = layer_of(s->path), rest = name, wanted;
	size_t i;

	(void)span_next(&rest, '/', &wanted);
	for (i = 0; i < COUNT(layers); i++)
		if (span_equals(layer, span_of(layers[i].layer)) &&
		    !has_word(layers[i].allowed, wanted))
			report(s, line, "this layer must not include ", name);
}

static void
check_include(const struct source *s, size_t line, struct span text)
{
	size_t begin = span_find(text, '"'), i;
	struct span name;

	for (i = 0; i < COUNT(libraries); i++)
		if (span_contains_nocase(text,
		    span_of(libraries[i].prefix)) &&
		    !has_word(libraries[i].files, span_of(s->path)))
			report(s, line, "not the place for ", text);
	if (begin == text.len)
		return;
	name = span_skip(text, begin + 1);
	name.len = span_find(name, '"');
	check_own_include(s, line, name);
}

static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* Names that are called, and that must not be. */
static void
check_calls(const struct source *s, size_t line, struct span code)
{
	size_t i, begin, end;
	struct span name;

	for (i = 0; i < code.len; i = end + 1) {
		for (begin = i; begin < code.len &&
		    !is_name_char(code.data[begin]); begin++)
			;
		for (end = begin; end < code.len &&
		    is_name_char(code.data[end]); end++)
			;
		name = span_make(code.data + begin, end - begin);
		while (end < code.len && code.data[end] == ' ')
			end++;
		if (end == code.len || code.data[end] != '(')
			continue;
		for (begin = 0; begin < COUNT(banned); begin++)
			if (span_equals(name, span_of(banned[begin])))
				report(s, line, "banned: ", name);
	}
}

static void
check_columns(const struct source *s, size_t line, struct span text)
{
	size_t column = 0, i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '\t')
			column = (column / 8 + 1) * 8;
		else if (((unsigned char)text.data[i] & 0xc0) != 0x80)
			column++;
	}
	if (column > COLUMNS)
		report(s, line, "more than 80 columns", span_of(NULL));
	if (text.len > 0 && ascii_is_blank(text.data[text.len - 1]))
		report(s, line, "a blank at the end", span_of(NULL));
}

/* A function's body is what stands between braces in the first column. */
static void
check_function(struct source *s, size_t line, struct span code)
{
	size_t tabs;

	code.len -= code.len > 0 && code.data[code.len - 1] == '\n' ? 1 : 0;
	if (span_equals(code, span_of("{")))
		s->function_line = line;
	if (s->function_line == 0)
		return;
	for (tabs = 0; tabs < code.len && code.data[tabs] == '\t'; tabs++)
		;
	if (tabs > TABS && tabs < code.len && code.data[tabs] != ' ')
		report(s, line, "blocks nested too deeply", span_of(NULL));
	if (!span_equals(code, span_of("}")))
		return;
	if (line - s->function_line + 1 > FUNCTION_LINES)
		report(s, s->function_line, "a function of more than 60 lines",
		    span_of(NULL));
	s->function_line = 0;
}

static bool
begins_with_any(struct span name, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (span_starts_with_nocase(name, span_of(list[i])))
			return true;
	return false;
}

static bool
is_table(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct span name = span_of(slash == NULL ? path : slash + 1);

	return begins_with_any(name, tables, COUNT(tables)) ||
	    (begins_with_any(name, marked_tables, COUNT(marked_tables)) &&
	    span_contains_nocase(name, span_of("_table")));
}

static void
check_source(const char *path, struct span text, struct buf *findings)
{
	struct source s = { path, text, { 0 }, findings, 0 };
	struct span lines = text, codes, line, code;
	size_t number = 0;

	buf_init(&s.code, BUF_UNLIMITED);
	blank(&s);
	codes = buf_span(&s.code);
	while (span_next(&lines, '\n', &line) &&
	    span_next(&codes, '\n', &code)) {
		/* Behind the last line end there is no line. */
		if (lines.data == NULL && line.len == 0)
			break;
		number++;
		if (span_starts_with_nocase(code, span_of("#include")))
			check_include(&s, number, line);
		check_calls(&s, number, code);
		check_columns(&s, number, line);
		check_function(&s, number, code);
	}
	if (number > FILE_LINES && !is_table(path))
		report(&s, number, "a file of more than 500 lines",
		    span_of(NULL));
	buf_free(&s.code);
}

/* Sources that must be flagged, and some that must not. */
static const struct {
	const char *path, *text;
	const char *finding;	/* NULL: none */
} samples[] = {
	{ "src/base/x.c", "#include \"mail/wire.h\"\n",
	    "src/base/x.c:1: this layer must not include mail/wire.h\n" },
	{ "src/mail/x.h", "\n#include \"net/dial.h\"\n",
	    "src/mail/x.h:2: this layer must not include net/dial.h\n" },
	{ "src/conf/x.c", "#include \"mail/wire.h\"\n",
	    "src/conf/x.c:1: this layer must not include mail/wire.h\n" },
	{ "src/net/x.c", "#include \"smtp/step.h\"\n",
	    "src/net/x.c:1: this layer must not include smtp/step.h\n" },
	{ "src/smtp/x.c", "#include \"conf/ini.h\"\n",
	    "src/smtp/x.c:1: this layer must not include conf/ini.h\n" },
	{ "src/spool/x.c", "#include \"net/dial.h\"\n",
	    "src/spool/x.c:1: this layer must not include net/dial.h\n" },
	{ "src/smtp/x.c", "#include \"net/dial.h\"\n#include <string.h>\n",
	    NULL },
	{ "src/app/x.c", "#include \"conf/ini.h\"\n", NULL },
	{ "src/main.c", "#include \"app/run.h\"\n", NULL },
	{ "src/app/x.c", "#include <gnutls/gnutls.h>\n",
	    "src/app/x.c:1: not the place for #include "
	    "<gnutls/gnutls.h>\n" },
	{ "src/net/tls.c", "#include <gnutls/gnutls.h>\n", NULL },
	{ "src/net/tls.h", "#include <gnutls/gnutls.h>\n",
	    "src/net/tls.h:1: not the place for #include "
	    "<gnutls/gnutls.h>\n" },
	{ "src/conf/key.c", "#include <ini.h>\n",
	    "src/conf/key.c:1: not the place for #include <ini.h>\n" },
	{ "src/conf/ini.c", "#include <ini.h>\n", NULL },
	{ "src/base/x.c", "\tx = atoi(s);\n",
	    "src/base/x.c:1: banned: atoi\n" },
	{ "src/base/x.c", "\treturn 1 + strcpy (a, b);\n",
	    "src/base/x.c:1: banned: strcpy\n" },
	{ "src/base/x.c", "/* atoi(s)\n * gets(s) */ // system(s)\n", NULL },
	{ "src/base/x.c", "\"gets(\\\"\" /**/ '\"' '\\\\' \"\\\\\" system(s)\n",
	    "src/base/x.c:1: banned: system\n" },
	{ "src/base/x.c", "\tlocaltime_r(a, b); int system;\n", NULL },
	{ "src/base/x.c", "\t\t\t\t\t\t\t\t\t     123\n", NULL },
	{ "src/base/x.c", "\t\t\t\t\t\t\t\t\t 12345678\n",
	    "src/base/x.c:1: more than 80 columns\n" },
	{ "src/base/x.c", "int a; \n", "src/base/x.c:1: a blank at the end\n" },
	{ "src/base/x.c", "{\n\t\t\t\ta;\n}\n", NULL },
	{ "src/base/x.c", "{\n\t\t\t\t\ta;\n}\n",
	    "src/base/x.c:2: blocks nested too deeply\n" },
};

static bool
sample_holds(const char *path, struct span text, const char *finding)
{
	struct buf findings;
	bool holds;

	buf_init(&findings, BUF_UNLIMITED);
	check_source(path, text, &findings);
	holds = strcmp(buf_string(&findings), finding == NULL ? "" :
	    finding) == 0;
	if (!holds)
		(void)printf("the check itself: for %s\n%.*s\nit found: %s\n",
		    path, (int)text.len, text.data, buf_string(&findings));
	buf_free(&findings);
	return holds;
}

/* A text of `count` lines between two others. */
static bool
long_sample_holds(const char *path, const char *first, size_t count,
    const char *last, const char *finding)
{
	struct buf text;
	bool holds = true;
	size_t i;

	buf_init(&text, BUF_UNLIMITED);
	holds = buf_add_string(&text, first);
	for (i = 0; holds && i < count; i++)
		holds = buf_add_string(&text, "\t;\n");
	holds = holds && buf_add_string(&text, last) &&
	    sample_holds(path, buf_span(&text), finding);
	buf_free(&text);
	return holds;
}

static bool
check_the_check(void)
{
	bool fine = true;
	size_t i;

	for (i = 0; i < COUNT(samples); i++)
		fine = sample_holds(samples[i].path, span_of(samples[i].text),
		    samples[i].finding) && fine;
	return long_sample_holds("src/base/x.c", "{\n", 58, "}\n", NULL) &&
	    long_sample_holds("src/base/x.c", "{\n", 59, "}\n",
	    "src/base/x.c:1: a function of more than 60 lines\n") &&
	    long_sample_holds("src/base/x.c", "", 500, "", NULL) &&
	    long_sample_holds("src/base/x.c", "", 501, "",
	    "src/base/x.c:501: a file of more than 500 lines\n") &&
	    long_sample_holds("src/app/hints.c", "", 501, "", NULL) &&
	    long_sample_holds("src/conf/keys.c", "", 501, "", NULL) &&
	    long_sample_holds("src/app/option_tables.c", "", 501, "", NULL) &&
	    long_sample_holds("src/app/options.c", "", 501, "",
	    "src/app/options.c:501: a file of more than 500 lines\n") && fine;
}

/* The paths of all sources, one a line. */
static bool
list_sources(struct buf *paths)
{
	static const char find[] = "find src -name '*.[ch]' | LC_ALL=C sort";
	const char *argv[] = { "sh", "-c", find, NULL };
	const struct program_run run = { .argv = argv, .path = "/bin/sh" };
	struct program_result result;
	bool done;

	done = program_run(&result, &run) && result.exit_status == 0 &&
	    buf_add_span(paths, buf_span(&result.out));
	program_result_free(&result);
	return done && paths->len > 0;
}

static bool
read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "r");
	char block[4096];
	size_t n;
	bool done;

	buf_clear(text);
	if (file == NULL)
		return false;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		if (!buf_add(text, block, n))
			abort();
	done = ferror(file) == 0;
	return fclose(file) == 0 && done;
}

static size_t
check_all(struct buf *findings)
{
	struct buf paths, text;
	struct span rest, line;
	size_t count = 0;
	char *path;

	buf_init(&paths, BUF_UNLIMITED);
	buf_init(&text, BUF_UNLIMITED);
	if (!list_sources(&paths))
		(void)fprintf(stderr, "no sources: not the checkout's root\n");
	rest = buf_span(&paths);
	while (span_next(&rest, '\n', &line) && line.len > 0) {
		path = mem_span(line);
		if (!read_file(path, &text))
			abort();
		check_source(path, buf_span(&text), findings);
		mem_free(path);
		count++;
	}
	buf_free(&paths);
	buf_free(&text);
	return count;
}

int
main(void)
{
	struct buf findings;
	size_t count;
	bool fine;

	buf_init(&findings, BUF_UNLIMITED);
	fine = check_the_check();
	count = check_all(&findings);
	fine = fine && count > 0 && findings.len == 0;
	(void)printf("%s", buf_string(&findings));
	(void)printf("[  %s  ] %zu sources keep their layers and the style\n",
	    fine ? "PASSED" : "FAILED", count);
	buf_free(&findings);
	return fine ? 0 : 1;
}
