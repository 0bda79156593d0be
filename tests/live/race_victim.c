/* SPDX-License-Identifier: BSD-2-Clause */
/* What the world, gate and adversary of `pale race` are tried on; linked statically. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *
in_thread(void *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return NULL;
}

static int
threads(void)
{
	pthread_t one, two;

	pthread_create(&one, NULL, in_thread, (char[]){ "shared/one" });
	pthread_join(one, NULL);
	pthread_create(&two, NULL, in_thread, (char[]){ "shared/two" });
	pthread_join(two, NULL);
	return access("shared/two", F_OK);
}

static int
vforks(char *self)
{
	char *argv[] = { self, (char[]){ "fifo" }, NULL };
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execv(self, argv);
		_exit(127);
	}
	return waitpid(pid, &status, 0) != pid || status != 0;
}

static int
fifo(void)
{
	return mkfifo("shared/x", 0600) < 0 || open("shared/x", O_RDWR | O_CLOEXEC) < 0;
}

static int
writes(const char *text, mode_t mode)
{
	int fd = open("shared/x", O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	return fd < 0 || fchmod(fd, mode) < 0 || write(fd, text, strlen(text)) < 0;
}

static int
leaks(void)
{
	char secret[64] = "";
	int fd = open("home/secret", O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, secret, sizeof(secret) - 1) < 0 || writes(secret, 0644);
}

/* Gives up root, and runs another program with its secret still open. */
static int
drops(char *self, int flags)
{
	char *argv[] = { self, (char[]){ "nothing" }, NULL };

	if (open("home/secret", O_RDONLY | flags) < 0 || setgid(65530) < 0 || setuid(65530) < 0)
		return 1;
	return execv(self, argv);
}

static int
attaches(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	return id < 0 || shmat(id, NULL, 0) == (void *)-1 || setuid(65530) < 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "threads") == 0)
		return threads();
	if (strcmp(what, "vforks") == 0)
		return vforks(argv[0]);
	if (strcmp(what, "fifo") == 0)
		return fifo();
	if (strcmp(what, "writes") == 0)
		return writes("overwritten", 0600);
	if (strcmp(what, "leaks") == 0)
		return leaks();
	if (strcmp(what, "queue") == 0)
		return msgget(0x1234, IPC_CREAT | IPC_EXCL | 0600) < 0 && errno == EEXIST ? 3 : 0;
	if (strcmp(what, "drops") == 0)
		return drops(argv[0], 0);
	if (strcmp(what, "drops and closes") == 0)
		return drops(argv[0], O_CLOEXEC);
	if (strcmp(what, "attaches") == 0)
		return attaches();
	if (strcmp(what, "pauses") == 0)
		return pause();
	return 2;
}
