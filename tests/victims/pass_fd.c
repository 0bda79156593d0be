/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker: opens a private file and passes the descriptor to the client that has connected.
 * Flaw: it never asks who that is; whoever connects first gets what only we may open.
 * CWE-306. 0777: found. 1777: found.
 * Wins: connect_hold before accept4.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
pass(int c, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} u = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
		    .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { .iov_base = &(char){ 'd' }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = sizeof(u.space) };

	memcpy(CMSG_DATA(&u.head), &fd, sizeof(fd));
	return sendmsg(c, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/broker" };
	int c, s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
	       fd = open("home/secret", O_RDONLY);

	umask(0);
	if (fd < 0 || s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0)
		return 1;
	while ((c = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pass(c, fd);
		close(c);
	}
	return 0;
}
