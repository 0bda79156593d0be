/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a careless parent hands down: a directory, files, a socket with a descriptor in it, a pidfd
 * of somebody outside, a listening socket. Only 0, 1 and 2 are meant for the program.
 */
#include "probe.h"

#include <dirent.h>
#include <signal.h>
#include <sys/socket.h>

/* A number that the program itself has opened since would not be the inherited object. */
static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static long
receive_descriptor(int fd)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *head;

	if (recvmsg(fd, &message, MSG_DONTWAIT) < 0)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	errno = ENODATA;
	return head != NULL && head->cmsg_type == SCM_RIGHTS ? 0 : -1;
}

/* The lowest free number tells how many descriptors the probe was started with. */
static long
count_extra(void)
{
	long extra = 0;

	for (int fd = 3; fd < 1024; fd++)
		extra += is_open(fd);
	errno = EBADF;
	return extra > 0 ? extra : -1;
}

static long
list_proc_fd(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	long extra = 0;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		extra += atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(dir);
	closedir(dir);
	errno = EBADF;
	return extra > 0 ? extra : -1;
}

/* clang-format off */
TRY("descriptor", "open a secret beneath an inherited directory", ANYONE, openat(FD_DIR, "secret", O_RDONLY))
TRY("descriptor", "stat a secret beneath an inherited directory", ANYONE, fstatat(FD_DIR, "secret", &(struct stat){ 0 }, 0))
TRY("descriptor", "change a mode beneath an inherited directory", ANYONE, fchmodat(FD_DIR, "prey.14", 0600, 0))
TRY("descriptor", "remove a file beneath an inherited directory", ANYONE, unlinkat(FD_DIR, "prey.15", 0))
TRY("descriptor", "make an inherited directory the working directory", ANYONE, fchdir(FD_DIR))
TRY("descriptor", "read an inherited file", ANYONE, pread(FD_SECRET, &(char){ 0 }, 1, 0))
TRY("descriptor", "change the mode of an inherited file", ANYONE, fchmod(FD_SECRET, 0600))
TRY("descriptor", "open an inherited O_PATH descriptor again", ANYONE, open(fd_path(FD_PATH), O_RDONLY))
TRY("descriptor", "stat an inherited O_PATH descriptor", ANYONE, fstatat(FD_PATH, "", &(struct stat){ 0 }, AT_EMPTY_PATH))
TRY("descriptor", "receive a directory from an inherited socket", ANYONE, receive_descriptor(FD_SOCKET))
TRY("descriptor", "write to an inherited socket", ANYONE, write(FD_SOCKET, "x", 1))
TRY("descriptor", "write to an inherited file", ANYONE, pwrite(FD_WRITABLE, "p", 1, 0))
TRY("descriptor", "write to an inherited file of the read-only grant", ANYONE, pwrite(FD_RO_WRITABLE, "r", 1, 0))
TRY("descriptor", "send a signal by an inherited pidfd", ANYONE, syscall(SYS_pidfd_send_signal, FD_PIDFD, SIGURG, NULL, 0))
TRY("descriptor", "accept on an inherited listening socket", ANYONE, listen(FD_LISTEN, 1))
TRY("descriptor", "use a descriptor of a high number", ANYONE, openat(FD_HIGH, "secret", O_RDONLY))
TRY("descriptor", "find any number above 2 in use", ANYONE, count_extra())
TRY("descriptor", "find any number above 2 in /proc/self/fd", ANYONE, list_proc_fd())
TRY("descriptor", "reach an inherited directory through /proc/self/fd", ANYONE, open("/proc/self/fd/7/secret", O_RDONLY))
TRY("descriptor", "reach an inherited directory through /dev/fd", ANYONE, open("/dev/fd/7/../ro/file", O_RDONLY))
/* clang-format on */

ATTEMPT("descriptor", "read a secret from the environment", ANYONE)
{
	errno = ENOENT;
	return getenv("PALE_ESCAPE_SECRET") != NULL ? ESCAPED : got(-1);
}
