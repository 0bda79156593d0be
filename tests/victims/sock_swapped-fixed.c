/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server and client in one: listens at a name, connects to that name, and sends the key.
 * Safe: before anything is sent the kernel says who has bound what was connected to (SO_PEERCRED);
 * it must be us. The name is not believed.
 * CWE-923 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "shared/server" };
	struct ucred who;
	socklen_t bytes = sizeof(who);
	char key[64];
	ssize_t n;
	int s = socket(AF_UNIX, SOCK_STREAM, 0),
	    c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int fd = open("home/secret", O_RDONLY);

	umask(077);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	if (n < 0 || s < 0 || c < 0)
		return 1;
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0)
		return 1;
	if (connect(c, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	if (getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &bytes) < 0 || who.uid != geteuid())
		return 1;
	return send(c, key, (size_t)n, MSG_NOSIGNAL) != n;
}
