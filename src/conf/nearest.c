#include "conf/nearest.h"

#include <string.h>

#include "base/span.h"

#define LENGTH_MAX 48
#define TOO_FAR 99

/* What other programs call it. */
static const struct {
	const char *said, *meant;
} others[] = {
	{ "server", "host" },
	{ "relay", "host" },
	{ "smtp_host", "host" },
	{ "smtp_server", "host" },
	{ "smtpserver", "host" },
	{ "hostname", "host" },
	{ "smarthost", "host" },
	{ "mailhub", "host" },
	{ "relayhost", "host" },
	{ "helo", "ehlo" },
	{ "helohost", "ehlo" },
	{ "mailname", "ehlo" },
	{ "starttls", "tls" },
	{ "tls_starttls", "tls" },
	{ "encryption", "tls" },
	{ "ssl", "tls" },
	{ "tls_trust_file", "tls_ca_file" },
	{ "tls_certcheck", "tls_verify" },
	{ "username", "user" },
	{ "login", "user" },
	{ "smtp_user", "user" },
	{ "smtp_password", "password" },
	{ "pass", "password" },
	{ "passwd", "password" },
	{ "passwordeval", "password_command" },
	{ "envelope_from", "from" },
	{ "sender", "from" },
	{ "logfile", "log" },
	{ "syslog", "log" },
	{ "queue", "spool" },

	{ "on", "yes" },
	{ "true", "yes" },
	{ "1", "yes" },
	{ "off", "no" },
	{ "false", "no" },
	{ "0", "no" },
	{ "on", "starttls" },
	{ "tls", "starttls" },
	{ "yes", "starttls" },
	{ "ssl", "implicit" },
	{ "smtps", "implicit" },
	{ "no", "off" },
	{ "false", "off" },
	{ "headers", "hdrs" },
	{ "off", "none" },
	{ "no", "none" },
	{ "yes", "auto" },
	{ "on", "auto" },
	{ "ipv4", "4" },
	{ "ipv6", "6" },
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
is_same(char a, char b)
{
	return ascii_lower(a) == ascii_lower(b);
}

size_t
nearest_distance(const char *a, const char *b)
{
	/* Rows of the table: the current one and the two above it. */
	size_t rows[3][LENGTH_MAX + 1];
	size_t *row, *above, *higher, i, j;
	size_t rows_count = strlen(a), columns = strlen(b);

	if (rows_count > LENGTH_MAX || columns > LENGTH_MAX)
		return TOO_FAR;
	for (j = 0; j <= columns; j++)
		rows[0][j] = j;
	for (i = 1; i <= rows_count; i++) {
		row = rows[i % 3];
		above = rows[(i + 2) % 3];
		higher = rows[(i + 1) % 3];
		row[0] = i;
		for (j = 1; j <= columns; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(row[j], above[j - 1] +
			    (is_same(a[i - 1], b[j - 1]) ? 0 : 1));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], higher[j - 2] + 1);
		}
	}
	return rows[rows_count % 3][columns];
}

static bool
is_other(const char *said, const char *meant)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].meant, meant) == 0 &&
		    span_equals_nocase(span_of(others[i].said), span_of(said)))
			return true;
	return false;
}

void
nearest_offer(struct nearest *n, const char *candidate)
{
	size_t distance = is_other(n->wish, candidate) ? 0 :
	    nearest_distance(n->wish, candidate);
	size_t length = least(strlen(n->wish), strlen(candidate));

	/* A third of the letters may be wrong, one in any case. */
	if (distance > 1 && distance > length / 3)
		return;
	if (length < 2 && distance > 0)
		return;
	if (n->best != NULL && n->distance <= distance)
		return;
	n->best = candidate;
	n->distance = distance;
}
