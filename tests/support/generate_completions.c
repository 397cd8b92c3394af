/*
 * What the shells offer is what --help lists; whether a value follows is what
 * the option tables say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/help.h"
#include "app/option_tables.h"
#include "support/generate.h"

struct word {
	char name[24];		/* "--profile", "-t", "-bm" */
	bool is_long, takes_value;
	char argument[24];	/* "NAME" */
	char text[160];
};

typedef void add_word(struct buf *out, const struct word *word);

/* What can be said of a value; of the others nothing is known. */
static const struct {
	const char *name, *words;
} values[] = {
	{ "-B", "7BIT 8BITMIME" },
	{ "-N", "never success failure delay" },
	{ "-R", "hdrs full" },
	{ "--import", "msmtprc ssmtp nullmailer dma git" },
};

static const char *
words_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].name, name) == 0)
			return values[i].words;
	return NULL;
}

static bool
takes_value(const char *name)
{
	const struct option_row *row;
	const struct option_row *o;

	if (name[1] != '-') {
		row = option_find(option_letters, name[1]);
		return name[2] == '\0' && row->arity == TAKES_VALUE;
	}
	for (o = option_long; o->name != NULL; o++)
		if (strcmp(o->name, name + 2) == 0)
			return o->arity == TAKES_VALUE;
	(void)fprintf(stderr, "--help lists %s, which isn't there\n", name);
	abort();
}

/* Where the options of a line of help end, and its text begins. */
static size_t
find_text(struct span line)
{
	size_t i;

	for (i = 2; i + 1 < line.len; i++)
		if (line.data[i] == ' ' && line.data[i + 1] == ' ')
			return i;
	return line.len;
}

static bool
is_continued(struct span rest)
{
	return span_starts_with_nocase(rest, span_of("          "));
}

/* The text of an option, its further lines too, up to a semicolon. */
static void
read_text(char *out, size_t size, struct span line, struct span *rest)
{
	struct buf text;
	struct span part;

	buf_init(&text, BUF_UNLIMITED);
	line = span_trim(line);
	generate_add(&text, "");
	do {
		if (!buf_printf(&text, "%s%.*s", text.len == 0 ? "" : " ",
		    (int)line.len, line.data))
			abort();
		if (!is_continued(*rest))
			break;
		(void)span_next(rest, '\n', &line);
		line = span_trim(line);
	} while (true);
	line = buf_span(&text);
	if (!span_next(&line, ';', &part) || part.len >= size)
		abort();
	(void)snprintf(out, size, "%.*s", (int)part.len, part.data);
	buf_free(&text);
}

/* The options before a text: "-f ADDRESS", "-r". */
static void
add_items(struct buf *out, struct span items, const char *text,
    add_word *add)
{
	struct word word = { .text = "" };
	struct span item, name;

	while (span_next(&items, ',', &item)) {
		item = span_trim(item);
		/* What is taken for old callers' sake isn't for people. */
		if (span_find(item, '*') < item.len)
			continue;
		(void)span_next(&item, ' ', &name);
		(void)snprintf(word.name, sizeof(word.name), "%.*s",
		    (int)name.len, name.data);
		/* "-f ADDRESS, -r": the same for both. */
		if (item.data != NULL)
			(void)snprintf(word.argument, sizeof(word.argument),
			    "%.*s", (int)item.len, item.data);
		(void)snprintf(word.text, sizeof(word.text), "%s", text);
		word.is_long = word.name[1] == '-';
		word.takes_value = takes_value(word.name);
		add(out, &word);
	}
}

static void
each_word(struct buf *out, add_word *add)
{
	struct span rest = span_of(help_text), line;
	char text[160];
	size_t end;

	while (span_next(&rest, '\n', &line)) {
		if (!span_starts_with_nocase(line, span_of("  -")))
			continue;
		end = find_text(line);
		read_text(text, sizeof(text), span_skip(line, end), &rest);
		add_items(out, span_make(line.data, end), text, add);
	}
}

/* Between single quotes: `quote` takes the place of one. */
static void
add_quoted(struct buf *out, const char *text, const char *quote)
{
	char c[2] = "";

	for (; *text != '\0'; text++) {
		c[0] = *text;
		generate_add(out, *text == '\'' ? quote : c);
	}
}

static bool
is_file(const struct word *w)
{
	return strcmp(w->name, "--config") == 0;
}

static bool
is_profile(const struct word *w)
{
	return strcmp(w->name, "--profile") == 0;
}

/* Whether a file may stand behind the value, as an operand. */
static bool
leads_to_file(const struct word *w)
{
	return strcmp(w->name, "--import") == 0;
}

/* bash: lists of names. */

static void
add_bash_long(struct buf *out, const struct word *w)
{
	if (w->is_long && !is_file(w))
		generate_add(out, " "), generate_add(out, w->name);
}

static void
add_bash_short(struct buf *out, const struct word *w)
{
	if (!w->is_long)
		generate_add(out, " "), generate_add(out, w->name);
}

static void
add_bash_value(struct buf *out, const struct word *w)
{
	const char *words = words_of(w->name);

	if (!w->takes_value || is_file(w) || is_profile(w))
		return;
	generate_add(out, "\t");
	generate_add(out, w->name);
	generate_add(out, ")\n");
	if (words != NULL) {
		generate_add(out, "\t\tmapfile -t COMPREPLY < <(compgen -W '");
		generate_add(out, words);
		generate_add(out, "' -- \"$cur\")\n");
	}
	generate_add(out, "\t\treturn ;;\n");
}

/* For a shell's `case`, with a bar behind each. */
static void
add_with_value(struct buf *out, const struct word *w)
{
	if (w->is_long && w->takes_value)
		generate_add(out, w->name), generate_add(out, " | ");
}

static void
add_before_file(struct buf *out, const struct word *w)
{
	if (leads_to_file(w))
		generate_add(out, w->name), generate_add(out, " | ");
}

/* The names as a pattern, whose last bar becomes the bracket. */
static void
add_pattern(struct buf *out, add_word *add)
{
	each_word(out, add);
	out->len -= strlen(" | ");
	generate_add(out, ")\n");
}

static const char bash_head[] =
"# Completion of posthaste(8) for bash. Made by `make generate`: change that.\n"
"\n"
"# The sections of the file that would be read.\n"
"_posthaste_profiles() {\n"
"\tlocal file named=$POSTHASTE_CONFIG\n"
"\tif [[ ${COMP_WORDS[1]} == --config ]]; then\n"
"\t\tnamed=${COMP_WORDS[2]/#\\~\\//$HOME/}\n"
"\tfi\n"
"\tfor file in \"$named\" \\\n"
"\t    \"${XDG_CONFIG_HOME:-$HOME/.config}/posthaste/posthaste.ini\" \\\n"
"\t    /etc/posthaste/posthaste.ini; do\n"
"\t\tif [[ -r $file ]]; then\n"
"\t\t\tsed -n 's/^\\[\\(.*\\)\\][[:blank:]]*$/\\1/p' \"$file\"\n"
"\t\t\treturn\n"
"\t\tfi\n"
"\tdone\n"
"}\n"
"\n"
"_posthaste_files() {\n"
"\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
"\tcompopt -o filenames 2>/dev/null\n"
"}\n"
"\n"
"_posthaste() {\n"
"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
"\tlocal long short seen=' ' word i\n"
"\tCOMPREPLY=()\n"
"\tcase $prev in\n"
"\t--config)\n"
"\t\t_posthaste_files\n"
"\t\treturn ;;\n"
"\t--profile)\n"
"\t\t# compgen -W would run what a name says.\n"
"\t\twhile IFS= read -r word; do\n"
"\t\t\t[[ $word != \"$cur\"* ]] || COMPREPLY+=(\"$word\")\n"
"\t\tdone < <(_posthaste_profiles)\n"
"\t\treturn ;;\n";

static const char bash_behind[] =
"\tesac\n"
"\t((COMP_CWORD < 3)) || case ${COMP_WORDS[COMP_CWORD - 2]} in\n"
"\t";

static const char bash_middle[] =
"\t\t[[ $cur == -* ]] || _posthaste_files ;;\n"
"\tesac\n"
"\t# Recipients are anybody's guess.\n"
"\t[[ $cur == -* ]] || return\n";

static const char bash_loop[] =
"\t# Long options come once each, before all others; --config is the first.\n"
"\t((COMP_CWORD > 1)) || long=\"--config $long\"\n"
"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
"\t\tword=${COMP_WORDS[i]}\n"
"\t\tcase $word in\n"
"\t\t--)\n"
"\t\t\treturn ;;\n"
"\t\t";

static const char bash_foot[] =
"\t\t\tseen+=\"$word \"\n"
"\t\t\ti=$((i + 1)) ;;\n"
"\t\t--*)\n"
"\t\t\tseen+=\"$word \" ;;\n"
"\t\t*)\n"
"\t\t\tlong= ;;\n"
"\t\tesac\n"
"\tdone\n"
"\tfor word in $long $short; do\n"
"\t\tif [[ $word == \"$cur\"* && $seen != *\" $word \"* ]]; then\n"
"\t\t\tCOMPREPLY+=(\"$word\")\n"
"\t\tfi\n"
"\tdone\n"
"}\n"
"\n"
"complete -F _posthaste posthaste\n";

void
generate_bash(struct buf *out)
{
	generate_add(out, bash_head);
	each_word(out, add_bash_value);
	generate_add(out, bash_behind);
	add_pattern(out, add_before_file);
	generate_add(out, bash_middle);
	generate_add(out, "\tlong='");
	each_word(out, add_bash_long);
	generate_add(out, "'\n\tshort='");
	each_word(out, add_bash_short);
	generate_add(out, "'\n");
	generate_add(out, bash_loop);
	add_pattern(out, add_with_value);
	generate_add(out, bash_foot);
}

/* zsh: a specification for _arguments each. */

static void
add_zsh(struct buf *out, const struct word *w)
{
	const char *words = words_of(w->name);

	if (is_file(w))
		return;
	generate_add(out, "\t'");
	generate_add(out, w->name);
	generate_add(out, "[");
	add_quoted(out, w->text, "'\\''");
	generate_add(out, "]");
	if (w->takes_value) {
		generate_add(out, ":");
		generate_add(out, w->argument);
		generate_add(out, ":");
		generate_add(out, is_profile(w) ? "_posthaste_profiles" : "");
		if (words != NULL) {
			generate_add(out, "(");
			generate_add(out, words);
			generate_add(out, ")");
		}
	}
	if (leads_to_file(w))
		generate_add(out, "::FILE:_files");
	generate_add(out, "'\n");
}

static const char zsh_head[] =
"#compdef posthaste\n"
"# Completion of posthaste(8) for zsh. Made by `make generate`: change that.\n"
"\n"
"# The sections of the file that would be read.\n"
"_posthaste_profiles() {\n"
"\tlocal file named=$POSTHASTE_CONFIG\n"
"\tlocal -a sections\n"
"\t[[ $words[2] != --config ]] || named=${words[3]/#\\~\\//$HOME/}\n"
"\tfor file in \"$named\" \\\n"
"\t    \"${XDG_CONFIG_HOME:-$HOME/.config}/posthaste/posthaste.ini\" \\\n"
"\t    /etc/posthaste/posthaste.ini; do\n"
"\t\t[[ -r $file ]] || continue\n"
"\t\tsections=(${(f)\"$(sed -n \\\n"
"\t\t    's/^\\[\\(.*\\)\\][[:blank:]]*$/\\1/p' \"$file\")\"})\n"
"\t\tbreak\n"
"\tdone\n"
"\tcompadd -a sections\n"
"}\n"
"\n"
"local -a options config\n"
"local -i i\n"
"options=(\n";

static const char zsh_middle[] =
")\n"
"# Only the very first word can be this.\n"
"if ((CURRENT == 2)) || [[ $words[2] == --config ]]; then\n"
"\tconfig=('--config[the profile file]:file:_files')\n"
"fi\n"
"# Long options come before all others.\n"
"for ((i = 2; i < CURRENT; i++)); do\n"
"\tcase $words[i] in\n"
"\t(";

static const char zsh_foot[] =
"\t\t((i++)) ;;\n"
"\t(--?*) ;;\n"
"\t(*)\n"
"\t\toptions=(${options:#--*})\n"
"\t\tbreak ;;\n"
"\tesac\n"
"done\n"
"_arguments -S $config $options '*:recipient:'\n";

void
generate_zsh(struct buf *out)
{
	generate_add(out, zsh_head);
	each_word(out, add_zsh);
	generate_add(out, zsh_middle);
	add_pattern(out, add_with_value);
	generate_add(out, zsh_foot);
}

/* fish: a line each. */

static void
add_fish(struct buf *out, const struct word *w)
{
	const char *words = words_of(w->name);

	generate_add(out, "complete -c posthaste");
	if (w->is_long)
		generate_add(out, is_file(w) ? " -n __posthaste_is_first" :
		    " -n __posthaste_takes_long");
	generate_add(out, w->is_long ? " -l " : w->name[2] == '\0' ? " -s " :
	    " -o ");
	generate_add(out, w->name + (w->is_long ? 2 : 1));
	if (w->takes_value)
		generate_add(out, is_file(w) ? " -rF" : " -x");
	if (is_profile(w))
		generate_add(out, " -a '(__posthaste_profiles)'");
	if (words != NULL) {
		generate_add(out, " -a '");
		generate_add(out, words);
		generate_add(out, "'");
	}
	generate_add(out, " -d '");
	add_quoted(out, w->text, "\\'");
	generate_add(out, "'\n");
}

static const char fish_head[] =
"# Completion of posthaste(8) for fish. Made by `make generate`: change that.\n"
"\n"
"# The sections of the file that would be read.\n"
"function __posthaste_profiles\n"
"    set -l words (commandline -opc)\n"
"    set -l files $POSTHASTE_CONFIG\n"
"    if test (count $words) -gt 2; and test $words[2] = --config\n"
"        set files (string replace -r '^~/' \"$HOME/\" -- $words[3])\n"
"    end\n"
"    set -l home $XDG_CONFIG_HOME\n"
"    test -n \"$home\"; or set home ~/.config\n"
"    for file in $files $home/posthaste/posthaste.ini \\\n"
"            /etc/posthaste/posthaste.ini\n"
"        if test -r $file\n"
"            string replace -rf '^\\[(.*)\\]\\s*$' '$1' <$file\n"
"            return\n"
"        end\n"
"    end\n"
"end\n"
"\n"
"# --config can only be the very first word, with its value behind it.\n"
"function __posthaste_is_first\n"
"    set -l words (commandline -opc)\n"
"    contains -- \"$words[2..-1]\" '' --config\n"
"end\n"
"\n"
"# Long options come before all others.\n"
"function __posthaste_takes_long\n"
"    not string match -qr -- '^-[^-]|^--$' (commandline -opc)[2..-1]\n"
"end\n"
"\n"
"# Behind the value of --import.\n"
"function __posthaste_takes_file\n"
"    set -l words (commandline -opc)\n"
"    test (count $words) -gt 2; and test $words[-2] = --import\n"
"end\n"
"\n"
"complete -c posthaste -f\n"
"complete -c posthaste -n __posthaste_takes_file -F\n";

void
generate_fish(struct buf *out)
{
	generate_add(out, fish_head);
	each_word(out, add_fish);
}
