#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/mime.h"

#define CT "Content-Type: "
#define CTE "Content-Transfer-Encoding: "

/* What is true of the header: t type, x text, m multipart, c charset,
 * i identity, v version. */
static const struct {
	const char *header, *claims;
} rows[] = {
	{ "", "xi" },
	{ "Subject: x\n", "xi" },
	{ "mime-version : 1.0\n", "xiv" },
	{ CT "text/plain\n", "txi" },
	{ CT "TEXT/html; Charset=\"utf-8\"\n", "txci" },
	{ CT "(c) text (d) / (e) plain ; (f) charset (g) = x\n", "txci" },
	{ CT "text/plain;\r\n\tformat=flowed;\r\n\tcharset=x\r\n", "txci" },
	{ CT "text/plain; charset*=utf-8''x\n", "txci" },
	{ CT "text/plain; name=\"; charset=x\"\n", "txi" },
	{ CT "text/plain; name=\"\\\"; charset=x\"\n", "txi" },
	{ CT "text/plain (; charset=x)\n", "txi" },
	{ CT "text/plain; charsets=x\n", "txi" },
	{ CT "text/plain;;charset=x\n", "txci" },
	{ CT "text\n", "ti" },
	{ CT "text/\n", "ti" },
	{ CT "\n", "ti" },
	{ CT "(text/plain\n", "ti" },
	{ CT "context/plain\n", "ti" },
	{ CT "multipart/mixed; boundary=x\n", "tmi" },
	{ CT "message/rfc822\n", "ti" },
	{ CT "text/plain\n" CT "text/html\n", "ti" },
	{ CTE "7bit\n", "xi" },
	{ CTE "8BIT (as it is)\n", "xi" },
	{ CTE "binary\n", "xi" },
	{ CTE "base64\n", "x" },
	{ CTE "quoted-printable\n", "x" },
	{ CTE "8bit base64\n", "x" },
	{ CTE "\n", "x" },
	{ CTE "8bit\n" CTE "8bit\n", "x" },
};

static void
content_type_and_encoding_are_read_as_rfc_2045_writes_them(void **state)
{
	const char *claims;
	struct mime m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mime_read(&m, span_of(rows[i].header));
		claims = rows[i].claims;
		if (m.has_type != (strchr(claims, 't') != NULL) ||
		    m.is_text != (strchr(claims, 'x') != NULL) ||
		    m.is_multipart != (strchr(claims, 'm') != NULL) ||
		    m.has_charset != (strchr(claims, 'c') != NULL) ||
		    m.is_identity != (strchr(claims, 'i') != NULL) ||
		    m.has_version != (strchr(claims, 'v') != NULL))
			fail_msg("%s", rows[i].header);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    content_type_and_encoding_are_read_as_rfc_2045_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
