/* Tests end like any crash where there is no memory, or a call is trapped. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/os_lock.h"

_Noreturn void
mem_exhausted(void)
{
	abort();
}

_Noreturn void
os_lock_trapped(const char *call)
{
	(void)call;
	abort();
}
