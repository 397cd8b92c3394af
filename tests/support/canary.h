/*
 * A secret that nothing else looks like, and all the shapes in which it could
 * be found where it doesn't belong: each of its halves as it is, reversed, in
 * hex, and in base64 at each of the three places that a longer text can give
 * it.
 */
#ifndef POSTHASTE_TESTS_CANARY_H
#define POSTHASTE_TESTS_CANARY_H

#include <stdbool.h>

#include "base/span.h"

#define CANARY "Kn4f7c4naryZq9wTx2Lm8Hv5"
#define CANARY_BASE64 "S240ZjdjNG5hcnlacTl3VHgyTG04SHY1"
#define CANARY_FORMS 14
#define CANARY_FORM_SIZE 32

struct canary {
	char forms[CANARY_FORMS][CANARY_FORM_SIZE];
};

void canary_make(struct canary *canary);

/* The first of its forms that `bytes` hold, or NULL. */
const char *canary_find(const struct canary *canary, struct span bytes);

#endif
