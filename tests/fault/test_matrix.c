/*
 * Runs the matrix through the real binary. For each cell:
 *  - the exit status, and stage, temporary and uncertain of --json, are those
 *    that stage and fault ask for;
 *  - exit 0 means that the relay took exactly one message, equal to the octet
 *    to the reference, for every recipient; any other that it took none (or,
 *    where the reply to the message was lost, that it says `uncertain`);
 *  - never more than one MAIL, nothing but QUIT behind a refusal, and not even
 *    that where the session is broken or the message has begun;
 *  - no password in any output, nothing unprintable, nothing hangs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/base64.h"
#include "base/mem.h"
#include "fault/matrix.h"
#include "support/certs.h"
#include "support/program.h"
#include "support/relay.h"

#define USER "robot@example.org"
#define PASSWORD "c4nary-passw0rd"
/* Seconds: where time must run out, and where a busy machine must not matter. */
#define SHORT_TIMEOUT "0.35"
#define TIMEOUT "10"
#define HANG_MS 25000
#define LARGE (12UL << 20)

static const char input[] =
    "From: robot@example.org\nTo: one@example.net, two@example.net\n"
    "Bcc: two@example.net\nSubject: matrix\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n"
    "\nfirst\n.second\n..\n.\nlast";

static const char reference[] =
    "From: robot@example.org\r\nTo: one@example.net, two@example.net\r\n"
    "Subject: matrix\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    "\r\nfirst\r\n.second\r\n..\r\n.\r\nlast\r\n";

static const struct {
	const char *name;
	enum relay_mode mode;
	const char *tls;
} modes[] = {
	{ "clear", RELAY_PLAIN, "none" },
	{ "STARTTLS", RELAY_STARTTLS, "starttls" },
	{ "implicit TLS", RELAY_TLS, "implicit" },
};

struct cell {
	const struct turn *turn;
	const struct fault *fault;
	const struct shape *shape;
	size_t mode;
};

struct expectation {
	int exit_status;
	const char *stage;	/* NULL: success */
	const char *or_stage;	/* where two are right: NULL or the other */
	bool temporary, uncertain;
};

struct bench {
	struct scratch scratch;
	char *ca, *cert, *key;
	struct buf large;	/* a message that no socket's buffers hold */
	unsigned int cells, failures;
};

static struct expectation
expect_of_kind(const struct turn *turn, enum fault_kind kind)
{
	struct expectation e = { EX_PROTOCOL, turn->stage, NULL, false,
	    false };

	switch (kind) {
	case FAULT_NONE:
		e.exit_status = EX_OK;
		e.stage = NULL;
		break;
	case FAULT_TEMPORARY:
		e.exit_status = EX_UNAVAILABLE;
		e.temporary = true;
		/* A reset may be there before the connection is noticed. */
		e.or_stage = "connect";
		break;
	case FAULT_PERMANENT:
		e.exit_status = turn->exit_5yz;
		break;
	case FAULT_EARLY_TEMPORARY:
		e.exit_status = EX_UNAVAILABLE;
		e.temporary = true;
		e.stage = turn->next;
		/* The end behind the 220 to STARTTLS may come after we have
		 * begun with TLS. */
		e.or_stage = "tls";
		break;
	case FAULT_EARLY_PERMANENT:
		e.exit_status = turn->early_5yz;
		e.stage = turn->next;
		break;
	case FAULT_EARLY_PROTOCOL:
		e.stage = turn->next;
		break;
	case FAULT_PROTOCOL:
		break;
	}
	return e;
}

static bool
is_early(enum fault_kind kind)
{
	return kind == FAULT_EARLY_TEMPORARY ||
	    kind == FAULT_EARLY_PERMANENT || kind == FAULT_EARLY_PROTOCOL;
}

static bool
is_body(const struct cell *cell)
{
	return strcmp(cell->turn->override, "body") == 0;
}

static bool
has_trait(const struct cell *cell, unsigned int trait)
{
	return (cell->fault->traits & trait) != 0;
}

/*
 * While the message is under way no reply is due: a refusal counts, whatever
 * else the relay says breaks the protocol.
 */
static struct expectation
expect_in_body(const struct cell *cell)
{
	struct expectation e = expect_of_kind(cell->turn, FAULT_PROTOCOL);
	enum fault_kind kind = cell->fault->kind;

	if ((kind == FAULT_TEMPORARY && !has_trait(cell, FAULT_SPEAKS)) ||
	    kind == FAULT_PERMANENT)
		e = expect_of_kind(cell->turn, kind);
	return e;
}

static bool
is_turn(const struct cell *cell, const char *turn)
{
	return strncmp(cell->turn->override, turn, strlen(turn)) == 0;
}

/* Whether more replies to the same flight are due behind that of the turn. */
static bool
is_in_mid_flight(const struct cell *cell)
{
	const struct shape *shape = cell->shape;

	return shape->is_pipelined && (is_turn(cell, "mail") ||
	    is_turn(cell, "rcpt1"));
}

/*
 * A chunk isn't asked for as DATA asks. A reply too many within a flight is
 * seen only if the last one is there before the chunk leaves, and a hang-up
 * behind the last recipient may come when the message is out. The manual names
 * this price of chunking.
 */
static bool
is_price_of_chunks(const struct cell *cell)
{
	if (!cell->shape->is_chunked)
		return false;
	if (has_trait(cell, FAULT_RACES))
		return is_in_mid_flight(cell) || is_turn(cell, "rcpt");
	return is_in_mid_flight(cell) &&
	    cell->fault->kind == FAULT_EARLY_PROTOCOL &&
	    !has_trait(cell, FAULT_IS_HALF);
}

/*
 * A 554 may be asked about again, and a 250 behind the greeting be taken for
 * the reply to EHLO, if that has left already.
 */
static bool
is_price_of_early(const struct cell *cell)
{
	return cell->shape->is_early && is_turn(cell, "greeting") &&
	    (strncmp(cell->fault->script, "S 554", 5) == 0 ||
	    strcmp(cell->fault->script, "S @ ok\nS 250 ok") == 0);
}

/*
 * A reply too many can't be told from the next one of the flight. A refusal is
 * judged as that, half a line spoils it; any other is left over at the end of
 * the flight, or isn't the 354 that DATA asks for.
 */
static const char *
stage_of_early(const struct cell *cell)
{
	if (!is_in_mid_flight(cell))
		return cell->turn->next;
	if ((cell->fault->kind == FAULT_EARLY_PROTOCOL &&
	    !has_trait(cell, FAULT_IS_HALF)) || (is_turn(cell, "rcpt1") &&
	    cell->shape->has_one_recipient))
		return cell->shape->is_one_flight ? "receipt" : "data";
	return "rcpt";
}

/* From here on nothing but a refusal tells what became of it. */
static bool
is_message_out(const struct cell *cell)
{
	return is_turn(cell, "receipt") || (cell->shape->is_one_flight &&
	    (is_turn(cell, "mail") || is_turn(cell, "rcpt")));
}

static struct expectation
expect(const struct cell *cell)
{
	bool is_receipt = strcmp(cell->turn->override, "receipt") == 0;
	struct expectation e = expect_of_kind(cell->turn, cell->fault->kind);

	if (is_body(cell))
		return expect_in_body(cell);
	/* QUIT isn't judged, and what comes behind the 250 isn't read. */
	if (cell->turn->stage == NULL ||
	    (is_receipt && is_early(cell->fault->kind)))
		return expect_of_kind(cell->turn, FAULT_NONE);
	if (is_early(cell->fault->kind))
		e.stage = stage_of_early(cell);
	if (is_message_out(cell) && e.stage != NULL &&
	    !has_trait(cell, FAULT_IS_REPLY)) {
		e.exit_status = EX_PROTOCOL;
		e.temporary = false;
		e.uncertain = true;
	}
	return e;
}

/* What a letter of the script stands for: itself, or digits of the code. */
static bool
add_letter(const struct cell *cell, char letter, struct buf *out)
{
	static const char marks[] = "^~@";
	const char *mark = strchr(marks, letter);

	if (mark == NULL || letter == '\0')
		return buf_add_char(out, letter);
	return buf_add(out, cell->turn->code, (size_t)(mark - marks) + 1);
}

/* The fault's script with the code that is due. */
static bool
make_script(const struct cell *cell, struct buf *out)
{
	const char *letter = cell->fault->script;
	bool takes_it = strcmp(cell->turn->override, "receipt") == 0 &&
	    (cell->fault->kind == FAULT_NONE || is_early(cell->fault->kind));

	if ((takes_it && !buf_add_string(out, "commit\n")) ||
	    (is_body(cell) && !buf_add_string(out, "data 1000\n")))
		return false;
	for (; *letter != '\0'; letter++)
		if (!add_letter(cell, *letter, out))
			return false;
	return true;
}

/* A greeting of EHLO in the matrix must still offer what is needed. */
static bool
add_offer(const struct cell *cell, struct buf *out)
{
	struct span rest = span_of(cell->shape->offer), line;
	struct buf with = { 0 };
	bool ok = true;

	if (strncmp(cell->turn->override, "ehlo", 4) != 0 ||
	    (cell->fault->kind != FAULT_NONE && !is_early(cell->fault->kind)))
		return true;
	buf_init(&with, BUF_UNLIMITED);
	ok = buf_add_string(&with, "S 250-relay.test\n");
	if (modes[cell->mode].mode == RELAY_STARTTLS &&
	    strcmp(cell->turn->override, "ehlo") == 0)
		ok = ok && buf_add_string(&with, "S 250-STARTTLS\n");
	else
		while (ok && span_next(&rest, '\n', &line))
			ok = buf_printf(&with, "S 250-%.*s\n", (int)line.len,
			    line.data);
	ok = ok && buf_add_span(&with, buf_span(out));
	buf_clear(out);
	ok = ok && buf_add_span(out, buf_span(&with));
	buf_free(&with);
	return ok;
}

static bool
run_binary(struct bench *b, const struct cell *cell, int port,
    struct program_result *result)
{
	const char *timeout = has_trait(cell, FAULT_IS_SLOW) ? SHORT_TIMEOUT :
	    TIMEOUT;
	struct program_run run = { 0 };
	struct buf profile;
	char *path = NULL;
	bool ok;

	buf_init(&profile, BUF_UNLIMITED);
	ok = buf_printf(&profile, "[default]\nhost = 127.0.0.1\nport = %d\n"
	    "ehlo = client.example.org\ntls = %s\ntls_ca_file = %s\n"
	    "user = %s\npassword = %s\ntimeout = %s\n"
	    "data_timeout = %s\nlog = none\n%s", port,
	    modes[cell->mode].tls, b->ca, USER, PASSWORD, timeout, timeout,
	    cell->shape->keys);
	path = ok ? program_profile(&b->scratch, profile.data) : NULL;
	buf_free(&profile);
	if (path == NULL)
		return false;
	{
		const char *const argv[] = { "posthaste", "--config", path,
		    "--json", "-v", "-i", cell->shape->has_one_recipient ?
		    "one@example.net" : "-t", NULL };

		run.argv = argv;
		run.input = is_body(cell) ? buf_span(&b->large) :
		    span_of(input);
		run.limit_ms = HANG_MS;
		ok = program_run(result, &run);
	}
	mem_free(path);
	return ok;
}

static bool
holds(const struct buf *b, const char *text)
{
	return span_contains_nocase(buf_span(b), span_of(text));
}

/* The password, and what AUTH PLAIN and LOGIN would make of it. */
static bool
leaks(const struct program_result *result)
{
	static const char plain[] = "\0" USER "\0" PASSWORD;
	struct buf words[2];
	bool is_leak;

	buf_init(&words[0], BUF_UNLIMITED);
	buf_init(&words[1], BUF_UNLIMITED);
	is_leak = !base64_encode(&words[0], span_of(PASSWORD)) ||
	    !base64_encode(&words[1], span_make(plain, sizeof(plain) - 1)) ||
	    holds(&result->err, PASSWORD) || holds(&result->out, PASSWORD) ||
	    holds(&result->err, words[0].data) ||
	    holds(&result->err, words[1].data);
	buf_free(&words[0]);
	buf_free(&words[1]);
	return is_leak;
}

static bool
is_printable(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if ((b->data[i] < ' ' || b->data[i] > '~') &&
		    b->data[i] != '\n')
			return false;
	return true;
}

/* What the run says, or NULL where it is as it must be. */
static const char *
judge_run(const struct program_result *result, const struct expectation *e)
{
	char word[64], other[64];

	if (result->hung || result->signal != 0)
		return "it hung or died by a signal";
	if (result->exit_status != e->exit_status)
		return "wrong exit status";
	if (result->out.len > 0)
		return "something on stdout";
	if (leaks(result))
		return "the password is in the output";
	if (!is_printable(&result->err))
		return "something unprintable on stderr";
	if (e->stage == NULL)
		return holds(&result->err, "\"accepted\":true") ? NULL :
		    "not reported as accepted";
	(void)snprintf(word, sizeof(word), "\"stage\":\"%s\"", e->stage);
	(void)snprintf(other, sizeof(other), "\"stage\":\"%s\"",
	    e->or_stage == NULL ? "" : e->or_stage);
	if (!holds(&result->err, word) && !holds(&result->err, other))
		return "wrong stage";
	if (holds(&result->err, "\"temporary\":true") != e->temporary)
		return "wrong `temporary`";
	if (holds(&result->err, "\"uncertain\":true") != e->uncertain)
		return "wrong `uncertain`";
	return NULL;
}

static bool
is_the_message(const struct relay_message *m, size_t recipients)
{
	return m != NULL && m->recipient_count == recipients &&
	    strncmp(m->mail, "<" USER ">", sizeof(USER) + 1) == 0 &&
	    strcmp(m->recipients[0], "<one@example.net>") == 0 &&
	    (recipients == 1 ||
	    strcmp(m->recipients[1], "<two@example.net>") == 0) &&
	    span_equals(buf_span(m->is_bdat ? &m->wire : &m->text),
	    span_of(reference));
}

/* What the relay saw, or NULL where it is as it must be. */
/* Whether the relay is one that can still be told QUIT. */
static bool
may_hear_quit(const struct cell *cell, const struct expectation *e)
{
	return e->stage == NULL || (has_trait(cell, FAULT_IS_REPLY) &&
	    !is_body(cell) && !is_early(cell->fault->kind) &&
	    strstr(cell->fault->script, "421") == NULL);
}

static bool
heard_quit(const struct relay_record *record)
{
	const struct relay_connection *c = &record->connections[0];
	size_t i;

	for (i = 0; i < c->command_count; i++)
		if (strcmp(c->commands[i], "QUIT") == 0)
			return true;
	return false;
}

static const char *
judge_record(const struct relay_record *record, const struct expectation *e,
    const struct cell *cell)
{
	if (record->failure[0] != '\0')
		return record->failure;
	if (record->mail_commands > 1)
		return "more than one MAIL";
	if (record->count != 1)
		return "not exactly one connection";
	if (heard_quit(record) && !may_hear_quit(cell, e))
		return "QUIT in a session that is broken";
	if (e->stage == NULL && record->committed != 1)
		return "exit 0, and the relay took nothing";
	if (e->stage == NULL && !is_the_message(relay_only_message(record),
	    cell->shape->has_one_recipient ? 1 : 2))
		return "exit 0, and the relay took something else";
	if (e->stage != NULL && record->committed != 0 && !e->uncertain)
		return "the relay took it, and the exit isn't 0";
	return NULL;
}

static bool
play(struct bench *b, const struct cell *cell, const char *script)
{
	const struct relay_override override = { cell->turn->override, script,
	    RELAY_INSTEAD, 0 };
	const struct relay_serve serve = {
		.capabilities = cell->shape->offer,
		.clear_capabilities = modes[cell->mode].mode == RELAY_PLAIN ?
		    cell->shape->offer : NULL,
		.user = USER,
		.password = PASSWORD,
		.overrides = &override,
		.override_count = 1,
	};
	const struct relay_options options = {
		.mode = modes[cell->mode].mode,
		.cert_file = b->cert,
		.key_file = b->key,
		.serve = &serve,
	};
	struct expectation e = expect(cell);
	struct program_result result = { 0 };
	struct relay_record record = { 0 };
	const char *complaint = "the relay can't be started";
	struct relay *relay = relay_start(&options);

	if (relay != NULL) {
		complaint = run_binary(b, cell, relay_port(relay), &result) ?
		    judge_run(&result, &e) : "it can't be run";
		if (!relay_stop(relay, &record))
			complaint = "the relay failed";
		if (complaint == NULL)
			complaint = judge_record(&record, &e, cell);
	}
	if (complaint != NULL) {
		(void)fprintf(stderr, "FAILED %s, %s, %s, %s: %s\n",
		    modes[cell->mode].name, cell->turn->override,
		    cell->fault->name, cell->shape->name, complaint);
		program_result_print(&result);
		relay_record_print(&record);
	}
	program_result_free(&result);
	relay_record_free(&record);
	return complaint == NULL;
}

/* Whether there is such a cell. */
static bool
exists(const struct cell *cell)
{
	const struct turn *turn = cell->turn;
	enum relay_mode mode = modes[cell->mode].mode;
	bool is_tls = mode == RELAY_TLS ||
	    (mode == RELAY_STARTTLS && !turn->is_before_starttls);

	/* Behind QUIT nobody is left to take a ticket. */
	if ((has_trait(cell, FAULT_NEEDS_TLS) && (!is_tls ||
	    turn->stage == NULL)) ||
	    (has_trait(cell, FAULT_READS_ON) && is_body(cell)) ||
	    (has_trait(cell, FAULT_RACES) && (is_body(cell) ||
	    strcmp(turn->override, "data") == 0)) ||
	    (cell->shape->has_one_recipient && is_turn(cell, "rcpt2")) ||
	    (cell->shape->is_chunked && is_turn(cell, "data")) ||
	    is_price_of_chunks(cell) || is_price_of_early(cell))
		return false;
	return mode == RELAY_PLAIN ? turn->in_clear :
	    mode == RELAY_STARTTLS ? turn->in_starttls : turn->in_tls;
}

/* Until then all shapes but one are the same. */
static bool
is_before_mail(const struct cell *cell)
{
	return is_turn(cell, "greeting") || is_turn(cell, "ehlo") ||
	    is_turn(cell, "starttls") || is_turn(cell, "auth");
}

static void
run_cell(struct bench *b, const struct cell *cell)
{
	struct buf script;

	buf_init(&script, BUF_UNLIMITED);
	b->cells++;
	if (!make_script(cell, &script) || !add_offer(cell, &script) ||
	    !play(b, cell, script.data))
		b->failures++;
	buf_free(&script);
}

/*
 * Without a word in argv the core is run, with `all` the whole matrix; other
 * words pick cells of that by `mode/stage/fault/shape`.
 */
static bool
is_picked(const struct cell *cell, int argc, char **argv)
{
	char name[200];
	int i;

	if (argc < 2)
		return has_trait(cell, FAULT_IS_CORE);
	(void)snprintf(name, sizeof(name), "%s/%s/%s/%s",
	    modes[cell->mode].name, cell->turn->override, cell->fault->name,
	    cell->shape->name);
	for (i = strcmp(argv[1], "all") == 0 ? 2 : 1; i < argc; i++)
		if (strstr(name, argv[i]) == NULL)
			return false;
	return true;
}

/*
 * The shapes take turns; `all` plays every one for the core, and so do words
 * that pick cells, where it makes a difference.
 */
static void
run_shapes(struct bench *b, struct cell *cell, size_t nth, int argc,
    char **argv)
{
	bool is_new = !is_before_mail(cell), is_all = argc > 1 &&
	    (strcmp(argv[1], "all") != 0 || has_trait(cell, FAULT_IS_CORE));
	size_t i, done = 0;

	for (i = 0; i < shape_count && (is_all || done == 0); i++) {
		cell->shape = &shapes[(nth + i) % shape_count];
		if (!exists(cell) ||
		    (done > 0 && !is_new && !cell->shape->is_early))
			continue;
		done++;
		if (is_picked(cell, argc, argv))
			run_cell(b, cell);
	}
}

static void
run_all(struct bench *b, int argc, char **argv)
{
	struct cell cell;
	size_t turn, fault;

	for (cell.mode = 0; cell.mode < 3; cell.mode++)
		for (turn = 0; turn < turn_count; turn++)
			for (fault = 0; fault < fault_count; fault++) {
				cell.turn = &turns[turn];
				cell.fault = &faults[fault];
				run_shapes(b, &cell, turn + fault + cell.mode,
				    argc, argv);
			}
}

static bool
make_large(struct buf *b)
{
	static const char line[] = "a line of sixty-odd octets, over and over "
	    "again, to fill it up\n";
	bool ok;

	buf_init(b, BUF_UNLIMITED);
	ok = buf_add_string(b, input);
	while (ok && b->len < LARGE)
		ok = buf_add_string(b, line);
	return ok;
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };

	if (!make_large(&b.large) || !scratch_make(&b.scratch) || !certs_make(b.scratch.path))
		return EXIT_FAILURE;
	b.ca = scratch_path(&b.scratch, "ca.pem");
	b.cert = scratch_path(&b.scratch, "good.pem");
	b.key = scratch_path(&b.scratch, "good.key");
	run_all(&b, argc, argv);
	scratch_remove(&b.scratch);
	buf_free(&b.large);
	mem_free(b.ca);
	mem_free(b.cert);
	mem_free(b.key);
	(void)printf("fault matrix: %u cells, %u failed\n", b.cells,
	    b.failures);
	return b.failures == 0 && b.cells > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
