#include "support/replies.h"

#include <string.h>

#define REPLY_LINE_MAX 512	/* RFC 5321 section 4.5.3.1.5, with CRLF */

/* "220 text" and CR. */
static bool
is_line(struct span line)
{
	return line.len >= 5 && line.len < REPLY_LINE_MAX &&
	    line.data[0] >= '2' && line.data[0] <= '5' &&
	    ascii_is_digit(line.data[1]) && ascii_is_digit(line.data[2]) &&
	    (line.data[3] == ' ' || line.data[3] == '-') &&
	    span_find(line, '\r') == line.len - 1;
}

bool
replies_read(struct buf *codes, struct span text)
{
	struct span line, first = { NULL, 0 };

	while (text.len > 0 && span_next(&text, '\n', &line)) {
		/* Behind the last line end there is a rest, if an empty one. */
		if (text.data == NULL || !is_line(line) ||
		    (first.data != NULL && memcmp(first.data, line.data, 3)))
			return false;
		first = line;
		if (line.data[3] == '-')
			continue;
		first.data = NULL;
		if ((codes->len > 0 && !buf_add_char(codes, ' ')) ||
		    !buf_add(codes, line.data, 3))
			return false;
	}
	return first.data == NULL;
}
