/*
 * Words of commands for sh, in advice that people paste into theirs.
 */
#ifndef POSTHASTE_BASE_SHELL_H
#define POSTHASTE_BASE_SHELL_H

struct shell_word {
	char text[600];
};

/*
 * `text` as one word of a command: as it is where nothing in it means more to
 * a shell than itself, else between quotes. What the caller prints has to be
 * escaped (buf.h) afterwards, as error_fix() does: backslashes and octets that
 * aren't printable are in quotes that undo it, $'...'. A word that is too long
 * for the struct loses its end.
 */
struct shell_word shell_word(const char *text);

#endif
