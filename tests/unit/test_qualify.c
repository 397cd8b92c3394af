#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/address.h"
#include "mail/qualify.h"

static const struct qualify q = { "x.org", "localhost,box.test" };

static const struct {
	const char *label, *value, *want;
} rows[] = {
	{ "a name", " root", " root@x.org" },
	{ "a comment", " root (Cron Daemon)", " root@x.org (Cron Daemon)" },
	{ "angles", " Ann <ann>", " Ann <ann@x.org>" },
	{ "names that look like one", " \"a@b\" <ann> , <bob>",
	    " \"a@b\" <ann@x.org> , <bob@x.org>" },
	{ "complete ones", " ann@y.net, <bob@y.net>, Cyd <cyd@[192.0.2.1]>",
	    " ann@y.net, <bob@y.net>, Cyd <cyd@[192.0.2.1]>" },
	{ "mixed", "a,b@c,d", "a@x.org,b@c,d@x.org" },
	{ "local domains", "a@LocalHost, b @ (x) box . test (y), <c@localhost>",
	    "a@x.org, b@x.org (y), <c@x.org>" },
	{ "what only ends so", "a@my.localhost", "a@my.localhost" },
	{ "dots and quotes", "j.doe, \"j doe\", \"j\".doe",
	    "j.doe@x.org, \"j doe\"@x.org, \"j\".doe@x.org" },
	{ "groups", "staff: a, b@c, <d>;, e", "staff: a@x.org, b@c, <d@x.org>"
	    ";, e@x.org" },
	{ "an empty group", "undisclosed-recipients:;",
	    "undisclosed-recipients:;" },
	{ "routes", "<@a,,@b:c>, <@a:d@localhost>, <@a:e@f>",
	    "<@a,,@b:c@x.org>, <@a:d@x.org>, <@a:e@f>" },
	{ "empty elements", ", a,, b ,", ", a@x.org,, b@x.org ," },
	{ "folding", "a,\n b (c\r\n\td),\n\te", "a@x.org,\n b@x.org (c\r\n\td),"
	    "\n\te@x.org" },
	{ "an address as its own name", "a@y.net <a@y.net>, b",
	    "a@y.net <a@y.net>, b@x.org" },
	{ "a local one as its own name", "a@localhost <a@localhost>, b",
	    "a@localhost <a@localhost>, b@x.org" },
	{ "UTF-8", "j\xc3\xbcrgen", "j\xc3\xbcrgen@x.org" },
	{ "nothing", "", "" },
	{ "no list", "a b, c", "a b, c" },
	{ "no list either", "a, <b", "a, <b" },
};

static void
names_get_the_domain_and_all_else_stays(void **state)
{
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		qualify_list(&q, span_of(rows[i].value), &out);
		if (strcmp(buf_string(&out), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].label, buf_string(&out));
	}
	buf_free(&out);
}

/* What comes out holds the same addresses, all complete. */
static void
the_result_is_read_as_the_same_addresses(void **state)
{
	struct address_list before = { NULL, 0, 0 }, after = { NULL, 0, 0 };
	struct error err = { 0 };
	struct buf out;
	size_t i, k;

	(void)state;
	buf_init(&out, BUF_UNLIMITED);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		if (!address_parse_list(&before, span_of(rows[i].value), "",
		    100, &err)) {
			error_clear(&err);
			address_list_free(&before);
			continue;
		}
		qualify_list(&q, span_of(rows[i].value), &out);
		assert_true(address_parse_list(&after, buf_span(&out), "",
		    100, &err));
		assert_int_equal(before.count, after.count);
		for (k = 0; k < after.count; k++) {
			assert_string_equal(before.items[k].local,
			    after.items[k].local);
			assert_non_null(after.items[k].domain);
		}
		address_list_free(&before);
		address_list_free(&after);
	}
	buf_free(&out);
}

static void
only_fields_of_authors_and_recipients_are_known(void **state)
{
	(void)state;
	assert_true(qualify_knows_field(span_of("FROM")));
	assert_true(qualify_knows_field(span_of("Resent-To")));
	assert_true(qualify_knows_field(span_of("reply-to")));
	assert_false(qualify_knows_field(span_of("Subject")));
	assert_false(qualify_knows_field(span_of("X-To")));
	assert_false(qualify_knows_field(span_of("To-Do")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_get_the_domain_and_all_else_stays),
		cmocka_unit_test(the_result_is_read_as_the_same_addresses),
		cmocka_unit_test(
		    only_fields_of_authors_and_recipients_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
