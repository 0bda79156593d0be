/* SPDX-License-Identifier: BSD-2-Clause */
/* May the kernel be left to connect? See native.h. */
#include "run/native.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/scope.h"
#include "kernel/probe.h"
#include "run/closed_tree.h"

enum {
	PASSRIGHTS_MAJOR = 6, /* SO_PASSRIGHTS is from Linux 6.16 */
	PASSRIGHTS_MINOR = 16,
};

bool
pale_native_harmless(const struct pale_entry *entry, uid_t owner)
{
	static const char *const system_trees[] = { "/usr", "/etc", "/opt", "/bin", "/sbin", "/lib",
		"/lib32", "/lib64", "/libx32" };
	mode_t mode = entry->at.mode;

	/* A socket that is open already can be connected, and not only within UNIX. */
	if (entry->kind == PALE_GRANT_FD && !entry->reopen)
		return !S_ISSOCK(entry->fd_mode);
	if (!pale_entry_has_rights(entry) || (entry->rights & RS(CONNECTAT)) != 0)
		return true;
	if (!entry->is_dir)
		return !S_ISSOCK(mode);
	if (entry->kind == PALE_GRANT_FD || owner != 0 || (mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	for (size_t i = 0; i < PALE_COUNT(system_trees); i++) {
		if (pale_path_is_beneath(entry->path, system_trees[i]))
			return true;
	}
	return false;
}

bool
pale_native_all(const struct pale_plan *plan, unsigned use)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		if (plan->endpoints[i].kind == PALE_GRANT_UNIX &&
		    (plan->endpoints[i].use & use) == 0)
			return false;
	}
	return true;
}

bool
pale_native_none(const struct pale_plan *plan, unsigned use)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		if (plan->endpoints[i].kind == PALE_GRANT_UNIX &&
		    (plan->endpoints[i].use & use) != 0)
			return false;
	}
	return true;
}

static bool
is_mixed(const struct pale_plan *plan, unsigned use)
{
	return !pale_native_all(plan, use) && !pale_native_none(plan, use);
}

/* In a user namespace of ours other owners look all alike, so it was looked at before. */
static uid_t
owner_of(const struct pale_plan_options *options, const struct pale_entry *entry)
{
	const struct pale_plan *outside = options->outside;

	for (size_t i = 0; outside != NULL && i < outside->entry_count; i++) {
		const struct pale_entry *one = &outside->entries[i];

		if (one->kind == entry->kind && one->at.dev == entry->at.dev &&
		    one->at.ino == entry->at.ino && strcmp(one->path, entry->path) == 0)
			return one->at.uid;
	}
	return outside != NULL ? (uid_t)-1 : entry->at.uid;
}

/*
 * Is a socket that nobody granted known to lie in a directory now, by the kernel's list? The path
 * is as its owner bound it. Returns 1 with the name, 0, or -ENOMEM.
 */
static int
find_bound(const struct pale_plan *plan, const struct pale_entry *entry, char **ret_name)
{
	FILE *list = fopen("/proc/net/unix", "re");
	PALE_FREE char *line = NULL;
	size_t size = 0;
	int found = 0;

	while (list != NULL && found == 0 && getline(&line, &size, list) > 0) {
		char *path = strstr(line, " /");

		if (path == NULL)
			continue;
		path[strcspn(path, "\n")] = '\0';
		path++;
		if (!pale_path_is_beneath(path, entry->path) ||
		    pale_doors_find_unix(plan, path) != NULL)
			continue;
		*ret_name = strdup(path);
		found = *ret_name == NULL ? -ENOMEM : 1;
	}
	if (list != NULL)
		fclose(list);
	return found;
}

static bool
is_granted(const void *state, const char *socket)
{
	return pale_doors_find_unix(state, socket) != NULL;
}

/*
 * Everything outside may connect there, and be connected to: who passes descriptors by the granted
 * sockets and not by these is then the supervisor's to tell.
 */
static bool
mixes_passing(const struct pale_plan *plan, const struct pale_entry *entry)
{
	return !pale_native_none(plan, PALE_USE_SCM_IN | PALE_USE_SCM_OUT) &&
	    entry->kind != PALE_GRANT_TMP && pale_entry_has_rights(entry) &&
	    (entry->is_dir || S_ISSOCK(entry->at.mode)) &&
	    (entry->rights & RS(CONNECTAT, BINDAT)) != 0;
}

/* Could an entry lead to a socket that is not granted? Returns the length of the phrase, as
 * asprintf, or 0 where it could not. */
static int
leads_on(const struct pale_plan *plan, const struct pale_plan_options *options,
    const struct pale_entry *entry, char **ret_why)
{
	PALE_FREE char *name = NULL;
	int found;

	if (mixes_passing(plan, entry))
		return asprintf(ret_why,
		    "descriptors pass by the granted sockets, and not by those in '%s' (%s)",
		    entry->path, entry->origin);
	if (!pale_native_harmless(entry, owner_of(options, entry)))
		return asprintf(
		    ret_why, "'%s' (%s) could lead to other sockets", entry->path, entry->origin);
	if (options->outside != NULL || !pale_entry_has_rights(entry) || !entry->is_dir ||
	    entry->kind == PALE_GRANT_FD || (entry->rights & RS(CONNECTAT)) != 0)
		return 0;
	found = find_bound(plan, entry, &name);
	if (found != 0)
		return found < 0 ? found
				 : asprintf(ret_why, "'%s' (%s) has another socket, '%s'",
				       entry->path, entry->origin, name);
	found = pale_closed_tree_opening(entry->path, is_granted, plan, &name);
	return found <= 0 ? found
			  : asprintf(ret_why, "'%s' in '%s' (%s) could be or hold another socket",
				name, entry->path, entry->origin);
}

int
pale_native_why_not(const struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, char **ret_why)
{
	char *why = NULL;
	int len = 0;

	for (size_t i = 0; i < plan->endpoint_count && why == NULL && len >= 0; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];

		if (one->kind == PALE_GRANT_TCP || one->kind == PALE_GRANT_UDP)
			len = asprintf(
			    &why, "hosts are granted one by one as well (%s)", one->origin);
		else if (one->kind == PALE_GRANT_UNIX && one->name[0] == '@')
			len = asprintf(&why, "'%s' has no path", one->name);
		else if (one->kind == PALE_GRANT_UNIX &&
		    (one->use & (PALE_USE_FOLLOW | PALE_USE_BIND)) != 0)
			len = asprintf(&why, "'%s' (%s) stands for whoever has the name", one->name,
			    one->origin);
		else if (one->kind == PALE_GRANT_UNIX && (one->use & PALE_USE_SCM_IN) != 0)
			len = asprintf(&why,
			    "a descriptor that comes in by '%s' could lead to other sockets",
			    one->name);
		else if (one->kind == PALE_GRANT_UNIX &&
		    !pale_probe_kernel_at_least(PASSRIGHTS_MAJOR, PASSRIGHTS_MINOR))
			len = asprintf(&why,
			    "only so no descriptor comes in from '%s', before Linux 6.16",
			    one->name);
	}
	if (why == NULL && compartment->net != NULL && strcmp(compartment->net, "none") != 0)
		len = asprintf(&why, "the network is granted too");
	if (why == NULL && is_mixed(plan, PALE_USE_SCM_OUT))
		len = asprintf(&why, "descriptors pass by some of the sockets and not by others");
	if (why == NULL && compartment->activation)
		len = asprintf(&why, "sockets are handed over open");
	/* What was seen where the machine is as it is. */
	if (why == NULL && len >= 0 && options->outside != NULL &&
	    options->outside->native_not != NULL) {
		why = strdup(options->outside->native_not);
		len = why == NULL ? -1 : 0;
	}
	for (size_t i = 0; i < plan->entry_count && why == NULL && len >= 0; i++)
		len = leads_on(plan, options, &plan->entries[i], &why);
	if (len < 0)
		return -ENOMEM;
	*ret_why = why;
	return 0;
}
