/* SPDX-License-Identifier: BSD-2-Clause */
/* Learning before and after the run; see learn.h. */
#include "run/learn/learn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/learn/state.h"
#include "run/resolve.h"

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

static void
paths_done(struct pale_learn_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
	*paths = (struct pale_learn_paths){ 0 };
}

/* The directory of the file, for what it includes. */
static char *
file_dir(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

int
pale_learn_new(
    const struct pale_learn_options *options, struct pale_learn **ret, struct pale_err *err)
{
	struct pale_learn *learn = calloc(1, sizeof(*learn));
	struct pale_resolved at = { .fd = -1 };
	PALE_FREE char *dir = NULL;
	int result;

	if (learn == NULL)
		return no_memory(err);
	learn->options = *options;
	learn->scribe = PALE_SCRIBE_NONE;
	pale_seen_init(&learn->seen);
	pale_policy_init(&learn->policy);
	learn->start_dir = getcwd(NULL, 0);
	if (learn->start_dir == NULL) {
		result = pale_fail_errno(err, "cannot tell the working directory");
		pale_learn_free(learn);
		return result;
	}
	dir = file_dir(options->file);
	if (dir != NULL && pale_resolve(AT_FDCWD, dir, &at, NULL) == 0)
		learn->file_dir = pale_take_ptr(at.path);
	pale_resolved_done(&at);
	result =
	    pale_scribe_start(&learn->scribe, options->file, &learn->text, &learn->text_size, err);
	if (result == 0)
		result = pale_learn_text_read(
		    options->file, learn->text, &learn->old, &learn->seen, err);
	if (result == 0 && pale_trace_new(NULL, NULL, &learn->trace) < 0)
		result = no_memory(err);
	if (result < 0) {
		pale_learn_free(learn);
		return result;
	}
	*ret = learn;
	return 0;
}

/* What the file says of how to run is not meant for a run by which it is learned. */
static void
forget_start(struct pale_compartment *compartment, bool command, bool chdir)
{
	if (command) {
		for (size_t i = 0; compartment->command != NULL && compartment->command[i] != NULL;
		     i++)
			free(compartment->command[i]);
		free(compartment->command);
		compartment->command = NULL;
	}
	if (chdir) {
		free(compartment->chdir);
		compartment->chdir = NULL;
	}
}

int
pale_learn_policy(
    struct pale_learn *learn, struct pale_policy *policy, bool command_given, struct pale_err *err)
{
	PALE_FREE char *dir = file_dir(learn->options.file);
	struct pale_policy own;
	int result = 0;

	if (learn->text == NULL)
		return 0;
	if (dir == NULL)
		return no_memory(err);
	pale_policy_init(&own);
	result = pale_policy_read_text(
	    &own, learn->options.file, dir, learn->text, learn->text_size, err);
	for (size_t i = 0; result == 0 && i < own.compartment_count; i++) {
		struct pale_compartment *from = &own.compartments[i];
		struct pale_compartment *to;

		forget_start(from, command_given, !learn->old.has_chdir);
		if (pale_policy_compartment(policy, from->name, &to) < 0)
			result = no_memory(err);
		else
			result = pale_compartment_merge(to, from, err);
	}
	pale_policy_done(&own);
	return result;
}

/* The canonical name of a grant; false if it leads nowhere, or is none of a path. */
static bool
grant_place(const struct pale_grant *grant, struct pale_resolved *ret)
{
	char joined[PATH_MAX];

	if (grant->kind != PALE_GRANT_PATH && grant->kind != PALE_GRANT_DIR &&
	    grant->kind != PALE_GRANT_FILE)
		return false;
	return pale_path_join(grant->base == NULL ? "" : grant->base, grant->path, joined,
		   sizeof(joined)) == 0 &&
	    pale_resolve(AT_FDCWD, joined, ret, NULL) == 0;
}

/* What only the filter withholds, for the whole cage: what one may, all must that can change. */
static pale_rights
filter_rights(void)
{
	return pale_rights_of_how(PALE_HOW_SECCOMP);
}

/* All that is open in a tree while it is learned. */
static pale_rights
tree_rights(void)
{
	return pale_rights_close(
	    pale_rights_preset_write() | pale_rights_preset_execute() | filter_rights());
}

/* A grant beside the trees: as it is, but with what nothing could withhold from it. */
static int
copy_grant(struct pale_learn *learn, struct pale_compartment *to, const struct pale_grant *grant,
    const char *place, struct pale_err *err)
{
	struct pale_grant wide = *grant;
	struct pale_learn_narrow *grown;

	wide.rights = pale_rights_close(grant->rights);
	if (place == NULL || (wide.rights & pale_rights_of_mount(PALE_MOUNT_RDONLY)) == 0 ||
	    (filter_rights() & ~wide.rights) == 0)
		return pale_compartment_grant(to, grant, err);
	grown = reallocarray(learn->narrow, learn->narrow_count + 1, sizeof(*grown));
	if (grown == NULL)
		return no_memory(err);
	learn->narrow = grown;
	grown[learn->narrow_count].rights = wide.rights;
	grown[learn->narrow_count].path = strdup(place);
	if (grown[learn->narrow_count].path == NULL)
		return no_memory(err);
	learn->narrow_count++;
	wide.rights |= filter_rights();
	return pale_compartment_grant(to, &wide, err);
}

/* A socket or FIFO of a tree that an earlier run learned, and that may be gone by now. */
static bool
is_learned_endpoint(const struct pale_learn *learn, const struct pale_grant *grant)
{
	size_t len = strlen(learn->options.file);

	return (grant->kind == PALE_GRANT_UNIX || grant->kind == PALE_GRANT_FIFO) &&
	    strncmp(grant->origin, learn->options.file, len) == 0 && grant->origin[len] == ':' &&
	    pale_learn_is_within(learn, grant->path);
}

/* Does a grant hold when the policy is run: not of the command line, and not one that is learned?
 */
static bool
stays(const struct pale_learn *learn, const struct pale_grant *grant)
{
	size_t len = strlen(learn->options.file);
	unsigned long line;

	if (grant->origin[0] == '-')
		return false;
	if (strncmp(grant->origin, learn->options.file, len) != 0 || grant->origin[len] != ':')
		return true;
	line = strtoul(grant->origin + len + 1, NULL, 10);
	return line < learn->old.first_line || line > learn->old.last_line;
}

/* A grant of somebody else's in a tree: what is learned stands beside it later. */
static int
keep_inner(struct pale_learn *learn, const struct pale_grant *grant, const struct pale_resolved *at,
    struct pale_err *err)
{
	struct pale_learn_base *grown =
	    reallocarray(learn->base, learn->base_count + 1, sizeof(*grown));

	if (grown == NULL)
		return no_memory(err);
	learn->base = grown;
	grown += learn->base_count;
	*grown = (struct pale_learn_base){ .path = strdup(at->path),
		.rights = pale_rights_close(grant->rights),
		.is_dir = S_ISDIR(at->mode),
		.has_rights = true };
	grown->landlock = pale_rights_landlock(grown->rights);
	if (grown->path == NULL)
		return no_memory(err);
	learn->base_count++;
	return 0;
}

static int
copy_grants(struct pale_learn *learn, const struct pale_compartment *from,
    struct pale_compartment *to, struct pale_err *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < from->grant_count; i++) {
		struct pale_resolved at = { .fd = -1 };
		bool found = grant_place(&from->grants[i], &at);

		if (found && !pale_learn_add_path(&learn->named, at.path))
			result = no_memory(err);
		/* In a tree all is open. */
		if (result == 0 && (!found || !pale_learn_is_within(learn, at.path)) &&
		    !is_learned_endpoint(learn, &from->grants[i]))
			result =
			    copy_grant(learn, to, &from->grants[i], found ? at.path : NULL, err);
		else if (result == 0 && found && stays(learn, &from->grants[i]))
			result = keep_inner(learn, &from->grants[i], &at, err);
		pale_resolved_done(&at);
	}
	return result;
}

static int
grant_tree(
    struct pale_learn *learn, struct pale_compartment *to, const char *root, struct pale_err *err)
{
	struct pale_grant tree = { .kind = PALE_GRANT_DIR,
		.path = (char *)(uintptr_t)root,
		.rights = tree_rights(),
		.fd = -1,
		.origin = (char *)(uintptr_t)PALE_LEARN_ORIGIN };
	int result = pale_compartment_grant(to, &tree, err);

	return result < 0 ? result
			  : pale_secrets_find(&learn->secrets, root,
				(const char *const *)learn->named.list, learn->named.count, err);
}

static int
hide_secrets(struct pale_learn *learn, struct pale_compartment *to, struct pale_err *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < learn->secrets.count; i++) {
		struct pale_grant hide = { .kind = PALE_GRANT_HIDE,
			.path = learn->secrets.list[i].path,
			.fd = -1,
			.optional = true,
			.origin = (char *)(uintptr_t)PALE_LEARN_ORIGIN };

		result = pale_compartment_grant(to, &hide, err);
	}
	learn->touched = calloc(learn->secrets.count + 1, sizeof(*learn->touched));
	return result == 0 && learn->touched == NULL ? no_memory(err) : result;
}

/*
 * Which hosts are wanted shows only where sockets of the network can be made. So one address is
 * granted that nobody has (RFC 5737), and the supervisor refuses each other one by name.
 */
static int
grant_nowhere(struct pale_compartment *to, struct pale_err *err)
{
	static const enum pale_grant_kind kinds[] = { PALE_GRANT_TCP, PALE_GRANT_UDP };
	int result = 0;

	for (size_t i = 0; result == 0 && to->net == NULL && i < PALE_COUNT(kinds); i++) {
		struct pale_grant nowhere = { .kind = kinds[i],
			.path = (char *)(uintptr_t) "192.0.2.0",
			.port = 1,
			.use = PALE_USE_CONNECT,
			.fd = -1,
			.origin = (char *)(uintptr_t)PALE_LEARN_ORIGIN };

		result = pale_compartment_grant(to, &nowhere, err);
	}
	return result;
}

int
pale_learn_compartment(struct pale_learn *learn, const struct pale_compartment *given,
    struct pale_compartment **ret, struct pale_err *err)
{
	struct pale_compartment rest = *given;
	struct pale_compartment *to;
	int result = pale_learn_trees(learn, err);

	if (result == 0)
		result = pale_learn_homes(learn, err);
	if (result == 0 && pale_policy_compartment(&learn->policy, "main", &to) < 0)
		result = no_memory(err);
	if (result < 0)
		return result;
	rest.grants = NULL;
	rest.grant_count = 0;
	result = pale_compartment_merge(to, &rest, err);
	if (result == 0)
		result = copy_grants(learn, given, to, err);
	for (size_t i = 0; result == 0 && i < learn->roots.count; i++)
		result = grant_tree(learn, to, learn->roots.list[i], err);
	if (result == 0)
		result = hide_secrets(learn, to, err);
	if (result == 0)
		result = grant_nowhere(to, err);
	if (result < 0)
		return result;
	learn->command = to->command;
	*ret = to;
	return 0;
}

/* What others grant is remembered, for the plan is gone when the grants are made. */
static int
keep_base(struct pale_learn *learn, const struct pale_plan *plan)
{
	struct pale_learn_base *grown =
	    reallocarray(learn->base, learn->base_count + plan->entry_count + 1, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	learn->base = grown;
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		struct pale_learn_base *base = &learn->base[learn->base_count];

		if ((!pale_entry_has_rights(entry) && entry->kind != PALE_GRANT_TMP) ||
		    strcmp(entry->origin, PALE_LEARN_ORIGIN) == 0)
			continue;
		*base = (struct pale_learn_base){ .path = strdup(entry->path),
			.rights = entry->rights,
			.landlock = entry->landlock,
			.is_dir = entry->is_dir,
			.has_rights = pale_entry_has_rights(entry) };
		if (base->path == NULL)
			return -ENOMEM;
		learn->base_count++;
		for (size_t k = 0; k < learn->narrow_count; k++)
			if (strcmp(learn->narrow[k].path, entry->path) == 0)
				base->rights = learn->narrow[k].rights;
	}
	return 0;
}

static int
start(void *state, const struct pale_plan *plan, struct pale_err *err)
{
	struct pale_learn *learn = state;
	const struct pale_watcher *trace = pale_trace_watcher(learn->trace);
	int result = 0;

	if (learn->inner != NULL && learn->inner->start != NULL)
		result = learn->inner->start(learn->inner->hook.state, plan, err);
	if (result == 0 && trace->start != NULL)
		result = trace->start(trace->hook.state, plan, err);
	if (result < 0)
		return result;
	learn->options.landlock_abi = plan->landlock_abi;
	learn->cwd = strdup(plan->cwd);
	return learn->cwd == NULL || keep_base(learn, plan) < 0 ? no_memory(err) : 0;
}

const struct pale_watcher *
pale_learn_watcher(struct pale_learn *learn, const struct pale_watcher *inner)
{
	learn->inner = inner;
	learn->watcher = (struct pale_watcher){
		.hook = { .state = learn, .hear = pale_learn_hear },
		.watch = PALE_WATCH_PATHS,
		.start = start,
	};
	return &learn->watcher;
}

void
pale_learn_free(struct pale_learn *learn)
{
	if (learn == NULL)
		return;
	pale_scribe_end(&learn->scribe);
	pale_learn_old_done(&learn->old);
	pale_seen_done(&learn->seen);
	paths_done(&learn->roots);
	paths_done(&learn->never);
	paths_done(&learn->named);
	pale_secrets_done(&learn->secrets);
	pale_policy_done(&learn->policy);
	pale_trace_free(learn->trace);
	for (size_t i = 0; i < learn->narrow_count; i++)
		free(learn->narrow[i].path);
	for (size_t i = 0; i < learn->base_count; i++)
		free((void *)(uintptr_t)learn->base[i].path);
	free(learn->narrow);
	free(learn->base);
	free(learn->text);
	free(learn->start_dir);
	free(learn->file_dir);
	free(learn->cwd);
	free(learn->touched);
	free(learn);
}
