#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/keys.h"
#include "conf/nearest.h"
#include "conf/profile.h"
#include "conf/profile_file.h"
#include "conf/template.h"
#include "smtp/sasl.h"

/* `make check` runs in the top directory. */
#define SAMPLE "etc/posthaste.ini"
#define MANUAL "man/posthaste.ini.5"

static void
names_are_unique_and_found(void **state)
{
	const struct profile_key *key;

	(void)state;
	for (key = keys_all(); key->name != NULL; key++)
		assert_ptr_equal(key_find(key->name), key);
	assert_null(key_find("Host"));
	assert_null(key_find(""));
}

static void
each_mechanism_is_a_word_of_auth_and_the_other_way_round(void **state)
{
	const struct key_word *word;
	sasl_set all = 0, one;

	(void)state;
	for (word = key_find("auth")->words; word->word != NULL; word++) {
		if (strcmp(word->word, PROFILE_AUTH_AUTO) == 0 ||
		    strcmp(word->word, PROFILE_AUTH_NONE) == 0)
			continue;
		one = sasl_named(span_of(word->word));
		if (one == 0)
			fail_msg("smtp/sasl.c has no %s", word->word);
		all |= one;
	}
	if (sasl_best(~all) != NULL)
		fail_msg("conf/keys.c has no %s", sasl_name(sasl_best(~all)));
}

static void
a_slip_finds_the_key_that_was_meant(void **state)
{
	static const struct {
		const char *wish, *best;
	} rows[] = {
		{ "hots", "host" },
		{ "hosts", "host" },
		{ "HOST", "host" },
		{ "prt", "port" },
		{ "helo", "ehlo" },
		{ "passwd", "password" },
		{ "passwordfile", "password_file" },
		{ "password-command", "password_command" },
		{ "fingerprint", NULL },
		{ "conect_timeout", "connect_timeout" },
		{ "t", NULL },
		{ "", NULL },
		{ "account", NULL },
		{ "proxi", "proxy" },
		{ "spol", "spool" },
	};
	const struct profile_key *key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		key = key_nearest(rows[i].wish);
		if (rows[i].best == NULL && key != NULL)
			fail_msg("%s: %s", rows[i].wish, key->name);
		if (rows[i].best == NULL)
			continue;
		if (key == NULL)
			fail_msg("%s: nothing", rows[i].wish);
		assert_string_equal(key->name, rows[i].best);
	}
}

static void
distances_count_single_slips(void **state)
{
	static const char over[] =
	    "0123456789012345678901234567890123456789012345678";
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "abc", "ABC", 0 },
		{ "abc", "acb", 1 },
		{ "abc", "abxc", 1 },
		{ "abc", "axc", 1 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },
		{ over, over, 99 },
		{ over + 1, over + 1, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(nearest_distance(rows[i].a, rows[i].b),
		    rows[i].distance);
		assert_int_equal(nearest_distance(rows[i].b, rows[i].a),
		    rows[i].distance);
	}
}

static void
templates_are_checked_before_they_are_expanded(void **state)
{
	static const struct machine machine = { "anna", "box" };
	struct buf b;
	char code = 'x';

	(void)state;
	assert_true(template_check(span_of("%U@%H %%"), "UH%", &code));
	assert_false(template_check(span_of("%F"), "UH%", &code));
	assert_int_equal(code, 'F');
	assert_false(template_check(span_of("%U%"), "UH%", &code));
	assert_int_equal(code, '\0');
	assert_false(template_check(span_make("%\0", 2), "UH%", &code));
	buf_init(&b, BUF_UNLIMITED);
	assert_true(template_expand(&b, span_of("%U@%H %%U"), &machine));
	assert_string_equal(buf_string(&b), "anna@box %U");
	buf_clear(&b);
	assert_true(template_expand(&b, span_of("%"), &machine));
	assert_string_equal(buf_string(&b), "%");
	buf_free(&b);
}

static bool
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "r");
	char block[1024];
	size_t n;

	if (file == NULL)
		return false;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		assert_true(buf_add(out, block, n));
	assert_int_equal(fclose(file), 0);
	return true;
}

/* Takes the sample's text over. */
static struct profile_file *
parse(struct buf *text)
{
	struct profile_file *file = mem_alloc(sizeof(*file));
	struct error err = { 0 };

	file->text = *text;
	buf_init(text, BUF_UNLIMITED);
	file->path = mem_string(SAMPLE);
	if (!profile_file_parse(file, &err))
		fail_msg("%s", err.text);
	return file;
}

static void
the_sample_is_a_working_profile(void **state)
{
	struct profile_file *file;
	struct error err = { 0 };
	struct profile p;
	struct buf text;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	if (!read_file(SAMPLE, &text))
		skip();
	file = parse(&text);
	if (!profile_resolve(file, "default", &p, &err))
		fail_msg("%s", err.text);
	assert_int_equal(file->count, 1);
	profile_free(&p);
	profile_file_free(file);
}

/* Each commented key, taken for itself, has to be a good line. */
static void
the_sample_shows_every_key_with_a_good_value(void **state)
{
	const struct profile_key *key;
	struct buf text, one;
	struct span rest, line;
	char start[80];
	size_t seen = 0;

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	buf_init(&one, BUF_UNLIMITED);
	if (!read_file(SAMPLE, &text))
		skip();
	for (key = keys_all(); key->name != NULL; key++) {
		seen = 0;
		rest = buf_span(&text);
		while (span_next(&rest, '\n', &line)) {
			if (line.len > 0 && line.data[0] == '#')
				line = span_skip(line, 1);
			(void)snprintf(start, sizeof(start), "%s = ",
			    key->name);
			if (!span_starts_with_nocase(line, span_of(start)))
				continue;
			seen++;
			buf_clear(&one);
			/* An ancestor for `inherit` to name. */
			assert_true(buf_printf(&one, "[a]\n%.*s\n[default]\n",
			    (int)line.len, line.data));
			profile_file_free(parse(&one));
			buf_free(&one);
		}
		if (seen == 0)
			fail_msg("%s: %zu times", key->name, seen);
	}
	buf_free(&text);
	buf_free(&one);
}

static void
the_manual_describes_every_key(void **state)
{
	const struct profile_key *key;
	struct buf text;
	char item[80];

	(void)state;
	buf_init(&text, BUF_UNLIMITED);
	if (!read_file(MANUAL, &text))
		skip();
	for (key = keys_all(); key->name != NULL; key++) {
		(void)snprintf(item, sizeof(item), "\n.It Ic %s\n", key->name);
		if (strstr(buf_string(&text), item) == NULL)
			fail_msg("%s", key->name);
	}
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(
		    each_mechanism_is_a_word_of_auth_and_the_other_way_round),
		cmocka_unit_test(a_slip_finds_the_key_that_was_meant),
		cmocka_unit_test(distances_count_single_slips),
		cmocka_unit_test(
		    templates_are_checked_before_they_are_expanded),
		cmocka_unit_test(the_sample_is_a_working_profile),
		cmocka_unit_test(the_sample_shows_every_key_with_a_good_value),
		cmocka_unit_test(the_manual_describes_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
