#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "conf/profile_file.h"

#define NAME "posthaste/posthaste.ini"

/* The search as far as it got. */
struct search {
	struct buf missing;	/* paths that aren't there, " nor " between */
	struct buf note;
	struct error *err;
};

static bool
add_missing(struct search *s, const char *path, int fault)
{
	return buf_printf(&s->missing, "%s%s", s->missing.len == 0 ? "" :
	    " nor ", path) && buf_printf(&s->note, "%s%s: %s", s->note.len ==
	    0 ? "passed over " : "; ", path, strerror(fault));
}

/* A path that somebody named must be there. */
static bool
take_named(const char *path, const char *who, char **out, struct error *err)
{
	struct stat st;

	if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
		(void)error_set_errno(err, STAGE_CONFIG, EX_CONFIG, errno,
		    "%s", path);
		return error_cause(err, "%s names this file", who);
	}
	/* Any other trouble is explained by profile_load(). */
	*out = mem_string(path);
	return true;
}

/* Whether `path` is there, so that it must do. */
static bool
is_there(struct search *s, const char *path, bool is_users)
{
	struct stat st;
	int fault;

	if (stat(path, &st) == 0)
		return true;
	fault = errno;
	/* A service's user has no business in the home it was given. */
	if (fault != ENOENT && fault != ENOTDIR &&
	    !(is_users && fault == EACCES))
		return true;
	return !add_missing(s, path, fault);
}

static const char *
variable(const struct profile_places *places, const char *name)
{
	const char *value;

	if (!places->trust_env)
		return NULL;
	value = os_env(places->env, name);
	return value == NULL || value[0] == '\0' ? NULL : value;
}

/*
 * sudo and su may leave somebody else's $HOME behind. Looking into passwd takes
 * longer than all the rest of this file.
 */
static char *
find_home(const struct profile_places *places)
{
	const char *home = variable(places, "HOME");
	struct stat st;

	if (home != NULL && home[0] == '/' && stat(home, &st) == 0 &&
	    st.st_uid == geteuid())
		return mem_string(home);
	return places->passwd_home == NULL ? os_passwd_home() :
	    mem_string(places->passwd_home);
}

/* The path in the user's configuration directory, or NULL. */
static char *
user_path(const struct profile_places *places)
{
	const char *xdg = variable(places, "XDG_CONFIG_HOME");
	char *home = NULL, *out = NULL;
	struct buf path;
	bool ok = false;

	buf_init(&path, BUF_UNLIMITED);
	if (xdg != NULL && xdg[0] == '/')
		ok = buf_printf(&path, "%s/" NAME, xdg);
	else if ((home = find_home(places)) != NULL)
		ok = buf_printf(&path, "%s/.config/" NAME, home);
	if (ok)
		out = mem_string(buf_string(&path));
	buf_free(&path);
	mem_free(home);
	return out;
}

static char *
system_path(const struct profile_places *places)
{
	struct buf path;
	char *out;
	bool ok;

	buf_init(&path, BUF_UNLIMITED);
	ok = buf_printf(&path, "%s/" NAME, places->sysconfdir);
	out = mem_string(ok ? buf_string(&path) : "");
	buf_free(&path);
	return out;
}

static bool
find_unnamed(const struct profile_places *places, struct search *s,
    char **path)
{
	char *users = user_path(places), *systems = system_path(places);
	bool found = true;

	if (users != NULL && is_there(s, users, true)) {
		*path = users;
		users = NULL;
	} else if (is_there(s, systems, false)) {
		*path = systems;
		systems = NULL;
	} else {
		found = error_set(s->err, STAGE_CONFIG, EX_CONFIG,
		    "no profile: there is no %s", buf_string(&s->missing));
		(void)error_fix(s->err, "write %s; posthaste --configure "
		    "ADDRESS prints one for a mail account, and "
		    "posthaste.ini(5) begins with one of five lines", systems);
	}
	mem_free(users);
	mem_free(systems);
	return found;
}

bool
profile_find_in(const struct profile_places *places, char **path,
    char **note, struct error *err)
{
	const char *named = variable(places, "POSTHASTE_CONFIG");
	struct search s;
	bool found;

	*path = NULL;
	*note = NULL;
	if (places->config != NULL)
		return take_named(places->config, "--config", path, err);
	if (named != NULL)
		return take_named(named, "$POSTHASTE_CONFIG", path, err);
	s.err = err;
	buf_init(&s.missing, BUF_UNLIMITED);
	buf_init(&s.note, BUF_UNLIMITED);
	found = find_unnamed(places, &s, path);
	if (s.note.len > 0)
		*note = mem_string(buf_string(&s.note));
	buf_free(&s.missing);
	buf_free(&s.note);
	return found;
}

bool
profile_find(const char *config, char *const *env, bool trust_env,
    char **path, char **note, struct error *err)
{
	const struct profile_places places = { config, env, trust_env,
		POSTHASTE_SYSCONFDIR, NULL };

	return profile_find_in(&places, path, note, err);
}
