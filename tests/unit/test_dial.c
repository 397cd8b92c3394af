#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/dial.h"
#include "support/program.h"

/* A list of endpoints made by hand. */
struct list {
	struct endpoints all;
	struct dial dial;
	struct error err;
	int next_fd;	/* what the next descriptor would be, to find leaks */
};

static int
next_descriptor(void)
{
	int fd = dup(STDOUT_FILENO);

	assert_true(fd >= 0);
	(void)close(fd);
	return fd;
}

static void
list_add(struct list *l, const char *host, int port)
{
	struct limit limit = limit_in(STAGE_DNS, "address", NULL, 1000);
	struct endpoints one;

	l->all.items = realloc(l->all.items,
	    (l->all.count + 1) * sizeof(*l->all.items));
	assert_non_null(l->all.items);
	if (host[0] == '/')
		assert_true(resolve_socket(&one, host, &l->err));
	else
		assert_true(resolve_host(&one, host, port, AF_UNSPEC, &limit,
		    &l->err));
	l->all.items[l->all.count++] = one.items[0];
	endpoints_free(&one);
}

static void
list_ready(struct list *l)
{
	dial_begin(&l->dial, &l->all);
	l->next_fd = next_descriptor();
}

static void
list_free(struct list *l)
{
	assert_int_equal(next_descriptor(), l->next_fd);
	dial_free(&l->dial);
	endpoints_free(&l->all);
}

/* A socket on a free port of 127.0.0.1; without a backlog it refuses. */
static int
bind_port(int *port)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&own, 0, sizeof(own));
	own.sin_family = AF_INET;
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
	*port = ntohs(own.sin_port);
	return fd;
}

static int
listen_port(int *port, int backlog)
{
	int fd = bind_port(port);

	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

#define FILLERS 8

/* A listener whose queue is full: the kernel leaves connects unanswered. */
struct deaf {
	int port, listener, fillers[FILLERS];
};

static void
deaf_begin(struct deaf *d)
{
	struct sockaddr_in own;
	size_t i;

	d->listener = listen_port(&d->port, 0);
	memset(&own, 0, sizeof(own));
	own.sin_family = AF_INET;
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own.sin_port = htons((uint16_t)d->port);
	for (i = 0; i < FILLERS; i++) {
		d->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK,
		    0);
		(void)connect(d->fillers[i], (struct sockaddr *)&own,
		    sizeof(own));
	}
}

static void
deaf_end(struct deaf *d)
{
	size_t i;

	for (i = 0; i < FILLERS; i++)
		(void)close(d->fillers[i]);
	(void)close(d->listener);
}

static void
a_connected_socket_is_fit_for_the_stream(void **state)
{
	const struct endpoint *endpoint = NULL;
	struct list l = { 0 };
	socklen_t size = sizeof(int);
	char own[64];
	int fd = -1, listener, port, on = 0;

	(void)state;
	listener = listen_port(&port, 5);
	list_add(&l, "127.0.0.1", port);
	list_ready(&l);
	assert_true(dial_has_more(&l.dial));
	assert_true(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_false(dial_has_more(&l.dial));
	assert_ptr_equal(endpoint, &l.all.items[0]);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size),
	    0);
	assert_true(on != 0);
	dial_own_literal(fd, own, sizeof(own));
	assert_string_equal(own, "[127.0.0.1]");
	(void)close(fd);
	list_free(&l);
	(void)close(listener);
}

static void
the_families_take_turns_and_each_refusal_is_named(void **state)
{
	const struct endpoint *endpoint;
	struct list l = { 0 };
	char first[64], second[64], third[64];
	int fd, holders[2], ports[2];

	(void)state;
	holders[0] = bind_port(&ports[0]);
	holders[1] = bind_port(&ports[1]);
	list_add(&l, "127.0.0.1", ports[0]);
	list_add(&l, "127.0.0.1", ports[1]);
	/* Nobody listens there, whether the machine has IPv6 or not. */
	list_add(&l, "::1", ports[0]);
	list_ready(&l);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_false(dial_has_more(&l.dial));
	assert_int_equal(l.err.stage, STAGE_CONNECT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(l.err.sys_errno, ECONNREFUSED);
	assert_true(l.err.temporary);
	assert_string_equal(l.err.hint, "H85");
	(void)snprintf(first, sizeof(first), "can't connect to 127.0.0.1:%d: ",
	    ports[0]);
	(void)snprintf(second, sizeof(second), "; [::1]:%d: ", ports[0]);
	(void)snprintf(third, sizeof(third), "; 127.0.0.1:%d: ", ports[1]);
	assert_ptr_equal(strstr(l.err.text, first), l.err.text);
	assert_non_null(strstr(l.err.text, second));
	assert_true(strstr(l.err.text, third) > strstr(l.err.text, second));
	assert_non_null(strstr(l.err.text, strerror(ECONNREFUSED)));
	list_free(&l);
	(void)close(holders[0]);
	(void)close(holders[1]);
}

static void
an_attempt_that_hangs_makes_way_and_may_be_made_again(void **state)
{
	const struct endpoint *endpoint = NULL;
	struct list l = { 0 };
	struct deaf deaf;
	int fd = -1, listener, port;

	(void)state;
	deaf_begin(&deaf);
	listener = listen_port(&port, 5);
	list_add(&l, "127.0.0.1", deaf.port);
	list_add(&l, "127.0.0.1", port);
	list_ready(&l);
	assert_true(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_ptr_equal(endpoint, &l.all.items[1]);
	(void)close(fd);
	assert_true(dial_has_more(&l.dial));
	l.dial.timeout = 30;
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_non_null(strstr(l.err.text, l.all.items[0].text));
	assert_false(dial_has_more(&l.dial));
	list_free(&l);
	(void)close(listener);
	deaf_end(&deaf);
}

static void
one_out_of_time_is_named_with_a_hint(void **state)
{
	const struct endpoint *endpoint;
	struct list l = { 0 };
	struct deaf deaf;
	char text[128];
	int fd;

	(void)state;
	deaf_begin(&deaf);
	list_add(&l, "127.0.0.1", deaf.port);
	list_ready(&l);
	l.dial.timeout = 50;
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	(void)snprintf(text, sizeof(text),
	    "can't connect to 127.0.0.1:%d: no answer within 0.050 s",
	    deaf.port);
	assert_string_equal(l.err.text, text);
	assert_string_equal(l.err.hint, "H20");
	assert_int_equal(l.err.stage, STAGE_CONNECT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_int_equal(l.err.sys_errno, ETIMEDOUT);
	assert_true(l.err.temporary);
	list_free(&l);
	deaf_end(&deaf);
}

static void
the_limit_of_the_whole_run_holds_meanwhile(void **state)
{
	const struct endpoint *endpoint;
	struct list l = { 0 };
	struct deaf deaf;
	int fd;

	(void)state;
	deaf_begin(&deaf);
	list_add(&l, "127.0.0.1", deaf.port);
	list_ready(&l);
	l.dial.run = limit_in(STAGE_NONE, "-", "total_timeout", 40);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_string_equal(l.err.text, "no connection within 0.040 s");
	assert_non_null(strstr(l.err.cause, "total_timeout"));
	assert_int_equal(l.err.stage, STAGE_CONNECT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	list_free(&l);
	deaf_end(&deaf);
}

static void
refusals_in_a_row_do_not_outlast_the_run(void **state)
{
	const struct endpoint *endpoint;
	struct list l = { 0 };
	int fd;

	(void)state;
	list_add(&l, "127.0.0.1", 1);
	list_ready(&l);
	l.dial.run = limit_in(STAGE_NONE, "-", "total_timeout", 0);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_string_equal(l.err.text, "no connection within 0.000 s");
	assert_true(dial_has_more(&l.dial));
	list_free(&l);
}

static void
each_endpoint_has_one_turn(void **state)
{
	const struct endpoint *endpoint = NULL;
	struct list l = { 0 };
	int fd = -1, listener, port;

	(void)state;
	listener = listen_port(&port, 5);
	list_add(&l, "127.0.0.1", port);
	list_add(&l, "127.0.0.2", 1);
	list_ready(&l);
	assert_true(dial_next(&l.dial, &fd, &endpoint, &l.err));
	(void)close(fd);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_non_null(strstr(l.err.text, "127.0.0.2:1"));
	error_clear(&l.err);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_string_equal(l.err.text, "no address is left to connect to");
	assert_int_equal(l.err.stage, STAGE_CONNECT);
	assert_int_equal(l.err.exit_code, EX_UNAVAILABLE);
	assert_true(l.err.temporary);
	list_free(&l);
	(void)close(listener);
}

static void
the_source_address_is_ours_on_the_connection(void **state)
{
	const struct endpoint *endpoint = NULL;
	struct list l = { 0 };
	char own[64];
	int fd = -1, listener, port;

	(void)state;
	listener = listen_port(&port, 5);
	list_add(&l, "::1", port);
	list_add(&l, "127.0.0.1", port);
	list_ready(&l);
	l.dial.source_address = "127.0.0.9";
	assert_true(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_ptr_equal(endpoint, &l.all.items[1]);
	assert_false(dial_has_more(&l.dial));
	dial_own_literal(fd, own, sizeof(own));
	assert_string_equal(own, "[127.0.0.9]");
	(void)close(fd);
	list_free(&l);
	(void)close(listener);
}

static const struct {
	const char *source, *text;
} sources[] = {
	{ "eth0", "source_address: 'eth0' isn't an IP address" },
	{ "::1", "source_address: the relay has no address of the family "
	    "of '::1'" },
	{ "192.0.2.1", "source_address: can't use '192.0.2.1': " },
};

static void
a_source_address_that_cannot_be_is_a_wrong_profile(void **state)
{
	const struct endpoint *endpoint;
	struct list l;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		memset(&l, 0, sizeof(l));
		list_add(&l, "127.0.0.1", 1);
		list_ready(&l);
		l.dial.source_address = sources[i].source;
		assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
		assert_int_equal(l.err.stage, STAGE_CONFIG);
		assert_int_equal(l.err.exit_code, EX_CONFIG);
		assert_false(l.err.temporary);
		assert_memory_equal(l.err.text, sources[i].text,
		    strlen(sources[i].text));
		list_free(&l);
	}
}

static void
no_descriptor_left_is_the_systems_fault(void **state)
{
	const struct rlimit few = { 3, 3 };
	const struct endpoint *endpoint;
	struct list l = { 0 };
	int fd, status;
	pid_t child;

	(void)state;
	list_add(&l, "127.0.0.1", 1);
	list_ready(&l);
	child = fork();
	if (child == 0) {
		if (setrlimit(RLIMIT_NOFILE, &few) != 0)
			_exit(77);	/* valgrind keeps some for itself */
		if (dial_next(&l.dial, &fd, &endpoint, &l.err))
			_exit(2);
		_exit(l.err.stage != STAGE_SYSTEM ||
		    l.err.exit_code != EX_OSERR || l.err.temporary ||
		    strstr(l.err.text, "no socket for 127.0.0.1:1: ") == NULL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	list_free(&l);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
more_faults_than_fit_are_cut_at_whole_ones(void **state)
{
	const struct endpoint *endpoint;
	struct list l = { 0 };
	int fd, i;

	(void)state;
	for (i = 0; i < 100; i++)
		list_add(&l, "127.0.0.1", 1);
	list_ready(&l);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_true(strlen(l.err.text) > 600);
	assert_string_equal(l.err.text + strlen(l.err.text) -
	    strlen(strerror(ECONNREFUSED)), strerror(ECONNREFUSED));
	list_free(&l);
}

static void
a_unix_socket_is_dialled_too(void **state)
{
	const struct endpoint *endpoint = NULL;
	struct scratch scratch;
	struct sockaddr_un address;
	struct list l = { 0 };
	char *path, own[64];
	int fd = -1, listener;

	(void)state;
	assert_true(scratch_make(&scratch));
	path = scratch_path(&scratch, "relay");
	list_add(&l, path, 0);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	list_ready(&l);
	assert_false(dial_next(&l.dial, &fd, &endpoint, &l.err));
	assert_int_equal(l.err.sys_errno, ENOENT);
	assert_true(l.err.temporary);
	assert_non_null(strstr(l.err.text, path));
	list_free(&l);
	memset(&l, 0, sizeof(l));
	list_add(&l, path, 0);
	memcpy(&address, &l.all.items[0].address, sizeof(address));
	assert_int_equal(bind(listener, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(listener, 5), 0);
	list_ready(&l);
	assert_true(dial_next(&l.dial, &fd, &endpoint, &l.err));
	dial_own_literal(fd, own, sizeof(own));
	assert_string_equal(own, "[127.0.0.1]");
	(void)close(fd);
	list_free(&l);
	(void)close(listener);
	mem_free(path);
	scratch_remove(&scratch);
}

static const struct {
	const char *address, *literal;
} literals[] = {
	{ "::1", "[IPv6:::1]" },
	{ "::ffff:127.0.0.1", "[127.0.0.1]" },
};

static void
our_end_has_an_address_literal(void **state)
{
	struct sockaddr_in6 own;
	char text[64];
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		memset(&own, 0, sizeof(own));
		own.sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, literals[i].address,
		    &own.sin6_addr), 1);
		fd = socket(AF_INET6, SOCK_DGRAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&own,
		    sizeof(own)) != 0)
			skip();
		dial_own_literal(fd, text, sizeof(text));
		assert_string_equal(text, literals[i].literal);
		(void)close(fd);
	}
	dial_own_literal(-1, text, sizeof(text));
	assert_string_equal(text, "[127.0.0.1]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connected_socket_is_fit_for_the_stream),
		cmocka_unit_test(
		    the_families_take_turns_and_each_refusal_is_named),
		cmocka_unit_test(
		    an_attempt_that_hangs_makes_way_and_may_be_made_again),
		cmocka_unit_test(one_out_of_time_is_named_with_a_hint),
		cmocka_unit_test(the_limit_of_the_whole_run_holds_meanwhile),
		cmocka_unit_test(refusals_in_a_row_do_not_outlast_the_run),
		cmocka_unit_test(each_endpoint_has_one_turn),
		cmocka_unit_test(the_source_address_is_ours_on_the_connection),
		cmocka_unit_test(
		    a_source_address_that_cannot_be_is_a_wrong_profile),
		cmocka_unit_test(no_descriptor_left_is_the_systems_fault),
		cmocka_unit_test(more_faults_than_fit_are_cut_at_whole_ones),
		cmocka_unit_test(a_unix_socket_is_dialled_too),
		cmocka_unit_test(our_end_has_an_address_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
