/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a compartment to entries: each grant resolved, what is there twice united, sorted so that a
 * wider grant comes before what lies in it. Which mechanism enforces what is decided in compile.c.
 */
#include "run/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/escape.h"
#include "core/path.h"
#include "core/scope.h"
#include "policy/endpoint.h"
#include "run/compile.h"
#include "run/fds.h"

const struct pale_loss pale_losses[] = {
	{ "overlap", PALE_LOSS_OVERLAP,
	    "a narrower grant inside a wider one is lost as soon as somebody outside replaces its "
	    "name, and the wider grant then holds there" },
	{ "landlock", PALE_LOSS_LANDLOCK,
	    "rights that only a newer Landlock can withhold are left to the program" },
	{ "nproc", PALE_LOSS_NPROC,
	    "the number of processes is not limited where the kernel cannot limit root's" },
	{ "queue", PALE_LOSS_QUEUE,
	    "a granted POSIX queue that belongs to you can be given another mode, group and "
	    "times" },
	{ "passing", PALE_LOSS_PASSING,
	    "descriptors can be passed in and out by the sockets that are granted, on kernels "
	    "before "
	    "Linux 6.16" },
	{ NULL, 0, NULL },
};

static void
entry_done(struct pale_entry *entry)
{
	pale_resolved_done(&entry->at);
	free(entry->path);
	free(entry->target);
}

void
pale_plan_done(struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++)
		entry_done(&plan->entries[i]);
	pale_doors_done(plan);
	for (size_t i = 0; i < plan->notice_count; i++)
		free(plan->notices[i]);
	if (plan->terminal_fd > 0)
		close(plan->terminal_fd);
	if (plan->machine > 0)
		close(plan->machine);
	for (size_t i = 0; i < PALE_COUNT(plan->stdio_fd); i++) {
		if (plan->stdio_fd[i] > 0)
			close(plan->stdio_fd[i]);
	}
	free(plan->entries);
	free(plan->notices);
	free(plan->cwd);
	*plan = (struct pale_plan){ 0 };
}

int
pale_plan_notice(struct pale_plan *plan, struct pale_err *err, const char *fmt, ...)
{
	char **notices = realloc(plan->notices, (plan->notice_count + 1) * sizeof(*plan->notices));
	va_list args;
	char *text;
	int len;

	if (notices == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	plan->notices = notices;
	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		return pale_fail(err, -ENOMEM, "out of memory");
	plan->notices[plan->notice_count++] = text;
	return 0;
}

/* The path of a grant as the walker gets it: relative to its file, or to the working directory. */
static int
grant_path(const struct pale_grant *grant, char *buf, size_t size, struct pale_err *err)
{
	int result;

	if (grant->path[0] == '/' || grant->base == NULL)
		result = pale_path_join("", grant->path, buf, size);
	else
		result = pale_path_join(grant->base, grant->path, buf, size);
	return result < 0
	    ? pale_fail(err, result, "%s: '%s' is too long", grant->origin, grant->path)
	    : 0;
}

/* For what need not exist on the machine (tmp, link): the name alone, made absolute. */
static int
name_only(const struct pale_grant *grant, const char *path, struct pale_entry *entry,
    struct pale_err *err)
{
	char buf[PATH_MAX];
	char cwd[PATH_MAX];
	char joined[PATH_MAX * 2];

	if (path[0] != '/') {
		if (getcwd(cwd, sizeof(cwd)) == NULL)
			return pale_fail_errno(err, "cannot tell the working directory");
		snprintf(joined, sizeof(joined), "%s/%s", cwd, path);
		path = joined;
	}
	if (pale_path_normalise(path, buf, sizeof(buf)) < 0)
		return pale_fail(err, -ENAMETOOLONG, "%s: '%s' is too long", grant->origin, path);
	entry->path = strdup(buf);
	return entry->path == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 0;
}

static int
check_type(const struct pale_grant *grant, const struct pale_entry *entry, struct pale_err *err)
{
	mode_t mode = entry->at.mode;

	if (grant->kind == PALE_GRANT_DIR && !S_ISDIR(mode)) {
		pale_fail(err, -ENOTDIR, "%s: '%s' is not a directory", grant->origin, grant->path);
		return pale_remedy(err, "grant a single file with --file");
	}
	if (grant->kind == PALE_GRANT_FILE && S_ISDIR(mode)) {
		pale_fail(err, -EISDIR, "%s: '%s' is a directory", grant->origin, grant->path);
		return pale_remedy(err, "grant a directory with --dir");
	}
	if (grant->kind == PALE_GRANT_COPY && !S_ISREG(mode))
		return pale_fail(err, -EINVAL,
		    "%s: '%s' is not a regular file, so it cannot be copied", grant->origin,
		    grant->path);
	if (grant->kind == PALE_GRANT_DEV && !S_ISCHR(mode))
		return pale_fail(
		    err, -ENODEV, "%s: '%s' is not a character device", grant->origin, grant->path);
	return 0;
}

/* Fill an entry from a grant. Returns 1 if it is there, 0 if it may be absent and is. */
static int
resolve_entry(struct pale_plan *plan, const struct pale_grant *grant, struct pale_entry *entry,
    struct pale_err *err)
{
	struct pale_err words = { 0 };
	char path[PATH_MAX];
	int result;

	entry->kind = grant->kind;
	entry->origin = grant->origin;
	entry->exec = grant->exec;
	entry->asked = pale_rights_close(grant->rights);
	entry->at.fd = -1;
	entry->fd = -1;
	if (grant->kind == PALE_GRANT_FD) {
		result = pale_fds_entry(grant, entry, err);
		return result < 0 ? result : 1;
	}
	result = grant_path(grant, path, sizeof(path), err);
	if (result < 0)
		return result;
	if (pale_grant_is_endpoint(grant->kind))
		return pale_doors_resolve(plan, grant, path, entry, err);
	if (grant->kind == PALE_GRANT_TMP || grant->kind == PALE_GRANT_LINK) {
		result = name_only(grant, path, entry, err);
		if (result == 0 && grant->target != NULL) {
			entry->target = strdup(grant->target);
			if (entry->target == NULL)
				result = pale_fail(err, -ENOMEM, "out of memory");
		}
		entry->is_dir = grant->kind == PALE_GRANT_TMP;
		return result < 0 ? result : 1;
	}
	result = pale_resolve(AT_FDCWD, path, &entry->at, &words);
	if (result < 0) {
		if (grant->optional &&
		    (result == -ENOENT || result == -ENOTDIR || result == -EACCES))
			return 0;
		pale_fail(err, result, "%s: %s", grant->origin, words.text);
		if (result == -EMFILE)
			return pale_remedy(err, "each grant takes a descriptor: raise `ulimit -n`");
		return pale_remedy(err, "%s", words.remedy);
	}
	result = check_type(grant, entry, err);
	if (result < 0)
		return result;
	entry->path = strdup(entry->at.path);
	entry->is_dir = S_ISDIR(entry->at.mode);
	return entry->path == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 1;
}

/* '/' sorts before every other byte, so that a directory's contents follow it at once. */
int
pale_plan_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int
compare_entry(const void *a, const void *b)
{
	const struct pale_entry *x = a;
	const struct pale_entry *y = b;

	return pale_plan_compare(x->path, y->path);
}

bool
pale_entry_has_rights(const struct pale_entry *entry)
{
	return entry->kind == PALE_GRANT_PATH || entry->kind == PALE_GRANT_DIR ||
	    entry->kind == PALE_GRANT_FILE || entry->kind == PALE_GRANT_FIFO ||
	    (entry->kind == PALE_GRANT_FD && entry->reopen);
}

/*
 * Two grants of one name: rights are united; a grant of the thing itself replaces a copy, a private
 * directory or a link that a profile put there; the rest cannot both be meant.
 */
static int
unite(struct pale_entry *into, struct pale_entry *from, struct pale_err *err)
{
	bool rights_into = pale_entry_has_rights(into);
	bool rights_from = pale_entry_has_rights(from);
	/* A socket to be connected to is shown, one that is only to be bound is not. */
	bool shows = into->kind == PALE_GRANT_UNIX && from->kind == PALE_GRANT_UNIX &&
	    into->absent && !from->absent;

	if (rights_into && rights_from) {
		into->asked |= from->asked;
		/* What a FIFO's mount withholds is granted by the other. */
		if (into->kind == PALE_GRANT_FIFO)
			into->kind = from->kind;
	} else if (into->kind == from->kind && into->kind != PALE_GRANT_LINK && !shows) {
		into->exec |= from->exec;
	} else if (into->kind == PALE_GRANT_DEV && rights_from) {
		return 0; /* as a device it can be used, in a grant of files it does not open */
	} else if (from->kind == PALE_GRANT_DEV && rights_into) {
		struct pale_entry swap = *into;

		*into = *from;
		*from = swap;
	} else if (into->kind == PALE_GRANT_HIDE || from->kind == PALE_GRANT_HIDE) {
		pale_fail(err, -EEXIST, "'%s' is both granted (%s) and hidden (%s)", into->path,
		    into->kind == PALE_GRANT_HIDE ? from->origin : into->origin,
		    into->kind == PALE_GRANT_HIDE ? into->origin : from->origin);
		return pale_remedy(err, "take one of the two away");
	} else if ((rights_from && !rights_into) ||
	    (from->kind == PALE_GRANT_UNIX && !rights_into)) {
		struct pale_entry swap = *into;

		*into = *from;
		*from = swap;
	} else if (into->kind == PALE_GRANT_LINK && from->kind == PALE_GRANT_LINK &&
	    strcmp(into->target, from->target) != 0) {
		return pale_fail(err, -EEXIST, "'%s' is to be a link to '%s' (%s) and to '%s' (%s)",
		    into->path, into->target, into->origin, from->target, from->origin);
	}
	return 0;
}

/* Unite neighbours of one path in the sorted entries. */
static int
unite_all(struct pale_plan *plan, struct pale_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->entry_count; i++) {
		struct pale_entry *entry = &plan->entries[i];

		if (kept > 0 && strcmp(plan->entries[kept - 1].path, entry->path) == 0) {
			int result = unite(&plan->entries[kept - 1], entry, err);

			if (result < 0) {
				/* Keep the tail owned: close the gap first. */
				memmove(&plan->entries[kept], entry,
				    (plan->entry_count - i) * sizeof(*entry));
				plan->entry_count -= i - kept;
				return result;
			}
			entry_done(entry);
			continue;
		}
		if (kept != i)
			plan->entries[kept] = *entry;
		kept++;
	}
	plan->entry_count = kept;
	return 0;
}

static bool
shows_below(const struct pale_entry *entry)
{
	return (pale_entry_has_rights(entry) && entry->is_dir && entry->kind != PALE_GRANT_FD) ||
	    entry->kind == PALE_GRANT_TMP;
}

static void
find_covers(struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		struct pale_entry *entry = &plan->entries[i];
		size_t above = i == 0 ? PALE_NO_COVER : i - 1;

		if (above != PALE_NO_COVER && !shows_below(&plan->entries[above]))
			above = plan->entries[above].cover;
		if (entry->kind == PALE_GRANT_FD)
			above = PALE_NO_COVER;
		while (above != PALE_NO_COVER &&
		    !pale_path_is_beneath(entry->path, plan->entries[above].path))
			above = plan->entries[above].cover;
		entry->cover = above;
		/* A link of a profile gives way to a grant of something below its name. */
		if (i > 0 && plan->entries[i - 1].kind == PALE_GRANT_LINK &&
		    pale_path_is_beneath(entry->path, plan->entries[i - 1].path))
			plan->entries[i - 1].redundant = true;
	}
}

const struct pale_entry *
pale_plan_find(const struct pale_plan *plan, const char *path)
{
	const struct pale_entry *found = NULL;

	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind == PALE_GRANT_LINK)
			continue;
		if (strcmp(entry->path, path) == 0 ||
		    (shows_below(entry) && pale_path_is_beneath(path, entry->path)))
			found = entry; /* sorted: a later one is longer */
	}
	return found;
}

/* Is a directory there inside: granted, or only on the way to something that is? */
static bool
is_inside(const struct pale_plan *plan, const char *path)
{
	const struct pale_entry *entry = pale_plan_find(plan, path);

	if (entry != NULL && shows_below(entry) && pale_entry_has_rights(entry))
		return true;
	for (size_t i = 0; i < plan->entry_count; i++) {
		entry = &plan->entries[i];
		if (entry->kind != PALE_GRANT_FD && entry->kind != PALE_GRANT_HIDE &&
		    pale_path_is_beneath(entry->path, path))
			return true;
	}
	return false;
}

static int
find_cwd(struct pale_plan *plan, const char *asked, struct pale_err *err)
{
	char cwd[PATH_MAX];

	if (asked != NULL) {
		char joined[PATH_MAX * 2];

		if (asked[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL) {
			snprintf(joined, sizeof(joined), "%s/%s", cwd, asked);
			asked = joined;
		}
		plan->cwd = strdup(asked);
	} else if (getcwd(cwd, sizeof(cwd)) != NULL && cwd[0] == '/' && is_inside(plan, cwd)) {
		plan->cwd = strdup(cwd);
	} else {
		plan->cwd = strdup("/");
	}
	return plan->cwd == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 0;
}

int
pale_plan_make(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	int result = pale_fds_open(compartment, err);

	plan->terminal_fd = -1;
	plan->machine = -1;
	for (size_t i = 0; i < PALE_COUNT(plan->stdio_fd); i++)
		plan->stdio_fd[i] = -1;
	if (result < 0)
		return result;
	plan->entries = calloc(compartment->grant_count + 1, sizeof(*plan->entries));
	plan->endpoints = calloc(compartment->grant_count + 1, sizeof(*plan->endpoints));
	if (plan->entries == NULL || plan->endpoints == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < compartment->grant_count; i++) {
		struct pale_entry *entry = &plan->entries[plan->entry_count];

		*entry = (struct pale_entry){ .cover = PALE_NO_COVER };
		result = resolve_entry(plan, &compartment->grants[i], entry, err);
		if (result <= 0)
			entry_done(entry);
		else
			plan->entry_count++;
		if (result < 0)
			return result;
	}
	qsort(plan->entries, plan->entry_count, sizeof(*plan->entries), compare_entry);
	result = unite_all(plan, err);
	if (result < 0)
		return result;
	find_covers(plan);
	result = find_cwd(plan, compartment->chdir, err);
	if (result == 0)
		result = pale_compile(plan, compartment, options, err);
	return result < 0 ? result : pale_doors_make(plan, compartment, options, err);
}
