/*
 * Base64 as RFC 4648 section 4 has it: padded, in one line, nothing else.
 */
#ifndef POSTHASTE_BASE_BASE64_H
#define POSTHASTE_BASE_BASE64_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* False only at the limit of `out`. */
bool base64_encode(struct buf *out, struct span bytes) MUST_CHECK;

/*
 * False for any character outside the alphabet, a length that isn't a multiple
 * of four, padding in the middle, bits behind the end, and at the limit. `out`
 * may then hold a part.
 */
bool base64_decode(struct buf *out, struct span text) MUST_CHECK;

#endif
