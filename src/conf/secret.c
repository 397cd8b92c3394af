#include "conf/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/shell.h"
#include "conf/command.h"
#include "conf/safe.h"

#define CREDENTIALS "CREDENTIALS_DIRECTORY"
#define FAIL(err, code, ...) error_set(err, STAGE_CONFIG, code, __VA_ARGS__)

/* Failures begin with the name of the key, for profile_locate(). */

/* What the sources need, and one buffer for all that one of them gives. */
struct fetch {
	const struct profile *p;
	char *const *env;
	int64_t command_ms;
	struct buf raw;
};

static bool
read_file(struct fetch *f, const char *key, const char *path,
    struct error *err)
{
	struct profile_trust trust = { POSTHASTE_SYSCONFDIR,
		os_env(f->env, CREDENTIALS) };
	struct stat st;
	int fd;
	bool ok;

	if (!safe_open(path, &trust, &fd, &st, err)) {
		if (err->sys_errno == ENOENT) {
			err->fix[0] = '\0';
			(void)error_fix(err, "write the password into it, "
			    "alone on a line: (umask 077; cat >%s)",
			    shell_word(path).text);
		}
		return error_prefix(err, "%s: ", key);
	}
	ok = safe_is_private(path, &trust, &st);
	if (!ok) {
		(void)FAIL(err, EX_CONFIG, "%s: a password that everybody may "
		    "read (mode %04o)", path, safe_mode(&st));
		(void)error_fix(err, "chmod o-r %s", shell_word(path).text);
	}
	ok = ok && safe_read(fd, path, SECRET_MAX, &f->raw, err);
	(void)close(fd);
	return ok || error_prefix(err, "%s: ", key);
}

static bool
read_credential(struct fetch *f, struct error *err)
{
	const char *directory = os_env(f->env, CREDENTIALS);
	const char *name = f->p->password_credential;
	struct buf path;
	bool ok;

	if (directory == NULL || directory[0] != '/') {
		(void)FAIL(err, EX_CONFIG, "password_credential = %.100s: $"
		    CREDENTIALS " is not set", name);
		(void)error_cause(err, "systemd sets it for a unit that has "
		    "the credential");
		return error_fix(err, "add LoadCredential=%.100s:/path to the "
		    "unit that sends", name);
	}
	buf_init(&path, BUF_UNLIMITED);
	ok = buf_printf(&path, "%s/%s", directory, name) &&
	    read_file(f, "password_credential", buf_string(&path), err);
	buf_free(&path);
	return ok;
}

static bool
run_command(struct fetch *f, struct error *err)
{
	const struct command c = { f->p->password_command, f->env,
		"password_command", f->command_ms };

	if (command_run(&c, &f->raw, err))
		return true;
	/* That its time is over is said by others. */
	return err->temporary && error_prefix(err, "%s: ", c.name);
}

const char *
secret_source(const struct profile *p)
{
	if (p->password != NULL)
		return "password";
	if (p->password_file != NULL)
		return "password_file";
	if (p->password_command != NULL)
		return "password_command";
	return p->password_credential != NULL ? "password_credential" : NULL;
}

static bool
read_source(struct fetch *f, struct error *err)
{
	const struct profile *p = f->p;

	if (p->password != NULL)
		return buf_add_string(&f->raw, p->password) ||
		    FAIL(err, EX_CONFIG, "password: longer than %lu octets",
		    SECRET_MAX) || error_fix(err, "see that it is the "
		    "password that was meant");
	if (p->password_file != NULL)
		return read_file(f, "password_file", p->password_file, err);
	if (p->password_command != NULL)
		return run_command(f, err);
	if (p->password_credential != NULL)
		return read_credential(f, err);
	(void)FAIL(err, EX_NOPERM, "user: no password for '%.100s'",
	    p->user == NULL ? "" : p->user);
	return error_fix(err, "add password_file, password_command, "
	    "password_credential or password to [%s], or auth = none",
	    p->name);
}

/* The first line of what came, as the password it must be. */
static bool
take_line(struct fetch *f, struct buf *out, struct error *err)
{
	struct span line = buf_span(&f->raw);
	const char *source = secret_source(f->p);
	size_t i;

	line = span_make(line.data, span_find(line, '\n'));
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return FAIL(err, EX_NOPERM, "%s gives an empty password",
		    source) || error_fix(err, "its first line is to be the "
		    "password");
	for (i = 0; i < line.len; i++)
		if (ascii_is_control(line.data[i]))
			return FAIL(err, EX_CONFIG, "%s: control character "
			    "0x%02x in the password", source,
			    (unsigned int)(unsigned char)line.data[i]) ||
			    error_fix(err, "its first line is to be the "
			    "password, as plain text");
	return buf_add_span(out, line) ||
	    FAIL(err, EX_CONFIG, "%s: password too long", source);
}

bool
secret_fetch_within(const struct profile *p, char *const *env,
    int64_t command_ms, struct buf *out, struct error *err)
{
	struct fetch f = { p, env, command_ms, { NULL, 0, 0, 0 } };
	bool ok;

	buf_init(&f.raw, SECRET_MAX);
	ok = read_source(&f, err) && take_line(&f, out, err);
	buf_free_secret(&f.raw);
	return ok || profile_locate(p, err);
}

bool
secret_fetch(const struct profile *p, char *const *env, struct buf *out,
    struct error *err)
{
	return secret_fetch_within(p, env, SECRET_COMMAND_MS, out, err);
}
