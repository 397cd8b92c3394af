#include "base/os.h"
#include "smtp/session.h"

static void
set_progress(const struct session *s, enum progress progress)
{
	if (s->params->progress != NULL)
		*s->params->progress = (sig_atomic_t)progress;
}

void
session_message_is_out(struct session *s)
{
	set_progress(s, PROGRESS_MESSAGE_OUT);
	s->is_in_body = false;
	s->message_is_out = true;
	s->flight_limit = session_limit(s, STEP_RECEIPT).until;
	trace_note(s->params->trace, "the message is out");
}

void
session_message_is_accepted(struct session *s, bool by_all)
{
	if (by_all)
		set_progress(s, PROGRESS_ACCEPTED);
	os_signals_end();
	s->message_is_out = false;
}

void
session_message_is_void(struct session *s)
{
	set_progress(s, PROGRESS_NONE);
	s->message_is_out = false;
}
