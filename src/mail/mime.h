/*
 * What a header says of its body (RFC 2045): as much of Content-Type and
 * Content-Transfer-Encoding as decides whether the body may be encoded.
 */
#ifndef POSTHASTE_MAIL_MIME_H
#define POSTHASTE_MAIL_MIME_H

#include <stdbool.h>

#include "base/span.h"

struct mime {
	bool has_version;	/* a MIME-Version field */
	bool has_type;		/* a Content-Type field */
	bool is_text;		/* text/…, or no Content-Type at all */
	bool is_multipart;
	bool has_charset;	/* a parameter of Content-Type */
	bool is_identity;	/* 7bit, 8bit, binary or unsaid: the octets are
				 * the content itself */
};

/*
 * Reads a header section. Two fields of one name contradict each other: then
 * the body is neither text nor identity.
 */
void mime_read(struct mime *m, struct span header);

#endif
