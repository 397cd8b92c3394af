/*
 * One trial: a relay, a profile that leads to it, and one run of the real
 * binary. A test fills in what is different from the plainest of deliveries,
 * runs the trial, and looks at what came of it. On top of cmocka.
 * $POSTHASTE_SANDBOX is the profiles' key `sandbox`, where that is set.
 */
#ifndef POSTHASTE_TESTS_SESSION_KIT_H
#define POSTHASTE_TESTS_SESSION_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>

#include <cmocka.h>

#include "support/program.h"
#include "support/relay.h"

#define KIT_SENDER "robot@example.org"
#define KIT_RECIPIENT "one@example.net"

/* A small message that needs nothing added, and what it is on the wire. */
extern const char kit_input[];
extern const char kit_wire[];

/* Whether /etc/mailname completes bare names where no profile does. */
bool kit_has_mailname(void);

#define TRIAL_OVERRIDES 4
#define TRIAL_ENV 6

struct trial {
	/* The relay: obedient, in clear, but for these. */
	enum relay_mode mode;
	const char *certificate;	/* NAME of certs.h; NULL: "good" */
	const char *priority;		/* of GnuTLS */
	const char *ocsp;		/* NAME.ocsp of certs.h is stapled */
	bool wants_client;		/* a certificate by ca.pem */
	struct relay_serve serve;	/* its overrides are filled in */
	struct relay_override overrides[TRIAL_OVERRIDES];
	const char *script;		/* instead of all that */
	bool is_unix, is_lean;
	bool is_absent;			/* nobody listens */

	/* The profile: what leads to the relay, but for keys that are set in
	 * these lines ("key = value\n") or named in `without`. */
	const char *keys;
	const char *without;
	const char *profile;		/* the whole text instead */

	/* The run. `run.input` is kit_input where nothing else is chosen. */
	const char *name;		/* another argv[0]: the profile comes
					 * by $POSTHASTE_CONFIG then */
	const char *const *args;	/* NULL: -i -f KIT_SENDER and
					 * KIT_RECIPIENT */
	bool json;			/* --json before them */
	const char *env[TRIAL_ENV];	/* beside PATH and LC_ALL */
	bool bare_env;			/* nothing at all */
	struct program_run run;		/* argv and env are filled in */

	/* What came of it. */
	int port;
	char *profile_path;
	struct program_result result;
	struct relay_record record;
	struct relay *relay;		/* between start and finish */

	/* Private to session_kit.c. */
	struct program program;
	char *socket_path;
	const char **argv;
	const char *envp[TRIAL_ENV + 4];
	char *config_env;
};

/* A directory with the certificates, for a group of tests. */
int kit_set_up(void **state);
int kit_tear_down(void **state);

/*
 * In parts: what happens to the program in mid-run goes in between. Its stdin
 * is fed at the end, or before by trial_feed(), which takes small inputs.
 * trial_prepare() is all of trial_start() but for the program.
 */
void trial_prepare(struct trial *t, void **state);
void trial_start(struct trial *t, void **state);
void trial_feed(struct trial *t);
void trial_finish(struct trial *t);
void trial_run(struct trial *t, void **state);
void trial_free(struct trial *t);

/* Fails the test, with all that is known of the trial, unless `claim`. */
#define TRIAL_CHECK(trial, claim) \
	trial_check((trial), (claim), #claim, __FILE__, __LINE__)
void trial_check(const struct trial *t, bool claim, const char *words,
    const char *file, int line);

/*
 * The whole promise: exit 0, not a word on stdout or (unless it was asked for)
 * stderr, and the relay took one message, which is `wire` where that isn't
 * NULL.
 */
#define trial_delivered(trial, wire) \
	trial_check_delivered((trial), (wire), __FILE__, __LINE__)
void trial_check_delivered(const struct trial *t, const char *wire,
    const char *file, int line);

/*
 * It ended with `status`, said `words` on stderr, nothing on stdout, and the
 * relay took nothing. `stage` (or NULL) needs --json.
 */
#define trial_failed(trial, status, stage, words) \
	trial_check_failed((trial), (status), (stage), (words), __FILE__, \
	    __LINE__)
void trial_check_failed(const struct trial *t, int status, const char *stage,
    const char *words, const char *file, int line);

/* Whether stderr holds `words`. */
bool trial_says(const struct trial *t, const char *words);

/* The last command line of the first connection, "" without one. */
const char *trial_last_command(const struct trial *t);

/* Whether a command line that begins with `words` arrived. */
bool trial_heard(const struct trial *t, const char *words);

#endif
