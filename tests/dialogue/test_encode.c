/*
 * What a relay may not be able to carry: NUL, long lines, 8-bit text. Every
 * message goes through the real binary to a relay with or without 8BITMIME.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/session_kit.h"

#define HEAD "From: r@example.org\r\nDate: x\r\nMessage-ID: <1@e>\r\n"
#define VERSION "MIME-Version: 1.0\r\n"
#define TYPE(charset) "Content-Type: text/plain; charset=" charset "\r\n"
#define QUOTED "Content-Transfer-Encoding: quoted-printable\r\n"
#define WITH "SIZE 10485760\n8BITMIME"
#define WITHOUT "SIZE 10485760"
#define E "\xc3\xa9"

#define SIGNED "DKIM-Signature: v=1; b=x\r\n"
#define PARTS "MIME-Version: 1.0\r\n" \
	"Content-Type: multipart/mixed; boundary=b\r\n"
#define PKCS7 "Content-Type: application/pkcs7-mime\r\n"
#define MIXED_SIGNED "Content-Type: multipart/signed; boundary=b\r\n"
#define PGP "-----BEGIN PGP SIGNED MESSAGE-----\r\n"

/* What is put in, behind HEAD, and what the relay stores, behind HEAD. */
struct form {
	const char *label;
	const char *offer;
	const char *keys;
	const char *input;
	size_t input_size;
	const char *stored;
};

#define IN(text) (text), sizeof(text) - 1

static void
start(struct trial *t, const char *head, const char *text, size_t size,
    struct buf *input)
{
	buf_init(input, BUF_UNLIMITED);
	assert_true(buf_add_string(input, head));
	assert_true(buf_add(input, text, size));
	t->run.input = buf_span(input);
}

/* The size told is that of the form which is sent. */
static void
check_size(const struct trial *t)
{
	const struct relay_message *m = relay_only_message(&t->record);
	char size[40];

	(void)snprintf(size, sizeof(size), "SIZE=%zu", m->text.len);
	TRIAL_CHECK(t, strstr(m->mail, size) != NULL);
}

static void
check_form(const struct form *f, void **state)
{
	struct trial t = { .serve.capabilities = f->offer, .keys = f->keys };
	struct buf input, stored;

	start(&t, HEAD, f->input, f->input_size, &input);
	buf_init(&stored, BUF_UNLIMITED);
	assert_true(buf_printf(&stored, HEAD "%s", f->stored));
	trial_run(&t, state);
	trial_delivered(&t, stored.data);
	check_size(&t);
	TRIAL_CHECK(&t, (strstr(relay_only_message(&t.record)->mail,
	    "BODY=8BITMIME") != NULL) == (strcmp(f->offer, WITH) == 0 &&
	    strstr(f->stored, E) != NULL));
	trial_free(&t);
	buf_free(&input);
	buf_free(&stored);
}

#define FORMS(table) do { \
	size_t form_; \
	for (form_ = 0; form_ < sizeof(table) / sizeof(table[0]); form_++) \
		check_form(&table[form_], state); \
} while (0)

static void
eight_bit_text_is_encoded_only_for_a_relay_without_8bitmime(void **state)
{
	static const struct form forms[] = {
		{ "offered", WITH, NULL, IN("\r\ncaf" E "\r\n"),
		    "\r\ncaf" E "\r\n" },
		{ "not offered", WITHOUT, NULL, IN("\r\ncaf" E "\r\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\ncaf=C3=A9\r\n" },
		{ "not UTF-8", WITHOUT, NULL, IN("\r\ncaf\xe9\r\n"),
		    VERSION TYPE("unknown-8bit") QUOTED "\r\ncaf=E9\r\n" },
		{ "a charset is there", WITHOUT, NULL,
		    IN(VERSION "Content-Type: Text/HTML; Charset=latin1\r\n"
		    "Content-Transfer-Encoding: 8bit\r\nX-Y: z\r\n"
		    "\r\ncaf\xe9\r\n"), VERSION
		    "Content-Type: Text/HTML; Charset=latin1\r\nX-Y: z\r\n"
		    QUOTED "\r\ncaf=E9\r\n" },
		{ "no charset", WITHOUT, NULL,
		    IN("Content-Type: text/plain;\r\n format=flowed;\r\n"
		    "\r\n" E "\r\n"), "Content-Type: text/plain;\r\n "
		    "format=flowed; charset=utf-8\r\n" VERSION QUOTED
		    "\r\n=C3=A9\r\n" },
		{ "an equals sign stays none", WITHOUT, NULL,
		    IN("\r\na=b " E " \r\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\na=3Db =C3=A9=20\r\n" },
		{ "7-bit text stays", WITHOUT, NULL, IN("\r\na=b\r\n"),
		    "\r\na=b\r\n" },
		{ "a body without a header", WITHOUT, NULL,
		    IN("not a field " E "\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\nnot a field =C3=A9\r\n" },
		{ "no dot is doubled", WITHOUT, NULL, IN("\r\n.\r\n.a" E "\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\n=2E\r\n=2Ea=C3=A9\r\n" },
		{ "a lone CR ends a line", WITHOUT, NULL,
		    IN("\r\n10%\r.20%\r\r\n" E), VERSION TYPE("utf-8") QUOTED
		    "\r\n10%\r\n=2E20%\r\n=C3=A9\r\n" },
		{ "nothing is, if never", WITHOUT, "encode = never\n",
		    IN("\r\ncaf" E "\r\n"), "\r\ncaf" E "\r\n" },
		{ "encoded already", WITHOUT, NULL,
		    IN("Content-Transfer-Encoding: base64\r\n\r\n" E "\r\n"),
		    "Content-Transfer-Encoding: base64\r\n\r\n" E "\r\n" },
		{ "no text", WITHOUT, NULL,
		    IN("Content-Type: application/x-y\r\n\r\n" E "\r\n"),
		    "Content-Type: application/x-y\r\n\r\n" E "\r\n" },
	};

	FORMS(forms);
}

static void
raw_text_in_the_header_is_encoded_only_without_8bitmime(void **state)
{
	static const struct form forms[] = {
		{ "offered", WITH, NULL, IN("Subject: " E "\r\nCc: " E
		    " <a@b.net>\r\n\r\nx\r\n"), "Subject: " E "\r\nCc: " E
		    " <a@b.net>\r\n\r\nx\r\n" },
		{ "not offered", WITHOUT, NULL, IN("Subject: " E "\r\nCc: " E
		    " <a@b.net>\r\n\r\nx\r\n"),
		    "Subject: =?utf-8?B?w6k=?=\r\nCc: =?utf-8?B?w6k=?= "
		    "<a@b.net>\r\n\r\nx\r\n" },
		{ "not UTF-8", WITHOUT, NULL, IN("Subject: \xe9\r\nCc: \xe9 "
		    "<a@b.net>, c@d.net (\xe9)\r\n\r\nx\r\n"),
		    "Subject: =?unknown-8bit?Q?=E9?=\r\nCc: "
		    "=?unknown-8bit?Q?=E9?= <a@b.net>, c@d.net "
		    "(=?unknown-8bit?Q?=E9?=)\r\n\r\nx\r\n" },
		{ "parts", WITHOUT, NULL, IN(PARTS "Subject: " E
		    "\r\n\r\nx\r\n"), PARTS "Subject: =?utf-8?B?w6k=?=\r\n"
		    "\r\nx\r\n" },
		{ "signed", WITHOUT, NULL, IN(SIGNED "Subject: " E
		    "\r\n\r\nx\r\n"), SIGNED "Subject: " E "\r\n\r\n"
		    "x\r\n" },
		{ "never", WITHOUT, "encode = never\n", IN("Subject: " E
		    "\r\n\r\nx\r\n"), "Subject: " E "\r\n\r\nx\r\n" },
		{ "header and body", WITHOUT, NULL, IN("Subject: " E
		    "\r\n\r\n" E "\r\n"), "Subject: =?utf-8?B?w6k=?=\r\n"
		    VERSION TYPE("utf-8") QUOTED "\r\n=C3=A9\r\n" },
		/* 8BITMIME speaks of text, not of domains. */
		{ "a domain", WITH, NULL, IN("Cc: a@b\xc3\xbc" "cher.de\r\n"
		    "\r\nx\r\n"), "Cc: a@xn--bcher-kva.de\r\n\r\nx\r\n" },
		{ "a domain, signed", WITH, NULL, IN(SIGNED "Cc: a@" E ".de\r\n"
		    "\r\nx\r\n"), SIGNED "Cc: a@" E ".de\r\n\r\nx\r\n" },
	};

	FORMS(forms);
}

static void
a_header_line_over_998_octets_is_folded_at_blanks(void **state)
{
	struct trial t = { .serve.capabilities = WITH };
	struct buf input, stored;
	size_t i, column;

	start(&t, HEAD, IN("Subject:"), &input);
	buf_init(&stored, BUF_UNLIMITED);
	assert_true(buf_add_string(&stored, HEAD "Subject:"));
	for (i = 0, column = 8; i < 300; i++, column += 8) {
		assert_true(buf_add_string(&input, " subject"));
		if (column + 8 > 998) {
			assert_true(buf_add_string(&stored, "\r\n"));
			column = 0;
		}
		assert_true(buf_add_string(&stored, " subject"));
	}
	assert_true(buf_add_string(&input, "\r\n\r\nx\r\n"));
	assert_true(buf_add_string(&stored, "\r\n\r\nx\r\n"));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, stored.data);
	check_size(&t);
	trial_free(&t);
	buf_free(&input);
	buf_free(&stored);
}

static void
stdin_9_and_msg_4_a_nul_is_encoded(void **state)
{
	static const struct form forms[] = {
		{ "with 8BITMIME", WITH, NULL, IN("\r\na\0b\r\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\na=00b\r\n" },
		{ "without", WITHOUT, NULL, IN("\r\na\0b\r\n"),
		    VERSION TYPE("utf-8") QUOTED "\r\na=00b\r\n" },
	};

	FORMS(forms);
}

/* Each needs --json, which shows the stage. */
struct refusal {
	const char *label;
	const char *keys;
	const char *head;
	const char *input;
	size_t input_size;
	const char *words;
};

static void
msg_4_and_2_what_has_no_form_costs_no_connection(void **state)
{
	static const struct refusal refusals[] = {
		{ "NUL in the header", "", HEAD, IN("A: \0b\r\n\r\nc\r\n"),
		    "it stands in the header" },
		{ "NUL before a Bcc", "", HEAD,
		    IN("\0Bcc: x@y.net\r\n\r\nd\r\n"),
		    "it stands in the header" },
		{ "NUL in a removed field", "", HEAD,
		    IN("Bcc: \0x@y.net\r\n\r\nd\r\n"),
		    "it stands in the header" },
		{ "NUL, never", "encode = never\n", HEAD, IN("\r\n\0\r\n"),
		    "encode = never" },
		{ "NUL, refuse", "encode = refuse\n", HEAD, IN("\r\n\0\r\n"),
		    "the message holds a NUL" },
		{ "NUL, parts", "", HEAD PARTS, IN("\r\n\0\r\n"),
		    "several parts" },
		{ "NUL, no text", "", HEAD PKCS7, IN("\r\n\0\r\n"),
		    "is signed" },
		{ "NUL, DKIM", "", HEAD SIGNED, IN("\r\n\0\r\n"),
		    "is signed" },
		{ "NUL, multipart/signed", "", HEAD MIXED_SIGNED,
		    IN("\r\n\0\r\n"), "is signed" },
		{ "NUL, OpenPGP", "", HEAD, IN("\r\n" PGP "\0\r\n"),
		    "is signed" },
		{ "lone CR, OpenPGP", "", HEAD, IN("\r\n" PGP "\r.\r\n"),
		    "lone CR" },
		{ "lone CR, DKIM", "", HEAD SIGNED, IN("A: b\rc\r\n\r\nd\r\n"),
		    "lone CR" },
		{ "long line, refuse", "encode = refuse\n", HEAD, NULL, 999,
		    "a line of 999 octets" },
	};
	const struct refusal *r;
	char line[999];
	size_t i;

	memset(line, 'x', sizeof(line));
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct trial t = { .json = true, .keys = refusals[i].keys };
		struct buf input;

		r = &refusals[i];
		start(&t, r->head, r->input == NULL ? "\r\n" : r->input,
		    r->input == NULL ? 2 : r->input_size, &input);
		if (r->input == NULL)
			assert_true(buf_add(&input, line, r->input_size));
		t.run.input = buf_span(&input);
		trial_run(&t, state);
		trial_failed(&t, EX_DATAERR, "input", r->words);
		TRIAL_CHECK(&t, t.record.count == 0);
		trial_free(&t);
		buf_free(&input);
	}
}

static void
refused_8bit_text_ends_the_session_before_mail(void **state)
{
	struct trial t = { .json = true, .keys = "encode = refuse\n",
	    .serve.capabilities = WITHOUT };
	struct trial fine = { .keys = "encode = refuse\n",
	    .serve.capabilities = WITH };
	struct buf input;

	start(&t, HEAD, IN("\r\n" E "\r\n"), &input);
	fine.run.input = t.run.input;
	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, "input", "8-bit text without 8BITMIME");
	TRIAL_CHECK(&t, t.record.count == 1);
	TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
	TRIAL_CHECK(&t, trial_heard(&t, "QUIT"));
	TRIAL_CHECK(&t, trial_says(&t, "\"temporary\":false"));
	trial_free(&t);
	trial_run(&fine, state);
	trial_delivered(&fine, HEAD "\r\n" E "\r\n");
	trial_free(&fine);
	buf_free(&input);
}

/* "aaaa…\r\n" of `size` octets before the line end. */
static void
add_long_line(struct buf *b, size_t size)
{
	assert_true(buf_reserve(b, b->len + size + 2));
	for (; size > 0; size--)
		assert_true(buf_add_char(b, 'a'));
	assert_true(buf_add_string(b, "\r\n"));
}

/* What soft line breaks make of it. */
static void
add_broken_line(struct buf *b, size_t size)
{
	for (; size > 76; size -= 75)  {
		size_t i;

		for (i = 0; i < 75; i++)
			assert_true(buf_add_char(b, 'a'));
		assert_true(buf_add_string(b, "=\r\n"));
	}
	add_long_line(b, size);
}

static void
check_long(struct trial *t, const char *fields, size_t size, bool is_broken,
    void **state)
{
	struct buf input, stored;

	start(t, HEAD, fields, strlen(fields), &input);
	assert_true(buf_add_string(&input, "\r\n"));
	add_long_line(&input, size);
	t->run.input = buf_span(&input);
	buf_init(&stored, BUF_UNLIMITED);
	assert_true(buf_printf(&stored, HEAD "%s%s\r\n", fields, is_broken ?
	    VERSION TYPE("utf-8") QUOTED : ""));
	if (is_broken)
		add_broken_line(&stored, size);
	else
		add_long_line(&stored, size);
	trial_run(t, state);
	TRIAL_CHECK(t, t->result.exit_status == EX_OK);
	TRIAL_CHECK(t, t->record.committed == 1);
	TRIAL_CHECK(t, span_equals(buf_span(&relay_only_message(
	    &t->record)->text), buf_span(&stored)));
	check_size(t);
	buf_free(&input);
	buf_free(&stored);
}

static void
stdin_9_a_line_over_998_octets_arrives_whole(void **state)
{
	static const size_t sizes[] = { 998, 999, 4096, 200000 };
	struct trial never = { .keys = "encode = never\n" };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct trial t = { .serve.capabilities = i % 2 == 0 ? WITH :
		    WITHOUT };

		check_long(&t, "", sizes[i], sizes[i] > 998, state);
		trial_free(&t);
	}
	check_long(&never, "", 5000, false, state);
	trial_free(&never);
}

#define UTF8 WITH "\nSMTPUTF8"

static const struct smtputf8 {
	const char *label, *offer, *option, *sender, *recipient;
	const char *mail, *rcpt;	/* NULL: it fails */
	const char *words;
	int exit_status;
} utf8_cases[] = {
	{ "recipient", UTF8, "-i", KIT_SENDER, "j" E "@b.net",
	    "BODY=8BITMIME SMTPUTF8", "<j" E "@b.net>", NULL, 0 },
	{ "sender", UTF8, "-i", "j" E "@b.net", KIT_RECIPIENT,
	    "<j" E "@b.net> ", "<" KIT_RECIPIENT ">", NULL, 0 },
	{ "a domain needs none", UTF8, "-i", KIT_SENDER, "a@" E ".de",
	    NULL, "<a@xn--9ca.de>", NULL, 0 },
	{ "both", UTF8, "-i", KIT_SENDER, E "@" E ".de",
	    "BODY=8BITMIME SMTPUTF8", "<" E "@xn--9ca.de>", NULL, 0 },
	{ "asked for", UTF8, "-Osmtputf8=yes", KIT_SENDER, KIT_RECIPIENT,
	    "BODY=8BITMIME SMTPUTF8", "<" KIT_RECIPIENT ">", NULL, 0 },
	{ "not offered", WITH, "-i", KIT_SENDER, "j" E "@b.net", NULL, NULL,
	    "the address j\\\\xc3\\\\xa9@b.net needs SMTPUTF8", EX_DATAERR },
	{ "asked for, not offered", WITH, "-Osmtputf8=yes", KIT_SENDER,
	    KIT_RECIPIENT, NULL, NULL, "doesn't offer SMTPUTF8",
	    EX_UNAVAILABLE },
};

static void
check_smtputf8(const struct smtputf8 *c, void **state)
{
	const char *const args[] = { c->option, "-f", c->sender, c->recipient,
		NULL };
	struct trial t = { .args = args, .json = c->exit_status != 0,
	    .serve.capabilities = c->offer,
	    .run.input = span_of(HEAD "Subject: " E "\r\n\r\nx\r\n") };
	const struct relay_message *m;

	trial_run(&t, state);
	if (c->exit_status != 0) {
		trial_failed(&t, c->exit_status, "mail", c->words);
		TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
		trial_free(&t);
		return;
	}
	trial_delivered(&t, HEAD "Subject: " E "\r\n\r\nx\r\n");
	m = relay_only_message(&t.record);
	TRIAL_CHECK(&t, c->mail == NULL ? strstr(m->mail, "SMTPUTF8") == NULL :
	    strstr(m->mail, c->mail) != NULL);
	TRIAL_CHECK(&t, trial_heard(&t, "RCPT TO:"));
	TRIAL_CHECK(&t, strcmp(m->recipients[0], c->rcpt) == 0);
	trial_free(&t);
}

static void
smtputf8_is_asked_for_where_a_local_part_needs_it(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]); i++)
		check_smtputf8(&utf8_cases[i], state);
}

static void
what_is_signed_or_has_parts_is_passed_and_named(void **state)
{
	static const struct {
		const char *fields, *why;
	} cases[] = {
		{ SIGNED, "the message is signed" },
		{ MIXED_SIGNED, "the message is signed" },
		{ PKCS7, "the message is signed" },
		{ PARTS, "the message has several parts" },
		{ "Content-Type: message/rfc822\r\n",
		    "the message isn't text" },
	};
	static const char *const args[] = { "-v", "-i", "-f", KIT_SENDER,
		KIT_RECIPIENT, NULL };
	char words[100];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = { .args = args, .json = true,
		    .keys = "log = stderr\n" };

		check_long(&t, cases[i].fields, 1200, false, state);
		(void)snprintf(words, sizeof(words), "passed as it is: a line "
		    "of 1200 octets (%s)", cases[i].why);
		TRIAL_CHECK(&t, trial_says(&t, words));
		(void)snprintf(words, sizeof(words), "\"passed\":\"a line of "
		    "1200 octets (%s)\"", cases[i].why);
		TRIAL_CHECK(&t, trial_says(&t, words));
		TRIAL_CHECK(&t, trial_says(&t, " passed='a line of 1200"));
		trial_free(&t);
	}
}

static void
signed_8bit_text_is_passed_to_a_relay_without_8bitmime(void **state)
{
	static const struct form forms[] = {
		{ "DKIM", WITHOUT, NULL, IN(SIGNED "\r\n" E "\r\n"),
		    SIGNED "\r\n" E "\r\n" },
		{ "parts", WITHOUT, NULL, IN(PARTS "\r\n" E "\r\n"),
		    PARTS "\r\n" E "\r\n" },
		{ "OpenPGP", WITHOUT, NULL, IN("\r\n" PGP E "\r\n"),
		    "\r\n" PGP E "\r\n" },
	};

	FORMS(forms);
}

static void
a_message_in_a_file_is_encoded_on_its_way(void **state)
{
#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const char line[] = A60 E "\n", quoted[] = A60 "=C3=A9\r\n";
	struct trial t = { .serve.capabilities = "SIZE 100000000" };
	const size_t count = (17UL << 20) / (sizeof(line) - 1);
	struct buf input, stored;
	size_t i;

	start(&t, HEAD, IN("\r\n"), &input);
	buf_init(&stored, BUF_UNLIMITED);
	assert_true(buf_add_string(&stored, HEAD VERSION TYPE("utf-8") QUOTED
	    "\r\n"));
	assert_true(buf_reserve(&stored, count * sizeof(quoted)));
	for (i = 0; i < count; i++)
		assert_true(buf_add(&input, line, sizeof(line) - 1) &&
		    buf_add(&stored, quoted, sizeof(quoted) - 1));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_delivered(&t, NULL);
	TRIAL_CHECK(&t, span_equals(buf_span(&relay_only_message(
	    &t.record)->text), buf_span(&stored)));
	check_size(&t);
	trial_free(&t);
	buf_free(&input);
	buf_free(&stored);
}

static void
the_size_that_counts_is_that_of_the_encoded_form(void **state)
{
	struct trial t = { .json = true, .serve.capabilities = "SIZE 400" };
	struct buf input;
	size_t i;

	start(&t, HEAD, IN("\r\n"), &input);
	for (i = 0; i < 60; i++)
		assert_true(buf_add_string(&input, E));
	t.run.input = buf_span(&input);
	trial_run(&t, state);
	trial_failed(&t, EX_DATAERR, "mail", "the relay takes 400");
	TRIAL_CHECK(&t, !trial_heard(&t, "MAIL"));
	trial_free(&t);
	buf_free(&input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    eight_bit_text_is_encoded_only_for_a_relay_without_8bitmime),
		cmocka_unit_test(
		    raw_text_in_the_header_is_encoded_only_without_8bitmime),
		cmocka_unit_test(
		    a_header_line_over_998_octets_is_folded_at_blanks),
		cmocka_unit_test(
		    stdin_9_and_msg_4_a_nul_is_encoded),
		cmocka_unit_test(
		    msg_4_and_2_what_has_no_form_costs_no_connection),
		cmocka_unit_test(
		    refused_8bit_text_ends_the_session_before_mail),
		cmocka_unit_test(
		    stdin_9_a_line_over_998_octets_arrives_whole),
		cmocka_unit_test(
		    smtputf8_is_asked_for_where_a_local_part_needs_it),
		cmocka_unit_test(
		    what_is_signed_or_has_parts_is_passed_and_named),
		cmocka_unit_test(
		    signed_8bit_text_is_passed_to_a_relay_without_8bitmime),
		cmocka_unit_test(a_message_in_a_file_is_encoded_on_its_way),
		cmocka_unit_test(
		    the_size_that_counts_is_that_of_the_encoded_form),
	};

	return cmocka_run_group_tests(tests, kit_set_up, kit_tear_down);
}
