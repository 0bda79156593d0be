/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs that are executables of their own; see apart.h. */
#include "cli/apart.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/say.h"
#include "core/scope.h"

enum {
	EXIT_UNABLE = 3,
};

int
pale_cli_apart(const char *verb, int argc, char **argv, char **env)
{
	PALE_FREE char **vector = calloc((size_t)argc + 2, sizeof(*vector));
	PALE_FREE char *path = NULL;
	struct pale_err err = { 0 };
	char self[PATH_MAX];
	/* Where this program lies, not how it was called: argv[0] is the caller's word. */
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0) {
		pale_fail_errno(&err, "cannot find where pale lies: /proc/self/exe");
		pale_say_err(&err);
		return EXIT_UNABLE;
	}
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (vector == NULL || slash == NULL ||
	    asprintf(&path, "%.*s/pale-%s", (int)(slash - self), self, verb) < 0) {
		path = NULL;
		pale_fail(&err, -ENOMEM, "out of memory");
		pale_say_err(&err);
		return EXIT_UNABLE;
	}
	vector[0] = path;
	memcpy(vector + 1, argv, (size_t)argc * sizeof(*vector));
	execve(path, vector, env);
	pale_fail_errno(&err, "cannot run '%s'", path);
	pale_remedy(&err,
	    strcmp(verb, "check-mpi") == 0 ? "it is there where pale was built with Open MPI"
					   : "it is installed beside pale, as a part of it");
	pale_say_err(&err);
	return EXIT_UNABLE;
}
