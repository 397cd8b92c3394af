#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "spool/claim.h"
#include "support/program.h"

#define LOGIN "robot"

static struct letter_recipient recipients[] = {
	{ "one@example.net", NULL, NULL, NULL, ' ' },
	{ "two@example.net", NULL, NULL, NULL, ' ' },
};

static const struct letter sample = {
	.profile = "default",
	.file = "/etc/posthaste/posthaste.ini",
	.sender = "robot@example.org",
	.recipients = recipients,
	.count = 2,
	.header = { "Subject: a\n", 11 },
	.body = { "b\n", 2 },
};

static void
open_spool(struct spool *s, void **state)
{
	struct error err = { 0 };
	struct scratch *scratch = *state;

	assert_true(spool_open(s, scratch->path, LOGIN, &err));
	assert_string_equal(s->path, scratch->path);
}

static size_t
count(const struct spool *s, enum spool_box box)
{
	struct spool_list list;
	struct error err = { 0 };
	size_t n;

	assert_true(spool_list(s, box, &list, &err));
	n = list.count;
	spool_list_free(&list);
	return n;
}

static void
a_message_goes_its_way(void **state)
{
	char first[SPOOL_ID_SIZE], second[SPOOL_ID_SIZE];
	struct error err = { 0 };
	struct spool_list list;
	struct spool s;
	struct claim c;
	bool is_there;

	open_spool(&s, state);
	assert_true(spool_commit(&s, &sample, 1700000000, first, &err));
	assert_true(spool_commit(&s, &sample, 1700000001, second, &err));
	assert_int_equal(count(&s, SPOOL_TMP), 0);
	assert_true(spool_list(&s, SPOOL_NEW, &list, &err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.ids[0], first);
	assert_string_equal(list.ids[1], second);
	spool_list_free(&list);

	assert_true(claim_open(&c, &s, SPOOL_NEW, first, true, &is_there,
	    &err));
	assert_true(is_there);
	assert_int_equal(c.next, 1700000000);
	assert_true(c.birth <= time(NULL) && c.birth > time(NULL) - 60);
	assert_true(letter_verify(&c.letter, &err));
	c.letter.recipients[0].state = LETTER_DELIVERED;
	assert_true(claim_postpone(&c, 1800000000, &err));
	claim_free(&c);
	assert_true(claim_open(&c, &s, SPOOL_NEW, first, true, &is_there,
	    &err));
	assert_int_equal(c.next, 1800000000);
	assert_int_equal(letter_count(&c.letter, LETTER_DELIVERED), 1);
	assert_true(claim_remove(&c, &s, &err));
	claim_free(&c);
	assert_true(claim_open(&c, &s, SPOOL_NEW, first, true, &is_there,
	    &err));
	assert_false(is_there);
	claim_free(&c);

	assert_true(spool_give_up(&s, second, &err));
	assert_int_equal(count(&s, SPOOL_NEW), 0);
	assert_int_equal(count(&s, SPOOL_FAILED), 1);
	spool_close(&s);
}

/* Whoever comes second, in another process, passes it over. */
static void
a_message_is_claimed_by_one(void **state)
{
	char id[SPOOL_ID_SIZE];
	struct error err = { 0 };
	struct spool s;
	struct claim c, again;
	bool is_there, is_busy;
	int status;
	pid_t child;

	open_spool(&s, state);
	assert_true(spool_commit(&s, &sample, 0, id, &err));
	assert_true(claim_open(&c, &s, SPOOL_NEW, id, true, &is_there, &err));
	assert_true(spool_lock(&s, &is_busy, &err));
	assert_false(is_busy);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct spool other;
		bool ok = spool_open(&other, ((struct scratch *)*state)->path,
		    LOGIN, &err) && spool_lock(&other, &is_busy, &err) &&
		    is_busy && claim_open(&again, &other, SPOOL_NEW, id, true,
		    &is_there, &err) && !is_there;

		/* Those who only look see it. */
		claim_free(&again);
		ok = ok && claim_open(&again, &other, SPOOL_NEW, id, false,
		    &is_there, &err) && is_there;
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	claim_free(&c);
	assert_true(spool_give_up(&s, id, &err));
	spool_close(&s);
}

static void
the_directory_is_the_users_alone(void **state)
{
	static const mode_t modes[] = { 0755, 0770, 0701, 0600 };
	struct scratch *scratch = *state;
	char *top = scratch_path(scratch, "top"), *below, by_number[60];
	struct error err;
	struct spool s;
	size_t i;

	(void)snprintf(by_number, sizeof(by_number),
	    "install -d -m 700 -o %lu /", (unsigned long)getuid());
	below = scratch_path(scratch, "top/" LOGIN);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(mkdir(top, 0700), 0);
		assert_int_equal(chmod(top, modes[i]), 0);
		assert_false(spool_open(&s, top, LOGIN, &err));
		spool_close(&s);
		assert_int_equal(err.exit_code, EX_CONFIG);
		assert_int_equal(err.stage, STAGE_CONFIG);
		assert_non_null(strstr(err.text, "/top/" LOGIN));
		assert_non_null(strstr(err.fix, by_number));
		assert_int_equal(rmdir(top), 0);
	}
	/* What install(1) knows is named. */
	memset(&err, 0, sizeof(err));
	assert_false(spool_open(&s, top, "nobody", &err));
	spool_close(&s);
	assert_non_null(strstr(err.fix, "install -d -m 700 -o nobody /"));
	/* Where it isn't, the one below it may be. */
	assert_int_equal(mkdir(top, 0755), 0);
	assert_false(spool_is_there(top, LOGIN));
	assert_int_equal(mkdir(below, 0750), 0);
	assert_true(spool_is_there(top, LOGIN));
	memset(&err, 0, sizeof(err));
	assert_false(spool_open(&s, top, LOGIN, &err));
	spool_close(&s);
	assert_non_null(strstr(err.text, "isn't " LOGIN "'s alone"));
	assert_int_equal(chmod(below, 0700), 0);
	memset(&err, 0, sizeof(err));
	assert_true(spool_open(&s, top, LOGIN, &err));
	assert_string_equal(s.path, below);
	spool_close(&s);
	mem_free(top);
	mem_free(below);
}

/* root can write everywhere, and doesn't. */
static void
somebody_elses_directory_is_no_spool(void **state)
{
	struct scratch *scratch = *state;
	char *theirs = scratch_path(scratch, "theirs");
	struct error err = { 0 };
	struct spool s;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(theirs, 0700), 0);
	assert_int_equal(chown(theirs, 54321, 54321), 0);
	assert_false(spool_open(&s, theirs, LOGIN, &err));
	spool_close(&s);
	assert_non_null(strstr(err.text, "theirs/" LOGIN));
	mem_free(theirs);
}

static void
a_link_is_no_spool(void **state)
{
	struct scratch *scratch = *state;
	char *real = scratch_path(scratch, "real");
	char *link = scratch_path(scratch, "link");
	struct error err = { 0 };
	struct spool s;

	assert_int_equal(mkdir(real, 0700), 0);
	assert_int_equal(symlink(real, link), 0);
	assert_false(spool_open(&s, link, LOGIN, &err));
	spool_close(&s);
	mem_free(real);
	mem_free(link);
}

static void
put(const struct spool *s, enum spool_box box, const char *name,
    const char *text)
{
	int fd = openat(s->boxes[box], name, O_WRONLY | O_CREAT | O_EXCL,
	    0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void
what_isnt_a_letter_is_told(void **state)
{
	struct error err = { 0 };
	struct spool s;
	struct claim c;
	bool is_there;

	open_spool(&s, state);
	/* Not by its name: it's nobody's business. */
	put(&s, SPOOL_NEW, "README", "no");
	put(&s, SPOOL_NEW, ".1700000000.1", "no");
	assert_int_equal(count(&s, SPOOL_NEW), 0);
	put(&s, SPOOL_NEW, "1700000000.1.1.a", "ph1 1 2\nno");
	assert_int_equal(count(&s, SPOOL_NEW), 1);
	assert_false(claim_open(&c, &s, SPOOL_NEW, "1700000000.1.1.a", true,
	    &is_there, &err));
	assert_true(is_there);
	assert_int_equal(err.exit_code, EX_DATAERR);
	claim_free(&c);
	assert_int_equal(unlinkat(s.boxes[SPOOL_NEW], "1700000000.1.1.a", 0),
	    0);
	assert_int_equal(unlinkat(s.boxes[SPOOL_NEW], "README", 0), 0);
	assert_int_equal(unlinkat(s.boxes[SPOOL_NEW], ".1700000000.1", 0), 0);
	spool_close(&s);
}

/* A file that is empty, or isn't one, or can't be opened. */
static void
whatever_lies_there_is_told(void **state)
{
	static const char *const ids[] = { "1700000000.1.1.a",
		"1700000001.1.1.b", "1700000002.1.1.c", "1700000003.1.1.d" };
	struct error err;
	struct spool s;
	struct claim c;
	bool is_there;
	size_t i;

	open_spool(&s, state);
	put(&s, SPOOL_NEW, ids[0], "");
	assert_int_equal(mkfifoat(s.boxes[SPOOL_NEW], ids[1], 0600), 0);
	assert_int_equal(symlinkat(ids[0], s.boxes[SPOOL_NEW], ids[2]), 0);
	assert_int_equal(mkdirat(s.boxes[SPOOL_NEW], ids[3], 0700), 0);
	for (i = 0; i < 4; i++) {
		memset(&err, 0, sizeof(err));
		assert_false(claim_open(&c, &s, SPOOL_NEW, ids[i], true,
		    &is_there, &err));
		claim_free(&c);
		assert_true(is_there);
		assert_int_equal(err.exit_code, i < 2 ? EX_DATAERR : EX_OSERR);
		assert_non_null(strstr(err.text, i < 2 ? "damaged: not a file "
		    "of the user's, or empty" : ids[i]));
		assert_int_equal(unlinkat(s.boxes[SPOOL_NEW], ids[i],
		    i == 3 ? AT_REMOVEDIR : 0), 0);
	}
	spool_close(&s);
}

static void
a_box_is_the_users_alone_too(void **state)
{
	struct scratch *scratch = *state;
	char *new = scratch_path(scratch, "new");
	struct spool_list list;
	struct error err = { 0 };
	struct spool s;

	assert_int_equal(chmod(new, 0750), 0);
	assert_false(spool_open(&s, scratch->path, LOGIN, &err));
	spool_close(&s);
	assert_int_equal(err.exit_code, EX_CONFIG);
	assert_non_null(strstr(err.text, "/new isn't the user's alone"));
	assert_int_equal(chmod(new, 0700), 0);

	/* One that is taken away has no list. */
	open_spool(&s, state);
	assert_int_equal(rmdir(new), 0);
	memset(&err, 0, sizeof(err));
	assert_false(spool_list(&s, SPOOL_NEW, &list, &err));
	spool_list_free(&list);
	assert_int_equal(err.exit_code, EX_OSERR);
	spool_close(&s);
	mem_free(new);
}

/* Those of today may still be written. */
static void
what_is_left_in_tmp_is_removed_by_its_age(void **state)
{
	char today[80];
	struct spool s;

	open_spool(&s, state);
	(void)snprintf(today, sizeof(today), "%ld.1.1.a", (long)time(NULL));
	put(&s, SPOOL_TMP, today, "ph1");
	put(&s, SPOOL_TMP, "1700000000.1.1.a", "ph1");
	put(&s, SPOOL_TMP, "mine", "ph1");
	spool_tidy(&s);
	assert_int_equal(count(&s, SPOOL_TMP), 1);
	assert_int_equal(unlinkat(s.boxes[SPOOL_TMP], today, 0), 0);
	assert_int_equal(unlinkat(s.boxes[SPOOL_TMP], "mine", 0), 0);
	spool_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_goes_its_way),
		cmocka_unit_test(a_message_is_claimed_by_one),
		cmocka_unit_test(the_directory_is_the_users_alone),
		cmocka_unit_test(somebody_elses_directory_is_no_spool),
		cmocka_unit_test(a_link_is_no_spool),
		cmocka_unit_test(what_isnt_a_letter_is_told),
		cmocka_unit_test(whatever_lies_there_is_told),
		cmocka_unit_test(a_box_is_the_users_alone_too),
		cmocka_unit_test(what_is_left_in_tmp_is_removed_by_its_age),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
