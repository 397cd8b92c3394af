#include "app/verdict.h"

#include <stdio.h>
#include <string.h>

#include "app/report.h"
#include "base/os.h"

/* Octets of one line that is somebody else's words. */
#define WORDS 440

struct status {
	int code;
	char enhanced[16];
};

/* RFC 5321 section 4.2: what may be said of a message that came. */
static const int message_codes[] = { 450, 451, 452, 550, 551, 552, 553, 554,
	556 };

/* By our own exit status, where no reply or none that fits is the cause. */
static const struct {
	int exit_code;
	int code;
	const char *enhanced;
} by_exit[] = {
	{ EX_DATAERR, 554, "5.6.0" },
	{ EX_NOUSER, 550, "5.1.1" },
	{ EX_NOHOST, 554, "5.4.4" },
	{ EX_UNAVAILABLE, 554, "5.0.0" },
	{ EX_OSERR, 451, "4.3.0" },	/* trouble here, not the message */
	{ EX_PROTOCOL, 554, "5.5.0" },
	{ EX_NOPERM, 554, "5.7.0" },
	{ EX_CONFIG, 554, "5.3.5" },
};

/* The same where the failure is temporary, by its place. */
static const struct {
	enum stage stage;
	const char *enhanced;
} by_stage[] = {
	{ STAGE_DNS, "4.4.3" },
	{ STAGE_CONNECT, "4.4.1" },
	{ STAGE_INPUT, "4.3.2" },
};

static void
set_status(struct status *s, int code, const char *enhanced)
{
	s->code = code;
	(void)snprintf(s->enhanced, sizeof(s->enhanced), "%s", enhanced);
}

static void
choose_own(struct status *s, const struct error *err)
{
	size_t i;

	/* Nobody said anything against the message. */
	if (os_signal_caught() != 0) {
		set_status(s, 451, "4.3.2");
		return;
	}
	if (err->temporary) {
		set_status(s, 451, err->reply_code != 0 ? "4.0.0" : "4.4.2");
		for (i = 0; i < sizeof(by_stage) / sizeof(by_stage[0]); i++)
			if (by_stage[i].stage == err->stage)
				set_status(s, 451, by_stage[i].enhanced);
		return;
	}
	set_status(s, 554, "5.0.0");
	for (i = 0; i < sizeof(by_exit) / sizeof(by_exit[0]); i++)
		if (by_exit[i].exit_code == err->exit_code)
			set_status(s, by_exit[i].code, by_exit[i].enhanced);
}

static void
choose_status(struct status *s, const struct error *err)
{
	bool is_of_message = err->stage == STAGE_MAIL ||
	    err->stage == STAGE_RCPT || err->stage == STAGE_DATA ||
	    err->stage == STAGE_BODY || err->stage == STAGE_RECEIPT;
	size_t i;

	if (err->uncertain) {
		set_status(s, 451, "4.4.2");
		return;
	}
	choose_own(s, err);
	for (i = 0; is_of_message &&
	    i < sizeof(message_codes) / sizeof(message_codes[0]); i++)
		if (message_codes[i] == err->reply_code) {
			s->code = err->reply_code;
			if (s->enhanced[0] - '0' != s->code / 100)
				set_status(s, s->code, s->code < 500 ?
				    "4.0.0" : "5.0.0");
		}
	/* The relay's own detail, where it is of the class we say. */
	if (err->enhanced[0] - '0' == s->code / 100)
		set_status(s, s->code, err->enhanced);
}

void
verdict_accepted(struct client *c, const char *relay_reply)
{
	const char *words = relay_reply;

	while (*words >= '0' && *words <= '9')
		words++;
	while (*words == ' ')
		words++;
	/* It may begin with its enhanced code already. */
	if (strncmp(words, "2.", 2) == 0)
		client_reply(c, 250, ' ', NULL, "%.*s", WORDS, words);
	else
		client_reply(c, 250, ' ', "2.0.0", "%.*s", WORDS,
		    *words == '\0' ? "accepted by the relay" : words);
}

static void
name_recipients(struct client *c, const struct status *s,
    const struct envelope *e)
{
	size_t refused = envelope_refused(e), shown = 0, i;
	char address[200];

	for (i = 0; i < e->count && shown < REPORT_RECIPIENTS; i++) {
		if (e->recipients[i].reply == NULL)
			continue;
		shown++;
		escape_into(address, sizeof(address),
		    span_of(e->recipients[i].address));
		client_reply(c, s->code, '-', s->enhanced, "<%s>: %.200s",
		    address, e->recipients[i].reply);
	}
	if (refused > 0)
		client_reply(c, s->code, '-', s->enhanced,
		    "refused: %zu of %zu recipients; %s", refused, e->count,
		    e->is_taken ? "the others have it" : "nothing was sent");
}

void
verdict_refused(struct client *c, const struct error *err,
    const struct envelope *e)
{
	struct status s;

	choose_status(&s, err);
	name_recipients(c, &s, e);
	if (err->reply[0] != '\0' && envelope_refused(e) == 0)
		client_reply(c, s.code, '-', s.enhanced, "the relay said: "
		    "%.*s", WORDS, err->reply);
	if (err->cause[0] != '\0')
		client_reply(c, s.code, '-', s.enhanced, "cause: %s",
		    err->cause);
	if (err->fix[0] != '\0')
		client_reply(c, s.code, '-', s.enhanced, "fix: %.*s", WORDS,
		    err->fix);
	if (err->uncertain)
		client_reply(c, s.code, '-', s.enhanced, "%.*s", WORDS,
		    err->text);
	client_reply(c, s.code, ' ', s.enhanced, "%.*s", WORDS,
	    err->uncertain ? "the relay may already hold this message" :
	    err->text);
}
