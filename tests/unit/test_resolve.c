#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/resolve.h"

#define PATIENCE 20000

static struct limit
patient(void)
{
	return limit_in(STAGE_DNS, "address", "connect_timeout", PATIENCE);
}

/* Fakes of getaddrinfo: the name says what becomes of it. */
static int
look_up_number(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo numeric = *hints;

	(void)host;
	numeric.ai_flags |= AI_NUMERICHOST;
	return getaddrinfo("192.0.2.7", service, &numeric, result);
}

static int
look_up_nothing(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	(void)service;
	(void)hints;
	(void)result;
	if (strcmp(host, "system.test") == 0) {
		errno = ECONNREFUSED;
		return EAI_SYSTEM;
	}
	if (strcmp(host, "again.test") == 0)
		return EAI_AGAIN;
	if (strcmp(host, "fail.test") == 0)
		return EAI_FAIL;
#ifdef EAI_NODATA
	if (strcmp(host, "nodata.test") == 0)
		return EAI_NODATA;
#endif
	return EAI_NONAME;
}

/* Hangs until the test closes the pipe whose descriptor is the host's name,
 * and closes its own to say that it is over. */
static int
look_up_forever(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	char *end;
	int fd = (int)strtol(host + strlen("hang."), &end, 10);
	char octet;
	int status;

	while (read(fd, &octet, 1) < 0)
		continue;
	status = look_up_number(host, service, hints, result);
	(void)close((int)strtol(end + 1, NULL, 10));
	return status;
}

static const struct {
	const char *host, *text;
	bool is_loopback;
} addresses[] = {
	{ "127.0.0.1", "127.0.0.1:587", true },
	{ "127.200.3.4", "127.200.3.4:587", true },
	{ "192.0.2.1", "192.0.2.1:587", false },
	{ "::1", "[::1]:587", true },
	{ "::ffff:127.0.0.1", "[::ffff:127.0.0.1]:587", true },
	{ "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:587", false },
	{ "2001:db8::25", "[2001:db8::25]:587", false },
};

static void
an_address_needs_no_lookup(void **state)
{
	struct error err = { 0 };
	struct limit limit = limit_in(STAGE_DNS, "address", NULL, 0);
	struct endpoints e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_true(resolve_host_by(look_up_nothing, &e,
		    addresses[i].host, 587, AF_UNSPEC, &limit, &err));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.items[0].text, addresses[i].text);
		assert_int_equal(e.items[0].is_loopback,
		    addresses[i].is_loopback);
		endpoints_free(&e);
	}
	assert_false(error_is_set(&err));
}

static void
an_address_of_the_other_family_is_a_mistake_in_the_profile(void **state)
{
	struct error err = { 0 };
	struct limit limit = patient();
	struct endpoints e;

	(void)state;
	assert_false(resolve_host(&e, "127.0.0.1", 25, AF_INET6, &limit, &err));
	endpoints_free(&e);
	assert_int_equal(err.stage, STAGE_DNS);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_false(err.temporary);
	assert_string_equal(err.text, "family: '127.0.0.1' isn't an IPv6 address");
	error_clear(&err);
	assert_false(resolve_host(&e, "::1", 25, AF_INET, &limit, &err));
	endpoints_free(&e);
	assert_string_equal(err.text, "family: '::1' isn't an IPv4 address");
}

static void
a_zone_that_does_not_exist_is_no_such_host(void **state)
{
	struct error err = { 0 };
	struct limit limit = patient();
	struct endpoints e;

	(void)state;
	assert_false(resolve_host(&e, "fe80::1%nowhere0", 25, AF_UNSPEC,
	    &limit, &err));
	endpoints_free(&e);
	assert_int_equal(err.stage, STAGE_DNS);
	assert_int_equal(err.exit_code, EX_NOHOST);
	assert_non_null(strstr(err.text, "fe80::1%nowhere0"));
}

static void
a_name_comes_from_the_helper_thread(void **state)
{
	struct error err = { 0 };
	struct limit limit = patient();
	struct endpoints e;
	struct sockaddr_in address;

	(void)state;
	assert_true(resolve_host_by(look_up_number, &e, "relay.test", 465,
	    AF_INET, &limit, &err));
	assert_int_equal(e.count, 1);
	assert_string_equal(e.items[0].text, "192.0.2.7:465");
	assert_false(e.items[0].is_loopback);
	memcpy(&address, &e.items[0].address, sizeof(address));
	assert_int_equal(ntohs(address.sin_port), 465);
	endpoints_free(&e);
	endpoints_free(&e);
}

static void
localhost_is_resolved_for_real(void **state)
{
	struct error err = { 0 };
	struct limit limit = patient();
	struct endpoints e;
	size_t i;

	(void)state;
	assert_true(resolve_host(&e, "localhost", 25, AF_UNSPEC, &limit,
	    &err));
	assert_true(e.count > 0);
	for (i = 0; i < e.count; i++)
		assert_true(e.items[i].is_loopback);
	endpoints_free(&e);
}

static const struct {
	const char *host;
	int exit_code, sys_errno;
	const char *text;
} faults[] = {
	{ "gone.test", EX_NOHOST, 0,
	    "the host 'gone.test' doesn't exist or has no address: " },
#ifdef EAI_NODATA
	{ "nodata.test", EX_NOHOST, 0,
	    "the host 'nodata.test' doesn't exist or has no address: " },
#endif
	{ "again.test", EX_UNAVAILABLE, 0, "can't look up 'again.test': " },
	{ "fail.test", EX_UNAVAILABLE, 0, "can't look up 'fail.test': " },
	{ "system.test", EX_UNAVAILABLE, ECONNREFUSED,
	    "can't look up 'system.test': " },
};

static void
every_fault_of_a_lookup_is_temporary_and_names_the_host(void **state)
{
	struct error err;
	struct limit limit = patient();
	struct endpoints e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		error_clear(&err);
		assert_false(resolve_host_by(look_up_nothing, &e,
		    faults[i].host, 25, AF_UNSPEC, &limit, &err));
		endpoints_free(&e);
		assert_int_equal(err.stage, STAGE_DNS);
		assert_int_equal(err.exit_code, faults[i].exit_code);
		assert_int_equal(err.sys_errno, faults[i].sys_errno);
		assert_true(err.temporary);
		assert_memory_equal(err.text, faults[i].text,
		    strlen(faults[i].text));
		if (faults[i].exit_code == EX_NOHOST)
			assert_string_equal(err.hint, "H87");
		else
			assert_null(err.hint);
	}
}

static void
a_lookup_that_hangs_is_abandoned(void **state)
{
	struct error err = { 0 };
	struct limit limit = limit_in(STAGE_NONE, "-", "connect_timeout", 50);
	struct endpoints e;
	int release[2], over[2];
	char host[64], octet;

	(void)state;
	assert_int_equal(pipe(release), 0);
	assert_int_equal(pipe(over), 0);
	(void)snprintf(host, sizeof(host), "hang.%d.%d", release[0], over[1]);
	assert_false(resolve_host_by(look_up_forever, &e, host, 25, AF_UNSPEC,
	    &limit, &err));
	endpoints_free(&e);
	assert_int_equal(err.stage, STAGE_DNS);
	assert_int_equal(err.exit_code, EX_UNAVAILABLE);
	assert_true(err.temporary);
	assert_non_null(strstr(err.text, "no address of 'hang."));
	assert_non_null(strstr(err.text, "within 0.050 s"));
	assert_non_null(strstr(err.cause, "connect_timeout"));
	/* It comes back late, to memory that is still its own. */
	(void)close(release[1]);
	assert_int_equal(read(over[0], &octet, 1), 0);
	(void)close(release[0]);
	(void)close(over[0]);
}

static int
restrain_descriptors(void)
{
	const struct rlimit few = { 3, 3 };

	return setrlimit(RLIMIT_NOFILE, &few);
}

/* The heap can serve the lookup's block; a stack for its thread it can't. */
static int
restrain_memory(void)
{
	const struct rlimit little = { 1 << 20, 1 << 20 };

	free(malloc(100000));
	return setrlimit(RLIMIT_AS, &little);
}

/* In a child: the limits of this process stay as they are. */
static int
run_restrained(int (*restrain)(void))
{
	struct error err = { 0 };
	struct limit limit = patient();
	struct endpoints e;
	int status;
	pid_t child = fork();

	if (child != 0) {
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		return WEXITSTATUS(status);
	}
	if (restrain() != 0)
		_exit(1);
	if (resolve_host_by(look_up_number, &e, "relay.test", 25, AF_UNSPEC,
	    &limit, &err) || err.stage != STAGE_SYSTEM ||
	    err.exit_code != EX_OSERR || err.temporary)
		_exit(2);
	if (strstr(err.text, "no pipe to look up 'relay.test': ") != NULL)
		_exit(10);
	if (strstr(err.text, "no thread to look up 'relay.test': ") != NULL)
		_exit(20);
	_exit(3);
}

static void
no_descriptor_left_is_the_systems_fault(void **state)
{
	int status = run_restrained(restrain_descriptors);

	(void)state;
	if (status == 1)
		skip();	/* valgrind keeps some for itself */
	assert_int_equal(status, 10);
}

static void
no_thread_left_is_the_systems_fault(void **state)
{
	(void)state;
	/* Sanitizers and valgrind need more memory than that themselves. */
#if defined(__SANITIZE_ADDRESS__)
	(void)restrain_memory;
	skip();
#else
	if (getenv("LD_PRELOAD") != NULL)
		skip();
	assert_int_equal(run_restrained(restrain_memory), 20);
#endif
}

static void
a_unix_socket_is_one_loopback_endpoint(void **state)
{
	struct error err = { 0 };
	struct sockaddr_un address;
	struct endpoints e;

	(void)state;
	assert_true(resolve_socket(&e, "/run/relay\n", &err));
	assert_int_equal(e.count, 1);
	assert_true(e.items[0].is_loopback);
	assert_string_equal(e.items[0].text, "/run/relay\\x0a");
	memcpy(&address, &e.items[0].address, sizeof(address));
	assert_string_equal(address.sun_path, "/run/relay\n");
	endpoints_free(&e);
}

static void
a_path_that_does_not_fit_is_a_mistake_in_the_profile(void **state)
{
	struct error err = { 0 };
	struct endpoints e;
	char path[109];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_false(resolve_socket(&e, path, &err));
	endpoints_free(&e);
	assert_int_equal(err.stage, STAGE_CONFIG);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.text, "must have 1 to 107 octets"));
	error_clear(&err);
	assert_false(resolve_socket(&e, "", &err));
	endpoints_free(&e);
	assert_int_equal(err.exit_code, EX_CONFIG);
}

static const struct {
	const char *host;
	bool is_address, is_loopback;
} hosts[] = {
	{ "localhost", false, true },
	{ "LOCALHOST", false, true },
	{ "localhost.example", false, false },
	{ "relay.test", false, false },
	{ "127.0.0.1", true, true },
	{ "127.255.255.254", true, true },
	{ "128.0.0.1", true, false },
	{ "::1", true, true },
	{ "::ffff:127.1.2.3", true, true },
	{ "::2", true, false },
	{ "fe80::1%lo", true, false },
	{ "127.1", false, false },
	{ "127.0.0.1.example", false, false },
	{ "[::1]", false, false },
	{ "", false, false },
	{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", false,
	    false },
};

static void
names_addresses_and_the_loopback_are_told_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (host_is_address(hosts[i].host) != hosts[i].is_address ||
		    host_is_loopback(hosts[i].host) != hosts[i].is_loopback)
			fail_msg("wrong about %s", hosts[i].host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: no thread has left its stack behind yet. */
		cmocka_unit_test(no_thread_left_is_the_systems_fault),
		cmocka_unit_test(no_descriptor_left_is_the_systems_fault),
		cmocka_unit_test(an_address_needs_no_lookup),
		cmocka_unit_test(
		    an_address_of_the_other_family_is_a_mistake_in_the_profile),
		cmocka_unit_test(a_zone_that_does_not_exist_is_no_such_host),
		cmocka_unit_test(a_name_comes_from_the_helper_thread),
		cmocka_unit_test(localhost_is_resolved_for_real),
		cmocka_unit_test(
		    every_fault_of_a_lookup_is_temporary_and_names_the_host),
		cmocka_unit_test(a_lookup_that_hangs_is_abandoned),
		cmocka_unit_test(a_unix_socket_is_one_loopback_endpoint),
		cmocka_unit_test(
		    a_path_that_does_not_fit_is_a_mistake_in_the_profile),
		cmocka_unit_test(
		    names_addresses_and_the_loopback_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
