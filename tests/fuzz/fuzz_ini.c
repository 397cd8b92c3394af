/*
 * Profile files: the input is one. A second, slow reader finds the same
 * sections, keys and values; what a profile resolves to keeps its promises; and
 * no message shows a password.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "conf/hosts.h"
#include "conf/ini.h"
#include "conf/profile_file.h"
#include "fuzz/fuzz.h"
#include "mail/text.h"

#define CANARY "hunter2"

static void
put_number(struct buf *b, size_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%zu", number);
	text_put(b, span_of(text));
}

static void
check_name(const char *name, const char *beyond)
{
	struct span s = span_of(name);
	size_t i;

	FUZZ_CHECK(s.len > 0 && s.len <= INI_NAME_MAX);
	for (i = 0; i < s.len; i++)
		FUZZ_CHECK(ascii_is_alnum(s.data[i]) ||
		    strchr(beyond, s.data[i]) != NULL);
}

/* What was read goes to the buffer `context`, one line each. */
static bool
record(void *context, const char *section, const char *key,
    struct span value, size_t line, struct error *err)
{
	struct buf *b = context;

	(void)err;
	check_name(section, "-_.@+");
	if (key[0] != '\0')
		check_name(key, "-_.");
	put_number(b, line);
	text_put(b, span_of(key[0] == '\0' ? " [" : " "));
	text_put(b, span_of(section));
	text_put(b, span_of(key[0] == '\0' ? "]" : "."));
	if (key[0] != '\0') {
		text_put(b, span_of(key));
		text_put(b, span_of("="));
	}
	text_put(b, value);
	text_put_char(b, '\n');
	return true;
}

/* The same by the rule for the user; the text is known to be right. */
static void
read_slowly(struct buf *b, struct span text)
{
	struct span line, section = span_make(NULL, 0), key, value;
	size_t number = 0, equals;

	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		text = span_skip(text, 3);
	while (span_next(&text, '\n', &line)) {
		number++;
		line = span_trim(line);
		if (line.len == 0 || line.data[0] == '#' ||
		    line.data[0] == ';')
			continue;
		put_number(b, number);
		text_put_char(b, ' ');
		if (line.data[0] == '[') {
			section = span_make(line.data + 1, line.len - 2);
			text_put(b, line);
		} else {
			equals = span_find(line, '=');
			key = span_trim(span_make(line.data, equals));
			value = span_trim(span_skip(line, equals + 1));
			text_put(b, section);
			text_put_char(b, '.');
			text_put(b, key);
			text_put_char(b, '=');
			text_put(b, value);
		}
		text_put_char(b, '\n');
	}
}

static void
check_reading(struct span text)
{
	struct error err = { 0 };
	struct buf seen, expected;

	buf_init(&seen, BUF_UNLIMITED);
	buf_init(&expected, BUF_UNLIMITED);
	if (ini_parse_text(text, "/p.ini", record, &seen, &err)) {
		read_slowly(&expected, text);
		FUZZ_CHECK(span_equals(buf_span(&seen), buf_span(&expected)));
	} else {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.exit_code == EX_CONFIG);
		FUZZ_CHECK(strncmp(err.text, "/p.ini:", 7) == 0);
	}
	buf_free(&seen);
	buf_free(&expected);
}

static bool
is_password_key(struct span name)
{
	return span_equals(name, span_of("password")) ||
	    span_equals(name, span_of("password_file")) ||
	    span_equals(name, span_of("password_command")) ||
	    span_equals(name, span_of("password_credential"));
}

/* Whether the canary stands nowhere but as the value of a password key. */
static bool
is_secret(struct span text)
{
	struct span line;
	bool is_there = false;
	size_t equals;

	while (span_next(&text, '\n', &line)) {
		if (!fuzz_contains(line, CANARY))
			continue;
		line = span_trim(line);
		equals = span_find(line, '=');
		if (!is_password_key(span_trim(span_make(line.data, equals))))
			return false;
		is_there = true;
	}
	return is_there;
}

static void
check_failure(const struct profile_file *file, const struct error *err)
{
	fuzz_check_error(err);
	FUZZ_CHECK(err->exit_code == EX_CONFIG);
	FUZZ_CHECK(err->stage == STAGE_CONFIG);
	FUZZ_CHECK(strncmp(err->text, "/p.ini:", 7) == 0);
	if (is_secret(buf_span(&file->text)))
		FUZZ_CHECK(strstr(err->text, CANARY) == NULL &&
		    strstr(err->fix, CANARY) == NULL &&
		    strstr(err->cause, CANARY) == NULL);
}

static void
check_string(const char *string)
{
	struct span s = span_of(string);
	size_t i;

	for (i = 0; i < s.len; i++)
		FUZZ_CHECK(!ascii_is_control(s.data[i]) || s.data[i] == '\t');
}

static void
check_profile(struct profile *p)
{
	const struct profile_key *key;
	struct error err = { 0 };

	FUZZ_CHECK((p->host == NULL) != (p->socket == NULL));
	if (p->socket != NULL ||
	    hosts_srv_domain(span_of(p->host)).len > 0)
		FUZZ_CHECK(p->port == 0);
	else
		FUZZ_CHECK(p->port >= 1 && p->port <= 65535);
	FUZZ_CHECK(p->tls >= PROFILE_TLS_STARTTLS &&
	    p->tls <= PROFILE_TLS_NONE);
	FUZZ_CHECK(profile_auth_is(p, PROFILE_AUTH_NONE) ||
	    profile_auth_is(p, PROFILE_AUTH_EXTERNAL) || p->user != NULL);
	FUZZ_CHECK((p->password != NULL) + (p->password_file != NULL) +
	    (p->password_command != NULL) + (p->password_credential != NULL) <=
	    1);
	FUZZ_CHECK(p->connect_timeout > 0 && p->timeout > 0 &&
	    p->data_timeout > 0 && p->total_timeout >= 0);
	FUZZ_CHECK(p->ehlo == NULL || profile_check_ehlo(p->ehlo, &err));
	for (key = keys_all(); key->name != NULL; key++)
		if (key_is_string(key) && *value_field(p, key) != NULL)
			check_string(*value_field(p, key));
}

static void
check_resolving(const struct profile_file *file, const char *name)
{
	const struct machine machine = { "anna", "box.example.org" };
	struct error err = { 0 };
	struct profile p;

	if (profile_resolve_on(file, name, &machine, &p, &err))
		check_profile(&p);
	else
		check_failure(file, &err);
	profile_free(&p);
}

static void
check_selection(const struct profile_file *file,
    const struct profile_wish *wish)
{
	const char *name = NULL, *why = NULL;
	struct error err = { 0 };

	if (profile_select(file, wish, &name, &why, &err)) {
		FUZZ_CHECK(profile_file_section(file, span_of(name)) != NULL);
		FUZZ_CHECK(why != NULL && why[0] != '\0');
		FUZZ_CHECK(wish->name == NULL ||
		    strcmp(name, wish->name) == 0);
	} else {
		check_failure(file, &err);
	}
}

static void
check_sections(const struct profile_file *file)
{
	static const struct profile_wish wishes[] = {
		{ NULL, NULL, NULL, NULL },
		{ "work", NULL, NULL, NULL },
		{ NULL, "work", NULL, NULL },
		{ NULL, NULL, "anna@example.org", NULL },
		{ NULL, NULL, "anna", "x@example.net" },
		{ NULL, NULL, "", "anna@EXAMPLE.org" },
	};
	size_t i;

	for (i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		check_selection(file, &wishes[i]);
	for (i = 0; i < file->count; i++) {
		const struct profile_wish wish = {
			.name = file->sections[i].name,
		};

		check_selection(file, &wish);
		check_resolving(file, wish.name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_file *file = mem_alloc(sizeof(*file));
	struct error err = { 0 };

	check_reading(fuzz_span(data, size));
	buf_init(&file->text, BUF_UNLIMITED);
	text_put(&file->text, fuzz_span(data, size));
	file->path = mem_string("/p.ini");
	if (profile_file_parse(file, &err))
		check_sections(file);
	else
		check_failure(file, &err);
	profile_file_free(file);
	return 0;
}
