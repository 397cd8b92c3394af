#include "app/parcel.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct head {
	struct transfer transfer;
	struct encode encode;
	struct limit run;
	size_t recipients;
};

size_t
parcel_body_size(const struct transfer *t)
{
	return t->encode->header.len + t->encode->body.len;
}

static bool
put(int file, struct span bytes, size_t *at, struct error *err)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = pwrite(file, bytes.data, bytes.len, (off_t)*at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(err, STAGE_SYSTEM, EX_OSERR,
			    errno, "handing the message on");
		*at += (size_t)n;
		bytes = span_skip(bytes, (size_t)n);
	}
	return true;
}

/* Adding to a buffer without a limit can't fail. */
static void
add(struct buf *b, const void *data, size_t size)
{
	if (!buf_add(b, data, size))
		mem_exhausted();
}

/* A NULL is told from "" by the octet in front. */
static void
add_string(struct buf *b, const char *string)
{
	const char mark = string != NULL ? '+' : '-';

	add(b, &mark, 1);
	if (string != NULL)
		add(b, string, strlen(string) + 1);
}

bool
parcel_write(int file, const struct transfer *t, struct limit run,
    size_t *size, struct error *err)
{
	const struct envelope *e = t->envelope;
	const struct head head = { *t, *t->encode, run, e->count };
	struct buf b;
	size_t i;
	bool ok;

	buf_init(&b, BUF_UNLIMITED);
	add(&b, &head, sizeof(head));
	add_string(&b, e->reverse_path);
	for (i = 0; i < e->count; i++) {
		add(&b, &e->recipients[i], sizeof(e->recipients[i]));
		add_string(&b, e->recipients[i].address);
		add_string(&b, e->recipients[i].notify);
		add_string(&b, e->recipients[i].orcpt);
		add_string(&b, e->recipients[i].original);
	}
	add_string(&b, t->dsn.notify);
	add_string(&b, t->dsn.ret);
	add_string(&b, t->dsn.envid);
	*size = 0;
	ok = put(file, buf_span(&b), size, err) &&
	    put(file, t->encode->header, size, err) &&
	    put(file, t->encode->body, size, err);
	buf_free(&b);
	return ok;
}

static void
take(struct span *rest, void *out, size_t size)
{
	memcpy(out, rest->data, size);
	*rest = span_skip(*rest, size);
}

static char *
take_string(struct span *rest, struct pool *strings)
{
	const char *string = rest->data + 1;
	bool is_there = rest->data[0] == '+';

	*rest = span_skip(*rest, is_there ? strlen(string) + 2 : 1);
	return pool_string(strings, is_there ? string : NULL);
}

static void
take_envelope(struct envelope *e, struct span *rest, size_t count)
{
	struct pool *strings = &e->strings;
	struct recipient *r;

	e->reverse_path = take_string(rest, strings);
	e->recipients = mem_array(count, sizeof(*e->recipients));
	e->room = count;
	for (; e->count < count; e->count++) {
		r = &e->recipients[e->count];
		take(rest, r, sizeof(*r));
		r->reply = NULL;
		r->address = take_string(rest, strings);
		r->notify = take_string(rest, strings);
		r->orcpt = take_string(rest, strings);
		r->original = take_string(rest, strings);
	}
}

/* The form is decided anew: the relay's offers are known only here. */
static void
take_encode(struct encode *e, struct span rest, const struct encode *written)
{
	*e = *written;
	e->header = span_make(rest.data, written->header.len);
	e->body = span_skip(rest, written->header.len);
	buf_init(&e->rewritten, written->rewritten.limit);
	memset(&e->form, 0, sizeof(e->form));
}

bool
parcel_read(struct parcel *p, int file, size_t size, struct error *err)
{
	struct head head;
	struct span rest;
	void *mapping;

	memset(p, 0, sizeof(*p));
	mapping = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
	if (mapping == MAP_FAILED)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "mapping the message");
	p->mapping = mapping;
	p->size = size;
	rest = span_make(mapping, size);
	take(&rest, &head, sizeof(head));
	take_envelope(&p->envelope, &rest, head.recipients);
	p->transfer = head.transfer;
	p->transfer.dsn.notify = take_string(&rest, &p->envelope.strings);
	p->transfer.dsn.ret = take_string(&rest, &p->envelope.strings);
	p->transfer.dsn.envid = take_string(&rest, &p->envelope.strings);
	take_encode(&p->encode, rest, &head.encode);
	p->run = head.run;
	p->transfer.envelope = &p->envelope;
	p->transfer.encode = &p->encode;
	return true;
}

void
parcel_free(struct parcel *p)
{
	encode_free(&p->encode);
	envelope_free(&p->envelope);
	if (p->mapping != NULL)
		(void)munmap(p->mapping, p->size);
	memset(p, 0, sizeof(*p));
}
