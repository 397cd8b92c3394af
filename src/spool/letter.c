#include "spool/letter.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/mem.h"

#define FAIL(err, ...) error_set(err, STAGE_SYSTEM, EX_DATAERR, __VA_ARGS__)

#define HASH_HEX (2 * CRYPTO_SHA256_SIZE)
#define SURE '!'

static const char magic[] = "ph1 ";
static const char end_words[] = "\nend ";

/* The keys that are one string of the letter. */
static const struct {
	const char *key;
	size_t offset;
	bool is_needed;
} texts[] = {
	{ "profile", offsetof(struct letter, profile), true },
	{ "file", offsetof(struct letter, file), true },
	{ "tag", offsetof(struct letter, tag), false },
	{ "from", offsetof(struct letter, sender), true },
	{ "notify", offsetof(struct letter, notify), false },
	{ "ret", offsetof(struct letter, ret), false },
	{ "envid", offsetof(struct letter, envid), false },
};

/* Those that are there or not. */
static const struct {
	const char *key;
	size_t offset;
} flags[] = {
	{ "8bitmime", offsetof(struct letter, wants_8bitmime) },
	{ "requiretls", offsetof(struct letter, wants_requiretls) },
	{ "smtputf8", offsetof(struct letter, wants_smtputf8) },
};

/* Those of the recipient before them. */
static const struct {
	const char *key;
	size_t offset;
} wishes[] = {
	{ "rcpt-notify", offsetof(struct letter_recipient, notify) },
	{ "rcpt-orcpt", offsetof(struct letter_recipient, orcpt) },
	{ "rcpt-original", offsetof(struct letter_recipient, original) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char **
text_at(void *base, size_t offset)
{
	return (const char **)(void *)((char *)base + offset);
}

static const char *
text_of(const void *base, size_t offset)
{
	return *(const char *const *)(const void *)((const char *)base +
	    offset);
}

/* Adding to a buffer without a limit can't fail. */
static void
add(struct buf *out, struct span bytes)
{
	if (!buf_add_span(out, bytes))
		mem_exhausted();
}

static void
add_key(struct buf *out, const char *key, struct span value)
{
	char front[LETTER_LINE];

	(void)snprintf(front, sizeof(front), "%s=%zu:", key, value.len);
	add(out, span_of(front));
	add(out, value);
	add(out, span_of("\n"));
}

static void
add_text(struct buf *out, const char *key, const char *value)
{
	if (value != NULL)
		add_key(out, key, span_of(value));
}

static size_t
marks_length(size_t recipients)
{
	return 1 + LETTER_NOTE + recipients;
}

static void
fill_marks(const struct letter *l, char *marks)
{
	size_t i;

	memset(marks, ' ', marks_length(l->count));
	if (l->is_uncertain)
		marks[0] = SURE;
	memcpy(marks + 1, l->note, strlen(l->note));
	for (i = 0; i < l->count; i++)
		marks[1 + LETTER_NOTE + i] = l->recipients[i].state;
}

static void
add_marks(struct buf *out, const struct letter *l)
{
	char *marks = mem_alloc(marks_length(l->count));

	fill_marks(l, marks);
	add_key(out, "marks", span_make(marks, marks_length(l->count)));
	mem_free(marks);
}

static void
add_recipient(struct buf *out, const struct letter_recipient *r)
{
	size_t i;

	add_text(out, "rcpt", r->address);
	for (i = 0; i < COUNT(wishes); i++)
		add_text(out, wishes[i].key, text_of(r, wishes[i].offset));
}

static void
add_keys(struct buf *out, const struct letter *l)
{
	char number[LETTER_LINE];
	size_t i;

	add_marks(out, l);
	(void)snprintf(number, sizeof(number), "%zu", l->header.len);
	add_text(out, "header", number);
	for (i = 0; i < COUNT(texts); i++)
		add_text(out, texts[i].key, text_of(l, texts[i].offset));
	for (i = 0; i < COUNT(flags); i++)
		if (*((const char *)l + flags[i].offset) != 0)
			add_text(out, flags[i].key, "");
	for (i = 0; i < l->count; i++)
		add_recipient(out, &l->recipients[i]);
}

/* Where the value of the first key, the marks, begins; 0 for none. */
static size_t
marks_begin(struct span keys)
{
	size_t at = span_find(keys, ':');

	return at < keys.len ? at + 1 : 0;
}

/* The hash in hex of these parts, marks taken as blanks. */
static bool
hash_parts(char hex[HASH_HEX + 1], const struct span *parts, size_t count,
    size_t keys, size_t marks)
{
	unsigned char hash[CRYPTO_SHA256_SIZE];
	struct span all[8];
	struct buf blank;
	size_t i;
	bool ok;

	buf_init(&blank, BUF_UNLIMITED);
	add(&blank, parts[keys]);
	memset(blank.data + marks_begin(parts[keys]), ' ', marks);
	memcpy(all, parts, count * sizeof(*parts));
	all[keys] = buf_span(&blank);
	ok = crypto_sha256_parts(hash, all, count);
	for (i = 0; ok && i < sizeof(hash); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	buf_free(&blank);
	return ok;
}

static bool
write_all(int fd, struct span bytes, struct error *err)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.data, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    n == 0 ? EIO : errno, "writing the spool");
		bytes = span_skip(bytes, (size_t)n);
	}
	return true;
}

bool
letter_write(const struct letter *l, int fd, struct error *err)
{
	char first[LETTER_LINE], hex[HASH_HEX + 1], last[160];
	struct span parts[5];
	struct buf keys;
	size_t total = 0, i;
	bool ok;

	buf_init(&keys, BUF_UNLIMITED);
	add_keys(&keys, l);
	(void)snprintf(first, sizeof(first), "%s%zu %zu\n", magic, keys.len,
	    l->header.len + 1 + l->body.len);
	parts[0] = span_of(first);
	parts[1] = buf_span(&keys);
	parts[2] = l->header;
	parts[3] = span_of("\n");
	parts[4] = l->body;
	for (i = 0; i < COUNT(parts); i++)
		total += parts[i].len;
	ok = hash_parts(hex, parts, COUNT(parts), 1, marks_length(l->count)) ||
	    error_set(err, STAGE_SYSTEM, EX_OSERR, "no SHA-256");
	for (i = 0; ok && i < COUNT(parts); i++)
		ok = write_all(fd, parts[i], err);
	if (ok) {
		(void)snprintf(last, sizeof(last), "%s%zu %s\n", end_words,
		    total, hex);
		ok = write_all(fd, span_of(last), err);
	}
	buf_free(&keys);
	return ok;
}

/* A decimal number before `end`, taken off with it. No octet behind is seen. */
static bool
take_number(struct span *rest, char end, size_t *number)
{
	struct span near = span_make(rest->data, rest->len < 19 ? rest->len :
	    19);
	size_t i, n = span_find(near, end);

	*number = 0;
	if (n == 0 || n == near.len)
		return false;
	for (i = 0; i < n; i++) {
		if (!ascii_is_digit(rest->data[i]))
			return false;
		*number = 10 * *number + (size_t)(rest->data[i] - '0');
	}
	*rest = span_skip(*rest, n + 1);
	return true;
}

static bool
take_words(struct span *rest, const char *words)
{
	size_t n = strlen(words);

	if (rest->len < n || memcmp(rest->data, words, n) != 0)
		return false;
	*rest = span_skip(*rest, n);
	return true;
}

/* Takes one key off `keys`, whose line end becomes the value's terminator: the
 * strings of the letter are borrowed from there. */
static bool
take_key(struct buf *keys, size_t *at, struct span *key, struct span *value)
{
	struct span rest = span_skip(buf_span(keys), *at);
	size_t length;

	if (!span_next(&rest, '=', key) || rest.data == NULL ||
	    !take_number(&rest, ':', &length) || length >= rest.len ||
	    rest.data[length] != '\n')
		return false;
	*value = span_make(rest.data, length);
	*at = (size_t)(rest.data - keys->data) + length + 1;
	keys->data[*at - 1] = '\0';
	return span_find(*value, '\0') == length;
}

static bool
take_marks(struct letter *l, struct span value)
{
	size_t n = LETTER_NOTE, i;

	if (value.len < marks_length(0))
		return false;
	l->is_uncertain = value.data[0] == SURE;
	while (n > 0 && value.data[n] == ' ')
		n--;
	/* The hash says nothing of it, and it goes to a terminal. */
	for (i = 0; i < n; i++)
		l->note[i] = ascii_is_control(value.data[i + 1]) ||
		    (value.data[i + 1] & 0x80) != 0 ? '?' :
		    value.data[i + 1];
	l->note[n] = '\0';
	return true;
}

static bool
take_recipient(struct letter *l, struct span marks, const char *address)
{
	size_t at = marks_length(l->count);
	struct letter_recipient *r;

	if (at >= marks.len)
		return false;
	l->recipients = mem_grow(l->recipients, l->count, &l->room,
	    sizeof(*l->recipients));
	r = &l->recipients[l->count++];
	r->address = address;
	r->state = marks.data[at];
	return r->state == LETTER_PENDING || r->state == LETTER_DELIVERED ||
	    r->state == LETTER_FAILED;
}

static bool
take_value(struct letter *l, struct span key, struct span value)
{
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		if (span_equals(key, span_of(texts[i].key))) {
			*text_at(l, texts[i].offset) = value.data;
			return true;
		}
	for (i = 0; i < COUNT(flags); i++)
		if (span_equals(key, span_of(flags[i].key))) {
			*((char *)l + flags[i].offset) = 1;
			return true;
		}
	for (i = 0; l->count > 0 && i < COUNT(wishes); i++)
		if (span_equals(key, span_of(wishes[i].key))) {
			*text_at(&l->recipients[l->count - 1],
			    wishes[i].offset) = value.data;
			return true;
		}
	return false;
}

static bool
is_complete(const struct letter *l)
{
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		if (texts[i].is_needed && text_of(l, texts[i].offset) == NULL)
			return false;
	return l->count > 0;
}

static bool
take_keys(struct letter *l, size_t *header)
{
	struct span key, value, marks = { NULL, 0 }, digits;
	size_t at = 0;
	bool has_header = false, ok = true;

	while (ok && at < l->keys.len) {
		ok = take_key(&l->keys, &at, &key, &value);
		if (ok && marks.data == NULL) {
			marks = value;
			ok = span_equals(key, span_of("marks")) &&
			    take_marks(l, value);
		} else if (ok && span_equals(key, span_of("header"))) {
			/* With its terminator. */
			digits = span_make(value.data, value.len + 1);
			ok = take_number(&digits, '\0', header);
			has_header = ok;
		} else if (ok && span_equals(key, span_of("rcpt"))) {
			ok = take_recipient(l, marks, value.data);
		} else {
			ok = ok && take_value(l, key, value);
		}
	}
	return ok && has_header && is_complete(l) &&
	    marks.len == marks_length(l->count);
}

static bool
take_first_line(struct span *rest, size_t *keys, size_t *message)
{
	return take_words(rest, magic) && take_number(rest, ' ', keys) &&
	    take_number(rest, '\n', message) && *keys <= LETTER_KEYS_MAX;
}

size_t
letter_head_size(struct span begin)
{
	struct span rest = begin;
	size_t keys, message;

	return take_first_line(&rest, &keys, &message) ?
	    begin.len - rest.len + keys : begin.len;
}

/* The parts that the first line tells of; the hash comes later. */
static bool
take_parts(struct letter *l, struct span file)
{
	struct span rest = file;
	size_t keys, message;

	if (!take_first_line(&rest, &keys, &message) || keys > rest.len ||
	    message > rest.len - keys)
		return false;
	l->file_keys = span_make(rest.data, keys);
	rest = span_skip(rest, keys);
	l->file_message = span_make(rest.data, message);
	l->trailer = span_skip(rest, message);
	l->total = file.len - l->trailer.len;
	return true;
}

bool
letter_read(struct letter *l, struct span file, struct error *err)
{
	size_t header = 0;

	memset(l, 0, sizeof(*l));
	buf_init(&l->keys, BUF_UNLIMITED);
	if (!take_parts(l, file))
		return FAIL(err, "the file is damaged: its first line");
	add(&l->keys, l->file_keys);
	if (!take_keys(l, &header) || header >= l->file_message.len)
		return FAIL(err, "the file is damaged: its keys");
	l->header = span_make(l->file_message.data, header);
	l->body = span_skip(l->file_message, header + 1);
	return true;
}

bool
letter_verify(const struct letter *l, struct error *err)
{
	const char *begin = l->file_message.data + l->file_message.len -
	    l->total;
	const struct span parts[] = { span_make(begin,
	    (size_t)(l->file_keys.data - begin)), l->file_keys,
	    l->file_message };
	struct span rest = l->trailer;
	char hex[HASH_HEX + 1] = "";
	size_t total;

	if (!take_words(&rest, end_words) ||
	    !take_number(&rest, ' ', &total) || total != l->total ||
	    rest.len != HASH_HEX + 1 || rest.data[HASH_HEX] != '\n' ||
	    l->header.data[l->header.len] != '\n')
		return FAIL(err, "the file is damaged: its end");
	if (!hash_parts(hex, parts, COUNT(parts), 1, marks_length(l->count)))
		return error_set(err, STAGE_SYSTEM, EX_OSERR, "no SHA-256");
	return span_equals(span_of(hex), span_make(rest.data, HASH_HEX)) ||
	    FAIL(err, "the file is damaged: its hash");
}

/* Octets that stay the same may be torn without harm, and those that change
 * mean something each. */
bool
letter_mark(const struct letter *l, int fd, struct error *err)
{
	size_t length = marks_length(l->count), done = 0;
	char *marks = mem_alloc(length);
	off_t at = (off_t)(l->total - l->file_message.len -
	    l->file_keys.len + marks_begin(l->file_keys));
	ssize_t n = 1;

	fill_marks(l, marks);
	while (done < length && n > 0) {
		n = pwrite(fd, marks + done, length - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			done += (size_t)n;
	}
	mem_free(marks);
	return (done == length && fdatasync(fd) == 0) ||
	    error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
	    "marking the spool");
}

size_t
letter_count(const struct letter *l, enum letter_state state)
{
	size_t count = 0, i;

	for (i = 0; i < l->count; i++)
		count += l->recipients[i].state == (char)state;
	return count;
}

void
letter_free(struct letter *l)
{
	mem_free(l->recipients);
	buf_free(&l->keys);
	memset(l, 0, sizeof(*l));
}
