#include "conf/template.h"

#include <string.h>

#include "base/mem.h"
#include "base/os.h"

bool
template_check(struct span text, const char *codes, char *code)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] != '%')
			continue;
		i++;
		*code = i < text.len ? text.data[i] : '\0';
		if (*code == '\0' || strchr(codes, *code) == NULL)
			return false;
	}
	return true;
}

static bool
add_login(struct buf *out, const struct machine *machine)
{
	char *login = machine->login == NULL ? os_login() :
	    mem_string(machine->login);
	bool ok = buf_add_string(out, login);

	mem_free(login);
	return ok;
}

bool
template_expand(struct buf *out, struct span text,
    const struct machine *machine)
{
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < text.len; i++) {
		if (text.data[i] != '%' || i + 1 == text.len) {
			ok = buf_add_char(out, text.data[i]);
			continue;
		}
		i++;
		if (text.data[i] == 'U')
			ok = add_login(out, machine);
		else if (text.data[i] == 'H')
			ok = buf_add_string(out, machine->node);
		else
			ok = buf_add_char(out, text.data[i]);
	}
	return ok;
}
