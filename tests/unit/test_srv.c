#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/srv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OF(literal) { (literal), sizeof(literal) - 1 }

#define PATIENCE 20000

/* Pieces of answers. The question's name begins at octet 12. */
#define HEADER(rcode, answers) \
	"\x12\x34\x81" rcode "\0\1\0" answers "\0\0\0\0"
#define QUESTION "\x5_smtp\x4test\0\0\x21\0\1"
#define ASKED "\xc0\x0c"		/* the question's name */
#define TEST "\xc0\x12"			/* "test" in it */
#define SRV_HEAD(length) ASKED "\0\x21\0\1\0\0\0\x3c\0" length

static const struct {
	const char *label;
	struct span answer;
	enum srv_verdict verdict;
	const char *first;
	size_t count;
	bool is_refused;
} answers[] = {
	{ "one target", OF(HEADER("\x80", "\1") QUESTION SRV_HEAD("\x0e")
	    "\0\x0a\0\x05\x02\x4b\x1r\x4test\0"), SRV_FOUND, "r.test", 1,
	    false },
	{ "a compressed target", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0a") "\0\x0a\0\x05\x02\x4b\x1r" TEST), SRV_FOUND,
	    "r.test", 1, false },
	{ "an alias before it", OF(HEADER("\x80", "\2") QUESTION
	    ASKED "\0\5\0\1\0\0\0\x3c\0\4\1a" TEST
	    "\xc0\x28\0\x21\0\1\0\0\0\x3c\0\x0a"
	    "\0\1\0\1\x02\x4b\x1r" TEST), SRV_FOUND, "r.test", 1, false },
	{ "a refusal", OF(HEADER("\x80", "\1") QUESTION SRV_HEAD("\7")
	    "\0\0\0\0\0\0\0"), SRV_FOUND, NULL, 0, true },
	{ "a refusal beside a target", OF(HEADER("\x80", "\2") QUESTION
	    SRV_HEAD("\7") "\0\0\0\0\0\0\0" SRV_HEAD("\x0a")
	    "\0\x0a\0\x05\x02\x4b\x1r" TEST), SRV_FOUND, "r.test", 1, false },
	{ "no such name", OF(HEADER("\x83", "\0") QUESTION), SRV_NONE, NULL, 0,
	    false },
	{ "no such record", OF(HEADER("\x80", "\0") QUESTION), SRV_NONE, NULL,
	    0, false },
	{ "another type", OF(HEADER("\x80", "\1") QUESTION
	    ASKED "\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"), SRV_NONE, NULL, 0,
	    false },
	{ "a server's failure", OF(HEADER("\x82", "\0") QUESTION), SRV_FAILED,
	    NULL, 0, false },
	{ "a server's refusal", OF(HEADER("\x85", "\0") QUESTION), SRV_FAILED,
	    NULL, 0, false },
	{ "nothing", OF(""), SRV_MALFORMED, NULL, 0, false },
	{ "half a header", OF("\x12\x34\x81\x80\0\1"), SRV_MALFORMED, NULL, 0,
	    false },
	{ "a record that is missing", OF(HEADER("\x80", "\1") QUESTION),
	    SRV_MALFORMED, NULL, 0, false },
	{ "a record that is cut off", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0e") "\0\x0a\0\x05\x02\x4b\x1r\x4te"), SRV_MALFORMED,
	    NULL, 0, false },
	{ "a length that is too short", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0d") "\0\x0a\0\x05\x02\x4b\x1r\x4test\0"),
	    SRV_MALFORMED, NULL, 0, false },
	{ "a length that is too long", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0f") "\0\x0a\0\x05\x02\x4b\x1r\x4test\0\0"),
	    SRV_MALFORMED, NULL, 0, false },
	{ "port 0", OF(HEADER("\x80", "\1") QUESTION SRV_HEAD("\x0a")
	    "\0\x0a\0\x05\0\0\x1r" TEST), SRV_MALFORMED, NULL, 0, false },
	{ "a pointer to itself", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x08") "\0\x0a\0\x05\x02\x4b\xc0\x2e"), SRV_MALFORMED,
	    NULL, 0, false },
	{ "a pointer forwards", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x08") "\0\x0a\0\x05\x02\x4b\xc0\x30\0\0"),
	    SRV_MALFORMED, NULL, 0, false },
	{ "two pointers in a circle", OF(HEADER("\x80", "\1") "\xc0\x0e\xc0\x0c"
	    "\0\x21\0\1"), SRV_MALFORMED, NULL, 0, false },
	{ "an escape sequence in a name", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0c") "\0\x0a\0\x05\x02\x4b\3\x1b[m" TEST),
	    SRV_MALFORMED, NULL, 0, false },
	{ "a dot in a label", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0c") "\0\x0a\0\x05\x02\x4b\3a.b" TEST), SRV_MALFORMED,
	    NULL, 0, false },
	{ "a label of an unknown kind", OF(HEADER("\x80", "\1") QUESTION
	    SRV_HEAD("\x0a") "\0\x0a\0\x05\x02\x4b\x41r" TEST), SRV_MALFORMED,
	    NULL, 0, false },
};

static void
an_answer_is_read_as_rfc_1035_and_2782_have_it(void **state)
{
	struct srv s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(answers); i++) {
		print_message("%s\n", answers[i].label);
		assert_int_equal(srv_parse(&s, answers[i].answer),
		    answers[i].verdict);
		assert_int_equal(s.is_refused, answers[i].is_refused);
		if (answers[i].verdict == SRV_FOUND) {
			assert_int_equal(s.count, answers[i].count);
			if (s.count > 0) {
				assert_string_equal(s.items[0].name,
				    answers[i].first);
				assert_int_equal(s.items[0].port, 587);
			}
		}
		srv_free(&s);
	}
}

static void
every_prefix_of_an_answer_is_malformed(void **state)
{
	struct span whole = answers[0].answer;
	struct srv s;
	size_t len;

	(void)state;
	for (len = 0; len < whole.len; len++) {
		/* A copy, so that reading beyond it is noticed. */
		char *part = mem_span(span_make(whole.data, len));

		assert_int_equal(srv_parse(&s, span_make(part, len)),
		    SRV_MALFORMED);
		srv_free(&s);
		mem_free(part);
	}
}

static void
a_name_that_is_too_long_is_malformed(void **state)
{
	static const struct span head = OF(HEADER("\x80", "\1") QUESTION
	    ASKED "\0\x21\0\1\0\0\0\x3c\x01\x07" "\0\x0a\0\x05\x02\x4b");
	char label[64];
	struct buf b;
	struct srv s;
	size_t i;

	(void)state;
	memset(label, 'a', sizeof(label));
	label[0] = 63;
	buf_init(&b, BUF_UNLIMITED);
	assert_true(buf_add_span(&b, head));
	for (i = 0; i < 4; i++)
		assert_true(buf_add(&b, label, sizeof(label)));
	assert_true(buf_add(&b, "", 1));
	assert_int_equal(srv_parse(&s, buf_span(&b)), SRV_MALFORMED);
	srv_free(&s);
	buf_free(&b);
}

/* The names are the places that they end at. */
static void
targets_are_ordered_by_priority_and_drawn_by_weight(void **state)
{
	static const struct {
		const char *label;
		struct {
			const char *name;
			unsigned int priority, weight;
		} items[4];
		uint32_t random[4];
		const char *wanted;
	} cases[] = {
		{ "priorities", { { "a", 30, 0 }, { "b", 10, 0 },
		    { "c", 20, 0 } }, { 0 }, "bca" },
		{ "equals keep their order", { { "a", 1, 0 }, { "b", 1, 0 },
		    { "c", 1, 0 } }, { 7, 8, 9 }, "abc" },
		{ "the heavy one", { { "a", 1, 1 }, { "b", 1, 9 } }, { 5 },
		    "ba" },
		{ "the light one", { { "a", 1, 1 }, { "b", 1, 9 } }, { 1 },
		    "ab" },
		{ "no weight is drawn with 0 only", { { "a", 1, 9 },
		    { "b", 1, 0 } }, { 0 }, "ba" },
		{ "and not with 1", { { "a", 1, 9 }, { "b", 1, 0 } }, { 1 },
		    "ab" },
		{ "the greatest number", { { "a", 1, 65535 }, { "b", 1, 65535 },
		    { "c", 2, 1 } }, { 131070, UINT32_MAX, UINT32_MAX },
		    "bac" },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct srv_target items[4];
		struct srv s = { items, 0, false };
		char order[5] = "";

		memset(items, 0, sizeof(items));
		for (k = 0; k < 4 && cases[i].items[k].name != NULL; k++) {
			items[k].name[0] = cases[i].items[k].name[0];
			items[k].priority = cases[i].items[k].priority;
			items[k].weight = cases[i].items[k].weight;
			s.count++;
		}
		print_message("%s\n", cases[i].label);
		srv_order(&s, cases[i].random);
		for (k = 0; k < s.count; k++)
			order[k] = items[k].name[0];
		assert_string_equal(order, cases[i].wanted);
	}
}

/* Fakes of res_query: the name says what becomes of it. */
static int
answer_query(const char *name, int class, int type, unsigned char *answer,
    int size)
{
	size_t i;

	assert_int_equal(class, 1);
	assert_int_equal(type, 33);
	for (i = 0; i < COUNT(answers); i++)
		if (strcmp(answers[i].label, name) == 0 &&
		    (size_t)size >= answers[i].answer.len) {
			memcpy(answer, answers[i].answer.data,
			    answers[i].answer.len);
			return (int)answers[i].answer.len;
		}
	h_errno = strcmp(name, "again") == 0 ? TRY_AGAIN :
	    strcmp(name, "nodata") == 0 ? NO_DATA : HOST_NOT_FOUND;
	return -1;
}

static int
answer_never(const char *name, int class, int type, unsigned char *answer,
    int size)
{
	(void)name;
	(void)class;
	(void)type;
	(void)answer;
	(void)size;
	(void)pause();
	return -1;
}

static void
a_lookup_gives_targets_or_says_why_not(void **state)
{
	static const struct {
		const char *name, *text;
		int exit_code;
	} cases[] = {
		{ "one target", NULL, 0 },
		{ "a refusal", "'a refusal' says that this service isn't "
		    "offered", EX_NOHOST },
		{ "no such name", "there is no SRV record 'no such name'",
		    EX_NOHOST },
		{ "nodata", "there is no SRV record 'nodata'", EX_NOHOST },
		{ "gone", "there is no SRV record 'gone'", EX_NOHOST },
		{ "again", "can't look up the SRV record 'again'",
		    EX_UNAVAILABLE },
		{ "a server's failure", "can't look up the SRV record "
		    "'a server's failure'", EX_UNAVAILABLE },
		{ "port 0", "the name server's answer for 'port 0' is "
		    "malformed", EX_UNAVAILABLE },
	};
	struct limit limit = limit_in(STAGE_DNS, "address", NULL, PATIENCE);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct error err = { 0 };
		struct srv s;
		bool ok = srv_look_up_by(answer_query, &s, cases[i].name,
		    &limit, &err);

		assert_int_equal(ok, cases[i].text == NULL);
		if (!ok) {
			assert_int_equal(err.stage, STAGE_DNS);
			assert_int_equal(err.exit_code, cases[i].exit_code);
			assert_true(err.temporary);
			assert_string_equal(err.text, cases[i].text);
		}
		srv_free(&s);
	}
}

static void
a_lookup_that_hangs_ends_in_time(void **state)
{
	struct limit limit = limit_in(STAGE_DNS, "address", "connect_timeout",
	    30);
	struct error err = { 0 };
	struct srv s;

	(void)state;
	assert_false(srv_look_up_by(answer_never, &s, "slow.test", &limit,
	    &err));
	srv_free(&s);
	assert_int_equal(err.stage, STAGE_DNS);
	assert_true(err.temporary);
	assert_string_equal(err.text, "no SRV record of 'slow.test' within "
	    "0.030 s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_answer_is_read_as_rfc_1035_and_2782_have_it),
		cmocka_unit_test(every_prefix_of_an_answer_is_malformed),
		cmocka_unit_test(a_name_that_is_too_long_is_malformed),
		cmocka_unit_test(
		    targets_are_ordered_by_priority_and_drawn_by_weight),
		cmocka_unit_test(a_lookup_gives_targets_or_says_why_not),
		cmocka_unit_test(a_lookup_that_hangs_ends_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
