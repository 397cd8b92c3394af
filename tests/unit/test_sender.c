#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/sender.h"
#include "base/mem.h"

static void
a_login_becomes_a_local_part_with_quotes_where_needed(void **state)
{
	static const struct {
		const char *login, *address;
	} rows[] = {
		{ "ann", "ann@example.org" },
		{ "j.doe-1", "j.doe-1@example.org" },
		{ "DOMAIN\\ann", "\"DOMAIN\\\\ann\"@example.org" },
		{ "ann doe", "\"ann doe\"@example.org" },
		{ ".x", "\".x\"@example.org" },
	};
	struct address address;
	struct error err = { 0 };
	char *string;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		string = sender_of_login(rows[i].login, "example.org");
		assert_string_equal(string, rows[i].address);
		assert_true(address_parse_one(&address, span_of(string), "",
		    &err));
		address_free(&address);
		mem_free(string);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_login_becomes_a_local_part_with_quotes_where_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
