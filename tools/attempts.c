/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Five things that a program that was taken over would try, for `make demo`. Each prints what the
 * kernel said.
 *
 *   attempts SECRET LINK VICTIM FILE
 *
 *   SECRET  a file that was not granted
 *   LINK    a link in a writable grant that leads to a file outside
 *   VICTIM  pid of a process outside
 *   FILE    a file in a writable grant
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int succeeded;

static void
say(const char *what, int result)
{
	printf("   %-58s %s\n", what, result < 0 ? strerror(errno) : "SUCCEEDED");
	succeeded += result >= 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(22) };
	int fd;

	if (argc != 5)
		return 2;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say("read a secret outside", open(argv[1], O_RDONLY | O_CLOEXEC));
	say("write outside, through a link that lies inside", open(argv[2], O_WRONLY | O_CLOEXEC));
	say("kill a process outside", kill((pid_t)atoi(argv[3]), SIGTERM));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	say("connect to the network",
	    fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address, sizeof(address)));
	say("leave a set-user-id program behind", chmod(argv[4], S_ISUID | 0755));
	return succeeded;
}
