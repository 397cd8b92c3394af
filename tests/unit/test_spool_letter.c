#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/os.h"
#include "spool/letter.h"

/* Octets that would end a line, a value or a file elsewhere. */
#define EVIL "a\nrcpt=3:x@y\n\nend 1 "

static struct letter_recipient recipients[] = {
	{ "one@example.net", "NEVER", "rfc822;o@example.net", NULL, ' ' },
	{ "\"two\n\"@example.net", NULL, NULL, "root", ' ' },
	{ "three@example.net", NULL, NULL, NULL, ' ' },
};

static const struct letter sample = {
	.profile = EVIL,
	.file = "/etc/posthaste/posthaste.ini",
	.tag = "cron",
	.sender = "",
	.ret = "HDRS",
	.wants_requiretls = true,
	.recipients = recipients,
	.count = 3,
	.note = "450 4.2.0 greylisted",
	.header = { "Subject: a\n", 11 },
	.body = { "b\0c\r\nend", 8 },
};

struct sheet {
	int fd;
	char text[4000];
	size_t len;
};

static void
write_sheet(struct sheet *s, const struct letter *l)
{
	struct error err = { 0 };
	ssize_t n;

	s->fd = os_memory_file("letter");
	assert_true(s->fd >= 0);
	assert_true(letter_write(l, s->fd, &err));
	n = pread(s->fd, s->text, sizeof(s->text), 0);
	assert_in_range(n, 1, sizeof(s->text) - 1);
	s->len = (size_t)n;
}

static struct span
text_of(const struct sheet *s)
{
	return span_make(s->text, s->len);
}

static void
what_was_written_is_read(void **state)
{
	struct error err = { 0 };
	struct sheet s;
	struct letter l;

	(void)state;
	write_sheet(&s, &sample);
	assert_true(letter_read(&l, text_of(&s), &err));
	assert_true(letter_verify(&l, &err));
	assert_string_equal(l.profile, EVIL);
	assert_string_equal(l.file, sample.file);
	assert_string_equal(l.tag, "cron");
	assert_string_equal(l.sender, "");
	assert_null(l.notify);
	assert_string_equal(l.ret, "HDRS");
	assert_null(l.envid);
	assert_true(l.wants_requiretls);
	assert_false(l.wants_8bitmime || l.wants_smtputf8 || l.is_uncertain);
	assert_string_equal(l.note, sample.note);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.recipients[0].address, "one@example.net");
	assert_string_equal(l.recipients[0].notify, "NEVER");
	assert_string_equal(l.recipients[0].orcpt, "rfc822;o@example.net");
	assert_null(l.recipients[0].original);
	assert_string_equal(l.recipients[1].address, recipients[1].address);
	assert_string_equal(l.recipients[1].original, "root");
	assert_int_equal(letter_count(&l, LETTER_PENDING), 3);
	assert_true(span_equals(l.header, sample.header));
	assert_true(span_equals(l.body, sample.body));
	letter_free(&l);
	(void)close(s.fd);
}

static void
an_empty_body_is_one_too(void **state)
{
	struct letter l = sample, read;
	struct error err = { 0 };
	struct sheet s;

	(void)state;
	l.body = span_make(NULL, 0);
	write_sheet(&s, &l);
	assert_true(letter_read(&read, text_of(&s), &err));
	assert_true(letter_verify(&read, &err));
	assert_int_equal(read.body.len, 0);
	letter_free(&read);
	(void)close(s.fd);
}

static void
marks_change_in_place_and_keep_it_whole(void **state)
{
	struct error err = { 0 };
	struct sheet s;
	struct letter l, again;
	size_t i;

	(void)state;
	write_sheet(&s, &sample);
	assert_true(letter_read(&l, text_of(&s), &err));
	l.recipients[1].state = LETTER_DELIVERED;
	l.recipients[2].state = LETTER_FAILED;
	l.is_uncertain = true;
	memset(l.note, 'n', LETTER_NOTE);
	assert_true(letter_mark(&l, s.fd, &err));
	i = s.len;
	s.len = (size_t)pread(s.fd, s.text, sizeof(s.text), 0);
	assert_int_equal(s.len, i);
	assert_true(letter_read(&again, text_of(&s), &err));
	assert_true(letter_verify(&again, &err));
	assert_true(again.is_uncertain);
	assert_int_equal(strlen(again.note), LETTER_NOTE);
	assert_int_equal(again.recipients[0].state, LETTER_PENDING);
	assert_int_equal(again.recipients[1].state, LETTER_DELIVERED);
	assert_int_equal(letter_count(&again, LETTER_FAILED), 1);
	letter_free(&again);
	letter_free(&l);
	(void)close(s.fd);
}

/* A crash may have torn it, and mailq prints it. */
static void
a_note_is_printable_whatever_the_file_says(void **state)
{
	struct error err = { 0 };
	struct sheet s;
	struct letter l;
	char *note;

	(void)state;
	write_sheet(&s, &sample);
	note = strstr(s.text, "450 4.2.0");
	assert_non_null(note);
	note[0] = '\x1b';
	note[1] = '\xff';
	note[2] = '\x7f';
	assert_true(letter_read(&l, text_of(&s), &err));
	assert_string_equal(l.note, "??? 4.2.0 greylisted");
	assert_true(letter_verify(&l, &err));
	letter_free(&l);
	(void)close(s.fd);
}

/* Cut anywhere, it isn't a letter; nothing is read behind the cut. */
static void
a_letter_that_is_cut_off_is_none(void **state)
{
	struct error err = { 0 };
	struct sheet s;
	struct letter l;
	char *cut;
	size_t i;
	bool ok;

	(void)state;
	write_sheet(&s, &sample);
	for (i = 0; i < s.len; i++) {
		cut = malloc(i == 0 ? 1 : i);
		assert_non_null(cut);
		memcpy(cut, s.text, i);
		error_clear(&err);
		ok = letter_read(&l, span_make(cut, i), &err) &&
		    letter_verify(&l, &err);
		assert_false(ok);
		assert_int_equal(err.exit_code, EX_DATAERR);
		assert_non_null(strstr(err.text, "the file is damaged: "));
		letter_free(&l);
		free(cut);
	}
	(void)close(s.fd);
}

/* But for the marks, which change after it was made. */
static void
no_octet_changes_unseen(void **state)
{
	struct error err = { 0 };
	struct sheet s;
	struct letter l;
	const char *marks;
	size_t i, begin, end;
	bool ok;

	(void)state;
	write_sheet(&s, &sample);
	marks = strstr(s.text, "marks=");
	assert_non_null(marks);
	begin = (size_t)(strchr(marks, ':') + 1 - s.text);
	end = begin + 1 + LETTER_NOTE + 3;
	for (i = 0; i < s.len; i++) {
		if (i >= begin && i < end)
			continue;
		s.text[i] ^= 1;
		error_clear(&err);
		ok = letter_read(&l, text_of(&s), &err) &&
		    letter_verify(&l, &err);
		assert_false(ok);
		letter_free(&l);
		s.text[i] ^= 1;
	}
	(void)close(s.fd);
}

/* Whoever wrote such keys, it was none of us; the hash comes later. */
static void
keys_that_nobody_writes_are_no_letter(void **state)
{
	static const struct {
		const char *marks, *keys;
		bool is_good;
	} cases[] = {
		{ "  ", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n"
		    "rcpt=3:a@b\n", true },
		{ "  ", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n"
		    "rcpt=3:a@b\nfrob=1:x\n", false },
		{ "  ", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n"
		    "rcpt=3:a@b\nrcpt=3:c@d\n", false },
		{ " X", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n"
		    "rcpt=3:a@b\n", false },
		{ "   ", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n"
		    "rcpt=3:a@b\n", false },
		{ "  ", "file=2:/f\nfrom=0:\nheader=4:0003\nrcpt=3:a@b\n",
		    false },
		{ " ", "profile=1:p\nfile=2:/f\nfrom=0:\nheader=4:0003\n",
		    false },
		{ "  ", "profile=1:p\nfile=2:/f\nfrom=0:\nrcpt=3:a@b\n",
		    false },
		{ NULL, "profile=1:p\n", false },
	};
	char keys[1000], text[1200];
	struct error err;
	struct letter l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].marks == NULL)
			(void)snprintf(keys, sizeof(keys), "marks=1: \n%s",
			    cases[i].keys);
		else
			(void)snprintf(keys, sizeof(keys), "marks=%zu:%-*s%s\n"
			    "%s", strlen(cases[i].marks) + LETTER_NOTE,
			    LETTER_NOTE + 1, "", cases[i].marks + 1,
			    cases[i].keys);
		(void)snprintf(text, sizeof(text), "ph1 %zu 6\n%sa:\n\nb\n"
		    "\nend 1 0\n", strlen(keys), keys);
		memset(&err, 0, sizeof(err));
		assert_int_equal(letter_read(&l, span_of(text), &err),
		    cases[i].is_good);
		assert_true(cases[i].is_good ||
		    err.exit_code == EX_DATAERR);
		letter_free(&l);
	}
}

static void
a_disk_that_is_full_is_a_failure(void **state)
{
	struct error err = { 0 };
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_false(letter_write(&sample, fd, &err));
	assert_int_equal(err.exit_code, EX_OSERR);
	assert_non_null(strstr(err.text, "writing the spool: No space"));
	(void)close(fd);
}

static void
marks_that_cant_be_written_are_a_failure(void **state)
{
	struct error err = { 0 };
	struct letter l;
	struct sheet s;

	(void)state;
	write_sheet(&s, &sample);
	assert_true(letter_read(&l, text_of(&s), &err));
	assert_false(letter_mark(&l, -1, &err));
	assert_int_equal(err.exit_code, EX_OSERR);
	assert_non_null(strstr(err.text, "marking the spool: "));
	letter_free(&l);
	(void)close(s.fd);
}

/* Behind the octets that are looked at there is nothing that could be. */
static void
no_more_is_looked_at_than_is_told(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), head, i;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct error err = { 0 };
	struct sheet s;
	struct letter l;

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	write_sheet(&s, &sample);
	for (i = 0; i < 2; i++) {
		head = letter_head_size(span_make(s.text, LETTER_LINE));
		assert_in_range(head, LETTER_LINE, s.len - 1);
		memcpy(pages + page - head, s.text, head);
		assert_int_equal(letter_read(&l, span_make(pages + page -
		    head, s.len), &err), i == 0);
		letter_free(&l);
		/* What is none. */
		memset(s.text + 4, '1', s.len - 4);
	}
	(void)close(s.fd);
	(void)munmap(pages, 2 * page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(an_empty_body_is_one_too),
		cmocka_unit_test(marks_change_in_place_and_keep_it_whole),
		cmocka_unit_test(a_note_is_printable_whatever_the_file_says),
		cmocka_unit_test(a_letter_that_is_cut_off_is_none),
		cmocka_unit_test(no_octet_changes_unseen),
		cmocka_unit_test(keys_that_nobody_writes_are_no_letter),
		cmocka_unit_test(a_disk_that_is_full_is_a_failure),
		cmocka_unit_test(marks_that_cant_be_written_are_a_failure),
		cmocka_unit_test(no_more_is_looked_at_than_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
