#include "net/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"

/*
 * The block belongs to the thread and to the caller; the last of them frees
 * it, so that an abandoned thread finds its memory whenever the work ends. The
 * pipe carries nothing: the thread closes its end when the work is done.
 */
struct helper {
	pthread_mutex_t lock;
	int owners;
	struct helper_work work;
	bool is_taken_back;	/* the caller has the context again */
	int done;		/* the caller's end of the pipe */
	int done_sender;	/* the thread's end */
};

static void
helper_release(struct helper *h)
{
	bool is_last;

	(void)pthread_mutex_lock(&h->lock);
	is_last = --h->owners == 0;
	(void)pthread_mutex_unlock(&h->lock);
	if (!is_last)
		return;
	if (!h->is_taken_back)
		h->work.release(h->work.context);
	if (h->done >= 0)
		(void)close(h->done);
	(void)pthread_mutex_destroy(&h->lock);
	mem_free(h);
}

static void *
work(void *context)
{
	struct helper *h = context;

	h->work.run(h->work.context);
	/* What the work wrote is seen by whoever takes the lock next. */
	(void)pthread_mutex_lock(&h->lock);
	(void)pthread_mutex_unlock(&h->lock);
	(void)close(h->done_sender);
	helper_release(h);
	return NULL;
}

static bool
start(struct helper *h, struct error *err)
{
	pthread_attr_t detached;
	pthread_t thread;
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, errno,
		    "no pipe to look up '%s'", h->work.name);
	h->done = ends[0];
	h->done_sender = ends[1];
	h->owners++;
	status = pthread_attr_init(&detached);
	if (status == 0) {
		(void)pthread_attr_setdetachstate(&detached,
		    PTHREAD_CREATE_DETACHED);
		status = pthread_create(&thread, &detached, work, h);
		(void)pthread_attr_destroy(&detached);
	}
	if (status == 0)
		return true;
	h->owners--;
	(void)close(ends[1]);
	return error_set_errno(err, STAGE_SYSTEM, EX_OSERR, status,
	    "no thread to look up '%s'", h->work.name);
}

bool
helper_run(const struct helper_work *wanted, const struct limit *limit,
    struct error *err)
{
	struct helper *h = mem_alloc(sizeof(*h));
	struct pollfd done = { -1, POLLIN, 0 };
	bool ok;

	(void)pthread_mutex_init(&h->lock, NULL);
	h->owners = 1;
	h->work = *wanted;
	h->done = -1;
	ok = start(h, err);
	done.fd = h->done;
	ok = ok && limit_wait(limit, &done, 1, err);
	(void)pthread_mutex_lock(&h->lock);
	h->is_taken_back = ok;
	(void)pthread_mutex_unlock(&h->lock);
	helper_release(h);
	return ok;
}
