/*
 * $SOAK_DELIVERIES runs (100,000), 64 at a time, to a relay that fails at
 * random: each exit status must be what the relay knows of the message.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/session_kit.h"

#define DELIVERIES 100000
#define AT_ONCE 64
#define LINES 8192
#define NUMBER "X-Number: "

/* What the relay did with a message, by its number. */
struct account {
	atomic_uchar taken;	/* how often */
	atomic_uchar told;	/* … and 250 was written */
};

static struct account *accounts;
static size_t deliveries;
extern char **environ;

/* What goes wrong, and at which turn of the relay. */
enum turn { GREETING, EHLO, MAIL, RCPT, DATA, MESSAGE, TURNS };

enum fault { CLOSE, RESET, SILENT_TAKE, TEMPORARY, PERMANENT, GARBAGE, HALF,
	FAULTS };

struct service {
	int fd;
	enum turn turn;		/* TURNS: it is obedient */
	enum fault fault;
	char line[LINES];
	size_t len;
};

/* xorshift: the same walk each time. */
static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool
say(const struct service *s, const char *text)
{
	size_t len = strlen(text);

	return send(s->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* False where the connection is over. */
static bool
answer(const struct service *s, enum turn turn, const char *reply)
{
	const struct linger at_once = { 1, 0 };

	if (s->turn != turn)
		return say(s, reply);
	switch (s->fault) {
	case RESET:
		(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
		return false;
	case TEMPORARY:
		return say(s, "451 4.3.0 not now\r\n");
	case PERMANENT:
		return say(s, "554 5.7.1 never\r\n");
	case GARBAGE:
		(void)say(s, "25 what?\r\n");
		return false;
	case HALF:
		(void)say(s, "250-2.0.0 half\r\n250 ");
		return false;
	case CLOSE:
	case SILENT_TAKE:
	case FAULTS:
		break;
	}
	return false;
}

/* A line without its end, NULL at the end of the connection. */
static char *
next_line(struct service *s)
{
	static char line[LINES];
	char *lf;
	ssize_t n;

	while ((lf = memchr(s->line, '\n', s->len)) == NULL) {
		if (s->len == LINES)
			return NULL;
		n = recv(s->fd, s->line + s->len, LINES - s->len, 0);
		if (n <= 0)
			return NULL;
		s->len += (size_t)n;
	}
	n = lf + 1 - s->line;
	memcpy(line, s->line, (size_t)n);
	line[n - 1 - (n > 1 && line[n - 2] == '\r')] = '\0';
	s->len -= (size_t)n;
	memmove(s->line, s->line + n, s->len);
	return line;
}

static bool
take_message(struct service *s)
{
	size_t number = deliveries;
	char *line;
	bool is_taken;

	while ((line = next_line(s)) != NULL && strcmp(line, ".") != 0)
		if (strncmp(line, NUMBER, strlen(NUMBER)) == 0)
			number = strtoul(line + strlen(NUMBER), NULL, 10);
	if (line == NULL || number >= deliveries)
		return false;
	is_taken = s->turn != MESSAGE || s->fault == SILENT_TAKE;
	if (is_taken)
		atomic_fetch_add(&accounts[number].taken, 1);
	if (s->turn != MESSAGE)
		atomic_fetch_add(&accounts[number].told, 1);
	return answer(s, MESSAGE, "250 2.0.0 taken\r\n");
}

static bool
serve_line(struct service *s, const char *line)
{
	if (strncmp(line, "EHLO ", 5) == 0)
		return answer(s, EHLO,
		    "250-relay.test\r\n250-8BITMIME\r\n250 PIPELINING\r\n");
	if (strncmp(line, "MAIL ", 5) == 0)
		return answer(s, MAIL, "250 2.1.0 ok\r\n");
	if (strncmp(line, "RCPT ", 5) == 0)
		return answer(s, RCPT, "250 2.1.5 ok\r\n");
	if (strcmp(line, "DATA") == 0)
		return answer(s, DATA, "354 go\r\n") &&
		    (s->turn == DATA || take_message(s));
	return strcmp(line, "QUIT") != 0 || (say(s, "221 bye\r\n") && false);
}

static void
serve(int fd, uint64_t random)
{
	const struct timeval patience = { 60, 0 };
	struct service s = { .fd = fd, .turn = TURNS };
	char *line;

	if (random % 10 < 4) {
		s.turn = (enum turn)(random / 10 % TURNS);
		s.fault = (enum fault)(random / 100 % FAULTS);
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	if (!answer(&s, GREETING, "220 relay.test\r\n"))
		return;
	while ((line = next_line(&s)) != NULL && serve_line(&s, line))
		continue;
}

static _Noreturn void
relay(int listener)
{
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15), random;
	int fd;

	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		random = next_random(&seed) >> 8;
		if (fork() == 0) {
			(void)close(listener);
			serve(fd, random);
			_exit(0);
		}
		(void)close(fd);
	}
}

static pid_t
start_relay(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 4 * AT_ONCE), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address,
	    &size), 0);
	*port = ntohs(address.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		relay(listener);
	(void)close(listener);
	return pid;
}

/* One run, its message in a file that has no name. */
static pid_t
start_run(size_t number, char *profile)
{
	char config[] = "--config", ignore[] = "-i", from[] = "-f";
	char sender[] = KIT_SENDER, recipient[] = KIT_RECIPIENT;
	char *argv[] = { getenv("POSTHASTE"), config, profile, ignore, from,
	    sender, recipient, NULL };
	posix_spawn_file_actions_t actions;
	int message = memfd_create("message", MFD_CLOEXEC);
	pid_t pid = -1;

	assert_true(message >= 0);
	assert_true(dprintf(message, NUMBER "%zu\n%s", number, kit_input) > 0);
	assert_int_equal(lseek(message, 0, SEEK_SET), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, message,
	    0), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&actions, 2,
	    "/dev/null", O_WRONLY, 0), 0);
	assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, argv,
	    environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(message);
	return pid;
}

struct tally {
	size_t accepted, uncertain, refused;
};

static void
judge(size_t number, int status, struct tally *tally)
{
	const struct account *a = &accounts[number];
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (atomic_load(&a->taken) > 1 || code < 0 ||
	    (code == EX_OK) != (atomic_load(&a->told) == 1) ||
	    (atomic_load(&a->taken) > 0 && code != EX_OK &&
	    code != EX_PROTOCOL))
		fail_msg("message %zu: status %#x, taken %d, told %d", number,
		    (unsigned int)status, atomic_load(&a->taken),
		    atomic_load(&a->told));
	if (code == EX_OK)
		tally->accepted++;
	else if (atomic_load(&a->taken) > 0)
		tally->uncertain++;
	else
		tally->refused++;
}

static void
run_all(char *profile, struct tally *tally)
{
	struct {
		pid_t pid;
		size_t number;
	} slots[AT_ONCE] = { { 0, 0 } };
	size_t started = 0, ended = 0, i;
	int status;
	pid_t pid;

	while (ended < deliveries) {
		for (i = 0; i < AT_ONCE && started < deliveries; i++)
			if (slots[i].pid == 0) {
				slots[i].number = started++;
				slots[i].pid = start_run(slots[i].number,
				    profile);
			}
		pid = wait(&status);
		for (i = 0; i < AT_ONCE && slots[i].pid != pid;)
			i++;
		/* The relay must not end. */
		assert_true(i < AT_ONCE);
		slots[i].pid = 0;
		judge(slots[i].number, status, tally);
		ended++;
	}
}

static void
every_status_is_what_the_relay_knows(void **state)
{
	const char *wish = getenv("SOAK_DELIVERIES");
	struct tally tally = { 0, 0, 0 };
	char text[300], *profile;
	pid_t pid;
	int port;

	deliveries = wish == NULL ? DELIVERIES : strtoul(wish, NULL, 10);
	accounts = mmap(NULL, deliveries * sizeof(*accounts), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(accounts, MAP_FAILED);
	pid = start_relay(&port);
	(void)snprintf(text, sizeof(text), "[default]\nhost = 127.0.0.1\n"
	    "port = %d\ntls = none\nehlo = client.example.org\nlog = none\n",
	    port);
	profile = program_profile(*state, text);
	assert_non_null(profile);
	run_all(profile, &tally);
	print_message("soak: %zu runs: %zu accepted, %zu uncertain, %zu "
	    "refused or lost; none of them wrongly\n", deliveries,
	    tally.accepted, tally.uncertain, tally.refused);
	assert_true(tally.accepted > 0 && tally.uncertain > 0 &&
	    tally.refused > 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	mem_free(profile);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_is_what_the_relay_knows),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
