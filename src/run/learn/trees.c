/* SPDX-License-Identifier: BSD-2-Clause */
/* The trees that may be learned, and the homes that are never granted; see state.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/learn/state.h"
#include "run/resolve.h"

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

bool
pale_learn_add_path(struct pale_learn_paths *paths, const char *path)
{
	char **grown = reallocarray(paths->list, paths->count + 1, sizeof(*grown));

	if (grown == NULL)
		return false;
	paths->list = grown;
	grown[paths->count] = strdup(path);
	return grown[paths->count] != NULL && ++paths->count > 0;
}

static int
check_tree(const struct pale_resolved *tree, const char *given, struct pale_err *err)
{
	static const char *const never[] = { "/proc", "/sys", "/dev" };

	if (!S_ISDIR(tree->mode))
		return pale_fail(
		    err, -ENOTDIR, "option --learn-within: '%s' is no directory", given);
	if (strcmp(tree->path, "/") == 0) {
		pale_fail(err, -EINVAL, "option --learn-within: '%s' is the whole machine", given);
		return pale_remedy(err, "name the directories in which the program works");
	}
	for (size_t i = 0; i < PALE_COUNT(never); i++) {
		if (strcmp(tree->path, never[i]) == 0 || pale_path_is_beneath(tree->path, never[i]))
			return pale_fail(err, -EINVAL,
			    "option --learn-within: nothing can be learned of '%s'", given);
	}
	return 0;
}

static int
add_tree(struct pale_learn *learn, const char *given, struct pale_err *err)
{
	struct pale_resolved tree = { .fd = -1 };
	struct pale_err words = { 0 };
	int result = pale_resolve(AT_FDCWD, given, &tree, &words);

	if (result < 0) {
		pale_fail(err, result, "option --learn-within: %s", words.text);
		return pale_remedy(err, "%s", words.remedy);
	}
	result = check_tree(&tree, given, err);
	if (result == 0 &&
	    (!pale_learn_add_path(&learn->roots, tree.path) ||
		!pale_learn_add_path(&learn->named, tree.path)))
		result = no_memory(err);
	pale_resolved_done(&tree);
	return result;
}

/* A tree in another tree is that other. */
static void
drop_inner(struct pale_learn_paths *roots)
{
	size_t kept = 0;

	for (size_t i = 0; i < roots->count; i++) {
		bool inner = false;

		/* What is dropped is NULL until the end; of two that are alike the first stays. */
		for (size_t k = 0; k < roots->count; k++)
			inner |= k != i && roots->list[k] != NULL &&
			    pale_path_is_beneath(roots->list[i], roots->list[k]) &&
			    (k < i || strcmp(roots->list[i], roots->list[k]) != 0);
		if (inner) {
			free(roots->list[i]);
			roots->list[i] = NULL;
		}
	}
	for (size_t i = 0; i < roots->count; i++)
		if (roots->list[i] != NULL)
			roots->list[kept++] = roots->list[i];
	roots->count = kept;
}

int
pale_learn_trees(struct pale_learn *learn, struct pale_err *err)
{
	const struct pale_learn_options *options = &learn->options;
	int result = options->within_count == 0 ? add_tree(learn, ".", err) : 0;

	for (size_t i = 0; result == 0 && i < options->within_count; i++)
		result = add_tree(learn, options->within[i], err);
	/* Before any is dropped they may name each other: a tree in a tree is no secret then. */
	if (result == 0)
		drop_inner(&learn->roots);
	return result;
}

/* Homes: of whoever calls, and of everybody in whose home a tree lies. */
int
pale_learn_homes(struct pale_learn *learn, struct pale_err *err)
{
	struct pale_resolved home = { .fd = -1 };
	char path[PATH_MAX];

	if (!pale_learn_add_path(&learn->never, "/root") ||
	    !pale_learn_add_path(&learn->never, "/home"))
		return no_memory(err);
	if (learn->options.home != NULL && learn->options.home[0] == '/' &&
	    pale_resolve(AT_FDCWD, learn->options.home, &home, NULL) == 0) {
		bool added = pale_learn_add_path(&learn->never, home.path);

		pale_resolved_done(&home);
		if (!added)
			return no_memory(err);
	}
	for (size_t i = 0; i < learn->roots.count; i++) {
		const char *root = learn->roots.list[i];
		const char *end;
		size_t len;

		if (strncmp(root, "/home/", strlen("/home/")) != 0)
			continue;
		end = strchr(root + strlen("/home/"), '/');
		len = end == NULL ? strlen(root) : (size_t)(end - root);
		memcpy(path, root, len);
		path[len] = '\0';
		if (!pale_learn_add_path(&learn->never, path))
			return no_memory(err);
	}
	return 0;
}
