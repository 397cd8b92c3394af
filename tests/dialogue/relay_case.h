/*
 * What the tests of the relay itself share; on top of cmocka.
 */
#ifndef POSTHASTE_TESTS_RELAY_CASE_H
#define POSTHASTE_TESTS_RELAY_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "support/certs.h"
#include "support/client.h"
#include "support/program.h"
#include "support/relay.h"

#define PATIENCE_MS 5000

static inline void
talk(struct client *c, const char *command, const char *reply)
{
	assert_string_equal(client_ask(c, command), reply);
}

static inline void
dial(struct client *c, const struct relay *relay)
{
	assert_true(client_dial(c, relay_port(relay)));
}

/* EHLO's reply is in one piece, and ends with its only "250 ". */
static inline void
greet(struct client *c)
{
	assert_true(client_say(c, "EHLO client.test\r\n"));
	assert_non_null(strstr(client_hear(c), "250 "));
}

static inline struct relay *
start(const struct relay_options *options)
{
	struct relay *relay = relay_start(options);

	assert_non_null(relay);
	return relay;
}

static inline struct relay *
start_script(const char *script)
{
	const char *scripts[] = { script, NULL };
	const struct relay_options options = { .scripts = scripts };

	return start(&options);
}

static inline void
stop(struct relay *relay, struct relay_record *record)
{
	assert_true(relay_stop(relay, record));
}

static inline int
set_up(void **state)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));

	*state = scratch;
	return scratch_make(scratch) && certs_make(scratch->path) ? 0 : -1;
}

static inline int
tear_down(void **state)
{
	scratch_remove(*state);
	mem_free(*state);
	return 0;
}

#endif
