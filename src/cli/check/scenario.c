/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios; see scenario.h. */
#include "cli/check/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "core/suggest.h"
#include "model/walkers.h"

enum {
	/* A scenario is read into memory and the model is small: a longer file is something else.
	 */
	TEXT_BYTES_MAX = 1 << 20,
	NAMES_MAX = 256,
};

const struct pale_scenario *
pale_scenario_find(const char *name)
{
	for (const struct pale_scenario *at = pale_scenarios; at->name != NULL; at++) {
		if (strcmp(at->name, name) == 0)
			return at;
	}
	return NULL;
}

static int
read_all(int fd, const char *name, struct pale_scenario_text *ret, struct pale_err *err)
{
	PALE_FREE char *text = malloc(TEXT_BYTES_MAX + 1);
	size_t size = 0;
	ssize_t len;

	if (text == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	while ((len = read(fd, text + size, TEXT_BYTES_MAX + 1 - size)) != 0) {
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return pale_fail_errno(err, "cannot read '%s'", name);
		size += (size_t)len;
		if (size > TEXT_BYTES_MAX)
			return pale_fail(
			    err, -EFBIG, "'%s' is longer than 1 MB: no scenario", name);
	}
	text[size] = '\0';
	*ret = (struct pale_scenario_text){ .name = name, .size = size };
	ret->text = pale_take_ptr(text);
	return 0;
}

static int
no_scenario(const char *file, struct pale_err *err)
{
	const char *slash = strrchr(file, '/');
	const char *names[NAMES_MAX];
	const char *near = NULL;
	char base[NAME_MAX + 1];
	size_t count = 0;

	pale_fail(err, -ENOENT, "there is no file and no scenario '%s'", file);
	for (; count < NAMES_MAX && pale_scenarios[count].name != NULL; count++)
		names[count] = pale_scenarios[count].name;
	/* "scenarios/dotdots.pale", elsewhere than in pale's own tree. */
	snprintf(base, sizeof(base), "%s", slash == NULL ? file : slash + 1);
	base[strcspn(base, ".")] = '\0';
	for (size_t i = 0; i < count && near == NULL; i++)
		near = strcmp(names[i], base) == 0 ? names[i] : NULL;
	if (near == NULL)
		near = pale_suggest(file, names, count);
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	return pale_remedy(err, "`pale check --list-scenarios` lists those that pale brings");
}

int
pale_scenario_open(const char *file, struct pale_scenario_text *ret, struct pale_err *err)
{
	const struct pale_scenario *brought =
	    strpbrk(file, "/.") == NULL ? pale_scenario_find(file) : NULL;
	PALE_CLOSE int fd = -1;
	struct stat st;

	if (brought != NULL) {
		char *text = malloc(brought->size + 1);

		if (text == NULL)
			return pale_fail(err, -ENOMEM, "out of memory");
		memcpy(text, brought->text, brought->size + 1);
		*ret = (struct pale_scenario_text){ brought->name, text, brought->size };
		return 0;
	}
	if (strcmp(file, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", ret, err);
	/* A scenario may come through a pipe, as from <(...), and is waited for; a FIFO that nobody
	 * writes to is not: it is empty. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return no_scenario(file, err);
	if (fd < 0)
		return pale_fail_errno(err, "cannot open '%s'", file);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return pale_fail(err, -EISDIR, "'%s' is a directory", file);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return pale_fail_errno(err, "cannot read '%s'", file);
	return read_all(fd, file, ret, err);
}

void
pale_scenario_done(struct pale_scenario_text *text)
{
	free(text->text);
	*text = (struct pale_scenario_text){ 0 };
}

bool
pale_scenario_is_foreign(const char *walker)
{
	return strchr(walker, '/') != NULL;
}

const struct pale_walker *
pale_scenario_walker(const char *name, struct pale_err *err)
{
	const struct pale_walker *walker = pale_walker_find(name);
	const char *names[NAMES_MAX];
	const char *near;
	size_t count = 0;
	size_t len = strlen(name);

	if (walker != NULL)
		return walker;
	pale_fail(err, -ENOENT, "there is no walker '%s'", name);
	if (len > 3 && strcmp(name + len - 3, ".so") == 0) {
		pale_remedy(err, "a walker of your own is named with its directory: ./%s", name);
		return NULL;
	}
	for (; count < NAMES_MAX && count < pale_walker_count; count++)
		names[count] = pale_walkers[count]->name;
	near = pale_suggest(name, names, count);
	if (near != NULL)
		pale_remedy(err, "did you mean '%s'?", near);
	else
		pale_remedy(err, "`pale check --list-walkers` lists them");
	return NULL;
}
