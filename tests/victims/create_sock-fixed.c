/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon's socket; each client is greeted with the session key.
 * Safe: the umask is ours while bind makes the name, so that from its first moment only we may
 * connect; and who has connected is asked of the kernel, which covers root and any later change of
 * the mode.
 * CWE-276 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
create_sock(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int failed, s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask = umask(077);

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	failed = s < 0 || bind(s, (struct sockaddr *)&sun, sizeof(sun)) < 0;
	umask(mask);
	return failed || listen(s, 5) < 0 ? -1 : s;
}

int
main(void)
{
	struct ucred who;
	socklen_t bytes = sizeof(who);
	char key[64];
	ssize_t n;
	int c, s, fd = open("home/secret", O_RDONLY | O_CLOEXEC);

	umask(0);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	s = create_sock("shared/sock");
	if (n < 0 || s < 0)
		return 1;
	while ((c = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &bytes) == 0 &&
		    who.uid == geteuid())
			send(c, key, (size_t)n, MSG_NOSIGNAL);
		close(c);
	}
	return 0;
}
