/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of learning: what was seen is looked at once more, made into grants, and written. The
 * root of this process is still that of the cage, in which the trees are.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "policy/write.h"
#include "run/learn/image.h"
#include "run/learn/lines.h"
#include "run/learn/state.h"
#include "run/resolve.h"

enum {
	ABOUT_BYTES = 2048, /* of a line about what was denied; a call has at most 1024 */
};

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

/* Does the way to a name cross no link, so that a grant by this path is one of what was seen? */
static bool
is_straight(const char *path)
{
	struct pale_resolved at = { .fd = -1 };
	char dir[PATH_MAX];
	size_t len = (size_t)(strrchr(path, '/') - path);
	bool same;

	if (len == 0 || len >= sizeof(dir))
		return len == 0;
	memcpy(dir, path, len);
	dir[len] = '\0';
	same = pale_resolve(AT_FDCWD, dir, &at, NULL) < 0 || strcmp(at.path, dir) == 0;
	pale_resolved_done(&at);
	return same;
}

/* A name that is gone came and went; what it is may have changed. */
static void
look_again(struct pale_seen *one)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t len;

	one->passing |= !is_straight(one->path);
	if (one->passing)
		return;
	if (lstat(one->path, &st) < 0) {
		/* Of an earlier run: it may be there again. */
		if (errno == ENOENT && one->first[0] != '\0' && one->notes == NULL &&
		    one->type != PALE_SEEN_DIR)
			one->passing = one->type != PALE_SEEN_LINK;
		return;
	}
	if (S_ISLNK(st.st_mode)) {
		one->type = PALE_SEEN_LINK;
		if (one->target != NULL)
			return;
		len = readlink(one->path, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		one->target = len > 0 ? strdup(target) : NULL;
	} else if (S_ISDIR(st.st_mode)) {
		one->type = PALE_SEEN_DIR;
	} else if (S_ISREG(st.st_mode)) {
		one->type = PALE_SEEN_FILE;
	}
}

/* Libraries are mapped and interpreters opened without a call that names them. */
static void
look_image(struct pale_learn *learn, size_t at)
{
	struct pale_learn_image image;
	struct pale_seen *one = &learn->seen.list[at];
	char first[PALE_SEEN_FIRST_BYTES];

	if (one->type != PALE_SEEN_FILE || (one->rights & RS(READ, FEXECVE)) == 0)
		return;
	pale_learn_image_look(one->path, &image);
	if (image.code)
		one->rights |= RS(MMAP_X);
	if ((one->rights & RS(FEXECVE)) == 0 || image.interpreter[0] == '\0')
		return;
	snprintf(first, sizeof(first), "%s", one->first);
	if (pale_learn_is_within(learn, image.interpreter)) {
		struct pale_seen *added = pale_seen_use(&learn->seen, image.interpreter,
		    pale_rights_preset_execute(), PALE_SEEN_FILE, first, false);

		if (added != NULL)
			look_again(added);
	}
	pale_learn_links(learn, image.interpreter);
}

/* A path of a command, from where it starts; false if it cannot be one. */
static bool
note_program(struct pale_learn *learn, const char *dir, const char *name)
{
	struct pale_resolved at = { .fd = -1 };
	char path[PATH_MAX];
	char whole[PATH_MAX];
	bool found;

	if (pale_path_join(dir, name, path, sizeof(path)) < 0 ||
	    pale_path_join(learn->cwd, path, whole, sizeof(whole)) < 0 ||
	    pale_resolve(AT_FDCWD, whole, &at, NULL) < 0)
		return false;
	found = S_ISREG(at.mode) && (at.mode & 0111) != 0;
	if (found && pale_learn_is_within(learn, at.path))
		pale_seen_use(&learn->seen, at.path, pale_rights_preset_execute(), PALE_SEEN_FILE,
		    "pale (execve)", false);
	pale_resolved_done(&at);
	if (found)
		pale_learn_links(learn, whole);
	return found;
}

/* The command is run before anything can be heard: it is looked for as execvp(3) does. */
static void
note_command(struct pale_learn *learn)
{
	const char *name = learn->command == NULL ? NULL : learn->command[0];
	const char *at = getenv("PATH");
	char dir[PATH_MAX];

	if (name == NULL || learn->cwd == NULL)
		return;
	if (strchr(name, '/') != NULL) {
		note_program(learn, "", name);
		return;
	}
	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, ":");

		if (len < sizeof(dir)) {
			snprintf(dir, sizeof(dir), "%.*s", (int)len, at);
			if (note_program(learn, dir, name))
				return;
		}
		at += len + (at[len] == ':');
	}
}

static int
around(const struct pale_learn *learn, struct pale_learn_around *ret, const char ***ret_secrets,
    struct pale_learn_paths *roots)
{
	const char **secrets = calloc(learn->secrets.count + 1, sizeof(*secrets));

	*ret_secrets = secrets;
	roots->list =
	    calloc(learn->roots.count + learn->old.within_count + 1, sizeof(*roots->list));
	if (secrets == NULL || roots->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < learn->secrets.count; i++)
		secrets[i] = learn->secrets.list[i].path;
	for (size_t i = 0; i < learn->roots.count; i++)
		roots->list[roots->count++] = learn->roots.list[i];
	for (size_t i = 0; i < learn->old.within_count; i++)
		if (!pale_learn_is_within(learn, learn->old.within[i]))
			roots->list[roots->count++] = learn->old.within[i];
	*ret = (struct pale_learn_around){
		.roots = (const char *const *)roots->list,
		.root_count = roots->count,
		.never = (const char *const *)learn->never.list,
		.never_count = learn->never.count,
		.secrets = secrets,
		.secret_count = learn->secrets.count,
		.base = learn->base,
		.base_count = learn->base_count,
		.landlock_abi = (unsigned)learn->options.landlock_abi,
	};
	return 0;
}

/* One statement of a word and a string. */
static bool
put_statement(char **text, const char *word, const char *value)
{
	size_t length = pale_policy_quote(value, NULL, 0);
	PALE_FREE char *quoted = malloc(length + 1);
	PALE_FREE char *line = NULL;

	if (quoted == NULL)
		return false;
	pale_policy_quote(value, quoted, length + 1);
	if (asprintf(&line, "%s(%s)\n", word, quoted) < 0) {
		line = NULL;
		return false;
	}
	return pale_text_append(text, line, strlen(line));
}

/* What the command line grants beside the trees, with whole paths. */
static int
put_line(const struct pale_learn *learn, const char *cwd, char **text, struct pale_err *err)
{
	const struct pale_compartment *line = learn->options.line;
	struct pale_compartment copy = *line;
	PALE_FREE struct pale_grant *grants = calloc(line->grant_count + 1, sizeof(*grants));
	PALE_FREE char *statements = NULL;
	size_t size = 0;
	int result;

	if (grants == NULL)
		return no_memory(err);
	copy.name = NULL;
	copy.command = NULL;
	copy.grants = grants;
	copy.grant_count = 0;
	for (size_t i = 0; i < line->grant_count; i++) {
		struct pale_grant *grant = &grants[copy.grant_count];
		char whole[PATH_MAX];

		*grant = line->grants[i];
		if (grant->base == NULL)
			grant->base = (char *)(uintptr_t)cwd;
		/* In the trees it is learned what of it is used. */
		if ((grant->kind == PALE_GRANT_PATH || grant->kind == PALE_GRANT_DIR ||
			grant->kind == PALE_GRANT_FILE) &&
		    pale_path_join(grant->base, grant->path, whole, sizeof(whole)) == 0 &&
		    pale_path_normalise(whole, whole, sizeof(whole)) == 0 &&
		    pale_learn_is_within(learn, whole))
			continue;
		copy.grant_count++;
	}
	result = pale_policy_write(&copy, &statements, &size, err);
	if (result == 0 && !pale_text_append(text, statements, size))
		result = no_memory(err);
	return result;
}

/* What the options said, as statements. */
static int
put_options(const struct pale_learn *learn, char **text, struct pale_err *err)
{
	const struct pale_learn_options *options = &learn->options;
	char whole[PATH_MAX];
	bool good = true;

	for (size_t i = 0; good && i < options->profile_count; i++)
		good = put_statement(text, "profile", options->profiles[i]);
	for (size_t i = 0; good && i < options->policy_count; i++)
		good = pale_path_join(
			   learn->start_dir, options->policies[i], whole, sizeof(whole)) == 0 &&
		    put_statement(text, "include", whole);
	return good ? put_line(learn, learn->start_dir, text, err) : no_memory(err);
}

/* What could not be granted. */
static int
put_refused(const struct pale_learn_grants *grants, char **text, struct pale_err *err)
{
	for (size_t i = 0; i < grants->count; i++) {
		struct pale_grant grant = pale_learn_text_grant(&grants->list[i]);
		PALE_FREE char *statement = NULL;
		char about[ABOUT_BYTES];
		int result;

		if (grants->list[i].refused == NULL)
			continue;
		result = pale_policy_write_grant(&grant, &statement, err);
		if (result < 0)
			return result;
		snprintf(
		    about, sizeof(about), "used, but not granted: %s", grants->list[i].refused);
		pale_learn_text_add(text, about, statement);
	}
	return 0;
}

/* Does the directory where the program starts exist, with these grants? */
static bool
has_start(const struct pale_learn *learn, const struct pale_learn_grants *grants)
{
	if (learn->cwd == NULL || strcmp(learn->cwd, "/") == 0)
		return false;
	for (size_t i = 0; i < grants->count; i++) {
		const struct pale_learn_grant *grant = &grants->list[i];

		if (grant->refused == NULL &&
		    (strcmp(grant->path, learn->cwd) == 0 ||
			pale_path_is_beneath(grant->path, learn->cwd) ||
			(grant->type == PALE_SEEN_DIR &&
			    pale_path_is_beneath(learn->cwd, grant->path))))
			return true;
	}
	return false;
}

static int
write_file(struct pale_learn *learn, const struct pale_learn_grants *grants, struct pale_err *err)
{
	PALE_FREE char *options = NULL;
	PALE_FREE char *denied = learn->old.denied == NULL ? NULL : strdup(learn->old.denied);
	PALE_FREE char *text = NULL;
	struct pale_learn_new new = { .grants = grants,
		.file = learn->options.file,
		.within = (const char *const *)learn->roots.list,
		.within_count = learn->roots.count,
		.command = (const char *const *)learn->command,
		.chdir = has_start(learn, grants) ? learn->cwd : NULL,
		.bare = learn->options.bare };
	size_t size = 0;
	int result = put_options(learn, &options, err);

	if (result == 0)
		result = put_refused(grants, &denied, err);
	if (result < 0)
		return result;
	pale_learn_put_denied(learn, &denied);
	new.options = options;
	new.denied = denied;
	result = pale_learn_text_write(&learn->old, &new, &text, &size, err);
	if (result == 0)
		result = pale_scribe_write(&learn->scribe, text, size, err);
	/* What it wrote there itself would have been replaced now. */
	if (result < 0 && learn->file_dir != NULL && pale_learn_is_within(learn, learn->file_dir))
		return pale_remedy(err,
		    "do not use '%s': it lies where the command could write, and is as the "
		    "command left it",
		    learn->options.file);
	return result;
}

/* Could the command change its own policy? */
static bool
has_own_file(const struct pale_learn *learn, const struct pale_learn_grants *grants)
{
	bool has = false;

	for (size_t i = 0; learn->file_dir != NULL && i < grants->count; i++) {
		const struct pale_learn_grant *grant = &grants->list[i];

		has |= grant->refused == NULL && grant->type == PALE_SEEN_DIR &&
		    (grant->rights & pale_rights_of_mount(PALE_MOUNT_RDONLY)) != 0 &&
		    pale_path_is_beneath(learn->file_dir, grant->path);
	}
	return has;
}

int
pale_learn_finish(struct pale_learn *learn, struct pale_learn_summary *ret, struct pale_err *err)
{
	struct pale_learn_paths roots = { 0 };
	struct pale_learn_grants grants = { 0 };
	struct pale_learn_around near;
	const char **secrets = NULL;
	size_t count;
	int result;

	note_command(learn);
	count = learn->seen.count;
	for (size_t i = 0; i < count; i++)
		look_again(&learn->seen.list[i]);
	for (size_t i = 0; i < count; i++)
		look_image(learn, i);
	result = around(learn, &near, &secrets, &roots);
	if (result == 0)
		result = pale_learn_merge(&learn->seen, &near, &grants);
	if (result < 0)
		no_memory(err);
	else
		result = write_file(learn, &grants, err);
	if (result == 0) {
		*ret = (struct pale_learn_summary){ .grants = grants.count - grants.refused,
			.widened = grants.widened,
			.refused = grants.refused,
			.denied = pale_learn_denied(learn),
			.secrets = learn->secrets.count,
			.own_file = has_own_file(learn, &grants),
			.folded = learn->seen.folded,
			.runs = learn->old.runs + 1 };
		for (size_t i = 0; i < learn->secrets.count; i++)
			ret->secrets_used += learn->touched[i];
	}
	pale_learn_grants_done(&grants);
	free(roots.list);
	free(secrets);
	return result;
}
