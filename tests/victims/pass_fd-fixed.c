/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker: opens a private file and passes the descriptor to the client that has connected.
 * Safe: the name is open to all, but a descriptor goes only to a peer whose uid, as the kernel
 * noted it at connect, is ours.
 * CWE-306 avoided. 0777: silent. 1777: silent.
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
	struct ucred who;
	socklen_t bytes = sizeof(who);
	int c, s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
	       fd = open("home/secret", O_RDONLY);

	umask(0);
	if (fd < 0 || s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0)
		return 1;
	while ((c = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &bytes) == 0 &&
		    who.uid == geteuid())
			pass(c, fd);
		close(c);
	}
	return 0;
}
