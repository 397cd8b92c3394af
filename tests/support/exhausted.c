/* Tests end like any crash where there is no memory. */
#include <stdlib.h>

#include "base/mem.h"

_Noreturn void
mem_exhausted(void)
{
	abort();
}
