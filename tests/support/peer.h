/*
 * The other end of a connection: a plain TCP pair, and a TLS server in a child
 * that plays a script.
 */
#ifndef POSTHASTE_TESTS_PEER_H
#define POSTHASTE_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

/* Two connected TCP sockets on the loopback; ours doesn't block. */
bool peer_tcp(int *ours, int *theirs) MUST_CHECK;

struct gnutls_session_int;	/* gnutls_session_t */
struct tls_peer;

/*
 * What the server does behind its handshake; runs in the child. True: all went
 * as it should.
 */
typedef bool tls_peer_script(struct tls_peer *p,
    struct gnutls_session_int *session);

#define TLS_PEER_NEVER ((size_t)-1)

struct tls_peer {
	const char *dir;	/* of the certificates (certs.h) */
	const char *certificate;	/* NULL: "good" */
	const char *priority;	/* NULL: "NORMAL" */
	tls_peer_script *script;	/* NULL: nothing more */
	size_t cut_after;	/* octets after which its side is shut down */
	bool resets;		/* … by a reset */
	bool is_bytewise;	/* one octet a send */
	bool has_warning;	/* sends a warning alert in the handshake */
	size_t sent;
	int fd;			/* in the child */
	int signal_fd;		/* the child's end of `signalled` */
	int signalled;		/* what the script's signals come by */
	pid_t pid;
};

/* Fixtures of a test group: `*state` is a struct scratch (program.h) with the
 * certificates in it. */
int tls_peer_group_begin(void **state);
int tls_peer_group_end(void **state);

/* Starts the child; `*fd` is our end. */
bool tls_peer_start(struct tls_peer *p, int *fd) MUST_CHECK;

/* The script says that it got somewhere; the test waits for that. */
void tls_peer_signal(const struct tls_peer *p);
bool tls_peer_await(const struct tls_peer *p) MUST_CHECK;

/* For scripts: all of it, or false. */
bool tls_peer_say(struct gnutls_session_int *session, const char *text);
bool tls_peer_hear(struct gnutls_session_int *session, const char *text);

/* Waits for the child; whether its handshake and script went well. */
bool tls_peer_end(struct tls_peer *p) MUST_CHECK;

#endif
