/*
 * A relay with two addresses: what the first one said isn't lost when the
 * second one can't be reached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/program.h"
#include "support/relay.h"

static void
the_words_of_one_address_survive_the_silence_of_the_other(void **state)
{
	static const char *const scripts[] = {
		"S 421 4.7.0 your address is blocked\nclose", NULL };
	const struct relay_options options = { .is_ipv6 = true,
		.scripts = scripts };
	struct relay *relay = relay_start(&options);
	struct scratch scratch;
	struct program_result result;
	struct relay_record record;
	char profile[200], *path;

	(void)state;
	if (relay == NULL)
		skip();		/* a machine without IPv6 */
	assert_true(scratch_make(&scratch));
	(void)snprintf(profile, sizeof(profile), "[default]\n"
	    "host = localhost\nport = %d\ntls = none\nlog = none\n",
	    relay_port(relay));
	path = program_profile(&scratch, profile);
	assert_non_null(path);
	{
		const char *const argv[] = { "posthaste", "--config", path,
			"-i", "-f", "a@example.org", "b@example.net", NULL };
		const struct program_run run = { .argv = argv,
			.input = span_of("Subject: x\n\nx\n") };

		assert_true(program_run(&result, &run));
	}
	assert_true(relay_stop(relay, &record));
	assert_int_equal(result.exit_status, EX_UNAVAILABLE);
	if (record.count == 1)
		assert_true(span_contains_nocase(buf_span(&result.err),
		    span_of("421 4.7.0 your address is blocked")));
	else
		fail_msg("%s", buf_string(&result.err));
	relay_record_free(&record);
	program_result_free(&result);
	mem_free(path);
	scratch_remove(&scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_words_of_one_address_survive_the_silence_of_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
