/*
 * The relay's id in its 250: the input is a line that names the relay, and the
 * reply. What comes out stands in the reply, is one word, and is whole.
 */
#include <string.h>

#include "app/receipt.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

/* Printable, as the session leaves it. */
static char *
printable(struct span s)
{
	struct buf b;
	char *string = NULL;

	buf_init(&b, BUF_UNLIMITED);
	if (buf_add_escaped(&b, s))
		string = mem_span(buf_span(&b));
	buf_free(&b);
	return string;
}

static void
check_word(const char *word, size_t size)
{
	FUZZ_CHECK(memchr(word, '\0', size) != NULL);
	FUZZ_CHECK(fuzz_is_printable(span_of(word)));
	FUZZ_CHECK(strpbrk(word, " '\"\\") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = fuzz_span(data, size), line;
	struct receipt r;
	char *peer, *reply;

	(void)span_next(&rest, '\n', &line);
	peer = printable(line);
	reply = printable(rest);
	/* What was there before is forgotten. */
	memset(&r, 0xff, sizeof(r));
	receipt_read(&r, reply, peer);
	check_word(r.id, sizeof(r.id));
	check_word(r.message_id, sizeof(r.message_id));
	FUZZ_CHECK(strstr(reply, r.id) != NULL);
	FUZZ_CHECK(r.message_id[0] == '\0' || (r.message_id[0] == '<' &&
	    r.message_id[strlen(r.message_id) - 1] == '>' &&
	    strchr(r.message_id, '@') != NULL));
	mem_free(peer);
	mem_free(reply);
	return 0;
}
