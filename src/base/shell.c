#include "base/shell.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Neither blank nor glob nor quote, whichever the shell. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789@%+:,./_-";

static bool
will_be_escaped(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '\\')
			return true;
	return false;
}

struct shell_word
shell_word(const char *text)
{
	const char *open = will_be_escaped(text) ? "$'" : "'";
	struct shell_word w;
	size_t used = 0, n;

	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		(void)snprintf(w.text, sizeof(w.text), "%s", text);
		return w;
	}
	used = (size_t)snprintf(w.text, sizeof(w.text), "%s", open);
	for (; *text != '\0' && used < sizeof(w.text); text += n) {
		/* No backslash in front of it: that would be escaped too. */
		n = *text == '\'' ? 1 : strcspn(text, "'");
		used += (size_t)(*text == '\'' ?
		    snprintf(w.text + used, sizeof(w.text) - used,
			"'\"'\"%s", open) :
		    snprintf(w.text + used, sizeof(w.text) - used,
			"%.*s", (int)n, text));
	}
	if (used < sizeof(w.text) - 1)
		(void)snprintf(w.text + used, sizeof(w.text) - used, "'");
	return w;
}
