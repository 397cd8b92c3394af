#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/mask.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TOKEN "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJyb2JvdCJ9"

static const struct {
	const char *label, *secret, *base64, *text, *masked;
} rows[] = {
	{ "a password", "s3cret", NULL, "wrong: s3cret!", "wrong: ******!" },
	{ "a password twice", "s3cret", NULL, "s3crets3cret", "************" },
	{ "a part of a password", "s3cret", NULL, "s3cre", "s3cre" },
	{ "a password too short to look for", "the", NULL, "the mail",
	    "the mail" },
	{ "a token's begin", TOKEN, NULL, "bad eyJhbGciOiJSUzI1Ni... here",
	    "bad ********************* here" },
	{ "a line in base64", NULL, "AHJvYm90AHMzY3JldA==",
	    "what is AHJvYm90AHMzY3JldA== ?", "what is ******************** ?" },
	{ "its begin", NULL, "AHJvYm90AHMzY3JldA==", "AHJvYm90A...",
	    "************" },
	{ "less than its begin", NULL, "AHJvYm90AHMzY3JldA==", "AHJvYm9",
	    "AHJvYm9" },
	{ "a short line", NULL, "bWU=", "got bWU=", "got ****" },
	{ "a text that is shorter", "s3cret", "AHJvYm90", "no", "no" },
	{ "a password in base64", "s3cret", NULL, "is czNjcmV0 it",
	    "is ******** it" },
	{ "behind one octet", "s3cret", NULL, "AHMzY3JldA==", "AH**********" },
	{ "behind two octets", "s3cret", NULL, "cGFzM2NyZXQ=", "cGF*********" },
	{ "behind three, and before one", "s3cret", NULL, "IiI6czNjcmV0Ig==",
	    "IiI6************" },
	{ "at both ends", "s3cret", NULL, "s3cret and s3cret",
	    "****** and ******" },
};

static void
what_was_said_is_put_under_asterisks(void **state)
{
	struct mask m;
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		mask_init(&m);
		if (rows[i].secret != NULL)
			mask_add(&m, span_of(rows[i].secret));
		if (rows[i].base64 != NULL)
			mask_add_base64(&m, span_of(rows[i].base64));
		memcpy(text, rows[i].text, strlen(rows[i].text) + 1);
		mask_apply(&m, text, strlen(text));
		if (strcmp(text, rows[i].masked) != 0)
			fail_msg("%s: '%s'", rows[i].label, text);
		mask_free(&m);
	}
}

static void
several_secrets_are_known_at_once(void **state)
{
	char text[] = "one-one two-two three";
	struct mask m;

	(void)state;
	mask_init(&m);
	mask_add(&m, span_of("one-one"));
	mask_add(&m, span_of(""));
	mask_add_base64(&m, span_of("two-two"));
	mask_add_base64(&m, span_of(""));
	mask_apply(&m, text, strlen(text));
	assert_string_equal(text, "******* ******* three");
	mask_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_is_put_under_asterisks),
		cmocka_unit_test(several_secrets_are_known_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
