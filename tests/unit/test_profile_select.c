#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/profile.h"
#include "conf/profile_file.h"

/* Names and match_from values, one section each; line 2n has match_from n. */
#define WORK "[work]\nmatch_from = anna@work.example, boss@*\n"
#define HOME "[home]\nmatch_from = *@home.example\n"
#define ANNA "[anna]\nmatch_from = anna@*\n"
#define TWIN "[twin]\nmatch_from = x@y.example, *@HOME.example\n"
#define ELSE "[default]\nhost = localhost\n"

static struct profile_file *
parse(const char *text)
{
	struct profile_file *file = mem_alloc(sizeof(*file));
	struct error err = { 0 };

	buf_init(&file->text, BUF_UNLIMITED);
	assert_true(buf_add_string(&file->text, text));
	file->path = mem_string("/p.ini");
	if (!profile_file_parse(file, &err))
		fail_msg("%s: %s", text, err.text);
	return file;
}

static const struct {
	const char *label, *text;
	struct profile_wish wish;
	const char *name, *why;
} chosen[] = {
	{ "--profile goes first", WORK HOME ELSE,
	    { "home", "work", "anna@work.example", NULL }, "home",
	    "--profile" },
	{ "then the environment", WORK HOME ELSE,
	    { NULL, "home", "anna@work.example", NULL }, "home",
	    "$POSTHASTE_PROFILE" },
	{ "an empty variable is none", WORK HOME ELSE,
	    { NULL, "", "anna@work.example", NULL }, "work",
	    "match_from fits the envelope sender" },
	{ "then the sender", WORK HOME ELSE,
	    { NULL, NULL, "eve@home.example", "anna@work.example" }, "home",
	    "match_from fits the envelope sender" },
	{ "then the header", WORK HOME ELSE,
	    { NULL, NULL, "eve@other.example", "anna@work.example" }, "work",
	    "match_from fits the From header" },
	{ "the null sender fits nothing", WORK HOME ELSE,
	    { NULL, NULL, "", "eve@home.example" }, "home",
	    "match_from fits the From header" },
	{ "then [default]", WORK HOME ELSE, { NULL, NULL, "eve@x.example",
	    "eve@x.example" }, "default", "nothing chose another" },
	{ "nothing to go by", WORK HOME ELSE, { NULL, NULL, NULL, NULL },
	    "default", "nothing chose another" },
	{ "then the only one", WORK, { NULL, NULL, "eve@x.example", NULL },
	    "work", "it is the only one" },
	{ "an exact pattern beats the others", HOME ANNA
	    "[one]\nmatch_from = anna@home.example\n",
	    { NULL, NULL, "anna@home.example", NULL }, "one",
	    "match_from fits the envelope sender" },
	{ "the user's beats the domain's", HOME ANNA,
	    { NULL, NULL, "anna@home.example", NULL }, "anna",
	    "match_from fits the envelope sender" },
	{ "whatever the order", ANNA HOME,
	    { NULL, NULL, "anna@home.example", NULL }, "anna",
	    "match_from fits the envelope sender" },
	{ "domains have no case", HOME ELSE,
	    { NULL, NULL, "eve@Home.Example", NULL }, "home",
	    "match_from fits the envelope sender" },
	{ "local parts have", ANNA ELSE, { NULL, NULL, "Anna@x.example", NULL },
	    "default", "nothing chose another" },
	{ "a subdomain is another domain", HOME ELSE,
	    { NULL, NULL, "eve@sub.home.example", NULL }, "default",
	    "nothing chose another" },
	{ "a bare name", ANNA ELSE, { NULL, NULL, "anna", NULL }, "anna",
	    "match_from fits the envelope sender" },
	{ "a quoted @", HOME ELSE,
	    { NULL, NULL, "\"a@x.example\"@home.example", NULL }, "home",
	    "match_from fits the envelope sender" },
	{ "a tie below the best fit is none", HOME TWIN ANNA,
	    { NULL, NULL, "anna@home.example", NULL }, "anna",
	    "match_from fits the envelope sender" },
	{ "a pattern beyond ASCII fits the A-label",
	    "[a]\nmatch_from = *@b\xc3\xbc" "cher.example\n" ELSE,
	    { NULL, NULL, "x@XN--bcher-kva.example", NULL }, "a",
	    "match_from fits the envelope sender" },
	{ "two patterns of one section", "[a]\nmatch_from = *@b, *@B\n",
	    { NULL, NULL, "x@b", NULL }, "a",
	    "match_from fits the envelope sender" },
};

static const struct {
	const char *label, *text;
	struct profile_wish wish;
	const char *expected, *fix;
} refused[] = {
	{ "an unknown --profile", WORK HOME, { "wrok", NULL, NULL, NULL },
	    "/p.ini: no profile 'wrok', which --profile names",
	    "did you mean 'work'? the file has: work, home" },
	{ "an unknown $POSTHASTE_PROFILE", WORK HOME,
	    { NULL, "elsewhere", NULL, NULL },
	    "/p.ini: no profile 'elsewhere', which $POSTHASTE_PROFILE names",
	    "the file has: work, home" },
	{ "an empty --profile", WORK, { "", NULL, NULL, NULL },
	    "/p.ini: no profile '', which --profile names",
	    "the file has: work" },
	{ "a tie", HOME TWIN ELSE, { NULL, NULL, "eve@home.example", NULL },
	    "/p.ini:4: [twin] matches eve@home.example as well as [home] in "
	    "line 2",
	    "make one `match_from` more specific, or choose with --profile" },
	{ "a tie by the header", HOME TWIN ELSE,
	    { NULL, NULL, NULL, "eve@home.example" },
	    "/p.ini:4: [twin] matches eve@home.example as well as [home] in "
	    "line 2",
	    "make one `match_from` more specific, or choose with --profile" },
	{ "no rule", WORK HOME, { NULL, NULL, "eve@x.example", NULL },
	    "/p.ini: no profile fits and none is called [default]",
	    "the file has: work, home" },
};

static void
rules_are_tried_in_their_order(void **state)
{
	struct profile_file *file;
	const char *name, *why;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		error_clear(&err);
		file = parse(chosen[i].text);
		if (!profile_select(file, &chosen[i].wish, &name, &why, &err))
			fail_msg("%s: %s", chosen[i].label, err.text);
		if (strcmp(name, chosen[i].name) != 0 ||
		    strcmp(why, chosen[i].why) != 0)
			fail_msg("%s: %s by %s", chosen[i].label, name, why);
		profile_file_free(file);
	}
}

static void
a_choice_that_is_not_clear_is_refused(void **state)
{
	struct profile_file *file;
	const char *name, *why;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		error_clear(&err);
		file = parse(refused[i].text);
		if (profile_select(file, &refused[i].wish, &name, &why, &err))
			fail_msg("%s: %s", refused[i].label, name);
		assert_null(name);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_string_equal(err.text, refused[i].expected);
		assert_string_equal(err.fix, refused[i].fix);
		profile_file_free(file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_tried_in_their_order),
		cmocka_unit_test(a_choice_that_is_not_clear_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
