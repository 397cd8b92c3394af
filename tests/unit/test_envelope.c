#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/envelope.h"
#include "mail/text.h"

static bool
add(struct envelope *e, const char *text, const char *domain,
    struct error *err)
{
	struct address_list list = { NULL, 0, 0 };
	bool ok;

	error_clear(err);
	if (!address_parse_list(&list, span_of(text), "To", 1000, err))
		fail_msg("%s", err->text);
	ok = envelope_add(e, &list, domain, err);
	address_list_free(&list);
	return ok;
}

static void
expect_recipients(const struct envelope *e, const char *want)
{
	struct buf got;
	size_t i;

	buf_init(&got, BUF_UNLIMITED);
	for (i = 0; i < e->count; i++) {
		if (i > 0)
			text_put_char(&got, ' ');
		text_put(&got, span_of(e->recipients[i].address));
	}
	assert_string_equal(buf_string(&got), want);
	buf_free(&got);
}

static void
expect_error(const struct error *err, int exit_code, const char *text)
{
	assert_string_equal(err->text, text);
	assert_int_equal(err->stage, STAGE_ADDRESS);
	assert_int_equal(err->exit_code, exit_code);
	assert_false(err->temporary);
}

static void
recipients_keep_their_order_and_come_once(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_true(add(&e, "b@x.org, a@x.org, B <b@X.Org>, B@x.org, root",
	    "x.org", &err));
	assert_true(add(&e, "root@X.ORG, \"a\"@x.org, c@x.org", NULL, &err));
	expect_recipients(&e,
	    "b@x.org a@x.org B@x.org root@x.org c@x.org");
	assert_int_equal(e.recipients[0].reply_code, 0);
	assert_null(e.recipients[0].reply);
	envelope_free(&e);
	assert_int_equal(e.count, 0);
}

static void
a_domain_beyond_ascii_becomes_its_a_label(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_true(add(&e, "a@b\xc3\xbc" "cher.example, "
	    "a@xn--bcher-kva.example", NULL, &err));
	expect_recipients(&e, "a@xn--bcher-kva.example");
	envelope_free(&e);
}

static void
a_bare_name_without_a_domain_is_a_matter_of_the_profile(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_false(add(&e, "a@b, root", NULL, &err));
	expect_error(&err, EX_CONFIG,
	    "recipient: the name 'root' has no domain");
	assert_string_equal(err.fix, "set the key `domain` in the profile, "
	    "give the name an entry in its `aliases`, or write the address in "
	    "full");
	assert_int_equal(e.count, 0);
	envelope_free(&e);
}

static void
nothing_is_added_where_an_address_is_wrong(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_true(add(&e, "a@b", NULL, &err));
	assert_false(add(&e, "c@d, e@f, g@-h", NULL, &err));
	expect_error(&err, EX_DATAERR, "recipient: the domain '-h' has "
	    "a label that begins or ends with a hyphen");
	expect_recipients(&e, "a@b");
	assert_false(add(&e, "root", "-h", &err));
	expect_error(&err, EX_DATAERR, "recipient: the domain '-h' has "
	    "a label that begins or ends with a hyphen");
	/* What was taken back can be added. */
	assert_true(add(&e, "a@B, c@d", NULL, &err));
	expect_recipients(&e, "a@b c@d");
	envelope_free(&e);
}

static void
the_null_address_is_no_recipient(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct address null = { NULL, NULL, NULL };
	struct envelope e = { 0 };
	struct error err = { 0 };

	(void)state;
	list.items = &null;
	list.count = 1;
	assert_false(envelope_add(&e, &list, "b", &err));
	expect_error(&err, EX_DATAERR, "recipient: an empty address");
	envelope_free(&e);
}

/* A list of `count` addresses from number `from` on. */
static void
make_list(struct address_list *list, size_t from, size_t count)
{
	struct error err = { 0 };
	struct buf text;
	size_t i;

	buf_init(&text, BUF_UNLIMITED);
	for (i = from; i < from + count; i++)
		assert_true(buf_printf(&text, "u%zu@example.org,", i));
	assert_true(address_parse_list(list, buf_span(&text), "To", count,
	    &err));
	buf_free(&text);
}

static void
a_hundred_thousand_recipients_and_no_more_fit(void **state)
{
	struct address_list list = { NULL, 0, 0 }, more = { NULL, 0, 0 };
	struct envelope e = { 0 };
	struct error err = { 0 };

	(void)state;
	make_list(&list, 0, ENVELOPE_RECIPIENTS_MAX);
	assert_true(envelope_add(&e, &list, NULL, &err));
	assert_int_equal(e.count, ENVELOPE_RECIPIENTS_MAX);
	assert_true(envelope_add(&e, &list, NULL, &err));
	assert_int_equal(e.count, ENVELOPE_RECIPIENTS_MAX);
	make_list(&more, ENVELOPE_RECIPIENTS_MAX - 1, 2);
	assert_false(envelope_add(&e, &more, NULL, &err));
	expect_error(&err, EX_DATAERR, "more than 100000 recipients");
	assert_int_equal(e.count, ENVELOPE_RECIPIENTS_MAX);
	assert_string_equal(e.recipients[99999].address,
	    "u99999@example.org");
	address_list_free(&list);
	address_list_free(&more);
	envelope_free(&e);
}

static const struct {
	const char *label, *header, *want;
} collected[] = {
	{ "no fields", "Subject: x@y\n", "" },
	{ "To, Cc and Bcc", "To: a@b\nCc: c@d\nBcc: e@f\n", "a@b c@d e@f" },
	{ "several and in any order", "bcc: a@b\nTO : c@d\nTo: e@f\n",
	    "a@b c@d e@f" },
	{ "CRLF and folding", "To: a@b,\r\n\tc@d\r\n", "a@b c@d" },
	{ "an empty field", "To:\nBcc: \nCc: a@b\n", "a@b" },
	{ "an empty group", "To: undisclosed-recipients:;\nBcc: a@b\n",
	    "a@b" },
	{ "resent", "To: a@b\nResent-To: c@d\nCc: e@f\n", "c@d" },
	{ "all that is resent", "Resent-Bcc: a@b\nTo: x@y\nResent-To: c@d\n"
	    "Resent-Cc: e@f\nResent-To: g@h\n", "a@b c@d e@f g@h" },
	{ "resent to nobody", "To: a@b\nResent-Cc:\n", "" },
	{ "other Resent fields", "To: a@b\nResent-From: c@d\n", "a@b" },
	{ "only the header counts", "To: a@b\n\nCc: c@d\n", "a@b" },
	{ "names that only begin so", "To-Do: a@b\nTo: c@d\n", "c@d" },
};

static void
recipients_are_gathered_from_the_header(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct envelope e = { 0 };
	struct error err = { 0 };
	struct message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(collected) / sizeof(collected[0]); i++) {
		assert_true(message_from_span(&m, span_of(collected[i].header),
		    &err));
		if (!envelope_collect(&list, &m, &err))
			fail_msg("%s: %s", collected[i].label, err.text);
		assert_true(envelope_add(&e, &list, NULL, &err));
		expect_recipients(&e, collected[i].want);
		envelope_free(&e);
		address_list_free(&list);
		message_free(&m);
	}
}

static void
a_field_that_cannot_be_parsed_is_named(void **state)
{
	struct address_list list = { NULL, 0, 0 };
	struct error err = { 0 };
	struct message m;

	(void)state;
	assert_true(message_from_span(&m,
	    span_of("To: a@b\nresent-cc: c d\n"), &err));
	assert_false(envelope_collect(&list, &m, &err));
	expect_error(&err, EX_DATAERR, "Resent-Cc: two words instead of one "
	    "address near ' c d'");
	address_list_free(&list);
	message_free(&m);
}

static bool
set_sender(struct envelope *e, const char *text, const char *domain,
    struct error *err)
{
	struct address sender;
	bool ok;

	error_clear(err);
	if (!address_parse_one(&sender, span_of(text), "-f", err))
		fail_msg("%s", err->text);
	ok = envelope_set_sender(e, &sender, domain, err);
	address_free(&sender);
	return ok;
}

static void
the_sender_is_completed_checked_or_null(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_null(e.reverse_path);
	assert_true(set_sender(&e, "root", "example.org", &err));
	assert_string_equal(e.reverse_path, "root@example.org");
	assert_true(set_sender(&e, "J <a@b\xc3\xbc" "cher.example>", "c",
	    &err));
	assert_string_equal(e.reverse_path, "a@xn--bcher-kva.example");
	assert_false(set_sender(&e, "a@b..c", NULL, &err));
	expect_error(&err, EX_DATAERR,
	    "sender: the domain 'b..c' has an empty label");
	assert_false(set_sender(&e, "root", NULL, &err));
	expect_error(&err, EX_CONFIG, "sender: the name 'root' has no domain");
	assert_string_equal(err.fix, "set the key `domain` in the profile, "
	    "give the name an entry in its `aliases`, or write the address in "
	    "full");
	assert_string_equal(e.reverse_path, "a@xn--bcher-kva.example");
	assert_true(set_sender(&e, "<>", "example.org", &err));
	assert_string_equal(e.reverse_path, "");
	envelope_free(&e);
}

static void
refusals_are_noted_escaped_and_counted(void **state)
{
	struct envelope e = { 0 };
	struct error err;

	(void)state;
	assert_true(add(&e, "a@b, c@d, e@f", NULL, &err));
	assert_int_equal(envelope_refused(&e), 0);
	envelope_refuse(&e, 1, 550, "550 no\\x1b such");
	envelope_refuse(&e, 2, 450, "");
	assert_int_equal(envelope_refused(&e), 2);
	assert_null(e.recipients[0].reply);
	assert_int_equal(e.recipients[1].reply_code, 550);
	assert_string_equal(e.recipients[1].reply, "550 no\\x1b such");
	assert_int_equal(e.recipients[2].reply_code, 450);
	assert_string_equal(e.recipients[2].reply, "");
	envelope_refuse(&e, 1, 551, "551 moved");
	assert_string_equal(e.recipients[1].reply, "551 moved");
	assert_int_equal(envelope_refused(&e), 2);
	envelope_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipients_keep_their_order_and_come_once),
		cmocka_unit_test(a_domain_beyond_ascii_becomes_its_a_label),
		cmocka_unit_test(
		    a_bare_name_without_a_domain_is_a_matter_of_the_profile),
		cmocka_unit_test(nothing_is_added_where_an_address_is_wrong),
		cmocka_unit_test(the_null_address_is_no_recipient),
		cmocka_unit_test(a_hundred_thousand_recipients_and_no_more_fit),
		cmocka_unit_test(recipients_are_gathered_from_the_header),
		cmocka_unit_test(a_field_that_cannot_be_parsed_is_named),
		cmocka_unit_test(the_sender_is_completed_checked_or_null),
		cmocka_unit_test(refusals_are_noted_escaped_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
