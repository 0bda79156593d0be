/* SPDX-License-Identifier: BSD-2-Clause */
/* The command's process becomes the command; see exec.h. Runs beside a waiter in vfork. */
#include "cage/exec.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage/skeleton/skeleton.h"
#include "core/env.h"
#include "core/scope.h"
#include "kernel/seccomp.h"

enum {
	PATH_BYTES = 4096,
};

/* Nobody hears of it yet: the waiter stands still until it is done. */
static void
exec_unheard(const char *path, char *const *argv, char *const *envp)
{
	syscall(SYS_execve, path, argv, envp, 0, 0, PALE_UNHEARD_EXEC);
}

/* Execute, with a shell for a script without "#!", as execvp(3) does. */
static int
exec_file(const char *path, char *const *argv, char *const *envp)
{
	exec_unheard(path, argv, envp);
	if (errno == ENOEXEC) {
		PALE_FREE char **shell = NULL;
		size_t count = 0;

		while (argv[count] != NULL)
			count++;
		shell = calloc(count + 2, sizeof(*shell));
		if (shell == NULL)
			return -ENOMEM;
		shell[0] = (char *)(uintptr_t) "/bin/sh";
		shell[1] = (char *)(uintptr_t)path;
		for (size_t i = 1; i < count; i++)
			shell[i + 1] = argv[i];
		exec_unheard(shell[0], shell, envp);
	}
	return -errno;
}

/* Whoever hears of missing names hears what was to be executed. */
static int
exec_told(const struct pale_cage *cage, const char *path)
{
	if (cage->skeleton != NULL)
		pale_skeleton_trying(cage->skeleton, path, cage->chdir);
	return exec_file(path, cage->argv, cage->envp);
}

int
pale_cage_exec(const struct pale_cage *cage)
{
	char *const *argv = cage->argv;
	char *const *envp = cage->envp;
	const char *dirs = pale_env_find(envp, "PATH");
	int result = -ENOENT;

	if (strchr(argv[0], '/') != NULL)
		return exec_told(cage, argv[0]);
	if (dirs == NULL)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	while (*dirs != '\0') {
		char path[PATH_BYTES];
		size_t len = strcspn(dirs, ":");
		int made = snprintf(
		    path, sizeof(path), "%.*s%s%s", (int)len, dirs, len == 0 ? "" : "/", argv[0]);

		if (made > 0 && (size_t)made < sizeof(path)) {
			int tried = exec_told(cage, path);

			/* As execvp: what was found but refused is what gets reported. */
			if (tried != -ENOENT && tried != -ENOTDIR &&
			    (result == -ENOENT || tried != -EACCES))
				result = tried;
			if (tried != -ENOENT && tried != -ENOTDIR && tried != -EACCES)
				return result;
		}
		dirs += len;
		if (*dirs == ':')
			dirs++;
	}
	return result;
}
