/*
 * Files of the spool: whatever one holds, what is read of it lies within it and
 * is fit to be shown; and one that is whole is read again as it was written.
 */
#include "fuzz/fuzz.h"
#include "spool/letter.h"

static bool
lies_within(struct span part, struct span whole)
{
	return part.len == 0 || (part.data >= whole.data &&
	    part.data + part.len <= whole.data + whole.len);
}

static void
check(const struct letter *l, struct span file)
{
	size_t i;

	FUZZ_CHECK(l->profile != NULL && l->file != NULL && l->sender != NULL);
	FUZZ_CHECK(l->count > 0 && l->count < file.len);
	FUZZ_CHECK(letter_count(l, LETTER_PENDING) +
	    letter_count(l, LETTER_DELIVERED) +
	    letter_count(l, LETTER_FAILED) == l->count);
	for (i = 0; i < l->count; i++)
		FUZZ_CHECK(l->recipients[i].address != NULL &&
		    strlen(l->recipients[i].address) < file.len);
	FUZZ_CHECK(strlen(l->note) <= LETTER_NOTE);
	FUZZ_CHECK(fuzz_is_printable(span_of(l->note)));
	FUZZ_CHECK(lies_within(l->header, file));
	FUZZ_CHECK(lies_within(l->body, file));
}

static bool
is_same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void
check_again(const struct letter *l, struct span file)
{
	struct error err = { 0 };
	struct letter again;
	size_t i;

	FUZZ_CHECK(letter_read(&again, file, &err));
	FUZZ_CHECK(letter_verify(&again, &err));
	FUZZ_CHECK(is_same(l->profile, again.profile));
	FUZZ_CHECK(is_same(l->file, again.file));
	FUZZ_CHECK(is_same(l->tag, again.tag));
	FUZZ_CHECK(is_same(l->sender, again.sender));
	FUZZ_CHECK(is_same(l->envid, again.envid));
	FUZZ_CHECK(is_same(l->note, again.note));
	FUZZ_CHECK(l->is_uncertain == again.is_uncertain);
	FUZZ_CHECK(l->count == again.count);
	for (i = 0; i < l->count; i++) {
		FUZZ_CHECK(is_same(l->recipients[i].address,
		    again.recipients[i].address));
		FUZZ_CHECK(is_same(l->recipients[i].orcpt,
		    again.recipients[i].orcpt));
		FUZZ_CHECK(l->recipients[i].state ==
		    again.recipients[i].state);
	}
	FUZZ_CHECK(span_equals(l->header, again.header));
	FUZZ_CHECK(span_equals(l->body, again.body));
	letter_free(&again);
}

static void
write_again(const struct letter *l)
{
	int fd = fuzz_file(span_make("", 0));
	struct error err = { 0 };
	struct buf text;

	FUZZ_CHECK(letter_write(l, fd, &err));
	fuzz_read_back(fd, &text);
	check_again(l, buf_span(&text));
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = fuzz_span(data, size);
	struct error err = { 0 };
	struct letter l;
	bool is_read = letter_read(&l, file, &err);

	FUZZ_CHECK(is_read || err.exit_code == EX_DATAERR);
	if (is_read) {
		check(&l, file);
		/* The hash may be wrong, and what was read be written. */
		if (!letter_verify(&l, &err))
			FUZZ_CHECK(err.exit_code == EX_DATAERR);
		write_again(&l);
	}
	letter_free(&l);
	return 0;
}
