#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "mail/encode.h"

static void
take(struct encode *e, struct message *m, enum encode_policy policy,
    const char *text)
{
	struct error err = { 0 };

	assert_true(message_from_span(m, span_of(text), &err));
	encode_begin(e, policy, m, m->header);
}

/* One relay may offer what another of the same name doesn't. */
static void
each_relay_gets_a_form_of_its_own(void **state)
{
	static const char text[] = "A: b\n\n\xc3\xa9\n";
	struct error err = { 0 };
	struct message m;
	struct encode e;
	int i;

	(void)state;
	take(&e, &m, ENCODE_AUTO, text);
	for (i = 0; i < 2; i++) {
		assert_true(encode_for(&e, true, &err));
		assert_false(e.form.is_quoted);
		assert_ptr_equal(e.form.header.data, m.header.data);
		assert_int_equal(e.form.facts.size, 6 + 2 + 4);
		assert_true(e.form.facts.has_8bit);
		assert_true(encode_for(&e, false, &err));
		assert_true(e.form.is_quoted);
		assert_false(e.form.facts.has_8bit);
		assert_int_equal(e.form.facts.size, 6 +
		    strlen("MIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		    "=C3=A9\r\n"));
		assert_string_equal(e.passed, "");
	}
	encode_free(&e);
	message_free(&m);
}

static void
a_form_that_fits_names_nothing_as_passed(void **state)
{
	static const struct {
		const char *text, *passed;
	} rows[] = {
		{ "A: b\n\nc\n", "" },
		{ "A: b\n\n\xc3\xa9\n", "" },
		{ "DKIM-Signature: a\n\n\xc3\xa9\n",
		    "8-bit text without 8BITMIME (the message is signed)" },
		{ "Content-Type: multipart/mixed\n\n\xc3\xa9\n",
		    "8-bit text without 8BITMIME (the message has several "
		    "parts)" },
		{ "Content-Type: image/png\n\n\xc3\xa9\n",
		    "8-bit text without 8BITMIME (the message isn't text)" },
		{ "Content-Transfer-Encoding: x-uuencode\n\n\xc3\xa9\n",
		    "8-bit text without 8BITMIME (the message is encoded "
		    "already)" },
	};
	struct error err = { 0 };
	struct message m;
	struct encode e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		take(&e, &m, ENCODE_AUTO, rows[i].text);
		assert_true(encode_for(&e, false, &err));
		assert_string_equal(e.passed, rows[i].passed);
		encode_free(&e);
		message_free(&m);
	}
}

static void
refusals_tell_what_it_was_and_what_to_do(void **state)
{
	struct error err = { 0 };
	struct message m;
	struct encode e;

	(void)state;
	take(&e, &m, ENCODE_REFUSE, "A: b\n\n\xc3\xa9\n");
	assert_true(encode_for(&e, true, &err));
	assert_false(encode_for(&e, false, &err));
	assert_int_equal(err.exit_code, EX_DATAERR);
	assert_int_equal(err.stage, STAGE_INPUT);
	assert_string_equal(err.text,
	    "the message holds 8-bit text without 8BITMIME");
	assert_non_null(strstr(err.cause, "encode = refuse"));
	assert_non_null(strstr(err.fix, "auto"));
	encode_free(&e);
	message_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_relay_gets_a_form_of_its_own),
		cmocka_unit_test(a_form_that_fits_names_nothing_as_passed),
		cmocka_unit_test(refusals_tell_what_it_was_and_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
